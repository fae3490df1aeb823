"""The command ``ladder``: who buys again."""

from __future__ import annotations

from flywheel_sim.analysis.commands import STRATEGY, Command, Option

COMMANDS = (
    Command("ladder", "Tell which share of customers buys a second, third, ... time.", "repeat_ladder",
            "purchases person by person, {replications:,} replications", (
        Option("purchases", "A line of money or an event; repeatable.", many=True, flag="--purchases", required=True),
        Option("window", "How long people are watched after their first purchase."),
        STRATEGY,
    ), place=9),
)  # fmt: skip
