"""The command ``sweep``: many design points into a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option, Step, listed, pair
from flywheel_sim.errors import ExperimentError


def _sweep(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.experiment.sweep.sweep import METRICS, sweep

    varied: dict[str, str] = {}
    for item in asked["vary"] or []:
        name, values = pair(item, "--vary", "RATE=VALUES", "retention=90 %:98 %:5")
        if name in varied:
            raise ExperimentError(f"--vary {name} is given twice; give all its values at once, with commas")
        varied[name] = values
    if asked["resume"] and asked["store"] is None:
        raise ExperimentError("--resume goes on with a store; say which by --store FILE")
    metrics = asked["metrics"]
    names = METRICS if metrics is None else tuple(listed(metrics) or ())
    rest = {name: asked[name] for name in ("design", "points", "n", "strategies", "store", "resume", "executor")}
    yield Step("sweep", f"{model.name}: {how['replications']:,} replications at each design point",
               lambda: sweep(model, vary=varied, metrics=names, **rest, **how))  # fmt: skip


COMMANDS = (
    Command("sweep", "Replicate a journey at many design points; what is finished is safe in the store.", "sweep", "", (
        Option("vary", "A factor: LO:HI:N, LO:HI or v1,v2; repeatable.", many=True, flag="--vary",
               metavar="RATE=VALUES"),
        Option("design", "grid (every combination), one (one factor at a time), lhs or sobol."),
        Option("points", "A CSV file of design points: factors in its first line, one point a line.", Path),
        Option("n", "Points of lhs and sobol; values of each LO:HI.", int, flag="--n", least=1),
        STRATEGIES,
        Option("metrics", "Names with commas, such as revenue,profit,clv.", default=None),
        Option("store", "A file that keeps every finished batch.", Path),
        Option("resume", "Go on with the store where it stopped.", bool, flag="--resume"),
        Option("executor", "threads, processes, serial, or tcp://HOST:PORT of Dask.", default="threads"),
    ), _sweep, place=16),
)  # fmt: skip
