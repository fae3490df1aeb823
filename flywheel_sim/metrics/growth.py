"""People: how many come, convert, stay, leave, return and bring others."""

from __future__ import annotations

import numpy as np

from flywheel_sim.ledger import ROLE_FLOWS
from flywheel_sim.metrics.registry import Books, FloatArray, Metric, register, register_family
from flywheel_sim.scenario.units import MONTH


def role_flow(books: Books, name: str) -> FloatArray:
    """Return one of the flows that are not outcomes, shape (replications, periods)."""
    return np.asarray(books.ledger.flow[..., ROLE_FLOWS.index(name)].sum(axis=2), dtype=np.float64)


def from_prospects(books: Books, *names: str) -> FloatArray:
    """Return flows that are not outcomes, of people whose channel enters a prospect stage."""
    layout = books.ledger.layout
    role = dict(zip(layout.stages, layout.roles, strict=True))
    entry = np.array([role[layout.enters[c]] == "prospect" for c in layout.channel_of_group()])
    picked = [ROLE_FLOWS.index(name) for name in names]
    return np.asarray(books.ledger.flow[:, :, entry][..., picked].sum(axis=(2, 3)), dtype=np.float64)


def active_customers(books: Books) -> FloatArray:
    """Return people in a customer stage at the end of each period."""
    customer = books.ledger.layout.stages_of("customer")
    return np.asarray(books.ledger.stock[..., customer].sum(axis=(2, 3)), dtype=np.float64)


def customer_months(books: Books) -> FloatArray:
    """Return months lived as a customer, by all together, in each period."""
    customer = books.ledger.layout.stages_of("customer")
    return np.asarray(books.ledger.time[..., customer].sum(axis=(2, 3)) / MONTH)


register(Metric(
    "prospects", "Prospects", "people", "People who came into a prospect stage: strangers and referred.", "sum",
    lambda b: from_prospects(b, "arrived", "referred"),
))  # fmt: skip
register(Metric(
    "acquisitions", "Acquisitions", "people",
    "First entries into a customer stage; people who are customers at the start are none.", "sum",
    lambda b: role_flow(b, "acquired"),
))  # fmt: skip
register(Metric(
    "conversion", "Conversion", "%",
    "Acquisitions per prospect who was not set aside. People still deciding at the horizon count as not converted.",
    "ratio", lambda b: from_prospects(b, "acquired"),
    lambda b: from_prospects(b, "arrived", "referred", "present") - from_prospects(b, "set_aside"), percent=True,
))  # fmt: skip
register(Metric(
    "active_customers", "Active customers", "people", "People in a customer stage at the end of the month.", "last",
    active_customers,
))  # fmt: skip
register(Metric(
    "churned", "Churned", "people", "Times somebody left the role of customer.", "sum",
    lambda b: role_flow(b, "churned"),
))  # fmt: skip
register(Metric(
    "won_back", "Won back", "people", "Entries into a customer stage by people who had been customers.", "sum",
    lambda b: role_flow(b, "won_back"),
))  # fmt: skip
register(Metric(
    "referred", "Referred", "people", "People brought by a referral, whether or not they buy.", "sum",
    lambda b: role_flow(b, "referred"),
))  # fmt: skip
register(Metric(
    "observed_retention", "Observed retention", "% per month",
    "1 − customers lost per customer-month lived. With a monthly renewal this is the share who renew.", "ratio",
    lambda b: customer_months(b) - role_flow(b, "churned"), customer_months, percent=True,
    source="occurrence/exposure rate",
))  # fmt: skip


def stage_conversion(books: Books, stage: str, to: str | None = None) -> tuple[FloatArray, FloatArray]:
    """Return (people who went on, people who entered and were not set aside), each (replications, periods).

    Without ``to``, going on means to any prospect or customer stage.
    """
    layout, flow = books.ledger.layout, books.ledger.flow
    roles = dict(zip(layout.stages, layout.roles, strict=True))
    entered = np.zeros(flow.shape[:2])
    for group, channel in enumerate(layout.channel_of_group()):
        if layout.enters[channel] == stage:
            entered += flow[:, :, group, : len(("arrived", "referred", "present"))].sum(axis=2)
    gone_on = np.zeros_like(entered)
    for index, ((source, _, _), target) in enumerate(zip(layout.flows, layout.targets, strict=True)):
        count = flow[..., index].sum(axis=2)
        if target == stage:
            entered += count
        if source == stage and target:
            if roles[target] == "aside":
                entered -= count
            if target == to or (to is None and target != stage and roles[target] in ("prospect", "customer")):
                gone_on += count
    return gone_on, entered


def _conversion(member: str, books: Books) -> Metric | None:
    stage, _, to = member.partition(".")
    if stage not in books.ledger.layout.stages or (to and to not in books.ledger.layout.stages):
        return None
    goal = f"to '{to}'" if to else "to a prospect or customer stage"
    return Metric(
        f"conversion.{member}", f"Conversion of {stage}" + (f" to {to}" if to else ""), "%",
        f"Moves from '{stage}' {goal}, per person who entered it and was not set aside. "
        "People still there at the horizon count as not converted.", "ratio",
        lambda b: stage_conversion(b, stage, to or None)[0], lambda b: stage_conversion(b, stage, to or None)[1],
        percent=True,
    )  # fmt: skip


register_family("conversion", _conversion)
