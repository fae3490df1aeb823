"""Writes figures and effects into the memory of a journey; `shared_tables` and `journey_tables` build on it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.compile import draws
from flywheel_sim.compile.quantiles import gamma_table, rank_tables
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.journey.events import AddTo, Amount, Draw, Effects, SetTo, Share
from flywheel_sim.journey.figures import Axis, Dist, Rate
from flywheel_sim.journey.journey import MARGIN_KINDS, Journey
from flywheel_sim.journey.units import MONTH, NEVER


class MemoryWriter:
    """Memory that grows row by row; subclasses set the columns and codes.

    ``written`` holds the places of what is in memory already, by key, so that it is written once.
    """

    journey: Journey
    codes: dict[str, int]
    memory: list[int]
    written: dict[object, int]
    kind: dict[str, int]
    column: dict[str, int]
    channel: dict[str, int]
    ranks: dict[str, int]
    invoices: dict[str, int]
    line_of: dict[tuple[str, str, str], int]

    def put(self, row: Sequence[int]) -> int:
        """Add whole numbers to memory and return their place."""
        place = len(self.memory)
        self.memory.extend(int(word) for word in row)
        return place

    def put_floats(self, values: Sequence[float] | NDArray[np.float64]) -> int:
        """Add floats to memory and return their place."""
        return self.put(np.asarray(values, dtype=np.float64).view(np.int64).tolist())

    def once(self, key: object, values: Sequence[float] | NDArray[np.float64]) -> int:
        """Add floats under a key, or return the place where they stand already."""
        if key not in self.written:
            self.written[key] = self.put_floats(values)
        return self.written[key]

    # -- figures ----------------------------------------------------------------------------------

    def axes(self, over: Sequence[Axis]) -> list[int]:
        """Return the cells of some axes, the last axis varying fastest."""
        row: list[int] = []
        stride = math.prod(axis.size for axis in over)
        for axis in over:
            stride //= axis.size
            bounds = self.put(axis.bounds) if axis.bounds else 0
            row += [self.kind[axis.attribute], self.column[axis.attribute], stride, len(axis.bounds), bounds]
        return row

    def timed(self, over: Sequence[Axis]) -> int:
        """Tell whether time alone can lead to another cell."""
        return int(any(self.kind[axis.attribute] >= w.STOPWATCH for axis in over))

    def rate(self, rate: Rate) -> int:
        """Return the place of a rate."""
        key = ("rate", rate.over, rate.cells, rate.spread, rate.name if rate.spread else "", rate.per)
        if key not in self.written:
            tables = self.put_floats(np.concatenate(rank_tables(rate.spread))) if rate.spread else 0
            rank = self.ranks[rate.name] if rate.spread else 0
            code = self.codes[f"rate/{rate.name}"] if rate.spread else 0
            cells, axes = self.put_floats(rate.cells), self.axes(rate.over)
            per = self.column[rate.per] if rate.per else 0
            row = [len(rate.over), cells, int(rate.own), tables, rank, code, per, self.timed(rate.over), *axes]
            self.written[key] = self.put(row)
        return self.written[key]

    def dist(self, dist: Dist) -> list[int]:
        """Return the cells of a distribution: three rates, a table, and its length."""
        params = [self.rate(rate) for rate in dist.params]
        table, size = 0, 0
        if dist.kind == "gamma":
            shapes = [gamma_table(shape) for shape in dist.params[1].cells]
            table, size = self.once(("gamma", dist.params[1].cells), np.concatenate(shapes)), draws.KNOTS
        elif dist.kind == "empirical":
            table, size = self.once(("sample", dist.sample), dist.sample), len(dist.sample)
        return [*params, *[0] * (3 - len(params)), table, size]

    def pick(self, draw: Draw) -> int:
        """Return the place of a pick among levels."""
        return self.choose(draw.chances, draw.levels)

    def choose(self, chances: Sequence[Rate | None], results: Sequence[int]) -> int:
        """Return the place of a pick by chances, None among them taking the rest."""
        given = [(chance, result) for chance, result in zip(chances, results, strict=True) if chance is not None]
        rest = next((r for c, r in zip(chances, results, strict=True) if c is None), results[-1])
        spread = self.rate(given[0][0]) if given and given[0][0].spread else 0
        over: list[Axis] = []
        for chance, _ in given:
            over += [axis for axis in chance.over if axis not in over]
        thresholds: list[int] = []
        if not spread:
            for combination in itertools.product(*(range(axis.size) for axis in over)):
                at, total = dict(zip(over, combination, strict=True)), 0.0
                for chance, _ in given:
                    index = 0
                    for axis in chance.over:
                        index = index * axis.size + at[axis]
                    total += chance.cells[index]
                    thresholds.append(draws.threshold(total))
        cell = self.put([len(over), *[0] * (w.RATE - 1), *self.axes(over)])
        return self.put([len(given), cell, self.put(thresholds), self.put([*(r for _, r in given), rest]), spread])

    # -- effects ----------------------------------------------------------------------------------

    def effects(self, effects: Effects) -> int:
        """Return the place of effects, 0 where there are none."""
        if not effects.any:
            return 0
        sets = self.put([word for one in effects.sets for word in self.setting(one)])
        money = self.put([word for one in effects.money for word in self.money(one)])
        adds = self.put([word for one in effects.adds for word in self.addition(one)])
        refer = self.put([self.channel[name] for name in effects.refer])
        return self.put([len(effects.sets), sets, len(effects.money), money, len(effects.adds), adds,
                         len(effects.refer), refer, int(shared_out(effects))])  # fmt: skip

    def bounds(self, name: str) -> tuple[int, int]:
        """Return the bounds within which an attribute's number stays."""
        attribute = next(a for a in self.journey.attributes if a.name == name)
        return (attribute.low, attribute.high) if attribute.kind == "counter" else (-w.BIG, w.BIG)

    def setting(self, change: SetTo) -> list[int]:
        """Return the cells of a set."""
        column, pick, code = self.column[change.attribute], 0, 0
        mode = w.TO_SHOW if self.kind[change.attribute] == w.STOPWATCH else w.TO_VALUE
        if change.copy:
            mode = w.TO_COPY
        elif change.draw:
            mode, pick, code = w.TO_DRAW, self.pick(change.draw), self.codes[change.draw.decision]
        source = self.column[change.copy] if change.copy else 0
        return [mode, column, min(change.value, NEVER), source, pick, code, *self.bounds(change.attribute)]

    def addition(self, add: AddTo) -> list[int]:
        """Return the cells of an add."""
        return [self.column[add.attribute], add.number, int(add.earned), *self.bounds(add.attribute)]

    def money(self, amount: Amount) -> list[int]:
        """Return the cells of an amount booked on an event."""
        value, of = amount.value, -1
        if isinstance(value, Dist):
            kind, figures = draws.KINDS.index(value.kind), self.dist(value)
        else:
            kind, figures = 0, [self.rate(value.rate if isinstance(value, Share) else value), 0, 0, 0, 0]
        if isinstance(value, Share):
            of = self.line_of["earn", value.of, ""]
        code = self.codes[amount.decision] if amount.decision else 0
        earned, period = amount.side == "earn", amount.period_ms
        invoice = self.invoices.get(amount.line, 0) if earned and period else 0
        factor = bits(float(MONTH) / period) if period else 0
        lines = [self.line(amount, role) for role in w.ROLES]
        known = isinstance(value, Rate) and value.constant
        constant = draws.whole_money(value.cells[0]) if isinstance(value, Rate) and known else w.VARIES
        margin = sum(self.in_margin(amount, role) << number for number, role in enumerate(w.ROLES))
        return [kind, *figures, code, 1 if earned else -1, invoice, factor, int(period or 0), constant, of,
                int(self.journey.recurs(amount.line)), *self.following(amount), margin, *lines]  # fmt: skip

    def following(self, amount: Amount) -> tuple[int, int]:
        """Return the place and the number of the rows of what follows from an amount."""
        derived = [one for one in self.journey.derived if amount.side == "earn" and amount.line in one.of]
        key = ("following", amount.line)
        if derived and key not in self.written:
            self.written[key] = self.put([
                word for one in derived
                for word in (-1 if one.kind else 1, bits(one.share), int(one.kind in ("", *MARGIN_KINDS)),
                             int(one.recurring and not one.kind))
            ])  # fmt: skip
        return (self.written[key], len(derived)) if derived else (0, 0)

    def in_margin(self, amount: Amount, role: str) -> int:
        """Tell whether an amount booked in a role counts in margins."""
        return int(amount.side == "earn" or self.journey.kind_of(amount.line, role) in MARGIN_KINDS)

    def line(self, amount: Amount, role: str) -> int:
        """Return the money line of an amount booked in a role; -1 where it never is."""
        kind = self.journey.kind_of(amount.line, role) if amount.side == "spend" else ""
        return self.line_of.get((amount.side, amount.line, kind), -1)


def shared_out(effects: Effects) -> bool:
    """Tell whether any amount of some effects is a share of what is earned."""
    return any(isinstance(amount.value, Share) for amount in effects.money)


def bits(value: float) -> int:
    """Return the bits of a float as a whole number."""
    return int(np.float64(value).view(np.int64))
