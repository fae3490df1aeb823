"""One journey on both engines: the first thing in which they differ, and a smaller journey that still does."""

from collections import Counter

import numpy as np

import flywheel_sim as fs
from flywheel_sim.engine.run import run_once
from flywheel_sim.errors import FlywheelError
from flywheel_sim.ledger import MRR, ROLE_FLOWS, Ledger

from .writing import to_yaml

#: A random journey that brings more people than this is no use.
MOST_PEOPLE = 20_000
ENGINES = ("reference", "kernel")


def runs_of(journey, seed, replication=0, engines=ENGINES):
    """Return what each engine leaves of a run, or the message with which it stopped."""
    found = []
    for engine in engines:
        try:
            found.append(run_once(journey, seed, replication, people=True, events=True, engine=engine,
                                  max_people=MOST_PEOPLE))  # fmt: skip
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
    last = {"flow": layout.flows, "money": layout.lines, "stock": layout.stages, "time": layout.stages,
            "channel_spend": layout.channels, "costs": layout.costs}.get(name)  # fmt: skip
    words = [str(int(i)) for i in at]
    if last:
        words[-1] = str(last[at[-1]])
    if name in ("flow", "money", "stock", "time", "mrr", "followed"):
        words[1] = str(layout.groups[at[1]])
    return ", ".join(words)


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
    }
    return next((f"{what}: {a} in the ledger, {b} of the people" for what, (a, b) in sums.items() if a != b), "")


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


def check(raw, seed, engines=ENGINES):
    """Return what differs or does not add up for any strategy of a file, and the events of all; loads it anew.

    Raises
    ------
    ConfigError
        If it does not load.
    """
    model, events = fs.loads(to_yaml(raw)), 0
    for strategy in strategies(raw):
        journey = model.journey(strategy)
        found = runs_of(journey, seed, engines=engines)
        events += sum(int(run.ledger.n_events) for run in found[:1] if not isinstance(run, str))
        if said := difference(found[0], found[-1]):
            return f"strategy {strategy}, {said}", events
        if not isinstance(found[0], str) and (said := unbalanced(journey, found[0])):
            return f"strategy {strategy}, books: {said}", events
    return "", events
