"""Retention by day: who counts, who is still there, and what is refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.analysis.retention.by_day import still_there
from flywheel_sim.errors import ExperimentError, SimulationError
from flywheel_sim.experiment.event_logs import EventLog
from flywheel_sim.journey.units import DAY

WEEK = """
name: Week
horizon: 20 days
follow: 1 day
channels: {fair: {batch: 4, every: 5 days, enters: free}, old: {present: 9, enters: free}}
journey:
  free: {role: prospect, events: {look: {every: 1 day}, leave: {after: 7 days, to: gone}}}
  gone: exit
"""


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_who_leaves_exactly_on_day_seven_is_there_on_day_six_and_not_on_day_seven(engine):
    retention = fs.retention(fs.loads(WEEK), "free", days=[6, 7], replications=2, engine=engine)
    assert [retention.share(day).mean for day in range(8)] == [100] * 7 + [0]
    assert (retention.share(6).low, retention.share(6).high, retention.share(6).n) == (100, 100, 2)


def test_people_count_on_the_days_that_lie_before_the_horizon():
    retention = fs.retention(fs.loads(WEEK), "free", days=[4, 5, 9, 10, 19], replications=1)
    # batches on days 0, 5, 10 and 15 of 20; what is due on day 20 no longer happens; nobody present counts
    assert retention.people["as written"][0, [0, 4, 5, 9, 10, 14, 15, 19]].tolist() == [16, 16, 12, 12, 8, 8, 4, 4]
    assert retention.rows()["people"].tolist() == [16, 12, 12, 8, 4]


def test_a_warm_up_leaves_out_who_first_entered_in_it():
    warm = fs.loads(WEEK.replace("20 days", "3 months").replace("follow", "warm_up: 1 month\nfollow"))
    retention = fs.retention(warm, "free", days=[1], replications=1)
    assert retention.people["as written"][0, 0] == 4 * 12  # batches on days 35 to 90 of 91.3, not those of 0 to 30


UPGRADE = """
name: Upgrade
horizon: 40 days
follow: 1 day
channels: {fair: {batch: 10, enters: free}}
journey:
  free: {role: prospect, after: 3 days, to: paid}
  paid: {role: customer, after: 5 days, to: asleep}
  asleep: {role: lapsed, after: 2 days, to: free}
"""


def shares(days, **asked):
    retention = fs.retention(fs.loads(UPGRADE), "free", days=[20], replications=1, **asked)
    return [retention.share(day).mean for day in days]


def test_an_upgrade_is_no_loss_and_who_comes_back_is_there_again():
    assert shares([2, 3, 7, 8, 9, 10, 17, 18]) == [100, 100, 100, 0, 0, 100, 100, 0]


def test_what_counts_as_still_there_can_be_said():
    assert shares([2, 3, 9, 10], counts=[]) == [100, 0, 0, 100]
    assert shares([2, 3, 9, 10], counts=["asleep"]) == [100, 0, 100, 100]
    assert shares([2, 3, 9, 10], counts="asleep") == [100, 0, 100, 100]
    assert shares([3, 8, 9], counts=["paid", "asleep"]) == [100, 100, 100]


def test_days_are_those_worked_by_hand():
    at = {"free": 0, "gone": 1}
    rows = (  # person, day, to, enters
        (1, 0.0, "free", False),  # present at the start, which is no entry
        (1, 2.0, "free", False),  # goes on with the visit
        (1, 3.0, "gone", True),
        (1, 10.5, "free", True),  # comes back: that is the first entry
        (1, 12.5, "gone", True),
        (2, 1.0, "free", True),
        (2, 1.2, "gone", True),
        (2, 1.9, "free", True),  # was away, and is there again on day 1
        (3, 4.0, "gone", True),  # never enters
        (4, 15.0, "free", True),
        (4, 15.0, "gone", True),  # passes through
        (5, 18.0, "free", True),
    )
    person, days, to, enters = zip(*rows, strict=True)
    when = np.round(np.array(days) * DAY).astype(np.int64)
    log = EventLog(np.array(person), when, np.array([at[one] for one in to]), np.array(enters))
    journey = fs.loads(WEEK).journey()
    people, there = still_there(journey, log, stage="free", counts=("free",), last=10)
    assert people.tolist() == [4, 4, 3, 3, 3, 2, 2, 2, 2, 2, 1]  # 5 to day 1, 4 to day 4, 1 to day 9
    assert there.tolist() == [3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1]  # 1 is there to day 1, 2 on all days but 0.2 to 0.9


def test_a_log_of_nobody_is_no_day():
    nothing = np.zeros(0, dtype=np.int64)
    log = EventLog(nothing, nothing, nothing, nothing.astype(bool))
    people, there = still_there(fs.loads(WEEK).journey(), log, stage="free", counts=("free",), last=2)
    assert people.tolist() == there.tolist() == [0, 0, 0]


VARIED = """
name: Varied
horizon: 3 months
currency: EUR
rates: {leaves: {value: 0.05 per day}, buys: {value: 0.02 per day}}
channels: {ads: {rate: 300 per month, enters: free}}
journey:
  free: {role: prospect, events: {leave: {after: leaves, to: gone}, buy: {after: buys, to: paid}}}
  paid: {role: customer, events: {renew: {every: 1 month, to: {stay: 80 %, gone: rest}}}}
  gone: exit
