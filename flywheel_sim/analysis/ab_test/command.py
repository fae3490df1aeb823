"""The command ``abtest``: what an A/B test can tell, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.analysis.commands import STRATEGY, Command, Option, Step
from flywheel_sim.errors import ExperimentError


def _test(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.ab_test.result import ab_test

    arms = asked["arms"]
    a, comma, b = (part.strip() for part in arms.partition(","))
    if not (a and comma and b) or "," in b:
        raise ExperimentError(f"--arms '{arms}': two levels are compared; write --arms a,b")
    rest = {name: asked[name] for name in ("strategy", "roll_out", "now")}
    yield Step("abtest", f"{model.name}: the test in {how['replications']:,} futures",
               lambda: ab_test(model, asked["attribute"], (a, b), asked["of"], **rest, **how))  # fmt: skip


COMMANDS = (
    Command("abtest", "Run an A/B test in many futures: its power, how it misleads, what waiting and rolling out are "
            "worth.", "ab_test", "", (
        Option("of", "The chance compared, such as conversion.visitor.trial."),
        Option("attribute", "The attribute that says who is in which arm."),
        Option("arms", "Its two levels.", metavar="A,B", default="a,b"),
        Option("roll_out", "The strategy with B for everybody after the test."),
        Option("now", "The strategy with B for everybody at once, without a test."),
        STRATEGY,
    ), _test, place=7),
)  # fmt: skip
