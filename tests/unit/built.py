"""Journeys built part by part, without a file: for tests that say what one construct does."""

from dataclasses import replace

from flywheel_sim.compile import draws
from flywheel_sim.engine.limits import Bounds
from flywheel_sim.engine.reference.conserve import check
from flywheel_sim.engine.reference.engine import Reference
from flywheel_sim.engine.tables import event_columns, event_frame, people_columns, people_frame
from flywheel_sim.journey.events import AddTo, Amount, Condition, Draw, Effects, Event, Outcome, SetTo
from flywheel_sim.journey.figures import Axis, Dist, Rate
from flywheel_sim.journey.journey import Attribute, Channel, Journey, Stage, StageSet
from flywheel_sim.journey.units import MONTH, YEAR


def rate(value, name="figure", spread=None):
    """Return a figure that is the same for everybody, but for a spread."""
    return Rate(name, "number", (), (float(value),), spread)


def by(attribute, *cells, bounds=(), name="figure", spread=None):
    """Return a figure by one attribute; bounds make it a numeric axis."""
    return Rate(name, "number", (Axis(attribute, len(cells), tuple(bounds)),), tuple(map(float, cells)), spread)


def figure(value):
    return value if isinstance(value, Rate | Dist) else rate(value)


def fixed(*waits):
    return tuple(Dist("fixed", (figure(wait),)) for wait in waits)


def memoryless(per_ms):
    return (Dist("memoryless", (figure(per_ms),)),)


def on_date(*times):
    return tuple(Dist("at", (figure(time),)) for time in times)


def when(**conditions):
    """Return conditions: attribute=value, a pair (index,) for a level."""
    return tuple(
        Condition(name, value[0], True) if isinstance(value, tuple) else Condition(name, value, False)
        for name, value in conditions.items()
    )


def earn(line, value, period=None, decision=""):
    return Amount(line, "earn", figure(value), period, decision)


def spend(line, value, period=None):
    return Amount(line, "spend", figure(value), period)


def effects(sets=None, add=None, money=(), refer=()):
    """Return effects; sets as attribute=value, a `SetTo` or the name of the attribute copied."""
    made = []
    for name, value in (sets or {}).items():
        if isinstance(value, Draw):
            made.append(SetTo(name, draw=value))
        elif isinstance(value, str):
            made.append(SetTo(name, copy=value))
        else:
            made.append(SetTo(name, value))
    adds = tuple(AddTo(n, earned=True) if v == "earned" else AddTo(n, v) for n, v in (add or {}).items())
    return Effects(sets=tuple(made), adds=adds, money=tuple(money), refer=tuple(refer))


def event(name, waits=(), *, every=False, conditions=(), to=None, outcomes=(), **happens):
    """Return an event; its decision is filled in by the stage or set it stands in."""
    ends = tuple(outcomes) or (Outcome(name, None, to, Effects()),)
    return Event(name, "", every, tuple(waits), tuple(conditions), effects(**happens), ends)


def outcome(name, chance=None, to=None, **happens):
    return Outcome(name, None if chance is None else figure(chance), to, effects(**happens))


def named(owner, event):
    return replace(event, decision=f"{owner}/{event.name}")


def stage(name, role, *events, on_entry=None, accruals=()):
    events = tuple(named(name, one) for one in events)
    return Stage(name, role, None, effects(**(on_entry or {})), tuple(accruals), events)


def during(name, stages, *events, on_entry=None, accruals=()):
    """Return a set of stages (while)."""
    events = tuple(named(name, one) for one in events)
    return StageSet(name, tuple(stages), effects(**(on_entry or {})), tuple(accruals), events)


def levels(name, *names, draw=None):
    return Attribute(name, "levels", names, draw)


def drawn(decision, *chances):
    """Return a draw of levels 0, 1, ... with these chances; None takes the rest."""
    return Draw(decision, tuple(range(len(chances))), tuple(None if c is None else rate(c) for c in chances))


def counter(name, low, high):
    return Attribute(name, "counter", low=low, high=high)


def stopwatch(name):
    return Attribute(name, "stopwatch")


def batch(n, enters, times=(0,), name="start", **more):
    return Channel(name, enters, "batch", 200 * YEAR, times=times, counts=(n,) * len(times), **more)


def present(n, enters, name="base"):
    return Channel(name, enters, "present", 200 * YEAR, times=(0,), counts=(n,))


def channel(name, enters, kind, **more):
    return Channel(name, enters, kind, more.pop("until", 200 * YEAR), **more)


def journey(stages, channels, sets=(), attributes=(), months=12, **more):
    """Return a journey of these parts."""
    kept = {
        "name": "Built", "strategy": "", "horizon": int(months * MONTH), "follow": MONTH, "discount": 0.0, "seed": 1,
        "start": None, "currency": "EUR", "report_by": (), "fingerprint": "built",
    }  # fmt: skip
    kept |= {"attributes": tuple(attributes), "channels": tuple(channels), "stages": tuple(stages), "sets": tuple(sets)}
    return Journey(**(kept | more))


class Lived:
    """What a run of a built journey left; where people affect one another it is checked all along."""

    def __init__(self, made, seed=1, replication=0, **limits):
        engine = Reference(made, seed, replication, True, True, Bounds(**({"max_people": 10**6} | limits)))
        self.journey, self.ledger = made, engine.run(check if made.coupled_by else None)
        self.people = people_frame(made, people_columns(made, engine.people_rows))
        self.events = event_frame(made, event_columns(made, engine.event_rows))
        self.keys = [person.key for person in sorted(engine.people_rows, key=lambda p: (p.born, p.key))]

    def times(self, event):
        """Return when an event happened, to anybody, ms."""
        return self.events.time[self.events.event == event].tolist()

    def said(self):
        """Return the log of one person as (time, event, stage thereafter)."""
        return list(zip(self.events.time, self.events.event, self.events.to, strict=True))[1:]

    def money(self, line):
        """Return the money on a line by period, millionths."""
        index = [name for _, name, _ in self.ledger.layout.lines].index(line)
        return self.ledger.money[:, :, index].sum(axis=1).tolist()


def live(stages, channels, *, seed=1, replication=0, limits=None, **parts):
    """Run a built journey."""
    return Lived(journey(stages, channels, **parts), seed, replication, **(limits or {}))


def luck(key, decision, counter=0, seed=1, replication=0):
    """Return word and uniform of a person's decision."""
    return draws.draw(seed, replication, key, draws.decision_hash(decision), counter)


#: Where people end.
END = stage("end", "exit")


def one(*events, role="prospect", attributes=(), sets=(), more=(END,), months=12, entry=None, **values):
    """Run one person who comes to a stage with these events at the start."""
    stages = (stage("a", role, *events, on_entry=entry), *more)
    return live(stages, [batch(1, "a")], attributes=attributes, sets=sets, months=months, **values)
