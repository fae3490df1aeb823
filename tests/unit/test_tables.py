"""Tables of replications and the metrics behind them, counted by hand on ledgers written by hand."""

import math

import numpy as np
import pytest
from hand import any_ledger, books, event, journey, ledger, runs
from scipy import stats

from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.events import Effects, Outcome, SetTo
from flywheel_sim.journey.journey import Stage
from flywheel_sim.journey.units import DAY, MILLIONTHS, MONTH, YEAR
from flywheel_sim.ledger import COHORT, FOLLOWED, GENERATION, GENERATIONS, MRR, MRR_CHANGE, Layout
from flywheel_sim.metrics.groups import NO_CHANNEL, parts, restrict, splits
from flywheel_sim.metrics.registry import metrics
from flywheel_sim.metrics.revenue import lines_of
from flywheel_sim.metrics.value import MONEY
from flywheel_sim.stats import estimate_ratio, ratio_of_sums

EUR = MILLIONTHS


@pytest.fixture(scope="module")
def made():
    return journey()


@pytest.fixture(scope="module")
def many(made):
    return runs(made, any_ledger(made))


# -- what is spent whoever comes --------------------------------------------------------------------


def test_costs_are_in_spend_and_profit_and_of_their_kind_in_acquisition(made):
    held = ledger(made)
    held.costs[0, :, 0], held.costs[0, 2, 1] = 10 * EUR, 5 * EUR
    one = runs(made, held)
    assert one.values("overhead_spend")[0] == one.values("spend.rent")[0] == 60
    assert one.values("acquisition_spend")[0] == one.values("spend.brand")[0] == 5
    assert one.values("spend")[0] == -one.values("profit")[0] == 65


def test_the_four_kinds_of_spend_add_up_to_spend(many):
    kinds = [many.series(f"{kind}_spend") for kind in ("acquisition", "service", "win_back", "overhead")]
    np.testing.assert_allclose(sum(kinds), many.series("spend"), rtol=1e-12)


def test_lines_channels_and_costs_add_up_to_revenue_and_spend(many):
    names = lines_of(many.books)
    assert {"spend.rent", "spend.ads", "spend.mail", "revenue.club"} <= set(names)
    for side in ("revenue", "spend"):
        columns = [many.values(name) for name in names if name.startswith(f"{side}.")]
        np.testing.assert_allclose(sum(columns), many.values(side), rtol=1e-12)


def test_a_name_of_a_channel_and_a_cost_holds_what_is_spent_on_both(made):
    channels = tuple(made.channels)
    twice = journey(costs=True, channels=channels)
    held = any_ledger(twice)
    layout = held.layout
    renamed = type(layout)(**{**vars(layout), "costs": (("ads", "overhead"), ("brand", "acquisition"))})
    both = runs(twice, type(held)(**{**vars(held), "layout": renamed}))
    spent = held.channel_spend[..., 0].sum(axis=1) + held.costs[..., 0].sum(axis=1)
    np.testing.assert_allclose(both.values("spend.ads"), spent / EUR)


# -- by group ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["channel", "plan", "region"])
def test_groups_add_up_to_the_whole(many, name):
    table = many.by(name)
    levels = {"channel": ["ads", "friends", "base", NO_CHANNEL], "plan": ["basic", "premium"]}
    assert list(table.index) == levels.get(name, ["north", "south"])
    figures = set(table.columns.get_level_values(0))
    added = [m.name for m in metrics() if m.aggregation in ("sum", "last") and m.name in figures]
    assert {"people", "acquisitions", "active_customers", "revenue", "mrr", "mrr_churn"} <= set(added)
    assert ("spend" in added) == ("profit" in added) == (name == "channel")
    for metric in added:
        whole = many.values(metric)
        parted = sum(many.metric(metric).total(part) for part in parts(many.books, name).values())
        np.testing.assert_allclose(parted, whole, rtol=1e-12, err_msg=metric)
        assert table[(metric, "mean")].sum() == pytest.approx(many[metric].mean, rel=1e-12)


