"""One staffed queue with patience and referrals as a SimPy user would write it: the yardstick of coupled models.

Strangers arrive (Poisson) and ask presales; who waits longer than their patience gives up. After a talk some
become customers, renew monthly, and refer newcomers, who ask presales too, at a constant rate while they are
customers. Every arrival and every clock that fires while it still matters is one event.
Usage: staffed_twin.py [ARRIVALS_PER_DAY] [SEED]
"""

import sys
import time
from random import Random

import simpy


def simulate(
    arrivals_per_day=20.0,
    horizon=1095.0,
    servers=12,
    takes=0.5,
    patience=2.0,
    conversion=0.4,
    retention=0.8,
    period=365 / 12,
    referral_rate=0.006,
    seed=1,
):
    rng, env = Random(seed), simpy.Environment()
    presales = simpy.Resource(env, servers)
    count = dict.fromkeys(("events", "people", "served", "gave_up", "started", "customers", "referrals"), 0)
    count["waited"] = 0.0

    def arrivals():
        while True:
            yield env.timeout(rng.expovariate(arrivals_per_day))
            count["events"] += 1
            env.process(person())

    def referring(customer):
        while True:
            yield env.timeout(rng.expovariate(referral_rate))
            if not customer["active"]:
                return
            count["events"] += 1
            count["referrals"] += 1
            env.process(person())

    def person():
        count["people"] += 1
        asked = env.now
        with presales.request() as request:
            ready = yield request | env.timeout(rng.expovariate(1 / patience))
            if request not in ready:
                count["events"] += 1
                count["gave_up"] += 1
                return
            count["started"] += 1
            count["waited"] += env.now - asked
            yield env.timeout(rng.expovariate(1 / takes))
        count["events"] += 1
        count["served"] += 1
        if rng.random() >= conversion:
            return
        count["customers"] += 1
        customer = {"active": True}
        env.process(referring(customer))
        while customer["active"]:
            yield env.timeout(period)
            count["events"] += 1
            customer["active"] = rng.random() < retention

    env.process(arrivals())
    env.run(until=horizon)
    return count


if __name__ == "__main__":
    rate = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    start = time.perf_counter()
    result = simulate(rate, seed=seed)
    took = time.perf_counter() - start
    print(result, f"{took:.3f} s, {result['events'] / took:,.0f} events/s")
