"""Between which values each rate is tried: what the file says is not known of it, what is given, or a stated step.

A design point lays values over rates of which nothing is left uncertain, so that within it there is chance alone; a
spend that is ``matched`` stays as it was found, as a budget that has been decided on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flywheel_sim.compile.worlds import value
from flywheel_sim.errors import ConfigError, ExperimentError, nearest
from flywheel_sim.journey.journey import Journey, Uncertain
from flywheel_sim.journey.units import DAY, Quantity, UnitError, unit_ms
from flywheel_sim.scenario.describe import reference_value
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import figure

#: A rate's two ends as a user gives them: texts as in the file, or numbers in the unit that stands there.
Ends = tuple[str | float, str | float]

#: How far a rate of which nothing is said moves: this share of its odds if it is a chance, else of itself.
STEP = 0.1

#: Quantiles that are the ends of what is uncertain and has none of its own (beta, gamma).
TAIL = 0.05


@dataclass(frozen=True)
class Range:
    """Between which values a rate is tried; numbers are in its stated unit, fractions for chances.

    Attributes
    ----------
    name
        Of the rate.
    today, low, high
        Its value in the file, and the ends.
    source
        Where the ends come from, in words.
    unit
        The file's value, with its unit.
    uncertain
        What the file says is not known of it; None where the ends were given or are a step: all between them is
        equally likely then.
    """

    name: str
    today: float
    low: float
    high: float
    source: str
    unit: Quantity = field(repr=False)
    uncertain: Uncertain | None = field(default=None, repr=False)

    def at(self, uniform: float) -> float:
        """Return the value below which it lies with a probability in [0, 1]."""
        if self.uncertain is None:
            return self.low + uniform * (self.high - self.low)
        return value(self.uncertain, uniform)

    def between(self, share: float) -> float:
        """Return the value at a share of the way from the low to the high end, in probability."""
        cut = TAIL if self.uncertain is not None and self.uncertain.family != "uniform" else 0.0
        return self.at(cut + share * (1 - 2 * cut))

    def text(self, number: float, digits: int = 12) -> str:
        """Return a value as the file would write it."""
        text = self.unit.text
        if self.unit.form == "percent":
            tail = re.sub(r"^\S+\s*(%|of\s+\S+)\s*", "", text)
            return f"{100 * number:.{digits}g} % {tail}".strip()
        tail = re.sub(r"^-?[\d._]+", "", text).strip()
        if self.unit.form == "duration":
            number /= unit_ms(tail) if tail else DAY
        return f"{number:.{digits}g} {tail}".strip()

    def shown(self, number: float) -> str:
        """Return a value for people: no false precision, without the words after it."""
        if self.unit.form == "percent":
            return f"{100 * number:.3g} %"
        return self.text(number, 3) if self.unit.form == "duration" else figure(number)

    @property
    def words(self) -> str:
        """Return the unit: the words after the figure, such as ``per month``."""
        return re.sub(r"^-?[\d._]+\s*(%|of\s+\S+)?\s*", "", self.unit.text) if self.unit.form != "duration" else ""

    def ends(self) -> dict[str, str]:
        """Return the ends and today's value as texts, and who says so."""
        return {"low": self.text(self.low), "today": self.text(self.today), "high": self.text(self.high),
                "source": self.source}  # fmt: skip


def ranges_of(
    model: Scenario,
    strategies: Sequence[str | None],
    rates: Sequence[str] | None = None,
    ranges: Mapping[str, Ends] | None = None,
    step: float = STEP,
    impossible: set[str] | None = None,
) -> dict[str | None, dict[str, Range]]:
    """Return for each strategy the ranges of the named rates that bear on it, in the order of the file.

    A range is what was given; else what the file says is ``uncertain``, from the 5 % to the 95 % quantile of a beta
    or gamma distribution; else a ``step`` down and up, of the odds of a chance, of any other rate itself.

    Parameters
    ----------
    model, strategies
        A scenario with its matched spends solved for, and one or two of its strategies; None is the file as written.
    rates
        Which; all that bear on a strategy and have one value of their own unless given. Of two strategies of which one
        is matched, without the rate that is the budget itself: it would move one budget and not the other.
    ranges
        For some rates their two ends, such as ``{"retention": ("88 %", "94 %")}``.
    step
        A share between 0 and 1.
    impossible
        Takes the names of the rates that were left out because no journey could have a value at an end.

    Raises
    ------
    ConfigError
        If there is no such strategy, or no journey can have a value of a rate that was asked for.
    ExperimentError
        If there is no such rate, ends do not go up, or a rate that was asked for has no range or bears on nothing.
    """
    given = dict(ranges or {})
    refuse_rates(model, rates, given)
    asked = {*(rates or ()), *given}
    wanted = asked if rates is not None else set(model.rates) - (_budgets(model, strategies) - asked)
    sure = known(model, strategies)
    tried: dict[str | None, dict[str, Range]] = {strategy: {} for strategy in strategies}
    for strategy in strategies:
        doubts = {doubt.name: doubt for doubt in model.journey(strategy).uncertain}
        for name in (name for name in model.rates if name in wanted):
            try:
                one = _range(sure, strategy, name, given.get(name), doubts.get(name), step)
                bears = _bears(sure, strategy, one)
            except (ConfigError, ExperimentError) as error:
                if name in asked:
                    raise
                if impossible is not None and isinstance(error, ConfigError) and sure.rate(name, strategy).value:
                    impossible.add(name)
            else:
                tried[strategy] |= {name: one} if bears else {}
    named = " and ".join(f"'{strategy}'" if strategy else "the file as written" for strategy in strategies)
    if idle := [name for name in model.rates if name in asked and not any(name in one for one in tried.values())]:
        raise ExperimentError(f"over: '{idle[0]}' bears on nothing in {named}; leave it out, or take another strategy")
    if not any(tried.values()):
        raise ExperimentError(f"no named rate bears on {named}; give figures names under 'rates'")
    return tried


