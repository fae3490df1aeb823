"""The file as written: nested dicts and lists of raw texts, each with its place.

YAML is read through its events, so that `no`, `on` and `1:30` stay text and every scalar keeps line
and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flywheel_sim.errors import ConfigError, DataError, Problem
from flywheel_sim.journey.units import millionths
from flywheel_sim.scenario.source.regular import Unreadable, open_regular, too_large
from flywheel_sim.texts import visible

#: A raw value: text, None for ``~``, or nested mappings and lists of these.
Raw = Any
Path_ = tuple[str, ...]

#: The key under which a merge leaves the bare value that moves a rate's family.
MOVED = "(moved to)"

#: How many brackets or indented levels a file may nest.
DEEPEST = 60

#: The largest journey file, in bytes.
MOST_BYTES = 5 * 10**6

#: The place of what is not written in any file.
IN_CODE = "<values set in code>"

#: The last step of the path under which the place of a key, not of its value, is kept.
KEY = "(key)"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; line and column count from 1, 0 for values given in code."""

    file: str
    line: int = 0
    column: int = 0


@dataclass(slots=True)
class Tree:
    """Raw values with the place of every key and value, and the folders whose files it may name."""

    root: dict[str, Raw]
    marks: dict[Path_, Mark] = field(default_factory=dict)
    folders: tuple[str, ...] = ()

    def mark(self, path: Path_) -> Mark:
        """Return the place of a value, or of the nearest thing around it that has one."""
        while path and path not in self.marks:
            path = path[:-1]
            if (*path, KEY) in self.marks:
                return self.marks[(*path, KEY)]
        return self.marks.get(path, Mark(IN_CODE))

    def at(self, path: Path_) -> Raw:
        """Return the raw value at a path, or None where there is none."""
        node: Raw = self.root
        for key in path:
            if isinstance(node, dict) and key in node:
                node = node[key]
            elif isinstance(node, list) and key.isdigit() and int(key) < len(node):
                node = node[int(key)]
            else:
                return None
        return node

    def locate(self, path: Path_) -> Path_:
        """Return the path as written: steps that inline forms leave out are dropped."""
        node: Raw = self.root
        written: list[str] = []
        for key in path:
            if isinstance(node, dict) and key in node:
                node = node[key]
            elif isinstance(node, list) and key.isdigit() and int(key) < len(node):
                node = node[int(key)]
            else:
                continue
            written.append(key)
        return tuple(written)

    def too_fine(self, amount: float, path: Path_) -> bool:
        """Tell whether a file states money with more than six decimals; figures of code are rounded instead."""
        return bool(millionths(amount) % 1) and self.mark(path).file != IN_CODE

    def problem(self, path: Path_, value: object, rule: str, remedy: str, key: str | None = None) -> Problem:
        """Return a problem placed at a path.

        The place is the value's, where that is a text; else the key's. With ``key``, the problem is
        with that key of the mapping at the path, whether it stands there or is missing. Without a
        ``value``, the text that stands there is shown.
        """
        written = self.locate(path)
        raw = self.at(written)
        if key is not None:
            mark = self.mark((*written, key, KEY))
            written = (*written, key)
        else:
            mark = self.mark(written if isinstance(raw, str) else (*written, KEY))
            value = raw if value is None else value
        shown = value if isinstance(value, str) else ""
        steps = ".".join(step for step in written if step != MOVED)
        return Problem(mark.file, mark.line, mark.column, steps, shown, rule, remedy)