def test_followed_customers_of_the_groups_are_those_of_the_whole(many):
    people = many.ledger.followed[..., FOLLOWED.index("acquired")].sum(axis=1)
    for metric in ("clv", "k_factor"):
        weighted = 0.0
        for part in parts(many.books, "plan").values():
            weight = part.ledger.followed[..., FOLLOWED.index("acquired")].sum(axis=(1, 2))
            weighted = weighted + weight * many.metric(metric).total(part)
        np.testing.assert_allclose(weighted / people.sum(axis=1), many.values(metric), rtol=1e-12)


def test_a_channel_has_its_own_spend_and_its_own_people(made):
    held = ledger(made, 2)
    acquired = held.layout.role_flow("acquired")
    held.channel_spend[:, 0, 0] = [300 * EUR, 500 * EUR]
    held.flow[:, 1, 0, acquired], held.flow[:, 1, 4, acquired] = 10, 5
    held.costs[:, 0, 1] = 999 * EUR
    table = runs(made, held).by("channel", "spend", "acquisitions", "cac")
    assert table[("spend", "mean")].tolist() == [400, 0, 0, 999]
    assert table[("acquisitions", "mean")].tolist() == [10, 5, 0, 0]
    np.testing.assert_array_equal(table[("cac", "mean")], [40, 0, math.nan, math.nan])
    half = stats.t.ppf(0.975, 1) * np.std([30, 50], ddof=1) / math.sqrt(2)
    assert table.loc["ads", ("cac", "low")] == max(0.0, 40 - half) == 0
    assert table.loc["ads", ("cac", "high")] == pytest.approx(40 + half)
    assert table.attrs["units"] == {"spend": "EUR", "acquisitions": "people", "cac": "EUR per customer"}


def test_a_journey_without_costs_has_no_row_for_them():
    made = journey(costs=False)
    assert list(runs(made, any_ledger(made)).by("channel").index) == ["ads", "friends", "base"]


def test_restricted_books_are_those_groups_alone(many):
    part = restrict(many.books, [1, 4], ["friends"])
    assert part.ledger.layout.groups == tuple(many.ledger.layout.groups[i] for i in (1, 4))
    np.testing.assert_array_equal(part.ledger.money, many.ledger.money[:, :, [1, 4]])
    np.testing.assert_array_equal(part.ledger.followed, many.ledger.followed[:, :, [1, 4]])
    assert part.ledger.channel_spend[..., [0, 2]].sum() == part.ledger.costs.sum() == part.ledger.cohort.sum() == 0
    np.testing.assert_array_equal(part.ledger.channel_spend[..., 1], many.ledger.channel_spend[..., 1])


def test_all_groups_together_are_the_whole(many):
    everybody = restrict(many.books, range(len(many.ledger.layout.groups)), many.ledger.layout.channels, costs=True)
    for metric in metrics():
        if metric.split != "whole":
            np.testing.assert_array_equal(metric.total(everybody), many.values(metric.name), err_msg=metric.name)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("chanel", "did you mean 'channel'"),
        ("plans", "did you mean 'plan'"),
        ("mood", "known: channel, plan"),
    ],
)
def test_an_unknown_group_names_those_near(many, wrong, said):
    with pytest.raises(ExperimentError, match=f"results are not kept by '{wrong}'; .*{said}"):
        many.by(wrong)


def test_an_attribute_that_results_are_not_kept_by_says_how_to_keep_them():
    made = journey(report_by=("plan",))
    with pytest.raises(ExperimentError, match="'region'; write it under report_by and run again"):
        runs(made, any_ledger(made)).by("region")


@pytest.mark.parametrize(("name", "metric"), [("plan", "cac"), ("plan", "conversion"), ("channel", "generation_time")])
def test_what_cannot_be_split_is_refused_with_what_can(many, name, metric):
    with pytest.raises(ExperimentError, match=f"'{metric}' cannot be split by '{name}'; those that can: people,"):
        many.by(name, metric)


