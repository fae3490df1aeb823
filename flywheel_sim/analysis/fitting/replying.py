"""Fits of the response of arrivals to spend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.fitting.request import FitRequest, between, drawn, left_open, rows_of
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.calibration.response import fit_response
from flywheel_sim.errors import ExperimentError
from flywheel_sim.stats import figure

if TYPE_CHECKING:
    from flywheel_sim.data.spend import Spend

MODELS: dict[str, Any] = {}

_PANEL = "Arrivals by period"


def fitted(spend: Spend, asked: FitRequest) -> Fit:
    """Return how many arrive by what is spent."""
    rows = spend.rows
    if "arrivals" not in rows:
        raise ExperimentError("these records do not say how many arrived; read the spend with "
                              "columns={'arrivals': 'the column that says so'}")  # fmt: skip
    plan = rows.pivot_table(index="period", columns="channel", values="spend", aggfunc="sum", observed=True).fillna(0.0)
    came = rows.groupby("period")["arrivals"].sum(min_count=1).reindex(plan.index)
    known = came.notna().to_numpy()
    plan, came = plan[known], came[known]
    days = np.diff(plan.index.to_numpy()).astype("timedelta64[D]").astype(int)
    unit = "month" if not len(days) or np.median(days) > 20 else "week" if np.median(days) > 3 else "day"
    channels = [str(one) for one in plan.columns]
    found = fit_response(came.to_numpy(), plan.to_numpy(), channels, asked.level, bends=None)
    maxima, money = {"": found.maximum}, spend.currency or "units of money"
    cost = float(found.maximum.values[1])
    finding = f"An arrival by {channels[0]} costs {figure(cost)} {money}"
    organic = figure(float(found.maximum.values[0]))
    notes = [f"{one[:1].upper()}{one[1:]}." for one in found.said]
    if len(days) and unit != "month" and (days != np.median(days)).any():
        notes.append("Some periods are missing between others; they are taken as if they followed one another.")
    expected = found.expected(plan.to_numpy())
    half = 1.96 * np.sqrt(came.to_numpy())
    low, high = np.maximum(0, came.to_numpy() - half), came.to_numpy() + half
    one = len(channels) == 1
    across = (plan.to_numpy()[:, 0], "points") if one else (plan.index, "line")
    return Fit(
        asked.of, "response", "Response to spend", f"{len(plan)} {unit}s of {len(channels)} "
        f"channel{'s' * (len(channels) != 1)}, {between(spend.begins, spend.ends)}",
        rows_of(maxima), f"{finding}; {organic} a {unit} come anyway.", finding,
        drawn(_PANEL, across[1], across[0], came.to_numpy(), expected, low, high),
        {_PANEL: (f"Spend a {unit} ({money})" if one else "", f"Arrivals a {unit}")}, asked.level,
        "Poisson regression with an identity link, bent as in Blattberg and Deighton 1996.", maxima,
        left_open(maxima), tuple(notes), found.journey(unit),
    )  # fmt: skip
