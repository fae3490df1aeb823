"""The report: one self-contained HTML page for a board, with the figures behind every chart."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from flywheel_sim import arguments as takes
from flywheel_sim.analysis import registry
from flywheel_sim.analysis.compare.result import Comparison
from flywheel_sim.analysis.strategies.figures import KEY_FIGURES
from flywheel_sim.analysis.strategies.section import defined
from flywheel_sim.arguments import checked
from flywheel_sim.drawing.chart import Chart
from flywheel_sim.drawing.page import Section, Table
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import WORDS, Model, scenario_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.experiment.warnings import churn_in_words
from flywheel_sim.journey.units import format_duration
from flywheel_sim.metrics.registry import metrics
from flywheel_sim.result import Result
from flywheel_sim.scenario.describe import assumptions, inline_figures
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.wording import joined
from flywheel_sim.writing import Content, file_name, named_files, put


@checked({
    "results": takes.instance("Result", what="what fs.compare and the like return"),
    "to": takes.path("the path of a file", "'report.html'"),
    "model": takes.optional(WORDS["model"]),
})  # fmt: skip
def write_report(*results: Result, to: str | Path, model: Model | None = None) -> Path:
    """Write results to one HTML file, and the data behind every chart beside it: all of it, or nothing.

    Parameters
    ----------
    *results
        Comparisons, replications, sensitivities and any other answers, in any number.
    to
        Path of the HTML file; its folder is made. The data go to ``csv/`` beside ``report.html``, and to ``NAME_csv/``
        beside any other ``NAME.html``.
    model
        The scenario, its name or its path, for its assumptions; a comparison brings its own.

    Returns
    -------
    Path
        Of the file written.

    Raises
    ------
    ExperimentError
        If there is nothing to report, or something among it is no answer.
    DataError
        If the file cannot be written.

    Examples
    --------
    >>> import flywheel_sim as fs, tempfile
    >>> runs = fs.replicate("subscription", strategies="funnel", replications=5)
    >>> fs.write_report(runs, to=f"{tempfile.mkdtemp()}/report.html").name
    'report.html'
    """
    path = Path(to)
    put(path.parent, report_of(results, path.name, model))
    return path


def report_of(
    results: Sequence[Result], page: str, model: Model | None = None, more: Mapping[str, Content] | None = None
) -> dict[str, Content]:
    """Return the files of a report, as `write_report` writes them.

    Parameters
    ----------
    results, model
        As there.
    page
        Name of the HTML file.
    more
        Other files that are written with it.

    Raises
    ------
    ExperimentError
        If there is nothing to report.
    """
    if not results:
        raise ExperimentError("a report of nothing: give it a comparison, replications or a sensitivity")
    shown = [section for one in results for section in registry.sections_of(one)]
    comparisons = [one for one in results if isinstance(one, Comparison)]
    scenario = None if model is None else scenario_of(model)
    if scenario is None and comparisons:
        scenario = next(iter(comparisons[0].models.values()))[0]
    every = [runs for result in results for runs in result.base_runs.values()]
    sections = _sections(shown, comparisons, every, scenario)
    name = every[0].journey.name if every else scenario.name if scenario else "Answers"
    sources = [one.provenance for one in (*every, *results)]
    folder = "csv" if page == "report.html" else f"{Path(page).stem}_csv"
    data = {f"{folder}/{chart.name}.csv": chart.csv().encode() for section in sections for chart in section.charts}
    beside = {**(more or {}), **data}
    text = _page(
        title=f"{name}: {joined(list(comparisons[0].names))}" if comparisons else name,
        subtitle=_basis(every) if every else "",
        answer=" ".join(one.answer() for one in comparisons),
        warnings=_warnings(results),
        sections=[_drawn(section) for section in sections],
        provenance=dict.fromkeys(map(str, sources)),
        files=named_files(beside),
    )
    return {**beside, page: text.encode("utf-8", "replace")}


def _sections(
    shown: Sequence[Section], comparisons: Sequence[Comparison], every: Sequence[Runs], model: Scenario | None
) -> list[Section]:
    """Return what stands on the page: all that results show, what is assumed, and what the figures mean."""
    sections = list(shown)
    if model is not None:
        sections.append(_assumed(model, comparisons[0] if comparisons else None))
    if every:
        sections.append(_defined(every[0], every))
    return _apart(sections)


def _warnings(results: Sequence[Result]) -> dict[str, None]:
    """Return what to be careful about, each thing once: of every strategy that is shown, its first runs."""
    named = [(name, runs) for result in results for name, runs in result.base_runs.items()]
    shown = list(dict(reversed(named)).values())[::-1]
    return dict.fromkeys(f"{_named(runs)}{text}" for runs in shown for text in runs.warnings())


def _page(**parts: object) -> str:
    """Return the page that is made of these parts; its policy lets a browser load and run nothing but its own style."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("flywheel_sim.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    style = environment.get_template("report.css").render()
    style_hash = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("report.html").render(**parts, style=Markup(style), style_hash=style_hash)


def _basis(every: Sequence[Runs]) -> str:
    """Return what figures rest on, in a line."""
    runs = every[0]
    start = f"from {runs.journey.start} on" if runs.journey.start else "from month 1 on"
    warm_up = f" · figures over time are of {runs.span}" if runs.journey.warm_up else ""
    several = len({one.journey.fingerprint for one in every}) > 1
    same = " of each strategy, the same people with the same luck in all of them" if several else ""
    return f"{format_duration(runs.journey.horizon)} {start} · {runs.n:,} replications{same}{warm_up}"


def _apart(sections: Sequence[Section]) -> list[Section]:
    """Return sections whose charts have names of their own, so that no data file overwrites another."""
    taken: set[str] = set()

    def renamed(chart: Chart) -> Chart:
        name, count = file_name(chart.name), 1
        while (own := name if count == 1 else f"{name}_{count}").lower() in taken:
            count += 1
        taken.add(own.lower())  # some systems take a.csv and A.csv for one file
        return replace(chart, name=own)

    return [replace(section, charts=tuple(renamed(c) for c in section.charts)) for section in sections]


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


def _assumed(model: Scenario, comparison: Comparison | None) -> Section:
    """Return every named rate with its why, by strategy where they differ, and every figure without a name."""
    chosen = [strategy for _, strategy in comparison.models.values()] if comparison else [None]
    by_strategy = [{a.name: a for a in assumptions(model, strategy)} for strategy in chosen]
    rows = []
    for name in dict.fromkeys(name for rates in by_strategy for name in rates):
        stated = [rates[name] for rates in by_strategy if name in rates]
        values = [one.value for one in stated]
        if len(set(values)) > 1:
            values = [f"{strategy}: {one.value}" for strategy, one in zip(chosen, stated, strict=False)]
        whys = dict.fromkeys(one.why or "no reason given" for one in stated)
        rows.append((name.replace("_", " "), "; ".join(dict.fromkeys(values)), "; ".join(whys)))
    tables = [Table(("Rate", "Value", "Why"), rows)] if rows else []
    unnamed = inline_figures(model, chosen[-1])
    if unnamed:
        tables.append(Table(("Figure without a name", "Value"), [(place.replace("_", " "), v) for place, v in unnamed]))
    text = "Every figure as the file states it; named rates with the reason they stand there."
    return Section("Assumptions", (text,), tables=tables)


def _defined(runs: Runs, every: Sequence[Runs]) -> Section:
    rows = [(m.label_for(runs.journey), m.definition, m.unit_for(runs.journey)) for m in metrics()
            if m.name in KEY_FIGURES and any(m.applies(one.books) for one in every)]  # fmt: skip
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
