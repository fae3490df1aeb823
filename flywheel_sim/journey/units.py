"""Quantities with their units, as written: the only place where text becomes a number.

Time is counted in whole milliseconds. A month is a twelfth of a 365-day year.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
YEAR = 365 * DAY
MONTH = YEAR // 12
#: The largest effective annual discount: beyond it a year later is next to nothing.
MOST_DISCOUNT = 10.0
#: For how long anybody is followed at most.
LONGEST_LIFE = 100 * YEAR

#: A duration without end: longer than any horizon, and safe to add to any time.
NEVER = 1 << 62

#: No figure is larger than this, so that no product of figures leaves the range of a float.
LARGEST = 1e15
#: No figure but 0 is smaller than this, so that none is taken for 0.
SMALLEST = 1e-100

#: How many characters a figure has at most, with its unit.
LONGEST_TEXT = 1_000

UNITS = {
    "second": SECOND,
    "minute": MINUTE,
    "hour": HOUR,
    "day": DAY,
    "week": WEEK,
    "month": MONTH,
    "year": YEAR,
}

#: Money is counted in whole millionths of the currency: how many make one of it.
MILLIONTHS = 1_000_000

#: No amount of money is larger than this, so that the books stay within their numbers.
MOST_MONEY = 1e8

#: What is wrong with money of more than six decimals.
TOO_FINE = "money is counted in millionths, and this has more than six decimals"

Form = Literal["number", "percent", "duration", "points", "relative", "of_mean", "never"]
PeriodReading = Literal["kept", "lost"]

_NUMBER = r"[+-]?(?:[0-9]+(?:_[0-9]+)*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|[+-]?\.[0-9]+"
_SPAN = r"(?:(?P<count>[0-9]+(?:\.[0-9]+)?)\s+)?(?P<unit>[A-Za-z]+)"
_QUANTITY = re.compile(
    rf"(?P<number>{_NUMBER})"
    rf"(?:\s*(?P<percent>%)|\s+of\s+(?P<of>{_NUMBER}))?"
    r"(?:\s+(?P<word>[A-Za-z]+(?:\s+mean)?))?"
    rf"(?:\s+per\s+(?P<what>(?!(?:{'|'.join(UNITS)})s?(?![\w-]))[A-Za-z_][\w-]*)(?=\s|$))?"
    rf"(?:\s+per\s+{_SPAN})?"
)


class UnitError(ValueError):
    """A text that is no quantity: carries the rule it breaks and the remedy."""

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(f"{rule}; {remedy}")
        self.rule = rule
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as written, with its unit.

    Attributes
    ----------
    number
        The figure in its own unit: a fraction for percentages (0.35 for ``35 %``),
        milliseconds for durations.
    form
        What kind of figure it is.
    per_ms
        Length in milliseconds of the period after ``per``, or None.
    reading
        ``kept`` or ``lost`` where a chance per period says which.
    per_what
        The thing counted after ``per``, such as ``customer`` or ``invite``, or None.
    text
        The text it was read from.
    """

    number: float
    form: Form
    per_ms: float | None = None
    reading: PeriodReading | None = None
    per_what: str | None = None
    text: str = ""


def looks_like_quantity(text: str) -> bool:
    """Tell whether a text starts like a figure rather than a name."""
    return text == "never" or bool(re.match(r"[+-]?\.?\d", text))


@lru_cache(maxsize=1 << 16)  # each strategy reads what the others have read
def parse(text: str) -> Quantity:
    """Return the quantity a text stands for.

    Raises
    ------
    UnitError
        If the text is no quantity, or names an unknown unit.
    """
    text = text.strip()
    if text == "never":
        return Quantity(NEVER, "never", text=text)
    if len(text) > LONGEST_TEXT:
        raise UnitError("no figure is this long", "write at most 15 digits and a unit")
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise _no_quantity(text)
    number = _number(match["number"])
    per_ms = None
    if match["unit"]:
        per_ms = _number(match["count"] or "1") * unit_ms(match["unit"])
        if per_ms <= 0:
            raise UnitError("a period has a length", "write a positive number after 'per'")
    form: Form = "number"
    if match["of"] is not None:
        number, form = _share(number, float(match["of"].replace("_", ""))), "percent"
    elif match["percent"]:
        number, form = number / 100.0, "percent"
    number, form, reading = _read(match["word"], number, form, per_ms, text)
    if form not in ("number", "percent") and (per_ms or match["what"]):
        raise UnitError("only chances, rates and money are said 'per' something", f"write {text.split(' per ')[0]}")
    return Quantity(number, form, per_ms, reading, match["what"], text)


