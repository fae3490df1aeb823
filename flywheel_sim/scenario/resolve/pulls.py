"""How rates move with what is spent on levers.

The file's rates hold at the file's spend, so a lever that no strategy changes only costs its spend. A strategy
that leaves a lever out, or spends another sum on it, moves the rates along the lever's curve: the odds of a
chance, any other rate itself, by the ratio between the two spends. The effects of several levers multiply.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.figures import Kind
from flywheel_sim.journey.units import Quantity, UnitError, parse
from flywheel_sim.scenario.rates.curves import curve_of, ratio
from flywheel_sim.scenario.rates.families import in_unit
from flywheel_sim.scenario.rates.rate_context import RateContext
from flywheel_sim.scenario.rates.stated import StatedRates
from flywheel_sim.scenario.rates.units import check_decimals
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.source.notes import Notes, Unusable
from flywheel_sim.scenario.source.read import read_section
from flywheel_sim.scenario.source.schema import LeverSpec
from flywheel_sim.scenario.source.strategy import Choices
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import Ref


def pulled_levers(choices: Choices, levers: Mapping[str, LeverSpec]) -> dict[str, Quantity | None]:
    """Return the spend of each lever that a strategy changes, None where it leaves the lever out.

    Levers left out follow in the order of the file: the order in which levers move a rate affects its last digits.
    """
    spends: dict[str, Quantity | None] = {name: spend for name, spend in choices.spends.items() if name in levers}
    return spends | {name: None for name in levers if name in choices.levers}


class LeverPulls:
    """Applies the levers that a strategy changes to the rates, and checks what every lever states about rates."""

    def __init__(self, context: Context) -> None:
        self.context, self.notes, self.note = context, context.notes, context.notes.note
        self.levers, self.rates = context.specs.levers, context.rates.stated

    @cached_property
    def base(self) -> StatedRates:
        """Return the rates that the levers' figures go with: those of the file itself; problems are noted elsewhere."""
        tree, context = self.context.choices.base or self.notes.tree, self.rates.context
        specs = context.specs if tree is self.notes.tree else read_section("rates", tree, [], tree)
        return StatedRates(RateContext(Notes(tree, []), specs, set(specs), context.traits, context.dated,
                                       settled=True))  # fmt: skip

    def register(self) -> None:
        """Let the rates know which levers move them, before any of them is read."""
        for name, spend in pulled_levers(self.context.choices, self.levers).items():
            for rate in self.levers[name].moves:
                self.rates.pulls.setdefault(rate, []).append(partial(self.pull, name, spend, rate))

    def pull(self, name: str, spend: Quantity | None, rate: str, kind: Kind) -> float:
        """Return the factor by which a lever multiplies a rate, or the odds of a chance.

        Raises
        ------
        Unusable
            After noting that the lever does not state it.
        """
        path = ("levers", name, "moves", rate)
        base = self.base.read(Ref(rate), path, kind)
        return ratio(self.notes, self.levers[name], rate, spend, base, kind, path)

    def check(self) -> None:
        """Check what levers move, once the rates are read where they are used."""
        for name, spec in self.levers.items():
            before = len(self.notes.problems)
            self.check_moves(spec, ("levers", name))
            for rate in spec.moves if len(self.notes.problems) == before else ():
                path = ("levers", name, "moves", rate)
                with suppress(Unusable):
                    kind = self.kind_of(rate)
                    curve_of(self.notes, spec, rate, self.base.read(Ref(rate), path, kind), kind, path)

    def kind_of(self, rate: str) -> Kind:
        """Return what a rate is where it is used, or what it looks like where nothing uses it."""
        kind = next((kind for name, kind in self.rates.known if name == rate), None)
        if kind is None:
            guess: Any = {"percent": "chance", "duration": "duration", "never": "duration"}
            kind = guess.get(self.context.rates.form_of(self.context.specs.rates.get(rate)), "money")
        return kind

    def check_moves(self, spec: LeverSpec, path: Path_) -> None:
        """Check the rates a lever moves, and the figures it moves them to."""
        inner = (*path, "moves")
        if not spec.moves:
            remedy = "write moves: {conversion: {without: 18 %}}"
            self.note(path, None, "a lever moves at least one rate", remedy, "moves")
        for rate, table in spec.moves.items():
            place = (*inner, rate)
            if rate not in self.context.names.rates:
                self.note(inner, None, f"no rate '{rate}'", nearest(rate, self.context.names.rates), rate)
                continue
            if not table:
                self.note(inner, None, "a lever moves a rate to a figure", "write {without: 18 %}", rate)
            seen: dict[float, str] = {}
            for key, new in table.items():
                with suppress(Unusable):
                    self.check_point(key, spec, place, seen)
                    self.check_moved_to(rate, new, (*place, key))

    def check_point(self, key: str, spec: LeverSpec, path: Path_, seen: dict[float, str]) -> None:
        """Check a key of what a lever moves: without, limit or a spend."""
        if key == "without":
            return
        if spec.spend is None:
            raise self.note(path, None, f"a friction has no spend, so no '{key}'", "keep 'without' alone", key)
        if key == "limit":
            return
        try:
            spend = parse(key)
        except UnitError:
            spend = Quantity(-1, "number")
        if spend.form != "number" or spend.per_ms or spend.per_what or spend.number <= 0:
            raise self.note(path, None, f"'{key}' is neither 'without', 'limit' nor a spend",
                            "write 3, in the unit of the lever's spend", key)  # fmt: skip
        if spend.number in seen:
            raise self.note(path, None, f"'{key}' and '{seen[spend.number]}' are one spend", "keep one of them", key)
        seen[spend.number] = key

    def check_moved_to(self, rate: str, new: Quantity, path: Path_) -> None:
        """Check a figure a lever moves a rate to: its unit, and that chances lie between 0 % and 100 %."""
        specs = self.context.specs.rates
        if rate not in specs:
            raise Unusable  # its own problems are noted there
        kind = self.kind_of(rate)
        stated = self.rates.known.get((rate, kind)) or self.rates.read(specs[rate], ("rates", rate), kind)
        if stated.reference is None:
            raise self.note(path[:-1], None, f"'{rate}' has no single reference value to move",
                            "give it a 'value'")  # fmt: skip
        if in_unit(self.notes, new, stated.unit, path, kind) < 0:
            raise self.note(path, new.text, "a rate is not moved below 0", "write a figure that is not negative")
        if kind == "money":
            check_decimals(self.notes, new, path, "round it, or state it for more of what is paid")
