"""The command ``breakeven``: from which value of a rate on one strategy overtakes another, and a map of two rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option, Step
from flywheel_sim.errors import ExperimentError

_RANGE = "LO:HI"


def _breakeven(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.breakeven.map import breakeven_map
    from flywheel_sim.analysis.breakeven.result import breakeven

    over, other, of, by = asked["over"], asked["and_"], asked["of"], asked["by"]
    if asked["and_between"] and not other:
        raise ExperimentError("--and-between are values of another rate; say which by --and RATE")
    if other == over:
        raise ExperimentError(f"--and {other}: a map takes two different rates; name another than that of --over")
    given = ((over, asked["between"]), (other or "", asked["and_between"]))
    ranges = {name: _range(text) for name, text in given if text}
    how = how | {"strategies": asked["strategies"] or None, "points": asked["points"]}
    n, rematch = how["replications"], {"rematch": asked["rematch"]}
    yield Step("breakeven", f"{model.name}: {over} moves, {n:,} replications of both strategies at every value",
               lambda: breakeven(model, over, of, by, between=ranges.get(over), **rematch, **how))  # fmt: skip
    if other:
        yield Step("map", f"a map of {over} and {other}, {n:,} replications of both strategies in every cell",
                   lambda: breakeven_map(model, (over, other), of, by, between=ranges, **how))  # fmt: skip


def _range(text: str) -> tuple[str, str]:
    """Return the two values that ``80 %:95 %`` says."""
    low, colon, high = (part.strip() for part in text.partition(":"))
    if not (low and colon and high) or ":" in high:
        raise ExperimentError(f"'{text}': a lowest and a highest value are needed; write '80 %:95 %'")
    return low, high


COMMANDS = (
    Command("breakeven", "Find the value of a rate at which one strategy overtakes another; the one held against comes "
            "first.", "breakeven", "", (
        Option("over", "The rate that moves."),
        Option("by", "By which month, such as '24 months'; else the horizon."),
        Option("of", "The metric that decides."),
        Option("and_", "Another rate, for a map of both.", flag="--and"),
        Option("between", "Values of --over, such as '80 %:95 %'.", metavar=_RANGE),
        Option("and_between", "Values of --and.", metavar=_RANGE),
        Option("points", "At how many values to look first.", int),
        Option("rematch", "Make budgets equal at every value of --over.", bool, flag="--rematch"),
        STRATEGIES,
    ), _breakeven, place=13),
)  # fmt: skip
