"""The command ``sobol``: which rates the variance between futures comes from, and how much of it is chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from flywheel_sim.analysis.commands import REPLICATIONS, STRATEGIES, Command, Option, Step, default_of, listed, pair
from flywheel_sim.errors import ExperimentError

#: Words that one of the three verbs takes and the others do not.
_OF_ITS_OWN = {"tornado": ("level",), "morris": ("trajectories", "levels"), "sobol": ("n",)}


def _sobol(model: Any, asked: Mapping[str, Any], how: dict[str, Any]) -> Iterator[Step]:
    from flywheel_sim.analysis.uncertainty.morris import morris
    from flywheel_sim.analysis.uncertainty.sobol import sobol
    from flywheel_sim.analysis.uncertainty.tornado import tornado

    store = asked["store"]
    if asked["resume"] and store is None:
        raise ExperimentError("--resume goes on with a store; say which by --store FILE")
    if store is not None and asked["tornado"]:
        raise ExperimentError("a tornado is kept in no store; leave --store out")
    if asked["morris"] and asked["tornado"]:
        raise ExperimentError("--morris and --tornado at once; run it once for each")
    name = "tornado" if asked["tornado"] else "morris" if asked["morris"] else "sobol"
    over = [rate for item in asked["over"] or [] for rate in listed(item) or []]
    how = how | {word: asked[word] for word in ("strategies", "step", *_OF_ITS_OWN[name])}
    how |= {"over": over or None, "values": _values(asked["values"])}
    metrics = listed(asked["of"]) or []
    if how.get("replications") is None:
        how["replications"] = default_of(name, "replications")
    says = f"{model.name}: {how['replications']:,} replications at each design point"
    if name == "tornado":
        yield Step(name, says, lambda: tornado(model, metrics[0], **how))
        return
    verb = morris if name == "morris" else sobol
    yield Step(name, says, lambda: verb(model, metrics, store=store, resume=asked["resume"], **how))


def _values(items: list[str] | None) -> dict[str, tuple[str, str]] | None:
    """Return the ends of rates that ``RATE=LO:HI`` say."""
    ends: dict[str, tuple[str, str]] = {}
    for item in items or []:
        name, both = pair(item, "--values", "RATE=LO:HI", "retention=88 %:94 %")
        low, colon, high = (part.strip() for part in both.partition(":"))
        if not (low and colon and high) or name in ends:
            rule = "is given twice" if name in ends else "is not RATE=LO:HI"
            raise ExperimentError(f"--values '{item}' {rule}; write --values 'retention=88 %:94 %' once for each rate")
        ends[name] = (low, high)
    return ends or None


COMMANDS = (
    Command("sobol", "Divide the variance between futures among rates and chance; two --strategies mean their "
            "difference.", "sobol", "", (
        replace(REPLICATIONS, about="How many at each design point; 20, of --tornado 100, unless given."),
        Option("of", "Metrics, with commas; the first one decides in the tornado."),
        Option("over", "A rate to try; repeatable, or several with commas. All that bear on the strategy unless given.",
               many=True, flag="--over"),
        STRATEGIES,
        Option("values", "Ends of a rate, such as 'retention=88 %:94 %'; repeatable.", many=True, flag="--values",
               metavar="RATE=LO:HI"),
        Option("step", "How far rates go of which nothing is said, as a share.", float),
        Option("n", "Base points, a power of two.", int),
        Option("morris", "Elementary effects instead: a first look.", bool, flag="--morris"),
        Option("trajectories", "Of --morris.", int, default=20),
        Option("levels", "Of --morris: levels of a rate, an even number.", int, default=4),
        Option("tornado", "One rate after the other instead.", bool, flag="--tornado"),
        Option("level", "Of --tornado: of the intervals of all bars.", float, default=0.95),
        Option("store", "A file that keeps every finished batch.", Path, default=None),
        Option("resume", "Go on with the store where it stopped.", bool, flag="--resume", default=False),
    ), _sobol, place=15),
)  # fmt: skip
