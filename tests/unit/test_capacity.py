"""Questions about capacity: what comes back, in which shape, and what is refused before anything runs."""

import json
import math

import numpy as np
import pytest
from journeys import COINS

import flywheel_sim as fs
from flywheel_sim import charts
from flywheel_sim.analysis.capacity.lead_volume import TURN, turning
from flywheel_sim.analysis.capacity.months import people_for, spread_evenly
from flywheel_sim.analysis.capacity.volumes import at_volume
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.scenario.load import loads

SHOP = """
name: Shop
start: 2027-03-01
horizon: 12 months
currency: EUR
rates: {budget: {value: 2400 per month, why: "the plan of the year"}}
channels:
  door: {rate: 2 per day, times: {month: {jul: 0.5, dec: 1.6}}, cost_per_arrival: 20, enters: guest}
  fair: {batch: 15, every: 3 months, enters: guest}
  ads: {spend: budget, cost_per_arrival: 80, enters: guest}
  old: {present: 5, enters: guest}
  friends: {enters: guest}
resources:
  desk: {people: {value: 4, by: {month: {aug: 3}}}, cost: 2000 per person per month, target: 1 day}
  till: {people: 2, cost: 500 per person per month}
journey:
  guest:
    role: prospect
    events:
      advice:
        staff: desk
        takes: {exponential: 1 day}
        patience: {exponential: 3 days}
        gives_up: gone
        to: {pays: 60 %, gone: rest}
  pays: {role: prospect, events: {pay: {staff: till, takes: {exponential: 10 hours}, to: buyer}}}
  buyer: {role: customer, on_entry: {earn: {order: 400}}, events: {tell: {after: 1 month, refer: friends, to: gone}}}
  gone: exit
strategies: {plain: {}, busy: {channels: {door: {rate: 3 per day}}}, without: {without: [channel.fair]}}
"""
N = 4


@pytest.fixture(scope="module")
def model():
    return loads(SHOP)


@pytest.fixture(scope="module")
def answers(model):
    return {
        "capacity": fs.capacity(model, over="desk", values=range(3, 6), replications=N),
        "map": fs.capacity(model, over=["desk", "till"], values={"desk": [3, 4], "till": (1, 2)}, replications=N),
        "leads": fs.lead_volume(model, over="door", values=[0.5, 1, 2], replications=N),
        "waiting": fs.cost_of_waiting(model, over="desk", replications=N),
        "plan": fs.staff_plan(model, over="desk", values=[0, 1], replications=N),
        "served": fs.staff_plan(model, over="desk", target="60 % within 2 days", values=[0, 1, 2], replications=N),
    }


# -- what comes back --------------------------------------------------------------------------------


def test_capacity_has_every_figure_at_every_number_of_people(answers):
    table = answers["capacity"]
    assert table.points == ((3,), (4,), (5,))
    assert table.metrics == ("profit", "acquisitions", "wait.desk", "utilisation.desk", "abandonment.desk")
    assert table.values.shape == (3, 5, N)
    assert len(table.frame()) == 15
    assert table.estimate(4).unit == "EUR"
    assert table.estimate(4, "wait.desk").unit == "days"
    assert table.best in table.leaders
    assert list(table.marginal()) == [4, 5]
    assert table.marginal()[5].n == N
    gap = table.values[2, 0] - table.values[1, 0]
    assert table.marginal()[5].mean == pytest.approx(gap.mean())
    assert table.difference(5, 4).mean == pytest.approx(gap.mean())
    assert table.difference(4).mean == pytest.approx((table.values[1, 0] - table.today.values("profit")).mean())


def test_more_people_never_make_waits_longer_on_the_same_leads(answers):
    table = answers["capacity"]
    assert (np.diff(table.values[:, table.metrics.index("wait.desk")], axis=0) <= 0).all()


def test_two_resources_make_a_map(answers):
    grid = answers["map"]
    assert grid.points == ((3, 1), (3, 2), (4, 1), (4, 2))
    assert grid.named((3, 2)) == "3 at desk, 2 at till"
    assert set(grid.marginal("till")) == {2}
    with pytest.raises(ExperimentError, match="resource is None: it takes one of desk, till"):
        grid.marginal()


