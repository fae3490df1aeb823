"""A person's money: what is booked at once, what accrues, what recurs, and whom it is credited to.

Money goes to the ledger's lines, to the person's own account, and, from acquisition on, to the cohort
of the person and to the lineage of whoever stands at the head of their line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flywheel_sim.compile import draws
from flywheel_sim.engine.reference.books import OpenBooks
from flywheel_sim.engine.reference.person import ClockStretch, Person
from flywheel_sim.engine.reference.values import Values
from flywheel_sim.journey.events import Amount, Effects, Event, Share
from flywheel_sim.journey.figures import Rate
from flywheel_sim.journey.journey import MARGIN_KINDS, Journey, Stage, StageSet
from flywheel_sim.journey.units import MONTH, NEVER

#: Money of one firing that is booked and not yet credited: (side, kind, millionths).
Booked = tuple[str, str, int]


class Money:
    """The money of one run.

    Attributes
    ----------
    accrued
        What people's accounts hold of money that accrued at prices which are the same for all, by side.
    followed
        What they hold on lines that nothing books, by side.
    """

    def __init__(self, journey: Journey, values: Values, books: OpenBooks) -> None:
        self.journey, self.values, self.books, self.cohort_ms = journey, values, books, journey.cohort_ms
        self.accrued, self.followed = {"earn": 0, "spend": 0}, {"earn": 0, "spend": 0}

    # -- at once ----------------------------------------------------------------------------------

    def amounts(self, parts: Sequence[Effects], person: Person, counter: int, now: int) -> list[tuple[Amount, int]]:
        """Return the amounts of one firing with what each comes to, in whole millionths, drawn where it is drawn.

        A share is of all that the firing earns on its line.
        """
        amounts = [amount for part in parts for amount in part.money]
        plain_amounts = [self.plain(amount, person, counter, now) for amount in amounts]
        earned: dict[str, int] = {}
        for amount, plain in zip(amounts, plain_amounts, strict=True):
            if amount.side == "earn" and plain is not None:
                earned[amount.line] = earned.get(amount.line, 0) + plain
        return [
            (amount, self.share(amount, person, earned, now) if plain is None else plain)
            for amount, plain in zip(amounts, plain_amounts, strict=True)
        ]

    def plain(self, amount: Amount, person: Person, counter: int, now: int) -> int | None:
        """Return what an amount comes to in millionths, None for a share."""
        if isinstance(amount.value, Share):
            return None
        if isinstance(amount.value, Rate):
            return int(draws.whole_money(self.values.value(amount.value, person, now)))
        uniform = self.values.luck(person, amount.decision, counter)[1] if amount.decision else 0.0
        return int(draws.whole_money(self.values.sample(amount.value, uniform, person, now)))

    def share(self, amount: Amount, person: Person, earned: Mapping[str, int], now: int) -> int:
        """Return what a share of something earned comes to in millionths."""
        assert isinstance(amount.value, Share)
        share = self.values.value(amount.value.rate, person, now)
        return int(draws.whole_money(share * float(earned.get(amount.value.of, 0))))

    def pay(self, person: Person, amount: Amount, millionths: int, now: int) -> list[Booked]:
        """Book an amount, and what follows from it; one for a period counts as long, or until the next of its line."""
        kind = self.kind_of(amount, person.where)
        self.books.book(amount.side, amount.line, kind, person.group, now, millionths)
        person.book(amount.side, millionths)
        if amount.side == "spend":
            return [(amount.side, kind, millionths)]
        if amount.period_ms is not None:
            person.invoices[amount.line] = self.invoice(amount, millionths, now + int(amount.period_ms))
        return [(amount.side, kind, millionths), *self.follow(person, amount.line, millionths)]

    def follow(self, person: Person, line: str, millionths: int) -> list[Booked]:
        """Put what follows from money earned on a line into a person's account; the ledger's follow at its end."""
        booked: list[Booked] = []
        for one in self.journey.derived:
            if line in one.of:
                share = int(draws.whole_money(one.share * float(millionths)))
                side = "spend" if one.kind else "earn"
                person.book(side, share)
                self.followed[side] += share
                booked.append((side, one.kind, share))
        return booked

    def credit(self, person: Person, booked: Sequence[Booked], now: int) -> None:
        """Credit money just booked to the cohort of a customer: revenue, cost of sales and service."""
        if person.acquired < 0:
            return
        root, _ = person.root()
        for side, kind, millionths in booked:
            if kind not in ("", *MARGIN_KINDS):
                continue
            sign, force = 1 if side == "earn" else -1, self.books.force
            value = sign * draws.discounted(float(millionths), force, now - person.acquired)
            self.earned(person, side, now, millionths, value)
            if root >= 0:
                self.lineage(person, now, sign * draws.discounted(float(millionths), force, now - root))

    def earned(self, person: Person, side: str, at: int, flat: int, value: int) -> None:
        """Add to revenue or cost of the person's cohort, and to the margin discounted to acquisition."""
        acquired, group = person.acquired, person.cohort_group
        if side == "earn":
            self.books.cohort("revenue", acquired, at, flat)
        for add in (self.books.follow, self.books.live):
            add("revenue" if side == "earn" else "cost", acquired, at, group, flat)
            add("margin_discounted", acquired, at, group, value)
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
        kind, number = self.kind_of(amount, person.where), counted(person, rate)
        stretch = ClockStretch(place, amount, kind, cell, price, person.group, now, number)
        if not rate.own:
            self.books.accrue(stretch, now, +1)
        return stretch

    def look(self, person: Person, now: int) -> None:
        """Note when time alone changes the price of something that accrues."""
        rates = (price_of(stretch.amount) for stretch in person.stretches)
        person.look_at = min((self.values.breakpoint(rate, person.state, now) for rate in rates), default=NEVER)

    def review(self, person: Person, now: int) -> None:
        """Close all stretches and begin anew where the group or a price's cell has changed."""
        self.lapse(person, now)
        if any(
            stretch.group != person.group
            or stretch.number != counted(person, price_of(stretch.amount))
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
            side, millionths = stretch.amount.side, draws.whole_money(stretch.price * (end - stretch.begin))
            person.book(side, millionths)
            if side == "earn":
                self.follow(person, stretch.amount.line, millionths)
            if not price_of(stretch.amount).own:
                self.books.accrue(stretch, end, -1)
                self.accrued[side] += millionths
            else:
                self.books.book_stretch(stretch, end)
            if person.acquired >= 0 and stretch.kind in ("", *MARGIN_KINDS):
                self.credit_stretch(person, stretch, end)
        person.stretches, person.look_at = [], NEVER

    def end(self, person: Person, horizon: int) -> None:
        """Close the books of a person to whom nothing more happens."""
        self.lapse(person, horizon)
        self.close_month(person)
        self.close(person, horizon)

    def credit_stretch(self, person: Person, stretch: ClockStretch, end: int) -> None:
        """Credit what has accrued, and what follows from it, by whole cohort periods of age."""
        price, force, shares = stretch.price, self.books.force, self.shares(stretch)
        for begin, stop in self.by_age(person.acquired, stretch.begin, end):
            flat, value = (
                draws.discounted_flow(price, 0.0, begin, stop),
                draws.discounted_flow(price, force, begin, stop),
            )
            for side, share in shares:
                self.earned(person, side, person.acquired + begin, part(flat, share), signed(side, part(value, share)))
        root, _ = person.root()
        if root >= 0:
            for begin, stop in self.by_age(root, stretch.begin, end):
                value = draws.discounted_flow(price, force, begin, stop)
                for side, share in shares:
                    self.lineage(person, root + begin, signed(side, part(value, share)))

    def shares(self, stretch: ClockStretch) -> list[tuple[str, float | None]]:
        """Return the sides on which a stretch counts in margins: its own (None), and those of what follows from it."""
        shares: list[tuple[str, float | None]] = [(stretch.amount.side, None)]
        for one in self.journey.derived if stretch.amount.side == "earn" else ():
            if stretch.amount.line in one.of and one.kind in ("", *MARGIN_KINDS):
                shares.append(("spend" if one.kind else "earn", one.share))
        return shares

    def by_age(self, acquired: int, since: int, end: int) -> Iterator[tuple[int, int]]:
        """Split a stretch of time at whole cohort periods of age; yield ages in ms."""
        begin, last = since - acquired, end - acquired
        while begin < last:
            stop = min(last, (begin // self.cohort_ms + 1) * self.cohort_ms)
            yield begin, stop
            begin = stop

    # -- recurring --------------------------------------------------------------------------------

    def book_mrr_change(self, person: Person, now: int) -> None:
        """Book how monthly recurring revenue has moved since it was last computed."""
        if person.where.role != "customer":
            person.invoices.clear()
        if person.group != person.mrr_group:
            self.begin_month(person, now)
            self.books.recur("transferred", person.mrr_group, now, -person.mrr)
            self.books.recur("transferred", person.group, now, person.mrr)
            person.mrr_group = person.group
        self.move(person, now)

    def lapse(self, person: Person, now: int) -> None:
        """Let invoices whose period was over before now count no longer, each from when it was."""
        while (over := min((until for _, until in person.invoices.values()), default=NEVER)) < now:
            person.invoices = {line: invoice for line, invoice in person.invoices.items() if invoice[1] > over}
            self.move(person, over)

    def move(self, person: Person, at: int) -> None:
        """Book the movement to what recurs now."""
        old, new = person.mrr, self.recurring(person)
        if new == old:
            return
        self.begin_month(person, at)
        if old == 0:
            measure = "reactivation" if person.had_mrr else "new"
            person.had_mrr = True
        elif new == 0:
            measure = "churn"
        else:
            measure = "expansion" if new > old else "contraction"
        self.books.recur(measure, person.mrr_group, at, new - old)
        person.mrr = new

    def open_with(self, person: Person, now: int) -> None:
        """Let somebody present have recurring revenue before the run: what accrues, and what clocks will bill who stay.

        An invoice counts until the first clock of its line fires that bills one for a period.
        """
        if person.where.role == "customer":
            for clock in person.clocks:
                if clock.wait is None or clock.wait.kind != "fixed" or not clock.event.recurring or clock.standing:
                    continue
                counter = person.visits[clock.owner] << 20 | clock.firing
                bills = {
                    amount.line: self.invoice(amount, plain, clock.due)
                    for effects in (clock.event.effects, *stays(clock.event))
                    for amount in effects.money
                    if amount.side == "earn" and amount.period_ms is not None
                    and (plain := self.plain(amount, person, counter, now)) is not None
                }  # fmt: skip
                person.invoices = {**bills, **person.invoices}
        person.mrr_group, person.mrr = person.group, self.recurring(person)
        person.had_mrr = person.mrr > 0 or person.where.role == "lapsed"
        self.books.recur("opening", person.group, now, person.mrr)
        person.month, person.month_mrr, person.month_group = now // MONTH, person.mrr, person.group

    def begin_month(self, person: Person, at: int) -> None:
        """Note what somebody has just before the month of a movement, and close the month of the one before."""
        if at // MONTH != person.month:
            self.close_month(person)
            person.month, person.month_mrr, person.month_group = at // MONTH, person.mrr, person.mrr_group

    def close_month(self, person: Person) -> None:
        """Book what has become of what somebody had just before the month in which it last moved."""
        changed = person.mrr - person.month_mrr
        if person.month_mrr > 0:
            self.books.keep("changed", person.month_group, person.month * MONTH, changed)
            self.books.keep("lost", person.month_group, person.month * MONTH, min(changed, 0))

    def recurring(self, person: Person) -> int:
        """Return a customer's monthly recurring revenue, millionths: invoices that count, and what accrues."""
        if person.where.role != "customer":
            return 0
        running = (stretch for stretch in person.stretches if stretch.amount.side == "earn")
        accruing = sum(self.recurs(one.amount.line, one.price, float(MONTH)) for one in running)
        return max(sum(monthly for monthly, _ in person.invoices.values()) + accruing, 0)

    def invoice(self, amount: Amount, millionths: int, until: int) -> tuple[int, int]:
        """Return an invoice for a period: what it comes to by the month, and when it counts no longer."""
        assert amount.period_ms is not None
        return self.recurs(amount.line, float(millionths), float(MONTH) / amount.period_ms), until

    def recurs(self, line: str, amount: float, factor: float) -> int:
        """Return what money on a line comes to as recurring revenue by the month, with what follows from it."""
        monthly = int(draws.monthly(amount, factor))
        recurring = monthly if self.journey.recurs(line) else 0
        for one in self.journey.derived:
            if line in one.of and one.recurring and not one.kind:
                recurring += part(monthly, one.share)
        return recurring

    def kind_of(self, amount: Amount, stage: Stage) -> str:
        """Return the kind under which an amount is booked in a stage: "" for earnings."""
        return self.journey.kind_of(amount.line, stage.role) if amount.side == "spend" else ""


def part(millionths: int, share: float | None) -> int:
    """Return a share of an amount, the whole of it for None."""
    return int(millionths if share is None else draws.whole_money(share * float(millionths)))


def stays(event: Event) -> tuple[Effects, ...]:
    """Return the effects of the first outcome with which somebody stays where they are."""
    return tuple(outcome.effects for outcome in event.outcomes if outcome.to is None)[:1]


def signed(side: str, millionths: int) -> int:
    """Return an amount with the sign that it has in a margin."""
    return millionths if side == "earn" else -millionths


def counted(person: Person, rate: Rate) -> int:
    """Return what the counter holds that multiplies a price, 0 without one."""
    return person.state[rate.per] if rate.per else 0


def price_of(amount: Amount) -> Rate:
    """Return the price per ms of what accrues."""
    assert isinstance(amount.value, Rate), "what accrues is neither drawn nor a share"
    return amount.value
