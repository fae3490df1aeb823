"""The expected path of a batch through stages decided at once: chances multiplied, nothing simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.events import Effects, Event, Share
from flywheel_sim.journey.figures import Dist, Rate
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MILLIONTHS, format_duration
from flywheel_sim.result import Unreplicated

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ExpectedPath(Unreplicated):
    """Expected people and money of a journey without clocks; frozen, exact to the rounding of a float.

    Attributes
    ----------
    people
        Expected entries to each stage, in file order.
    revenue, spend, gain
        Expected money in units of the currency.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.expected_path("ad_campaign").currency
    'USD'
    """

    people: dict[str, float]
    revenue: float
    spend: float
    currency: str

    @property
    def gain(self) -> float:
        """Return revenue less spend."""
        return self.revenue - self.spend

    def frame(self) -> pd.DataFrame:
        """Return expected people and the share of the stage before, one row a stage."""
        import pandas as pd

        return pd.DataFrame({"stage": list(self.people), "people": list(self.people.values())}).set_index("stage")

    def answer(self) -> str:
        """Return the path in words, with the money it brings."""
        path = " → ".join(f"{name} {count:,.10g}" for name, count in self.people.items())
        return f"{path}; revenue {self.revenue:,.10g}, spend {self.spend:,.10g}, gain {self.gain:,.10g} {self.currency}"


def path_of(journey: Journey) -> ExpectedPath:
    """Return the expected path of a journey fed by batches, whose stages are all decided at once.

    Raises
    ------
    ExperimentError
        If the journey has clocks, referrals, attributes or arrivals over time, if people affect one another, or
        if figures leave out a warm-up: simulate it instead.
    """
    _refuse_what_takes_time(journey)
    people = {stage.name: Fraction(0) for stage in journey.stages}
    money = {"earn": Fraction(0), "spend": Fraction(0)}
    waiting = [(c.enters, Fraction(c.count)) for c in journey.channels if not c.removed]
    money["spend"] += sum(c.cost_per_batch * len(c.times) for c in journey.channels if not c.removed)

    def book(parts: Sequence[Effects], count: Fraction) -> None:
        amounts = [amount for effects in parts for amount in effects.money]
        earned = {amount.line: Fraction(0) for amount in amounts if amount.side == "earn"}
        for amount in amounts:
            if isinstance(amount.value, Rate) and amount.side == "earn":
                earned[amount.line] += _exact(amount.value)
        for amount in amounts:
            (figure,) = amount.figures
            of = earned[amount.value.of] if isinstance(amount.value, Share) else 1
            money[amount.side] += count * of * _exact(figure)
            for line in journey.derived if amount.side == "earn" else ():
                share = Fraction(line.share).limit_denominator(10**9) if amount.line in line.of else 0
                money["spend" if line.kind else "earn"] += count * of * _exact(figure) * share

    while waiting:
        name, count = waiting.pop()
        stage = journey.stage(name)
        people[name] += count
        book((stage.on_entry,), count)
        for event in stage.events:
            for to, share, effects in _shares(event):
                book((event.effects, effects), count * share)
                if to is not None and share:
                    waiting.append((to, count * share))
    return ExpectedPath(
        {name: float(count) for name, count in people.items()},
        float(money["earn"] / MILLIONTHS),
        float(money["spend"] / MILLIONTHS),
        journey.currency or "",
    )


def _exact(rate: Rate) -> Fraction:
    """Return a figure as the decimal or simple fraction it was written as."""
    return Fraction(rate.cells[0]).limit_denominator(10**9)


def _shares(event: Event) -> list[tuple[str | None, Fraction, Effects]]:
    given = [_exact(o.chance) if o.chance else None for o in event.outcomes]
    rest = 1 - sum((g for g in given if g is not None), Fraction(0))
    return [(o.to, rest if g is None else g, o.effects) for o, g in zip(event.outcomes, given, strict=True)]


def _refuse_what_takes_time(journey: Journey) -> None:
    why = ""
    for channel in journey.channels:
        if channel.kind not in ("batch",):
            why = f"the channel '{channel.name}' is no batch"
    if journey.sets or journey.costs or journey.uncertain:
        why = "money or clocks run on by themselves, or a rate is uncertain"
    for stage in journey.stages:
        amounts = [*stage.on_entry.money]
        if stage.accruals:
            why = f"money accrues in '{stage.name}'"
        for event in stage.events:
            if not event.at_once:
                why = f"'{event.decision}' takes time"
            amounts += [*event.effects.money, *(a for outcome in event.outcomes for a in outcome.effects.money)]
            figures = [
                *(chance for chance in event.chances if chance),
                *(f for one in amounts for f in one.figures),
            ]
            drawn = any(isinstance(amount.value, Dist) for amount in amounts)
            if drawn or not all(figure.constant for figure in figures):
                why = f"'{event.decision}' depends on who somebody is"
    if journey.warm_up:
        why = f"figures leave out the first {format_duration(journey.warm_up)}"
    if journey.coupled_by:
        why = f"people affect one another ({', '.join(journey.coupled_by)})"
    if why:
        raise ExperimentError(f"{journey.name}: {why}, so no chances can simply be multiplied; use replicate")
