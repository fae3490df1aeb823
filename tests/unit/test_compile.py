"""Inverse-CDF tables stand in for beta and gamma quantiles; decisions never share their luck."""

import numpy as np
import pytest

from flywheel_sim.compile import quantiles as compiled
from flywheel_sim.compile.draws import KNOTS, from_table
from flywheel_sim.compile.quantiles import beta_table, decisions, gamma_table
from flywheel_sim.errors import ConfigError
from flywheel_sim.scenario.load import loads


def expectation(table, of):
    """Return the mean of a function over the people a table describes, by quadrature between its knots."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    s = ((np.arange(KNOTS - 1)[:, None] + (nodes + 1) / 2) / (KNOTS - 1)).ravel()
    square = s**2 + (1 - s) ** 2
    density = 2 * s * (1 - s) / square**2 * np.tile(weights / 2 / (KNOTS - 1), KNOTS - 1)  # d rank
    values = np.array([from_table(table, rank) for rank in s**2 / square])
    return float(of(values) @ density)


def test_the_quadrature_is_exact_enough():
    assert expectation(np.ones(KNOTS), lambda x: x) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("alpha", "beta"), [(0.704, 1.182), (0.793, 2.426), (40.0, 1.67), (5.0, 50.0)])
def test_survival_by_a_beta_table_is_the_shifted_beta_geometric(alpha, beta):
    table, exact = beta_table(alpha, beta, 1.0, False), 1.0
    for t in range(1, 13):
        exact *= (beta + t - 1) / (alpha + beta + t - 1)
        assert expectation(table, lambda p, t=t: (1 - p) ** t) == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("shape", [0.243, 0.553, 6.25])
def test_a_gamma_table_has_mean_one_and_the_exact_laplace_transform(shape):
    table = gamma_table(shape)
    assert expectation(table, lambda x: x) == pytest.approx(1, rel=1e-4)
    for t in (0.1, 0.5, 1, 2, 5, 12, 50):
        assert expectation(table, lambda x, t=t: np.exp(-x * t)) == pytest.approx((1 + t / shape) ** -shape, abs=1e-5)


@pytest.mark.parametrize(
    "table",
    [beta_table(0.704, 1.182, 1.0, False), beta_table(0.1, 0.1, 1.0, False), gamma_table(0.243), gamma_table(100.0)],
    ids=["beta", "beta_at_both_ends", "gamma", "narrow_gamma"],
)
def test_a_higher_rank_never_has_a_lower_value(table):
    ranks = np.concatenate([[0.0], np.sort(np.random.default_rng(2).random(3000)), [1 - 2.0**-53]])
    values = [from_table(table, rank) for rank in ranks]
    assert np.isfinite(table).all()
    assert values == sorted(values)
    assert table[0] <= values[0] <= values[-1] <= table[-1]


def test_a_rank_at_a_knot_has_the_quantile_itself():
    from scipy import stats

    ranks = np.array([0.1, 0.5, 0.9])
    for table, exact in (
        (beta_table(0.704, 1.182, 1.0, False), stats.beta(0.704, 1.182)),
        (gamma_table(6.25), stats.gamma(6.25, scale=1 / 6.25)),
    ):
        np.testing.assert_allclose([from_table(table, r) for r in ranks], exact.ppf(ranks), rtol=2e-5)


def test_kept_over_twelve_months_is_the_twelfth_power():
    monthly = beta_table(90.0, 10.0, 1.0, False)
    np.testing.assert_allclose(beta_table(90.0, 10.0, 12.0, False), monthly**12, rtol=1e-12)


def test_lost_over_twelve_months_is_what_the_twelfth_power_leaves():
    monthly = beta_table(5.0, 95.0, 1.0, False)
    np.testing.assert_allclose(beta_table(5.0, 95.0, 12.0, True), 1 - (1 - monthly) ** 12, rtol=1e-12, atol=1e-15)


SHOP = """
name: Shop
horizon: 12 months
currency: EUR
rates: {pace: {value: 1 per month, spread: {shape: 1}}}
attributes: {mood: {low: 30 %, high: 70 %}}
channels: {start: {batch: 10, enters: client}}
journey:
  client: {role: customer, events: {order: {every: pace, earn: {order: 5}}, leave: {after: 1 per year, to: gone}}}
  gone: exit
"""


def test_every_decision_has_a_hash_by_its_dotted_name():
    hashes = decisions(loads(SHOP).journey())
    expected = {"person/arrival", "person/mood", "client/on_entry", "client/order", "client/leave", "gone/on_entry"}
    assert set(hashes) == expected | {"rate/pace"}
    assert len(set(hashes.values())) == len(hashes)


def test_events_of_sets_drawn_amounts_and_drawn_levels_have_hashes_of_their_own():
    text = SHOP.replace("earn: {order: 5}", "earn: {order: {exponential: 5}}, set: {mood: {low: 50 %, high: 50 %}}")
    text = text.replace("journey:", "while:\n  all: {in: [client], events: {mail: {every: 1 month}}}\njourney:")
    hashes = set(decisions(loads(text).journey()))
    assert hashes >= {"all/on_entry", "all/mail", "client/order/order", "client/order/mood"}


def test_decisions_whose_hashes_collide_are_refused(monkeypatch):
    journey = loads(SHOP).journey()
    monkeypatch.setattr(compiled, "decision_hash", lambda name: 7)
    with pytest.raises(ConfigError, match="share their luck"):
        decisions(journey)


@pytest.mark.parametrize(
    ("old", "new"),
    [("leave:", "on_entry:"), ("mood:", "arrival:"), ("client", "rate"), ("gone", "person")],
    ids=["event_on_entry", "attribute_arrival", "stage_rate", "stage_person"],
)
def test_decisions_of_different_things_never_share_a_name(old, new):
    text = SHOP.replace(old, new)
    if new == "rate":
        text = text.replace("order: {every", "pace: {every")
    if new == "person":
        text = text.replace("person: exit", "person: {role: prospect, events: {mood: {after: 1 month, to: client}}}")
    with pytest.raises(ConfigError, match="reserved name"):
        loads(text)
