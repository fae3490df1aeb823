"""One journey on both engines: the first thing in which they differ, and a smaller journey that still does."""

import re

import numpy as np

import flywheel_sim as fs
from flywheel_sim.engine.run import run_once
from flywheel_sim.errors import FlywheelError
from flywheel_sim.ledger import DECIDED, LIFETIME, LOAD, MRR, QUEUE, Ledger

from .balancing import unbalanced
from .writing import to_yaml

#: A random journey that brings more people than this, or in which more happens, is no use.
MOST_PEOPLE, MOST_EVENTS = 20_000, 2_000_000
ENGINES = ("reference", "kernel")


def runs_of(journey, seed, replication=0, engines=ENGINES):
    """Return what each engine leaves of a run, or the message with which it stopped; "checked" is the reference engine
    that checks itself after every event.
    """
    runs = []
    for engine in engines:
        try:
            runs.append(run_once(journey, seed, replication, people=True, events=True, max_people=MOST_PEOPLE,
                                 max_events=MOST_EVENTS, engine=engine.replace("checked", "reference"),
                                 checked=engine == "checked"))  # fmt: skip
        except FlywheelError as error:
            runs.append(str(error))
    return runs


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
    n_rows = min(len(one), len(other))
    top, bottom = one.iloc[:n_rows].reset_index(drop=True), other.iloc[:n_rows].reset_index(drop=True)
    same = ((top == bottom) | (top.isna() & bottom.isna())).all(axis=1).to_numpy()
    at = n_rows if same.all() else int(np.argmin(same))
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
        "mrr": ("", layout.groups, MRR), "followed": ("", layout.groups), "lifetime": ("", layout.groups, LIFETIME),
        "decided": ("", layout.groups, DECIDED), "unfinished": (layout.stages,),
        "channel_spend": ("", layout.channels), "costs": ("", layout.costs),
        "queue": ("", layout.resources, QUEUE), "backlog": ("", layout.resources, LOAD),
        "load": ("", layout.resources, LOAD), "staffed": ("", layout.resources), "waits": (layout.resources,),
        "shared": ("", shared, ("sum", "people")),
    }.get(name, ())  # fmt: skip
    labels = [str(names[i]) if names else str(int(i)) for i, names in zip(at, axes, strict=False)]
    return ", ".join([*labels, *(str(int(i)) for i in at[len(axes) :])])


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
    staff = re.findall(r"'staff': '(\w+)'", repr(raw))
    resources = {name: one for name, one in raw.get("resources", {}).items() if name in staff}
    return {
        key: resources if key == "resources" else one for key, one in raw.items() if key != "resources" or resources
    }


def _paths(raw, path=()):
    """Give the paths of everything that could go, the outermost first."""
    inner = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, part in inner:
        yield (*path, key)
        yield from _paths(part, (*path, key))


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
        inner = [_without(part, rest) if i == key else part for i, part in enumerate(raw) if rest or i != key]
        return inner
    return {k: _without(part, rest) if k == key else part for k, part in raw.items() if rest or k != key}


def _put(raw, path, value):
    if not path:
        return value
    if isinstance(raw, list):
        return [_put(part, path[1:], value) if i == path[0] else part for i, part in enumerate(raw)]
    return {k: _put(part, path[1:], value) if k == path[0] else part for k, part in raw.items()}


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
        runs = runs_of(journey, seed, engines=engines)
        events += 0 if isinstance(runs[0], str) else int(runs[0].ledger.n_events)
        if problem := difference(runs[0], runs[-1]):
            return f"strategy {strategy}, {problem}", events
        if isinstance(runs[0], str):
            if "the books hold" in runs[0]:
                return f"strategy {strategy}, {runs[0]}", events
            continue
        if watch:
            watch(journey, runs[0])
        if problem := unbalanced(journey, runs[0]):
            return f"strategy {strategy}, books: {problem}", events
    return "", events
