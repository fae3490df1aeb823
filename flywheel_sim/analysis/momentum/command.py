"""The commands ``frictions`` and ``momentum``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.analysis.commands import STRATEGY, Command, Option, Step
from flywheel_sim.errors import LimitReached


def _momentum(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.momentum.momentum import momentum
    from flywheel_sim.experiment.replicate import replicate

    def ask() -> Any:
        try:
            return momentum(replicate(model, strategies=asked["strategy"], **how), window=asked["window"])
        except LimitReached as stop:
            raise LimitReached(str(stop), stop.complete and momentum(stop.complete, window=asked["window"])) from stop

    yield Step("momentum", f"{model.name}: momentum, {how['replications'] or 100:,} replications", ask)


COMMANDS = (
    Command("frictions", "Remove each named friction in turn: which costs most, in money and in momentum.",
            "frictions", "each friction removed in turn, {replications:,} replications", (
        Option("of", "The metric that decides."),
        Option("window", "Momentum over the last months alone, such as '12 months'."),
        STRATEGY,
    ), place=5),
    Command("momentum", "Tell whether growth is faster than before: mass, speed, and what is lost where.",
            "momentum", "", (
        Option("window", "Over how many months momentum is averaged, such as '3 months'."),
        STRATEGY,
    ), _momentum, runs="replicate", place=6),
)  # fmt: skip
