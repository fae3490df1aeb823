"""All figures a little off at once: each future draws every rate anew, as it draws what a file calls ``uncertain``.

Replication i gets draw i of every rate, in all strategies alike, and meets the same people as with the figures as they
are stated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from flywheel_sim.analysis.rates.ranges import Range, ranges_of, stepped
from flywheel_sim.compile.draws import decision_hash
from flywheel_sim.compile.worlds import world
from flywheel_sim.engine.run import uniform_of
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import UnitError, parse
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.source.tree import Raw
from flywheel_sim.stats import FloatArray

#: The last of all draws. At both ends of all ranges it is seen where chances together no longer fit into 100 %.
_LAST = 1 - 2.0**-53


@dataclass(frozen=True)
class Doubted:
    """Strategies in which every figure may be off.

    Attributes
    ----------
    journeys
        By name.
    ranges
        Of every rate that varies, in the first strategy it bears on: what the file calls ``uncertain``, else a share
        below and above its figure.
    kept
        Rates that stay at their figure, because no journey could have them a little off, or off beside the others.
    """

    journeys: Mapping[str, Journey]
    ranges: Mapping[str, Range]
    kept: tuple[str, ...]

    def draws(self, seed: int, replications: int) -> dict[str, FloatArray]:
        """Return of each rate where in its range every future draws it, from 0 to 1; shape (replications,)."""
        return {
            name: np.array([uniform_of(seed, number, f"uncertain/{name}") for number in range(replications)])
            for name in self.ranges
        }


def refuse_no_share(share: float) -> None:
    """Refuse what is no share.

    Raises
    ------
    ExperimentError
        If it does not lie between 0 and 1.
    """
    if not 0 < share < 1:
        raise ExperimentError(f"figures {share} off: a share between 0 and 1 is needed; take 0.1 for a tenth")


def doubted(sides: Mapping[str, tuple[Scenario, str | None]], share: float) -> Doubted | None:
    """Return strategies in which every rate may be a share off, spends as solved for; None where no rate can be.

    Parameters
    ----------
    sides
        For each name its scenario, nothing of which is left to be solved for, and its strategy.
    share
        Between 0 and 1: of the odds of a chance, so that it stays below 100 %, of any other rate itself.

    Raises
    ------
    ExperimentError
        If the share is none.
    """
    refuse_no_share(share)
    kept: set[str] = set()
    ranges = _ranges(sides, share, kept)
    while True:  # a rate that one of them cannot have off stays as it is in all
        journeys: dict[str, Journey] = {}
        failed: set[str] = set()
        for name, side in sides.items():
            wanted = [rate for rate, one in ranges[name].items() if one.uncertain is None and rate not in kept]
            journeys[name] = _uncertain(*side, wanted, share)
            failed |= {*wanted} - {one.name for one in journeys[name].uncertain}
        if not failed:
            break
        kept |= failed
    varied: dict[str, Range] = {}
    for tried in ranges.values():
        varied = {rate: one for rate, one in tried.items() if rate not in kept} | varied
    return Doubted(journeys, varied, tuple(sorted(kept))) if varied else None


def _ranges(
    sides: Mapping[str, tuple[Scenario, str | None]], share: float, kept: set[str]
) -> dict[str, Mapping[str, Range]]:
    """Return for each name the ranges of the rates that bear on it; add those that no journey could have off."""
    tried: dict[str, Mapping[str, Range]] = {name: {} for name in sides}
    for model in {id(model): model for model, _ in sides.values()}.values():
        strategies = {name: strategy for name, (of_side, strategy) in sides.items() if of_side is model}
        with suppress(ExperimentError):  # no rate bears on any of them
            ranges = ranges_of(model, [*strategies.values()], step=share, impossible=kept)
            tried |= {name: ranges[strategy] for name, strategy in strategies.items()}
    return tried


def _uncertain(model: Scenario, strategy: str | None, rates: Sequence[str], share: float) -> Journey:
    """Return a strategy in which rates are uncertain, as many of them as fit beside one another."""
    ends_of: dict[str, Raw] = {}
    for rate in rates:
        with suppress(ConfigError, ExperimentError, UnitError):
            one = stepped(
                rate, parse(model.rate(rate, strategy).value), share
            )  # where it is moved, its ends move along
            ends_of[rate] = [one.text(one.low), one.text(one.high)]
    all_off = _with_ends(model, strategy, ends_of)
    if all_off is not None:
        return all_off
    fit: dict[str, Raw] = {}
    journey = model.journey(strategy)
    for rate, ends in ends_of.items():
        if (more := _with_ends(model, strategy, {**fit, rate: ends})) is not None:
            journey = more
            fit[rate] = ends
    return journey


def _with_ends(model: Scenario, strategy: str | None, ends_of: Mapping[str, Raw]) -> Journey | None:
    """Return a strategy with rates uncertain; None where no journey could have their ends, or values between."""
    try:
        changes = [(f"rates.{name}", {"uncertain": ends}) for name, ends in ends_of.items()]
        journey = model.with_texts(changes).journey(strategy)
        for end in (0.0, _LAST):
            world(journey, lambda decision, end=end: end if _rate(decision) in ends_of else 0.5)  # type: ignore[misc]
        world(journey, _between)
    except ConfigError:
        return None
    return journey


def _rate(decision: str) -> str:
    return decision.removeprefix("uncertain/")


def _between(decision: str) -> float:
    """Return a place between the ends, another for every rate: a threshold is no whole number there."""
    return 0.25 + decision_hash(decision) / 2**33
