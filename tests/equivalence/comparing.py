"""One journey on both engines: the first thing in which they differ, and a smaller journey that still does."""

import re
from collections import Counter
from itertools import pairwise

import numpy as np

import flywheel_sim as fs
from flywheel_sim.engine.run import run_once
from flywheel_sim.errors import FlywheelError
from flywheel_sim.journey.journey import Stage
from flywheel_sim.journey.staffing import staffing
from flywheel_sim.ledger import GAVE_UP, LOAD, MRR, QUEUE, ROLE_FLOWS, TURNED_AWAY, Ledger

from .writing import to_yaml

#: A random journey that brings more people than this, or in which more happens, is no use.
MOST_PEOPLE, MOST_EVENTS = 20_000, 2_000_000
ENGINES = ("reference", "kernel")


def runs_of(journey, seed, replication=0, engines=ENGINES):
    """Return what each engine leaves of a run, or the message with which it stopped; "checked" is the reference engine
    that checks itself after every event.
    """
    found = []
    for engine in engines:
        try:
            found.append(run_once(journey, seed, replication, people=True, events=True, max_people=MOST_PEOPLE,
                                  max_events=MOST_EVENTS, engine=engine.replace("checked", "reference"),
                                  checked=engine == "checked"))  # fmt: skip
        except FlywheelError as error:
            found.append(str(error))
    return found


def difference(one, other):
    """Return the first thing in which two runs differ: a row of the log, of the people, an array; "" if nothing."""
    if isinstance(one, str) or isinstance(other, str):
        if isinstance(one, str) and isinstance(other, str):
            return "" if one == other else f"the messages differ:\n  {one}\n  {other}"
        which = ("first", one) if isinstance(one, str) else ("second", other)
        return f"only the {which[0]} stopped: {which[1]}"
    return (
        _frames(one.events, other.events, "event log")
        or _frames(one.people, other.people, "people table")
        or _ledgers(one.ledger, other.ledger)
    )


def _frames(one, other, what):
    if list(one.columns) != list(other.columns):
        return f"{what}: columns {list(one.columns)} and {list(other.columns)}"
    if not one.dtypes.equals(other.dtypes):
        return f"{what}: types\n{one.dtypes}\nand\n{other.dtypes}"
    if one.equals(other):
        return ""
    rows = min(len(one), len(other))
    top, bottom = one.iloc[:rows].reset_index(drop=True), other.iloc[:rows].reset_index(drop=True)
    same = ((top == bottom) | (top.isna() & bottom.isna())).all(axis=1).to_numpy()
    at = rows if same.all() else int(np.argmin(same))
    before = one.iloc[max(at - 6, 0) : at].to_string()
    lines = [f"{what}: {len(one)} and {len(other)} rows; the first difference is in row {at}", before]
    for name, frame in (("first", one), ("second", other)):
        lines.append(f"{name:7}" + (str(frame.iloc[at].to_dict()) if at < len(frame) else "has no such row"))
    return "\n".join(lines)


def _ledgers(one, other):
    if one.layout != other.layout:
        return "ledger: the layouts differ"
    for name in Ledger.ARRAYS:
        a, b = np.asarray(getattr(one, name)), np.asarray(getattr(other, name))
        if a.dtype != b.dtype or a.shape != b.shape:
            return f"ledger.{name}: {a.dtype} {a.shape} and {b.dtype} {b.shape}"
        if a.tobytes() != b.tobytes():
            places = np.argwhere(a != b)
            where = [f"{_place(one.layout, name, at)}: {a[tuple(at)]} and {b[tuple(at)]}" for at in places[:4]]
            return f"ledger.{name}: {len(places)} cells differ\n  " + "\n  ".join(where)
    return ""


