"""Sections of a report on strategies as they ran: recurring revenue, who stays, channels, what people share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from flywheel_sim.analysis.strategies import charts
from flywheel_sim.drawing.chart import Chart
from flywheel_sim.drawing.page import Section, Table
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.metrics.registry import metrics
from flywheel_sim.metrics.service import FIGURES, shown
from flywheel_sim.metrics.statement import BASIS
from flywheel_sim.result import Result
from flywheel_sim.stats import Estimate, plus_minus, with_unit

#: Metrics that only such journeys have.
ALONE = ("time_to_first_contact", "time_to_first_contact_median", "time_to_first_contact_p90", "saturation", "missed")


def in_common(result: Result) -> list[Section]:
    """Return the sections on staff, market and shared attributes, as far as the journeys have them."""
    runs = result.base_runs
    sections = []
    resources = dict.fromkeys(name for one in runs.values() for name in one.ledger.layout.resources)
    if resources:
        drawn: list[Chart] = []
        whose = [None] if len(runs) == 1 else list(resources)
        drawn += [charts.queues(result, name) for name in whose]
        for name in resources:
            with suppress(ExperimentError):
                drawn.append(charts.waits(result, name))
        several = len(runs) > 1
        staffed = {name: one for name, one in runs.items() if one.ledger.layout.resources}
        texts = [_contact(name if several else "", one) for name, one in staffed.items()]
        tables = [_served(name if several else "", one) for name, one in staffed.items()]
        sections.append(Section("Who waits for whom", texts, drawn, tables))
    if any(one.journey.market is not None for one in runs.values()):
        sections.append(Section("How much of the market is reached", charts=(charts.saturation(result),)))
    names = dict.fromkeys(name for one in runs.values() for name, _, _ in one.ledger.layout.shared)
    if names:
        sections.append(Section("What all share", charts=[charts.shared(result, name) for name in names]))
    return sections


def defined(every: Iterable[Runs]) -> list[tuple[str, str, str]]:
    """Return label, definition and unit of every figure in these sections and their summaries, each once."""
    definitions: dict[str, tuple[str, str, str]] = {}
    for one in every:
        books = one.books
        for metric in metrics():
            if metric.name in ALONE and metric.applies(books):
                definitions.setdefault(
                    metric.name, (one.label(metric.name), metric.definition, metric.unit_for(one.journey))
                )
        for index, resource in enumerate(books.ledger.layout.resources):
            for prefix in shown(books, index):
                unit = one.unit(f"{prefix}.{resource}")
                definitions.setdefault(prefix, (FIGURES[prefix].label, FIGURES[prefix].definition, unit))
        for name, _, _ in books.ledger.layout.shared:
            metric = one.metric(f"shared.{name}")
            definitions.setdefault(metric.name, (metric.label, metric.definition, metric.unit))
    return list(definitions.values())


def _contact(strategy: str, one: Runs) -> str:
    """Return how long people take from first asking to first service, in words."""
    mean, half, most = (one[name] for name in ALONE[:3])
    begin = f"{strategy.capitalize()}: f" if strategy else "F"
    if not mean.n:
        return f"{begin}rom these runs nothing is known of the time to the first contact, because nobody is served."
    middle = f"take {with_unit(half.mean, half.unit)} at most" if half.mean else "are served at once"
    return (
        f"{begin}rom first asking to first service people take {plus_minus(mean)} days on average; half of them "
        f"{middle}, nine in ten take {with_unit(most.mean, most.unit)} at most."
    )


def _served(strategy: str, one: Runs) -> Table:
    """Return the figures of every resource, a column each."""
    layout, books = one.ledger.layout, one.books
    has = [shown(books, index) for index in range(len(layout.resources))]
    rows: list[Sequence[str]] = []
    for prefix, figure in FIGURES.items():
        if any(prefix in prefixes for prefixes in has):
            cells = [
                plus_minus(one[f"{prefix}.{name}"]) if prefix in prefixes else "–"
                for name, prefixes in zip(layout.resources, has, strict=True)
            ]
            rows.append((figure.label, *cells, figure.unit.replace("CUR", one.journey.currency or "money units")))
    heads = (strategy, *(name.replace("_", " ") for name in layout.resources), "unit")
    whole = "; quantiles of waits are of the whole run" if one.journey.warm_up else ""
    note = f"Means over replications with the half-width of their 95 % interval, {one.span}{whole}."
    return Table(heads, rows, frozenset(range(1, len(heads) - 1)), note)


#: Metrics of the table by channel.
BY_CHANNEL = ("prospects", "acquisitions", "acquisition_spend", "cac", "clv", "payback", "roas")


def customers(result: Result) -> list[Section]:
    """Return what there is to say of recurring revenue, of how long customers stay, and of channels."""
    runs = list(result.base_runs.values())
    sections = []
    paying = [one for one in runs if one.ledger.mrr.any()]
    if paying:
        drawn = [charts.mrr_movements(one) for one in paying]
        both = [charts.fan(result, "mrr")] if len(runs) > 1 else []
        sections.append(Section("Recurring revenue", charts=(*both, *drawn)))
    lives: list[Chart] = []
    with suppress(ExperimentError):
        lives.append(charts.staying(result))
    for one in runs:
        with suppress(ExperimentError):
            lives.append(charts.cohort_retention(one))
    if lives:
        sections.append(Section("Who stays", charts=lives))
    if any(len(one.journey.channels) > 1 for one in runs):
        text = (
            "Everything belongs to the channel a person came by. Acquisition spend is what the channel costs and what "
            "is booked as acquisition on its people: that over its acquisitions is the acquisition cost. Return on ad "
            "spend is per unit of what the channel itself costs. Means with the half-width of their 95 % interval."
        )
        drawn = []
        for one in runs:
            with suppress(ExperimentError):
                drawn.append(charts.channels(one))
        sections.append(Section("Where they come from", (text,), drawn, [_channels(one) for one in runs]))
    return sections


def earned(result: Result) -> Section:
    """Return the section of the statement: from revenue to profit, of every strategy."""
    runs = result.base_runs
    tables = [_statement(name, one, len(runs) > 1) for name, one in runs.items()]
    return Section("From revenue to profit", (BASIS,), [charts.statement(one) for one in runs.values()], tables)


def _statement(name: str, runs: Runs, several: bool) -> Table:
    """Return the statement as a table of texts, lines under their headings."""
    table, unit = runs.statement(), runs.unit("revenue")
    rows = []
    for (heading, line), (mean, low, high) in zip(table.index.tolist(), table.to_numpy().tolist(), strict=True):
        estimate = Estimate(mean, low, high, 0.95, runs.n, unit)
        label = f"\u2003{line.replace('_', ' ')}" if line else runs.label(heading)
        rows.append((label, plus_minus(estimate)))
    whose = name.capitalize().replace("_", " ") if several else ""
    note = f"Means with the half-width of their 95 % interval, {runs.span}. Spends are taken off."
    return Table((whose, unit), rows, frozenset({1}), note)


def _channels(runs: Runs) -> Table:
    shown = runs.by("channel", *BY_CHANNEL)
    units = {name: runs.unit(name) for name in BY_CHANNEL}
    currency = runs.unit("revenue")
    rows = []
    for channel, row in shown.iterrows():
        estimates = [
            Estimate(
                row[name, "mean"],
                row[name, "low"],
                row[name, "high"],
                0.95,
                runs.n,
                units[name],
                never=runs.metric(name).never_for(runs.journey),
            )
            for name in BY_CHANNEL
        ]
        rows.append((str(channel).replace("_", "\u00a0"), *(plus_minus(one) for one in estimates)))
    heads = [
        runs.label(name) + (f" ({unit.removesuffix(' per customer')})" if unit.startswith((currency, "months")) else "")
        for name, unit in units.items()
    ]
    whose = (runs.journey.strategy or "").capitalize().replace("_", " ") or "Channel"
    return Table((whose, *heads), rows, frozenset(range(1, len(heads) + 1)))
