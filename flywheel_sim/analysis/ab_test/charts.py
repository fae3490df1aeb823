"""Charts of A/B tests: what a company would have seen, power by months, looking too often, what B is worth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.analysis.ab_test.result import ABTest
from flywheel_sim.analysis.ab_test.worth import KEEP, NOW, ROLL_OUT
from flywheel_sim.drawing.chart import COLOURS, FAINT, INK, Chart, axes_of
from flywheel_sim.drawing.ends import ends_in
from flywheel_sim.drawing.labels import legend_below
from flywheel_sim.drawing.marks import DASHED, in_bands, in_interval, whiskers
from flywheel_sim.drawing.months import finish, mean_by_month, months_of
from flywheel_sim.errors import ExperimentError
from flywheel_sim.stats import with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def ab_lifts(result: ABTest) -> Chart:
    """Show how the lift that a company would have seen differs over futures, and which of them it would have believed.

    Takes what `flywheel_sim.ab_test` returns.
    """
    import pandas as pd
    from matplotlib.ticker import MaxNLocator

    seen = np.isfinite(result.lifts)
    lifts, believed = result.lifts[seen], result.significant[seen]
    wrong = believed & (np.sign(lifts) != np.sign(result.true_lift)) & result.sure
    title = f"The test tells '{result.arms[1]}' from '{result.arms[0]}' in {result.power.mean:.0f} % of futures"
    note = f"{len(lifts):,} futures, each with one test, read at the end of month {result.month}."
    figure, axes = axes_of(title, note)
    edges = np.histogram_bin_edges(lifts, bins=min(60, max(10, round(2 * math.sqrt(len(lifts))))))
    parts = [
        ("not significant", FAINT, ~believed),
        ("significant", COLOURS[0], believed & ~wrong),
        ("significant, of the wrong sign" if result.differs else "significant, by chance alone", COLOURS[1], wrong),
    ]
    drawn = [part for part in parts if part[2].any()]
    axes.hist([lifts[where] for *_, where in drawn], bins=list(edges), stacked=True, color=[part[1] for part in drawn],
              label=[part[0] for part in drawn], ec="white", lw=0.4)  # fmt: skip
    axes.axvline(0, color=INK, lw=0.8)
    if result.sure:
        axes.axvline(result.true_lift, color=INK, lw=1.6, ls=DASHED, label=f"truth, {result.true_lift:+.2f} points")
    axes.set_xlabel(f"{result.label}: '{result.arms[1]}' minus '{result.arms[0]}', as seen (points)")
    axes.set_ylabel("Futures")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    legend_below(axes, len(drawn) + 1)
    first = result.today.source.first
    data = pd.DataFrame({"replication": first + np.flatnonzero(seen), "lift": lifts, "unit": "points",
                         "significant": believed, "wrong_sign": wrong})  # fmt: skip
    return Chart(f"ab_lifts_{result.attribute}", title, figure, data)


def ab_power(result: ABTest) -> Chart:
    """Show the power of the test against the months it runs: simulated, and by the textbook.

    Takes what `flywheel_sim.ab_test` returns; its test had best go on to the end of the run.

    Raises
    ------
    ExperimentError
        If the arms do not differ, so that there is no power.
    """
    if not result.differs:
        raise ExperimentError("these arms do not differ as far as is known, so there is no power to draw; "
                              "ab_peeking shows how often such a test gives a false alarm")  # fmt: skip
    looks, need = result.looks(), result.months_needed
    title = f"A power of {100 * result.wanted:g} % takes {need.mean:.1f} months of testing"
    note = "Dots: share of futures in which the test is significant, with Wilson's 95 % interval."
    figure, axes = axes_of(title, note)
    x = looks["months"]
    axes.plot(x, looks["textbook"], color=COLOURS[1], lw=2, label="textbook, same people", zorder=2)
    whiskers(axes, x, ends_in(looks, "power"), fmt="o", color=COLOURS[0], ms=5, elinewidth=1.2, label="simulated",
             zorder=3)  # fmt: skip
    axes.axhline(100 * result.wanted, color=FAINT, lw=1, ls=DASHED)
    if need.mean <= x.max():
        axes.axvline(need.mean, color=FAINT, lw=1, ls=DASHED)
    axes.set_ylim(0, 103)
    axes.set_xlim(0, x.max() + 0.6)
    _by_months_of_testing(axes, "Power (% of futures)")
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    return Chart(f"ab_power_{result.attribute}", title, figure, looks)


def ab_peeking(result: ABTest) -> Chart:
    """Show what looking at the test every month, and stopping at the first significant lift, makes of its errors.

    Takes what `flywheel_sim.ab_test` returns, best of arms that do not differ: all it finds is then false.
    """
    looks, alpha = result.looks(), 100 * (1 - result.level)
    last = looks.iloc[-1]
    what = "is significant" if result.differs else "gives a false alarm"
    title = f"Looked at every month, the test {what} in {last['ever']:.0f} % of futures"
    note = "Share of futures, with Wilson's 95 % interval." + (
        "" if result.differs else " The arms do not differ: all of it is false."
    )
    figure, axes = axes_of(title, note)
    for name, low, high, colour, label in (
        ("ever", "ever_low", "ever_high", COLOURS[1], "looked at every month, stopped when significant"),
        ("power", "low", "high", COLOURS[0], "looked at once, after so many months"),
    ):
        band = (looks[low], looks[high], 0.25)
        in_bands(axes, looks["months"], looks[name], [band], colour, marker="o", ms=4, label=label)
    if not result.differs:
        axes.axhline(alpha, color=INK, lw=1, ls=DASHED, label=f"promised, {alpha:g} %")
    axes.set_ylim(0, 1.25 * float(looks["ever_high"].max()))
    _by_months_of_testing(axes, "Significant (% of futures)")
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    return Chart(f"ab_peeking_{result.attribute}", title, figure, looks)


def _by_months_of_testing(axes: Axes, label: str) -> None:
    """Label axes that run over the months a test goes on."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("Months of testing")
    axes.set_ylabel(label)


