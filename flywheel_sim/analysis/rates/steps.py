"""The values a rate is run at: today's figure, others around it, and how each is written in the rate's own unit."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.experiment.sweep.factors import Span, span_or_values
from flywheel_sim.journey.units import Quantity, unit_ms
from flywheel_sim.scenario.describe import reference_value
from flywheel_sim.scenario.load import Scenario

#: Multiples of a rate, or of what a chance leaves, at which its curve is run, unless values are given.
GRID = (0.5, 0.75, 1.0, 1.25, 1.5)
#: The same where a change of lead is looked for.
WIDE = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


def own(quantity: Quantity, like: Quantity | None = None) -> float:
    """Return a figure in the unit it is stated in, a fraction for chances; in that of another where one is given.

    Raises
    ------
    ExperimentError
        If it is said per another period than the other, and is a chance, which cannot be carried over without more.
    """
    unit = like or quantity
    if quantity.form == "duration":
        return quantity.number / unit_ms(unit.text.split()[-1])
    if (quantity.per_ms, quantity.reading) == (unit.per_ms, unit.reading):
        return quantity.number
    if quantity.form == "percent" or not quantity.per_ms or not unit.per_ms:
        raise ExperimentError(f"'{quantity.text}' and '{unit.text}' are of different periods; say both per the same")
    return quantity.number * unit.per_ms / quantity.per_ms


def shown(quantity: Quantity, like: Quantity | None = None) -> float:
    """Return a figure as tables and charts show it: chances in %."""
    return own(quantity, like) * (100.0 if quantity.form == "percent" else 1.0)


def shown_unit(quantity: Quantity) -> str:
    """Return the unit a rate's figures are shown in."""
    if quantity.form == "duration":
        return quantity.text.split()[-1]
    parts = quantity.text.split(" per ", 1)
    per = f" per {parts[1]}" if len(parts) > 1 else ""
    reading = f" {quantity.reading}" if quantity.reading else ""
    if quantity.form == "percent":
        return f"%{reading}{per}"
    return per.strip() or "as stated"


def written(quantity: Quantity, figure: float) -> str:
    """Return another figure in a quantity's own unit, as the file would write it; a fraction for chances."""
    if quantity.form == "percent":
        rest = re.sub(r"^\S+\s*(%|of\s+\S+)\s*", "", quantity.text)
        return f"{100 * figure:.12g} % {rest}".strip()
    rest = re.sub(r"^\S+\s*", "", quantity.text)
    return f"{figure:.12g} {rest}".strip()


def run_over(model: Scenario, over: str, strategy: str | None) -> Quantity:
    """Return today's figure of a rate that can be run over.

    Raises
    ------
    ConfigError
        If there is no such rate, or it has no single reference value.
    ExperimentError
        If it has no figure that can be more or less.
    """
    today = reference_value(model, over, strategy)
    if today.form == "never":
        raise ExperimentError(f"'{over}' is never, which cannot be more or less; write a duration")
    return today


def points(
    model: Scenario,
    over: str,
    base: Quantity,
    values: str | Sequence[float | str] | None,
    usual: int = 5,
    wide: bool = False,
) -> list[float]:
    """Return where a curve is run, in the rate's own unit: at values given, or at such that it can take around today's.

    Parameters
    ----------
    model, over, base
        The scenario, the rate, and what it is today.
    values
        Numbers in the unit that stands in the file, texts, or one text such as ``88 %:94 %:4`` or ``88 %,91 %``.
    usual, wide
        How many values ``LO:HI`` means; and whether to look far around today's.

    Raises
    ------
    ConfigError
        If the rate does not take a value.
    ExperimentError
        If there is no room around today's figure.
    """
    if isinstance(values, str):
        span = span_or_values(over, values)
        values = [one for one in (span.steps(span.levels or usual) if isinstance(span, Span) else span)
                  if one is not None]  # fmt: skip
    if values is not None:
        return [
            float(v) if not isinstance(v, str) else own(reference_value(model.with_(**{over: v}), over), base)
            for v in values
        ]
    figures = []
    for figure in _around(base, wide):
        try:
            model.with_(**{over: written(base, figure)})
        except ConfigError:  # a spread may leave no room at an end
            continue
        figures.append(figure)
    return figures


def _around(base: Quantity, wide: bool) -> list[float]:
    """Return values around today's, today's among them.

    Of a chance of a half or more what is left to 100 % is multiplied: 96 % is run from 94 to 98 %.
    """
    figure = own(base)
    room = min(figure, 1 - figure) if base.form == "percent" else figure
    if room <= 0:
        raise ExperimentError(f"the rate stands at {base.text}: give the values to run it at")
    if base.form != "percent":
        return [float(f"{figure * share:.9g}") if share != 1 else figure for share in (WIDE if wide else GRID)]
    if wide:
        below = [figure - share * min(0.25, figure) for share in (1.0, 0.5)]
        above = [figure + share * (1 - figure) for share in (1 / 3, 2 / 3)]
        if figure < 0.5:
            above = [figure * (1 + share) for share in (0.3, 0.6)]
            below = [figure * (1 - share) for share in (0.6, 0.3)]
        return [*(round(v, 6) for v in below), figure, *(round(v, 6) for v in above)]
    return [round(figure + (share - 1) * room, 6) if share != 1 else figure for share in GRID]
