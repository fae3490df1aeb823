"""What a change of one rate does: year by year and in all, gross and net, and through whom.

The same people with the same luck live at today's rate and at the changed one, so differences are paired.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.difference.pairs import within
from flywheel_sim.analysis.rates.steps import own, run_over, shown, shown_unit
from flywheel_sim.analysis.sensitivity.changes import (
    MONEY,
    NET,
    Change,
    FloatArray,
    Year,
    change_of,
    label_of,
    total_of,
    years_of,
)
from flywheel_sim.analysis.sensitivity.parts import PARTS, VARIANTS, Split, variants
from flywheel_sim.analysis.sensitivity.response import READING
from flywheel_sim.errors import ConfigError, ExperimentError, nearest
from flywheel_sim.experiment.budgets import settle
from flywheel_sim.experiment.driver import Job, Limits, Ways, replicate_jobs, units_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import gap_unit, plus_minus
from flywheel_sim.wording import called, signed

if TYPE_CHECKING:
    import pandas as pd

#: Both readings of "+5 %": the first is for chances alone.
READINGS = ("+5 points", "+5 % relative")


@dataclass(frozen=True)
class Effect(Result):
    """What changes of one rate do to each strategy, on the same people with the same luck; frozen.

    Figures are those of any metric, and two more: ``margin`` (revenue less service) and ``net`` (margin less
    acquisition and win-back). Methods take the last strategy and the first change unless others are named.

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
        For each strategy and change why it is impossible, where it is.
    base_runs
        The runs at today's value, by strategy.
    changed
        The runs at the changed value, by strategy and change; without those that are impossible.
    totals
        For each strategy and change the figures that can be split: their change without either part, with one, with the
        other, with both, shape (4, replications). Empty without a split.
    events
        For each strategy what the parts ``upsell`` and ``referral`` are, as names under ``without``.
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
        found = {name: self.change(name, strategy, change) for name in MONEY}
        kept = ("revenue", *NET, "profit")
        return {name: one for name, one in found.items() if name in kept or one.today.mean or one.gain.mean}

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
        held = self.totals[key]
        if figure not in held:
            raise ExperimentError(f"'{figure}' was not split; {nearest(figure, held)}, or name it under metrics")
        label, unit = label_of(self.base_runs[key[0]], figure)
        return Split(figure, label, gap_unit(unit), self.events[key[0]], held[figure])

    def changes_of(self, strategy: str) -> list[str]:
        """Return the changes that are possible in a strategy."""
        return [change for change in self.changes if (strategy, change) in self.changed]

    def step(self, strategy: str, change: str) -> str:
        """Return a change with the values it leads from and to, for a sentence."""
        unit = "" if self.rate_unit == "as stated" else f" {self.rate_unit}"
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
        said = (
            f"{where}{step if where else step.capitalize()} changes revenue by {_told(gross)}, and profit by "
            f"{_told(profit)}, {within(self.base_runs[name])}."
        )
        if not any(self.events.get(name, {}).values()):
            return said
        parts = self.split("revenue", name, change).parts
        listed = [f"{plus_minus(parts['own'], signed=True)} is customers' own"]
        for part, word in zip(PARTS, ("upsell", "referral with all descendants"), strict=True):
            if self.events[name][part]:
                listed.append(f"{plus_minus(parts[part], signed=True)} {word}")
        return f"{said} Of the revenue {', '.join(listed[:-1])} and {listed[-1]}."

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
                said = [("year", y.number, y.first, y.last, y.within) for y in years]
                said += [("so far", y.number, years[0].first, y.last, y.so_far) for y in years if y.so_far]
                whole = self.change(figure, strategy, change)
                for span, year, first, last, one in [("horizon", 0, years[0].first, years[-1].last, whole), *said]:
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
            found = self.split(figure, strategy, change)
            for part, one in {**found.parts, "interaction": found.interaction}.items():
                share = found.shares[part].mean if part in found.shares else math.nan
                rows.append((strategy, change, figure, part, one.mean, one.low, one.high, one.unit, one.n, share))
        heads = ["strategy", "change", "figure", "part", "gain", "low", "high", "unit", "n", "percent"]
        return pd.DataFrame(rows, columns=heads)

    def __str__(self) -> str:
        lines = [f"effect of {self.over}"]
        for name in self.base:
            for change in self.changes:
                if (name, change) not in self.changed:
                    lines.append(f"  {name}, {change}: {self.notes[name, change]}")
                    continue
                lines.append(f"  {name}, {self.step(name, change)}")
                lines += [f"    {figure:<18} {_told(one)}" for figure, one in self.money(name, change).items()]
                if self.totals:
                    parts = self.split("revenue", name, change).parts
                    lines.append("    of the revenue: " + ", ".join(f"{p} {plus_minus(e)}" for p, e in parts.items()))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        table = self.frame()
        shown_ = table[table.span == "horizon"].drop(columns=["span", "year", "first_month", "last_month"])
        source = html.escape(str(next(iter(self.base_runs.values())).provenance))
        figures = shown_.to_html(index=False, float_format="{:,.2f}".format, na_rep="n/a")
        return f"<p>{html.escape(self.answer())}</p>{figures}<p><small>{source}</small></p>"

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


