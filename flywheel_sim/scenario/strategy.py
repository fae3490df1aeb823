"""A strategy laid over the file: what it changes, what it does without, what it spends."""

from __future__ import annotations

from dataclasses import dataclass, field

from flywheel_sim.errors import Problem, nearest
from flywheel_sim.scenario.read import read
from flywheel_sim.scenario.schema import LATER, SECTIONS, SETTINGS, StrategySpec, long_form
from flywheel_sim.scenario.tree import Path_, Raw, Tree, deletions, merge, tree_of
from flywheel_sim.scenario.units import UnitError, looks_like_quantity, parse

_LATER = "belongs to the language, but this version does not run it yet"
_KINDS = ("event", "channel", "lever")


@dataclass(slots=True)
class Removed:
    """What a strategy does without: channel names, and events as stage/event.

    ``later`` holds what the strategy says that this version reads but does not run, by what it
    concerns: (what, name). A strategy with any of it cannot run.
    """

    channels: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    later: dict[tuple[str, str], Problem] = field(default_factory=dict)


def apply_strategy(tree: Tree, name: str, problems: list[Problem]) -> tuple[Tree, Removed]:
    """Return the file with a strategy laid over it, and what the strategy does without."""
    strategies = tree.root.get("strategies") or {}
    chain: list[str] = []
    here: str | None = name
    while here is not None:
        path = ("strategies", *((chain[-1], "extends") if chain else ()))
        if here not in strategies:
            problems.append(tree.problem(path, here, "no strategy of that name", nearest(here, strategies)))
            return tree, Removed()
        if here in chain:
            problems.append(tree.problem(path, here, "strategies extend each other in a circle", "break it"))
            return tree, Removed()
        chain.append(here)
        held = strategies[here]
        here = held.get("extends") if isinstance(held, dict) else None
    removed = Removed()
    merged = tree
    for step in reversed(chain):
        merged = _apply_one(tree, merged, step, removed, problems)
    return merged, removed


def _apply_one(tree: Tree, merged: Tree, name: str, removed: Removed, problems: list[Problem]) -> Tree:
    path = ("strategies", name)
    held = tree.at(path)
    if not isinstance(held, dict):
        problems.append(tree.problem(path, held, "a strategy is a mapping", "write {} for the file itself"))
        return merged
    own = {k: v for k, v in held.items() if k in ("without", "spend", "extends")}
    spec = read(StrategySpec, own, path, tree, problems)
    rest = {k: v for k, v in held.items() if k not in own}
    for key in rest:
        known = {*SETTINGS, *SECTIONS, "without", "spend", "extends"} - {"name", "strategies"}
        if LATER.get(key) == "section":
            problems.append(tree.problem(path, None, f"the section '{key}' {_LATER}", "leave it out for now", key=key))
        elif key not in known:
            problems.append(tree.problem(path, None, f"'{key}' is no part of a strategy", nearest(key, known), key=key))
    if "levers" in rest:
        removed.later["levers", ""] = tree.problem(path, None, f"a strategy that changes levers {_LATER}",
                                                   "leave it out for now", key="levers")  # fmt: skip
    if spec is None:
        return merged
    over = Tree(rest, {m[2:]: mark for m, mark in tree.marks.items() if m[:2] == path})
    problems += deletions(over, merged, path)
    before, merged = merged, merge(merged, over)
    for section in ("rates", "attributes", "channels", "journey"):
        problems += _idle(tree, before, merged, section, path)
    for wanted, text in (spec.spend or {}).items():
        merged = _spend(tree, merged, wanted, text, (*path, "spend"), removed, problems)
    if spec.without is not None:  # a list replaces the one it extends
        removed.channels.clear()
        removed.events.clear()
        removed.later = {key: held for key, held in removed.later.items() if key[0] != "without"}
    for index, item in enumerate(spec.without or []):
        _without(tree, merged, item, (*path, "without", str(index)), removed, problems)
    return merged


def _spend(
    tree: Tree, merged: Tree, wanted: str, text: str, path: Path_, removed: Removed, problems: list[Problem]
) -> Tree:
    """Return the file with what a strategy spends on one channel or lever."""
    channels, levers = _items(merged, "channels"), _items(merged, "levers")
    kind, _, name = wanted.rpartition(".")
    if kind not in ("channel", "lever"):
        kind, name = "", wanted
    if not kind and name in channels and name in levers:
        rule = f"'{name}' is a channel and a lever"
        problems.append(tree.problem(path, None, rule, f"write channel.{name} or lever.{name}", key=wanted))
        return merged
    if name not in (channels if kind == "channel" else levers if kind == "lever" else {*channels, *levers}):
        known = {"channel": channels, "lever": levers}.get(kind, {*channels, *levers})
        what = kind or ("channel or lever" if levers else "channel")
        problems.append(tree.problem(path, None, f"no {what} '{name}'", nearest(name, known), key=wanted))
        return merged
    place = (*path, wanted)
    if name in levers and kind != "channel":
        if text != "matched":
            _check_lever_spend(tree, text, levers[name], place, problems)
        removed.later["spend", f"lever.{name}"] = tree.problem(
            place, text, f"another spend of a lever {_LATER}", "leave it out for now"
        )
        return merged
    if text == "matched":
        removed.later["spend", name] = tree.problem(
            place, text, f"'matched' {_LATER}", "write the spend as a figure, such as 8000 per month"
        )
        held = channels[name]
        if not isinstance(held, dict) or "spend" not in held:
            problems.append(tree.problem(place, text, f"'{name}' has no spend to match", "name a channel with 'spend'"))
        return merged
    rates = _items(merged, "rates")
    if not looks_like_quantity(text) and text not in rates:
        rule = "neither an amount of money, a name under 'rates' nor 'matched'"
        problems.append(tree.problem(place, text, rule, nearest(text, {*rates, "matched"})))
        return merged
    removed.later.pop(("spend", name), None)
    mark = tree.mark(place)
    laid = tree_of({"channels": {name: {"spend": text}}}, mark.file)
    laid.marks = dict.fromkeys(laid.marks, mark)
    return merge(merged, laid)


