"""One rate that is moved: what it is in each strategy today, and what it can be moved to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flywheel_sim.analysis.rates.steps import own, run_over, shown
from flywheel_sim.experiment.asking import Strategies, refuse_metrics, runs_of
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.running import RunOptions
from flywheel_sim.journey.units import Quantity
from flywheel_sim.scenario.load import Scenario

#: How much more both readings of "+5 %" are: of what can be, or of today's value.
READING = 0.05


@dataclass(frozen=True)
class OneRate:
    """A rate in the strategies in which it is moved.

    Attributes
    ----------
    model
        The scenario; spends that are matched are solved for at today's rate, and stay there.
    name
        Of the rate.
    today
        What it is in each strategy; None is the file as written.
    """

    model: Scenario
    name: str
    today: Mapping[str | None, Quantity]

    @property
    def first(self) -> Quantity:
        """Return what it is in the first strategy, in whose unit all is shown."""
        return next(iter(self.today.values()))

    @property
    def is_chance(self) -> bool:
        """Tell whether it is a chance, which cannot be more than 100 %."""
        return self.first.form == "percent"

    @property
    def factor(self) -> float:
        """Return what figures of it are shown times."""
        return 100.0 if self.is_chance else 1.0

    @property
    def steps(self) -> dict[str, float]:
        """Return the readings of "+5 %" that it has, each with its step: points first, which are for chances alone.

        Where a chance has no room for one, in any strategy, it is half of what is left to 100 %, in all alike.
        """
        if not self.is_chance:
            return {f"+{100 * READING:g} % relative": READING}
        most = max(own(today) for today in self.today.values())
        left = (1 - most) / 2
        points = READING if most + READING <= 1 or not left else left
        relative = READING if most * (1 + READING) <= 1 or not left else left / most
        return {f"+{100 * points:.4g} points": points, f"+{100 * relative:.4g} % relative": relative}

    @property
    def readings(self) -> tuple[str, ...]:
        """Return the readings of "+5 %" that it has."""
        return tuple(self.steps)

    def read_as(self, reading: str, strategy: str | None) -> float:
        """Return the value that a reading of "+5 %" means in a strategy, in the unit it is stated in there."""
        base, step = own(self.today[strategy]), self.steps[reading]
        return base + step if reading.endswith("points") else base * (1 + step)

    def instead(self, reading: str) -> str:
        """Return of which reading of "+5 %" another step was taken, and why; "" where it is that itself."""
        usual = f"+{100 * READING:g} {'points' if reading.endswith('points') else '% relative'}"
        return "" if reading == usual else f"half of what is left to 100 %, since {usual} would be more"

    def beyond(self, value: float) -> str:
        """Return why a value is more than there can be, "" where it is not."""
        return f"impossible: {100 * value:.4g} % is more than 100 %" if self.is_chance and value > 1 + 1e-12 else ""

    def moved_to(self, value: str | float) -> Scenario:
        """Return the scenario with the whole family of the rate moved, spends as solved for.

        Raises
        ------
        ConfigError
            If the rate cannot have such a value.
        """
        return self.model.with_(**{self.name: value}).solved_as(self.model)

    def shown_today(self) -> dict[str, float]:
        """Return today's value by the names that strategies are shown under."""
        return {as_shown(name): shown(today, self.first) for name, today in self.today.items()}


def one_rate(
    model: Scenario, of: Sequence[str], name: str, strategies: Strategies, seed: int | None, options: RunOptions
) -> OneRate:
    """Return a rate ready to be moved in some strategies: in all of the file unless named, else in it as written.

    Raises
    ------
    ConfigError
        If the rate or a strategy is not there.
    ExperimentError
        If the metric is not there.
    """
    names = runs_of(model, strategies)
    refuse_metrics(model, names, of)
    today = {strategy: run_over(model, name, strategy) for strategy in names}
    matched, _ = with_budgets(model, names, seed, options)
    return OneRate(matched, name, today)


def as_shown(strategy: str | None) -> str:
    """Return the name that a strategy is shown under."""
    return strategy or "as written"
