"""The commands that look after data of a company: what a file holds, and what becomes of its rows."""

from __future__ import annotations

import functools
import inspect
import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from flywheel_sim.analysis.commands import pair
from flywheel_sim.cli.options import AsJson, Out, fitted, say, show
from flywheel_sim.errors import DataError, ExperimentError
from flywheel_sim.writing import home, refuse_unwritable

File = Annotated[Path, typer.Argument(metavar="FILE", help="A CSV, Parquet or Excel file.")]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="KIND",
        help="What it holds: orders, subscriptions, pipeline, funnel, spend or survivors; told by its columns unless "
        "given.",
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="ROLE=HEADING", help="Which column serves as what; repeatable."),
]
Zone = Annotated[str | None, typer.Option(help="Where the business is, such as Europe/Berlin.")]
Currency = Annotated[str | None, typer.Option(help="Which currency counts where there are several.")]
Dates = Annotated[str | None, typer.Option(help="'day first' or 'month first'.")]
Decimal = Annotated[str | None, typer.Option(help="The sign before decimals: . or ,")]
Amounts = Annotated[str | None, typer.Option(help="cents or units.")]
Count = Annotated[str | None, typer.Option(metavar="WORD,...", help="Statuses that count, with commas.")]
Until = Annotated[str | None, typer.Option(metavar="DAY", help="The last day of the records, such as 2025-06-30.")]
SellingSince = Annotated[str | None, typer.Option(metavar="DAY", help="Since when the business has sold.")]
RecordsFrom = Annotated[str | None, typer.Option(metavar="DAY", help="Since when the records see an end.")]
Unit = Annotated[str | None, typer.Option(help="Of the ages of survivors: year, month, week or day.")]
Sheet = Annotated[str | None, typer.Option(help="Which sheet of a workbook.")]
Keys = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A file for the customers' keys, which you alone may read.")
]
AtMostRefused = Annotated[float | None, typer.Option(help="Which share of rows may be refused; 0.05 unless given.")]


def columns_said(columns: list[str] | None) -> dict[str, str | list[str]] | None:
    """Return what --column says as readers take it."""
    from flywheel_sim.data.source.exports import SEVERAL

    said: dict[str, str | list[str]] = {}
    for item in columns or []:
        role, heading = pair(item, "--column", "ROLE=HEADING", "customer=Kundennummer")
        if role in said:
            raise ExperimentError(f"--column says '{role}' twice; say it once")
        several = [part.strip() for part in heading.split(",") if part.strip()]
        said[role] = several if role in SEVERAL else heading
    return said or None


def words_said(words: str | None) -> list[str] | None:
    """Return words that stand with commas between."""
    return None if words is None else [word.strip() for word in words.split(",") if word.strip()]


def _read(
    kind: As = None, column: Columns = None, zone: Zone = None, currency: Currency = None,
    dates: Dates = None, decimal: Decimal = None, amounts: Amounts = None, count: Count = None, until: Until = None,
    selling_since: SellingSince = None, records_from: RecordsFrom = None, unit: Unit = None, sheet: Sheet = None,
    keys: Keys = None, at_most_refused: AtMostRefused = None,
) -> dict[str, Any]:  # fmt: skip
    """Return what options say of how a file is read, as readers take it."""
    return {
        "kind": kind, "columns": columns_said(column), "zone": zone, "currency": currency, "dates": dates,
        "decimal": decimal, "amounts": amounts, "count": words_said(count), "until": until,
        "selling_since": selling_since, "records_from": records_from, "unit": unit, "sheet": sheet, "keys": keys,
        "at_most_refused": at_most_refused,
    }  # fmt: skip


#: An option as Python writes it: its name, and a text, a figure, a list or a mapping.
_PYTHON = re.compile(r"\b([a-z_]+)=('[^']*'|\[[^]]*\]|\{[^}]*\}|\d[\d.]*\b)")


