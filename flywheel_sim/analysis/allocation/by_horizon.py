"""How the best split of one budget moves with how far one looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Unpack

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.allocation.asked import BUDGET, FORMER, MONEY, PLACES, RISK
from flywheel_sim.analysis.allocation.spends import places_of, spent_by_month
from flywheel_sim.analysis.allocation.split import Allocation, allocate, refused
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import (
    COUNT,
    DURATION,
    How,
    Model,
    Strategies,
    how_to_run,
    one_of,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import replicate_jobs
from flywheel_sim.experiment.running import Job
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result
from flywheel_sim.stats import with_unit

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class AllocationByHorizon(Result):
    """The best split of one budget at several horizons; frozen.

    Attributes
    ----------
    by
        The answer for each horizon as it was asked for, in that order.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> over, when = ["search_ads", "onboarding"], ["1 month", "2 months"]
    >>> looks = fs.allocation_by_horizon("next_euro", over=over, horizon=when, budget=4000, replications=2)
    >>> list(looks.table().columns)
    ['1 month', '2 months']
    """

    by: Mapping[str, Allocation] = field(repr=False)

    @property
    def base_runs(self) -> dict[str, Runs]:
        """Return the runs at today's spends, by horizon."""
        return {horizon: one.today for horizon, one in self.by.items()}

    def frame(self) -> pd.DataFrame:
        """Return the tidy table: the rows of each `Allocation.frame`, with a column ``horizon`` before them."""
        import pandas as pd

        parts = [one.frame().assign(horizon=horizon) for horizon, one in self.by.items()]
        table = pd.concat(parts, ignore_index=True)
        return table[["horizon", *(column for column in table if column != "horizon")]]

    def table(self) -> pd.DataFrame:
        """Return money a month at each place of the best split, one column a horizon."""
        import pandas as pd

        first = next(iter(self.by.values()))
        columns = {
            horizon: [f"{money:,.0f} ({money / one.budget:.0%})" for money in one.best.values()]
            for horizon, one in self.by.items()
        }
        return pd.DataFrame(columns, index=pd.Index([place.name for place in first.places], name="place"))

    def answer(self) -> str:
        """Return the answer in words: which place gains and which loses most as one looks farther."""
        (near, first), *_, (far, last) = self.by.items()
        moves = {name: last.best[name] - first.best[name] for name in first.best}
        gains, loses = max(moves, key=lambda name: moves[name]), min(moves, key=lambda name: moves[name])
        unit = f"{first.places[0].currency} per month".strip()
        text = (
            f"From {near} to {far}, the best split of {with_unit(first.budget, unit)} moves most towards {gains} "
            f"({first.best[gains] / first.budget:.0%} to {last.best[gains] / last.budget:.0%}) and away from {loses} "
            f"({first.best[loses] / first.budget:.0%} to {last.best[loses] / last.budget:.0%})."
        )
        unsure = [horizon for horizon, one in self.by.items() if not one.certificate.holds]
        if unsure:
            text += f" At {' and '.join(unsure)} it is not sure to be the best: run more replications."
        return text

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        first = next(iter(self.by.values()))
        taken = sum(one.took for one in self.by.values())
        unit = f"{first.places[0].currency} per month".strip()
        return f"best split in {unit} and as a share; n = {first.today.n:,}, {taken:,} runs in all"


@verb(FORMER, over=PLACES, budget=BUDGET, risk=RISK, at_least=MONEY, at_most=MONEY, replications=COUNT,
      horizon=takes.listed(DURATION, "two times or more", "['3 months', '36 months']", 2))  # fmt: skip
def allocation_by_horizon(
    model: Model,
    of: str = "profit",
    over: str | Sequence[str] | None = None,
    *,
    strategies: Strategies = None,
    horizon: Sequence[str],
    budget: str | float | None = None,
    risk: float | None = None,
    at_least: Mapping[str, str | float] | None = None,
    at_most: Mapping[str, str | float] | None = None,
    replications: int = 100,
    **how: Unpack[How],
) -> AllocationByHorizon:
    """Split one budget as well as can be at several horizons.

    Parameters
    ----------
    model, of, over, strategies
        As for `allocate`.
    horizon
        Two or more, such as ``["3 months", "12 months", "36 months"]``.
    budget
        Money a month, the same at every horizon; what is spent today over the file's own horizon unless given.
    risk, at_least, at_most, replications, how
        As for `allocate`.

    Raises
    ------
    ConfigError, ExperimentError
        If fewer than two different horizons are given, and as for `allocate`.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> over, when = ["search_ads", "onboarding"], ["1 month", "2 months"]
    >>> looks = fs.allocation_by_horizon("next_euro", over=over, horizon=when, budget=4000, replications=2)
    >>> list(looks.by)
    ['1 month', '2 months']
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.allocation_by_horizon")
    refused(scenario, strategy, of, over, budget, at_least, at_most)
    times = list(dict.fromkeys(horizon))
    if len(times) < 2:
        raise ExperimentError(f"horizon is {times}: two different times at least are needed; write "
                              "horizon=['3 months', '36 months']")  # fmt: skip
    for time in times:
        scenario.with_(horizon=time)
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    if budget is None:
        journey = matched.journey(strategy)
        (today,) = replicate_jobs([Job(journey, journey.seed if seed is None else seed)], replications, options)
        budget = float(spent_by_month(today, places_of(matched, strategy, over)).sum(axis=0).mean())
    return AllocationByHorizon({
        time: allocate(matched, of, over, strategies=strategy, budget=budget, horizon=time, risk=risk,
                       at_least=at_least, at_most=at_most, replications=replications, **how)
        for time in times
    })  # fmt: skip
