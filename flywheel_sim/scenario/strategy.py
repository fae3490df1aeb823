"""A strategy laid over the file: what it changes, what it does without, what it spends."""

from __future__ import annotations

from dataclasses import dataclass, field

from flywheel_sim.errors import Problem, nearest
from flywheel_sim.scenario.read import read
from flywheel_sim.scenario.schema import LATER, SECTIONS, SETTINGS, StrategySpec, long_form
from flywheel_sim.scenario.tree import Path_, Raw, Tree, deletions, merge, tree_of


@dataclass(slots=True)
class Removed:
    """What a strategy does without: channel names, and events as stage/event."""

    channels: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)


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
            rule = f"the section '{key}' belongs to the language, but this version does not run it yet"
            problems.append(tree.problem(path, None, rule, "leave it out for now", key=key))
        elif key not in known:
            problems.append(tree.problem(path, None, f"'{key}' is no part of a strategy", nearest(key, known), key=key))
    if spec is None:
        return merged
    over = Tree(rest, {m[2:]: mark for m, mark in tree.marks.items() if m[:2] == path})
    problems += deletions(over, merged, path)
    before, merged = merged, merge(merged, over)
    for section in ("rates", "attributes", "channels", "journey"):
        problems += _idle(tree, before, merged, section, path)
    for channel, text in (spec.spend or {}).items():
        spend_path = (*path, "spend")
        if channel not in (names := _items(merged, "channels")):
            rule = f"no channel '{channel}'"
            problems.append(tree.problem(spend_path, None, rule, nearest(channel, names), key=channel))
        elif text == "matched":
            problems.append(
                tree.problem((*spend_path, channel), text,
                             "'matched' belongs to the language, but this version does not run it yet",
                             "write the spend as a figure, such as 8000 per month")
            )  # fmt: skip
        else:
            mark = tree.mark((*spend_path, channel))
            laid = tree_of({"channels": {channel: {"spend": text}}}, mark.file)
            laid.marks = dict.fromkeys(laid.marks, mark)
            merged = merge(merged, laid)
    if spec.without is not None:  # a list replaces the one it extends
        removed.channels.clear()
        removed.events.clear()
    for index, item in enumerate(spec.without or []):
        _without(tree, merged, item, (*path, "without", str(index)), removed, problems)
    return merged


def _without(tree: Tree, merged: Tree, item: str, path: Path_, removed: Removed, problems: list[Problem]) -> None:
    """Note one name of a ``without`` list: an event (in every stage that has it) or a channel."""
    events: dict[str, list[str]] = {}
    for stage, raw in _items(merged, "journey").items():
        held = long_form(stage, raw)
        if isinstance(held, dict) and isinstance(held.get("events"), dict):
            for event in held["events"]:
                events.setdefault(event, []).append(f"{stage}/{event}")
                events.setdefault(f"{stage}.{event}", []).append(f"{stage}/{event}")
    channels = _items(merged, "channels")
    kind, _, name = item.partition(".")
    if kind == "event" and name in events:
        removed.events |= set(events[name])
    elif kind == "channel" and name in channels:
        removed.channels.add(name)
    elif item in events and item in channels:
        rule = f"'{item}' is an event and a channel"
        problems.append(tree.problem(path, item, rule, f"write event.{item} or channel.{item}"))
    elif item in events:
        removed.events |= set(events[item])
    elif item in channels:
        removed.channels.add(item)
    else:
        known = [*(e for e in events if "." not in e), *channels]
        wanted = name if kind in ("event", "channel") else item
        problems.append(tree.problem(path, item, "no event or channel of that name", nearest(wanted, known)))


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