def _place(layout, name, at):
    """Return the words for a cell of an array of the ledger."""
    shared = [one[0] for one in layout.shared]
    axes = {
        "flow": ("", layout.groups, layout.flows), "money": ("", layout.groups, layout.lines),
        "stock": ("", layout.groups, layout.stages), "time": ("", layout.groups, layout.stages),
        "mrr": ("", layout.groups, MRR), "followed": ("", layout.groups), "unfinished": (layout.stages,),
        "channel_spend": ("", layout.channels), "costs": ("", layout.costs),
        "queue": ("", layout.resources, QUEUE), "backlog": ("", layout.resources, LOAD),
        "load": ("", layout.resources, LOAD), "staffed": ("", layout.resources), "waits": (layout.resources,),
        "shared": ("", shared, ("sum", "people")),
    }.get(name, ())  # fmt: skip
    words = [str(names[i]) if names else str(int(i)) for i, names in zip(at, axes, strict=False)]
    return ", ".join([*words, *(str(int(i)) for i in at[len(axes) :])])


def unbalanced(journey, run):
    """Return in what the ledger of a run does not add up to its people and its log, "" if it does."""
    ledger, layout, people = run.ledger, run.ledger.layout, run.people
    log = Counter(zip(run.events["stage"], run.events["event"], run.events["outcome"], strict=True))
    for index, flow in enumerate(layout.flows):
        if flow not in [("", "", name) for name in ROLE_FLOWS] and log[flow] != ledger.flow[:, :, index].sum():
            return f"flow {flow}: {log[flow]} in the log, {ledger.flow[:, :, index].sum()} in the ledger"
    ends = people["stage"].value_counts()
    acquired = int((people["acquired"] >= 0).sum())
    accrues = any(amount.side == "earn" for one in (*journey.stages, *journey.sets) for amount in one.accruals)
    earned = [i for i, line in enumerate(layout.lines) if line[0] == "earn"]
    sums = {
        "person-time": (ledger.time.sum(), (journey.horizon - people["born"]).sum()),
        "people who came": (ledger.flow[:, :, :3].sum(), len(people)),
        "acquisitions": (ledger.flow[:, :, layout.role_flow("acquired")].sum(), acquired),
        "acquisitions of cohorts": (ledger.cohort[:, :, 0].sum(), acquired),
        "acquisitions of generations": (ledger.generation[:, 1].sum(), acquired),
        "people of generations": (ledger.generation[:, 0].sum(), len(people)),
        "recurring revenue transferred": (ledger.mrr[:, :, MRR.index("transferred")].sum(), 0),
        **{f"stock of {s}": (ledger.stock[-1, :, i].sum(), ends.get(s, 0)) for i, s in enumerate(layout.stages)},
        **({} if accrues else {"revenue": (ledger.money[:, :, earned].sum(), people["revenue"].sum())}),
        **_brought(journey, ledger),
        **_shared(journey, ledger, people),
        **_served(journey, ledger, log),
    }
    if wrong := next((f"{what}: {a} and {b}" for what, (a, b) in sums.items() if a != b), ""):
        return wrong
    bounds = {"people of the market": (len(people), len(people) if journey.market is None else journey.market)}
    bounds |= _loaded(journey, ledger, log)
    return next((f"{what}: {a} is more than {b}" for what, (a, b) in bounds.items() if np.any(a > b)), "")


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
            sums[f"people of {channel.name}"] = (count, channel.count * len(channel.times))
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
        here = people[people["stage"].isin(one.stages)][one.of].tolist()
        levels = next(a.levels for a in journey.attributes if a.name == one.of)
        weigh = (
            dict(zip(levels, one.weights, strict=True)) if levels else {number: number * one.scale for number in here}
        )
        sums[f"sum of {one.name}"] = (ledger.shared[-1, index, 0], sum(weigh[held] for held in here))
    return sums


