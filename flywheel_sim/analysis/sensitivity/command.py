"""The commands ``sensitivity`` and ``effect``: how much one rate matters, and what a change of it does."""

from __future__ import annotations

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option

COMMANDS = (
    Command(
        "sensitivity", 'Show how much a metric depends on a rate: curve, elasticity, both readings of "+5 %".',
        "sensitivity", "{of} over {over}, {replications:,} replications at each value", (
            Option("of", "The metric that responds."),
            Option("over", "The named rate that moves."),
            Option("values", "Its values; around today's unless given.", metavar="LO:HI:N|V1,V2"),
            STRATEGIES,
        ), place=3),
    Command(
        "effect", "Tell what a change of a rate does: year by year and in all, gross and net, and through whom.",
        "effect", "what a change of {over} does, {replications:,} replications of each run", (
            Option("over", "The named rate that changes."),
            Option("values", "Changes, such as '+5 points', or new values, with commas; both readings of +5 % unless "
                   "given.", many=True, commas=True),
            Option("of", "Metrics to take apart beside the money, with commas.", many=True, commas=True, default=None),
            Option("upsell", "Events of upsell, with commas; found unless given.", many=True, commas=True),
            STRATEGIES,
        ), place=11),
)  # fmt: skip
