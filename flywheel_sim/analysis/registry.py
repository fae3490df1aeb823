"""The register of questions: a folder under ``analysis/`` that declares one shows up wherever questions are.

A folder's ``__init__`` holds ``QUESTION = Question(...)``: its verbs, results and charts by name, with the module each
lives in, as texts, so that nothing heavy is loaded before it is used. What else there is goes by convention:
``section.sections(result)`` makes the sections of the report, ``command.COMMANDS`` are its commands.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flywheel_sim import analysis
from flywheel_sim.errors import ExperimentError

_ROOT = "flywheel_sim"


@dataclass(frozen=True)
class Question:
    """What a question offers; names map to modules: ``search`` in the folder, ``experiment.runs`` from the root.

    Attributes
    ----------
    verbs
        Functions that answer it.
    results
        Classes of answers: what its section of the report takes.
    others
        Further public names.
    charts
        Functions of its ``charts`` module.
    """

    verbs: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    charts: tuple[str, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """Return every public name with its module."""
        return {**self.verbs, **self.results, **self.others}


def questions() -> dict[str, Question]:
    """Return every question by its folder, in alphabetical order."""
    return _found(tuple(analysis.__path__))


@cache
def _found(path: tuple[str, ...]) -> dict[str, Question]:
    folders = sorted(info.name for info in pkgutil.iter_modules(path) if info.ispkg)
    by_folder = {name: getattr(import_module(f"{_ROOT}.analysis.{name}"), "QUESTION", None) for name in folders}
    return {name: one for name, one in by_folder.items() if one is not None}


def names() -> dict[str, str]:
    """Return the module of every public name of a question, from the package on."""
    return {
        name: home if "." in home else f"analysis.{folder}.{home}"
        for folder, one in questions().items() for name, home in one.names.items()
    }  # fmt: skip


def charts() -> dict[str, str]:
    """Return the module of every chart, from the package on."""
    return {name: f"analysis.{folder}.charts" for folder, one in questions().items() for name in one.charts}


def load(home: str, name: str) -> Any:
    """Return what stands under a name in a module of the package."""
    return getattr(import_module(f"{_ROOT}.{home}"), name)


def part_of(folder: str, part: str) -> Any:
    """Return a module of a question's folder, such as its ``section``; None where it has none."""
    name = f"{_ROOT}.analysis.{folder}.{part}"
    return import_module(name) if find_spec(name) else None


def sections_of(result: Any) -> list[Any]:
    """Return the sections of the report that a result makes.

    Raises
    ------
    ExperimentError
        If it is no answer to a question.
    """
    kinds = {kind.__name__ for kind in type(result).__mro__}
    for folder, one in questions().items():
        section = part_of(folder, "section") if kinds & set(one.results) else None
        if section is not None:
            return list(section.sections(result))
    raise ExperimentError(f"a report holds no {type(result).__name__}: it takes what fs.compare and the like return")
