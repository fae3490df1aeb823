"""Models of how long customers stay, in whole periods: one chance for all, or chances that differ among people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.calibration.figures import begun_together, chance, figure
from flywheel_sim.calibration.gammas import log_beta_ratio
from flywheel_sim.calibration.likelihood import Maximum, Parameter, maximise
from flywheel_sim.calibration.retention.lives import Lives

FloatArray = NDArray[np.float64]

#: Renewals whose retention a journey states one by one, where it states them.
_STATED = 60


#: The wear c of a forecast is taken to lie between 1/2 and 2 in 95 % of businesses: standard deviation of log c.
_WEAR = math.log(2) / 1.96

#: Of alpha + beta, by which people differ: middle, and standard deviation of the logarithm. So wide that it matters
#: only where a single retention is known, which says nothing of it.
_DIFFER = (3.0, 10.0)


def _plausible(value: float, middle: float, spread: float) -> float:
    """Return the logarithm of a lognormal's height, up to a constant."""
    return -0.5 * (math.log(value / middle) / spread) ** 2


@dataclass(frozen=True)
class RetentionModel:
    """A model of how many renewals customers survive; each kind of it says `log_survival`.

    Attributes
    ----------
    name, label
        Short name, and the one to be shown.
    source
        Where it comes from.
    parameters
        What it is made of, d of them.
    lost
        What the journey does not hold of the model; "" where it holds all.
    """

    name: str
    label: str
    source: str
    parameters: tuple[Parameter, ...]
    lost: str = ""

    def log_survival(self, values: FloatArray, ages: FloatArray) -> FloatArray:
        """Return the logarithm of the share that survives to each age, both of shape (k,)."""
        raise NotImplementedError

    def starts(self, lives: Lives) -> list[list[float]]:
        """Return places at which the search for the best parameters begins."""
        raise NotImplementedError

    def journey(self, values: ArrayLike, unit: str, people: int = 1000, periods: int = 12) -> str:
        """Return a complete journey, as text, whose people stay as the model says.

        Parameters
        ----------
        values
            The parameters, shape (d,).
        unit
            ``day``, ``week``, ``month`` or ``year``: one period.
        people, periods
            How many begin, and for how many periods it runs.
        """
        raise NotImplementedError

    def survival(self, values: ArrayLike, ages: ArrayLike) -> FloatArray:
        """Return the share that survives to each age, in periods; same shape as `ages`."""
        at = np.asarray(ages, dtype=np.float64)
        return np.exp(self.log_survival(np.asarray(values, dtype=np.float64), at))

    def retention(self, values: ArrayLike, ages: ArrayLike) -> FloatArray:
        """Return the share of those of each age that survives the next renewal; same shape as `ages`."""
        at, known = np.asarray(ages, dtype=np.float64), np.asarray(values, dtype=np.float64)
        return np.exp(self.log_survival(known, at + 1) - self.log_survival(known, at))

    def log_likelihood(self, values: ArrayLike, lives: Lives) -> float:
        """Return the logarithm of how likely lives are, conditional on the ages at which they are first seen."""
        to = np.arange(lives.last + 1, dtype=np.float64)
        log_s = np.append(self.log_survival(np.asarray(values, dtype=np.float64), to), -math.inf)
        gone = lives.lost
        total = lives.count @ (log_s[lives.age] - log_s[lives.entered])
        with np.errstate(divide="ignore", invalid="ignore"):
            leaving = np.log(-np.expm1(log_s[lives.age + 1] - log_s[lives.age]))
        return float(total + lives.count[gone] @ leaving[gone])

    def log_prior(self, values: FloatArray) -> float:
        """Return the logarithm of how plausible parameters are before any data, up to a constant; see `drawn`."""
        del values
        return 0.0

    def drawn(self, lives: Lives) -> FloatArray:
        """Return the parameters to forecast with, shape (d,): the most likely ones, drawn a little to plausible ones.

        Where few ages are known, many sets of parameters fit about equally well, and the best of them forecasts badly.
        So a forecast takes the set that is best by likelihood and `log_prior` together, which is nearly the most
        likely one as soon as the data have something to say.
        """
        return maximise(
            lambda values: self.log_likelihood(values, lives) + self.log_prior(values), self.parameters,
            self.starts(lives), intervals=False,
        ).values  # fmt: skip

    def fit(self, lives: Lives, level: float = 0.95, *, intervals: bool = True) -> Maximum:
        """Return the parameters that make lives most likely.

        Without known numbers of people there are no intervals, whatever is asked for.
        """
        sure = intervals and lives.people_known
        return maximise(
            lambda values: self.log_likelihood(values, lives), self.parameters, self.starts(lives), level,
            intervals=sure,
        )  # fmt: skip


def _first_churn(lives: Lives) -> float:
    """Return the mean chance of leaving at a renewal, kept off 0 and 1."""
    asked, lost = lives.renewals()
    return float(np.clip((lost.sum() + 0.5) / (asked.sum() + 1), 1e-4, 1 - 1e-4))


class Geometric(RetentionModel):
    """One chance of leaving, the same for everybody at every renewal."""

    def log_survival(self, values: FloatArray, ages: FloatArray) -> FloatArray:
        """Return a log(1 - churn)."""
        return ages * math.log1p(-min(float(values[0]), 1 - 1e-12))

    def starts(self, lives: Lives) -> list[list[float]]:
        """Return the mean chance."""
        return [[_first_churn(lives)]]

    def journey(self, values: ArrayLike, unit: str, people: int = 1000, periods: int = 12) -> str:
        """Return the journey: a chance that is the same for all."""
        (churn,) = np.asarray(values, dtype=np.float64)
        return _coins(f"churn: {chance(churn)}", self.label, unit, people, periods)


