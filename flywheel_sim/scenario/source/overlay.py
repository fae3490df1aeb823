"""One file laid over another: ``extends``, strategies, values set from code.

Mappings merge, lists and ``strategies`` replace, ``~`` deletes, a bare value over a rate moves its whole
family, and a rate without a value laid over a bare value keeps that one.
"""

from __future__ import annotations

from flywheel_sim.errors import ConfigError, Problem
from flywheel_sim.journey.units import UnitError, looks_like_quantity
from flywheel_sim.scenario.source.changes import changed, is_change
from flywheel_sim.scenario.source.tree import IN_CODE, KEY, MOVED, Mark, Path_, Raw, Tree

#: What is wrong with a ``~`` where nothing is inherited.
NOTHING = "~ deletes an inherited value, and there is none"

#: The keys of a rate beside its value; a mapping of these laid over a bare value leaves that in place.
RATE_WORDS = frozenset({"by", "times", "spread", "per", "uncertain", "why"})

_RATE = RATE_WORDS | {"value", MOVED}


def is_rate(raw: Raw) -> bool:
    """Tell whether a raw mapping is a rate with a table, so that a bare value moves its family."""
    if not isinstance(raw, dict):
        return False
    plan = {"file", "column"} <= raw.keys() <= {"file", "column", "unit", "why", MOVED}  # in a file
    return plan or (bool({"value", "by", "times"} & raw.keys()) and raw.keys() <= _RATE)


def deletions(over: Tree, base: Tree, below: Path_ = ()) -> list[Problem]:
    """Return a problem for each ``~`` in a tree that has nothing to delete in the base."""
    problems: list[Problem] = []

    def walk(raw: Raw, path: Path_) -> None:
        if isinstance(raw, dict):
            for key, value in raw.items():
                if value is None and (base is over or base.at((*path, key)) is None):
                    mark = over.mark((*path, key, KEY))
                    where = ".".join((*below, *path, key))
                    problems.append(Problem(mark.file, mark.line, mark.column, where, "~", NOTHING, "remove the line"))
                elif path or key != "strategies":
                    walk(value, (*path, key))

    walk(over.root, ())
    return problems


def merge(base: Tree, over: Tree) -> Tree:
    """Return base with another tree laid over it.

    Raises
    ------
    ConfigError
        If a figure of a rate with levels is laid over a family that a bare value moved before.
    """
    marks = dict(base.marks)
    root = _merge(_plans_spelt_out(base.root, over.root, marks), over.root, (), marks, over.marks)
    return Tree(root, marks, base.folders)


def _plans_spelt_out(base: Raw, over: Raw, marks: dict[Path_, Mark]) -> Raw:
    """Return base with each named plan that a bare spend is laid over as a rate of its own, so that it keeps its shape.

    ``spend: plan`` becomes ``spend: {value: plan}`` where the rate `plan` has a table or a file.
    """
    channels = _inside(base, "channels")
    if not isinstance(base, dict) or not isinstance(channels, dict):
        return base
    channels = dict(channels)
    for name, channel in channels.items():
        mine, theirs = _inside(channel, "spend"), _inside(_inside(_inside(over, "channels"), name), "spend")
        if isinstance(mine, str) and isinstance(theirs, str) and looks_like_quantity(theirs):
            plan = _named(base.get("rates"), mine)
            if isinstance(plan, dict) and {"by", "times", "file"} & plan.keys():
                path = ("channels", name, "spend")
                marks[(*path, "value")] = marks.get(path, Mark(IN_CODE))
                channels[name] = channel | {"spend": {"value": mine}}
    return base | {"channels": channels}


def _inside(raw: Raw, key: str) -> Raw:
    return raw.get(key) if isinstance(raw, dict) else None


def _named(rates: Raw, name: str) -> Raw:
    """Return what a name of a rate stands for, other names followed."""
    raw: Raw = name
    for _ in rates or ():
        raw = _inside(rates, raw) if isinstance(raw, str) else raw
    return raw


def _merge(base: Raw, over: Raw, path: Path_, marks: dict[Path_, Mark], over_marks: dict[Path_, Mark]) -> Raw:
    if isinstance(base, dict) and isinstance(over, dict) and path != ("strategies",):
        if MOVED in base and (again := [key for key in ("value", "by", "times") if key in over]):
            if not {"by", "times"} & {*base, *over}:
                return _merge({k: v for k, v in base.items() if k != MOVED}, over, path, marks, over_marks)
            inner = (*path, again[0])
            mark = over_marks.get((*inner, KEY)) or over_marks.get(inner, Mark(IN_CODE))
            rule = "a bare value moved this rate's whole family before"
            remedy = "lay single levels over it first and the bare value last"
            raise ConfigError([Problem(mark.file, mark.line, mark.column, ".".join(inner), "", rule, remedy)])
        another = ("file" in over) != ("file" in base) and {"file", "value", "by"} & over.keys()
        if another and path[:1] == ("channels",) and len(path) == 3:  # a table over a plan, or a plan over a table
            _take_marks(path, marks, over_marks)
            return _clean(over)
        merged = dict(base)
        for key, value in over.items():
            inner = (*path, key)
            if value is None:
                merged.pop(key, None)
            elif key in merged:
                merged[key] = _merge(merged[key], value, inner, marks, over_marks)
            else:
                merged[key] = _clean(value)
                _take_marks(inner, marks, over_marks)
        return merged
    if path[:1] == ("attributes",) or path[-2:-1] == ("set",):  # draws, which have tables too
        _take_marks(path, marks, over_marks)
        return _clean(over)
    bare = isinstance(base, str) and (path[:1] == ("rates",) or looks_like_quantity(base))
    if bare and isinstance(over, dict) and over and over.keys() <= RATE_WORDS:
        place = marks.get(path, Mark(IN_CODE))
        _take_marks(path, marks, over_marks)
        marks[(*path, "value")] = place
        return {"value": base, **_clean(over)}
    if path[:1] == ("rates",) and path[2:] in ((), ("value",)) and is_change(over):
        over = _changed(base, over, over_marks.get(path, Mark(IN_CODE)), path)
    moves = path[:1] != ("resources",) and path[-1:] != ("spread",)  # so many people, whenever it is; another spread
    if is_rate(base) and isinstance(over, str) and moves:
        marks[(*path, MOVED)] = over_marks.get(path, Mark(IN_CODE))
        return {**base, MOVED: over}
    _take_marks(path, marks, over_marks)
    return _clean(over)


def _changed(base: Raw, change: str, mark: Mark, path: Path_) -> str:
    """Return what a rate is after a change relative to what it was."""
    try:
        return changed(base.get(MOVED, base.get("value")) if isinstance(base, dict) else base, change)
    except UnitError as error:
        problem = Problem(mark.file, mark.line, mark.column, ".".join(path), change, error.rule, error.remedy)
        raise ConfigError([problem]) from None


def _clean(raw: Raw) -> Raw:
    """Return a value without its deletions, which have nothing left to delete."""
    if isinstance(raw, dict):
        return {k: _clean(v) for k, v in raw.items() if v is not None}
    return raw


def _take_marks(path: Path_, marks: dict[Path_, Mark], over_marks: dict[Path_, Mark]) -> None:
    depth = len(path)
    for known in [m for m in marks if m[:depth] == path]:
        del marks[known]
    marks.update({m: mark for m, mark in over_marks.items() if m[:depth] == path})
