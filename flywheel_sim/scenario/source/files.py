"""Journey files and the files they extend."""

from __future__ import annotations

import os
from pathlib import Path

from flywheel_sim.errors import ConfigError
from flywheel_sim.scenario.source.tree import Tree, deletions, merge, read_file


def exists(path: Path) -> bool:
    """Tell whether there is something at a path that the system can look up at all."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def read_extended(path: Path, seen: tuple[Path, ...] = ()) -> Tree:
    """Return the tree of a file laid over the file it extends, and so on; ``seen`` are those that extend it.

    Raises
    ------
    ConfigError
        If one is no journey file, or extends what it cannot.
    DataError
        If one cannot be read.
    """
    tree = read_file(path)
    base = tree.root.get("extends")
    if base is None:
        return tree
    if not isinstance(base, str):
        rule = "one file to extend belongs here"
        raise ConfigError([tree.problem(("extends",), None, rule, "write extends: base.yaml")])
    parent = Path(os.path.abspath(path.parent / base))
    here = Path(os.path.abspath(path))
    if parent in seen or parent == here:
        raise ConfigError([tree.problem(("extends",), base, "files extend each other in a circle", "break it")])
    if not exists(parent):
        raise ConfigError([tree.problem(("extends",), base, "no such file", "give its path from this file")])
    inherited = read_extended(parent, (*seen, here))
    if problems := deletions(tree, inherited):
        raise ConfigError(problems)
    merged = merge(inherited, tree)
    merged.root.pop("extends", None)
    return merged
