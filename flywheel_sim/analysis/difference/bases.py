"""When a percentage says something: of a base that is surely above zero, and not small against the change."""

from __future__ import annotations

import math

from flywheel_sim.stats import Estimate

#: How many times its base a change may be: beyond that, "+1,200 %" speaks of a base near zero.
MOST = 5.0


def is_sound(base: Estimate, change: float) -> bool:
    """Tell whether a change may be said in % of a base.

    A base below zero has no percentage that reads one way only, nor has a fall from above to below it. One whose
    interval holds zero, or that is small against the change, is near zero: the percentage would speak of the base and
    not of the change.
    """
    return base.low > 0 and -base.mean <= change <= MOST * base.mean < math.inf


def percent_of(base: Estimate, change: Estimate) -> str:
    """Return a change in % of its base for a sentence, such as ``+20 %``; "" where that says nothing."""
    if not is_sound(base, change.mean):
        return ""
    share = 100 * change.mean / base.mean
    return f"{share:+,.0f} %" if abs(share) >= 10 else f"{share:+.1f} %"