def _logged(journey, layout, log):
    """Return how often people were served, gave up and moved on turned away, by resource and what."""
    found = Counter()
    for index, event, outcome in _flows(journey, layout):
        if event.staff:
            found[event.staff.resource, "ended" if outcome else layout.flows[index][2]] += log[layout.flows[index]]
    return found


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
    layout, found, ends = ledger.layout, {}, _logged(journey, ledger.layout, log)
    for index, name in enumerate(layout.resources):
        q = dict(zip(QUEUE, ledger.queue[:, index].sum(axis=0), strict=True))
        over = q["wait"] + q["wait_given_up"] + q["wait_withdrawn"]
        load, backlog = ledger.load[:, index], ledger.backlog[:, index]
        left = load[:, LOAD.index("waiting")].sum() - over  # of those who wait at the end
        found |= {
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
            found[f"{name}, at once is within the target"] = (q["at_once"], q["within"])
    return found


def _there(resource, journey, ledger, index):
    """Return, in pairs of which the first may not be more, whom staff serve and how many they are."""
    steps, found = staffing(resource, journey.phase, journey.horizon), {}
    if all(earlier[1] <= later[1] for earlier, later in pairwise(steps)):
        found[f"{resource.name}, load"] = (ledger.load[:, index, LOAD.index("served")], ledger.staffed[:, index])
    for period, end in enumerate(ledger.layout.period_ends.tolist()):
        waiting, served = ledger.backlog[period, index]
        if waiting:
            people = next(people for at, people in reversed(steps) if at < end)
            found[f"{resource.name}, people who might serve in period {period}"] = (people, served)
    return found


# -- making a journey smaller -----------------------------------------------------------------------


def smaller(raw, fails):
    """Return a journey that still fails, with nothing in it that could be left out.

    Parameters
    ----------
    raw
        A journey file, as nested dicts of raw texts.
    fails
        Tells whether a smaller one (which may not load at all) still shows what is looked for.
    """
    size = 8
    while size:
        changed = False
        paths = list(_paths(raw))
        at = 0
        while at < len(paths):
            tried = raw
            for path in paths[at : at + size]:
                tried = _without(tried, path)
            tried = _asked_only(tried)
            if tried != raw and fails(tried):
                raw, changed = tried, True
                paths = [p for p in paths[at:] if _has(raw, p)]
                at = 0
            else:
                at += size
        if not changed:
            size //= 2
    for path in list(_paths(raw)):
        if _has(raw, path) and (simpler := _at(raw, path)) and isinstance(simpler, dict) and "value" in simpler:
            tried = _put(raw, path, simpler["value"])
            if fails(tried):
                raw = tried
    return raw


def _asked_only(raw):
    """Return a journey without resources that nobody asks for."""
    words = re.findall(r"'staff': '(\w+)'", repr(raw))
    held = {name: one for name, one in raw.get("resources", {}).items() if name in words}
    return {key: held if key == "resources" else one for key, one in raw.items() if key != "resources" or held}


def _paths(raw, path=()):
    """Give the paths of everything that could go, the outermost first."""
    inner = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, held in inner:
        yield (*path, key)
        yield from _paths(held, (*path, key))


def _at(raw, path):
    for key in path:
        raw = raw[key]
    return raw


def _has(raw, path):
    try:
        _at(raw, path)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _without(raw, path):
    if not _has(raw, path):
        return raw
    key, rest = path[0], path[1:]
    if isinstance(raw, list):
        inner = [_without(held, rest) if i == key else held for i, held in enumerate(raw) if rest or i != key]
        return inner
    return {k: _without(held, rest) if k == key else held for k, held in raw.items() if rest or k != key}


def _put(raw, path, value):
    if not path:
        return value
    if isinstance(raw, list):
        return [_put(held, path[1:], value) if i == path[0] else held for i, held in enumerate(raw)]
    return {k: _put(held, path[1:], value) if k == path[0] else held for k, held in raw.items()}


def strategies(raw):
    """Return the strategies of a journey file by name, None for the file itself where there are none."""
    return list(raw.get("strategies", {})) or [None]


def check(raw, seed, engines=ENGINES, watch=None):
    """Return what differs or does not add up for any strategy of a file, and the events of all; loads it anew.

    ``watch`` is given each journey that runs, with what the first engine leaves.

    Raises
    ------
    ConfigError
        If it does not load.
    """
    model, events = fs.loads(to_yaml(raw)), 0
    for strategy in strategies(raw):
        journey = model.journey(strategy)
        found = runs_of(journey, seed, engines=engines)
        events += 0 if isinstance(found[0], str) else int(found[0].ledger.n_events)
        if said := difference(found[0], found[-1]):
            return f"strategy {strategy}, {said}", events
        if isinstance(found[0], str):
            if "the books hold" in found[0]:
                return f"strategy {strategy}, {found[0]}", events
            continue
        if watch:
            watch(journey, found[0])
        if said := unbalanced(journey, found[0]):
            return f"strategy {strategy}, books: {said}", events
    return "", events
