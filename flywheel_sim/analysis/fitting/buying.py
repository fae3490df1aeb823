"""Fits of buying: how often customers buy, and until when, chosen by how well it was forecast at earlier days."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.fitting.choice import Choice
from flywheel_sim.analysis.fitting.request import FitRequest, around, between, drawn, left_open, rows_of
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.calibration import buying
from flywheel_sim.calibration.buying import BuyingModel, Calendar, Histories, Renewal, Season, Setting
from flywheel_sim.calibration.buying.shares import shares
from flywheel_sim.calibration.figures import figure as written
from flywheel_sim.calibration.likelihood import FloatArray, Maximum, interval_of
from flywheel_sim.calibration.rolling import (
    MEANS,
    TIE,
    Forecasting,
    Purchases,
    origins_of,
    plainest,
    rolled,
    total_error,
)
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.journey import MONTHS
from flywheel_sim.stats import figure
from flywheel_sim.wording import counted, ordinal

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.data.orders import Orders

MODELS: dict[str, Any] = {**{one.name: one for one in buying.MODELS if one.name != "erlang_2_nbd"}, "erlang_nbd": None}

#: Steps of regular buying that are tried.
_STEPS = (2, 3, 4)

#: Times of buying are in weeks.
_WEEK = 7.0

#: The chart shows customers with up to so many repeat purchases each, the others together.
_MOST = 7

#: Forecasts from earlier days are tried on so many customers, evenly out of all; more would tell little more.
_TRIED = 5_000

#: Records in whose first tenth so many of the customers are first seen may begin in the middle.
_EARLY = 0.4

#: Days of records from which on a season can be estimated.
_YEAR = 366

#: Fewer customers who bought again say next to nothing.
_FEW = 30

#: First purchases are told of at most so many parts of the records in a journey.
_PARTS = 26

#: How regular buying is shows in so many customers.
_COMPARED = 1_500


def purchases_of(orders: Orders) -> Purchases:
    """Return the purchase days of all customers, as numbers."""
    who = orders.rows["customer"].cat.codes.to_numpy().astype(np.int64)
    begins = np.datetime64(orders.begins, "D")
    day = (orders.rows["day"].to_numpy().astype("datetime64[D]") - begins).astype(np.int64)
    order = np.lexsort((day, who))
    _, who = np.unique(who[order], return_inverse=True)
    return Purchases(who.astype(np.int64), day[order], int((np.datetime64(orders.ends, "D") - begins).astype(int)) + 1)


def histories_of(purchases: Purchases, timed: bool = False) -> Histories:
    """Return what each customer bought until the end of the records, in weeks; with all times for a season."""
    return Histories.from_purchases(purchases.who, purchases.day / _WEEK, (purchases.days - 1) / _WEEK, timed=timed)


def _begins_in_the_middle(purchases: Purchases) -> bool:
    """Tell whether so many were first seen at once that the records may begin in the middle of a business."""
    first = purchases.day[purchases.first]
    return bool((first < purchases.days / 10).mean() >= _EARLY)


def _models(purchases: Purchases, orders: Orders, asked: FitRequest) -> tuple[dict[str, BuyingModel], list[str]]:
    """Return the models that are asked for, by name, as these records need them; and what is to be said of them."""
    found: dict[str, BuyingModel] = {}
    notes = []
    places = _places(purchases, asked) if asked.model is None else []
    early = purchases.until(places[0][0]) if places else purchases  # what every later day knows
    for name in MODELS if asked.model is None else [asked.model]:
        if orders.selling_since is not None and name == buying.BG_NBD.name:
            none = "BG/NBD takes no customers from before the records: whether they left hangs on orders nobody saw"
            if asked.model is not None:
                raise ExperimentError(f"model is 'bg_nbd': {none}; write model='pareto_nbd'")
            notes.append(f"{none}; it is left out.")
            continue
        kinds = [buying.erlang_nbd(steps) for steps in _STEPS] if name == "erlang_nbd" else [MODELS[name]]
        found[name] = _likeliest([_as_needed(one, orders, asked) for one in kinds], early, asked.season)
    return found, notes


def _as_needed(model: BuyingModel, orders: Orders, asked: FitRequest) -> BuyingModel:
    """Return a model that minds the season and customers from before the records, where there are such."""
    begins = orders.begins
    assert begins is not None
    if asked.season:
        model = model.seasonal(Season(Calendar.from_date(begins, _WEEK)))
    if orders.selling_since is not None:
        model = model.late(sold_before=(begins - orders.selling_since).days / _WEEK)
    return model


def _late(model: BuyingModel) -> Renewal | None:
    """Return a model that minds customers from before the records, None where it does not."""
    return model if isinstance(model, Renewal) and model.sold_before is not None else None


def fitted(orders: Orders, asked: FitRequest) -> Fit:
    """Return how often customers buy, and until when."""
    purchases = purchases_of(orders)
    histories = histories_of(purchases, asked.season)
    customers, repeats = int(histories.customers), int(len(purchases.who) - purchases.first.sum())
    if not repeats:
        raise ExperimentError(f"nobody of {customers:,} customers bought twice; buying cannot be fitted")
    models, notes = _models(purchases, orders, asked)
    choice = None if asked.model is not None else _choice(purchases, models, asked)
    if choice is not None and customers > _TRIED and choice.origins:
        notes.append("Forecasts from earlier days were tried on every "
                     f"{ordinal(math.ceil(customers / _TRIED))} customer, evenly out of all.")  # fmt: skip
    name = next(one for one, model in models.items() if choice is None or model.label == choice.chosen)
    model = models[name]
    top = model.fit(histories, asked.level)
    weeks = max(1, purchases.days // 7)
    ahead = asked.ahead or min(52, max(1, weeks // 4))
    says = _said(model, top, histories, ahead)
    late = _late(model)
    if late is not None:
        low, high = interval_of(top, lambda values: late.unseen(values, histories))
        says += (
            f" Besides them about {late.unseen(top.values, histories):,.0f} ({asked.level * 100:g} % interval "
            f"{low:,.0f} to {high:,.0f}) were customers when the records began and bought nothing since."
        )
    elif _begins_in_the_middle(purchases):
        notes.append(
            f"More than {100 * _EARLY:.0f} % of the customers were first seen in the first tenth of the records. If "
            "the business sold before, their first orders are not their first: say since when, with "
            "read_orders(..., selling_since='2019-01-01')."
        )
    again = int(histories.count[histories.x > 0].sum())
    if again < _FEW:
        notes.append(f"Only {again} customers bought again, which is too few to rely on any of these figures.")
    if model.season is not None:
        rest = 12 - sum(top.values[top.names.index(name)] for name in top.names if name in MONTHS)
        notes.append(f"The factor of {MONTHS[model.season.rest]}, which follows from the others, is {rest:.3g}.")
    panels, finding = _beside(purchases, histories, model, top.values, orders, asked.level)
    maxima, amount, new = {"": top}, orders.rows["amount"].mean(), float(customers)
    over, came = _came(purchases)
    if late is not None:
        new = float(histories.count @ (1 - late.weight_before(top.values, histories)))
        over, came = purchases.days / _WEEK, ()
        notes.append("The journey holds those who were new in the records, at a steady pace, and nobody from before.")
    setting = Setting("week", 104.0, new, over, came, written(round(amount, 2)) if amount > 0 else "1",
                      orders.currency or "EUR", str(orders.begins))  # fmt: skip
    return Fit(
        asked.of, name, model.label,
        f"{counted(repeats, 'repeat purchase')} of {counted(customers, 'customer')}, "
        f"{between(orders.begins, orders.ends)}",
        rows_of(maxima), says, finding, panels,
        {_WEEKLY: ("", "Repeat purchases a week"), _COUNTS: ("Repeat purchases of a customer", "Customers")},
        asked.level, model.source, maxima, left_open(maxima), tuple(notes), model.journey(top.values, setting), choice,
    )  # fmt: skip


def _came(purchases: Purchases) -> tuple[float, tuple[float, ...]]:
    """Return in how many weeks people bought for the first time, and how many did in each equal part of them."""
    weeks = math.ceil(purchases.days / 7)
    length = math.ceil(weeks / _PARTS)
    parts = math.ceil(weeks / length)
    first = purchases.day[purchases.first] // (7 * length)
    return float(parts * length), tuple(map(float, np.bincount(first, minlength=parts)))


def _places(purchases: Purchases, asked: FitRequest) -> list[tuple[int, int]]:
    """Return from where forecasts are tried: of those that mind the season, once a year of it has been seen."""
    places = origins_of(purchases.days, asked.ahead)
    return [one for one in places if one[0] > _YEAR] if asked.season else places


def _likeliest(models: list[BuyingModel], known: Purchases, season: bool) -> BuyingModel:
    """Return the likeliest of models that differ in how regular buying is, as a part of the customers has it."""
    if len(models) == 1:
        return models[0]
    some = known.some(math.ceil(int(known.first.sum()) / _COMPARED))
    histories = histories_of(some, season)
    return max(models, key=lambda one: one.fit(histories, intervals=False).log_likelihood)


def _said(model: BuyingModel, top: Maximum, histories: Histories, ahead: int) -> str:
    """Return what follows from a fit: who still buys, and what is expected of them."""
    alive = float(histories.count @ model.alive(top.values, histories))
    coming = float(histories.count @ model.expected(top.values, histories, np.array([float(ahead)]))[:, 0])
    weeks = "the next week" if ahead == 1 else f"the next {ahead} weeks"
    return (
        f"Of {counted(histories.customers, 'customer')} {figure(round(alive, 1 if alive < 100 else 0))} still buy, "
        f"says {model.label}, which nobody can see: "
        f"another model may count others. {figure(coming)} repeat purchases are expected of them in {weeks}."
    )


# -- the choice ---------------------------------------------------------------------------------------


def _choice(purchases: Purchases, models: dict[str, BuyingModel], asked: FitRequest) -> Choice:
    """Return how models and baselines have forecast from earlier days."""
    some = purchases.some(math.ceil(int(purchases.first.sum()) / _TRIED))
    places = _places(purchases, asked)
    candidates = {one.label: partial(_expected, one, asked.season) for one in models.values()}
    steps = len(places) * len(candidates)
    found = rolled(some, candidates, places, lambda name: asked.tell(name, steps))
    errors = errors_of(found, set(candidates))
    tried = errors[errors["kind"] == "model"].groupby("candidate", sort=False)["error"].agg(["mean", "count"])
    chosen = buying.PARETO_NBD.label
    if len(tried):
        whole = tried.loc[tried["count"] == tried["count"].max(), "mean"]
        chosen = plainest({label: whole.get(label, math.nan) for label in candidates}, TIE)
    return Choice("repeat purchases of the weeks to come", errors, chosen)


def _expected(model: BuyingModel, season: bool, known: Purchases, ahead: FloatArray) -> FloatArray:
    """Return the repeat purchases that customers known are expected to make until so many weeks ahead."""
    histories = histories_of(known, season)
    if not histories.x.any():
        raise ArithmeticError
    try:
        top = model.fit(histories, intervals=False)
    except ExperimentError as error:  # such as a season of less than a year
        raise ArithmeticError from error
    expected: FloatArray = histories.count @ model.expected(top.values, histories, ahead)
    return expected


def errors_of(found: list[Forecasting], models: set[str]) -> pd.DataFrame:
    """Return the errors of all candidates, one row a candidate and origin."""
    import pandas as pd

    names = [name for one in found for name in one.forecasts]
    rows = [
        (name, "model" if name in models else "baseline", f"week {one.origin // 7}", 100 * one.error(name),
         100 * total_error([one], name), 1.0)
        for name in dict.fromkeys([*names, *MEANS]) for one in found if name in one.forecasts
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["candidate", "kind", "origin", "error", "total", "weight"])


# -- the data beside the model --------------------------------------------------------------------------

_WEEKLY, _COUNTS = "Over time", "By customer"


def _beside(
    purchases: Purchases, histories: Histories, model: BuyingModel, values: FloatArray, orders: Orders,
    level: float,
) -> tuple[pd.DataFrame, str]:  # fmt: skip
    """Return data beside the model over time and by customer, and what the first of them shows in words."""
    import pandas as pd

    weeks = purchases.days // 7
    offset = purchases.days - 7 * weeks  # whole weeks, counted back from the end
    repeats = purchases.day[~purchases.first] - offset
    seen = np.bincount(repeats[repeats >= 0] // 7, minlength=weeks).astype(np.float64)
    edges = np.asarray((offset + 7 * np.arange(weeks + 1) - 0.5) / _WEEK, dtype=np.float64)  # a day counts whole
    said = np.diff(_until(purchases, histories, model, values, edges))
    dates = np.datetime64(orders.begins, "D") + offset + 7 * np.arange(weeks)
    over_time = drawn(_WEEKLY, "line", pd.to_datetime(dates), seen, said, *around(seen, level))
    finding = f"{model.label} says {figure(float(said.sum()))} repeat purchases; there were {figure(float(seen.sum()))}"
    if model.season is not None or _late(model) is not None:
        return over_time, finding
    return pd.concat([over_time, _counts(histories, model, values, level)], ignore_index=True), finding


def _until(
    purchases: Purchases, histories: Histories, model: BuyingModel, values: FloatArray, edges: FloatArray
) -> FloatArray:
    """Return how many repeat purchases the model says of all customers until times in weeks."""
    if (late := _late(model)) is not None:
        return _until_late(histories, late, values, edges)
    starts = purchases.day[purchases.first] / _WEEK
    if model.season is None:
        start, count = np.unique(starts, return_counts=True)
        ages = np.clip(edges[:, None] - start[None, :], 0, None)
        flat, back = np.unique(ages, return_inverse=True)
        until: FloatArray = np.asarray(model.expected_new(values, flat))[back].reshape(ages.shape) @ count
        return until
    said = np.zeros(len(edges))
    for start, count in zip(*np.unique(np.floor(starts) + 0.5, return_counts=True), strict=True):
        said += count * np.asarray(model.expected_new(values, np.clip(edges - start, 0, None), float(start)))
    return said


def _until_late(histories: Histories, model: Renewal, values: FloatArray, edges: FloatArray) -> FloatArray:
    """Return the same where customers are new or from before the records: of these all purchases but the first seen."""
    before = model.weight_before(values, histories)
    times = np.maximum(edges, 0.0)
    bought, seen = model.from_before(values, times)
    many = float(histories.count @ before) / seen[-1]
    said: FloatArray = many * (bought - seen)
    new = histories.count * (1 - before)
    for start in np.unique(np.floor(histories.begins)):
        some = np.floor(histories.begins) == start
        ages = np.clip(edges - start - 0.5, 0, None)
        said = said + new[some].sum() * np.asarray(model.expected_new(values, ages, float(start)))
    return said


def _counts(histories: Histories, model: BuyingModel, values: FloatArray, level: float) -> pd.DataFrame:
    """Return how many customers made 0, 1, 2, ... repeat purchases, and how many the model says."""
    x = np.minimum(histories.x, _MOST).astype(int)
    had = np.bincount(x, weights=histories.count, minlength=_MOST + 1).astype(np.float64)
    lengths, back = np.unique(histories.T, return_inverse=True)
    named = {one.name: float(value) for one, value in zip(model.parameters, values, strict=True)}
    of_length = shares(named, lengths, _MOST, getattr(model, "steps", 1))  # of 0 to one less than the most
    below = np.bincount(back, weights=histories.count, minlength=len(lengths)) @ of_length
    said = np.append(below, histories.customers - below.sum())
    labels = [*map(str, range(_MOST)), f"{_MOST}+"]
    return drawn(_COUNTS, "bars", labels, had, said, *around(had, level, histories.customers))
