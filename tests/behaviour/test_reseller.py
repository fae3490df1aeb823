"""The shipped resellers: what they bring agrees with theory, and each way of selling wins where the page says."""

from math import exp, log
from pathlib import Path

import numpy as np
import pytest

import flywheel_sim as fs

#: Per month: clients sold by a reseller, resellers lost, and clients lost, with a reseller and after he has gone.
SELLS, STOPS, LEAVES, LEAVES_ALONE = 0.4, 0.025, 0.75 / 24, 1.5 / 24
#: Margin per client and month in EUR: direct, with a reseller, and after he has gone.
DIRECT, INDIRECT, ALONE = 290 - 90, 290 - 87 - 40, 290 - 120
#: Matched spends in EUR per month on ads and on recruiting by horizon in months, near enough not to be solved for.
SPENDS = {24: (17_670, 11_530), 60: (18_770, 10_690)}

SHIPPED = Path(__file__).parents[2] / "configs" / "reseller.yaml"
COHORT = """
extends: {shipped}
reference: cohort
horizon: {months} months
follow: 12 months
channels: {{recruiting: {{spend: ~, cost_per_arrival: ~, batch: 100, cost_per_batch: 500000}}}}
strategies: {{cohort: {{without: [ads]}}}}
"""


@pytest.fixture(scope="module")
def model():
    return fs.load("reseller")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Return a way to get replications of 100 resellers recruited on the first day, and nobody else."""
    path = tmp_path_factory.mktemp("cohort") / "cohort.yaml"

    def made(months, **values):
        path.write_text(COHORT.format(shipped=SHIPPED, months=months), encoding="utf-8")
        return fs.replicate(fs.load(str(path)).with_(**values), strategies="cohort", replications=40, seed=1)

    return made


@pytest.fixture(scope="module")
def lifetime(cohort):
    """Return a cohort of resellers until all its clients have left."""
    return cohort(1200, follow="600 months", discount="0 % per year")


def near(values, expected, sigmas=4):
    """Tell whether a mean over replications is what theory says, within its standard errors."""
    return abs(values.mean() - expected) < sigmas * values.std(ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize("months", [12, 48])
def test_clients_of_a_reseller_up_to_a_horizon(cohort, months):
    runs = cohort(months)
    expected = SELLS / STOPS * (1 - exp(-STOPS * months))
    assert near(runs.values("acquisitions") / 100, expected)


def test_clients_of_a_reseller_in_the_long_run(lifetime):
    assert near(lifetime.values("acquisitions") / 100, SELLS / STOPS)


def test_a_client_lives_longer_with_a_reseller_and_shorter_once_he_has_gone(lifetime):
    clients = lifetime.values("acquisitions")
    months = lifetime.values("revenue") / 290
    with_him = lifetime.values("spend.share") / 87
    together = 1 / (LEAVES + STOPS)
    alone = STOPS / (LEAVES + STOPS) / LEAVES_ALONE
    assert near(with_him / clients, together)
    assert near((months - with_him) / clients, alone)
    assert near(months / clients, together + alone)
    assert near(lifetime.values("clv"), INDIRECT * together + ALONE * alone)


def test_what_a_reseller_is_worth_over_his_life(lifetime):
    client = (INDIRECT + ALONE * STOPS / LEAVES_ALONE) / (LEAVES + STOPS)
    expected = SELLS / STOPS * client - 5000 - 1500 - 120 / STOPS
    assert near(lifetime.values("profit") / 100, expected)
    assert 54_000 < expected < 55_000


@pytest.mark.parametrize("rate", [0, 0.08])
def test_margin_of_a_client_whose_reseller_never_goes(cohort, rate):
    runs = cohort(60, stops="0 per month", follow="48 months", discount=f"{100 * rate} % per year")
    decay = LEAVES + log(1 + rate) / 12
    assert near(runs.values("clv"), INDIRECT * (1 - exp(-48 * decay)) / decay)


def test_a_direct_client_costs_2000_and_stays_24_months(model):
    runs = fs.replicate(
        model.with_(horizon="240 months", follow="180 months", discount="0 % per year").at_spend("direct", 10_000),
        strategies="direct", replications=20, seed=2,
    )  # fmt: skip
    bought = 10_000 * 240 / runs.values("acquisitions")
    assert near(bought, 2000, 5)
    assert near(runs.values("clv"), DIRECT * 24 * (1 - exp(-180 / 24)))
    assert near(1 - runs.values("observed_retention") / 100, 1 / 24)


def test_resellers_are_outside_the_figures_of_clients(lifetime):
    assert (lifetime.values("prospects") == 0).all()
    np.testing.assert_array_equal(lifetime.values("people") - lifetime.values("acquisitions"), 100)
    np.testing.assert_array_equal(lifetime.values("churned"), lifetime.values("acquisitions"))


def test_a_fifth_of_the_resellers_sell_half_of_it(model):
    long = model.with_(horizon="240 months").at_spend("indirect", 10_000)
    people = fs.run(long, strategies="indirect", seed=4, people=True).people
    sold = np.sort(people[people.channel == "recruiting"].referrals)[::-1]
    assert len(sold) > 400
    assert sold[: len(sold) // 5].sum() > 0.5 * sold.sum()


@pytest.mark.parametrize(("months", "indirect_wins"), [(24, False), (60, True)])
def test_direct_wins_early_and_indirect_late_on_one_budget(model, months, indirect_wins):
    ads, recruiting = SPENDS[months]
    one = model.with_(horizon=f"{months} months").at_spend("direct", ads).at_spend("indirect", recruiting)
    duel = fs.compare(one, strategies=["direct", "indirect"], replications=150, seed=1)
    assert abs(duel.spend_gap(of="indirect", against="direct")) < 0.03
    gap = duel.difference("profit", of="indirect", against="direct")
    assert (gap.low > 0) if indirect_wins else (gap.high < 0)


def test_payback_of_a_reseller_is_under_three_years(cohort):
    paid = cohort(48).series("profit").mean(axis=0).cumsum()
    assert 18 < np.flatnonzero(paid > 0)[0] + 1 < 30
