"""What is run to check the claims: retention moved in several ways, lapsed people asked sooner or later, all paired."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from flywheel_sim.analysis.claims.existing import acquired_by, last_year, months_of_existing, revenue_by, with_existing
from flywheel_sim.analysis.claims.people import People, watch
from flywheel_sim.analysis.claims.retention import USUAL, Curve, Retention, curve_values, find_retention
from flywheel_sim.errors import ConfigError, ExperimentError, nearest
from flywheel_sim.experiment.plan import Plan
from flywheel_sim.experiment.running import RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import DAY, Quantity, looks_like_quantity, parse
from flywheel_sim.metrics.revenue import revenue, spend
from flywheel_sim.scenario.describe import reference_value
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.source.tree import Raw
from flywheel_sim.stats import FloatArray

#: Figures by name, each of shape (replications,).
Figures = Mapping[str, FloatArray]

#: A rise of retention: by how much (a fraction), and how that is read.
Rise = tuple[float, str]

#: The rises that the claims name.
RISES = (0.05, 0.02, 0.01)

#: Words of a distribution that hold its length.
_LENGTHS = ("exponential", "fixed", "uniform", "triangular", "median", "scale", "mean")


#: What is run: the journey as written, with books kept by who was a customer, at a rise, along the curve, or with other
#: waits; and which of these.
_What = tuple[str, Any]
_AS_WRITTEN, _KNOWN = ("as written", None), ("known", None)


@dataclass(frozen=True)
class Facts:
    """What was run of one strategy.

    Attributes
    ----------
    strategy, model
        The strategy's name as shown, and the scenario with matched spends as found.
    runs, known
        The runs as written; and, with the same people, the books kept by who was a customer before the last full year,
        or why that cannot be.
    today
        Figures as written.
    retention
        What is moved, or why nothing is.
    risen
        Figures after each rise, or why it is impossible.
    low, low_risen
        Figures at the lowest retention of the curve, and 5 points above it.
    curve
        Figures along retention, None where it cannot be moved.
    waits
        Figures with the waits before win-back halved (0.5) and doubled (2), or why there are none.
    people
        What single people do.
    reviews
        The attribute and level of those who read reviews, None where there is none.
    """

    strategy: str
    model: Scenario = field(repr=False)
    runs: Runs = field(repr=False)
    known: Runs | str = field(repr=False)
    today: Figures = field(repr=False)
    retention: Retention | str
    risen: Mapping[Rise, Figures | str] = field(repr=False)
    low: Figures | None = field(repr=False)
    low_risen: Figures | None = field(repr=False)
    curve: Curve | None
    waits: Mapping[float, Figures] | str = field(repr=False)
    people: People = field(repr=False)
    reviews: tuple[str, str] | None

    @property
    def journey(self) -> Journey:
        """Return the journey as written."""
        return self.runs.journey

    @property
    def leverage(self) -> float:
        """Return margin (revenue minus cost of sales and service) over profit."""
        return float(self.today["margin"].mean() / self.today["profit"].mean())

    @property
    def cover(self) -> float:
        """Return margin over all spend."""
        return float(self.today["margin"].mean() / self.today["spend"].mean())


def facts(
    model: Scenario, strategy: str | None, replications: int, seed: int | None, options: RunOptions, retention: str,
    win_back: Sequence[str] | None,
) -> Facts:  # fmt: skip
    """Run what the claims ask for, all on the same people with the same luck; matched spends stay as found.

    Parameters
    ----------
    model, strategy
        A scenario with its matched spends solved for, and one of its strategies; None is the file as written.
    replications, seed, options
        As for `replicate`.
    retention, win_back
        The rate and the waits that `flywheel_sim.claims` takes.
    """
    journey = model.journey(strategy)
    moving = find_retention(model, journey, retention)
    reviews = _reviews(journey)
    known = with_existing(model, journey, reviews[0] if reviews else None)
    root = journey.seed if seed is None else seed
    plan: Plan[_What] = Plan(root)
    plan.add(_AS_WRITTEN, journey)
    if not isinstance(known, str):
        plan.add(_KNOWN, known.journey(strategy))
    impossible: dict[Rise, str] = {}
    values: list[float] = []
    if isinstance(moving, Retention):
        moved = partial(_moved, model if isinstance(known, str) else known, strategy, moving)
        impossible, values = _plan_rises(plan, moving, moved), _plan_curve(plan, moving, moved)
    later = _waits(model, journey, win_back)
    if not isinstance(later, str):
        for factor, changed in later.items():
            plan.add(("waits", factor), changed.journey(strategy))
    done, kept = plan.run(replications, options, figures, [name for name in (_AS_WRITTEN, _KNOWN) if name in plan.at])
    risen, along, waits = (
        {which: one for (of, which), one in done.items() if of == kind} for kind in ("risen", "curve", "waits")
    )
    return Facts(
        strategy=strategy or "as written",
        model=model,
        runs=kept[_AS_WRITTEN],
        known=known if isinstance(known, str) else kept[_KNOWN],
        today={**done[_AS_WRITTEN], **done.get(_KNOWN, {})},
        retention=moving,
        risen={**impossible, **risen},
        low=along.get(0),
        low_risen=along.get(len(values)),
        curve=_curve(values, along, moving.today) if isinstance(moving, Retention) and along else None,
        waits=later if isinstance(later, str) else waits,
        people=watch(journey, root, replications, options),
        reviews=reviews,
    )


def refuse_claims(model: Scenario, strategy: str | None, retention: str, win_back: Sequence[str] | None) -> None:
    """Refuse rates that are no retention (``over``) and no waits, before anything is matched or run.

    Raises
    ------
    ConfigError
        If a rate has no figure of its own.
    ExperimentError
        If there is no such rate, or it is another kind of rate.
    """
    for word, name in [("over", retention), *(("win_back", name) for name in win_back or ())]:
        if name not in model.rates and (word, name) != ("over", USUAL):
            raise ExperimentError(f"{word}: no rate '{name}'; {nearest(name, model.rates)}")
    find_retention(model, model.unmatched_journey(strategy), retention)
    for name in win_back or ():
        if reference_value(model, name, strategy).form != "duration":
            raise ExperimentError(f"win_back: '{name}' is no duration; name rates that people wait before win-back")


def _plan_rises(
    plan: Plan[_What], retention: Retention, moved: Callable[[float], Journey | str]
) -> dict[Rise, str]:  # fmt: skip
    """Have each rise run in each of its readings; return why those are impossible that are."""
    impossible: dict[Rise, str] = {}
    for change in RISES:
        for how in retention.readings():
            journey = moved(retention.risen(change, how))
            if isinstance(journey, str):
                impossible[change, how] = journey
            else:
                plan.add(("risen", (change, how)), journey)
    return impossible


def _plan_curve(
    plan: Plan[_What], retention: Retention, moved: Callable[[float], Journey | str]
) -> list[float]:  # fmt: skip
    """Have the curve run, and a rise from its lowest value, which comes last; return its values."""
    values = curve_values(retention, lambda kept: isinstance(moved(kept), Journey))
    for index, kept in enumerate([*values, min(values) + RISES[0]] if len(values) > 3 else []):
        journey = moved(kept)
        if isinstance(journey, Journey):
            plan.add(("curve", index), journey)
    return values


def _curve(values: Sequence[float], along: Mapping[int, Figures], today: float) -> Curve:
    """Return the means of figures along retention, of the values that were run."""
    order = [index for index in range(len(values)) if index in along]
    means = {name: np.array([_mean(along[index][name]) for index in order]) for name in along[order[0]]}
    return Curve(np.array([values[index] for index in order]), means, today)


def figures(runs: Runs) -> dict[str, FloatArray]:
    """Return the figures that claims are about, to the horizon and of the last full year (``_year``)."""
    books, window = runs.books, last_year(runs.journey)
    earned, spent = revenue(books), spend(books)
    values = {name: runs.values(name) for name in ("revenue", "spend", "profit", "clv", "won_back", "service_spend")}
    values["margin"] = runs.values("gross_profit") - values["service_spend"]
    if window is not None:
        values |= {"revenue_year": earned[:, window].sum(axis=1), "spend_year": spent[:, window].sum(axis=1)}
        values["profit_year"] = values["revenue_year"] - values["spend_year"]
    if "claims_existing" in runs.journey.report_by:
        old, new = revenue_by(runs)
        with np.errstate(invalid="ignore"):
            values |= {"existing": 100 * old / (old + new), "existing_revenue": old,
                      "existing_months": months_of_existing(runs)}  # fmt: skip
    return values


def reading_buyers(facts_: Facts) -> tuple[FloatArray, FloatArray] | None:
    """Return acquisitions of readers of reviews, and all; None where nobody reads or the books do not tell."""
    if facts_.reviews is None or isinstance(facts_.known, str):
        return None
    return acquired_by(facts_.known, *facts_.reviews)


def _mean(values: FloatArray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def _moved(model: Scenario, strategy: str | None, retention: Retention, kept: float) -> Journey | str:
    """Return the journey at a retention, or why there is none."""
    if not 0 < kept < 1:
        return f"impossible: {100 * kept:.4g} % is not below 100 %"
    try:
        return retention.at(model, kept).journey(strategy)
    except ConfigError as error:
        return f"impossible: {error.problems[0].rule}"


def _reviews(journey: Journey) -> tuple[str, str] | None:
    """Return the attribute and the level of people who read reviews: drawn on arrival at a rate named after that."""
    for attribute in journey.attributes:
        if attribute.draw is not None:
            for level, chance in zip(attribute.draw.levels, attribute.draw.chances, strict=True):
                if chance is not None and "review" in chance.name:
                    return attribute.name, attribute.levels[level]
    return None


def _waits(model: Scenario, journey: Journey, names: Sequence[str] | None) -> dict[float, Scenario] | str:
    """Return the scenario with the waits before win-back halved and doubled, or why there are none."""
    strategy = journey.strategy or None
    if names is not None:
        return {factor: _rescaled(model, strategy, names, factor) for factor in (0.5, 2.0)}
    roles = {stage.name: stage.role for stage in journey.stages}
    places: list[tuple[str, Raw]] = []
    for stage in journey.stages:
        for event in stage.events if stage.role == "lapsed" else ():
            if any(one.to and roles[one.to] in ("customer", "prospect") for one in event.outcomes):
                places += model.waits(stage.name, event.name, strategy)
    if not places:
        return (
            "no event of lapsed people with a wait brings anybody back in this strategy; name waits by win_back=[...]"
        )
    try:
        rescaled = {}
        for factor in (0.5, 2.0):
            rates: set[str] = set()
            changes = [(path, _scaled(wait, factor, rates)) for path, wait in places]
            rescaled[factor] = _rescaled(model.with_texts(changes), strategy, sorted(rates), factor)
            rescaled[factor].journey(strategy)
    except (ConfigError, ValueError) as error:
        return f"the waits before win-back cannot be moved as a whole ({error}); name them by win_back=[...]"
    return rescaled


def _rescaled(model: Scenario, strategy: str | None, names: Sequence[str], factor: float) -> Scenario:
    """Return the scenario with rates that are waits so many times as long, matched spends as they were found."""
    values = {name: _longer(reference_value(model, name, strategy), factor) for name in names}
    return model.with_(**values).solved_as(model) if values else model


def _scaled(wait: Raw, factor: float, rates: set[str], within: bool = True) -> Raw:
    """Return a wait so many times as long; rates it names are noted."""
    if isinstance(wait, list):
        return [_scaled(one, factor, rates, within) for one in wait]
    if isinstance(wait, dict):
        if "empirical" in wait:
            raise ValueError("an empirical wait")
        return {key: _scaled(one, factor, rates, key in _LENGTHS) if isinstance(one, str | list) and key in _LENGTHS
                else _scaled(one, factor, rates, False) if isinstance(one, dict) else one
                for key, one in wait.items()}  # fmt: skip
    assert isinstance(wait, str)
    if looks_like_quantity(wait):
        return _longer(parse(wait), factor)
    rates.add(wait)
    return wait


def _longer(quantity: Quantity, factor: float) -> str:
    """Return a wait so many times as long, as a file would write it."""
    if quantity.form == "never":
        return quantity.text
    if quantity.form == "duration":
        return f"{quantity.number * factor / DAY:.9g} days"
    unit = re.sub(r"^\S+", "", quantity.text)
    return f"{quantity.number / factor:.9g}{unit}"
