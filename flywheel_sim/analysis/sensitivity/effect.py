"""What a change of one rate does: year by year and in all, gross and net, and through whom.

The same people with the same luck live at today's rate and at the changed one, so differences are paired.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.difference.pairs import within
from flywheel_sim.analysis.rates.steps import shown_unit
from flywheel_sim.analysis.sensitivity.changes import MONEY, NET, Change, Year, change_of, label_of, total_of, years_of
from flywheel_sim.analysis.sensitivity.moves import Move, Variant, Wanted, moves_of, planned, wanted_of
from flywheel_sim.analysis.sensitivity.one_rate import OneRate, as_shown, one_rate
from flywheel_sim.analysis.sensitivity.parts import PARTS, VARIANTS, Split, variants
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import (
    FIGURE,
    NAMES,
    How,
    Model,
    Strategies,
    how_to_run,
    names_of,
    runs_of,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.running import RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result
from flywheel_sim.stats import FloatArray, gap_unit, plus_minus
from flywheel_sim.wording import called, signed

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Effect(Result):
    """What changes of one rate do to each strategy, on the same people with the same luck; frozen.

    Figures are those of any metric, and two more: ``margin`` (revenue less cost of sales and service) and ``net``
    (margin less acquisition and win-back, which is the contribution). Methods take the last strategy and the first
    change unless others are named.

    Attributes
    ----------
    over, rate_unit
        The rate, and the unit it is shown in; a chance is shown in %.
    changes
        The changes, such as ``+5 points``.
    base
        Today's value for each strategy, in ``rate_unit``.
    values
        For each strategy and change the value it means; NaN where it is impossible.
    notes
        For each strategy and change why it is impossible, where it is; or why its step is another than 5.
    base_runs
        The runs at today's value, by strategy.
    changed
        The runs at the changed value, by strategy and change; without those that are impossible.
    totals
        For each strategy and change the figures that can be split: their change without either part, with one, with the
        other, with both, shape (4, replications). Empty without a split.
    events
        For each strategy what the parts ``upsell`` and ``referral`` are, as names under ``without``.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> effect = fs.effect("subscription", values="+2 points", strategies="funnel", replications=5)
    >>> effect.changes, round(effect.values["funnel", "+2 points"])
    (('+2 points',), 93)
    """

    over: str
    rate_unit: str
    changes: tuple[str, ...]
    base: Mapping[str, float]
    values: Mapping[tuple[str, str], float]
    notes: Mapping[tuple[str, str], str]
    base_runs: Mapping[str, Runs] = field(repr=False)
    changed: Mapping[tuple[str, str], Runs] = field(repr=False)
    totals: Mapping[tuple[str, str], Mapping[str, FloatArray]] = field(repr=False)
    events: Mapping[str, Mapping[str, tuple[str, ...]]] = field(repr=False)

    def change(self, figure: str = "revenue", strategy: str | None = None, change: str | None = None) -> Change:
        """Return what becomes of a figure over the horizon, in its unit and in % of today's.

        Raises
        ------
        ExperimentError
            If there is no such figure, strategy or change, or the change is impossible.
        """
        before, after = self._runs(strategy, change)
        _, unit = label_of(before, figure)
        return change_of(total_of(before, figure), total_of(after, figure), unit)

    def years(
        self, figure: str = "revenue", strategy: str | None = None, change: str | None = None
    ) -> tuple[Year, ...]:
        """Return what becomes of a figure in each year, and up to its end.

        Raises
        ------
        ExperimentError
            As `change`; also if the figure follows customers and has no years.
        """
        return years_of(*self._runs(strategy, change), figure)

    def money(self, strategy: str | None = None, change: str | None = None) -> dict[str, Change]:
        """Return the way from revenue to profit: what is earned more, what it costs more, what is left.

        Costs that are nothing both today and after the change are left out.
        """
        changes = {name: self.change(name, strategy, change) for name in MONEY}
        kept = ("revenue", *NET, "profit")
        return {name: one for name, one in changes.items() if name in kept or one.today.mean or one.gain.mean}

    def split(self, figure: str = "revenue", strategy: str | None = None, change: str | None = None) -> Split:
        """Return a change in its parts: own, upsell, referral with all descendants; see `Split`.

        Raises
        ------
        ExperimentError
            If the effect was asked for without a split, or without this figure.
        """
        key = self._key(strategy, change)
        if not self.totals:
            raise ExperimentError("the effect was asked for with split=False; leave that out")
        totals = self.totals[key]
        if figure not in totals:
            raise ExperimentError(f"'{figure}' was not split; {nearest(figure, totals)}, or name it under of")
        label, unit = label_of(self.base_runs[key[0]], figure)
        return Split(figure, label, gap_unit(unit), self.events[key[0]], totals[figure])

    def changes_of(self, strategy: str) -> list[str]:
        """Return the changes that are possible in a strategy."""
        return [change for change in self.changes if (strategy, change) in self.changed]

    def step(self, strategy: str, change: str) -> str:
        """Return a change with the values it leads from and to, for a sentence."""
        unit = "" if self.rate_unit == "as stated" else f" {self.rate_unit}"
        self._key(strategy, change)
        return f"{change} ({self.base[strategy]:.6g} to {self.values[strategy, change]:.6g}{unit})"

    def answer(self, strategy: str | None = None) -> str:
        """Return in words what the first possible change brings in revenue and profit, and through whom."""
        name = self._strategy(strategy)
        possible = self.changes_of(name)
        if not possible:
            return "; ".join(f"{change}: {self.notes[name, change]}" for change in self.changes) + "."
        change = possible[0]
        gross, profit = self.change("revenue", name, change), self.change("profit", name, change)
        where = "" if name == "as written" else f"In {called(name)}, "
        step = f"{self.over.replace('_', ' ')} {self.step(name, change)}"
        text = (
            f"{where}{step if where else step.capitalize()} changes revenue by {_in_words(gross)}, and profit by "
            f"{_in_words(profit)}, {within(self.base_runs[name])}."
        )
        if not any(self.events.get(name, {}).values()):
            return text
        parts = self.split("revenue", name, change).parts
        listed = [f"{plus_minus(parts['own'], signed=True)} is customers' own"]
        for part, word in zip(PARTS, ("upsell", "referral with all descendants"), strict=True):
            if self.events[name][part]:
                listed.append(f"{plus_minus(parts[part], signed=True)} {word}")
        return f"{text} Of the revenue {', '.join(listed[:-1])} and {listed[-1]}."

    def frame(self) -> pd.DataFrame:
        """Return the way from revenue to profit as a tidy table: in all, in each year, and up to the end of each.

        Columns: strategy, change, from, to, rate_unit, figure, unit, span (``horizon``, ``year`` or ``so far``), year,
        first_month, last_month, today, gain with the ends of its interval (low, high), n, percent, percent_low,
        percent_high.
        """
        import pandas as pd

        rows: list[tuple[Any, ...]] = []
        for strategy, change in self.changed:
            for figure in MONEY:
                years = self.years(figure, strategy, change)
                spans = [("year", y.number, y.first, y.last, y.within) for y in years]
                spans += [("so far", y.number, years[0].first, y.last, y.so_far) for y in years if y.so_far]
                whole = self.change(figure, strategy, change)
                for span, year, first, last, one in [("horizon", 0, years[0].first, years[-1].last, whole), *spans]:
                    gain, share = one.gain, one.percent
                    rows.append((
                        strategy, change, self.base[strategy], self.values[strategy, change], self.rate_unit, figure,
                        gain.unit, span, year, first, last, one.today.mean, gain.mean, gain.low, gain.high, gain.n,
                        share.mean, share.low, share.high,
                    ))  # fmt: skip
        heads = [
            "strategy", "change", "from", "to", "rate_unit", "figure", "unit", "span", "year", "first_month",
            "last_month", "today", "gain", "low", "high", "n", "percent", "percent_low", "percent_high",
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=heads)

    def parts_frame(self, figure: str = "revenue") -> pd.DataFrame:
        """Return the parts of every change as a tidy table: one row per strategy, change and part.

        Columns: strategy, change, figure, part (with the ``whole`` and the ``interaction``), gain, low, high, unit, n,
        percent (of the whole).
        """
        import pandas as pd

        rows = []
        for strategy, change in self.totals:
            split = self.split(figure, strategy, change)
            for part, one in {**split.parts, "interaction": split.interaction}.items():
                share = split.shares[part].mean if part in split.shares else math.nan
                rows.append((strategy, change, figure, part, one.mean, one.low, one.high, one.unit, one.n, share))
        heads = ["strategy", "change", "figure", "part", "gain", "low", "high", "unit", "n", "percent"]
        return pd.DataFrame(rows, columns=heads)

    def _strategy(self, strategy: str | None) -> str:
        if strategy is not None and strategy not in self.base:
            raise ExperimentError(f"'{strategy}' was not run; {nearest(strategy, self.base)}")
        return strategy or list(self.base)[-1]

    def _key(self, strategy: str | None, change: str | None) -> tuple[str, str]:
        name = self._strategy(strategy)
        wanted = change or self.changes[0]
        if wanted not in self.changes:
            raise ExperimentError(f"'{wanted}' was not run; {nearest(wanted, self.changes)}")
        if (name, wanted) not in self.changed:
            raise ExperimentError(f"{wanted} of '{self.over}' in '{name}' is {self.notes[name, wanted]}")
        return name, wanted

    def _runs(self, strategy: str | None, change: str | None) -> tuple[Runs, Runs]:
        key = self._key(strategy, change)
        return self.base_runs[key[0]], self.changed[key]

    def table(self) -> pd.DataFrame:
        """Return what every change does to money over the horizon, as texts."""
        import pandas as pd

        rows = []
        for name, change in self.changed:
            for of, one in self.money(name, change).items():
                label, unit = label_of(self.base_runs[name], of)
                share = plus_minus(one.percent, signed=True)
                rows.append(
                    (name, change, label, plus_minus(one.today), plus_minus(one.gain, signed=True), share, unit)
                )
        heads = ["strategy", "change", "figure", "today", "changes by", "in % of today's", "unit"]
        return pd.DataFrame(rows, columns=heads)

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        n = next(iter(self.base_runs.values())).n
        return f"From gross to net, over the horizon; means ± half-widths of their 95 % intervals, n = {n:,}"

    def remarks(self) -> list[str]:
        """Return the answers for every strategy but the last, where revenue comes from, and changes that cannot be."""
        remarks = [self.answer(name) for name in list(self.base)[:-1]]
        if self.totals:
            for name, change in self.totals:
                parts = self.split("revenue", name, change).parts
                sums = ", ".join(f"{part} {plus_minus(one)}" for part, one in parts.items())
                remarks.append(f"Of the revenue that {change} brings {called(name)}: {sums}")
        return [*remarks, *(f"{name}, {change}: {why}" for (name, change), why in self.notes.items() if why)]


@verb({"change": "values=['+5 points']", "metrics": "of=[...]"}, of=takes.either(NAMES, takes.none_or_empty("()")),
      values=takes.optional(takes.either(takes.listed(FIGURE, "a list of changes", "['+5 points']"), FIGURE)),
      upsell=takes.optional(NAMES), split=takes.YES_OR_NO)  # fmt: skip
def effect(
    model: Model,
    of: str | Sequence[str] = (),
    over: str = "retention",
    *,
    strategies: Strategies = None,
    values: str | float | Sequence[str | float] | None = None,
    upsell: str | Sequence[str] | None = None,
    split: bool = True,
    replications: int = 50,
    **how: Unpack[How],
) -> Effect:
    """Run a change of a rate: what it does year by year and in all, gross and net, and through whom.

    Parameters
    ----------
    model, of, over
        The scenario, its name or its path; metrics to take apart beside the money; and any named rate with a figure of
        its own, whose whole family moves.
    strategies
        As for `sensitivity`.
    values
        One change or several: ``+5 points`` (chances alone), ``+5 % relative``, or a new value. Both readings of "+5 %"
        unless given; of these, one that is impossible is named so.
    upsell
        Names of the events by which customers move up; found by what they do unless given. Events that refer are
        always found. What counts as which stands under `Effect.events`.
    split
        Whether to take the effect apart, which takes up to three more runs for each of today and the changes.
    replications, how
        As for `sensitivity`.

    Raises
    ------
    ConfigError, ExperimentError
        If a rate, a metric or an event is not there, or a change given is impossible.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> raised = fs.effect("subscription", over="retention", strategies="funnel", values="+2 points", replications=10)
    >>> raised.change("revenue").gain.mean > 0
    True
    """
    seed, options = how_to_run(how)
    figures = tuple(dict.fromkeys((*MONEY, *names_of(of))))
    named = None if upsell is None else names_of(upsell, "upsell")
    scenario = scenario_of(model)
    for strategy in runs_of(scenario, strategies) if named else ():
        scenario.without(*named or (), strategy=strategy)  # an event that is not there is refused before anything runs
    rate = one_rate(scenario, tuple(name for name in figures if name not in NET), over, strategies, seed,
                    options)  # fmt: skip
    wanted = wanted_of(values, rate)
    today = {strategy: rate.model.journey(strategy) for strategy in rate.today}
    events = {strategy: variants(journey, named) for strategy, journey in today.items()} if split else {}
    return _effect_of(rate, wanted, figures, events, seed, replications, options)


def _effect_of(
    rate: OneRate, wanted: Wanted, figures: tuple[str, ...], events: Mapping[str | None, Mapping[str, tuple[str, ...]]],
    seed: int | None, replications: int, options: RunOptions,
) -> Effect:  # fmt: skip
    """Return what the changes wanted of a rate do to figures, taken apart by events where there are any."""
    moves = moves_of(rate, wanted)
    plan = planned(moves.models, events, seed)

    def read(runs: Runs) -> dict[str, FloatArray]:
        return {name: total_of(runs, name) for name in figures} if events else {}

    totals, runs = plan.run(replications, options, read, [(*move, PARTS) for move in moves.models])
    return Effect(
        over=rate.name,
        rate_unit=shown_unit(rate.first),
        changes=wanted.texts,
        base=rate.shown_today(),
        values=moves.values,
        notes=moves.notes,
        base_runs={as_shown(strategy): runs[strategy, "", PARTS] for strategy in rate.today},
        changed={(as_shown(strategy), text): runs[strategy, text, PARTS] for strategy, text in moves.possible},
        totals={(as_shown(move[0]), move[1]): _gains(totals, move, figures) for move in moves.possible if events},
        events={as_shown(strategy): parts for strategy, parts in events.items()},
    )


def _gains(
    totals: Mapping[Variant, Mapping[str, FloatArray]], move: Move, figures: Sequence[str]
) -> dict[str, FloatArray]:
    """Return what a change does to figures by which parts are there, each of shape (variants, replications)."""
    gains = {}
    for figure in figures:
        both = [[totals[move[0], text, there][figure] for there in VARIANTS] for text in (move[1], "")]
        after, before = np.where(np.isfinite(both), both, math.nan)
        gains[figure] = np.asarray(after - before)
    return gains


def _in_words(change: Change) -> str:
    """Return a change with its interval, and in % of today's where that says something."""
    if not math.isfinite(change.percent.mean):
        return signed(change.gain)
    return f"{signed(change.gain)}, {plus_minus(change.percent, signed=True)} %"
