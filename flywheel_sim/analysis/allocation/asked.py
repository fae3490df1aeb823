"""What the words of the questions about a budget take."""

from __future__ import annotations

from flywheel_sim import arguments as takes
from flywheel_sim.experiment.asking import NAMES

#: What was written before, and what is written today.
FORMER = {"places": "over=[...]", "horizons": "horizon=[...]"}

#: Channels and levers.
PLACES = takes.optional(NAMES)

_MONEY = takes.either(takes.number(0), takes.text("a text such as '12000 per month'", "'12000 per month'"))
BUDGET = takes.optional(_MONEY)
MONEY = takes.optional(takes.mapped(_MONEY, "money a month by channel or lever", "{'search_ads': '500 per month'}"))
RISK = takes.optional(takes.number(0, 1, "0.05", open_low=True, open_high=True))
