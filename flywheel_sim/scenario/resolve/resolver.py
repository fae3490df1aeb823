"""From a merged tree to a journey ready to run, noting every problem on the way."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from flywheel_sim.errors import Problem
from flywheel_sim.journey.journey import (
    BUILT_IN,
    Attribute,
    Channel,
    Cost,
    Journey,
    Owner,
    Resource,
    Stage,
    StageSet,
    amounts_of,
)
from flywheel_sim.journey.reach import pays_for_ever
from flywheel_sim.journey.units import YEAR, Quantity
from flywheel_sim.scenario.rates.canonical import RateReader
from flywheel_sim.scenario.rates.rate_context import RateContext
from flywheel_sim.scenario.resolve import attributes, checks
from flywheel_sim.scenario.resolve.channels import ChannelReader
from flywheel_sim.scenario.resolve.context import Context, FileSpecs, WrittenNames
from flywheel_sim.scenario.resolve.events import EventReader
from flywheel_sim.scenario.resolve.levers import LeverReader
from flywheel_sim.scenario.resolve.lines import LineReader
from flywheel_sim.scenario.resolve.pulls import LeverPulls, pulled_levers
from flywheel_sim.scenario.resolve.resources import ResourceReader
from flywheel_sim.scenario.resolve.settings import SettingReader, read_settings, start_of
from flywheel_sim.scenario.resolve.shared_attributes import SharedAttributeReader
from flywheel_sim.scenario.source import schema
from flywheel_sim.scenario.source.notes import Notes, Unusable
from flywheel_sim.scenario.source.read import read_section
from flywheel_sim.scenario.source.schema import FileSpec
from flywheel_sim.scenario.source.strategy import Choices
from flywheel_sim.scenario.source.tree import Tree
from flywheel_sim.scenario.source.values import RateSpec

#: Parts of line names that suggest a cost of sales.
COST_OF_SALES_WORDS: tuple[str, ...] = (
    "goods", "cogs", "material", "bean", "postage", "shipping", "freight", "deliver", "packag", "payment", "fee",
    "hosting", "cloud", "server", "licen", "commission", "production", "royalt", "parts", "ingredient", "fulfil",
)  # fmt: skip

#: Names that select the random numbers of other decisions, so that no stage or set may have them.
RESERVED_OWNERS: tuple[str, ...] = ("person", "rate", "uncertain")


@dataclass(frozen=True, slots=True)
class Source:
    """What it takes to resolve a journey again with other values of its uncertain rates.

    Attributes
    ----------
    sections
        The specs of every section as read.
    samples, plans
        The samples of empirical distributions and the plans of channels, so that no file is read again.
    units
        The unit each uncertain rate is stated in.
    """

    tree: Tree
    choices: Choices
    sections: dict[str, dict[str, Any]]
    samples: dict[tuple[str, ...], tuple[float, ...]] = field(default_factory=dict)
    plans: dict[tuple[str, ...], tuple[tuple[dt.date, float], ...]] = field(default_factory=dict)
    units: dict[str, Quantity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a journey, each ready to run; those with problems are left out."""

    attributes: tuple[Attribute, ...]
    channels: tuple[Channel, ...]
    levers: tuple[StageSet | Cost, ...]
    overheads: tuple[Cost, ...]
    stages: tuple[Stage, ...]
    sets: tuple[StageSet, ...]
    resources: tuple[Resource, ...]


def resolve(tree: Tree, strategy: str, choices: Choices, problems: list[Problem]) -> Journey | None:
    """Return the journey of a merged tree, or None after noting problems."""
    return _journey(Source(tree, choices, {}), strategy, problems, settled=False)


def resolve_again(journey: Journey, values: Mapping[str, Quantity], problems: list[Problem]) -> Journey | None:
    """Return a journey whose uncertain rates have these values, or None after noting problems."""
    source: Source = journey.source
    rates = dict(source.sections["rates"])
    for name, value in values.items():
        spec: RateSpec = rates[name]
        rates[name] = spec.model_copy(update={"moved": value})
    again = Source(source.tree, source.choices, source.sections | {"rates": rates}, source.samples, source.plans)
    return _journey(again, journey.strategy, problems, settled=True)


