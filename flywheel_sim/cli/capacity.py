"""The command ``capacity``: how many people to have, how many leads they can take, and what waiting costs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flywheel_sim.cli.as_json import answer_json, numbers
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

if TYPE_CHECKING:
    from flywheel_sim.analysis.capacity.section import Answer


def capacity(
    config: Config,
    resource: Annotated[list[str], typer.Option("--resource", help="Who serves; twice for a map of two.")],
    people: Annotated[
        list[str] | None,
        typer.Option("--people", metavar="LO:HI", help="Numbers to try, or n1,n2; once for each --resource."),
    ] = None,
    of: Annotated[str, typer.Option(help="The metric that decides.")] = "profit",
    leads: Annotated[str | None, typer.Option(help="Also this channel at several volumes, at today's staff.")] = None,
    times: Annotated[str | None, typer.Option(help="Volumes of --leads, such as 0.5,1,2 times today's.")] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Also what waiting for them costs.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Also people by month, against an even spread.")] = False,
    target: Annotated[
        str | None, typer.Option(help="What --plan has to reach, such as '90 % within 1 day'; else profit.")
    ] = None,
    strategy: Strategies = None,
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
    """Try numbers of people on the same leads: which is best, and what one more is worth."""
    from flywheel_sim.analysis.capacity.lead_volume import TIMES, lead_volume, refuse_channel
    from flywheel_sim.analysis.capacity.result import capacity as capacity_
    from flywheel_sim.analysis.capacity.staff import resource_of
    from flywheel_sim.analysis.capacity.staff_plan import asked_for, staff_plan
    from flywheel_sim.analysis.capacity.waiting import cost_of_waiting
    from flywheel_sim.errors import ExperimentError

    model = model_of(config, sets, horizon)
    folder_for(out)
    if strategy and len(strategy) > 1:
        raise ExperimentError("capacity takes one --strategy; run it once for each")
    if people and len(people) != len(resource):
        raise ExperimentError(f"{len(people)} --people for {len(resource)} --resource; give one for each, or none")
    if times and not leads:
        raise ExperimentError("--times are volumes of a channel; say which by --leads CHANNEL")
    volumes = _volumes(times) if times else TIMES
    tried = {name: _people(people[i]) if people else None for i, name in enumerate(resource)}
    written = model.journey()  # what is asked for is checked before anything runs
    for name in tried:
        asked_for(target, resource_of(written, name))
    if leads:
        refuse_channel(written, leads)
    how: dict[str, Any] = ways(workers, "kernel", max_people, max_events, None) | {
        "strategy": strategy[0] if strategy else None, "replications": replications, "seed": seed,
    }  # fmt: skip
    say(f"{model.name}: numbers of {' and '.join(tried)}, {replications:,} replications of each")
    found: dict[str, Answer] = {"capacity": capacity_(model, tried, of=of, **how)}
    if leads:
        say(f"leads by {leads}, {replications:,} replications of each volume")
        found["leads"] = lead_volume(model, leads, volumes, of=of, **how)
    if waiting:
        say(f"the cost of waiting, {replications:,} replications with and without")
        found["waiting"] = cost_of_waiting(model, list(tried), of=of, **how)
    if plan or target:
        for name in tried:
            say(f"{name} by month, {replications:,} replications of each safety factor")
            found[f"plan.{name}"] = staff_plan(model, name, target, **how)
    if as_json:
        print(json.dumps({name: _json(one) for name, one in found.items()}))
    else:
        print("\n\n".join(map(str, found.values())))
    write_out(out, model, found["capacity"].frame, *found.values())


def _people(text: str) -> list[int]:
    """Return the numbers that ``2:8`` or ``2,4,6`` says."""
    from flywheel_sim.errors import ExperimentError

    low, colon, high = text.partition(":")
    try:
        return list(range(int(low), int(high) + 1)) if colon else [int(part) for part in text.split(",")]
    except ValueError:
        raise ExperimentError(f"--people '{text}': whole numbers are needed; write 2:8 or 2,4,6") from None


def _volumes(text: str) -> list[float]:
    """Return the volumes that ``0.5,1,2`` says."""
    from flywheel_sim.errors import ExperimentError

    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ExperimentError(f"--times '{text}': multiples of today's volume are needed; write 0.5,1,2") from None


def _json(result: Answer) -> dict[str, Any]:
    """Return an answer as JSON has it: in words, its figures, and what decides."""
    from flywheel_sim.analysis.capacity.lead_volume import LeadVolume
    from flywheel_sim.analysis.capacity.result import Capacity
    from flywheel_sim.analysis.capacity.staff_plan import StaffPlan

    found = answer_json(result)
    if isinstance(result, Capacity):
        worth = {name: {n: numbers(e) for n, e in result.marginal(name).items()} for name in result.resources}
        found |= {"resources": result.resources, "best": result.best, "leaders": result.leaders, "one_more": worth}
    elif isinstance(result, LeadVolume):
        found |= {"turn": numbers(result.turn)}
    elif isinstance(result, StaffPlan):
        plans = {name: numbers(one) for name, one in result.profit.items()}
        found |= {"safety": result.safety, "yaml": result.yaml, "gain": numbers(result.gain), "profit": plans,
                  "gain_today": numbers(result.gain_today)}  # fmt: skip
    return found
