"""Fits of the response of arrivals to spend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.fitting.request import FitRequest, around, between, drawn, left_open, names_of, rows_of
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.calibration.response import fit_response
from flywheel_sim.errors import ExperimentError
from flywheel_sim.stats import figure
from flywheel_sim.wording import counted, joined, sentences

if TYPE_CHECKING:
    from flywheel_sim.data.spend import Spend

MODELS: dict[str, Any] = {}

_PANEL = "Arrivals by period"

#: So many periods are needed.
_FEWEST = 3


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
    if len(plan) < _FEWEST:
        raise ExperimentError(f"spend and arrivals are both known of {counted(len(plan), 'period')}: what spend brings "
                              f"takes {_FEWEST} at least; read records of more months")  # fmt: skip
    without = [str(one) for one in plan.columns[~(plan > 0).any().to_numpy()]]
    plan = plan.loc[:, (plan > 0).any()]
    if plan.empty:
        raise ExperimentError("nothing was spent in the periods of which arrivals are known, so what spend brings "
                              "cannot be told; read records of months with spend")  # fmt: skip
    days = np.diff(plan.index.to_numpy()).astype("timedelta64[D]").astype(int)
    unit = "month" if not len(days) or np.median(days) > 20 else "week" if np.median(days) > 3 else "day"
    channels = [str(one) for one in plan.columns]
    found = fit_response(came.to_numpy(), plan.to_numpy(), channels, asked.level, bends=None)
    maxima, money = {"": found.maximum}, spend.currency or "units of money"
    costs = [figure(float(found.maximum.values[1 + at * (2 if found.bends else 1)])) for at in range(len(channels))]
    finding = (
        f"An arrival costs {joined([f'{cost} {money} by {name}' for cost, name in zip(costs, channels, strict=True)])}"
    )
    organic = figure(float(found.maximum.values[0]))
    notes = sentences(found.said)
    notes += [f"Nothing was spent on {one}, so it is left out." for one in without]
    if (days > 1.3 * np.median(days)).any():
        notes.append("Some periods are missing between others; they are taken as if they followed one another.")
    expected = found.expected(plan.to_numpy())
    one, names = len(channels) == 1, names_of(channels, ("organic", "visitor"))
    across = (plan.to_numpy()[:, 0], "points") if one else (plan.index, "line")
    return Fit(
        asked.of, "response", "Response to spend", f"{counted(len(plan), unit)} of "
        f"{counted(len(channels), 'channel')}, {between(spend.begins, spend.ends)}",
        rows_of(maxima), f"{finding}; {organic} a {unit} come anyway.", finding,
        drawn(_PANEL, across[1], across[0], came.to_numpy(), expected, *around(came.to_numpy(), asked.level)),
        {_PANEL: (f"Spend a {unit} ({money})" if one else "", f"Arrivals a {unit}")}, asked.level,
        "Poisson regression with an identity link, bent as in Blattberg and Deighton 1996.", maxima,
        left_open(maxima), tuple(notes),
        found.journey(unit, currency=spend.currency or "EUR", names=list(names.values())),
    )  # fmt: skip
