"""Fits of retention: how long customers stay, chosen by how well later ages were forecast from earlier ones."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.fitting.choice import Choice
from flywheel_sim.analysis.fitting.request import DAYS, FitRequest, between, drawn, figures, left_open, rows_of
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.calibration.durations import WEIBULL, Durations
from flywheel_sim.calibration.likelihood import FloatArray
from flywheel_sim.calibration.retention.choice import BASELINES, RetentionChoice, choose
from flywheel_sim.calibration.retention.lives import Lives
from flywheel_sim.calibration.retention.models import MODELS as BY_PERIOD
from flywheel_sim.errors import DataError, ExperimentError
from flywheel_sim.stats import figure
from flywheel_sim.wording import counted, joined, sentences

if TYPE_CHECKING:
    import pandas as pd

#: Models by name; those without an object are of their own kind.
MODELS: dict[str, Any] = {**{one.name: one for one in BY_PERIOD}, "weibull": WEIBULL, "kaplan_meier": None}

#: The panel of the chart.
_CURVE = "Still customers"

#: A forecast is said for so many periods after the last known, at most.
_BEYOND = 5


def lives_of(data: Any) -> tuple[Lives, str, str, tuple[str, ...]]:
    """Return lives in whole periods, the period, what they rest on in words, and what was left out."""
    if type(data).__name__ == "Survivors":
        shares = data.people is None
        parts = [
            Lives.from_survivors(one["age"].to_numpy(), one["survivors"].to_numpy(), shares=shares)
            for _, one in data.rows.groupby("cohort", observed=True, sort=False)
        ]
        lives = parts[0]
        for one in parts[1:]:
            lives = lives + one
        many = f"{lives.people:,.0f} people" if lives.people_known else "shares of people"
        words = f"{many} in {counted(len(parts), 'cohort')}, ages 0 to {lives.last} {data.unit}s"
        return lives, data.unit, words, ()
    kinds = _renewed(data.rows)
    unit = str(kinds.mode().iloc[0])
    own = replace(data, rows=data.rows[(kinds == unit).to_numpy()])
    months = int(_RENEWED[unit]) if _RENEWED[unit] >= 1 else 0
    table = own.lives("year" if unit == "year" else "month" if months else unit)
    parts_of = 1 if unit == "year" else max(1, months)  # a quarter is over after every third month
    age, entered = table["age"].to_numpy() // parts_of, table["entered"].to_numpy() // parts_of
    lives = Lives.of(age, table["lost"].to_numpy(), entered)
    words = f"{counted(len(table), 'subscription')} renewed every {unit}, {table['lost'].sum():,} of them ended"
    others, left = len(data.rows) - len(own.rows), []
    if others:
        left.append(f"{counted(others, 'subscription')} renewed at other intervals are left out: fit a file of them "
                    "alone.")  # fmt: skip
    if "interval" not in data.rows or data.rows["interval"].isna().all():
        left.append("Nothing says how often subscriptions are renewed, so every month is taken. A column of intervals "
                    "(month, quarter, year, or a number of months) would tell.")  # fmt: skip
    return lives, unit, f"{words}, {between(data.begins, data.ends)}", tuple(left)


#: Parameters of a forecast that are this far from the likeliest, relative to them, are told.
_MOVED = 0.005

#: A model that lies outside the data's intervals at more of the ages than this share does not fit.
_OUTSIDE = 0.2

#: Months between renewals.
_RENEWED = {"week": 7 * 12 / 365.25, "month": 1.0, "quarter": 3.0, "half-year": 6.0, "year": 12.0}


def _renewed(rows: pd.DataFrame) -> pd.Series[str]:
    """Return after which period each subscription is renewed; where nobody says so, as most are."""
    import pandas as pd

    if "interval" not in rows or rows["interval"].isna().all():
        return pd.Series("month", index=rows.index)
    known = rows["interval"].fillna(rows["interval"].mode().iloc[0]).to_numpy(np.float64)
    away = np.abs(np.log(np.maximum(known, 0.01)[:, None] / np.array(list(_RENEWED.values()))[None, :]))
    return pd.Series(np.array(list(_RENEWED))[away.argmin(axis=1)], index=rows.index)


def _in_months(text: str, unit: str) -> str:
    """Return a journey whose periods are quarters or half-years in months, which the language has."""
    months = _RENEWED.get(unit, 1.0)
    if unit not in ("quarter", "half-year"):
        return text
    return re.sub(rf"([\d.]+) {unit}s?", lambda found: f"{float(found[1]) * months:.12g} months", text)


def fitted(data: Any, asked: FitRequest) -> Fit:
    """Return how long customers stay."""
    lives, unit, words, left = lives_of(data)
    if lives.last < 1:
        raise DataError(f"nobody is seen for a whole {unit}, so no renewal is known; give longer records")
    if asked.model == "kaplan_meier":
        return replace(_without_a_model(lives, unit, words, asked), notes=left)
    if asked.model == "weibull":
        return replace(_any_day(data, lives, unit, words, asked), notes=left)
    made = choose(lives, level=asked.level) if asked.model is None else None
    model = made.model if made is not None else MODELS[asked.model or ""]
    top = made.fit if made is not None else model.fit(lives, asked.level)
    values = made.values if made is not None else model.drawn(lives)
    maxima = {"": top}
    last, ahead = lives.last, asked.ahead or min(_BEYOND, lives.last)
    said = model.survival(values, np.arange(last + ahead + 1.0))
    seen, later = _seen(lives, asked.level), _percent(said[-1])
    share, low, high = seen
    beside = int(((100 * said[: last + 1] < low) | (100 * said[: last + 1] > high)).sum())
    says = f"{figure(share[-1], '%')} % are left after {counted(last, unit)}, and {later} % are expected to be after "
    says += f"{last + ahead}."
    notes = sentences(made.said) if made is not None else []
    if beside > max(1, _OUTSIDE * lives.last):
        notes.append(f"At {beside} of {counted(lives.last, 'age')} the model is outside the interval of the data: "
                     "these customers do not leave as it says, so do not rely on its forecast.")  # fmt: skip
    notes += [f"The journey does not hold {model.lost}."] if model.lost else []
    if (np.abs(values / top.values - 1) > _MOVED).any():
        named = joined([f"{one.name} {value:.4g}" for one, value in zip(model.parameters, values, strict=True)])
        notes.append(f"Many parameters fit nearly as well; forecast and journey take plausible ones: {named}.")
    if not lives.people_known:
        notes.append("How many people the shares stand for is not known, so no intervals are told.")
    finding = f"{model.label}: {later} % are expected to be left after {last + ahead} {unit}s"
    return Fit(
        asked.of, model.name, model.label, words, rows_of(maxima), says, finding,
        _curve(seen, said),
        {_CURVE: (f"Age ({unit}s)", "Share still customers (%)")}, asked.level, model.source, maxima,
        left_open(maxima) if lives.people_known else (), (*notes, *left),
        _in_months(model.journey(values, unit, periods=last + ahead), unit),
        None if made is None else _choice(made, unit),
    )  # fmt: skip


def _percent(share: float) -> str:
    return figure(100 * float(share), "%")


def _curve(seen: _Shares, said: FloatArray) -> pd.DataFrame:
    """Return who is left at each age, in the data and as the model says, also of ages ahead."""
    ahead = np.full(len(said) - len(seen[0]), math.nan)
    share, low, high = (np.append(one, ahead) for one in seen)
    return drawn(_CURVE, "points", np.arange(len(share)), share, 100 * said, low, high)


#: Shares by age, in %, and the ends of their intervals.
_Shares = tuple[FloatArray, FloatArray, FloatArray]


def _seen(lives: Lives, level: float) -> _Shares:
    """Return who is left at each age without a model, with intervals where the number of people is known, in %."""
    known = lives.kaplan_meier(level)
    ages = np.arange(lives.last + 1)
    share = 100 * known.at(ages)
    if not lives.people_known:
        return share, np.full(len(ages), math.nan), np.full(len(ages), math.nan)
    place = np.searchsorted(known.times, ages, side="right")
    low, high = (np.append(100.0, 100 * one)[place] for one in (known.low, known.high))
    return share, low, high


def _without_a_model(lives: Lives, unit: str, words: str, asked: FitRequest) -> Fit:
    """Return who is left at each age as seen, without a model."""
    seen = _seen(lives, asked.level)
    share = seen[0]
    rows = figures(
        ("", f"S({age})", *three, f"% left after {age} {unit}s") for age, three in enumerate(zip(*seen, strict=True))
    )
    finding = f"{figure(share[-1], '%')} % are left after {counted(lives.last, unit)}"
    return Fit(
        asked.of, "kaplan_meier", "Kaplan-Meier", words, rows, f"{finding}.", finding,
        _curve(seen, share / 100), {_CURVE: (f"Age ({unit}s)", "Share still customers (%)")},
        asked.level, "Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452",
    )  # fmt: skip


def _any_day(data: Any, lives: Lives, unit: str, words: str, asked: FitRequest) -> Fit:
    """Return how long customers stay who may leave on any day."""
    if "end" not in data.rows:
        raise ExperimentError("model is 'weibull': it takes the days on which subscriptions begin and end; "
                              "read them with fs.read_subscriptions, or write model='sbg'")  # fmt: skip
    day = np.timedelta64(86_400, "s")
    length = DAYS[unit] if unit in DAYS else DAYS["month"] * _RENEWED[unit]
    start = data.rows["start"].to_numpy().astype("datetime64[s]")
    end = data.rows["end"].to_numpy().astype("datetime64[s]")
    ended = ~np.isnat(end)
    lasted = (np.where(ended, end, np.datetime64(data.ends, "s") + day) - start) / day / length
    since = data.records_from
    late = 0.0 if since is None else np.maximum(0.0, (np.datetime64(since, "s") - start) / day / length)
    lasted = np.where(ended, np.maximum(lasted, 1 / length), lasted)  # a first day counts
    seen = lasted > late
    many = np.broadcast_to(late, lasted.shape)
    durations = Durations.of(lasted[seen], ended[seen], many[seen], 1 / length)
    top = WEIBULL.fit(durations, asked.level)
    left = WEIBULL.survival(top.values, [float(lives.last)])[0]
    finding = f"Weibull: {_percent(left)} % are left after {counted(lives.last, unit)}"
    maxima = {"": top}
    return Fit(
        asked.of, "weibull", "Weibull", words, rows_of(maxima), f"{finding}.", finding,
        _curve(_seen(lives, asked.level), WEIBULL.survival(top.values, np.arange(lives.last + 1.0))),
        {_CURVE: (f"Age ({unit}s)", "Share still customers (%)")}, asked.level, WEIBULL.source, maxima,
        left_open(maxima), (), _in_months(WEIBULL.journey(top.values, unit, periods=lives.last), unit),
    )  # fmt: skip


def _choice(made: RetentionChoice, unit: str) -> Choice:
    """Return how models and baselines have forecast, one row a candidate and origin."""
    import pandas as pd

    labels = {one.name: one.label for one in BY_PERIOD}
    rows = [
        (labels.get(name, name), "baseline" if name in BASELINES else "model", f"age {origin}", error, total, at)
        for name, tried in made.by_origin.items()
        for at, (origin, (error, total)) in enumerate(zip(made.origins, tried, strict=True), 1)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["candidate", "kind", "origin", "error", "total", "weight"])
    return Choice(f"who is left at later ages ({unit}s)", table, made.model.label, "age")