def test_ratios_between_times_are_for_attributes_that_nobody_changes(many):
    conversion = many.metric("conversion")
    assert not splits(conversion, many.journey, "plan")
    assert splits(conversion, many.journey, "region")
    move = Outcome("", None, None, Effects(sets=(SetTo("region", 1),)))
    moving = journey(stages=(*journey().stages[:3], Stage("unfit", "aside", None, Effects(), (), (event("m", move),))))
    assert not splits(conversion, moving, "region")


# -- recurring revenue ------------------------------------------------------------------------------


@pytest.fixture
def paying():
    """Return 2 replications: 100 joins, 20 up, 10 down, 30 leaves, 5 comes back, month after month from the second."""
    made = journey()
    held = ledger(made, 2)
    for name, euros in (("new", 100), ("expansion", 20), ("contraction", -10), ("churn", -30), ("reactivation", 5)):
        held.mrr[:, 1 if name != "new" else 0 :, 0, MRR.index(name)] = euros * EUR
    held.mrr[1, 3, 0, MRR.index("new")] += 60 * EUR
    held.mrr_change[:, 1:, 0] = -20 * EUR, -40 * EUR
    held.mrr[:, 2, 0, MRR.index("transferred")], held.mrr[:, 2, 2, MRR.index("transferred")] = -40 * EUR, 40 * EUR
    return runs(made, held)


def test_recurring_revenue_is_all_its_movements_so_far(paying):
    np.testing.assert_array_equal(paying.series("mrr")[0], [100, 185, 270, 355, 440, 525])
    assert paying.values("mrr").tolist() == [525, 585]
    assert paying.values("mrr_new").tolist() == [600, 660]
    assert paying.values("mrr_churn").tolist() == [-150, -150]
    assert paying.unit("mrr") == "EUR per month"


def test_retained_revenue_is_a_ratio_of_sums_over_months_that_begin_with_some(paying):
    np.testing.assert_allclose(paying.series("nrr")[0, :3], [math.nan, 80, 100 * 165 / 185])
    np.testing.assert_allclose(paying.series("grr")[0, :3], [math.nan, 60, 100 * 145 / 185])
    start = 100 + 185 + 270 + 355 + 440
    assert paying.values("nrr")[0] == pytest.approx(100 * (1 - 5 * 20 / start))
    assert paying.values("grr")[0] == pytest.approx(100 * (1 - 5 * 40 / start))


def test_what_is_lost_in_the_first_month_has_nothing_to_be_a_share_of():
    made = journey()
    held = ledger(made)
    held.mrr[0, 0, 0, [MRR.index("new"), MRR.index("churn")]] = [100 * EUR, -90 * EUR]
    held.mrr[0, 1, 0, MRR.index("churn")] = -1 * EUR
    held.mrr_change[0, 1, 0] = -1 * EUR
    start = 10 + 4 * 9
    assert runs(made, held).values("grr")[0] == pytest.approx(100 * (start - 1) / start)


def test_half_a_month_at_the_end_weighs_half():
    made = journey(months=2.5, follow=1)
    held = ledger(made)
    held.mrr[0, :, 0, MRR.index("new")] = [100 * EUR, 0, 0]
    held.mrr[0, :, 0, MRR.index("churn")] = [0, -10 * EUR, -9 * EUR]
    held.mrr_change[0, :, 0, MRR_CHANGE.index("lost")] = [0, -10 * EUR, -9 * EUR]
    one = runs(made, held)
    assert one.series("grr")[0, 2] == pytest.approx(100 * (45 - 9) / 45)
    assert one.values("grr")[0] == pytest.approx(100 * (1 - 19 / 145))


