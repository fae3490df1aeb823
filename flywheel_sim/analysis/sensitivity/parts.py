"""Where an effect comes from: customers' own revenue, what they move up to, and those they bring.

The same people live without the events of one part, of the other, and of both, so that effects can be taken apart
exactly. Which event is of which part follows from what it does, and can be named instead.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from flywheel_sim.analysis.difference.pairs import paired
from flywheel_sim.analysis.sensitivity.changes import share_of
from flywheel_sim.journey.events import Amount, Event, Share
from flywheel_sim.journey.figures import Rate
from flywheel_sim.journey.journey import Journey, Owner, Stage, amounts_of, firings
from flywheel_sim.stats import Estimate, FloatArray

#: The parts of an effect that can be left out, by themselves or together.
PARTS = ("upsell", "referral")
#: Which parts there are in each run: none, one, the other, both.
VARIANTS: tuple[tuple[str, ...], ...] = ((), ("upsell",), ("referral",), PARTS)


@dataclass(frozen=True)
class Split:
    """An effect in its parts, which add up to the whole exactly in every replication; frozen.

    A part is the effect with its events less the effect without them. That depends on whether the other part's
    events are there, so it is taken both ways and averaged (the Shapley value of two parts: Shapley 1953,
    doi:10.1515/9781400881970-018).

    Attributes
    ----------
    of, label, unit
        The figure, how it is called, and the unit of its change.
    events
        For ``upsell`` and ``referral``, what is left out, as names under ``without``.
    gains
        Change of the figure with neither, with one, with the other and with both, in the order of `VARIANTS`; shape
        (4, replications).
    """

    of: str
    label: str
    unit: str
    events: Mapping[str, tuple[str, ...]]
    gains: FloatArray = field(repr=False)

    @property
    def values(self) -> dict[str, FloatArray]:
        """Return ``own``, ``upsell``, ``referral`` and ``whole``, each of shape (replications,)."""
        none, upsell, referral, both = self.gains
        return {
            "own": none,
            "upsell": ((upsell - none) + (both - referral)) / 2,
            "referral": ((referral - none) + (both - upsell)) / 2,
            "whole": both,
        }

    @property
    def parts(self) -> dict[str, Estimate]:
        """Return ``own``, ``upsell``, ``referral`` (with all descendants) and ``whole`` with paired intervals."""
        return {name: paired(values, self.unit) for name, values in self.values.items()}

    @property
    def shares(self) -> dict[str, Estimate]:
        """Return each part in % of the whole, a ratio of sums; NaN where the whole is near zero.

        Of a loss a part is the share of the loss.
        """
        values = self.values
        sign = math.copysign(1.0, float(np.nansum(values["whole"])))
        return {name: share_of(sign * values[name], sign * values["whole"]) for name in ("own", *PARTS)}

    @property
    def orders(self) -> dict[str, dict[str, Estimate]]:
        """Return both parts when one is added first, by the part that is."""
        none, upsell, referral, both = self.gains
        gains = {
            "upsell": {"upsell": upsell - none, "referral": both - upsell},
            "referral": {"referral": referral - none, "upsell": both - referral},
        }
        return {
            first: {name: paired(gain, self.unit) for name, gain in parts.items()} for first, parts in gains.items()
        }

    @property
    def interaction(self) -> Estimate:
        """Return what upsell and referral add together beyond what each adds by itself: half of it is in either."""
        none, upsell, referral, both = self.gains
        return paired(both - upsell - referral + none, self.unit)


def referring(journey: Journey) -> tuple[str, ...]:
    """Return what to do without so that nobody is referred, as names under ``without``.

    Events that do nothing but refer, with what they cost; and every channel that referrals feed, so that an event
    which does more, such as a purchase, goes on and brings nobody.
    """
    fired = (effects for owner in journey.owners for parts in firings(owner) for effects in parts)
    referred = {name for effects in fired for name in effects.refer}
    channels = [f"channel.{one.name}" for one in journey.channels if one.name in referred and not one.removed]
    return (*(_named(event) for owner in journey.owners for event in owner.events if _only_refers(event)), *channels)


def upselling(journey: Journey) -> tuple[str, ...]:
    """Return the events by which customers move up, as names under ``without``.

    They are events of customers who stay customers, and either move what sets a price (an attribute on which earned
    money depends, a counter that multiplies it) without earning themselves, or earn on lines that nothing else earns
    on, beside what customers pay all along. Where customers only ever pay at such events, none of them is taken for the
    base the others add to, and none is found.
    """
    customers = {stage.name for stage in journey.stages if stage.role == "customer"}
    earned_by: dict[str, set[str]] = defaultdict(set)
    depends: set[str] = set()
    events: list[Event] = []
    for owner in journey.owners:
        stages = {owner.name} if isinstance(owner, Stage) else set(owner.stages)
        for where, amount in _earning(owner):
            earned_by[amount.line].add(where)
            for rate in _rates(amount):
                depends |= {axis.attribute for axis in rate.over} | {rate.per}
        if stages <= customers:
            events += [event for event in owner.events if {o.to for o in event.outcomes} <= {*customers, None}]
    moved = {one.name for one in journey.attributes if one.kind != "stopwatch"} & depends

    def lines(event: Event) -> set[str]:
        money = (amount for part in event.parts for amount in part.money if amount.side == "earn")
        return {amount.line for amount in money if not _taken_off(amount)}

    apart = {e.decision for e in events if lines(e) and all(earned_by[line] == {e.decision} for line in lines(e))}
    if not _base(journey, customers) - apart:
        apart = set()
    return tuple(
        _named(event) for event in events
        if event.decision in apart
        or (not lines(event) and any(one.attribute in moved for part in event.parts for one in part.sets + part.adds))
    )  # fmt: skip


def variants(journey: Journey, upsell: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
    """Return for each part what is done without, as names under ``without``; found unless upsell is named."""
    return {"upsell": upselling(journey) if upsell is None else tuple(upsell), "referral": referring(journey)}


def _named(event: Event) -> str:
    return f"event.{event.decision.replace('/', '.')}"


def _only_refers(event: Event) -> bool:
    """Tell whether an event brings people, and beyond what it costs does nothing else."""
    other = any(
        part.sets or part.adds or any(amount.side == "earn" for amount in part.money) for part in event.parts
    )  # fmt: skip
    stays = all(outcome.to is None for outcome in event.outcomes)
    return stays and not other and any(part.refer for part in event.parts)


def _earning(owner: Owner) -> Iterator[tuple[str, Amount]]:
    """Yield every amount an owner earns with what it is earned by: an event's decision, or the owner's name.

    Refunds and discounts are left out: nobody pays by them, or moves up.
    """
    by_events = {
        id(amount): event.decision for event in owner.events for part in event.parts for amount in part.money
    }  # fmt: skip
    for amount in amounts_of(owner):
        if amount.side == "earn" and not _taken_off(amount):
            yield by_events.get(id(amount), owner.name), amount


def _rates(amount: Amount) -> tuple[Rate, ...]:
    """Return the rates of which an amount is made."""
    value = amount.value
    return (value,) if isinstance(value, Rate) else (value.rate,) if isinstance(value, Share) else value.params


def _taken_off(amount: Amount) -> bool:
    """Tell whether what is earned is never above 0, as a refund or a discount is."""
    rates = _rates(amount)
    return bool(rates) and all(max(rate.cells) <= 0 for rate in rates)


def _base(journey: Journey, customers: set[str]) -> set[str]:
    """Return what customers pay all along by: stages and sets in which money accrues, and events that earn."""
    names: set[str] = set()
    for owner in journey.owners:
        stages = {owner.name} if isinstance(owner, Stage) else set(owner.stages)
        if stages <= customers:
            names |= {owner.name for amount in owner.accruals if amount.side == "earn"}
            names |= {where for where, _ in _earning(owner) if where != owner.name}
    return names