def effect(
    model: Scenario,
    over: str = "retention",
    change: str | float | Sequence[str | float] | None = None,
    *,
    upsell: Sequence[str] | None = None,
    split: bool = True,
    metrics: Sequence[str] = (),
    strategies: Sequence[str] | None = None,
    replications: int = 50,
    seed: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
    engine: str = "kernel",
    limits: Limits | None = None,
) -> Effect:
    """Run a change of a rate: what it does year by year and in all, gross and net, and through whom.

    Parameters
    ----------
    model
        The scenario.
    over
        Any named rate with a figure of its own.
    change
        One or several: ``+5 points`` (chances alone), ``+5 % relative``, or a new value. Both readings of "+5 %"
        unless given; of these, one that is impossible is named so. The whole family of the rate moves.
    upsell
        Names of the events by which customers move up; found by what they do unless given. Events that refer are
        always found. What counts as which stands under `Effect.events`.
    split
        Whether to take the effect apart, which takes up to three more runs for each of today and the changes.
    metrics
        Metrics to split beside the money.
    strategies
        Those of the file unless given; a file without any is run as written. A spend that is ``matched`` is solved for
        at today's rate and stays there.
    replications, seed, workers, executor, progress, engine, limits
        As for `replicate`.

    Raises
    ------
    ConfigError
        If the rate is not there, a change given is impossible, or there is no event of a name.
    ExperimentError
        If a metric is not known.
    """
    ways = Ways(workers, executor, progress, engine, limits or Limits())
    names: tuple[str | None, ...] = tuple(strategies if strategies is not None else model.strategies) or (None,)
    model, _ = settle(model, names, seed=seed, ways=ways)
    today = {name: run_over(model, over, name) for name in names}
    first = today[names[0]]
    given = [change] if isinstance(change, str | int | float) else change
    wanted = list(given if given is not None else READINGS if first.form == "percent" else READINGS[1:])
    if not wanted:
        raise ExperimentError("no change was given; write '+5 points' or '+5 % relative'")
    said = tuple(str(one) for one in wanted)
    figures = tuple(dict.fromkeys((*MONEY, *metrics)))
    units_of(model.journey(names[0]), [name for name in figures if name not in NET])
    values: dict[tuple[str, str], float] = {}
    notes: dict[tuple[str, str], str] = {}
    models: dict[tuple[str | None, str], Scenario] = {(name, ""): model for name in names}
    for text, one in zip(said, wanted, strict=True):
        for name in names:
            key = (name or "as written", text)
            reached = own(today[name]) + READING if text == READINGS[0] else own(today[name]) * (1 + READING)
            if given is None and first.form == "percent" and reached > 1:
                values[key], notes[key] = math.nan, f"impossible: {100 * reached:.4g} % is more than 100 %"
                continue
            try:
                models[name, text] = model.with_(**{over: one}).solved_as(model)
                values[key] = shown(run_over(models[name, text], over, name), first)
            except ConfigError as error:
                if given is not None:
                    raise
                values[key], notes[key] = math.nan, f"impossible: {error.problems[0].rule}"
    events = {name: variants(model.journey(name), upsell) for name in names} if split else {}
    jobs: list[Job] = []
    at: dict[tuple[str | None, str], int] = {}
    plan: dict[tuple[str | None, str, tuple[str, ...]], int] = {}
    for (name, text), changed in models.items():
        for there in VARIANTS if split else (PARTS,):
            gone = [event for part in PARTS if part not in there for event in events[name][part]]
            journey = (changed.without(*gone, strategy=name) if gone else changed).journey(name)
            index = at.setdefault((name, journey.fingerprint), len(jobs))  # what leaves nothing out is run once
            plan[name, text, there] = index
            if index == len(jobs):
                jobs.append(Job(journey, journey.seed if seed is None else seed))
    whole = {plan[name, text, PARTS] for name, text in models}

    def keep(index: int, runs: Runs) -> tuple[Runs | None, dict[str, FloatArray]]:
        return runs if index in whole else None, {name: total_of(runs, name) for name in figures} if split else {}

    found = replicate_jobs(jobs, replications, ways, keep=keep)

    def gains(name: str | None, text: str, figure: str) -> FloatArray:
        both = [[found[plan[name, which, there]][1][figure] for there in VARIANTS] for which in (text, "")]
        after, before = np.where(np.isfinite(both), both, math.nan)
        return np.asarray(after - before)

    possible = [key for key in models if key[1]]
    return Effect(
        over=over,
        rate_unit=shown_unit(first),
        changes=said,
        base={name or "as written": shown(today[name], first) for name in names},
        values=values,
        notes=notes,
        base_runs={name or "as written": found[plan[name, "", PARTS]][0] for name in names},
        changed={(name or "as written", text): found[plan[name, text, PARTS]][0] for name, text in possible},
        totals={
            (name or "as written", text): {figure: gains(name, text, figure) for figure in figures}
            for name, text in possible if split
        },
        events={name or "as written": held for name, held in events.items()},
    )  # fmt: skip


def _told(change: Change) -> str:
    """Return a change with its interval, and in % of today's where that says something."""
    if not math.isfinite(change.percent.mean):
        return signed(change.gain)
    return f"{signed(change.gain)}, {plus_minus(change.percent, signed=True)} %"
