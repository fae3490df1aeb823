"""The search for the best split of a budget over a few places.

On common random numbers the mean over replications is a fixed function of the split, but a rugged one: customers come
and go one at a time. So slopes are never taken over small steps. Around a split every exchange of a share of the budget
between two places is run, and a quadratic surface through all of these finds where to go (response surface methodology:
Box and Wilson 1951). Exchanges get smaller until the best split stays where it is; large ones make do with fewer
replications.

What a spend per customer or per event comes to in money is known only after a run. Points are therefore kept at what
was truly spent, and what a point spends beyond the budget is taken off at what a euro of budget brings.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flywheel_sim.analysis.allocation.spends import Place, at_spends, goods_by_month, metric_values, spent_by_month
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.experiment.driver import replicate_jobs
from flywheel_sim.experiment.running import Job, RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import FloatArray

#: Shares of the budget that are exchanged, one after the other: on few replications, then on all.
COARSE, FINE = (0.16, 0.08), (0.04, 0.02, 0.01)
#: How many those few are: a quarter of all, and not fewer than these.
FEW = 20
#: Moves at most with exchanges of one size.
MOVES = 5
#: How near to the budget a split that is reported is to spend, and has to, as shares of the budget.
NEAR, MUST = 0.0005, 0.005


def futures(values: FloatArray, risk: float | None) -> FloatArray:
    """Return columns of a metric spread over replications: means are what decides, standard errors are its own.

    Parameters
    ----------
    values
        Shape (..., replications).
    risk
        None for the mean. Else the quantile of futures that decides; it is spread by its influence function
        (Bahadur 1966, doi:10.1214/aoms/1177699450) with the slope of the quantiles over the width of Bofinger
        (1975), so its intervals hold for many replications.
    """
    if risk is None:
        return values
    from scipy import stats

    n, z = values.shape[-1], float(stats.norm.ppf(risk))
    width = n ** (-0.2) * (4.5 * float(stats.norm.pdf(z)) ** 4 / (2 * z * z + 1) ** 2) ** 0.2
    width = min(width, 0.9 * min(risk, 1 - risk))
    low, at, high = np.quantile(values, [risk - width, risk, risk + width], axis=-1, keepdims=True)
    below = values <= at
    return np.asarray(at + (high - low) / (2 * width) * (below.mean(axis=-1, keepdims=True) - below))


@dataclass(frozen=True)
class SplitRun:
    """One split that was run.

    Attributes
    ----------
    own
        Spend at each place in its own unit, shape (places,).
    spent
        Money a month at each place, shape (places, replications).
    values
        The metric, shape (replications,).
    goods
        Cost of sales, which no budget holds, money a month; shape (replications,).
    """

    own: FloatArray
    spent: FloatArray = field(repr=False)
    values: FloatArray = field(repr=False)
    goods: FloatArray = field(repr=False)

    @property
    def split(self) -> FloatArray:
        """Return mean money a month at each place."""
        return np.asarray(self.spent.mean(axis=1))


@dataclass
class Bench:
    """Runs splits of a budget on the same people with the same luck, and remembers them.

    Attributes
    ----------
    budget
        Money a month.
    low, high
        Bounds of what each place gets, money a month.
    done
        Splits that were run.
    took
        Replications run in all.
    worth
        What a euro a month more of budget adds to what decides, as far as the search has seen.
    """

    model: Scenario
    strategy: str | None
    places: tuple[Place, ...]
    of: str
    risk: float | None
    root: int
    replications: int
    options: RunOptions
    advance: Callable[[int], object]
    budget: float = 0.0
    low: FloatArray = field(default_factory=lambda: np.zeros(0))
    high: FloatArray = field(default_factory=lambda: np.zeros(0))
    done: list[SplitRun] = field(default_factory=list)
    took: int = 0
    worth: float = 0.0

    def take(self, budget: float, low: FloatArray, high: FloatArray) -> None:
        """Take a budget to split, money a month, and bounds of what each place gets.

        Raises
        ------
        ExperimentError
            If it is nothing, or the bounds leave no room for it.
        """
        self.budget, self.low, self.high = budget, low, np.minimum(high, budget)
        if not budget > 0:
            raise ExperimentError("a budget of nothing cannot be split; write budget='12000 per month'")
        if (self.low > self.high).any() or not self.low.sum() <= budget <= self.high.sum():
            raise ExperimentError(
                f"{budget:,.0f} per month do not fit between at_least ({self.low.sum():,.0f} in all) and at_most "
                f"({self.high.sum():,.0f} in all); change a bound or the budget"
            )

    def run(self, spends: Sequence[FloatArray]) -> list[SplitRun | None]:
        """Run spends in the places' own units; None for one that the journey does not take."""
        jobs: list[Job] = []
        at: list[int | None] = []
        for own in spends:
            try:
                journey = at_spends(self.model, self.strategy, dict(zip(self.places, map(float, own), strict=True)))
            except ConfigError:
                at.append(None)
                continue
            at.append(len(jobs))
            jobs.append(Job(journey, self.root))

        def keep(_: int, runs: Runs) -> tuple[FloatArray, FloatArray, FloatArray]:
            self.advance(runs.n)
            return spent_by_month(runs, self.places), metric_values(runs, self.of), goods_by_month(runs)

        kept = replicate_jobs(jobs, self.replications, self.options, keep=keep) if jobs else []
        self.took += len(jobs) * self.replications
        points = [None if i is None else SplitRun(np.asarray(o), *kept[i]) for o, i in zip(spends, at, strict=True)]
        self.done += [point for point in points if point is not None]
        return points

    def splits(self, wanted: Sequence[FloatArray]) -> list[SplitRun]:
        """Run splits of money, as near as is known of the places' units; those that cannot be run are left out."""
        return [one for one in self.run([self.own(split) for split in wanted]) if one is not None]

    def exactly(self, split: FloatArray) -> SplitRun:
        """Return a split run with so much spent at every place: as near as one person more or less lets it come.

        Raises
        ------
        ExperimentError
            If the journey does not take it, or what is spent does not settle.
        """
        own, best = self.own(split), None
        for _ in range(8):
            (point,) = self.run([own])
            if point is None:
                raise ExperimentError(
                    "a split to be compared cannot be run: a lever does not say what its rates are at such a spend; "
                    "give it 'without' and 'limit', or bound what it gets by at_most"
                )
            if best is None or _away(point, split) < _away(best, split):
                best = point
            if _away(best, split) <= NEAR * self.budget:
                break
            own = np.where(point.split > 0, own * split / np.where(point.split > 0, point.split, 1.0), own)
        if best is None or abs(best.split.sum() - split.sum()) > MUST * self.budget:
            raise ExperimentError(
                "what is spent does not settle on the budget; run more replications, or bound places by at_most"
            )
        return best

    def own(self, split: FloatArray) -> FloatArray:
        """Return spends in the places' own units that come to a split of money, from the runs near it."""
        near = min(self.done, key=lambda one: float(np.abs(one.split - split).max()))
        radius = 3 * max(float(np.abs(near.split - split).max()), 0.02 * self.budget)
        around = [one for one in self.done if np.abs(one.split - near.split).max() <= radius]
        away = np.array([one.split - near.split for one in around])
        spends = np.zeros(len(self.places))
        for i in range(len(self.places)):
            costs = np.array([one.split[i] / one.own[i] if one.own[i] > 0 else np.nan for one in around])
            known = np.isfinite(costs) & (costs > 0)
            if not known.any():
                other = min((one for one in self.done if one.split[i] > 0), key=lambda o: abs(o.split[i] - split[i]))
                spends[i] = split[i] / (other.split[i] / other.own[i])
                continue
            first = int(np.argmin(np.where(known, np.abs(away).max(axis=1), np.inf)))
            base = costs[first]
            slope = np.linalg.lstsq(away[known] - away[first], costs[known] - base, rcond=1e-6)[0]
            guess = base + float(slope @ (split - near.split - away[first]))
            spends[i] = split[i] / float(np.clip(guess, base / 2, 2 * base))
        return np.maximum(spends, 0.0)

    def score(self, point: SplitRun) -> float:
        """Return what decides at a point, less what it spends beyond the budget at what a euro of budget brings."""
        return float(futures(point.values, self.risk).mean() - self.worth * (point.split.sum() - self.budget))

    def fitted(self, split: FloatArray) -> FloatArray:
        """Return the split nearest to one that spends the budget within the bounds."""
        from scipy import optimize

        def over(shift: float) -> float:
            return float(np.clip(split + shift, self.low, self.high).sum() - self.budget)

        wide = float(self.budget + np.abs(split).sum())
        if over(-wide) >= 0:
            return self.low.copy()
        if over(wide) <= 0:
            return self.high.copy()
        shift = float(optimize.brentq(over, -wide, wide, xtol=1e-9 * wide))
        return np.asarray(np.clip(split + shift, self.low, self.high))

    def exchanges(self, split: FloatArray, share: float) -> list[tuple[int, int, FloatArray]]:
        """Return splits with a share of the budget, or what room there is, moved from one place to another."""
        exchanged = []
        for giver, taker in itertools.permutations(range(len(split)), 2):
            size = min(share * self.budget, split[giver] - self.low[giver], self.high[taker] - split[taker])
            if size > 1e-6 * self.budget:
                moved = split.copy()
                moved[giver] -= size
                moved[taker] += size
                exchanged.append((giver, taker, moved))
        return exchanged


