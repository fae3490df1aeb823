"""Parameters that models of staying, deciding, arriving and referring are simulated by, and found again.

The data come from the journey that the fit itself writes, run with the seed of their number, so a mistake in the
model, in its journey, in the engine or in the intervals shows.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

import flywheel_sim as fs
from flywheel_sim.calibration.arrivals import ArrivalsFit, Counted, fit_arrivals
from flywheel_sim.calibration.durations import EXPONENTIAL, GAMMA, LOGNORMAL, WEIBULL, Durations
from flywheel_sim.calibration.likelihood import Maximum, Parameter
from flywheel_sim.calibration.referrals import ReferralFit, fit_referrals
from flywheel_sim.calibration.response import ResponseFit, fit_response
from flywheel_sim.calibration.retention.lives import Lives
from flywheel_sim.calibration.retention.models import BDW, GEOMETRIC, SBG
from flywheel_sim.calibration.stages import StageFit, Visits, fit_stage
from flywheel_sim.journey.journey import MONTHS
from flywheel_sim.scenario.load import loads

MONTH = 2_628_000_000
YEAR = 12 * MONTH

#: Of 300 intervals of 95 %, so many cover the truth: 285 are expected, with an SD of 3.8; these are 3.8 SD away on one
#: side and 2.9 on the other, where a fault of the same size is likelier.
LOW, HIGH = 0.903, 0.987


@lru_cache(maxsize=64)
def scenario(text):
    """Return a scenario, read once."""
    return loads(text)


def table(text, seed):
    """Return the people of one run."""
    return fs.run(scenario(text), people=True, seed=seed).people


@dataclass(frozen=True)
class Found:
    """What one data set says of each parameter: best values, both ends, and the distance from the truth in SDs."""

    names: tuple
    true: np.ndarray
    best: np.ndarray
    ends: np.ndarray
    away: np.ndarray


def of_maximum(maximum, true):
    """Return what a maximum says, beside the truth."""
    free = [
        (one.free(value) - one.free(at)) / sd for one, value, at, sd in zip(
            maximum.parameters, maximum.values, true, np.sqrt(np.diag(maximum.covariance)), strict=True)
    ]  # fmt: skip
    return Found(maximum.names, np.asarray(true, dtype=float), maximum.values, maximum.ends, np.array(free))


# -- how long customers stay ----------------------------------------------------------------------------


def whole(seed, model, true, cohorts=1, cut=0):
    """Return what lives in whole years say; with a cut, customers of earlier years are seen from then on only."""
    horizon = 13 if cohorts == 1 else 10
    text = model.journey(true, "year", people=1000 if cohorts == 1 else 250, periods=horizon - 1)
    if cohorts > 1:
        assert "batch: 250," in text
        text = text.replace("batch: 250,", "batch: 250, every: 1 year,")
    people = table(text, seed)
    began = np.rint(people["born"].to_numpy() / YEAR).astype(int)
    left = people["churned"].to_numpy()
    lost = left >= 0
    age = np.where(lost, np.rint(left / YEAR).astype(int) - began - 1, horizon - 1 - began)
    entered = np.maximum(cut - began, 0)
    seen = (age + lost > entered) | (~lost & (age >= entered))
    seen &= age >= entered
    return of_maximum(model.fit(Lives.of(age[seen], lost[seen], entered[seen])), true)


def timed(seed, model, true, cut=0.0):
    """Return what times in months say, some still going on after 24 months, some seen from an age on only."""
    people = table(model.journey(true, "month", people=800, periods=23), seed)
    left = people["churned"].to_numpy()
    time = np.where(left >= 0, left, 24 * MONTH) / MONTH
    entered = np.where(np.arange(len(time)) % 2, cut, 0.0)
    seen = time > entered
    return of_maximum(model.fit(Durations.of(time[seen], left[seen] >= 0, entered[seen])), true)


# -- a stage of a pipeline ------------------------------------------------------------------------------

SHARES = np.array([0.2, 0.5, 0.3])
NEXT = ("won", "lost", "later")


def stage(seed, model, true):
    """Return what leads say that came through a year to a stage, of whom some are still open at its end."""
    top = Maximum(model.parameters, np.array(true), np.zeros((len(true), 2)), 0.95, np.eye(len(true)), 0.0, ())
    fit = StageFit(NEXT, np.array([2, 5, 3]), 0, SHARES, np.zeros((3, 2)), model, top, {}, True, 1.0, ())
    text = fit.journey("day", periods=365).replace("batch: 1000", "rate: 70 per month")
    day = MONTH * 12 / 365
    log = fs.run(scenario(text), events=True, seed=seed).events
    people = log["person"].unique()
    at = {name: i for i, name in enumerate(NEXT)}
    came = log[log["event"] == "arrived"].set_index("person")["time"].reindex(people).to_numpy() / day
    moves = log[log["to"].isin(NEXT)].set_index("person").reindex(people)
    over = moves["time"].notna().to_numpy()
    time = np.where(over, moves["time"].to_numpy() / day, 365.0) - came
    to = np.array([at.get(name, -1) for name in moves["to"]])
    found = fit_stage(Visits.of(time, to, NEXT), models=(model,))
    dwell = of_maximum(found.maximum, true)
    sd = np.sqrt(SHARES * (1 - SHARES) / found.decided.sum())
    true, best = np.append(dwell.true, SHARES), np.append(dwell.best, found.shares)
    ends, away = np.vstack([dwell.ends, found.share_ends]), np.append(dwell.away, (found.shares - SHARES) / sd)
    return Found((*dwell.names, *NEXT), true, best, ends, away)


# -- arrivals, referrals, response to spend -------------------------------------------------------------

SEASON = np.array([0.9, 0.75, 0.85, 0.9, 0.95, 1.0, 0.8, 0.75, 0.95, 1.1, 1.35, 1.7])
GROWTH = 0.25


def arrivals(seed, months=36, season=True):
    """Return what arrivals of some years say."""
    factors = SEASON if season else np.ones(12)
    whole = Counted.of(np.ones(months), dt.date(2024, 1, 1))
    logs = np.log(factors[:-1] / factors[-1]) if season else []
    names = ("level", "growth", *(MONTHS[:-1] if season else ()))
    parameters = tuple(Parameter(name, "positive" if name == "level" else "real") for name in names)
    top = Maximum(
        parameters, np.array([45.0, GROWTH, *logs]), np.zeros((len(names), 2)), 0.95, np.eye(len(names)), 0, ()
    )
    truth = ArrivalsFit(top, factors if season else None, None, whole, ())
    # the run starts so long before the end of what was counted that its middle is the same
    text = truth.journey(dt.date(2024, 1, 1), months)
    born = table(text, seed)["born"].to_numpy()
    counts = np.bincount((born // MONTH).astype(int), minlength=months)
    found = fit_arrivals(Counted.of(counts, dt.date(2024, 1, 1)), season=season, growth=True)
    keep = [i for i, name in enumerate(found.maximum.names) if name in ("level", "growth")]
    sd = np.sqrt(np.diag(found.maximum.covariance))[keep]
    best = found.maximum.values[keep]
    away = np.array([np.log(best[0] / 45.0), best[1] - GROWTH]) / sd
    ends = found.maximum.ends[keep]
    if not season:
        return Found(("level", "growth"), np.array([45.0, GROWTH]), best, ends, away)
    spread = np.log(found.season_ends[:, 1] / found.season_ends[:, 0]) / (2 * 1.96)
    away = np.append(away, np.log(found.season / factors) / spread)
    true, best = np.array([45.0, GROWTH, *factors]), np.append(best, found.season)
    return Found(("level", "growth", *MONTHS), true, best, np.vstack([ends, found.season_ends]), away)


def referrals(seed, rate=0.06, shape=np.inf):
    """Return what customers say who were there for two years, half of them seen in the second alone."""
    text = ReferralFit(rate, 0, 0, 0.95, shape, None, 0, 0.0, 0, 0, ()).journey("month", people=700, periods=24)
    people = table(text, seed)
    members = people[people["stage"] == "member"].reset_index(drop=True)
    late = (np.arange(len(members)) % 2).astype(bool)
    place = dict(zip(members["key"], range(len(members)), strict=True))
    brought = people[people["referrer"].isin(place)]
    by = brought["referrer"].map(place).to_numpy(dtype=int)
    counted = ~late[by] | (brought["born"].to_numpy() >= 12 * MONTH)
    referred = np.bincount(by[counted], minlength=len(members))
    found = fit_referrals(referred, np.where(late, 12.0, 24.0))
    if np.isinf(shape):
        sd = 1 / np.sqrt(max(found.referred, 1))
        return Found(("rate",), np.array([rate]), np.array([found.rate]), np.array([[found.low, found.high]]),
                     np.array([np.log(found.rate / rate) / sd]))  # fmt: skip
    return of_maximum(found.maximum, [rate, 1 / shape])


def response(seed, bends=False):
    """Return what arrivals say in reply to a spend that was varied."""
    spend = np.tile([1000.0, 3000.0, 500.0, 6000.0, 2000.0, 9000.0], 6)
    names = ("organic", "cost_per_arrival", *(("at_most",) if bends else ()))
    true = np.array([40.0, 20.0, 300.0][: len(names)])
    top = Maximum(tuple(Parameter(name) for name in names), true, np.zeros((len(names), 2)), 0.95, np.eye(3), 0.0, ())
    text = ResponseFit(top, ("paid",), bends, False, spend[:, None], ()).journey("month")
    born = table(text, seed)["born"].to_numpy()
    counts = np.bincount((born // MONTH).astype(int), minlength=len(spend))
    found = fit_response(counts, spend, bends=bends)
    keep = list(range(len(names)))
    if len(found.maximum.names) > len(names):  # counts looked as if they varied beyond Poisson, as 1 in 20 do
        sd = np.sqrt(np.diag(found.maximum.covariance))[keep]
        best = found.maximum.values[keep]
        return Found(names, true, best, found.maximum.ends[keep], np.log(best / true) / sd)
    return of_maximum(found.maximum, true)


CASES = {
    "geometric": lambda seed: whole(seed, GEOMETRIC, [0.25]),
    "geometric_late": lambda seed: whole(seed, GEOMETRIC, [0.25], 10, 4),
    "sbg": lambda seed: whole(seed, SBG, [0.7, 1.2]),
    "sbg_late": lambda seed: whole(seed, SBG, [0.7, 1.2], 10, 4),
    "bdw": lambda seed: whole(seed, BDW, [0.5, 1.6, 1.4]),
    "bdw_late": lambda seed: whole(seed, BDW, [0.5, 1.6, 1.4], 10, 4),
    "weibull": lambda seed: timed(seed, WEIBULL, [12.0, 1.4]),
    "weibull_late": lambda seed: timed(seed, WEIBULL, [12.0, 0.7], 6.0),
    "exponential_late": lambda seed: timed(seed, EXPONENTIAL, [9.0], 4.0),
    "stage_exponential": lambda seed: stage(seed, EXPONENTIAL, [25.0]),
    "stage_weibull": lambda seed: stage(seed, WEIBULL, [25.0, 1.5]),
    "stage_lognormal": lambda seed: stage(seed, LOGNORMAL, [14.0, 1.0]),
    "stage_gamma": lambda seed: stage(seed, GAMMA, [25.0, 2.0]),
    "arrivals": lambda seed: arrivals(seed, 24, season=False),
    "arrivals_season": arrivals,
    "referrals": referrals,
    "referrals_differ": lambda seed: referrals(seed, shape=1.2),
    "response": response,
    "response_bends": lambda seed: response(seed, bends=True),
}
