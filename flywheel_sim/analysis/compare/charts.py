"""Charts of a comparison: who is ahead over time, and what each strategy spends."""

from __future__ import annotations

from typing import Any

import numpy as np

from flywheel_sim.analysis.compare.result import Comparison
from flywheel_sim.analysis.difference.verdict import SPEND_TOLERANCE
from flywheel_sim.drawing.chart import COLOURS, FAINT, INK, Chart, axes_of
from flywheel_sim.drawing.ends import columns_of, ends_of, means_of, row_of
from flywheel_sim.drawing.marks import DASHED, in_bands, whiskers
from flywheel_sim.drawing.months import counted, finish, months_of
from flywheel_sim.drawing.words import legend_below, measured
from flywheel_sim.metrics.revenue import lines_of
from flywheel_sim.stats import Estimate, estimate_mean, figure
from flywheel_sim.wording import called, joined, lowered


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
    ends = means_of(paths, unit)
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
    x = months_of(one.journey)
    axes.axhline(0, color=INK, lw=0.9)
    bands = [(p5, p95, 0.14), (band.low[skip:], band.high[skip:], 0.35)]
    in_bands(axes, x, ends.mean, bands[:1] if np.isnan(band.low).any() else bands, COLOURS[1])
    if sure and cross.month is not None and cross.month > cross.first:
        at = x[cross.month - 1 - skip]
        axes.axvline(at, color=FAINT, lw=1, ls=DASHED)
        when = f"{cross.date:%b %Y}" if cross.date else f"month {cross.month}"
        latest = "beyond the horizon" if cross.latest is None else cross.latest
        span = f"\n95 % interval: months {cross.earliest} to {latest}" if cross.earliest is not None else ""
        if cross.low is not None:
            span += f"\n95 % of single futures that overtake: months {cross.low} to {cross.high}"
        axes.annotate(f" overtakes: {when}{span}".replace("\n", "\n "), (at, 1), xycoords=("data", "axes fraction"),
                      va="top", color=INK, fontsize=9)  # fmt: skip
    finish(axes, one.journey, f"Cumulative difference in {label} ({unit})", False)
    data = pd.DataFrame({
        "month": counted(one.journey), **columns_of(ends), "band_low": band.low[skip:], "band_high": band.high[skip:],
        "p5": p5, "p95": p95, "metric": metric, "unit": unit, "of": a, "against": b, "n": one.n,
    })  # fmt: skip
    return Chart(f"difference_{metric}", title, figure_, data)


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
            rows.append({"strategy": name, "line": metric[6:], **row_of(found)})
    rows += [{"strategy": name, "line": "total", **row_of(found)} for name, found in totals.items()]
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
            whiskers(axes, index, ends_of([found]), True, elinewidth=1.2, capsize=3)
        reach = np.nanmax([found.mean, found.high])
        axes.text(reach + 0.012 * left.max(), index, figure(found.mean), va="center", color=INK, fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, left.max() * 1.12 or 1.0)
    measured(axes, along=f"Total spend ({unit})")
    axes.grid(axis="y", visible=False)
    if lines:
        legend_below(axes, min(len(lines), 6), 0.32)
    return Chart("spending", title, figure_, data)
