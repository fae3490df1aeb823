"""Fits of buying: how often customers buy, and until when, chosen by how well it was forecast at earlier days."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.fitting.asked import Asked, between, drawn, left_open, rows_of
from flywheel_sim.analysis.fitting.choice import Choice
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.calibration.buying import BG_NBD, NBD, PARETO_NBD
from flywheel_sim.calibration.buying.histories import Histories
from flywheel_sim.calibration.buying.shares import shares
from flywheel_sim.calibration.likelihood import FloatArray, Maximum
from flywheel_sim.calibration.rolling import MEANS, Forecasting, Purchases, origins_of, rolled, total_error
from flywheel_sim.errors import ExperimentError
from flywheel_sim.stats import figure

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.data.orders import Orders

MODELS: dict[str, Any] = {one.name: one for one in (NBD, BG_NBD, PARETO_NBD)}

#: Times of buying are in weeks.
_WEEK = 7.0

#: The chart shows customers with up to so many repeat purchases each, the others together.
_MOST = 7


def purchases_of(orders: Orders) -> Purchases:
    """Return the purchase days of all customers, as numbers."""
    who = orders.rows["customer"].cat.codes.to_numpy().astype(np.int64)
    begins = np.datetime64(orders.begins, "D")
    day = (orders.rows["day"].to_numpy().astype("datetime64[D]") - begins).astype(np.int64)
    order = np.lexsort((day, who))
    _, who = np.unique(who[order], return_inverse=True)
    return Purchases(who.astype(np.int64), day[order], int((np.datetime64(orders.ends, "D") - begins).astype(int)) + 1)


def histories_of(purchases: Purchases) -> Histories:
    """Return what each customer bought until the end of the records, in weeks."""
    return Histories.from_purchases(purchases.who, purchases.day / _WEEK, (purchases.days - 1) / _WEEK)


def fitted(orders: Orders, asked: Asked) -> Fit:
    """Return how often customers buy, and until when."""
    purchases = purchases_of(orders)
    histories = histories_of(purchases)
    if not histories.x.any():
        raise ExperimentError(f"nobody of {histories.customers:,.0f} customers bought twice; buying cannot be fitted")
    choice = _choice(purchases, asked) if asked.model is None else None
    model = MODELS[str(asked.model)] if choice is None else _by_label(choice.chosen)
    top: Maximum = model.fit(histories, asked.level)
    maxima = {"": top}
    repeats = int(len(purchases.who) - purchases.first.sum())
    customers = int(histories.customers)
    alive = float(histories.count @ model.alive(top.values, histories))
    weeks = max(1, purchases.days // 7)
    ahead = asked.ahead or min(52, max(1, weeks // 4))
    coming = float(histories.count @ model.expected(top.values, histories, np.array([float(ahead)]))[:, 0])
    panels, said, had = _beside(purchases, histories, model, top.values, orders)
    says = (
        f"Of {customers:,} customers {alive:,.0f} still buy, says {model.label}; {coming:,.0f} repeat purchases are "
        f"expected of them in the next {ahead} weeks. For the weeks of the records it says {figure(said)} repeat "
        f"purchases where there were {had:,}."
    )
    return Fit(
        asked.of, model.name, model.label,
        f"{repeats:,} repeat purchases of {customers:,} customers, {between(orders.begins, orders.ends)}",
        rows_of(maxima), says, f"{model.label} says {figure(said)} repeat purchases; there were {had:,}", panels,
        {_WEEKLY: ("", "Repeat purchases a week"), _COUNTS: ("Repeat purchases of a customer", "Customers")},
        asked.level, model.source, maxima, left_open(maxima), (), model.journey(top.values, unit="week"), choice,
    )  # fmt: skip


def _by_label(label: str) -> Any:
    return next(one for one in MODELS.values() if one.label == label)


# -- the choice ---------------------------------------------------------------------------------------


def _choice(purchases: Purchases, asked: Asked) -> Choice:
    """Return how models and baselines have forecast from earlier days."""
    places, ahead = origins_of(purchases.days, asked.ahead)
    steps = len(places) * len(MODELS)
    candidates = {one.label: partial(_expected, one) for one in MODELS.values()}
    found = rolled(purchases, candidates, ahead, places, lambda name: asked.tell(name, steps))
    errors = errors_of(found, set(candidates))
    what = f"repeat purchases of the next {ahead} weeks" if ahead > 1 else "repeat purchases of the next week"
    models = errors[errors["kind"] == "model"].groupby("candidate", sort=False)["error"].agg(["mean", "count"])
    if not len(models):
        return Choice(what, errors, MODELS["pareto_nbd"].label)
    whole = models[models["count"] == models["count"].max()]
    return Choice(what, errors, str(whole["mean"].idxmin()))


def _expected(model: Any, known: Purchases, ahead: FloatArray) -> FloatArray:
    """Return the repeat purchases that customers known are expected to make until so many weeks ahead."""
    histories = histories_of(known)
    if not histories.x.any():
        raise ArithmeticError
    top = model.fit(histories, intervals=False)
    expected: FloatArray = histories.count @ model.expected(top.values, histories, ahead)
    return expected


def errors_of(found: list[Forecasting], models: set[str]) -> pd.DataFrame:
    """Return the errors of all candidates, one row a candidate and origin."""
    import pandas as pd

    names = [name for one in found for name in one.forecasts]
    rows = [
        (name, "model" if name in models else "baseline", f"week {one.origin // 7}", 100 * one.error(name),
         100 * total_error([one], name))
        for name in dict.fromkeys([*names, *MEANS]) for one in found if name in one.forecasts
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["candidate", "kind", "origin", "error", "total"])


# -- the data beside the model --------------------------------------------------------------------------

_WEEKLY, _COUNTS = "Over time", "By customer"


def _beside(
    purchases: Purchases, histories: Histories, model: Any, values: FloatArray, orders: Orders
) -> tuple[pd.DataFrame, float, int]:
    """Return data beside the model over time and by customer, and the sums of repeat purchases of both."""
    import pandas as pd

    weeks = purchases.days // 7
    offset = purchases.days - 7 * weeks  # whole weeks, counted back from the end
    repeats = purchases.day[~purchases.first] - offset
    seen = np.bincount(repeats[repeats >= 0] // 7, minlength=weeks).astype(np.float64)
    starts = purchases.day[purchases.first]
    ends = offset + 7 * np.arange(weeks + 1) - 0.5  # a day counts whole
    day, count = np.unique(starts, return_counts=True)
    ages = np.clip(ends[:, None] - day[None, :], 0, None) / _WEEK
    flat, back = np.unique(ages, return_inverse=True)
    until = np.asarray(model.expected_new(values, flat))[back].reshape(ages.shape) @ count
    said = np.diff(until)
    dates = np.datetime64(orders.begins, "D") + offset + 7 * np.arange(weeks)
    half = 1.96 * np.sqrt(seen)  # of a count of many people who each seldom buy
    over_time = drawn(_WEEKLY, "line", pd.to_datetime(dates), seen, said, np.maximum(0, seen - half), seen + half)
    by_customer = _counts(histories, model, values)
    return pd.concat([over_time, by_customer], ignore_index=True), float(said.sum()), int(seen.sum())


def _counts(histories: Histories, model: Any, values: FloatArray) -> pd.DataFrame:
    """Return how many customers made 0, 1, 2, ... repeat purchases, and how many the model says."""
    had = np.bincount(np.minimum(histories.x, _MOST).astype(int), weights=histories.count, minlength=_MOST + 1)
    lengths, back = np.unique(histories.T, return_inverse=True)
    named = {one.name: float(value) for one, value in zip(model.parameters, values, strict=True)}
    of_length = shares(named, lengths, _MOST, getattr(model, "steps", 1))  # of 0 to one less than the most
    below = np.bincount(back, weights=histories.count, minlength=len(lengths)) @ of_length
    said = np.append(below, histories.customers - below.sum())
    labels = [*map(str, range(_MOST)), f"{_MOST}+"]
    half = 1.96 * np.sqrt(had * (1 - had / histories.customers))
    return drawn(_COUNTS, "bars", labels, had, said, had - half, had + half)
