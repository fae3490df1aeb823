"""The command ``retention``: which share of the people who enter a stage is still there, day by day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option, Step, listed
from flywheel_sim.errors import ExperimentError


def _retention(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.retention.result import retention

    text = asked["days"]
    try:
        days = [int(part) for part in text.split(",")]
    except ValueError:
        raise ExperimentError(f"--days '{text}': whole numbers of days are needed; write --days 1,7,30") from None
    counts = [] if asked["counts"] == "none" else listed(asked["counts"])
    yield Step("retention", f"{model.name}: people from '{asked['of']}' on, {how['replications']:,} replications",
               lambda: retention(model, asked["of"], strategies=asked["strategies"] or None, days=days, counts=counts,
                                 **how))  # fmt: skip


COMMANDS = (
    Command("retention", "Tell which share of the people who enter a stage is still there, day by day.", "retention",
            "", (
        Option("of", "The stage whose entry is day 0.", flag="--of", required=True),
        STRATEGIES,
        Option("days", "Days to tell of, with commas; the curve goes to the last.", default="1,7,30"),
        Option("counts", "Stages beside it in which people are still there; all of customers unless given, or none."),
    ), _retention, place=9),
)  # fmt: skip
