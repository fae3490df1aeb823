"""The fan of a forecast in its two layers: chance, and not knowing the rates."""

from __future__ import annotations

from flywheel_sim.analysis.forecast.result import Forecast
from flywheel_sim.drawing.chart import COLOURS, INK, Chart, axes_of
from flywheel_sim.drawing.months import finish, futures_by_month, months_of
from flywheel_sim.wording import lowered

#: The bands: 90 % of futures, with the median between.
_QUANTILES = (0.05, 0.5, 0.95)


def forecast(result: Forecast, metric: str = "profit", cumulative: bool = True) -> Chart:
    """Show 90 % of futures with the rates as stated, and with what is not known of them added.

    Parameters
    ----------
    result
        From `flywheel_sim.forecast`.
    metric, cumulative
        What, and whether as a running sum.
    """
    import pandas as pd

    label, unit = result.runs.label(metric), result.runs.unit(metric)
    parts, ends = [], {}
    bands = {"rates uncertain": (result.runs, COLOURS[1], 0.25), "rates as stated": (result.known, COLOURS[0], 0.4)}
    for name, (runs, _, _) in bands.items():
        paths = runs.series(metric, cumulative)[:, runs.books.warm_up :]
        ends[name], part = futures_by_month(runs.journey, paths, _QUANTILES, {"layer": name}, metric=metric, unit=unit)
        parts.append(part)
    width = {name: q[2, -1] - q[0, -1] for name, q in ends.items()}
    stock = result.runs.metric(metric).aggregation != "sum"
    what = lowered(label) if stock else f"{'cumulative' if cumulative else 'monthly'} {lowered(label)}"
    title = f"The range of {what}, and what not knowing the rates adds to it"
    if width["rates as stated"]:
        times = width["rates uncertain"] / width["rates as stated"]
        title = f"Not knowing the rates makes the range of {what} {times:.1f} times as wide"
    note = (
        "Bands: 90 % of futures, rates as stated (blue) and uncertain (orange). Line: median future, rates uncertain."
    )
    figure_, axes = axes_of(title, note)
    x = months_of(result.runs.journey)
    for name, (_, colour, alpha) in bands.items():
        axes.fill_between(x, ends[name][0], ends[name][2], color=colour, alpha=alpha, lw=0, label=name)
    axes.plot(x, ends["rates uncertain"][1], color=COLOURS[1], lw=2)
    if cumulative and not stock:
        axes.axhline(0, color=INK, lw=0.8)
    per = "" if cumulative or stock else " per month"
    finish(axes, result.runs.journey, f"{label} ({unit}{per})", True)
    return Chart(f"forecast_{metric}", title, figure_, pd.concat(parts, ignore_index=True))
