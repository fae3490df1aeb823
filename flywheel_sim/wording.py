"""How sentences name things: lists, ordinals, strategies, figures with their sign and interval."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Sequence

from flywheel_sim.stats import NOTHING, Estimate, between, with_unit
from flywheel_sim.texts import shortened


def joined(names: Sequence[str]) -> str:
    """Return names as a sentence lists them."""
    return shortened(" and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0])


def counted(number: float, what: str) -> str:
    """Return how many there are of something in words.

    Examples
    --------
    >>> counted(1, "customer"), counted(2357, "customer")
    ('1 customer', '2,357 customers')
    """
    return f"{number:,.0f} {what}{'s' * (round(number) != 1)}"


def sentences(said: Iterable[str]) -> list[str]:
    """Return remarks as sentences: a capital first, a full stop last."""
    return [f"{one[:1].upper()}{one[1:]}." for one in said]


def either(names: Sequence[str]) -> str:
    """Return names as a sentence offers them."""
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def lowered(label: str) -> str:
    """Return a label as it stands within a sentence."""
    return label if label.isupper() else label[0].lower() + label[1:]


def ordinal(k: int) -> str:
    """Return a number as it counts things in a row: 2nd, 3rd, 11th, 21st."""
    ending = "th" if k % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(k % 10, "th")
    return f"{k}{ending}"


def called(name: str, first: bool = False) -> str:
    """Return a strategy's name as it stands in a sentence."""
    if name in ("funnel", "flywheel"):
        return f"{'The' if first else 'the'} {name}"
    return f"'{shortened(name)}'"


def signed(estimate: Estimate) -> str:
    """Return an estimate with its sign and interval, for a sentence."""
    sign = "+" if estimate.mean > NOTHING else ""
    if math.isnan(estimate.low):
        return f"{sign}{with_unit(estimate.mean, estimate.unit)}"
    ends = between(estimate.low, estimate.high)
    return f"{sign}{with_unit(estimate.mean, estimate.unit)} ({estimate.level * 100:g} % interval {ends})"


# -- tables of texts ------------------------------------------------------------------------------------

#: Columns of a terminal.
WIDTH = 80
#: Spaces between columns, and where they would not fit else.
_GAPS = (2, 1)


def text_table(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int = WIDTH, named: int = 1) -> str:
    """Return a table as text that fits a terminal: long cells go on in the next line, too many columns below.

    Parameters
    ----------
    heads, rows
        What stands over the columns, and their cells. Columns of figures stand to the right.
    width
        Of the terminal.
    named
        How many columns, from the left, name a row; these are said again where columns go on below.
    """
    if not heads:
        return ""
    cells = [[shortened(str(cell)) for cell in row] for row in (heads, *rows)]
    columns = list(zip(*cells, strict=True))
    right = [_is_figures(texts[1:]) for texts in columns]
    for gap in _GAPS:
        widths = _widths(columns, right, width, named, gap)
        if sum(widths) + gap * (len(widths) - 1) <= width:
            break
    blocks: list[list[int]] = []
    at = named
    while at < len(columns) or not blocks:
        block, used = list(range(named)), sum(widths[:named]) + gap * max(0, named - 1)
        while at < len(columns) and (len(block) == named or used + gap + widths[at] <= width):
            used += gap + widths[at]
            block.append(at)
            at += 1
        blocks.append(block)
    return "\n\n".join(_block(cells, block, widths, right, gap) for block in blocks)


_FIGURES = re.compile(r"[+\-−±]?[\d,.]+( ?%)?( ± [\d,.]+)?( ?%)?|[+-]?∞|n/a|")


def _is_figures(texts: Sequence[str]) -> bool:
    """Tell whether most cells are figures, with or without an interval; others are such as ``not within 5 months``."""
    there = [text for text in texts if text]
    figures = sum(_FIGURES.fullmatch(text) is not None for text in there)
    return figures > len(there) / 2 and all(len(text) <= _LONGEST for text in there)


#: Longer cells are no figures.
_LONGEST = 24


def _widths(columns: Sequence[Sequence[str]], right: Sequence[bool], width: int, named: int, gap: int) -> list[int]:
    """Return how wide each column is: as its longest cell, the widest ones narrowed until all fit, if they can.

    Figures are not broken, the words over them are.
    """
    widths = [max(map(len, texts)) for texts in columns]
    least = []
    for (head, *texts), figures in zip(columns, right, strict=True):
        words = [*head.split(" "), *(texts if figures else (word for text in texts for word in text.split(" ")))]
        least.append(max(map(len, words)))
    while sum(widths) + gap * (len(widths) - 1) > width:
        wide = [i for i in range(len(widths)) if widths[i] > max(least[i], _NARROWEST)]
        wide = [i for i in wide if i >= named or widths[i] > _NAME] or wide  # names are broken last
        if not wide:
            break
        widths[max(wide, key=lambda i: widths[i])] -= 1
    return widths


#: So long a name may be before it is broken as other texts are.
_NAME = 44
#: Columns are not made narrower than this.
_NARROWEST = 8


def _block(
    cells: Sequence[Sequence[str]], block: Sequence[int], widths: Sequence[int], right: Sequence[bool], gap: int
) -> str:
    """Return some columns of a table as lines."""
    lines = []
    for row in cells:
        parts = [_lines(row[i], widths[i]) or [""] for i in block]
        for k in range(max(map(len, parts))):
            texts = [part[k] if k < len(part) else "" for part in parts]
            padded = [text.rjust(widths[i]) if right[i] else text.ljust(widths[i])
                    for text, i in zip(texts, block, strict=True)]  # fmt: skip
            lines.append((" " * gap).join(padded).rstrip())
    return "\n".join(lines)


def wrapped(text: str, width: int = WIDTH) -> str:
    """Return a text in lines that fit a terminal; lines that fit stay as they are."""
    return "\n".join(line if len(line) <= width else "\n".join(_lines(line, width)) for line in text.split("\n"))


def _lines(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
