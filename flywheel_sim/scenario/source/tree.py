"""The file as written: nested dicts and lists of raw texts, each with its place."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, cast

from flywheel_sim.errors import Problem
from flywheel_sim.journey.units import millionths

T = TypeVar("T")

#: A raw value: text, None for ``~``, or nested mappings and lists of these.
Raw = Any
Path_ = tuple[str, ...]

#: The key under which a merge leaves the bare value that moves a rate's family.
MOVED = "(moved to)"

#: The place of what is not written in any file.
IN_CODE = "<values set in code>"

#: What is wrong with a text that cannot be written to a file.
HALF_A_CHARACTER = "this text holds half a character, which no file can hold"
_SURROGATE = re.compile("[\ud800-\udfff]")

#: The last step of the path under which the place of a key, not of its value, is kept.
KEY = "(key)"


class Mark(NamedTuple):
    """A place in a file; line and column count from 1, 0 for values given in code."""

    file: str
    line: int = 0
    column: int = 0


def encodes(text: str) -> bool:
    """Tell whether a text can be written to a file: not where it holds half a character (a lone surrogate)."""
    return text.isascii() or not _SURROGATE.search(text)


def item(listed: Raw, step: str) -> Any:
    """Return the item of a list that a step of a path counts off, None where it is no list or not so long."""
    index = int(step) if isinstance(listed, list) and step.isdecimal() and len(step) < 10 else -1
    return listed[index] if 0 <= index < len(listed) else None


class Spot(NamedTuple):
    """Where a value stands and where its key does, with the places of what is in it.

    Attributes
    ----------
    mark, key
        Where the value stands, and its key; None where there is none.
    inner
        The places of the values in it, by key or in order; None where there are none, or all stand where it does.
    """

    mark: Mark | None
    key: Mark | None = None
    inner: dict[str, Any] | list[Any] | None = None  # of places

    def step(self, key: str) -> Spot | None:
        """Return the place of a value in this one, None where it is not known."""
        if isinstance(self.inner, dict):
            return self.inner.get(key)
        return item(self.inner, key) if isinstance(self.inner, list) else None

    def within(self, key: str) -> Spot:
        """Return the place of a value in this one, this one itself where that is not known."""
        return self.step(key) or Spot(self.mark)

    def with_inner(self, key: str, place: Spot) -> Spot:
        """Return this place with another in it."""
        return self._replace(inner={**(self.inner if isinstance(self.inner, dict) else {}), key: place})


NOWHERE = Spot(None)


@dataclass(slots=True)
class Tree:
    """Raw values with the place of every key and value, and the folders whose files it may name."""

    root: dict[str, Raw]
    place: Spot = NOWHERE
    folders: tuple[str, ...] = ()
    #: Characters of the text it was read from.
    size: int = 0
    #: What was found out about the values as they are, by name.
    found: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def memo(self, name: str, find: Callable[[Tree], T]) -> T:
        """Return what there is to find out about the values, found out once."""
        if name not in self.found:
            self.found[name] = find(self)
        return cast("T", self.found[name])

    def mark(self, path: Path_) -> Mark:
        """Return the place of a value, or of the nearest thing around it that has one."""
        steps = path[:-1] if path[-1:] == (KEY,) else path
        around = [self.place]
        for step in steps:
            if (inner := around[-1].step(step)) is None:
                break
            around.append(inner)
        found = around[-1].mark
        if found and steps is path and len(around) > len(path):
            return found
        return next((mark for place in reversed(around) if (mark := place.key or place.mark)), Mark(IN_CODE))

    def strategy_of(self, path: Path_, mark: Mark) -> str:
        """Return the strategy that states the value at a path where a mark is, "" for none."""
        strategies = self.place.within("strategies").inner
        if not isinstance(strategies, dict):
            return ""
        before = bisect_right([place.key for place in strategies.values()], mark)  # a file holds them in order
        name = [*strategies][before - 1] if before else ""
        place = strategies.get(name)
        for step in path:
            place = place and place.step(step)
        return name if place and place.mark == mark else ""

    def at(self, path: Path_) -> Raw:
        """Return the raw value at a path, or None where there is none."""
        node: Raw = self.root
        for key in path:
            if isinstance(node, dict) and key in node:
                node = node[key]
            elif (node := item(node, key)) is None:
                return None
        return node

    def locate(self, path: Path_) -> Path_:
        """Return the path as written: steps that inline forms leave out are dropped."""
        node: Raw = self.root
        written: list[str] = []
        for key in path:
            if isinstance(node, dict) and key in node:
                node = node[key]
            elif (inner := item(node, key)) is not None:
                node = inner
            else:
                continue
            written.append(key)
        return tuple(written)

    def too_fine(self, amount: float, path: Path_) -> bool:
        """Tell whether a file states money with more than six decimals; figures of code are rounded instead."""
        return bool(millionths(amount) % 1) and self.mark(path).file != IN_CODE

    def problem(self, path: Path_, value: object, rule: str, remedy: str, key: str | None = None) -> Problem:
        """Return a problem placed at a path.

        The place is the value's, where that is a text; else the key's. With ``key``, the problem is
        with that key of the mapping at the path, whether it stands there or is missing. Without a
        ``value``, the text that stands there is shown.
        """
        written = self.locate(path)
        raw = self.at(written)
        if key is not None:
            mark = self.mark((*written, key, KEY))
            written = (*written, key)
        else:
            mark = self.mark(written if isinstance(raw, str) else (*written, KEY))
            value = raw if value is None else value
        shown = value if isinstance(value, str) else ""
        steps = ".".join(step for step in written if step != MOVED)
        return Problem(mark.file, mark.line, mark.column, steps, shown, rule, remedy)


def tree_of(values: dict[str, Raw], origin: str) -> Tree:
    """Return a tree of values given in code, all placed at their origin."""
    return Tree(values, Spot(Mark(origin)))
