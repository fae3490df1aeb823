"""A strategy laid over the file: what it changes, what it leaves out, what it spends."""

from __future__ import annotations

from dataclasses import dataclass, field

from flywheel_sim.errors import ConfigError, Problem, nearest
from flywheel_sim.journey.units import TOO_FINE, Quantity, UnitError, looks_like_quantity, parse
from flywheel_sim.scenario.source.overlay import deletions, merge
from flywheel_sim.scenario.source.read import read
from flywheel_sim.scenario.source.schema import SECTIONS, SETTINGS, StrategySpec, long_form
from flywheel_sim.scenario.source.tree import Path_, Raw, Spot, Tree
from flywheel_sim.scenario.source.values import NewName

#: How many strategies may extend one another in a chain.
DEEPEST_CHAIN = 50

_KINDS = ("event", "channel", "lever")


@dataclass(slots=True)
class Choices:
    """What a strategy states that is no part of a file.

    Attributes
    ----------
    channels, events, levers
        What it leaves out: names, events as stage/event.
    spends
        What it spends on levers, by name.
    matched
        The channel or lever whose spend is to equal the reference's: (kind, name); None without.
    base
        The file itself, for whose rates the levers' figures hold.
    """

    channels: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    levers: set[str] = field(default_factory=set)
    spends: dict[str, Quantity] = field(default_factory=dict)
    matched: tuple[str, str] | None = None
    base: Tree | None = None


def check_names(tree: Tree, problems: list[Problem]) -> None:
    """Note every strategy whose name is none."""
    for name in tree.root.get("strategies") or {}:
        read(NewName, name, ("strategies", name), tree, problems)


def apply_strategy(tree: Tree, name: str, problems: list[Problem]) -> tuple[Tree, Choices]:
    """Return the file with a strategy laid over it, and the choices that are no part of a file."""
    strategies = tree.root.get("strategies") or {}
    chain: list[str] = []
    current: str | None = name
    while current is not None:
        path = ("strategies", *((chain[-1], "extends") if chain else ()))
        if current not in strategies:
            problems.append(tree.problem(path, current, "no strategy of that name", nearest(current, strategies)))
            return tree, Choices()
        if current in chain:
            problems.append(tree.problem(path, current, "strategies extend each other in a circle", "break it"))
            return tree, Choices()
        if len(chain) >= DEEPEST_CHAIN:
            rule = f"more than {DEEPEST_CHAIN} strategies extend one another in a chain"
            problems.append(tree.problem(path, current, rule, "let it extend one further up"))
            return tree, Choices()
        chain.append(current)
        strategy = strategies[current]
        extended = strategy.get("extends") if isinstance(strategy, dict) else None
        current = extended if isinstance(extended, str) else None  # else noted where the strategy is read
    choices = Choices()
    merged = tree
    for step in reversed(chain):
        merged = _apply_one(tree, merged, step, choices, problems)
    return merged, choices


def _apply_one(tree: Tree, merged: Tree, name: str, choices: Choices, problems: list[Problem]) -> Tree:
    path = ("strategies", name)
    raw = tree.at(path)
    if not isinstance(raw, dict):
        problems.append(tree.problem(path, raw, "a strategy is a mapping", "write {} for the file itself"))
        return merged
    own = {k: v for k, v in raw.items() if k in ("without", "spend", "extends")}
    spec = read(StrategySpec, own, path, tree, problems)
    rest = {k: v for k, v in raw.items() if k not in own}
    for key in rest:
        known = {*SETTINGS, *SECTIONS, "without", "spend", "extends"} - {"name", "strategies"}
        if key not in known:
            problems.append(tree.problem(path, None, f"'{key}' is no part of a strategy", nearest(key, known), key=key))
    for lever, changed in (rest.get("levers") or {}).items() if isinstance(rest.get("levers"), dict) else ():
        if lever in _items(merged, "levers") and isinstance(changed, dict) and "spend" in changed:
            place = (*path, "levers", lever, "spend")
            rule = "the rates hold at what the file spends on a lever, so a strategy does not change that"
            problems.append(
                tree.problem(place, changed["spend"], rule, f"write spend: {{{lever}: ...}} in the strategy")
            )
    if spec is None:
        return merged
    over = Tree(rest, tree.place.within("strategies").within(name))
    problems += deletions(over, merged, path)
    before = merged
    try:
        merged = merge(merged, over)
    except ConfigError as error:
        problems += error.problems
        return before
    for section in ("rates", "attributes", "channels", "journey"):
        problems += _unused(tree, before, over, merged, section, path)
    for wanted, text in (spec.spend or {}).items():
        merged = _spend(tree, merged, wanted, text, (*path, "spend"), choices, problems)
    if spec.without is not None:  # a list replaces the one it extends
        choices.channels.clear()
        choices.events.clear()
        choices.levers.clear()
    for index, item in enumerate(spec.without or []):
        leave_out(tree, merged, item, (*path, "without", str(index)), choices, problems)
    return merged


