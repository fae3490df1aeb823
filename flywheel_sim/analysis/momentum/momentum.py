"""Are we growing faster than before? Mass, speed and friction of the flywheel, month by month.

Mass is the number of customers, speed the rate at which they grow, friction what is lost on the way. Momentum is what
mass and speed come to together: net customers gained per month.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.difference.pairs import paired
from flywheel_sim.analysis.momentum.windows import WINDOW, lengths, months_in, moving
from flywheel_sim.errors import ExperimentError, LimitReached, Stopped, nearest
from flywheel_sim.experiment.asking import COUNT, WORDS, How, Model, Strategies, one_of, scenario_of, verb
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.metrics.growth import active_customers, customer_months, role_flow
from flywheel_sim.metrics.momentum import losing_flows, net_growth
from flywheel_sim.metrics.recurring import movement, recurring
from flywheel_sim.result import Result
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, figure, plus_minus, ratio, with_unit
from flywheel_sim.wording import joined, signed

if TYPE_CHECKING:
    import pandas as pd


#: What momentum is told in.
UNIT = "customers per month"

#: How often a model is run unless told otherwise.
_REPLICATIONS = 100

#: Figures that are averaged over the window, with their units; in the order of the table.
SMOOTHED: Mapping[str, str] = {
    "momentum": UNIT, "growth_rate": "% per month", "gained": UNIT, "lost": UNIT, "loss_rate": "% per month",
    "prospects_lost": "prospects per month",
}  # fmt: skip


@dataclass(frozen=True)
class Momentum(Result):
    """Mass, speed, friction and momentum of replications; frozen.

    Customers at the end of a window are those at its beginning plus momentum times its months, to the person. In every
    replication momentum is the growth rate times the customers there were on average.

    Attributes
    ----------
    runs
        Whose.
    window
        Over how many months momentum, rates and losses are averaged. ``momentum`` and the like are of the last
        window, ``before`` of the one before it.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> momentum = fs.momentum("subscription", strategies="funnel", replications=10)
    >>> momentum.window, momentum.mass.unit, momentum.faster in ("yes", "no", "not told apart")
    (3, 'customers', True)
    """

    runs: Runs = field(repr=False)
    window: int

    @property
    def base_runs(self) -> dict[str, Runs]:
        """Return the runs by the name of their strategy."""
        return {self.runs.journey.strategy or "as written": self.runs}

    @cached_property
    def paths(self) -> dict[str, FloatArray]:
        """Return the figures of the table, shape (replications, months).

        ``customers`` has all months counted, the others those that end a whole window.
        """
        books, skip = self.runs.books, self.runs.books.warm_up

        def summed(series: FloatArray) -> FloatArray:
            return moving(series[:, skip:], self.window)

        time = moving(lengths(books)[skip:], self.window)
        net, lived, lost = (
            summed(net_growth(books)),
            summed(customer_months(books)),
            summed(role_flow(books, "churned")),
        )
        roles = dict(zip(books.ledger.layout.stages, books.ledger.layout.roles, strict=True))
        flows = [f for f in losing_flows(books) if roles[books.ledger.layout.flows[f][0]] == "prospect"]
        prospects = summed(books.ledger.flow[..., flows].sum(axis=(2, 3)).astype(np.float64))
        return {
            "customers": active_customers(books)[:, skip:],
            "momentum": net / time,
            "growth_rate": 100 * ratio(net, lived),
            "gained": (net + lost) / time,
            "lost": lost / time,
            "loss_rate": 100 * ratio(lost, lived),
            "prospects_lost": prospects / time,
        }

    @property
    def mass(self) -> Estimate:
        """Return the customers at the end."""
        return estimate_mean(self.paths["customers"][:, -1], "customers")

    @property
    def momentum(self) -> Estimate:
        """Return the net customers gained per month over the last window."""
        return self.figure("momentum")

    @property
    def growth_rate(self) -> Estimate:
        """Return net customers gained per customer-month over the last window."""
        return self.figure("growth_rate")

    @property
    def generation_time(self) -> Estimate:
        """Return the mean time from the referrer's acquisition to the referred's, over the whole run."""
        return self.runs["generation_time"]

    @property
    def recurring_lost(self) -> Estimate | None:
        """Return the recurring revenue (per month) that left with customers in a month of the last window.

        Recurring revenue is known as it leaves, so this is no guess at what those people might have brought; None where
        the journey has none. It is not known by stage.
        """
        books = self.runs.books
        if not recurring(books.journey):
            return None
        gone = -movement(books, "churn")[:, -self.window :].sum(axis=1) / lengths(books)[-self.window :].sum()
        return estimate_mean(gone, self.runs.unit("mrr"))

    def figure(self, name: str, before: bool = False) -> Estimate:
        """Return one of the averaged figures in the last window, or in the one before it."""
        return estimate_mean(self._averaged(name)[:, -1 - self.window * before], SMOOTHED[name])

    def change(self, name: str = "momentum") -> Estimate:
        """Return a figure of the last window minus that of the one before, paired within replications."""
        path = self._averaged(name)
        unit = SMOOTHED[name].replace("% per month", "points per month")
        return paired(path[:, -1] - path[:, -1 - self.window], unit)

    def _averaged(self, name: str) -> FloatArray:
        if name not in SMOOTHED:
            raise ExperimentError(f"'{name}' is no figure of momentum; {nearest(name, SMOOTHED)}")
        return self.paths[name]

    @property
    def acceleration(self) -> Estimate:
        """Return by how much momentum changed from the window before to the last, paired."""
        return self.change()

    @property
    def faster(self) -> str:
        """Return whether we are growing faster than before: ``yes``, ``no`` or ``not told apart``."""
        return told(self.acceleration)

    def frame(self) -> pd.DataFrame:
        """Return the tidy table, one row per month and figure: month, figure, mean, low, high, n, unit.

        ``customers`` are those at the end of the month; other figures are averaged over the window that ends with it.
        """
        import pandas as pd

        rows, last = [], self.runs.journey.months
        for name, path in self.paths.items():
            for month, column in enumerate(path.T, last - path.shape[1] + 1):
                e = estimate_mean(column, SMOOTHED.get(name, "customers"))
                rows.append((month, name, e.mean, e.low, e.high, e.n, e.unit))
        return pd.DataFrame(rows, columns=["month", "figure", "mean", "low", "high", "n", "unit"])

    def losses(self) -> pd.DataFrame:
        """Return where people are lost in the last window, one row per stage and outcome, the most first.

        Columns: stage, phase, role, outcome, people per month with the ends of its interval (mean, low, high), share
        (% of all customers lost, or of all prospects lost), n. A customer is lost on leaving the role, a prospect on
        going anywhere but to prospects and customers; who is lost, comes back and is lost again counts again.
        """
        import pandas as pd

        books, rows = self.runs.books, []
        layout = books.ledger.layout
        phases = {stage.name: stage.phase or "" for stage in self.runs.journey.stages}
        roles = dict(zip(layout.stages, layout.roles, strict=True))
        time = lengths(books)[-self.window :].sum()
        for flow in losing_flows(books):
            stage, event, outcome = layout.flows[flow]
            people = books.ledger.flow[:, -self.window :, :, flow].sum(axis=(1, 2)) / time
            to = layout.targets[flow]
            how = f"{event} → {to}" if outcome == to else f"{event}: {outcome} → {to}"
            e = estimate_mean(people, "people per month")
            rows.append((stage, phases[stage], roles[stage], how, e.mean, e.low, e.high, e.n))
        table = pd.DataFrame(rows, columns=["stage", "phase", "role", "outcome", "mean", "low", "high", "n"])
        whole = table.groupby("role")["mean"].transform("sum")
        table.insert(7, "share", 100 * table["mean"] / whole.where(whole > 0))
        table = table.sort_values(["role", "mean"], ascending=[True, False], kind="stable", ignore_index=True)
        table.attrs["units"] = {"mean": "people per month", "share": "%"}
        return table

    def answer(self) -> str:
        """Return the answer in words: faster or not, in customers and in per cent, and what is lost where."""
        now, change = self.figure("momentum"), self.acceleration
        verdict = {"yes": "yes", "no": "no, slower"}.get(self.faster, "these runs cannot tell")
        rate = self.change("growth_rate")
        slope = {"yes": "rises", "no": "falls"}.get(told(rate), "is not told apart from before")
        last, before = self.spans
        text = (
            f"Growing faster than before: {verdict}. {_signed(now)} in {last}, against "
            f"{_signed(self.figure('momentum', True), False)} in {before}: {signed(change)}. In per cent, growth "
            f"{slope}: {figure(self.growth_rate.mean)} % per month, {signed(rate)}."
        )
        text += f" {figure(self.mass.mean)} customers at the end"
        if self.generation_time.n:
            text += f"; {with_unit(self.generation_time.mean, 'days')} from a customer to the one they bring"
        return f"{text}. {self.told_losses()}{self.season()}"

    @property
    def spans(self) -> tuple[str, str]:
        """Return which months the last window and the one before are."""
        last, w = self.runs.journey.months, self.window
        return tuple(  # type: ignore[return-value]
            f"months {end - w + 1} to {end}" if w > 1 else f"month {end}" for end in (last, last - w)
        )

    def told_losses(self) -> str:
        """Return how many are lost a month, and where most of them, in a sentence."""
        parts, table = [], self.losses()
        for role, name in (("customer", "lost"), ("prospect", "prospects_lost")):
            rows = table[table["role"] == role]
            if self.figure(name).mean > 0:
                most = rows.iloc[0]
                share = (
                    f", {most['share']:.0f} % of them by {most['stage']} ({most['outcome']})" if len(rows) > 1 else ""
                )
                gone = self.recurring_lost if role == "customer" else None
                money = f", and with them recurring revenue of {with_unit(gone.mean, gone.unit)}" if gone else ""
                parts.append(f"{figure(self.figure(name).mean)} {role}s{share}{money}")
        return f"Lost each month: {'; '.join(parts)}." if parts else "Nobody is lost."

    def season(self) -> str:
        """Return a caution where arrivals depend on the month and the windows do not hold whole years."""
        rates = [one.rate for one in self.runs.journey.channels if one.rate is not None and not one.removed]
        if self.window % 12 and any(axis.attribute == "month" for rate in rates for axis in rate.over):
            return " People come by season here, and the two windows lie in different ones; 12 months leave that out."
        return ""

    def table(self) -> pd.DataFrame:
        """Return the last window beside the one before, as texts: mean ± half-width of its 95 % interval."""
        import pandas as pd

        rows = {
            name: (plus_minus(self.figure(name)), plus_minus(self.figure(name, True)),
                   plus_minus(self.change(name), signed=True), unit)
            for name, unit in SMOOTHED.items()
        }  # fmt: skip
        return pd.DataFrame.from_dict(rows, orient="index", columns=[*self.spans, "change", "unit"])

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return f"Mean ± half-width of its 95 % interval, n = {self.runs.n:,}; changes are paired"


@verb({"runs": "model=runs"}, window=WINDOW, replications=COUNT,
      model=takes.either(takes.instance("Runs", what="runs that are there", example="fs.replicate(...)"),
                         WORDS["model"]))  # fmt: skip
def momentum(
    model: Model | Runs,
    *,
    strategies: Strategies = None,
    window: str | int = "3 months",
    replications: int = _REPLICATIONS,
    **how: Unpack[How],
) -> Momentum:
    """Return mass, speed, friction and momentum of a strategy, and whether growth accelerates.

    Parameters
    ----------
    model
        The scenario, its name or its path; or `Runs` that are there, from `replicate` or one of a comparison:
        ``duel["flywheel"]``.
    strategies
        One of its strategies; the file as written unless given. Not with runs that are there.
    window
        Over which to average, in whole months. Two of them are needed after any warm-up.
    replications, how
        How often it is run, and how (``docs/asking.md``). Not with runs that are there.

    Raises
    ------
    ExperimentError
        If the window is no whole number of months or too long, or it is said how to run what was run.
    ConfigError
        If there is no such strategy.
    LimitReached
        If a run meets a limit; ``complete`` is the momentum of the replications done before.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.momentum("subscription", strategies="funnel", window="6 months", replications=10).momentum.unit
    'customers per month'
    """
    if isinstance(model, Runs):
        given = ["strategies"] * (strategies is not None) + ["replications"] * (replications != _REPLICATIONS) + [*how]
        if given:
            raise ExperimentError(f"model is runs that are there, which are not run again: leave out {joined(given)}, "
                                  "or give a scenario as the model")  # fmt: skip
        return Momentum(model, months_in(window, model.journey, times=2))
    scenario = scenario_of(model)
    strategy = one_of(scenario, strategies, "fs.momentum")
    months = months_in(window, scenario.unmatched_journey(strategy), times=2)
    try:
        runs = replicate(scenario, strategies=strategy, replications=replications, **how)
    except (LimitReached, Stopped) as stop:
        raise stop.with_complete(stop.complete and Momentum(stop.complete, months)) from stop
    return Momentum(runs, months)


def told(estimate: Estimate) -> str:
    """Return whether an estimate is above zero: ``yes``, ``no`` or ``not told apart``."""
    return "yes" if estimate.low > 0 else "no" if estimate.high < 0 else "not told apart"


def surely(estimate: Estimate) -> bool:
    """Tell whether an estimate is told apart from zero: its interval leaves it out."""
    return told(estimate) != "not told apart"


def _signed(estimate: Estimate, unit: bool = True) -> str:
    return f"{'+' if estimate.mean > 0 else ''}{with_unit(estimate.mean, estimate.unit if unit else '')}"