def read_text(text: str, name: str) -> Tree:
    """Return the tree of a YAML text.

    Raises
    ------
    ConfigError
        If the text is no YAML mapping, or uses what a journey file may not contain: duplicate keys, tags,
        anchors, merge keys, empty values, several documents.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    tree = Tree({}, {(): Mark(name, 1, 1)})
    problems: list[Problem] = []
    try:
        _Composer(tree, name, problems).compose(iter(YAML(typ="rt", pure=True).parse(text)))
    except MarkedYAMLError as error:
        problems.append(_not_yaml(error, name))
    except YAMLError as error:
        message = str(error).splitlines()[0]
        before = text[: getattr(error, "position", None) or 0]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problems.append(
            Problem(name, line, column, "", "", f"not YAML: {message}", "save the file as plain UTF-8 text")
        )
    except RecursionError:
        problems.append(Problem(name, 1, 1, "", "", "brackets nest too deeply", "nest at most 60 levels"))
    if problems:
        raise ConfigError(problems)
    return tree


def _not_yaml(error: Any, name: str) -> Problem:
    """Return what the YAML parser refused, placed where it began to go wrong."""
    mark, message = error.problem_mark or error.context_mark, error.problem or "cannot be read"
    remedy = "check indentation, colons, brackets and quotes at this place"
    begun = error.context_mark
    if "'\\t'" in message:
        remedy = "indent with spaces, not tabs"
    elif begun and ("end of stream" in message or "simple key" in str(error.context)):
        mark = begun
    elif begun and begun.line != mark.line:
        remedy = f"check what begins at line {begun.line + 1}, column {begun.column + 1}, and this place"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Problem(name, line, column, "", "", f"not YAML: {message.splitlines()[0]}", remedy)


def read_file(path: Path) -> Tree:
    """Return the tree of a YAML file.

    Raises
    ------
    DataError
        If the file cannot be read.
    ConfigError
        If it is no journey file at all.
    """
    try:
        with open_regular(path, MOST_BYTES, encoding="utf-8") as file:
            text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:  # it has grown
            raise too_large(MOST_BYTES)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error.reason}); save the file as UTF-8") from error
    except Unreadable as error:
        raise DataError(f"{path}: {error.rule}; {error.remedy or 'check the path and its permissions'}") from error
    return read_text(text, str(path))


class _Composer:
    """Builds the tree from YAML events, noting what is refused."""

    def __init__(self, tree: Tree, name: str, problems: list[Problem]) -> None:
        self.tree, self.name, self.problems = tree, name, problems

    def compose(self, stream: Iterator[Any]) -> None:
        documents = 0
        for event in stream:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self.refuse(event, (), "", "a file holds one document", "remove the line '---'")
                    return
                first = next(stream)
                root = self.value(first, stream, ())
                if not isinstance(root, dict):
                    self.refuse(first, (), "", "a journey file is a mapping", "start with 'name: ...'")
                else:
                    self.tree.root = root
        if documents == 0:
            self.problems.append(
                Problem(self.name, 1, 1, "", "", "the file is empty",
                        "write at least name, horizon, channels and journey")
            )  # fmt: skip

    def refuse(self, event: Any, path: Path_, value: str, rule: str, remedy: str) -> None:
        mark = event.start_mark
        self.problems.append(Problem(self.name, mark.line + 1, mark.column + 1, ".".join(path), value, rule, remedy))

    def value(self, event: Any, stream: Iterator[Any], path: Path_, key: Any = None) -> Raw:
        kind = type(event).__name__
        mark = event.start_mark
        if len(path) > DEEPEST:
            self.refuse(event, path[:3], "", "brackets nest too deeply", f"nest at most {DEEPEST} levels")
            raise ConfigError(self.problems)
        self.tree.marks[path] = Mark(self.name, mark.line + 1, mark.column + 1)
        if getattr(event, "anchor", None) or kind == "AliasEvent":
            rule = "anchors and aliases are refused: a reader must see each value where it stands"
            self.refuse(event, path, "", rule, "write the value out, or name it under 'rates'")
            if kind == "AliasEvent":
                return None
        tag = getattr(event, "tag", None)
        if tag is not None and str(tag) not in ("", "None"):
            self.refuse(event, path, str(tag), "tags are refused", "remove the tag; units say what a value is")
        if kind == "ScalarEvent":
            return self.scalar(event, path, key or event)
        if kind == "SequenceStartEvent":
            items: list[Raw] = []
            for item in stream:
                if type(item).__name__ == "SequenceEndEvent":
                    return items
                items.append(self.value(item, stream, (*path, str(len(items)))))
        mapping: dict[str, Raw] = {}
        for word in stream:
            if type(word).__name__ == "MappingEndEvent":
                break
            if type(word).__name__ != "ScalarEvent":
                self.refuse(word, path, "", "a key is a plain word", "write 'key: value'")
                self.value(word, stream, (*path, "?"))
                self.value(next(stream), stream, (*path, "?"))
                continue
            name = visible(str(word.value))
            inner = (*path, name)
            value = self.value(next(stream), stream, inner, word)
            place = word.start_mark
            self.tree.marks[(*inner, KEY)] = Mark(self.name, place.line + 1, place.column + 1)
            if name == MOVED:
                self.refuse(word, inner, name, "this key is no word of the language", "remove it")
            elif name == "<<":
                self.refuse(word, inner, name, "merge keys are refused", "use 'extends', or repeat the lines")
            elif name in mapping:
                self.refuse(word, inner, name, "this key stands twice", "keep one of the two, or rename one")
            else:
                mapping[name] = value
        return mapping

    def scalar(self, event: Any, path: Path_, place: Any) -> Raw:
        text = str(event.value)
        if event.style == ">":
            text = text.replace("\a", "")  # with which the reader marks the lines that it joins
        text = visible(text)
        if event.style in ("'", '"'):
            return text
        if text == "~":
            return None
        if text == "":
            if path and re.match(r"\d", path[-1]):
                self.refuse(place, path[:-1], path[-1], "a comma splits this number", "write 1000 or 1_000, and 0.5")
            else:
                self.refuse(place, path, "", "the value is empty", "write a value, or ~ to delete an inherited one")
            return None
        return text


def tree_of(values: dict[str, Raw], origin: str) -> Tree:
    """Return a tree of values given in code, all placed at their origin."""
    tree = Tree(values, {(): Mark(origin)})

    def walk(raw: Raw, path: Path_) -> None:
        tree.marks[path] = Mark(origin)
        if isinstance(raw, dict):
            for key, value in raw.items():
                walk(value, (*path, key))
        elif isinstance(raw, list):
            for index, value in enumerate(raw):
                walk(value, (*path, str(index)))

    walk(values, ())
    return tree
