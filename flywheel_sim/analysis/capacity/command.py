"""The command ``capacity``: how many people to have, how many leads they can take, and what waiting costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option, Step, one_of
from flywheel_sim.errors import ExperimentError


def _capacity(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.capacity.lead_volume import TIMES, lead_volume, refuse_channel
    from flywheel_sim.analysis.capacity.result import capacity
    from flywheel_sim.analysis.capacity.staff import resource_of
    from flywheel_sim.analysis.capacity.staff_plan import asked_for, staff_plan
    from flywheel_sim.analysis.capacity.waiting import cost_of_waiting

    names, people, leads, times = asked["resource"], asked["people"], asked["leads"], asked["times"]
    of, target, n = asked["of"], asked["target"], how["replications"]
    how = how | {"strategy": one_of(asked["strategies"], "capacity", "run it once for each")}
    if people and len(people) != len(names):
        raise ExperimentError(f"{len(people)} --people for {len(names)} --resource; give one for each, or none")
    if len(set(names)) < len(names):
        raise ExperimentError(f"--resource {', '.join(names)}: each is said once; leave one out, or name another")
    if times and not leads:
        raise ExperimentError("--times are volumes of a channel; say which by --leads CHANNEL")
    volumes = _volumes(times) if times else TIMES
    tried = {name: _people(people[i]) if people else None for i, name in enumerate(names)}
    written = model.journey()  # what is asked for is checked before anything runs
    for name in tried:
        asked_for(target, resource_of(written, name))
    if leads:
        refuse_channel(written, leads)
    yield Step("capacity", f"{model.name}: numbers of {' and '.join(tried)}, {n:,} replications of each",
               lambda: capacity(model, tried, of=of, **how))  # fmt: skip
    if leads:
        yield Step("leads", f"leads by {leads}, {n:,} replications of each volume",
                   lambda: lead_volume(model, leads, volumes, of=of, **how))  # fmt: skip
    if asked["waiting"]:
        yield Step("waiting", f"the cost of waiting, {n:,} replications with and without",
                   lambda: cost_of_waiting(model, list(tried), of=of, **how))  # fmt: skip
    if asked["plan"] or target:
        for name in tried:
            yield Step(f"plan.{name}", f"{name} by month, {n:,} replications of each safety factor",
                       lambda name=name: staff_plan(model, name, target, **how))  # type: ignore[misc]  # fmt: skip


def _people(text: str) -> list[int]:
    """Return the numbers that ``2:8`` or ``2,4,6`` says."""
    low, colon, high = text.partition(":")
    try:
        return list(range(int(low), int(high) + 1)) if colon else [int(part) for part in text.split(",")]
    except ValueError:
        raise ExperimentError(f"--people '{text}': whole numbers are needed; write 2:8 or 2,4,6") from None


def _volumes(text: str) -> list[float]:
    """Return the volumes that ``0.5,1,2`` says."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        raise ExperimentError(f"--times '{text}': multiples of today's volume are needed; write 0.5,1,2") from None
    if len(set(found)) < 3:
        raise ExperimentError(f"--times '{text}': it takes three volumes to see where value turns; write 0.5,1,2")
    if not all(0 < one < 1e6 for one in found):
        raise ExperimentError(f"--times '{text}': multiples are numbers above 0; write 0.5,1,2")
    return found


COMMANDS = (
    Command("capacity", "Try numbers of people on the same leads: which is best, and what one more is worth.",
            "capacity", "", (
        Option("resource", "Who serves; twice for a map of two.", many=True, flag="--resource", required=True),
        Option("people", "Numbers to try, or n1,n2; once for each --resource.", many=True, flag="--people",
               metavar="LO:HI"),
        Option("of", "The metric that decides."),
        Option("leads", "Also this channel at several volumes, at today's staff."),
        Option("times", "Volumes of --leads, such as 0.5,1,2 times today's."),
        Option("waiting", "Also what waiting for them costs.", bool, flag="--waiting"),
        Option("plan", "Also people by month, against an even spread.", bool, flag="--plan"),
        Option("target", "What --plan has to reach, such as '90 % within 1 day'; else profit."),
        STRATEGIES,
    ), _capacity, place=4),
)  # fmt: skip
