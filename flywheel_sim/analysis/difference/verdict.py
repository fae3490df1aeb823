"""The answer of a comparison of two strategies in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flywheel_sim.analysis.difference.bases import percent_of
from flywheel_sim.experiment.bands import Band
from flywheel_sim.experiment.crossover import Crossover
from flywheel_sim.journey.dates import named
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH, format_duration
from flywheel_sim.stats import Estimate, between, figure, with_unit
from flywheel_sim.wording import called, joined

#: Relative difference of budgets above which neither strategy is called better.
SPEND_TOLERANCE = 0.01

#: How a sentence calls the budget on first naming it.
BUDGET = "budget (acquisition, service and win-back)"

#: What a sentence says where no winner can be claimed.
NO_VERDICT = "this is no verdict on which strategy is better: match the budgets first."


@dataclass(frozen=True)
class LeftOut:
    """What one of two strategies does without, where that is all that sets their budgets apart.

    Attributes
    ----------
    by
        The strategy that does without it.
    budget, gain
        What it takes of the budget and what it brings: the strategy that has it less the one without, paired.
    returns
        What it brings per unit of its budget, a ratio of sums.
    """

    by: str
    budget: Estimate
    gain: Estimate
    returns: Estimate


@dataclass(frozen=True)
class Figures:
    """One figure of two strategies held against one another.

    Attributes
    ----------
    a, b
        Whom it is about, and whom it is held against.
    metric, label, end
        By what, how a sentence calls it, and how it calls the horizon; "" where it follows people rather than months.
    levels
        The metric in both.
    gap
        The paired difference at the end.
    """

    a: str
    b: str
    metric: str
    label: str
    end: str
    levels: tuple[Estimate, Estimate]
    gap: Estimate


@dataclass(frozen=True)
class Pair(Figures):
    """Two strategies held against one another by what adds up over months.

    Attributes
    ----------
    cross, band
        When ``a`` gets ahead, and the cumulative difference by month with its simultaneous band.
    share
        By which share of the other's the budget of ``a`` is larger.
    left_out
        Where one of them only leaves something out, so that it is judged by what that returns.
    doubt
        Whether the file calls figures of theirs uncertain, which then vary from future to future.
    """

    cross: Crossover
    band: Band
    share: float
    left_out: LeftOut | None = None
    doubt: bool = False


def end_of(journey: Journey) -> str:
    """Return how a sentence calls the horizon."""
    if journey.horizon % MONTH == 0:
        return f"month {journey.months}"
    return f"the end ({format_duration(journey.horizon)})"


def of_pair(pair: Pair, off: str = "") -> str:
    """Return what both earn, who is ahead, by how much and since when, how surely, and what budgets say to that.

    Parameters
    ----------
    pair
        Who is held against whom.
    off
        How often it ends ahead when the figures are off, in words; "" where that was not asked.
    """
    gap = pair.gap
    if equal := _equal(pair):
        return equal
    text = f"{_levels(pair)} ({_about(pair)})"
    if math.isnan(gap.low) or gap.low * gap.high > 0:
        text += f". {_when(pair)}"
    else:
        text += "; the interval includes zero, so these runs do not tell which is ahead."
        if before := _ahead_before(pair, len(pair.band.mean)):
            text += f" On the way {before}."
    text += f" {called(pair.a, True)} ends ahead in {how_surely(pair.cross.probability, pair.doubt, off)}"
    if abs(pair.share) <= SPEND_TOLERANCE:
        return text
    if pair.left_out is not None:
        return f"{text} {of_left_out(pair.left_out)}"
    much = f"its {BUDGET} is {much_of(pair.share)}" if math.isfinite(pair.share) else f"it alone has a {BUDGET}"
    return f"{text} But {much}, so {NO_VERDICT}"


def of_figures(pair: Figures) -> str:
    """Return what a figure is in both, and by how much it differs, of one that does not add up over months."""
    if equal := _equal(pair):
        return equal
    text, gap = f"{_levels(pair)} ({_about(pair)})", pair.gap
    if math.isnan(gap.low) or gap.low * gap.high > 0:
        return f"{text}."
    return f"{text}; the interval includes zero, so these runs do not tell them apart."


def _equal(pair: Figures) -> str:
    """Return that two strategies are the same in every future; "" where they are not."""
    if pair.gap.n < 2 or pair.gap.mean or pair.gap.sd:
        return ""
    level = with_unit(pair.levels[0].mean, pair.levels[0].unit)
    same = f"{called(pair.a, True)} and {called(pair.b)} are equal in all {pair.gap.n} futures"
    return f"{same}: {pair.label}{_by(pair)} is {level}."


def _by(pair: Figures) -> str:
    return f" by {pair.end}" if pair.end else ""


def _levels(pair: Figures) -> str:
    """Return the metric in both and by how much they differ; of profit also who loses money."""
    (one, other), a, b = pair.levels, called(pair.a), called(pair.b)
    by = figure(abs(pair.gap.mean)) if pair.gap.unit == one.unit else with_unit(abs(pair.gap.mean), pair.gap.unit)
    more = "more" if pair.gap.mean >= 0 else "less"
    if pair.metric not in ("profit", "revenue"):
        levels = f"{with_unit(one.mean, one.unit)} in {a}, {figure(other.mean, one.unit)} in {b}"
        return f"{_upper(pair.label)}{_by(pair)} is {levels}: {by} {more}"
    if one.mean < 0 and other.mean < 0:
        side = "ahead" if pair.gap.mean >= 0 else "behind"
        each = f"{a} loses {_size(one, one.unit)}, {b} {_size(other)}"
        return f"Both lose money by {pair.end}: {each}, so {a} is {by} {side}"
    if min(one.mean, other.mean) < 0:
        each = f"{_earned(one, pair.label)} by {pair.end}, while {b} {_earned(other, pair.label)}"
        return f"{called(pair.a, True)} {each}: {by} {more}"
    return f"{called(pair.a, True)} {_earned(one, pair.label)} by {pair.end}, {b} {_size(other)}: {by} {more}"


def _earned(one: Estimate, label: str) -> str:
    """Return what a strategy earns or loses, such as ``earns 1,200 EUR profit``."""
    return f"loses {_size(one, one.unit)}" if one.mean < 0 else f"earns {_size(one, f'{one.unit} {label}'.strip())}"


def _size(one: Estimate, unit: str = "") -> str:
    """Return how much is earned or lost, and where that cannot be told from nothing."""
    return with_unit(abs(one.mean), unit) + (" (not told from 0)" if one.low < 0 < one.high else "")


def _about(pair: Figures) -> str:
    """Return the difference in % where that says something, and its interval."""
    gap, percent = pair.gap, percent_of(pair.levels[1], pair.gap)
    if math.isnan(gap.low):
        return "one replication, so no interval" if gap.n == 1 else "no interval"
    low, high = sorted((abs(gap.low), abs(gap.high))) if gap.low * gap.high > 0 else (gap.low, gap.high)
    interval = f"{gap.level * 100:g} % interval of the difference {between(low, high)}"
    return f"{percent}; {interval}" if percent else interval


def _when(pair: Pair) -> str:
    """Return since when one is ahead, and who was before that, by the band that holds all months at once."""
    cross = pair.cross
    if cross.month is None:
        was = spans(_months(pair, pair.a, len(pair.band.mean)))
        return f"It {f'was ahead in {was}, and ' if was else ''}never overtakes for good by {pair.end}."
    if cross.month == cross.first:
        return f"It is ahead from {'the first month' if cross.first == 1 else f'month {cross.first}'} on."
    when = f"month {cross.month}" + (f" ({named(cross.date)})" if cross.date else "")
    before = ""
    if pair.gap.n > 1:
        before = f"; before that, {_ahead_before(pair, cross.month - 1) or 'no month tells them apart'}"
    return f"It overtakes in {when}{_known(cross)}{before}."


def _ahead_before(pair: Pair, last: int) -> str:
    """Return who was surely ahead in which months up to one; "" where that is not told of any."""
    ahead_in = {name: spans(_months(pair, name, last)) for name in (pair.b, pair.a)}
    parts = [f"{called(name)} was ahead in {months}" for name, months in ahead_in.items() if months]
    return joined(parts) if parts else ""


def _months(pair: Pair, name: str, last: int) -> list[int]:
    """Return the months up to one in which one of both was ahead by the band that holds all months at once."""
    ahead = pair.band.low > 0 if name == pair.a else pair.band.high < 0
    return [int(at) + 1 for at in np.flatnonzero(ahead) if pair.cross.first <= at + 1 <= last]


def spans(months: Sequence[int]) -> str:
    """Return months as a sentence says them, such as ``months 2 to 9 and 12``; "" for none."""
    stretches: list[list[int]] = []
    for month in months:
        if stretches and month == stretches[-1][-1] + 1:
            stretches[-1].append(month)
        else:
            stretches.append([month])
    parts = [f"{one[0]} to {one[-1]}" if len(one) > 1 else f"{one[0]}" for one in stretches]
    return f"{'months' if len(months) > 1 else 'month'} {joined(parts)}" if parts else ""


def count_of(probability: Estimate) -> str:
    """Return a share of futures as a count, of 100 where there are as many."""
    n = probability.n if probability.n < 100 else 100
    return f"{round(probability.mean * n / 100)} of {n}"


def how_surely(probability: Estimate, doubt: bool, off: str = "") -> str:
    """Return in how many futures one ends ahead, on which condition, and how often when the figures are off.

    Parameters
    ----------
    probability
        With the figures as stated.
    doubt
        Whether the file calls some of them uncertain, which then vary from future to future.
    off
        How the sentence goes on about figures that are off; "" where that was not asked.
    """
    hold = "all other figures hold" if doubt else "these figures hold"
    return f"{count_of(probability)} futures if {hold}{f'; {off}' if off else '.'}"


def of_left_out(left_out: LeftOut) -> str:
    """Return what one strategy leaves out takes of the budget, and what it returns."""
    what, budget = f"What {called(left_out.by)} leaves out", with_unit(abs(left_out.budget.mean), left_out.budget.unit)
    unit, one = left_out.gain.unit, left_out.returns
    if left_out.budget.mean < 0:
        brings = "brings" if left_out.gain.mean >= 0 else "costs"
        sure = "" if left_out.gain.low * left_out.gain.high > 0 else ", which these runs do not tell from nothing"
        profit = with_unit(abs(left_out.gain.mean), unit)
        return f"{what} saves {budget} of budget and {brings} {profit} of profit{sure}."
    each = (
        f"{with_unit(abs(one.mean), unit)} of profit per {unit}" if unit else f"{figure(abs(one.mean))} of profit each"
    )
    if math.isnan(one.low):
        return f"{what} takes {budget} of budget and {'returns' if one.mean >= 0 else 'loses'} {each}."
    if one.low <= 0 <= one.high:
        ends = f"{between(one.low, one.high)} {unit} of profit per {unit}"
        return f"{what} takes {budget} of budget; these runs do not tell whether it pays ({ends})."
    low, high = sorted((abs(one.low), abs(one.high)))
    brings = "returns" if one.mean > 0 else "loses"
    paid = ", itself paid for" if one.mean > 0 else ""
    return f"{what} takes {budget} of budget and {brings} {each}{paid} (95 % interval {between(low, high)})."


def _known(cross: Crossover) -> str:
    """Return how surely the month of the mean is known."""
    if cross.earliest is None:
        return ""
    if cross.latest is None:
        return f", 95 % interval month {cross.earliest} to beyond the horizon"
    if cross.earliest == cross.latest:
        return ", 95 % interval that month alone"
    return f", 95 % interval months {cross.earliest} to {cross.latest}"


def _upper(label: str) -> str:
    return label[0].upper() + label[1:]


def much_of(share: float) -> str:
    """Return by which share of another's one budget is larger or smaller."""
    return f"{abs(share):.1%} {'larger' if share > 0 else 'smaller'}" if math.isfinite(share) else "against none"


def apart(share: float) -> str:
    """Return by which share of another's budget one differs, where it may be that the other has none."""
    return f"{100 * share:+.1f} %" if math.isfinite(share) else "against none"


def ahead(gap: Estimate, a: str, b: str) -> str:
    """Return which of two is ahead by the difference ``a`` less ``b``."""
    if math.isnan(gap.low) or gap.low <= 0 <= gap.high:
        return "not told apart"
    return a if gap.mean > 0 else b
