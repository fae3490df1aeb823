"""Models of buying find the parameters by which their own journeys were simulated."""

import time

import numpy as np
import pytest
from recovering import CASES, HIGH, LOW, found, seen

#: Data sets of a test that is always run, and of one with --slow.
FEW, MANY = 8, 300

#: Cases whose fits take little time.
QUICK = ("nbd", "bg_nbd", "pareto_nbd", "nbd_late")

#: The mean over a few data sets of (found - true) / SD stays within so many of its own SDs.
LIMIT = 4.0


@pytest.mark.parametrize("name", CASES)
def test_parameters_are_found_again_without_bias(name):
    case = CASES[name]
    true, away = case.values, []
    for seed in range(FEW if name in QUICK else FEW // 4):
        most = case.model.fit(seen(case, seed), intervals=False)
        free = [
            one.free(value) - one.free(at) for one, value, at in zip(most.parameters, most.values, true, strict=True)
        ]
        away.append(np.array(free) / np.sqrt(np.diag(most.covariance)))
    z = np.mean(away, axis=0) * np.sqrt(len(away))
    print(f"{name}: z " + ", ".join(f"{one.name} {at:+.1f}" for one, at in zip(case.model.parameters, z, strict=True)))
    assert np.abs(z).max() < LIMIT
    assert np.abs(away).max() < 5  # no single one is far off


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_intervals_cover_the_truth_as_often_as_they_say(name):
    case, begun = CASES[name], time.process_time()
    sets = np.array([found(case, seed) for seed in range(MANY)])
    seconds = (time.process_time() - begun) / MANY
    true, best, low, high = case.values, *np.moveaxis(sets, 2, 0)
    covers = ((low <= true) & (true <= high)).mean(axis=0)
    print(f"\n{name}: {MANY} data sets, {seconds:.2f} s of processor time each")
    print("  parameter   true  median   covers  below  above  no end")
    for i, one in enumerate(case.model.parameters):
        below, above, open_end = (
            (true[i] < low[:, i]).mean(),
            (true[i] > high[:, i]).mean(),
            np.isinf(high[:, i]).mean(),
        )
        print(f"  {one.name:9} {true[i]:6.3f}  {np.median(best[:, i]):6.3f}  {covers[i]:6.1%}  "
              f"{below:5.1%}  {above:5.1%}  {open_end:5.1%}")  # fmt: skip
    assert covers.min() >= LOW
    assert covers.max() <= HIGH