def test_numbers_of_people_around_todays_are_tried_unless_given(model):
    assert fs.capacity(model, over="till", replications=2).people == ((1, 2, 3, 4, 5),)


def test_lead_volume_has_figures_leads_and_the_cost_of_waiting(answers, model):
    volume = answers["leads"]
    assert volume.values.shape == (3, 2, N)
    assert volume.leads.shape == volume.waiting.shape == (3, N)
    assert volume.leads_at(2).mean > 1.7 * volume.leads_at(1).mean > 2.8 * volume.leads_at(0).mean
    assert (volume.values[1, 0] == volume.today.values("profit")).all()
    assert len(volume.marginal()) == 2
    assert volume.marginal()[0].unit == "EUR per lead"
    assert volume.turn.of == TURN
    assert set(volume.frame()["figure"]) == {"leads", "profit", "acquisitions", "waiting", "marginal"}
    one = fs.cost_of_waiting(model, replications=N)
    assert volume.waiting_at(1).mean == one.total.mean


def test_a_channel_without_its_cost_of_waiting_says_so(model):
    volume = fs.lead_volume(model, over="fair", values=[1, 2, 3], waiting=False, strategies="busy", replications=2)
    assert volume.leads_at(1).mean == 2 * volume.leads_at(0).mean
    with pytest.raises(ExperimentError, match="waiting=True"):
        volume.waiting_at(0)


@pytest.mark.parametrize("channel", ["door", "fair", "ads"])
def test_a_volume_multiplies_rate_batch_or_spend(model, channel):
    before, after = (
        next(c for c in m.journey("busy").channels if c.name == channel)
        for m in (model, at_volume(model, "busy", channel, 1.5))
    )
    if channel == "fair":
        assert set(after.counts) == {22}
    elif before.rate is not None:
        assert after.rate.cells == pytest.approx([1.5 * cell for cell in before.rate.cells])
    spends = [one.spend.cells if one.spend else () for one in (before, after)]
    assert spends[1] == pytest.approx([1.5 * cell for cell in spends[0]])
    assert after.cost_per_arrival == before.cost_per_arrival


def test_a_volume_multiplies_a_table_of_rates_and_one_that_was_moved():
    text = SHOP.replace("rate: 2 per day", "rate: {by: {calendar: {0 months: 2 per day, 3 months: 4 per day}}}")
    text = text.replace("busy: {channels: {door: {rate: 3 per day}}}, ", "")
    cells = [at_volume(loads(text), None, "door", t).journey().channels[0].rate.cells for t in (1, 3)]
    assert cells[1] == pytest.approx([3 * cell for cell in cells[0]])
    moved = loads(text.replace("by: {calendar: {0 months: 2 per day, 3", "value: 2 per day, by: {calendar: {3"))
    moved = moved.with_(**{"channels.door.rate": "1 per day"})
    cells = [one.journey().channels[0].rate.cells for one in (moved, at_volume(moved, None, "door", 3))]
    assert cells[1] == pytest.approx([3 * cell for cell in cells[0]])


def test_the_volume_that_turns_lies_between_steps_up_and_down():
    times = np.array([1.0, 2.0, 3.0, 4.0])
    luck = np.linspace(-1, 1, 9)
    turn = turning(times, np.array([0, 10, 15, 10])[:, None] + luck)
    assert (turn.mean, turn.low, turn.high) == (3.0, 3.0, 3.0)
    assert turning(times, np.array([0, 1, 2, 3])[:, None] + luck).mean == math.inf
    assert turning(times, np.array([9, 6, 4, 1])[:, None] + luck).mean == 1.0
    assert math.isnan(turning(times, np.array([[0.0], [1], [1], [0]])).low)


