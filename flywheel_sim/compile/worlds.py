"""Worlds: one draw of what is not known, the journey as it would be then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flywheel_sim.compile.draws import from_table
from flywheel_sim.compile.quantiles import beta_table, gamma_table
from flywheel_sim.errors import ConfigError, Problem
from flywheel_sim.journey.journey import Journey, Uncertain
from flywheel_sim.journey.units import DAY, Quantity
from flywheel_sim.scenario.resolve.resolver import resolve_again


def world(journey: Journey, draw: Callable[[str], float]) -> Journey:
    """Return the journey of one replication: each uncertain rate at a value drawn for it.

    Parameters
    ----------
    journey
        A journey; without uncertain rates it is returned as it is.
    draw
        Returns the uniform in [0, 1) of a decision; that of a rate is ``uncertain/NAME``.

    Raises
    ------
    ConfigError
        If no journey can have these values: it names the rate and the value drawn for it.
    """
    if not journey.uncertain:
        return journey
    values = {uncertain.name: value(uncertain, draw(f"uncertain/{uncertain.name}")) for uncertain in journey.uncertain}
    units = journey.source.units
    drawn = {name: _quantity(number, units[name]) for name, number in values.items()}
    problems: list[Problem] = []
    resolved = resolve_again(journey, drawn, problems)
    if resolved is None:
        raise ConfigError([_named(problem, drawn) for problem in problems])
    return replace(resolved, uncertain=(), source=None, fingerprint=journey.fingerprint)


def value(uncertain: Uncertain, uniform: float) -> float:
    """Return the value of an uncertain rate at a uniform in [0, 1), in its stated unit."""
    if uncertain.family == "beta":
        return float(from_table(beta_table(*uncertain.params, 1.0, False), uniform))
    if uncertain.family == "uniform":
        low, high = uncertain.params
        return low + uniform * (high - low)
    shape, mean = uncertain.params
    return float(from_table(gamma_table(shape), uniform)) * mean


def _quantity(number: float, unit: Quantity) -> Quantity:
    """Return a drawn value in the unit of the rate, with a text that shows it."""
    shown = f"{100 * number:.6g} %" if unit.form == "percent" else f"{number:.6g}"
    if unit.form == "duration":
        shown = f"{number / DAY:.6g} days"
    elif " per " in unit.text:
        shown += unit.text[unit.text.index(" per ") :]
    return replace(unit, number=number, text=shown)


def _named(problem: Problem, drawn: dict[str, Quantity]) -> Problem:
    """Return a problem that says which drawn value made it."""
    steps = problem.path.split(".")
    named = steps[1] if steps[0] == "rates" and len(steps) > 1 else problem.value
    concerned = [named] if named in drawn else list(drawn)
    values = ", ".join(f"'{name}' is {drawn[name].text}" for name in concerned)
    rule, remedy = f"{problem.rule}, in a world where {values}", "make what is 'uncertain' of it smaller"
    return replace(problem, rule=rule, remedy=remedy)
