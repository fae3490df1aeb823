"""How people differ around a rate, and what is not known of it: the distributions that a file states of both."""

from __future__ import annotations

from flywheel_sim.journey.figures import Kind
from flywheel_sim.journey.journey import Uncertain
from flywheel_sim.journey.units import NEVER, Quantity
from flywheel_sim.scenario.rates.families import NOUNS, Stated, in_unit, sd_of
from flywheel_sim.scenario.source.notes import Notes
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import SpreadSpec


def doubt(
    notes: Notes, stated: Stated, spec: SpreadSpec | Quantity | list[Quantity], kind: Kind, before: Stated
) -> Uncertain:
    """Return what is not known of a named rate: a distribution around its reference value.

    A range moves with its rate, by the same odds ratio or factor from where it stood ``before``.

    Raises
    ------
    Unusable
        After noting a problem.
    """
    path = (*stated.path, "uncertain")
    shown = spec.text if isinstance(spec, Quantity) else None
    mean = stated.reference
    if stated.doubts:
        raise notes.note(path, shown, f"'{min(stated.doubts)}' inside this rate is uncertain already",
                         "say 'uncertain' of one of them")  # fmt: skip
    if mean is None:
        raise notes.note(path, shown, f"'{path[1]}' has no single reference value to be uncertain of",
                         "give it a 'value', or make each level a rate of its own")  # fmt: skip
    if isinstance(spec, list):
        return Uncertain(stated.name, "uniform", _ends(notes, spec, before, mean, path, kind))
    if kind == "chance":
        check_beta(notes, spec, path, "'uncertain' of a chance")
        variance = sd_of(spec) ** 2
        total = mean * (1 - mean) / variance - 1 if variance > 0 else 0.0
        if total <= 0:
            rule = f"no beta distribution around {100 * mean:.4g} % is this wide"
            raise notes.note(path, shown, rule, "make it smaller, or move the value away from 0 % and 100 %")
        return Uncertain(stated.name, "beta", (mean * total, (1 - mean) * total))
    shape = gamma_shape(notes, spec, path, f"'uncertain' of {NOUNS[kind]}")
    if not 0 < mean < NEVER:
        raise notes.note(path, shown, "what is uncertain by a share of its mean has a positive mean",
                         "give it a positive value")  # fmt: skip
    return Uncertain(stated.name, "gamma", (shape, mean))


def _ends(
    notes: Notes, given: list[Quantity], before: Stated, mean: float, path: Path_, kind: Kind
) -> tuple[float, float]:
    """Return the ends of what a rate may be, for the reference value ``mean``."""
    low, high = (in_unit(notes, end, before.unit, (*path, str(i)), kind) for i, end in enumerate(given))
    stood = before.reference
    assert stood is not None
    shown = f"[{given[0].text}, {given[1].text}]"
    if not low < high or not low <= stood <= high:
        rule = f"a range goes up, with the rate's value {before.unit.text} in it"
        raise notes.note(path, shown, rule, "write [88 %, 94 %] around a value of 91 %")
    if low < 0 or high >= NEVER:
        raise notes.note(path, shown, "a range lies between figures that are not negative and have an end",
                         "write [88 %, 94 %]")  # fmt: skip
    if mean == stood:
        return low, high
    if kind != "chance":
        return low * mean / stood, high * mean / stood
    odds = mean * (1 - stood) / ((1 - mean) * stood) if 0 < stood < 1 and mean < 1 else 0.0
    if not odds:
        raise notes.note(path, shown, "a chance of 0 % or 100 % has no odds to move a range by",
                         "move it to a value between")  # fmt: skip
    return odds * low / (1 - low + odds * low), odds * high / (1 - high + odds * high)


def check_beta(notes: Notes, spec: SpreadSpec | Quantity, path: Path_, what: str) -> None:
    """Refuse what is no spread of a chance."""
    if isinstance(spec, Quantity):
        if spec.form != "points" or spec.number <= 0:
            raise notes.note(path, spec.text, f"{what} is in points", "write 4 points, or {alpha, beta}")
        return
    if spec.shape or not (spec.alpha and spec.beta):
        raise notes.note(path, None, f"{what} takes alpha and beta, both", "write {alpha: 0.7, beta: 1.2}")
    check_parameters(notes, spec, ("alpha", "beta"), path)


def gamma_shape(notes: Notes, spec: SpreadSpec | Quantity, path: Path_, what: str) -> float:
    """Return the shape of a gamma distribution that a spread states.

    Raises
    ------
    Unusable
        After noting that it states none.
    """
    if isinstance(spec, Quantity):
        if spec.form != "of_mean" or spec.number <= 0:
            raise notes.note(path, spec.text, f"{what} is a positive share of its mean",
                             "write 40 % of mean, or {shape: 2}")  # fmt: skip
        return 1.0 / spec.number**2
    if not spec.shape or spec.alpha or spec.beta:
        raise notes.note(path, None, f"{what} takes a shape alone", "write {shape: 2}")
    check_parameters(notes, spec, ("shape",), path)
    return float(spec.shape.number)


def check_parameters(notes: Notes, spread: SpreadSpec, names: tuple[str, ...], path: Path_) -> None:
    """Refuse parameters of a spread that are no positive plain numbers."""
    for name in names:
        given = getattr(spread, name)
        if given.form != "number" or given.per_ms or given.per_what or given.number <= 0:
            raise notes.note((*path, name), given.text, f"'{name}' is a positive plain number",
                             f"write {name}: 2")  # fmt: skip
