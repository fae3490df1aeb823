"""What several commands share: their options, reading a journey, and figures as JSON has them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from flywheel_sim.analysis.commands import pair
from flywheel_sim.texts import shortened, visible

if TYPE_CHECKING:
    from flywheel_sim.scenario.load import Scenario


def journeys(begun: str) -> list[str]:
    """Return the shipped journeys whose names begin so, for the shell to complete."""
    from flywheel_sim.scenario.load import shipped

    return [name for name in shipped() if name.startswith(begun)]


def metric_names(begun: str) -> list[str]:
    """Return the metrics whose names begin so, for the shell to complete."""
    from flywheel_sim.metrics.registry import metrics

    return [metric.name for metric in metrics() if metric.name.startswith(begun)]


Config = Annotated[
    str,
    typer.Argument(
        help="The name of a shipped journey (see flywheel list), or the path of a file, such as ./mine.yaml.",
        autocompletion=journeys,
    ),
]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="RATE=VALUE", help="Change a rate or setting; repeatable.")
]
Replications = Annotated[
    int | None, typer.Option("--replications", min=1, help="How many replications of everything that is run.")
]
Seed = Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="The luck; the file's seed unless given.")]
Horizon = Annotated[str | None, typer.Option(help="How far to look, such as '24 months'.")]
Data = Annotated[
    list[Path] | None,
    typer.Option("--data", metavar="FOLDER", help="A folder whose files the journey may name too; repeatable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
MaxPeople = Annotated[int | None, typer.Option(min=1, help="People in one replication at which a run is stopped.")]
MaxEvents = Annotated[int | None, typer.Option(min=1, help="Events in one replication at which a run is stopped.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the report and its data.")]
Workers = Annotated[int, typer.Option(min=0, help="Threads to run on; 0 takes all cores.")]
Engine = Annotated[str, typer.Option(help="kernel (compiled) or reference (SimPy); both give the same figures.")]
MaxMemory = Annotated[float | None, typer.Option(help="GiB that all ledgers together may take.")]

#: Options of commands that run a journey: type, default (`...` is the verb's) and the verb's argument it takes.
COMMON: dict[str, tuple[Any, Any, str | None]] = {
    "replications": (Replications, ..., "replications"),
    "seed": (Seed, None, "seed"),
    "horizon": (Horizon, None, None),
    "sets": (Sets, None, None),
    "data": (Data, None, None),
    "out": (Out, None, None),
    "as_json": (AsJson, False, None),
    "workers": (Workers, 0, "workers"),
    "engine": (Engine, "kernel", "engine"),
    "max_people": (MaxPeople, None, "limits"),
    "max_events": (MaxEvents, None, "limits"),
    "max_memory": (MaxMemory, None, "limits"),
}


def model_of(config: str, sets: list[str] | None, horizon: str | None, data: list[Path] | None = None) -> Scenario:
    """Return the scenario of a file, with folders that --data gives, and the values that --set and --horizon give."""
    from flywheel_sim.scenario.load import load

    model = load(config, data or None)
    values = dict(pair(item, "--set", "RATE=VALUE", "retention=95 % per month") for item in sets or [])
    if horizon is not None:
        values["horizon"] = horizon
    return model.with_(**values) if values else model


def say(text: str) -> None:
    """Print to standard error, where nothing but messages goes."""
    print(fitted(shortened(visible(text)), sys.stderr), file=sys.stderr)


def fitted(text: str, stream: TextIO | None = None) -> str:
    """Return a text as a terminal has room for it; as it is where it goes into a file."""
    from flywheel_sim.wording import wrapped

    shown = (stream or sys.stdout).isatty()
    return wrapped(text, max(40, shutil.get_terminal_size().columns)) if shown else text


def show(text: str) -> None:
    """Print to standard output, where nothing but results goes; that nobody reads on is no fault.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    from flywheel_sim.errors import DataError

    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left goes nowhere
        if not isinstance(error, BrokenPipeError):
            raise DataError(f"standard output: {error.strerror or error}; --out FOLDER keeps results") from error


def options(given: dict[str, Any]) -> dict[str, Any]:
    """Return how to run, as the verbs take it, from the options of a command that has them."""
    from flywheel_sim.experiment.replicate import Limits

    usual = Limits()
    how: dict[str, Any] = {name: given[name] for name in ("replications", "seed", "engine") if name in given}
    how["progress"] = True
    if "workers" in given:
        how["workers"] = given["workers"] or None
    if "max_people" in given:
        people, events = given["max_people"] or usual.max_people, given["max_events"] or usual.max_events
        how["limits"] = Limits(people, events, given["max_memory"])
    return how
