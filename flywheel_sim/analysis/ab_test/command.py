"""The command ``abtest``: what an A/B test can tell, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option, Step
from flywheel_sim.errors import ExperimentError

#: Words of the verb that are handed on as they were asked.
_AS_ASKED = ("of", "over", "strategies", "best", "roll_out", "now", "metric", "month", "level", "power")


def _test(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.ab_test.arms import ab_test

    values = _pair(asked["values"], "--values", "two levels are compared; write --values a,b")
    rates = None
    if asked["rates"] is not None:
        remedy = "the shares of A and B are two numbers; write --rates 0.20,0.22"
        try:
            rates = [float(share) for share in _pair(asked["rates"], "--rates", remedy)]
        except ValueError:
            raise ExperimentError(f"--rates '{asked['rates']}': {remedy}") from None
    words = {name: asked[name] for name in _AS_ASKED}
    yield Step("abtest", f"{model.name}: the test in {how['replications']:,} futures",
               lambda: ab_test(model, values=values, rates=rates, **words, **how))  # fmt: skip


def _pair(text: str, flag: str, remedy: str) -> list[str]:
    """Return the two sides of ``A,B``."""
    sides = [side.strip() for side in text.split(",")]
    if len(sides) != 2 or not all(sides):
        raise ExperimentError(f"{flag} '{text}': {remedy}")
    return sides


COMMANDS = (
    Command("abtest", "Run an A/B test in many futures: its power, how it misleads, what waiting and rolling out are "
            "worth.", "ab_test", "", (
        Option("of", "The chance compared, such as conversion.visitor.trial."),
        Option("over", "The attribute that says who is in which arm."),
        STRATEGIES,
        Option("values", "Its two levels, A first.", metavar="A,B", default="a,b"),
        Option("best", "Whether the highest or the lowest chance is best."),
        Option("roll_out", "The strategy with B for everybody after the test."),
        Option("now", "The strategy with B for everybody at once, without a test."),
        Option("metric", "In which metric B is worth something."),
        Option("month", "At the end of which month the test is read.", int, least=1),
        Option("rates", "Shares of A and B to take as true, such as 0.20,0.22.", metavar="A,B"),
        Option("level", "Confidence of the test.", float),
        Option("power", "The power for which to say how many people it takes.", float),
    ), _test, place=7),
)  # fmt: skip
