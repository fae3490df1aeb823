"""Changes of a rate relative to its current value: ``+5 points``, ``+5 % relative``.

A bare ``+5 %`` says neither, and the two are far apart where it matters most: retention of 91 % becomes 96 % or
95.55 %. So it is refused, with both figures.
"""

from __future__ import annotations

import re

from flywheel_sim.journey.units import Quantity, UnitError, parse


def is_change(text: object) -> bool:
    """Tell whether a text says how a rate changes: by its sign, or in points or relative to what it is."""
    return isinstance(text, str) and bool(re.match(r"\+\s*[.\d]|-\s*[.\d].*(points?|relative)$", text.strip()))


def changed(old: str | None, change: str) -> str:
    """Return what a rate is after a change, as the file would write it.

    Parameters
    ----------
    old
        What it is, as written; None where it has no single value.
    change
        Such as ``+5 points`` or ``-10 % relative``.

    Raises
    ------
    UnitError
        If the change says neither points nor relative, leads a chance out of 0 to 100 %, or there is nothing it can
        change.
    """
    try:
        current = parse(old or "")
    except UnitError:
        raise UnitError("there is no single figure to change here", "write the new figure itself") from None
    delta = parse(change)
    chance = current.form == "percent"
    if delta.form == "points" and not chance:
        raise UnitError("points are added to chances alone", f"write {_signed_figure(change)} % relative")
    if delta.form not in ("points", "relative"):
        raise UnitError(*_two_readings(current, change, chance))
    number = current.number + delta.number if delta.form == "points" else current.number * (1 + delta.number)
    if chance and 0 <= current.number <= 1 and not 0 <= number <= 1:
        raise UnitError(*_out_of_range(current, change, number))
    return _written_like(current, number)


def _written_like(current: Quantity, number: float) -> str:
    """Return a figure in the unit and wording of another."""
    if current.form == "percent":
        rest_of_text = re.sub(r"^\S+\s*(%|of\s+\S+)\s*", "", current.text)
        return f"{100 * number:.12g} % {rest_of_text}".strip()
    figure = re.match(r"-?[\d._]+", current.text)
    share = number / current.number if current.number else 0.0
    start = figure.group() if figure else "0"
    return f"{float(start.replace('_', '')) * share:.12g}{current.text[len(start) :]}"


def _out_of_range(current: Quantity, change: str, number: float) -> tuple[str, str]:
    """Return rule and remedy for a change that leads a chance out of 0 to 100 %: half of the room that is left."""
    up = number > 1
    room = (1 - current.number if up else current.number) / 2
    rule = (
        f"{100 * current.number:.6g} % {change} is {100 * number:.6g} %, {'more than 100' if up else 'less than 0'} %"
    )
    if not room:
        return rule, "leave it as it is, or change it the other way"
    half_way = _written_like(current, current.number + (room if up else -room))
    points = f"write {'+' if up else '-'}{100 * room:.4g} points ({half_way})"
    return rule, f"{points}, half of what is left to {'100' if up else '0'} %"


def _signed_figure(change: str) -> str:
    """Return the figure of a change with its sign."""
    match = re.match(r"[+-]\s*[\d._]+", change)
    return match.group().replace(" ", "") if match else change


def _two_readings(current: Quantity, change: str, chance: bool) -> tuple[str, str]:
    """Return rule and remedy for a change that can be read in two ways."""
    size = _signed_figure(change)
    factor = 1 + float(size.replace("_", "")) / 100
    relative = f"'{size} % relative' ({_written_like(current, current.number * factor)})"
    if not chance:
        return "a change is said in % relative", f"write {relative}, or the new figure without a sign"
    points = f"'{size} points' ({_written_like(current, current.number + factor - 1)})"
    return "a change of a chance can be read in two ways", f"write {points} or {relative}"
