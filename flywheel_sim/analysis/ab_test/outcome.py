"""What a test between two arms counts: people whose outcome is known, and those of them who succeeded.

A ledger counts every outcome in the group that the person belongs to at that moment. So an arm may be drawn on arrival
or set later, and who is in which arm is read when the outcome falls. People who are still deciding are in no count but
that of those who wait: counted as failures they would pull both shares, and the lift with them, towards zero.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.analysis.ab_test.textbook import z_of
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey, StageSet
from flywheel_sim.ledger import Layout
from flywheel_sim.metrics.pipeline import events_of
from flywheel_sim.stats import FloatArray

#: What a test can be of.
KINDS = ("conversion", "conversion.STAGE", "conversion.STAGE.TO", "through.FROM.TO", "share.STAGE.EVENT.OUTCOME")


#: Standard errors by which the shares of all futures together must differ before B is said to differ from A in truth.
DIFFERS = 3.0


@dataclass(frozen=True)
class OutcomeFlows:
    """Where an outcome is read in a ledger.

    Attributes
    ----------
    ends, wins
        Flows in which an outcome becomes known, and those among them that are successes; indices into ``layout.flows``.
    stages
        Stages of people whose outcome is still open, indices; none for the share of an event.
    """

    ends: tuple[int, ...]
    wins: tuple[int, ...]
    stages: tuple[int, ...]


def refuse_arms(journey: Journey, attribute: str, arms: tuple[str, str]) -> None:
    """Refuse an attribute (``over``) that has no such arms (``values``).

    Raises
    ------
    ExperimentError
        If there is no such attribute with named levels, or an arm is none of them.
    """
    known = {one.name: one.levels for one in journey.attributes if one.kind == "levels"}
    if attribute not in known:
        remedy = nearest(str(attribute), known) if known else "write attributes: {arm: {a: 50 %, b: 50 %}}"
        raise ExperimentError(f"over is '{attribute}': no attribute with named levels of '{journey.name}'; {remedy}")
    if arms[0] == arms[1]:
        raise ExperimentError(
            f"values are {arms!r}; give two different levels, A first, such as {known[attribute][:2]}"
        )
    for arm in arms:
        if arm not in known[attribute]:
            raise ExperimentError(
                f"values: '{arm}' is no level of '{attribute}'; {nearest(str(arm), known[attribute])}"
            )


def outcome_of(journey: Journey, of: str) -> OutcomeFlows:
    """Return where an outcome is read.

    Parameters
    ----------
    journey
        What is run.
    of
        A metric that is a chance: one of `KINDS`.

    Raises
    ------
    ExperimentError
        If there is no such metric, it is no chance of an outcome, or people come to the decision in ways that
        counts cannot tell apart.
    """
    units_of(journey, (of,))
    layout = Layout.of(journey)
    kind, _, member = of.partition(".")
    if kind == "share":
        return _share(journey, layout, member)
    roles = dict(zip(layout.stages, layout.roles, strict=True))
    if of == "conversion":
        goals = {stage for stage, role in roles.items() if role == "customer"}
        inside = _between(layout, goals, {stage for stage, role in roles.items() if role == "prospect"})
        return _passage(layout, of, inside, goals, inside & set(layout.enters), aside=False)
    if kind == "conversion":
        stage, _, to = member.partition(".")
        goals = {to} if to else {s for s, role in roles.items() if role in ("prospect", "customer")} - {stage}
        return _passage(layout, of, {stage}, goals, {stage}, aside=False)
    if kind == "through":
        first, _, last = member.partition(".")
        inside = _between(layout, {last}, set(layout.stages) - {last}) & _reached(layout, first, last)
        return _passage(layout, of, inside | {first}, {last}, {first}, aside=True)
    raise ExperimentError(f"'{of}' is no chance that a test could compare; a test is of one of: {', '.join(KINDS)}")


def counts(runs: Runs, outcome: OutcomeFlows, attribute: str, arms: tuple[str, str]) -> tuple[FloatArray, ...]:
    """Return outcomes known and successes up to the end of each month, and people still deciding then.

    Returns
    -------
    tuple of ndarray
        Known, successes and deciding, each of shape (replications, periods, 2): A, then B.
    """
    ledger = runs.books.ledger
    layout = ledger.layout
    place = 1 + runs.journey.report_by.index(attribute)
    groups = [[i for i, group in enumerate(layout.groups) if group[place] == arm] for arm in arms]

    def summed(array: NDArray[np.int64], last: tuple[int, ...]) -> FloatArray:
        parts = [array[:, :, picked][..., list(last)].sum(axis=(2, 3)) for picked in groups]
        return np.stack(parts, axis=-1).astype(np.float64)

    known, wins = (np.cumsum(summed(ledger.flow, flows), axis=1) for flows in (outcome.ends, outcome.wins))
    return known, wins, summed(ledger.stock, outcome.stages)


def true_shares(wins: FloatArray, n: FloatArray, arms: tuple[str, str], what: str) -> tuple[float, float]:
    """Return the shares of all futures together, or the one of both arms where they are not told apart.

    Raises
    ------
    ExperimentError
        If an arm is empty in every future.
    """
    for arm, people in zip(arms, n, strict=True):
        if not people:
            raise ExperimentError(
                f"nobody in arm '{arm}' has an outcome of {what}; give '{arm}' a share where the attribute is drawn or "
                "set, read the test in a later month, or name the stage where the arms differ"
            )
    if abs(z_of(wins, n)) > DIFFERS:
        return float(wins[0] / n[0]), float(wins[1] / n[1])
    return (float(wins.sum() / n.sum()),) * 2


def _share(journey: Journey, layout: Layout, member: str) -> OutcomeFlows:
    """Return how an event's outcome is read: it is known as soon as the event happens."""
    event, _, outcome = member.rpartition(".")
    owner, _, name = event.partition(".")
    in_set = any(one.name == owner for one in journey.owners if isinstance(one, StageSet))
    names = [one.name for one in events_of(journey)[event].outcomes]
    ends = [
        index for index, (stage, happened, how) in enumerate(layout.flows)
        if how in names and (happened == event if in_set else (stage, happened) == (owner, name))
    ]  # fmt: skip
    return OutcomeFlows(tuple(ends), tuple(index for index in ends if layout.flows[index][2] == outcome), ())


