"""One currency for all amounts: the one they have, or of several the one that the user says."""

from __future__ import annotations

from typing import Any

import numpy as np

from flywheel_sim.data.account import ASIDE
from flywheel_sim.data.source.cells import BoolArray, Column
from flywheel_sim.data.source.columns import SIGNS, Heading
from flywheel_sim.data.source.opened import refused
from flywheel_sim.data.taking import Taken
from flywheel_sim.texts import titled
from flywheel_sim.wording import joined

#: Currencies whose sign is that of the dollar too.
_DOLLARS = frozenset(("ARS", "AUD", "CAD", "CLP", "COP", "HKD", "MXN", "NZD", "SGD", "TWD", "USD"))


def currency_of(file: Taken, beside: Any, counted: BoolArray, role: str = "amount") -> str | None:
    """Return the currency of all amounts, None where nobody says; rows of others are set aside.

    Parameters
    ----------
    file
        What was taken of a file.
    beside
        What stands beside the amounts of rows, None where nothing does.
    counted
        Which rows have amounts that count.
    role
        Whose heading may say a currency.

    Raises
    ------
    DataError
        If there are several and the user says none, or none of the one that is said.
    """
    wanted = file.asked.currency
    heading = ""
    if "currency" in file:
        column = file.columns["currency"].texts()
        heading = column.name
        said = np.array([_code(word) for word in column.word_list()] + [""], dtype=object)[column.codes]
    elif beside is not None:
        said = currencies_of(file, file.columns[role], beside)
    else:
        named = Heading(file.columns[role].name).currency if role in file else ""
        if wanted and named and wanted != named:
            raise refused(file.file, f"column '{file.columns[role].name}' says {named} and currency={wanted!r} another",
                          f"write currency={named!r}")  # fmt: skip
        return wanted or named or None
    found = sorted({str(one) for one in np.unique(said[counted & file.tally.left].astype(str))} - {""})
    if wanted is None and len(found) > 1:
        listed = joined(found[:8]) + (" ..." if len(found) > 8 else "")
        raise refused(file.file, f"amounts are in several currencies, {listed}",
                      f"say which counts, and others are set aside: currency={found[0]!r}")  # fmt: skip
    if wanted is not None and found and wanted not in found:
        raise refused(file.file, f"no amount is in {wanted}; they are in {joined(found[:8])}",
                      f"write currency={found[0]!r}")  # fmt: skip
    chosen = wanted or next(iter(found), None)
    others = (said != "") & (said != chosen)
    file.tally.mark(others & (chosen is not None), ASIDE, "another currency", heading)
    return chosen


def currencies_of(file: Taken, column: Column, units: Any) -> Any:
    """Return the currency of every amount: what stands beside it, else what the heading says; "" where nobody does.

    Raises
    ------
    DataError
        If the heading says one, all amounts another, and the user none.
    """
    named = Heading(column.name).currency
    if units is None:
        return np.full(len(column), named, dtype=object)
    if named in _DOLLARS:
        units = np.where(units == "USD", named, units)  # $ is a dollar, and the heading says whose
    others = sorted(set(units[file.tally.left].tolist()) - {""})
    if named and others and named not in others and file.asked.currency is None:
        raise refused(file.file, f"column '{titled(column.name)}' says {named} and its amounts {joined(others[:8])}",
                      f"rename the column, or say which counts: currency={others[0]!r}")  # fmt: skip
    return np.where(units == "", named, units)


def _code(word: str) -> str:
    """Return the code of a currency; what is no code is one of its own, and not shown."""
    code = word.strip().upper()
    if len(code) == 3 and code.isascii() and code.isalpha():
        return code
    return SIGNS.get(word.strip().casefold(), "???")
