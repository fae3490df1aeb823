"""From the commands that questions declare to those of the command line: options, runs, what is printed and written."""

from __future__ import annotations

import inspect
import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flywheel_sim.analysis import registry
from flywheel_sim.analysis.commands import Command, Option, Step, arguments_of, default_of_option
from flywheel_sim.cli.options import COMMON, Config, fitted, metric_names, model_of, options, say, show
from flywheel_sim.errors import LimitReached, SimulationError
from flywheel_sim.spreadsheets import csv_of
from flywheel_sim.writing import Content, home, put, refuse_unwritable

if TYPE_CHECKING:
    from flywheel_sim.result import Result


def added(app: typer.Typer, command: Command) -> None:
    """Add a command to the application."""

    def run(config: str, **given: Any) -> None:
        _carry_out(command, config, given)

    parameters = [inspect.Parameter("config", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Config)]
    parameters += [_parameter(command, one) for one in sorted(command.options, key=lambda one: not one.positional)]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, kind, default in _common(command)
    ]
    run.__doc__ = command.about
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    app.command(command.name, short_help=_short(command.about))(run)


def _short(about: str) -> str:
    """Return the first part of what a command does, as the list of all has room for."""
    parts = re.split(r"[:;]", about)[0].rstrip(".").split(", ")
    short = parts.pop(0)
    while parts and len(short) + len(parts[0]) + 2 <= _ROOM:
        short = f"{short}, {parts.pop(0)}"
    return short


#: The report in the folder of --out.
_PAGE = "report.html"

#: Characters that the list of commands has for each.
_ROOM = 62


def _parameter(command: Command, option: Option) -> inspect.Parameter:
    """Return an option as the command line's library takes it."""
    kind: Any = list[option.kind] if option.many else option.kind  # type: ignore[name-defined]
    default = default_of_option(command, option)
    if option.kind is bool:
        default = bool(default)
    elif default is None and not option.required:
        kind = kind | None
    how: dict[str, Any] = {"help": option.about, "metavar": option.metavar or None, "min": option.least}
    if option.name == "of":
        how["autocompletion"] = metric_names
    flags = [option.flag] if option.flag else []
    written = typer.Argument(help=option.about) if option.positional else typer.Option(*flags, **how)
    given = inspect.Parameter.empty if option.required else default
    place = inspect.Parameter.POSITIONAL_OR_KEYWORD if option.positional else inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(option.name, place, default=given, annotation=Annotated[kind, written])


def _common(command: Command) -> list[tuple[str, Any, Any]]:
    """Return the options of all commands that this one's verb knows, with the verb's own default where it has one."""
    own, known = {option.name for option in command.options}, arguments_of(command)
    options = []
    for name, (kind, default, needs) in COMMON.items():
        if name not in own and (needs is None or needs in known):
            options.append((name, kind, known[name] if default is ... else default))
    return options


