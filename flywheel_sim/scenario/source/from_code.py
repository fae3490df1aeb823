"""Values set in code, as the file would say them: in the unit of what they replace."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flywheel_sim.errors import ConfigError, Problem
from flywheel_sim.journey.units import Quantity, UnitError, looks_like_quantity, parse
from flywheel_sim.scenario.source.changes import is_change
from flywheel_sim.scenario.source.tree import HALF_A_CHARACTER, IN_CODE, Raw, encodes
from flywheel_sim.texts import visible


def value_text(value: Any, old: Raw) -> Raw:
    """Return a value as the file would say it, in the unit of what it replaces.

    Parameters
    ----------
    value
        A text, which may leave out the unit, a number in the unit that stands there, a list or a mapping of
        these, or None for a deletion.
    old
        What stands there, as written.

    Raises
    ------
    ConfigError
        If it is neither text nor finite number.
    """
    if value is None:
        return None
    if isinstance(value, str) and not encodes(value):
        raise ConfigError([Problem(IN_CODE, 0, 0, "", value, HALF_A_CHARACTER, "write the character itself")])
    if isinstance(value, (list, tuple)):
        return [value_text(item, None) for item in value]
    if isinstance(value, dict):
        inner = old if isinstance(old, dict) else {"value": old}
        return {value_text(str(k), None): value_text(v, inner.get(k)) for k, v in value.items()}
    if isinstance(old, dict):
        old = f"1 {old['unit']}" if "file" in old and "unit" in old else old.get("value")
    unit = None
    if isinstance(old, str) and looks_like_quantity(old):
        try:
            unit = parse(old)
        except UnitError:
            unit = None
    if not isinstance(value, str):
        value = _number_text(value, unit)
    if unit is not None and unit.per_ms is not None and looks_like_quantity(value) and not is_change(value):
        try:
            new = parse(value)
        except UnitError:
            return value
        if new.per_ms is None and new.form == unit.form:
            value = f"{value} {_unit_words(unit)}"
    return value


def made_visible(raw: Raw) -> Raw:
    """Return a raw value without hidden characters in its texts and keys, as those of a file have none."""
    if isinstance(raw, dict):
        return {visible(key): made_visible(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [made_visible(item) for item in raw]
    return visible(raw) if isinstance(raw, str) else raw


def _number_text(value: Any, unit: Quantity | None) -> str:
    """Return a number as text: a percentage where one is replaced, with the unit of a duration."""
    try:
        number = Decimal(repr(value if isinstance(value, int) else float(value)))
        finite = number.is_finite() and not isinstance(value, bool | bytes) and "bool" not in type(value).__name__
    except (TypeError, ValueError, ArithmeticError):
        finite = False
    if not finite:
        shown, remedy = repr(value)[:60], "give a text or a finite number"
        raise ConfigError([Problem(IN_CODE, 0, 0, "", shown, "not a value", remedy)])
    if unit and unit.form == "percent":
        return f"{(number * 100).normalize():f} %"
    return f"{number:f} {unit.text.split()[-1]}" if unit and unit.form == "duration" else f"{number:f}"


def _unit_words(unit: Quantity) -> str:
    """Return the text after the figure: ``kept per year``, ``per 4.414 weeks``."""
    text = unit.text
    start = text.index(" per ")
    return f"{unit.reading} {text[start + 1 :]}" if unit.reading else text[start + 1 :]
