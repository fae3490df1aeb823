"""One synthetic shop in New York, and subscriptions, written as the exports of many tools have them."""

import csv
import datetime as dt
import random
from dataclasses import dataclass
from zoneinfo import ZoneInfo

HOME = ZoneInfo("America/New_York")
UTC = dt.UTC


@dataclass(frozen=True)
class Order:
    number: int
    customer: str
    at: dt.datetime  # with the zone of the shop
    lines: tuple[tuple[str, int, float], ...]  # what, how many, price of one
    status: str = "paid"  # paid, failed, cancelled, pending
    refunded: float = 0.0

    @property
    def total(self):
        return round(sum(count * price for _, count, price in self.lines), 2)


def shop(customers=60, seed=5):
    """Return the orders of the shop, through both changes of the clocks; some fail, some are refunded in full."""
    luck = random.Random(seed)
    orders, number = [], 1000
    for who in range(customers):
        at = dt.datetime(2024, 1, 2, 9, 0) + dt.timedelta(minutes=luck.randrange(200 * 1440))
        for _ in range(luck.choice((1, 1, 2, 3, 5))):
            number += 1
            lines = tuple((f"tee {k}", luck.randint(1, 3), luck.randint(500, 4000) / 100)
                          for k in range(luck.randint(1, 3)))  # fmt: skip
            status = luck.choices(("paid", "failed", "cancelled", "pending"), (85, 5, 5, 5))[0]
            one = Order(number, f"c{who:03d}@example.com", at.replace(tzinfo=HOME), lines, status)
            if status == "paid" and luck.random() < 0.2:
                part = one.total if luck.random() < 0.5 else round(one.total / 4, 2)
                one = Order(number, one.customer, one.at, lines, status, part)
            orders.append(one)
            at += dt.timedelta(minutes=luck.choice((30, 200, 30_000, 60_000)))
    evening = (dt.datetime(2024, 7, 4, 19, 30), dt.datetime(2024, 7, 4, 20, 30))  # 23:30 and 00:30 UTC
    orders += [Order(9000 + k, "evening@example.com", at.replace(tzinfo=HOME), (("mug", 1, 8.0),))
               for k, at in enumerate(evening)]  # fmt: skip
    orders.append(
        Order(9100, "returned@example.com", evening[0].replace(tzinfo=HOME), (("mug", 2, 8.0),), refunded=16.0)
    )
    orders.append(Order(9200, "failed@example.com", evening[0].replace(tzinfo=HOME), (("mug", 2, 8.0),), "failed"))
    return orders


def leaving_shop(customers=400, seed=7):
    """Return the orders of a shop whose customers differ in their pace and leave after some later purchase.

    Paces are gamma with r = 0.8 and alpha = 5 weeks, chances to leave beta with a = 0.8 and b = 2.4. Of the orders
    0.91 * 0.97 are purchases, so that alpha of those is 5.66.
    """
    luck = random.Random(seed)
    orders, number, ends = [], 50_000, dt.datetime(2024, 12, 31)
    for who in range(customers):
        at = dt.datetime(2024, 1, 2, 9, 0) + dt.timedelta(minutes=luck.randrange(200 * 1440))
        pace, leaves = luck.gammavariate(0.8, 1 / 5), luck.betavariate(0.8, 2.4)
        bought = 0
        while at < ends:
            number += 1
            lines = tuple((f"tee {k}", luck.randint(1, 3), luck.randint(500, 4000) / 100)
                          for k in range(luck.randint(1, 3)))  # fmt: skip
            status = luck.choices(("paid", "failed", "cancelled", "pending"), (91, 3, 3, 3))[0]
            one = Order(number, f"c{who:03d}@example.com", at.replace(tzinfo=HOME), lines, status)
            if status == "paid" and luck.random() < 0.1:
                part = one.total if luck.random() < 0.3 else round(one.total / 4, 2)
                one = Order(number, one.customer, one.at, lines, status, part)
            orders.append(one)
            counts = status == "paid" and one.refunded < one.total
            bought += counts
            if counts and bought > 1 and luck.random() < leaves:
                break
            at += dt.timedelta(weeks=luck.expovariate(pace) + 1e-4) if pace > 1e-9 else ends - at
    return orders


