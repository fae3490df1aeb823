"""Fits of spend: what customers spend a purchase, and how much they differ in it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.analysis.fitting.request import FitRequest, around, between, drawn, left_open, rows_of
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.calibration.buying.journeys import Setting
from flywheel_sim.calibration.buying.spend import GammaGamma
from flywheel_sim.calibration.likelihood import FloatArray
from flywheel_sim.errors import ExperimentError
from flywheel_sim.stats import figure
from flywheel_sim.wording import sentences

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.data.orders import Orders

MODELS = {"gamma_gamma": GammaGamma()}

_PANEL = "Mean of a customer's repeat purchases"

#: Bars of the chart.
_BARS = 9


def fitted(orders: Orders, asked: FitRequest) -> Fit:
    """Return what customers spend a purchase."""
    model, table = MODELS["gamma_gamma"], orders.histories(unit="week")
    again = (table["frequency"] > 0) & (table["monetary_value"] > 0)
    x = table.loc[again, "frequency"].to_numpy(np.float64)
    mean = table.loc[again, "monetary_value"].to_numpy(np.float64)
    if not len(x):
        raise ExperimentError("nobody made a repeat purchase of an amount above 0, so spend cannot be fitted; "
                              "read the orders with their amounts")  # fmt: skip
    top = model.fit(x, mean, level=asked.level)
    maxima, money = {"": top}, orders.currency or "units of money"
    middle = model.mean(top.values)
    finite = np.isfinite(middle)
    says = f"A purchase brings {figure(middle)} {money} on average over all customers." if finite else (
        "A mean over all customers has no end: a few amounts are far larger than all others."
    )  # fmt: skip
    finding = f"A purchase brings {figure(middle)} {money} on average" if finite else "No mean of purchases can be told"
    together = model.goes_together(x, mean).said
    setting = Setting("week", 104.0, float(len(table)), currency=orders.currency or "EUR")
    return Fit(
        asked.of, model.name, "Gamma-gamma",
        f"{len(x):,} of {len(table):,} customers, who bought again, {between(orders.begins, orders.ends)}",
        rows_of(maxima), says, finding, _beside(x, mean, top.values, money, asked.level),
        {_PANEL: (f"Mean of a customer's repeat purchases ({money})", "Customers")}, asked.level, model.source, maxima,
        left_open(maxima), tuple(sentences([together])),
        model.journey(top.values, setting) if finite else "",
    )  # fmt: skip


def _beside(x: FloatArray, mean: FloatArray, values: FloatArray, money: str, level: float) -> pd.DataFrame:
    """Return how many customers spend so much on average, and how many the model says."""
    from scipy.special import betainc

    edges = np.unique([float(f"{one:.2g}") for one in np.quantile(mean, np.linspace(0, 1, _BARS + 1)[1:-1])])
    p, q, v = (float(one) for one in values)
    below = np.array([betainc(p * x, q, x * edge / (v + x * edge)).sum() for edge in edges])
    said = np.diff(np.concatenate([[0.0], below, [len(x)]]))
    had = np.histogram(mean, np.concatenate([[0.0], edges, [np.inf]]))[0].astype(np.float64)
    names = [f"< {edges[0]:g}", *(f"{a:g} to {b:g}" for a, b in pairwise(edges)),
             f"{edges[-1]:g} +"]  # fmt: skip
    return drawn(_PANEL, "bars", names, had, said, *around(had, level, len(x)))
