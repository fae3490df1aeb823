"""Are we growing faster than before? Mass, speed and friction of the flywheel, month by month.

Mass is the number of customers, speed the rate at which they grow, friction what is lost on the way. Momentum is what
mass and speed come to together: net customers gained per month.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.analysis.difference.pairs import paired
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH, UnitError, parse
from flywheel_sim.metrics.growth import active_customers, customer_months, role_flow
from flywheel_sim.metrics.momentum import losing_flows, net_growth
from flywheel_sim.metrics.recurring import movement, recurring
from flywheel_sim.metrics.registry import Books
from flywheel_sim.result import Result
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, figure, plus_minus, ratio, with_unit
from flywheel_sim.wording import signed

if TYPE_CHECKING:
    import pandas as pd


#: What momentum is told in.
UNIT = "customers per month"

#: Figures that are averaged over the window, with their units; in the order of the table.
SMOOTHED: Mapping[str, str] = {
    "momentum": UNIT, "growth_rate": "% per month", "gained": UNIT, "lost": UNIT, "loss_rate": "% per month",
    "prospects_lost": "prospects per month",
}  # fmt: skip


def lengths(books: Books) -> FloatArray:
    """Return how long each period is, in months; shape (periods,)."""
    return np.asarray(np.diff(books.ledger.layout.period_ends, prepend=np.int64(0)) / MONTH)


def moving(series: FloatArray, window: int) -> FloatArray:
    """Return sums over so many months, of those that end with each month that has enough before it.

    Parameters
    ----------
    series
        Months last; shape (..., months).

    Returns
    -------
    ndarray
        Shape (..., months - window + 1).
    """
    sums = np.concatenate([np.zeros((*series.shape[:-1], 1)), series.cumsum(axis=-1)], axis=-1)
    return np.asarray(sums[..., window:] - sums[..., :-window])


def months_in(window: str | int, journey: Journey, times: int = 1) -> int:
    """Return how many months a window has.

    Parameters
    ----------
    window
        Such as ``"3 months"``, or their number.
    journey
        In whose months it has to find room.
    times
        How often, one after the other.

    Raises
    ------
    ExperimentError
        If it is no whole number of months, or has no room.
    """
    months, remedy = 0.0, "write '3 months'"
    if isinstance(window, str):
        try:
            found = parse(window)
        except UnitError as error:
            raise ExperimentError(f"window {window!r}: {error.rule}; {remedy}") from None
        months = found.number / MONTH if found.form == "duration" and found.per_ms is None else 0.0
    elif isinstance(window, int | np.integer) and not isinstance(window, bool):
        months = float(window)
    if months < 1 or months != int(months):
        raise ExperimentError(f"window {window!r}: a window is a whole number of months, at least one; {remedy}")
    counted = journey.months - journey.warm_up // MONTH
    if times * months > counted:
        most = counted // times
        remedy = f"take {most} month{'s' * (most > 1)} at most" if most else "simulate longer"
        many = {1: "it needs", 2: "two of them need"}.get(times, f"{times} of them need")
        raise ExperimentError(f"window of {months:g} months: {many} {times * months:g}, and figures are of {counted}; "
                              f"{remedy}")  # fmt: skip
    return int(months)


def net_per_month(runs: Runs, window: int | None = None) -> FloatArray:
    """Return momentum: net customers gained per month over the last months, or over all that count.

    Returns
    -------
    ndarray
        Shape (replications,).
    """
    books = runs.books
    first = books.warm_up if window is None else runs.journey.months - window
    return np.asarray(net_growth(books)[:, first:].sum(axis=1) / lengths(books)[first:].sum())


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
        return estimate_mean(self.paths[name][:, -1 - self.window * before], SMOOTHED[name])

    def change(self, name: str = "momentum") -> Estimate:
        """Return a figure of the last window less that of the one before, paired within replications."""
        path = self.paths[name]
        unit = SMOOTHED[name].replace("% per month", "points per month")
        return paired(path[:, -1] - path[:, -1 - self.window], unit)

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
        said = (
            f"Growing faster than before: {verdict}. {_signed(now)} in {last}, against "
            f"{_signed(self.figure('momentum', True), False)} in {before}: {signed(change)}. In per cent, growth "
            f"{slope}: {figure(self.growth_rate.mean)} % per month, {signed(rate)}."
        )
        said += f" {figure(self.mass.mean)} customers at the end"
        if self.generation_time.n:
            said += f"; {with_unit(self.generation_time.mean, 'days')} from a customer to the one they bring"
        return f"{said}. {self.told_losses()}{self.season()}"

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


def momentum(runs: Runs, window: str | int = "3 months") -> Momentum:
    """Return mass, speed, friction and momentum of replications, and whether growth accelerates.

    Parameters
    ----------
    runs
        From `replicate`, or one of a comparison: ``duel["flywheel"]``.
    window
        Over which to average, in whole months. Two of them are needed after any warm-up.

    Raises
    ------
    ExperimentError
        If it is given no replications, or the window is no whole number of months or too long.
    """
    if not isinstance(runs, Runs):
        known = getattr(runs, "names", ())
        remedy = (
            f"take one of a comparison, such as duel['{known[-1]}']" if known else "take those of fs.replicate(model)"
        )
        raise ExperimentError(
            f"momentum is of the replications of one strategy, not of a {type(runs).__name__}; {remedy}"
        )
    return Momentum(runs, months_in(window, runs.journey, times=2))


def told(found: Estimate) -> str:
    """Return whether an estimate is above zero: ``yes``, ``no`` or ``not told apart``."""
    return "yes" if found.low > 0 else "no" if found.high < 0 else "not told apart"


def surely(found: Estimate) -> bool:
    """Tell whether an estimate is told apart from zero: its interval leaves it out."""
    return told(found) != "not told apart"


def _signed(found: Estimate, unit: bool = True) -> str:
    return f"{'+' if found.mean > 0 else ''}{with_unit(found.mean, found.unit if unit else '')}"
