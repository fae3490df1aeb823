"""The command ``breakeven``: from which value of a rate on one strategy overtakes another, and a map of two rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from flywheel_sim.analysis.commands import REPLICATIONS, STRATEGIES, Command, Option, Step, default_of
from flywheel_sim.errors import ExperimentError


def _breakeven(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.breakeven.map import breakeven_map
    from flywheel_sim.analysis.breakeven.result import breakeven

    rates, texts = asked["over"] or ["retention"], asked["values"] or []
    if len(rates) > 2 or len(set(rates)) < len(rates):
        raise ExperimentError(f"--over {', '.join(rates)}: it takes one rate, or two different ones for a map")
    if len(texts) > len(rates):
        raise ExperimentError(f"{len(texts)} --values for {len(rates)} --over; give one for each, in their order")
    values: dict[str, Any] = dict(zip(rates, texts, strict=False))
    how = how | {name: asked[name] for name in ("of", "by", "points", "strategies")}
    n = how.pop("replications") or default_of("breakeven", "replications")
    of_map = asked["replications"] or default_of("breakeven_map", "replications")
    yield Step("breakeven", f"{model.name}: {rates[0]} moves, {n:,} replications of both strategies at every value",
               lambda: breakeven(model, over=rates[0], values=values.get(rates[0]), rematch=asked["rematch"],
                                 replications=n, **how))  # fmt: skip
    if len(rates) > 1:
        yield Step("map", f"a map of {' and '.join(rates)}, {of_map:,} replications of both strategies in every cell",
                   lambda: breakeven_map(model, over=rates, values=values or None, replications=of_map,
                                         **how))  # fmt: skip


COMMANDS = (
    Command("breakeven", "Find the value of a rate at which one strategy overtakes another; the one held against comes "
            "first.", "breakeven", "", (
        replace(REPLICATIONS, about="How many at every value; 200, in every cell of a map 50, unless given."),
        Option("of", "The metric that decides."),
        Option("over", "The rate that moves; twice for a map of two.", many=True, commas=True, metavar="RATE",
               default=None),
        Option("values", "Two ends, or all values to look at; once for each --over.", many=True,
               metavar="LO:HI|V1,V2,V3"),
        Option("points", "At how many values between two ends to look first.", int),
        Option("by", "By which month, such as '24 months'; else the horizon."),
        Option("rematch", "Make budgets equal at every value of --over.", bool, flag="--rematch"),
        STRATEGIES,
    ), _breakeven, place=13),
)  # fmt: skip
