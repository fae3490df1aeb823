"""Charts of customers over their lives: how long they stay, and what moves recurring revenue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from flywheel_sim.drawing.chart import COLOURS, INK, Chart, axes_of, panels
from flywheel_sim.drawing.ends import Ends, FloatArray, columns_of
from flywheel_sim.drawing.labels import beside, legend_below
from flywheel_sim.drawing.marks import in_bands, in_interval
from flywheel_sim.drawing.months import finish, months_of
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.dates import since
from flywheel_sim.journey.units import MONTH, format_duration
from flywheel_sim.metrics.cohorts import staying as staying_of
from flywheel_sim.metrics.recurring import MOVEMENTS
from flywheel_sim.result import Result
from flywheel_sim.stats import ratio_of_sums
from flywheel_sim.wording import called

#: Cohort periods that may make one row of the heat map, and the most rows it has room for.
JOINS, ROWS = (1, 3, 6, 12, 24, 60), 13

#: How each movement is drawn.
SHADES = {
    "new": COLOURS[0],
    "expansion": COLOURS[2],
    "reactivation": COLOURS[3],
    "contraction": "#eab27d",
    "churn": COLOURS[1],
}


def staying(result: Result) -> Chart:
    """Show which share of customers is still there at each age, on those who are followed.

    Raises
    ------
    ExperimentError
        If nobody can be followed for a cohort period.
    """
    import pandas as pd

    runs = result.base_runs
    stays = {name: staying_of(one.books) for name, one in runs.items()}
    if not any(people.any() and kept.shape[1] > 1 for people, kept in stays.values()):
        raise ExperimentError("nobody became a customer early enough to be followed; take a longer horizon")
    first = next(iter(runs.values()))
    follow = format_duration(first.journey.follow)
    title = "How long customers stay"
    note = (
        f"Share of customers, followed for {follow}, still there on reaching an age. Band: 95 % interval of the mean."
    )
    figure_, axes = axes_of(title, note)
    months = first.journey.cohort_ms / MONTH
    parts = []
    for (name, one), colour in zip(runs.items(), COLOURS, strict=False):
        people, kept = stays[name]
        ends = Ends(*ratio_of_sums(100 * kept, np.repeat(people[:, None], kept.shape[1], axis=1)))
        x = np.arange(len(ends.mean)) * months
        in_interval(axes, x, ends, 0.25, colour, label=f"{name} ({people.mean():,.0f} customers a run)")
        parts.append(pd.DataFrame({
            "strategy": name, "age": x, **columns_of(ends, "retention"), "unit": "%", "customers": people.mean(),
            "n": one.n,
        }))  # fmt: skip
    axes.set_ylim(0, 103)
    axes.margins(x=0.01)
    step = next((s for s in (1, 3, 6, 12, 24, 60) if x[-1] / s <= 12), 120)
    axes.set_xticks(np.arange(0, x[-1] + 1, step))
    axes.set_ylabel("Still customers (%)")
    axes.set_xlabel("Age (months since they became customers)")
    axes.legend(loc="lower left", frameon=False)
    return Chart("staying", title, figure_, pd.concat(parts, ignore_index=True))


def cohort_retention(result: Runs, join: int | None = None) -> Chart:
    """Show which share of each cohort is still there, by age, with the size of the cohorts.

    Parameters
    ----------
    result
        Replications of one strategy.
    join
        How many cohort periods make one row; as few as leave it readable unless given.

    Raises
    ------
    ExperimentError
        If no cohort reaches any age within the horizon.
    """
    from matplotlib.colors import LinearSegmentedColormap

    periods = result.journey.cohorts
    join = join or next((j for j in JOINS if -(-periods // j) <= ROWS), -(-periods // ROWS))
    table = result.cohorts(join)
    mean = table[("retention", "mean")].unstack("age").iloc[:, 1:]
    mean = mean.loc[mean.notna().any(axis=1), mean.notna().any(axis=0)]
    if mean.empty:
        raise ExperimentError("no cohort has an age to show within the horizon; take a longer one")
    people = table[("acquired", "mean")].unstack("age").iloc[:, 0].loc[mean.index]
    half = (table[("retention", "high")] - table[("retention", "low")]) / 2
    title = f"Customers still there{_of(result)}"
    note = "Share in %. Blank: not all have got so far."
    if half.notna().any():
        note += f" 95 % intervals: at most ± {half.max():.1f} points."
    rows, ages = mean.shape
    figure_, axes = axes_of(title, note, 1.7 + 0.3 * rows)
    tint = LinearSegmentedColormap.from_list("tint", ["#ffffff", COLOURS[0]])
    axes.pcolormesh(
        np.arange(ages + 1), np.arange(rows + 1), np.ma.masked_invalid(mean), cmap=tint, vmin=0, vmax=140,
        edgecolors="white", linewidth=1.2,
    )  # fmt: skip
    for row, values in enumerate(mean.to_numpy()):
        for age, value in enumerate(values):
            if not np.isnan(value):
                axes.text(age + 0.5, row + 0.5, f"{value:.0f}", ha="center", va="center", fontsize=9, color=INK)
    axes.invert_yaxis()
    axes.set_xticks(np.arange(ages) + 0.5, [f"{age:g}" for age in mean.columns])
    starts = _starts(result, [int(cohort) for cohort in mean.index], join)
    axes.set_yticks(np.arange(rows) + 0.5, [f"{s}   n = {n:,.0f}" for s, n in zip(starts, people, strict=True)])
    axes.set_xlabel("Age (months since they became customers)")
    axes.set_ylabel("Became customers (n: people a run, mean)")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    data = table.loc[(table.index.get_level_values("age") > 0) & table[("retention", "mean")].notna()]
    data = data.xs("retention", axis=1).reset_index().rename(columns={"mean": "retention"})
    data["acquired"] = people.loc[data["cohort"]].to_numpy()
    return Chart("cohort_retention", title, figure_, data.assign(unit="%", n=result.n).rename_axis(columns=None))


def mrr_movements(result: Runs) -> Chart:
    """Show monthly recurring revenue, and month by month what moves it."""
    import pandas as pd

    table = result.movements()
    unit = result.unit("mrr")
    title = f"What moves monthly recurring revenue{_of(result)}"
    note = "Above: mean at the end of each month with its 95 % interval. Below: mean movements within each month."
    figure_, (above, below) = panels(title, note, 6.0, (1.0, 1.25))
    x = months_of(result.journey)
    end = table["end"]
    in_bands(above, x, end["mean"], [(end["low"], end["high"], 0.25)], COLOURS[0])
    above.set_ylim(min(0.0, float(end["mean"].min())), 1.12 * float(end["high"].fillna(end["mean"]).max()) or 1.0)
    width = 0.8 if result.journey.start is None else dt.timedelta(days=24)
    reach = {1.0: np.zeros(len(x)), -1.0: np.zeros(len(x))}
    for name in MOVEMENTS:
        values = table[(name, "mean")].to_numpy(dtype=float)
        if not values.any():
            continue
        side = -1.0 if name in ("contraction", "churn") else 1.0
        below.bar(x, values, width=width, bottom=reach[side], color=SHADES[name], label=name)  # type: ignore[arg-type]
        reach[side] = reach[side] + values
    net = (end["mean"] - table[("start", "mean")]).to_numpy(dtype=float)
    cut = 0 if result.journey.warm_up else _cut(reach[1.0])
    top, foot = float(reach[1.0][cut:].max()), float(reach[-1.0].min())
    below.set_ylim(1.12 * foot - 0.02 * top, (1.35 if cut else 1.12) * top + 0.02 * abs(foot) or 1.0)
    if cut:
        text = f"month 1: +{reach[1.0][0]:,.0f}, beyond the scale"
        beside(below, text, (x[0], 1), (14, -4), xycoords=("data", "axes fraction"), va="top")
    below.plot(x[cut:], net[cut:], color=INK, lw=1.2, marker="o", ms=2.5, label="net change")
    below.axhline(0, color=INK, lw=0.8)
    figure_.align_ylabels([above, below])
    legend_below(below, 6, 0.24)
    finish(above, result.journey, f"MRR ({unit})", False)
    above.set_xlabel("")
    finish(below, result.journey, f"Movements ({unit})", False)
    parts = [
        table[name].reset_index().assign(figure=name, unit=table.attrs["units"][name])
        for name in table.columns.get_level_values(0).unique()
    ]
    data = pd.concat(parts, ignore_index=True).rename_axis(columns=None).assign(n=result.n)
    return Chart("mrr_movements", title, figure_, data)


def _cut(up: FloatArray) -> int:
    """Return 1 where people there at the start make the first bar dwarf all others, so that it is cut off."""
    return int(len(up) > 1 and up[0] > 3 * up[1:].max() > 0)


def _of(runs: Runs) -> str:
    return f" with {called(runs.journey.strategy)}" if runs.journey.strategy else ""


def _starts(runs: Runs, cohorts: Sequence[int], join: int) -> list[str]:
    """Return when each row of cohorts begins: dates where the journey has a start, else periods."""
    dates = runs.dates()
    months = runs.journey.cohort_ms // MONTH
    if dates is not None:
        return [f"from {since(dates[(cohort - 1) * months], short=True)}" for cohort in cohorts]
    word = "month" if months == 1 else "year"
    last = [min(cohort + join - 1, runs.journey.cohorts) for cohort in cohorts]
    return [
        f"{word} {cohort}" if end == cohort else f"{word}s {cohort}–{end}"
        for cohort, end in zip(cohorts, last, strict=True)
    ]
