"""The report: one self-contained HTML page for a board, with the figures behind every chart."""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from flywheel_sim.analysis.compare.result import SPEND_TOLERANCE, Comparison, called
from flywheel_sim.analysis.sensitivity.response import Sensitivity
from flywheel_sim.errors import DataError, ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.experiment.warnings import churn_in_words
from flywheel_sim.journey.units import format_duration
from flywheel_sim.metrics.registry import metrics
from flywheel_sim.metrics.revenue import lines_of
from flywheel_sim.report import charts
from flywheel_sim.report.drawing import Chart, joined
from flywheel_sim.report.page import Section, Table
from flywheel_sim.report.sections import Answer, answered
from flywheel_sim.report.sections_sensitivity import ahead, sensitive
from flywheel_sim.report.sections_service import defined, in_common
from flywheel_sim.scenario.describe import assumptions, inline_figures
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, plus_minus

#: Metrics of the table of key figures, in its order.
KEY_FIGURES = (
    "prospects", "acquisitions", "conversion", "active_customers", "churned", "won_back", "referred",
    "observed_retention", "revenue", "spend", "profit", "mrr", "nrr", "grr", "arpu", "cac", "clv", "ltv_cac", "payback",
    "time_to_convert", "k_factor", "generation_share", "lineage_value",
)  # fmt: skip

#: Metrics of the table by channel.
BY_CHANNEL = ("prospects", "acquisitions", "spend", "roas", "cac", "clv", "payback")


