"""A file of orders as mess has it, and what is to become of every row of it."""

import csv
import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field

HEAD = ("Order ID", "Email", "Date", "Total", "Refunded", "Status", "Cancelled", "Paid with", "Note")
WORDS = {
    "paid": ("paid", "Paid", "PAID ", "Completed", "completed"),
    "cancelled": ("cancelled", "Canceled", "CANCELLED"),
    "failed": ("failed", "Failed", "declined"),
    "pending": ("pending", "Pending", "on-hold", "On hold"),
}
FLAGS = {False: ("no", "No", "FALSE", "0", ""), True: ("yes", "TRUE", "1", "Y")}
CHANNELS = (("PayPal", "Paypal", "PAYPAL", " paypal"), ("Card", "card"), ("Invoice", "invoice"))
NOTES = ("", "", "", "leave at\nthe door", 'a "gift", please', "ring\r\ntwice")
BAD_DATES = ("2024-02-31 10:00", "soon", "0000-00-00", "2024-13-01")
BAD_FIGURES = ("oops", "12..5", "n/a?", "#REF!")

AS_IS = ("read as is", "")
LINE, STATE = ("merged", "a further line of an order"), ("merged", "an earlier state of the same order")
AGAIN, BACK = ("merged", "the same row again"), ("merged", "a refund, taken off an order")
SAME_DAY, GONE = ("merged", "another order of the same day"), ("set aside", "refunded in full")
CANCELLED, FAILED, PENDING = (("set aside", rule) for rule in ("cancelled", "failed", "not paid yet"))
IDLE, FREE = ("set aside", "a refund of an order that does not count"), ("set aside", "amount 0")
NOBODY, NOTHING = ("set aside", "no customer"), ("set aside", "nothing in the row")
DATE, NO_DATE = ("refused", "a date that cannot be read"), ("refused", "no date")
FIGURE, NO_FIGURE = ("refused", "a figure that cannot be read"), ("refused", "no figure")
SHORT, EARLY = ("refused", "fewer cells than headings"), ("refused", "a date before 1980-01-01")


