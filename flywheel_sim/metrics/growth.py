"""People: how many come, convert, stay, leave, return and bring others."""

from __future__ import annotations

import numpy as np

from flywheel_sim.journey.units import DAY, MONTH
from flywheel_sim.ledger import DECIDED, ROLE_FLOWS
from flywheel_sim.metrics.registry import Books, FloatArray, Metric, register, register_family


def role_flow(books: Books, name: str) -> FloatArray:
    """Return one of the flows that are not outcomes, shape (replications, periods)."""
    return np.asarray(books.ledger.flow[..., ROLE_FLOWS.index(name)].sum(axis=2), dtype=np.float64)


def entered_by(books: Books) -> list[str]:
    """Return the stage that people of each group enter on arrival."""
    layout = books.ledger.layout
    enters = dict(zip(layout.channels, layout.enters, strict=True))
    return [enters[channel] for channel, *_ in layout.groups]


def from_prospects(books: Books, *names: str) -> FloatArray:
    """Return flows that are not outcomes, of people whose channel enters a prospect stage."""
    layout = books.ledger.layout
    role = dict(zip(layout.stages, layout.roles, strict=True))
    entry = np.array([role[stage] == "prospect" for stage in entered_by(books)], dtype=bool)
    picked = [ROLE_FLOWS.index(name) for name in names]
    return np.asarray(books.ledger.flow[:, :, entry][..., picked].sum(axis=(2, 3)), dtype=np.float64)


def decided(books: Books, measure: str, of_prospects: bool = True) -> FloatArray:
    """Return what became of people by the period in which they came, shape (replications, periods).

    Of those alone whose channel enters a prospect stage, unless all are wanted.
    """
    layout = books.ledger.layout
    role = dict(zip(layout.stages, layout.roles, strict=True))
    groups = [i for i, stage in enumerate(entered_by(books)) if not of_prospects or role[stage] == "prospect"]
    counts = books.ledger.decided[:, :, groups, DECIDED.index(measure)]
    return np.asarray(counts.sum(axis=2), dtype=np.float64)


def active_customers(books: Books) -> FloatArray:
    """Return people in a customer stage at the end of each period."""
    customer = books.ledger.layout.stages_of("customer")
    return np.asarray(books.ledger.stock[..., customer].sum(axis=(2, 3)), dtype=np.float64)


def customer_months(books: Books) -> FloatArray:
    """Return months lived as a customer, by all together, in each period."""
    customer = books.ledger.layout.stages_of("customer")
    return np.asarray(books.ledger.time[..., customer].sum(axis=(2, 3)) / MONTH)


register(Metric(
    "people", "People", "people", "Everybody: people there at the start, strangers who come, people who are referred.",
    "sum", lambda b: role_flow(b, "arrived") + role_flow(b, "referred") + role_flow(b, "present"),
))  # fmt: skip
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
    "Prospects who became customers by the horizon, per prospect who was not set aside, by the month in which they "
    "came. Who came in the last month (half of a shorter horizon than two) is left out; who is still deciding counts "
    "as not converted.",
    "ratio", lambda b: decided(b, "converted"), lambda b: decided(b, "came") - decided(b, "set_aside"), percent=True,
    split="fixed", within=(0, 100),
))  # fmt: skip
register(Metric(
    "time_to_convert", "Time to convert", "days",
    "Mean time from arrival to acquisition, of those who became customers by the horizon, by the month in which they "
    "came. Who came in the last month (half of a shorter horizon than two) is left out.",
    "ratio", lambda b: decided(b, "delay", of_prospects=False) / DAY,
    lambda b: decided(b, "converted", of_prospects=False), split="fixed", within=(0, np.inf),
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
    source="occurrence/exposure rate", within=(-np.inf, 100),
))  # fmt: skip


def entries(books: Books, stage: str) -> FloatArray:
    """Return how often people entered a stage, on arrival or by a move, shape (replications, periods)."""
    layout, flow = books.ledger.layout, books.ledger.flow
    groups = [group for group, entered in enumerate(entered_by(books)) if entered == stage]
    came = [ROLE_FLOWS.index(name) for name in ("arrived", "referred", "present")]
    moves = [index for index, target in enumerate(layout.targets) if target == stage]
    arrivals = flow[:, :, groups][..., came].sum(axis=(2, 3))
    return np.asarray(arrivals + flow[..., moves].sum(axis=(2, 3)), dtype=np.float64)


def stage_conversion(books: Books, stage: str, to: str | None = None) -> tuple[FloatArray, FloatArray]:
    """Return (people who went on, people who entered and were not set aside), each (replications, periods).

    Without ``to``, going on means to any prospect or customer stage.
    """
    layout, flow = books.ledger.layout, books.ledger.flow
    roles = dict(zip(layout.stages, layout.roles, strict=True))
    entered = entries(books, stage)
    gone_on = np.zeros_like(entered)
    for index, ((source, _, _), target) in enumerate(zip(layout.flows, layout.targets, strict=True)):
        if source == stage and target:
            count = flow[..., index].sum(axis=2)
            if roles[target] == "aside":
                entered -= count
            if target == to or (to is None and target != stage and roles[target] in ("prospect", "customer")):
                gone_on += count
    return gone_on, entered


def completed(books: Books, stage: str) -> FloatArray:
    """Return how many visits to a stage were completed within the horizon, shape (replications,)."""
    index = books.ledger.layout.stages.index(stage)
    return np.asarray(entries(books, stage).sum(axis=1) - books.ledger.stock[:, -1, :, index].sum(axis=1))


def days_in(books: Books, stage: str) -> FloatArray:
    """Return the time of completed visits to a stage in days, shape (replications,)."""
    index, ledger = books.ledger.layout.stages.index(stage), books.ledger
    return np.asarray((ledger.time[..., index].sum(axis=(1, 2)) - ledger.unfinished[:, index]) / DAY)


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
        percent=True, split="fixed", within=(0, 100),
    )  # fmt: skip


def _time_in(member: str, books: Books) -> Metric | None:
    if member not in books.ledger.layout.stages:
        return None
    return Metric(
        f"time_in.{member}", f"Time in {member}", "days",
        f"Mean time of a visit to '{member}' that was completed within the horizon. People present at the start "
        "count from the start; visits still going on at the horizon are left out, with the time spent in them.",
        "cohort", lambda b: days_in(b, member), lambda b: completed(b, member), split="whole",
    )  # fmt: skip


register_family("conversion", _conversion)
register_family("time_in", _time_in)
