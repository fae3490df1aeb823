"""From a raw section to its specs: every pydantic error becomes a problem with its place."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from flywheel_sim.errors import Problem, nearest
from flywheel_sim.scenario import schema
from flywheel_sim.scenario.tree import KEY, NOTHING, Path_, Raw, Tree

_WORDS: dict[str, Any] = {
    "on_entry": schema.EffectsSpec,
    "outcome": schema.OutcomeSpec,
    "rate": schema.RateSpec,
    "distribution": schema.DistSpec,
    "lognormal": schema.LognormalSpec,
    "parameters": schema.SpreadSpec,
}


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def read(model: Any, raw: Raw, path: Path_, tree: Tree, problems: list[Problem]) -> Any:
    """Return the spec of a raw value, or None after noting its problems."""
    try:
        return _adapter(model).validate_python(raw)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=True):
            loc = tuple(str(step) for step in item["loc"] if step != "[key]")
            problems.append(_problem(model, item, path, loc, tree))
        return None


def _problem(model: Any, item: Any, path: Path_, loc: Path_, tree: Tree) -> Problem:
    full = (*path, *loc)
    kind, value = item["type"], item["input"]
    if model is schema.NewName:
        return tree.problem(path[:-1], value, item["ctx"]["rule"], item["ctx"]["remedy"], key=path[-1])
    shown = value if isinstance(value, str) else None
    if kind == "journey":
        context = item["ctx"]
        key = ""
        if "[key]" in item["loc"] and loc:
            full, key = full[:-1], full[-1]
        return tree.problem(full, context["got"] or shown, context["rule"], context["remedy"], key)
    if kind == "extra_forbidden":
        word = loc[-1]
        words = _words(model, loc)
        here = tree.at(tree.locate(full[:-1]))
        if word in schema.LATER and word not in words:
            what = schema.LATER[word]
            return tree.problem(
                full[:-1], None, f"the {what} '{word}' belongs to the language, but this version does not run it yet",
                "leave it out for now", key=word,
            )  # fmt: skip
        free = words - set(here or ()) if isinstance(here, dict) else words
        return tree.problem(full[:-1], None, f"'{word}' is not known here", nearest(word, free), key=word)
    if kind == "missing":
        return tree.problem(full[:-1], None, f"'{loc[-1]}' is required", f"add {loc[-1]}: ...", key=loc[-1])
    if kind == "literal_error":
        return tree.problem(full, shown, "not a role", nearest(str(value), schema.ROLES))
    if kind in ("model_type", "model_attributes_type", "dict_type", "dataclass_type"):
        return tree.problem(full, shown, "a mapping belongs here", "write name: value")
    return tree.problem(full, shown, item["msg"], "see docs/journey.md for what may stand here")


def _words(model: Any, loc: Path_) -> set[str]:
    """Return the words that may stand beside the one at the end of a location."""
    around = loc[-2] if len(loc) > 1 else ""
    if len(loc) > 2 and loc[-3] == "events":
        owner: Any = schema.EventSpec
    else:
        owner = _WORDS.get(around, model if isinstance(model, type) else schema.RateSpec)
    words = set(getattr(owner, "model_fields", {})) - {"moved"}
    if owner is schema.FileSpec:
        words |= {*schema.SECTIONS, "extends"}
    if owner is schema.RateSpec and len(loc) > 2 and loc[-3] in ("after", "every"):
        words |= set(schema.DISTRIBUTIONS)
    if owner is schema.StageSpec:
        words |= set(schema.EventSpec.model_fields)
    return words


def read_section(name: str, tree: Tree, problems: list[Problem]) -> dict[str, Any]:
    """Return the specs of one section by name; items with problems are left out."""
    raw = tree.root.get(name)
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        problems.append(tree.problem((name,), raw, f"'{name}' is a mapping of names", "write name: ..."))
        return {}
    found: dict[str, Any] = {}
    for item, held in raw.items():
        if read(schema.NewName, item, (name, item), tree, problems) is None:
            continue
        if held is None:
            mark = tree.mark((name, item, KEY))
            problems.append(
                Problem(mark.file, mark.line, mark.column, f"{name}.{item}", "~", NOTHING, "remove the line")
            )
            continue
        if name == "journey":
            if isinstance(held, dict) and "events" in held and (both := [k for k in schema.INLINE if k in held]):
                problems.append(
                    tree.problem((name, item), None, f"'{both[0]}' stands beside 'events'",
                                 "write one event inline, or all of them under 'events'", key=both[0])
                )  # fmt: skip
                continue
            held = schema.long_form(item, held)
        spec = read(schema.SECTIONS[name], held, (name, item), tree, problems)
        if spec is not None:
            found[item] = spec
    return found
