"""What a journey must satisfy beyond its syntax: chances, reach, and loops that take no time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from flywheel_sim.errors import Problem
from flywheel_sim.scenario.journey import Channel, Effects, Event, Rate, Stage
from flywheel_sim.scenario.stated import MOST_CELLS
from flywheel_sim.scenario.tree import Path_, Tree


def check_sum(
    tree: Tree,
    chances: Mapping[str, Rate],
    rest: str | None,
    path: Path_,
    levels: Mapping[str, tuple[str, ...]],
    problems: list[Problem],
) -> None:
    """Note where chances do not reach 100 % or exceed it, naming the cell."""
    used = [a for a in levels if any(a in chance.over for chance in chances.values())]
    if math.prod(len(levels[a]) for a in used) > MOST_CELLS:
        rule = f"these chances together have more than {MOST_CELLS} cells"
        problems.append(tree.problem(path, None, rule, "use fewer attributes or levels"))
        return
    for combination in itertools.product(*(levels[a] for a in used)):
        person = dict(zip(used, combination, strict=True))
        total = 0.0
        for chance in chances.values():
            index = 0
            for attribute in chance.over:
                index = index * len(levels[attribute]) + levels[attribute].index(person[attribute])
            total += chance.cells[index]
        where = "".join(f" where {a} is {v}" for a, v in person.items())
        if total > 1 + 1e-9:
            rule, remedy = f"the chances exceed 100 %: {100 * total:.6g} %{where}", "lower one of them"
        elif rest is None and total < 1 - 1e-9:
            rule = f"the chances reach only {100 * total:.6g} %{where}"
            remedy = "let one outcome say 'rest', or raise one of them"
        else:
            continue
        problems.append(tree.problem(path, None, rule, remedy))
        return


def check(
    tree: Tree,
    stages: tuple[Stage, ...],
    channels: tuple[Channel, ...],
    levels: Mapping[str, tuple[str, ...]],
    removed: Any,
    strategy: str,
    problems: list[Problem],
) -> None:
    """Note stages nobody reaches (in the file itself) and loops that take no time."""
    by_name = {stage.name: stage for stage in stages}
    if not removed.events and not removed.channels and not strategy:
        _check_reach(tree, by_name, channels, problems)
    _check_loops(tree, by_name, channels, problems)


def _referred(effects: Effects, outcomes: Any = ()) -> set[str]:
    return {*effects.refer, *(channel for outcome in outcomes for channel in outcome.effects.refer)}


def _check_reach(
    tree: Tree, stages: Mapping[str, Stage], channels: tuple[Channel, ...], problems: list[Problem]
) -> None:
    fed = {channel.name for channel in channels if channel.kind != "referral"}
    reached: set[str] = set()
    enters = {channel.name: channel.enters for channel in channels}
    if not fed:
        rule = "no channel brings anybody: all of them wait to be fed by 'refer'"
        problems.append(tree.problem(("channels",), None, rule, "give one a rate, batch, spend or present"))
        return
    waiting = [enters[name] for name in fed]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        stage = stages[name]
        channels_fed = _referred(stage.on_entry)
        for event in stage.events:
            waiting.extend(outcome.to for outcome in event.outcomes if outcome.to)
            channels_fed |= _referred(event.effects, event.outcomes)
        waiting.extend(enters[channel] for channel in channels_fed if channel in enters)
        fed |= channels_fed
    for name in stages:
        if name not in reached:
            problems.append(
                tree.problem(("journey",), None, f"nobody ever reaches '{name}'",
                             "lead an event or a channel to it, or remove it", key=name)
            )  # fmt: skip
    for channel in channels:
        if channel.name not in fed:
            problems.append(
                tree.problem(("channels",), None, f"nothing feeds the channel '{channel.name}'",
                             f"give it a rate, or let an event say refer: {channel.name}", key=channel.name)
            )  # fmt: skip


def _at_once(event: Event) -> bool:
    """Tell whether an event may take no time."""
    return event.wait is None or (event.wait.kind == "fixed" and not min(event.wait.params[0].cells))


def _check_loops(
    tree: Tree, stages: Mapping[str, Stage], channels: tuple[Channel, ...], problems: list[Problem]
) -> None:
    """Note a circle of moves (or referrals) none of which takes any time."""
    enters = {channel.name: channel.enters for channel in channels}
    next_at_once: dict[str, list[str]] = {}
    for name, stage in stages.items():
        at_once = [e for e in stage.events if _at_once(e)]
        goals = [o.to for e in at_once for o in e.outcomes if o.to and (o.chance is None or max(o.chance.cells) > 0)]
        fed = _referred(stage.on_entry).union(*(_referred(e.effects, e.outcomes) for e in at_once))
        next_at_once[name] = goals + [enters[channel] for channel in fed if channel in enters]
    done: set[str] = set()

    def circle_from(start: str) -> list[str] | None:
        trail, waiting = [start], [iter(next_at_once[start])]
        while trail:
            goal = next(waiting[-1], None)
            if goal is None:
                done.add(trail.pop())
                waiting.pop()
            elif goal in trail:
                return [*trail[trail.index(goal) :], goal]
            elif goal not in done:
                trail.append(goal)
                waiting.append(iter(next_at_once[goal]))
        return None

    for name in stages:
        if name not in done and (circle := circle_from(name)):
            problems.append(
                tree.problem(("journey",), None, f"a loop that takes no time: {' -> '.join(circle)}",
                             "give one of its stages an 'after'", key=circle[0])
            )  # fmt: skip
            return