def _away(point: SplitRun, split: FloatArray) -> float:
    """Return by how much money a month a point misses a split, at the place where it misses it most."""
    return float(np.abs(point.split - split).max())


def searched(bench: Bench, starts: Sequence[FloatArray]) -> FloatArray:
    """Return the best split found from several starts: the two best that lie apart are followed at first."""
    whole = bench.replications
    bench.replications = min(whole, max(FEW, whole // 4))
    screened = bench.splits([bench.fitted(start) for start in starts])
    _surface(bench, max(screened, key=bench.score).split, 1.0)  # finds what a euro of budget brings, roughly
    order = sorted(screened, key=bench.score, reverse=True)
    apart = [one for one in order if np.abs(one.split - order[0].split).max() > 0.2 * bench.budget]
    ends = [climbed(bench, bench.fitted(one.split), COARSE[:1]) for one in (order[0], *apart[:1])]
    points = [bench.exactly(end) for end in ends]
    best = climbed(bench, ends[max(range(len(ends)), key=lambda i: bench.score(points[i]))], COARSE[1:])
    bench.replications = whole
    return climbed(bench, best, FINE)


def climbed(bench: Bench, split: FloatArray, shares: Sequence[float]) -> FloatArray:
    """Return where exchanges of ever smaller shares of the budget lead from a split."""
    for share in shares:
        for _ in range(MOVES):
            tried = [one for _, _, one in bench.exchanges(split, share)]
            tried += [split, split * (1 - share / 2), split * (1 + share / 2)]
            points = bench.splits(tried)
            aim = _surface(bench, split, share)
            points += bench.splits([aim])
            best = max(points, key=bench.score)
            goal = aim if bench.score(points[-1]) >= bench.score(best) - _noise(bench, best, points[-1]) else best.split
            moved, split = float(np.abs(goal - split).max()), bench.fitted(goal)
            if moved < 0.75 * share * bench.budget:
                break
    return split


def _noise(bench: Bench, one: SplitRun, other: SplitRun) -> float:
    """Return the standard error of the difference between two points."""
    gap = futures(one.values, bench.risk) - futures(other.values, bench.risk)
    return float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else 0.0


def _surface(bench: Bench, centre: FloatArray, share: float) -> FloatArray:
    """Return where the quadratic surface through the points around a split is highest, within reach and bounds.

    What a euro of budget brings is read from the same surface.
    """
    from scipy import optimize

    budget, d = bench.budget, len(centre)
    near = [
        one for one in bench.done
        if np.abs(one.split - centre).max() <= 1.3 * share * budget and len(one.values) == bench.replications
    ]  # fmt: skip
    over = np.array([one.split.sum() / budget - 1 for one in near])
    away = np.array([(one.split - centre) / budget for one in near]) - over[:, None] / d
    values = np.array([futures(one.values, bench.risk).mean() for one in near])
    terms = _terms(away[:, : d - 1] / share)
    design = np.column_stack([terms, over / share])
    level = values.mean()
    slopes = np.linalg.lstsq(design, values - level, rcond=1e-9)[0]
    bench.worth = float(slopes[-1] / share / budget)

    def height(moves: FloatArray) -> float:
        return -float(_terms(moves[None, : d - 1])[0] @ slopes[:-1]) / scale

    scale = max(float(np.ptp(values)), 1e-9)
    bounds = [
        (max((bench.low[i] - centre[i]) / budget / share, -1.5), min((bench.high[i] - centre[i]) / budget / share, 1.5))
        for i in range(d)
    ]
    spent: Any = {"type": "eq", "fun": lambda moves: moves.sum()}
    best = min(
        (
            optimize.minimize(height, start, method="SLSQP", bounds=bounds, constraints=spent)
            for start in (np.zeros(d), np.clip(away[int(values.argmax())] / share, *np.array(bounds).T))
        ),
        key=lambda one: float(one.fun),
    )
    return bench.fitted(centre + best.x * share * budget)


def _terms(moves: FloatArray) -> FloatArray:
    """Return the terms of a quadratic: one, each, and each times each; moves of shape (points, places - 1)."""
    pairs = itertools.combinations_with_replacement(range(moves.shape[1]), 2)
    return np.column_stack([np.ones(len(moves)), moves, *(moves[:, i] * moves[:, j] for i, j in pairs)])
