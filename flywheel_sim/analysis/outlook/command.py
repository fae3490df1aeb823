"""The command ``run``: the figures of one strategy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.analysis.commands import AT_MOST, PRECISION, STRATEGIES, Command, Step, how_often


def _run(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.experiment.replicate import replicate

    often, words = how_often(asked, how)
    yield Step(
        "run", f"{model.name}: {words}", lambda: replicate(model, strategies=asked["strategies"], **often, **how)
    )


COMMANDS = (
    Command("run", "Replicate one strategy and print its figures.", "replicate", "",
            (STRATEGIES, PRECISION, AT_MOST), _run, place=1),
)  # fmt: skip
