"""How totals are called, which stand in a row, a column or a group beside what they are totals of."""

from __future__ import annotations

import re

#: What totals are called, plainly written.
TOTALS = frozenset(("total", "totals", "grand total", "sum", "gesamt", "summe", "gesamtsumme"))

#: What the first cell of a row of totals begins with, and what stands there alone.
_TOTAL = re.compile(r"((grand |sub ?)?totals?|gesamt[^ ]*|insgesamt|(zwischen)?summen?)( .*)?|sum")


def is_total(words: str) -> bool:
    """Tell whether a text, plainly written, begins as totals do."""
    return _TOTAL.fullmatch(words) is not None
