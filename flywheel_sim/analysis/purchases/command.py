"""The command ``ladder``: who buys again."""

from __future__ import annotations

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option

COMMANDS = (
    Command("ladder", "Tell which share of customers buys a second, third, ... time.", "repeat_ladder",
            "purchases person by person, {replications:,} replications", (
        Option("of", "A line of money or an event; repeatable.", many=True, flag="--of", required=True),
        STRATEGIES,
        Option("window", "How long people are watched after their first purchase."),
        Option("up_to", "The last purchase to tell of.", int, least=2),
    ), place=9),
)  # fmt: skip
