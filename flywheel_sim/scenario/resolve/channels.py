"""From channels as written to ones ready to run: who arrives when, at what cost, and with what."""

from __future__ import annotations

import math
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.figures import Rate
from flywheel_sim.journey.journey import Channel
from flywheel_sim.journey.units import NEVER, Quantity
from flywheel_sim.scenario.rates.families import Stated
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.resolve.effects import EffectReader
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import ChannelSpec
from flywheel_sim.scenario.source.tree import Path_

#: Batches of one channel beyond which a period is taken for a slip.
MOST_BATCHES = 10_000

#: What each setting of a channel goes with, and what to write.
_NEEDS: dict[str, tuple[tuple[str, ...], str]] = {
    "cost_per_arrival": (("spend", "rate"), "rate"),
    "cost_per_batch": (("batch",), "batch"),
    "at_most": (("spend",), "spend"),
    "every": (("batch",), "batch"),
    "on": (("batch",), "batch"),
    "times": (("spend", "rate"), "rate"),
    "until": (("spend", "rate", "batch"), "rate"),
}

#: The kind of figure each setting holds; money otherwise.
_KINDS = {"rate": "rate", "at_most": "rate", "batch": "number", "present": "number"}


class ChannelReader:
    """Reads channels."""

    def __init__(self, context: Context) -> None:
        self.context, self.notes, self.note = context, context.notes, context.notes.note
        self.names, self.rates, self.effects = context.names, context.rates, EffectReader(context)

    def channel(self, name: str, spec: ChannelSpec, horizon: int) -> Channel | None:
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
                self.note(path, None, f"'{key}' goes with {' or '.join(map(repr, hosts))}",
                          f"add {example}: ..., or remove it", key)  # fmt: skip
        if spec.times is not None and not (spec.times and all(spec.times.values())):
            self.note(path, None, "'times' has no levels", "write times: {month: {dec: 1.3}}", "times")
        sets = self.effects.sets(spec.set or {}, (*path, "set"), "person")
        inherits = self.inherited(spec, path, sources)
        try:
            found = self.source(name, spec, path, sources[0] if sources else "", horizon)
        except Unusable:
            return None
        removed = name in self.context.choices.channels
        return Channel(name, spec.enters, sets=sets, inherits=inherits, removed=removed, **found)

    def source(self, name: str, spec: ChannelSpec, path: Path_, word: str, horizon: int) -> dict[str, Any]:
        """Return what a channel is by its source."""
        given = {key: self.plain(spec, key, path) for key in
                 ("batch", "present", "spend", "cost_per_arrival", "cost_per_batch", "at_most")}  # fmt: skip
        if not word:
            return {"kind": "referral", "until": horizon}
        if word == "present":
            return {"kind": "present", "until": horizon, "count": self.count(given, word, path)}
        until = horizon
        if spec.until is not None:
            until = min(self.context.instant(spec.until, (*path, "until")), horizon)
            if until <= 0:
                raise self.note((*path, "until"), None, "the channel ends before it starts", "write 12 weeks")
        if word == "batch":
            return {
                "kind": "batch", "until": until, "count": self.count(given, word, path),
                "times": self.batches(spec, path, until), "cost_per_batch": round(given["cost_per_batch"]),
            }  # fmt: skip
        rate = self.bent(spec, given, path) if word == "spend" else self.arrivals(spec, path)
        found = {"kind": "rate", "until": until, "rate": rate, "spend_per_ms": given["spend"]}
        return found if word == "spend" else found | {"cost_per_arrival": round(given["cost_per_arrival"])}

    def arrivals(self, spec: ChannelSpec, path: Path_) -> Rate:
        """Return the rate of a channel that states it, with its seasons."""
        place = (*path, "rate")
        stated = self.rates.stated.read(spec.rate, place, "rate")
        stated = self.rates.stated.tables.scaled(stated, spec.times or {}, path)
        self.seasonal(stated, path, spec)
        rate = self.rates.convert(stated, place, "rate", spec.rate)
        if rate.spread is not None:
            raise self.note(place, None, "a channel's figure is the same for everybody", "give one figure")
        return rate

    def bent(self, spec: ChannelSpec, given: dict[str, float], path: Path_) -> Rate:
        """Return the rate of a channel that spends: bent towards the most it can bring, with its seasons."""
        if spec.cost_per_arrival is not None and not given["cost_per_arrival"]:
            raise self.note((*path, "cost_per_arrival"), None, "spend over a price of 0 brings people without end",
                            "write 40")  # fmt: skip
        if spec.cost_per_arrival is None:
            raise self.note(path, None, "spend needs the price of an arrival", "add cost_per_arrival: 40",
                            "cost_per_arrival")  # fmt: skip
        per_ms = given["spend"] / given["cost_per_arrival"]
        if spec.at_most is not None:
            most = given["at_most"]
            if not most:
                raise self.note((*path, "at_most"), None, "a channel that brings at most nobody brings nobody",
                                "write 500 per month")  # fmt: skip
            per_ms = -most * math.expm1(-per_ms / most)
        place = (*path, "spend")
        unit = Quantity(per_ms, "number", 1.0)
        stated = Stated(".".join(place), place, unit, (), (per_ms,), (place,), reference=per_ms)
        stated = self.rates.stated.tables.scaled(stated, spec.times or {}, path)
        self.seasonal(stated, path, spec)
        return self.rates.convert(stated, place, "rate", unit)

    def seasonal(self, stated: Stated, path: Path_, spec: ChannelSpec) -> None:
        """Refuse arrivals that depend on more than the time."""
        for axis in stated.over:
            if axis.attribute not in ("calendar", "month"):
                place = (*path, "times") if axis.attribute in (spec.times or {}) else (*path, "rate")
                raise self.note(place, None, "arrivals depend on 'calendar' and 'month' alone",
                                "write times: {month: {dec: 1.3}}")  # fmt: skip

    def batches(self, spec: ChannelSpec, path: Path_, until: int) -> tuple[int, ...]:
        """Return when batches come."""
        if spec.every is not None and spec.on is not None:
            raise self.note(path, None, "batches come 'every' period or 'on' dates, not both", "keep one", "on")
        if spec.on is not None:
            inner = (*path, "on")
            listed = isinstance(self.notes.tree.at(inner), list)
            at = [self.context.instant(x, (*inner, str(i)) if listed else inner) for i, x in enumerate(spec.on)]
            for index, when in enumerate(at):
                if when in at[:index]:
                    raise self.note((*inner, str(index)), None, "this date stands twice", "make the batch larger")
            return tuple(sorted(when for when in at if when < until))
        if spec.every is None:
            return (0,)
        place = (*path, "every")
        period, _ = self.context.constant(spec.every, place, "duration", "a channel's figure is the same for everybody",
                                  "give one figure")  # fmt: skip
        if not 0 < period < NEVER:
            raise self.note(place, None, "batches come every so often", "write every: 6 months")
        if until > period * MOST_BATCHES:
            raise self.note(place, None, f"these are more than {MOST_BATCHES} batches", "use a rate")
        return tuple(range(0, until, int(period)))

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
            elif (held := self.context.specs.attributes.get(attribute)) and held.mean:
                self.note(place, attribute, f"'{attribute}' is shared by all and cannot be inherited", "leave it out")
        return tuple(dict.fromkeys(spec.inherits or ()))

    def count(self, given: dict[str, float], word: str, path: Path_) -> int:
        """Return how many people a batch brings, or are there at the start."""
        count = given[word]
        if count != int(count) or count > 10**9:
            raise self.note((*path, word), None, "people are counted in whole numbers, up to a billion", "write 1000")
        return int(count)

    def plain(self, spec: ChannelSpec, key: str, path: Path_) -> float:
        """Return a channel's figure, the same for everybody, in canonical units; 0 where absent."""
        x = getattr(spec, key)
        if x is None:
            return 0.0
        kind = _KINDS.get(key, "money")
        rule = "a channel's figure is the same for everybody"
        value, per_ms = self.context.constant(x, (*path, key), kind, rule, "give one figure")
        if kind == "money":
            self.context.findings.money = True
            if (key == "spend") != (per_ms is not None):
                remedy = "write 8000 per month" if key == "spend" else "write 40"
                rule = "spend accrues over a period" if key == "spend" else f"'{key}' is paid once each"
                raise self.note((*path, key), None, rule, remedy)
            if per_ms:
                return value / per_ms
        return value
