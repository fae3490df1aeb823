"""Levers and overheads: what they cost, and how the rates move with what is spent on levers.

The file's rates hold at the file's spend, so a lever that nobody pulls is its spend alone. A strategy that
does without one, or spends another sum, moves the rates along the lever's curve: odds of a chance, any
other rate itself, by the ratio between the two spends. Several levers multiply.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.events import Amount, Effects
from flywheel_sim.journey.figures import Kind
from flywheel_sim.journey.journey import Cost, StageSet
from flywheel_sim.journey.units import Quantity, UnitError, parse
from flywheel_sim.scenario.resolve.context import Context, figure
from flywheel_sim.scenario.resolve.rates import MOST_MONEY, RateReader, minor_units
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.read import read_section
from flywheel_sim.scenario.source.schema import ROLES, LeverSpec, StageSpec, WhileSpec
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import Ref

_EXAMPLE = "write 2500 per month, 3 per customer per month, or 10 per invite"


class LeverReader(Context):
    """Reads levers and overheads."""

    base_rates: RateReader

    def overhead(self, name: str, x: object) -> Cost | None:
        """Return an overhead ready to run, or None after noting problems."""
        path = ("costs", name)
        self.money_seen = True
        try:
            value, per_ms = self.constant(x, path, "money", "an overhead is the same for everybody", "give one figure")
        except Unusable:
            return None
        if per_ms is None:
            self.note(path, None, "an overhead accrues over a period", "write 2000 per month")
            return None
        return Cost(name, "overhead", value / per_ms)

    def events_named(self) -> dict[str, list[str]]:
        """Return the events of the file by name: the stages and sets that have each."""
        found: dict[str, list[str]] = {}
        specs: dict[str, StageSpec | WhileSpec] = {**self.stage_specs, **self.set_specs}
        for owner, spec in specs.items():
            for event in spec.events or ():
                found.setdefault(event, []).append(owner)
        return found

    def lever(self, name: str, spec: LeverSpec) -> StageSet | Cost | None:
        """Return what a lever spends at the file's level; what it spends on events goes to ``per_event``."""
        path = ("levers", name)
        if spec.phase is not None:
            phases = {held.phase for held in self.stage_specs.values() if held.phase}
            if spec.phase not in phases and len(self.stage_specs) == len(self.known_stages):
                self.note((*path, "phase"), spec.phase, "no stage has this phase", nearest(spec.phase, phases))
        if spec.spend is None or name in self.choices.levers:
            return None
        self.money_seen = True
        try:
            return self.spend(name, self.choices.spends.get(name) or spec.spend, (*path, "spend"))
        except Unusable:
            return None

    def spend(self, name: str, spend: Quantity, path: Path_) -> StageSet | Cost | None:
        """Return the spend of a lever as a set of stages with an accrual, or as a cost."""
        if spend.form != "number" or not 0 <= spend.number <= MOST_MONEY:
            raise self.note(path, spend.text, f"a lever's spend is money, from 0 to {MOST_MONEY:.0e}", _EXAMPLE)
        minor = minor_units(spend.number, self.digits)
        what = spend.per_what
        if spend.per_ms is None:
            events = self.events_named()
            if what is None or what not in events:
                rule = "a lever's spend is per period, or per event" if what is None else f"no event '{what}'"
                if what in ROLES or what in self.known_stages:
                    rule = f"spend per {what} is said per period too"
                near = nearest(what, events) if what and rule.startswith("no event") else _EXAMPLE
                raise self.note(path, spend.text, rule, near)
            if minor:
                amount = Amount(name, "spend", figure(".".join(path), "money", minor))
                self.per_event.setdefault(what, []).append(amount)
            return None
        if what is None:
            return Cost(name, "acquisition", minor / spend.per_ms) if minor else None
        by_role = [stage for stage, held in self.stage_specs.items() if held.role == what]
        if what in self.known_stages and what in ROLES and by_role != [what]:
            raise self.note(path, spend.text, f"'{what}' is a role and a stage", "rename the stage")
        if what not in self.known_stages and not by_role:
            if len(self.stage_specs) < len(self.known_stages):
                raise Unusable  # the stage's own problems are noted there
            raise self.note(path, spend.text, f"'{what}' is no role or stage of this file",
                            nearest(what, {*self.known_stages, *ROLES}))  # fmt: skip
        if not minor:
            return None
        if name in self.known_stages or name in self.set_specs:
            raise self.note(("levers",), None, f"'{name}' is a stage or set too, and its spend would be confused",
                            "rename the lever", name)  # fmt: skip
        stages = (what,) if what in self.known_stages else tuple(by_role)
        flow = figure(".".join(path), "money", minor / spend.per_ms)
        return StageSet(name, stages, Effects(), (Amount(name, "spend", flow, spend.per_ms),), ())

    def pulled(self) -> dict[str, Quantity | None]:
        """Return what is spent on each lever that is not at the file's spend, None where it is done without."""
        found: dict[str, Quantity | None] = {
            name: spend for name, spend in self.choices.spends.items() if name in self.lever_specs
        }
        return found | {name: None for name in self.choices.levers if name in self.lever_specs}

    def set_levers(self) -> None:
        """Let the rates know which levers move them, and what the file itself says of each."""
        tree = self.choices.base or self.tree
        specs = self.rates.specs if tree is self.tree else read_section("rates", tree, [])
        self.base_rates = RateReader(tree, [], specs, self.traits, set(specs), self.digits, self.dated, settled=True)
        self.rates.pulls = {}
        for name, spend in self.pulled().items():
            for rate in self.lever_specs[name].moves:
                self.rates.pulls.setdefault(rate, []).append(partial(self.pull, name, spend, rate))

    def pull(self, name: str, spend: Quantity | None, rate: str, kind: Kind) -> float:
        """Return by what a lever multiplies a rate, or its odds.

        Raises
        ------
        Unusable
            After noting that the lever does not say.
        """
        path = ("levers", name, "moves", rate)
        base = self.base_rates.stated(Ref(rate), path, kind)
        return self.rates.ratio(self.lever_specs[name], rate, spend, base, kind, path)

    def check_levers(self) -> None:
        """Check what levers move, once the rates are read where they are used."""
        for name, spec in self.lever_specs.items():
            before = len(self.problems)
            self.moves(spec, ("levers", name))
            for rate in spec.moves if len(self.problems) == before else ():
                path = ("levers", name, "moves", rate)
                with suppress(Unusable):
                    kind = self.kind_of(rate)
                    self.rates.curve(spec, rate, self.base_rates.stated(Ref(rate), path, kind), kind, path)

    def kind_of(self, rate: str) -> Kind:
        """Return what a rate is where it is used, or what it looks like where nothing uses it."""
        kind = next((kind for name, kind in self.rates.known if name == rate), None)
        if kind is None:
            guess: Any = {"percent": "chance", "duration": "duration", "never": "duration"}
            kind = guess.get(self.rates.form_of(self.rates.specs.get(rate)), "money")
        return kind

    def moves(self, spec: LeverSpec, path: Path_) -> None:
        """Check the rates a lever moves, and the figures it moves them to."""
        inner = (*path, "moves")
        if not spec.moves:
            remedy = "write moves: {conversion: {without: 18 %}}"
            self.note(path, None, "a lever moves at least one rate", remedy, "moves")
        for rate, table in spec.moves.items():
            place = (*inner, rate)
            if rate not in self.rates.known_names:
                self.note(inner, None, f"no rate '{rate}'", nearest(rate, self.rates.known_names), rate)
                continue
            if not table:
                self.note(inner, None, "a lever moves a rate to a figure", "write {without: 18 %}", rate)
            seen: dict[float, str] = {}
            for key, new in table.items():
                with suppress(Unusable):
                    self.point(key, spec, place, seen)
                    self.moved_to(rate, new, (*place, key))

    def point(self, key: str, spec: LeverSpec, path: Path_, seen: dict[float, str]) -> None:
        """Check a key of what a lever moves: without, limit or a spend."""
        if key == "without":
            return
        if spec.spend is None:
            raise self.note(path, None, f"a friction has no spend, so no '{key}'", "keep 'without' alone", key)
        if key == "limit":
            return
        try:
            sum_ = parse(key)
        except UnitError:
            sum_ = Quantity(-1, "number")
        if sum_.form != "number" or sum_.per_ms or sum_.per_what or sum_.number <= 0:
            raise self.note(path, None, f"'{key}' is neither 'without', 'limit' nor a spend",
                            "write 3, in the unit of the lever's spend", key)  # fmt: skip
        if sum_.number in seen:
            raise self.note(path, None, f"'{key}' and '{seen[sum_.number]}' are one spend", "keep one of them", key)
        seen[sum_.number] = key

    def moved_to(self, rate: str, new: Quantity, path: Path_) -> None:
        """Check a figure a lever moves a rate to: its unit, and that chances lie between 0 % and 100 %."""
        if rate not in self.rates.specs:
            raise Unusable  # its own problems are noted there
        kind = self.kind_of(rate)
        stated = self.rates.known.get((rate, kind)) or self.rates.stated(self.rates.specs[rate], ("rates", rate), kind)
        if stated.reference is None:
            raise self.note(path[:-1], None, f"'{rate}' has no single reference value to move",
                            "give it a 'value'")  # fmt: skip
        if self.rates.in_unit(new, stated.unit, path, kind) < 0:
            raise self.note(path, new.text, "a rate is not moved below 0", "write a figure that is not negative")
