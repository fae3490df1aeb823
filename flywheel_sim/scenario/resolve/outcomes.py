"""How events can end: each outcome with its chance, where it leads, and what it does."""

from __future__ import annotations

from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.events import Effects, Outcome
from flywheel_sim.scenario.resolve.chances import ChanceReader
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.resolve.effects import EffectReader, Every
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import EventSpec, OutcomeSpec
from flywheel_sim.scenario.source.tree import Path_


class OutcomeReader:
    """Reads the outcomes of events."""

    def __init__(self, context: Context) -> None:
        self.note, self.names, self.specs = context.notes.note, context.names, context.specs
        self.chances, self.effects = ChanceReader(context), EffectReader(context)

    def read(
        self, decision: str, effects: Effects, spec: EventSpec, path: Path_, clock_ms: float | None,
        every: Every | None, stages: tuple[str, ...], role: str | None,
    ) -> tuple[Outcome, ...] | None:  # fmt: skip
        """Return the outcomes of an event, or None after noting problems."""
        if spec.to is not None and spec.outcomes is not None:
            self.note(path, None, "an event says 'to' or 'outcomes', not both", "keep one", "outcomes")
            return None
        if spec.to is None and spec.outcomes is None:
            return (Outcome("", None, None, Effects()),)
        if isinstance(spec.to, str):
            target = self.target(spec.to, (*path, "to"))
            return (Outcome(spec.to, None, target, Effects()),)
        word = "to" if spec.to is not None else "outcomes"
        table: dict[str, Any] = spec.to if spec.to is not None else spec.outcomes  # type: ignore[assignment]
        inner = (*path, word)
        targets: dict[str, str | None] = {}
        own_effects: dict[str, Effects] = {}
        chances: dict[str, Any] = {}
        for name, outcome in table.items():
            own = outcome if isinstance(outcome, OutcomeSpec) else None
            if word == "to":
                targets[name] = self.target(name, (*inner, name), key=True)
                if own is not None and own.to is not None:
                    self.note((*inner, name), None, "the stage to go to is already the key", "remove it", "to")
            else:
                targets[name] = self.target(own.to, (*inner, name, "to")) if own and own.to else None
            own_effects[name] = self.effects.read(own, (*inner, name), decision, every)
            self.effects.check_draws((*inner, name), own_effects[name], effects)
            chances[name] = own.chance if own else outcome
            if chances[name] is None:
                self.note((*inner, name), None, "the outcome has no chance", "add chance: 35 %, or rest", "chance")

        def stays(name: str) -> bool | None:
            to = targets[name]
            if to is None or stages == (to,):
                return True
            other = self.specs.stages.get(to)
            return other.role == role if other and role else None

        try:
            places: dict[str, Path_] = {name: (*inner, name, "chance") for name in chances}
            resolved, rest = self.chances.of_outcomes(chances, places, clock_ms, stays)
        except Unusable:
            return None
        self.chances.complete(resolved, rest, inner, list(chances))
        return tuple(Outcome(n, resolved.get(n), targets[n], own_effects[n]) for n in table)

    def target(self, name: str, path: Path_, key: bool = False) -> str | None:
        """Return the stage an outcome leads to, None for staying."""
        if name == "stay":
            return None
        if name not in self.names.stages:
            near = nearest(name, self.names.stages)
            if key:
                self.note(path[:-1], None, f"'{name}' is no stage", near, name)
            else:
                self.note(path, name, "no stage of that name", near)
        return name
