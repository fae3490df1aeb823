"""Reading a scenario: a file, a text, or a journey that comes with the package.

``load`` reads and checks a file with every strategy in it, so that a `Scenario` in hand can run.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

from flywheel_sim.arguments import NAME, checked, either, like, listed, optional, path
from flywheel_sim.errors import ConfigError, DataError
from flywheel_sim.scenario.model import Scenario
from flywheel_sim.scenario.source.files import exists, folders_of, read_extended
from flywheel_sim.scenario.source.tree import Path_, Raw, Tree
from flywheel_sim.scenario.source.yaml_text import read_text
from flywheel_sim.texts import visible

__all__ = ["Scenario", "load", "loads", "shipped"]

#: What `loads` takes; what is wrong with a text, an empty one too, is said with its place.
TEXT = like("the text of a journey", "'name: Shop ...'", lambda given: isinstance(given, str))

_FOLDER = path("the path of a folder", "'data'")

#: Folders whose files a journey may name.
DATA = optional(either(_FOLDER, listed(_FOLDER, "a list of folders", "['data']", 0)))

#: How many a file may have of what is looked at one by one, and what to do instead.
MOST = {
    "strategies": (5_000, "vary rates with flywheel sweep"),
    "journey": (10_000, "tell people apart by attributes, not by stages"),
    "channels": (10_000, "put those together that cost and convert alike"),
}

#: The same of the events of one stage.
MOST_EVENTS = (1_000, "split the stage")

_CONFIGS = Path(__file__).resolve().parent.parent / "configs"
_CONFIGS_IN_SOURCE = Path(__file__).resolve().parent.parent.parent / "configs"


@checked({})
def shipped() -> tuple[str, ...]:
    """Return the names of the journeys that come with the package.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> "subscription" in fs.shipped()
    True
    """
    return tuple(sorted(path.stem for path in _configs().glob("*.yaml")))


def _configs() -> Path:
    return _CONFIGS if _CONFIGS.is_dir() else _CONFIGS_IN_SOURCE


@checked(
    {"source": path("the name of a shipped journey or the path of a file", "'subscription'"), "data": DATA},
    error=DataError,
)
def load(source: str | Path, data: str | Path | Sequence[str | Path] | None = None) -> Scenario:
    """Return the scenario of a journey file, checked with all its strategies.

    Parameters
    ----------
    source
        A bare word is the name of a shipped journey, such as ``subscription``; anything with a slash or an ending, such
        as ``./mine`` or ``mine.yaml``, is the path of a YAML file.
    data
        A folder, or several, whose files the journey may name too, beside those of its own folder, of the current one
        and of what lies below them.

    Raises
    ------
    ConfigError
        With every problem of the file, each with its place, rule and remedy.
    DataError
        If there is no such file, or it cannot be read.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.load("subscription").strategies
    ('funnel', 'flywheel')
    """
    named = isinstance(source, str) and not Path(source).suffix and not set(source) & set("/\\") and source.strip(".")
    file = _configs() / f"{source}.yaml" if named else Path(source)
    if not exists(file):
        if not named:
            raise DataError(f"{source}: no such file; give the path of a YAML file, or one of: {', '.join(shipped())}")
        near = difflib.get_close_matches(str(source), shipped(), n=1, cutoff=0.5)
        remedy = f"did you mean '{near[0]}'?" if near else f"shipped: {', '.join(shipped())}"
        files = [Path(source), *(Path(f"{source}{ending}") for ending in (".yaml", ".yml"))]
        here = next((f"; or write ./{file} for the file of that name" for file in files if exists(file)), "")
        raise DataError(f"{source}: no file and no shipped journey of that name; {remedy}{here}")
    return _checked(read_extended(file, folders_of(file, _listed(data))), str(file))


@checked({"text": TEXT, "name": NAME, "data": DATA}, error=DataError)
def loads(text: str, name: str = "<text>", data: str | Path | Sequence[str | Path] | None = None) -> Scenario:
    """Return the scenario of a YAML text, checked with all its strategies.

    Parameters
    ----------
    text
        The journey.
    name
        What messages call it.
    data
        A folder, or several, whose files it may name beside those of the current folder.

    Raises
    ------
    ConfigError
        With every problem of the text.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> try:
    ...     fs.loads("name: Half a journey")
    ... except fs.ConfigError as error:
    ...     print(error.problems[0])
    <text>:1:1 channels: 'channels' is required; add channels: ...
    """
    tree = read_text(text, name)
    tree.folders = folders_of(None, _listed(data))
    if "extends" in tree.root:
        raise ConfigError([tree.problem((), None, "a text cannot extend a file", "load it from a file", "extends")])
    return _checked(tree, name)


def _listed(data: str | Path | Sequence[str | Path] | None) -> Sequence[str | Path]:
    return () if data is None else [data] if isinstance(data, str | os.PathLike) else data


def _refuse_too_many(tree: Tree) -> None:
    """Raise where a file has more of something than can be looked at one by one."""
    stages = tree.root.get("journey")
    looked: list[tuple[Path_, Raw, int, str]]
    looked = [((section,), tree.root.get(section), *bounds) for section, bounds in MOST.items()]
    for name, stage in stages.items() if isinstance(stages, dict) else ():
        if isinstance(stage, dict):
            looked.append((("journey", name, "events"), stage.get("events"), *MOST_EVENTS))
    for at, items, most, remedy in looked:
        if isinstance(items, dict) and len(items) > most:
            rule = f"{len(items):,} of them, at most {most:,} may be"
            raise ConfigError([tree.problem(at[:-1], None, rule, remedy, at[-1])])


def _checked(tree: Tree, origin: str) -> Scenario:
    strategies = tree.root.get("strategies")
    if strategies is not None and not isinstance(strategies, dict):
        raise ConfigError([tree.problem(("strategies",), strategies, "strategies are a mapping of names",
                                        "write funnel: {without: [...]}")])  # fmt: skip
    _refuse_too_many(tree)
    scenario = Scenario(tree, origin=visible(origin))
    scenario.check()
    return scenario
