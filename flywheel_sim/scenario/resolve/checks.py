"""What a journey must satisfy beyond its syntax: chances, reach, and loops that take no time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flywheel_sim.errors import Problem
from flywheel_sim.journey.events import Effects, Event
from flywheel_sim.journey.figures import Dist, Rate
from flywheel_sim.journey.journey import Channel, Resource, Stage, StageSet
from flywheel_sim.scenario.rates.axes import MOST_CELLS, Traits, joint, label, places, size
from flywheel_sim.scenario.source.notes import Notes
from flywheel_sim.scenario.source.tree import Path_, Tree


def check_sum(notes: Notes, chances: Mapping[str, Rate], rest: str | None, path: Path_, traits: Traits) -> None:
    """Note where chances do not reach 100 % or exceed it, naming the cell."""
    axes = joint(traits, [chance.over for chance in chances.values()])
    if size(axes) * max(1, len(chances) // 10) > MOST_CELLS:
        rule = f"these chances together have more than {MOST_CELLS} cells"
        notes.note(path, None, rule, "use fewer attributes or levels")
        return
    totals = [0.0] * size(axes)
    for chance in chances.values():
        for index, cell in enumerate(places(chance.over, axes)):
            totals[index] += chance.cells[cell]
    for index, total in enumerate(totals):
        if total > 1 + 1e-9:
            rule, remedy = f"the chances exceed 100 %: {100 * total:.6g} %", "lower one of them"
        elif rest is None and total < 1 - 1e-9:
            rule = f"the chances reach only {100 * total:.6g} %"
            remedy = "let one outcome say 'rest', or raise one of them"
        else:
            continue
        where = f" where {_as_clause(label(traits, axes, index))}" if axes else ""
        notes.note(path, None, rule + where, remedy)
        return


def _as_clause(cell: str) -> str:
    """Return the label of a cell as a clause: 'plan is free', 'tenure is from 1 year'."""
    return ", ".join(" is ".join(part.split(" ", 1)) for part in cell.split(", "))


class ReachCheck:
    """Checks who can get where: the stages, channels, sets and resources of one journey."""

    def __init__(
        self,
        tree: Tree,
        stages: tuple[Stage, ...],
        sets: tuple[StageSet, ...],
        channels: tuple[Channel, ...],
        resources: tuple[Resource, ...] = (),
    ) -> None:
        self.tree = tree
        self.stages = {stage.name: stage for stage in stages}
        self.channels = channels
        self.enters = {channel.name: channel.enters for channel in channels}
        #: Resources that turn people away.
        self.limited = {resource.name for resource in resources if resource.queue_limit is not None}
        #: Each stage with the sets it lies in.
        self.owners: dict[str, list[Stage | StageSet]] = {
            stage.name: [stage, *(s for s in sets if stage.name in s.stages)] for stage in stages
        }

    def check(self, whole: bool, problems: list[Problem]) -> None:
        """Note stages nobody reaches (in the ``whole`` file, not where a strategy leaves things out), and loops."""
        if whole:
            problems += self.unreached()
        problems += self.loops()

    def unreached(self) -> Iterator[Problem]:
        """Yield a problem for each stage nobody reaches and each channel nothing feeds."""
        fed = {channel.name for channel in self.channels if channel.kind != "referral"}
        if not fed:
            rule = "no channel brings anybody: all of them wait to be fed by 'refer'"
            yield self.tree.problem(("channels",), None, rule, "give one a rate, batch, spend or present")
            return
        reached: set[str] = set()
        waiting = [self.enters[name] for name in fed]
        while waiting:
            name = waiting.pop()
            if name in reached:
                continue
            reached.add(name)
            channels_fed: set[str] = set()
            for owner in self.owners[name]:
                channels_fed |= _referred(owner.on_entry)
                for event in owner.events:
                    waiting.extend(outcome.to for outcome in event.outcomes if outcome.to)
                    if event.staff and event.staff.gives_up:
                        waiting.append(event.staff.gives_up)
                    channels_fed |= _referred(event.effects, event.outcomes)
            waiting.extend(self.enters[channel] for channel in channels_fed if channel in self.enters)
            fed |= channels_fed
        for name in self.stages:
            if name not in reached:
                yield self.tree.problem(("journey",), None, f"nobody ever reaches '{name}'",
                                        "lead an event or a channel to it, or remove it", key=name)  # fmt: skip
        for channel in self.channels:
            if channel.name not in fed:
                yield self.tree.problem(("channels",), None, f"nothing feeds the channel '{channel.name}'",
                                        f"give it a rate, or let an event say refer: {channel.name}",
                                        key=channel.name)  # fmt: skip

    def loops(self) -> Iterator[Problem]:
        """Yield a problem for a circle of moves (or referrals) none of which takes any time."""
        instants: set[float] = set()
        for name in self.stages:
            for owner in self.owners[name]:
                instants |= {when for event in owner.events for when in _dates(event)}
        for now in (None, *sorted(instants)):
            circle = _circle({name: self._next(name, now) for name in self.stages})
            if circle:
                remedy = "give one of its stages an 'after'"
                if now is not None:
                    remedy = "lead the 'on_date' to a stage from which the way back takes time"
                yield self.tree.problem(("journey",), None, f"a loop that takes no time: {' -> '.join(circle)}",
                                        remedy, key=circle[0])  # fmt: skip
                return

    def _next(self, name: str, now: float | None) -> list[str]:
        """Return where a stage leads at once, with the dates of an instant."""
        goals: list[str] = []
        for owner in self.owners[name]:
            inside = owner.stages if isinstance(owner, StageSet) else ()
            fed = _referred(owner.on_entry)
            for event in owner.events:
                if not (_at_once(event) or (now is not None and now in _dates(event))):
                    continue
                if event.staff and event.staff.gives_up and event.staff.gives_up not in inside:
                    turned_away = event.staff.resource in self.limited
                    goals += [event.staff.gives_up] if turned_away or _no_time(event.staff.patience) else []
                if event.staff is None or _no_time(event.staff.takes):
                    goals += [
                        o.to for o in event.outcomes
                        if o.to and o.to not in inside and (o.chance is None or max(o.chance.cells) > 0)
                    ]  # fmt: skip
                    fed |= _referred(event.effects, event.outcomes)
            goals += [self.enters[channel] for channel in fed if channel in self.enters]
        return goals


def _referred(effects: Effects, outcomes: Any = ()) -> set[str]:
    return {*effects.refer, *(channel for outcome in outcomes for channel in outcome.effects.refer)}


def _at_once(event: Event) -> bool:
    """Tell whether an event may happen, or ask for service, at the moment of entry."""
    return not (event.waits or event.when) or any(_no_time(wait) for wait in event.waits)


def _no_time(wait: Dist | None) -> bool:
    """Tell whether a wait is fixed and may be none at all."""
    return wait is not None and wait.kind == "fixed" and not min(wait.params[0].cells)


def _dates(event: Event) -> Iterable[float]:
    return (wait.params[0].cells[0] for wait in event.waits if wait.kind == "at")


def _circle(leads: Mapping[str, list[str]]) -> list[str] | None:
    """Return the first circle among what leads where, or None."""
    done: set[str] = set()
    for start in leads:
        if start in done:
            continue
        trail, waiting = [start], [iter(leads[start])]
        while trail:
            goal = next(waiting[-1], None)
            if goal is None:
                done.add(trail.pop())
                waiting.pop()
            elif goal in trail:
                return [*trail[trail.index(goal) :], goal]
            elif goal not in done:
                trail.append(goal)
                waiting.append(iter(leads[goal]))
    return None
