"""Which friction costs most: each removed in turn, on the same people with the same luck.

A friction is a lever without a spend: a named cause that keeps rates from being better. What is gained without it is
what it costs, and so the most that removing it may cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.difference.pairs import AgainstToday, paired, replicated, within
from flywheel_sim.analysis.difference.ranking import Best, Ranking, ranking
from flywheel_sim.analysis.momentum.momentum import UNIT, surely
from flywheel_sim.analysis.momentum.windows import WINDOW, months_in, net_per_month
from flywheel_sim.errors import ConfigError, ExperimentError, nearest
from flywheel_sim.experiment.asking import (
    COUNT,
    How,
    Model,
    Strategies,
    how_to_run,
    one_of,
    refuse_metrics,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.bands import simultaneous
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.scenario.describe import reference_value
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, FloatArray, between, gap_unit, plus_minus, with_unit
from flywheel_sim.wording import either, signed

if TYPE_CHECKING:
    import pandas as pd


#: The second figure that frictions are ranked by.
MOMENTUM = "momentum"


@dataclass(frozen=True)
class Friction:
    """A lever without a spend.

    Attributes
    ----------
    name, phase
        As the file has them; the phase is "" where it names none.
    moves
        What the rates would be without it, as texts: ``sign_up: 8 % → 9.5 %``. Both are the file's own figures.
    """

    name: str
    phase: str
    moves: tuple[str, ...]


@dataclass(frozen=True)
class Frictions(AgainstToday):
    """What is gained by removing each friction, in a metric and in momentum; frozen.

    Attributes
    ----------
    of, best_is, unit, label
        The metric, whether its ``highest`` or ``lowest`` is best, its unit and how it is called.
    frictions
        Those the strategy has, in the order of the file.
    window
        Over how many of the last months momentum is averaged; None for all that count.
    values
        For the metric and for momentum: without each friction in turn, then without all; shape
        (frictions + 1, replications).
    today
        The runs with all frictions.
    level
        With which probability the intervals of all gains in one figure hold at once, and those of all their ranks.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> shop = fs.loads('''
    ... {name: Shop, currency: EUR, horizon: 90 days, rates: {buys: 20 %}, channels: {ad: {rate: 9 per day, enters: a}},
    ... journey: {a: {role: prospect, after: 1 day, to: {buyer: buys, out: rest}}, out: exit, buyer: {role: customer,
    ... on_entry: {earn: {fee: 50}}, after: 9 days, to: out}}, levers: {slow: {moves: {buys: {without: 30 %}}}}}''')
    >>> costs = fs.frictions(shop, replications=4)
    >>> costs.frictions[0].moves, costs.gain("slow").mean > 0
    (('buys: 20 % → 30 %',), True)
    """

    of: str
    best_is: Best
    unit: str
    label: str
    frictions: tuple[Friction, ...]
    window: int | None
    values: Mapping[str, FloatArray] = field(repr=False)
    today: Runs = field(repr=False)
    level: float = 0.95

    @property
    def units(self) -> dict[str, str]:
        """Return the units of the gains."""
        return {self.of: gap_unit(self.unit), MOMENTUM: UNIT}

    @cached_property
    def gains(self) -> dict[str, dict[str, Estimate]]:
        """Return, for the metric and for momentum, the gain of each friction with its joint interval, in file order.

        All intervals of one figure hold at once with the level (`flywheel_sim.experiment.bands.simultaneous`).
        """
        gains = {}
        for name, unit in self.units.items():
            gap = self._gaps(name)[:-1].T
            known = gap[np.isfinite(gap).all(axis=1)]
            mean, low, high, _ = simultaneous(known, self.level)
            sd = known.std(axis=0, ddof=1) if len(known) > 1 else np.full(len(mean), np.nan)
            gains[name] = {
                one.name: Estimate(float(m), float(a), float(b), self.level, len(known), unit, sd=float(s))
                for one, m, a, b, s in zip(self.frictions, mean, low, high, sd, strict=True)
            }
        return gains

    @cached_property
    def rankings(self) -> dict[str, Ranking]:
        """Return the order of what there is without each friction, by figure; nothing where there is one alone.

        Joint intervals are of all paired differences between frictions.
        """
        if len(self.frictions) == 1:
            return {}
        return {
            name: ranking(
                {one.name: row for one, row in zip(self.frictions, self.values[name], strict=False)},
                name, unit, gap_unit(unit), self.level, self.best_is if name == self.of else "highest",
            )
            for name, unit in {self.of: self.unit, MOMENTUM: UNIT}.items()
        }  # fmt: skip

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the frictions, the most costly in the metric first."""
        return self.rankings[self.of].names if self.rankings else (self.frictions[0].name,)

    def friction(self, name: str) -> Friction:
        """Return a friction by name."""
        known = {one.name: one for one in self.frictions}
        if name not in known:
            raise ExperimentError(f"'{name}' is no friction here; {nearest(name, known)}")
        return known[name]

    def gain(self, name: str, figure: str | None = None) -> Estimate:
        """Return what is gained without a friction, in the metric unless ``momentum`` is asked for."""
        self.friction(name)
        return self.gains[self._figure(figure)][name]

    def ranks(self, name: str, figure: str | None = None) -> tuple[int, int]:
        """Return the first and last rank a friction may truly have; those of all hold at once."""
        self.friction(name)
        wanted = self._figure(figure)
        return self.rankings[wanted].ranks(name) if self.rankings else (1, 1)

    def together(self, figure: str | None = None) -> Estimate:
        """Return what is gained with all frictions removed at once."""
        name = self._figure(figure)
        return paired(self._gaps(name)[-1], self.units[name], self.level)

    def summed(self, figure: str | None = None) -> Estimate:
        """Return the gains of the frictions removed one at a time, added up."""
        name = self._figure(figure)
        return paired(self._gaps(name)[:-1].sum(axis=0), self.units[name], self.level)

    def interaction(self, figure: str | None = None) -> Estimate:
        """Return what removing all together gains beyond the sum of the single gains; paired.

        Positive where one improvement makes the others worth more: more people come through to be kept.
        """
        name = self._figure(figure)
        gaps = self._gaps(name)
        return paired(gaps[-1] - gaps[:-1].sum(axis=0), self.units[name], self.level)

    def frame(self) -> pd.DataFrame:
        """Return the tidy table, one row per friction and figure, in the order of the metric.

        Columns: friction, phase, figure (the metric, then momentum), rank, first_rank, last_rank, gain with the ends of
        its joint interval (low, high), n, unit, told_apart (whether the gain is surely not zero). Three rows more for
        each figure have no rank and intervals of their own: ``all together``, ``sum of single gains``, ``interaction``.
        """
        import pandas as pd

        rows: list[tuple[object, ...]] = []
        for name in self.names:
            for what in self.units:
                e = self.gain(name, what)
                order = self.rankings[what].names if self.rankings else (name,)
                rows.append((name, self.friction(name).phase, what, order.index(name) + 1, *self.ranks(name, what),
                             e.mean, e.low, e.high, e.n, e.unit, surely(e)))  # fmt: skip
        wholes = {"all together": self.together, "sum of single gains": self.summed, "interaction": self.interaction}
        for whole, of in wholes.items():
            for what in self.units:
                e = of(what)
                rows.append((whole, "", what, pd.NA, pd.NA, pd.NA, e.mean, e.low, e.high, e.n, e.unit, surely(e)))
        heads = ["friction", "phase", "figure", "rank", "first_rank", "last_rank", "gain", "low", "high", "n", "unit",
                 "told_apart"]  # fmt: skip
        return pd.DataFrame(rows, columns=heads).astype(dict.fromkeys(["rank", "first_rank", "last_rank"], "Int64"))

    def answer(self) -> str:
        """Return the answer in words: which costs most, how surely, and what all cost together."""
        first = self.names[0]
        text = f"Removing {self.named(first)} changes {self.label.lower()} most, by {signed(self.gain(first))}"
        text += f" {within(self.today)}, and momentum by {signed(self.gain(first, MOMENTUM))}"
        if not self.rankings:
            return f"{text}. It is the only friction{self._sure(first)}."
        others = [name for name in self.rankings[self.of].leaders if name != first]
        if others:
            text += f"; these runs cannot tell it apart from {either(list(others))}"
        else:
            text += "; every other surely changes it less"
        sure = sum(surely(self.gain(name)) for name in self.names)
        text += f". {sure} of {len(self.names)} gains are told apart from zero. "
        more = self.interaction()
        together = (
            f"{with_unit(abs(more.mean), more.unit)} {'more' if more.mean > 0 else 'less'} than their single gains add "
            f"up to ({self.level * 100:g} % interval {between(more.low, more.high)})"
            if surely(more) else "not told apart from the sum of their single gains"
        )  # fmt: skip
        return f"{text}All {len(self.names)} together bring {signed(self.together())}, {together}."

    def _sure(self, name: str) -> str:
        return "" if surely(self.gain(name)) else ", and its gain is not told apart from zero"

    def named(self, name: str) -> str:
        """Return a friction with its phase, for a sentence."""
        phase = self.friction(name).phase
        return f"'{name}' ({phase})" if phase else f"'{name}'"

    def table(self) -> pd.DataFrame:
        """Return the frictions in order, as texts: gains ± half-widths of their joint intervals, possible ranks."""
        import pandas as pd

        rows = {}
        for name in self.names:
            one, cells = self.friction(name), []
            for what in self.units:
                e, (early, late) = self.gain(name, what), self.ranks(name, what)
                cells += [plus_minus(e, signed=True) + ("" if surely(e) else " (not told from 0)"),
                          str(early) if early == late else f"{early} to {late}"]  # fmt: skip
            rows[name] = (one.phase, "; ".join(one.moves), *cells)
        for whole, of in {"all together": self.together, "interaction": self.interaction}.items():
            rows[whole] = ("", "", plus_minus(of(), True), "", plus_minus(of(MOMENTUM), True), "")
        heads = ["phase", "without it", f"{self.label.lower()}, {self.units[self.of]}", "rank", f"momentum, {UNIT}",
                 "rank in momentum"]  # fmt: skip
        table = pd.DataFrame.from_dict(rows, orient="index", columns=heads)
        table.index.name = "friction"
        return table

    @property
    def note(self) -> str:
        """Return what the figures of the table are, in words."""
        months = "all months counted" if self.window is None else f"the last {self.window} months"
        return (
            f"gains are means ± half-widths of {self.level * 100:g} % intervals that hold for all frictions at once, "
            f"n = {self.today.n:,}; ranks are those each may truly have, all at once too; momentum is net customers "
            f"gained per month over {months}; what removing a friction costs is not in its gain"
        )

    def _gaps(self, name: str) -> FloatArray:
        """Return what is gained in each replication, shape (frictions + 1, replications)."""
        today = self.today.terms(self.of) if name == self.of else net_per_month(self.today, self.window)
        return np.asarray(self.values[name] - today)

    def _figure(self, name: str | None) -> str:
        wanted = name or self.of
        if wanted not in self.units:
            raise ExperimentError(f"'{wanted}' was not kept; {nearest(wanted, self.units)}")
        return wanted


