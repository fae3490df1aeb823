"""How sentences name things: lists, ordinals, strategies, figures with their sign and interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

from flywheel_sim.stats import NOTHING, Estimate, figure, with_unit


def joined(names: Sequence[str]) -> str:
    """Return names as a sentence lists them."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def either(names: Sequence[str]) -> str:
    """Return names as a sentence offers them."""
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def lowered(label: str) -> str:
    """Return a label as it stands within a sentence."""
    return label if label.isupper() else label[0].lower() + label[1:]


def ordinal(k: int) -> str:
    """Return a number as it counts things in a row: 2nd, 3rd, 11th, 21st."""
    ending = "th" if k % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(k % 10, "th")
    return f"{k}{ending}"


def called(name: str, first: bool = False) -> str:
    """Return a strategy's name as it stands in a sentence."""
    if name in ("funnel", "flywheel"):
        return f"{'The' if first else 'the'} {name}"
    return f"'{name}'"


def signed(found: Estimate) -> str:
    """Return an estimate with its sign and interval, for a sentence."""
    sign = "+" if found.mean > NOTHING else ""
    if math.isnan(found.low):
        return f"{sign}{with_unit(found.mean, found.unit)}"
    low, high = figure(found.low), with_unit(found.high, "")
    return f"{sign}{with_unit(found.mean, found.unit)} ({found.level * 100:g} % interval {low} to {high})"
