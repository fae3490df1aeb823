"""Which model was chosen, and how it, the others and naive baselines have forecast at earlier days."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.calibration.rolling import NOTHING
from flywheel_sim.result import Unreplicated
from flywheel_sim.stats import figure
from flywheel_sim.wording import counted, joined

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Choice(Unreplicated):
    """How well models and naive baselines would have forecast from earlier days; frozen.

    Attributes
    ----------
    what
        What was forecast, such as ``repeat purchases of the next 13 weeks``.
    errors
        One row a candidate and origin: candidate, kind (``model`` or ``baseline``), origin (what was known), error (%:
        how far the forecast was off, on average over what came), total (%: by how much its sum was too high), weight
        (how much the origin counts).
    chosen
        The plainest of the models whose mean error is next to the least.
    origin
        What an origin is: an earlier ``day``, or ``age``.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> survivors = fs.read_survivors(fs.datasets.subscription_survival())
    >>> choice = fs.fit(survivors).choice
    >>> choice.frame().columns.tolist()
    ['candidate', 'kind', 'origins', 'error', 'worst', 'total']
    """

    what: str
    errors: pd.DataFrame = field(repr=False)
    chosen: str
    origin: str = "day"

    def frame(self) -> pd.DataFrame:
        """Return the candidates, the best first: candidate, kind, origins, error, worst and total (mean error by the
        weight of origins, largest error, and mean of how much too high the sum was, %).

        Candidates without an answer at every origin stand last.
        """  # fmt: skip
        weight = self.errors["weight"]
        each = self.errors.assign(worst=self.errors["error"], error=self.errors["error"] * weight,
                                  total=self.errors["total"] * weight)  # fmt: skip
        by = each.groupby("candidate", sort=False)
        table = by.agg(kind=("kind", "first"), origins=("weight", "count"), error=("error", "sum"),
                       worst=("worst", "max"), total=("total", "sum")).reset_index()  # fmt: skip
        table[["error", "total"]] = table[["error", "total"]].div(by["weight"].sum().to_numpy(), axis=0)
        whole = (table["origins"] < table["origins"].max()).astype(int)
        order = np.lexsort((table["error"], whole))
        return table.iloc[order].reset_index(drop=True)

    @property
    def origins(self) -> int:
        """Return from how many origins it was forecast."""
        return int(self.errors["origin"].nunique())

    @property
    def better_baselines(self) -> tuple[str, ...]:
        """Return the naive baselines that forecast better than the chosen model, the best first."""
        table = self.frame()
        whole = table[table["origins"] == table["origins"].max()].set_index("candidate")
        if self.chosen not in whole.index:
            return ()
        better = whole[(whole["kind"] == "baseline") & (whole["error"] < whole.loc[self.chosen, "error"] - NOTHING)]
        return tuple(map(str, better.index))

    def answer(self) -> str:
        """Return the choice in words, and whether a naive baseline would have done better."""
        if not self.origins:
            return f"{self.chosen}: the records are too short to hold forecasts against what came after."
        frame = self.frame()
        table = frame.set_index("candidate")["error"]
        times = counted(self.origins, f"earlier {self.origin}")
        best = str(frame.loc[frame["kind"] == "model", "candidate"].iloc[0])
        off = f"off by {figure(table[self.chosen], '%')} % on average from {times}"
        said = f"{self.chosen} forecast {self.what} best of the models, {off}."
        if best != self.chosen:
            said = f"{self.chosen} forecast {self.what} about as well as the best model and is plainer, {off}; "
            said += f"{best} by {figure(table[best], '%')} %."
        better = self.better_baselines
        if better:
            named = joined([f"{name} ({figure(table[name], '%')} %)" for name in better])
            whose = "A naive baseline was" if len(better) == 1 else "Naive baselines were"
            said += f" {whose} better: {named}. Do not rely on the model's forecast alone."
        return said

    def table(self) -> pd.DataFrame:
        """Return the candidates as texts."""
        import pandas as pd

        table = self.frame()
        shown = {
            name: [figure(one, "%") for one in table[column]]
            for name, column in (("mean error %", "error"), ("largest %", "worst"), ("sum too high %", "total"))
        }
        return pd.DataFrame({"candidate": table["candidate"], "kind": table["kind"], **shown})

    @property
    def note(self) -> str:
        """Return what the figures are."""
        return (
            "error: how far the sum so far was off, on average over what came; fitted anew at every origin, "
            "never with what came after it."
        )