def _carry_out(command: Command, config: str, given: dict[str, Any]) -> None:
    """Run a command: read the journey, run step after step, print what was found and write it."""
    from flywheel_sim.result import Result

    sets, horizon = given.pop("sets", None), None if _own(command, "horizon") else given.pop("horizon", None)
    data = given.pop("data", None)
    model = model_of(config, sets, horizon, data)
    own = {option.name: _parted(option, given[option.name]) for option in command.options}
    others = [option.name for option in command.options if option.model and own[option.name] is not None]
    own |= {name: model_of(own[name], sets, horizon, data) for name in others}
    own = {name: home(value) if isinstance(value, Path) else value for name, value in own.items()}
    folder = None if given.get("out") is None else home(given["out"])
    if folder is not None:
        _refuse(folder, own.get("store"))
    answers: dict[str, Result] = {}
    stopped: LimitReached | KeyboardInterrupt | None = None
    try:
        for step in _steps(command, model, own, options(given)):
            if step.says:
                say(step.says)
            answers[step.name] = step.call()
    except (LimitReached, KeyboardInterrupt) as stop:
        complete = getattr(stop, "complete", None)
        if isinstance(complete, Result):
            answers[step.name] = complete
        elif not answers:
            if isinstance(stop, KeyboardInterrupt):
                _say_kept(own)
            raise
        stopped = stop
    text = json.dumps(_json(answers)) if given["as_json"] else fitted("\n\n".join(map(str, answers.values())))
    waits = isinstance(stopped, KeyboardInterrupt)  # somebody who wants to see it now
    if waits:
        show(text)
    if folder is not None:
        _write(folder, model, answers)  # else before anything is printed: whoever reads may close the pipe
    if not waits:
        show(text)
    if own.get("store") is not None:
        store = own["store"]
        say(f"kept in {store}; flywheel export {shlex.quote(str(store))} FILE.parquet writes it to a file")
    if stopped is not None:
        runs = list(list(answers.values())[-1].base_runs.values())
        kept = f"what is printed{' and written' if folder else ''}"
        rests = f"{kept} rests on the {runs[0].n:,} replications done before" if runs else ""
        if isinstance(stopped, KeyboardInterrupt):
            say(rests or f"{kept} is what was complete before")
            raise stopped
        raise SimulationError("\n".join([str(stopped), *([rests] if rests else [])]))


def _parted(option: Option, given: Any) -> Any:
    """Return what was given for an option: of one that takes commas every name, or None where there is none."""
    if not option.commas or given is None:
        return given
    return [part.strip() for text in given for part in text.split(",") if part.strip()] or None


def _json(answers: dict[str, Result]) -> dict[str, Any]:
    """Return what was found as JSON: the first answer, and any others by name under ``also``."""
    first, *others = answers.items()
    also = {name: one.to_json() for name, one in others}
    return {**first[1].to_json(), **({"also": also} if also else {})}


def _refuse(folder: Path, store: Path | None) -> None:
    """Raise before anything is run if the report cannot be written, so that no run is lost to a wrong path."""
    refuse_unwritable(folder, ("results.csv", "csv/chart.csv", _PAGE))
    if store is not None and os.path.realpath(store.parent) == os.path.realpath(folder):
        folder.mkdir(parents=True, exist_ok=True)  # it is kept beside the report, and begun before


def _write(folder: Path, model: Any, answers: dict[str, Result]) -> None:
    """Write what was found into a folder, all of it or nothing: a tidy table of each answer, and the report of all."""
    from flywheel_sim.report.html import report_of

    tables: dict[str, Content] = {
        f"results_{name}.csv" if at else "results.csv": partial(csv_of, one.frame())
        for at, (name, one) in enumerate(answers.items())
    }
    put(folder, report_of(list(answers.values()), _PAGE, model, tables))
    say(f"report: {folder / _PAGE}")


def _own(command: Command, name: str) -> bool:
    return any(option.name == name for option in command.options)


def _steps(command: Command, model: Any, own: dict[str, Any], how: dict[str, Any]) -> Any:
    """Return what a command runs: its own steps, or its verb with what was asked."""
    if command.ask is not None:
        return command.ask(model, own, how)
    verb: Callable[..., Any] = registry.load(registry.names()[command.verb], command.verb)
    known = arguments_of(command)
    asked = own | {name: value for name, value in how.items() if name in known}
    asked = {name: value for name, value in asked.items() if value is not None}
    says = f"{model.name}: {command.says.format(**own, **how)}" if command.says else ""
    return [Step(command.name, says, lambda: verb(model, **asked))]


def _say_kept(own: dict[str, Any]) -> None:
    """Say where what was finished is, when a command with a store is stopped."""
    if "store" not in own:
        return
    words = ["flywheel", *sys.argv[1:]]
    again = shlex.join(words if "--resume" in words else [*words, "--resume"])
    store: Path | None = own["store"]
    say(f"stopped; what was finished is in {store}. Go on with:\n  {again}" if store is not None else
        "stopped; nothing was kept: --store FILE keeps what is finished")  # fmt: skip
