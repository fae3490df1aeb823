"""The sections of the report about a comparison."""

from __future__ import annotations

import math

from flywheel_sim.analysis.compare.charts import difference, spending
from flywheel_sim.analysis.compare.result import Comparison
from flywheel_sim.analysis.difference.verdict import BUDGET, SPEND_TOLERANCE, apart
from flywheel_sim.analysis.difference.verdict import ahead as which
from flywheel_sim.analysis.strategies.charts import fan, stage_flow
from flywheel_sim.analysis.strategies.section import customers, earned, in_common
from flywheel_sim.drawing.page import Section, Table, table_of_texts
from flywheel_sim.stats import plus_minus
from flywheel_sim.wording import called, joined


def sections(result: Comparison) -> list[Section]:
    """Return the sections of a comparison: who is ahead, what both spend, who stays, how people flow."""
    names = result.names
    cross = result.crossover("profit")
    gain = result.pairing_gain("profit")
    paired = "" if math.isnan(gain) else (
        f"Both strategies met the same strangers with the same luck in each of {result[names[0]].n:,} replications; "
        + (f"that made the variance of the difference {gain:.1f} times smaller than separate runs would have."
           if gain >= 1.05 else "here that did not make the difference steadier than separate runs would have.")
    )  # fmt: skip
    ahead = f"At the horizon {called(names[-1])} is ahead of {called(names[0])} in {cross.probability} of futures."
    gap = max((result.spend_gap(name, names[0]) for name in names[1:]), key=abs)
    budget = (
        "within the 1 % that a fair comparison allows."
        if abs(gap) <= SPEND_TOLERANCE
        else "more than the 1 % that a fair comparison allows, so this report does not say which is better."
    )
    most = " at most" if len(names) > 2 else ""
    spent = result.difference("budget")
    exact = f" ({plus_minus(spent, signed=True)} {spent.unit}, {called(names[-1])} less {called(names[0])})"
    by = f"differs by {apart(gap)}{most}" if math.isfinite(gap) else "is nothing in one of them"
    budget = f"The {BUDGET} {by}{exact if len(names) == 2 else ''}: {budget}"
    differs = Table(
        ("What", names[0], names[-1]), [(d.what, d.one, d.other) for d in result.what_differs()],
        note="Everything not named here is the same in both.",
    )  # fmt: skip
    return [
        Section("What it earns", charts=(fan(result, "profit", cumulative=True), fan(result, "revenue"))),
        Section(
            "Which is ahead, and since when",
            (ahead, paired) if paired else (ahead,),
            (difference(result, "profit"),),
            (_months(result),),
        ),
        Section("Key figures", tables=(table_of_texts("", result.table(), f"{result.note}."),)),
        earned(result),
        *customers(result),
        *in_common(result),
        Section("What both spend", (budget, *_goods(result), *map(str, result.matches)), (spending(result),)),
        Section("What the strategies differ in", tables=(differs,)),
        Section("How people flow", charts=(stage_flow(result),)),
    ]


def _goods(result: Comparison) -> list[str]:
    """Return what the cost of sales is, which no budget holds, in words."""
    found = {name: result[name]["cost_of_sales"] for name in result.names}
    if not any(one.mean for one in found.values()):
        return []
    told = joined([f"{plus_minus(one)} {one.unit} in {called(name)}" for name, one in found.items()])
    return [f"Cost of sales goes with what is sold and is no part of the budget: it is {told}."]


def _months(result: Comparison) -> Table:
    a, b = result.names[-1], result.names[0]
    found = {m: e for m, e in result.by_month().items() if m > result[a].books.warm_up}
    rows = [(f"month {m}", plus_minus(e, signed=True), e.unit, which(e, a, b)) for m, e in found.items()]
    heads = ("Stopping at", f"cumulative profit, {a} less {b}", "unit", "ahead")
    turns = len({row[3] for row in rows} & {a, b}) == 2
    return Table(heads, rows, frozenset({1}), "A shorter horizon turns the answer round." if turns else "")