def _journey(source: Source, strategy: str, problems: list[Problem], settled: bool) -> Journey | None:
    """Return the journey of a source, or None after noting problems."""
    notes, before = Notes(source.tree, problems), len(problems)
    file = read_settings(notes)
    sections = source.sections or _sections(notes, source.choices.base)
    context = _context(notes, source, FileSpecs.of(sections), file, settled)
    if not {"channels", "journey"} <= source.tree.root.keys():
        return None
    settings = SettingReader(context).settings(file)
    pulls = LeverPulls(context)
    pulls.register()
    context.findings.lines.update(LineReader(context).lines())
    parts = _parts(context, settings["horizon"] if settings else YEAR)
    _check_market(context, parts.channels, settings)
    _warn_of_budget_lines(context, parts)
    _warn_of_double_recurring(context, parts)
    _check_unused_rates(context)
    pulls.check()
    if context.findings.money and file is not None and file.currency is None:
        notes.note((), None, "money is earned or spent, but 'currency' is missing", "add currency: EUR", "currency")
    if len(problems) > before or settings is None:
        return None
    choices = source.choices
    checks.ReachCheck(source.tree, parts.stages, parts.sets, parts.channels, parts.resources).check(
        not choices.events and not choices.channels and not strategy, problems
    )
    if len(problems) > before:
        return None
    rates = context.rates.stated
    by_name = {name: rates.uncertain.get(name) for name in context.specs.rates if name in rates.used}
    uncertain = tuple(rate for rate in by_name.values() if rate is not None)
    journey = Journey(
        strategy=strategy,
        attributes=parts.attributes,
        channels=parts.channels,
        stages=parts.stages,
        sets=(*parts.sets, *(lever for lever in parts.levers if isinstance(lever, StageSet))),
        costs=(*parts.overheads, *(lever for lever in parts.levers if isinstance(lever, Cost))),
        resources=parts.resources,
        shared=context.shared,
        lines=tuple(context.findings.lines.values()),
        notes=tuple(context.findings.warnings),
        fingerprint=_fingerprint(context),
        uncertain=uncertain,
        source=Source(source.tree, choices, sections, context.samples, context.plans, rates.units)
        if uncertain
        else None,
        **settings,
    )
    _check_lifetime(notes, file, journey)
    return journey if len(problems) == before else None


def _sections(notes: Notes, base: Tree | None) -> dict[str, dict[str, Any]]:
    """Return every section as read, after noting what is required and what cannot be read."""
    for section in ("channels", "journey"):
        if section not in notes.tree.root:
            notes.note((), None, f"'{section}' is required", f"add {section}: ...", key=section)
    sections = [name for name in schema.SECTIONS if name != "strategies"]
    return {name: read_section(name, notes.tree, notes.problems, base) for name in sections}


def _context(notes: Notes, source: Source, specs: FileSpecs, file: FileSpec | None, settled: bool) -> Context:
    """Return what every reader of a part is given, after noting problems of names and of shared attributes."""
    root, names = notes.tree.root, WrittenNames.of(notes.tree)
    _check_reserved(notes, specs, file)
    own = {name: spec for name, spec in specs.attributes.items() if name not in BUILT_IN}
    reader = SharedAttributeReader(notes, specs, names)
    shared = {name: attribute for name, spec in own.items() if spec.shared and (attribute := reader.shared(name, spec))}
    traits = {
        name: attributes.shared_trait(shared[name], own) if spec.shared else attributes.trait(name, spec)
        for name, spec in own.items() if name in shared or not spec.shared
    } | attributes.built_in(_keys(root.get("channels")), _keys(root.get("journey")))  # fmt: skip
    dated, start = start_of(notes, file)
    rates = RateReader(RateContext(notes, specs.rates, names.rates, traits, dated, settled))
    context = Context(
        notes=notes,
        choices=source.choices,
        specs=specs,
        names=names,
        shared=tuple(shared.values()),
        traits=traits,
        rates=rates,
        dated=dated,
        start=start,
        samples=source.samples,
        plans=source.plans,
    )
    return context