strategies: {today: {}, better: {rates: {leaves: 0.03 per day}}}
"""


def test_engines_workers_and_executors_give_the_same_figures():
    model = fs.loads(VARIED)
    asked = {"of": "free", "days": [1, 7, 30], "replications": 4, "strategies": ["today", "better"]}
    frame = fs.retention(model, **asked, workers=1).frame()
    assert frame.equals(fs.retention(model, **asked, workers=3).frame())
    assert frame.equals(fs.retention(model, **asked, engine="reference", workers=2).frame())
    with ThreadPoolExecutor(2) as pool:
        assert frame.equals(fs.retention(model, **asked, executor=pool).frame())


def test_rates_that_are_not_known_differ_between_replications_alike_in_both_engines():
    model = fs.loads(VARIED.replace("{value: 0.05 per day}", "{value: 0.05 per day, uncertain: [0.02, 0.09]}"))
    retention, other = (fs.retention(model, "free", days=[30], replications=3, engine=engine)
                    for engine in ("kernel", "reference"))  # fmt: skip
    assert retention.frame().equals(other.frame())
    assert retention.difference(30).mean == 0
    sure = fs.retention(fs.loads(VARIED), "free", days=[30], replications=3)
    assert not retention.frame().equals(sure.frame())


def test_strategies_stand_side_by_side_and_differ_by_less_than_their_intervals_say():
    retention = fs.retention(fs.loads(VARIED), "free", days=[7, 30], strategies=["today", "better"], replications=30)
    assert retention.names == ("today", "better")
    gap = retention.difference(30)
    assert gap.mean == pytest.approx(retention.share(30, "better").mean - retention.share(30, "today").mean)
    assert retention.difference(30, "today", "better").mean == pytest.approx(-gap.mean)
    assert 0 < gap.low < gap.mean < gap.high
    apart = np.hypot(retention.share(30, "better").half_width, retention.share(30, "today").half_width)
    assert gap.half_width < apart
    assert (gap.unit, gap.n, gap.of) == ("points", 30, "difference")
    assert "with 'today'" in retention.answer()
    assert len(retention.table()) == 4
    assert retention.table().columns[-1] == "difference from today, points"
    assert len(retention.provenance) == 2
    assert len(fs.charts.retention_curve(retention).data) == 2 * 31


def test_figures_are_of_all_people_of_all_replications():
    retention = fs.retention(fs.loads(VARIED), "free", replications=6)
    there, people = (held["as written"].sum(axis=0) for held in (retention.there, retention.people))
    assert retention.share(30).mean == pytest.approx(100 * there[30] / people[30])
    assert retention.answer().startswith(
        f"Of people who enter 'free', {retention.share(1).mean:.1f} % are still there after 1 day"
    )
    row = retention.rows().iloc[-1]
    assert (row["day"], row["n"], row["people"]) == (30, 6, people[30])
    assert (row["low"], row["high"]) == pytest.approx((retention.share(30).low, retention.share(30).high))
    assert retention.table()["of people"].tolist() == [f"{people[day]:,}" for day in (1, 7, 30)]
    ends = retention.share(7)
    assert retention.table().iloc[1, 1] == f"{ends.mean:.1f} ({ends.low:.1f} to {ends.high:.1f})"
    assert "in free or paid" in retention.note
    assert retention.to_json()["details"] == {"stage": "free", "counts": ["free", "paid"]}


def test_an_interval_of_a_share_ends_where_shares_do():
    text = VARIED.replace("300 per month", "6 per month").replace("0.05 per day", "0.002 per day")
    retention = fs.retention(fs.loads(text), "free", days=[20], replications=3)
    assert 0 < retention.share(20).mean < 100
    assert retention.share(20).high == 100
    assert retention.frame()["high"].max() == 100
    assert np.isnan(fs.retention(fs.loads(text), "free", days=[5], replications=1).share(5).low)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"of": "fre"}, r"of: 'fre' is no stage of 'Varied'; did you mean 'free'\?"),
        ({"counts": ["pad"]}, r"counts: 'pad' is no stage of 'Varied'; did you mean 'paid'\?"),
        ({"days": []}, r"days is \[\]: it takes a list of whole days from 0 on"),
        ({"days": [7, 1]}, "days: 1 stands after 7: each is later than the one before"),
        ({"days": [7, 7]}, "days: 7 stands after 7"),
        ({"days": [-1, 7]}, "a list of whole days from 0 on"),
        ({"days": [1.5]}, "a list of whole days from 0 on"),
        ({"days": ["7"]}, "a list of whole days from 0 on"),
        ({"days": "7 days"}, "days is '7 days': it takes"),
        ({"days": [True]}, "a list of whole days from 0 on"),
        ({"stage": "free"}, "has no argument 'stage'; write of='trial'"),
        ({"strategy": "today"}, "has no argument 'strategy'; write strategies="),
        (
            {"days": [92]},
            "day 92: nobody can be watched so long in 'Varied', whose last day is 91; take an earlier day",
        ),
        ({"strategies": []}, r"strategies is \[\]: it takes the name of a strategy, or a list of names"),
        ({"strategies": ["today", "today"]}, "one is named twice"),
        ({"strategies": ["tody"]}, "tody"),
        ({"replications": 0}, "replications is 0"),
        ({"workers": 0}, "workers is 0"),
        ({"engin": "kernel"}, "did you mean 'engine'"),
    ],
)
def test_what_cannot_be_answered_is_refused(asked, said):
    with pytest.raises(fs.FlywheelError, match=said):
        fs.retention(fs.loads(VARIED), **{"of": "free", "replications": 2, **asked})


def test_days_and_strategies_that_were_not_asked_for_are_refused():
    retention = fs.retention(fs.loads(VARIED), "free", days=7, strategies="today", replications=1)
    assert retention.days == (7,)
    with pytest.raises(ExperimentError, match="day 8: this curve goes from day 0 to 7; ask for more with days"):
        retention.share(8)
    for day in (-1, 1.5):
        with pytest.raises(ExperimentError, match="it takes a whole number from 0"):
            retention.share(day)
    with pytest.raises(ExperimentError, match="strategy 'better' was not run"):
        retention.share(7, "better")


def test_a_stage_that_nobody_enters_is_refused():
    text = WEEK.replace("fair: {batch: 4, every: 5 days, enters: free}", "fair: {batch: 4, enters: gone}")
    with pytest.raises(
        ExperimentError, match="nobody enters 'free' in 'Week', people present at the start left out; take a stage"
    ):
        fs.retention(fs.loads(text), "free", days=[1], replications=2)
    late = WEEK.replace("batch: 4, every: 5 days", "batch: 4, from: 10 days")
    with pytest.raises(ExperimentError, match=r"day 12: nobody enters 'free' so long before .* day 9 at the most"):
        fs.retention(fs.loads(late), "free", days=[12], replications=2)


def test_a_run_that_meets_a_limit_says_so():
    with pytest.raises(SimulationError, match="more than 5 people"):
        fs.retention(fs.loads(VARIED), "free", replications=2, limits=fs.Limits(max_people=5))


def test_progress_is_shown_where_asked_for(capsys):
    fs.retention(fs.loads(VARIED), "free", replications=2, progress=True, workers=1)
    assert "0/2" in capsys.readouterr().err


def test_the_chart_marks_the_days_asked_for_none_of_their_words_over_another():
    retention = fs.retention(fs.loads(VARIED), "free", days=[0, 1, 2, 3, 60], replications=3)
    chart = fs.charts.retention_curve(retention)
    axes = chart.figure.axes[0]
    assert "are still there after 60 days" in chart.title
    assert len(chart.title) < 75
    words = [text for text in axes.texts if text.get_text().endswith(" %")]
    assert len(words) == 5
    chart.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in words]
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
    assert max(box.y1 for box in boxes) <= axes.get_window_extent().y1


def test_day_zero_alone_can_be_drawn():
    retention = fs.retention(fs.loads(VARIED), "free", days=[0], replications=2)
    assert retention.share(0).mean == 100
    assert "100.0 %" in fs.charts.retention_curve(retention).title
