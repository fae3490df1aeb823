"""Models of buying: closed forms held against one another, against numerical integrals, and against another package."""

import itertools
import math

import numpy as np
import pytest
from scipy.special import gammaincc, gammaln, hyp2f1

from flywheel_sim.calibration.buying import (
    BG_NBD,
    GAMMA_GAMMA,
    MODELS,
    NBD,
    PARETO_NBD,
    Calendar,
    Histories,
    Season,
    Setting,
    erlang_nbd,
)
from flywheel_sim.datasets import cdnow
from flywheel_sim.errors import ExperimentError
from flywheel_sim.scenario.load import loads

#: Days from the first to the last of those by which models of CDNOW are usually set.
WATCHED = 272

#: By the package lifetimes 0.11.3 (its summary of the same log until 1997-09-30, days / 7): parameters, customers alive
#: in all, repeat purchases expected in 39 weeks of those and of a new customer, and for a customer with x = 3,
#: t_x = 20, T = 38 the chance to be alive and the purchases expected in 39 weeks.
LIFETIMES = {
    "bg_nbd": ((0.242595, 4.413603, 0.792922, 2.425906), 1917.278, 1653.41, 1.195010, 0.482140, 1.177284),
    "pareto_nbd": ((0.553284, 10.577717, 0.606184, 11.666815), 1051.876, 1665.54, 1.213408, 0.548105, 1.296331),
}
#: By the same, of amounts of 946 customers: p, q, v and the log-likelihood.
LIFETIMES_SPEND = ((6.249572, 3.744225, 15.443521), -4055.917695)

BY_NAME = {one.name: one for one in MODELS}
SOME = {
    "nbd": (0.8, 6.0),
    "bg_nbd": (0.6, 5.0, 0.8, 2.5),
    "pareto_nbd": (0.8, 6.0, 0.7, 12.0),
    "erlang_2_nbd": (0.8, 6.0, 0.7, 12.0),
}

FACTORS = (0.8, 0.75, 0.85, 0.9, 0.95, 1.0, 0.8, 0.75, 0.95, 1.1, 1.35, 1.8)
CALENDAR = Calendar.of_run(0, 365 / 12 / 7)


@pytest.fixture(scope="module")
def shop():
    log = cdnow()
    days = (log["date"] - log["date"].min()).dt.days.to_numpy()
    return Histories.from_purchases(log["customer_id"].astype(int).to_numpy(), days / 7, WATCHED / 7)


@pytest.fixture(scope="module")
def fits(shop):
    return {one.name: one.fit(shop) for one in (BG_NBD, PARETO_NBD)}


def purchases(seed=0, n=60):
    """Return a log of purchases of a few customers."""
    luck = np.random.default_rng(seed)
    begins = luck.uniform(0, 20, n)
    later = luck.poisson(luck.gamma(1.0, 4.0, n))
    who = np.concatenate([np.arange(n), np.repeat(np.arange(n), later)])
    until = np.minimum(begins + luck.exponential(40, n), 69.9)
    return who, np.concatenate(
        [begins, np.repeat(begins, later) + luck.random(later.sum()) * np.repeat(until - begins, later)]
    )


# -- against other packages -----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "top", "alive"), [("bg_nbd", -9582.4, 1917), ("pareto_nbd", -9595.0, 1052)])
def test_cdnow_gives_the_published_figures_and_those_of_lifetimes(shop, fits, name, top, alive):
    assert shop.customers == 2357
    assert shop.x @ shop.count == 2457
    model, found = BY_NAME[name], fits[name]
    values, there, bought, new, one_there, one_bought = LIFETIMES[name]
    assert found.log_likelihood == pytest.approx(top, abs=0.05)
    assert found.values == pytest.approx(values, rel=5e-4)
    one = Histories.of(3, 20, 38)
    at = np.array(values)
    assert model.alive(at, shop) @ shop.count == pytest.approx(there, rel=1e-4)
    assert round(model.alive(found.values, shop) @ shop.count) == alive
    assert model.expected(at, shop, [39.0])[:, 0] @ shop.count == pytest.approx(bought, rel=1e-5)
    assert model.expected_new(at, [39.0])[0] == pytest.approx(new, rel=1e-5)
    assert model.alive(at, one)[0] == pytest.approx(one_there, abs=2e-6)
    assert model.expected(at, one, [39.0])[0, 0] == pytest.approx(one_bought, rel=1e-5)


