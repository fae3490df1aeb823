"""From the text of a file to its tree.

YAML is read through its events, so that `no`, `on` and `1:30` stay text and every scalar keeps line and column.
libyaml reads them; what it refuses, the slow reader in Python reads again, whose messages say where and why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flywheel_sim.errors import ConfigError, DataError, Problem
from flywheel_sim.scenario.source.regular import Unreadable, open_regular, too_large
from flywheel_sim.scenario.source.tree import HALF_A_CHARACTER, MOVED, Mark, Raw, Spot, Tree, encodes
from flywheel_sim.texts import visible

#: How many brackets or indented levels a file may nest.
DEEPEST = 60

#: The largest journey file, in bytes.
MOST_BYTES = 5 * 10**6

#: A text of more characters is long: it is not read again by the slow reader, whose messages are a little better.
LONG = 200_000

#: Characters that libyaml reads otherwise than the slow reader: tabs, line breaks of other kinds, byte order marks.
_READ_OTHERWISE = re.compile("[\t\x85\u2028\u2029\ufeff]|\r(?!\n)")


def read_text(text: str, name: str) -> Tree:
    """Return the tree of a YAML text.

    Raises
    ------
    ConfigError
        If the text is no YAML mapping, or uses what a journey file may not contain: duplicate keys, tags,
        anchors, merge keys, empty values, several documents.
    """
    tree = _fast(text, name) or _slow(text, name)
    tree.size = len(text)
    return tree


def _slow(text: str, name: str) -> Tree:
    """Return the tree of a YAML text as the reader in Python reads it; raises as `read_text`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    problems: list[Problem] = []
    try:
        return _Composer(name, problems).compose(iter(YAML(typ="rt", pure=True).parse(text)))
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
    raise ConfigError(problems)


def _fast(text: str, name: str) -> Tree | None:
    """Return the tree of a YAML text as libyaml reads it, None where it does not; then the slow reader says why."""
    from yaml import MarkedYAMLError, YAMLError

    if _READ_OTHERWISE.search(text):
        return None
    try:
        from yaml.cyaml import CParser
    except ImportError:  # PyYAML was built without libyaml
        return None
    composer = _Composer(name, [])
    try:
        plain = str.__str__(text)  # libyaml takes no class made of str
        return composer.compose(iter(CParser(plain).get_event, None))
    except (YAMLError, UnicodeError) as error:
        if len(text) > LONG and isinstance(error, MarkedYAMLError):
            raise ConfigError([_not_yaml(error, name)]) from None
        return None
    except ConfigError:
        if composer.odd and len(text) <= LONG:
            return None
        raise


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
    except OSError as error:  # some files of the system open and cannot be read
        raise DataError(f"{path}: {error.strerror or error}; give the path of a journey file") from error
    return read_text(text, str(path))


