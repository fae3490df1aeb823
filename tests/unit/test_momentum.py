"""Momentum: mass, speed and friction that reconcile with the ledger, and whether growth accelerates."""

import io

import numpy as np
import pandas as pd
import pytest
from hand import journey, ledger, runs
from journeys import club

import flywheel_sim as fs
from flywheel_sim.analysis.momentum.charts import bars as charts
from flywheel_sim.analysis.momentum.momentum import momentum, told
from flywheel_sim.analysis.momentum.section import sections
from flywheel_sim.analysis.momentum.wheel import parts_of, wheel_of
from flywheel_sim.analysis.momentum.windows import lengths, months_in, moving, net_per_month
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.units import MONTH
from flywheel_sim.metrics.momentum import net_growth, opening
from flywheel_sim.stats import estimate_mean

N = 6


@pytest.fixture(scope="module")
def many():
    return fs.replicate(club(), strategies="loud", replications=N)


@pytest.fixture(scope="module")
def pipeline():
    """Return replications with a warm-up, phases, people set aside, moves back and moves from lapsed."""
    return fs.replicate(fs.load("b2b_pipeline"), strategies="today", replications=3, seed=2)


def growing(*acquired, replications=2, periods=None):
    """Return replications that win so many customers month by month, and lose none."""
    made = journey(months=float(periods or len(acquired)), follow=1)
    held = ledger(made, replications)
    layout = held.layout
    for month, people in enumerate(acquired):
        noise = np.arange(replications) - (replications - 1) / 2
        held.flow[:, month, 0, layout.role_flow("acquired")] = people + noise.astype(int)
    held.stock[..., 0, layout.stages.index("club")] = held.flow[..., 0, layout.role_flow("acquired")].cumsum(axis=1)
    held.time[..., 0, layout.stages.index("club")] = held.stock[..., 0, layout.stages.index("club")] * MONTH
    return runs(made, held)


# -- figures ----------------------------------------------------------------------------------------


def test_sums_over_a_window():
    assert moving(np.array([[1.0, 2, 3, 4]]), 2).tolist() == [[3, 5, 7]]
    assert moving(np.array([[1.0, 2, 3, 4]]), 4).tolist() == [[10]]


@pytest.mark.parametrize(
    ("acquired", "faster", "change"),
    [
        ((10, 10, 10, 10, 13, 16), "yes", 3),
        ((10, 12, 14, 9, 7, 5), "no", -5),
        ((4, 6, 8, 8, 6, 4), "not told apart", 0),
    ],
)
def test_acceleration_is_the_last_window_less_the_one_before(acquired, faster, change):
    motion = momentum(growing(*acquired))
    assert motion.momentum.mean == np.mean(acquired[3:])
    assert motion.figure("momentum", before=True).mean == np.mean(acquired[:3])
    assert motion.acceleration.mean == change
    assert motion.faster == faster
    assert motion.answer().startswith("Growing faster than before: " + {"yes": "yes.", "no": "no"}.get(faster, "these"))


def test_replications_are_paired_before_the_interval():
    """The replications differ by 20 a month and all change by exactly 3: the change has no noise."""
    motion = momentum(growing(100, 100, 100, 103, 103, 103, replications=20))
    assert motion.momentum.half_width > 2
    assert (motion.acceleration.low, motion.acceleration.high) == (3, 3)


def test_customers_may_grow_faster_and_the_rate_fall():
    motion = momentum(growing(10, 10, 10, 12, 12, 12))
    assert motion.faster == "yes"
    assert told(motion.change("growth_rate")) == "no"
    assert "In per cent, growth falls" in motion.answer()


@pytest.mark.parametrize("window", [1, 3, 5])
def test_mass_at_the_end_is_that_at_the_beginning_and_momentum_times_months(many, window):
    motion = momentum(many, window=window)
    begun = opening(many.books)[:, -window]
    np.testing.assert_allclose(begun + window * motion.paths["momentum"][:, -1], motion.paths["customers"][:, -1])
    np.testing.assert_allclose(motion.paths["gained"] - motion.paths["lost"], motion.paths["momentum"])


def test_momentum_is_speed_times_mean_mass(many):
    motion = momentum(many, window=3)
    lived = many.ledger.time[:, -3:, :, many.ledger.layout.stages.index("member")].sum(axis=(1, 2)) / MONTH
    np.testing.assert_allclose(motion.paths["growth_rate"][:, -1] / 100 * lived / 3, motion.paths["momentum"][:, -1])


