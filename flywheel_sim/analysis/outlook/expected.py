"""What can be said of a strategy without running it: the assumptions and the average path."""

from __future__ import annotations

from flywheel_sim.compile.expected_path import ExpectedPath, path_of
from flywheel_sim.experiment.asking import Model, Strategies, one_of, scenario_of, verb
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.running import RunOptions
from flywheel_sim.scenario import describe
from flywheel_sim.scenario.describe import Assumption


@verb()
def assumptions(model: Model, *, strategies: Strategies = None) -> list[Assumption]:
    """Return every named rate of a strategy with its value and the reason given for it.

    Parameters
    ----------
    model, strategies
        The scenario, its name or its path, and one of its strategies; without one, the file as written.

    Raises
    ------
    ConfigError, DataError
        If there is no such strategy or file.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> [one.value for one in fs.assumptions("subscription") if one.name == "conversion"]
    ['20 %']
    """
    scenario = scenario_of(model)
    return describe.assumptions(scenario, one_of(scenario, strategies, "fs.assumptions"))


@verb()
def expected_path(model: Model, *, strategies: Strategies = None) -> ExpectedPath:
    """Return the expected path of a journey whose stages are all decided at once.

    Parameters
    ----------
    model, strategies
        A scenario fed by batches, its name or its path, and one of its strategies.

    Raises
    ------
    ExperimentError
        If the journey has clocks, referrals, attributes or arrivals over time, if people affect one another, or
        if figures leave out a warm-up: simulate it instead.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.expected_path("ad_campaign").revenue > 0
    True
    """
    scenario = scenario_of(model)
    strategy = one_of(scenario, strategies, "fs.expected_path")
    matched, _ = with_budgets(scenario, [strategy], None, RunOptions())
    return path_of(matched.journey(strategy))
