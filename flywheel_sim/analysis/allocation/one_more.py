"""Journeys in which one place spends a little more or less, and what that brings and costs by then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from flywheel_sim.analysis.allocation.spends import Place, at_spends, spent_by_month
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import FloatArray


def one_changed(places: Iterable[Place], which: Place, spend: float) -> dict[Place, float]:
    """Return today's spends with another at one place."""
    return {**{place: place.today for place in places}, which: spend}


def costs_of(places: Sequence[Place], spent: FloatArray, probed: Mapping[Place, Runs]) -> dict[Place, float]:
    """Return what one of each place's own unit comes to in money a month.

    Parameters
    ----------
    places, spent
        Where money can go, and what each spends a month today, shape (places, replications).
    probed
        Runs in which there is a spend at a place where there is none today.

    Raises
    ------
    ExperimentError
        If nothing is ever spent at a place.
    """
    costs = {}
    for place, now in zip(places, spent.mean(axis=1), strict=True):
        costs[place] = now / place.today if place.today else spent_by_month(probed[place], [place]).mean() / place.probe
        if not costs[place] > 0:
            raise ExperimentError(f"nothing is ever spent on '{place.name}', whatever it says; leave it out of over")
    return costs


def moved_both_ways(model: Scenario, strategy: str | None, costs: Mapping[Place, float], size: float) -> list[Journey]:
    """Return journeys in which a place spends so much more, then so much less, one place after the other.

    Parameters
    ----------
    model, strategy
        The scenario, and one of its strategies.
    costs
        For each place what one of its own unit comes to in money a month.
    size
        Of a move, money a month.
    """
    return [
        at_spends(model, strategy, one_changed(costs, place, max(0.0, place.today + sign * size / cost)))
        for place, cost in costs.items()
        for sign in (1, -1)
    ]


def gained_and_spent(
    runs: Runs, of: str, places: Sequence[Place], months: Sequence[int]
) -> tuple[FloatArray, FloatArray]:
    """Return a metric up to horizons, and what each place has spent by then.

    Returns
    -------
    tuple of ndarray
        Of shapes (horizons, replications) and (places, horizons, replications).
    """
    start = runs.books.warm_up
    gained = runs.series(of, cumulative=True)[:, [one - 1 for one in months]].T
    spent = [np.cumsum(place.series(runs.books)[:, start:], axis=1) for place in places]
    return gained, np.array([row[:, [one - 1 - start for one in months]].T for row in spent])
