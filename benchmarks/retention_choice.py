"""How well retention is forecast: the procedure's choice, beside one model always, with and without what is usual.

Run as ``python benchmarks/retention_choice.py [TABLES]``; tables are simulated with seed = number, of nine kinds of
businesses: of 4,000 people seen at ages 0 to 7, and of 300 at ages 0 to 4. The next five ages are forecast.
"""

import sys

import numpy as np
from flywheel_sim.calibration.retention.choice import choose
from flywheel_sim.calibration.retention.lives import Lives
from flywheel_sim.calibration.retention.models import BDW, GEOMETRIC, SBG

KINDS = (
    (GEOMETRIC, (0.1,)), (GEOMETRIC, (0.35,)),
    (SBG, (0.7, 1.2)), (SBG, (0.7, 3.8)), (SBG, (3.0, 9.0)),
    (BDW, (0.5, 0.9, 1.2)), (BDW, (0.5, 1.6, 1.4)), (BDW, (1.5, 4.0, 0.7)), (BDW, (4.0, 12.0, 1.5)),
)  # fmt: skip
SEEN = ((4000, 8), (300, 5))


def table(model, values, people, ages, seed):
    """Return how many are left at so many ages."""
    luck, left = np.random.default_rng(seed), [people]
    for kept in model.retention(values, np.arange(ages - 1)):
        left.append(luck.binomial(left[-1], kept))
    return Lives.from_survivors(range(ages), left)


WAYS = {
    "choice": lambda lives, later: choose(lives).survival(later),
    "always beta-discrete-Weibull": lambda lives, later: BDW.survival(BDW.drawn(lives), later),
    "the same by likelihood alone": lambda lives, later: BDW.survival(BDW.fit(lives, intervals=False).values, later),
}


def main():
    """Print the mean error of forecasts by way and kind, in %."""
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    for people, ages in SEEN:
        errors, later = {way: [] for way in WAYS}, np.arange(ages, ages + 5)
        for model, values in KINDS:
            true = model.survival(values, later)
            known = [table(model, values, people, ages, seed) for seed in range(tables)]
            for way, forecast in WAYS.items():
                off = [np.abs(forecast(lives, later) / true - 1).mean() for lives in known]
                errors[way].append(100 * np.mean(off))
            print(
                f"  {model.label} {values}: " + ", ".join(f"{way} {errors[way][-1]:.1f} %" for way in WAYS), flush=True
            )
        print(f"{people:,} people, ages 0 to {ages - 1}, {tables} tables of each kind: "
              + ", ".join(f"{way} {np.mean(each):.1f} %" for way, each in errors.items()), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