def expected(orders):
    """Return what is to be read: (customer, day) to (amount, orders)."""
    found = {}
    for one in orders:
        if one.status == "paid" and one.refunded < one.total:
            key = one.customer, one.at.date()
            amount, count = found.get(key, (0.0, 0))
            found[key] = round(amount + one.total - one.refunded, 2), count + 1
    return found


def headed(text):
    """Return headings that stand with commas between."""
    return text.split(",")


def write(path, rows, **how):
    encoding = how.pop("encoding", "utf-8")
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, **how).writerows(rows)
    return path


def shopify(path, orders):
    head = headed("Name,Email,Financial Status,Paid at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,"
            "Created at,Lineitem quantity,Lineitem name,Lineitem price,Billing Name,Notes,Cancelled at,Refunded Amount,"
            "Id")  # fmt: skip
    rows = [head]
    for one in orders:
        status = {"failed": "voided", "cancelled": "paid"}.get(one.status, one.status)
        if one.refunded:
            status = "refunded" if one.refunded == one.total else "partially_refunded"
        stamp = one.at.strftime("%Y-%m-%d %H:%M:%S %z")
        cancelled = stamp if one.status == "cancelled" else ""
        for k, (what, count, price) in enumerate(one.lines):
            own = [f"#{one.number}", *[""] * (len(head) - 1)]
            if k == 0:
                own[1:11] = [one.customer, status, stamp, "yes", "USD", one.total, 0, 0, f"{one.total:.2f}", stamp]
                own[14:] = [
                    "A. Name",
                    "a note,\nof two lines",
                    cancelled,
                    f"{one.refunded:.2f}",
                    one.number + 7_000_000,
                ]
            own[11:14] = [count, what, price]
            rows.append(own)
    return write(path, rows)


def _stripe(path, orders, head, stamp):
    words = {"paid": "Paid", "failed": "Failed", "cancelled": "Canceled", "pending": "Pending"}
    rows = [head]
    for one in orders:
        at = one.at.astimezone(UTC)
        own = {
            "id": f"ch_{one.number}", head[1]: at.strftime(stamp), head[2]: at.strftime(stamp),
            "Amount": f"{one.total:.2f}", "Amount Refunded": f"{one.refunded:.2f}", "Currency": "usd",
            "Customer ID": f"cus_{one.customer}", "Status": words[one.status], "Captured": "true", "Mode": "Live",
        }  # fmt: skip
        rows.append([own.get(name, "") for name in head])
    return write(path, rows, lineterminator="\r\n")


def stripe_old(path, orders):
    head = headed("id,Description,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,"
            "Converted Amount Refunded,Fee,Tax,Converted Currency,Mode,Status,Statement Description,Customer ID,"
            "Customer Description,Customer Email,Captured,Card Last4")  # fmt: skip
    return _stripe(path, orders, head, "%Y-%m-%d %H:%M")


def stripe_new(path, orders):
    head = headed("id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,"
            "Converted Amount Refunded,Converted Currency,Fee,Is Link,Mode,Payment Source Type,"
            "Status,Customer ID")  # fmt: skip
    return _stripe(path, orders, head, "%Y-%m-%d %H:%M:%S")


def chartmogul_invoices(path, orders):
    """Write invoices, which have no amounts: refunded and cancelled ones are void."""
    head = headed("Customer external ID,Invoice external ID,Invoiced date,Due date,Currency,Status,Collection Method")
    rows = [head]
    for one in orders:
        lost = one.status != "paid" or one.refunded == one.total
        rows.append(
            [one.customer, f"in_{one.number}", one.at.strftime("%Y-%m-%d"), "", "USD", "void" * lost or "paid", ""]
        )
    return write(path, rows)


def plain(path, orders):
    """Write a plain table: refunds are rows of their own, without a number of the order."""
    rows = [("customer_id", "date", "amount_usd", "status")]
    rows += [(one.customer, one.at.date(), f"{one.total:.2f}", one.status) for one in orders]
    rows += [(one.customer, one.at.date() + dt.timedelta(days=0), f"-{one.refunded:.2f}", "paid")
             for one in orders if one.refunded]  # fmt: skip
    return write(path, rows)


def european(path, orders):
    """Write what a German spreadsheet saves: semicolons, decimal comma, points between thousands, a BOM."""
    words = {"paid": "Bezahlt", "failed": "Fehlgeschlagen", "cancelled": "Storniert", "pending": "Offen"}

    def money(amount):
        return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))

    rows = [("Bestellnummer", "Kunde", "Datum", "Betrag", "Erstattet", "Status")]
    rows += [(one.number, one.customer, one.at.strftime("%d.%m.%Y %H:%M"), money(one.total), money(one.refunded),
              words[one.status]) for one in orders]  # fmt: skip
    return write(path, rows, delimiter=";", encoding="utf-8-sig", lineterminator="\r\n")


