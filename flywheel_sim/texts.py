"""Texts that others wrote, made fit to be shown: nothing hidden in them, none without end.

Where a journey's texts enter they are made `visible`, so that levels, columns and names still match one another; where
they are shown they are cut.
"""

from __future__ import annotations

import hashlib
import re

#: Characters that steer a terminal, reorder or break lines, or cannot stand in XML; newline and tab are none of them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)

#: A text that names something is shown to so many characters, on a chart to fewer, and a reason and a quote to so many.
LONGEST_NAME, LONGEST_LABEL, LONGEST_REASON, LONGEST_QUOTE = 120, 40, 2_000, 80
#: So much is shown of a rule or a remedy in all.
_LONGEST_SENTENCE = 1_000

_LONG_NAME = {most: re.compile(rf"([\w-]{{{most + 1},}})(…[0-9a-f]{{6}})?") for most in (LONGEST_NAME, LONGEST_LABEL)}
_QUOTE = re.compile(r"(?<!\w)'((?:[^']|(?<=\w)'(?=\w))*)'(?!\w)")
_LONG_PART = re.compile(rf"[^\s/.'\"]{{{LONGEST_QUOTE + 1},}}")


def visible(text: str) -> str:
    r"""Return a text with every control character written as an escape; newlines and tabs stay.

    Examples
    --------
    >>> print(visible("red\x1b[31m"))
    red\x1b[31m
    """
    return text if text.isprintable() else _HIDDEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def one_line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split()) if "\n" in text or "\t" in text else text


def titled(name: str) -> str:
    """Return what names something as a title, a sentence or a bar shows it: on one line, and not too long."""
    return _told_apart(one_line(name))


def shortened(text: str, most: int = LONGEST_NAME) -> str:
    """Return a text with every name in it that is too long cut, so that long names are still told apart."""
    if len(text) <= most:
        return text
    return _LONG_NAME[most].sub(lambda match: _told_apart(match[1], match[2], most), text)


def _told_apart(name: str, ending: str | None = None, most: int = LONGEST_NAME) -> str:
    """Return a name, a long one cut and ended by digits that follow from all of it, or by those it was cut with."""
    if len(name) <= most:
        return name
    digits = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:6]
    return f"{name[: most - 7]}{ending or f'…{digits}'}"


def reason(why: str) -> str:
    """Return a reason as a table shows it: on one line, and not without end."""
    return cut(one_line(why), LONGEST_REASON)


def cut(text: str, most: int = LONGEST_QUOTE) -> str:
    """Return a text of at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def quoted(text: str) -> str:
    """Return what an error says: nothing hidden in it, and all that it quotes cut; parts of a path count one by one.

    Examples
    --------
    >>> len(quoted(f"'{'a' * 500}' is not known here"))
    100
    """
    text = visible(text)
    if len(text) <= LONGEST_QUOTE:
        return text
    text = _QUOTE.sub(lambda match: match[0] if "/" in match[1] else f"'{cut(match[1])}'", text)
    return _LONG_PART.sub(lambda match: cut(match[0]), text)


def sentence(text: str) -> str:
    """Return a rule, a remedy or a dotted path: as `quoted`, on one line, and not without end."""
    return cut(one_line(quoted(text)), _LONGEST_SENTENCE)
