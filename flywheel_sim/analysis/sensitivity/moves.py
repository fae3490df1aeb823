"""What a rate is changed to, strategy by strategy, and what has to be run to tell what that does and through whom."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flywheel_sim.analysis.rates.steps import run_over, shown
from flywheel_sim.analysis.sensitivity.one_rate import OneRate, as_shown
from flywheel_sim.analysis.sensitivity.parts import PARTS, VARIANTS
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.experiment.plan import Plan
from flywheel_sim.scenario.load import Scenario

#: A strategy, and a change as it was written; "" is today.
Move = tuple[str | None, str]

#: A strategy, a change, and which parts of an effect are there.
Variant = tuple[str | None, str, tuple[str, ...]]


@dataclass(frozen=True)
class Wanted:
    """The changes that are wanted of a rate.

    Attributes
    ----------
    changes
        As they were given: ``+5 points``, ``+5 % relative``, or a new value.
    is_usual
        Whether none were given, so that they are the readings of "+5 %" and one that is impossible is named so.
    """

    changes: tuple[str | float, ...]
    is_usual: bool

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the changes as texts."""
        return tuple(str(one) for one in self.changes)


def wanted_of(values: str | float | Sequence[str | float] | None, rate: OneRate) -> Wanted:
    """Return the changes that are wanted; both readings of "+5 %" unless given, of which points are for chances alone.

    Raises
    ------
    ExperimentError
        If there is none.
    """
    if values is None:
        return Wanted(rate.readings, True)
    given = (values,) if isinstance(values, str | int | float) else tuple(values)
    if not given:
        raise ExperimentError("no change was given; write '+5 points' or '+5 % relative'")
    return Wanted(given, False)


@dataclass(frozen=True)
class Moves:
    """What changes of a rate come to.

    Attributes
    ----------
    models
        For each strategy the scenario today, and at every change that is possible.
    values
        By strategy as shown and change the value it means, as shown; NaN where it is impossible.
    notes
        Why it is impossible, where it is; or why its step is another than 5.
    """

    models: Mapping[Move, Scenario]
    values: Mapping[tuple[str, str], float]
    notes: Mapping[tuple[str, str], str]

    @property
    def possible(self) -> Iterator[Move]:
        """Yield the changes that are possible, by strategy."""
        return (move for move in self.models if move[1])


def moves_of(rate: OneRate, wanted: Wanted) -> Moves:
    """Return what changes of a rate come to in each strategy.

    Raises
    ------
    ConfigError
        If a change that was given is impossible.
    """
    models: dict[Move, Scenario] = {(strategy, ""): rate.model for strategy in rate.today}
    values: dict[tuple[str, str], float] = {}
    notes: dict[tuple[str, str], str] = {}
    for text, change in zip(wanted.texts, wanted.changes, strict=True):
        for strategy in rate.today:
            key = (as_shown(strategy), text)
            try:
                note = rate.beyond(rate.read_as(text, strategy)) if wanted.is_usual else ""
                if not note:
                    models[strategy, text] = changed = rate.moved_to(change)
                    values[key] = shown(run_over(changed, rate.name, strategy), rate.first)
                    if wanted.is_usual and (instead := rate.instead(text)):
                        notes[key] = instead
            except ConfigError as error:
                if not wanted.is_usual:
                    raise
                note = f"impossible: {error.problems[0].rule}"
            if note:
                values[key], notes[key] = math.nan, note
    return Moves(models, values, notes)


def planned(
    models: Mapping[Move, Scenario], events: Mapping[str | None, Mapping[str, Collection[str]]], seed: int | None
) -> Plan[Variant]:
    """Return what is run: every strategy today and at every change, whole, and without what each part is.

    Parameters
    ----------
    models
        For each strategy and change its scenario.
    events
        For each strategy what the parts are, as names under ``without``; empty where nothing is taken apart.
    seed
        The luck.
    """
    plan: Plan[Variant] = Plan(seed)
    first: dict[tuple[str | None, str], Variant] = {}
    for (strategy, text), model in models.items():
        for there in VARIANTS if events else (PARTS,):
            gone = [event for part in PARTS if part not in there for event in events[strategy][part]]
            journey = (model.without(*gone, strategy=strategy) if gone else model).journey(strategy)
            name = (strategy, text, there)
            known = first.setdefault((strategy, journey.fingerprint), name)
            if known == name:
                plan.add(name, journey)
            else:  # what leaves nothing out is run once
                plan.share(name, known)
    return plan
