"""The commands ``sweep`` and ``export``: many design points into a store, and out of it into a file."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flywheel_sim.cli.options import (
    AsJson,
    Config,
    Horizon,
    MaxEvents,
    MaxPeople,
    Seed,
    Sets,
    Strategies,
    model_of,
    pair,
    plain,
    say,
)

if TYPE_CHECKING:
    from flywheel_sim.experiment.sweep.outcomes import Sweep

#: Design points shown in the table at the end.
SHOWN = 20


def sweep(
    config: Config,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="RATE=VALUES", help="A factor: LO:HI:N, LO:HI or v1,v2; repeatable."),
    ] = None,
    design: Annotated[
        str, typer.Option(help="grid (every combination), one (one factor at a time), lhs or sobol.")
    ] = "grid",
    points: Annotated[
        Path | None, typer.Option(help="A CSV file of design points: factors in its first line, one point a line.")
    ] = None,
    n: Annotated[int | None, typer.Option("--n", min=1, help="Points of lhs and sobol; values of each LO:HI.")] = None,
    strategy: Strategies = None,
    replications: Annotated[int, typer.Option(min=1, help="How many replications of each design point.")] = 100,
    metrics: Annotated[str | None, typer.Option(help="Names with commas, such as revenue,profit,clv.")] = None,
    store: Annotated[Path | None, typer.Option(help="A file that keeps every finished batch.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the store where it stopped.")] = False,
    executor: Annotated[str, typer.Option(help="threads, processes, serial, or tcp://HOST:PORT of Dask.")] = "threads",
    workers: Annotated[int, typer.Option(min=0, help="Threads or processes; 0 takes all cores.")] = 0,
    seed: Seed = None,
    horizon: Horizon = None,
    sets: Sets = None,
    max_people: MaxPeople = None,
    max_events: MaxEvents = None,
    as_json: AsJson = False,
) -> None:
    """Replicate a journey at many design points; what is finished is safe in the store."""
    from flywheel_sim.errors import ExperimentError
    from flywheel_sim.experiment.driver import Limits
    from flywheel_sim.experiment.sweep.sweep import METRICS
    from flywheel_sim.experiment.sweep.sweep import sweep as sweep_

    model = model_of(config, sets, horizon)
    varied: dict[str, str] = {}
    for item in vary or []:
        name, values = pair(item, "--vary", "RATE=VALUES", "retention=90 %:98 %:5")
        if name in varied:
            raise ExperimentError(f"--vary {name} is given twice; give all its values at once, with commas")
        varied[name] = values
    if resume and store is None:
        raise ExperimentError("--resume goes on with a store; say which by --store FILE")
    usual = Limits()
    limits = Limits(max_people or usual.max_people, max_events or usual.max_events)
    names = tuple(name.strip() for name in metrics.split(",")) if metrics is not None else METRICS
    say(f"{model.name}: {replications:,} replications at each design point")
    try:
        found = sweep_(
            model,
            design=design,
            vary=varied,
            points=points,
            n=n,
            strategies=strategy,
            replications=replications,
            metrics=names,
            store=store,
            resume=resume,
            executor=executor,
            workers=workers or None,
            seed=seed,
            limits=limits,
            progress=True,
        )
    except KeyboardInterrupt:
        say(f"stopped; what was finished is in {store}. Go on with:\n  {again()}" if store is not None else
            "stopped; nothing was kept: --store FILE keeps what is finished")  # fmt: skip
        raise
    if as_json:
        print(json.dumps(_json(found)))
    else:
        print(found)
        print(_table(found))
    for point, note in list(found.set_aside.items())[:SHOWN]:
        say(f"design point {point} set aside: {note}")
    if len(found.set_aside) > SHOWN:
        say(f"and {len(found.set_aside) - SHOWN:,} more; all of them stand in the export")
    if store is not None:
        say(f"kept in {store}; flywheel export {shlex.quote(str(store))} FILE.parquet writes it to a file")


def export(
    store: Annotated[Path, typer.Argument(help="The store of a sweep.")],
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, .parquet or .csv.")],
) -> None:
    """Write the outcomes of a sweep to a file; equal sweeps give equal bytes."""
    from flywheel_sim.experiment.sweep.outcomes import Sweep

    found = Sweep.read(store)
    unfinished = sum(note.startswith("not finished") for note in found.notes)
    if unfinished:
        say(f"{unfinished:,} of {len(found.notes):,} design points are not finished; column 'note' says which")
    found.export(to)
    say(f"{len(found.notes) * len(found.metrics):,} rows: {to}")


def again() -> str:
    """Return the command that goes on with what this one began."""
    words = ["flywheel", *sys.argv[1:]]
    return shlex.join(words if "--resume" in words else [*words, "--resume"])


def _table(found: Sweep) -> str:
    """Return the outcomes as a short table: means with the half-width of their intervals, and the units below."""
    from flywheel_sim.stats import plus_minus

    table = found.points.head(SHOWN).copy()
    for name in found.metrics:
        table[name] = [plus_minus(found.estimate(point, name)) for point in range(len(table))]
    lines = [table.to_string()]
    if len(found.notes) > SHOWN:
        lines.append(f"... and {len(found.notes) - SHOWN:,} design points more")
    units = ", ".join(f"{name} in {unit}" for name, unit in found.units.items())
    lines.append(f"mean ± half-width of its 95 % interval, n = {found.n:,}; {units}")
    return "\n".join(lines)


def _json(found: Sweep) -> dict[str, Any]:
    """Return a sweep as JSON has it."""
    points = []
    for point, strategy in enumerate(found.strategies):
        figures = {}
        for name in found.metrics:
            held = found.estimate(point, name)
            ends = {"mean": plain(held.mean), "low": plain(held.low), "high": plain(held.high)}
            figures[name] = {**ends, "level": held.level, "n": held.n, "unit": held.unit}
        points.append({
            "point": point, "factors": dict(zip(found.factors, found.stated[point], strict=True)),
            "strategy": strategy, "metrics": figures, "note": found.notes[point],
        })  # fmt: skip
    return {
        "scenario": found.scenario, "design": found.design, "factors": list(found.factors), "seed": found.seed,
        "replications": found.n, "version": found.version, "n_events": found.n_events, "points": points,
    }  # fmt: skip
