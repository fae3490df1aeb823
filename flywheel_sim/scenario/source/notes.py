"""Noting problems: how every reader of a part of a file reports what it cannot use."""

from __future__ import annotations

from dataclasses import dataclass

from flywheel_sim.errors import Problem
from flywheel_sim.scenario.source.tree import Path_, Tree


class Unusable(Exception):
    """Raised once a problem is noted, where nothing sensible can be returned."""


@dataclass(frozen=True, slots=True)
class Notes:
    """The file as written, and its problems so far."""

    tree: Tree
    problems: list[Problem]

    def note(self, path: Path_, value: object, rule: str, remedy: str, key: str | None = None) -> Unusable:
        """Add a problem and return what to raise where nothing can be returned."""
        self.problems.append(self.tree.problem(path, value, rule, remedy, key))
        return Unusable()
