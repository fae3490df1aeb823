"""How the best split of one budget moves with how far one looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flywheel_sim.analysis.allocation.spends import places_of, spent_by_month
from flywheel_sim.analysis.allocation.split import Allocation, allocate
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import RunOptions
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result
from flywheel_sim.scenario.load import Scenario
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
        said = (
            f"From {near} to {far}, the best split of {with_unit(first.budget, unit)} moves most towards {gains} "
            f"({first.best[gains] / first.budget:.0%} to {last.best[gains] / last.budget:.0%}) and away from {loses} "
            f"({first.best[loses] / first.budget:.0%} to {last.best[loses] / last.budget:.0%})."
        )
        unsure = [horizon for horizon, one in self.by.items() if not one.certificate.holds]
        if unsure:
            said += f" At {' and '.join(unsure)} it is not sure to be the best: run more replications."
        return said

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        first = next(iter(self.by.values()))
        taken = sum(one.took for one in self.by.values())
        unit = f"{first.places[0].currency} per month".strip()
        return f"best split in {unit} and as a share; n = {first.today.n:,}, {taken:,} runs in all"


def allocation_by_horizon(
    model: Scenario, horizons: Sequence[str], budget: str | float | None = None, **asked: Any
) -> AllocationByHorizon:
    """Return the best split of one budget at several horizons.

    Parameters
    ----------
    model
        The scenario.
    horizons
        Two or more, such as ``["3 months", "12 months", "36 months"]``.
    budget
        Money a month, the same at every horizon; what is spent today over the file's own horizon unless given.
    **asked
        As for `allocate`: of, risk, strategy, places, bounds, replications, seed and how to run.

    Raises
    ------
    ExperimentError
        If fewer than two horizons are given, and as for `allocate`.
    """
    wanted = [horizons] if isinstance(horizons, str) else list(dict.fromkeys(horizons))
    if len(wanted) < 2 or "horizon" in asked:
        raise ExperimentError("two horizons at least are needed; write horizons=['3 months', '36 months']")
    strategy = asked.get("strategy")
    if budget is None:
        how = {key: asked[key] for key in ("seed", "workers", "executor", "engine", "limits") if key in asked}
        model, _ = with_budgets(model, [strategy], asked.get("seed"), RunOptions())
        today = replicate(model, strategies=strategy, replications=asked.get("replications", 100), **how)
        budget = float(spent_by_month(today, places_of(model, strategy, asked.get("places"))).sum(axis=0).mean())
    return AllocationByHorizon({one: allocate(model, budget=budget, horizon=one, **asked) for one in wanted})
