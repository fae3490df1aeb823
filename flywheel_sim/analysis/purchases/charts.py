"""The repeat ladder: which share of customers buys again and again, of simulated people beside real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.purchases.from_data import DataLadder
from flywheel_sim.analysis.purchases.ladder import RepeatLadder
from flywheel_sim.drawing.chart import COLOURS, Chart, axes_of
from flywheel_sim.drawing.ends import ends_of
from flywheel_sim.drawing.marks import in_bands, whiskers
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.units import format_duration
from flywheel_sim.stats import figure
from flywheel_sim.wording import ordinal

if TYPE_CHECKING:
    import pandas as pd

#: What stands beside simulated customers.
_DATA = takes.optional(takes.instance("DataLadder", example="fs.ladder_of(...)"))


def ladder(result: RepeatLadder, data: DataLadder | None = None) -> Chart:
    """Show which share of customers buys a second, third, ... time, and beside it that of real customers.

    Parameters
    ----------
    result
        From `flywheel_sim.repeat_ladder`.
    data
        From `flywheel_sim.ladder_of`, with the same window.

    Raises
    ------
    ExperimentError
        If the two have different windows, or nobody counts in a ladder.
    """
    import pandas as pd

    data = _DATA.of("data", data)
    if not result.customers.sum():
        raise ExperimentError("nobody's window lies within these runs; take a shorter window or a longer horizon")
    within = format_duration(result.window)
    if data is not None and data.window != result.window:
        raise ExperimentError(
            f"a ladder within {within} and data within {format_duration(data.window)}: take the same window for both"
        )
    shares = f"{figure(result.share(2).mean, '%')} % of customers buy again within {within}"
    title = f"{shares}; of the real ones {figure(data.share(2).mean, '%')} %" if data is not None else shares
    note = "Line: mean of the runs. Dark band: its 95 % interval. Light band: 90 % of runs."
    note += " Rings: data, with the 95 % interval of a share." if data is not None else ""
    drawing, axes = axes_of(title, note)
    steps = list(result.steps)
    ends = ends_of([result.share(k) for k in steps])
    single = [result.single(k) for k in steps]
    p5, p95 = np.array([np.nanquantile(one, [0.05, 0.95]) for one in single]).T
    runs, people = len(result.customers), round(float(result.customers.mean()))
    label = f"simulated: {result.source.strategy or result.source.scenario}, {runs:,} runs"
    in_bands(axes, steps, ends.mean, [(p5, p95, 0.13), (ends.low, ends.high, 0.35)], COLOURS[0], marker="o", ms=3.5,
             label=f"{label} of {people:,} customers")  # fmt: skip
    parts = [_steps(result, "simulated").assign(p5=p5, p95=p95, n=runs)]
    if data is not None:
        real = [k for k in data.steps if k <= steps[-1]]
        whiskers(axes, real, ends_of([data.share(k) for k in real]), fmt="o", color=COLOURS[1], mfc="white", mew=1.6,
                 ms=6, capsize=3, elinewidth=1.4, label=f"data: {data.customers:,} customers", zorder=5)  # fmt: skip
        parts.append(_steps(data, "data").iloc[: len(real)].assign(n=data.customers))
    axes.set_xticks(steps, [ordinal(k) for k in steps] if len(steps) <= 20 else None)
    axes.set_xlabel("Purchase")
    axes.set_ylabel(f"Customers who got there within {within} (%)")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper right", frameon=False)
    return Chart("ladder", title, drawing, pd.concat(parts, ignore_index=True))


def _steps(ladder: RepeatLadder | DataLadder, whose: str) -> pd.DataFrame:
    """Return a ladder's table with whose it is, and its unit."""
    return ladder.frame().assign(whose=whose, unit="%")