def _keys(section: object) -> tuple[str, ...]:
    """Return the names in a section, none where it is no mapping, which is noted elsewhere."""
    return tuple(section) if isinstance(section, dict) else ()


def _parts(context: Context, horizon: int) -> Parts:
    """Return the parts of the journey, after noting their problems."""
    specs, lever_reader, event_reader = context.specs, LeverReader(context, horizon), EventReader(context)
    own_attribute, channel = attributes.AttributeReader(context).attribute, ChannelReader(context, horizon).channel
    own = [own_attribute(name, spec) for name, spec in specs.attributes.items() if not spec.shared]
    channels = [channel(name, spec) for name, spec in specs.channels.items()]
    levers = [lever_reader.lever(name, spec) for name, spec in specs.levers.items()]
    overheads = [lever_reader.overhead(name, x) for name, x in specs.costs.items()]
    stages = tuple(event_reader.stage(name, spec) for name, spec in specs.stages.items())
    sets = tuple(event_reader.stage_set(name, spec) for name, spec in specs.sets.items())
    event_reader.check_clock_count(stages, sets)
    resource = ResourceReader(context).resource
    resources = [resource(name, spec) for name, spec in specs.resources.items()]
    return Parts(
        tuple(part for part in own if part), tuple(part for part in channels if part),
        tuple(part for part in levers if part), tuple(part for part in overheads if part), stages, sets,
        tuple(part for part in resources if part),
    )  # fmt: skip


def _check_reserved(notes: Notes, specs: FileSpecs, file: FileSpec | None) -> None:
    """Refuse names under which two decisions would share their random numbers."""
    for section, items in (("journey", specs.stages), ("while", specs.sets)):
        for name, spec in items.items():
            if name in RESERVED_OWNERS:
                what = "stage" if section == "journey" else "set"
                notes.note((section,), None, f"'{name}' is a reserved name of a {what}", "rename it", name)
            if "on_entry" in (spec.events or {}):
                notes.note((section, name, "events"), None, "'on_entry' is a reserved name of an event",
                           "rename it", "on_entry")  # fmt: skip
    place = ("attributes",)
    arrival = specs.attributes.get("arrival")
    set_by_channels = any("arrival" in (spec.set or {}) for spec in specs.channels.values())
    if arrival and (arrival.drawn or set_by_channels):
        notes.note(place, None, "'arrival' is a reserved name of a drawn attribute", "rename it", "arrival")
    if file is not None and file.market is not None and "market" in specs.attributes:
        notes.note(place, None, "'market' is a reserved name of an attribute beside a finite market", "rename it",
                   "market")  # fmt: skip
    for built_in in BUILT_IN:
        if built_in in specs.attributes:
            notes.note(place, None, f"'{built_in}' is a built-in attribute", "rename it", built_in)


def _check_market(context: Context, channels: tuple[Channel, ...], settings: dict[str, Any] | None) -> None:
    """Refuse a market of fewer people than are there at the start."""
    present = sum(channel.count for channel in channels if channel.kind == "present" and not channel.removed)
    if settings and settings["market"] and settings["market"] < present:
        context.notes.note(("market",), None, f"{present} people are present at the start, more than the market has",
                           f"write at least {present}")  # fmt: skip


def _check_lifetime(notes: Notes, file: FileSpec | None, journey: Journey) -> None:
    """Refuse to follow to their end customers who have none, where what they bring is not discounted."""
    stage = pays_for_ever(journey) if file and file.follow == schema.LIFETIME and not journey.discount else None
    if stage is not None:
        notes.note(("follow",), schema.LIFETIME,
                   f"customers can stay around '{stage}' for ever, and nothing is discounted",
                   "state a discount, such as 10 % per year, or for how long: follow: 10 years")  # fmt: skip