def ab_worth(result: ABTest) -> Chart:
    """Show what B brings month by month, rolled out after the test and at once; between them lies what waiting costs.

    Takes what `flywheel_sim.ab_test` returns with a strategy that rolls B out.

    Raises
    ------
    ExperimentError
        If no strategy was named that rolls B out.
    """
    import pandas as pd

    worth = result.worth
    if worth is None:
        raise ExperimentError("nobody rolled B out; name strategies, ab_test(..., roll_out='roll_out_b')")
    gain = worth.rolling_out
    title = f"Rolled out after the test, '{result.arms[1]}' brings {with_unit(gain.mean, gain.unit)}"
    figure, axes = axes_of(title, "Against keeping A on the same people. Line: mean, band: its 95 % interval.")
    runs, skip = result.today, result.today.books.warm_up
    x, parts, lines = months_of(runs.journey), [], {}
    names = [(NOW, COLOURS[2], "at once, without a test"), (ROLL_OUT, COLOURS[0], "after the test")]
    for name, colour, label in names:
        if name not in worth.monthly:
            continue
        gap = np.nancumsum(worth.monthly[name] - worth.monthly[KEEP], axis=1)[:, skip:]
        ends, part = mean_by_month(runs.journey, gap, worth.unit, course=name)
        in_interval(axes, x, ends, 0.3, colour, label=label)
        lines[name] = ends.mean
        parts.append(part)
    if NOW in lines:
        axes.fill_between(x, lines[ROLL_OUT], lines[NOW], color=FAINT, alpha=0.25, lw=0, label="cost of testing first")
    axes.axhline(0, color=INK, lw=0.8)
    if result.month > skip:
        axes.axvline(x[result.month - 1 - skip], color=FAINT, lw=1, ls=DASHED, label="the test is read")
    finish(axes, runs.journey, f"{worth.label} gained so far ({worth.unit})", legend=False)
    legend_below(axes, 4)
    return Chart(f"ab_worth_{result.attribute}", title, figure, pd.concat(parts, ignore_index=True))
