"""What levers and overheads cost: over time, for each person, or each time an event happens."""

from __future__ import annotations

from flywheel_sim.errors import nearest
from flywheel_sim.journey.events import Amount, Effects
from flywheel_sim.journey.journey import Cost, StageSet
from flywheel_sim.journey.units import MOST_MONEY, Quantity, millionths
from flywheel_sim.scenario.rates.units import check_decimals
from flywheel_sim.scenario.resolve.context import Context, figure
from flywheel_sim.scenario.source.money_specs import PaidSpec
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import ROLES, LeverSpec, StageSpec, WhileSpec
from flywheel_sim.scenario.source.tree import Path_

_EXAMPLE = "write 2500 per month, 3 per customer per month, or 10 per invite"


class LeverReader:
    """Reads what levers and overheads cost."""

    def __init__(self, context: Context, horizon: int) -> None:
        self.horizon = horizon
        self.context, self.note, self.names, self.specs = context, context.notes.note, context.names, context.specs

    def overhead(self, name: str, x: object) -> Cost | None:
        """Return a cost that does not depend on customers, ready to run, or None after noting problems."""
        path, kind = ("costs", name), self.context.kind_of(name, "overhead")
        self.context.findings.money = True
        try:
            if isinstance(x, PaidSpec):
                return self.paid(name, kind, x, path)
            rule = "an overhead is the same for everybody"
            value, per_ms = self.context.constant(x, path, "money", rule, "give one figure")
        except Unusable:
            return None
        if per_ms is None:
            self.note(path, None, "an overhead accrues over a period, or is paid on a date",
                      "write 2000 per month, or {amount: 5000, on: 3 months}")  # fmt: skip
            return None
        return Cost(name, kind, value / per_ms)

    def paid(self, name: str, kind: str, spec: PaidSpec, path: Path_) -> Cost:
        """Return a sum that is paid on dates; those after the run are left out."""
        rule = "a sum paid on a date is the same for everybody"
        value, per_ms = self.context.constant(spec.amount, (*path, "amount"), "money", rule, "give one figure")
        if per_ms is not None:
            raise self.note((*path, "amount"), None, "a sum paid on a date has no period", "write 5000")
        times = self.context.instants(spec.on, (*path, "on"), "on one date a sum is paid once; make it larger")
        return Cost(name, kind, 0.0, round(value), tuple(at for at in times if at < self.horizon))

    def events_named(self) -> dict[str, list[str]]:
        """Return the events of the file by name: the stages and sets that have each."""
        owners: dict[str, list[str]] = {}
        specs: dict[str, StageSpec | WhileSpec] = {**self.specs.stages, **self.specs.sets}
        for owner, spec in specs.items():
            for event in spec.events or ():
                owners.setdefault(event, []).append(owner)
        return owners

    def lever(self, name: str, spec: LeverSpec) -> StageSet | Cost | None:
        """Return what a lever spends at the file's level; what it spends on events goes to the findings."""
        path = ("levers", name)
        if spec.phase is not None:
            phases = {stage.phase for stage in self.specs.stages.values() if stage.phase}
            if spec.phase not in phases and len(self.specs.stages) == len(self.names.stages):
                self.note((*path, "phase"), spec.phase, "no stage has this phase", nearest(spec.phase, phases))
        if spec.spend is None or name in self.context.choices.levers:
            return None
        self.context.findings.money = True
        try:
            return self.spend(name, self.context.choices.spends.get(name) or spec.spend, (*path, "spend"))
        except Unusable:
            return None

    def spend(self, name: str, spend: Quantity, path: Path_) -> StageSet | Cost | None:
        """Return the spend of a lever as a set of stages with an accrual, or as a cost."""
        if spend.form != "number" or not 0 <= spend.number <= MOST_MONEY:
            raise self.note(path, spend.text, f"a lever's spend is money, from 0 to {MOST_MONEY:.0e}", _EXAMPLE)
        paid = millionths(spend.number)
        if name not in self.context.choices.spends:
            check_decimals(self.context.notes, spend, path, "round it, or state it for more of what is paid")
        per_what = spend.per_what
        if spend.per_ms is None:
            events = self.events_named()
            if per_what is None or per_what not in events:
                rule = "a lever's spend is per period, or per event" if per_what is None else f"no event '{per_what}'"
                if per_what in ROLES or per_what in self.names.stages:
                    rule = f"spend per {per_what} is said per period too"
                near = nearest(per_what, events) if per_what and rule.startswith("no event") else _EXAMPLE
                raise self.note(path, spend.text, rule, near)
            if paid:
                amount = Amount(name, "spend", figure(".".join(path), "money", paid))
                self.context.findings.per_event.setdefault(per_what, []).append(amount)
            return None
        if per_what is None:
            return Cost(name, self.context.kind_of(name, "acquisition"), paid / spend.per_ms) if paid else None
        by_role = [stage for stage, stage_spec in self.specs.stages.items() if stage_spec.role == per_what]
        if per_what in self.names.stages and per_what in ROLES and by_role != [per_what]:
            raise self.note(path, spend.text, f"'{per_what}' is a role and a stage", "rename the stage")
        if per_what not in self.names.stages and not by_role:
            if len(self.specs.stages) < len(self.names.stages):
                raise Unusable  # the stage's own problems are noted there
            raise self.note(path, spend.text, f"'{per_what}' is no role or stage of this file",
                            nearest(per_what, {*self.names.stages, *ROLES}))  # fmt: skip
        if not paid:
            return None
        if name in self.names.stages or name in self.specs.sets:
            raise self.note(("levers",), None, f"'{name}' is a stage or set too, and its spend would be confused",
                            "rename the lever", name)  # fmt: skip
        stages = (per_what,) if per_what in self.names.stages else tuple(by_role)
        flow = figure(".".join(path), "money", paid / spend.per_ms)
        return StageSet(name, stages, Effects(), (Amount(name, "spend", flow, spend.per_ms),), ())
