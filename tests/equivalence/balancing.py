"""Whether the books of a run add up: to its people, to its log, to its plans, and to themselves."""

from collections import Counter
from itertools import pairwise

import numpy as np

from flywheel_sim.journey.calendar import staffing, value_at
from flywheel_sim.journey.journey import Stage
from flywheel_sim.journey.units import MILLIONTHS, MONTH
from flywheel_sim.ledger import GAVE_UP, LOAD, MRR, QUEUE, ROLE_FLOWS, TURNED_AWAY


def unbalanced(journey, run):
    """Return in what the ledger of a run does not add up to its people and its log, "" if it does."""
    ledger, layout, people = run.ledger, run.ledger.layout, run.people
    log = Counter(zip(run.events["stage"], run.events["event"], run.events["outcome"], strict=True))
    for index, flow in enumerate(layout.flows):
        if flow not in [("", "", name) for name in ROLE_FLOWS] and log[flow] != ledger.flow[:, :, index].sum():
            return f"flow {flow}: {log[flow]} in the log, {ledger.flow[:, :, index].sum()} in the ledger"
    ends = people["stage"].value_counts()
    acquired = int((people["acquired"] >= 0).sum())
    sums = {
        "person-time": (ledger.time.sum(), (journey.horizon - people["born"]).sum()),
        "people who came": (ledger.flow[:, :, :3].sum(), len(people)),
        "acquisitions": (ledger.flow[:, :, layout.role_flow("acquired")].sum(), acquired),
        "acquisitions of cohorts": (ledger.cohort[:, :, 0].sum(), acquired),
        "acquisitions of generations": (ledger.generation[:, 1].sum(), acquired),
        "people of generations": (ledger.generation[:, 0].sum(), len(people)),
        "recurring revenue transferred": (ledger.mrr[:, :, MRR.index("transferred")].sum(), 0),
        **{f"stock of {s}": (ledger.stock[-1, :, i].sum(), ends.get(s, 0)) for i, s in enumerate(layout.stages)},
        **_accounts(journey, ledger, people),
        **_brought(journey, ledger),
        **_shared(journey, ledger, people),
        **_served(journey, ledger, log),
    }
    if wrong := next((f"{what}: {a} and {b}" for what, (a, b) in sums.items() if a != b), ""):
        return wrong
    bounds = {"people of the market": (len(people), len(people) if journey.market is None else journey.market)}
    bounds |= _loaded(journey, ledger, log) | _followed(ledger) | _planned(journey, ledger)
    return next((f"{what}: {a} is more than {b}" for what, (a, b) in bounds.items() if np.any(a > b)), "")


def _accounts(journey, ledger, people):
    """Return, in pairs that have to be equal, money of lines and of people: where nothing is rounded but once."""
    sums = {}
    for side, name in (("earn", "revenue"), ("spend", "cost")):
        accrues = any(amount.side == side for one in journey.owners for amount in one.accruals)
        if accrues or any(("spend" if line.kind else "earn") == side for line in journey.derived):
            continue
        lines = [i for i, line in enumerate(ledger.layout.lines) if line[0] == side]
        of_people = (people[name] * MILLIONTHS).round().astype(np.int64).sum()
        sums[name] = (ledger.money[:, :, lines].sum(), of_people)
    return sums


def _followed(ledger):
    """Return, in pairs of which the first may not be more, by how much derived lines miss their shares."""
    checks = {}
    for line, share, of in ledger.layout.derived:
        whole = share * ledger.money[:, :, list(of)].sum(axis=-1)
        checks[f"rounding of {ledger.layout.lines[line][1]}"] = (np.abs(ledger.money[:, :, line] - whole).max(), 0.501)
    return checks


def _planned(journey, ledger):
    """Return, in pairs of which the first may not be more, by how much spend by plan misses its plan, where that is
    known.
    """
    layout, wanted = ledger.layout, {}
    if journey.uncertain:
        return {}
    for index, channel in enumerate(journey.channels):
        if channel.spend and not channel.removed and channel.cost_per_arrival is None:
            wanted[channel.name] = (_spent(journey, channel), ledger.channel_spend[:, index])
    for index, cost in enumerate(journey.costs):
        due = cost.spend_per_ms * journey.horizon + cost.amount * len(cost.times)
        wanted[cost.name] = (due, ledger.costs[:, index])
    for index, resource in enumerate(journey.resources):
        due = resource.cost_per_ms * ledger.staffed[:, index].sum()
        wanted[resource.name] = (due, ledger.costs[:, len(journey.costs) + index])
    return {
        f"miss of what {name} is to cost": (abs(booked.sum() - due), layout.periods + 1e-9 * due)
        for name, (due, booked) in wanted.items()
    }


def _spent(journey, channel):
    """Return what a channel spends by its plan, summed from one time to the next at which anything changes."""
    times = {channel.starts, channel.until, *range(MONTH - journey.phase % MONTH, channel.until, MONTH)}
    times |= {bound for axis in channel.spend.over for bound in axis.bounds}
    inside = sorted(time for time in times if channel.starts <= time <= channel.until)
    return sum((end - at) * value_at(channel.spend, journey.phase, at) for at, end in pairwise(inside))


def _brought(journey, ledger):
    """Return, in pairs that have to be equal, whom channels brought and what became of them."""
    layout = ledger.layout
    came = sum(ledger.flow[:, :, layout.role_flow(how)] for how in ("arrived", "referred", "present", "missed"))
    came = [int(came[:, layout.channel_of_group() == index].sum()) for index in range(len(layout.channels))]
    sums = {}
    for channel, count in zip(journey.channels, came, strict=True):
        if channel.removed or channel.kind == "present":
            sums[f"people of {channel.name}"] = (count, 0 if channel.removed else channel.count)
        elif channel.kind == "batch":
            sums[f"people of {channel.name}"] = (count, channel.count)
        elif channel.kind == "referral" and not any(channel.name in o.on_entry.refer for o in journey.owners):
            fired = sum(
                int(ledger.flow[:, :, index].sum()) * (event.effects.refer + outcome.effects.refer).count(channel.name)
                for index, event, outcome in _flows(journey, layout)
                if outcome
            )
            sums[f"people of {channel.name}"] = (count, fired)
    return sums


