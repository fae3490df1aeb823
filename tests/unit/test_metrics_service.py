"""Figures of staff, markets, shared attributes and warm-ups, counted by hand on ledgers written by hand."""

import math

import numpy as np
import pytest
from hand import any_ledger, journey, ledger, runs
from staffed_journey import HOUR, asks, book, busy, counts, staffed_journey

from flywheel_sim.analysis.compare.result import Comparison
from flywheel_sim.compile.draws import wait_cell
from flywheel_sim.compile.expected_path import path_of
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.driver import provenance, units_of
from flywheel_sim.journey.journey import Resource
from flywheel_sim.journey.units import DAY, MILLIONTHS, MONTH
from flywheel_sim.ledger import LOAD, MRR
from flywheel_sim.metrics.groups import NO_CHANNEL, parts
from flywheel_sim.metrics.registry import metrics
from flywheel_sim.metrics.revenue import lines_of
from flywheel_sim.metrics.service import FIGURES, figures_of, wait_ends, wait_quantile
from flywheel_sim.result import Provenance

EUR = MILLIONTHS


@pytest.fixture
def made():
    return staffed_journey()


@pytest.fixture
def held(made):
    """Return a ledger in which 10 people ask the desk every month: 7 are served, 4 of them at once."""
    held = ledger(made, 2)
    book(held, asked=10, started=7, at_once=4, within=6, wait=7 * 6 * HOUR, gave_up=2, turned_away=1, ended=5,
         contacts=4, contact_time=4 * DAY, waiting=3 * MONTH, served=MONTH, staffed=4 * MONTH)  # fmt: skip
    held.costs[:, :, 2] = 16_000_010_000
    return held


def total(one, name):
    return one.values(name)[0]


# -- staff ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("asked", 60, "asks"),
        ("served", 30, "services"),
        ("queue_length", 3, "people"),
        ("in_service", 1, "people"),
        ("utilisation", 25, "%"),
        ("wait", 0.25, "days"),
        ("waiting_share", 60, "%"),
        ("within_target", 60, "%"),
        ("abandonment", 20, "%"),
        ("turned_away", 10, "%"),
        ("withdrew", 0, "%"),
    ],
)
def test_figures_of_a_resource_are_those_counted_by_hand(made, held, name, value, unit):
    one = runs(made, held)
    assert total(one, f"{name}.desk") == pytest.approx(value)
    assert one.unit(f"{name}.desk") == unit
    if one.metric(f"{name}.desk").aggregation == "ratio":
        np.testing.assert_allclose(one.series(f"{name}.desk"), value)
    assert total(one, "time_to_first_contact") == 1


