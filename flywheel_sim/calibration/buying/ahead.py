"""How many purchases are to be expected of customers who are still there."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.calibration.buying.leaving import Leaving
from flywheel_sim.calibration.buying.regular import pace_ahead, stages
from flywheel_sim.calibration.buying.season import Calendar
from flywheel_sim.calibration.buying.watched import Panels, Watched

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class AtEnd:
    """What is known of customers who are there when the watching ends.

    Attributes
    ----------
    watched
        The customers, one a row.
    origin
        When their watching began, since the beginning of the records, shape (rows,).
    power, rate
        Shape of their pace of steps after all purchases, shape (rows,), and its rate before any time had gone by.
    season, calendar
        Factors of the months, shape (12,), and when months begin; a single 1 and None without a season.
    leaving
        When they leave; None if never.
    steps
        Of a time between purchases.
    """

    watched: Watched
    origin: FloatArray
    power: FloatArray
    rate: float
    season: FloatArray
    calendar: Calendar | None
    leaving: Leaving | None
    steps: int

    def bought(self, times: FloatArray) -> FloatArray:
        """Return how many purchases are expected within some times after the end, shape (rows, len(times))."""
        order = np.argsort(times)
        edges = np.concatenate([[0.0], times[order]])
        parts = np.column_stack([self._between(low, high) for low, high in itertools.pairwise(edges)])
        bought = np.empty_like(parts)
        bought[:, order] = np.cumsum(parts, axis=1)
        return bought

    def _between(self, low: float, high: float) -> FloatArray:
        """Return how many are expected between two times after the end, shape (rows,)."""
        w, season, rows = self.watched, self.season, len(self.power)
        end, last = w.gone_end @ season, w.gone_last @ season
        rate = self.rate + end
        known = stages(self.steps, self.power, rate, end - last, w.gone_first @ season if w.met else None)
        now = w.age + w.end
        panels = Panels.between(np.full(rows, low), np.full(rows, high), self.origin + w.end, self.calendar)
        row, pace, before = panels.row, panels.paces(season), panels.gone @ season
        clock = now[row] + panels.start
        there = None if self.leaving is None else self.leaving.log_survival(now)

        def brings(some: slice, since: FloatArray) -> FloatArray:
            of, gone = row[some], before[some, None] + pace[some, None] * since
            total = np.zeros_like(since)
            for chance, shape, made in known:
                ahead = pace_ahead(self.steps, made, shape[of, None], rate[of, None], gone)
                total += chance[of, None] * ahead * pace[some, None]
            if self.leaving is None or there is None:
                return total
            return total * np.exp(self.leaving.log_survival(clock[some, None] + since) - there[of, None])

        turns = np.zeros(len(row)) if self.leaving is None else 1 / self.leaving.turns(clock)
        if self.steps > 1:
            turns = turns + (self.power[row] + 1) / rate[row] * pace
        sums = panels.integrals(1 / np.maximum(turns, 1e-12), panels.length, brings, regular=self.steps > 1)
        return np.bincount(row, sums, rows).astype(np.float64)
