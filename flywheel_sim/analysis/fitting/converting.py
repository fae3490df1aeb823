"""Fits of a funnel of counts: which share goes on from each step to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.fitting.request import FitRequest, between, drawn, figures, names_of
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.calibration.stages import jeffreys
from flywheel_sim.errors import ExperimentError
from flywheel_sim.stats import figure
from flywheel_sim.texts import cut
from flywheel_sim.wording import counted

if TYPE_CHECKING:
    from flywheel_sim.data.funnel import Funnel

MODELS: dict[str, Any] = {}

_PANEL = "From each step to the next"


def fitted(funnel: Funnel, asked: FitRequest) -> Fit:
    """Return which share goes on from each step to the next, all periods together."""
    counts = funnel.rows.groupby("step", observed=True)["count"].sum()
    steps, had = [str(one) for one in counts.index], counts.to_numpy(np.float64)
    if len(steps) < 2 or not had[0]:
        raise ExperimentError("a funnel of one step, or of nobody at its top, has no conversion; read more steps")
    rows, notes, shares = [], [], []
    for before, after, n, won in zip(steps[:-1], steps[1:], had[:-1], had[1:], strict=True):
        if won > n:
            notes.append(
                f"More reached '{after}' than '{before}': not everybody came through it, so no share can be told."
            )
            rows.append((before, f"to {after}", np.nan, np.nan, np.nan, "not told: the funnel is open here"))
            shares.append((np.nan, np.nan, np.nan))
            continue
        low, high = jeffreys(won, n, asked.level) if n else (np.nan, np.nan)
        share = won / n if n else np.nan
        rows.append((before, f"to {after}", share, low, high, f"share of {n:,.0f} who went on"))
        shares.append((share, low, high))
    top, bottom = (cut(one, 24) for one in (steps[0], steps[-1]))
    told = not any(np.isnan(one) for one, _, _ in shares)
    whole = f"{figure(100 * had[-1] / had[0], '%')} % of {had[0]:,.0f} got from '{top}' to '{bottom}'"
    finding = whole if told else f"From '{top}' to '{bottom}' not every step tells a share"
    if not told:
        notes.append("Without a share of every step there is no journey.")
    share, low, high = (100 * np.array(one) for one in zip(*shares, strict=True))
    when = f", {between(funnel.begins, funnel.ends)}" if funnel.begins else ""
    periods = funnel.rows["period"].nunique()
    if periods > 1:
        notes.append("Who reached one step in one period may reach the next in another: with short periods shares are "
                     "of the same people only about.")  # fmt: skip
    return Fit(
        asked.of, "conversion", "Conversion", f"{had[0]:,.0f} at the top of {counted(len(steps), 'step')}{when}",
        figures(rows),
        f"{finding}.", finding, drawn(_PANEL, "bars", steps[1:], share, share, low, high),
        {_PANEL: ("", "Share of the step before (%)")}, asked.level,
        "Jeffreys' interval (Brown, Cai and DasGupta 2001, doi:10.1214/ss/1009213286).", notes=tuple(notes),
        text=_journey(steps, had) if told else "",
    )  # fmt: skip


def _journey(steps: list[str], had: Any) -> str:
    """Return the funnel as a journey, where every step takes a day."""
    names = list(names_of(steps, ("gone",)).values())
    lines = []
    for at, name in enumerate(names[:-1]):
        share = had[at + 1] / had[at]
        lines.append(
            f"  {name}: {{role: prospect, after: 1 day, to: {{{names[at + 1]}: {100 * share:.10g} %, gone: rest}}}}"
        )
    return "\n".join([
        "name: Funnel", "horizon: 12 months", f"channels: {{start: {{batch: {int(had[0])}, enters: {names[0]}}}}}",
        "journey:", *lines, f"  {names[-1]}: customer", "  gone: exit", "",
    ])  # fmt: skip
