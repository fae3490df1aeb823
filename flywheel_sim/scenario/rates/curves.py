"""What a lever does to a rate: from nothing spent through the figures given on to a limit.

Between two figures, and beyond the last, the rate approaches its limit exponentially: the response curve
of Blattberg and Deighton (1996, "Manage marketing by the customer equity test", Harvard Business Review
74(4), 136-144), which one figure beside `without` and `limit` settles and every further one follows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from flywheel_sim.journey.figures import Kind
from flywheel_sim.journey.units import NEVER, Quantity, UnitError, parse
from flywheel_sim.scenario.rates.families import Stated, in_unit
from flywheel_sim.scenario.source.notes import Notes, Unusable
from flywheel_sim.scenario.source.schema import LeverSpec
from flywheel_sim.scenario.source.tree import Path_

#: How far `without` may lie from the file's value where nothing is spent, as a share of it.
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class LeverCurve:
    """A rate's reference value by what a lever spends, both in their stated units.

    Attributes
    ----------
    points
        Spends and values that are given, by spend.
    limit
        What the rate approaches; None where it is not said.
    """

    points: tuple[tuple[float, float], ...]
    limit: float | None

    def at(self, spend: float) -> float | None:
        """Return the value at a spend, None where the figures given do not say."""
        for given, value in self.points:
            if given == spend:
                return value
        if self.limit is None or len(self.points) < 2 or spend < self.points[0][0]:
            return None
        before = max(i for i, (given, _) in enumerate(self.points) if given <= spend)
        first = min(before, len(self.points) - 2)  # beyond the last figure the last pace goes on
        (low, start), (high, end) = self.points[first : first + 2]
        pace = math.log((self.limit - start) / (self.limit - end)) / (high - low)
        return self.limit - (self.limit - start) * math.exp(-pace * (spend - low))


def curve_of(notes: Notes, spec: LeverSpec, rate: str, base: Stated, kind: Kind, path: Path_) -> LeverCurve:
    """Return what a lever does to a rate.

    Parameters
    ----------
    notes
        Where problems go.
    spec
        The lever.
    rate, base, kind
        The rate it moves, as the file states it, and what it is.
    path
        Where the lever's figures for the rate stand.

    Raises
    ------
    Unusable
        After noting that the figures do not lie on one curve.
    """
    value = base.reference
    if value is None or (spec.spend is not None and spec.spend.number < 0):
        raise Unusable  # noted where the rate, or the spend, is checked
    table = {key: in_unit(notes, new, base.unit, (*path, key), kind) for key, new in spec.moves[rate].items()}
    limit = table.pop("limit", None)
    points = {0.0: table.pop("without")} if "without" in table else {}
    try:
        points |= {parse(key).number: figure for key, figure in table.items()}
    except UnitError:
        raise Unusable from None  # noted where the keys of a lever are checked
    if spec.spend is not None:
        today = spec.spend.number
        if abs(points.get(today, value) - value) > _TOLERANCE * abs(value):
            word = "without" if today == 0 else next(k for k in table if parse(k).number == today)
            raise notes.note((*path, word), spec.moves[rate][word].text,
                             f"the file spends {spec.spend.text}, where '{rate}' is {base.unit.text}",
                             "write the same figure, or leave it out")  # fmt: skip
        points[today] = value
    ordered = tuple(sorted(points.items()))
    if limit is not None:
        for (_, before), (spend, after) in pairwise(ordered):
            if not 0 < (limit - after) / (limit - before if limit != before else math.inf) < 1:
                rule = f"at a spend of {spend:g} the rate does not lie on its way to the limit"
                raise notes.note((*path, "limit"), spec.moves[rate]["limit"].text, rule,
                                 "order the figures from 'without' to 'limit'")  # fmt: skip
    return LeverCurve(ordered, limit)


def ratio(
    notes: Notes, spec: LeverSpec, rate: str, spend: Quantity | None, base: Stated, kind: Kind, path: Path_
) -> float:
    """Return by what a lever multiplies a rate, or the odds of a chance, against the file's spend.

    Parameters
    ----------
    spend
        What is spent on the lever instead; None to do without it.
    notes, spec, rate, base, kind, path
        As for `curve_of`.

    Raises
    ------
    Unusable
        After noting that the figures do not say.
    """
    curve = curve_of(notes, spec, rate, base, kind, path)
    amount = 0.0
    if spend is not None and spec.spend is not None:
        amount = spend.number
        if spend.per_ms and spec.spend.per_ms:
            amount *= spec.spend.per_ms / spend.per_ms
    old, new = base.reference, curve.at(amount)
    assert old is not None
    if new is None:
        missing = "without" if amount == 0 or len(curve.points) < 2 else "limit"
        raise notes.note(path, None, f"the lever does not say what '{rate}' is at a spend of {amount:g}",
                         f"add '{missing}'")  # fmt: skip
    if new == old:
        return 1.0
    if kind == "chance":
        if not 0 < old < 1 or new == 1:
            rule = f"'{rate}' moves from {100 * old:g} % to {100 * new:g} %, which has no odds"
            raise notes.note(path, None, rule, "keep both between 0 % and 100 %")
        return new * (1 - old) / ((1 - new) * old)
    if not 0 < old < NEVER or new >= NEVER:
        raise notes.note(path, None, f"'{rate}' at 0 or never has no factor to move by", "give it a positive value")
    return new / old
