"""People by month: from the work of each month to numbers of people, and as a file says them."""

from __future__ import annotations

import math

import numpy as np

from flywheel_sim.journey.journey import MONTHS, Journey
from flywheel_sim.journey.units import MONTH
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.source.tree import Raw
from flywheel_sim.stats import FloatArray


def load_by_month(journey: Journey, busy: FloatArray, yearly: bool) -> FloatArray:
    """Return the offered load by month, shape (replications, months); periods that are not counted have none.

    Parameters
    ----------
    journey
        Says where in the year its periods lie.
    busy
        People in service, shape (replications, periods); NaN in the warm-up.
    yearly
        Whether months are those of the year, the mean over years; else the periods themselves.
    """
    first = int(np.flatnonzero(np.isfinite(busy).all(axis=0))[0])
    if not yearly:
        filled = busy.copy()
        filled[:, :first] = busy[:, [first]]
        return filled
    lengths = np.minimum(MONTH, journey.horizon - MONTH * np.arange(journey.months))
    weights = np.zeros((journey.months, 12))
    for period in range(first, journey.months):
        month, into = divmod(journey.phase + period * MONTH, MONTH)
        rest = min(int(lengths[period]), MONTH - into)
        weights[period, month % 12] += rest
        weights[period, (month + 1) % 12] += lengths[period] - rest
    return np.asarray(busy[:, first:] @ (weights / weights.sum(axis=0))[first:])


def people_for(load: FloatArray, factor: float) -> tuple[int, ...]:
    """Return people by month: the load and a margin in its square root, rounded up; nobody where there is no work."""
    return tuple(max(1, math.ceil(r + factor * math.sqrt(r))) if r > 0 else 0 for r in load)


def spread_evenly(people: tuple[int, ...]) -> tuple[int, ...]:
    """Return as many person-months in as equal parts as whole people allow."""
    total, count = sum(people), len(people)
    return tuple((i + 1) * total // count - i * total // count for i in range(count))


def as_written(people: tuple[int, ...], yearly: bool) -> Raw:
    """Return people by month as a file says it."""
    if yearly:
        return {"by": {"month": dict(zip(MONTHS, map(str, people), strict=True))}}
    changes = {
        f"{at} month{'s' * (at > 1)}": str(people[at]) for at in range(1, len(people)) if people[at] != people[at - 1]
    }
    return {"value": str(people[0]), "by": {"calendar": changes}} if changes else str(people[0])


def yaml_of(model: Scenario, strategy: str | None, resource: str, people: Raw) -> str:
    """Return a resource with these people as it stands under ``resources``."""
    raw = dict(model.at(f"resources.{resource}", strategy)) | {"people": people}
    return f"{resource}: {_flow(raw)}"


def _flow(raw: Raw) -> str:
    """Return a raw value as YAML on one line."""
    if isinstance(raw, dict):
        return "{" + ", ".join(f"{key}: {_flow(value)}" for key, value in raw.items()) + "}"
    return str(raw)
