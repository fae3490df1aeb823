"""The curve of retention: which share is still there, day by day after entering a stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flywheel_sim.analysis.retention.result import RetentionByDay, in_days
from flywheel_sim.drawing.chart import COLOURS, Chart, axes_of
from flywheel_sim.drawing.ends import ends_in
from flywheel_sim.drawing.labels import beside, thousands
from flywheel_sim.drawing.marks import in_interval
from flywheel_sim.stats import figure
from flywheel_sim.wording import joined

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: How much room the words beside a mark take: along, as a share of the axis, and up, in %.
_WIDE, _HIGH = 0.08, 6.5


def retention_curve(result: RetentionByDay) -> Chart:
    """Show which share of the people who enter a stage is still there on each day, those asked for marked.

    Takes what `flywheel_sim.retention` returns.
    """
    last, single = result.days[-1], len(result.names) == 1
    title = f"Who is still there after entering '{result.stage}', by day"
    if single:
        share = figure(result.share(last).mean, "%")
        title = f"{share} % of those who enter '{result.stage}' are still there after {in_days(last)}"
    people = joined([f"{round(float(counts[:, 0].mean())):,}" for counts in result.people.values()])
    note = (
        f"Line: share of {people} people a run, n = {result.n:,} runs. Band: its 95 % interval. Dots: days asked for."
    )
    drawing, axes = axes_of(title, note)
    axes.set_ylim(0, 106)
    data = result.frame()
    for (name, curve), colour in zip(data.groupby("strategy", sort=False), COLOURS, strict=False):
        asked = curve[curve["day"].isin(result.days)]
        shares = asked["retention"].tolist()
        label = f"{name}: {', '.join(figure(one, '%') for one in shares)} %"
        in_interval(axes, curve["day"], ends_in(curve, "retention"), 0.25, colour, label=label)
        axes.plot(result.days, shares, "o", color=colour, ms=5.5, zorder=5)
        if single:
            _write_shares(axes, result.days, shares)
    axes.set_xlim(-0.02 * last, 1.09 * max(last, 1))
    axes.set_yticks(range(0, 101, 20))
    axes.xaxis.set_major_formatter(thousands)
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel(f"Days since people first entered '{result.stage}'")
    axes.set_ylabel("Still there (% of people)")
    if not single:
        days = joined([*(f"{day:,}" for day in result.days[:-1]), in_days(last)])
        axes.legend(loc="best", frameon=False, title=f"after {days}")
    return Chart("retention_curve", title, drawing, data)


def _write_shares(axes: Axes, days: Sequence[int], shares: Sequence[float]) -> None:
    """Write shares above their marks, none over another."""
    placed: list[tuple[float, float]] = []
    for day, share in sorted(zip(days, shares, strict=True), reverse=True):
        at = share + 2
        while any(x - day < _WIDE * days[-1] and abs(at - y) < _HIGH for x, y in placed):
            at += 0.5
        placed.append((day, at))
        beside(axes, f"{figure(share, '%')} %", (day, at), (3, 0), va="bottom")
    axes.set_ylim(0, max(106, *(y + _HIGH + 1 for _, y in placed)))
