"""Charts of who brought whom: the largest families as trees over time, and how large families get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.referrals.result import TOP, ReferralTree
from flywheel_sim.drawing.chart import COLOURS, FAINT, INK, Chart, axes_of
from flywheel_sim.drawing.ends import columns_of, ends_of
from flywheel_sim.drawing.labels import beside, legend_below, measured
from flywheel_sim.drawing.marks import whiskers
from flywheel_sim.drawing.months import dated
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.dates import knots
from flywheel_sim.journey.units import MONTH
from flywheel_sim.stats import estimate_probability, figure
from flywheel_sim.wording import called

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Rows of customers that one picture has room for; at least one family is drawn.
ROWS = 90

#: Rows left free between two families, where the next one's name stands.
GAP = 3


def referral_tree(result: ReferralTree, families: int = 3) -> Chart:
    """Show the largest families over time: a line for each customer, hung from whoever brought them.

    Parameters
    ----------
    result
        Who brought whom.
    families
        How many families; fewer where they would take more than `ROWS` rows.

    Raises
    ------
    ExperimentError
        If no referred person became a customer.
    """
    import pandas as pd

    if not result.referred_customers:
        raise ExperimentError("no referred person became a customer: there is no family to draw")
    people = result.people()
    parts: list[pd.DataFrame] = []
    top = 0
    largest = result.biggest(families)
    for number, (root, revenue) in enumerate(zip(largest["root"], largest["revenue"], strict=True), start=1):
        rows = _laid_out(people[people["root"] == root])
        taken = int(rows["row"].max()) + 1
        if parts and top + taken > ROWS:
            break
        parts.append(rows.assign(family=number, row=rows["row"] + top, revenue_of_family=revenue))
        top += taken + GAP
    data = pd.concat(parts, ignore_index=True)
    n = len(parts)
    of = f" with {called(result.journey.strategy)}" if result.journey.strategy else ""
    title = f"The {f'{n} largest families' if n > 1 else 'largest family'}{of}"
    note = (
        "Line: a customer, from buying to leaving. Hung from whoever brought them. Ring: came, has not bought. One run."
    )
    height = min(12.0, 1.7 + 0.15 * top)
    figure_, axes = axes_of(title, note, height)
    _draw(axes, result, data)
    legend_below(axes, 6, 0.55 / height, columnspacing=1.2, handletextpad=0.3)
    columns = ["family", "row", "key", "referrer", "generation", "customer", "born", "acquired", "churned",
               "brought_customers", "revenue"]  # fmt: skip
    return Chart("referral_tree", title, figure_, data[columns])


def family_sizes(result: ReferralTree) -> Chart:
    """Show which share of families has at least so many customers, on logarithmic axes.

    The bars are 95 % intervals of each share by itself, over the families of the run.

    Raises
    ------
    ExperimentError
        If no family has a customer.
    """
    import pandas as pd

    sizes = result.frame()["customers"].to_numpy()
    sizes = sizes[sizes > 0]
    if not len(sizes):
        raise ExperimentError("no family has a customer: there are no sizes to draw; take a longer horizon")
    seen = np.unique(sizes)
    shares = ends_of([estimate_probability(sizes >= size) for size in seen])
    families = [int((sizes >= size).sum()) for size in seen]
    data = pd.DataFrame(
        {"customers": seen, "families": families, **columns_of(shares, "share"), "unit": "%", "n": len(sizes)}
    )
    of = f" with {called(result.journey.strategy)}" if result.journey.strategy else ""
    title = f"How large families get{of}"
    note = f"{len(sizes):,} families of one run. Bar: 95 % interval of the share by itself."
    figure_, axes = axes_of(title, note)
    whiskers(axes, seen, shares, fmt="o", ms=5, color=COLOURS[0], elinewidth=1.2, capsize=2)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(0.9, 1.25 * float(seen[-1]))
    axes.set_ylim(0.7 * float(shares.low.min()), 160)
    ticks = [size for size in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000) if size <= 1.25 * seen[-1]]
    axes.set_xticks(ticks, [f"{size:,}" for size in ticks])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("Customers in the family, root included (at least)")
    axes.set_ylabel("Share of families (%)")
    if result.referred_customers:
        most = "\n".join(f"the top {100 * part:g} % brought {result.top_share(part):.0f} %" for part in TOP)
        whom = f"{result.referred_customers:,} referred customers.\nOf {result.referrers:,} people who brought anybody"
        axes.text(0.98, 0.95, f"{whom}\n{most}", transform=axes.transAxes, ha="right", va="top", fontsize=9,
                  color=INK, linespacing=1.5, bbox={"facecolor": "white", "edgecolor": "none"})  # fmt: skip
    return Chart("family_sizes", title, figure_, data)


def _laid_out(family: pd.DataFrame) -> pd.DataFrame:
    """Return a family with the row of each person: customers one each, others that of who brought them.

    Whoever was brought last stands next to their referrer, so that the links of those brought before do not cross.
    """
    brought: dict[str, list[str]] = {}
    for key, referrer in zip(family["key"], family["referrer"], strict=True):
        brought.setdefault(referrer, []).append(key)
    customer = dict(zip(family["key"], family["customer"], strict=True))
    rows: dict[str, int] = {}
    free, waiting = 0, list(brought[""])
    while waiting:
        key = waiting.pop()
        children = brought.get(key, [])
        if customer[key] or children:
            rows[key] = free
            free += 1
        waiting.extend(children)
    placed = [rows.get(key, rows.get(by, 0)) for key, by in zip(family["key"], family["referrer"], strict=True)]
    return family.assign(row=placed, own_row=family["key"].isin(list(rows)))


def _draw(axes: Axes, result: ReferralTree, data: pd.DataFrame) -> None:
    """Draw families that are laid out."""
    row = dict(zip(data["key"], data["row"], strict=True))
    when = _clock(result)
    end = result.journey.horizon / MONTH
    deepest = int(data.loc[data["customer"], "generation"].max())
    for generation in range(deepest + 1):
        colour = COLOURS[generation % len(COLOURS)]
        own = data[(data["generation"] == generation) & data["own_row"]]
        bought = own[own["customer"]]
        axes.hlines(own["row"], when(own["born"]), when(own["acquired"].fillna(end)), color=colour, lw=0.9,
                    ls=(0, (1, 1.5)))  # fmt: skip
        axes.hlines(bought["row"], when(bought["acquired"].fillna(0)), when(bought["churned"].fillna(end)),
                    color=colour, lw=2.2, alpha=0.55)  # fmt: skip
        hung = own[own["referrer"] != ""]
        axes.vlines(when(hung["born"]), hung["referrer"].map(row), hung["row"], color=FAINT, lw=0.8, zorder=1)
        name = f"generation {generation}" if generation else "the root"
        axes.plot(when(bought["acquired"].fillna(0)), bought["row"], "o", ms=5.5, color=colour, zorder=3, label=name)
    rings = data[~data["customer"]]
    axes.plot(when(rings["born"]), rings["row"], "o", ms=3.6, mfc="white", mec=FAINT, mew=0.9, zorder=4,
              label="has not bought")  # fmt: skip
    unit = result.journey.currency or ""
    for number, family in data.groupby("family"):
        customers = int(family["customer"].sum())
        label = f"{number}: {customers} customers of {len(family)} people"
        if unit:
            label += f", revenue {figure(family['revenue_of_family'].iloc[0])} {unit}"
        beside(axes, label, (0, family["row"].min() - 1.1), (4, 0), xycoords=("axes fraction", "data"), va="center",
               fontweight="bold")  # fmt: skip
    axes.set_ylim(data["row"].max() + 1.0, -2.2)
    axes.set_xlim(when(np.array([0.0]))[0], when(np.array([end]))[0])
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    if result.journey.start is not None:
        dated(axes)
        axes.set_xlabel("Date")
    else:
        measured(axes, along="Months since the start")


def _clock(result: ReferralTree) -> Any:
    """Return what turns months since the start into places on the axis: dates where the journey has a start."""
    if result.journey.start is None:
        return np.asarray
    from matplotlib.dates import date2num

    at, dates = zip(*knots(result.journey), strict=True)
    ordinals = np.asarray(date2num(dates), dtype=np.float64)  # type: ignore[no-untyped-call]
    return lambda months: np.interp(np.asarray(months, dtype=np.float64) * MONTH, at, ordinals)
