"""What makes two sweeps the same, and what to say where a store was begun for another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flywheel_sim.errors import ExperimentError

#: What of a header must be the same to go on, how it is called, and what to do where it is not.
SAME: dict[str, tuple[str, str]] = {
    "scenario": ("scenario", "give the journey it was begun with, or another store"),
    "fingerprints": ("what the strategies come to", "give the journey it was begun with, or another store"),
    "version": ("version of flywheel_sim", "install the one it was begun with, or give another store"),
    "engine": ("engine", "give another store"),
    "seed": ("seed", "give the one it was begun with (seed=, --seed), or another store"),
    "factors": ("factors", "vary the same, or give another store"),
    "metrics": ("metrics", "ask for the same (of=, --of), or give another store"),
    "limits": ("limits", "give the same limits, or another store"),
}


def refuse_mixing(
    path: Path | None, old: Mapping[str, Any], old_points: Sequence[Any], new: Mapping[str, Any], points: Sequence[Any]
) -> None:
    """Raise if a store was begun for something else, saying what differs: old -> new, and the remedy.

    Raises
    ------
    ExperimentError
        If anything but a larger number of replications differs.
    """
    differences = []
    for name, (label, remedy) in SAME.items():
        if old.get(name) != new.get(name):
            differences.append(f"{label}: {_difference(old.get(name), new.get(name))}; {remedy}")
    if not differences and old_points != list(points):
        at = next((i for i, (a, b) in enumerate(zip(old_points, points, strict=False)) if a != b), None)
        if at is None:
            difference = f"{len(old_points):,} design points -> {len(points):,}"
        else:
            difference = f"design point {at}: {_short(old_points[at])} -> {_short(points[at])}"
        kinds = (
            f" (design {old.get('design')} -> {new.get('design')})" if old.get("design") != new.get("design") else ""
        )
        differences.append(f"{difference}{kinds}; give the same design, or another store")
    if new["replications"] < old["replications"]:
        fewer = f"replications: {old['replications']:,} -> {new['replications']:,}"
        differences.append(f"{fewer}; ask for as many or more, or give another store")
    if differences:
        listed = "\n  ".join(differences)
        raise ExperimentError(f"{path}: begun for another sweep, and the two do not mix.\n  {listed}")


def _difference(old: Any, new: Any) -> str:
    """Return what differs between two values of a header, mappings key by key."""
    if isinstance(old, dict) and isinstance(new, dict):
        flat_old, flat_new = dict(_flat(old, "")), dict(_flat(new, ""))
        keys = [k for k in dict.fromkeys([*flat_old, *flat_new]) if flat_old.get(k) != flat_new.get(k)]
        changes = [f"{k} {_short(flat_old.get(k))} -> {_short(flat_new.get(k))}" for k in keys[:5]]
        return ", ".join(changes) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")
    return f"{_short(old)} -> {_short(new)}"


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_short(one) for one in value) or "none"
    return "none" if value is None else str(value)[:80]
