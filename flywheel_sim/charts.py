"""Charts: each function takes a result and returns a `Chart`, its figure and the figures behind it.

Every chart says in its title what it shows, carries units, and shows an interval; labels tell a
confidence interval of a mean from percentiles of futures. The charts stand with the questions they belong to.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from flywheel_sim import arguments as takes
from flywheel_sim.analysis import registry


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return sorted(["Chart", *registry.charts()])
    if name == "Chart":
        return registry.load("drawing.chart", name)
    if name not in registry.charts():
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return _chart(name)


@cache
def _chart(name: str) -> Any:
    """Return a chart that refuses what it does not take; its first argument is of the class that is written there."""
    from flywheel_sim.result import TAKES

    function = registry.load(registry.charts()[name], name)
    first, written = next(iter(function.__annotations__.items()))
    kind = written if isinstance(written, str) else written.__name__
    return takes.guarded(function, {**TAKES, first: takes.instance(kind, what=_KINDS.get(kind, f"a result: {kind}"))})


#: Of whose results several verbs give, whose.
_KINDS = {
    "Result": "what fs.replicate or fs.compare returns",
    "Runs": "what fs.replicate returns",
    "Comparison": "what fs.compare returns",
}


def __dir__() -> list[str]:
    return sorted(["Chart", *registry.charts()])
