"""A person's money: what is booked at once, what accrues, what recurs, and whom it is credited to.

Money goes to the ledger's lines, to the person's own account, and, from acquisition on, to the cohort
of the person and to the lineage of whoever stands at the head of their line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flywheel_sim.compile import draws
from flywheel_sim.engine.reference.books import OpenBooks
from flywheel_sim.engine.reference.person import ClockStretch, Person
from flywheel_sim.engine.reference.values import Values
from flywheel_sim.journey.events import Amount, Effects
from flywheel_sim.journey.figures import Dist, Rate
from flywheel_sim.journey.journey import SPEND_KIND_OF_ROLE, Journey, Stage, StageSet
from flywheel_sim.journey.units import MONTH, NEVER

#: Money of one firing that is booked and not yet credited: (side, kind, minor units).
Booked = tuple[str, str, int]


class Money:
    """The money of one run."""

    def __init__(self, journey: Journey, values: Values, books: OpenBooks) -> None:
        self.values, self.books, self.cohort_ms = values, books, journey.cohort_ms
        #: What people's accounts hold of money that accrued at prices which are the same for all, by side.
        self.accrued = {"earn": 0, "spend": 0}

    # -- at once ----------------------------------------------------------------------------------

    def amounts(self, parts: Sequence[Effects], person: Person, counter: int, now: int) -> list[list[int]]:
        """Return what each amount of some effects comes to, in minor units, drawn where it is a distribution."""
        return [[self.minor(amount, person, counter, now) for amount in part.money] for part in parts]

    def minor(self, amount: Amount, person: Person, counter: int, now: int) -> int:
        """Return what an amount comes to in minor units."""
        if isinstance(amount.value, Rate):
            return int(draws.whole_money(self.values.value(amount.value, person, now)))
        uniform = self.values.luck(person, amount.decision, counter)[1] if amount.decision else 0.0
        return int(draws.whole_money(self.values.sample(amount.value, uniform, person, now)))

    def pay(self, person: Person, amount: Amount, minor: int, now: int) -> Booked:
        """Book an amount; one that recurs counts until the next of its line."""
        kind = kind_of(amount, person.where)
        self.books.book(amount.side, amount.line, kind, person.group, now, minor)
        person.book(amount.side, minor)
        if amount.side == "earn" and amount.period_ms is not None:
            person.invoices[amount.line] = draws.monthly(float(minor), draws.FIXED * float(MONTH) / amount.period_ms)
        return amount.side, kind, minor

    def credit(self, person: Person, booked: Sequence[Booked], now: int) -> None:
        """Credit money just booked to the cohort of a customer: revenue, and service cost."""
        if person.acquired < 0:
            return
        root, _ = person.root()
        for side, kind, minor in booked:
            if kind not in ("", "service"):
                continue
            sign, force = 1 if side == "earn" else -1, self.books.force
            value = sign * draws.discounted(float(minor), force, now - person.acquired)
            self.earned(person, side, now, minor * draws.FIXED, value)
            if root >= 0:
                self.lineage(person, now, sign * draws.discounted(float(minor), force, now - root))

    def earned(self, person: Person, side: str, at: int, flat: int, value: int) -> None:
        """Add to revenue or service of the person's cohort, and to the margin discounted to acquisition."""
        acquired, group = person.acquired, person.cohort_group
        if side == "earn":
            self.books.cohort("revenue", acquired, at, flat)
        self.books.follow("revenue" if side == "earn" else "service", acquired, at, group, flat)
        self.books.follow("margin_discounted", acquired, at, group, value)
        person.margin_discounted += value

    def lineage(self, person: Person, at: int, value: int) -> None:
        """Add margin, discounted to the acquisition of the head of the person's line, to that line."""
        root, group = person.root()
        self.books.follow("lineage", root, at, group, value)

    # -- accruing ---------------------------------------------------------------------------------

    def open(self, person: Person, owners: Sequence[Stage | StageSet], now: int) -> None:
        """Let what a stage and its sets accrue begin, at prices as they are now."""
        person.stretches = [
            self.stretch(person, (owner.name, index), amount, now)
            for owner in owners
            for index, amount in enumerate(owner.accruals)
        ]
        self.look(person, now)

    def stretch(self, person: Person, place: tuple[str, int], amount: Amount, now: int) -> ClockStretch:
        """Return a stretch that begins now."""
        rate = price_of(amount)
        cell = self.values.cell(rate, person.state, now)
        price = self.values.at_cell(rate, person, cell)
        stretch = ClockStretch(place, amount, kind_of(amount, person.where), cell, price, person.group, now)
        if rate.spread is None:
            self.books.accrue(stretch, now, +1)
        return stretch

    def look(self, person: Person, now: int) -> None:
        """Note when time alone changes the price of something that accrues."""
        rates = (price_of(stretch.amount) for stretch in person.stretches)
        person.look_at = min((self.values.breakpoint(rate, person.state, now) for rate in rates), default=NEVER)

    def review(self, person: Person, now: int) -> None:
        """Close all stretches and begin anew where the group or a price's cell has changed."""
        if any(
            stretch.group != person.group
            or stretch.cell != self.values.cell(price_of(stretch.amount), person.state, now)
            for stretch in person.stretches
        ):
            places = [(stretch.place, stretch.amount) for stretch in person.stretches]
            self.close(person, now)
            person.stretches = [self.stretch(person, place, amount, now) for place, amount in places]
        self.look(person, now)

    def close(self, person: Person, end: int) -> None:
        """End all stretches: book and credit what has accrued."""
        for stretch in person.stretches:
            side, minor = stretch.amount.side, draws.whole_money(stretch.price * (end - stretch.begin))
            person.book(side, minor)
            if price_of(stretch.amount).spread is None:
                self.books.accrue(stretch, end, -1)
                self.accrued[side] += minor
            else:
                self.books.book_stretch(stretch, end)
            if person.acquired >= 0 and stretch.kind in ("", "service"):
                self.credit_stretch(person, stretch, end)
        person.stretches, person.look_at = [], NEVER

    def credit_stretch(self, person: Person, stretch: ClockStretch, end: int) -> None:
        """Credit what has accrued, by whole cohort periods of age."""
        price, side, force = stretch.price, stretch.amount.side, self.books.force
        sign = 1 if side == "earn" else -1
        for begin, stop in self.by_age(person.acquired, stretch.begin, end):
            flat = draws.discounted_flow(price, 0.0, begin, stop)
            value = sign * draws.discounted_flow(price, force, begin, stop)
            self.earned(person, side, person.acquired + begin, flat, value)
        root, _ = person.root()
        if root >= 0:
            for begin, stop in self.by_age(root, stretch.begin, end):
                self.lineage(person, root + begin, sign * draws.discounted_flow(price, force, begin, stop))

    def by_age(self, acquired: int, since: int, end: int) -> Iterator[tuple[int, int]]:
        """Split a stretch of time at whole cohort periods of age; yield ages in ms."""
        begin, last = since - acquired, end - acquired
        while begin < last:
            stop = min(last, (begin // self.cohort_ms + 1) * self.cohort_ms)
            yield begin, stop
            begin = stop

    # -- recurring --------------------------------------------------------------------------------

    def reckon(self, person: Person, now: int) -> None:
        """Book how monthly recurring revenue has moved since it was last reckoned."""
        old, new = person.mrr, recurring(person)
        if person.group != person.mrr_group:
            self.books.recur("transferred", person.mrr_group, now, -old)
            self.books.recur("transferred", person.group, now, old)
            person.mrr_group = person.group
        if new == old:
            return
        if old == 0:
            measure = "reactivation" if person.had_mrr else "new"
            person.had_mrr = True
        elif new == 0:
            measure = "churn"
        else:
            measure = "expansion" if new > old else "contraction"
        self.books.recur(measure, person.group, now, new - old)
        person.mrr = new


def recurring(person: Person) -> int:
    """Return a person's monthly recurring revenue, fixed point: last invoices, and what accrues."""
    prices = (stretch.price for stretch in person.stretches if stretch.amount.side == "earn")
    accruing = sum(int(draws.monthly(price, draws.FIXED * float(MONTH))) for price in prices)
    return sum(person.invoices.values()) + accruing


def earnings(part: Effects, paid: Sequence[int]) -> list[int]:
    """Return what some effects earn, of what each of their amounts comes to."""
    return [minor for amount, minor in zip(part.money, paid, strict=True) if amount.side == "earn"]


def kind_of(amount: Amount, stage: Stage) -> str:
    """Return the kind under which an amount is booked in a stage: "" for earnings."""
    return SPEND_KIND_OF_ROLE[stage.role] if amount.side == "spend" else ""


def price_of(amount: Amount) -> Rate:
    """Return the price per ms of what accrues."""
    assert not isinstance(amount.value, Dist), "what accrues is not drawn"
    return amount.value
