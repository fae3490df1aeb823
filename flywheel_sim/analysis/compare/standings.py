"""Several strategies at once: one sentence on who comes first, and a table of what each earns, spends and returns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flywheel_sim.analysis.difference.ranking import Ranking
from flywheel_sim.analysis.difference.verdict import NO_VERDICT, SPEND_TOLERANCE
from flywheel_sim.journey.units import Quantity
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.source.tree import Raw
from flywheel_sim.stats import Estimate, between, figure, plus_minus, with_unit
from flywheel_sim.wording import called, joined

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Standing:
    """Where one strategy stands.

    Attributes
    ----------
    name
        Of the strategy.
    profit, budget
        What it earns and what it spends of a budget.
    gap
        Its profit less the reference's, paired, with an interval that holds for all pairs at once; the reference has
        none.
    share
        By which share of the reference's its budget is larger.
    returns
        The difference in profit per unit of the difference in budget; None where budgets are the same, or their
        difference is not told from nothing.
    """

    name: str
    profit: Estimate
    budget: Estimate
    gap: Estimate | None
    share: float
    returns: Estimate | None


def leaves_out(one: tuple[Scenario, str | None], other: tuple[Scenario, str | None]) -> bool:
    """Tell whether one does without all that another does without and more, to learn what that is worth.

    So not where its spend is matched, or it spends something else on a channel or lever that both have.
    """
    (model, name), (beside, rival) = one, other
    mine, theirs = model.choices(name), beside.choices(rival)
    if mine.matched or theirs.matched:
        return False
    parts = [(getattr(mine, kind), getattr(theirs, kind)) for kind in ("events", "channels", "levers")]
    if not all(less >= more for less, more in parts) or not any(less > more for less, more in parts):
        return False
    spends = [_spends(*one, mine.spends), _spends(*other, theirs.spends)]
    return all(spends[0][key] == spends[1][key] for key in spends[0].keys() & spends[1].keys())


def _spends(model: Scenario, name: str | None, levers: Mapping[str, Quantity]) -> dict[tuple[str, str], Raw | Quantity]:
    channels = {("channel", channel): one.spend for channel, one in model.channels(name).items()}
    return {**channels, **{("lever", lever): spend for lever, spend in levers.items()}}


def sentence_of(order: Ranking, label: str, end: str, unequal: bool, judged: bool) -> str:
    """Return who of several comes first, from whom these runs do not tell it apart, and what budgets say to that.

    Parameters
    ----------
    order, label, end
        The ranking, how a sentence calls its metric, and how it calls the horizon.
    unequal
        Whether the first has another budget than one that it would be called better than.
    judged
        Whether any strategy is judged by what that returns which it leaves out.
    """
    text = f"{_first(order, label, end)}{_others(order)}."
    if unequal:
        text += f" But budgets differ, so {NO_VERDICT}"
    if judged:
        text += " A strategy that leaves something out is judged by what that returns for its budget (last column)."
    return text


def _first(order: Ranking, label: str, end: str) -> str:
    count, first, top = len(order.names), called(order.names[0]), order.means[0]
    if order.metric != "profit":
        return f"Of {count} strategies, {first} has the {order.best} {label} by {end}, {with_unit(top.mean, top.unit)}"
    if order.means[0].mean < 0:
        return f"All {count} strategies lose money by {end}; {first} loses least, {with_unit(-top.mean, top.unit)}"
    return f"Of {count} strategies, {first} earns the most profit by {end}, {with_unit(top.mean, top.unit)}"


def _others(order: Ranking) -> str:
    """Return where the others stand to the first, and who of them loses money where it does not."""
    first, *others = order.names
    rivals = [name for name in order.leaders if name != first]
    rest = [name for name in others if name not in rivals]
    ahead, behind = ("ahead of", "behind") if order.metric == "profit" else ("above", "below")
    if order.n == 1:
        text = " (one replication, so no interval)"
    elif rivals:
        text = f"; these runs do not tell {joined([called(name) for name in rivals])} apart from it"
        if rest:
            text += f", {f'the other {len(rest)} are' if len(rest) > 1 else f'{called(rest[0])} is'} surely {behind}"
    else:
        gap = order.gap(first, others[0])
        low, high = sorted((abs(gap.low), abs(gap.high)))
        text = f", surely {ahead} all others: {called(others[0])} comes next, {with_unit(abs(gap.mean), gap.unit)} "
        text += f"{behind} ({100 * order.level:g} % interval {between(low, high)})"
    lost = [called(name) for name, mean in zip(order.names, order.means, strict=True) if mean.mean < 0]
    if order.metric == "profit" and order.means[0].mean >= 0 and lost:
        text += f"; {joined(lost)} {'lose' if len(lost) > 1 else 'loses'} money"
    return text


def table_of(standings: Sequence[Standing]) -> pd.DataFrame:
    """Return the strategies as texts, the first one first."""
    import pandas as pd

    reference = next(one.name for one in standings if one.gap is None)
    unit = standings[0].profit.unit
    rows = {}
    for one in standings:
        gap, joint, each = "reference", "", ""
        if one.gap is not None:
            sign = "+" if one.gap.mean > 0 else ""
            gap, joint = f"{sign}{figure(one.gap.mean)}", _ends(one.gap)
            each = "same budget" if abs(one.share) <= SPEND_TOLERANCE else "not told"
            if one.returns is not None:
                each = plus_minus(one.returns, signed=True)
        rows[one.name] = (plus_minus(one.profit), gap, joint, plus_minus(one.budget), each)
    heads = ["profit", f"minus {reference}", "joint 95 % interval", "budget", f"profit per {unit or 'unit'} of budget"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=heads).rename_axis("strategy")


def frame_of(standings: Sequence[Standing]) -> pd.DataFrame:
    """Return the strategies as a tidy table, every digit; NaN where there is no figure."""
    import pandas as pd

    rows = []
    for one in standings:
        gap, each = ((e.mean, e.low, e.high) if e else (math.nan,) * 3 for e in (one.gap, one.returns))
        rows.append((one.name, one.profit.mean, one.profit.low, one.profit.high, *gap, one.budget.mean,
                     100 * one.share, *each))  # fmt: skip
    columns = ["strategy", "profit", "profit_low", "profit_high", "gap", "gap_low", "gap_high", "budget",
               "budget_percent", "returns", "returns_low", "returns_high"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _ends(gap: Estimate) -> str:
    return "n/a" if math.isnan(gap.low) else f"{between(gap.low, gap.high)}"
