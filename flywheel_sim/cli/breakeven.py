"""The command ``breakeven``: from which value of a rate on one strategy overtakes another, and a map of two rates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flywheel_sim.cli.as_json import numbers, rows_of
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
    plain,
    say,
    ways,
    write_out,
)

if TYPE_CHECKING:
    from flywheel_sim.analysis.breakeven.section import Answer

_RANGE = "LO:HI"


def breakeven(
    config: Config,
    over: Annotated[str, typer.Option(help="The rate that moves.")] = "retention",
    by: Annotated[str | None, typer.Option(help="By which month, such as '24 months'; else the horizon.")] = None,
    of: Annotated[str, typer.Option(help="The metric that decides.")] = "profit",
    and_: Annotated[str | None, typer.Option("--and", help="Another rate, for a map of both.")] = None,
    between: Annotated[str | None, typer.Option(metavar=_RANGE, help="Values of --over, such as '80 %:95 %'.")] = None,
    and_between: Annotated[str | None, typer.Option(metavar=_RANGE, help="Values of --and.")] = None,
    points: Annotated[int, typer.Option(help="At how many values to look first.")] = 9,
    rematch: Annotated[bool, typer.Option("--rematch", help="Make budgets equal at every value of --over.")] = False,
    strategy: Strategies = None,
    replications: Replications = 100,
    seed: Seed = None,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
    workers: Workers = 0,
    max_people: MaxPeople = None,
    max_events: MaxEvents = None,
) -> None:
    """Find the value of a rate at which one strategy overtakes another; the one held against comes first."""
    from flywheel_sim.analysis.breakeven.map import breakeven_map
    from flywheel_sim.analysis.breakeven.result import breakeven as breakeven_
    from flywheel_sim.errors import ExperimentError

    model = model_of(config, sets, horizon)
    folder_for(out)
    if and_between and not and_:
        raise ExperimentError("--and-between are values of another rate; say which by --and RATE")
    ranges = {name: _range(text) for name, text in ((over, between), (and_ or "", and_between)) if text}
    how: dict[str, Any] = ways(workers, "kernel", max_people, max_events, None) | {
        "strategies": strategy or None, "points": points, "replications": replications, "seed": seed,
    }  # fmt: skip
    say(f"{model.name}: {over} moves, {replications:,} replications of both strategies at every value")
    first = breakeven_(model, over, of, by, between=ranges.get(over), rematch=rematch, **how)
    found: dict[str, Any] = {"breakeven": first}
    if and_:
        say(f"a map of {over} and {and_}, {replications:,} replications of both strategies in every cell")
        found["map"] = breakeven_map(model, (over, and_), of, by, between=ranges, **how)
    if as_json:
        print(json.dumps({name: _json(one) for name, one in found.items()}))
    else:
        print("\n\n".join(map(str, found.values())))
    write_out(out, model, first.frame, *found.values())


def _range(text: str) -> tuple[str, str]:
    """Return the two values that ``80 %:95 %`` says."""
    from flywheel_sim.errors import ExperimentError

    low, colon, high = (part.strip() for part in text.partition(":"))
    if not (low and colon and high) or ":" in high:
        raise ExperimentError(f"'{text}': a lowest and a highest value are needed; write '80 %:95 %'")
    return low, high


def _json(result: Answer) -> dict[str, Any]:
    """Return an answer as JSON has it: in words, its figures, and where the lead changes."""
    from flywheel_sim.analysis.breakeven.result import BreakEven

    found: dict[str, Any] = {"answer": result.answer(), "figures": rows_of(result.frame())}
    if isinstance(result, BreakEven):
        found |= {"rate_unit": result.rate_unit, "today": dict(result.today), "today_gap": numbers(result.difference()),
                  "crossings": [{"value": one.value, "low": plain(one.low), "high": plain(one.high), "rises": one.rises}
                                for one in result.crossings],
                  "stretches": [vars(one) for one in result.stretches]}  # fmt: skip
        found |= {"months": rows_of(result.months_frame())} if result.today_gap.paths is not None else {}
    else:
        found |= {"rate_units": result.rate_units, "today": [plain(value) for value in result.today],
                  "today_gap": numbers(result.today_gap), "line": rows_of(result.line_frame())}  # fmt: skip
    return found | {"provenance": [vars(runs.provenance) for runs in result.base_runs.values()]}
