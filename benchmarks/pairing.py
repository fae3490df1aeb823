"""How much running strategies on the same people saves: ``python benchmarks/pairing.py [--replications N]``.

On the shipped subscription business: variance of the difference in profit, paired against separate runs,
for one point of retention and for funnel against flywheel; and one further method for the second, lineages
by their expectation: what a referred person and all whom they bring come to is replaced by its mean given
the month they arrive, taken from other replications, so that only the strangers' own lives are left to chance.
"""

from __future__ import annotations

import argparse

import flywheel_sim as fs
import numpy as np
from flywheel_sim.journey.units import MONTH

#: Replications that the means by month are taken from; numbered apart from those they are used on.
PILOT, APART = 400, 1_000_000
MONTHS = 36


def gain(one, other):
    """Return how many times smaller the variance of the paired difference is."""
    return (one.var(ddof=1) + other.var(ddof=1)) / (one - other).var(ddof=1)


def lineages(model, strategy, replication):
    """Return the strangers' own profit, and of each line they start the month it starts and its profit."""
    runs = fs.run(model, strategies=strategy, replication=replication, people=True)
    people = runs.people
    own = (people["revenue"] - people["cost"]).to_numpy(dtype=float) / 100
    place = {key: i for i, key in enumerate(people["key"])}
    parent = np.array([place.get(key, -1) for key in people["referrer"]])
    generation = people["generation"].to_numpy()
    total = own.copy()
    for i in np.argsort(-generation, kind="stable"):  # children give what they and theirs come to, last ones first
        if generation[i] > 1:
            total[parent[i]] += total[i]
    first = generation == 1
    month = np.minimum(people["born"].to_numpy()[first] // MONTH, MONTHS - 1)
    fixed = runs.values("profit")[0] - own.sum()  # channels and what else comes whoever comes
    return fixed + own[generation == 0].sum(), month, total[first]


def means_by_month(model, strategy):
    """Return what a line that starts in a month comes to on the mean, and the standard error of each."""
    pilot = [lineages(model, strategy, APART + i)[1:] for i in range(PILOT)]
    month, value = (np.concatenate(part) for part in zip(*pilot, strict=True))
    count = np.maximum(np.bincount(month, minlength=MONTHS), 1)
    mean = np.bincount(month, value, MONTHS) / count
    spread = np.sqrt(np.bincount(month, (value - mean[month]) ** 2, MONTHS) / count)
    return mean, spread / np.sqrt(count)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=400)
    n = parser.parse_args().replications
    model, matches = fs.match_budgets(fs.load("subscription"))
    print(*matches, sep="\n")
    base = fs.replicate(model, strategies="flywheel", replications=n).values("profit")
    more = fs.replicate(model.with_(retention="92 % per month"), strategies="flywheel", replications=n).values("profit")
    funnel = fs.replicate(model, strategies="funnel", replications=n).values("profit")
    print(f"variance of the difference in profit, {n:,} replications, paired against separate runs")
    print(f"  one point of retention, flywheel  {gain(more, base):6.1f} times smaller")
    print(f"  funnel against flywheel           {gain(base, funnel):6.1f} times smaller")
    expected, errors = {}, {}
    for name in ("funnel", "flywheel"):
        mean, error = means_by_month(model, name)
        profits, seen = np.empty(n), np.zeros(MONTHS)
        for i in range(n):
            own, month, _ = lineages(model, name, i)
            counts = np.bincount(month, minlength=MONTHS)
            profits[i] = own + counts @ mean
            seen += counts
        expected[name], errors[name] = profits, float(np.sqrt((((seen / n) * error) ** 2).sum()))
    raw, smooth = base - funnel, expected["flywheel"] - expected["funnel"]
    apart = (base.var(ddof=1) + funnel.var(ddof=1)) / n
    known = smooth.var(ddof=1) / n
    whole = known + errors["funnel"] ** 2 + errors["flywheel"] ** 2
    print(f"difference in profit: {raw.mean():,.0f} paired, {smooth.mean():,.0f} with lineages by their expectation")
    print(f"  lineages by their expectation     {apart / known:6.1f} times smaller, the expectations taken as known")
    print(
        f"                                    {apart / whole:6.1f} times with the error of those {PILOT} replications"
    )


if __name__ == "__main__":
    main()
