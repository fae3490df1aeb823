"""Growth of the stock of customers, and where people are lost on the way.

Customers at the end of a month are those at its beginning, plus those acquired and won back, less those who left the
role: `net_growth` is what they change by, to the person. Where a month is the first, those present at the start are
there at its beginning.
"""

from __future__ import annotations

import numpy as np

from flywheel_sim.metrics.growth import active_customers, customer_months, entered_by, role_flow
from flywheel_sim.metrics.registry import Books, FloatArray, Metric, register, register_family

#: Roles of the stages from which people are lost: who has left the role of customer is not lost a second time.
LOSING = ("prospect", "customer")


def net_growth(books: Books) -> FloatArray:
    """Return customers gained less customers lost, shape (replications, periods)."""
    return role_flow(books, "acquired") + role_flow(books, "won_back") - role_flow(books, "churned")


def opening(books: Books) -> FloatArray:
    """Return the customers at the beginning of each period, those present at the start included; same shape."""
    layout = books.ledger.layout
    customer = {layout.stages[index] for index in layout.stages_of("customer")}
    groups = [group for group, stage in enumerate(entered_by(books)) if stage in customer]
    present = books.ledger.flow[:, 0, groups, layout.role_flow("present")].sum(axis=1)
    return np.column_stack([present, active_customers(books)[:, :-1]]).astype(np.float64)


def losing_flows(books: Books, stage: str | None = None) -> list[int]:
    """Return the flows by which people are lost, from one stage or from all.

    A customer is lost by any move to a stage that is none of customers, a prospect by a move to a stage that is neither
    of prospects nor of customers.
    """
    layout = books.ledger.layout
    roles = dict(zip(layout.stages, layout.roles, strict=True))
    flows = []
    for index, ((source, _, _), target) in enumerate(zip(layout.flows, layout.targets, strict=True)):
        if not source or not target or stage not in (None, source):
            continue
        roles_not_lost = LOSING if roles[source] == "prospect" else ("customer",)
        if roles[source] in LOSING and roles[target] not in roles_not_lost:
            flows.append(index)
    return flows


register(Metric(
    "net_growth", "Net growth", "people",
    "Customers gained less customers lost: acquisitions and people won back, less those who left the role of customer.",
    "sum", net_growth, split="fixed",
))  # fmt: skip
register(Metric(
    "growth_rate", "Growth rate", "% per month",
    "Customers gained less customers lost, per customer-month lived.", "ratio", net_growth, customer_months,
    percent=True, source="occurrence/exposure rate", split="fixed",
))  # fmt: skip


def losing_stages(books: Books) -> list[str]:
    """Return the stages of prospects and customers, from which people can be lost."""
    layout = books.ledger.layout
    return [layout.stages[index] for index in layout.stages_of(*LOSING)]


def _lost(member: str, books: Books) -> Metric | None:
    if member not in losing_stages(books):
        return None
    layout = books.ledger.layout
    customer = layout.roles[layout.stages.index(member)] == "customer"
    where = "none of customers" if customer else "neither of prospects nor of customers"

    def count(b: Books) -> FloatArray:
        picked = losing_flows(b, member)
        return np.asarray(b.ledger.flow[..., picked].sum(axis=(2, 3)), dtype=np.float64)

    return Metric(
        f"lost.{member}", f"Lost from {member}", "people",
        f"Moves from '{member}' to a stage that is {where}; who comes back and is lost again counts again.", "sum",
        count,
    )  # fmt: skip


register_family("lost", _lost, losing_stages)
