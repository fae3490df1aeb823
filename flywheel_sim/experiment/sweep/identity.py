"""What makes two sweeps the same, and what to say where a store was begun for another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.sweep.design import AS_WRITTEN
from flywheel_sim.scenario.overview import as_text
from flywheel_sim.scenario.source.deciding import CELLS, CHANGES, LEFT_OUT, SOLVED, deciding
from flywheel_sim.scenario.source.tree import MOVED, Path_

#: What of a header, beside the journey, must be the same to go on: how it is called, and what to do where it is not.
SAME: dict[str, tuple[str, str]] = {
    "version": ("version of flywheel_sim", "install the one it was begun with, or give another store"),
    "engine": ("engine", "give another store"),
    "seed": ("seed", "give the one it was begun with (seed=, --seed), or another store"),
    "factors": ("factors", "vary the same, or give another store"),
    "metrics": ("metrics", "ask for the same (of=, --of), or give another store"),
    "limits": ("limits", "give the same limits, or another store"),
}

#: Returns the fingerprints of strategies by the contents of another scenario, whose files are read anew.
Reread = Callable[[Mapping[str, Any]], Mapping[str, str]]

#: What the items of a section are called, and what is said of contents that are in no section.
_ITEMS = {"lines": "line", "rates": "rate", "attributes": "attribute", "channels": "channel", "resources": "resource",
          "journey": "stage", "while": "while", "levers": "lever", "costs": "cost", "events": "event"}  # fmt: skip
_BESIDE = {CHANGES: "set in code", LEFT_OUT: "left out in code", SOLVED: "spends solved for"}

#: Most differences that are listed, and characters of a value.
_LISTED, _WIDTH = 12, 80

#: What stands for a value that is not there.
_MISSING = object()


def refuse_mixing(
    path: Path | None,
    old: Mapping[str, Any],
    old_points: Sequence[Any],
    new: Mapping[str, Any],
    points: Sequence[Any],
    reread: Reread | None = None,
) -> None:
    """Raise if a store was begun for something else, saying what differs: old -> new, and the remedy.

    Raises
    ------
    ExperimentError
        If anything but texts of the journey and a larger number of replications differs.
    """
    journeys = list(_between_journeys(old["scenario"], new["scenario"])) or list(_between_files(old, new, reread))
    differences = _listed(journeys, "give the journey it was begun with, or another store")
    for name, (label, remedy) in SAME.items():
        if old.get(name) != new.get(name):
            pairs = _differing(old.get(name), new.get(name))
            differences.append(f"{label}: {', '.join(' '.join((*at, pair)) for at, pair in pairs)}; {remedy}")
    if not differences:
        kinds = [f"design {old.get('design')} -> {new.get('design')}"] * (old.get("design") != new.get("design"))
        if between := list(_between_points(old_points, points, new["factors"])):
            differences = _listed([*between, *kinds], "give the same design, or another store")
    if new["replications"] < old["replications"]:
        fewer = f"replications: {old['replications']:,} -> {new['replications']:,}"
        differences.append(f"{fewer}; ask for as many or more, or give another store")
    if differences:
        listed = "\n  ".join(differences)
        raise ExperimentError(f"{path}: begun for another sweep, and the two do not mix.\n  {listed}")


def _listed(lines: list[str], remedy: str) -> list[str]:
    """Return the first of some lines, the last of them with what to do."""
    if not lines:
        return []
    more = [f"and {len(lines) - _LISTED:,} more"] * (len(lines) > _LISTED)
    *first, last = [*lines[:_LISTED], *more]
    return [*first, f"{last}; {remedy}"]


# -- journeys -------------------------------------------------------------------------------------------


def _between_journeys(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield in words what differs between the contents of two scenarios and decides figures."""
    before, now = deciding(dict(old)), deciding(dict(new))
    unknown = {LEFT_OUT, SOLVED, CELLS} - old.keys()  # stores did not say them once
    changes = [(at, pair) for at, pair in _differing(before, now) if at[0] not in unknown]
    in_file = any(at[0] not in _BESIDE for at, _ in changes)
    for at, pair in changes:
        if at[0] == CELLS:
            name, *column = at[1:]
            yield f"the file {_plain(name)} has other content{''.join(f' in column {_plain(one)}' for one in column)}"
        elif at[0] != CHANGES or not in_file:  # what was changed in code stands in the file too
            yield f"{_place(at)}: {pair}"


