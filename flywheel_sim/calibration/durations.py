"""How long something lasts, where some of it is still going on and some was first seen when it had begun already.

Times with censoring (last seen going on) and late entry (first seen at an age, so shorter ones could not be seen):
Klein and Moeschberger 2003, Survival Analysis, doi:10.1007/b97377, section 3.5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.calibration.figures import begun_together, figure
from flywheel_sim.calibration.likelihood import Maximum, Parameter, maximise
from flywheel_sim.errors import ExperimentError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Durations:
    """Times that something lasted, one row each, in one unit.

    Attributes
    ----------
    entered
        How long it had lasted when first seen, shape (n,): 0 unless the records begin later.
    time
        How long it had lasted when it ended, or when last seen, shape (n,).
    ended
        Whether it ended then, shape (n,).
    grain
        Width of the steps in which times are recorded, such as 1 day: a time t stands for any within half of it
        around t. 0 for times as exact as they are written.
    """

    entered: FloatArray
    time: FloatArray
    ended: NDArray[np.bool_]
    grain: float = 0.0

    @classmethod
    def of(cls, time: ArrayLike, ended: ArrayLike = True, entered: ArrayLike = 0.0, grain: float = 0.0) -> Durations:
        """Return durations from arrays of shape (n,), or one figure for all; rows that say nothing are left out.

        Raises
        ------
        ExperimentError
            If a time is below 0, or below the one at which it was first seen.
        """
        first, last, over = np.broadcast_arrays(*(np.atleast_1d(one) for one in (entered, time, ended)))
        begun, until = np.asarray(first, dtype=np.float64), np.asarray(last, dtype=np.float64)
        if not (np.isfinite(begun).all() and np.isfinite(until).all()) or (begun < 0).any() or (until < begun).any():
            raise ExperimentError("time holds a duration below 0, none, or one shorter than when it was first seen: it "
                                  "takes durations; write time=[3.5, 12]")  # fmt: skip
        gone = np.asarray(over, dtype=np.bool_)
        told = gone | (until > begun)
        return cls(begun[told], until[told], gone[told], float(grain))

    def rows(self, which: NDArray[np.bool_]) -> Durations:
        """Return some of them."""
        return replace(self, entered=self.entered[which], time=self.time[which], ended=self.ended[which])

    @property
    def n_ended(self) -> int:
        """Return how many ended."""
        return int(self.ended.sum())

    @property
    def mean(self) -> float:
        """Return the time seen for each one that ended, kept above 0: the mean if the end is memoryless."""
        seen = float((self.time - self.entered).sum() + self.grain / 4 * self.n_ended)
        return max(seen, 1e-9) / max(self.n_ended, 0.5)


@dataclass(frozen=True)
class DurationModel:
    """A distribution of durations; each kind of it says `log_survival` and `log_density`.

    Attributes
    ----------
    name, label
        As the journey has it, and as it is shown.
    source
        Where it comes from.
    parameters
        As the journey has them, d of them.
    """

    name: str
    label: str
    source: str
    parameters: tuple[Parameter, ...]

    def log_survival(self, values: FloatArray, times: FloatArray) -> FloatArray:
        """Return the logarithm of the share that lasts beyond each time, shape (k,)."""
        raise NotImplementedError

    def log_density(self, values: FloatArray, times: FloatArray) -> FloatArray:
        """Return the logarithm of the density at each time above 0, shape (k,)."""
        raise NotImplementedError

    def starts(self, durations: Durations) -> list[list[float]]:
        """Return places at which the search for the best parameters begins."""
        raise NotImplementedError

    def wait(self, values: ArrayLike, unit: str) -> str:
        """Return the wait as a journey writes it, with durations in a unit such as ``day``."""
        known = np.asarray(values, dtype=np.float64)
        parts = []
        for one, value in zip(self.parameters, known, strict=True):
            lasting = one.name in ("mean", "median", "scale")
            within = value if lasting else float(np.clip(value, 1e-3, 1e6))
            parts.append(f"{one.name}: {figure(float(within))}{f' {unit}s' if lasting else ''}")
        inner = ", ".join(parts)
        return f"{{{self.name}: {{{inner}}}}}" if len(parts) > 1 else f"{{{self.name}: {inner.partition(': ')[2]}}}"

    def journey(self, values: ArrayLike, unit: str, people: int = 1000, periods: int = 12) -> str:
        """Return a complete journey, as text, whose customers stay as long as the model says.

        Parameters
        ----------
        values
            The parameters, shape (d,).
        unit
            Unit of durations: ``day``, ``week``, ``month`` or ``year``.
        people, periods
            How many begin, and for how many units it runs.
        """
        return "\n".join([
            *begun_together(self.label, unit, people, periods),
            "journey:",
            f"  member: {{role: customer, after: {self.wait(values, unit)}, to: gone}}",
            "  gone: exit", "",
        ])  # fmt: skip

    def survival(self, values: ArrayLike, times: ArrayLike) -> FloatArray:
        """Return the share that lasts beyond each time; same shape as `times`."""
        return np.exp(self.log_survival(np.asarray(values, dtype=np.float64), np.asarray(times, dtype=np.float64)))

    def retention(self, values: ArrayLike, times: ArrayLike) -> FloatArray:
        """Return the share of those who last until each time that lasts one unit more; same shape as `times`."""
        at, known = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
        return np.exp(self.log_survival(known, at + 1) - self.log_survival(known, at))

    def log_likelihood(self, values: ArrayLike, durations: Durations) -> float:
        """Return the logarithm of how likely durations are, conditional on having lasted until first seen."""
        return float(self.of_each(values, durations).sum())

    def of_each(self, values: ArrayLike, durations: Durations) -> FloatArray:
        """Return the same of each row, shape (n,)."""
        known, half = np.asarray(values, dtype=np.float64), durations.grain / 2
        over = durations.ended
        with np.errstate(all="ignore"):
            before = np.where(durations.entered > 0, self.log_survival(known, durations.entered), 0.0)
            total = np.where(over, 0.0, self.log_survival(known, durations.time)) - before
            at = durations.time[over]
            if half == 0:
                total[over] += self.log_density(known, np.maximum(at, 1e-12))
            else:
                low = np.maximum(durations.entered[over], at - half)
                total[over] += self._between(known, low, at + half)
        return np.asarray(np.nan_to_num(total, nan=-math.inf), dtype=np.float64)

    def _between(self, known: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Return the logarithm of the chance to end between two times; by the density where they are too near."""
        start = np.where(low > 0, self.log_survival(known, low), 0.0)
        fallen = self.log_survival(known, high) - start
        near = self.log_density(known, (low + high) / 2) + np.log(high - low)
        return np.where(fallen < -1e-9, start + np.log(-np.expm1(fallen)), near)

    def fit(self, durations: Durations, level: float = 0.95, *, intervals: bool = True) -> Maximum:
        """Return the parameters that make durations most likely, with intervals."""
        return maximise(
            lambda values: self.log_likelihood(values, durations), self.parameters, self.starts(durations), level,
            intervals=intervals,
        )  # fmt: skip


