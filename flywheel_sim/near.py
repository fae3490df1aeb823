"""Names near a wrong one, found as fast among thousands as among ten, however often somebody asks."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Collection, Iterable

#: Up to so many names are compared with one another letter by letter.
FEW = 150

#: Longer names are no slips of the hand.
LONGEST = 60


class Known:
    """Names among which others are looked for.

    Attributes
    ----------
    names
        They in order, each once.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(set(names))
        self.plain = {one.lower(): one for one in reversed(self.names) if len(one) <= LONGEST}
        #: The names in small letters, in order, where they are many; and those with a letter left out.
        self.order = sorted(self.plain) if len(self.names) > FEW else []
        self.shorter: dict[str, str] = {}
        for one in reversed(self.order):
            self.shorter |= dict.fromkeys(_one_left_out(one), one)

    def near(self, name: str) -> list[str]:
        """Return up to two names that are near."""
        if len(name) > LONGEST:
            return []
        name = name.lower()
        among = list(self.plain)
        if self.order:
            at = bisect_left(self.order, name)
            a_letter_off = {self.shorter[one] for one in (name, *_one_left_out(name)) if one in self.shorter}
            a_letter_off |= {one for one in _one_left_out(name) if one in self.plain}
            among = sorted(a_letter_off)[:4] or self.order[max(at - 2, 0) : at + 2]
        return [self.plain[one] for one in dict.fromkeys(difflib.get_close_matches(name, among, n=2, cutoff=0.6))]


def _one_left_out(name: str) -> list[str]:
    """Return a name without each of its letters in turn."""
    return [name[:at] + name[at + 1 :] for at in range(len(name))]


#: Many names as they were asked about last, how many they were then, and what was made of them.
_asked: list[tuple[Collection[str], int, Known]] = []


def among(names: Iterable[str]) -> Known:
    """Return names as ones to look among; the same many names, asked about again, are made ready once.

    Examples
    --------
    >>> among(["retention", "price"]).near("retenton")
    ['retention']
    """
    if not isinstance(names, Collection) or len(names) <= FEW:
        return Known(names)
    for held, count, made in _asked:
        if held is names and count == len(names):
            return made
    made = Known(names)
    _asked[:] = [(names, len(names), made), *_asked[:3]]
    return made