def test_movements_between_groups_are_in_the_recurring_revenue_of_groups_alone(paying):
    table = paying.by("region", "mrr", "mrr_new")
    assert table[("mrr", "mean")].tolist() == [555, 0]
    table = paying.by("plan", "mrr", "mrr_new")
    assert table[("mrr", "mean")].tolist() == [515, 40]
    assert table[("mrr_new", "mean")].tolist() == [630, 0]


def test_start_and_movements_add_up_to_the_end_month_by_month(paying, many):
    for one in (paying, many):
        table = one.movements()
        mean = table.xs("mean", axis=1, level=1)
        moved = mean[["new", "expansion", "reactivation", "contraction", "churn"]].sum(axis=1)
        np.testing.assert_allclose(mean.start + moved, mean.end, rtol=1e-12)
        np.testing.assert_allclose(mean.start[1:], mean.end[:-1], rtol=1e-12)
        np.testing.assert_allclose(mean.end, one.series("mrr").mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(mean.churn.sum(), one["mrr_churn"].mean, rtol=1e-12)
    assert table.attrs["units"]["churn"] == "EUR per month"


def test_without_anything_recurring_summaries_are_silent_about_it():
    assert "mrr" in runs(journey(), any_ledger(journey())).summary().index
    made = journey(recurring=False)
    plain = runs(made, ledger(made))
    assert not [name for name in plain.summary().index if name.startswith("mrr") or name in ("nrr", "grr")]
    assert plain.values("mrr")[0] == 0
    assert "mrr" not in plain.by("channel")


# -- cohorts ----------------------------------------------------------------------------------------


def cohort_ledger(made, acquired, lost, euros):
    """Return replications in which each cohort loses and earns the same at each age, as far as it gets."""
    held = ledger(made, len(acquired))
    n = held.layout.cohorts
    for replication, people in enumerate(acquired):
        for cohort in range(n):
            held.cohort[replication, cohort, 0, COHORT.index("acquired")] = people
            for age in range(n - cohort):
                held.cohort[replication, cohort, age, COHORT.index("lost")] = lost
                held.cohort[replication, cohort, age, COHORT.index("revenue")] = people * euros * EUR
    return held


def test_retention_is_the_share_still_there_on_reaching_an_age():
    made = journey()
    table = runs(made, cohort_ledger(made, [40, 60], 5, 7)).cohorts()
    assert table.loc[(2, 0), ("acquired", "mean")] == 50
    first = table.loc[1]
    np.testing.assert_allclose(first[("retention", "mean")], [100, 90, 80, 70, 60, 50])
    np.testing.assert_allclose(first[("revenue", "mean")], [7, 7, 7, 7, 7, math.nan])
    assert list(first.index) == [0, 1, 2, 3, 4, 5]
    assert table.attrs["units"] == {"acquired": "people", "retention": "%", "revenue": "EUR per customer"}


def test_cells_that_not_everybody_has_reached_are_empty():
    made = journey(months=4.5, follow=1)
    table = runs(made, cohort_ledger(made, [10], 1, 2)).cohorts()
    kept = table[("retention", "mean")].unstack("age")
    # Those of month c have all reached age k by the end of month c + k, which must not lie after month 4.5.
    complete = np.array([[cohort + age <= 4.5 or age == 0 for age in range(5)] for cohort in range(1, 6)])
    np.testing.assert_array_equal(kept.notna(), complete)
    earned = table[("revenue", "mean")].unstack("age")
    np.testing.assert_array_equal(earned.notna(), [[c + a + 1 <= 4.5 for a in range(5)] for c in range(1, 6)])


def test_a_whole_month_reached_exactly_at_the_horizon_is_complete():
    made = journey(months=3, follow=1)
    table = runs(made, cohort_ledger(made, [10], 1, 2)).cohorts()
    assert table[("retention", "mean")].notna().tolist() == [True] * 3 + [True, True, False] + [True, False, False]


def test_customers_who_come_back_count_again():
    made = journey()
    held = ledger(made)
    held.cohort[0, 0, 0, COHORT.index("acquired")] = 10
    held.cohort[0, 0, :4, COHORT.index("lost")] = [4, 0, -3, 0]
    kept = runs(made, held).cohorts().loc[1, ("retention", "mean")]
    np.testing.assert_allclose(kept, [100, 60, 60, 90, 90, 90])


def test_cohorts_over_replications_are_ratios_of_sums_with_their_interval():
    made = journey()
    held = ledger(made, 3)
    people, lost = np.array([10, 20, 60]), np.array([5, 2, 3])
    held.cohort[:, 0, 0, COHORT.index("acquired")], held.cohort[:, 0, 0, COHORT.index("lost")] = people, lost
    row = runs(made, held).cohorts().loc[(1, 1), "retention"]
    share = (people - lost).sum() / people.sum()
    ends = estimate_ratio(100.0 * (people - lost), 1.0 * people, "%")
    np.testing.assert_allclose(row[["mean", "low", "high"]].astype(float), [100 * share, ends.low, ends.high])


def test_joined_cohorts_add_up_those_they_hold(many):
    one, three = many.cohorts(), many.cohorts(join=3)
    acquired = many.ledger.cohort[..., COHORT.index("acquired")].sum(axis=2)
    assert list(three.index.get_level_values("cohort").unique()) == [1, 4]
    assert list(three.loc[1].index) == [0, 3]
    assert three.loc[(4, 0), ("acquired", "mean")] == pytest.approx(acquired[:, 3:].sum(axis=1).mean())
    lost = many.ledger.cohort[:, :3, :3, COHORT.index("lost")].sum()
    share = 1 - lost / acquired[:, :3].sum()
    assert three.loc[(1, 3), ("retention", "mean")] == pytest.approx(100 * share)
    earned = many.ledger.cohort[:, :3, :3, COHORT.index("revenue")].sum() / EUR / acquired[:, :3].sum()
    assert three.loc[(1, 0), ("revenue", "mean")] == pytest.approx(earned)
    assert one[("acquired", "mean")].groupby("cohort").first().sum() == pytest.approx(acquired.sum(axis=1).mean())
    with pytest.raises(ExperimentError, match="take 1 to 6"):
        many.cohorts(join=7)


def test_cohorts_of_years_are_aged_in_months():
    made = journey(months=132.0, follow=24)
    table = runs(made, cohort_ledger(made, [10], 0, 2)).cohorts()
    assert made.cohort_ms == YEAR
    assert list(table.loc[1].index[:3]) == [0, 12, 24]


# -- generations ------------------------------------------------------------------------------------


def lineage(made, rows, present=0):
    held = ledger(made)
    for generation, measures in enumerate(rows):
        for name, value in measures.items():
            held.generation[0, generation, GENERATION.index(name)] = value
    base = next(i for i, group in enumerate(held.layout.groups) if group[0] == "base")
    held.flow[0, 0, base, held.layout.role_flow("present")] = present
    return runs(made, held)


def test_generations_are_those_brought_per_customer_who_could_bring_them(made):
    one = lineage(made, [
        {"people": 120, "acquired": 40}, {"people": 30, "acquired": 25, "gaps": 20, "gap": 20 * 90 * DAY},
        {"people": 9, "acquired": 5, "gaps": 5, "gap": 5 * 40 * DAY},
    ], present=10)  # fmt: skip
    table = one.generations()
    assert list(table.index) == [0, 1, 2]
    np.testing.assert_allclose(table[("brought", "mean")], [25 / 50, 5 / 25, 0])
    np.testing.assert_allclose(table[("gap", "mean")], [math.nan, 90, 40])
    assert one.values("generation_share")[0] == pytest.approx(100 * 30 / 70)
    assert one.values("generation_time")[0] == pytest.approx((20 * 90 + 5 * 40) / 25)


def test_beyond_the_last_generation_nobody_knows_who_brought_whom(made):
    table = lineage(made, [{"people": 8, "acquired": 4}] * GENERATIONS).generations()
    assert len(table) == GENERATIONS
    assert table[("brought", "mean")].isna().tolist() == [False] * (GENERATIONS - 2) + [True, True]


def test_without_anybody_there_is_one_empty_generation(made):
    table = lineage(made, []).generations()
    assert table[("people", "mean")].tolist() == [0]
    assert table[("brought", "mean")].isna().all()


# -- those who are followed -------------------------------------------------------------------------


def test_figures_of_the_followed_are_sums_over_ages_and_groups(made):
    held = any_ledger(made)
    one = runs(made, held)
    total = {name: held.followed[..., i].sum(axis=(1, 2)) / (EUR if name in MONEY else 1)
             for i, name in enumerate(FOLLOWED)}  # fmt: skip
    for metric, value in {
        "clv": total["margin_discounted"] / total["acquired"],
        "k_factor": total["converted"] / total["acquired"],
        "lineage_value": total["lineage"] / total["roots"],
    }.items():
        np.testing.assert_allclose(one.values(metric), value, rtol=1e-12, err_msg=metric)


# -- time in a stage --------------------------------------------------------------------------------


def test_time_in_a_stage_is_that_of_completed_visits(made):
    held = ledger(made)
    layout = held.layout
    lead, decide = layout.stages.index("lead"), layout.flows.index(("lead", "decide", "club"))
    arrived, referred = layout.role_flow("arrived"), layout.role_flow("referred")
    held.flow[0, 0, 0, arrived], held.flow[0, 1, 4, referred], held.flow[0, 2, 0, decide] = 8, 4, 9
    held.stock[0, -1, 0, lead] = 2
    held.time[0, :, 0, lead] = 20 * DAY
    held.unfinished[0, lead] = 20 * DAY
    one = runs(made, held)
    assert one.values("time_in.lead")[0] == pytest.approx((6 * 20 - 20) / (12 - 2))
    assert one.unit("time_in.lead") == "days"
    assert math.isnan(one.values("time_in.past")[0])
    with pytest.raises(ExperimentError, match="no metric of this journey"):
        one.values("time_in.nowhere")


def test_people_present_and_moves_are_entries_too(made):
    held = ledger(made)
    layout = held.layout
    base = next(i for i, group in enumerate(layout.groups) if group[0] == "base")
    club = layout.stages.index("club")
    held.flow[0, 0, base, layout.role_flow("present")] = 3
    held.flow[0, 3, base, layout.flows.index(("past", "back", "club"))] = 2
    held.time[0, 0, base, club] = 50 * DAY
    assert runs(made, held).values("time_in.club")[0] == 10


# -- intervals --------------------------------------------------------------------------------------


def test_a_ratio_over_ones_is_the_mean_with_students_interval():
    values = np.array([3.0, 5.0, 10.0, 11.0])
    mean, low, high = ratio_of_sums(values, np.ones(4))
    assert (mean, low, high) == pytest.approx((7.25, *stats.t.interval(0.95, 3, 7.25, stats.sem(values))))


def test_what_a_single_replication_knows_has_no_interval():
    mean, low, high = ratio_of_sums(np.array([3.0, 0.0, 0.0]), np.array([2.0, 0.0, 0.0]))
    assert mean == 1.5
    assert math.isnan(low)
    assert math.isnan(high)


def test_one_replication_has_no_interval(made):
    table = runs(made, any_ledger(made, 1)).movements()
    assert table[("end", "mean")].notna().all()
    assert table[("end", "low")].isna().all()


def test_the_layout_of_the_journey_by_hand_is_what_these_tests_take_it_to_be(made):
    layout = Layout.of(made)
    assert layout.costs == (("rent", "overhead"), ("brand", "acquisition"))
    assert ("club", "programme.news", "") in layout.flows
    assert layout.groups[4] == ("friends", "basic", "north")
    assert (layout.periods, layout.cohort_ms, layout.eligible, layout.ages) == (6, MONTH, 3, 3)
    assert books(made, ledger(made)).per_unit == EUR