def test_cost_of_waiting_is_paired_and_says_what_it_is(answers):
    waiting_cost = answers["waiting"]
    assert waiting_cost.total.n == N
    assert waiting_cost.total.mean > 0
    assert waiting_cost.total.unit == "EUR"
    assert waiting_cost.monthly.shape == waiting_cost.waiting.shape == (N, 12)
    assert waiting_cost.monthly.sum(axis=1).mean() == pytest.approx(waiting_cost.total.mean)
    assert "not what more staff would earn" in str(waiting_cost)
    assert list(waiting_cost.frame()["unit"][:4]) == ["EUR", "people", "EUR per ask", "EUR per day waited"]


def test_a_plan_has_people_for_every_month_and_says_what_to_paste(answers):
    plan = answers["plan"]
    assert plan.months[0] == "jan"
    assert len(plan.people) == len(plan.even) == len(plan.load) == 12
    assert sum(plan.people) == sum(plan.even)
    assert plan.safety in (0, 1)
    assert set(plan.profit) == set(plan.person_months) == {"planned", "even", "today"}
    assert plan.served == {}
    pasted = loads(SHOP.replace("desk: {people: {value: 4, by: {month: {aug: 3}}}, cost: 2000 per person per month, "
                                "target: 1 day}", plan.yaml))  # fmt: skip
    assert pasted.journey().resources[0].people.cells == plan.people
    assert plan.trials_frame()["chosen"].sum() == 1


def test_a_plan_for_a_target_takes_the_smallest_margin_that_reaches_it(answers, model):
    plan = answers["served"]
    reached = [trial.safety for trial in plan.trials if trial.served.mean >= 60]
    assert plan.safety == min(reached)
    assert "60 % are served within 2 days" in plan.answer()
    assert set(plan.served) == {"planned", "even", "today"}
    with pytest.raises(ExperimentError, match=r"no safety factor tried serves 99.9 %; -1 serves"):
        fs.staff_plan(model, over="desk", target="99.9 %", values=[-1], replications=2)


def test_a_journey_of_less_than_a_year_is_planned_month_by_month(model):
    plan = fs.staff_plan(model.with_(horizon="4 months"), over="desk", values=[0], replications=2)
    assert plan.months == ("1", "2", "3", "4")
    assert "value" in plan.yaml or "people: " in plan.yaml


def test_people_are_the_load_and_a_margin_in_its_square_root():
    assert people_for(np.array([4.0, 9.0, 0.0, 0.2]), 0.5) == (5, 11, 0, 1)
    assert people_for(np.array([4.0]), -2.0) == (1,)
    assert spread_evenly((5, 11, 0, 1)) == (4, 4, 4, 5)


# -- charts and report ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "draw", "rows"),
    [("capacity", charts.capacity, 15), ("map", charts.capacity, 32), ("leads", charts.lead_volume, 14),
     ("waiting", charts.cost_of_waiting, 24), ("plan", charts.staff_plan, 12)],
)  # fmt: skip
def test_every_chart_has_its_data_and_a_title(answers, answer, draw, rows):
    chart = draw(answers[answer])
    assert len(chart.data) == rows
    assert {"mean", "low", "high", "n", "unit"} <= set(chart.data.rename(columns={"load": "mean"}))
    assert "<svg" in chart.svg()
    assert any(word in chart.title.lower() for word in ("profit", "desk"))


def test_answers_read_well_and_stand_in_the_report(answers, model, tmp_path):
    fs.write_report(*answers.values(), to=tmp_path / "report.html", model=model)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for title in (
        "How many people at desk", "How many people at desk and till", "How many door leads",
        "What waiting for desk costs", "Desk over the year", "To paste under resources",
    ):  # fmt: skip
        assert title in page
    assert len(list((tmp_path / "csv").glob("*.csv"))) == 6
    for one in answers.values():
        assert one.answer() in str(one)
        assert "<b>" in one._repr_html_()
        assert list(one.base_runs) == ["as written"]


