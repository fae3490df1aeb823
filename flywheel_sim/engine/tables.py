"""The tables of people and of events, from the plain columns that any engine fills.

Columns of people, one entry per person: ``key`` and ``referrer`` (64-bit patterns; the referrer counts
where ``referred`` is not 0), ``channel`` (index), ``generation``, ``born``, ``acquired``, ``churned`` (ms,
-1 never), ``stage`` (index, at the end), ``attributes`` (one column per attribute in file order, shape
(people, attributes): a level's index, a counter's number, what a stopwatch shows at the horizon in ms or
-1 for one set to never), ``revenue``, ``cost``, ``margin_discounted`` (millionths of the currency),
``referrals``.

Columns of events: ``time`` (ms), ``person`` (key), ``step`` (0, 1, ... within a person), ``flow`` (index into
the layout's flows; arrivals bear the flow of how they came), ``to`` (index of the stage the person is in
thereafter).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.reference.person import Person
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MILLIONTHS, NEVER
from flywheel_sim.ledger import IntArray, Layout

if TYPE_CHECKING:
    import pandas as pd

#: Columns by name.
Columns = Mapping[str, NDArray[np.int64]]

#: Plain columns of people and of events, besides ``attributes``.
PEOPLE: tuple[str, ...] = (
    "key", "referrer", "referred", "channel", "generation", "born", "acquired", "churned", "stage", "revenue", "cost",
    "margin_discounted", "referrals",
)  # fmt: skip
EVENTS: tuple[str, ...] = ("time", "person", "step", "flow", "to")


def people_frame(journey: Journey, columns: Columns) -> pd.DataFrame:
    """Return the people table, by time of arrival and then key.

    Columns: key and referrer (hexadecimal; referrer "" for strangers), channel, generation, born,
    acquired and churned (ms from the start, -1 never), stage (at the end), one per attribute (a
    level's name, a counter's number, what a stopwatch shows at the horizon in ms, -1 for never),
    revenue, cost (all that is spent on them) and margin_discounted (revenue less cost of sales and service,
    discounted to acquisition), all three in the currency, and referrals.
    """
    import pandas as pd

    order = np.lexsort((columns["key"], columns["born"]))
    arrays = {name: np.asarray(columns[name])[order] for name in (*PEOPLE, "attributes")}
    frame: dict[str, object] = {
        "key": _hex(arrays["key"]),
        "referrer": np.where(arrays["referred"] != 0, _hex(arrays["referrer"]), ""),
        "channel": _names([channel.name for channel in journey.channels], arrays["channel"]),
        "generation": arrays["generation"],
        "born": arrays["born"],
        "acquired": arrays["acquired"],
        "churned": arrays["churned"],
        "stage": _names([stage.name for stage in journey.stages], arrays["stage"]),
    }
    for index, attribute in enumerate(journey.attributes):
        values = arrays["attributes"][:, index]
        frame[attribute.name] = _names(attribute.levels, values) if attribute.kind == "levels" else values
    frame |= {
        **{name: arrays[name] / MILLIONTHS for name in ("revenue", "cost", "margin_discounted")},
        "referrals": arrays["referrals"],
    }
    return pd.DataFrame(frame)


def event_frame(journey: Journey, columns: Columns) -> pd.DataFrame:
    """Return the event log, by time, person and step.

    Columns: time (ms from the start), person (hexadecimal), step, stage, event, outcome, to. Arrivals
    have no stage and no outcome; their event is how they came. An event of a set is called set.event.
    """
    import pandas as pd

    order = np.lexsort((columns["step"], columns["person"], columns["time"]))
    arrays = {name: np.asarray(columns[name])[order] for name in EVENTS}
    named = [(stage, event or how, how if event else "") for stage, event, how in Layout.of(journey).flows]
    stages, events, outcomes = zip(*named, strict=True)
    frame = {
        "time": arrays["time"],
        "person": _hex(arrays["person"]),
        "step": arrays["step"],
        "stage": _names(stages, arrays["flow"]),
        "event": _names(events, arrays["flow"]),
        "outcome": _names(outcomes, arrays["flow"]),
        "to": _names([stage.name for stage in journey.stages], arrays["to"]),
    }
    return pd.DataFrame(frame)


def people_columns(journey: Journey, people: Sequence[Person]) -> dict[str, IntArray]:
    """Return the columns of people from the reference engine's people."""
    stages = {stage.name: index for index, stage in enumerate(journey.stages)}
    lists = {
        name: [getattr(p, name) for p in people] for name in PEOPLE if name not in ("referrer", "referred", "stage")
    }
    lists["referrer"] = [p.sponsor.key if p.sponsor else 0 for p in people]
    lists["referred"] = [int(p.sponsor is not None) for p in people]
    lists["stage"] = [stages[p.where.name] for p in people]
    columns = {name: np.array(values, dtype=np.int64) for name, values in lists.items()}
    columns["attributes"] = np.zeros((len(people), len(journey.attributes)), dtype=np.int64)
    for index, attribute in enumerate(journey.attributes):
        values = [p.state[attribute.name] for p in people]
        if attribute.kind == "stopwatch":
            values = [journey.horizon - since if since > -NEVER else -1 for since in values]
        columns["attributes"][:, index] = values
    return columns


def event_columns(journey: Journey, log: Sequence[tuple[int, int, int, str, str, str, str]]) -> dict[str, IntArray]:
    """Return the columns of events from the reference engine's log."""
    layout = Layout.of(journey)
    flows = {flow: index for index, flow in enumerate(layout.flows)}
    stages = {name: index for index, name in enumerate(layout.stages)}
    lines = [
        (time, key, step, flows[(stage, event, outcome) if stage else ("", "", event)], stages[to])
        for time, key, step, stage, event, outcome, to in log
    ]
    table = np.array(lines, dtype=np.int64).reshape(-1, len(EVENTS))
    return {name: table[:, index] for index, name in enumerate(EVENTS)}


def _names(names: Sequence[str], indices: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array(names, dtype=object)[indices]


def _hex(keys: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array([f"{int(key) & 0xFFFFFFFFFFFFFFFF:016x}" for key in keys], dtype=object)