def test_a_partial_last_month_counts_for_its_length():
    partial = fs.replicate(club(horizon="320 days", follow="2 months"), replications=3)
    last = partial.journey.horizon % MONTH / MONTH
    assert 0 < last < 1
    net = net_growth(partial.books)[:, -2:].sum(axis=1)
    np.testing.assert_allclose(momentum(partial, window=2).paths["momentum"][:, -1], net / (1 + last))
    np.testing.assert_allclose(net_per_month(partial, 2), net / (1 + last))
    np.testing.assert_allclose(net_per_month(partial), partial.values("net_growth") / lengths(partial.books).sum())


def test_the_warm_up_is_no_part_of_any_window(pipeline):
    motion = momentum(pipeline, window="12 months")
    assert motion.frame().query("figure == 'customers'")["month"].min() == 7
    assert motion.frame().query("figure == 'momentum'")["month"].min() == 18
    with pytest.raises(ExperimentError, match=r"two of them need 32, and figures are of 30; take 15 months at most"):
        momentum(pipeline, window=16)


def test_the_table_has_every_figure_with_its_interval(many):
    motion = momentum(many, window="2 months")
    table = motion.frame()
    assert list(table.columns) == ["month", "figure", "mean", "low", "high", "n", "unit"]
    row = table[(table["figure"] == "momentum") & (table["month"] == 12)].iloc[0]
    expected = estimate_mean(net_per_month(many, 2), "customers per month")
    assert (row["mean"], row["low"], row["high"], row["unit"]) == pytest.approx(
        (expected.mean, expected.low, expected.high, expected.unit)
    )
    assert len(table) == 12 + 6 * 11


def test_losses_are_those_of_the_metrics(many):
    table = momentum(many, window=6).losses()
    for stage in ("visitor", "trial", "member"):
        mine = table[table["stage"] == stage]["mean"].sum() * 6
        assert mine == pytest.approx(many.series(f"lost.{stage}")[:, -6:].sum(axis=1).mean())
    assert table.groupby("role")["share"].sum().tolist() == pytest.approx([100, 100])
    assert list(table["role"]) == ["customer", "prospect", "prospect", "prospect"]
    assert table["outcome"].iloc[0] == "renewal → lapsed"


def test_recurring_revenue_lost_is_that_of_the_books(many):
    lost = momentum(many, window=3).recurring_lost
    assert lost.mean == pytest.approx(-many.series("mrr_churn")[:, -3:].mean())
    once = fs.replicate(fs.load("ad_campaign").with_(horizon="2 months"), replications=2)
    assert momentum(once, window=1).recurring_lost is None


def test_a_season_is_pointed_out_unless_windows_are_years():
    made = fs.replicate(fs.load("subscription"), strategies="funnel", replications=2)
    assert "People come by season" in momentum(made).answer()
    assert "season" not in momentum(made, window="1 year").answer()


# -- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ("3 weeks", "a whole number of months"), ("3 per month", "a whole number of months"),
        (0, "a time in whole months, or a whole number from 1 to"),
        (True, "a time in whole months"), ("soon", "write '3 months'"), (2.5, "a time in whole months"),
        ("7 months", "two of them need 14, and figures are of 12; take 6 months at most"),
    ],
)  # fmt: skip
def test_a_window_that_is_none_is_refused(many, window, said):
    with pytest.raises(ExperimentError, match=said):
        momentum(many, window=window)


def test_a_window_is_said_in_words_or_by_number(many):
    assert months_in("1 year", many.journey) == months_in(12, many.journey) == 12


def test_a_comparison_is_told_what_to_give():
    duel = fs.compare(club(), strategies=["quiet", "loud"], replications=2)
    with pytest.raises(ExperimentError, match="it takes runs that are there, or a scenario, the name of a shipped"):
        momentum(duel)


def test_a_model_is_run_as_replicate_runs_it(many):
    motion = momentum(club(), strategies="loud", replications=N)
    np.testing.assert_array_equal(motion.paths["momentum"], momentum(many).paths["momentum"])


@pytest.mark.parametrize("given", [{"strategies": "loud"}, {"replications": 7}, {"seed": 1}, {"workers": 1}])
def test_runs_that_are_there_are_not_run_again(many, given):
    with pytest.raises(ExperimentError, match=f"not run again: leave out {next(iter(given))}, or give a scenario"):
        momentum(many, **given)


def test_former_words_are_refused_with_those_of_today(many):
    with pytest.raises(ExperimentError, match="momentum has no argument 'strategy'; write strategies="):
        momentum(club(), strategy="loud")
    with pytest.raises(ExperimentError, match="momentum has no argument 'runs'; write model=runs"):
        momentum(runs=many)


