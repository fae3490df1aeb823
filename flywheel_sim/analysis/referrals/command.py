"""The command ``referrals``: who brought whom in one run."""

from __future__ import annotations

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option

COMMANDS = (
    Command("referrals", "Tell who brought whom in one run, and draw the largest families.", "referral_tree", "", (
        STRATEGIES,
        Option("replication", "Which run.", int, least=0),
    ), place=8),
)  # fmt: skip