def _flows(journey, layout):
    """Give the index of every flow of an event, with the event and its outcome (None where it did not happen)."""
    events = {
        (stage, event.name if isinstance(owner, Stage) else f"{owner.name}.{event.name}"): event
        for owner in journey.owners
        for event in owner.events
        for stage in ((owner.name,) if isinstance(owner, Stage) else owner.stages)
    }
    for index, (stage, name, how) in enumerate(layout.flows):
        if stage:
            event = events[stage, name]
            yield index, event, next((one for one in event.outcomes if one.name == how), None)


def _shared(journey, ledger, people):
    """Return, in pairs that have to be equal, what shared attributes are the mean of and where people are."""
    sums = {}
    for index, one in enumerate(journey.shared):
        inside = [i for i, stage in enumerate(ledger.layout.stages) if stage in one.stages]
        counts, stock = ledger.shared[:, index, 1], ledger.stock[:, :, inside].sum(axis=(1, 2))
        sums |= {f"people of {one.name}, period {i}": pair for i, pair in enumerate(zip(counts, stock, strict=True))}
        if not one.of:
            sums[f"sum of {one.name}"] = (ledger.shared[-1, index, 0], 0)
            continue
        here = people[people["stage"].isin(one.stages)][one.of].tolist()
        levels = next(a.levels for a in journey.attributes if a.name == one.of)
        weigh = (
            dict(zip(levels, one.weights, strict=True)) if levels else {number: number * one.scale for number in here}
        )
        sums[f"sum of {one.name}"] = (ledger.shared[-1, index, 0], sum(weigh[level] for level in here))
    return sums


def _logged(journey, layout, log):
    """Return how often people were served, gave up and moved on turned away, by resource and what."""
    counts = Counter()
    for index, event, outcome in _flows(journey, layout):
        if event.staff:
            counts[event.staff.resource, "ended" if outcome else layout.flows[index][2]] += log[layout.flows[index]]
    return counts


def _served(journey, ledger, log):
    """Return, in pairs that have to be equal, what happened at every resource."""
    layout, sums, ends = ledger.layout, {}, _logged(journey, ledger.layout, log)
    for index, name in enumerate(layout.resources):
        q = dict(zip(QUEUE, ledger.queue[:, index].sum(axis=0), strict=True))
        waiting, served = ledger.backlog[-1, index]
        sums |= {
            f"{name}, asked": (q["asked"], q["turned_away"] + q["started"] + q["gave_up"] + q["withdrew"] + waiting),
            f"{name}, started": (q["started"], q["ended"] + q["broken_off"] + served),
            f"{name}, ended": (q["ended"], ends[name, "ended"]),
            f"{name}, gave up": (q["gave_up"], ends[name, GAVE_UP]),
            f"{name}, waits": (ledger.waits[index].sum(), q["started"]),
            f"{name}, waits of 0": (ledger.waits[index, 0], q["at_once"]),
        }
    contacts = QUEUE.index("contacts")
    return sums | {"contacts": (ledger.contact.sum(), ledger.queue[:, :, contacts].sum())}


def _loaded(journey, ledger, log):
    """Return, in pairs of which the first may not be more, loads and waits of every resource.

    Somebody whom two queues turn away at once moves once.
    """
    layout, checks, ends = ledger.layout, {}, _logged(journey, ledger.layout, log)
    for index, name in enumerate(layout.resources):
        q = dict(zip(QUEUE, ledger.queue[:, index].sum(axis=0), strict=True))
        over = q["wait"] + q["wait_given_up"] + q["wait_withdrawn"]
        load, backlog = ledger.load[:, index], ledger.backlog[:, index]
        left = load[:, LOAD.index("waiting")].sum() - over  # of those who wait at the end
        checks |= {
            f"{name}, waits that are over": (0, left),
            f"{name}, waits at the end": (left, backlog[-1, LOAD.index("waiting")] * layout.horizon),
            f"{name}, turned away": (ends[name, TURNED_AWAY], q["turned_away"]),
            f"{name}, served at once": (q["at_once"], q["started"]),
            f"{name}, served within the target": (q["within"], q["started"]),
            f"{name}, first served": (q["contacts"], q["started"]),
            f"{name}, loads and backlogs of 0": (0, min(load.min(), backlog.min())),
            **_there(journey.resources[index], journey, ledger, index),
        }
        if layout.wait_targets[index] >= 0:
            checks[f"{name}, at once is within the target"] = (q["at_once"], q["within"])
    return checks


def _there(resource, journey, ledger, index):
    """Return, in pairs of which the first may not be more, whom staff serve and how many they are."""
    steps, checks = staffing(resource, journey.phase, journey.horizon), {}
    if all(earlier[1] <= later[1] for earlier, later in pairwise(steps)):
        checks[f"{resource.name}, load"] = (ledger.load[:, index, LOAD.index("served")], ledger.staffed[:, index])
    for period, end in enumerate(ledger.layout.period_ends.tolist()):
        waiting, served = ledger.backlog[period, index]
        if waiting:
            people = next(people for at, people in reversed(steps) if at < end)
            checks[f"{resource.name}, people who might serve in period {period}"] = (people, served)
    return checks


# -- making a journey smaller -----------------------------------------------------------------------