def test_averages_over_time_weigh_a_partial_month_by_its_length():
    made = staffed_journey(months=1.5)
    held = ledger(made)
    held.load[0, :, 0, LOAD.index("waiting")] = [2 * MONTH, 5 * MONTH // 2]
    one = runs(made, held)
    assert one.series("queue_length.desk")[0].tolist() == [2, 5]
    assert total(one, "queue_length.desk") == 3


def test_who_waits_at_the_end_is_a_stock(made, held):
    held.backlog[:, :, 0, LOAD.index("waiting")] = [1, 5, 9, 4, 3, 8]
    one = runs(made, held)
    assert total(one, "waiting_now.desk") == 8
    assert one.series("waiting_now.desk")[0].tolist() == [1, 5, 9, 4, 3, 8]


def test_busy_and_idle_cost_add_up_to_what_the_staff_cost_to_the_millionth(made, held):
    held.load[:, :, 0, LOAD.index("served")] = np.array([0, 1, 2, 3, 4, 5]) * MONTH - 7
    held.load[:, 0, 0, LOAD.index("served")] = 0
    one = runs(made, held)
    busy_cost, idle = one.series("busy_cost.desk"), one.series("idle_cost.desk")
    np.testing.assert_array_equal(
        np.rint(EUR * busy_cost) + np.rint(EUR * idle), np.rint(EUR * one.series("spend.desk"))
    )
    assert busy_cost[0, 0] == 0
    assert busy_cost[0, 5] == 16_000.01
    assert idle[0, 5] == 0
    assert one.series("utilisation.desk")[0, 5] > 100


def test_without_staff_there_is_no_utilisation_and_nothing_idle(made):
    one = runs(made, ledger(made))
    assert math.isnan(total(one, "utilisation.shop"))
    assert total(one, "busy_cost.shop") == total(one, "idle_cost.shop") == 0


def test_staff_are_in_the_spend_of_their_kind_and_all_kinds_add_up():
    resources = tuple(Resource(f"r_{kind[:3]}", staffed_journey().resources[0].people, 1.0, kind)
                      for kind in ("acquisition", "service", "win_back", "overhead"))  # fmt: skip
    made = staffed_journey(resources=resources, events={"lead": (), "club": ()})
    held = ledger(made)
    held.costs[0, 0] = [0, 0, *(euros * EUR for euros in (1, 2, 3, 4))]
    one = runs(made, held)
    kinds = [total(one, f"{kind}_spend") for kind in ("acquisition", "service", "win_back", "overhead")]
    assert kinds == [1, 2, 3, 4]
    assert total(one, "spend") == -total(one, "profit") == 10
    assert [total(one, f"spend.r_{kind}") for kind in ("acq", "ser", "win", "ove")] == kinds
    assert one.metric("spend.r_acq").definition == "Spent on the staff 'r_acq'."


def test_paid_staff_are_in_a_row_of_their_own_by_channel_and_on_no_plan():
    made = staffed_journey(
        resources=(Resource("desk", staffed_journey().resources[0].people, 1.0, "service"),), events={"club": ()}
    )
    many = runs(made, any_ledger(made))
    for name in ("service_spend", "win_back_spend", "spend"):
        rows = parts(many.books, "channel")
        assert NO_CHANNEL in rows
        parted = sum(many.metric(name).total(part) for part in rows.values())
        np.testing.assert_allclose(parted, many.values(name), rtol=1e-12)
    assert "service_spend" not in many.by("plan").columns.get_level_values(0)
    with pytest.raises(ExperimentError, match="'service_spend' cannot be split by 'plan'"):
        many.by("plan", "service_spend")
    assert "win_back_spend" in many.by("plan").columns.get_level_values(0), "no staff are of that kind"
    free = journey()
    assert "service_spend" in runs(free, any_ledger(free)).by("plan").columns.get_level_values(0)


def test_what_happens_at_resources_is_not_kept_by_channel(made, held):
    with pytest.raises(ExperimentError, match=r"'wait.desk' cannot be split by 'channel'"):
        runs(made, held).by("channel", "wait.desk")


# -- quantiles --------------------------------------------------------------------------------------


def test_cells_hold_the_waits_that_fall_into_them():
    low, high = wait_ends()
    for wait in (0, 1, 31, 32, 33, 63, 64, 1000, DAY, 36 * MONTH):
        cell = wait_cell(wait)
        assert low[cell] <= wait < high[cell]
    assert (low[1:] == high[:-1]).all()
    assert ((high - low)[32:] <= low[32:] / 16).all()


@pytest.mark.parametrize("q", [0.5, 0.9, 0.95])
def test_quantiles_of_waits_are_those_of_the_waits_to_three_percent(q):
    waits = np.random.default_rng(5).lognormal(18, 1.2, 4000).astype(np.int64)
    quantiles = wait_quantile(np.stack([counts(waits), counts(waits // 3)]), q)
    np.testing.assert_allclose(quantiles, [np.quantile(waits, q), np.quantile(waits // 3, q)], rtol=0.01)
    same = wait_quantile(counts([DAY] * 9)[None], q)
    np.testing.assert_allclose(same, DAY, rtol=0.0625)


def test_quantiles_of_waits_know_those_served_at_once_and_say_nothing_of_nobody():
    some = counts([0, 0, 0, 30, 40 * DAY])
    assert wait_quantile(np.stack([some, 0 * some]), 0.5).tolist()[0] == 0
    assert wait_quantile(some[None], 0.8)[0] == 30
    assert math.isnan(wait_quantile(0 * some[None], 0.5)[0])


def test_quantiles_are_of_the_resource_and_in_days(made, held):
    held.waits[:, 0], held.waits[:, 1] = counts([0, DAY, 9 * DAY]), counts([5 * DAY])
    held.contact[:] = counts([2 * DAY])
    one = runs(made, held)
    assert total(one, "wait_median.desk") == pytest.approx(1, rel=0.04)
    assert total(one, "wait_p95.desk") == pytest.approx(9, rel=0.06)
    assert total(one, "wait_p90.shop") == pytest.approx(5, rel=0.06)
    assert total(one, "time_to_first_contact_median") == pytest.approx(2, rel=0.04)
    with pytest.raises(ExperimentError, match=r"'wait_p90.desk' has no months"):
        one.series("wait_p90.desk")


# -- names ------------------------------------------------------------------------------------------


def test_a_summary_has_the_figures_that_a_resource_can_have(made, held):
    one = runs(made, held)
    table = one.summary()
    assert {f"{prefix}.desk" for prefix in FIGURES} <= set(table.index)
    never = {"within_target", "abandonment", "turned_away", "busy_cost", "idle_cost"}
    assert {name.partition(".")[0] for name in figures_of(one.books) if name.endswith("shop")} == set(FIGURES) - never
    assert {"shared.stars", "saturation", "missed", "time_to_first_contact_p90", "spend.desk"} <= set(table.index)
    assert table.loc["wait.desk", "label"] == "Mean wait (desk)"
    assert table.attrs["months"] == "6 months"


def test_a_journey_without_staff_market_or_shared_attributes_has_none_of_them():
    made = journey()
    one = runs(made, any_ledger(made))
    assert not [name for name in one.summary().index if "contact" in name or name in ("saturation", "missed")]
    assert figures_of(one.books) == []
    assert np.isnan(one.values("saturation")).all()
    assert np.isnan(one.values("time_to_first_contact_median")).all()
    assert len(one.frame()) == one.n * len(metrics())


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("wait.desc", "wait.desk"), ("within_target.shop", "within_target.desk"), ("shared.star", "shared.stars")],
)
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(made, held, wrong, near):
    with pytest.raises(ExperimentError, match=f"'{wrong}' is no metric of this journey; .*'{near}'"):
        runs(made, held)[wrong]


def test_units_are_known_before_a_run(made):
    asked = {"wait_p90.desk": "days", "busy_cost.desk": "EUR", "shared.stars": "score", "saturation": "%",
             "within_target.desk": "%"}  # fmt: skip
    assert units_of(made, asked) == asked
    with pytest.raises(ExperimentError, match="is no metric of this journey"):
        units_of(journey(), ["wait.desk"])


def test_every_figure_of_a_resource_is_defined_in_words(made, held):
    one = runs(made, held)
    for name in figures_of(one.books):
        metric = one.metric(name)
        assert metric.label
        assert metric.definition.endswith(".")
        assert metric.unit_for(made)
        assert metric.split == "whole"


def test_strategies_are_compared_by_the_figures_of_their_staff():
    quick, slow = busy(months=6, replications=5), busy(months=6, replications=5, slower=2.0)
    duel = Comparison({"quick": quick, "slow": slow}, {})
    assert duel.difference("wait.desk").mean > 0
    assert duel.difference("abandonment.desk").unit == "points"
    assert duel.ranking("wait_p90.desk", best="lowest").names[0] == "quick"
    assert "wait.desk" in duel.summary().index
    assert duel.difference_series("queue_length.desk").shape == (5, 6)


# -- a market that ends, and what all share ---------------------------------------------------------


def test_saturation_is_who_has_been_reached_of_all_there_are(made):
    held = ledger(made, 2)
    for name, people in (("arrived", 300), ("referred", 100), ("missed", 50)):
        held.flow[:, :, 1, held.layout.role_flow(name)] = people
    held.flow[:, 0, 2, held.layout.role_flow("present")] = 600
    one = runs(made, held)
    np.testing.assert_allclose(one.series("saturation")[0], [10, 14, 18, 22, 26, 30])
    assert total(one, "saturation") == pytest.approx(30)
    assert total(one, "missed") == 300
    assert total(one, "people") == 3000
    by = one.by("channel", "saturation", "missed")
    assert by[("saturation", "mean")].sum() == pytest.approx(30)


def test_a_shared_attribute_is_a_mean_and_what_it_starts_as_while_nobody_counts(made):
    held = ledger(made)
    held.shared[0, :, 0] = [[0, 0], [-2_000_000, 4], [3_000_000, 4], [1, 3], [0, 5], [9_000_000, 10]]
    one = runs(made, held)
    np.testing.assert_allclose(one.series("shared.stars")[0], [0.25, -0.5, 0.75, 1 / 3e6, 0, 0.9])
    assert total(one, "shared.stars") == 0.9


# -- warm-up ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def warm():
    """Return the same replications with and without a warm-up of two months."""
    made = staffed_journey(warm_up=2 * MONTH)
    held = any_ledger(made)
    return runs(made, held), runs(staffed_journey(), held)


def test_sums_and_ratios_are_of_the_months_after_the_warm_up(warm):
    after, whole = warm
    for name in [m.name for m in metrics()] + lines_of(after.books) + figures_of(after.books):
        metric = after.metric(name)
        if metric.aggregation == "cohort":
            continue
        series = after.series(name)
        assert np.isnan(series[:, :2]).all()
        np.testing.assert_array_equal(series[:, 2:], whole.series(name)[:, 2:], err_msg=name)
        if metric.aggregation == "sum":
            np.testing.assert_allclose(after.values(name), whole.series(name)[:, 2:].sum(axis=1), err_msg=name)
        elif metric.aggregation == "last":
            np.testing.assert_array_equal(after.values(name), whole.values(name), err_msg=name)
        else:
            top, bottom = metric.top(after.books)[:, 2:], metric.bottom(after.books)[:, 2:]
            factor = 100 if metric.percent else 1
            np.testing.assert_allclose(after.values(name), factor * top.sum(axis=1) / bottom.sum(axis=1), err_msg=name)


def test_figures_of_people_keep_everybody(warm):
    after, whole = warm
    for metric in metrics():
        if metric.aggregation == "cohort" and metric.name not in ("ltv_cac", "payback"):
            np.testing.assert_array_equal(after.values(metric.name), whole.values(metric.name), err_msg=metric.name)
    np.testing.assert_allclose(after.values("ltv_cac"), after.values("clv") / after.values("cac"))
    np.testing.assert_array_equal(after.values("wait_p90.desk"), whole.values("wait_p90.desk"))
    assert after.cohorts().equals(whole.cohorts())


def test_running_sums_begin_after_the_warm_up_and_months_keep_their_numbers(warm):
    after, _ = warm
    running = after.series("revenue", cumulative=True)
    assert (running[:, :2] == 0).all()
    np.testing.assert_allclose(running[:, -1], after.values("revenue"))


def test_the_stock_at_the_end_of_the_warm_up_is_what_the_next_month_opens_with():
    made = staffed_journey(warm_up=2 * MONTH)
    held = ledger(made, 2)
    held.mrr[:, 0, 0, MRR.index("new")] = 100 * EUR
    held.mrr[:, 2, 0, MRR.index("churn")] = -20 * EUR
    held.mrr_change[:, 2, 0] = -20 * EUR
    one = runs(made, held)
    table = one.movements()
    assert list(table.index) == [3, 4, 5, 6]
    assert table.loc[3, ("start", "mean")] == 100
    assert table.attrs["units"]["start"] == "EUR per month"
    assert total(one, "grr") == pytest.approx(100 * (80 + 3 * 80) / (100 + 3 * 80))
    assert total(one, "mrr_new") == 0


def test_a_summary_and_its_origin_say_the_warm_up(warm):
    after, whole = warm
    assert after.summary().attrs["months"] == after.span == "months 3 to 6, after a warm-up of 2 months"
    assert after.span in after._repr_html_()
    assert whole.span == "6 months"
    said = str(provenance(after.journey, 1, 100, 0.0, 0, "kernel"))
    assert "100 replications after a warm-up of 2 months ·" in said
    assert "people affect one another by a finite market, staff and a shared attribute ·" in said


def test_independent_people_are_not_called_coupled():
    made = journey()
    assert "coupled" not in str(provenance(made, 1, 1, 0.0, 0, "kernel"))
    assert provenance(made, 1, 1, 0.0, 0, "kernel").coupled == ()
    one = Provenance("x", "", "f", 1, 1, "kernel", "0", 0.0, 0, 0, ("staff",))
    assert "people affect one another by staff ·" in str(one)


# -- no shortcut by expected values -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"market": 50}, "people affect one another"),
        ({"warm_up": MONTH}, "figures leave out the first 1 month"),
    ],
)
def test_expected_paths_are_refused_where_they_would_be_wrong(values, why):
    with pytest.raises(ExperimentError, match=f"{why}.*; use replicate"):
        path_of(journey(**values))


def test_asking_for_patience_is_what_makes_giving_up_possible():
    made = staffed_journey(events={"lead": (asks("desk", patience=False),)})
    assert "abandonment.desk" not in runs(made, ledger(made)).summary().index
