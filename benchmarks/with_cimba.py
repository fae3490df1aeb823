"""The same subscription flywheel for Cimba, compiled through its Python package (an extra, no dependency).

``pip install cimba`` in an environment of its own, then ``python with_cimba.py [ARRIVALS_PER_DAY] [ROUNDS]``.
Processes, waits and counts are those of `simpy_twin`: every arrival of a stranger and every clock that
fires while it still matters is one event.
"""

from __future__ import annotations

import statistics
import sys
import time

import cimba as cb
import numpy as np

DECIDE, CONVERSION, RETENTION, PERIOD, REFERRAL, PRICE = 14.0, 0.2, 0.95, 365 / 12, 0.004, 50
HORIZON = 1095.0


class Flywheel(cb.Model):
    arrivals_per_day: cb.Param[float] = 20.0
    events: cb.Output[int] = 0
    prospects: cb.Output[int] = 0
    customers: cb.Output[int] = 0
    revenue: cb.Output[int] = 0

    @cb.process
    def arrivals(self):
        while True:
            cb.hold(cb.random.exponential(1.0 / self.arrivals_per_day))
            self.events += 1
            cb.spawn(Person, world=self)

    @cb.event
    def referred(self):
        """Bring one more person: models that spawn each other in a circle do not compile."""
        self.events += 1
        cb.spawn(Person, world=self)


class Person(cb.Model):
    world: cb.Ref[Flywheel]
    active: bool = False

    @cb.process
    def live(self):
        self.world.prospects += 1
        cb.hold(cb.random.exponential(DECIDE))
        self.world.events += 1
        if cb.random.bernoulli(CONVERSION):
            self.world.customers += 1
            self.active = True
            cb.spawn(Referring, world=self.world, customer=self)
            while self.active:
                self.world.revenue += PRICE
                cb.hold(PERIOD)
                self.world.events += 1
                self.active = cb.random.bernoulli(RETENTION) != 0


class Referring(cb.Model):
    world: cb.Ref[Flywheel]
    customer: cb.Ref[Person]

    @cb.process
    def refer(self):
        cb.hold(cb.random.exponential(1.0 / REFERRAL))
        while self.customer.active:
            cb.schedule(self.world.referred, 0.0)
            cb.hold(cb.random.exponential(1.0 / REFERRAL))


def run(arrivals_per_day, seed):
    """Return the counts of one run, and how long it took."""
    model = Flywheel()
    model.arrivals_per_day = arrivals_per_day
    experiment = cb.Experiment(model, replications=1, window=cb.Window(warmup=0, duration=HORIZON), seed=seed)
    begun = time.perf_counter()
    results = experiment.run()
    took = time.perf_counter() - begun
    totals = results[model]
    return {
        name: int(np.asarray(getattr(totals, name)).ravel()[0])
        for name in ("events", "prospects", "customers", "revenue")
    }, took


if __name__ == "__main__":
    rate = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    first, compiling = run(rate, 0)
    print(f"compiling and first run {compiling:.2f} s: {first}")
    speeds = []
    for seed in range(1, rounds + 1):
        counts, took = run(rate, seed)
        speeds.append(counts["events"] / took)
        print(counts, f"{took:.3f} s, {speeds[-1]:,.0f} events/s")
    print(f"median {statistics.median(speeds):,.0f} events/s")
