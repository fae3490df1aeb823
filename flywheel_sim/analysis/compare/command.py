"""The command ``compare``: strategies on the same people with the same luck."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.analysis.commands import AT_MOST, PRECISION, STRATEGIES, Command, Option, Step, how_often


def _compare(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis import registry
    from flywheel_sim.analysis.compare.result import compare
    from flywheel_sim.scenario.describe import reference_value

    over, names = asked["over"], asked["strategies"]
    if over:
        reference_value(model, over)  # a wrong name is said before anything runs
    often, words = how_often(asked, how)
    duel: Any = None

    def ask() -> Any:
        nonlocal duel
        duel = compare(model, asked["other"], strategies=names, off_by=asked["off_by"], **often, **how)
        return duel

    yield Step("compare", f"{model.name}: comparing strategies, {words} each", ask)
    if over:
        solved = next(iter(duel.models.values()))[0]  # with its matched spends solved for
        sensitivity = registry.load(registry.names()["sensitivity"], "sensitivity")
        n = max(2, duel[duel.names[0]].n // 3)
        yield Step("sensitivity", f"{solved.name}: profit over {over}, {n:,} replications at each value",
                   lambda: sensitivity(solved, "profit", over, strategies=names, replications=n, **how))  # fmt: skip


COMMANDS = (
    Command("compare", "Compare strategies on the same people with the same luck.", "compare", "", (
        Option("other", "A second journey to compare with; else strategies of the first.", model=True, positional=True),
        STRATEGIES, PRECISION, AT_MOST,
        Option("off_by", "Also how often it ends ahead if every figure may be this share off; 0 leaves it out.", float,
               default=0.1),
        Option("over", "Also the response of profit to this rate, on a third of the replications.", flag="--over"),
    ), _compare, place=2),
)  # fmt: skip
