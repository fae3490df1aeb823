"""A fitted model of buying as a journey of this package: its customers, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.calibration.figures import figure
from flywheel_sim.journey.journey import MONTHS

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """What a journey says beside the model.

    Attributes
    ----------
    unit
        The unit of time of the parameters: ``day``, ``week``, ``month`` or ``year``.
    horizon
        How long it runs, in units.
    customers
        How many people make a first purchase, on average.
    over
        The time within which they do, in units; None for the whole horizon.
    came
        How many did in equal parts of that time, one after the other; steadily unless given.
    amount
        What a purchase earns, the first one too: an amount in the words of the language.
    currency
        Of the amount.
    start
        The day on which it starts, where there is a season.
    """

    unit: str = "week"
    horizon: float = 104.0
    customers: float = 1000.0
    over: float | None = None
    came: tuple[float, ...] = ()
    amount: str = "35"
    currency: str = "USD"
    start: str = "2027-01-01"


def pace(shape: float, rate: float, unit: str, season: FloatArray | None = None, times: int = 1) -> str:
    """Return a pace that a gamma distribution spreads over people, `times` as fast as `shape` / `rate`."""
    alike = min(max(shape, 1e-3), 1e8)  # as the language takes it
    said = f"value: {figure(shape * times)} per {figure(rate)} {unit}s, spread: {{shape: {figure(alike)}}}"
    if season is not None:
        months = ", ".join(f"{name}: {figure(one)}" for name, one in zip(MONTHS, season, strict=True))
        said += f", times: {{month: {{{months}}}}}"
    return f"{{{said}}}"


def written(
    name: str, comments: Sequence[str], rates: dict[str, str], events: dict[str, str], setting: Setting,
    attributes: dict[str, str] | None = None, *, dated: bool = False,
) -> str:  # fmt: skip
    """Return the text of a journey in which people enter at their first purchase and then meet some events."""
    s = setting
    until = "" if s.over is None else f"until: {figure(s.over)} {s.unit}s, "
    lines = [f"# {one}" for one in comments]
    lines += [f"name: {name}", f"horizon: {figure(s.horizon)} {s.unit}s", f"currency: {s.currency}"]
    lines += [f"start: {s.start}"] if dated else []
    lines += ["rates:", *(f"  {key}: {one}" for key, one in rates.items())]
    if attributes:
        lines += ["attributes:", *(f"  {key}: {one}" for key, one in attributes.items())]
    lines += ["channels:", f"  first_purchases: {{rate: {_arrivals(s)}, {until}enters: customer}}"]
    lines += ["journey:", "  customer:", "    role: customer"]
    lines += [f"    on_entry: {{earn: {{orders: {s.amount}}}}}"] if s.amount else []
    lines += ["    events:", *(f"      {key}: {one}" for key, one in events.items())]
    lines += ["  lost: exit"] if any("lost" in one for one in events.values()) else []
    return "\n".join(lines) + "\n"


def _arrivals(setting: Setting) -> str:
    """Return how many come in a time, in each part of it its own where that is known."""
    over = setting.horizon if setting.over is None else setting.over
    if not setting.came:
        return f"{figure(setting.customers)} per {figure(over)} {setting.unit}s"
    part = over / len(setting.came)
    steps = [(at, many) for at, many in enumerate(setting.came) if at == 0 or many != setting.came[at - 1]]
    said = ", ".join(
        f"{figure(at * part)} {setting.unit}s: {figure(many)} per {figure(part)} {setting.unit}s" for at, many in steps
    )
    return f"{{by: {{calendar: {{{said}}}}}}}"