@dataclass
class Mess:
    """The file as it is written, and what is known of it.

    Attributes
    ----------
    rows
        Cells of each row, and what becomes of it.
    bought
        Customer and day to amount and number of orders: what is to be read.
    """

    luck: random.Random
    rows: list = field(default_factory=list)
    bought: dict = field(default_factory=dict)
    used: set = field(default_factory=set)
    number: int = 0

    def fates(self):
        """Return how many rows become what."""
        return Counter(fate for _, fate in self.rows)

    def cells(self, at, amount, status="paid", flag=False, back="", **other):
        """Return the cells of a row of the present order."""
        luck, who = self.luck, self.who
        channel = luck.choice(CHANNELS[int(who[1:]) % 3])
        when = at.strftime(luck.choice(("%Y-%m-%d %H:%M", "%d %b %Y %H:%M", "%b %d, %Y %I:%M %p")))
        own = dict(zip(HEAD, (f"#{self.number}", f"{who}@mail.example", when, self.money(amount), back,
                              luck.choice(WORDS[status]), luck.choice(FLAGS[flag]), channel,
                              luck.choice(NOTES)), strict=True))  # fmt: skip
        return list({**own, **other}.values())

    def money(self, amount):
        """Return an amount as somebody writes it."""
        shape = self.luck.choice(("{:.2f}", "{:,.2f}", "${:,.2f}", "USD {:,.2f}", "{:,.2f} $"))
        return shape.format(amount) if amount >= 0 else "-" + shape.format(-amount)

    def order(self, kind):
        """Add the rows of one more order."""
        luck = self.luck
        self.number += 1
        while True:
            self.who = f"k{luck.randrange(1500)}"
            at = dt.datetime(2024, 1, 1, 8) + dt.timedelta(days=luck.randrange(360), minutes=2 * luck.randrange(360))
            if (self.who, at) not in self.used:
                break
        self.used.add((self.who, at))
        later, amount = at + dt.timedelta(minutes=1), luck.randrange(500, 300_000) / 100
        part = round(amount / 4, 2)
        rows, paid = getattr(self, f"_{kind}")(at, later, amount, part)
        if paid:
            key = self.who, at.date()
            total, orders = self.bought.get(key, (0.0, 0))
            self.bought[key] = round(total + paid, 2), orders + 1
            if orders:
                rows = [(cells, SAME_DAY if fate == AS_IS else fate) for cells, fate in rows]
        self.rows += rows

    # -- kinds of orders: their rows, and what is to be read as paid --

    def _plain(self, at, later, amount, part):
        return [(self.cells(at, amount), AS_IS)], amount

    def _lines(self, at, later, amount, part):
        more = [(self.cells(at, amount + k), LINE) for k in range(1, self.luck.choice((2, 3)))]
        return [(self.cells(at, amount), AS_IS), *more], sum(amount + k for k in range(len(more) + 1))

    def _lines_that_say_nothing(self, at, later, amount, part):
        blank = {"Email": "", "Date": "", "Status": "", "Cancelled": "", "Paid with": ""}
        return [(self.cells(at, amount), AS_IS), (self.cells(at, part, **blank), LINE)], amount + part

    def _one_line_cancelled(self, at, later, amount, part):
        return [(self.cells(at, amount), AS_IS), (self.cells(at, part, flag=True), CANCELLED)], amount

    def _paid_in_the_end(self, at, later, amount, part):
        return [(self.cells(at, amount, "pending"), STATE), (self.cells(at, amount), AS_IS)], amount

    def _cancelled_in_the_end(self, at, later, amount, part):
        return [(self.cells(at, amount), STATE), (self.cells(at, amount, flag=True), CANCELLED)], 0

    def _restored_in_the_end(self, at, later, amount, part):
        return [(self.cells(at, amount, flag=True), STATE), (self.cells(at, amount), AS_IS)], amount

    def _twice(self, at, later, amount, part):
        return [(self.cells(at, amount), AGAIN), (self.cells(at, amount), AS_IS)], amount

    def _cancelled(self, at, later, amount, part):
        return [(self.cells(at, amount, "cancelled"), CANCELLED)], 0

    def _failed(self, at, later, amount, part):
        return [(self.cells(at, amount, "failed"), FAILED)], 0

    def _pending(self, at, later, amount, part):
        return [(self.cells(at, amount, "pending"), PENDING)], 0

    def _part_back_in_a_column(self, at, later, amount, part):
        return [(self.cells(at, amount, back=self.money(part)), AS_IS)], amount - part

    def _all_back_in_a_column(self, at, later, amount, part):
        return [(self.cells(at, amount, back=self.money(amount)), GONE)], 0

    def _part_back_in_a_row(self, at, later, amount, part):
        return [(self.cells(at, amount), AS_IS), (self.cells(later, -part), LINE)], amount - part

    def _all_back_in_a_row(self, at, later, amount, part):
        return [(self.cells(at, amount), GONE), (self.cells(later, -amount), GONE)], 0

    def _part_back_without_a_number(self, at, later, amount, part):
        return [(self.cells(at, amount), AS_IS), (self.cells(later, -part, **{"Order ID": ""}), BACK)], amount - part

    def _all_back_without_a_number(self, at, later, amount, part):
        return [(self.cells(at, amount), GONE), (self.cells(later, -amount, **{"Order ID": ""}), BACK)], 0

    def _cancelled_and_booked_back(self, at, later, amount, part):
        return [(self.cells(at, amount, "cancelled"), CANCELLED), (self.cells(later, -amount, "cancelled"), IDLE)], 0

    def _nobody(self, at, later, amount, part):
        return [(self.cells(at, amount, Email=self.luck.choice(("", " ", "null", "(blank)"))), NOBODY)], 0

    def _free(self, at, later, amount, part):
        return [(self.cells(at, 0), FREE)], 0

    def _bad_date(self, at, later, amount, part):
        return [(self.cells(at, amount, Date=self.luck.choice(BAD_DATES)), DATE)], 0

    def _early(self, at, later, amount, part):
        return [(self.cells(at, amount, Date="1900-01-01 00:00"), EARLY)], 0

    def _no_date(self, at, later, amount, part):
        return [(self.cells(at, amount, Date=""), NO_DATE)], 0

    def _bad_figure(self, at, later, amount, part):
        return [(self.cells(at, amount, Total=self.luck.choice(BAD_FIGURES)), FIGURE)], 0

    def _no_figure(self, at, later, amount, part):
        return [(self.cells(at, amount, Total=""), NO_FIGURE)], 0

    def _short(self, at, later, amount, part):
        return [(self.cells(at, amount)[:4], SHORT)], 0


#: Kinds and how many of a hundred orders or so are of each; refused rows are 3 in 100.
KINDS = {
    "plain": 36, "lines": 8, "lines_that_say_nothing": 5, "one_line_cancelled": 3, "paid_in_the_end": 6,
    "cancelled_in_the_end": 4, "restored_in_the_end": 2, "twice": 5, "cancelled": 4, "failed": 4, "pending": 4,
    "part_back_in_a_column": 3, "all_back_in_a_column": 2, "part_back_in_a_row": 2, "all_back_in_a_row": 2,
    "part_back_without_a_number": 2, "all_back_without_a_number": 1, "cancelled_and_booked_back": 2, "nobody": 2,
    "free": 1, "bad_date": 2.5, "early": 0.2, "no_date": 0.4, "bad_figure": 0.6, "no_figure": 0.3, "short": 0.3,
}  # fmt: skip


def messy(path, count=20_000, seed=11):
    """Write a file of so many rows, the last five of them blank lines; return what is known of it."""
    mess = Mess(random.Random(seed))
    while len(mess.rows) < count - 8:
        mess.order(mess.luck.choices(list(KINDS), list(KINDS.values()))[0])
    while len(mess.rows) < count - 5:
        mess.order("plain")
    order = sorted(range(len(mess.rows)), key=lambda at: at + mess.luck.choice((0, 0, 40.5)) * (at % 7 == 0))
    mess.rows = [mess.rows[at] for at in _kept_in_order(mess.rows, order)]
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([HEAD, *(cells for cells, _ in mess.rows)])
        file.write("\r\n" * 5)
    mess.rows += [([], NOTHING)] * 5
    return mess


def _kept_in_order(rows, order):
    """Return places of rows among which those of one order stand in their own order."""
    mine = {}
    for at in range(len(rows)):
        mine.setdefault(rows[at][0][0], []).append(at)
    mine = {number: iter(places) for number, places in mine.items()}
    return [next(mine[rows[at][0][0]]) for at in order]