def _between_files(old: Mapping[str, Any], new: Mapping[str, Any], reread: Reread | None) -> Iterator[str]:
    """Yield in words that strategies come to something else though the journey reads the same."""
    was, now, told = old["fingerprints"], new["fingerprints"], old["scenario"]
    both = was.keys() & now.keys()
    if all(was[name] == now[name] for name in both):
        return
    said = "what the strategies come to differs though the journey reads the same: "
    if CELLS in told:
        if json.dumps(told) == json.dumps(new["scenario"]):  # else texts differ, which stand in fingerprints
            yield f"{said}another version of a package may reckon it differently"
        return
    again = reread(told) if reread else {}
    if any(was[name] != again.get(name) for name in both):
        files = "".join(f", {_plain(name)} has other content" for name in new["scenario"].get(CELLS, ()))
        yield f"{said}other things are left out or spent in code{files}, or a package of another version reckons it"


def _place(at: Path_) -> str:
    """Return in words where something stands in a file: strategy flywheel, rate 'retention'."""
    first, *rest = at
    if first in _BESIDE:
        return _BESIDE[first]
    if first == "strategies" and rest:
        name, *inner = rest
        where = f"spend on {_plain(inner[1])}" if inner[:1] == ["spend"] and inner[1:] else inner and _place((*inner,))
        return f"strategy {_plain(name)}{f', {where}' if where else ''}"
    words = [first]
    if first in _ITEMS and rest:
        name = rest.pop(0)
        words = [f"rate '{name}'" if first == "rates" else f"{_ITEMS[first]} {name}"]
    while rest:
        step = rest.pop(0)
        if step == "events" and rest:
            words.append(f"event {rest.pop(0)}")
        elif step != "value":
            words.append("laid over it" if step == MOVED else step)
    return _plain(", ".join(words))


# -- values ---------------------------------------------------------------------------------------------


def _between_points(old: Sequence[Any], new: Sequence[Any], factors: Sequence[str]) -> Iterator[str]:
    """Yield in words what differs between two lists of design points, each a strategy and a value of each factor."""
    if len(old) != len(new):
        yield f"{len(old):,} design points -> {len(new):,}"
        return
    for number, (before, now) in enumerate(zip(old, new, strict=True)):
        if before != now:
            cells = zip(("strategy", *factors), before, now, strict=False)
            pairs = [f"{_plain(name)} {_pair(name, was, value)}" for name, was, value in cells if was != value]
            yield f"design point {number}: {', '.join(pairs)}"


def _pair(name: str, old: Any, new: Any) -> str:
    """Return two cells of a design point; where one is empty, the file holds."""
    empty = AS_WRITTEN if name == "strategy" else "as in the file"
    return _arrow(*(empty if one is None else one for one in (old, new)))


def _differing(old: Any, new: Any, at: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    """Yield where two values differ, mappings key by key, with what stood and stands there."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _differing(old.get(key, _MISSING), new.get(key, _MISSING), (*at, str(key)))
        if old.keys() == new.keys() and list(old) != list(new):
            yield (*at[:-1], f"order of {at[-1]}"), _arrow(list(old), list(new))
    elif old != new:
        yield at, _arrow(old, new)


def _arrow(old: Any, new: Any) -> str:
    """Return two values as texts; of long ones the part in which they differ."""
    before, now = _text(old), _text(new)
    ends = min(len(before), len(now))
    same = next((at for at in range(ends) if before[at] != now[at]), ends)
    if same < _WIDTH - 20:
        return f"{before[:_WIDTH]} -> {now[:_WIDTH]}"
    start = same - 20
    return f"...{before[start : start + _WIDTH - 3]} -> ...{now[start : start + _WIDTH - 3]}"


def _text(value: Any) -> str:
    if value is _MISSING or value == []:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    return "~" if value is None else _plain(as_text(value) if isinstance(value, dict) else str(value))


def _plain(text: str) -> str:
    """Return a text whose control characters are seen."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