class ShiftedBetaGeometric(RetentionModel):
    """Chances of leaving that differ among people by a beta distribution, and stay what they are."""

    def log_survival(self, values: FloatArray, ages: FloatArray) -> FloatArray:
        """Return log B(alpha, beta + a) - log B(alpha, beta)."""
        return log_beta_ratio(float(values[0]), float(values[1]), ages)

    def log_prior(self, values: FloatArray) -> float:
        """Return that of how much people differ."""
        return _plausible(float(values[0] + values[1]), *_DIFFER)

    def starts(self, lives: Lives) -> list[list[float]]:
        """Return chances around the mean, of people who differ much and little."""
        churn = _first_churn(lives)
        return [[churn * total, (1 - churn) * total] for total in (1.5, 20.0)]

    def journey(self, values: ArrayLike, unit: str, people: int = 1000, periods: int = 12) -> str:
        """Return the journey: a chance with a spread."""
        alpha, beta = (figure(float(np.clip(one, 1e-6, 1e8))) for one in np.asarray(values, dtype=np.float64))
        return _coins(f"churn: {{spread: {{alpha: {alpha}, beta: {beta}}}}}", self.label, unit, people, periods)


class BetaDiscreteWeibull(RetentionModel):
    """Chances of leaving that differ among people and besides move with each one's age, by a power c of it."""

    def log_survival(self, values: FloatArray, ages: FloatArray) -> FloatArray:
        """Return log B(alpha, beta + a^c) - log B(alpha, beta)."""
        alpha, beta, c = (float(one) for one in values)
        log_age = np.log(np.maximum(ages, 1e-300))
        powered = np.where(ages > 0, np.exp(np.clip(c * log_age, -600.0, 200.0)), 0.0)
        return log_beta_ratio(alpha, beta, powered)

    def log_prior(self, values: FloatArray) -> float:
        """Return that of how much people differ and of the wear."""
        return _plausible(float(values[0] + values[1]), *_DIFFER) + _plausible(float(values[2]), 1.0, _WEAR)

    def starts(self, lives: Lives) -> list[list[float]]:
        """Return chances around the mean, of people who differ much and little, without and with wear."""
        churn = _first_churn(lives)
        return [[churn * total, (1 - churn) * total, c] for total, c in ((1.5, 1.0), (20.0, 0.7), (2.0, 1.5))]

    def journey(self, values: ArrayLike, unit: str, people: int = 1000, periods: int = 12) -> str:
        """Return the journey: a table of the pooled retention by renewals survived."""
        stated = max(_STATED, periods)
        kept = self.retention(values, np.arange(stated))
        cells = ", ".join(f"{age}: {chance(one)}" for age, one in enumerate(kept))
        rate = f"retention: {{by: {{renewals: {{{cells}}}}}}}"
        return "\n".join([
            *begun_together(self.label, unit, people, periods),
            f"attributes: {{renewals: {{counts: 0 to {stated}}}}}",
            f"rates: {{{rate}}}",
            "journey:",
            f"  member: {{role: customer, every: 1 {unit}, outcomes: {{renews: {{chance: retention, "
            "add: {renewals: 1}}, leaves: {chance: rest, to: gone}}}",
            "  gone: exit", "",
        ])  # fmt: skip


def _coins(rate: str, label: str, unit: str, people: int, periods: int) -> str:
    """Return a journey in which a coin is thrown at each renewal."""
    return "\n".join([
        *begun_together(label, unit, people, periods),
        f"rates: {{{rate}}}",
        "journey:",
        f"  member: {{role: customer, every: 1 {unit}, to: {{gone: churn, stay: rest}}}}",
        "  gone: exit", "",
    ])  # fmt: skip


_ALPHA = Parameter("alpha", about="weight of those who leave: mean chance of leaving alpha / (alpha + beta)")
_BETA = Parameter("beta", about="weight of those who stay; the smaller alpha + beta, the more people differ")

GEOMETRIC = Geometric(
    "geometric", "Geometric", "one chance for all, as in Berger and Nasr 1998, "
    "doi:10.1002/(SICI)1520-6653(199824)12:1<17::AID-DIR3>3.0.CO;2-K",
    (Parameter("churn", "probability", "chance of leaving at a renewal"),),
)  # fmt: skip
SBG = ShiftedBetaGeometric(
    "sbg", "Shifted beta-geometric", "Fader and Hardie 2007, doi:10.1002/dir.20074", (_ALPHA, _BETA),
)  # fmt: skip
BDW = BetaDiscreteWeibull(
    "bdw", "Beta-discrete-Weibull", "Fader, Hardie, Liu, Davin and Steenburgh 2018, doi:10.1016/j.intmar.2018.01.002",
    (_ALPHA, _BETA, Parameter("c", about="wear: above 1 each one's chance of leaving rises with age, below it falls")),
    "how people differ: the journey holds the pooled retention of each age exactly, so equally many are left at every "
    "age, but it takes all people of an age for alike; where a lever or a strategy moves retention, this overstates "
    "what the movement brings",
)  # fmt: skip

MODELS: Sequence[RetentionModel] = (GEOMETRIC, SBG, BDW)
