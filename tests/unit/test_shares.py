"""How many later purchases new customers make: shares that add up, with the means of the models."""

import numpy as np
import pytest

from flywheel_sim.calibration.buying import BG_NBD, NBD, PARETO_NBD, erlang_nbd
from flywheel_sim.calibration.buying.shares import shares

TRUTHS = {
    NBD: (0.8, 6.0),
    BG_NBD: (0.24, 4.4, 0.8, 2.4),
    PARETO_NBD: (0.55, 10.6, 0.6, 11.7),
    erlang_nbd(3): (0.9, 6.0, 0.7, 12.0),
}
TIMES = np.array([2.0, 20.0, 78.0])


@pytest.mark.parametrize("model", TRUTHS, ids=lambda model: model.name)
def test_shares_add_up_and_have_the_mean_of_the_model(model):
    named = dict(zip([one.name for one in model.parameters], TRUTHS[model], strict=True))
    found = shares(named, TIMES, 400, getattr(model, "steps", 1))
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-4)
    mean = found @ np.arange(400)
    assert mean == pytest.approx(model.expected_new(np.array(TRUTHS[model]), TIMES), rel=2e-3)


def test_nobody_bought_before_any_time_has_passed():
    assert shares({"r": 0.5, "alpha": 2.0}, np.zeros(1), 3)[0] == pytest.approx([1, 0, 0])
