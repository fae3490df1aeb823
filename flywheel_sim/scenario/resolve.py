"""From a merged tree to a journey ready to run, noting every problem on the way."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from flywheel_sim.errors import Problem, nearest
from flywheel_sim.scenario import checks, schema
from flywheel_sim.scenario.journey import (
    Amount,
    Attribute,
    Channel,
    Effects,
    Event,
    Journey,
    Outcome,
    Rate,
    SetLevel,
    Stage,
    Wait,
)
from flywheel_sim.scenario.rates import BUILT_IN, DEEPEST_CHAIN, UNKNOWN, RateReader, Unusable
from flywheel_sim.scenario.read import read, read_section
from flywheel_sim.scenario.schema import (
    ChannelSpec,
    DistSpec,
    EffectsSpec,
    EventSpec,
    FileSpec,
    OutcomeSpec,
    RateSpec,
    Ref,
    StageSpec,
)
from flywheel_sim.scenario.tree import Path_, Tree
from flywheel_sim.scenario.units import MINOR_DIGITS, MONTH, NEVER, YEAR, Quantity


@dataclass(slots=True)
class Removed:
    """What a strategy does without: channel names, and events as stage/event."""

    channels: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)


def resolve(tree: Tree, strategy: str, removed: Removed, problems: list[Problem]) -> Journey | None:
    """Return the journey of a merged tree, or None after noting problems."""
    return _Resolver(tree, strategy, removed, problems).journey()


class _Resolver:
    def __init__(self, tree: Tree, strategy: str, removed: Removed, problems: list[Problem]) -> None:
        self.tree, self.strategy, self.removed, self.problems = tree, strategy, removed, problems
        self.before = len(problems)

    def note(self, path: Path_, value: object, rule: str, remedy: str, key: str = "") -> Unusable:
        self.problems.append(self.tree.problem(path, value, rule, remedy, key))
        return Unusable()

    def journey(self) -> Journey | None:
        aside = {*schema.SECTIONS, "extends"}
        raw = {k: v for k, v in self.tree.root.items() if k not in aside and v is not None}
        self.file: FileSpec | None = read(FileSpec, raw, (), self.tree, self.problems)
        if self.file is None:  # check the settings that can be read all the same
            bad = {problem.path.split(".")[0] for problem in self.problems[self.before :]}
            good = {k: v for k, v in raw.items() if k not in bad}
            self.file = read(FileSpec, {"name": "?", "horizon": "1000 years"} | good, (), self.tree, [])
        for section in ("channels", "journey"):
            if section not in self.tree.root:
                self.note((), None, f"'{section}' is required", f"add {section}: ...", key=section)
        sections = {
            name: read_section(name, self.tree, self.problems) for name in schema.SECTIONS if name != "strategies"
        }
        if not {"channels", "journey"} <= self.tree.root.keys():
            return None
        self.channel_specs: dict[str, ChannelSpec] = sections["channels"]
        self.stage_specs: dict[str, StageSpec] = sections["journey"]
        self.attribute_specs: dict[str, schema.AttributeSpec] = sections["attributes"]
        self.known_stages = set(self.tree.root.get("journey") or ())
        self.known_channels = set(self.tree.root.get("channels") or ())
        self.known_attributes = set(self.tree.root.get("attributes") or ())
        rates = self.tree.root.get("rates")
        known_rates = set(rates) if isinstance(rates, dict) else set()
        levels = {name: tuple(spec.levels or spec.drawn or ()) for name, spec in self.attribute_specs.items()}
        for built_in in BUILT_IN:
            if built_in in levels:
                self.note(("attributes",), None, f"'{built_in}' is a built-in attribute", "rename it", built_in)
        levels["channel"] = tuple(self.tree.root.get("channels") or ())
        self.levels = levels
        currency = self.file.currency if self.file else None
        self.digits = MINOR_DIGITS.get(currency or "", 2)
        self.rates = RateReader(self.tree, self.problems, sections["rates"], levels, known_rates, self.digits)
        self.money_seen = False
        self.forms: dict[str, str] = {}
        attributes = [self.attribute(name, spec) for name, spec in self.attribute_specs.items()]
        channels = [c for name, spec in self.channel_specs.items() if (c := self.channel(name, spec))]
        stages = [self.stage(name, spec) for name, spec in self.stage_specs.items()]
        self.rates_left_over()
        settings = self.settings()
        if len(self.problems) > self.before or settings is None:
            return None
        stages_ok = tuple(s for s in stages if s is not None)
        attributes_ok = tuple(a for a in attributes if a is not None)
        checks.check(self.tree, stages_ok, tuple(channels), levels, self.removed, self.strategy, self.problems)
        if len(self.problems) > self.before:
            return None
        bearing = {k: v for k, v in self.tree.root.items() if k not in ("strategies", "seed", "reference")}
        bearing["(removed)"] = [sorted(self.removed.channels), sorted(self.removed.events)]
        text = json.dumps(bearing, sort_keys=False)
        return Journey(
            strategy=self.strategy,
            attributes=attributes_ok,
            channels=tuple(channels),
            stages=stages_ok,
            minor_digits=self.digits,
            fingerprint=hashlib.blake2b(text.encode(), digest_size=8).hexdigest(),
            **settings,
        )

    # -- settings -------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any] | None:
        file = self.file
        if file is None:
            return None
        horizon = self.duration(file.horizon, "horizon")
        follow = self.duration(file.follow, "follow") if file.follow else None
        if horizon and follow and follow > horizon:
            self.note(("follow",), None, "customers are followed longer than the horizon",
                      f"write at most {file.horizon.text}")  # fmt: skip
        discount = 0.0
        if (rate := file.discount) is not None:
            discount = rate.number
            if rate.form != "percent" or rate.per_ms != YEAR or rate.reading or rate.per_what or rate.number < 0:
                self.note(("discount",), rate.text, "the discount is an effective annual rate", "write 10 % per year")
        seed = 0
        if (given := file.seed) is not None:
            seed = int(given.number)
            whole = given.form == "number" and not given.per_ms and not given.per_what and seed == given.number
            if not whole or not 0 <= seed < 2**32:
                self.note(("seed",), given.text, "a seed is a whole number from 0 to 4294967295", "write 1")
        if file.start is not None:
            try:
                dt.date.fromisoformat(file.start)
            except ValueError:
                self.note(("start",), file.start, "the start is a date", "write 2027-01-01")
        if file.currency is not None and not re.fullmatch("[A-Z]{3}", file.currency):
            self.note(("currency",), file.currency, "a currency is its three-letter code", "write EUR or USD")
        if self.money_seen and file.currency is None:
            self.note((), None, "money is earned or spent, but 'currency' is missing", "add currency: EUR", "currency")
        report_by = tuple(file.report_by or ())
        for index, name in enumerate(report_by):
            if name not in self.known_attributes:
                self.note(("report_by", str(index)), name, "not an attribute to group by",
                          nearest(name, self.attribute_specs))  # fmt: skip
        strategies = self.tree.root.get("strategies") or {}
        if file.reference is not None and file.reference not in strategies:
            self.note(("reference",), file.reference, "not a strategy", nearest(file.reference, strategies))
        if not horizon:
            return None
        default = max(MONTH, horizon // 2 // MONTH * MONTH)
        return {
            "name": file.name,
            "horizon": horizon,
            "follow": min(follow or default, horizon),
            "discount": discount,
            "seed": seed,
            "start": file.start,
            "currency": file.currency,
            "report_by": report_by,
        }

    def duration(self, quantity: Quantity, key: str) -> int | None:
        if quantity.form != "duration" or quantity.number <= 0:
            self.note((key,), quantity.text, f"'{key}' is a positive duration", "write 36 months")
            return None
        if quantity.number > 1000 * YEAR:
            self.note((key,), quantity.text, f"'{key}' is at most 1000 years", "write 36 months")
            return None
        return int(quantity.number)

    def rates_left_over(self) -> None:
        """Read rates that nothing uses too, so that their own mistakes are found."""
        for name, spec in self.rates.specs.items():
            if name not in self.rates.used:
                forms = {"percent": "chance", "duration": "duration", "never": "duration", "number": "money"}
                kind: Any = forms.get(self.form_of(spec), "chance")
                with suppress(Unusable):
                    self.rates.read_alone(spec, ("rates", name), kind)

    # -- people ---------------------------------------------------------------------------------

    def attribute(self, name: str, spec: schema.AttributeSpec) -> Attribute | None:
        path = ("attributes", name)
        if spec.levels is not None:
            if not spec.levels or len(set(spec.levels)) != len(spec.levels):
                self.note(path, None, "levels are different names, at least one", "write [basic, premium]")
                return None
            return Attribute(name, tuple(spec.levels), None)
        assert spec.drawn is not None
        if not spec.drawn:
            self.note(path, None, "an attribute has levels", "write [basic, premium]")
            return None
        try:
            places: dict[str, Path_] = {level: (*path, level) for level in spec.drawn}
            chances, rest = self.chances(dict(spec.drawn), places, None, lambda level: None)
        except Unusable:
            return None
        for level, chance in chances.items():
            if set(chance.over) - {"channel"}:
                self.note((*path, level), None, "a draw on arrival depends on the channel at most",
                          "use 'by: {channel: ...}'")  # fmt: skip
        self.complete(chances, rest, path, list(spec.drawn))
        return Attribute(name, tuple(spec.drawn), tuple(chances.get(level) for level in spec.drawn))

    def channel(self, name: str, spec: ChannelSpec) -> Channel | None:
        path = ("channels", name)
        if spec.enters not in self.known_stages:
            self.note((*path, "enters"), spec.enters, "no stage of that name", nearest(spec.enters, self.known_stages))
        sources = [k for k in ("rate", "batch", "present") if getattr(spec, k) is not None]
        if spec.spend is not None and "rate" not in sources:
            sources.append("spend")
        sources.sort(key=list(self.tree.at(path)).index)
        if len(sources) > 1:
            self.note(path, None, f"a channel has one source, not {' and '.join(sources)}",
                      "split it into two channels", key=sources[1])  # fmt: skip
            return None
        if spec.at_most is not None:
            self.note(path, None, "the setting 'at_most' belongs to the language, but this version does not run it yet",
                      "leave it out for now", key="at_most")  # fmt: skip
        needs = {"cost_per_arrival": ("spend", "rate"), "cost_per_batch": ("batch",)}
        for key, hosts in needs.items():
            if getattr(spec, key) is not None and not set(hosts) & set(sources):
                self.note(path, None, f"'{key}' goes with '{hosts[-1]}'", f"add {hosts[0]}: ..., or remove it", key)
        try:
            given = {k: self.plain(spec, k, path) for k in
                     ("rate", "batch", "present", "spend", "cost_per_arrival", "cost_per_batch")}  # fmt: skip
        except Unusable:
            return None
        removed = name in self.removed.channels
        spend, cost = given["spend"], given["cost_per_arrival"]
        if sources == ["spend"]:
            if spec.cost_per_arrival is not None and not cost:
                self.note((*path, "cost_per_arrival"), None, "spend over a price of 0 brings people without end",
                          "write 40")  # fmt: skip
                return None
            if not cost:
                self.note(path, None, "spend needs the price of an arrival", "add cost_per_arrival: 40",
                          "cost_per_arrival")  # fmt: skip
                return None
            return Channel(name, spec.enters, "rate", spend / cost, spend_per_ms=spend, removed=removed)
        if sources == ["rate"]:
            return Channel(name, spec.enters, "rate", given["rate"], spend_per_ms=spend,
                           cost_per_arrival=round(cost), removed=removed)  # fmt: skip
        if not sources:
            return Channel(name, spec.enters, "referral", removed=removed)
        count = given[sources[0]]
        if count != int(count) or count > 10**9:
            self.note((*path, sources[0]), None, "people are counted in whole numbers, up to a billion", "write 1000")
            return None
        kind: Any = sources[0]
        return Channel(name, spec.enters, kind, count=int(count),
                       cost_per_batch=round(given["cost_per_batch"]), removed=removed)  # fmt: skip

    def plain(self, spec: ChannelSpec, key: str, path: Path_) -> float:
        """Return a channel's figure, the same for everybody, in canonical units; 0 where absent."""
        x = getattr(spec, key)
        if x is None:
            return 0.0
        kind: Any = {"rate": "rate", "batch": "number", "present": "number"}.get(key, "money")
        rate, per_ms = self.rates.use(x, (*path, key), kind)
        if not rate.constant:
            raise self.note((*path, key), None, "a channel's figure is the same for everybody", "give one figure")
        value = rate.cells[0]
        if kind == "money":
            self.money_seen = True
            if (key == "spend") != (per_ms is not None):
                remedy = "write 8000 per month" if key == "spend" else "write 40"
                rule = "spend accrues over a period" if key == "spend" else f"'{key}' is paid once each"
                raise self.note((*path, key), None, rule, remedy)
            if per_ms:
                return value / per_ms
        return value

    # -- stages ---------------------------------------------------------------------------------

    def stage(self, name: str, spec: StageSpec) -> Stage | None:
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
        on_entry = self.effects(spec.on_entry, (*path, "on_entry"), f"{name}/on_entry")
        accruals = self.money(spec, path, accruing=True)
        return Stage(name, spec.role, spec.phase, on_entry, accruals, tuple(events))

    def event(self, stage: str, role: str, name: str, spec: EventSpec, path: Path_, siblings: int) -> Event | None:
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
        effects = self.effects(spec, path, f"{stage}/{name}")
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
            decision = path[1] + "/" + path[-1]
            effects[name] = self.effects(own, (*inner, name), decision) if own else Effects()
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

    def effects(self, spec: EffectsSpec | None, path: Path_, decision: str) -> Effects:
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