def as_options(text: str) -> str:
    """Return what a reader or a fit says with what it would have written as it is written on the command line."""
    names = {*inspect.signature(_read).parameters, "of", "model", "level", "ahead"}

    def option(found: re.Match[str]) -> str:
        name, value = found[1], found[2]
        if name == "columns":
            pairs = re.findall(r"'([^']*)': '([^']*)'", value) or [("ROLE", "HEADING")]
            return " ".join(f"--column '{role}={heading}'" for role, heading in pairs)
        if name not in names:
            return found[0]
        if value.startswith("["):
            value = "'" + ",".join(re.findall(r"'([^'.]+)'", value)) + "'"
        name = "as" if name == "kind" else name
        return f"--{name.replace('_', '-')} {value}"

    return _PYTHON.sub(option, re.sub(r"(?:fs\.)?read_([a-z]+)(?:\(\.\.\., ([^)]*)\))?", _reading, text))


def _reading(found: re.Match[str]) -> str:
    """Return a call of a reader as options."""
    return found[2] or f"--as {found[1]}"


def check(file: File, as_json: AsJson = False, **given: Any) -> None:
    """Say what a file holds, how its columns are taken, and what becomes of every row."""
    from flywheel_sim.data.kinds import read

    records = read(file, **_read(**given))
    show(json.dumps(records.to_json()) if as_json else fitted(as_options(f"{type(records).__name__}: {records}")))


Of = Annotated[
    str | None,
    typer.Option(
        help="What to fit: buying, spend, arrivals or referrals of orders; retention, arrivals or referrals of "
        "subscriptions; stages of a pipeline; the first unless given.",
    ),
]
Model = Annotated[str | None, typer.Option(help="The model; chosen by forecasts from earlier days unless given.")]
Season = Annotated[bool, typer.Option("--season", help="Let months of the year have factors of their own.")]
Level = Annotated[float, typer.Option(help="Of the intervals.")]
Ahead = Annotated[int | None, typer.Option(min=1, help="How far ahead forecasts are held against what came.")]
Journey = Annotated[
    Path | None, typer.Option("--journey", metavar="FILE", help="A file for the journey that the model makes.")
]


def fit(
    file: File, of: Of = None, model: Model = None, season: Season = False, level: Level = 0.95, ahead: Ahead = None,
    journey: Journey = None, out: Out = None, as_json: AsJson = False, **given: Any,
) -> None:  # fmt: skip
    """Fit rates to the data of a file, and say how sure they are."""
    from flywheel_sim.analysis.fitting.fit import fit as fitted_to
    from flywheel_sim.data.kinds import read
    from flywheel_sim.report.html import write_report
    from flywheel_sim.writing import put

    folder, to = (None if one is None else home(one) for one in (out, journey))
    if folder is not None:
        refuse_unwritable(folder, ("report.html",))
    if to is not None:
        refuse_unwritable(to.parent, (to.name,))
    records = read(file, **_read(**given))
    say(f"{type(records).__name__}: {records.answer()}")
    found = fitted_to(records, of, model=model, season=season, level=level, ahead=ahead, progress=sys.stderr.isatty())
    if folder is not None:
        say(f"report: {write_report(found, to=folder / 'report.html')}")
    show(json.dumps(found.to_json()) if as_json else fitted(as_options(str(found))))
    if to is not None:
        put(to.parent, {to.name: found.journey().encode()})
        say(f"journey: {to}")


def _with_reading(command: Any) -> Any:
    """Return a command that also takes the options of how a file is read."""
    own = [
        one for one in inspect.signature(command, eval_str=True).parameters.values() if one.kind is not one.VAR_KEYWORD
    ]
    reading = inspect.signature(_read, eval_str=True).parameters.values()
    first, *others = own
    listed = [first, *(one.replace(kind=one.KEYWORD_ONLY) for one in (*others, *reading))]

    @functools.wraps(command)
    def call(**given: Any) -> None:
        try:
            command(**given)
        except (DataError, ExperimentError) as error:
            raise type(error)(as_options(str(error))) from error

    call.__signature__ = inspect.Signature(listed)  # type: ignore[attr-defined]
    call.__annotations__ = {one.name: one.annotation for one in listed}
    return call


def data_commands() -> typer.Typer:
    """Return the commands under ``flywheel data``."""
    app = typer.Typer(help="Look after data of a company.", no_args_is_help=True, rich_markup_mode=None)
    app.callback()(_always)
    app.command(short_help="Say what a file holds and what becomes of its rows")(_with_reading(check))
    app.command(short_help="Fit rates to the data of a file")(_with_reading(fit))
    return app


def _always() -> None:
    """Check data of a company before anything is made of it."""
