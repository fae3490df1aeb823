"""The command ``sobol``: which rates the variance between futures comes from, and how much of it is chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flywheel_sim.analysis.commands import STRATEGIES, Command, Option, Step, listed, pair
from flywheel_sim.errors import ExperimentError


def _sobol(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.uncertainty.morris import morris
    from flywheel_sim.analysis.uncertainty.sobol import sobol
    from flywheel_sim.analysis.uncertainty.tornado import tornado

    store, names = asked["store"], asked["strategies"]
    if asked["resume"] and store is None:
        raise ExperimentError("--resume goes on with a store; say which by --store FILE")
    if store is not None and asked["tornado"]:
        raise ExperimentError("a tornado is kept in no store; leave --store out")
    if asked["morris"] and asked["tornado"]:
        raise ExperimentError("--morris and --tornado at once; run it once for each")
    whose = {"strategies": names} if len(names or ()) > 1 else {"strategy": names[0] if names else None}
    how = how | whose | {"rates": listed(asked["rates"]), "ranges": _ranges(asked["ranges"]), "step": asked["step"]}
    metrics, kept = listed(asked["of"]) or [], {"store": store, "resume": asked["resume"]}
    says = f"{model.name}: {how['replications']:,} replications at each design point"
    if asked["tornado"]:
        yield Step("tornado", says, lambda: tornado(model, metrics[0], **how))
    elif asked["morris"]:
        yield Step("morris", says, lambda: morris(model, metrics, trajectories=asked["trajectories"], **kept, **how))
    else:
        yield Step("sobol", says, lambda: sobol(model, metrics, n=asked["points"], **kept, **how))


def _ranges(items: list[str] | None) -> dict[str, tuple[str, str]]:
    """Return the ends of rates that ``RATE=LO:HI`` say."""
    found = {}
    for item in items or []:
        name, ends = pair(item, "--range", "RATE=LO:HI", "retention=88 %:94 %")
        low, colon, high = (part.strip() for part in ends.partition(":"))
        if not (low and colon and high) or name in found:
            rule = "is given twice" if name in found else "is not RATE=LO:HI"
            raise ExperimentError(f"--range '{item}' {rule}; write --range 'retention=88 %:94 %' once for each rate")
        found[name] = (low, high)
    return found


COMMANDS = (
    Command("sobol", "Divide the variance between futures among rates and chance; two --strategy mean their "
            "difference.", "sobol", "", (
        Option("of", "Metrics, with commas; the first one decides in the tornado."),
        Option("rates", "Rates to try, with commas; all that bear on the strategy unless given."),
        Option("ranges", "Ends of a rate, such as 'retention=88 %:94 %'.", many=True, flag="--range",
               metavar="RATE=LO:HI"),
        Option("step", "How far rates go of which nothing is said, as a share.", float),
        Option("points", "Base points, a power of two.", int),
        Option("morris", "Elementary effects instead: a first look.", bool, flag="--morris"),
        Option("trajectories", "Of --morris.", int, default=20),
        Option("tornado", "One rate after the other instead.", bool, flag="--tornado"),
        STRATEGIES,
        Option("store", "A file that keeps every finished batch.", Path),
        Option("resume", "Go on with the store where it stopped.", bool, flag="--resume"),
    ), _sobol, place=15),
)  # fmt: skip