@verb(window=takes.optional(WINDOW), replications=COUNT)
def frictions(
    model: Model,
    of: str = "profit",
    *,
    strategies: Strategies = None,
    window: str | int | None = None,
    best: Best = "highest",
    replications: int = 100,
    **how: Unpack[How],
) -> Frictions:
    """Remove each friction in turn, and all together, on the same people with the same luck.

    Parameters
    ----------
    model, of
        The scenario, its name or its path; and the metric that ranks them.
    strategies
        One of its strategies; the file as written unless given. What the strategy does without already is not tried. A
        spend that is ``matched`` is solved for with all frictions and stays there.
    window
        Over how many of the last months momentum is averaged, such as ``"12 months"``; all that count unless given.
    best
        Whether the ``highest`` or ``lowest`` of the metric is best.
    replications, how
        How often everything is run, and how (``docs/asking.md``).

    Raises
    ------
    ExperimentError, ConfigError
        If there are no frictions, no such metric or no such strategy, or the journey cannot be without one of them.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> shop = fs.loads('''
    ... {name: Shop, currency: EUR, horizon: 90 days, rates: {buys: 20 %}, channels: {ad: {rate: 9 per day, enters: a}},
    ... journey: {a: {role: prospect, after: 1 day, to: {buyer: buys, out: rest}}, out: exit, buyer: {role: customer,
    ... on_entry: {earn: {fee: 50}}, after: 9 days, to: out}}, levers: {slow: {moves: {buys: {without: 30 %}}}}}''')
    >>> fs.frictions(shop, "revenue", window="1 month", replications=4).names
    ('slow',)
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.frictions")
    if of == MOMENTUM:
        raise ExperimentError("momentum is ranked beside the metric in any case; take of='profit' or of='net_growth'")
    removed = frictions_of(scenario, strategy)
    refuse_metrics(scenario, [strategy], [of])
    months = None if window is None else months_in(window, scenario.unmatched_journey(strategy))
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    today, names = matched.journey(strategy), [one.name for one in removed]
    journeys = [today, *(without(matched, strategy, gone) for gone in ([name] for name in names)),
                without(matched, strategy, names)]  # fmt: skip

    def keep(index: int, runs: Runs) -> Runs | tuple[FloatArray, FloatArray]:
        return runs if index == 0 else (runs.terms(of), net_per_month(runs, months))

    base, *kept = replicated(journeys, replications, seed, options, keep)
    values = {of: np.array([money for money, _ in kept]), MOMENTUM: np.array([net for _, net in kept])}
    return Frictions(of, best, units_of(today, [of])[of], base.label(of), removed, months, values, base)


def frictions_of(model: Scenario, strategy: str | None = None) -> tuple[Friction, ...]:
    """Return the frictions a strategy has, in the order of the file.

    Raises
    ------
    ExperimentError
        If it has none.
    """
    levers = model.levers(strategy)
    every = [name for name, lever in levers.items() if lever.spend is None]
    gone = model.choices(strategy).levers
    left = [name for name in every if name not in gone]
    if not every:
        raise ExperimentError(
            f"'{model.name}' names no frictions; a friction is a lever without a spend, which says what a rate would "
            "be if it were gone: write levers: {slow_site: {phase: attract, moves: {conversion: {without: 23 %}}}}"
        )
    if not left:
        raise ExperimentError(f"'{strategy}' does without every friction ({', '.join(every)}); take another strategy")
    file = model.unchanged()  # what levers say goes with the file's own figures

    def moves(name: str) -> tuple[str, ...]:
        moved = levers[name].moves.items()
        return tuple(f"{rate}: {reference_value(file, rate).text} → {to['without']}" for rate, to in moved)

    return tuple(Friction(name, levers[name].phase, moves(name)) for name in left)


def without(model: Scenario, strategy: str | None, names: Sequence[str]) -> Journey:
    """Return a strategy's journey without some levers more; whatever else it does without or spends stays.

    Raises
    ------
    ExperimentError
        If the journey is impossible without them, such as by chances beyond 100 %.
    """
    try:
        return model.without(*(f"lever.{name}" for name in names), strategy=strategy).journey(strategy)
    except ConfigError as error:
        whose = f"'{names[0]}'" if len(names) == 1 else f"all of {', '.join(names)}"
        raise ExperimentError(f"without {whose} the journey cannot run: {error}") from error
