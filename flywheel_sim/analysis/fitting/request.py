"""What was asked of a fit, and what all fits share: periods in words, parameters as rows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.calibration.likelihood import FloatArray, Maximum
from flywheel_sim.stats import critical

if TYPE_CHECKING:
    import pandas as pd

#: Days of a period, as the language counts them (a month is a twelfth of a year of 365 days).
DAYS = {"day": 1.0, "week": 7.0, "month": 365 / 12, "year": 365.0}


@dataclass(frozen=True)
class FitRequest:
    """What was asked of a fit, as `flywheel_sim.fit` takes it; ``tell`` is told each step and how many there are."""

    of: str
    model: str | None
    season: bool
    level: float
    ahead: int | None
    tell: Callable[[str, int], None]


def between(begins: date | None, ends: date | None) -> str:
    """Return from when to when in words."""
    return f"{begins} to {ends}"


def around(count: FloatArray, level: float, of: float = math.inf) -> tuple[FloatArray, FloatArray]:
    """Return ends of intervals of counts: of people who each seldom do something, or of so many of whom each may."""
    half = critical(level) * np.sqrt(count * (1 - count / of))
    return np.maximum(0.0, count - half), count + half


def names_of(said: Iterable[Any], taken: Iterable[str] = ()) -> dict[Any, str]:
    """Return names that the language takes for what is called otherwise, each its own and none that is taken."""
    names: dict[Any, str] = {}
    used = {"rest", "stay", "never", *taken}
    for one in said:
        plain = re.sub(r"\W+", "_", str(one)).strip("_").lower()
        plain = plain if plain[:1].isalpha() and plain not in used else f"stage_{plain}".rstrip("_")
        name, number = plain, 1
        while name in used:
            number += 1
            name = f"{plain}_{number}"
        names[one] = name
        used.add(name)
    return names


def rows_of(maxima: Mapping[str, Maximum]) -> pd.DataFrame:
    """Return parameters as rows: part, parameter, value, low, high, about."""
    return figures(
        (part, one.name, value, low, high, one.about)
        for part, top in maxima.items()
        for one, value, (low, high) in zip(top.parameters, top.values, top.ends, strict=True)
    )


def figures(rows: Any) -> pd.DataFrame:
    """Return figures as rows: part, parameter, value, low, high, about."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=["part", "parameter", "value", "low", "high", "about"])


def left_open(maxima: Mapping[str, Maximum], without: Collection[str] = ()) -> tuple[str, ...]:
    """Return what the data cannot tell apart, of several parts with their names, without some parameters."""
    return tuple(
        f"{part}: {said}" if part else said for part, one in maxima.items() for said in one.not_told_apart(without)
    )


def drawn(panel: str, kind: str, x: Any, observed: Any, fitted: Any, low: Any = None, high: Any = None) -> pd.DataFrame:
    """Return a panel of a chart: data beside the model, as `Fit.drawn` has it."""
    import pandas as pd

    none = np.full(len(x), np.nan)
    columns = {"panel": panel, "kind": kind, "x": list(x), "observed": observed, "fitted": fitted,
               "low": none if low is None else low, "high": none if high is None else high}  # fmt: skip
    return pd.DataFrame(columns)
