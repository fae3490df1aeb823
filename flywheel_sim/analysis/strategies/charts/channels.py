"""Charts of channels: what a customer of each costs and is worth, and what the money spent on it returns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.drawing.chart import COLOURS, FAINT, INK, Chart, FloatArray, panels, thousands
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.units import format_duration
from flywheel_sim.metrics.groups import NO_CHANNEL
from flywheel_sim.stats import figure
from flywheel_sim.wording import joined

if TYPE_CHECKING:
    import pandas as pd

#: What is drawn of every channel, beside what is spent on it.
FIGURES = ("acquisitions", "cac", "clv", "roas")


def channels(runs: Runs) -> Chart:
    """Show, channel by channel, acquisition cost against lifetime value, and revenue per unit of money spent on it.

    Channels stand in the order of what a customer is worth beyond its cost. What the data calls ``spend`` is what is
    spent on the channel itself; the acquisition cost holds what is spent on its people as well.

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
    currency = runs.unit("spend")
    losing = data[data.cac_low > data.clv_high].channel.tolist()
    named = [name.replace("_", " ") for name in losing]
    title = "What customers of each channel cost and are worth"
    if losing:
        title = f"Customers from {joined(named)} cost more than they are worth"
    follow = format_duration(runs.journey.follow)
    note = f"Means with 95 % intervals. Worth: margin within {follow}. Dashed: revenue equals what the ads cost."
    strategy = runs.journey.strategy.replace("_", " ").capitalize()
    note = f"{strategy}. {note}" if strategy else note
    made, (above, below) = panels(title, note, 6.2, (1.7, 1.0))
    places = np.arange(len(data))
    for place, cost, worth in zip(places, data.cac_mean, data.clv_mean, strict=True):
        above.plot([place, place], [cost, worth], color=FAINT, lw=1.2, zorder=1)
    for name, label, colour, side in (("cac", "costs (CAC)", COLOURS[1], -1), ("clv", "is worth (CLV)", COLOURS[0], 1)):
        mean = data[f"{name}_mean"].to_numpy()
        above.errorbar(places, mean, yerr=_reach(data, name), fmt="o", ms=8, color=colour, capsize=4, label=label)
        for place, value in zip(places, mean, strict=True):
            if math.isfinite(value):
                above.annotate(figure(value, currency), (place, value), xytext=(9 * side, 0), color=colour, fontsize=9,
                               textcoords="offset points", va="center", ha="left" if side > 0 else "right")  # fmt: skip
    above.set_ylim(bottom=min(0.0, above.get_ylim()[0]))
    above.set_ylabel(f"{currency} per customer")
    above.yaxis.set_major_formatter(thousands)
    above.legend(loc="upper left", frameon=False, fontsize=9, title="A customer", alignment="left")
    returned = data.roas_mean.fillna(0.0).to_numpy()
    below.bar(places, returned, width=0.5, color=COLOURS[2], yerr=_reach(data, "roas"), ecolor=INK, capsize=4)
    below.axhline(1, color=INK, lw=1, ls=(0, (4, 3)))
    for place, value, top in zip(places, data.roas_mean, data.roas_high, strict=True):
        text = figure(value) if math.isfinite(value) else "no spend\nof its own"
        height = np.nanmax([1.0, value, top])
        below.annotate(text, (place, height), xytext=(0, 5), textcoords="offset points", ha="center", fontsize=9,
                       color=INK if math.isfinite(value) else "#55636f")  # fmt: skip
    below.set_ylim(0, 1.25 * max(1.0, below.get_ylim()[1]))
    below.set_ylabel(f"Revenue per {currency} of ads")
    below.set_xticks(
        places, [_label(name, spent, currency) for name, spent in zip(data.channel, data.spend, strict=True)]
    )
    below.set_xlabel(f"Channel, and what is spent on the channel itself in {runs.span}")
    for axes in (above, below):
        axes.grid(axis="x", visible=False)
        axes.set_xlim(-0.6, len(data) - 0.4)
    made.align_ylabels([above, below])
    return Chart("channels", title, made, data)


def _figures(runs: Runs) -> pd.DataFrame:
    """Return what is drawn, one row a channel that brought customers, best first."""
    table = runs.by("channel", *FIGURES).drop(index=NO_CHANNEL, errors="ignore")
    spent = runs.books.ledger.channel_spend[:, runs.books.warm_up :].sum(axis=1).mean(axis=0) / runs.books.per_unit
    flat = table.set_axis(["_".join(column) for column in table.columns], axis=1).assign(spend=spent)
    flat = flat[flat.acquisitions_mean > 0].assign(currency=runs.journey.currency, n=runs.n)
    best = (flat.clv_mean - flat.cac_mean).sort_values(ascending=False, kind="stable").index
    return flat.loc[best].reset_index()


def _reach(data: pd.DataFrame, name: str) -> FloatArray:
    """Return how far intervals reach below and above their means, shape (2, channels)."""
    mean = data[f"{name}_mean"]
    return np.asarray(np.nan_to_num([mean - data[f"{name}_low"], data[f"{name}_high"] - mean]))


def _label(channel: str, spent: float, currency: str) -> str:
    return channel.replace("_", " ") + (f"\n{spent:,.0f} {currency}" if spent else "\n–")