def _spend(
    tree: Tree, merged: Tree, wanted: str, text: str, path: Path_, choices: Choices, problems: list[Problem]
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
    is_lever = name in levers and kind != "channel"
    spent_on = ("lever" if is_lever else "channel", name)
    if text == "matched":
        item = (levers if is_lever else channels)[name]
        if not isinstance(item, dict) or "spend" not in item:
            problems.append(tree.problem(place, text, f"'{name}' has no spend to match", "name a channel with 'spend'"))
        elif choices.matched is not None and choices.matched != spent_on:
            rule = f"one spend is matched, and '{choices.matched[1]}' is already"
            problems.append(tree.problem(place, text, rule, "write this one as a figure"))
        choices.matched = spent_on
        return merged
    if choices.matched == spent_on:
        choices.matched = None
    if is_lever:
        spend = lever_spend(tree, text, levers[name], place, problems)
        if spend is not None:
            choices.spends[name] = spend
            choices.levers.discard(name)
        return merged
    rates = _items(merged, "rates")
    if not looks_like_quantity(text) and text not in rates:
        rule = "neither an amount of money, a name under 'rates' nor 'matched'"
        problems.append(tree.problem(place, text, rule, nearest(text, {*rates, "matched"})))
        return merged
    mark = tree.mark(place)
    return merge(merged, Tree({"channels": {name: {"spend": text}}}, Spot(mark)))


def lever_spend(tree: Tree, text: str, lever: Raw, path: Path_, problems: list[Problem]) -> Quantity | None:
    """Return what is spent on a lever, or None after noting that its unit is not that of the lever's own spend."""
    stated = lever.get("spend") if isinstance(lever, dict) else None
    if not isinstance(stated, str):
        problems.append(tree.problem(path, text, "a friction has no spend", "leave it out"))
        return None
    try:
        new = parse(text)
    except UnitError as error:
        problems.append(tree.problem(path, text, error.rule, error.remedy))
        return None
    try:
        old = parse(stated)
    except UnitError:
        return None  # noted where it stands
    if (new.form, new.per_what, bool(new.per_ms)) != (old.form, old.per_what, bool(old.per_ms)):
        rule = f"its unit differs from that of the lever's spend, '{stated}'"
        problems.append(tree.problem(path, text, rule, "state it per the same thing"))
        return None
    if tree.too_fine(new.number, path):
        problems.append(tree.problem(path, text, TOO_FINE, "round it, or state it for more of what is paid"))
        return None
    return new


def leave_out(tree: Tree, merged: Tree, item: str, path: Path_, choices: Choices, problems: list[Problem]) -> None:
    """Note one name of a ``without`` list: an event (wherever it is found), a channel or a lever."""
    events = merged.memo("events", _events)
    by_kind = {"event": events, "channel": _items(merged, "channels"), "lever": _items(merged, "levers")}
    kind, _, name = item.partition(".")
    if kind in _KINDS and name in by_kind[kind]:
        kinds = [kind]
    else:
        kinds, name = [k for k in _KINDS if item in by_kind[k]], item
    if len(kinds) > 1:
        rule = f"'{item}' is {' and '.join(('an ' if k == 'event' else 'a ') + k for k in kinds)}"
        problems.append(tree.problem(path, item, rule, "write " + " or ".join(f"{k}.{item}" for k in kinds)))
    elif not kinds:
        known = merged.memo("without", _may_be_left_out)
        wanted = item.partition(".")[2] if kind in _KINDS else item
        what = "event, channel or lever" if by_kind["lever"] else "event or channel"
        problems.append(tree.problem(path, item, f"no {what} of that name", nearest(wanted, known)))
    elif kinds == ["event"]:
        choices.events |= set(events[name])
    elif kinds == ["channel"]:
        choices.channels.add(name)
    else:
        choices.levers.add(name)


def _events(tree: Tree) -> dict[str, list[str]]:
    """Return every event as stage/event by the names that stand for it: its own, and stage.event."""
    events: dict[str, list[str]] = {}
    for section in ("journey", "while"):
        for owner, raw in _items(tree, section).items():
            owner_spec = long_form(owner, raw)
            if isinstance(owner_spec, dict) and isinstance(owner_spec.get("events"), dict):
                for event in owner_spec["events"]:
                    events.setdefault(event, []).append(f"{owner}/{event}")
                    events.setdefault(f"{owner}.{event}", []).append(f"{owner}/{event}")
    return events


def _may_be_left_out(tree: Tree) -> list[str]:
    """Return the names of events, channels and levers."""
    events = tree.memo("events", _events)
    return [*(event for event in events if "." not in event), *_items(tree, "channels"), *_items(tree, "levers")]


def _items(tree: Tree, section: str) -> dict[str, Raw]:
    """Return the raw items of a section by name, or nothing where it is no mapping."""
    items = tree.root.get(section)
    return items if isinstance(items, dict) else {}


def _unused(tree: Tree, before: Tree, over: Tree, merged: Tree, section: str, path: Path_) -> list[Problem]:
    """Return a problem for each item that a strategy adds to a section and that nothing in it names."""
    there, now = _items(before, section), _items(merged, section)
    added = [name for name in _items(over, section) if name in now and name not in there]
    added = [name for name in added if name not in over.memo("named", _named)]
    added = [name for name in added if name not in before.memo("named", _named)
             or name not in merged.memo("named", _named)]  # fmt: skip
    sources = {"rate", "batch", "present", "spend"}
    return [
        tree.problem((*path, section), None, f"the strategy adds '{name}', which nothing uses",
                     nearest(name, there), key=name)
        for name in added
        if not (section == "channels" and sources & set(now[name] or ()))
    ]  # fmt: skip


def _named(tree: Tree) -> set[str]:
    """Return every text of a file and every key within its items, where names of other items stand."""
    named: set[str] = set()

    def walk(raw: Raw, depth: int) -> None:
        if isinstance(raw, str):
            named.add(raw)
        for key, value in raw.items() if isinstance(raw, dict) else ():
            if depth > 1 and value is not None:
                named.add(key)
            walk(value, depth + 1)
        for value in raw if isinstance(raw, list) else ():
            walk(value, depth + 1)

    walk({k: v for k, v in tree.root.items() if k != "strategies"}, 0)
    return named
