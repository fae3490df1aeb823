"""Bands, crossover, ranking, quantiles and probabilities: intervals that hold for what they are said to hold for."""

import dataclasses
import math

import numpy as np
import pytest
from journeys import COINS, club
from scipy import stats

from flywheel_sim import charts
from flywheel_sim.analysis.compare.result import compare
from flywheel_sim.analysis.difference.ranking import ranking
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.bands import RESAMPLES, Luck, bootstrap_means, critical_value, simultaneous
from flywheel_sim.experiment.crossover import crossover, overtakes
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.scenario.load import loads
from flywheel_sim.stats import estimate_mean, estimate_probability, estimate_quantile

G = np.random.default_rng(11)


@pytest.fixture(autouse=True)
def the_same_numbers_in_any_order_of_tests():
    G.bit_generator.state = np.random.default_rng(11).bit_generator.state


@pytest.fixture(scope="module")
def three():
    return compare(club(start="2027-01-01"), replications=60)


# -- luck of its own --------------------------------------------------------------------------------


def test_the_generator_gives_uniform_numbers_that_are_alike_everywhere():
    drawn = Luck(1).uniforms(200_000)
    assert stats.kstest(drawn, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.01
    # SplitMix64 from state 0 gives 0xE220A8397B1DCDAF first (published with the generator).
    assert Luck(0).uniforms(1)[0] == ((0xE220A8397B1DCDAF >> 11) + 0.5) / 2**53


def test_streams_go_on_where_they_stopped_and_differ():
    whole, luck = Luck(1).uniforms(10), Luck(1)
    np.testing.assert_array_equal(whole, np.concatenate([luck.uniforms(4), luck.uniforms(6)]))
    assert not set(Luck(2).uniforms(1000)) & set(Luck(1).uniforms(1000))


# -- the critical value -----------------------------------------------------------------------------


def test_one_column_has_students_quantile_and_so_have_copies_of_it():
    column = G.normal(size=(30, 1))
    exact = stats.t.ppf(0.975, 29)
    assert critical_value(column) == pytest.approx(exact)
    assert critical_value(np.hstack([column, 3 * column + 2, -column])) == pytest.approx(exact)
    assert critical_value(column, 0.9) == pytest.approx(stats.t.ppf(0.95, 29))


@pytest.mark.parametrize("columns", [2, 12, 60])
def test_independent_columns_have_the_quantile_of_the_largest_of_as_many(columns):
    values = G.normal(size=(4000, columns))
    exact = stats.norm.ppf(0.5 + 0.95 ** (1 / columns) / 2)
    assert critical_value(values) == pytest.approx(exact, rel=0.012)


def test_correlated_columns_lie_between_one_and_independent_ones():
    common = G.normal(size=(500, 1))
    values = common + 0.5 * G.normal(size=(500, 20))
    independent = stats.norm.ppf(0.5 + 0.95 ** (1 / 20) / 2)
    assert stats.t.ppf(0.975, 499) * 1.05 < critical_value(values) < 0.97 * independent


def test_few_replications_have_a_larger_critical_value_as_student_has():
    ratio = G.normal(size=(200_000, 5)) / np.sqrt(G.chisquare(5, (200_000, 1)) / 5)
    exact = np.quantile(np.abs(ratio).max(axis=1), 0.95)
    six = G.normal(size=(6, 6))
    uncorrelated = np.linalg.svd(six - six.mean(axis=0))[0][:, :5]
    assert critical_value(uncorrelated) == pytest.approx(exact, rel=0.02)


def test_columns_that_do_not_vary_or_have_no_value_are_left_out():
    values = G.normal(size=(40, 3))
    fixed = np.hstack([values, np.full((40, 1), 1e9 + 0.1), np.full((40, 1), math.nan)])
    mean, low, high, critical = simultaneous(fixed)
    assert critical == simultaneous(values)[3]
    assert (low[3], high[3]) == (mean[3], mean[3])
    assert np.isnan([mean[4], low[4], high[4]]).all()
    assert critical_value(np.ones((5, 2))) == 0.0


def test_one_replication_has_means_and_no_band():
    mean, low, high, critical = simultaneous(np.array([[1.0, 2.0]]))
    assert mean.tolist() == [1, 2]
    assert np.isnan([*low, *high, critical]).all()


# -- bands of comparisons ---------------------------------------------------------------------------


def test_a_band_is_wider_than_intervals_month_by_month_and_has_their_means(three):
    band = three.band("profit", of="loud")
    paths = three.difference_series("profit", True, "loud", "quiet")
    single = [estimate_mean(column, "EUR") for column in paths.T]
    np.testing.assert_allclose(band.mean, [e.mean for e in single])
    np.testing.assert_allclose(
        (band.high - band.low) / 2, band.critical / stats.t.ppf(0.975, 59) * np.array([e.half_width for e in single])
    )
    assert 2.1 < band.critical < 3.2
    assert (band.unit, band.n, band.level, band.of, band.against) == ("EUR", 60, 0.95, "loud", "quiet")
    assert "simultaneous band of the mean" in str(band)
    assert band.frame().loc[12, "mean"] == band.mean[-1]
    assert band.frame().attrs["unit"] == "EUR"


def test_bands_of_all_strategies_hold_together_and_are_wider_than_each_alone(three):
    both = three.bands("profit")
    assert list(both) == ["loud", "louder"]
    assert both["loud"].critical == both["louder"].critical > three.band("profit", of="loud").critical
    np.testing.assert_allclose(both["louder"].mean, three.band("profit").mean)


def test_a_band_by_month_takes_any_metric_that_has_months(three):
    band = three.band("conversion", cumulative=False)
    assert band.unit == "points"
    with pytest.raises(ExperimentError, match="no running sum"):
        three.band("conversion")


def test_the_chart_of_a_difference_draws_the_simultaneous_band_and_says_so(three):
    chart = charts.difference(three, "profit")
    band = three.band("profit")
    np.testing.assert_allclose(chart.data.band_low, band.low)
    np.testing.assert_allclose(chart.data.band_high, band.high)
    shaded = [c.get_paths()[0].vertices[:, 1] for c in chart.figure.axes[0].collections]
    assert any(np.isclose(part.min(), band.low.min()) and np.isclose(part.max(), band.high.max()) for part in shaded)
    texts = " ".join(text.get_text() for text in chart.figure.axes[0].texts)
    assert "simultaneous band of the mean" in texts


# -- ahead, crossover -------------------------------------------------------------------------------


def test_the_probability_of_being_ahead_is_given_by_month(three):
    chances = three.ahead("profit", of="loud")
    paths = three.difference_series("profit", True, "loud", "quiet")
    assert list(chances) == list(range(1, 13))
    assert chances[3] == estimate_probability(paths[:, 2] > 0)
    assert chances[12] == three.crossover("profit", "loud").probability
    assert list(three.ahead(months=(2, 12))) == [2, 12]
    with pytest.raises(ExperimentError, match="month 13: figures are of months 1 to 12"):
        three.ahead(months=(13,))


def test_the_bootstrap_draws_replications_with_replacement():
    paths = G.normal(5, 2, size=(50, 3))
    drawn = bootstrap_means(paths)
    assert drawn.shape == (RESAMPLES, 3)
    np.testing.assert_allclose(drawn.mean(axis=0), paths.mean(axis=0), atol=5 * 2 / math.sqrt(50 * RESAMPLES))
    np.testing.assert_allclose(drawn.std(axis=0), paths.std(axis=0) / math.sqrt(50), rtol=0.08)
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.corrcoef(paths.T), atol=0.1)
    np.testing.assert_array_equal(drawn, bootstrap_means(paths))


