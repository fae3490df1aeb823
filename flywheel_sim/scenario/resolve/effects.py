"""Effects of an event, an outcome, an entry or an arrival: what is set, added, paid, and who is brought."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.events import AddTo, Amount, Effects, SetTo
from flywheel_sim.journey.figures import Rate, Spread
from flywheel_sim.journey.units import NEVER, Quantity, UnitError, looks_like_quantity, parse
from flywheel_sim.scenario.rates.axes import Trait
from flywheel_sim.scenario.resolve.chances import ChanceReader
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.resolve.distributions import DistributionReader
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import EffectsSpec, StageSpec, WhileSpec
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import DistSpec, DrawSpec


class EffectReader:
    """Reads effects."""

    def __init__(self, context: Context) -> None:
        self.context, self.note, self.traits = context, context.notes.note, context.traits
        self.chances, self.distributions = ChanceReader(context), DistributionReader(context)

    def read(self, spec: EffectsSpec | None, path: Path_, decision: str) -> Effects:
        """Return the effects of an event, an outcome or an entry; ``decision`` is what their draws belong to."""
        if spec is None:
            return Effects()
        sets = self.sets(spec.set or {}, (*path, "set"), decision)
        adds = []
        for attribute, text in (spec.add or {}).items():
            with suppress(Unusable):
                adds.append(self.add(attribute, text, (*path, "add")))
        channels = self.context.specs.channels
        for index, channel in enumerate(spec.refer or []):
            place = (*path, "refer", str(index))
            if channel not in self.context.names.channels:
                self.note(place, channel, "no channel of that name", nearest(channel, self.context.names.channels))
            elif (fed := channels.get(channel)) and (fed.rate or fed.batch or fed.present or fed.spend):
                self.note(place, channel, "a channel with a source of its own is not fed by 'refer'",
                          "add a channel with 'enters' alone")  # fmt: skip
        found = Effects(sets, tuple(adds), self.money(spec, path, decision), tuple(spec.refer or ()))
        self.share(path, found)
        return found

    def sets(self, table: dict[str, Any], path: Path_, decision: str) -> tuple[SetTo, ...]:
        """Return what is set, in the order of the file."""
        found = []
        for attribute, held in table.items():
            with suppress(Unusable):
                found.append(self.set_to(attribute, held, path, f"{decision}/{attribute}"))
        return tuple(found)

    def set_to(self, attribute: str, held: str | DrawSpec, path: Path_, decision: str) -> SetTo:
        """Return one attribute set to a value, to what another has, or to a drawn level."""
        trait = self.context.own_trait(attribute, path, "set")
        place = (*path, attribute)
        if isinstance(held, DrawSpec):
            if trait.kind != "levels":
                raise self.note(place, None, f"'{attribute}' has no levels to draw", _example(trait))
            for level in held.names():
                if level not in trait.levels:
                    raise self.note(place, None, f"'{level}' is no level of '{attribute}'",
                                    nearest(level, trait.levels), level)  # fmt: skip
            return SetTo(attribute, draw=self.chances.draw(held, place, decision, trait.levels))
        if trait.kind == "levels" and held in trait.levels:
            return SetTo(attribute, trait.levels.index(held))
        if held in self.traits or held in self.context.names.attributes:
            return SetTo(attribute, copy=self._copied(trait, held, place))
        if trait.kind == "time" and held == "never":
            return SetTo(attribute, NEVER)
        if trait.kind != "levels" and not looks_like_quantity(held):
            kind = "number" if trait.kind == "number" else "duration"
            own = self.context.specs.attributes
            others = [name for name, t in self.traits.items() if t.kind == trait.kind and name in own]
            near = nearest(held, others) if len(others) > 1 else _example(trait)
            raise self.note(place, held, f"neither a {kind} nor an attribute", near)
        try:
            value = trait.value(held)
        except UnitError as error:
            raise self.note(place, held, error.rule, error.remedy) from None
        if value < trait.low:
            raise self.note(place, held, f"'{attribute}' is never below {trait.low}", "write a number within its range")
        return SetTo(attribute, value)

    def _copied(self, trait: Trait, other: str, place: Path_) -> str:
        if other == trait.name:
            raise self.note(place, other, "an attribute set to itself", "name another one")
        if other not in self.context.specs.attributes:
            if other in self.traits:
                raise self.note(place, other, f"'{other}' is built in and cannot be copied", _example(trait))
            raise Unusable  # defined, but its own problems are noted there
        source = self.traits[other]
        if source.kind == "shared":
            raise self.note(place, other, f"'{other}' is shared by all and cannot be copied", _example(trait))
        fits = source.kind == trait.kind and source.levels == trait.levels
        if not fits or source.low < trait.low or source.high > trait.high:
            raise self.note(place, other, f"'{other}' takes other values than '{trait.name}'",
                            "copy between attributes with the same levels, or the same range")  # fmt: skip
        return other

    def add(self, attribute: str, text: str, path: Path_) -> AddTo:
        """Return a number added to a counter."""
        trait = self.context.own_trait(attribute, path, "added to")
        place = (*path, attribute)
        if trait.kind != "number":
            raise self.note(path, None, f"'{attribute}' is no counter", "add to a {counts: 0 to 100}", attribute)
        if text == "earned":
            return AddTo(attribute, earned=True)
        try:
            number = parse(text)
        except UnitError:
            number = Quantity(0.5, "number")
        if number.form != "number" or number.per_ms or number.per_what or number.number % 1 or abs(number.number) > 1e9:
            raise self.note(place, text, "a whole number, or 'earned', is added to a counter", "write add: {points: 5}")
        return AddTo(attribute, int(number.number))

    def money(
        self, spec: EffectsSpec | StageSpec | WhileSpec, path: Path_, decision: str, accruing: bool = False
    ) -> tuple[Amount, ...]:
        """Return the amounts earned and spent; on a stage or set they accrue."""
        amounts = []
        for side in ("earn", "spend"):
            for line, x in (getattr(spec, side) or {}).items():
                self.context.findings.money = True
                with suppress(Unusable):
                    amounts.append(self._amount(line, side, x, (*path, side, line), decision, accruing))
        return tuple(amounts)

    def _amount(self, line: str, side: Any, x: object, path: Path_, decision: str, accruing: bool) -> Amount:
        if isinstance(x, DistSpec) and x.fixed is None:
            dist, per_ms = self.distributions.read(x, path, "money")
            if accruing:
                raise self.note(path, None, "money that accrues is not drawn", "put it on an event")
            return Amount(line, side, dist, per_ms, f"{decision}/{line}")
        if isinstance(x, DistSpec):
            dist, per_ms = self.distributions.read(x, path, "money")
            value = dist.params[0]
        else:
            value, per_ms = self.context.rates.use(x, path, "money")
        return Amount(line, side, self.flowing(value, per_ms, path) if accruing else value, per_ms)

    def flowing(self, value: Rate, per_ms: float | None, path: Path_) -> Rate:
        """Return money per period as money per ms."""
        if per_ms is None:
            raise self.note(path, None, "money on a stage accrues with time",
                            "write 8 per month, or put it under on_entry or an event")  # fmt: skip
        spread = value.spread
        if spread is not None:
            spread = Spread("gamma", tuple((shape, mean / per_ms) for shape, mean in spread.cells))
        return Rate(value.name, "money", value.over, tuple(cell / per_ms for cell in value.cells), spread)

    def share(self, path: Path_, effects: Effects, before: Effects | None = None) -> None:
        """Refuse two draws of one firing that would have the same luck; ``before`` are the event's own."""
        seen = {name for name, _ in draws(before)} if before else set()
        for name, steps in draws(effects):
            if name in seen:
                rule = f"'{steps[-1]}' is drawn twice when this happens, and both draws would be one"
                self.note((*path, *steps), None, rule, "draw it in one place, or rename one of the lines")
            seen.add(name)


def draws(effects: Effects) -> Iterator[tuple[str, Path_]]:
    """Yield what is drawn among effects: its decision, and where it stands."""
    for to in effects.sets:
        if to.draw:
            yield to.draw.decision, ("set", to.attribute)
    for amount in effects.money:
        if amount.decision:
            yield amount.decision, (amount.side, amount.line)


def _example(trait: Trait) -> str:
    """Return what may be written where an attribute is set."""
    return {
        "levels": f"write {trait.levels[0] if trait.levels else 'a level'}",
        "number": f"write {max(trait.low, 0)}",
        "time": "write 0 days",
    }[trait.kind]