# -- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m: fs.capacity(m, over="dsk", values=[1, 2]), "did you mean 'desk'"),
        (lambda m: fs.capacity(m, over="desk", values=[1, 1]), "one number of people for 'desk'; two at least"),
        (lambda m: fs.capacity(m, over="desk", values=[0, 1]), r"values is \[0, 1\]: it takes a list of whole numbers"),
        (lambda m: fs.capacity(m, over="desk", values=[1.5, 2]), r"values is \[1.5, 2\]: it takes a list of whole"),
        (lambda m: fs.capacity(m, over="desk", values="2-5"), r"range\(2, 9\)"),
        (lambda m: fs.capacity(m, over="desk", values=[1, 2], of="proft"), "did you mean 'profit'"),
        (lambda m: fs.capacity(m, over="desk", values=[1, 2], best="high"), "it takes 'highest' or 'lowest'"),
        (lambda m: fs.capacity(m, over=["desk", "till"], values=[1, 2]), "values are numbers of one resource"),
        (lambda m: fs.capacity(m, over="desk", values={"till": [1, 2]}), "values has 'till', which over does not name"),
        (lambda m: fs.capacity(m, over=["desk", "desk"]), "over is desk, desk: one is named twice"),
        (lambda m: fs.capacity(m), "over was not given, and 'Shop' has several resources: desk, till; write over="),
        (lambda m: fs.capacity(m, over=[]), "over is \\[\\]: it takes the name of a resource, or a list of names"),
        (
            lambda m: fs.capacity(m, over=["desk", "till"], values={"desk": range(1, 12), "till": range(1, 12)}),
            "121 combinations",
        ),
        (lambda m: fs.lead_volume(m), "over was not given, and people come of themselves to 'Shop' by door, fair, ads"),
        (lambda m: fs.lead_volume(m, over="dor"), "did you mean 'door'"),
        (lambda m: fs.lead_volume(m, of=["profit", "wins"], over="door"), "wins"),
        (lambda m: fs.lead_volume(m, over="friends"), "is fed by referrals, so it has no volume of its own; take door"),
        (lambda m: fs.lead_volume(m, over="old"), "holds people there at the start"),
        (lambda m: fs.lead_volume(m, over="fair", strategies="without"), "'without' does without 'fair'"),
        (lambda m: fs.lead_volume(m, over="door", values=[1, 2]), "three volumes"),
        (lambda m: fs.lead_volume(m, over="door", values=[0, 1, 2]), "numbers above 0"),
        (lambda m: fs.lead_volume(m, over="door", values="0.5:2"), "multiples of today's volume"),
        (lambda m: fs.cost_of_waiting(m, over="tlil"), "did you mean 'till'"),
        (lambda m: fs.cost_of_waiting(m, over="desk", of="clv", replications=2), "does not add up over months"),
        (lambda m: fs.cost_of_waiting(m, of="retention.desk"), "retention.desk"),
        (lambda m: fs.staff_plan(m), "over was not given, and 'Shop' has several resources: desk, till"),
        (lambda m: fs.staff_plan(m, over="des"), "did you mean 'desk'"),
        (lambda m: fs.staff_plan(m, over="till", target="90 %"), "'till' has no target of its own"),
        (lambda m: fs.staff_plan(m, over="desk", target="often"), "90 % within 1 day"),
        (lambda m: fs.staff_plan(m, over="desk", target="9 within 1 day"), "a share of those who ask"),
        (lambda m: fs.staff_plan(m, over="desk", target="90 % within 5 %"), "within which wait"),
        (lambda m: fs.staff_plan(m, over="desk", values=[]), r"values is \[\]: it takes a list of safety factors"),
        (lambda m: fs.staff_plan(m, over="desk", values=["much"]), "a list of safety factors, numbers from"),
        (lambda m: fs.staff_plan(m, over="desk", strategies=["plain", "busy"]), "is about one strategy, not 2"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_remedy(model, ask, said):
    with pytest.raises(ExperimentError, match=said):
        ask(model)


@pytest.mark.parametrize(
    "ask",
    [
        lambda m: fs.capacity(m, over="desk", values=[1, 2]),
        lambda m: fs.lead_volume(m, over="ads"),
        lambda m: fs.cost_of_waiting(m),
        lambda m: fs.staff_plan(m, over="desk"),
    ],
)
def test_a_journey_without_staff_says_so(ask):
    with pytest.raises(ExperimentError, match="has no staff, so nobody waits in it; add resources"):
        ask(loads(COINS))


@pytest.mark.parametrize(
    ("ask", "word", "today"),
    [
        (fs.capacity, "resource", "over='sales'"), (fs.capacity, "people", r"values=range\(2, 9\)"),
        (fs.capacity, "strategy", "strategies="), (fs.capacity, "metrics", "of="),
        (fs.lead_volume, "channel", "over='ads'"), (fs.lead_volume, "times", "values="),
        (fs.cost_of_waiting, "resource", "over='sales'"), (fs.staff_plan, "resource", "over='sales'"),
        (fs.staff_plan, "safety", "values="), (fs.staff_plan, "strategy", "strategies="),
    ],
)  # fmt: skip
def test_a_former_word_is_refused_with_the_one_of_today(model, ask, word, today):
    with pytest.raises(ExperimentError, match=f"has no argument '{word}'; write {today}"):
        ask(model, **{word: "desk"})


def test_a_strategy_that_is_not_there_is_refused(model):
    with pytest.raises(ConfigError, match="did you mean 'busy'"):
        fs.capacity(model, over="desk", values=[1, 2], strategies="bisy")


def test_a_number_that_was_not_tried_is_refused(answers):
    with pytest.raises(ExperimentError, match="9 people were not tried; tried: 3; 4; 5"):
        answers["capacity"].estimate(9)
    with pytest.raises(ExperimentError, match="'revenue' was not kept"):
        answers["capacity"].estimate(3, "revenue")


# -- the command ------------------------------------------------------------------------------------


@pytest.fixture
def flywheel(command, tmp_path, monkeypatch):
    """Return a function that runs a line in a folder with the journey of these tests."""
    (tmp_path / "shop.yaml").write_text(SHOP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda line, *more: command(*line.split(), *more)


def test_the_command_says_how_many_and_writes_a_report(flywheel, model, tmp_path):
    line = "capacity shop.yaml --over desk --values 3:4 --leads door --times 0.5,1,2 --waiting --replications 2"
    status, out, err = flywheel(f"{line} --workers 1 --out it", "--target", "10 % within 9 days")
    assert status == 0
    assert out.startswith(fs.capacity(model, over="desk", values=(3, 4), replications=2).answer())
    assert "times today's" in out
    assert "aiting for desk" in out
    assert "resources:\n  desk: {people:" in out
    assert "report: " in err
    assert "How many people at desk" in (tmp_path / "it" / "report.html").read_text(encoding="utf-8")


def test_the_command_prints_json_alone(flywheel):
    line = "capacity shop.yaml --over desk --over till --values 3:4 --values 1,2 --plan --replications 1"
    status, out, _ = flywheel(f"{line} --json --workers 1")
    assert status == 0
    answer = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert set(answer["also"]) == {"plan.desk", "plan.till"}
    assert answer["details"]["resources"] == ["desk", "till"]
    assert answer["also"]["plan.till"]["details"]["yaml"].startswith("till: {people")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--over dsk", "did you mean 'desk'"),
        ("--over desk --values few", "--values 'few'"),
        ("--over desk --values 1:2 --values 1:2", "2 --values for 1 --over"),
        ("--over desk --leads dor", "did you mean 'door'"),
        ("--over desk --times 1,2,3", "--leads CHANNEL"),
        ("--over desk --leads door --times 1,much", "--times '1,much'"),
        ("--over desk --target soon", "90 % within 1 day"),
        ("--over desk --strategies plain --strategies busy", "about one strategy, not 2"),
        ("--values 1:2", "several resources: desk, till"),
    ],
)
def test_the_command_says_what_was_written_wrong(flywheel, line, said):
    status, out, err = flywheel(f"capacity shop.yaml {line}")
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_numbers_of_people_may_be_written_as_on_the_command_line(model):
    texts, lists = (fs.capacity(model, over="desk", values=values, replications=2) for values in ("3:4", [3, 4]))
    assert texts.people == lists.people == ((3, 4),)
