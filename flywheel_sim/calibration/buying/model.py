"""What all models of buying have in common: names, parameters, and how they are fitted."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.calibration.buying.histories import Histories
from flywheel_sim.calibration.buying.journeys import Setting
from flywheel_sim.calibration.buying.season import Season
from flywheel_sim.calibration.likelihood import Maximum, Parameter, maximise
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.journey import MONTHS

FloatArray = NDArray[np.float64]

#: Shapes and rates beyond these are nowhere near the top of a likelihood, and their figures are no longer exact.
_LEAST, _MOST = 1e-12, 1e12

#: Beyond so many groups a part of them tells first where the top is about.
_MANY = 20_000


class BuyingModel(ABC):
    """A model of how often customers buy and when they are lost.

    Attributes
    ----------
    name, label
        In code, and as people call it.
    source
        Author, year and DOI.
    season
        How buying goes by the month, or None.
    """

    name: str
    label: str
    source: str
    season: Season | None

    @property
    @abstractmethod
    def parameters(self) -> tuple[Parameter, ...]:
        """Return its parameters, in the order of `values`."""

    @abstractmethod
    def prepared(self, histories: Histories) -> Any:
        """Return histories as `log_likelihood_of` takes them: what does not depend on the parameters, done once."""

    @abstractmethod
    def log_likelihood_of(self, values: FloatArray, prepared: Any) -> float:
        """Return the log-likelihood of prepared histories."""

    @abstractmethod
    def starts(self, histories: Histories) -> list[list[float]]:
        """Return places at which the search may begin, without factors of a season."""

    @abstractmethod
    def expected(self, values: FloatArray, histories: Histories, ahead: Any) -> FloatArray:
        """Return how many purchases are expected within times `ahead` after T, shape (groups, len(ahead))."""

    @abstractmethod
    def alive(self, values: FloatArray, histories: Histories) -> FloatArray:
        """Return how likely each is still a customer at T, shape (groups,)."""

    @abstractmethod
    def expected_new(self, values: FloatArray, ages: Any, begins: float = 0.0) -> FloatArray:
        """Return how many later purchases a new customer is expected to make until some ages, shape (len(ages),)."""

    @abstractmethod
    def journey(self, values: Any, setting: Setting | None = None) -> str:
        """Return a journey of this package whose customers buy and leave just as the model says."""

    def log_likelihood(self, values: Any, histories: Histories) -> float:
        """Return the log-likelihood of parameters, shape (d,)."""
        return self.log_likelihood_of(np.asarray(values, dtype=np.float64), self.prepared(histories))

    def fit(self, histories: Histories, level: float = 0.95, intervals: bool = True) -> Maximum:
        """Return the most likely parameters with intervals.

        Parameters
        ----------
        histories
            What customers bought.
        level
            Of the intervals.
        intervals
            Whether to look for them; without, a fit takes less time.
        """
        season, starts = self.season, self.starts(histories)
        if season is not None and season.factors is None:
            season.check_length(histories.length)
            guessed = season.guessed(histories)
            about = self.seasonal(guessed).fit(histories, intervals=False)
            starts = [self._with_factors(list(about.values), guessed)]
        near = len(histories) > _MANY
        if near:
            some = self.prepared(histories.part(slice(None, None, math.ceil(len(histories) / (_MANY / 2)))))
            about = maximise(lambda values: self._within(values, some), self.parameters, starts, level,
                             intervals=False)  # fmt: skip
            starts = [list(about.values)]
        whole = self.prepared(histories)
        return maximise(lambda values: self._within(values, whole), self.parameters, starts, level,
                        intervals=intervals, near=near)  # fmt: skip

    def seasonal(self, season: Season) -> Self:
        """Return the model with a season, given or estimated."""
        return replace(self, season=season)  # type: ignore[type-var]

    @abstractmethod
    def late(self, sold_before: float) -> Self:
        """Return the model for records that start in the middle: the business had sold before, for a time."""

    def _within(self, values: FloatArray, prepared: Any) -> float:
        """Return the log-likelihood where parameters are within reason; a line search may try others."""
        shapes = values[[one.kind == "positive" for one in self.parameters]]
        within = bool(shapes.min() > _LEAST and shapes.max() < _MOST)
        return self.log_likelihood_of(values, prepared) if within else -math.inf

    def _with_factors(self, values: list[float], guessed: Season) -> list[float]:
        """Return parameters with factors of months in their place among them."""
        assert self.season is not None
        assert guessed.factors is not None
        place = next(i for i, one in enumerate(self.parameters) if one.name in MONTHS)
        return [*values[:place], *(guessed.factors[i] for i in self.season.estimated), *values[place:]]


def season_parameters(season: Season | None) -> tuple[Parameter, ...]:
    """Return the parameters of a season: factors of months."""
    months = () if season is None else season.estimated
    return tuple(Parameter(MONTHS[i], about="factor of the pace in that month; the mean of all is 1") for i in months)


def months_of(season: Season, histories: Histories) -> FloatArray:
    """Return how many purchases each group made in each month of the year, shape (groups, 12)."""
    if histories.owner is None or histories.when is None:
        raise ExperimentError(
            "histories has no times of single purchases, which a season needs; "
            "write Histories.from_purchases(customer, time, ends, timed=True)"
        )
    month = season.calendar.month(histories.begins[histories.owner] + histories.when)
    counts = np.bincount(histories.owner * 12 + month, minlength=12 * len(histories))
    return counts.reshape(-1, 12).astype(np.float64)
