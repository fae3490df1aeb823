"""Luck is Philox, keyed by who decides what; every sampler is one monotone function of one uniform."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy import stats

from flywheel_sim.compile import arithmetic, draws
from flywheel_sim.compile.quantiles import gamma_table

ONES = 0xFFFFFFFF


def philox_of_big_integers(counter, key):
    """Return the Philox4x32-10 block, written from the paper with Python's own integers."""
    (a, b, c, d), (k, m) = counter, key
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ k, q & ONES, (p >> 32) ^ d ^ m, p & ONES
        k, m = (k + 0x9E3779B9) & ONES, (m + 0xBB67AE85) & ONES
    return a, b, c, d


KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES, ONES, ONES, ONES), (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_philox_gives_the_published_known_answers(counter, key, answer):
    assert tuple(draws.philox(*counter, *key)) == answer
    assert philox_of_big_integers(counter, key) == answer


@pytest.mark.parametrize("person", [0, 1, 2**63 - 1, -1, -(2**63), -1234567890123456789, 0x123456789ABCDEF])
@pytest.mark.parametrize("seed", [0, 7, ONES])
def test_a_draw_is_the_block_of_its_person_decision_and_firing(person, seed):
    decision, replication, counter = 0xDEADBEEF, ONES - 3, 4095 << 20 | 12345
    bits = person % 2**64
    words = philox_of_big_integers((bits & ONES, bits >> 32, decision, counter), (seed, replication))
    word, uniform = draws.draw(seed, replication, person, decision, counter)
    assert word == words[0]
    assert uniform == ((words[1] >> 5) * 2**26 + (words[2] >> 6)) / 2**53


def test_every_part_of_the_key_changes_the_luck():
    parts = [1, 2, 3, 4, 5]
    variants = [parts] + [[p + (i == j) for j, p in enumerate(parts)] for i in range(5)]
    assert len({draws.draw(*v) for v in variants}) == 6


@pytest.mark.parametrize("varying", ["replication", "person", "decision", "counter"])
def test_uniforms_are_uniform_along_every_part_of_the_key(varying):
    names = ["seed", "replication", "person", "decision", "counter"]
    rows = [[1 if name != varying else n for name in names] for n in range(50_000)]
    words, uniforms = np.array([draws.draw(*row) for row in rows]).T
    assert 0 <= uniforms.min() <= uniforms.max() < 1
    assert stats.kstest(uniforms, "uniform").pvalue > 1e-4
    assert stats.kstest(words / 2**32, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(words, uniforms)[0, 1]) < 4 / math.sqrt(50_000)
    assert abs(np.corrcoef(uniforms[1:], uniforms[:-1])[0, 1]) < 4 / math.sqrt(50_000)


def test_a_million_children_have_a_million_keys():
    parents = [draws.child_key(draws.name_key("ads"), 0, n) for n in range(1000)]
    decisions = [draws.decision_hash(name) for name in ("delight/invite", "delight/recommend")]
    keys = {draws.child_key(p, d, n << 8) for p in parents for d in decisions for n in range(500)}
    assert len(keys | set(parents)) == 1_001_000


def test_a_child_key_is_splitmix64_twice():
    z = -5 % 2**64
    for part in (0xDEADBEEF, 3 << 8):
        z = (z + 0x9E3779B97F4A7C15 + part) % 2**64
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        z ^= z >> 31
    assert draws.child_key(-5, 0xDEADBEEF, 3 << 8) % 2**64 == z


def test_names_always_hash_the_same():
    assert draws.decision_hash("delight/renewal") == 0x06CDC128
    assert draws.name_key("search_ads") == -5002716302916914880


def test_an_outcome_is_as_likely_as_its_threshold_says():
    assert draws.threshold(0.0) == 0
    assert draws.threshold(0.25) == 2**30
    assert draws.threshold(1.0) == 2**32


PROBABILITIES = np.concatenate(
    [10.0 ** np.arange(-300, -1, 7), np.linspace(0.01, 0.99, 197), 1 - 2.0 ** -np.arange(7, 53)]
)


def test_the_normal_quantile_is_scipys():
    ours = [draws.normal_quantile(p) for p in PROBABILITIES]
    np.testing.assert_allclose(ours, stats.norm.ppf(PROBABILITIES), rtol=1e-13, atol=1e-15)
    assert draws.normal_quantile(0.0) == -math.inf
    assert draws.normal_quantile(1.0) == math.inf


UNIFORMS = np.concatenate([[0.0, 2.0**-53], np.linspace(0.001, 0.999, 333), [1 - 2.0**-53]])
LONG = 10**15


def test_waits_are_scipys_quantiles_to_the_millisecond():
    mean, low, high, median, sigma = 6e8, 1e8, 9e8, 1.2096e9, 0.8
    for u in UNIFORMS:
        exponential = draws.memoryless_wait(draws.unit_exponential(u), 1 / mean, LONG)
        assert exponential == pytest.approx(stats.expon.ppf(u, scale=mean), abs=0.6)
        assert draws.uniform_wait(u, low, high, LONG) == pytest.approx(low + (high - low) * u, abs=0.6)
        lognormal = stats.lognorm.ppf(u, sigma, scale=median)
        drawn = draws.whole_ms(draws.closed_quantile(draws.LOGNORMAL, u, median, sigma, 0.0), LONG)
        assert drawn == pytest.approx(lognormal, rel=1e-12, abs=0.6)


TABLE = gamma_table(0.7)


@pytest.mark.parametrize(
    ("kind", "parameters", "theirs"),
    [
        (draws.EXPONENTIAL, (5000.0, 0.0, 0.0), stats.expon(scale=5000)),
        (draws.UNIFORM, (20.0, 90.0, 0.0), stats.uniform(20, 70)),
        (draws.TRIANGULAR, (20.0, 30.0, 90.0), stats.triang(1 / 7, 20, 70)),
        (draws.TRIANGULAR, (20.0, 20.0, 90.0), stats.triang(0, 20, 70)),
        (draws.LOGNORMAL, (1e6, 0.6, 0.0), stats.lognorm(0.6, scale=1e6)),
        (draws.WEIBULL, (1e6, 0.7, 0.0), stats.weibull_min(0.7, scale=1e6)),
        (draws.WEIBULL, (1e6, 3.0, 0.0), stats.weibull_min(3.0, scale=1e6)),
    ],
)
def test_quantiles_in_closed_form_are_scipys(kind, parameters, theirs):
    inside = UNIFORMS[1:-1]
    ours = [draws.quantile(kind, u, *parameters, TABLE) for u in inside]
    np.testing.assert_allclose(ours, theirs.ppf(inside), rtol=1e-12)
    assert ours == sorted(ours)


def test_quantiles_of_a_gamma_come_from_its_table():
    inside = np.linspace(0.001, 0.999, 333)
    ours = [draws.quantile(draws.GAMMA, u, 40.0, 0.7, 0.0, TABLE) for u in inside]
    np.testing.assert_allclose(stats.gamma(0.7, scale=40 / 0.7).cdf(ours), inside, rtol=0, atol=5e-6)
    assert ours == sorted(ours)


def test_every_value_of_a_sample_is_as_likely_as_the_others():
    sample = np.array([1.0, 2.0, 7.0, 50.0])
    drawn = [draws.quantile(draws.EMPIRICAL, u, 0.0, 0.0, 0.0, sample) for u in (np.arange(4000) + 0.5) / 4000]
    assert {value: drawn.count(value) for value in sample} == dict.fromkeys(sample, 1000)


@pytest.mark.parametrize(("function", "exact"), [(arithmetic.log, "ln"), (arithmetic.exp, "exp")])
def test_logarithm_and_exponential_are_right_to_the_last_bits(function, exact):
    rng = np.random.default_rng(1)
    points = rng.uniform(-700, 700, 2000) if exact == "exp" else 10.0 ** rng.uniform(-17, 6, 2000)
    points = [*points, *(1 - 10.0 ** rng.uniform(-15, -1, 1000))]
    with localcontext() as context:
        context.prec = 40
        for x in map(float, points):
            true = getattr(Decimal(x), exact)()
            error = abs(Decimal(function(x)) - true)
            assert error <= (true if exact == "exp" else max(abs(true), 1)) * Decimal("4e-16")


def test_the_ends_of_logarithm_and_exponential_are_exact():
    assert (arithmetic.log(1.0), arithmetic.exp(0.0), arithmetic.exp(-0.0)) == (0.0, 1.0, 1.0)
    assert (arithmetic.exp(-1e9), arithmetic.exp(1e9)) == (0.0, math.inf)
    assert math.isnan(arithmetic.exp(math.nan))


@pytest.mark.parametrize(
    "sample",
    [
        lambda u: draws.memoryless_wait(draws.unit_exponential(u), 1e-9, LONG),
        lambda u: draws.uniform_wait(u, 1e8, 9e8, LONG),
        lambda u: draws.whole_ms(draws.closed_quantile(draws.LOGNORMAL, u, 1e9, 0.8, 0.0), LONG),
    ],
    ids=["exponential", "uniform", "lognormal"],
)
def test_a_higher_uniform_never_waits_less(sample):
    waits = [sample(u) for u in np.sort(np.random.default_rng(1).random(2000))]
    assert waits == sorted(waits)


@pytest.mark.parametrize("wait", [math.nan, math.inf, 1e300, 101.0, 100.0])
def test_a_wait_beyond_the_longest_is_the_longest(wait):
    assert draws.whole_ms(wait, 100) == 100


@pytest.mark.parametrize("wait", [-math.inf, -1.0, -0.0, 0.0, 0.49])
def test_a_wait_is_never_negative(wait):
    assert draws.whole_ms(wait, 100) == 0


@pytest.mark.parametrize("rate", [0.0, -1.0, 5e-324])
def test_a_clock_that_does_not_run_waits_longest(rate):
    assert draws.memoryless_wait(1.0, rate, 100) == 100


def test_work_runs_down_at_the_rate_and_never_below_nothing():
    assert draws.work_left(1.0, 0.25, 2) == 0.5
    assert draws.work_left(1.0, 0.25, 8) == 0.0


@pytest.mark.parametrize(("amount", "whole"), [(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, 0), (-1.5, -2), (2.51, 3)])
def test_money_rounds_halves_to_even(amount, whole):
    assert draws.whole_money(amount) == whole


def test_money_beyond_what_a_ledger_holds_is_all_the_same():
    for amount in (1e19, math.inf):
        assert draws.whole_money(amount) == draws.TOO_LARGE
        assert draws.whole_money(-amount) == -draws.TOO_LARGE - 1024  # the next number below


def test_a_year_at_ten_percent_discounts_by_ten_percent():
    year = 365 * 86_400_000
    force = math.log(1.1) / year
    assert draws.discounted(1100.0, force, year) == 1000
    exact = 12 * year * (1 - math.exp(-0.2)) / 0.2
    assert draws.discounted_flow(12 / 1e6, 0.2 / year, 0, year) == round(exact / 1e6)
    assert draws.discounted_flow(12 / 1e6, 0.0, 5, year + 5) == round(12 * year / 1e6)