class Exponential(DurationModel):
    """Memoryless: however long it has lasted, it goes on as if it had just begun."""

    def log_survival(self, values: FloatArray, times: FloatArray) -> FloatArray:
        """Return -t / mean."""
        return np.asarray(-times / values[0], dtype=np.float64)

    def log_density(self, values: FloatArray, times: FloatArray) -> FloatArray:
        """Return -log(mean) - t / mean."""
        return np.asarray(-math.log(values[0]) - times / values[0], dtype=np.float64)

    def starts(self, durations: Durations) -> list[list[float]]:
        """Return the mean."""
        return [[durations.mean]]


class Weibull(DurationModel):
    """The chance of ending moves with a power of the time gone by: shape above 1 up, below 1 down."""

    def log_survival(self, values: FloatArray, times: FloatArray) -> FloatArray:
        """Return -(t / scale)^shape."""
        log_power = values[1] * np.log(np.maximum(times, 1e-300) / values[0])
        return np.asarray(-np.exp(np.minimum(log_power, 600.0)), dtype=np.float64)

    def log_density(self, values: FloatArray, times: FloatArray) -> FloatArray:
        """Return the logarithm of shape / scale (t / scale)^(shape - 1) exp(-(t / scale)^shape)."""
        scale, shape = values
        powered = (shape - 1) * np.log(times / scale) + self.log_survival(values, times)
        return np.asarray(math.log(shape / scale) + powered, dtype=np.float64)

    def starts(self, durations: Durations) -> list[list[float]]:
        """Return the mean with shapes around 1."""
        return [[durations.mean, shape] for shape in (0.7, 1.5)]