def american(path, orders):
    """Write what an American spreadsheet saves: month first, twelve hours, dollars, in UTF-16 with tabs."""
    rows = [("Order Number", "Customer Email", "Order Date", "Order Total", "Refund Amount", "Order Status")]
    rows += [(one.number, one.customer.upper(), one.at.strftime("%m/%d/%Y %I:%M %p"), f"${one.total:,.2f}",
              f"${one.refunded:,.2f}" if one.refunded else "", one.status.title()) for one in orders]  # fmt: skip
    return write(path, rows, delimiter="\t", encoding="utf-16")


def unix(path, orders):
    """Write what an interface gives: milliseconds since 1970, cents."""
    rows = [("order_id", "user_id", "created", "amount_cents", "refunded_cents", "status", "currency")]
    rows += [(one.number, one.customer, int(one.at.timestamp() * 1000), round(one.total * 100),
              round(one.refunded * 100), one.status, "USD") for one in orders]  # fmt: skip
    return write(path, rows)


def retail(path, orders):
    """Write what UCI's Online Retail has: quantity and price, cancelled invoices begin with C and are negative."""
    head = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
    rows = [head]
    for one in orders:
        if one.status != "paid":
            continue
        stamp = f"{one.at.month}/{one.at.day}/{one.at.year} {one.at.hour}:{one.at.minute:02d}"
        rows += [
            (one.number, what, "CAFÉ", count, stamp, price, one.customer, "UK") for what, count, price in one.lines
        ]
        if one.refunded:
            rows.append((f"C{one.number}", "back", "", -1, stamp, one.refunded, one.customer, "UK"))
    rows.append((99999, "X", "adjusted", -5, rows[1][4], 0, "", "UK"))
    return write(path, rows, encoding="latin-1")


def woo(path, orders):
    head = ("Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),"
            "Net Sales,Attribution")  # fmt: skip
    rows = [headed(head)]
    rows += [(f"{one.at:%Y-%m-%d %H:%M:%S}", one.number, f"${one.total}", "completed", "Ann Smith", "new", "", 1, "",
              one.total, "") for one in orders]  # fmt: skip
    return write(path, rows, encoding="utf-8-sig")


#: By format: what writes it, and what the user says to read it.
FORMATS = {
    "shopify": (shopify, {}),
    "stripe_old": (stripe_old, {"zone": "America/New_York"}),
    "stripe_new": (stripe_new, {"zone": "America/New_York"}),
    "plain": (plain, {}),
    "european": (european, {}),
    "american": (american, {}),
    "unix": (unix, {"zone": "America/New_York", "amounts": "cents"}),
    "retail": (retail, {}),
}


# -- subscriptions --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subscription:
    number: str
    customer: str
    plan: str
    start: dt.date
    end: dt.date | None
    price: float


