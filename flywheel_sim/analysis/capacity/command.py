"""The command ``capacity``: how many people to have, how many leads they can take, and what waiting costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option, Step
from flywheel_sim.errors import ExperimentError


def _capacity(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.capacity.lead_volume import TIMES, lead_volume
    from flywheel_sim.analysis.capacity.result import capacity
    from flywheel_sim.analysis.capacity.staff import resource_of, resources_asked
    from flywheel_sim.analysis.capacity.staff_plan import asked_for, staff_plan
    from flywheel_sim.analysis.capacity.volumes import channel_asked
    from flywheel_sim.analysis.capacity.waiting import cost_of_waiting
    from flywheel_sim.experiment.asking import one_of

    of, texts, leads, times = tuple(asked["of"]), asked["values"], asked["leads"], asked["times"]
    target, n = asked["target"], how["replications"]
    strategies = asked["strategies"] or None
    how = how | {"strategies": strategies}
    written = model.unmatched_journey(one_of(model, strategies, "capacity"))  # what is asked for is checked first
    names = resources_asked(written, asked["over"] or None)
    if texts and len(texts) != len(names):
        raise ExperimentError(f"{len(texts)} --values for {len(names)} --over; give one for each, or none")
    if times and not leads:
        raise ExperimentError("--times are volumes of a channel; say which by --leads CHANNEL")
    volumes = _volumes(times) if times else TIMES
    values = {name: _people(text) for name, text in zip(names, texts, strict=True)} if texts else None
    for name in names:
        asked_for(target, resource_of(written, name))
    if leads:
        channel_asked(written, leads)
    yield Step("capacity", f"{model.name}: numbers of {' and '.join(names)}, {n:,} replications of each",
               lambda: capacity(model, of, names, values=values, best=asked["best"], **how))  # fmt: skip
    if leads:
        yield Step("leads", f"leads by {leads}, {n:,} replications of each volume",
                   lambda: lead_volume(model, of, leads, values=volumes, **how))  # fmt: skip
    if asked["waiting"]:
        yield Step("waiting", f"the cost of waiting, {n:,} replications with and without",
                   lambda: cost_of_waiting(model, of[0], names, **how))  # fmt: skip
    if asked["plan"] or target:
        for name in names:
            yield Step(f"plan.{name}", f"{name} by month, {n:,} replications of each safety factor",
                       lambda name=name: staff_plan(model, over=name, target=target, **how))  # type: ignore[misc]  # fmt: skip


def _people(text: str) -> list[int]:
    """Return the numbers that ``2:8`` or ``2,4,6`` says."""
    low, colon, high = text.partition(":")
    try:
        return list(range(int(low), int(high) + 1)) if colon else [int(part) for part in text.split(",")]
    except ValueError:
        raise ExperimentError(f"--values '{text}': whole numbers are needed; write 2:8 or 2,4,6") from None


def _volumes(text: str) -> list[float]:
    """Return the volumes that ``0.5,1,2`` says."""
    try:
        volumes = [float(part) for part in text.split(",")]
    except ValueError:
        raise ExperimentError(f"--times '{text}': multiples of today's volume are needed; write 0.5,1,2") from None
    if len(set(volumes)) < 3:
        raise ExperimentError(f"--times '{text}': it takes three volumes to see where value turns; write 0.5,1,2")
    if not all(0 < one < 1e6 for one in volumes):
        raise ExperimentError(f"--times '{text}': multiples are numbers above 0; write 0.5,1,2")
    return volumes


COMMANDS = (
    Command("capacity", "Try numbers of people on the same leads: which is best, and what one more is worth.",
            "capacity", "", (
        Option("of", "A metric; repeatable, the first decides.", many=True),
        Option("over", "Who serves; twice for a map of two, the only one unless given.", many=True, flag="--over"),
        STRATEGIES,
        Option("values", "Numbers to try, or n1,n2; once for each --over.", many=True, flag="--values",
               metavar="LO:HI"),
        Option("best", "Whether the highest or the lowest of the first metric is best."),
        Option("leads", "Also this channel at several volumes, at today's staff."),
        Option("times", "Volumes of --leads, such as 0.5,1,2 times today's."),
        Option("waiting", "Also what waiting for them costs.", bool, flag="--waiting"),
        Option("plan", "Also people by month, against an even spread.", bool, flag="--plan"),
        Option("target", "What --plan has to reach, such as '90 % within 1 day'; else profit."),
    ), _capacity, place=4),
)  # fmt: skip
