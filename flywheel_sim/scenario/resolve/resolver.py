"""From a merged tree to a journey ready to run, noting every problem on the way."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from flywheel_sim.errors import Problem, nearest
from flywheel_sim.journey.dates import phase
from flywheel_sim.journey.journey import (
    BUILT_IN,
    Channel,
    Cost,
    Journey,
    StageSet,
    cohort_length,
)
from flywheel_sim.journey.units import MINOR_DIGITS, MONTH, YEAR, Quantity, format_duration
from flywheel_sim.scenario.resolve import attributes, checks
from flywheel_sim.scenario.resolve.attributes import AttributeReader
from flywheel_sim.scenario.resolve.channels import ChannelReader
from flywheel_sim.scenario.resolve.events import EventReader
from flywheel_sim.scenario.resolve.levers import LeverReader
from flywheel_sim.scenario.resolve.rates import RateReader
from flywheel_sim.scenario.source import schema
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.read import read, read_section
from flywheel_sim.scenario.source.schema import FileSpec
from flywheel_sim.scenario.source.strategy import Choices
from flywheel_sim.scenario.source.tree import Tree
from flywheel_sim.scenario.source.values import RateSpec

#: Names under which the luck of other decisions is kept, so that no stage or set may bear them.
RESERVED_OWNERS: tuple[str, ...] = ("person", "rate", "uncertain")
#: People in a market beyond which a figure is taken for a slip.
MOST_IN_MARKET = 10**12


@dataclass(frozen=True, slots=True)
class Source:
    """What it takes to resolve a journey again with other values of its uncertain rates.

    Attributes
    ----------
    sections
        The specs of every section as read.
    samples
        The samples of empirical distributions, so that no file is read again.
    units
        The unit each uncertain rate is stated in.
    """

    tree: Tree
    choices: Choices
    sections: dict[str, dict[str, Any]]
    samples: dict[tuple[str, ...], tuple[float, ...]] = field(default_factory=dict)
    units: dict[str, Quantity] = field(default_factory=dict)


def resolve(tree: Tree, strategy: str, choices: Choices, problems: list[Problem]) -> Journey | None:
    """Return the journey of a merged tree, or None after noting problems."""
    return _Resolver(Source(tree, choices, {}), strategy, problems, settled=False).journey()


def resolve_again(journey: Journey, values: Mapping[str, Quantity], problems: list[Problem]) -> Journey | None:
    """Return a journey whose uncertain rates have these values, or None after noting problems."""
    source: Source = journey.source
    rates = dict(source.sections["rates"])
    for name, value in values.items():
        spec: RateSpec = rates[name]
        rates[name] = spec.model_copy(update={"moved": value})
    again = Source(source.tree, source.choices, source.sections | {"rates": rates}, source.samples)
    return _Resolver(again, journey.strategy, problems, settled=True).journey()


class _Resolver(EventReader, ChannelReader, AttributeReader, LeverReader):
    def __init__(self, source: Source, strategy: str, problems: list[Problem], settled: bool) -> None:
        self.tree, self.choices, self.samples = source.tree, source.choices, source.samples
        self.given, self.strategy, self.problems, self.settled = source.sections, strategy, problems, settled
        self.before = len(problems)
        self.per_event, self.money_seen = {}, False

    def journey(self) -> Journey | None:
        sections = self.read()
        if not {"channels", "journey"} <= self.tree.root.keys():
            return None
        settings = self.settings()
        horizon = settings["horizon"] if settings else YEAR
        self.rates = RateReader(self.tree, self.problems, sections["rates"], self.traits,
                                _names(self.tree, "rates"), self.digits, self.dated, self.settled)  # fmt: skip
        if self.lever_specs:
            self.set_levers()
        attribute_list = [self.attribute(name, spec) for name, spec in self.attribute_specs.items() if not spec.mean]
        channels = [c for name, spec in self.channel_specs.items() if (c := self.channel(name, spec, horizon))]
        pulled = [self.lever(name, spec) for name, spec in self.lever_specs.items()]
        overheads = [self.overhead(name, x) for name, x in sections["costs"].items()]
        stages = tuple(self.stage(name, spec) for name, spec in self.stage_specs.items())
        sets = tuple(self.stage_set(name, spec) for name, spec in self.set_specs.items())
        self.crowds(stages, sets)
        resources = tuple(r for name, spec in self.resource_specs.items() if (r := self.resource(name, spec)))
        self.enough(channels, settings)
        self.rates_left_over()
        self.check_levers()
        if self.money_seen and self.file is not None and self.file.currency is None:
            self.note((), None, "money is earned or spent, but 'currency' is missing", "add currency: EUR", "currency")
        if len(self.problems) > self.before or settings is None:
            return None
        checks.Paths(self.tree, stages, sets, tuple(channels), resources).check(
            not self.choices.events and not self.choices.channels and not self.strategy, self.problems
        )
        if len(self.problems) > self.before:
            return None
        doubts = {name: self.rates.uncertain.get(name) for name in self.rates.specs if name in self.rates.used}
        uncertain = tuple(doubt for doubt in doubts.values() if doubt is not None)
        return Journey(
            strategy=self.strategy,
            attributes=tuple(a for a in attribute_list if a is not None),
            channels=tuple(channels),
            stages=stages,
            sets=(*sets, *(held for held in pulled if isinstance(held, StageSet))),
            costs=(*(held for held in overheads if held), *(held for held in pulled if isinstance(held, Cost))),
            resources=resources,
            shared=self.means,
            minor_digits=self.digits,
            fingerprint=self.fingerprint(),
            uncertain=uncertain,
            source=Source(self.tree, self.choices, sections, self.samples, self.rates.units) if uncertain else None,
            **settings,
        )

    def read(self) -> dict[str, dict[str, Any]]:
        """Read the settings and every section, and return the sections."""
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
        sections = self.given or {
            name: read_section(name, self.tree, self.problems) for name in schema.SECTIONS if name != "strategies"
        }
        self.channel_specs, self.stage_specs = sections["channels"], sections["journey"]
        self.attribute_specs, self.set_specs = sections["attributes"], sections["while"]
        self.lever_specs, self.resource_specs = sections["levers"], sections["resources"]
        self.known_stages = _names(self.tree, "journey")
        self.known_channels = _names(self.tree, "channels")
        self.known_attributes = _names(self.tree, "attributes")
        self.known_resources, self.asked = _names(self.tree, "resources"), {}
        self.digits = MINOR_DIGITS.get((self.file.currency if self.file else None) or "", 2)
        stated = self.file.start if self.file else self.tree.root.get("start")
        self.start, self.dated = None, stated is not None
        with suppress(ValueError, TypeError):
            self.start = dt.date.fromisoformat(stated)  # type: ignore[arg-type]
        self.reserved()
        built_in = attributes.built_in(
            tuple(self.tree.root.get("channels") or ()), tuple(self.tree.root.get("journey") or ())
        )
        specs = {name: spec for name, spec in self.attribute_specs.items() if name not in BUILT_IN}
        means = {name: one for name, spec in specs.items() if spec.mean and (one := self.shared(name, spec.mean))}
        self.means = tuple(means.values())
        self.traits = {
            name: attributes.shared_trait(means[name], specs[means[name].of])
            if spec.mean else attributes.trait(name, spec)
            for name, spec in specs.items() if name in means or not spec.mean
        } | built_in  # fmt: skip
        return sections

    def fingerprint(self) -> str:
        """Return the hash of everything that bears on the figures but the seed."""
        bearing = {k: v for k, v in self.tree.root.items() if k not in ("strategies", "seed", "reference")}
        bearing["(removed)"] = [sorted(self.choices.channels), sorted(self.choices.events)]
        if pulled := self.pulled():
            bearing["(pulled)"] = {name: spend.text if spend else "" for name, spend in pulled.items()}
        digest = hashlib.blake2b(json.dumps(bearing, sort_keys=False).encode(), digest_size=8)
        for key, sample in sorted(self.samples.items()):
            digest.update(repr((key[1:], sample)).encode())
        return digest.hexdigest()

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
        warm_up = self.warm_up(file.warm_up, horizon)
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
        if file.start is not None and self.start is None:
            self.note(("start",), file.start, "the start is a date", "write 2027-01-01")
        if file.currency is not None and not re.fullmatch("[A-Z]{3}", file.currency):
            self.note(("currency",), file.currency, "a currency is its three-letter code", "write EUR or USD")
        strategies = self.tree.root.get("strategies") or {}
        if file.reference is not None and file.reference not in strategies:
            self.note(("reference",), file.reference, "not a strategy", nearest(file.reference, strategies))
        report_by = self.report_by(tuple(file.report_by or ()))
        if not horizon:
            return None
        unit = cohort_length(horizon)
        whole_units = max(unit, (follow or horizon // 2) // unit * unit)
        return {
            "name": file.name,
            "horizon": horizon,
            "follow": min(whole_units, horizon),
            "discount": discount,
            "seed": seed,
            "start": file.start,
            "phase": phase(self.start) if self.start else 0,
            "currency": file.currency,
            "report_by": report_by,
            "market": self.market(file.market),
            "warm_up": warm_up,
        }

    def market(self, given: Quantity | None) -> int | None:
        """Return how many people there are to be reached, None for no end of them."""
        if given is None:
            return None
        return self.whole(given, ("market",), "a market", (1, MOST_IN_MARKET), 10_000)

    def warm_up(self, given: Quantity | None, horizon: int | None) -> int:
        """Return the stretch that figures over time leave out, in ms."""
        if given is None:
            return 0
        if given.form != "duration" or given.number % MONTH:
            self.note(("warm_up",), given.text, "a warm-up is whole months", "write 6 months")
        elif horizon and given.number >= horizon:
            self.note(("warm_up",), given.text, "the warm-up is shorter than the horizon",
                      f"write less than {format_duration(horizon)}")  # fmt: skip
        return int(given.number)

    def enough(self, channels: list[Channel], settings: dict[str, Any] | None) -> None:
        """Refuse a market of fewer people than are there at the start."""
        present = sum(channel.count for channel in channels if channel.kind == "present" and not channel.removed)
        if settings and settings["market"] and settings["market"] < present:
            self.note(("market",), None, f"{present} people are present at the start, more than the market has",
                      f"write at least {present}")  # fmt: skip

    def report_by(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the attributes to group by, after noting those that have no named levels."""
        for index, name in enumerate(names):
            place = ("report_by", str(index))
            if name not in self.known_attributes:
                self.note(place, name, "not an attribute to group by", nearest(name, self.attribute_specs))
            elif (held := self.traits.get(name)) and held.kind != "levels":
                self.note(place, name, "only an attribute with named levels makes groups", "leave it out")
            elif name in names[:index]:
                self.note(place, name, "results are kept by it already", "name it once")
        return names

    def reserved(self) -> None:
        """Refuse names under which two decisions would share their luck."""
        for section, specs in (("journey", self.stage_specs), ("while", self.set_specs)):
            for name, spec in specs.items():
                if name in RESERVED_OWNERS:
                    what = "stage" if section == "journey" else "set"
                    self.note((section,), None, f"'{name}' is a reserved name of a {what}", "rename it", name)
                if "on_entry" in (spec.events or {}):
                    self.note((section, name, "events"), None, "'on_entry' is a reserved name of an event",
                              "rename it", "on_entry")  # fmt: skip
        arrival = self.attribute_specs.get("arrival")
        set_by_channels = any("arrival" in (spec.set or {}) for spec in self.channel_specs.values())
        if arrival and (arrival.drawn or set_by_channels):
            self.note(
                ("attributes",), None, "'arrival' is a reserved name of a drawn attribute", "rename it", "arrival"
            )
        if self.file is not None and self.file.market is not None and "market" in self.attribute_specs:
            self.note(("attributes",), None, "'market' is a reserved name of an attribute beside a finite market",
                      "rename it", "market")  # fmt: skip
        for built_in in BUILT_IN:
            if built_in in self.attribute_specs:
                self.note(("attributes",), None, f"'{built_in}' is a built-in attribute", "rename it", built_in)

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
                kind: Any = forms.get(self.rates.form_of(spec), "chance")
                with suppress(Unusable):
                    self.rates.read_alone(spec, ("rates", name), kind)


def _names(tree: Tree, section: str) -> set[str]:
    """Return the names of a section as written, whether or not they can be read."""
    held = tree.root.get(section)
    return set(held) if isinstance(held, dict) else set()
