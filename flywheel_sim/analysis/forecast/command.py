"""The command ``forecast``: what is not known, in two layers."""

from __future__ import annotations

from flywheel_sim.analysis.commands import STRATEGIES, Command

COMMANDS = (
    Command("forecast", "Forecast in two layers: what chance alone makes of the rates as stated, and what not knowing "
            "them adds.", "forecast",
            "{replications:,} replications with the rates uncertain, and as many with them as stated",
            (STRATEGIES,), place=10),
)  # fmt: skip
