"""Sections of a report on what people have in common: staff, a market that ends, attributes that all share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from flywheel_sim.analysis.compare.result import Comparison
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.metrics.registry import metrics
from flywheel_sim.metrics.service import FIGURES, shown
from flywheel_sim.report import charts_service
from flywheel_sim.report.drawing import Chart, by_name
from flywheel_sim.report.page import Section, Table
from flywheel_sim.stats import plus_minus, with_unit

#: Metrics that only such journeys have.
ALONE = ("time_to_first_contact", "time_to_first_contact_median", "time_to_first_contact_p90", "saturation", "missed")


def in_common(result: Runs | Comparison) -> list[Section]:
    """Return the sections on staff, market and shared attributes, as far as the journeys have them."""
    runs = by_name(result)
    sections = []
    resources = dict.fromkeys(name for one in runs.values() for name in one.ledger.layout.resources)
    if resources:
        drawn: list[Chart] = []
        whose = [None] if len(runs) == 1 else list(resources)
        drawn += [charts_service.queues(result, name) for name in whose]
        for name in resources:
            with suppress(ExperimentError):
                drawn.append(charts_service.waits(result, name))
        several = len(runs) > 1
        staffed = {name: one for name, one in runs.items() if one.ledger.layout.resources}
        texts = [_contact(name if several else "", one) for name, one in staffed.items()]
        tables = [_served(name if several else "", one) for name, one in staffed.items()]
        sections.append(Section("Who waits for whom", texts, drawn, tables))
    if any(one.journey.market is not None for one in runs.values()):
        sections.append(Section("How much of the market is reached", charts=(charts_service.saturation(result),)))
    names = dict.fromkeys(name for one in runs.values() for name, _, _ in one.ledger.layout.shared)
    if names:
        sections.append(Section("What all share", charts=[charts_service.shared(result, name) for name in names]))
    return sections


def defined(every: Iterable[Runs]) -> list[tuple[str, str, str]]:
    """Return label, definition and unit of every figure in these sections and their summaries, each once."""
    found: dict[str, tuple[str, str, str]] = {}
    for one in every:
        books = one.books
        for metric in metrics():
            if metric.name in ALONE and metric.applies(books):
                found.setdefault(metric.name, (metric.label, metric.definition, metric.unit_for(one.journey)))
        for index, resource in enumerate(books.ledger.layout.resources):
            for prefix in shown(books, index):
                unit = one.unit(f"{prefix}.{resource}")
                found.setdefault(prefix, (FIGURES[prefix].label, FIGURES[prefix].definition, unit))
        for name, _, _ in books.ledger.layout.shared:
            metric = one.metric(f"shared.{name}")
            found.setdefault(metric.name, (metric.label, metric.definition, metric.unit))
    return list(found.values())


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
