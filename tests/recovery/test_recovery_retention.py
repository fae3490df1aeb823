"""Models of staying, deciding, arriving, referring and replying find the parameters of their own journeys."""

import time

import numpy as np
import pytest
from retention_cases import CASES, HIGH, LOW

#: Data sets of a test that is always run, and of one with --slow.
FEW, MANY = 10, 300

#: The mean over a few data sets of (found - true) / SD stays within so many of its own SDs.
LIMIT = 4.0


@pytest.mark.parametrize("name", CASES)
def test_parameters_are_found_again_without_bias(name):
    found = [CASES[name](seed) for seed in range(FEW)]
    away = np.array([one.away for one in found])
    z = np.mean(away, axis=0) * np.sqrt(len(away))
    print(f"{name}: z " + ", ".join(f"{one} {at:+.1f}" for one, at in zip(found[0].names, z, strict=True)))
    assert np.abs(z).max() < LIMIT
    assert np.abs(away).max() < 5  # no single one is far off


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_intervals_cover_the_truth_as_often_as_they_say(name):
    begun = time.process_time()
    found = [CASES[name](seed) for seed in range(MANY)]
    seconds = (time.process_time() - begun) / MANY
    true, best = found[0].true, np.array([one.best for one in found])
    low, high = np.moveaxis(np.array([one.ends for one in found]), 2, 0)
    covers = ((low <= true) & (true <= high)).mean(axis=0)
    print(f"\n{name}: {MANY} data sets, {seconds:.2f} s of processor time each")
    print("  parameter           true   median   covers  below  above  no end")
    for i, one in enumerate(found[0].names):
        below, above, open_end = (
            (true[i] < low[:, i]).mean(),
            (true[i] > high[:, i]).mean(),
            np.isinf(high[:, i]).mean(),
        )
        print(f"  {one:16} {true[i]:7.3f}  {np.median(best[:, i]):7.3f}  {covers[i]:6.1%}  "
              f"{below:5.1%}  {above:5.1%}  {open_end:5.1%}")  # fmt: skip
    assert covers.min() >= LOW
    assert covers.max() <= HIGH
