"""How people differ around a rate, and what is not known of it: the distributions that a file states of both."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal

from flywheel_sim.journey.figures import Kind
from flywheel_sim.journey.journey import Uncertain
from flywheel_sim.journey.units import NEVER, Quantity, UnitError, parse
from flywheel_sim.scenario.rates.families import NOUNS, Stated, in_unit, sd_of
from flywheel_sim.scenario.source.notes import Notes
from flywheel_sim.scenario.source.tree import IN_CODE, Path_, Tree
from flywheel_sim.scenario.source.values import RateSpec, Ref, SpreadSpec

#: Two chances are equal where their relative difference is at most this.
TOLERANCE = 1e-6

#: The least and the largest parameter of a spread of chances, and shape of one of amounts: beyond these, nobody
#: differs from anybody, or all but a few are at one end.
LEAST_BETA, MOST_BETA = 1e-6, 1e8
LEAST_SHAPE, MOST_SHAPE = 1e-3, 1e8


def uncertainty_of(
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
    if stated.uncertain_rates:
        raise notes.note(path, shown, f"'{min(stated.uncertain_rates)}' inside this rate is uncertain already",
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
        if total < LEAST_BETA:
            rule = f"no beta distribution around {100 * mean:.4g} % is this wide"
            raise notes.note(path, shown, rule, "make it smaller, or move the value away from 0 % and 100 %")
        if total > MOST_BETA:
            raise notes.note(path, shown, too_narrow(mean), "make it wider, or leave it out")
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
    old = before.reference
    assert old is not None
    shown = f"[{given[0].text}, {given[1].text}]"
    if not low < high or not low <= old <= high:
        rule = f"a range goes up, with the rate's value {before.unit.text} in it"
        raise notes.note(path, shown, rule, "write [88 %, 94 %] around a value of 91 %")
    if low < 0 or high >= NEVER:
        raise notes.note(path, shown, "a range lies between figures that are not negative and have an end",
                         "write [88 %, 94 %]")  # fmt: skip
    if mean == old:
        return low, high
    if kind != "chance":
        return low * mean / old, high * mean / old
    odds = mean * (1 - old) / ((1 - mean) * old) if 0 < old < 1 and mean < 1 else 0.0
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


def too_narrow(mean: float) -> str:
    """Return the rule that a spread of a chance breaks where it is next to none."""
    least = 100 * math.sqrt(mean * (1 - mean) / (MOST_BETA + 1))
    return f"people differ around {100 * mean:.4g} % by at least {least:.2g} points, or not at all"


def is_no_spread(spec: SpreadSpec | Quantity) -> bool:
    """Tell whether a spread says that people do not differ."""
    return isinstance(spec, Quantity) and spec.number == 0 and spec.form in ("number", "points", "of_mean")


def check_means(notes: Notes, spec: RateSpec, path: Path_, specs: Mapping[str, object]) -> None:
    """Refuse alpha and beta whose mean is not the value of the chance they stand beside.

    A value that was laid over a spread, in code or by a strategy, moves the mean and keeps the width of the spread.
    ``specs`` are the named rates, for a value that is a name.
    """
    written = _written(spec.value, (*path, "value"), specs)
    for word in ("spread", "uncertain"):
        given = getattr(spec, word)
        if not isinstance(given, SpreadSpec) or (mean := _mean(given)) is None:
            continue
        if written is None or not _in_same_layer(notes.tree, written[1], (*path, word)):
            continue
        value = written[0]
        if _agrees(value, mean):
            continue
        assert given.alpha
        assert given.beta
        total = given.alpha.number + given.beta.number
        other = f"{{alpha: {total * value.number:.6g}, beta: {total * (1 - value.number):.6g}}}"
        stated = f"{{alpha: {given.alpha.text}, beta: {given.beta.text}}}"
        right = re.sub(r"^\S+?\s*(%|\s+of\s+\S+)", f"{100 * mean:.6g} %", value.text)
        more = f" or '{word}: {other}'" if 0 < value.number < 1 else ""
        notes.note((*path, "value"), None,
                   f"'{word}' {stated} has a mean of {100 * mean:.6g} %, beside a value of {100 * value.number:.6g} %",
                   f"write 'value: {right}'{more}, or leave one of the two out")  # fmt: skip
    spread, unsure = spec.spread, spec.uncertain
    if spec.value is not None or not isinstance(spread, SpreadSpec) or not isinstance(unsure, SpreadSpec):
        return
    around, mean = _mean(spread), _mean(unsure)
    if around is not None and mean is not None and not math.isclose(around, mean, rel_tol=TOLERANCE):
        notes.note((*path, "uncertain"), None,
                   f"'uncertain' has a mean of {100 * mean:.6g} %, beside a spread with a mean of {100 * around:.6g} %",
                   "give both the same mean")  # fmt: skip


def check_cell(
    notes: Notes, spread: SpreadSpec | Quantity, cell: float, figure: Path_, path: Path_, where: str
) -> None:
    """Refuse alpha and beta of a level whose mean is not the chance there, written at ``figure``."""
    if (
        not isinstance(spread, SpreadSpec)
        or (mean := _mean(spread)) is None
        or math.isclose(cell, mean, rel_tol=TOLERANCE)
    ):
        return
    if not _in_same_layer(notes.tree, figure, path):
        return
    try:
        written = parse(str(notes.tree.at(figure)))
    except UnitError:
        written = Quantity(cell, "number")
    if written.form == "percent" and written.number == cell and _agrees(written, mean):
        return
    assert spread.alpha
    assert spread.beta
    rule = (f"{{alpha: {spread.alpha.text}, beta: {spread.beta.text}}} has a mean of {100 * mean:.6g} %, beside a "
            f"chance of {100 * cell:.6g} %{where}")  # fmt: skip
    raise notes.note(path, None, rule, f"make that chance {100 * mean:.6g} %, or state the spread in points")


def _mean(spec: SpreadSpec) -> float | None:
    """Return the mean of a beta distribution; None where it is none, which is noted elsewhere."""
    both = [spec.alpha, spec.beta]
    if spec.shape or not all(parameter and parameter.form == "number" and parameter.number > 0 for parameter in both):
        return None
    a, b = (parameter.number for parameter in both if parameter)
    return float(a / (a + b))


def _written(x: object, path: Path_, specs: Mapping[str, object]) -> tuple[Quantity, Path_] | None:
    """Return the figure behind a value and its path, following names; None where there is no single chance."""
    for _ in range(len(specs) + 2):
        if isinstance(x, Ref):
            path, x = ("rates", x.name), specs.get(x.name)
        elif isinstance(x, RateSpec):
            path, x = (*path, "value"), x.value
        else:
            break
    return (x, path) if isinstance(x, Quantity) and x.form == "percent" and 0 <= x.number <= 1 else None


def _in_same_layer(tree: Tree, value: Path_, spread: Path_) -> bool:
    """Tell whether a value is one of the file that nothing laid over the spread: no code, strategy or other file."""

    def layer(path: Path_) -> tuple[str, str]:
        mark = tree.mark(path)
        return mark.file, tree.strategy_of(path, mark)

    value_layer, spread_layer = layer(value), layer(spread)
    return value_layer[0] != IN_CODE and (
        value_layer == spread_layer or (value_layer[1] == "" and spread_layer[1] != "")
    )


def _agrees(value: Quantity, mean: float) -> bool:
    """Tell whether a chance is a mean, as far as the digits go in which it is written."""
    if math.isclose(value.number, mean, rel_tol=TOLERANCE):
        return True
    if "%" not in value.text:
        return False
    digits = Decimal(value.text.partition("%")[0].strip().replace("_", "")).as_tuple().exponent
    assert isinstance(digits, int)
    return abs(100 * (value.number - mean)) <= 0.5 * 10.0**digits * (1 + TOLERANCE)


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
        if not MOST_SHAPE**-0.5 <= spec.number <= LEAST_SHAPE**-0.5:
            raise notes.note(path, spec.text, f"{what} lies between 0.01 % and 3162 % of its mean",
                             "write 40 % of mean, or leave it out")  # fmt: skip
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
        least, most = (LEAST_SHAPE, MOST_SHAPE) if name == "shape" else (LEAST_BETA, MOST_BETA)
        if not least <= given.number <= most:
            raise notes.note((*path, name), given.text, f"'{name}' lies between {least:g} and {most:g}",
                             f"write {name}: 2")  # fmt: skip
