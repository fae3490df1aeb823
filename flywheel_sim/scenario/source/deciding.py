"""What decides the figures of a file: all it says but texts that explain it, and the cells of the files it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Discriminator, PlainValidator, Tag
from pydantic_core import PydanticCustomError

from flywheel_sim.journey.units import UnitError, looks_like_quantity, parse
from flywheel_sim.scenario.source.files import cells_of, named_file
from flywheel_sim.scenario.source.money_specs import PlanSpec
from flywheel_sim.scenario.source.notes import Notes, Unusable
from flywheel_sim.scenario.source.schema import SECTIONS, FileSpec, long_form
from flywheel_sim.scenario.source.tree import Path_, Raw, Tree
from flywheel_sim.scenario.source.values import EmpiricalSpec, RateSpec

#: Under which keys contents have what was changed in code, left out and solved for, and digests of columns of files.
CHANGES, LEFT_OUT, SOLVED, CELLS = "(changes)", "(left out)", "(solved)", "(cells)"

#: A mapping of a file whose keys are words of the language, with its model, and its path in the long form.
Found = tuple[Raw, Any, Path_]


def deciding(contents: dict[str, Raw]) -> dict[str, Raw]:
    """Return what `Scenario.contents` returns without what decides no figure.

    That is the name, every ``why`` that is a word of the language (a rate or an event may be called so), and the order
    of words. A rate of which nothing but a value is left is that value.
    """
    changes = [_without_texts(_nested(path, raw)) for path, raw in contents.get(CHANGES, ())]
    return _without_texts(contents) | {CHANGES: [change for change in changes if change]}


def _nested(path: str, raw: Raw) -> dict[str, Raw]:
    """Return a file that says nothing but a value at a dotted path."""
    for key in reversed(path.split(".")):
        raw = {key: raw}
    return dict(raw)


def _without_texts(root: dict[str, Raw]) -> dict[str, Raw]:
    """Return a raw file without its texts."""
    found = list(_found(root))
    models = {id(raw): (model, path) for raw, model, path in found}
    tables = {_below(path) for raw, _, path in found if raw.keys() & {"by", "times"}}

    def kept(raw: Raw) -> Raw:
        if isinstance(raw, list):
            return [kept(one) for one in raw]
        if not isinstance(raw, dict):
            return raw
        model, path = models.get(id(raw), (None, ()))
        texts = {"name"} if model is FileSpec else {"why"} & getattr(model, "model_fields", {}).keys()
        inner = {key: kept(held) for key, held in raw.items() if key not in texts}
        inner = {key: held for key, held in inner.items() if held != {} or raw[key] == {}}
        if model is RateSpec and inner.keys() == {"value"} and _is_bare(inner["value"], path, tables):
            return inner["value"]
        return dict(sorted(inner.items())) if model else inner

    return dict(kept(root))


def cells_named(trees: Iterable[Tree]) -> dict[str, dict[str, str]]:
    """Return a digest of each column that files name in CSV files, by the name of the file; none of what is not there.

    Of a plan with its dates. What is a figure counts as one, however it is written.
    """
    digests: dict[str, dict[str, str]] = {}
    seen = set()
    for tree in trees:
        for raw, model, path in _found({key: held for key, held in tree.root.items() if key != "strategies"}):
            if model not in (PlanSpec, EmpiricalSpec) or not isinstance(raw.get("file"), str):
                continue
            file, column = named_file(Notes(tree, []), raw["file"], path), raw.get("column")
            if (file, column) in seen or not isinstance(column, str):
                continue
            seen.add((file, column))
            digest = hashlib.blake2b(digests.get(raw["file"], {}).get(column, "").encode(), digest_size=8)
            with suppress(Unusable):
                for _, row, cell in cells_of(Notes(tree, []), file, column, path, ""):
                    digest.update(repr((row[0].strip() if model is PlanSpec else "", _figure(cell))).encode())
                digests.setdefault(raw["file"], {})[column] = digest.hexdigest()
    return digests


def _figure(cell: str) -> object:
    """Return a cell as the figure it is, or as the text."""
    try:
        quantity = parse(cell)
    except UnitError:
        return cell
    return quantity.number, quantity.form, quantity.per_ms, quantity.per_what


def _below(path: Path_) -> Path_:
    """Return the path of what a strategy lays over the file, in the file."""
    return path[2:] if path[:1] == ("strategies",) else path


def _is_bare(value: Raw, path: Path_, tables: set[Path_]) -> bool:
    """Tell whether ``{value: X}`` means what ``X`` does; laid over a table, a bare X moves all of it."""
    if not isinstance(value, str) or (path[:1] == ("strategies",) and _below(path) in tables):
        return False
    return _below(path)[:1] == ("rates",) or looks_like_quantity(value)


def _found(root: dict[str, Raw]) -> Iterator[Found]:
    """Yield every mapping of a file, and of its strategies, whose keys are words of the language."""
    strategies = root.get("strategies")
    layers: list[tuple[Raw, Path_]] = [(root, ())]
    if isinstance(strategies, dict):
        layers += [(layer, ("strategies", name)) for name, layer in strategies.items() if isinstance(layer, dict)]
    for layer, path in layers:
        yield layer, FileSpec, path
        for section, model in SECTIONS.items():
            items = layer.get(section)
            for name, raw in items.items() if model and isinstance(items, dict) else ():
                if section in ("journey", "while") and isinstance(raw, dict):
                    yield raw, model, (*path, section, name)
                    raw = long_form(name, raw)
                yield from _inside(model, raw, (*path, section, name))


def _inside(kind: Any, raw: Raw, path: Path_) -> Iterator[Found]:
    """Yield the mappings of words in a raw value of a kind, found as pydantic would."""
    if not isinstance(raw, dict | list):
        return
    parts, origin = get_args(kind), get_origin(kind)
    if origin is Annotated:
        inner = parts[0]
        for note in reversed(parts[1:]):
            if isinstance(note, PlainValidator):
                return
            if isinstance(note, BeforeValidator):
                check: Any = note.func
                with suppress(PydanticCustomError):  # part of a strategy, which is no whole by itself
                    raw = check(raw)
            elif isinstance(note, Discriminator):
                tag: Any = note.discriminator
                inner = next(one for one in get_args(inner) if Tag(tag(raw)) in get_args(one))
        yield from _inside(inner, raw, path)
    elif origin in (Union, UnionType):
        for one in parts:
            yield from _inside(one, raw, path)
    elif origin is dict and isinstance(raw, dict):
        for key, held in raw.items():
            yield from _inside(parts[1], held, (*path, key))
    elif origin is list and isinstance(raw, list):
        for index, held in enumerate(raw):
            yield from _inside(parts[0], held, (*path, str(index)))
    elif isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(raw, dict):
        yield raw, kind, path
        for name, field in kind.model_fields.items():
            key = field.alias or name
            inner = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
            yield from _inside(inner, raw.get(key), path if key.startswith("(") else (*path, key))