def test_pareto_nbd_is_its_hypergeometric_form():
    luck = np.random.default_rng(1)
    x = luck.integers(0, 15, 200)
    T = luck.uniform(5, 60, 200)
    t_x = np.where(x > 0, T * luck.random(200), 0)
    r, s, beta = 0.9, 0.7, 8.0
    for alpha in (20.0, 9.0):  # alpha is the larger of the two

        def a0(t, alpha=alpha):
            z = (alpha - beta) / (alpha + t)
            return hyp2f1(r + s + x, s + 1, r + s + x + 1, z) / (alpha + t) ** (r + s + x)

        inner = (alpha + T) ** -(r + x) * (beta + T) ** -s + s / (r + s + x) * (a0(t_x) - a0(T))
        exact = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(inner)
        model = PARETO_NBD.log_likelihood((r, alpha, s, beta), Histories.of(x, t_x, T))
        assert model == pytest.approx(exact.sum(), rel=1e-11)


# -- against numerical integrals ------------------------------------------------------------------------


def over(low, high, values, cuts=(), nodes=40):
    """Return an integral of what takes an array, by Gauss's rule between cuts."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return sum((b - a) / 2 * (values((a + b) / 2 + (b - a) / 2 * places) @ weights)
               for a, b in itertools.pairwise((low, *cuts, high)))  # fmt: skip


def mixed(given, r, alpha):
    """Return what holds given a pace, shape (times, paces), over paces that are gamma; shape (times,)."""
    logs, step = np.linspace(-45, 5, 4001, retstep=True)  # a smooth bump, so that the plain sum is exact
    pace = np.exp(logs)
    return given(pace) @ np.exp(r * math.log(alpha) - gammaln(r) + r * logs - alpha * pace) * step


def by_integrals(times, T, k, r, alpha, survival, density, season=None, *, met=False):
    """Return the likelihood of one customer by integrals over pace and time of leaving."""

    def gone(t):
        return t if season is None else (CALENDAR.spent(t) - CALENDAR.spent([0.0])) @ np.array(season)

    gaps = np.diff(gone(np.array(times)), prepend=0.0) if times else np.array([])
    last_time = times[-1] if times else 0.0
    factors = 1.0 if season is None else math.prod(season[CALENDAR.month([t])[0]] for t in times)

    def bought(pace):
        pdf = [k * pace * (k * pace * one) ** (k - 1) * np.exp(-k * pace * one) / math.gamma(k) for one in gaps]
        if met:  # of the first gap only what remained
            pdf[0] = pace * gammaincc(k, k * pace * gaps[0])
        return math.prod(pdf) if pdf else 1.0

    def nothing_since(ends):
        since = gone(ends) - gone(np.array([last_time]))
        return mixed(lambda pace: bought(pace) * gammaincc(k, k * pace * since[:, None]), r, alpha)

    cuts = CALENDAR.cuts(last_time, T) if season is not None else ()
    stayed = float(survival(T) * nothing_since(np.array([T]))[0])
    return factors * (stayed + over(last_time, T, lambda t: density(t) * nothing_since(t), cuts))


@pytest.mark.parametrize("times", [(), (0.7, 3.0, 9.5)])
@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("season", [None, FACTORS])
def test_one_integral_is_both_integrals(times, k, season):
    r, alpha, s, beta = 0.9, 5.0, 0.7, 8.0
    exact = by_integrals(times, 14.0, k, r, alpha, lambda t: (1 + t / beta) ** -s,
                         lambda t: s / (beta + t) * (1 + t / beta) ** -s, season)  # fmt: skip
    h = Histories.from_purchases(np.zeros(len(times) + 1), [0.0, *times], 14.0, timed=True)
    model = erlang_nbd(k)
    model = model if season is None else model.seasonal(Season(CALENDAR, season))
    assert model.log_likelihood((r, alpha, s, beta), h) == pytest.approx(math.log(exact), abs=1e-9)


@pytest.mark.parametrize("k", [1, 2])
def test_who_was_there_before_is_the_integral_over_when_they_came(k):
    r, alpha, s, beta, before, end = 0.9, 5.0, 1.3, 8.0, 30.0, 14.0

    def survival(t):
        return (1 + t / beta) ** -s

    def there(t):
        return over(0.0, before, lambda age: survival(age + t)) / over(0.0, before, survival)

    def leaves(t):
        return (survival(t) - survival(t + before)) / over(0.0, before, survival)

    def idle(times):
        def given(pace):
            rest = 0.0
            for j in range(k):  # a gap under way has any number of steps left, as likely
                rest = rest + gammaincc(j + 1, k * pace * times[:, None]) / k
            return rest

        return mixed(given, r, alpha)

    times = (2.0, 3.0, 9.5)
    old = by_integrals(times, end, k, r, alpha, there, leaves, met=True)
    new = by_integrals((1.0, 7.5), end - 2.0, k, r, alpha, survival, lambda t: s / (beta + t) * survival(t))
    unseen = there(end) * idle(np.array([end]))[0] + over(0.0, end, lambda t: leaves(t) * idle(t))
    exact = math.log(0.3 * old / (1 - unseen) + 0.7 * new / end)
    h = Histories.from_purchases([0, 0, 0], times, end)
    assert erlang_nbd(k).late(before).log_likelihood((r, alpha, s, beta, 0.3), h) == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("listed", [True, False])
def test_a_known_age_is_the_integral_over_when_they_leave(listed):
    r, alpha, s, beta, age, T = 0.9, 5.0, 1.3, 8.0, 11.0, 14.0

    def survival(t):
        return (1 + (age + t) / beta) ** -s

    def leaves(t):
        return s / (beta + age + t) * survival(t)

    bought = by_integrals((2.0, 9.5), T, 1, r, alpha, survival, leaves)
    idle = by_integrals((), T, 1, r, alpha, survival, leaves) + 1 - survival(0.0)
    h = Histories.of([2, 0] if listed else [2], [9.5, 0.0][: 1 + listed], T, age=age, all_listed=listed)
    exact = math.log(bought) + (math.log(idle) if listed else -math.log(1 - idle))
    assert PARETO_NBD.log_likelihood((r, alpha, s, beta), h) == pytest.approx(exact, abs=1e-9)
    there = PARETO_NBD.alive((r, alpha, s, beta), Histories.of(0, 0, T, age=age))[0]
    assert there == pytest.approx(survival(T) * (alpha / (alpha + T)) ** r / idle, rel=1e-9)


def test_the_integral_holds_far_from_the_usual():
    luck = np.random.default_rng(3)
    for _ in range(150):
        r, s = 10 ** luck.uniform(-1, 1, 2)
        alpha, beta = 10 ** luck.uniform(-0.5, 2, 2)
        x = int(luck.choice([0, 1, 3, 10, 50, 300]))
        t_x = 10 ** luck.uniform(-1, 2.2) if x else 0.0
        T = t_x + 10 ** luck.uniform(-1, 2.2)

        def falls(t, r=r, s=s, alpha=alpha, beta=beta, x=x, t_x=t_x):
            return np.exp(-(r + x) * np.log((alpha + t) / (alpha + t_x)) - s * np.log((beta + t) / (beta + t_x)))

        cuts = [t_x + d for d in np.geomspace(1e-3, 1e3, 40) * (alpha + t_x) / (r + x) if t_x + d < T]
        left = over(t_x, T, lambda t, s=s, beta=beta, falls=falls: s / (beta + t) * falls(t), cuts)
        exact = gammaln(r + x) - gammaln(r) + r * math.log(alpha / (alpha + t_x)) - x * math.log(alpha + t_x)
        exact += s * math.log(beta / (beta + t_x)) + math.log(falls(T) + left)
        assert PARETO_NBD.log_likelihood((r, alpha, s, beta), Histories.of(x, t_x, T)) == pytest.approx(exact, abs=2e-9)


# -- against one another --------------------------------------------------------------------------------


def test_one_step_is_memoryless(shop):
    at = (0.8, 6.0, 0.7, 12.0)
    assert erlang_nbd(1).log_likelihood(at, shop) == pytest.approx(PARETO_NBD.log_likelihood(at, shop), rel=1e-13)
    assert erlang_nbd(1, leaves=False).log_likelihood(at[:2], shop) == NBD.log_likelihood(at[:2], shop)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_season_of_ones_is_none(name):
    who, at = purchases()
    timed, plain = (Histories.from_purchases(who, at, 70.0, timed=one) for one in (True, False))
    model, values = BY_NAME[name], np.array(SOME[name])
    flat = model.seasonal(Season(CALENDAR, (1.0,) * 12))
    assert flat.log_likelihood(values, timed) == pytest.approx(model.log_likelihood(values, plain), rel=1e-9)
    ahead = [10.0, 30.0]
    assert flat.expected(values, timed, ahead).sum(axis=0) == pytest.approx(
        plain.count @ model.expected(values, plain, ahead), rel=1e-7
    )
    assert flat.expected_new(values, ahead, 7.0) == pytest.approx(model.expected_new(values, ahead), rel=1e-7)
    assert flat.alive(values, timed).sum() == pytest.approx(model.alive(values, plain) @ plain.count, rel=1e-9)


@pytest.mark.parametrize("steps", [1, 2])
def test_a_season_of_ones_is_none_for_customers_from_before_too(steps):
    who, at = purchases()
    timed, plain = (Histories.from_purchases(who, at, 70.0, timed=one) for one in (True, False))
    model, values = erlang_nbd(steps).late(40), np.array([0.8, 6.0, 0.7, 12.0, 0.3])
    flat = model.seasonal(Season(CALENDAR, (1.0,) * 12))
    assert flat.log_likelihood(values, timed) == pytest.approx(model.log_likelihood(values, plain), rel=1e-9)
    assert flat.unseen(values, timed) == pytest.approx(model.unseen(values, plain), rel=1e-9)
    ahead = flat.expected(values, timed, [9.0]).sum()
    assert ahead == pytest.approx(plain.count @ model.expected(values, plain, [9.0])[:, 0], rel=1e-7)


@pytest.mark.parametrize("name", BY_NAME)
def test_another_unit_of_time_changes_rates_alone(name, shop):
    model = BY_NAME[name]
    days = Histories.of(
        shop.x, shop.t_x * 7, shop.T * 7, count=shop.count, log_gaps=shop.log_gaps + shop.x * math.log(7)
    )
    week, day = (model.fit(one, intervals=False).values for one in (shop, days))
    scaled = np.array([one.name in ("alpha", "beta") for one in model.parameters])
    assert day == pytest.approx(np.where(scaled, 7, 1) * week, rel=1e-3)


@pytest.mark.parametrize("name", BY_NAME)
def test_customers_alike_count_as_often_as_there_are(name, shop):
    model, values = BY_NAME[name], np.array(SOME[name])
    rows = np.repeat(np.arange(len(shop)), shop.count.astype(int))
    single = [model.log_likelihood(values, shop.part([row])) / shop.count[row] for row in range(0, len(shop), 50)]
    assert len(rows) == shop.customers
    again = Histories.of(
        *(getattr(shop, one)[rows] for one in ("x", "t_x", "T")), begins=shop.begins[rows], log_gaps=shop.log_gaps[rows]
    )
    assert len(again) == len(shop)
    assert model.log_likelihood(values, again) == pytest.approx(model.log_likelihood(values, shop), rel=1e-12)
    assert sum(single) == pytest.approx(
        model.log_likelihood(values, _once(shop.part(slice(None, None, 50)))), rel=1e-12
    )


def _once(histories):
    return Histories.of(histories.x, histories.t_x, histories.T, begins=histories.begins, log_gaps=histories.log_gaps)


@pytest.mark.parametrize("name", BY_NAME)
def test_forecasts_add_up_and_chances_are_chances(name, shop):
    model, values = BY_NAME[name], np.array(SOME[name])
    alive = model.alive(values, shop)
    assert ((alive >= 0) & (alive <= 1)).all()
    ahead = model.expected(values, shop, [20.0, 0.0, 5.0])
    assert ahead.shape == (len(shop), 3)
    assert (ahead[:, 1] == 0).all()
    assert (ahead[:, 0] > ahead[:, 2]).all()
    new = model.expected_new(values, [0.0, 30.0])
    just = model.expected(values, Histories.of(0, 0, 0), [0.0, 30.0])[0]
    assert new == pytest.approx(just)


# -- where the data say little --------------------------------------------------------------------------

LITTLE = {
    "nobody came back": Histories.of(np.zeros(50), 0, np.linspace(1, 40, 50)),
    "one customer": Histories.of(3, 20, 38, log_gaps=4.0),
    "one who never came back": Histories.of(0, 0, 38),
    "all watched as long": Histories.of([0, 1, 5, 0, 2], [0, 3, 30, 0, 38], 39, log_gaps=[0, 1, 5, 0, 3.0]),
    "all bought last": Histories.of([1, 2, 3], [10, 20, 30], [10, 20, 30], log_gaps=[2.3, 4, 6]),
    "one buys all the time": Histories.of([100_000, 0, 3], [38, 0, 1], 39, log_gaps=[-5e5, 0, 0.1]),
    "not watched": Histories.of([0, 0, 1], [0, 0, 2], [0, 0, 3], log_gaps=[0, 0, 0.7]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("model", "what"),
    [*itertools.product(MODELS, LITTLE), *((PARETO_NBD.late(52), one) for one in ("one customer", "all bought last"))],
)
def test_little_data_are_said_to_be_little(model, what):
    h = LITTLE[what]
    found = model.fit(h)
    alive, ahead = model.alive(found.values, h), model.expected(found.values, h, [0.0, 10.0])
    assert math.isfinite(found.log_likelihood)
    assert np.isfinite(ahead).all()
    assert ((alive >= 0) & (alive <= 1 + 1e-12)).all()
    if what != "one buys all the time":
        assert found.not_told_apart()


def test_what_a_model_does_not_take_is_refused():
    with pytest.raises(ExperimentError, match=r"BG/NBD takes none.*PARETO_NBD.late"):
        BG_NBD.late(52)
    with pytest.raises(ExperimentError, match="BG/NBD takes none"):
        BG_NBD.fit(Histories.of(1, 2, 3, age=4))
    with pytest.raises(ExperimentError, match="no log_gaps"):
        erlang_nbd(2).fit(Histories.of(2, 2, 3))
    with pytest.raises(ExperimentError, match="less than a year"):
        BG_NBD.seasonal(Season(CALENDAR)).fit(Histories.from_purchases([1, 1], [0, 30.0], 39.0, timed=True))
    with pytest.raises(ExperimentError, match="timed=True"):
        BG_NBD.seasonal(Season(CALENDAR, FACTORS)).fit(Histories.of(1, 2, 3))
    with pytest.raises(ExperimentError, match="t_x has 4 at place 1"):
        Histories.of([0, 1], [0, 4], 3)
    with pytest.raises(ExperimentError, match="mean of 1"):
        Season(CALENDAR, (2.0,) * 12)
    with pytest.raises(ExperimentError, match="sold_before is None"):
        PARETO_NBD.unseen((1, 1, 1, 1), Histories.of(1, 2, 3))


# -- logs, calendars, journeys --------------------------------------------------------------------------


def test_a_log_becomes_histories():
    h = Histories.from_purchases([7, 3, 7, 7, 7, 3], [4.0, 1.0, 9.0, 6.0, 9.0, 60.0], 20.0, timed=True)
    assert h.x.tolist() == [0, 2]
    assert h.t_x.tolist() == [0, 5]
    assert h.T.tolist() == [19, 16]
    assert h.begins.tolist() == [1, 4]
    assert h.log_gaps == pytest.approx([0, math.log(2) + math.log(3)])
    assert h.when.tolist() == [2, 5]
    later = h.part([1])
    assert (later.owner.tolist(), later.when.tolist()) == ([0, 0], [2, 5])


def test_a_calendar_counts_days_of_months():
    from datetime import date

    calendar = Calendar.from_date(date(2027, 1, 15), 1.0)
    gone = calendar.spent([0.0, 20.0, 365.0])
    assert (gone[1] - gone[0]).tolist() == [17, 3, *[0] * 10]
    assert (gone[2] - gone[0]).tolist() == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert calendar.month([0.0, 16.9, 17.0]).tolist() == [0, 0, 1]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_model_writes_a_journey(name):
    text = BY_NAME[name].seasonal(Season(CALENDAR, FACTORS)).journey(SOME[name], Setting(over=12, customers=50))
    assert loads(text).journey()
    assert "dec: 1.8" in text


# -- spend ----------------------------------------------------------------------------------------------


def test_spend_of_cdnow_is_that_of_lifetimes(shop):
    log = cdnow()
    log = log[log["date"] <= "1997-09-30"].groupby(["customer_id", "date"], as_index=False)["amount_usd"].sum()
    later = log[log["date"] > log.groupby("customer_id")["date"].transform("min")]
    each = later.groupby("customer_id")["amount_usd"].agg(["size", "mean"])
    x, mean = each["size"].to_numpy(), each["mean"].to_numpy()
    found = GAMMA_GAMMA.fit(x, mean)
    assert len(x) == 946
    assert found.values == pytest.approx(LIFETIMES_SPEND[0], rel=1e-4)
    assert found.log_likelihood == pytest.approx(LIFETIMES_SPEND[1], abs=1e-4)
    assert GAMMA_GAMMA.expected(found.values, [3, 0], [50.0, np.nan]) == pytest.approx(
        [48.10655, GAMMA_GAMMA.mean(found.values)], rel=1e-5
    )
    together = GAMMA_GAMMA.goes_together(x, mean)
    assert together.rank_correlation == pytest.approx(0.206, abs=0.001)
    assert "who buys more often spends more a purchase, clearly" in together.said


def test_words_of_spend_are_a_journey():
    basket, amount = GAMMA_GAMMA.lines((6.25, 3.74, 15.4))
    text = PARETO_NBD.journey(SOME["pareto_nbd"], Setting(amount=amount)).replace(
        "rates:", f"rates:\n  basket: {basket}"
    )
    assert loads(text).journey()
    assert loads(GAMMA_GAMMA.journey((6.25, 3.74, 15.4))).journey()
    with pytest.raises(ExperimentError, match=r"q is 0.9"):
        GAMMA_GAMMA.lines((6.25, 0.9, 15.4))
    with pytest.raises(ExperimentError, match=r"mean=mean\[x > 0\]"):
        GAMMA_GAMMA.fit([0, 1], [1.0, 2.0])
