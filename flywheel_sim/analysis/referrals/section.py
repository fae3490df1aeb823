"""The section of the report about who brought whom."""

from __future__ import annotations

from flywheel_sim.analysis.referrals.charts import family_sizes, referral_tree
from flywheel_sim.analysis.referrals.result import ReferralTree
from flywheel_sim.drawing.page import Section, Table


def sections(result: ReferralTree) -> list[Section]:
    """Return the section of who brought whom: trees, sizes and the biggest families."""
    if not result.referred_customers:
        return [Section("Who brought whom", (result.answer(),))]
    table = result.biggest(5).drop(columns="root")
    rows = [
        tuple(f"{v:,.1f}" if isinstance(v, float) else str(v) for v in row) for row in table.itertuples(index=False)
    ]
    heads = tuple(str(column).replace("_", " ") for column in table.columns)
    note = "The biggest families of one run, which have no interval. Times are months from the start."
    shown = Table(heads, rows, frozenset(range(1, len(heads))), note)
    return [Section("Who brought whom", (result.answer(),), (referral_tree(result), family_sizes(result)), (shown,))]