def test_an_unknown_figure_names_the_nearest(many):
    with pytest.raises(ExperimentError, match="did you mean 'momentum'"):
        momentum(many).figure("momentom")
    with pytest.raises(ExperimentError, match="'profit' is no figure of momentum"):
        momentum(many).change("profit")


def test_one_replication_tells_nothing_apart():
    motion = momentum(fs.run(club()), window=3)
    assert motion.faster == "not told apart"
    assert motion.answer()


# -- the wheel --------------------------------------------------------------------------------------


def test_every_part_of_the_wheel_balances(pipeline, many):
    for one in (pipeline, many):
        wheel = wheel_of(momentum(one, window=4))
        part, layout = parts_of(one.journey), one.ledger.layout
        for name in wheel.parts:
            stages = [layout.stages.index(stage) for stage in part if part[stage] == name]
            before = one.ledger.stock[:, -5][:, :, stages].sum(axis=(1, 2))
            came = sum(flow for (_, to), flow in [*wheel.entering.items(), *wheel.moving.items()] if to == name)
            left = sum(flow for (at, _), flow in [*wheel.losing.items(), *wheel.moving.items()] if at == name)
            np.testing.assert_allclose(before + 4 * (came - left), wheel.mass[name])


def test_without_phases_the_roles_are_the_parts(many, pipeline):
    assert wheel_of(momentum(many)).parts == ("prospects", "customers")
    wheel = wheel_of(momentum(pipeline))
    assert wheel.parts == ("attract", "engage", "delight")
    assert wheel.held("delight").mean == momentum(pipeline).mass.mean
    assert ("back", "engage") in wheel.entering
    assert wheel.between("engage", "attract").mean > 50  # rejected and lost leads begin anew
    assert wheel.lost("delight", "prospect").mean == 0


# -- charts and sections ----------------------------------------------------------------------------


def test_the_wheel_is_drawn_for_one_strategy_and_for_several(many):
    duel = fs.compare(club(), strategies=["quiet", "loud", "louder"], replications=3)
    chart = charts.wheel(duel, "4 months")
    assert len(chart.figure.axes) == 3
    assert chart.title.startswith("Customers gained per month: quiet ")
    data = pd.read_csv(io.StringIO(chart.csv()))
    assert set(data["strategy"]) == {"quiet", "loud", "louder"}
    assert {"in it", "move", "lost", "strangers", "referred", "back", "growth rate"} <= set(data["what"])
    one = charts.wheel(momentum(many))
    said = [text.get_text() for text in one.figure.findobj() if hasattr(text, "get_text")]
    motion = momentum(many)
    assert any(text.endswith(" referred") for text in said)
    assert f"{motion.growth_rate.mean:.2f}"[:3] in " ".join(said)
    assert "<svg" in one.svg()


def test_a_wheel_of_what_was_not_run_is_refused():
    drawn = fs.ladder_of(fs.datasets.cdnow())
    for chart in (fs.charts.wheel, fs.charts.fan, fs.charts.stage_flow, fs.charts.queues):
        with pytest.raises(ExperimentError, match="shows runs, and a DataLadder has none"):
            chart(drawn)


def test_the_fan_is_of_days_weeks_or_months(many):
    with pytest.raises(ExperimentError, match="by is 'year': it takes 'month' or 'week' or 'day'"):
        fs.charts.fan(many, by="year")


def test_a_run_that_meets_a_limit_keeps_what_was_done_before():
    with pytest.raises(fs.LimitReached, match="events") as stop:
        momentum(club(), strategies="loud", replications=3, limits=fs.Limits(max_events=10), workers=1)
    assert not stop.value.complete


def test_the_chart_of_momentum_has_its_figures(pipeline):
    chart = charts.momentum(momentum(pipeline, window=6))
    assert len(chart.figure.axes) == 3
    assert set(chart.data["figure"]) >= {"customers", "growth_rate", "gained", "lost"}
    assert [axes.get_ylabel().split(":")[0] for axes in chart.figure.axes] == ["Mass", "Speed", "Friction"]


def test_the_section_says_the_answer_and_where_people_are_lost(pipeline):
    motion = momentum(pipeline, window=6)
    section = sections(motion)[0]
    assert motion.answer() in section.texts
    assert [chart.name for chart in section.charts] == ["wheel", "momentum"]
    assert section.tables[1].rows[0][:4] == ("won", "delight", "renewal → churned", "customers")
    assert len(section.tables[1].rows) == 7
    assert "smaller losses are not shown" in section.tables[1].note
    assert motion.answer().split(".")[0] in str(motion)
    assert motion.answer().split(".")[0] in motion._repr_html_()
