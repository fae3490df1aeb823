"""Fits of referrals: how often customers bring others."""

from __future__ import annotations

from typing import Any

import numpy as np

from flywheel_sim.analysis.fitting.arriving import first_days
from flywheel_sim.analysis.fitting.request import DAYS, FitRequest, around, between, drawn, figures, left_open
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.calibration.referrals import fit_referrals
from flywheel_sim.errors import ExperimentError
from flywheel_sim.stats import figure
from flywheel_sim.wording import sentences

MODELS: dict[str, Any] = {}

_PANEL = "By how many each brought"

#: The chart shows customers who brought up to so many.
_MOST = 5


def fitted(data: Any, asked: FitRequest) -> Fit:
    """Return how often a customer brings somebody, a month."""
    rows = data.rows
    if "referred_by" not in rows:
        raise ExperimentError("these records do not say who referred whom; read them with "
                              "columns={'referred_by': 'the column that says so'}")  # fmt: skip
    first, people, _ = first_days(data)
    by = rows.groupby("customer", observed=True)["referred_by"].first().dropna()
    since = getattr(data, "records_from", None)
    if since is not None:  # as customers count from then on
        by = by[(first.reindex(by.index) >= np.datetime64(since)).to_numpy()]
    there = _months(data, first, since)
    brought = by.value_counts()
    outside = int(brought[~brought.index.isin(there.index)].sum())
    each = brought.reindex(there.index).fillna(0).to_numpy(np.float64)
    found = fit_referrals(each, there.to_numpy(np.float64), outside=outside, level=asked.level)
    maxima = {"": found.maximum}
    figures_ = [("", "rate", found.rate, found.low, found.high, "people brought per customer and month")]
    if np.isfinite(found.shape):
        low, high = (1 / one if one > 0 else np.inf for one in found.maximum.ends[1][::-1])
        figures_.append(("", "shape", found.shape, low, high, "of how customers differ: the smaller, the more"))
    said = f"A customer brings {figure(found.rate)} people a month"
    return Fit(
        asked.of, "referrals", "Referrals",
        f"{found.referred:,} {people} brought by {len(there):,} in {figure(found.exposure)} customer-months, "
        f"{between(data.begins, data.ends)}",
        figures(figures_), f"{said}.", said,
        _beside(each, there.to_numpy(np.float64), found.rate, found.shape, asked.level),
        {_PANEL: ("People brought by a customer", "Customers")}, asked.level,
        "Poisson counts, or negative binomial ones where customers differ: Cameron and Trivedi 2013, "
        "doi:10.1017/CBO9781139013567.",
        maxima, left_open(maxima), tuple(sentences(found.said)), found.journey("month"),
    )  # fmt: skip


def _months(data: Any, first: Any, since: Any) -> Any:
    """Return for how many months each could have brought somebody: within the records, until they left."""
    import pandas as pd

    last = pd.Timestamp(data.ends) + pd.Timedelta(days=1)
    until = last
    if "end" in data.rows:
        until = data.rows.assign(end=data.rows["end"].fillna(last)).groupby("customer", observed=True)["end"].max()
    begun = first if since is None else first.clip(lower=pd.Timestamp(since))
    return ((until - begun) / pd.Timedelta(days=DAYS["month"])).clip(lower=0)


def _beside(each: Any, there: Any, rate: float, shape: float, level: float) -> Any:
    """Return how many customers brought 0, 1, 2, ..., and how many are to be expected."""
    from scipy.stats import nbinom, poisson

    k = np.arange(_MOST)[:, None]
    mean = rate * there
    shares = nbinom.pmf(k, shape, shape / (shape + mean)) if np.isfinite(shape) else poisson.pmf(k, mean)
    said = shares.sum(axis=1)
    had = np.bincount(np.minimum(each, _MOST).astype(int), minlength=_MOST + 1).astype(np.float64)
    names = [*map(str, range(_MOST)), f"{_MOST}+"]
    return drawn(_PANEL, "bars", names, had, np.append(said, len(each) - said.sum()), *around(had, level, len(each)))
