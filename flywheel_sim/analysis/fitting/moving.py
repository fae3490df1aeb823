"""Fits of a pipeline: of each stage where leads go from there, and how long that takes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.fitting.request import FitRequest, between, drawn, figures, left_open, names_of
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.calibration.durations import DURATION_MODELS
from flywheel_sim.calibration.kaplan_meier import kaplan_meier
from flywheel_sim.calibration.stages import StageFit, Visits, fit_stage
from flywheel_sim.data.people import OTHER, SMALLEST
from flywheel_sim.errors import ExperimentError
from flywheel_sim.stats import figure
from flywheel_sim.wording import counted, joined

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.data.pipeline import Pipeline

MODELS: dict[str, Any] = {one.name: one for one in DURATION_MODELS}

_DAY = np.timedelta64(86_400, "s")

#: Places between which the curve of a model is drawn.
_PLACES = 80

#: Last stages that mean a customer was won, by a part of their names, and parts by which they do not.
_WON = re.compile(r"(?i)\bwon\b|customer|\bclient|\bkund|sold\b|signed|convert|purchas|\bpaid\b|gewonnen|abschlu"
                  r"|unterschr|verkauft|gagn|ganad|vendu|vendid")  # fmt: skip
_NOT_WON = re.compile(r"(?i)\bno(t|n|ne)?\b|\bno.longer|\blost\b|reject|unsold|unsigned|unpaid|refus"
                      r"|declin|cancel|churn|\bex\b|former|\bkein|nicht|verlor|abgesagt|ehemal|perd|ohne")  # fmt: skip


def fitted(pipeline: Pipeline, asked: FitRequest) -> Fit:
    """Return of each stage where leads go and how long they stay."""
    pipeline, small = _without_small(pipeline)
    rows = pipeline.rows
    names = names_of(list(dict.fromkeys([*rows["stage"].dropna(), *rows["to"].dropna()])))
    stages = [one for one in dict.fromkeys(rows["stage"]) if rows.loc[rows["stage"] == one, "to"].notna().any()]
    if not stages:
        raise ExperimentError("no lead has left a stage within these records, so nothing can be fitted")
    models = DURATION_MODELS if asked.model is None else [MODELS[asked.model]]
    found: dict[str, tuple[StageFit, Visits]] = {}
    for stage in stages:
        visits = _visits(pipeline, stage, names)
        found[str(stage)] = (fit_stage(visits, asked.level, models), visits)
        asked.tell(str(stage), len(stages))
    maxima = {stage: one.maximum for stage, (one, _) in found.items() if one.maximum is not None}
    notes = [f"{stage}: {said}." for stage, (one, _) in found.items() for said in one.said]
    last = [one for one in names if one not in found]
    still = int((rows["left"].isna() & ~rows["stage"].isin(last)).sum())
    notes += [*small, *_ends_said(last)]
    first, _ = found[str(stages[0])]
    called = {name: str(stage) for stage, name in names.items()}
    top = int(np.argmax(first.shares))
    share = figure(100 * float(first.shares[top]), "%")
    says = f"From '{stages[0]}' {share} % of those decided go to '{called[first.names[top]]}'."
    leads = counted(rows["lead"].nunique(), "lead")
    return Fit(
        asked.of, asked.model or "stages", "Stages", f"{counted(len(rows), 'stay')} of {leads}, {still:,} "
        f"still open, {between(pipeline.begins, pipeline.ends)}",
        _rows(found, called), says, f"How long {leads} stay in each stage", _beside(found, asked.level),
        dict.fromkeys(found, ("Days in the stage", "Still there (%)")), asked.level,
        "Shares by Jeffreys' interval (Brown, Cai and DasGupta 2001, doi:10.1214/ss/1009213286).",
        maxima, left_open(maxima), tuple(notes), _journey(pipeline, found, names),
    )  # fmt: skip


def _without_small(pipeline: Pipeline) -> tuple[Pipeline, list[str]]:
    """Return a pipeline whose stages of fewer than ten leads are one, and what is said of them."""
    import pandas as pd

    rows = pipeline.rows
    stays = pd.concat([rows[["lead", "stage"]], rows[["lead", "to"]].rename(columns={"to": "stage"})]).dropna()
    leads = stays.astype({"stage": object}).drop_duplicates().groupby("stage")["lead"].size()
    few = set(leads.index[leads < SMALLEST])
    if len(few) < 1 + (OTHER in few):
        return pipeline, []
    if len(few) == len(leads):
        raise ExperimentError(f"every stage was reached by fewer than {SMALLEST} leads, which is too few to fit")
    plain = {name: [OTHER if one in few else one for one in rows[name]] for name in ("stage", "to")}
    said = f"{counted(len(few), 'stage')} of fewer than {SMALLEST} leads {'is' if len(few) == 1 else 'are'} '{OTHER}'."
    return replace(pipeline, rows=rows.assign(**plain)), [said]


def _won(stage: Any) -> bool:
    """Tell whether a last stage means that a customer was won."""
    return bool(_WON.search(str(stage))) and not _NOT_WON.search(str(stage))


def _ends_said(last: list[Any]) -> list[str]:
    """Return which last stages are taken to mean that a customer was won."""
    won = [f"'{one}'" for one in last if _won(one)]
    rest = [f"'{one}'" for one in last if not _won(one)]
    if not last:
        return []
    taken = f"{joined(won)} {'is' if len(won) == 1 else 'are'}" if won else "No last stage is"
    others = f", {joined(rest)} not" if rest and won else ""
    remedy = (
        "" if won else ": rename the one that is, such as to 'Won', or change 'aside' into 'customer' in the journey"
    )
    return [f"{taken} taken, by name, for won{others}{remedy}."]


def _visits(pipeline: Pipeline, stage: Any, names: dict[Any, str]) -> Visits:
    """Return the visits to a stage, in days."""
    rows = pipeline.rows[pipeline.rows["stage"] == stage]
    to = list(dict.fromkeys(rows["to"].dropna()))
    entered = rows["entered"].to_numpy().astype("datetime64[s]")
    ends = np.datetime64(pipeline.ends, "s") + _DAY
    left = rows["left"].to_numpy().astype("datetime64[s]")
    gone = ~np.isnat(left) & rows["to"].notna().to_numpy()
    lasted = (np.where(gone, left, ends) - entered) / _DAY
    since = pipeline.records_from
    late = 0.0 if since is None else np.maximum((np.datetime64(since, "s") - entered) / _DAY, 0.0)
    place = {one: at for at, one in enumerate(to)}
    where = np.array([place[one] if over else -1 for one, over in zip(rows["to"], gone, strict=True)], dtype=np.int64)
    whole = (entered.astype("int64") % 86_400 == 0).all()
    began = (entered - entered.min()) / _DAY
    return Visits.of(lasted, where, [names[one] for one in to], late, began, grain=1.0 if whole else 0.0)


def _rows(found: dict[str, tuple[StageFit, Visits]], called: dict[str, str]) -> pd.DataFrame:
    """Return shares and times of each stage."""
    rows: list[tuple[Any, ...]] = []
    for stage, (one, _) in found.items():
        for name, share, (low, high) in zip(one.names, one.shares, one.share_ends, strict=True):
            rows.append((stage, f"to {called[name]}", share, low, high, "share of those who left the stage"))
        if one.maximum is not None:
            for what, value, (low, high) in zip(
                one.maximum.parameters, one.maximum.values, one.maximum.ends, strict=True
            ):
                rows.append((stage, what.name, value, low, high, f"{one.dwell.label.lower()} time, days: {what.about}"))
    return figures(rows)


def _beside(found: dict[str, tuple[StageFit, Visits]], level: float) -> pd.DataFrame:
    """Return how many are still in each stage after so many days, and how many the model says."""
    import pandas as pd

    panels = []
    for stage, (one, visits) in found.items():
        if one.maximum is None:
            continue
        dwell = visits.dwell
        seen = kaplan_meier(dwell.time, dwell.ended, dwell.entered, level=level)
        x = np.union1d(seen.times, np.linspace(0, seen.times.max(), _PLACES))
        place = np.searchsorted(seen.times, x, side="right")
        parts = [np.append(100.0, 100 * part)[place] for part in (seen.survival, seen.low, seen.high)]
        panels.append(drawn(stage, "steps", x, parts[0], 100 * one.dwell.survival(one.maximum.values, x), *parts[1:]))
    return pd.concat(panels, ignore_index=True)


def _journey(pipeline: Pipeline, found: dict[str, tuple[StageFit, Visits]], names: dict[Any, str]) -> str:
    """Return the pipeline as a journey: its leads come at once into the stage where most begin."""
    rows = pipeline.rows
    first = rows.sort_values("entered", kind="stable").groupby("lead", observed=True)["stage"].first().mode()[0]
    events = {names[stage]: found[str(stage)][0] for stage in dict.fromkeys(rows["stage"]) if str(stage) in found}
    lines = [f"  {name}: {{role: prospect, {one.event('day')}}}" for name, one in events.items()]
    for stage, name in names.items():
        if name not in events:
            lines.append(f"  {name}: {'customer' if _won(stage) else 'aside'}")
    return "\n".join([
        "name: Pipeline", "horizon: 12 months",
        f"channels: {{leads: {{batch: {rows['lead'].nunique()}, enters: {names[first]}}}}}", "journey:", *lines, "",
    ])  # fmt: skip
