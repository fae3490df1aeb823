"""Chances that belong together: those of the levels of a draw, those of the outcomes of an event."""

from __future__ import annotations

from typing import Any

from flywheel_sim.journey.events import Draw
from flywheel_sim.journey.figures import Rate
from flywheel_sim.scenario.resolve.checks import check_sum
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import DrawSpec, Ref


class ChanceReader:
    """Reads chances that belong together."""

    def __init__(self, context: Context) -> None:
        self.notes, self.note = context.notes, context.notes.note
        self.rates, self.traits = context.rates, context.traits

    def draw(self, spec: DrawSpec, path: Path_, decision: str, levels: tuple[str, ...]) -> Draw:
        """Return a drawn level; ``levels`` are those of the attribute.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        names = spec.names()
        if not names:
            raise self.note(path, None, "a draw has levels", "write {unhappy: 30 %, happy: rest}")
        if len(spec.rests()) > 1:
            raise self.note(path, None, "some cells of the draw let another level take the rest than others",
                            "let the same level take the rest in every cell, or in none", "by")  # fmt: skip
        chances: dict[str, Rate] = {}
        rest: str | None = None
        failed = False
        for name in names:
            try:
                chance = self.rates.draw_chance(spec, path, name)
            except Unusable:
                failed = True
                continue
            if chance is not None:
                chances[name] = chance
            elif rest is not None:
                self.note((*path, name), "rest", f"'{rest}' already takes the rest", "give one of them a chance")
            else:
                rest = name
        if failed:
            raise Unusable
        self.complete(chances, rest, path, list(names))
        index = {level: at for at, level in enumerate(levels)}
        return Draw(decision, tuple(index[name] for name in names), tuple(chances.get(n) for n in names))

    def complete(self, chances: dict[str, Rate], rest: str | None, path: Path_, names: list[str]) -> None:
        """Check that chances reach 100 % and no more, in every cell."""
        check_sum(self.notes, chances, rest, path, self.traits)
        spread = [name for name, chance in chances.items() if chance.spread is not None]
        if spread and (len(chances) > 1 or rest is None):
            other = next((n for n in names if n != spread[0] and n != rest), names[0])
            rule = f"'{spread[0]}' varies from person to person, so only 'rest' may stand beside it"
            self.note((*path, other), None, rule, "split the decision into two stages")

    def of_outcomes(
        self, table: dict[str, Any], places: dict[str, Path_], clock_ms: float | None, stays: Any
    ) -> tuple[dict[str, Rate], str | None]:
        """Return the chance of each name, and which one takes the rest; ``places`` are their paths."""
        chances: dict[str, Rate] = {}
        rest: str | None = None
        failed = False
        for name, x in table.items():
            if isinstance(x, Ref) and x.name == "rest":
                if rest is not None:
                    self.note(places[name], "rest", f"'{rest}' already takes the rest", "give one of them a chance")
                rest = name
                continue
            if x is None:
                failed = True
                continue
            try:
                chances[name] = self.rates.use(x, places[name], "chance", clock_ms, stays(name))[0]
            except Unusable:
                failed = True
        if failed:
            raise Unusable
        return chances, rest
