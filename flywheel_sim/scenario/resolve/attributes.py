"""From attributes as written to ones ready to run, and the values that each attribute takes."""

from __future__ import annotations

from collections.abc import Mapping

from flywheel_sim.journey.journey import BUILT_IN, MONTHS, REFERRER, Attribute, Shared
from flywheel_sim.scenario.rates.axes import Trait
from flywheel_sim.scenario.resolve.chances import ChanceReader
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import AttributeSpec

#: How many people an attribute can count.
MOST_PEOPLE = 10**12

#: Attributes that are settled before any other when a person arrives.
SETTLED: tuple[str, ...] = ("channel", "generation", "referrer", "calendar", "month")


def trait(name: str, spec: AttributeSpec) -> Trait:
    """Return the values that an attribute of each person takes."""
    if spec.counts is not None:
        return Trait(name, "number", (), *spec.counts)
    if spec.stopwatch:
        return Trait(name, "time")
    return Trait(name, "levels", spec.levels)


def built_in(channels: tuple[str, ...], stages: tuple[str, ...]) -> dict[str, Trait]:
    """Return the built-in attributes and the values they take."""
    named = {"channel": channels, "referrer": REFERRER, "month": MONTHS, "stage": stages}
    kinds = {"generation": Trait("generation", "number"), "calendar": Trait("calendar", "time")}
    return {name: kinds.get(name) or Trait(name, "levels", named[name]) for name in BUILT_IN}


def shared_trait(shared: Shared, own: Mapping[str, AttributeSpec]) -> Trait:
    """Return the values that an attribute shared by all takes, given the file's own."""
    if not shared.of:
        return Trait(shared.name, "shared", (), 0, MOST_PEOPLE, 1)
    values = shared.weights or tuple(count * shared.scale for count in own[shared.of].counts or ())
    return Trait(shared.name, "shared", (), min(*values, shared.starts), max(*values, shared.starts), shared.scale)


class AttributeReader:
    """Reads the attributes that each person has."""

    def __init__(self, context: Context) -> None:
        self.note, self.specs, self.chances = context.notes.note, context.specs.attributes, ChanceReader(context)

    def attribute(self, name: str, spec: AttributeSpec) -> Attribute | None:
        """Return an attribute ready to run, or None after noting problems."""
        path = ("attributes", name)
        if spec.counts is not None:
            return Attribute(name, "counter", low=spec.counts[0], high=spec.counts[1])
        if spec.stopwatch:
            return Attribute(name, "stopwatch")
        if spec.named is not None:
            if not spec.named or len(set(spec.named)) != len(spec.named):
                self.note(path, None, "levels are different names, at least one", "write [basic, premium]")
                return None
            return Attribute(name, "levels", tuple(spec.named))
        assert spec.drawn is not None
        if not spec.levels:
            self.note(path, None, "an attribute has levels", "write [basic, premium]")
            return None
        try:
            draw = self.chances.draw(spec.drawn, path, f"person/{name}", spec.levels)
        except Unusable:
            return None
        shared = [other for other, other_spec in self.specs.items() if other_spec.shared]
        earlier = {*SETTLED, *shared, *list(self.specs)[: list(self.specs).index(name)]}
        for level, chance in zip(draw.levels, draw.chances, strict=True):
            late = [axis.attribute for axis in chance.over if axis.attribute not in earlier] if chance else []
            if late:
                self.note((*path, spec.levels[level]), None,
                          f"a draw on arrival cannot depend on '{late[0]}', which is not settled then",
                          "let it depend on the channel, the calendar or an attribute further up")  # fmt: skip
                break
        return Attribute(name, "levels", spec.levels, draw)
