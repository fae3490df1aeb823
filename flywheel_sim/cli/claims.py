"""The command ``claims``: what the articles say in figures, held against a journey."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from flywheel_sim.cli.as_json import rows_of
from flywheel_sim.cli.options import (
    AsJson,
    Config,
    Horizon,
    MaxEvents,
    MaxPeople,
    Out,
    Replications,
    Seed,
    Sets,
    Strategies,
    Workers,
    folder_for,
    model_of,
    say,
    ways,
    write_out,
)


def claims(
    config: Config,
    strategy: Strategies = None,
    retention: Annotated[str, typer.Option(help="The rate that says how customers stay.")] = "retention",
    win_back: Annotated[
        list[str] | None, typer.Option("--win-back", metavar="RATE", help="A wait before win-back; repeatable.")
    ] = None,
    replications: Replications = 50,
    seed: Seed = None,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
    max_people: MaxPeople = None,
    max_events: MaxEvents = None,
) -> None:
    """Hold every claim of the articles against a journey: in which reading it holds, and where it would."""
    from flywheel_sim.analysis.claims.result import claims as claims_

    model = model_of(config, sets, horizon)
    folder_for(out)
    asked = ", ".join(strategy) if strategy else "the file as written"
    say(f"{model.name}: the claims in {asked}, {replications:,} replications at each retention")
    how: dict[str, Any] = ways(workers, "kernel", max_people, max_events, None)
    found = claims_(
        model, strategy, retention=retention, win_back=win_back, replications=replications, seed=seed, **how
    )
    if as_json:
        both = [{"claims": one.keys, "possible": one.possible, "said": one.said, "computation": one.computation,
                 "figures": dict(one.figures)} for one in found.together]  # fmt: skip
        print(json.dumps({"answer": found.answer(), "readings": rows_of(found.frame()), "together": both,
                          "provenance": [vars(runs.provenance) for runs in found.base_runs.values()]}))  # fmt: skip
    else:
        print(found)
    write_out(out, model, found.frame, found)
