"""Clocks: how long an event waits, on which dates it happens, and what must have become true."""

from __future__ import annotations

from flywheel_sim.errors import nearest
from flywheel_sim.journey.events import Condition
from flywheel_sim.journey.figures import Dist
from flywheel_sim.journey.journey import MONTHS
from flywheel_sim.journey.units import NEVER, UnitError, looks_like_quantity
from flywheel_sim.scenario.resolve.context import Context, figure
from flywheel_sim.scenario.resolve.distributions import DistributionReader
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import EventSpec
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import DistSpec, Ref


class ClockReader:
    """Reads the clocks of events."""

    def __init__(self, context: Context) -> None:
        self.context, self.notes, self.note = context, context.notes, context.notes.note
        self.rates, self.traits = context.rates, context.traits
        self.distributions = DistributionReader(context)

    def clock(self, spec: EventSpec, path: Path_) -> tuple[tuple[Dist, ...], tuple[Condition, ...]]:
        """Return the waits and the conditions of an event that has one clock.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        word = spec.clocks[0]
        inner = (*path, word)
        if word == "when":
            assert spec.when is not None
            return (), tuple(self.condition(name, text, inner) for name, text in spec.when.items())
        if word == "every":
            wait = self.wait(spec.every, inner)
            if (wait.kind == "fixed" and min(wait.params[0].cells) == 0) or (wait.sample and not wait.sample[-1]):
                raise self.note(inner, None, "a recurring event takes time", "write every: 1 month")
            return (wait,), ()
        listed = isinstance(self.notes.tree.at(self.notes.tree.locate(inner)), list)
        xs = spec.after if word == "after" else spec.on_date
        waits, failed = [], False
        for index, x in enumerate(xs or ()):
            place = (*inner, str(index)) if listed else inner
            try:
                if word == "after":
                    waits.append(self.wait(x, place))
                else:
                    at = float(self.context.instant(x, place))
                    waits.append(Dist("at", (figure(".".join(place), "duration", at),)))
            except Unusable:
                failed = True
        if failed:
            raise Unusable
        return tuple(waits), ()

    def wait(self, clock: object, path: Path_) -> Dist:
        """Return the wait a clock keeps: a duration, a rate or a distribution."""
        if isinstance(clock, DistSpec):
            return self.distributions.read(clock, path, "duration")[0]
        if self.rates.form_of(clock) in ("duration", "never"):
            return Dist("fixed", (self.rates.use(clock, path, "duration")[0],))
        return Dist("memoryless", (self.rates.use(clock, path, "rate")[0],))

    def condition(self, attribute: str, text: str, path: Path_) -> Condition:
        """Return what must hold for a ``when``: a level, or at least a number or a time."""
        if attribute not in self.traits:
            if attribute in self.context.names.attributes:
                raise Unusable  # defined, but its own problems are noted there
            raise self.note(path, None, f"'{attribute}' is no attribute", nearest(attribute, self.traits), attribute)
        trait = self.traits[attribute]
        place = (*path, attribute)
        if trait.levels == MONTHS and attribute == "month" and not self.context.dated:
            raise self.note(path, None, "named months need the date the run starts at", "add start: 2027-01-01",
                            attribute)  # fmt: skip
        if trait.kind != "levels" and not looks_like_quantity(text):
            kind = "duration" if trait.kind == "time" else "number"
            rule = "what a 'when' waits for is the same for everybody"
            value, _ = self.context.constant(Ref(text), place, kind, rule, "write one figure")
            if trait.kind == "shared":
                try:
                    return Condition(attribute, trait.part(value, f"{value:g}"), False)
                except UnitError as error:
                    raise self.note(place, text, error.rule, error.remedy) from None
            if value % 1 or not -NEVER < value < min(NEVER, trait.high + 1):
                raise self.note(place, text, f"'{attribute}' never reaches {value:g}", "write one that it reaches")
            return Condition(attribute, int(value), False)
        try:
            return Condition(attribute, trait.value(text), trait.kind == "levels")
        except UnitError as error:
            raise self.note(place, text, error.rule, error.remedy) from None