def write_report(
    *results: Runs | Comparison | Sensitivity | Answer, to: str | Path, model: Scenario | None = None
) -> Path:
    """Write results to one HTML file, and the data behind every chart to ``csv/`` beside it.

    Parameters
    ----------
    *results
        Comparisons, replications, sensitivities and any other answers, in any number.
    to
        Path of the HTML file; its folder is made.
    model
        The scenario, for its assumptions; a comparison brings its own.

    Returns
    -------
    Path
        Of the file written.

    Raises
    ------
    ExperimentError
        If there is nothing to report.
    DataError
        If the file cannot be written.
    """
    import jinja2

    if not results:
        raise ExperimentError("a report of nothing: give it a comparison, replications or a sensitivity")
    comparisons = [r for r in results if isinstance(r, Comparison)]
    every = list(_runs(results))
    if model is None and comparisons:
        model = next(iter(comparisons[0].models.values()))[0]
    sections: list[Section] = []
    for result in results:
        if isinstance(result, Comparison):
            sections += _compared(result)
        elif isinstance(result, Runs):
            sections += _replicated(result)
        elif isinstance(result, Sensitivity):
            sections.append(sensitive(result))
        else:
            sections.append(answered(result))
    if model is not None:
        sections.append(_assumed(model, comparisons[0] if comparisons else None))
    if every:
        sections.append(_defined(every[0], every))
    shown = list(_runs(r for r in results if not isinstance(r, Sensitivity))) or every
    name = every[0].journey.name if every else model.name if model else "Answers"
    sources = [r.provenance for r in (*every, *results) if hasattr(r, "provenance")]
    warnings = dict.fromkeys(f"{_named(r)}{text}" for r in shown for text in r.warnings())
    sections = _apart(sections)
    folder = Path(to).parent
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("flywheel_sim.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("report.html").render(
        title=f"{name}: {joined(list(comparisons[0].names))}" if comparisons else name,
        subtitle=_basis(every[0]) if every else "",
        answer=" ".join(c.answer() for c in comparisons),
        warnings=warnings,
        sections=[_drawn(section) for section in sections],
        provenance=dict.fromkeys(map(str, sources)),
    )
    try:
        (folder / "csv").mkdir(parents=True, exist_ok=True)
        Path(to).write_text(page, encoding="utf-8")
        for section in sections:
            for chart in section.charts:
                (folder / "csv" / f"{chart.name}.csv").write_text(chart.csv(), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{to}: {error.strerror or error}; choose a folder that can be written") from error
    return Path(to)


def _basis(runs: Runs) -> str:
    """Return what figures rest on, in a line."""
    start = f"from {runs.journey.start} on" if runs.journey.start else "from month 1 on"
    warm_up = f" · figures over time are of {runs.span}" if runs.journey.warm_up else ""
    return (
        f"{format_duration(runs.journey.horizon)} {start} · {runs.n:,} replications of each strategy, "
        f"the same people with the same luck in all of them{warm_up}"
    )


def _apart(sections: Sequence[Section]) -> list[Section]:
    """Return sections whose charts have names of their own, so that no data file overwrites another."""
    taken: Counter[str] = Counter()

    def renamed(chart: Chart) -> Chart:
        taken[chart.name] += 1
        count = taken[chart.name]
        return replace(chart, name=f"{chart.name}_{count}") if count > 1 else chart

    return [replace(section, charts=tuple(renamed(c) for c in section.charts)) for section in sections]


def _runs(results: Iterable[Runs | Comparison | Sensitivity | Answer]) -> Iterable[Runs]:
    for result in results:
        if isinstance(result, Comparison):
            yield from result.runs.values()
        elif isinstance(result, Runs):
            yield result
        else:
            yield from getattr(result, "base_runs", {}).values()


def _named(runs: Runs) -> str:
    return f"{runs.journey.strategy.capitalize()}: " if runs.journey.strategy else ""


def _drawn(section: Section) -> dict[str, object]:
    def encoded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    drawn = [
        {"name": c.name, "title": c.title, "svg": encoded(c.svg()), "csv": encoded(c.csv()), "caption": ""}
        for c in section.charts
    ]
    return {"title": section.title, "texts": section.texts, "charts": drawn, "tables": section.tables}


def _compared(result: Comparison) -> list[Section]:
    names = result.names
    cross = result.crossover("profit")
    gain = result.pairing_gain("profit")
    paired = "" if math.isnan(gain) else (
        f"Both strategies met the same strangers with the same luck in each of {result[names[0]].n:,} replications; "
        + (f"that made the variance of the difference {gain:.1f} times smaller than separate runs would have."
           if gain >= 1.05 else "here that did not make the difference steadier than separate runs would have.")
    )  # fmt: skip
    ahead = f"At the horizon {called(names[-1])} is ahead of {called(names[0])} in {cross.probability} of futures."
    gap = max((result.spend_gap(name, names[0]) for name in names[1:]), key=abs)
    budget = (
        "within the 1 % that a fair comparison allows."
        if abs(gap) <= SPEND_TOLERANCE
        else "more than the 1 % that a fair comparison allows, so this report does not say which is better."
    )
    most = " at most" if len(names) > 2 else ""
    spent = result.difference("spend")
    exact = f" ({plus_minus(spent, signed=True)} {spent.unit}, {called(names[-1])} less {called(names[0])})"
    budget = f"Total spend differs by {gap:+.1%}{most}{exact if len(names) == 2 else ''}: {budget}"
    differs = Table(
        ("What", names[0], names[-1]), [(d.what, d.one, d.other) for d in result.what_differs()],
        note="Everything not named here is the same in both.",
    )  # fmt: skip
    return [
        Section("What it earns", charts=(charts.fan(result, "profit", cumulative=True), charts.fan(result, "revenue"))),
        Section(
            "Which is ahead, and since when",
            (ahead, paired) if paired else (ahead,),
            (charts.difference(result, "profit"),),
            (_months(result),),
        ),
        Section("Key figures", tables=(_figures(result),)),
        *_customers(result),
        *in_common(result),
        Section("What both spend", (budget, *map(str, result.matches)), (charts.spending(result),)),
        Section("What the strategies differ in", tables=(differs,)),
        Section("How people flow", charts=(charts.stage_flow(result),)),
    ]


def _months(result: Comparison) -> Table:
    a, b = result.names[-1], result.names[0]
    found = {m: e for m, e in result.by_month().items() if m > result[a].books.warm_up}
    rows = [(f"month {m}", plus_minus(e, signed=True), e.unit, ahead(e, a, b)) for m, e in found.items()]
    heads = ("Stopping at", f"cumulative profit, {a} less {b}", "unit", "ahead")
    turns = len({row[3] for row in rows} & {a, b}) == 2
    return Table(heads, rows, frozenset({1}), "A shorter horizon turns the answer round." if turns else "")


def _figures(result: Comparison) -> Table:
    rows = []
    for name in KEY_FIGURES:
        found: list[Estimate] = [result[s][name] for s in result.names]
        gap = result.difference(name)
        if all(e.mean == 0 or math.isnan(e.mean) for e in found):
            continue
        rows.append((
            result[result.names[0]].metric(name).label, *(plus_minus(e) for e in found),
            plus_minus(gap, signed=True), found[0].unit + ("; difference in points" if found[0].unit[0] == "%" else ""),
        ))  # fmt: skip
    return Table(
        ("", *result.names, f"{result.names[-1]} less {result.names[0]}", "unit"), rows,
        frozenset(range(1, len(result.names) + 2)),
        f"Means over replications with the half-width of their 95 % interval, over "
        f"{result[result.names[0]].span}; the difference is paired.",
    )  # fmt: skip


def _replicated(result: Runs) -> list[Section]:
    names = [n for n in KEY_FIGURES if result[n].mean != 0] + lines_of(result.books)
    rows = [(result.metric(n).label, plus_minus(result[n]), result.unit(n)) for n in names]
    table = Table(("", "mean ± half-width of the 95 % interval", "unit"), rows, frozenset({1}))
    return [
        Section("What it earns", charts=(charts.fan(result, "profit", cumulative=True), charts.fan(result, "revenue"))),
        Section("Key figures", tables=(table,)),
        *_customers(result),
        *in_common(result),
        Section("How people flow", charts=(charts.stage_flow(result),)),
    ]


def _customers(result: Runs | Comparison) -> list[Section]:
    """Return what there is to say of recurring revenue, of how long customers stay, and of channels."""
    runs = list(_runs((result,)))
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
            "Everything belongs to the channel a person came by; what a referral costs is spend on the customer "
            "who refers. Means with the half-width of their 95 % interval."
        )
        drawn = []
        for one in runs:
            with suppress(ExperimentError):
                drawn.append(charts.channels(one))
        sections.append(Section("Where they come from", (text,), drawn, [_channels(one) for one in runs]))
    return sections


