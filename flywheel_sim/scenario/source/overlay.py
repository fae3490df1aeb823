"""One file laid over another: ``extends``, strategies, values set from code.

Mappings merge, lists and ``strategies`` replace, ``~`` deletes, a bare value over a rate moves its whole
family, and a rate without a value laid over a bare value keeps that one.
"""

from __future__ import annotations

from flywheel_sim.errors import ConfigError, Problem
from flywheel_sim.journey.units import UnitError, looks_like_quantity
from flywheel_sim.scenario.source.changes import changed, is_change
from flywheel_sim.scenario.source.tree import IN_CODE, KEY, MOVED, Mark, Path_, Raw, Spot, Tree

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
    below, below_place = _plans_spelt_out(base.root, over.root, base.place)
    merged = Tree(*_merge(below, over.root, (), below_place, over.place), folders=base.folders)
    merged.size = base.size + over.size
    return merged


def _plans_spelt_out(base: Raw, over: Raw, place: Spot) -> tuple[Raw, Spot]:
    """Return base with each named plan that a bare spend is laid over as a rate of its own, so that it keeps its shape.

    ``spend: plan`` becomes ``spend: {value: plan}`` where the rate `plan` has a table or a file.
    """
    channels, changed = _inside(base, "channels"), _inside(over, "channels")
    if not isinstance(channels, dict) or not isinstance(changed, dict):
        return base, place
    for name, channel in changed.items():
        mine, theirs = _inside(_inside(channels, name), "spend"), _inside(channel, "spend")
        if isinstance(mine, str) and isinstance(theirs, str) and looks_like_quantity(theirs):
            plan = _named(base.get("rates"), mine)
            if isinstance(plan, dict) and {"by", "times", "file"} & plan.keys():
                channels = {**channels, name: channels[name] | {"spend": {"value": mine}}}
                inside = place.within("channels").within(name)
                spend = inside.within("spend").with_inner("value", Spot(inside.within("spend").mark))
                channel_place = inside.with_inner("spend", spend)
                place = place.with_inner("channels", place.within("channels").with_inner(name, channel_place))
    return base | {"channels": channels}, place


def _inside(raw: Raw, key: str) -> Raw:
    return raw.get(key) if isinstance(raw, dict) else None


def _named(rates: Raw, name: str) -> Raw:
    """Return what a name of a rate stands for, other names followed."""
    raw: Raw = name
    for _ in rates or ():
        if not isinstance(raw, str):
            break
        raw = _inside(rates, raw)
    return raw


def _merge(base: Raw, over: Raw, path: Path_, place: Spot, over_place: Spot) -> tuple[Raw, Spot]:
    """Return a value with another laid over it, and its place."""
    if isinstance(base, dict) and isinstance(over, dict) and path != ("strategies",):
        if MOVED in base and (again := [key for key in ("value", "by", "times") if key in over]):
            if not {"by", "times"} & {*base, *over}:
                return _merge({k: v for k, v in base.items() if k != MOVED}, over, path, place, over_place)
            inner = over_place.within(again[0])
            mark = inner.key or inner.mark or Mark(IN_CODE)
            rule = "a bare value moved this rate's whole family before"
            remedy = "lay single levels over it first and the bare value last"
            where = ".".join((*path, again[0]))
            raise ConfigError([Problem(mark.file, mark.line, mark.column, where, "", rule, remedy)])
        another = ("file" in over) != ("file" in base) and {"file", "value", "by"} & over.keys()
        if another and path[:1] == ("channels",) and len(path) == 3:  # a table over a plan, or a plan over a table
            return _clean(over), over_place
        return _merge_mappings(base, over, path, place, over_place)
    if path[:1] == ("attributes",) or path[-2:-1] == ("set",):  # draws, which have tables too
        return _clean(over), over_place
    bare = isinstance(base, str) and (path[:1] == ("rates",) or looks_like_quantity(base))
    if bare and isinstance(over, dict) and over and over.keys() <= RATE_WORDS:
        return {"value": base, **_clean(over)}, over_place.with_inner("value", Spot(place.mark))
    if path[:1] == ("rates",) and path[2:] in ((), ("value",)) and is_change(over):
        over = _changed(base, over, over_place.mark or Mark(IN_CODE), path)
    moves = path[:1] != ("resources",) and path[-1:] != ("spread",)  # so many people, whenever it is; another spread
    if is_rate(base) and isinstance(over, str) and moves:
        return {**base, MOVED: over}, place.with_inner(MOVED, Spot(over_place.mark))
    return _clean(over), over_place


def _merge_mappings(base: Raw, over: Raw, path: Path_, place: Spot, over_place: Spot) -> tuple[Raw, Spot]:
    """Return a mapping with another laid over it, key by key, and its place; all that does not change is shared."""
    merged, places = dict(base), dict(place.inner) if isinstance(place.inner, dict) else {}
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif key in merged:
            merged[key], places[key] = _merge(
                merged[key], value, (*path, key), place.within(key), over_place.within(key)
            )
        else:
            merged[key], places[key] = _clean(value), over_place.within(key)
    return merged, place._replace(inner=places)


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
