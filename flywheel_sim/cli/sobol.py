"""The command ``sobol``: which rates the variance between futures comes from, and how much of it is chance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flywheel_sim.cli.as_json import answer_json
from flywheel_sim.cli.options import (
    AsJson,
    Config,
    Horizon,
    MaxEvents,
    MaxPeople,
    Out,
    Seed,
    Sets,
    Strategies,
    Workers,
    folder_for,
    model_of,
    pair,
    say,
    write_out,
)
from flywheel_sim.cli.sweep import again

if TYPE_CHECKING:
    from flywheel_sim.analysis.uncertainty.section import Answer


def sobol(
    config: Config,
    of: Annotated[str, typer.Option(help="Metrics, with commas; the first one decides in the tornado.")] = "profit",
    rates: Annotated[
        str | None, typer.Option(help="Rates to try, with commas; all that bear on the strategy unless given.")
    ] = None,
    ranges: Annotated[
        list[str] | None,
        typer.Option("--range", metavar="RATE=LO:HI", help="Ends of a rate, such as 'retention=88 %:94 %'."),
    ] = None,
    step: Annotated[float, typer.Option(help="How far rates go of which nothing is said, as a share.")] = 0.1,
    points: Annotated[int, typer.Option(help="Base points, a power of two.")] = 1024,
    morris: Annotated[bool, typer.Option("--morris", help="Elementary effects instead: a first look.")] = False,
    trajectories: Annotated[int, typer.Option(help="Of --morris.")] = 20,
    tornado: Annotated[bool, typer.Option("--tornado", help="One rate after the other instead.")] = False,
    strategy: Strategies = None,
    replications: Annotated[int, typer.Option(min=1, help="Of each design point, the same at all.")] = 20,
    store: Annotated[Path | None, typer.Option(help="A file that keeps every finished batch.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the store where it stopped.")] = False,
    seed: Seed = None,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
    max_people: MaxPeople = None,
    max_events: MaxEvents = None,
) -> None:
    """Divide the variance between futures among rates and chance; two --strategy mean their difference."""
    from flywheel_sim.analysis.uncertainty.morris import morris as morris_
    from flywheel_sim.analysis.uncertainty.sobol import sobol as sobol_
    from flywheel_sim.analysis.uncertainty.tornado import tornado as tornado_
    from flywheel_sim.errors import ExperimentError
    from flywheel_sim.experiment.driver import Limits

    model = model_of(config, sets, horizon)
    folder_for(out)
    if resume and store is None:
        raise ExperimentError("--resume goes on with a store; say which by --store FILE")
    if store is not None and tornado:
        raise ExperimentError("a tornado is kept in no store; leave --store out")
    if morris and tornado:
        raise ExperimentError("--morris and --tornado at once; run it once for each")
    usual = Limits()
    asked: dict[str, Any] = {
        "strategies" if len(strategy or ()) > 1 else "strategy": strategy[0] if strategy and len(strategy) == 1 else
        strategy, "rates": [name.strip() for name in rates.split(",")] if rates is not None else None,
        "ranges": _ranges(ranges), "step": step, "replications": replications, "seed": seed, "progress": True,
        "workers": workers or None,
        "limits": Limits(max_people or usual.max_people, max_events or usual.max_events),
    }  # fmt: skip
    metrics = [name.strip() for name in of.split(",")]
    kept: dict[str, Any] = {"store": store, "resume": resume}
    say(f"{model.name}: {replications:,} replications at each design point")
    found: Answer
    try:
        if tornado:
            found = tornado_(model, metrics[0], **asked)
        elif morris:
            found = morris_(model, metrics, trajectories=trajectories, **kept, **asked)
        else:
            found = sobol_(model, metrics, points=points, **kept, **asked)
    except KeyboardInterrupt:
        say(f"stopped; what was finished is in {store}. Go on with:\n  {again()}" if store is not None else
            "stopped; nothing was kept: --store FILE keeps what is finished")  # fmt: skip
        raise
    print(json.dumps(_json(found)) if as_json else found)
    write_out(out, model, found.frame, found)


def _ranges(items: list[str] | None) -> dict[str, tuple[str, str]]:
    """Return the ends of rates that ``RATE=LO:HI`` say."""
    from flywheel_sim.errors import ExperimentError

    found = {}
    for item in items or []:
        name, ends = pair(item, "--range", "RATE=LO:HI", "retention=88 %:94 %")
        low, colon, high = (part.strip() for part in ends.partition(":"))
        if not (low and colon and high) or name in found:
            rule = "is given twice" if name in found else "is not RATE=LO:HI"
            raise ExperimentError(f"--range '{item}' {rule}; write --range 'retention=88 %:94 %' once for each rate")
        found[name] = (low, high)
    return found


def _json(result: Answer) -> dict[str, Any]:
    """Return a result as JSON has it: in words, its figures, and the ranges."""
    from flywheel_sim.analysis.uncertainty.tornado import Tornado

    tried = [bar.range for bar in result.bars] if isinstance(result, Tornado) else list(result.ranges.values())
    ranges = {
        one.name: {"low": one.text(one.low), "today": one.text(one.today), "high": one.text(one.high),
                   "source": one.source} for one in tried
    }  # fmt: skip
    more = {} if isinstance(result, Tornado) else {"answers": {name: result.answer(name) for name in result.of}}
    return answer_json(result) | {"subject": result.subject, "ranges": ranges} | more
