"""Units of stated rates: the one their parts share, and whether it belongs there."""

from __future__ import annotations

from dataclasses import replace

from flywheel_sim.journey.figures import Kind
from flywheel_sim.journey.units import TOO_FINE, Quantity, UnitError, unit_ms
from flywheel_sim.scenario.rates.families import EXAMPLES, NOUNS, Stated
from flywheel_sim.scenario.source.notes import Notes
from flywheel_sim.scenario.source.tree import Path_


def check_decimals(notes: Notes, given: Quantity, path: Path_, remedy: str) -> None:
    """Refuse money that a file states with more than six decimals; figures of code are rounded instead.

    Raises
    ------
    Unusable
        After noting the problem.
    """
    if given.form == "number" and notes.tree.too_fine(given.number, path):
        raise notes.note(path, given.text or f"{given.number:g}", TOO_FINE, remedy)


def shared_unit(notes: Notes, parts: list[Stated], kind: Kind) -> Quantity:
    """Return the unit all parts of a rate share; a bare figure takes that of the first part with a period.

    Raises
    ------
    Unusable
        After noting that units differ, or one does not belong in such a rate.
    """
    periods = [p.unit for p in parts if p.unit.per_ms]
    unit = next((p.unit for p in parts if p.unit.per_ms and any(p.cells)), (periods or [parts[0].unit])[0])
    for part in parts:
        other = part.unit
        bare = other.per_ms is None and other.form == unit.form
        zero = other.form == "number" and not any(part.cells)
        never = {other.form, unit.form} == {"never", "duration"}
        same = other.form == unit.form and other.per_ms == unit.per_ms
        agrees = same and other.reading in (None, unit.reading)
        if not (bare or zero or never or agrees) or (other.per_what != unit.per_what and not bare):
            for odd in parts:
                check_unit(notes, odd, odd.places[0], kind, odd.unit.text, "")
            raise notes.note(part.path, other.text, f"its unit differs from '{unit.text}' in the same rate",
                             "state all levels of a rate in one unit")  # fmt: skip
    return replace(unit, form="duration") if unit.form == "never" and len(parts) > 1 else unit


def check_unit(notes: Notes, stated: Stated, path: Path_, kind: Kind, shown: str, named: str) -> None:
    """Refuse a rate whose unit does not belong where it is used.

    Parameters
    ----------
    notes
        Where problems go.
    stated, path, kind
        The rate, where it is used, and what belongs there.
    shown, named
        What is written in that place, and which rate that names: both for the message.

    Raises
    ------
    Unusable
        After noting the problem.
    """
    unit = stated.unit
    zero = unit.form == "number" and not any(stated.cells) and unit.per_ms is None
    if unit.per_what is not None:
        near = None
        try:
            unit_ms(unit.per_what)
        except UnitError as error:
            near = error.remedy if "did you mean" in error.remedy else None
        raise notes.note(stated.places[0], None, f"'per {unit.per_what}' does not belong here",
                         near or f"write {EXAMPLES[kind]}")  # fmt: skip
    fits = {
        "chance": unit.form == "percent" or zero,
        "rate": unit.form == "number" and unit.per_ms is not None,
        "duration": unit.form in ("duration", "never"),
        "money": unit.form == "number",
        "number": unit.form == "number" and unit.per_ms is None,
    }[kind]
    if not fits:
        clock = path[-1] in ("after", "every", "takes", "patience", "exponential") or path[-2:-1] == ("after",)
        noun = "a duration or a rate" if clock else NOUNS[kind]
        hint = f"write {EXAMPLES[kind]}"
        if kind == "chance" and unit.form == "number" and 0 < unit.number <= 1 and unit.per_ms is None:
            hint = f"write {100 * unit.number:g} %"
        elif kind == "rate" and unit.form == "percent":
            hint = "a chance is not a clock: write a rate such as 0.05 per month"
        elif kind == "rate" and unit.form == "number":
            hint = f"say how often: {unit.text} per month" + (", or how long: 14 days" if clock else "")
        raise notes.note(path, shown, f"{noun} belongs here, not '{unit.text}'{named}", hint)