def _check_lever_spend(tree: Tree, text: str, lever: Raw, path: Path_, problems: list[Problem]) -> None:
    """Note a spend that is not said per what the lever's own spend is."""
    stated = lever.get("spend") if isinstance(lever, dict) else None
    if not isinstance(stated, str):
        problems.append(tree.problem(path, text, "a friction has no spend", "leave it out"))
        return
    try:
        new = parse(text)
    except UnitError as error:
        problems.append(tree.problem(path, text, error.rule, error.remedy))
        return
    try:
        old = parse(stated)
    except UnitError:
        return  # noted where it stands
    if (new.form, new.per_what, bool(new.per_ms)) != (old.form, old.per_what, bool(old.per_ms)):
        rule = f"its unit differs from that of the lever's spend, '{stated}'"
        problems.append(tree.problem(path, text, rule, "state it per the same thing"))


def _without(tree: Tree, merged: Tree, item: str, path: Path_, removed: Removed, problems: list[Problem]) -> None:
    """Note one name of a ``without`` list: an event (wherever it is found), a channel or a lever."""
    events: dict[str, list[str]] = {}
    for section in ("journey", "while"):
        for owner, raw in _items(merged, section).items():
            held = long_form(owner, raw)
            if isinstance(held, dict) and isinstance(held.get("events"), dict):
                for event in held["events"]:
                    events.setdefault(event, []).append(f"{owner}/{event}")
                    events.setdefault(f"{owner}.{event}", []).append(f"{owner}/{event}")
    found = {"event": events, "channel": _items(merged, "channels"), "lever": _items(merged, "levers")}
    kind, _, name = item.partition(".")
    if kind in _KINDS and name in found[kind]:
        kinds = [kind]
    else:
        kinds, name = [k for k in _KINDS if item in found[k]], item
    if len(kinds) > 1:
        rule = f"'{item}' is {' and '.join(('an ' if k == 'event' else 'a ') + k for k in kinds)}"
        problems.append(tree.problem(path, item, rule, "write " + " or ".join(f"{k}.{item}" for k in kinds)))
    elif not kinds:
        known = [*(e for e in events if "." not in e), *found["channel"], *found["lever"]]
        wanted = item.partition(".")[2] if kind in _KINDS else item
        what = "event, channel or lever" if found["lever"] else "event or channel"
        problems.append(tree.problem(path, item, f"no {what} of that name", nearest(wanted, known)))
    elif kinds == ["event"]:
        removed.events |= set(events[name])
    elif kinds == ["channel"]:
        removed.channels.add(name)
    else:
        rule = f"doing without a lever {_LATER}"
        removed.later["without", name] = tree.problem(path, item, rule, "leave it out for now")


def _items(tree: Tree, section: str) -> dict[str, Raw]:
    """Return the raw items of a section by name, or nothing where it is no mapping."""
    held = tree.root.get(section)
    return held if isinstance(held, dict) else {}


def _idle(tree: Tree, before: Tree, merged: Tree, section: str, path: Path_) -> list[Problem]:
    """Return a problem for each item that a strategy adds to a section and that nothing in it names."""
    added = [name for name in _items(merged, section) if name not in _items(before, section)]
    if not added:
        return []
    named: set[str] = set()

    def walk(raw: Raw, depth: int) -> None:
        if isinstance(raw, str):
            named.add(raw)
        for key, value in raw.items() if isinstance(raw, dict) else ():
            if depth > 1:
                named.add(key)
            walk(value, depth + 1)
        for value in raw if isinstance(raw, list) else ():
            walk(value, depth + 1)

    walk({k: v for k, v in merged.root.items() if k != "strategies"}, 0)
    sources = {"rate", "batch", "present", "spend"}
    return [
        tree.problem((*path, section), None, f"the strategy adds '{name}', which nothing uses",
                     nearest(name, _items(before, section)), key=name)
        for name in added
        if name not in named and not (section == "channels" and sources & set(_items(merged, section)[name] or ()))
    ]  # fmt: skip
