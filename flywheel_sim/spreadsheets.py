"""Tables for spreadsheets: CSV in which no text is taken for a formula."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

#: What spreadsheets skip before they look for a formula: blanks, and characters that nobody sees.
_BLANK = r" \0-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"

#: With what a formula begins, and what the system of another country writes for it.
_SIGN = "[=+@＝＋－＠﹦﹢﹣﹫-]"

#: A figure with or without a unit: -5 %, +3.5 EUR, -2 points, +1e-3 per month.
_FIGURE = r"[+-](?:\d[\d,.]*|\.\d+)(?:e[+-]?\d+)?(?: ?[%€$£¥])?(?: ?[^\W\d_]+)?(?: [^\W\d_]+)*"

#: Where a cell begins, also one that some spreadsheets make of what stands behind a semicolon or a line break.
_FORMULA = re.compile(
    rf"(^(?=[{_BLANK}]*[\t\r]|[{_BLANK}\t\r\n]*{_SIGN})|[;\t\r\n](?=[{_BLANK}]*{_SIGN}))(?! *{_FIGURE} *(?:$|[;\r\n]))"
)


@lru_cache(maxsize=1 << 12)
def harmless(text: str) -> str:
    """Return a text with an apostrophe before what a spreadsheet would take for a formula.

    Examples
    --------
    >>> harmless("=1+1"), harmless(" @SUM(A1)"), harmless("-5 %"), harmless("a - b")
    ("'=1+1", "' @SUM(A1)", '-5 %', 'a - b')
    """
    marked = _FORMULA.sub(r"\1'", text.encode("utf-8", "replace").decode())
    return marked.replace("\r\n", "\n").replace("\r", "\n")  # before which not every writer of CSV puts quotes


def csv_of(frame: Any, path: Path | None = None) -> str:
    """Return a data frame as CSV text, or write it to a path; texts in it are harmless, numbers as they are.

    Examples
    --------
    >>> import pandas as pd
    >>> csv_of(pd.DataFrame({"why": ["=1+1", "-5 %"], "value": [-1.5, 2.0]}))
    "why,value\\n'=1+1,-1.5\\n-5 %,2.0\\n"
    """
    shown = frame.rename(columns=_cell)
    for at, kind in enumerate(frame.dtypes):
        if kind.kind not in "biufcmM":
            shown.isetitem(at, frame.iloc[:, at].map(_cell))
    written = shown.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    return written or ""


def _cell(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value
