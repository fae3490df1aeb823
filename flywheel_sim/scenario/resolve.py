"""From a merged tree to a journey ready to run, noting every problem on the way."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from contextlib import suppress
from typing import Any

from flywheel_sim.errors import Problem, nearest
from flywheel_sim.scenario import checks, schema
from flywheel_sim.scenario.events import EventReader
from flywheel_sim.scenario.journey import (
    Attribute,
    Channel,
    Journey,
    cohort_length,
)
from flywheel_sim.scenario.rates import RateReader
from flywheel_sim.scenario.read import read, read_section
from flywheel_sim.scenario.schema import (
    ChannelSpec,
    FileSpec,
    StageSpec,
)
from flywheel_sim.scenario.stated import BUILT_IN, Unusable
from flywheel_sim.scenario.strategy import Removed
from flywheel_sim.scenario.tree import Path_, Tree
from flywheel_sim.scenario.units import MINOR_DIGITS, YEAR, Quantity


def resolve(tree: Tree, strategy: str, removed: Removed, problems: list[Problem]) -> Journey | None:
    """Return the journey of a merged tree, or None after noting problems."""
    return _Resolver(tree, strategy, removed, problems).journey()


class _Resolver(EventReader):
    def __init__(self, tree: Tree, strategy: str, removed: Removed, problems: list[Problem]) -> None:
        self.tree, self.strategy, self.removed, self.problems = tree, strategy, removed, problems
        self.before = len(problems)

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
        self.reserved()
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
        if horizon and follow and follow > horizon and not self.tree.mark(("horizon",)).line:
            follow = None  # the horizon was shortened from outside the file: half of it, as without `follow`
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
        unit = cohort_length(horizon)
        whole = max(unit, (follow or horizon // 2) // unit * unit)
        return {
            "name": file.name,
            "horizon": horizon,
            "follow": min(whole, horizon),
            "discount": discount,
            "seed": seed,
            "start": file.start,
            "currency": file.currency,
            "report_by": report_by,
        }

    def reserved(self) -> None:
        """Refuse names under which two decisions would share their luck."""
        for name, spec in self.stage_specs.items():
            if name in ("person", "rate"):
                self.note(("journey",), None, f"'{name}' is a reserved name of a stage", "rename it", name)
            if "on_entry" in (spec.events or {}):
                self.note(("journey", name, "events"), None, "'on_entry' is a reserved name of an event", "rename it",
                          "on_entry")  # fmt: skip
        if (drawn := self.attribute_specs.get("arrival")) and drawn.drawn:
            self.note(
                ("attributes",), None, "'arrival' is a reserved name of a drawn attribute", "rename it", "arrival"
            )

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
