"""The command ``allocate``: the best split of a budget, and where the next euro goes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flywheel_sim.cli.as_json import answer_json, numbers
from flywheel_sim.cli.options import (
    AsJson,
    Config,
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
    pair,
    say,
    ways,
    write_out,
)

if TYPE_CHECKING:
    from flywheel_sim.analysis.allocation.section import Answer


def allocate(
    config: Config,
    budget: Annotated[
        str | None, typer.Option(help="Money to split, such as '12000 per month'; today's unless given.")
    ] = None,
    horizon: Annotated[
        list[str] | None, typer.Option(help="How far to look, such as '24 months'; repeat to see the split move.")
    ] = None,
    of: Annotated[str, typer.Option(help="The metric to be as high as it can.")] = "profit",
    risk: Annotated[
        float | None, typer.Option(help="Decide by this quantile of futures, such as 0.05, not by the mean.")
    ] = None,
    place: Annotated[
        list[str] | None, typer.Option("--place", help="A channel or lever; repeatable. All that spend unless given.")
    ] = None,
    at_least: Annotated[
        list[str] | None, typer.Option("--at-least", metavar="PLACE=MONEY", help="What a place gets at least.")
    ] = None,
    at_most: Annotated[
        list[str] | None, typer.Option("--at-most", metavar="PLACE=MONEY", help="What a place gets at most.")
    ] = None,
    next_euro: Annotated[
        bool, typer.Option("--marginal", help="Not the best split, but what one more euro brings at each place today.")
    ] = False,
    strategy: Strategies = None,
    replications: Replications = 100,
    seed: Seed = None,
    sets: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
    max_people: MaxPeople = None,
    max_events: MaxEvents = None,
) -> None:
    """Split a budget over channels and levers as well as can be, or show where the next euro goes."""
    from flywheel_sim.analysis.allocation.by_horizon import allocation_by_horizon
    from flywheel_sim.analysis.allocation.marginal import marginal
    from flywheel_sim.analysis.allocation.split import allocate as allocate_
    from flywheel_sim.errors import ExperimentError

    model = model_of(config, sets, None)
    folder_for(out)
    if strategy and len(strategy) > 1:
        raise ExperimentError("allocate takes one --strategy; run it once for each")
    how: dict[str, Any] = ways(workers, "kernel", max_people, max_events, None) | {
        "strategy": strategy[0] if strategy else None, "replications": replications, "seed": seed, "of": of,
        "places": place,
    }  # fmt: skip
    found: Any
    if next_euro:
        refused = {"--budget": budget, "--risk": risk, "--at-least": at_least, "--at-most": at_most}
        for option, given in refused.items():
            if given:
                raise ExperimentError(f"{option} is about splitting a budget; leave it out, or --marginal")
        say(f"{model.name}: one more euro at each place, {replications:,} replications of each")
        found = marginal(model, horizons=horizon, **how)
    else:
        bounds: dict[str, Any] = {
            word: dict(pair(item, f"--{word.replace('_', '-')}", "PLACE=MONEY", "search_ads=2000 per month")
                       for item in items or [])
            for word, items in (("at_least", at_least), ("at_most", at_most))
        }  # fmt: skip
        say(f"{model.name}: the best split of {budget or 'what is spent today'}, {replications:,} replications of each")
        if horizon and len(horizon) > 1:
            found = allocation_by_horizon(model, horizon, budget, risk=risk, **bounds, **how)
        else:
            found = allocate_(model, budget, horizon[0] if horizon else None, risk=risk, **bounds, **how)
    print(json.dumps(_json(found)) if as_json else found)
    write_out(out, model, found.frame, found)


def _json(result: Answer) -> dict[str, Any]:
    """Return an answer as JSON has it: in words, and its figures."""
    from flywheel_sim.analysis.allocation.split import Allocation

    found = answer_json(result)
    if isinstance(result, Allocation):
        found |= {
            "best": result.best, "spend": result.spend, "value": numbers(result.estimate()),
            "against_today": numbers(result.difference("best", "today")),
            "against_even": numbers(result.difference("best", "even")),
            "certified": result.certificate.holds, "runs": result.took,
        }  # fmt: skip
    return found
