"""The command ``sweep``: many design points into a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flywheel_sim.analysis.commands import RESUME, STORE, STRATEGIES, Command, Option, Step, pair
from flywheel_sim.errors import ExperimentError, LimitReached

if TYPE_CHECKING:
    from flywheel_sim.experiment.sweep.outcomes import Sweep


def _sweep(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.experiment.sweep.sweep import sweep

    varied: dict[str, str] = {}
    for item in asked["values"] or []:
        name, values = pair(item, "--values", "RATE=VALUES", "retention=90 %:98 %:5")
        if name in varied:
            raise ExperimentError(f"--values {name} is given twice; give all its values at once, with commas")
        varied[name] = values
    if asked["table"] is not None and varied:
        raise ExperimentError("--table and --values at once; put all values into the table")
    if asked["resume"] and asked["store"] is None:
        raise ExperimentError("--resume goes on with a store; say which by --store FILE")
    rest = {name: asked[name] for name in ("design", "n", "strategies", "store", "resume", "executor")}
    rest |= {"of": asked["of"]} if asked["of"] else {}
    yield Step("sweep", f"{model.name}: {how['replications']:,} replications at each design point",
               lambda: _with_figures(sweep(model, values=varied or asked["table"], **rest, **how)))  # fmt: skip


def _with_figures(swept: Sweep) -> Sweep:
    """Return a sweep of which some design point has figures.

    Raises
    ------
    LimitReached
        If all were set aside; it holds the sweep all the same.
    """
    if not all(swept.notes):
        return swept
    n = len(swept.notes)
    every = f"all {n:,} design points were" if n > 1 else "the only design point was"
    raise LimitReached(f"no figures: {every} set aside{', the first' * (n > 1)}: {swept.notes[0]}", swept)


COMMANDS = (
    Command("sweep", "Replicate a journey at many design points; what is finished is safe in the store.", "sweep", "", (
        Option("of", "Metrics, with commas, such as revenue,profit,clv.", many=True, commas=True, default=None),
        Option("values", "Of a factor: LO:HI:N, LO:HI or v1,v2; repeatable.", many=True, metavar="RATE=VALUES"),
        Option("design", "grid (every combination), one (one factor at a time), lhs or sobol."),
        Option("table", "Instead of --values: a CSV file, factors in its first line, one point a line.", Path),
        Option("n", "Points of lhs and sobol; values of each LO:HI.", int, flag="--n", least=1),
        STRATEGIES,
        STORE, RESUME,
        Option("executor", "threads, processes, serial, or tcp://HOST:PORT of Dask.", default="threads"),
    ), _sweep, place=16),
)  # fmt: skip
