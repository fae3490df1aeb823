"""Charts: each function takes a result and returns a `Chart`, its figure and the figures behind it.

Every chart says in its title what it shows, carries units, and shows an interval; labels tell a
confidence interval of a mean from percentiles of futures.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flywheel_sim.analysis.compare.result import SPEND_TOLERANCE, Comparison, called
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.metrics.growth import stage_conversion
from flywheel_sim.metrics.revenue import lines_of
from flywheel_sim.report.charts_ab import ab_lifts, ab_peeking, ab_power, ab_worth
from flywheel_sim.report.charts_allocation import allocation, allocation_by_horizon, marginal
from flywheel_sim.report.charts_breakeven import breakeven, breakeven_map, overtaking
from flywheel_sim.report.charts_capacity import capacity, cost_of_waiting, lead_volume, staff_plan
from flywheel_sim.report.charts_channels import channels
from flywheel_sim.report.charts_claims import claims, claims_region
from flywheel_sim.report.charts_cohorts import cohort_retention, mrr_movements, staying
from flywheel_sim.report.charts_forecast import forecast
from flywheel_sim.report.charts_global import morris, sobol, tornado
from flywheel_sim.report.charts_judgement import judgement
from flywheel_sim.report.charts_ladder import ladder
from flywheel_sim.report.charts_momentum import frictions, momentum
from flywheel_sim.report.charts_referrals import family_sizes, referral_tree
from flywheel_sim.report.charts_sensitivity import effect, effect_parts, response
from flywheel_sim.report.charts_service import queues, saturation, shared, waits
from flywheel_sim.report.charts_wheel import wheel
from flywheel_sim.report.drawing import (
    COLOURS,
    FAINT,
    INK,
    Chart,
    axes_of,
    by_name,
    counted,
    ends_of,
    finish,
    joined,
    lowered,
    months_of,
    stock,
    thousands,
)
from flywheel_sim.stats import Estimate, estimate_mean, figure

__all__ = [
    "Chart",
    "ab_lifts",
    "ab_peeking",
    "ab_power",
    "ab_worth",
    "allocation",
    "allocation_by_horizon",
    "breakeven",
    "breakeven_map",
    "capacity",
    "channels",
    "claims",
    "claims_region",
    "cohort_retention",
    "cost_of_waiting",
    "difference",
    "effect",
    "effect_parts",
    "family_sizes",
    "fan",
    "forecast",
    "frictions",
    "judgement",
    "ladder",
    "lead_volume",
    "marginal",
    "momentum",
    "morris",
    "mrr_movements",
    "overtaking",
    "queues",
    "referral_tree",
    "response",
    "saturation",
    "shared",
    "sobol",
    "spending",
    "staff_plan",
    "stage_flow",
    "staying",
    "tornado",
    "waits",
    "wheel",
]


def fan(result: Runs | Comparison, metric: str = "profit", cumulative: bool = False) -> Chart:
    """Show a metric over time: median, and the bands that hold half and nine tenths of the futures.

    Parameters
    ----------
    result
        Replications of one strategy, or a comparison.
    metric, cumulative
        What, and whether as a running sum.
    """
    import pandas as pd

    runs = by_name(result)
    first = next(iter(runs.values()))
    label, unit = first.metric(metric).label, first.unit(metric)
    what = f"{'Cumulative' if cumulative else 'Monthly'} {lowered(label)}"
    if first.metric(metric).aggregation == "last":
        what = label
    title = f"{what} of {' and '.join(runs)}" if len(runs) > 1 else what
    figure_, axes = axes_of(title, "Line: median future. Dark band: half of the futures. Light band: 90 % of them.")
    x = months_of(first)
    parts = []
    quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
    for (name, one), colour in zip(runs.items(), COLOURS, strict=False):
        paths = one.series(metric, cumulative)[:, one.books.warm_up :]
        q = np.nanquantile(paths, quantiles, axis=0)
        axes.fill_between(x, q[0], q[4], color=colour, alpha=0.13, lw=0)
        axes.fill_between(x, q[1], q[3], color=colour, alpha=0.28, lw=0)
        axes.plot(x, q[2], color=colour, lw=2, label=name)
        part = pd.DataFrame(q.T, columns=[f"p{100 * level:.0f}" for level in quantiles])
        part.insert(0, "month", counted(one))
        part.insert(0, "strategy", name)
        parts.append(part.assign(metric=metric, unit=unit, n=one.n))
    if cumulative:
        axes.axhline(0, color=INK, lw=0.8)
    finish(axes, first, f"{label} ({unit}{'' if cumulative or stock(first, metric) else ' per month'})", len(runs) > 1)
    return Chart(
        f"fan_{metric}{'_cumulative' if cumulative else ''}", title, figure_, pd.concat(parts, ignore_index=True)
    )


def difference(
    comparison: Comparison, metric: str = "profit", of: str | None = None, against: str | None = None
) -> Chart:
    """Show the cumulative paired difference of two strategies over time, and where one overtakes.

    The dark band is simultaneous: it holds the true mean of all months at once in 95 % of experiments. The data hold
    its ends (band_low, band_high) and those of the intervals month by month (low, high).
    """
    import pandas as pd

    a, b = of or comparison.names[-1], against or comparison.names[0]
    one = comparison[a]
    skip = one.books.warm_up
    paths = comparison.difference_series(metric, True, a, b)[:, skip:]
    unit, label = one.unit(metric), lowered(one.metric(metric).label)
    found = [estimate_mean(column, unit) for column in paths.T]
    mean, low, high = ends_of(found)
    band = comparison.band(metric, True, a, b)
    p5, p95 = np.quantile(paths, [0.05, 0.95], axis=0)
    cross = comparison.crossover(metric, a, b)
    gap = comparison.difference(metric, a, b)
    sure = np.isnan(gap.low) or gap.low * gap.high > 0
    if not sure:
        title = f"These runs do not tell {called(a)} and {called(b)} apart in cumulative {label}"
    elif cross.month is None:
        title = f"{called(a, True)} does not overtake {called(b)} in cumulative {label}"
    elif cross.month == cross.first:
        title = f"{called(a, True)} is ahead of {called(b)} in cumulative {label} from the start"
    else:
        title = f"{called(a, True)} overtakes {called(b)} in cumulative {label} in month {cross.month}"
    note = f"{a} less {b}, same luck. Dark: 95 % simultaneous band of the mean. Light: 90 % of futures."
    figure_, axes = axes_of(title, note)
    x = months_of(one)
    axes.axhline(0, color=INK, lw=0.9)
    axes.fill_between(x, p5, p95, color=COLOURS[1], alpha=0.14, lw=0)
    if not np.isnan(band.low).any():
        axes.fill_between(x, band.low[skip:], band.high[skip:], color=COLOURS[1], alpha=0.35, lw=0)
    axes.plot(x, mean, color=COLOURS[1], lw=2)
    if sure and cross.month is not None and cross.month > cross.first:
        at = x[cross.month - 1 - skip]
        axes.axvline(at, color=FAINT, lw=1, ls=(0, (4, 3)))
        when = f"{cross.date:%b %Y}" if cross.date else f"month {cross.month}"
        latest = "beyond the horizon" if cross.latest is None else cross.latest
        span = f"\n95 % interval: months {cross.earliest} to {latest}" if cross.earliest is not None else ""
        if cross.low is not None:
            span += f"\n95 % of single futures that overtake: months {cross.low} to {cross.high}"
        axes.annotate(f" overtakes: {when}{span}".replace("\n", "\n "), (at, 1), xycoords=("data", "axes fraction"),
                      va="top", color=INK, fontsize=9)  # fmt: skip
    finish(axes, one, f"Cumulative difference in {label} ({unit})", False)
    data = pd.DataFrame({
        "month": counted(one), "mean": mean, "low": low, "high": high, "band_low": band.low[skip:],
        "band_high": band.high[skip:], "p5": p5, "p95": p95, "metric": metric, "unit": unit, "of": a, "against": b,
        "n": one.n,
    })  # fmt: skip
    return Chart(f"difference_{metric}", title, figure_, data)


def stage_flow(result: Runs | Comparison) -> Chart:
    """Show how many people enter each stage, and which share of them goes on to buy or decide."""
    import pandas as pd

    runs = by_name(result)
    first = next(iter(runs.values()))
    layout = first.ledger.layout
    rows: list[dict[str, Any]] = []
    for name, one in runs.items():
        for stage, role in zip(layout.stages, layout.roles, strict=True):
            gone_on, entered = (one.books.over(a) for a in stage_conversion(one.books, stage))
            count = estimate_mean(entered, "people")
            share = estimate_mean(100 * gone_on / np.where(entered > 0, entered, np.nan), "%")
            rows.append({"strategy": name, "stage": stage, "role": role, "entered": count.mean, "low": count.low,
                         "high": count.high, "goes_on_percent": share.mean, "goes_on_low": share.low,
                         "goes_on_high": share.high, "n": one.n})  # fmt: skip
    data = pd.DataFrame(rows)
    title = "How many people enter each stage"
    note = "Mean of all replications with the 95 % interval of the mean. On prospect stages: the share that goes on."
    height = 1.3 + 0.32 * len(layout.stages) * len(runs) + 0.2 * len(layout.stages)
    figure_, axes = axes_of(title, note, height)
    width = 0.8 / len(runs)
    top = float(data["entered"].max()) or 1.0
    for index, (name, colour) in enumerate(zip(runs, COLOURS, strict=False)):
        part = data[data["strategy"] == name]
        y = np.arange(len(part)) + (index - (len(runs) - 1) / 2) * width
        error = np.nan_to_num(np.array([part["entered"] - part["low"], part["high"] - part["entered"]]))
        axes.barh(y, part["entered"], height=width * 0.9, color=colour, label=name)
        axes.errorbar(part["entered"], y, xerr=error, fmt="none", ecolor=INK, elinewidth=1.1, capsize=2)
        for at, row in zip(y, part.to_dict("records"), strict=True):
            text = f"{row['entered']:,.0f}"
            if row["role"] == "prospect" and not np.isnan(row["goes_on_percent"]):
                text += f"   {row['goes_on_percent']:.1f} % go on"
            reach = np.nanmax([row["entered"], row["high"]])
            axes.text(reach + 0.015 * top, at, text, va="center", fontsize=8.5, color=INK)
    axes.set_yticks(
        range(len(layout.stages)), [f"{s}\n({r})" for s, r in zip(layout.stages, layout.roles, strict=True)]
    )
    axes.invert_yaxis()
    axes.set_xlim(0, top * 1.28)
    axes.set_xlabel(
        f"People entering the stage{', less those set aside from it,' * ('aside' in layout.roles)} within {first.span}"
    )
    axes.xaxis.set_major_formatter(thousands)
    axes.grid(axis="y", visible=False)
    if len(runs) > 1:
        axes.legend(loc="lower right", frameon=False)
    return Chart("stage_flow", title, figure_, data)


def spending(comparison: Comparison) -> Chart:
    """Show what each strategy spends, by channel and line, so that budgets can be seen to agree."""
    import pandas as pd

    names = list(comparison.names)
    lines = dict.fromkeys(m for n in names for m in lines_of(comparison[n].books) if m.startswith("spend."))
    rows: list[dict[str, Any]] = []
    totals: dict[str, Estimate] = {name: comparison[name]["spend"] for name in names}
    unit = totals[names[0]].unit
    for metric in lines:
        for name in names:
            has = metric in lines_of(comparison[name].books)
            found = comparison[name][metric] if has else estimate_mean(np.zeros(comparison[name].n), unit)
            rows.append({"strategy": name, "line": metric[6:], "mean": found.mean, "low": found.low,
                         "high": found.high, "unit": unit, "n": found.n})  # fmt: skip
    for name in names:
        found = totals[name]
        rows.append({"strategy": name, "line": "total", "mean": found.mean, "low": found.low, "high": found.high,
                     "unit": unit, "n": found.n})  # fmt: skip
    data = pd.DataFrame(rows)
    gap = max((comparison.spend_gap(name, names[0]) for name in names[1:]), key=abs)
    same = "spend the same" if abs(gap) <= SPEND_TOLERANCE else f"do not spend the same ({gap:+.1%})"
    title = f"{joined(names)} {same} in total"
    title = title[0].upper() + title[1:]
    figure_, axes = axes_of(
        title, "Mean over replications; the whisker is the 95 % interval of the total.", 1.9 + 0.5 * len(names)
    )
    left = np.zeros(len(names))
    for metric, colour in zip(lines, (*COLOURS, *COLOURS), strict=False):
        means = data[data["line"] == metric[6:]].set_index("strategy")["mean"].reindex(names).to_numpy(dtype=float)
        axes.barh(names, means, left=left, color=colour, height=0.55, label=metric[6:].replace("_", " "))
        left = left + means
    for index, name in enumerate(names):
        found = totals[name]
        if not np.isnan(found.low):
            axes.errorbar(found.mean, index, xerr=found.half_width, fmt="none", ecolor=INK, elinewidth=1.2, capsize=3)
        reach = np.nanmax([found.mean, found.high])
        axes.text(reach + 0.012 * left.max(), index, figure(found.mean), va="center", color=INK, fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, left.max() * 1.12 or 1.0)
    axes.set_xlabel(f"Total spend ({unit})")
    axes.xaxis.set_major_formatter(thousands)
    axes.grid(axis="y", visible=False)
    if lines:
        columns = min(len(lines), 6)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.32), ncols=columns, frameon=False, fontsize=9)
    return Chart("spending", title, figure_, data)
