"""The command ``allocate``: the best split of a budget, and where the next euro goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option, Step, pair
from flywheel_sim.errors import ExperimentError


def _allocate(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.allocation.by_horizon import allocation_by_horizon
    from flywheel_sim.analysis.allocation.marginal import marginal
    from flywheel_sim.analysis.allocation.split import allocate

    budget, horizon, n = asked["budget"], asked["horizon"], how["replications"]
    how = how | {name: asked[name] for name in ("of", "over", "strategies")}
    if asked["marginal"]:
        for option in ("budget", "risk", "at_least", "at_most"):
            if asked[option] not in (None, []):
                flag = f"--{option.replace('_', '-')}"
                raise ExperimentError(f"{flag} is about splitting a budget; leave it out, or --marginal")
        yield Step("marginal", f"{model.name}: one more euro at each place, {n:,} replications of each",
                   lambda: marginal(model, horizon=horizon, step=asked["step"] or "5 %", **how))  # fmt: skip
        return
    if asked["step"] is not None:
        raise ExperimentError("--step is about the next euro; leave it out, or add --marginal")
    how = how | {"budget": budget, "risk": asked["risk"]}
    how |= {word: _bounds(asked[word], f"--{word.replace('_', '-')}") for word in ("at_least", "at_most")}
    says = f"{model.name}: the best split of {budget or 'what is spent today'}, {n:,} replications of each"
    if horizon and len(horizon) > 1:
        yield Step("by_horizon", says, lambda: allocation_by_horizon(model, horizon=horizon, **how))
    else:
        yield Step("allocation", says, lambda: allocate(model, horizon=horizon[0] if horizon else None, **how))


def _bounds(items: list[str] | None, flag: str) -> dict[str, str] | None:
    """Return the bounds that ``PLACE=MONEY`` say."""
    return dict(pair(item, flag, "PLACE=MONEY", "search_ads=2000 per month") for item in items) if items else None


COMMANDS = (
    Command("allocate", "Split a budget over channels and levers as well as can be, or show where the next euro goes.",
            "allocate", "", (
        Option("of", "The metric to be as high as it can."),
        Option("over", "A channel or lever; repeatable. All that spend unless given.", many=True, flag="--over"),
        STRATEGIES,
        Option("budget", "Money to split, such as '12000 per month'; today's unless given."),
        Option("horizon", "How far to look, such as '24 months'; repeat to see the split move.", many=True),
        Option("risk", "Decide by this quantile of futures, such as 0.05, not by the mean.", float),
        Option("at_least", "What a place gets at least.", many=True, flag="--at-least", metavar="PLACE=MONEY"),
        Option("at_most", "What a place gets at most.", many=True, flag="--at-most", metavar="PLACE=MONEY"),
        Option("marginal", "Not the best split, but what one more euro brings at each place today.", bool,
               flag="--marginal"),
        Option("step", "With --marginal: by how much each spend moves, such as '5 %' of the budget.", default=None),
    ), _allocate, place=12),
)  # fmt: skip
