"""From a raw section to its specs: every pydantic error becomes a problem with its place."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from flywheel_sim.errors import MOST_TOLD, Problem, nearest
from flywheel_sim.scenario.source import money_specs, schema, values
from flywheel_sim.scenario.source.overlay import NOTHING
from flywheel_sim.scenario.source.tree import KEY, MOVED, Path_, Raw, Tree

#: The model that holds a key, by the step before the key in a location.
_AROUND: dict[str, Any] = {
    "on_entry": schema.EffectsSpec,
    "(outcome)": schema.OutcomeSpec,
    "(rate)": values.RateSpec,
    "(distribution)": values.DistSpec,
    "(mean)": schema.MeanSpec,
    "lognormal": values.LognormalSpec,
    "weibull": values.WeibullSpec,
    "gamma": values.GammaSpec,
    "erlang": values.GammaSpec,
    "empirical": values.EmpiricalSpec,
    "(parameters)": values.SpreadSpec,
    "(spreads)": values.SpreadTable,
    "(plan)": money_specs.PlanSpec,
    "(paid)": money_specs.PaidSpec,
}

#: The keys of an event that take a wait.
_WAITS = ("after", "every", "takes", "patience")


#: What reads each model. They stand under their numbers, as it takes long to tell types such as unions apart.
_ADAPTERS: dict[int, tuple[Any, TypeAdapter[Any]]] = {}


def _adapter(model: Any) -> TypeAdapter[Any]:
    """Return what reads a model, made once."""
    if id(model) not in _ADAPTERS:
        _ADAPTERS[id(model)] = model, TypeAdapter(model)  # the model stays with it, so that its number stays its own
    return _ADAPTERS[id(model)][1]


def read(model: Any, raw: Raw, path: Path_, tree: Tree, problems: list[Problem]) -> Any:
    """Return the spec of a raw value, or None after noting its problems."""
    try:
        return _adapter(model).validate_python(raw)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=True)[: MOST_TOLD + 1]:
            problems.append(_problem(model, item, path, tree))
        return None


def _problem(model: Any, item: Any, path: Path_, tree: Tree) -> Problem:
    steps = tuple(str(step) for step in item["loc"] if step != "[key]")
    loc = tuple(step for step in steps if not step.startswith("(") or step == MOVED)
    full = (*path, *loc)
    kind, value = item["type"], item["input"]
    if model is values.NewName:
        return tree.problem(path[:-1], value, item["ctx"]["rule"], item["ctx"]["remedy"], key=path[-1])
    shown = value if isinstance(value, str) else None
    if kind == "journey":
        context = item["ctx"]
        key = None
        if "[key]" in item["loc"] and loc:
            full, key = full[:-1], full[-1]
        return tree.problem(full, context["got"] or shown, context["rule"], context["remedy"], key)
    if kind == "extra_forbidden":
        return _unknown(model, steps, full, tree)
    if kind == "missing":
        return tree.problem(full[:-1], None, f"'{loc[-1]}' is required", f"add {loc[-1]}: ...", key=loc[-1])
    if kind == "literal_error":
        return tree.problem(full, shown, "not a role", nearest(str(value), schema.ROLES))
    if kind in ("model_type", "model_attributes_type", "dict_type", "dataclass_type"):
        return tree.problem(full, shown, "a mapping belongs here", "write name: value")
    return tree.problem(full, shown, item["msg"], "see docs/journey.md for what may stand here")


def _unknown(model: Any, steps: Path_, full: Path_, tree: Tree) -> Problem:
    """Return the problem of a key that is not known where it stands."""
    word = steps[-1]
    allowed = _allowed_words(model, steps)
    siblings = tree.at(tree.locate(full[:-1]))
    if word in values.DISTRIBUTIONS and {"value", "times"} <= allowed and word not in allowed:
        rule = f"a distribution such as '{word}' stands where a wait or an amount is used, not in a rate"
        remedy = "write it there; the figures in it may be rates by name"
        return tree.problem(full[:-1], None, rule, remedy, key=word)
    unused = {one for one in allowed if one not in siblings} if isinstance(siblings, dict) else allowed
    return tree.problem(full[:-1], None, f"'{word}' is not known here", nearest(word, unused or allowed), key=word)


def _allowed_words(model: Any, steps: Path_) -> set[str]:
    """Return the keys that may stand beside the one at the end of a location."""
    around = steps[-2] if len(steps) > 1 else ""
    if len(steps) > 2 and steps[-3] == "events":
        owner: Any = schema.EventSpec
    else:
        owner = _AROUND.get(around, model if isinstance(model, type) else values.RateSpec)
        if owner is schema.AttributeSpec or model is schema.Attribute:
            owner = _AROUND.get(around, schema.AttributeSpec)
    allowed = _fields(owner)
    if owner is schema.FileSpec:
        allowed |= {*schema.SECTIONS, "extends"}
    if owner is values.RateSpec and _takes_distributions(steps[:-2]):
        allowed |= set(values.DISTRIBUTIONS)
    if owner in (schema.StageSpec, schema.WhileSpec):
        allowed |= _fields(schema.EventSpec)
    return allowed


def _fields(owner: Any) -> set[str]:
    """Return the keys of a model, as they are written."""
    fields = getattr(owner, "model_fields", {})
    return {name for name in (field.alias or key for key, field in fields.items()) if not name.startswith("(")}


def _takes_distributions(steps: Path_) -> bool:
    """Tell whether a value at a location may be a distribution: a wait, or an amount of money."""
    around = [step for step in steps if not step.startswith("(") and not step.isdigit()]
    return bool(around) and (around[-1] in _WAITS or around[-2:-1] in (["earn"], ["spend"]))


def read_section(name: str, tree: Tree, problems: list[Problem], base: Tree | None = None) -> dict[str, Any]:
    """Return the specs of one section by name; items with problems are left out.

    What was read for the ``base`` is not read again where a strategy leaves it as it is.
    """
    known: dict[str, tuple[Raw, Any]] = base.memo(f"specs of {name}", lambda _: {}) if base else {}
    raw = tree.root.get(name)
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        problems.append(tree.problem((name,), raw, f"'{name}' is a mapping of names", "write name: ..."))
        return {}
    specs: dict[str, Any] = {}
    for item, written in raw.items():
        held = known.get(item)
        if held is not None and held[0] is written:
            specs[item] = held[1]
            continue
        raw_item = written
        if read(values.NewName, item, (name, item), tree, problems) is None:
            continue
        if raw_item is None:
            mark = tree.mark((name, item, KEY))
            problems.append(
                Problem(mark.file, mark.line, mark.column, f"{name}.{item}", "~", NOTHING, "remove the line")
            )
            continue
        if name in ("journey", "while"):
            if (
                isinstance(raw_item, dict)
                and "events" in raw_item
                and (both := [k for k in schema.INLINE if k in raw_item])
            ):
                problems.append(
                    tree.problem((name, item), None, f"'{both[0]}' stands beside 'events'",
                                 "write one event inline, or all of them under 'events'", key=both[0])
                )  # fmt: skip
                continue
            if name == "journey" or isinstance(raw_item, dict):
                raw_item = schema.long_form(item, raw_item)
        spec = read(schema.SECTIONS[name], raw_item, (name, item), tree, problems)
        if spec is not None:
            specs[item] = spec
            known.setdefault(item, (written, spec))
    return specs
