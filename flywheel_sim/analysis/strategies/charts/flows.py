"""Charts of strategies as they ran: fans of futures, and how people flow through the stages."""

from __future__ import annotations

from typing import Any

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.strategies.charts.shown import runs_of
from flywheel_sim.drawing.chart import COLOURS, INK, Chart, axes_of
from flywheel_sim.drawing.ends import columns_of, ends_in
from flywheel_sim.drawing.labels import measured, named_rows
from flywheel_sim.drawing.marks import in_bands, side_by_side, whiskers
from flywheel_sim.drawing.months import finish, futures_by_month, months_of, periods_of
from flywheel_sim.journey.journey import Period
from flywheel_sim.metrics.growth import stage_conversion
from flywheel_sim.result import Result
from flywheel_sim.stats import estimate_mean, estimate_ratio
from flywheel_sim.wording import lowered

#: What is told of each period.
OFTEN = {"day": "Daily", "week": "Weekly", "month": "Monthly"}


def fan(result: Result, metric: str = "profit", cumulative: bool = False, by: Period = "month") -> Chart:
    """Show a metric over time: median, and the bands that hold half and nine tenths of the futures.

    Parameters
    ----------
    result
        Replications of one strategy, or a comparison.
    metric, cumulative
        What, and whether as a running sum.
    by
        ``day`` or ``week`` where the journey keeps its books so fine (``period: day``).

    Raises
    ------
    ExperimentError
        If there is no such metric, nothing was run, or books are not kept so fine.
    """
    import pandas as pd

    takes.choice("month", "week", "day").of("by", by)
    runs = runs_of(result)
    first = next(iter(runs.values()))
    label, unit = first.label(metric), first.unit(metric)
    what = f"{'Cumulative' if cumulative else OFTEN.get(by, '')} {lowered(label)}"
    if first.metric(metric).aggregation == "last":
        what = label
    title = f"{what} of {' and '.join(runs)}" if len(runs) > 1 else what
    figure_, axes = axes_of(title, "Line: median future. Dark band: half of the futures. Light band: 90 % of them.")
    parts = []
    quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
    for (name, one), colour in zip(runs.items(), COLOURS, strict=False):
        skip = (one.books if by == "month" else one.books_by(by)).warm_up
        paths = one.series(metric, cumulative, by)[:, skip:]
        q, part = futures_by_month(one.journey, paths, quantiles, {"strategy": name}, by, metric=metric, unit=unit)
        x = months_of(one.journey) if by == "month" else periods_of(one.journey, by, paths.shape[1])
        in_bands(axes, x, q[2], [(q[0], q[4], 0.13), (q[1], q[3], 0.28)], colour, label=name)
        parts.append(part)
    if cumulative:
        axes.axhline(0, color=INK, lw=0.8)
    per = "" if cumulative or first.metric(metric).aggregation != "sum" else f" per {by}"
    finish(axes, first.journey, f"{label} ({unit}{per})", len(runs) > 1, by)
    name = f"fan_{metric}{'_cumulative' if cumulative else ''}{'' if by == 'month' else f'_by_{by}'}"
    return Chart(name, title, figure_, pd.concat(parts, ignore_index=True))


def stage_flow(result: Result) -> Chart:
    """Show how many people enter each stage, and which share of them goes on to buy or decide."""
    import pandas as pd

    runs = runs_of(result)
    first = next(iter(runs.values()))
    layout = first.ledger.layout
    rows: list[dict[str, Any]] = []
    for name, one in runs.items():
        for stage, role in zip(layout.stages, layout.roles, strict=True):
            gone_on, entered = (one.books.over(a) for a in stage_conversion(one.books, stage))
            count = estimate_mean(entered, "people")
            share = estimate_ratio(100 * gone_on, entered, "%")
            rows.append({
                "strategy": name, "stage": stage, "role": role, **columns_of(count, "entered"),
                "goes_on_percent": share.mean, "goes_on_low": share.low, "goes_on_high": share.high, "n": one.n,
            })  # fmt: skip
    data = pd.DataFrame(rows)
    title = "How many people enter each stage"
    note = "Mean of all replications with the 95 % interval of the mean. On prospect stages: the share that goes on."
    height = 1.3 + 0.32 * len(layout.stages) * len(runs) + 0.2 * len(layout.stages)
    figure_, axes = axes_of(title, note, height)
    width, shifts = side_by_side(len(runs))
    top = float(data["entered"].max()) or 1.0
    for name, colour, shift in zip(runs, COLOURS, shifts, strict=False):
        part = data[data["strategy"] == name]
        y = np.arange(len(part)) + shift
        axes.barh(y, part["entered"], height=width * 0.9, color=colour, label=name)
        whiskers(axes, y, ends_in(part, "entered"), True, capsize=2)
        for at, row in zip(y, part.to_dict("records"), strict=True):
            text = f"{row['entered']:,.0f}"
            if row["role"] == "prospect" and not np.isnan(row["goes_on_percent"]):
                text += f"   {row['goes_on_percent']:.1f} % go on"
            reach = np.nanmax([row["entered"], row["high"]])
            axes.text(reach + 0.015 * top, at, text, va="center", fontsize=8.5, color=INK)
    names = [f"{s}\n({r})" for s, r in zip(layout.stages, layout.roles, strict=True)]
    named_rows(axes, range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, top * 1.28)
    apart = ", minus those set aside from it," if "aside" in layout.roles else ""
    measured(axes, along=f"People entering the stage{apart} within {first.span}")
    if len(runs) > 1:
        axes.legend(loc="lower right", frameon=False)
    return Chart("stage_flow", title, figure_, data)
