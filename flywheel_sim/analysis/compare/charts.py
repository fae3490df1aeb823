"""Charts of a comparison: who is ahead over time, and what each strategy spends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.compare.result import Comparison
from flywheel_sim.analysis.difference.verdict import SPEND_TOLERANCE
from flywheel_sim.analysis.difference.verdict import apart as apart_by
from flywheel_sim.drawing.chart import COLOURS, FAINT, INK, Chart, axes_of
from flywheel_sim.drawing.ends import Ends, columns_of, means_of, row_of
from flywheel_sim.drawing.labels import legend_below, measured
from flywheel_sim.drawing.marks import DASHED, in_bands, whiskers
from flywheel_sim.drawing.months import counted, finish, months_of
from flywheel_sim.journey.dates import named
from flywheel_sim.journey.journey import BUDGET_KINDS
from flywheel_sim.metrics.statement import HEADINGS, entries
from flywheel_sim.stats import estimate_mean, figure
from flywheel_sim.wording import called, joined, lowered

if TYPE_CHECKING:
    import pandas as pd


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
    unit, label = one.unit(metric), lowered(one.label(metric))
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
    note = f"{a} minus {b}, same luck. Dark: 95 % simultaneous band of the mean. Light: 90 % of futures."
    figure_, axes = axes_of(title, note)
    x = months_of(one.journey)
    axes.axhline(0, color=INK, lw=0.9)
    bands = [(p5, p95, 0.14), (band.low[skip:], band.high[skip:], 0.35)]
    in_bands(axes, x, ends.mean, bands[:1] if np.isnan(band.low).any() else bands, COLOURS[1])
    if sure and cross.month is not None and cross.month > cross.first:
        at = x[cross.month - 1 - skip]
        axes.axvline(at, color=FAINT, lw=1, ls=DASHED)
        when = named(cross.date, short=True) if cross.date else f"month {cross.month}"
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


#: What no budget holds, and how it is drawn apart.
APART = {"cost_of_sales": ("cost of sales (apart)", "#9aa5af"), "overhead_spend": ("overheads (apart)", "#cdd4da")}


def spending(comparison: Comparison) -> Chart:
    """Show the budget of each strategy, by channel and line, so that budgets can be seen to agree.

    Cost of sales and overheads, which no budget holds, stand apart below it.
    """
    names = list(comparison.names)
    data, unit = _spent(comparison), comparison[names[0]].unit("budget")
    gap = max((comparison.spend_gap(name, names[0]) for name in names[1:]), key=abs)
    same = "spend the same budget" if abs(gap) <= SPEND_TOLERANCE else f"do not spend the same budget ({apart_by(gap)})"
    title = f"{joined(names)} {same}"
    title = title[0].upper() + title[1:]
    note = "Budget: acquisition, service and win-back. Mean over replications; whisker: 95 % interval of the budget."
    figure_, axes = axes_of(title, note, 1.9 + 0.5 * len(names))
    apart = [part for part in APART if (data["part"] == part).any()]
    middle = np.arange(len(names)) - (0.1 if apart else 0.0)
    lines = list(dict.fromkeys(data.loc[data["part"] == "line", "line"]))
    bars = [("line", line, line.replace("_", " "), colour) for line, colour in zip(lines, COLOURS * 4, strict=False)]
    left = np.zeros(len(names))
    for part, line, label, colour in [*bars, *((part, part, *APART[part]) for part in apart)]:
        if part == next(iter(apart), ""):
            left = np.zeros(len(names))
        means = data[(data["part"] == part) & (data["line"] == line)].set_index("strategy")["mean"]
        width = means.reindex(names).fillna(0).to_numpy(dtype=float)
        at, height = (middle, 0.5) if part == "line" else (middle + 0.36, 0.16)
        axes.barh(at, width, left=left, color=colour, height=height, label=label)
        left = left + width
    whole = data[data["part"] == "budget"].set_index("strategy").reindex(names)
    widest = max(float(left.max()), float(whole["mean"].max())) or 1.0
    for at, row in zip(middle, whole.to_dict("records"), strict=True):
        if not np.isnan(row["low"]):
            whiskers(axes, at, Ends(*(np.array([row[end]]) for end in Ends._fields)), True, elinewidth=1.2, capsize=3)
        reach = np.nanmax([row["mean"], row["high"]])
        axes.text(reach + 0.012 * widest, at, figure(row["mean"]), va="center", color=INK, fontsize=9)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.12)
    measured(axes, along=f"Spend ({unit})")
    axes.grid(axis="y", visible=False)
    if lines or apart:
        legend_below(axes, min(len(lines) + len(apart), 5), 0.32)
    return Chart("spending", title, figure_, data)


def _spent(comparison: Comparison) -> pd.DataFrame:
    """Return what each strategy spends: lines of its budget, the budget, and what no budget holds (column part)."""
    import pandas as pd

    spent: dict[str, dict[tuple[str, str], Any]] = {}
    for name, runs in comparison.runs.items():
        spent[name] = {}
        for (heading, line), cells in entries(runs.books.ledger).items():
            if line and HEADINGS[heading] in BUDGET_KINDS:
                values = runs.books.over(cells / runs.books.per_unit)
                spent[name]["line", line] = spent[name].get(("line", line), 0) + values
        spent[name]["budget", "budget"] = runs.values("budget")
        spent[name] |= {(part, part): values for part in APART if (values := runs.values(part)).any()}
    keys = dict.fromkeys(key for own in spent.values() for key in own)
    rows: list[dict[str, Any]] = []
    for part, line in keys:
        for name, own in spent.items():
            runs = comparison[name]
            one = estimate_mean(own.get((part, line), np.zeros(runs.n)), runs.unit("budget"))
            rows.append({"strategy": name, "part": part, "line": line, **row_of(one)})
    return pd.DataFrame(rows)
