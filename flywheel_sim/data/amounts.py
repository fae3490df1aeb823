"""Amounts of money in cells: decimal point or comma, thousands apart, signs of currencies, cents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from flywheel_sim.data.source.cells import BoolArray, Column, FloatArray
from flywheel_sim.data.source.columns import CURRENCIES, SIGNS, Heading
from flywheel_sim.errors import DataError
from flywheel_sim.texts import titled

#: Larger amounts are no amounts of anything.
_LARGEST = 1e12

#: Money is exact to so many decimals.
DECIMALS = 6

#: A plain number of a program; and what is left of others once signs and blanks are gone.
_PLAIN = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")
_UNIT = r"(?P<{}>[^\W\d_]{{0,3}}\.?[€$£¥₹₽₩]|[^\W\d_]{{1,6}}\.?)?"
_MONEY = re.compile(
    r"(?P<open>\()?(?P<sign>[-+])?" + _UNIT.format("before") + r"(?P<sign2>[-+])?(?P<figure>\d[\d.,']*|[.,]\d+)"
    r"(?P<sign3>-)?" + _UNIT.format("after") + r"(?P<close>\))?(?P<percent>%)?"
)
#: Names of currencies that are of several countries.
_WORDS = frozenset(
    ("kr", "rs", "ft", "lei", "euro", "euros", "dollar", "peso", "pesos", "franc", "francs", "lv", "din")
)
_SPACES = str.maketrans("", "", "\u00a0\u202f\u2009 \t'’")


@dataclass(frozen=True)
class Amounts:
    """The amounts of a column.

    Attributes
    ----------
    values
        NaN where none could be read; shape (rows,).
    sound
        Where one could.
    units
        The currency that stands beside each, "" where none does; shape (rows,), or None where none does anywhere.
    said
        What was assumed.
    """

    values: FloatArray
    sound: BoolArray
    units: Any
    said: tuple[str, ...]


def read_amounts(
    column: Column, file: str, *, decimal: str | None = None, cents: bool = False, separator: str = "",
    percent: bool = False,
) -> Amounts:  # fmt: skip
    """Return the amounts of a column, in units of the currency.

    Parameters
    ----------
    column, file
        The cells, and the name of the file, for errors.
    decimal
        The sign before decimals, None where the amounts themselves have to show it.
    cents
        Whether they are hundredths.
    separator
        Between the cells of the file: one that is a semicolon is of a country where a comma may stand before decimals.
    percent
        Whether figures in % are taken too.

    Raises
    ------
    DataError
        If it cannot be told which sign stands before decimals.
    """
    if column.kind == "time":
        return Amounts(np.full(len(column), np.nan), np.zeros(len(column), bool), None, ())
    units, said = None, []
    if column.kind == "number":
        values = column.values.astype(np.float64)
    elif (plainly := _all_plain(column, decimal, separator)) is not None:
        values = plainly
    else:
        words = column.word_list()
        place = f"{titled(file)}, column '{titled(column.name)}'"
        parsed = [None if _PLAIN.fullmatch(word) else _MONEY.fullmatch(word.replace("−", "-").translate(_SPACES))
                  for word in words]  # fmt: skip
        figures = [word if one is None else one["figure"].rstrip(".,") for word, one in zip(words, parsed, strict=True)]
        sign = decimal or _decimal(figures, place, separator)
        by_word = np.array(
            [_value(word, one, sign, percent) for word, one in zip(words, parsed, strict=True)] + [np.nan]
        )
        values = by_word[column.codes]
        named = [_currency(one) for one in parsed]
        if any(named):
            units = np.array([*named, ""], dtype=object)[column.codes]
        if sign == ",":
            said.append(f"'{titled(column.name)}' has a comma before decimals.")
    sound = ~column.blank & np.isfinite(values) & (np.abs(values) < _LARGEST)
    values = np.where(sound, values, np.nan)
    return Amounts(np.round(values / 100 if cents else values, DECIMALS), sound, units, tuple(said))


def _all_plain(column: Column, decimal: str | None, separator: str) -> FloatArray | None:
    """Return the amounts where all are written as programs write numbers, so that millions are read at once."""
    import pyarrow.compute as pc

    if decimal == "," or (decimal is None and separator == ";"):
        return None
    words = column.words
    used = np.append(np.zeros(len(words), bool), False)
    used[column.codes] = True
    plain = pc.match_substring_regex(words, r"^[-+]?\d{1,15}(\.\d{1,15})?$").to_numpy(zero_copy_only=False).astype(bool)
    if not plain[used[:-1]].all():
        return None
    figures = pc.if_else(plain, words, None).cast("double").to_numpy(zero_copy_only=False)
    return np.asarray(np.append(figures, np.nan)[column.codes])


def _currency(one: re.Match[str] | None) -> str:
    """Return the currency beside a figure, "" where none stands there."""
    unit = "" if one is None else (one["before"] or one["after"] or "").casefold()
    if unit.upper() in CURRENCIES:
        return unit.upper()
    return SIGNS.get(unit, SIGNS.get(unit[-1:], ""))


def _decimal(figures: list[str], place: str, separator: str) -> str:
    """Return the sign before decimals, as figures themselves show it; raises as `read_amounts`."""
    comma = point = False
    unsure: set[str] = set()
    for figure in set(figures):
        commas, points = figure.count(","), figure.count(".")
        if max(commas, points) > 1 and not _grouped(figure.split("." if points > commas else ",")):
            continue  # it is no amount, whatever the sign
        if commas and points:
            comma |= figure.rfind(",") > figure.rfind(".")
            point |= figure.rfind(",") < figure.rfind(".")
        elif commas + points == 1:
            whole, sign, rest = figure.partition("," if commas else ".")
            if len(rest) == 3 and whole.lstrip("-+") not in ("", "0") and len(whole.lstrip("-+")) <= 3:
                unsure.add(sign)
            elif rest:
                comma |= sign == ","
                point |= sign == "."
        elif commas > 1:
            point = True
        elif points > 1:
            comma = True
    if comma and point:
        raise DataError(f"{place}: some amounts have a comma before decimals and some a point; write decimal='.' or "
                        "decimal=','")  # fmt: skip
    if comma or point:
        return "," if comma else "."
    if len(unsure) > 1 or (unsure and separator == ";") or ("," in unsure and separator != ","):
        raise DataError(f"{place}: amounts such as those with three digits behind the sign can be thousands or "
                        "decimals; write decimal='.' or decimal=','")  # fmt: skip
    return "."


def _value(word: str, one: re.Match[str] | None, decimal: str, percent: bool) -> float:
    """Return an amount, NaN where it is none."""
    thousands = "," if decimal == "." else "."
    if one is None:
        if not _PLAIN.fullmatch(word):
            return np.nan
        if decimal == ".":
            return float(word)
        whole, dot, rest = word.partition(".")  # a point between thousands, where a comma stands before decimals
        return float(whole + rest) if not dot or len(rest) == 3 else np.nan
    unit = (one["before"] or one["after"] or "").casefold().rstrip(".")
    strange = bool(unit) and not _currency(one) and unit not in _WORDS
    if strange or bool(one["open"]) != bool(one["close"]) or (one["before"] and one["after"]):
        return np.nan
    if one["percent"] and not percent:
        return np.nan
    figure = one["figure"].rstrip(".,")  # 12.- is twelve, and nothing behind
    whole, _, rest = figure.partition(decimal)
    if thousands in rest or decimal in rest or not _grouped(whole.split(thousands)):
        return np.nan
    digits = whole.replace(thousands, "").replace("'", "")
    if not (digits + rest).isdigit() or not (digits + rest).isascii():
        return np.nan
    behind = one["sign3"] if figure == one["figure"] else None
    negative = bool(one["open"]) or "-" in (one["sign"], one["sign2"], behind)
    value = float(f"{digits or '0'}.{rest or '0'}")
    return -value if negative else value


def _grouped(parts: list[str]) -> bool:
    """Tell whether digits between the signs of thousands are as many as they have to be; Indian ones are two."""
    return len(parts) == 1 or (all(len(part) in (2, 3) for part in parts[1:]) and len(parts[-1]) == 3
                               and 1 <= len(parts[0]) <= 3)  # fmt: skip


def are_cents(heading: str, amounts: str | None, known: str | None, place: str) -> bool:
    """Tell whether amounts are hundredths: as the user says, as is known of the export, else if no heading says so.

    Raises
    ------
    DataError
        If a heading says cents, and nobody else says anything.
    """
    if amounts is not None:
        return amounts == "cents"
    if known is None and Heading(heading).cents:
        raise DataError(f"{place}: its heading says cents; write amounts='cents', or amounts='units' if it is not so")
    return known == "cents"
