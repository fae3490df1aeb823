"""Charts: each function takes a result and returns a `Chart`, its figure and the figures behind it.

Every chart says in its title what it shows, carries units, and shows an interval; labels tell a
confidence interval of a mean from percentiles of futures. The charts stand with the questions they belong to.
"""

from __future__ import annotations

from typing import Any

from flywheel_sim.analysis import registry


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return sorted(["Chart", *registry.charts()])
    homes = {"Chart": "drawing.chart", **registry.charts()}
    if name not in homes:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return registry.load(homes[name], name)


def __dir__() -> list[str]:
    return sorted(["Chart", *registry.charts()])
