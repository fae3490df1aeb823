"""Effects of an event, an outcome, an entry or an arrival: what is set, added, paid, and who is brought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.events import AddTo, Amount, Effects, SetTo, Share
from flywheel_sim.journey.figures import Dist, Rate, Spread
from flywheel_sim.journey.units import (
    MILLIONTHS,
    NEVER,
    Quantity,
    UnitError,
    format_duration,
    looks_like_quantity,
    parse,
)
from flywheel_sim.scenario.rates.axes import Trait, places
from flywheel_sim.scenario.rates.canonical import period
from flywheel_sim.scenario.resolve.chances import ChanceReader
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.resolve.distributions import DistributionReader
from flywheel_sim.scenario.resolve.lines import literal_share
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import EffectsSpec, StageSpec, WhileSpec
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import DistSpec, DrawSpec, Ref, ShareSpec


@dataclass(frozen=True, slots=True)
class Every:
    """The clock of an event that comes again and again, as far as an amount with a period has to go with it.

    Attributes
    ----------
    periods
        Its fixed period in ms, or those of the levels it depends on, without `NEVER`; None where it has none.
    staffed
        Whether a service follows, which takes its time.
    """

    periods: tuple[float, ...] | None
    staffed: bool

    @classmethod
    def of(cls, wait: Dist, staffed: bool) -> Every:
        """Return what matters about the wait of an ``every``."""
        if wait.kind != "fixed" or staffed:
            return cls(None, staffed)
        return cls(tuple(dict.fromkeys(cell for cell in wait.params[0].cells if cell < NEVER)), staffed)


class EffectReader:
    """Reads effects."""

    def __init__(self, context: Context) -> None:
        self.context, self.note, self.traits = context, context.notes.note, context.traits
        self.chances, self.distributions = ChanceReader(context), DistributionReader(context)

    def read(self, spec: EffectsSpec | None, path: Path_, decision: str, every: Every | None = None) -> Effects:
        """Return the effects of an event, an outcome or an entry.

        Parameters
        ----------
        spec, path
            The effects as written, and where.
        decision
            What their draws belong to.
        every
            The clock of an event with an ``every``, None elsewhere.
        """
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
            elif (referred := channels.get(channel)) and (
                referred.rate or referred.batch or referred.present or referred.spend
            ):
                self.note(place, channel, "a channel with a source of its own is not fed by 'refer'",
                          "add a channel with 'enters' alone")  # fmt: skip
        money = self.money(spec, path, decision)
        if every is not None:
            for amount in money:
                self.check_period(amount, every, spec, path)
        effects = Effects(sets, money, tuple(adds), tuple(spec.refer or ()))
        self.check_draws(path, effects)
        return effects

    def sets(self, table: dict[str, Any], path: Path_, decision: str) -> tuple[SetTo, ...]:
        """Return what is set, in the order of the file."""
        sets = []
        for attribute, new in table.items():
            with suppress(Unusable):
                sets.append(self.set_to(attribute, new, path, f"{decision}/{attribute}"))
        return tuple(sets)

    def set_to(self, attribute: str, new: str | DrawSpec, path: Path_, decision: str) -> SetTo:
        """Return one attribute set to a value, to what another has, or to a drawn level."""
        trait = self.context.own_trait(attribute, path, "set")
        place = (*path, attribute)
        if isinstance(new, DrawSpec):
            if trait.kind != "levels":
                raise self.note(place, None, f"'{attribute}' has no levels to draw", _example(trait))
            for level in new.names():
                if level not in trait.levels:
                    raise self.note(place, None, f"'{level}' is no level of '{attribute}'",
                                    nearest(level, trait.levels), level)  # fmt: skip
            return SetTo(attribute, draw=self.chances.draw(new, place, decision, trait.levels))
        if trait.kind == "levels" and new in trait.levels:
            return SetTo(attribute, trait.levels.index(new))
        if new in self.traits or new in self.context.names.attributes:
            return SetTo(attribute, copy=self._copied(trait, new, place))
        if trait.kind == "time" and new == "never":
            return SetTo(attribute, NEVER)
        if trait.kind != "levels" and not looks_like_quantity(new):
            kind = "number" if trait.kind == "number" else "duration"
            own = self.context.specs.attributes
            others = [name for name, t in self.traits.items() if t.kind == trait.kind and name in own]
            near = nearest(new, others) if len(others) > 1 else _example(trait)
            raise self.note(place, new, f"neither a {kind} nor an attribute", near)
        try:
            value = trait.value(new)
        except UnitError as error:
            raise self.note(place, new, error.rule, error.remedy) from None
        if value < trait.low:
            raise self.note(place, new, f"'{attribute}' is never below {trait.low}", "write a number within its range")
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
        amounts: list[Amount] = []
        for side in ("earn", "spend"):
            for line, x in (getattr(spec, side) or {}).items():
                self.context.findings.money = True
                try:
                    amounts.append(self._amount(line, side, x, (*path, side, line), decision, accruing))
                except Unusable:
                    self.context.findings.unread.add(line)
        if accruing:
            return tuple(self.accruing_shares(amounts, path))
        return tuple(amounts)

    def _amount(self, line: str, side: Any, x: object, path: Path_, decision: str, accruing: bool) -> Amount:
        if line in self.context.specs.lines and self.context.specs.lines[line].share is not None:
            raise Unusable  # noted where the line is derived
        if isinstance(x, ShareSpec):
            return Amount(line, side, Share(x.of, self.share_rate(x, path)))
        if isinstance(x, DistSpec):
            dist, per_ms = self.distributions.read(x, path, "money")
            if x.fixed is not None:
                return self._plain(line, side, dist.params[0], per_ms, path, accruing)
            if accruing:
                raise self.note(path, None, "money that accrues is not drawn", "put it on an event")
            return Amount(line, side, dist, per_ms, f"{decision}/{line}")
        value, per_ms = self.context.rates.use(x, path, "money", negative=side == "earn")
        return self._plain(line, side, value, per_ms, path, accruing)

    def _plain(self, line: str, side: Any, value: Rate, per_ms: float | None, path: Path_, accruing: bool) -> Amount:
        return Amount(line, side, self.accrual_rate(value, per_ms, path) if accruing else value, per_ms)

    def share_rate(self, x: ShareSpec, path: Path_) -> Rate:
        """Return the share that an amount is of what is earned, of either sign where it is written out."""
        if isinstance(x.share, Quantity):
            return Rate(".".join(path), "chance", (), (literal_share(self.context, x.share, path),))
        if x.share.name not in self.context.names.rates:
            raise self.note(
                path,
                x.text,
                f"'{x.share.name}' is neither a share nor a name under 'rates'",
                f"write 42 % of {x.of}, or name a rate: {nearest(x.share.name, self.context.names.rates)}",
            )
        return self.context.rates.use(x.share, path, "chance")[0]

    def accruing_shares(self, amounts: list[Amount], path: Path_) -> Iterator[Amount]:
        """Yield what accrues, each share as a price of its own: that of its line, times the share."""
        prices = {amount.line: amount for amount in amounts if amount.side == "earn" and isinstance(amount.value, Rate)}
        shares = {amount.line for amount in amounts if amount.side == "earn" and isinstance(amount.value, Share)}
        for amount in amounts:
            if not isinstance(amount.value, Share):
                yield amount
                continue
            place = (*path, amount.side, amount.line)
            if amount.value.of not in prices:
                remedy = "let it accrue on the same stage or set"
                self.note_unknown_line(amount.value.of, prices, place, "accrues here", remedy, shares)
                continue
            with suppress(Unusable):
                price = prices[amount.value.of]
                yield replace(
                    amount, value=self.share_of_price(amount.value.rate, price.value, place), period_ms=price.period_ms
                )

    def share_of_price(self, share: Rate, price: object, path: Path_) -> Rate:
        """Return a share of a price: their tables are combined, and the price keeps its spread between people."""
        assert isinstance(price, Rate)
        if share.spread is not None:
            raise self.note(path, None, "a share of what accrues is the same for all in a level", "remove its spread")
        over = self.context.rates.stated.tables.axes([share.over, price.over], path)
        cell_pairs = list(zip(places(share.over, over), places(price.over, over), strict=True))
        cells = tuple(share.cells[i] * price.cells[j] for i, j in cell_pairs)
        spread = price.spread
        if spread is not None:
            spread = Spread(
                "gamma", tuple((spread.cells[j][0], share.cells[i] * spread.cells[j][1]) for i, j in cell_pairs)
            )
        return Rate(price.name, "money", over, cells, spread, price.per)

    def note_unknown_line(
        self, of: str, known: Iterable[str], path: Path_, where: str, remedy: str, shares: Iterable[str]
    ) -> None:  # fmt: skip
        """Note that a share is of a line that earns nothing there, or that is a share itself."""
        line = self.context.specs.lines.get(of)
        if of in self.context.findings.unread:
            return
        if of in shares or (line is not None and line.share is not None):
            self.note(path, of, f"a share is of money that is booked, and '{of}' is a share itself",
                      "name the lines it is a share of")  # fmt: skip
            return
        near = f"; {nearest(of, known)}" if list(known) else ""
        self.note(path, of, f"nothing on a line '{of}' {where}", remedy + near)

    def check_period(self, amount: Amount, every: Every, spec: EffectsSpec, path: Path_) -> None:
        """Refuse an amount whose period is not that of the clock by which it is booked."""
        per_ms = amount.period_ms
        if per_ms is None:
            return
        place, per = (*path, amount.side, amount.line), period(per_ms)
        x = (getattr(spec, amount.side) or {})[amount.line]
        named = f" (rate '{x.name}')" if isinstance(x, Ref) else ""
        if every.staffed:
            self.note(place, None, f"an amount {per} has no period after a service, which takes its time{named}",
                      "state the amount without a period, or put it on the stage, where it accrues")  # fmt: skip
            return
        if every.periods is None:
            remedy = f"give the event 'every: {format_duration(per_ms)}', or state the amount without a period"
            self.note(place, None, f"an amount {per} needs a clock with a fixed period{named}", remedy)
            return
        odd = [clock for clock in every.periods if clock != round(per_ms)]
        if not odd:
            return
        rule = f"an amount {per} on an event every {' or '.join(map(format_duration, every.periods))}"
        remedy = f"write every: {format_duration(per_ms)}, or "
        if len(every.periods) > 1:
            remedy += "give each period an event and an amount of its own"
        else:
            remedy += f"the amount per the clock's period: {self._restated(amount, per_ms, odd[0])}"
        self.note(place, None, f"{rule}: the periods differ{named}", remedy)

    def _restated(self, amount: Amount, per_ms: float, clock: float) -> str:
        """Return an amount for the period of a clock, or that period alone where it is no single figure."""
        per = period(clock)
        if not isinstance(amount.value, Rate) or len(set(amount.value.cells)) > 1:
            return f"so much {per}"
        text = f"{amount.value.cells[0] * clock / per_ms / MILLIONTHS:.6f}"
        return f"{text.rstrip('0').rstrip('.')} {per}"

    def accrual_rate(self, value: Rate, per_ms: float | None, path: Path_) -> Rate:
        """Return money per period as money per ms."""
        if per_ms is None:
            raise self.note(path, None, "money on a stage accrues with time",
                            "write 8 per month, or put it under on_entry or an event")  # fmt: skip
        spread = value.spread
        if spread is not None:
            spread = Spread("gamma", tuple((shape, mean / per_ms) for shape, mean in spread.cells))
        return Rate(value.name, "money", value.over, tuple(cell / per_ms for cell in value.cells), spread, value.per)

    def check_draws(self, path: Path_, effects: Effects, before: Effects | None = None) -> None:
        """Refuse two draws at one moment that would share their random number; ``before`` are the event's own."""
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