class Lognormal(DurationModel):
    """The logarithm is normal: many short ones, a few that last long."""

    def log_survival(self, values: FloatArray, times: FloatArray) -> FloatArray:
        """Return the logarithm of the normal tail above log(t / median) / sigma."""
        from scipy.special import log_ndtr

        tail: FloatArray = log_ndtr(-np.log(np.maximum(times, 1e-300) / values[0]) / values[1])
        return tail

    def log_density(self, values: FloatArray, times: FloatArray) -> FloatArray:
        """Return the logarithm of the lognormal density."""
        z = np.log(times / values[0]) / values[1]
        return np.asarray(-0.5 * z**2 - np.log(times * values[1] * math.sqrt(2 * math.pi)), dtype=np.float64)

    def starts(self, durations: Durations) -> list[list[float]]:
        """Return a median below the mean, with little and much spread."""
        return [[0.7 * durations.mean, sigma] for sigma in (0.5, 1.2)]


class Gamma(DurationModel):
    """The sum of memoryless steps, also of a part of one."""

    def log_survival(self, values: FloatArray, times: FloatArray) -> FloatArray:
        """Return the logarithm of the gamma tail; by its asymptotic series where that is below the smallest number."""
        from scipy.special import gammaincc, gammaln

        mean, shape = values
        x = np.maximum(times, 0.0) * shape / mean
        tail = gammaincc(shape, x)
        far = np.maximum(x, shape + 1)
        series = (shape - 1) * np.log(far) - far - gammaln(shape) - np.log1p(-(shape - 1) / far)
        return np.asarray(np.where(tail > 1e-290, np.log(np.maximum(tail, 1e-300)), series), dtype=np.float64)

    def log_density(self, values: FloatArray, times: FloatArray) -> FloatArray:
        """Return the logarithm of the gamma density."""
        from scipy.special import gammaln

        mean, shape = values
        x = times * shape / mean
        density: FloatArray = shape * np.log(x) - x - gammaln(shape) - np.log(times)
        return density

    def starts(self, durations: Durations) -> list[list[float]]:
        """Return the mean with shapes around 1."""
        return [[durations.mean, shape] for shape in (0.7, 2.0)]


_SHAPE = Parameter("shape", about="above 1 the end comes nearer the longer it lasts, below 1 it recedes")

_BOOK = "Johnson, Kotz and Balakrishnan 1994, Continuous Univariate Distributions, volume 1"

EXPONENTIAL = Exponential("exponential", "Exponential", f"{_BOOK}, chapter 19", (Parameter("mean", about="mean time"),))
WEIBULL = Weibull(
    "weibull", "Weibull", "Weibull 1951, doi:10.1115/1.4010337",
    (Parameter("scale", about="time by which 63 % have ended"), _SHAPE),
)  # fmt: skip
LOGNORMAL = Lognormal(
    "lognormal", "Lognormal", f"{_BOOK}, chapter 14",
    (Parameter("median", about="time by which half have ended"),
     Parameter("sigma", about="standard deviation of the logarithm")),
)  # fmt: skip
GAMMA = Gamma("gamma", "Gamma", f"{_BOOK}, chapter 17", (Parameter("mean", about="mean time"), _SHAPE))

DURATION_MODELS: Sequence[DurationModel] = (EXPONENTIAL, WEIBULL, LOGNORMAL, GAMMA)
