"""The command ``claims``: what the articles say in figures, held against a journey."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option, Step


def _claims(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.claims.result import claims

    names, rates = asked["strategies"], {"over": asked["over"], "win_back": asked["win_back"]}
    whose = ", ".join(names) if names else "the file as written"
    yield Step("claims", f"{model.name}: the claims in {whose}, {how['replications']:,} replications at each retention",
               lambda: claims(model, strategies=names, **rates, **how))  # fmt: skip


COMMANDS = (
    Command("claims", "Hold every claim of the articles against a journey: in which reading it holds, and where it "
            "would.", "claims", "", (
        Option("over", "The rate that says how customers stay."),
        STRATEGIES,
        Option("win_back", "A wait before win-back; repeatable.", many=True, flag="--win-back", metavar="RATE"),
    ), _claims, place=14),
)  # fmt: skip
