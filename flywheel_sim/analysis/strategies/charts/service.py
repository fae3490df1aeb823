"""Charts of what people have in common: who waits for whom, how far a market is reached, what all share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.analysis.strategies.charts.shown import runs_of
from flywheel_sim.drawing.chart import COLOURS, FAINT, INK, Chart, axes_of, panels
from flywheel_sim.drawing.ends import Ends, FloatArray, columns_of
from flywheel_sim.drawing.labels import legend_below
from flywheel_sim.drawing.marks import DASHED, in_interval, zero_within
from flywheel_sim.drawing.months import finish, trace
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.units import DAY, HOUR, MINUTE, format_duration
from flywheel_sim.ledger import QUEUE
from flywheel_sim.metrics.service import wait_ends, wait_quantile
from flywheel_sim.result import Result
from flywheel_sim.stats import ratio_of_sums
from flywheel_sim.wording import joined

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: What the marks of a trace mean.
MARKS = "Line: mean. Dark band: its 95 % interval. Light band: 90 % of futures."

#: Ends of a wait other than service, and how a legend calls them.
UNSERVED = {"gave_up": "gave up", "turned_away": "turned away", "withdrew": "withdrew"}


def queues(result: Result, resource: str | None = None) -> Chart:
    """Show how many people wait, month by month, and how much of their time staff are busy.

    Parameters
    ----------
    result
        Replications of one strategy, or a comparison.
    resource
        Whose queue; all of the journey unless given. A comparison of a journey with several takes one.

    Raises
    ------
    ExperimentError
        If there is no such resource, or it has to be said which.
    """
    import pandas as pd

    runs = runs_of(result)
    first = next(iter(runs.values()))
    if resource is None and len(runs) == 1 and len(first.ledger.layout.resources) > 1:
        strategy = next(iter(runs))
        drawn = [(strategy, first, name, name) for name in first.ledger.layout.resources]
        title = f"How many wait for {joined(list(first.ledger.layout.resources))}, and how busy these are"
    else:
        name = _resource(runs, resource)
        drawn = [(strategy, one, name, strategy) for strategy, one in _with_resource(runs, name).items()]
        title = f"How many wait for {name}, and how busy it is"
    figure, (above, below) = panels(title, MARKS, 6.0, (1.2, 1.0))
    parts = []
    for (strategy, one, name, label), colour in zip(drawn, _colours(len(drawn)), strict=True):
        for axes, prefix in ((above, "queue_length"), (below, "utilisation")):
            parts.append(_trace(axes, one, f"{prefix}.{name}", strategy, colour, label))
    below.axhline(100, color=FAINT, lw=1, ls=DASHED)
    finish(above, first.journey, "People waiting", len(drawn) > 1)
    finish(below, first.journey, "Staff busy (% of their time)", False)
    above.set_xlabel("")
    above.set_ylim(bottom=0)
    below.set_ylim(0, max(105.0, below.get_ylim()[1]))
    figure.align_ylabels([above, below])
    return Chart(f"queues_{resource}" if resource else "queues", title, figure, pd.concat(parts, ignore_index=True))


def waits(result: Result, resource: str | None = None) -> Chart:
    """Show which share of those who ask is served within which wait, the target, and how the others end.

    Of the whole run, any warm-up included.

    Parameters
    ----------
    result, resource
        As for `queues`, one resource at a time; the only one of the journey unless given.

    Raises
    ------
    ExperimentError
        If there is no such resource, it has to be said which, or nobody asks for it.
    """
    import pandas as pd

    name = _resource(result.base_runs, resource)
    runs = _with_resource(result.base_runs, name)
    first = next(iter(runs.values()))
    target = first.ledger.layout.wait_targets[_index(first, name)]
    reach = max([1.3 * target, *(_reach(one, name) for one in runs.values())])
    if reach <= 0:
        reach = float(DAY)
    unit, per = next(((u, ms) for u, ms in (("minutes", MINUTE), ("hours", HOUR)) if reach < 100 * ms), ("days", DAY))
    title = f"How long those who ask for {name} wait"
    note = "Share of all who ask that is served within a wait. Band: 95 % interval of the mean."
    if first.journey.warm_up:
        note += " The whole run, warm-up included."
    figure, axes = axes_of(title, note)
    parts: list[pd.DataFrame] = []
    for (strategy, one), colour in zip(runs.items(), _colours(len(runs)), strict=True):
        booked = _booked(one, name)
        if not booked["asked"].any():
            continue
        at, ends = _served(one, name, booked["asked"], reach)
        shares = _shares(booked, target)
        label = ", ".join(_endings(shares, target))
        label = f"{strategy}: {label}" if len(runs) > 1 else label
        in_interval(axes, at / per, ends, 0.25, colour, label=label)
        axes.axhline(shares["started"]["mean"], color=colour, lw=1, ls=(0, (1, 2)))
        curve = pd.DataFrame({"figure": "served within", "wait_days": at / DAY, **columns_of(ends)})
        others = [{"figure": what, "wait_days": target / DAY if what == "within" else np.nan, **share}
                  for what, share in shares.items()]  # fmt: skip
        table = pd.concat([curve, pd.DataFrame(others)], ignore_index=True)
        parts.append(table.assign(strategy=strategy, resource=name, unit="%", n=one.n))
    if not parts:
        raise ExperimentError(f"nobody asks for '{name}' in these runs; take a longer horizon")
    if target >= 0:
        axes.axvline(target / per, color=INK, lw=1, ls=DASHED)
        axes.annotate(f" target: {format_duration(target)}", (target / per, 2), color=INK, fontsize=9)
    axes.set_ylim(0, 103)
    axes.set_xlim(-0.01 * reach / per, reach / per)
    axes.set_xlabel(f"Wait ({unit})")
    axes.set_ylabel("Served (% of all who ask)")
    legend_below(axes, 1, 0.16)
    return Chart(f"waits_{name}", title, figure, pd.concat(parts, ignore_index=True))


def _booked(one: Runs, resource: str) -> dict[str, FloatArray]:
    """Return how many asked for a resource in each replication, and how many of their waits ended how."""
    booked = one.ledger.queue[:, :, _index(one, resource)].sum(axis=1).T.astype(np.float64)
    return dict(zip(QUEUE, booked, strict=True))


def _served(one: Runs, resource: str, asked: FloatArray, reach: float) -> tuple[FloatArray, Ends]:
    """Return waits up to the longest drawn, ms, and the share of those who ask that is served within each."""
    _, high = wait_ends()
    cells = [0, *np.flatnonzero((high > reach / 400) & (high <= reach))]
    sooner = one.ledger.waits[:, _index(one, resource)].cumsum(axis=1)[:, cells].astype(np.float64)
    shares = ratio_of_sums(100 * sooner, np.repeat(asked[:, None], len(cells), axis=1))
    return np.array([0.0, *high[cells[1:]]]), Ends(*(np.clip(end, 0, 100) for end in shares))


def _shares(booked: Mapping[str, FloatArray], target: int) -> dict[str, dict[str, float]]:
    """Return which share of asks ends in each way, with its interval; within the target only where there is one."""
    ends = {what: booked[what] for what in ("started", "within", *UNSERVED) if what != "within" or target >= 0}
    ends["waiting"] = booked["asked"] - sum(booked[what] for what in ("started", *UNSERVED))
    return {
        what: dict(zip(Ends._fields, map(float, ratio_of_sums(100 * count, booked["asked"])), strict=True))
        for what, count in ends.items()
    }


def shared(result: Result, name: str | None = None) -> Chart:
    """Show an attribute that all share over time: the one of that name, or the only one of the journey.

    Raises
    ------
    ExperimentError
        If there is no such attribute, or it has to be said which.
    """
    runs = result.base_runs
    has = {strategy: [one for one, _, _ in own.ledger.layout.shared] for strategy, own in runs.items()}
    name = _one_of(
        name, list(dict.fromkeys(one for names in has.values() for one in names)), "attribute that all share"
    )
    having = {strategy: one for strategy, one in runs.items() if name in has[strategy]}
    first = next(iter(having.values()))
    of = next(one.of for one in first.journey.shared if one.name == name)
    label = first.label(f"shared.{name}")
    what = f"{label} (mean of {of})" if of else f"{label} (people)"
    return _over_time(having, f"shared.{name}", f"shared_{name}", f"{label} over time", what)


def saturation(result: Result) -> Chart:
    """Show which share of the market has been reached by the end of each month.

    Raises
    ------
    ExperimentError
        If the market has no end.
    """
    runs = {name: one for name, one in result.base_runs.items() if one.journey.market is not None}
    if not runs:
        raise ExperimentError("the market of this journey has no end; write market: 10_000 to give it one")
    labels = {
        name: f"{name}: {one['saturation'].mean:.1f} % in the end; {one['missed'].mean:,.0f} arrivals found nobody new"
        for name, one in runs.items()
    }
    sizes = list(dict.fromkeys(f"{one.journey.market:,}" for one in runs.values()))
    title = f"How much of a market of {' or '.join(sizes)} people is reached"
    return _over_time(runs, "saturation", "saturation", title, "People reached (% of the market)", labels)


def _over_time(
    runs: Mapping[str, Runs], metric: str, chart: str, title: str, label: str, labels: Mapping[str, str] | None = None
) -> Chart:
    """Return a chart of one metric over time, a line for each of some runs."""
    import pandas as pd

    figure, axes = axes_of(title, MARKS)
    colours = _colours(len(runs))
    parts = [
        _trace(axes, one, metric, name, colour, labels[name] if labels else name)
        for (name, one), colour in zip(runs.items(), colours, strict=True)
    ]
    finish(axes, next(iter(runs.values())).journey, label, False)
    if metric == "saturation":
        axes.set_ylim(bottom=0)
    else:
        zero_within(axes)
    if labels or len(runs) > 1:
        axes.legend(loc="best", frameon=False, fontsize=9)
    return Chart(chart, title, figure, pd.concat(parts, ignore_index=True))


def _trace(axes: Axes, one: Runs, metric: str, strategy: str, colour: str, label: str) -> pd.DataFrame:
    """Draw a metric month by month and return what is drawn."""
    paths, whose = one.series(metric)[:, one.books.warm_up :], {"strategy": strategy, "metric": metric}
    terms = one.metric(metric).terms_by(one.books)[:, one.books.warm_up :]
    return trace(axes, one.journey, paths, terms, one.unit(metric), colour, label, whose)


def _endings(shares: Mapping[str, Mapping[str, float]], target: int) -> list[str]:
    """Return how asks end, in words; what happens to hardly any is left out."""
    means = {what: share["mean"] for what, share in shares.items()}
    served = f"{means['started']:.1f} % served"
    if target >= 0:
        served += f" ({means['within']:.1f} % within the target)"
    others = {**UNSERVED, "waiting": "still waiting"}
    return [served, *(f"{means[what]:.1f} % {ending}" for what, ending in others.items() if means[what] >= 0.05)]


def _reach(one: Runs, resource: str) -> float:
    """Return the wait that all but the longest do not exceed, ms."""
    pooled = one.ledger.waits[:, _index(one, resource)].sum(axis=0, keepdims=True)
    return float(np.nan_to_num(1.02 * wait_quantile(pooled, 0.995)[0]))


def _index(one: Runs, resource: str) -> int:
    return one.ledger.layout.resources.index(resource)


def _with_resource(runs: Mapping[str, Runs], resource: str) -> dict[str, Runs]:
    return {name: one for name, one in runs.items() if resource in one.ledger.layout.resources}


def _resource(runs: Mapping[str, Runs], name: str | None) -> str:
    known = dict.fromkeys(resource for one in runs.values() for resource in one.ledger.layout.resources)
    return _one_of(name, list(known), "resource")


def _one_of(name: str | None, known: list[str], what: str) -> str:
    """Return the one that is asked for; without a name, the only one."""
    if name is None and len(known) == 1:
        return known[0]
    if name is None:
        several = f"there is more than one {what}; say which: {', '.join(known)}"
        raise ExperimentError(several if known else f"this journey has no {what}; there is nothing to draw")
    if name not in known:
        raise ExperimentError(f"'{name}' is no {what} of this journey; {nearest(name, known)}")
    return name


def _colours(count: int) -> list[str]:
    """Return as many colours, again from the first where there are not enough."""
    return [COLOURS[index % len(COLOURS)] for index in range(count)]
