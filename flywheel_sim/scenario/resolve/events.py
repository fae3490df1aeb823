"""From stages and sets of stages, as written, to ones ready to run: events, their outcomes, and who they concern."""

from __future__ import annotations

from dataclasses import replace

from flywheel_sim.errors import nearest
from flywheel_sim.journey.events import Condition, Effects, Event, Outcome, Share, Staff
from flywheel_sim.journey.figures import Dist
from flywheel_sim.journey.journey import Stage, StageSet
from flywheel_sim.scenario.rates.canonical import SERVED, UNKNOWN
from flywheel_sim.scenario.resolve.clocks import ClockReader
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.resolve.effects import EffectReader, Every, draws
from flywheel_sim.scenario.resolve.outcomes import OutcomeReader
from flywheel_sim.scenario.resolve.service import ServiceReader
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import EventSpec, StageSpec, WhileSpec
from flywheel_sim.scenario.source.tree import Path_

#: The most clocks that may run at once.
MOST_CLOCKS = 16


class EventReader:
    """Reads stages and sets of stages with their events."""

    def __init__(self, context: Context) -> None:
        self.context, self.note, self.names, self.specs = context, context.notes.note, context.names, context.specs
        self.clocks, self.service = ClockReader(context), ServiceReader(context)
        self.effects, self.outcomes = EffectReader(context), OutcomeReader(context)

    def stage(self, name: str, spec: StageSpec) -> Stage:
        """Return a stage ready to run; events with problems are left out."""
        path = ("journey", name)
        if spec.role == "exit" and spec.events:
            self.note(path, None, "nothing happens in an exit stage", "use role: lapsed, or remove its events")
        events = self.events(name, spec, path, (name,), spec.role)
        on_entry = self.entry(spec, path, name)
        accruals = self.effects.money(spec, path, name, accruing=True)
        return Stage(name, spec.role, spec.phase, on_entry, accruals, events)

    def stage_set(self, name: str, spec: WhileSpec) -> StageSet:
        """Return a set ready to run; events with problems are left out."""
        path = ("while", name)
        stages = self.members(name, spec, path)
        roles = {self.specs.stages[stage].role for stage in stages if stage in self.specs.stages}
        if "exit" in roles:
            odd = next(s for s in stages if s in self.specs.stages and self.specs.stages[s].role == "exit")
            self.note((*path, "in", str(stages.index(odd))), None, f"nothing happens in the exit stage '{odd}'",
                      "take it out of the set")  # fmt: skip
        events = self.events(name, spec, path, stages, roles.pop() if len(roles) == 1 else None)
        on_entry = self.entry(spec, path, name)
        accruals = self.effects.money(spec, path, name, accruing=True)
        return StageSet(name, stages, on_entry, accruals, events)

    def members(self, name: str, spec: WhileSpec, path: Path_) -> tuple[str, ...]:
        """Return the stages of a set: those listed, or those of the role or the phase it is named after."""
        if name in self.names.stages:
            self.note(("while",), None, f"'{name}' is a stage too, and their luck would be one",
                      "rename it, and say in: [...]", name)  # fmt: skip
        if spec.in_ is not None:
            for index, stage in enumerate(spec.in_):
                place = (*path, "in", str(index))
                if stage not in self.names.stages:
                    self.note(place, stage, "no stage of that name", nearest(stage, self.names.stages))
                elif stage in spec.in_[:index]:
                    self.note(place, stage, "this stage stands twice", "name it once")
            if not spec.in_:
                self.note(path, None, "the set has no stages", "write in: [one, other]", "in")
            return tuple(spec.in_)
        by_role = [stage for stage, stage_spec in self.specs.stages.items() if stage_spec.role == name]
        by_phase = [stage for stage, stage_spec in self.specs.stages.items() if stage_spec.phase == name]
        if by_role and by_phase and by_role != by_phase:
            self.note(("while",), None, f"'{name}' is a role and a phase", "say in: [...] which stages are meant", name)
        elif not by_role and not by_phase and len(self.specs.stages) == len(self.names.stages):
            known = {
                word
                for stage_spec in self.specs.stages.values()
                for word in (stage_spec.role, stage_spec.phase)
                if word
            } - {"exit"}
            self.note(("while",), None, f"'{name}' is no role or phase of a stage, and 'in' is missing",
                      f"add in: [...]; for a role or phase, {nearest(name, known)}", name)  # fmt: skip
        return tuple(by_role or by_phase)

    def events(
        self, owner: str, spec: StageSpec | WhileSpec, path: Path_, stages: tuple[str, ...], role: str | None
    ) -> tuple[Event, ...]:
        """Return the events of a stage or set, without those that the strategy leaves out."""
        events = []
        for name, event_spec in (spec.events or {}).items():
            if event_spec.staff is not None:  # also where it is done without: those who serve are still paid
                roles = {self.specs.stages[stage].role for stage in stages if stage in self.specs.stages}
                self.context.findings.staff_roles.setdefault(event_spec.staff, set()).update(roles)
            if f"{owner}/{name}" in self.context.choices.events:
                continue
            lone = path[0] == "journey" and len(spec.events or {}) == 1
            event = self.event(owner, name, event_spec, (*path, "events", name), stages, role, lone)
            if event is not None:
                events.append(event)
        return tuple(events)

    def event(
        self, owner: str, name: str, spec: EventSpec, path: Path_, stages: tuple[str, ...], role: str | None, lone: bool
    ) -> Event | None:
        """Return an event, or None after noting problems; ``lone`` is the only one of a stage."""
        clocks = spec.clocks
        if len(clocks) > 1:
            self.note(path, None, "an event has one clock", f"keep '{clocks[0]}' or '{clocks[1]}'", clocks[1])
            return None
        waits: tuple[Dist, ...] = ()
        when: tuple[Condition, ...] = ()
        staff: Staff | None = None
        wrong = False
        try:
            staff = self.service.staff(spec, path)
        except Unusable:
            wrong = True
        at_once = not clocks and spec.staff is None
        if at_once and not lone:
            beside = "beside other events" if path[0] == "journey" else "in a set of stages"
            self.note(path, None, f"'{name}' has no clock {beside}",
                      "add 'after' or 'every'; only a lone event is decided at once"
                      if path[0] == "journey" else "add 'after' or 'every'")  # fmt: skip
            wrong = True
        elif at_once and spec.to is None and spec.outcomes is None:
            self.note(path, None, f"'{name}' has no clock and leads nowhere", "add 'after' or 'to'")
            wrong = True
        elif clocks:
            try:
                waits, when = self.clocks.clock(spec, path)
            except Unusable:
                wrong = True
        decision = f"{owner}/{name}"
        every = Every.of(waits[0], staff is not None) if clocks == ["every"] and not wrong else None
        effects = self.effects.read(spec, path, decision, every)
        clock_ms = UNKNOWN if wrong else SERVED if staff else None
        fixed = len(waits) == 1 and waits[0].kind == "fixed" and len(set(waits[0].params[0].cells)) == 1
        if fixed and not staff:
            clock_ms = waits[0].params[0].cells[0]
        outcomes = self.outcomes.read(decision, effects, spec, path, clock_ms, every, stages, role)
        if outcomes is None or wrong:
            return None
        if at_once and any(outcome.to is None for outcome in outcomes):
            self.note(path, None, "a stage decided at once cannot stay", "give every outcome a stage to go to")
        self.check_earned(effects, outcomes, path, spec)
        self.check_shares(effects, outcomes, path, spec)
        effects = replace(effects, money=(*effects.money, *self.context.findings.per_event.get(name, ())))
        event = Event(name, decision, clocks == ["every"], waits, when, effects, outcomes, staff)
        for drawn, (side, line) in (draw for part in event.parts for draw in draws(part)) if staff else ():
            if line in ("takes", "patience") and drawn == f"{decision}/{line}":
                self.note((*path, side), None, f"what is drawn for '{line}' would have the luck of that wait",
                          "rename it", line)  # fmt: skip
        return event

    def entry(self, spec: StageSpec | WhileSpec, path: Path_, owner: str) -> Effects:
        """Return what happens on entering a stage or set."""
        effects = self.effects.read(spec.on_entry, (*path, "on_entry"), f"{owner}/on_entry")
        self.check_earned(effects, (), (*path, "on_entry"), EventSpec())
        self.check_shares(effects, (), (*path, "on_entry"), EventSpec())
        return effects

    def check_earned(
        self, effects: Effects, outcomes: tuple[Outcome, ...], path: Path_, spec: EventSpec
    ) -> None:  # fmt: skip
        """Refuse to add earnings to a counter where nothing is earned."""

        def earns(part: Effects) -> bool:
            return any(amount.side == "earn" for amount in part.money)

        by_outcome = {"": effects} | {outcome.name: outcome.effects for outcome in outcomes if outcome.name}
        word = "to" if spec.to is not None else "outcomes"
        for name, own in by_outcome.items():
            together = [effects, own] if name else list(by_outcome.values())
            for add in own.adds:
                if add.earned and not any(earns(part) for part in together):
                    place = (*path, word, name, "add", add.attribute) if name else (*path, "add", add.attribute)
                    self.note(place, None, "nothing is earned when this happens", "add an 'earn', or a number")

    def check_shares(
        self, effects: Effects, outcomes: tuple[Outcome, ...], path: Path_, spec: EventSpec
    ) -> None:  # fmt: skip
        """Refuse shares of lines that earn nothing then; warn where a price sees a stopwatch set at the same time."""
        word = "to" if spec.to is not None else "outcomes"
        for name, own in {
            "": effects,
            **{outcome.name: outcome.effects for outcome in outcomes if outcome.name},
        }.items():
            together = [effects, own] if name else [effects, *(outcome.effects for outcome in outcomes)]
            place = (*path, word, name) if name else path
            earning = [amount for part in together for amount in part.money if amount.side == "earn"]
            shares = {amount.line for amount in earning if isinstance(amount.value, Share)}
            earned = {amount.line: None for amount in earning if amount.line not in shares}
            for amount in own.money:
                if isinstance(amount.value, Share) and amount.value.of not in earned:
                    amount_path = (*place, amount.side, amount.line)
                    self.effects.note_unknown_line(
                        amount.value.of, earned, amount_path, "is earned when this happens", "add an 'earn'", shares
                    )
            stopwatches_set = {
                change.attribute
                for part in together
                for change in part.sets
                if self.context.traits[change.attribute].kind == "time" and not change.copy
            }
            for amount in own.money:
                over = {axis.attribute for rate in amount.figures for axis in rate.over}
                for stopwatch in sorted(stopwatches_set & over):
                    rule = f"this price depends on '{stopwatch}', which is set when this happens: it sees what is set"
                    remedy = f"where it should see the time before, copy '{stopwatch}' to another stopwatch first"
                    self.context.warn((*place, amount.side, amount.line), None, rule, remedy)

    def check_clock_count(self, stages: tuple[Stage, ...], sets: tuple[StageSet, ...]) -> None:
        """Note stages where more clocks run at once than are allowed."""
        for stage in stages:
            sets_around = [stage_set for stage_set in sets if stage.name in stage_set.stages]
            events = [*stage.events, *(event for stage_set in sets_around for event in stage_set.events)]
            count = sum(max(len(event.waits), 1) for event in events)
            if count > MOST_CLOCKS:
                others = (
                    f", with those of {', '.join(stage_set.name for stage_set in sets_around)}" if sets_around else ""
                )
                rule = f"{count} clocks live at once{others}, at most {MOST_CLOCKS} may"
                self.note(("journey", stage.name, "events"), None, rule, "split the stage")
