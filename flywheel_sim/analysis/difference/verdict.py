"""The answer of a comparison in words."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.analysis.difference.ranking import Ranking
from flywheel_sim.experiment.crossover import Crossover
from flywheel_sim.journey.dates import named
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH, format_duration
from flywheel_sim.stats import Estimate, figure, with_unit
from flywheel_sim.wording import called

FloatArray = NDArray[np.float64]

#: Relative difference of budgets above which neither strategy is called better.
SPEND_TOLERANCE = 0.01

#: How a sentence calls the budget on first naming it.
BUDGET = "budget (acquisition, service and win-back)"


def end_of(journey: Journey) -> str:
    """Return how a sentence calls the horizon."""
    if journey.horizon % MONTH == 0:
        return f"month {journey.months}"
    return f"the end ({format_duration(journey.horizon)})"


def of_pair(
    a: str,
    b: str,
    metric: str,
    label: str,
    end: str,
    gap: Estimate,
    cross: Crossover,
    mean: FloatArray,
    share: float,
) -> str:
    """Return who of two is ahead, by how much, since when, and on what budget.

    Parameters
    ----------
    a, b
        Whom it is about, and whom it is held against.
    metric, label, end
        By what, how a sentence calls it, and how it calls the horizon.
    gap, cross, mean
        The difference at the end, when it gets ahead, and the mean cumulative difference by month.
    share
        By which share of the other's its budget is larger.
    """
    interval = "" if gap.n != 1 else " (one replication, so no interval)"
    if not math.isnan(gap.low):
        ends = sorted((abs(gap.low), abs(gap.high)))
        if gap.low * gap.high > 0:
            interval = f" (95 % interval {figure(ends[0])} to {figure(ends[1])})"
        else:
            interval = f" (95 % interval of the difference {figure(gap.low)} to {figure(gap.high)})"
    sure = math.isnan(gap.low) or gap.low * gap.high > 0
    verb = "earns" if metric in ("profit", "revenue") else "makes"
    more = "more" if gap.mean >= 0 else "less"
    by = with_unit(abs(gap.mean), gap.unit)
    said = f"{called(a, True)} {verb} {by} {more} {label} than {called(b)} by {end}{interval}"
    if not sure:
        said += "; the interval includes zero, so these runs do not tell which is ahead."
    elif cross.month is not None and cross.month > cross.first:
        when = f"month {cross.month}" + (f" ({named(cross.date)})" if cross.date else "")
        until = (
            f"{called(b)} is ahead" if (mean[cross.first - 1 : cross.month - 1] < 0).all() else "neither stays ahead"
        )
        said += f". It overtakes in {when}{_known(cross)}{_single(cross)}; before that {until}."
    elif cross.month is not None:
        said += f". It is ahead from {'the first month' if cross.first == 1 else f'month {cross.first}'} on."
    else:
        said += f". It never overtakes for good by {end}."
    n = cross.probability.n
    ahead = round(cross.probability.mean * n / 100)
    said += (
        f" It ends ahead in {ahead} of {n} futures." if n < 100 else f" It ends ahead in {ahead / n:.0%} of futures."
    )
    if abs(share) > SPEND_TOLERANCE:
        verdict = "this is no verdict on which strategy is better: match the budgets first."
        much = f"its {BUDGET} is {_much(share)}" if math.isfinite(share) else f"it alone has a {BUDGET}"
        said += f" But {much}, so {verdict}"
    return said


def of_many(found: Ranking, label: str, end: str, shares: Mapping[str, float]) -> str:
    """Return who of several comes first, who cannot be told apart from it, and on what budget.

    Parameters
    ----------
    found, label, end
        The ranking, how a sentence calls its metric, and how it calls the horizon.
    shares
        For each but the first, by which share of the first's its budget is larger.
    """
    first, *others = found.names
    top = found.means[0]
    said = f"{called(first, True)} has the {found.best} mean {label} by {end}, {with_unit(top.mean, top.unit)}"
    parts = []
    for name in others:
        gap = found.gap(first, name)
        by = f"{with_unit(abs(gap.mean), gap.unit)} {'less' if gap.mean >= 0 else 'more'}"
        if math.isnan(gap.low):
            parts.append(f"{called(name)} has {by}")
        elif found.ahead(first, name):
            low, high = sorted((abs(gap.low), abs(gap.high)))
            parts.append(f"{called(name)} has {by} ({figure(low)} to {figure(high)})")
        else:
            ends = f"{figure(-gap.high)} to {figure(-gap.low)}"
            parts.append(f"{called(name)} cannot be told apart from it ({by}; difference {ends})")
    said += f"; {'; '.join(parts)}."
    if found.n > 1:
        said += f" The {found.level * 100:g} % intervals hold for all {len(found.gaps)} pairs at once, n = {found.n:,}."
    else:
        said += " One replication, so no interval."
    unequal = {name: share for name, share in shares.items() if abs(share) > SPEND_TOLERANCE}
    if unequal:
        listed = ", ".join(f"{called(name)} {_much(share)}" for name, share in unequal.items())
        said += (
            f" But they do not have the same {BUDGET} (against {called(first)}: {listed}), so this is no verdict on "
            "which strategy is better: match the budgets first."
        )
    return said


def _known(cross: Crossover) -> str:
    """Return how surely the month of the mean is known."""
    if cross.earliest is None:
        return ""
    if cross.latest is None:
        return f", 95 % interval month {cross.earliest} to beyond the horizon"
    if cross.earliest == cross.latest:
        return ", 95 % interval that month alone"
    return f", 95 % interval months {cross.earliest} to {cross.latest}"


def _single(cross: Crossover) -> str:
    """Return when single futures overtake."""
    if cross.low is None:
        return ""
    return f"; 95 % of the futures that overtake do so between months {cross.low} and {cross.high}"


def _much(share: float) -> str:
    return f"{abs(share):.1%} {'larger' if share > 0 else 'smaller'}" if math.isfinite(share) else "against none"


def apart(share: float) -> str:
    """Return by which share of another's budget one differs, where it may be that the other has none."""
    return f"{100 * share:+.1f} %" if math.isfinite(share) else "against none"


def ahead(gap: Estimate, a: str, b: str) -> str:
    """Return which of two is ahead by the difference ``a`` less ``b``."""
    if math.isnan(gap.low) or gap.low <= 0 <= gap.high:
        return "not told apart"
    return a if gap.mean > 0 else b
