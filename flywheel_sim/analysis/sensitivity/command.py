"""The commands ``sensitivity`` and ``effect``: how much one rate matters, and what a change of it does."""

from __future__ import annotations

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option

COMMANDS = (
    Command(
        "sensitivity", 'Show how much a metric depends on a rate: curve, elasticity, both readings of "+5 %".',
        "sensitivity", "{of} over {over}, {replications:,} replications at each value", (
            Option("of", "The metric that responds."),
            Option("over", "The named rate that moves."),
            STRATEGIES,
        ), place=3),
    Command(
        "effect", "Tell what a change of a rate does: year by year and in all, gross and net, and through whom.",
        "effect", "what a change of {over} does, {replications:,} replications of each run", (
            Option("over", "The named rate that changes."),
            Option("change", "Such as '+5 points'; repeatable; both readings of +5 % else.", many=True),
            Option("upsell", "An event of upsell; repeatable.", many=True),
            STRATEGIES,
        ), place=11),
)  # fmt: skip
