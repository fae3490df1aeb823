"""Charts of channels: what a customer of each costs and is worth, and what the money spent on it returns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.drawing.chart import COLOURS, FAINT, GREY, INK, Chart, panels
from flywheel_sim.drawing.ends import Ends, ends_in, reach_of
from flywheel_sim.drawing.labels import beside, measured
from flywheel_sim.drawing.marks import DASHED, whiskers
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.units import format_duration
from flywheel_sim.metrics.groups import NO_CHANNEL
from flywheel_sim.stats import figure
from flywheel_sim.wording import joined

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: What is drawn of every channel.
FIGURES = ("acquisitions", "acquisition_spend", "cac", "clv", "roas")


def channels(runs: Runs) -> Chart:
    """Show, channel by channel, acquisition cost against lifetime value, and revenue per unit of money spent on it.

    Channels stand in the order of what a customer is worth beyond its cost. The acquisition spend under each name is
    that of which the acquisition cost is made: what the channel costs, and what is booked as acquisition on its people.

    Parameters
    ----------
    runs
        Replications of one strategy.

    Raises
    ------
    ExperimentError
        If no channel brought a customer.
    """
    data = _figures(runs)
    if data.empty:
        raise ExperimentError("no channel brought a customer in these runs; take a longer horizon")
    title, note = _title_and_note(runs, data)
    drawing, (above, below) = panels(title, note, 6.2, (1.7, 1.0))
    _cost_and_worth(above, data, runs.unit("spend"))
    _returned(below, data, runs.unit("spend"))
    below.set_xlabel(f"Channel, and its acquisition spend in {runs.span}")
    for axes in (above, below):
        axes.grid(axis="x", visible=False)
        axes.set_xlim(-0.6, len(data) - 0.4)
    drawing.align_ylabels([above, below])
    return Chart("channels", title, drawing, data)


def _title_and_note(runs: Runs, data: pd.DataFrame) -> tuple[str, str]:
    """Return the title, which names channels whose customers surely cost more than they are worth, and the note."""
    losing = data[data.cac_low > data.clv_high].channel.tolist()
    title = "What customers of each channel cost and are worth"
    if losing:
        title = f"Customers from {joined([name.replace('_', ' ') for name in losing])} cost more than they are worth"
    follow = format_duration(runs.journey.follow)
    note = f"Means with 95 % intervals. Worth: margin within {follow}. Dashed: revenue equals what the ads cost."
    strategy = runs.journey.strategy.replace("_", " ").capitalize()
    return title, f"{strategy}. {note}" if strategy else note


def _cost_and_worth(axes: Axes, data: pd.DataFrame, currency: str) -> None:
    """Draw what a customer of each channel costs and is worth, and how far these lie apart."""
    for place, cost, worth in zip(range(len(data)), data.cac_mean, data.clv_mean, strict=True):
        axes.plot([place, place], [cost, worth], color=FAINT, lw=1.2, zorder=1)
    for name, label, colour, side in (("cac", "costs (CAC)", COLOURS[1], -1), ("clv", "is worth (CLV)", COLOURS[0], 1)):
        ends = _ends(data, name)
        whiskers(axes, np.arange(len(data)), ends, fmt="o", ms=8, color=colour, elinewidth=None, capsize=4, label=label)
        for place, value in enumerate(ends.mean):
            if math.isfinite(value):
                beside(axes, figure(value, currency), (place, value), (9 * side, 0), color=colour, va="center",
                       ha="left" if side > 0 else "right")  # fmt: skip
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    measured(axes, up=f"{currency} per customer")
    axes.legend(loc="upper left", frameon=False, fontsize=9, title="A customer", alignment="left")


def _returned(axes: Axes, data: pd.DataFrame, currency: str) -> None:
    """Draw what money spent on each channel returns, and name the channels."""
    places, ends = np.arange(len(data)), _ends(data, "roas")
    axes.bar(places, np.nan_to_num(ends.mean), width=0.5, color=COLOURS[2], yerr=reach_of(ends), ecolor=INK, capsize=4)
    axes.axhline(1, color=INK, lw=1, ls=DASHED)
    for place, value, top in zip(places, ends.mean, ends.high, strict=True):
        text = figure(value) if math.isfinite(value) else "no spend\non ads"
        colour = INK if math.isfinite(value) else GREY
        beside(axes, text, (place, np.nanmax([1.0, value, top])), (0, 5), ha="center", color=colour)
    axes.set_ylim(0, 1.25 * max(1.0, axes.get_ylim()[1]))
    axes.set_ylabel(f"Revenue per {currency} of ads")
    axes.set_xticks(
        places,
        [_label(name, spent, currency) for name, spent in zip(data.channel, data.acquisition_spend_mean, strict=True)],
    )


def _figures(runs: Runs) -> pd.DataFrame:
    """Return what is drawn, one row a channel that brought customers, best first."""
    table = runs.by("channel", *FIGURES).drop(index=NO_CHANNEL, errors="ignore")
    flat = table.set_axis(["_".join(column) for column in table.columns], axis=1)
    flat = flat[flat.acquisitions_mean > 0].assign(currency=runs.journey.currency, n=runs.n)
    best = (flat.clv_mean - flat.cac_mean).sort_values(ascending=False, kind="stable").index
    return flat.loc[best].reset_index()


def _ends(data: pd.DataFrame, name: str) -> Ends:
    return ends_in(data, f"{name}_mean", f"{name}_low", f"{name}_high")


def _label(channel: str, spent: float, currency: str) -> str:
    return channel.replace("_", " ") + (f"\n{spent:,.0f} {currency}" if spent else "\n–")
