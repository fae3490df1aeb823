"""How every question is asked: the words of all verbs, what each takes, and how to run.

``verb(model, of=..., over=..., *, strategies=None, values=..., replications=..., **how)``: a word means the same
wherever it stands, so what it takes is said here once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import ParamSpec, TypedDict, TypeVar

from flywheel_sim import arguments as takes
from flywheel_sim.arguments import Takes, checked
from flywheel_sim.engine.run import ENGINES
from flywheel_sim.errors import ConfigError, ExperimentError, Problem, nearest
from flywheel_sim.experiment.driver import metric_in
from flywheel_sim.experiment.running import Limits, RunOptions
from flywheel_sim.scenario.load import Scenario, load

P = ParamSpec("P")
T = TypeVar("T")

#: A scenario, the name of a shipped journey, or the path of a file.
Model = Scenario | str | Path

#: The name of a strategy, or a list of them.
Strategies = str | Sequence[str] | None


class How(TypedDict, total=False):
    """How to run. Figures depend on none of it but the seed.

    Attributes
    ----------
    seed
        The luck; the file's seed unless given.
    workers
        Threads of the compiled engine, processes of the reference engine; all cores, or one process, unless given.
    executor
        Any executor of the ``concurrent.futures`` interface, or ``threads`` or ``serial``, instead of workers.
    progress
        Whether to show a bar; in notebooks and at a prompt unless given.
    engine
        ``kernel`` (compiled) or ``reference`` (SimPy).
    limits
        Where runs are stopped before they take all there is.
    """

    seed: int | None
    workers: int | None
    executor: Executor | str | None
    progress: bool | None
    engine: str
    limits: Limits | None


class HowStored(How, total=False):
    """How to run what can be interrupted and gone on with.

    Attributes
    ----------
    store
        A file in which everything finished is safe; without one, all is kept in memory.
    resume
        Whether to go on with the store where it stopped; more replications than before are added.
    """

    store: str | Path | None
    resume: bool


# -- what words take ------------------------------------------------------------------------------------

NAME = takes.NAME
NAMES = takes.either(NAME, takes.listed(NAME, "a list of names", "['revenue', 'profit']"))
FIGURE = takes.either(takes.number(), takes.text("a text", "'+5 points'"))
LEVEL = takes.number(0, 1, "0.95", open_low=True, open_high=True)
DURATION = takes.text("a time such as '12 months'", "'12 months'")
BEST = takes.choice("highest", "lowest")
COUNT = takes.whole(1, 2**31)

VALUES = takes.either(takes.listed(FIGURE, "a list of numbers or texts", "[0.90, '95 %']"),
                      takes.text("a text such as '88 %:94 %:4'", "'88 %:94 %:4'"))  # fmt: skip

REPLICATIONS = takes.whole(1, 2**31, "100")

PRECISION = takes.optional(takes.mapped(
    takes.either(takes.text("a share such as '1 %'", "'1 %'"), takes.number(0)),
    "a mapping that says for each metric the half-width wanted", "{'profit': '1 %'}"))  # fmt: skip

WORDS: dict[str, Takes] = {
    "model": takes.either(
        takes.instance("Scenario", what="a scenario, the name of a shipped journey or the path of a file",
                       example="'subscription'"), takes.path("its name", "'subscription'")),
    "of": takes.text("the name of a metric", "'profit'"),
    "over": takes.text("the name of a rate", "'retention'"),
    "strategies": takes.optional(takes.either(
        takes.text("the name of a strategy", "'flywheel'"),
        takes.listed(NAME, "a list of names", "['funnel', 'flywheel']"))),
    "values": takes.optional(VALUES),
    "replications": REPLICATIONS,
    "best": BEST,
    "level": LEVEL,
}  # fmt: skip

HOW: dict[str, Takes] = {
    "seed": takes.optional(takes.whole(0, 2**32 - 1)),
    "workers": takes.optional(takes.whole(1, 2**16, "2")),
    "executor": takes.optional(takes.either(
        takes.like("an executor of the concurrent.futures interface", "'threads'",
                   lambda given: callable(getattr(given, "submit", None)) and not isinstance(given, type)),
        takes.text("a word such as 'threads' or 'serial'", "'threads'"))),
    "progress": takes.optional(takes.YES_OR_NO),
    "engine": takes.choice(*ENGINES),
    "limits": takes.optional(takes.instance("Limits", what="limits", example="fs.Limits(max_people=1000000)")),
}  # fmt: skip

STORED: dict[str, Takes] = {
    **HOW,
    "store": takes.optional(takes.path("the path of a file", "'sweep.db'")),
    "resume": takes.YES_OR_NO,
}

#: Words of all verbs that have another name today.
FORMER = {"strategy": "strategies=... (a name or a list)", "metrics": "of=[...]", "metric": "of=...",
          "n": "replications=...", "runs": "replications=...", "rate": "over=..."}  # fmt: skip


def verb(
    former: dict[str, str] | None = None, how: dict[str, Takes] | None = None, **own: Takes
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return what makes a verb refuse what it does not take, before anything runs.

    Parameters
    ----------
    former
        Words it had before, with what to write today; ``*`` stands for any word that is like none it has.
    how
        What the words of how to run take: `HOW` unless given.
    **own
        What its own words take, and those that take something else in it.
    """
    return checked({**WORDS, **own}, HOW if how is None else how, {**FORMER, **(former or {})})


