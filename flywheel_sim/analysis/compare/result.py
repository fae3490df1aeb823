"""Strategies against each other on the same people with the same luck: the answer in words, and its tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.compare.paired import PairedRuns
from flywheel_sim.analysis.compare.robustness import Robustness, robustness
from flywheel_sim.analysis.compare.sides import Sides, Watching, sides_of, watched
from flywheel_sim.analysis.compare.standings import Standing, frame_of, leaves_out, sentence_of, table_of
from flywheel_sim.analysis.difference import verdict as answers
from flywheel_sim.analysis.difference.ranking import Ranking
from flywheel_sim.analysis.difference.verdict import SPEND_TOLERANCE, LeftOut
from flywheel_sim.analysis.rates.doubts import refuse_no_share
from flywheel_sim.analysis.strategies.figures import KEY_FIGURES
from flywheel_sim.errors import ExperimentError, LimitReached, Stopped, look_up
from flywheel_sim.experiment.asking import (
    PRECISION,
    REPLICATIONS,
    WORDS,
    How,
    Model,
    Strategies,
    how_to_run,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.budgets import Match
from flywheel_sim.experiment.crossover import Crossover
from flywheel_sim.experiment.driver import replicate_jobs, replicate_until
from flywheel_sim.experiment.precision import Precision, Stopping, how_many
from flywheel_sim.experiment.running import Job, RunOptions
from flywheel_sim.result import table_text
from flywheel_sim.stats import plus_minus
from flywheel_sim.wording import called

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SPEND_TOLERANCE", "Comparison", "Crossover", "called", "compare"]


@dataclass(frozen=True)
class Comparison(PairedRuns):
    """Strategies run on the same people; frozen.

    Attributes
    ----------
    runs
        One `Runs` for each name, in the order asked for; the first is what others are held against.
    models
        For each name, the scenario and strategy it came from.
    stopping
        Where a precision was asked for: why replicating stopped, and how precise the differences got.
    matches
        For each strategy whose spend is matched, what was solved for.
    robustness
        Where it was asked for: how often the last (of more than two, the first by profit) ends ahead of the first (of
        the next by profit) when every figure may be a little off.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> duel = fs.compare("subscription", replications=20)
    >>> duel
    <Comparison of funnel, flywheel, n = 20>
    >>> duel.difference("profit").unit
    'EUR'
    """

    stopping: Stopping | None = None
    matches: tuple[Match, ...] = ()
    robustness: Robustness | None = None

    def left_out(self, of: str | None = None, against: str | None = None) -> LeftOut | None:
        """Return what one of two strategies leaves out and what that returns; None where they differ otherwise.

        So where one does without more than the other does, neither spend is matched or is another, and it is told that
        budgets differ; see `flywheel_sim.analysis.compare.standings.leaves_out`.
        """
        a, b = of or self.names[-1], against or self.names[0]
        for name in (a, b):
            look_up(self.models, name, "was not compared")
        for by, whole in ((a, b), (b, a)):
            if leaves_out(self.models[by], self.models[whole]):
                taken, gain = (self.difference(name, whole, by) for name in ("budget", "profit"))
                surely = taken.low * taken.high > 0
                return LeftOut(by, taken, gain, self.ratio("profit", "budget", whole, by)) if surely else None
        return None

    def standings(self) -> tuple[Standing, ...]:
        """Return where every strategy stands by profit, the first one first, and what differences in budget return."""
        order, reference = self.ranking("profit"), self.names[0]
        standings = []
        for name, profit in zip(order.names, order.means, strict=True):
            apart = name != reference
            taken = self.difference("budget", name, reference)
            surely = abs(self.spend_gap(name, reference)) > SPEND_TOLERANCE and taken.low * taken.high > 0
            standings.append(Standing(
                name, profit, self[name]["budget"], order.gap(name, reference) if apart else None,
                self.spend_gap(name, reference), self.ratio("profit", "budget", name, reference) if surely else None,
            ))  # fmt: skip
        return tuple(standings)

    def answer(self, metric: str = "profit", of: str | None = None, against: str | None = None) -> str:
        """Return the answer in words: what each earns, who is ahead, by how much, since when, and on what budget.

        More than two strategies are answered by their `ranking` in one sentence, unless a pair is asked for.
        """
        journey = self.runs[self.names[0]].journey
        label, end = self.runs[self.names[0]].label(metric).lower(), answers.end_of(journey)
        if len(self.names) > 2 and of is None and against is None:
            return self._of_many(self.ranking(metric), label, end)
        a, b = of or self.names[-1], against or self.names[0]
        kind = self[a].metric(metric).aggregation
        levels, gap = (self[a][metric], self[b][metric]), self.difference(metric, a, b)
        if kind != "sum":
            return answers.of_figures(
                answers.Figures(a, b, metric, label, "" if kind == "cohort" else end, levels, gap)
            )
        pair = answers.Pair(
            a, b, metric, label, end, levels, gap, self.crossover(metric, a, b), self.band(metric, True, a, b),
            self.spend_gap(a, b), self.left_out(a, b) if metric == "profit" else None, self._doubt(a, b),
        )  # fmt: skip
        return answers.of_pair(pair, self._off(metric, a, b))

    def _of_many(self, order: Ranking, label: str, end: str) -> str:
        """Return the answer on more than two strategies."""
        first, reference = order.names[0], self.names[0]
        learnt = {reference}  # and all that leave out what it has, to learn what that is worth
        if order.metric == "profit":
            learnt |= {name for name in self.names if leaves_out(self.models[name], self.models[reference])}
        differs = {name: abs(self.spend_gap(name, first)) > SPEND_TOLERANCE for name in order.names}
        unequal = any(differs[name] and not {name, first} <= learnt for name in order.names)
        judged = any(abs(self.spend_gap(name, reference)) > SPEND_TOLERANCE for name in learnt)
        sentence = sentence_of(order, label, end, unequal, judged)
        if self.robustness is None or order.metric != self.robustness.metric:
            return sentence
        return f"{sentence} {self.how_surely()}"

    def rivals(self, metric: str = "profit") -> tuple[str, str]:
        """Return whom the answer is about, and whom it is held against.

        Of two the last and the first, of more than two the first by a metric and the next.
        """
        if len(self.names) == 2:
            return self.names[1], self.names[0]
        first, second, *_ = self.ranking(metric).names
        return first, second

    def how_surely(self, metric: str = "profit", of: str | None = None, against: str | None = None) -> str:
        """Return in how many futures one ends ahead of another, also when the figures are off where that was asked.

        These are the `rivals` unless said.
        """
        a, b = (of or self.names[-1], against or self.names[0]) if of or against else self.rivals(metric)
        chance = self.crossover(metric, a, b).probability
        surely = answers.how_surely(chance, self._doubt(a, b), self._off(metric, a, b))
        return f"{called(a, True)} ends ahead of {called(b)} in {surely}"

    def _doubt(self, of: str, against: str) -> bool:
        """Tell whether the file calls figures of one of them uncertain."""
        return any(self[name].journey.uncertain for name in (of, against))

    def _off(self, metric: str, of: str, against: str) -> str:
        """Return how often one ends ahead of another when the figures are off; "" where that was not asked."""
        robustness = self.robustness
        if robustness is None or (robustness.metric, robustness.of, robustness.against) != (metric, of, against):
            return ""
        return robustness.sentence()

    def summary(self) -> pd.DataFrame:
        """Return every metric of every name, and the paired difference of the last to the first."""
        import pandas as pd

        parts = {name: runs.summary() for name, runs in self.runs.items()}
        table = pd.concat([part[["label", "unit"]] for part in parts.values()])
        table = table[~table.index.duplicated()]
        for name, part in parts.items():
            table[name] = part["mean"].reindex(table.index)
        gaps = [self.difference(m) if all(m in p.index for p in parts.values()) else None for m in table.index]
        table["difference"] = [e.mean if e else math.nan for e in gaps]
        table["low"] = [e.low if e else math.nan for e in gaps]
        table["high"] = [e.high if e else math.nan for e in gaps]
        return table

    def frame(self) -> pd.DataFrame:
        """Return the long tidy table: one row per strategy, replication and metric."""
        import pandas as pd

        parts = []
        for name, runs in self.runs.items():
            part = runs.frame()
            part["strategy"] = name
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def table(self) -> pd.DataFrame:
        """Return the key figures of two, or where more than two stand, as texts."""
        return self.key_figures() if len(self.names) == 2 else table_of(self.standings())

    def key_figures(self) -> pd.DataFrame:
        """Return the key figures of every name, and the paired difference of the last to the first, as texts."""
        import pandas as pd

        first, rows = self[self.names[0]], {}
        for name in KEY_FIGURES:
            estimates = [self[one][name] for one in self.names]
            if not all(one.mean == 0 or math.isnan(one.mean) for one in estimates):
                gap = plus_minus(self.difference(name), signed=True)
                rows[first.label(name)] = (*map(plus_minus, estimates), gap, estimates[0].unit)
        heads = [*self.names, f"{self.names[-1]} minus {self.names[0]}", "unit"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=heads).rename_axis("figure")

    @property
    def key_note(self) -> str:
        """Return what the key figures are."""
        first = self[self.names[0]]
        return (
            f"Means and ratios of sums with the half-width of their 95 % interval, n = {first.n:,}, {first.span}; the "
            "difference is paired"
        )

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        if len(self.names) == 2:
            return self.key_note
        unit = self[self.names[0]].unit("profit") or "unit"
        return (
            f"{self.key_note}, joint intervals hold for all pairs at once; budget: acquisition, service and win-back; "
            f"last column: difference in profit for each {unit} of difference in budget, what was left out returns"
        )

    def remarks(self) -> list[str]:
        """Return key figures, budgets, what the second line rests on, what was solved for, warnings."""
        stopping = [str(self.stopping)] if self.stopping else []
        warned = [f"Warning, {name}: {text}" for name, runs in self.runs.items() for text in runs.warnings()]
        off = [f"Figures off: {self.robustness.note}"] if self.robustness else []
        if len(self.names) > 2:
            return [table_text(self.key_figures()), *off, *stopping, *map(str, self.matches), *warned]
        spends = [f"budget of {name}: {runs['budget']}" for name, runs in self.runs.items()]
        if any(runs["cost_of_sales"].mean for runs in self.runs.values()):
            spends += [f"cost of sales of {name}: {runs['cost_of_sales']}" for name, runs in self.runs.items()]
        return [*spends, *off, *stopping, *map(str, self.matches), *warned]

    def rows(self) -> pd.DataFrame:
        """Return every metric of every name, and the paired difference of the last to the first."""
        return self.summary()

    def details(self) -> dict[str, Any]:
        """Return when the last overtakes the first, the order of all by profit, what differs, and why it stopped."""
        cross, order = self.crossover("profit"), self.ranking("profit")
        return {
            "crossover": cross,
            "ranking": {"metric": order.metric, "level": order.level, "order": order.names, "leaders": order.leaders,
                        "gaps": [{"first": a, "second": b, "gap": gap} for (a, b), gap in order.gaps.items()]},
            "what_differs": [(one.what, one.one, one.other) for one in self.what_differs()],
            **({"standings": frame_of(self.standings()).to_dict("records")} if len(self.names) > 2 else {}),
            **({"figures_off": self.robustness.details()} if self.robustness else {}),
            **({"stopping": self.stopping} if self.stopping else {}),
        }  # fmt: skip


#: A second model; strategies go by their own word.
SECOND = replace(WORDS["model"], example="a second model, or leave it out and write strategies=['funnel', 'flywheel']")


@verb(other=takes.optional(SECOND), replications=takes.optional(REPLICATIONS),
      precision=PRECISION, off_by=takes.number(0, 1, "0.1"),
      at_most=takes.optional(takes.whole(1, 2**31, "10000")))  # fmt: skip
def compare(
    model: Model,
    other: Model | None = None,
    *,
    strategies: Strategies = None,
    precision: Precision | None = None,
    at_most: int | None = None,
    off_by: float = 0.0,
    replications: int | None = None,
    **how: Unpack[How],
) -> Comparison:
    """Compare strategies of one scenario, or two scenarios, on the same people with the same luck.

    Parameters
    ----------
    model, other
        One scenario whose strategies are compared, or two scenarios; each may be given by its name or its path.
    strategies
        Names, the first being what others are held against; all strategies of the file unless given, first its
        ``reference``, which is the first whose spend is not ``matched`` unless the file names one.
        With two scenarios: one strategy for both, or one for each.
    precision, at_most, replications, how
        As for `replicate`; precision is that of the paired difference of every other strategy to the first:
        ``{"profit": "1000 EUR"}``.
    off_by
        A share, such as 0.1: also runs two of them with every figure up to that far off, which `Comparison.robustness`
        tells of; on 100 replications at most, and with matched spends as solved for.

    Raises
    ------
    ExperimentError
        If there are not two things to compare, or ``off_by`` is no share.
    LimitReached
        If a run meets a limit; ``complete`` then is the comparison of what was done before, or None.
    ConfigError
        If a strategy is not in the file.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> duel = fs.compare("subscription", strategies=["funnel", "flywheel"], replications=20)
    >>> duel.names, duel.difference("profit").unit
    (('funnel', 'flywheel'), 'EUR')
    """
    seed, options = how_to_run(how)
    if off_by:
        refuse_no_share(off_by)
    count = how_many(replications, precision, at_most)
    first = scenario_of(model)
    if isinstance(other, str) and other in first.strategies:
        raise ExperimentError(f"other is '{other}', a strategy of the file; write strategies=['...', '{other}']")
    second = None if other is None else scenario_of(other)
    sides = sides_of(first, second, strategies, precision, seed, options)
    journeys = sides.journeys
    root = next(iter(journeys.values())).seed if seed is None else seed
    jobs = [Job(journey, root) for journey in journeys.values()]
    watch = None if precision is None else watched(journeys, precision, count)
    comparison = _compared(sides, jobs, watch, count, options)
    return _with_figures_off(comparison, off_by, options) if off_by else comparison


def _compared(sides: Sides, jobs: Sequence[Job], watch: Watching | None, count: int, options: RunOptions) -> Comparison:
    """Return what is compared after so many replications, or after as many as somebody watching asks for.

    Raises
    ------
    LimitReached
        If a run meets a limit; ``complete`` is the comparison of what was done before, or None.
    """
    journeys = sides.journeys
    try:
        runs = replicate_until(jobs, *watch, options) if watch else replicate_jobs(jobs, count, options)
    except (LimitReached, Stopped) as stop:
        stopped = watch[0].stopping(stop.complete[0].n) if watch and stop.complete else None
        kept = dict(zip(journeys, stop.complete, strict=True)) if stop.complete else {}
        done = Comparison(kept, sides.models, stopped, sides.matches) if kept else None
        raise stop.with_complete(done) from stop
    stopping = watch[0].stopping() if watch else None
    return Comparison(dict(zip(journeys, runs, strict=True)), sides.models, stopping, sides.matches)


def _with_figures_off(comparison: Comparison, off_by: float, options: RunOptions) -> Comparison:
    """Return a comparison with what becomes of its lead when every figure may be off.

    Raises
    ------
    LimitReached
        If a run meets a limit; ``complete`` is the comparison without it.
    """
    try:
        off = robustness(comparison.models, comparison.runs, *comparison.rivals(), off_by, options)
        return replace(comparison, robustness=off)
    except (LimitReached, Stopped) as stop:
        raise stop.with_complete(comparison) from stop