def _number(text: str) -> float:
    """Return the number that digits stand for.

    Raises
    ------
    UnitError
        If it is too large to reckon with, or so small that it would be taken for 0.
    """
    number = float(text.replace("_", ""))
    if abs(number) > LARGEST:
        raise UnitError("no figure is this large", "write at most 1e15")
    if abs(number) < SMALLEST and re.match(r"[^eE]*[1-9]", text):
        raise UnitError("no figure but 0 is this small", "write 0, or at least 1e-100")
    return number


def _no_quantity(text: str) -> UnitError:
    """Return what is wrong with a text that does not look like a quantity."""
    plain = "".join(str(unicodedata.decimal(one, one)) for one in text)
    if plain != text:
        return UnitError("figures are written in the digits 0 to 9", f"write {plain}")
    if re.match(r"[+-]?\d{1,3}(,\d{3})+", text):
        return UnitError("a number has no commas", "write 1000 or 1_000")
    if re.match(r"[+-]?\d+,\d+", text):
        return UnitError("a decimal sign is a point", f"write {text.replace(',', '.', 1)}")
    if re.match(r"[+-]?[\d.]+\s*%\s+of\s+[A-Za-z_]", text):
        rule = "a share of a line stands by itself under 'earn' or 'spend'"
        return UnitError(rule, "for a table of shares name a rate that holds them, such as goods: share of coffee")
    remedy = "write a number with its unit, such as 35 %, 20 of 30, 95 % per month, 14 days or 49"
    return UnitError("not a quantity", remedy)


def _share(number: float, whole: float) -> float:
    """Return a number as a share of a whole."""
    if whole <= 0:
        raise UnitError("'of' takes a positive whole", "write 20 of 30")
    if whole > LARGEST or not abs(number / whole) <= LARGEST:
        raise UnitError("no figure is this large", "write 20 of 30")
    if number and abs(number / whole) < SMALLEST:
        raise UnitError("no figure but 0 is this small", "write 20 of 30")
    return number / whole


def _read(
    word: str | None, number: float, form: Form, per_ms: float | None, text: str
) -> tuple[float, Form, PeriodReading | None]:
    """Return number, form and reading of a figure, given the word after it."""
    if word in ("kept", "lost"):
        if form != "percent" or per_ms is None:
            raise UnitError(f"'{word}' is said of a chance per period", f"write 85 % {word} per year")
        return number, form, "kept" if word == "kept" else "lost"
    if word in ("point", "points") and form == "number":
        return number / 100.0, "points", None
    if word == "relative" and form == "percent":
        return number, "relative", None
    if word == "of mean" and form == "percent":
        return number, "of_mean", None
    if word is None:
        return number, form, None
    if form == "percent":
        raise UnitError(f"'{word}' is no word of a chance", "write 35 %, or 85 % kept per year")
    length = round(number * unit_ms(word))
    if length < 0:
        raise UnitError("a duration is not negative", f"write {text.lstrip('-')}")
    if length >= NEVER:
        raise UnitError("a duration this long is 'never'", "write never")
    return length, "duration", None


def unit_ms(word: str) -> int:
    """Return the length of a unit of time in milliseconds.

    Raises
    ------
    UnitError
        If the word names no unit.
    """
    singular = word[:-1] if word.endswith("s") and len(word) > 1 else word
    if singular in UNITS:
        return UNITS[singular]
    import difflib

    short = {"yr": "year", "mo": "month", "wk": "week", "hr": "hour", "min": "minute",
             "sec": "second", "d": "day", "w": "week", "h": "hour", "m": "month", "y": "year"}  # fmt: skip
    near = short.get(singular.lower()) or next(
        iter(difflib.get_close_matches(singular.lower(), UNITS, n=1, cutoff=0.7)), None
    )
    remedy = f"did you mean '{near}'?" if near else "units are " + ", ".join(UNITS)
    raise UnitError(f"'{word}' is no unit of time", remedy)


def format_duration(ms: float) -> str:
    """Return a duration in its largest whole unit, such as ``36 months``."""
    for unit in ("year", "month", "week", "day", "hour", "minute", "second"):
        count = ms / UNITS[unit]
        if ms and count == int(count):
            return f"{int(count)} {unit}{'s' if count != 1 else ''}"
    return f"{ms / DAY:g} days"


def millionths(amount: float) -> float:
    """Return an amount of money in millionths of the currency, as exactly as it is written."""
    return float(Decimal(repr(amount)).scaleb(6))
