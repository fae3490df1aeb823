"""From channels as written to ones ready to run: who arrives when, at what cost, and with which attributes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.figures import Axis, Rate
from flywheel_sim.journey.journey import Channel
from flywheel_sim.journey.units import NEVER, Quantity
from flywheel_sim.scenario.rates.axes import places
from flywheel_sim.scenario.rates.families import Stated
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.resolve.effects import EffectReader
from flywheel_sim.scenario.resolve.plans import PlanReader
from flywheel_sim.scenario.source.money_specs import PlanSpec
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import ChannelSpec
from flywheel_sim.scenario.source.tree import Path_

#: The most batches of one channel; a period that gives more is taken for a mistake.
MOST_BATCHES = 10_000

#: What each setting of a channel goes with, and what to write.
_NEEDS: dict[str, tuple[tuple[str, ...], str]] = {
    "cost_per_arrival": (("spend", "rate"), "rate"),
    "cost_per_batch": (("batch",), "batch"),
    "at_most": (("spend",), "spend"),
    "every": (("batch",), "batch"),
    "on": (("batch",), "batch"),
    "times": (("spend", "rate"), "rate"),
    "from_": (("spend", "rate", "batch"), "rate"),
    "until": (("spend", "rate", "batch"), "rate"),
}


_ONE_FIGURE = "a channel's figure is the same for everybody"


class ChannelReader:
    """Reads channels."""

    def __init__(self, context: Context, horizon: int) -> None:
        self.horizon, self.plans = horizon, PlanReader(context, horizon)
        self.context, self.notes, self.note = context, context.notes, context.notes.note
        self.names, self.rates, self.effects = context.names, context.rates, EffectReader(context)

    def channel(self, name: str, spec: ChannelSpec) -> Channel | None:
        """Return a channel ready to run, or None after noting problems."""
        path = ("channels", name)
        if spec.enters not in self.names.stages:
            self.note((*path, "enters"), spec.enters, "no stage of that name", nearest(spec.enters, self.names.stages))
        sources = [k for k in ("rate", "batch", "present") if getattr(spec, k) is not None]
        if spec.spend is not None and "rate" not in sources:
            sources.append("spend")
        sources.sort(key=list(self.notes.tree.at(path)).index)
        if len(sources) > 1:
            self.note(path, None, f"a channel has one source, not {' and '.join(sources)}",
                      "split it into two channels", key=sources[1])  # fmt: skip
            return None
        for key, (hosts, example) in _NEEDS.items():
            if getattr(spec, key) is not None and not set(hosts) & set(sources):
                word = key.removesuffix("_")
                self.note(path, None, f"'{word}' goes with {' or '.join(map(repr, hosts))}",
                          f"add {example}: ..., or remove it", word)  # fmt: skip
        if spec.times is not None and not (spec.times and all(spec.times.values())):
            self.note(path, None, "'times' has no levels", "write times: {month: {dec: 1.3}}", "times")
        sets = self.effects.sets(spec.set or {}, (*path, "set"), "person")
        inherits = self.inherited(spec, path, sources)
        try:
            source = self.source(name, spec, path, sources[0] if sources else "")
        except Unusable:
            return None
        removed = name in self.context.choices.channels
        return Channel(name, spec.enters, sets=sets, inherits=inherits, removed=removed, **source)

    def source(self, name: str, spec: ChannelSpec, path: Path_, word: str) -> dict[str, Any]:
        """Return what a channel is by its source."""
        horizon = self.horizon
        if not word:
            return {"kind": "referral", "until": horizon}
        if word == "present":
            return {
                "kind": "present",
                "until": horizon,
                "times": (0,),
                "counts": (self.count(spec.present, path, word),),
            }
        starts, until = self.window(spec, path)
        fields: dict[str, Any] = {"kind": "rate", "starts": starts, "until": until}
        if word == "batch":
            return fields | {"kind": "batch"} | self.batches(spec, path, (starts, until))
        window = (starts, max(until, starts + 1))
        spend, price = (self.figure(spec, key, path, window) for key in ("spend", "cost_per_arrival"))
        if word == "spend":
            rate = self.rate_of_spend(spend, price, self.figure(spec, "at_most", path, window), path)
        else:
            rate = self.stated_rate(spec, path, window)
        rate = self.seasonal(rate, spec, path, starts)
        if word == "spend":
            return fields | {"rate": rate, "spend": spend}
        return fields | {"rate": rate, "spend": spend, "cost_per_arrival": price}

    def window(self, spec: ChannelSpec, path: Path_) -> tuple[int, int]:
        """Return from when until when a channel brings people."""
        until, starts = self.horizon, 0
        if spec.until is not None:
            until = min(self.context.instant(spec.until, (*path, "until")), self.horizon)
            if until <= 0:
                raise self.note((*path, "until"), None, "the channel ends before it starts", "write 12 weeks")
        if spec.from_ is not None:
            starts = self.context.instant(spec.from_, (*path, "from"))
            if starts >= self.horizon:
                self.context.warn((*path, "from"), None, "the channel begins after the run, and brings nobody",
                                  "write an earlier time, or let it be")  # fmt: skip
                starts = self.horizon
            elif starts >= until:
                raise self.note((*path, "from"), None, "the channel ends before it begins", "write an earlier time")
        return starts, until

    def figure(self, spec: ChannelSpec, key: str, path: Path_, window: tuple[int, int]) -> Rate | None:
        """Return a figure of a channel over time, None where it is not given."""
        x = getattr(spec, key)
        if x is None:
            return None
        if key in ("spend", "cost_per_arrival"):
            self.context.findings.money = True
            return self.plans.rate(x, (*path, key), "money", key == "spend", window)
        return self.plans.rate(x, (*path, key), "rate", False, window)

    def stated_rate(self, spec: ChannelSpec, path: Path_, window: tuple[int, int]) -> Rate:
        """Return the rate of a channel that states it."""
        rate = self.figure(spec, "rate", path, window)
        assert rate is not None
        return rate

    def rate_of_spend(self, spend: Rate | None, price: Rate | None, most: Rate | None, path: Path_) -> Rate:
        """Return the rate of arrivals that a spend buys, levelling off towards the most that the channel can bring."""
        if price is None:
            raise self.note(path, None, "spend needs the price of an arrival", "add cost_per_arrival: 40",
                            "cost_per_arrival")  # fmt: skip
        assert spend is not None
        parts = [spend, price, *([most] if most else [])]
        over = self.rates.stated.tables.axes([part.over for part in parts], (*path, "spend"))
        cells = []
        for indices in zip(*(places(part.over, over) for part in parts), strict=True):
            paid, per_person, *limit = (part.cells[cell] for part, cell in zip(parts, indices, strict=True))
            if not paid and (spend.over or not price.constant):
                cells.append(0.0)  # a plan that has not begun
                continue
            if not per_person:
                raise self.note((*path, "cost_per_arrival"), None, "spend over a price of 0 brings people without end",
                                "write 40")  # fmt: skip
            if limit and not limit[0]:
                raise self.note((*path, "at_most"), None, "a channel that brings at most nobody brings nobody",
                                "write 500 per month")  # fmt: skip
            per_ms = paid / per_person
            cells.append(-limit[0] * math.expm1(-per_ms / limit[0]) if limit else per_ms)
        return Rate(".".join((*path, "spend")), "rate", over, tuple(cells))

    def seasonal(self, rate: Rate, spec: ChannelSpec, path: Path_, starts: int) -> Rate:
        """Return arrivals with their seasons, and none before the channel begins."""
        stated = Stated(rate.name, path, Quantity(0.0, "number", 1.0), rate.over, rate.cells, (path,) * len(rate.cells))
        stated = self.rates.stated.tables.scaled(stated, spec.times or {}, path)
        for axis in stated.over:
            if axis.attribute not in ("calendar", "month"):
                raise self.note((*path, "times"), None, "arrivals depend on 'calendar' and 'month' alone",
                                "write times: {month: {dec: 1.3}}")  # fmt: skip
        if max(stated.cells) > 1:
            raise self.note(path, None, "a rate is at most 1000 per second", "mend the figure or its factors")
        if not starts:
            return replace(rate, over=stated.over, cells=stated.cells)
        begins = Axis("calendar", 2, (starts,))
        over = self.rates.stated.tables.axes([stated.over, (begins,)], path)
        cell_pairs = zip(places(stated.over, over), places((begins,), over), strict=True)
        return replace(rate, over=over, cells=tuple(stated.cells[cell] * begun for cell, begun in cell_pairs))

    def batches(self, spec: ChannelSpec, path: Path_, times: tuple[int, int]) -> dict[str, Any]:
        """Return when batches come, how many people each brings, and what each costs."""
        place, paid = (*path, "cost_per_batch"), 0
        if spec.cost_per_batch is not None:
            self.context.findings.money = True
            value, per_ms = self.context.constant(spec.cost_per_batch, place, "money", _ONE_FIGURE, "give one figure")
            if per_ms is not None:
                raise self.note(place, None, "'cost_per_batch' is paid once each", "write 40")
            paid = round(value)
        if isinstance(spec.batch, PlanSpec) and spec.batch.moved is None:
            for word in ("every", "on"):
                if getattr(spec, word) is not None:
                    raise self.note(path, None, f"the batches of a file have dates, and no '{word}'", "remove it", word)
            dates, counts = self.plans.arrivals(spec.batch, (*path, "batch"), times)
            return {"times": dates, "counts": counts, "cost_per_batch": paid}
        count = self.count(getattr(spec.batch, "moved", None) or spec.batch, path, "batch")
        dates = self.dates(spec, path, times)
        return {"times": dates, "counts": (count,) * len(dates), "cost_per_batch": paid}

    def dates(self, spec: ChannelSpec, path: Path_, times: tuple[int, int]) -> tuple[int, ...]:
        """Return when batches come that are as large as one another."""
        starts, until = times
        if spec.every is not None and spec.on is not None:
            raise self.note(path, None, "batches come 'every' period or 'on' dates, not both", "keep one", "on")
        if spec.on is not None:
            dates = self.context.instants(spec.on, (*path, "on"), "make the batch larger")
            return tuple(at for at in dates if starts <= at < until)
        if spec.every is None:
            return (starts,) if starts < until else ()
        place = (*path, "every")
        period, _ = self.context.constant(spec.every, place, "duration", _ONE_FIGURE, "give one figure")
        if not 0 < period < NEVER:
            raise self.note(place, None, "batches come every so often", "write every: 6 months")
        if until - starts > period * MOST_BATCHES:
            raise self.note(place, None, f"these are more than {MOST_BATCHES} batches", "use a rate")
        return tuple(range(starts, until, int(period)))

    def inherited(self, spec: ChannelSpec, path: Path_, sources: list[str]) -> tuple[str, ...]:
        """Return the attributes that the referred take over."""
        if spec.inherits is not None and sources:
            self.note(path, None, "'inherits' goes with people who are referred, and this channel has a source",
                      "remove it, or the source", "inherits")  # fmt: skip
        for index, attribute in enumerate(spec.inherits or []):
            place = (*path, "inherits", str(index))
            if attribute not in self.names.attributes:
                self.note(place, attribute, "no attribute of the file's own",
                          nearest(attribute, self.names.attributes))  # fmt: skip
            elif (attribute_spec := self.context.specs.attributes.get(attribute)) and attribute_spec.shared:
                self.note(place, attribute, f"'{attribute}' is shared by all and cannot be inherited", "leave it out")
        return tuple(dict.fromkeys(spec.inherits or ()))

    def count(self, x: object, path: Path_, word: str) -> int:
        """Return how many people a batch brings, or are there at the start."""
        count, _ = self.context.constant(x, (*path, word), "number", _ONE_FIGURE, "give one figure")
        if count != int(count) or count > 10**9:
            raise self.note((*path, word), None, "people are counted in whole numbers, up to a billion", "write 1000")
        return int(count)
