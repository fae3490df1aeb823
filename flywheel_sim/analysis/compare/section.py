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
    a, b = result.rivals()
    gain = result.pairing_gain("profit", a, b)
    paired = "" if math.isnan(gain) else (
        f"Both strategies met the same strangers with the same luck in each of {result[names[0]].n:,} replications; "
        + (f"that made the variance of the difference {gain:.1f} times smaller than separate runs would have."
           if gain >= 1.05 else "here that did not make the difference steadier than separate runs would have.")
    )  # fmt: skip
    differs = Table(
        ("What", names[0], names[-1]), [(d.what, d.one, d.other) for d in result.what_differs()],
        note="Everything not named here is the same in both.",
    )  # fmt: skip
    return [
        *_standing(result),
        Section("What it earns", charts=(fan(result, "profit", cumulative=True), fan(result, "revenue"))),
        Section(
            "Which is ahead, and since when",
            tuple(filter(None, (result.how_surely("profit"), paired))),
            (difference(result, "profit", a, b),),
            (_months(result, a, b),),
        ),
        *_figures_off(result),
        Section("Key figures", tables=(table_of_texts("", result.key_figures(), f"{result.key_note}."),)),
        earned(result),
        *customers(result),
        *in_common(result),
        Section("What both spend", (_budgets(result), *_goods(result), *map(str, result.matches)), (spending(result),)),
        Section("What the strategies differ in", tables=(differs,)),
        Section("How people flow", charts=(stage_flow(result),)),
    ]


def _standing(result: Comparison) -> list[Section]:
    """Return where more than two strategies stand."""
    if len(result.names) == 2:
        return []
    return [Section("Where each stands", tables=(table_of_texts("strategy", result.table(), f"{result.note}."),))]


def _figures_off(result: Comparison) -> list[Section]:
    """Return what becomes of the lead when every figure may be off, rate by rate, where that was asked."""
    robustness = result.robustness
    if robustness is None:
        return []
    turns = robustness.turns()
    rows = [
        (one.range.name, f"{one.range.shown(one.range.low)} to {one.range.shown(one.range.high)}", one.range.words,
         f"{one.low.mean:.0f} %", f"{one.high.mean:.0f} %", plus_minus(one.swing, signed=True))
        for one in turns if one.told
    ]  # fmt: skip
    a, b = called(robustness.of), called(robustness.against)
    text = (
        f"How often {a} ends ahead is luck around figures that are all assumed. Here every future draws each figure "
        f"anew: {a} ends ahead of {b} {robustness.sentence()}"
    )
    lead = f"lead, from low to high ({robustness.unit})"
    heads = ("rate", "drawn from", "", f"{a} ahead where low", "where high", lead)
    quiet = [one.range.name for one in turns if not one.told]
    note = f"{robustness.note[0].upper()}{robustness.note[1:]}."
    note += f" These runs do not show that the lead moves with {joined(quiet)}." if quiet else ""
    tables = (Table(heads, rows, frozenset({3, 4, 5}), note),) if rows else ()
    texts = (text,) if rows else (text, note)
    return [Section("If the figures are off", texts, tables=tables)]


def _budgets(result: Comparison) -> str:
    """Return by how much budgets differ, and what that means for the answer."""
    first, *others = result.names
    gap = max((result.spend_gap(name, first) for name in others), key=abs)
    differing = [name for name in others if abs(result.spend_gap(name, first)) > SPEND_TOLERANCE]
    if not differing:
        means = "within the 1 % that a fair comparison allows."
    elif all(result.left_out(name, first) for name in differing):
        means = "that is what is left out, which is judged by what it returns."
    else:
        means = "more than the 1 % that a fair comparison allows, so this report does not say which is better."
    spent = result.difference("budget")
    exact = f" ({plus_minus(spent, signed=True)} {spent.unit}, {called(others[-1])} minus {called(first)})"
    most, exact = (" at most", "") if len(others) > 1 else ("", exact)
    by = f"differs by {apart(gap)}{most}" if math.isfinite(gap) else "is nothing in one of them"
    return f"The {BUDGET} {by}{exact}: {means}"


def _goods(result: Comparison) -> list[str]:
    """Return what the cost of sales is, which no budget holds, in words."""
    costs = {name: result[name]["cost_of_sales"] for name in result.names}
    if not any(one.mean for one in costs.values()):
        return []
    sums = joined([f"{plus_minus(one)} {one.unit} in {called(name)}" for name, one in costs.items()])
    return [f"Cost of sales goes with what is sold and is no part of the budget: it is {sums}."]


def _months(result: Comparison, a: str, b: str) -> Table:
    gaps = {m: e for m, e in result.by_month(of=a, against=b).items() if m > result[a].books.warm_up}
    rows = [(f"month {m}", plus_minus(e, signed=True), e.unit, which(e, a, b)) for m, e in gaps.items()]
    heads = ("Stopping at", f"cumulative profit, {a} minus {b}", "unit", "ahead")
    turns = len({row[3] for row in rows} & {a, b}) == 2
    return Table(heads, rows, frozenset({1}), "A shorter horizon turns the answer round." if turns else "")