def test_the_interval_of_the_crossover_narrows_with_replications_and_that_of_futures_does_not():
    def planted(n):
        return np.cumsum(np.random.default_rng(3).normal(-6 + np.arange(24), 15, size=(n, 24)), axis=1)

    few, many = crossover(planted(50), None), crossover(planted(5000), None)
    assert few.earliest <= few.month <= few.latest
    assert many.earliest <= many.month <= many.latest
    assert many.latest - many.earliest < few.latest - few.earliest
    assert many.high - many.low >= few.high - few.low - 2 > few.latest - few.earliest
    assert many.never == 0.0


def test_a_crossover_that_may_lie_beyond_the_horizon_has_no_latest_month():
    paths = np.cumsum(np.random.default_rng(6).normal(-6 + np.arange(12), 40, size=(30, 12)), axis=1)
    crossing = crossover(paths, None)
    assert 0.025 < crossing.never < 0.975
    assert crossing.latest is None
    assert isinstance(crossing.earliest, int)
    never = crossover(paths - 1e6, None)
    assert (never.month, never.earliest, never.latest, never.never) == (None, None, None, 1.0)
    assert crossover(paths[:1], None).earliest is None


def test_the_bootstrap_month_is_the_crossover_of_a_mean_path():
    steps = (np.arange(240) - 60) / 10
    paths = np.cumsum(np.random.default_rng(3).normal(steps, 60, size=(40, 240)), axis=1)
    months = sorted(overtakes(path) or math.inf for path in bootstrap_means(paths))
    crossing = crossover(paths, None)
    assert (crossing.earliest, crossing.latest) == (months[RESAMPLES // 40 - 1], months[RESAMPLES * 39 // 40 - 1])
    assert crossing.earliest < months[RESAMPLES // 20 - 1] < months[RESAMPLES * 19 // 20 - 1] < crossing.latest


def test_the_answer_gives_the_interval_of_the_month(three):
    cross = three.crossover("profit", "loud")
    said = three.answer(of="loud")
    assert cross.month > 1
    interval = "that month alone" if cross.earliest == cross.latest else f"months {cross.earliest} to {cross.latest}"
    assert f"It overtakes in month {cross.month}" in said
    assert f", 95 % interval {interval}; before that, " in said


# -- ranking ----------------------------------------------------------------------------------------


def test_two_strategies_have_their_paired_interval():
    shops = compare(loads(COINS + "strategies: {plain: {}, lucky: {rates: {heads: 75 %}}}\n"), replications=40)
    order = shops.ranking("revenue")
    pair = shops.difference("revenue")
    assert order.names == ("lucky", "plain")
    gap = order.gap("lucky", "plain")
    assert (gap.mean, gap.low, gap.high) == pytest.approx((pair.mean, pair.low, pair.high))
    assert order.gap("plain", "lucky").low == -gap.high
    assert order.gap("plain", "plain").half_width == 0


def test_a_ranking_orders_all_and_tells_whom_it_cannot_tell_apart():
    luck = G.normal(size=(400, 1))
    noise = G.normal(size=(400, 4))
    values = luck * 5 + noise + np.array([10.0, 10.01, 9.0, 10.0 - 1e-3])
    order = ranking(dict(zip("abcd", values.T, strict=True)), "x", "EUR", "EUR")
    table = order.frame()
    assert order.names[-1] == "c"
    assert set(order.leaders) == {"a", "b", "d"}
    assert table.loc["c", ["rank", "first_rank", "last_rank", "leading"]].tolist() == [4, 4, 4, False]
    assert all(order.ranks(name) == (1, 3) for name in "abd")
    assert list(table["rank"]) == [1, 2, 3, 4]
    assert table["mean"].is_monotonic_decreasing
    assert len(order.pairs()) == 6
    assert order.pairs().told_apart.sum() == 3
    assert table.attrs["units"] == {"mean": "EUR", "gap": "EUR"}
    assert "not told apart from the first" in str(order)


def test_joint_intervals_are_wider_than_single_ones(three):
    order = three.ranking("revenue")
    for a, b in (("louder", "loud"), ("loud", "quiet"), ("louder", "quiet")):
        single, joint = three.difference("revenue", a, b), order.gap(a, b)
        assert joint.mean == pytest.approx(single.mean)
        assert joint.half_width == pytest.approx(single.half_width * order.critical / stats.t.ppf(0.975, 59))
    assert stats.t.ppf(0.975, 59) * 1.1 < order.critical < stats.t.ppf(1 - 0.025 / 3, 59)


def test_the_lowest_may_come_first(three):
    up, down = three.ranking("spend"), three.ranking("spend", best="lowest")
    assert down.names == up.names[::-1] == ("quiet", "loud", "louder")
    assert down.ahead("quiet", "louder")
    assert not down.ahead("louder", "quiet")
    assert down.ranks("quiet") == (1, 1)


def test_what_cannot_be_ranked_is_refused(three):
    with pytest.raises(ExperimentError, match="write best='lowest'"):
        three.ranking("spend", best="lowes")
    with pytest.raises(ExperimentError, match="did you mean 'loud"):
        three.ranking().gap("lowd", "quiet")
    with pytest.raises(ExperimentError, match="is no metric"):
        three.ranking("profits")
    with pytest.raises(ExperimentError, match="no replication has a value for every strategy"):
        ranking({"a": np.array([1.0, math.nan]), "b": np.array([math.inf, 2.0])}, "x", "EUR", "EUR")


def test_replications_without_a_value_for_one_are_left_out_for_all():
    values = {"a": np.array([1.0, 2.0, math.nan, 4.0]), "b": np.array([0.0, 1.5, 2.0, math.inf])}
    order = ranking(values, "x", "EUR", "EUR")
    assert (order.n, order.gap("a", "b").mean) == (2, 0.75)


def test_one_replication_ranks_and_claims_nothing():
    order = ranking({"a": np.array([1.0]), "b": np.array([2.0])}, "x", "EUR", "EUR")
    assert (order.names, order.leaders, order.ranks("a")) == (("b", "a"), ("b", "a"), (1, 2))


def test_strategies_that_are_the_same_are_not_told_apart():
    same = G.normal(size=50)
    order = ranking({"a": same, "b": same.copy(), "c": same - 1}, "x", "EUR", "EUR")
    assert order.leaders == ("a", "b")
    assert order.ranks("c") == (3, 3)


def test_the_answer_for_several_is_their_ranking(three):
    said = three.answer()
    gap = three.ranking().gap("louder", "loud")
    assert said.startswith("Of 3 strategies, 'louder' earns the most profit by month 12, ")
    assert f"surely ahead of all others: 'loud' comes next, {gap.mean:,.0f} EUR behind (95 % interval " in said
    assert "But budgets differ, so this is no verdict on which strategy is better: match the budgets first." in said
    assert str(three).startswith(said)
    assert three.answer(of="loud").startswith("'loud' earns")
    assert "months" not in three.answer("clv").replace("(first 5 months)", "")


def test_the_answer_says_who_cannot_be_told_apart_from_the_first():
    text = COINS.replace("batch: 40", "batch: 40, cost_per_batch: 40")
    shops = loads(text + "strategies: {a: {}, b: {rates: {heads: 50.01 %}}, c: {rates: {heads: 90 %}}}\n")
    said = compare(shops, replications=30).answer("revenue")
    assert said.startswith("Of 3 strategies, 'c' has the highest revenue")
    worse = compare(shops, strategies=["a", "b", "c"], replications=30).ranking("revenue")
    assert worse.leaders == ("c",)
    assert "verdict" not in said
    low = COINS + "strategies: {a: {}, b: {rates: {heads: 50.01 %}}, c: {rates: {heads: 10 %}}}\n"
    assert "these runs do not tell 'b' apart from it, 'c' is surely below" in compare(
        loads(low), replications=30
    ).answer("revenue")


def test_a_ranking_and_a_band_are_frozen(three):
    for result in (three.ranking(), three.band()):
        with pytest.raises(dataclasses.FrozenInstanceError):
            result.level = 0.5


# -- quantiles and probabilities --------------------------------------------------------------------


@pytest.mark.parametrize(("q", "n"), [(0.5, 25), (0.05, 200), (0.9, 60), (0.5, 6), (0.05, 72)])
def test_the_interval_of_a_quantile_lies_between_order_statistics_that_hold_it(q, n):
    values = np.sort(G.gamma(2, 10, n))
    estimate = estimate_quantile(values, q, "EUR")
    below, above = np.searchsorted(values, [estimate.low, estimate.high]) + 1
    assert stats.binom.cdf(above - 1, n, q) - stats.binom.cdf(below - 1, n, q) >= 0.95
    assert estimate.low <= estimate.mean <= estimate.high
    assert estimate.mean == pytest.approx(np.quantile(values, q))
    assert stats.binom.cdf(below - 1, n, q) <= 0.025 < stats.binom.cdf(below, n, q)
    assert stats.binom.sf(above - 1, n, q) <= 0.025 < stats.binom.sf(above - 2, n, q)


@pytest.mark.parametrize(("q", "n"), [(0.5, 5), (0.05, 71), (0.95, 71), (0.5, 1)])
def test_too_few_replications_leave_a_quantile_without_an_interval(q, n):
    estimate = estimate_quantile(np.arange(n), q, "EUR")
    assert math.isnan(estimate.low)
    assert f"no 95 % interval of the {100 * q:g} % quantile, n = {n}" in str(estimate)


def test_a_quantile_prints_unit_level_n_and_what_it_is():
    said = str(estimate_quantile(np.arange(1000.0), 0.05, "EUR", 0.9))
    assert "EUR (90 % interval of the 5 % quantile " in said
    assert said.endswith("EUR, n = 1,000)")


def test_infinite_values_have_their_place_in_the_order():
    values = np.array([*range(90), *[math.inf] * 10, math.nan])
    estimate = estimate_quantile(values, 0.5, "months")
    assert (estimate.mean, estimate.n) == (49, 100)
    high = estimate_quantile(values, 0.88, "months")
    assert (high.mean, high.high) == (87, math.inf)
    assert high.low < 87


@pytest.mark.parametrize("q", [0, 1, -0.1, 5, math.nan])
def test_a_quantile_lies_between_0_and_1(q):
    with pytest.raises(ExperimentError, match=r"lies between 0 and 1; write 0\.05"):
        estimate_quantile([1.0, 2.0], q, "EUR")


def test_nothing_has_no_quantile():
    assert math.isnan(estimate_quantile([math.nan], 0.5, "EUR").mean)


def test_runs_give_quantiles_and_probabilities_of_a_metric():
    runs = replicate(loads(COINS), replications=200)
    values = runs.values("revenue")
    assert runs.quantile("revenue", 0.1) == estimate_quantile(values, 0.1, "EUR")
    assert runs.quantile("revenue", 0.1, 0.8).level == 0.8
    assert runs.probability("revenue", at_least=40) == estimate_probability(values >= 40)
    assert runs.probability("revenue", at_most=40) == estimate_probability(values <= 40)
    both = runs.probability("revenue", at_least=36, at_most=44, level=0.9)
    assert both == estimate_probability((values >= 36) & (values <= 44), 0.9)
    assert "interval of the probability" in str(both)
    for wrong in ({}, {"at_least": 5, "at_most": 4}, {"at_least": math.nan}):
        with pytest.raises(ExperimentError, match=r"one bound is needed|it takes a number"):
            runs.probability("revenue", **wrong)
    with pytest.raises(ExperimentError, match="did you mean 'revenue'"):
        runs.probability("revenu", at_least=3)
    with pytest.raises(ExperimentError, match="did you mean 'revenue'"):
        runs.quantile("revenu", 0.5)


def test_replications_without_a_value_are_in_no_probability(monkeypatch):
    runs = replicate(loads(COINS), replications=4)
    monkeypatch.setattr(type(runs), "values", lambda *_: np.array([1.0, math.nan, math.inf, 3.0]))
    assert (runs.probability("payback", at_most=2).n, runs.probability("payback", at_least=2).n) == (3, 3)
    assert runs.probability("payback", at_least=2).mean == pytest.approx(200 / 3)
