"""How the figures of a page are made: one module for each page, named as the page is.

A recipe makes runs (`Page.making`), takes figures from them (`Page.figure`), and holds sentences to them (`Page.says`).
Seeds and numbers of replications are those that the page states.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

#: Processor seconds from which runs are slow.
SLOW = 120


@dataclass(frozen=True)
class Making:
    """How some runs are made, and about how many seconds of processor time that takes."""

    name: str
    make: Callable[..., Any]
    seconds: float
    of: tuple[Making, ...] = ()

    @property
    def slow(self) -> bool:
        """Tell whether a quick look leaves these runs out."""
        return self.seconds > SLOW or any(one.slow for one in self.of)


@dataclass(frozen=True)
class Taken:
    """A text or a truth that is taken from runs."""

    of: tuple[Making, ...]
    take: Callable[..., Any]


class Page:
    """The recipe of one page.

    Attributes
    ----------
    name
        Of the page: ``README``, ``allocation``, ``cases/reseller``.
    runs
        What is run for it, in order.
    figures
        What stands between its markers, by name.
    sentences
        Words of the page that are true of the runs.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.runs: list[Making] = []
        self.figures: dict[str, Taken] = {}
        self.sentences: dict[str, Taken] = {}

    def making(self, seconds: float, *of: Making) -> Callable[[Callable[..., Any]], Making]:
        """Return a decorator for a function that makes runs, from others where those are named."""

        def keep(make: Callable[..., Any]) -> Making:
            self.runs.append(Making(make.__name__, make, seconds, of))
            return self.runs[-1]

        return keep

    def figure(self, *of: Making, **texts: Callable[..., str]) -> None:
        """Say how figures are taken from runs: for each name a function of these runs."""
        for name, take in texts.items():
            if name in self.figures:
                raise ValueError(f"{self.name}: two figures are called '{name}'")
            self.figures[name] = Taken(of, take)

    def says(self, words: str, *of: Making, when: Callable[..., bool]) -> None:
        """Say of which runs words of the page have to be true."""
        self.sentences[words] = Taken(of, when)

    def compute(
        self, chosen: Sequence[Making] | None = None, progress: Callable[[int, str], None] | None = None
    ) -> tuple[dict[str, str], list[str]]:
        """Return the figures of some runs by name, and the sentences that do not hold.

        Parameters
        ----------
        chosen
            Those runs, all unless given; what they are made from is run too.
        progress
            Told before each of them: its number, and what it is.
        """
        wanted = self.runs if chosen is None else chosen
        made: dict[str, Any] = {}

        def result(one: Making) -> Any:
            if one.name not in made:
                made[one.name] = one.make(*(result(other) for other in one.of))
            return made[one.name]

        for count, one in enumerate(wanted, 1):
            if progress:
                progress(count, f"{one.name}, about {one.seconds:.0f} s" if one.seconds >= 1 else one.name)
            result(one)
        figures = {name: t.take(*map(result, t.of)) for name, t in self.figures.items() if {*t.of} <= {*wanted}}
        held = {words: t.take(*map(result, t.of)) for words, t in self.sentences.items() if {*t.of} <= {*wanted}}
        return figures, [words for words, true in held.items() if not true]