# -- how to run -----------------------------------------------------------------------------------------


def how_to_run(how: How) -> tuple[int | None, RunOptions]:
    """Return the seed, and how to run, of words that were checked.

    Raises
    ------
    ExperimentError
        If an executor is named that many runs of one journey do not take.
    """
    executor, workers = how.get("executor"), how.get("workers")
    if isinstance(executor, str):
        if executor not in ("threads", "serial"):
            raise ExperimentError(f"executor is '{executor}': here it is 'threads' or 'serial', or an executor of the "
                                  "concurrent.futures interface; sweeps take processes and Dask too")  # fmt: skip
        executor, workers = None, 1 if executor == "serial" else workers
    options = RunOptions(workers, executor, shows_progress(how.get("progress")), how.get("engine") or ENGINES[0],
                         how.get("limits") or Limits())  # fmt: skip
    return how.get("seed"), options


def shows_progress(wanted: bool | None) -> bool:
    """Return whether to show a bar: where somebody waits at a notebook or a prompt, unless said otherwise."""
    if wanted is not None:
        return wanted
    return hasattr(sys, "ps1") or ("IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None)


# -- whom it is about -----------------------------------------------------------------------------------


def scenario_of(model: Model) -> Scenario:
    """Return the scenario that a name or a path stands for, a scenario as it is."""
    return model if isinstance(model, Scenario) else load(model)


def strategies_of(model: Scenario, strategies: Strategies) -> tuple[str, ...]:
    """Return the strategies that were named; all of the file, the one held against first, where none were.

    Raises
    ------
    ConfigError
        If the file has no strategy of such a name.
    ExperimentError
        If one is named twice.
    """
    if strategies is None:
        first = model.reference
        return tuple(sorted(model.strategies, key=lambda name: name != first))
    names = (strategies,) if isinstance(strategies, str) else tuple(strategies)
    refuse_strategies(model, names)
    if len(set(names)) < len(names):
        raise ExperimentError(f"strategies are {', '.join(names)}: one is named twice; name each once")
    return names


def runs_of(model: Scenario, strategies: Strategies) -> tuple[str | None, ...]:
    """Return the strategies to run: those named, else all of the file, else the file as written."""
    return strategies_of(model, strategies) or (None,)


def one_of(model: Scenario, strategies: Strategies, asking: str) -> str | None:
    """Return the one strategy that was named; None, the file as written, where none was.

    Raises
    ------
    ConfigError
        If the file has no strategy of that name.
    ExperimentError
        If several were named.
    """
    if strategies is None:
        return None
    names = strategies_of(model, strategies)
    if len(names) != 1:
        raise ExperimentError(f"{asking} is about one strategy, not {len(names)} ({', '.join(names)}); write "
                              f"strategies='{names[-1]}', or use compare for several")  # fmt: skip
    return names[0]


def pair_of(model: Scenario, strategies: Strategies, asking: str) -> tuple[str, str]:
    """Return whom it is held against, and whom it is about: two that were named, else the file's.

    Unless named these are the strategy that others are held against and the last other one.

    Raises
    ------
    ConfigError
        If the file has no strategy of such a name.
    ExperimentError
        If there are not two.
    """
    names = strategies_of(model, strategies)
    if strategies is None and len(names) > 2:
        names = (names[0], names[-1])
    if len(names) != 2:
        known = ", ".join(model.strategies) or "none"
        raise ExperimentError(f"{asking} takes two different strategies, the one held against first; the file has: "
                              f"{known}")  # fmt: skip
    return names[0], names[1]


def refuse_strategies(model: Scenario, names: Sequence[str]) -> None:
    """Refuse names of strategies that the file does not have."""
    unknown = [
        Problem(model.origin, 0, 0, "strategies", name, "no strategy of that name", nearest(name, model.strategies))
        for name in names if name not in model.strategies
    ]  # fmt: skip
    if unknown:
        raise ConfigError(unknown)


def refuse_metrics(model: Scenario, strategies: Sequence[str | None], names: Sequence[str], word: str = "of") -> None:
    """Refuse names of metrics that a strategy does not have, before anything runs.

    Raises
    ------
    ExperimentError
        If there is no such metric, naming the nearest; of a rate, where it belongs.
    """
    for strategy in strategies:
        journey = model.unmatched_journey(strategy)
        for name in names:
            try:
                metric_in(journey, name)
            except ExperimentError as error:
                if name in model.rates:
                    remedy = f"write over='{name}'" if word == "of" else "name a metric, such as 'profit'"
                    message = f"{word} is '{name}': that is a rate, not a metric; {remedy}"
                    raise ExperimentError(message) from None
                raise ExperimentError(f"{word}: {error}") from None


def names_of(given: str | Sequence[str], argument: str = "of") -> tuple[str, ...]:
    """Return the names that one name or a list of them says.

    Raises
    ------
    ExperimentError
        If one is said twice.
    """
    names = (given,) if isinstance(given, str) else tuple(given)
    if len(set(names)) < len(names):
        raise ExperimentError(f"{argument} is {', '.join(names)}: one is named twice; name each once")
    return names