def _passage(
    layout: Layout, of: str, inside: Collection[str], goals: Collection[str], doors: Collection[str], aside: bool
) -> OutcomeFlows:
    """Return how a way out of some stages is read: it is known when somebody leaves them.

    Parameters
    ----------
    layout, of
        Of the ledger, and the metric.
    inside, goals
        Stages of those who are on the way, and stages that are success.
    doors
        Stages on the way where it may begin.
    aside
        Whether people who are set aside count, as failures.
    """
    roles = dict(zip(layout.stages, layout.roles, strict=True))
    moves = [(i, flow[0], to) for i, (flow, to) in enumerate(zip(layout.flows, layout.targets, strict=True)) if to]
    late = [stage for stage in layout.enters if stage in inside and stage not in doors]
    late += [to for _, source, to in moves if to in inside and to not in doors and source not in inside]
    if of == "conversion":  # who comes back has been counted
        late += [to for _, source, to in moves if to in inside and source not in inside]
    if late:
        raise ExperimentError(
            f"'{of}' cannot be told by arm: people come to '{late[0]}' who came another way or have been there "
            f"before, and counts do not tell them apart; take the test where the arms differ, such as "
            f"conversion.{late[0]}"
        )
    ends = [
        (i, to) for i, source, to in moves
        if source in inside and to not in inside and (aside or to in goals or roles[to] != "aside")
    ]  # fmt: skip
    wins = [i for i, to in ends if to in goals]
    if not wins:
        remedy = nearest(of, [kind for kind in KINDS if kind.startswith("conversion")])
        raise ExperimentError(f"nobody succeeds in '{of}': no event leads there from '{min(inside)}'; {remedy}")
    where = tuple(layout.stages.index(stage) for stage in layout.stages if stage in inside)
    return OutcomeFlows(tuple(i for i, _ in ends), tuple(wins), where)


def _between(layout: Layout, goals: Collection[str], among: Collection[str]) -> set[str]:
    """Return the stages, among some, from which others can be reached without leaving those."""
    moves = {(flow[0], to) for flow, to in zip(layout.flows, layout.targets, strict=True) if to}
    reaching: set[str] = set()
    reached = set(goals)
    while reached:
        reached = {stage for stage, to in moves if to in reached and stage in among} - reaching
        reaching |= reached
    return reaching


def _reached(layout: Layout, first: str, last: str) -> set[str]:
    """Return the stages that can be reached from one without passing another."""
    moves = {(flow[0], to) for flow, to in zip(layout.flows, layout.targets, strict=True) if to}
    reached, latest = {first}, {first}
    while latest:
        latest = {to for stage, to in moves if stage in latest and to != last} - reached
        reached |= latest
    return reached
