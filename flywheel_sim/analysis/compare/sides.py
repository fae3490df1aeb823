"""What is compared: strategies of one scenario, or two scenarios, all of which meet the same people."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import Strategies, refuse_metrics, refuse_strategies, strategies_of
from flywheel_sim.experiment.budgets import Match, with_budgets
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.precision import Precision, Watch, targets
from flywheel_sim.experiment.running import RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import FloatArray, gap_unit


@dataclass(frozen=True)
class Sides:
    """What is held against one another, the first being what others are held against.

    Attributes
    ----------
    models
        For each name the scenario and strategy it stands for.
    matches
        For each strategy whose spend is matched, what was solved for.
    """

    models: Mapping[str, tuple[Scenario, str | None]]
    matches: tuple[Match, ...]

    @cached_property
    def journeys(self) -> dict[str, Journey]:
        """Return the journey of each name.

        Raises
        ------
        ExperimentError
            If they are not of one horizon and currency.
        """
        journeys = {name: scenario.journey(strategy) for name, (scenario, strategy) in self.models.items()}
        if len({(journey.horizon, journey.currency) for journey in journeys.values()}) > 1:
            raise ExperimentError("the two journeys differ in horizon or currency; bring both to the same")
        return journeys


def sides_of(
    model: Scenario, other: Scenario | None, strategies: Strategies, precision: Precision | None, seed: int | None,
    options: RunOptions,
) -> Sides:  # fmt: skip
    """Return what is compared, its matched spends solved for.

    Raises
    ------
    ExperimentError
        If there are not two things to compare.
    ConfigError
        If a strategy is not in the file.
    """
    if other is not None:
        return _two_scenarios(model, other, strategies, precision, seed, options)
    names = strategies_of(model, strategies)
    if len(names) < 2:
        known = ", ".join(model.strategies) or "none"
        raise ExperimentError(f"a comparison takes two different strategies; the file has: {known}")
    _refuse_precision(model, names, precision)
    matched, matches = with_budgets(model, names, seed, options)
    return Sides({name: (matched, name) for name in names}, matches)


def _refuse_precision(model: Scenario, strategies: Sequence[str | None], precision: Precision | None) -> None:
    """Refuse a precision of no metric, or of none that can be, before anything runs."""
    if precision is None:
        return
    refuse_metrics(model, strategies, tuple(precision), "precision")
    for strategy in strategies:
        journey = model.unmatched_journey(strategy)
        targets(precision, lambda name, journey=journey: units_of(journey, (name,))[name])  # type: ignore[misc]


def _two_scenarios(
    model: Scenario, other: Scenario, strategies: Strategies, precision: Precision | None, seed: int | None,
    options: RunOptions,
) -> Sides:  # fmt: skip
    """Return two scenarios in one strategy, or each in its own."""
    chosen: list[str | None] = [strategies] if isinstance(strategies, str) else [*strategies] if strategies else [None]
    if len(chosen) > 2:
        raise ExperimentError(f"two journeys take one strategy for both or one for each, not {len(chosen)}")
    one, two = (chosen * 2)[:2]
    for scenario, name in ((model, one), (other, two)):
        refuse_strategies(scenario, [name] if name else [])
        _refuse_precision(scenario, [name], precision)
    first, second = one or model.name, two or other.name
    if first == second:
        first, second = f"{first} (first)", f"{second} (second)"
    model, matches = with_budgets(model, [one], seed, options)
    other, more = with_budgets(other, [two], seed, options)
    return Sides({first: (model, one), second: (other, two)}, matches + more)


#: What watches figures while replications come in, and how they are read from runs.
Watching = tuple[Watch, Callable[[list[Runs]], dict[str, FloatArray]]]


def watched(journeys: Mapping[str, Journey], precision: Precision, at_most: int) -> Watching:
    """Return what watches the differences to the first journey, and how they are read from runs."""
    against, *names = journeys
    units = [units_of(journey, precision) for journey in journeys.values() if isinstance(precision, Mapping)]
    asked = targets(precision, lambda name: units[0][name])

    def called_(metric: str, name: str) -> str:
        return f"{metric}, '{name}' minus '{against}'"

    def read(runs: list[Runs]) -> dict[str, FloatArray]:
        first, *others = runs
        gaps = {}
        for one in asked:
            base = first.terms(one.metric)
            for name, other in zip(names, others, strict=True):
                gap = other.terms(one.metric) - base
                gaps[called_(one.metric, name)] = np.where(np.isfinite(gap), gap, math.nan)
        return gaps

    each = {called_(one.metric, name): one for one in asked for name in names}
    return Watch(each, {what: gap_unit(units[0][one.metric]) for what, one in each.items()}, at_most), read