def subscribers(count=40, seed=6):
    """Return subscriptions that begin and end on the first of a month; some customers come back."""
    luck = random.Random(seed)

    def month(number):
        return dt.date(2023 + number // 12, number % 12 + 1, 1)

    found = []
    for who in range(count):
        begin = luck.randrange(0, 12)
        plan, price = luck.choice((("Basic", 19.0), ("Pro", 49.0)))
        for _ in range(luck.choice((1, 1, 2))):
            length = luck.choice((1, 3, 6, 99))
            end = month(begin + length) if begin + length < 24 else None
            found.append(Subscription(f"s{who}", f"c{who}", plan, month(begin), end, price))
            begin += length + 2
            if end is None or begin >= 23:
                break
    return found


def any_day(count=200, seed=9):
    """Return subscriptions that begin and end on any day, as customers differ in how soon they leave."""
    luck = random.Random(seed)
    found = []
    for who in range(count):
        start = dt.date(2023, 1, 1) + dt.timedelta(days=luck.randrange(500))
        churn, end = luck.betavariate(0.9, 4.0), start
        while end <= dt.date(2024, 12, 31):
            end += dt.timedelta(days=30 + luck.randrange(3))
            if luck.random() < churn:
                break
        found.append(
            Subscription(f"s{who}", f"c{who}", "Pro", start, end if end <= dt.date(2024, 12, 31) else None, 49.0)
        )
    return found


def by_month(subscriptions):
    """Return subscriptions as a summary by month knows them: from the first month begun to the first not paid."""

    def first_of_next(day):
        return day and (day.replace(day=1) + dt.timedelta(days=31 * (day.day > 1))).replace(day=1)

    months = [(one, first_of_next(one.start), first_of_next(one.end)) for one in subscriptions]
    return [Subscription(one.number, one.customer, one.plan, start, end, one.price)
            for one, start, end in months if end is None or start < end]  # fmt: skip


def lived(subscriptions):
    """Return what is to be read: customer, start, end and price, in order."""
    return sorted((one.customer, one.start, one.end, one.price) for one in subscriptions)


def stripe_subscriptions(path, subscriptions):
    head = headed("id,Customer ID,Customer Name,Status,Amount,Interval,Created (UTC),Start (UTC),Start Date (UTC),"
                  "Current Period End (UTC),Trial Start (UTC),Trial End (UTC),Canceled At (UTC),"
                  "Ended At (UTC)")  # fmt: skip
    rows = [head]
    for k, one in enumerate(subscriptions):
        start, end = (f"{day} 12:00" if day else "" for day in (one.start, one.end))
        cancelled = end or ("2024-12-20 12:00" if k % 7 == 0 else "")
        rows.append([f"sub_{k}", one.customer, "A. Name", "canceled" if end else "active", f"{one.price:.2f}", "month",
                     start, start, start, "2025-01-15 12:00", "", "", cancelled, end])  # fmt: skip
    rows.append(["sub_t", "c_t", "", "trialing", "19.00", "month", *["2024-12-20 12:00"] * 3, "", "", "", "", ""])
    rows.append(
        ["sub_i", "c_i", "", "incomplete_expired", "19.00", "month", *["2024-10-20 12:00"] * 3, "", "", "", "", ""]
    )
    return write(path, rows)


def chartmogul_events(path, subscriptions):
    head = headed("External ID,Subscription set external ID,Subscription external ID,Customer external ID,"
                  "Plan external ID,Date,Effective Date,Event Type,Currency,Amount in Cents,Quantity,"
                  "Retracted event ID,Event Order")  # fmt: skip
    rows, number = [head], 0
    for one in subscriptions:
        events = [("subscription_start", one.start, one.price), ("subscription_updated", one.start, one.price + 1)]
        events += [("subscription_cancelled", one.end, 0)] if one.end else [
            ("subscription_cancellation_scheduled", dt.date(2024, 12, 1), 0)]  # fmt: skip
        for what, day, price in events:
            number += 1
            rows.append([f"e{number}", one.number, one.number, one.customer, one.plan, day, day, what, "EUR",
                         round(100 * price), 1, "", ""])  # fmt: skip
        if not one.end:  # and thought better of it
            rows.append([f"r{number}", one.number, one.number, one.customer, one.plan, "2024-12-02", "2024-12-02",
                         "scheduled_subscription_cancellation_retracted", "EUR", 0, 1, f"e{number}", ""])  # fmt: skip
    return write(path, rows)


def chargebee_months(path, subscriptions):
    rows = [("id", "customer_id", "subscription_id", "reporting_month", "status", "billing_currency_code",
             "mrr_billing_currency")]  # fmt: skip
    for one in subscriptions:
        for number in range(24):
            first = dt.date(2023 + number // 12, number % 12 + 1, 1)
            last = (first + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
            pays = one.start <= first and (one.end is None or first < one.end)
            if pays or (one.end is not None and first == one.end):
                rows.append((len(rows), one.customer, one.number, last, "active", "EUR", one.price if pays else 0))
    return write(path, rows)


def plain_subscriptions(path, subscriptions):
    rows = [("customer", "plan", "start_date", "end_date", "monthly price")]
    rows += [(one.customer, one.plan, one.start, one.end or "", one.price) for one in subscriptions]
    return write(path, rows)


#: By format: what writes it, and what the user says to read it.
SUBSCRIPTION_FORMATS = {
    "stripe": (stripe_subscriptions, {"zone": "America/New_York"}),
    "chartmogul": (chartmogul_events, {}),
    "chargebee": (chargebee_months, {}),
    "plain": (plain_subscriptions, {}),
}
