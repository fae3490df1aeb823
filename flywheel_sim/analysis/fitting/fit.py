"""The verb: what a company's own data say of its rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.fitting.request import FitRequest
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.arguments import checked
from flywheel_sim.data.records import Records
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import LEVEL, shows_progress
from flywheel_sim.experiment.progress import bar

#: What can be fitted to what kind of data, the first unless asked for another: the module here that does it, and its
#: models, the first of which is taken where none is chosen by forecasts.
WAYS: dict[str, dict[str, str]] = {
    "Orders": {"buying": "buying", "spend": "spend", "arrivals": "arriving", "referrals": "referring"},
    "Subscriptions": {"retention": "staying", "arrivals": "arriving", "referrals": "referring"},
    "Survivors": {"retention": "staying"},
    "Pipeline": {"stages": "moving", "arrivals": "arriving"},
    "Funnel": {"conversion": "converting"},
    "Spend": {"response": "replying"},
}

#: What may have a season.
_SEASONAL = ("buying", "arrivals")

_KINDS = "what fs.read_orders, read_subscriptions, read_survivors, read_pipeline, read_funnel or read_spend returns"
_DATA = takes.instance(*WAYS, what=_KINDS, example="fs.read_orders('orders.csv')")


@checked({"data": _DATA, "of": takes.optional(takes.text("what to fit", "'buying'")),
          "model": takes.optional(takes.text("a model", "'sbg'")), "level": LEVEL,
          "ahead": takes.optional(takes.whole(1, 520, "13")), "season": takes.YES_OR_NO,
          "progress": takes.optional(takes.YES_OR_NO)})  # fmt: skip
def fit(
    data: Records,
    of: str | None = None,
    *,
    model: str | None = None,
    season: bool = False,
    level: float = 0.95,
    ahead: int | None = None,
    progress: bool | None = None,
) -> Fit:
    """Fit rates to a company's own data by maximum likelihood, and say how sure they are.

    Where several models would do and none is named, all are fitted at earlier days and held against what came after,
    beside naive baselines; the one that forecast best is fitted to all of the data (`Fit.choice`).

    Parameters
    ----------
    data
        What a ``read_`` function returns.
    of
        What to fit. Of orders ``buying`` (the default), ``spend``, ``arrivals`` or ``referrals``; of subscriptions
        ``retention`` (the default), ``arrivals`` or ``referrals``; of survivors ``retention``; of a pipeline ``stages``
        (the default) or ``arrivals``; of a funnel ``conversion``; of spend ``response``.
    model
        Of buying ``nbd``, ``bg_nbd``, ``pareto_nbd`` or ``erlang_nbd``; of retention ``geometric``, ``sbg``, ``bdw``,
        ``weibull`` or ``kaplan_meier``; of stages the distribution of the time there. Chosen unless given.
    season
        Of buying or arrivals: whether months of the year have factors of their own; a year of records is needed.
    level, progress
        Of the intervals; whether to show a bar, which notebooks and prompts do unless told.
    ahead
        How far ahead forecasts are tried: weeks of buying; to the end of the records unless given.

    Raises
    ------
    ExperimentError
        If the data do not hold what is asked for, or no model of that name.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> orders = fs.read_orders(fs.datasets.cdnow(), until="1997-09-30")
    >>> fit = fs.fit(orders, model="bg_nbd")
    >>> print(fit.table().iloc[:, :3].to_string(index=False))
    parameter  value    95 % interval
            r 0.2426 0.2192 to 0.2685
        alpha  4.414   3.731 to 5.221
            a 0.7929  0.5154 to 1.319
            b  2.426    1.43 to 4.567
    """
    of, room = _room(data, of, model)
    if season and of not in _SEASONAL:
        raise ExperimentError(f"season is True: {of} has no season; leave season out")
    with _telling(progress) as tell:
        fitted: Fit = room.fitted(data, FitRequest(of, model, season, level, ahead, tell))
    return fitted


def _room(data: Records, of: str | None, model: str | None) -> tuple[str, Any]:
    """Return what is fitted, and the module that does it; raises as `fit`."""
    kind = next(name for name in (one.__name__ for one in type(data).__mro__) if name in WAYS)
    ways = WAYS[kind]
    of = of or next(iter(ways))
    rooms = {one: import_module(f"flywheel_sim.analysis.fitting.{home}") for one, home in ways.items()}
    if of not in ways and any(of in one.MODELS for one in rooms.values()):
        raise ExperimentError(f"of is '{of}', which is a model: write model='{of}'")
    if of not in ways:
        raise ExperimentError(f"of is '{of}': of {kind.lower()} {nearest(of, list(ways))}")
    room = rooms[of]
    if model is not None and model not in room.MODELS:
        known = list(room.MODELS)
        said = nearest(model, known) if known else "it has one model only; leave model out"
        raise ExperimentError(f"model is '{model}': of {of} {said}")
    return of, room


@contextmanager
def _telling(wanted: bool | None) -> Iterator[Callable[[str, int], None]]:
    """Hand on what advances a bar, which begins with the first step told of; none is shown where none is wanted."""
    if not shows_progress(wanted):
        yield lambda name, total: None
        return
    bars: list[Any] = []

    def tell(name: str, total: int) -> None:
        if not bars:
            bars.append(bar(total, "forecasts from earlier days", "fit"))
        bars[0].set_postfix_str(name, refresh=False)
        bars[0].update()

    try:
        yield tell
    finally:
        for one in bars:
            one.close()