def _warn_of_budget_lines(context: Context, parts: Parts) -> None:
    """Warn of lines of spend on customers that count as budget because the file gives them no kind."""
    customers = {name for name, spec in context.specs.stages.items() if spec.role == "customer"}
    lines: dict[str, None] = {}
    owners: tuple[Owner, ...] = (*parts.stages, *parts.sets)
    for owner in owners:
        if customers & set(owner.stages if isinstance(owner, StageSet) else (owner.name,)):
            booked = [amount.line for amount in amounts_of(owner) if amount.side == "spend"]
            lines |= dict.fromkeys(line for line in booked if line not in context.specs.levers)
    lines = {line: None for line in lines if not context.kind_of(line, "")}
    first = sorted(lines, key=lambda line: not any(word in line.lower() for word in COST_OF_SALES_WORDS))
    if not first:
        return
    counts = "counts" if len(first) == 1 else "count"
    context.warn(("journey",), None,
                 f"what is spent on customers for {', '.join(first)} {counts} as budget, as service to customers does",
                 f"where it is what a sale costs, write lines: {{{first[0]}: {{kind: cost_of_sales}}}}; "
                 "else kind: service")  # fmt: skip


def _warn_of_double_recurring(context: Context, parts: Parts) -> None:
    """Warn where a customer moves on to be billed on another line while the first invoice still counts."""
    not_recurring = {name for name, line in context.findings.lines.items() if not line.recurring}
    recurs: dict[str, set[str]] = {}
    lasts: dict[str, set[str]] = {}
    for stage in parts.stages:
        owners: list[Owner] = [stage, *(stage_set for stage_set in parts.sets if stage.name in stage_set.stages)]
        amounts = [
            amount for owner in owners for amount in amounts_of(owner) if amount.side == "earn" and amount.period_ms
        ]
        recurs[stage.name] = {amount.line for amount in amounts} - not_recurring if stage.role == "customer" else set()
        lasts[stage.name] = recurs[stage.name] - {amount.line for owner in owners for amount in owner.accruals}
    warned = set()
    for stage in parts.stages:
        for event in stage.events:
            for to in (outcome.to for outcome in event.outcomes if outcome.to):
                lines_there = recurs.get(to, set())  # a stage with problems is not among them
                left, entered = lasts[stage.name] - lines_there, lines_there - recurs[stage.name]
                for old_line, new_line in zip(sorted(left), sorted(entered), strict=False):
                    if (old_line, new_line) not in warned:
                        warned.add((old_line, new_line))
                        context.warn(("journey", stage.name, "events", event.name), None,
                                     f"whoever moves to '{to}' is billed on '{new_line}' while what they paid on "
                                     f"'{old_line}' still counts until its period is over, so both recur",
                                     "where one plan takes the place of the other, earn both on one line")  # fmt: skip


def _check_unused_rates(context: Context) -> None:
    """Check the rates that nothing uses too, so that their mistakes are noted: those of the file, and what is new."""
    base, tree, used = context.choices.base, context.notes.tree, context.rates.stated.used
    checked = base.root.get("rates") if base and base is not tree else None
    checked, written = (rates if isinstance(rates, dict) else {} for rates in (checked, tree.root.get("rates")))
    for name, spec in context.specs.rates.items():
        if name not in used and (name not in checked or checked[name] is not written[name]):
            forms = {"percent": "chance", "duration": "duration", "never": "duration", "number": "money"}
            kind: Any = forms.get(context.rates.form_of(spec), "chance")
            with suppress(Unusable):
                context.rates.check_unused(spec, ("rates", name), kind)


def _fingerprint(context: Context) -> str:
    """Return the hash of everything that affects the figures, except the seed."""
    choices = context.choices
    bearing = {k: v for k, v in context.notes.tree.root.items() if k not in ("strategies", "seed", "reference")}
    bearing["(removed)"] = [sorted(choices.channels), sorted(choices.events)]
    if pulled := pulled_levers(choices, context.specs.levers):
        bearing["(pulled)"] = {name: spend.text if spend else "" for name, spend in pulled.items()}
    digest = hashlib.blake2b(json.dumps(bearing, sort_keys=False).encode(), digest_size=8)
    for key, sample in sorted(context.samples.items()):
        digest.update(repr((key[1:], sample)).encode())
    for key, plan in sorted(context.plans.items()):
        digest.update(repr((key[1:], plan)).encode())
    return digest.hexdigest()
