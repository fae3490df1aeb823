"""From the stages of a file, as written, to stages ready to run: events, clocks, outcomes, effects."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flywheel_sim.errors import Problem, nearest
from flywheel_sim.scenario import checks, schema
from flywheel_sim.scenario.journey import Amount, Effects, Event, Outcome, Rate, SetLevel, Stage, Wait
from flywheel_sim.scenario.rates import RateReader
from flywheel_sim.scenario.schema import (
    ChannelSpec,
    DistSpec,
    EffectsSpec,
    EventSpec,
    OutcomeSpec,
    RateSpec,
    Ref,
    StageSpec,
)
from flywheel_sim.scenario.stated import BUILT_IN, DEEPEST_CHAIN, UNKNOWN, Unusable
from flywheel_sim.scenario.strategy import Removed
from flywheel_sim.scenario.tree import Path_, Tree
from flywheel_sim.scenario.units import NEVER, Quantity


class EventReader:
    """Reads the stages of one file; what it needs to know of the rest is set by whoever reads that."""

    tree: Tree
    problems: list[Problem]
    removed: Removed
    rates: RateReader
    levels: dict[str, tuple[str, ...]]
    stage_specs: dict[str, StageSpec]
    channel_specs: dict[str, ChannelSpec]
    known_stages: set[str]
    known_channels: set[str]
    known_attributes: set[str]
    forms: dict[str, str]
    money_seen: bool

    def note(self, path: Path_, value: object, rule: str, remedy: str, key: str = "") -> Unusable:
        """Add a problem and return what to raise where nothing can be returned."""
        self.problems.append(self.tree.problem(path, value, rule, remedy, key))
        return Unusable()

    def stage(self, name: str, spec: StageSpec) -> Stage | None:
        """Return a stage ready to run."""
        path = ("journey", name)
        events = []
        for event, held in (spec.events or {}).items():
            if f"{name}/{event}" in self.removed.events:
                continue
            found = self.event(name, spec.role, event, held, (*path, "events", event), len(spec.events or {}))
            if found is not None:
                events.append(found)
        if spec.role == "exit" and spec.events:
            self.note(path, None, "nothing happens in an exit stage", "use role: lapsed, or remove its events")
        if len(events) > 16:
            self.note((*path, "events"), None, f"{len(events)} clocks live at once, at most 16 may", "split the stage")
        on_entry = self.effects(spec.on_entry, (*path, "on_entry"))
        accruals = self.money(spec, path, accruing=True)
        return Stage(name, spec.role, spec.phase, on_entry, accruals, tuple(events))

    def event(self, stage: str, role: str, name: str, spec: EventSpec, path: Path_, siblings: int) -> Event | None:
        """Return an event of a stage, or None after noting problems."""
        if spec.after is not None and spec.every is not None:
            self.note(path, None, "an event has one clock", "keep 'after' or 'every'", "every")
            return None
        recurring = spec.every is not None
        word = "every" if recurring else "after"
        clock = spec.every if recurring else spec.after
        wait = None
        decided = clock is not None or (siblings == 1 and bool(spec.to or spec.outcomes))
        if clock is None:
            if siblings > 1:
                self.note(path, None, f"'{name}' has no clock beside other events",
                          "add 'after' or 'every'; only a lone event is decided at once")  # fmt: skip
            elif spec.to is None and spec.outcomes is None:
                self.note(path, None, f"'{name}' has no clock and leads nowhere", "add 'after' or 'to'")
        else:
            with suppress(Unusable):
                wait = self.wait(clock, (*path, word))
            if wait and wait.kind == "fixed" and recurring and min(wait.params[0].cells) == 0:
                self.note((*path, word), None, "a recurring event takes time", "write every: 1 month")
                wait = None
        effects = self.effects(spec, path)
        outcomes = self.outcomes(stage, role, spec, path, wait)
        if outcomes is None or not decided or (clock is not None and wait is None):
            return None
        if wait is None and any(o.to is None for o in outcomes):
            self.note(path, None, "a stage decided at once cannot stay", "give every outcome a stage to go to")
        return Event(name, f"{stage}/{name}", recurring, wait, effects, outcomes)

    def wait(self, clock: object, path: Path_) -> Wait:
        """Return the wait a clock keeps: a duration, a rate or a distribution."""
        if isinstance(clock, DistSpec):
            return self.distribution(clock, path)
        kind = self.form_of(clock)
        if kind in ("duration", "never"):
            return Wait("fixed", (self.rates.use(clock, path, "duration")[0],))
        return Wait("memoryless", (self.rates.use(clock, path, "rate")[0],))

    def form_of(self, x: object, depth: int = 0) -> str:
        """Return the form of the figure a value stands for, following names."""
        if isinstance(x, Ref):
            if x.name not in self.forms:
                self.forms[x.name] = ""  # what a circle of names comes to
                held = self.rates.specs.get(x.name)
                self.forms[x.name] = self.form_of(held, depth + 1) if depth < DEEPEST_CHAIN else ""
            return self.forms[x.name]
        if isinstance(x, RateSpec):
            cells = [x.value, *(c for table in (x.by or {}).values() for c in table.values())]
            forms = [self.form_of(c, depth) for c in cells if c is not None]
            return next((f for f in forms if f != "number"), forms[0] if forms else "")
        return x.form if isinstance(x, Quantity) else ""

    def distribution(self, spec: DistSpec, path: Path_) -> Wait:
        """Return the wait of a distribution."""
        given = [k for k in schema.DISTRIBUTIONS if getattr(spec, k) is not None]
        if len(given) != 1:
            raise self.note(path, None, f"a wait has one distribution, not {len(given)}", "keep one")
        kind = given[0]
        inner = (*path, kind)
        if kind == "fixed":
            return Wait("fixed", (self.rates.use(spec.fixed, inner, "duration")[0],))
        if kind == "exponential":
            if self.form_of(spec.exponential) != "duration":
                return Wait("memoryless", (self.rates.use(spec.exponential, inner, "rate")[0],))
            mean = self.rates.use(spec.exponential, inner, "duration")[0]
            if min(mean.cells) <= 0:
                raise self.note(inner, None, "the mean of a wait is positive", "write exponential: 7 days")
            cells = tuple(0.0 if cell >= NEVER else 1.0 / cell for cell in mean.cells)
            return Wait("memoryless", (Rate(mean.name, "rate", mean.over, cells),))
        if kind == "uniform":
            assert spec.uniform is not None
            low, high = (self.rates.use(x, (*inner, str(i)), "duration")[0] for i, x in enumerate(spec.uniform))
            if max(low.cells) >= min(high.cells):
                raise self.note(inner, None, "a uniform wait runs from the lower end to the higher",
                                "write uniform: [3 months, 9 months]")  # fmt: skip
            return Wait("uniform", (low, high))
        assert spec.lognormal is not None
        median = self.rates.use(spec.lognormal.median, (*inner, "median"), "duration")[0]
        sigma = self.rates.use(spec.lognormal.sigma, (*inner, "sigma"), "number")[0]
        for word, rate in (("median", median), ("sigma", sigma)):
            if min(rate.cells) <= 0:
                raise self.note((*inner, word), None, "median and sigma are positive",
                                "write {median: 14 days, sigma: 0.8}")  # fmt: skip
        return Wait("lognormal", (median, sigma))

    def outcomes(
        self, stage: str, role: str, spec: EventSpec, path: Path_, wait: Wait | None
    ) -> tuple[Outcome, ...] | None:
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
        effects: dict[str, Effects] = {}
        chances: dict[str, Any] = {}
        for name, held in table.items():
            own = held if isinstance(held, OutcomeSpec) else None
            if word == "to":
                targets[name] = self.target(name, (*inner, name), key=True)
                if own is not None and own.to is not None:
                    self.note((*inner, name), None, "the stage to go to is already the key", "remove it", "to")
            else:
                targets[name] = self.target(own.to, (*inner, name, "to")) if own and own.to else None
            effects[name] = self.effects(own, (*inner, name)) if own else Effects()
            chances[name] = own.chance if own else held
            if chances[name] is None:
                self.note((*inner, name), None, "the outcome has no chance", "add chance: 35 %, or rest", "chance")
        clock_ms = UNKNOWN if wait is None and (spec.after or spec.every) else None
        if wait is not None and wait.kind == "fixed" and len(set(wait.params[0].cells)) == 1:
            clock_ms = wait.params[0].cells[0]

        def stays(name: str) -> bool | None:
            to = targets[name]
            if to is None or to == stage:
                return True
            other = self.stage_specs.get(to)
            return other.role == role if other else None

        try:
            places: dict[str, Path_] = {name: (*inner, name, "chance") for name in chances}
            resolved, rest = self.chances(chances, places, clock_ms, stays)
        except Unusable:
            return None
        self.complete(resolved, rest, inner, list(chances))
        return tuple(Outcome(n, resolved.get(n), targets[n], effects[n]) for n in table)

    def target(self, name: str, path: Path_, key: bool = False) -> str | None:
        """Return the stage an outcome leads to, None for staying."""
        if name == "stay":
            return None
        if name not in self.known_stages:
            near = nearest(name, self.known_stages)
            if key:
                self.note(path[:-1], None, f"'{name}' is no stage", near, name)
            else:
                self.note(path, name, "no stage of that name", near)
        return name

    def chances(
        self, table: dict[str, Any], places: dict[str, Path_], clock_ms: float | None, stays: Any
    ) -> tuple[dict[str, Rate], str | None]:
        """Return the chance of each name, and which one takes the rest; ``places`` are their paths."""
        found: dict[str, Rate] = {}
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
                found[name] = self.rates.use(x, places[name], "chance", clock_ms, stays(name))[0]
            except Unusable:
                failed = True
        if failed:
            raise Unusable
        return found, rest

    def complete(self, chances: dict[str, Rate], rest: str | None, path: Path_, names: list[str]) -> None:
        """Check that chances reach 100 % and no more, in every cell."""
        checks.check_sum(self.tree, chances, rest, path, self.levels, self.problems)
        spread = [name for name, chance in chances.items() if chance.spread is not None]
        if spread and (len(chances) > 1 or rest is None):
            other = next((n for n in names if n != spread[0] and n != rest), names[0])
            rule = f"'{spread[0]}' varies from person to person, so only 'rest' may stand beside it"
            self.note((*path, other), None, rule, "split the decision into two stages")

    # -- effects --------------------------------------------------------------------------------

    def effects(self, spec: EffectsSpec | None, path: Path_) -> Effects:
        """Return the effects of an event, an outcome or an entry."""
        if spec is None:
            return Effects()
        sets = []
        for attribute, level in (spec.set or {}).items():
            inner = (*path, "set")
            if attribute in BUILT_IN:
                self.note(inner, None, f"'{attribute}' is built in and cannot be set", "set an attribute of your own",
                          attribute)  # fmt: skip
            elif attribute not in self.known_attributes:
                self.note(inner, None, f"'{attribute}' is no attribute", nearest(attribute, self.known_attributes),
                          attribute)  # fmt: skip
            elif attribute not in self.levels:
                continue  # defined, but its own problems are noted there
            elif level not in self.levels[attribute]:
                self.note((*inner, attribute), level, f"no level of '{attribute}'",
                          nearest(level, self.levels[attribute]))  # fmt: skip
            else:
                sets.append(SetLevel(attribute, self.levels[attribute].index(level)))
        for index, channel in enumerate(spec.refer or []):
            place = (*path, "refer", str(index))
            if channel not in self.known_channels:
                self.note(place, channel, "no channel of that name", nearest(channel, self.known_channels))
            elif (fed := self.channel_specs.get(channel)) and (fed.rate or fed.batch or fed.present or fed.spend):
                self.note(place, channel, "a channel with a source of its own is not fed by 'refer'",
                          "add a channel with 'enters' alone")  # fmt: skip
        return Effects(tuple(sets), self.money(spec, path), tuple(spec.refer or ()))

    def money(self, spec: EffectsSpec | StageSpec, path: Path_, accruing: bool = False) -> tuple[Amount, ...]:
        """Return the amounts earned and spent; on a stage they accrue."""
        amounts = []
        for side in ("earn", "spend"):
            for line, x in (getattr(spec, side) or {}).items():
                self.money_seen = True
                inner = (*path, side, line)
                try:
                    value, per_ms = self.rates.use(x, inner, "money")
                except Unusable:
                    continue
                if accruing:
                    if per_ms is None:
                        self.note(inner, None, "money on a stage accrues with time",
                                  "write 8 per month, or put it under on_entry or an event")  # fmt: skip
                        continue
                    cells = tuple(cell / per_ms for cell in value.cells)
                    spread = value.spread
                    if spread is not None:
                        self.note(inner, None, "money that accrues has no spread in this version",
                                  "put the spread on an invoice of an event")  # fmt: skip
                    value = Rate(value.name, "money", value.over, cells)
                amounts.append(Amount(line, side, value, per_ms))
        return tuple(amounts)
