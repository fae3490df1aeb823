"""The commands ``frictions`` and ``momentum``."""

from __future__ import annotations

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option

COMMANDS = (
    Command("frictions", "Remove each named friction in turn: which costs most, in money and in momentum.",
            "frictions", "each friction removed in turn, {replications:,} replications", (
        Option("of", "The metric that decides."),
        STRATEGIES,
        Option("window", "Momentum over the last months alone, such as '12 months'."),
        Option("best", "Whether the highest or the lowest of it is best."),
    ), place=5),
    Command("momentum", "Tell whether growth is faster than before: mass, speed, and what is lost where.",
            "momentum", "momentum, {replications:,} replications", (
        STRATEGIES,
        Option("window", "Over how many months momentum is averaged, such as '3 months'."),
    ), place=6),
)  # fmt: skip