class _Composer:
    """Builds the tree from YAML events, noting what is refused."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.name, self.problems = name, problems
        #: Where the composer is, step by step.
        self.path: list[str] = []
        #: Whether something was refused that the two readers may see otherwise.
        self.odd = False

    def compose(self, stream: Iterator[Any]) -> Tree:
        """Return the tree, or raise what is refused in it."""
        tree: Tree | None = None
        for event in stream:
            if type(event).__name__ == "DocumentStartEvent":
                if tree is not None:
                    self.odd = True
                    self.refuse(event, "", "a file holds one document", "remove the line '---'")
                    break
                first = next(stream)
                root, place = self.value(first, stream, None)
                if not isinstance(root, dict):
                    self.odd = True
                    self.refuse(first, "", "a journey file is a mapping", "start with 'name: ...'")
                tree = Tree(root, place)
        if tree is None:
            rule, remedy = "the file is empty", "write at least name, horizon, channels and journey"
            self.problems.append(Problem(self.name, 1, 1, "", "", rule, remedy))
        if tree is None or self.problems:
            raise ConfigError(self.problems)
        return tree

    def refuse(self, event: Any, value: str, rule: str, remedy: str, steps: int | None = None) -> None:
        """Note a problem where an event stands, by the first ``steps`` of where the composer is."""
        mark = event.start_mark
        path = ".".join(self.path[:steps]).encode("utf-8", "backslashreplace").decode()
        self.problems.append(Problem(self.name, mark.line + 1, mark.column + 1, path, value, rule, remedy))

    def value(self, event: Any, stream: Iterator[Any], word: Any) -> tuple[Raw, Spot]:
        """Return the value that begins with an event, and its place; ``word`` is the event of its key."""
        kind, start = type(event).__name__, event.start_mark
        mark = Mark(self.name, start.line + 1, start.column + 1)
        key = word and Mark(self.name, word.start_mark.line + 1, word.start_mark.column + 1)
        if len(self.path) > DEEPEST:
            self.refuse(event, "", "brackets nest too deeply", f"nest at most {DEEPEST} levels", 3)
            raise ConfigError(self.problems)
        self.plain(event)
        if kind == "AliasEvent":
            self.odd = True
            return None, Spot(mark, key)
        if kind == "ScalarEvent":
            return self.scalar(event, word or event), Spot(mark, key)
        raw, inner = self.items(stream) if kind == "SequenceStartEvent" else self.mapping(stream)
        return raw, Spot(mark, key, inner)

    def plain(self, event: Any) -> None:
        """Refuse an anchor, an alias, a tag or half a character at a key or a value."""
        if event.anchor:
            rule = "anchors and aliases are refused: a reader must see each value where it stands"
            self.refuse(event, "", rule, "write the value out, or name it under 'rates'")
        tag = getattr(event, "tag", None)
        if tag is not None and str(tag) not in ("", "None"):
            self.refuse(event, str(tag), "tags are refused", "remove the tag; units say what a value is")
        if not encodes(text := getattr(event, "value", "")):
            self.refuse(event, text, HALF_A_CHARACTER, "write the character itself")

    def items(self, stream: Iterator[Any]) -> tuple[list[Raw], list[Spot]]:
        """Return the items of a list, and their places."""
        items: list[Raw] = []
        places: list[Spot] = []
        for event in stream:
            if type(event).__name__ == "SequenceEndEvent":
                break
            self.path.append(str(len(items)))
            raw, place = self.value(event, stream, None)
            self.path.pop()
            items.append(raw)
            places.append(place)
        return items, places

    def mapping(self, stream: Iterator[Any]) -> tuple[dict[str, Raw], dict[str, Spot]]:
        """Return the values of a mapping by their keys, and their places."""
        mapping: dict[str, Raw] = {}
        places: dict[str, Spot] = {}
        for word in stream:
            if type(word).__name__ == "MappingEndEvent":
                break
            if type(word).__name__ != "ScalarEvent":
                self.odd = True
                self.refuse(word, "", "a key is a plain word", "write 'key: value'")
                self.path.append("?")
                self.value(word, stream, None)
                self.value(next(stream), stream, None)
                self.path.pop()
                continue
            name = visible(str(word.value))
            self.path.append(name)
            self.plain(word)
            raw, place = self.value(next(stream), stream, word)
            if name == MOVED:
                self.refuse(word, name, "this key is no word of the language", "remove it")
            elif name == "<<":
                self.refuse(word, name, "merge keys are refused", "use 'extends', or repeat the lines")
            elif name in mapping:
                self.refuse(word, name, "this key stands twice", "keep one of the two, or rename one")
            self.path.pop()
            mapping[name], places[name] = raw, place
        return mapping, places

    def scalar(self, event: Any, place: Any) -> Raw:
        """Return the text of a scalar, None for one that deletes; problems stand at the place of its key."""
        text = str(event.value)
        if event.style == ">":  # where the slow reader marks the lines that it joins
            text = text.replace("\a", "")
        text = visible(text)
        if event.style in ("'", '"'):
            return text
        if text == "~":
            return None
        if text == "":
            if self.path and re.match(r"\d", self.path[-1]):
                name = self.path.pop()
                self.refuse(place, name, "a comma splits this number", "write 1000 or 1_000, and 0.5")
                self.path.append(name)
            else:
                self.refuse(place, "", "the value is empty", "write a value, or ~ to delete an inherited one")
            return None
        return text