def _channels(runs: Runs) -> Table:
    shown = runs.by("channel", *BY_CHANNEL)
    units = {name: runs.unit(name) for name in BY_CHANNEL}
    currency = runs.unit("revenue")
    rows = []
    for channel, row in shown.iterrows():
        found = [
            Estimate(row[name, "mean"], row[name, "low"], row[name, "high"], 0.95, runs.n, units[name])
            for name in BY_CHANNEL
        ]
        rows.append((str(channel).replace("_", "\u00a0"), *(plus_minus(one) for one in found)))
    heads = [
        runs.metric(name).label
        + (f" ({unit.removesuffix(' per customer')})" if unit.startswith((currency, "months")) else "")
        for name, unit in units.items()
    ]
    return Table(
        (_named(runs).rstrip(": ").replace("_", " ") or "Channel", *heads), rows, frozenset(range(1, len(heads) + 1))
    )


def _assumed(model: Scenario, comparison: Comparison | None) -> Section:
    """Return every named rate with its why, by strategy where they differ, and every figure without a name."""
    chosen = [strategy for _, strategy in comparison.models.values()] if comparison else [None]
    by_strategy = [{a.name: a for a in assumptions(model, strategy)} for strategy in chosen]
    rows = []
    for name in dict.fromkeys(name for found in by_strategy for name in found):
        held = [found[name] for found in by_strategy if name in found]
        values = [one.value for one in held]
        if len(set(values)) > 1:
            values = [f"{strategy}: {one.value}" for strategy, one in zip(chosen, held, strict=False)]
        whys = dict.fromkeys(one.why or "no reason given" for one in held)
        rows.append((name.replace("_", " "), "; ".join(dict.fromkeys(values)), "; ".join(whys)))
    tables = [Table(("Rate", "Value", "Why"), rows)] if rows else []
    unnamed = inline_figures(model, chosen[-1])
    if unnamed:
        tables.append(Table(("Figure without a name", "Value"), [(place.replace("_", " "), v) for place, v in unnamed]))
    text = "Every figure as the file states it; named rates with the reason they stand there."
    return Section("Assumptions", (text,), tables=tables)


def _defined(runs: Runs, every: Sequence[Runs]) -> Section:
    rows = [(m.label, m.definition, m.unit_for(runs.journey)) for m in metrics() if m.name in KEY_FIGURES]
    follow = format_duration(runs.journey.follow)
    text = (
        f"CLV, payback and K-factor follow customers acquired at least {follow} before the horizon for {follow}. "
        f"CLV is discounted at {100 * runs.journey.discount:.4g} % a year to acquisition; revenue, spend and profit "
        "are not discounted. An interval is that of a mean over replications; a band of futures shows where single "
        "futures lie."
    )
    churn = churn_in_words(runs.books)
    text += f" {churn}." if churn else ""
    if runs.journey.warm_up:
        text += (
            f" Figures over time are of {runs.span}; those that follow people, by cohort or visit, are of everybody."
        )
    table = Table(("Figure", "Definition", "Unit"), [*rows, *defined(every)])
    return Section("What the figures mean", (text,), tables=(table,))