def refuse_rates(model: Scenario, rates: Sequence[str] | None, ranges: Mapping[str, Ends] | None) -> None:
    """Refuse rates (``over``) that are not there or twice, and ranges (``values``) of others.

    Raises
    ------
    ExperimentError
        Naming the nearest rate there is.
    """
    for word, names in (("over", rates or ()), ("values", ranges or ())):
        for name in names:
            if name not in model.rates:
                raise ExperimentError(f"{word}: no rate '{name}' to try; {nearest(name, model.rates)}")
    if rates is not None and len(set(rates)) != len(rates):
        raise ExperimentError("over names a rate twice; leave one out")
    if left := [name for name in ranges or () if rates is not None and name not in rates]:
        raise ExperimentError(f"values: a range of '{left[0]}' is given, which is not among the rates of over; add it, "
                              "or leave it out")  # fmt: skip


def _bears(sure: Scenario, strategy: str | None, one: Range) -> bool:
    """Tell whether a rate changes anything in the runs of a strategy between the ends of its range.

    Only that strategy is looked at: others may be unable to have these values, and reading all of them takes long.

    Raises
    ------
    ConfigError
        If the strategy cannot have a value at an end.
    """
    today = _plain(sure.journey(strategy))
    ends = [sure.with_texts([(f"rates.{one.name}", one.text(end))]).journey(strategy) for end in (one.low, one.high)]
    return any(_plain(journey) != today for journey in ends)


def known(model: Scenario, strategies: Sequence[str | None]) -> Scenario:
    """Return the scenario in which every rate is at its stated value, nothing of it uncertain, spends as solved for.

    Raises
    ------
    ExperimentError
        If something stays uncertain.
    """
    changes: dict[str, Any] = {}
    for strategy in strategies:
        for doubt in model.journey(strategy).uncertain:
            changes[doubt.name] = {"uncertain": None}
            if model.rate(doubt.name, strategy).value is None:  # stated by its distribution alone
                alpha, beta = doubt.params
                changes[doubt.name]["value"] = f"{100 * alpha / (alpha + beta):.12g} %"
    if not changes:
        return model
    sure = model.with_(**changes).solved_as(model)
    if left := [doubt.name for strategy in strategies for doubt in sure.journey(strategy).uncertain]:
        raise ExperimentError(f"'{left[0]}' stays uncertain; take 'uncertain' out of the file, and give its range here")
    return sure


def with_values(model: Scenario, values: Sequence[tuple[Range, float]]) -> Scenario:
    """Return the scenario with rates at other values, spends as solved for.

    Raises
    ------
    ConfigError
        If no journey can have these values.
    """
    return model.with_(**{one.name: one.text(number) for one, number in values}).solved_as(model)


def _range(
    model: Scenario, strategy: str | None, name: str, given: Ends | None, doubt: Uncertain | None, step: float
) -> Range:
    """Return the range of a rate."""
    unit = reference_value(model, name, strategy)
    today = unit.number
    if given is not None:
        low, high = _ends(model, strategy, name, given)
        return Range(name, today, low, high, "given", unit)
    if doubt is not None:
        if doubt.family == "uniform":
            return Range(name, today, *doubt.params, "uncertain in the file", unit, doubt)
        ends = value(doubt, TAIL), value(doubt, 1 - TAIL)
        return Range(name, today, *ends, "uncertain in the file, 5 % to 95 % quantile", unit, doubt)
    return stepped(name, unit, step)


def stepped(name: str, unit: Quantity, step: float) -> Range:
    """Return the range of a rate of which nothing is said: a share down and up, of a chance of its odds.

    Raises
    ------
    ExperimentError
        If no share of it is a step.
    """
    today = unit.number
    if unit.form == "never" or today == 0 or (unit.form == "percent" and not 0 < today < 1):
        raise ExperimentError(f"'{name}' stands at {unit.text}, where no share of it is a step; give its range: "
                              f"values={{'{name}': (LOW, HIGH)}}")  # fmt: skip
    if unit.form != "percent":
        low, high = sorted((today * (1 - step), today * (1 + step)))
        return Range(name, today, low, high, f"± {100 * step:g} %", unit)
    low, high = (today * odds / (1 - today + today * odds) for odds in (1 - step, 1 + step))
    return Range(name, today, low, high, f"odds ± {100 * step:g} %", unit)


def _ends(model: Scenario, strategy: str | None, name: str, given: Any) -> tuple[float, float]:
    """Return the ends that were given, as numbers in the rate's own unit."""
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) != 2:
        raise ExperimentError(f"values: the range of '{name}' is {given!r}; give its two ends, such as "
                              "('88 %', '94 %')")  # fmt: skip
    try:
        low, high = (reference_value(model.with_(**{name: end}), name, strategy).number for end in given)
    except UnitError as error:
        raise ExperimentError(f"values: the range of '{name}': {error}") from error
    if not low < high:
        raise ExperimentError(
            f"values: the range of '{name}' does not go up: {given[0]} to {given[1]}; write the low end first"
        )
    return low, high


def _plain(journey: Journey) -> Journey:
    """Return what of a journey bears on its runs."""
    return replace(journey, fingerprint="", source=None, uncertain=())


def _budgets(model: Scenario, strategies: Sequence[str | None]) -> set[str]:
    """Return the rates that are the budget which two strategies share, one of them matched."""
    budgets = set()
    for strategy in strategies if len(strategies) > 1 else ():
        kind, what = model.choices(strategy).matched or ("", "")
        if kind:
            budgets.add(str(model.at(f"{kind}s.{what}.spend")))
    return budgets
