"""What is loaded of people who affect one another: a market, resources and those they serve, what all share."""

import pytest

from flywheel_sim.compile.loops import referrals
from flywheel_sim.compile.quantiles import shared_bounds
from flywheel_sim.journey.events import LAST, Condition
from flywheel_sim.journey.figures import Axis
from flywheel_sim.journey.units import DAY, HOUR, MINUTE, MONTH, WEEK
from flywheel_sim.scenario.describe import differences, inline_figures
from flywheel_sim.scenario.load import loads

DESK = """\
name: Desk
horizon: 24 months
currency: EUR
attributes:
  plan: [free, pro]
channels:
  ads: {rate: 30 per month, enters: visit}
resources:
  desk: {people: 4, hours: 42 per week, cost: 4200 per person per month, queue_limit: 10, target: 1 day}
  care: {people: 1}
journey:
  visit: {role: prospect, staff: desk, takes: 30 minutes, patience: {exponential: 5 days}, gives_up: gone, to: member}
  member:
    role: customer
    events:
      help: {staff: care, every: 1 month, takes: 1 hour, priority: 3, to: {stay: 95 %, gone: rest}}
  gone: exit
strategies:
  all: {}
  alone: {without: [help]}
  more: {resources: {desk: {people: 6}}}
"""


def desk(old="", new="", strategy=None):
    assert DESK.count(old) == 1 or not old
    return loads(DESK.replace(old, new) if old else DESK).journey(strategy)


def event(journey, decision):
    return next(e for owner in journey.owners for e in owner.events if e.decision == decision)


# -- resources ----------------------------------------------------------------------------------


def test_a_resource_is_loaded_in_canonical_units():
    first, second = desk().resources
    assert (first.name, first.people.cells, first.people.over) == ("desk", (4,), ())
    assert first.cost_per_ms == pytest.approx(4200e6 / MONTH)
    assert (first.queue_limit, first.target) == (10, DAY)
    assert (second.cost_per_ms, second.queue_limit, second.target) == (0, None, None)


def test_people_depend_on_the_calendar_and_the_month():
    text = "start: 2027-01-01\n" + DESK.replace("people: 4", "people: {value: 4, by: {calendar: {12 months: 6}}}")
    by_time = loads(text).journey().resources[0].people
    assert (by_time.over, by_time.cells) == ((Axis("calendar", 2, (12 * MONTH,)),), (4, 6))
    seasonal = loads(text.replace("by: {calendar: {12 months: 6}}", "by: {month: {aug: 0}}")).journey()
    assert seasonal.resources[0].people.cells == (4,) * 7 + (0,) + (4,) * 4


@pytest.mark.parametrize(
    ("role", "kind"), [("prospect", "acquisition"), ("customer", "service"), ("lapsed", "win_back")]
)
def test_a_resource_counts_as_what_its_people_are(role, kind):
    text = f"role: {role}, phase: here, staff: desk"
    assert desk("role: prospect, staff: desk", text).resources[0].kind == kind


def test_a_resource_for_people_of_two_kinds_is_an_overhead():
    assert [resource.kind for resource in desk().resources] == ["acquisition", "service"]
    both = DESK.replace("staff: care", "staff: desk").replace("  care: {people: 1}\n", "")
    assert [resource.kind for resource in loads(both).journey().resources] == ["overhead"]


def test_a_resource_that_a_strategy_leaves_without_work_is_paid_as_before():
    without = desk(strategy="alone")
    assert [(resource.name, resource.kind) for resource in without.resources] == [
        ("desk", "acquisition"),
        ("care", "service"),
    ]
    assert without.stage("member").events == ()


# -- staff --------------------------------------------------------------------------------------


def test_staff_is_loaded_with_its_waits():
    staff = event(desk(), "visit/visit").staff
    assert (staff.resource, staff.gives_up, staff.priority) == ("desk", "gone", LAST)
    assert (staff.takes.kind, staff.takes.params[0].cells) == ("fixed", (2 * HOUR,))
    assert (staff.patience.kind, staff.patience.params[0].cells[0]) == ("memoryless", pytest.approx(1 / (5 * DAY)))
    helped = event(desk(), "member/help")
    assert (helped.staff.priority, helped.staff.patience, helped.staff.gives_up) == (3, None, None)
    assert helped.staff.takes.params[0].cells == (HOUR,)
    assert (helped.recurring, helped.waits[0].params[0].cells, helped.at_once) == (True, (MONTH,), False)


def test_who_is_served_without_a_clock_asks_on_entry_and_is_not_decided_at_once():
    visit = event(desk(), "visit/visit")
    assert (visit.waits, visit.when, visit.recurring, visit.at_once) == ((), (), False, False)
    assert desk("to: member}", "spend: {call: 1}, to: {stay: 10 %, member: rest}}").stages


def test_who_is_served_may_stay_in_a_stage_that_leads_nowhere():
    lone = event(desk("to: {stay: 95 %, gone: rest}", "set: {plan: pro}"), "member/help")
    assert [outcome.to for outcome in lone.outcomes] == [None]


@pytest.mark.parametrize(
    ("written", "kind", "params"),
    [
        ("30 minutes", "fixed", (2 * HOUR,)),
        ("{fixed: 30 minutes}", "fixed", (2 * HOUR,)),
        ("{exponential: 30 minutes}", "memoryless", (1 / (2 * HOUR),)),
        ("2 per hour", "memoryless", (1 / (2 * HOUR),)),
        ("{uniform: [10 minutes, 20 minutes]}", "uniform", (40 * MINUTE, 80 * MINUTE)),
        ("{triangular: [10 minutes, 15 minutes, 30 minutes]}", "triangular", (40 * MINUTE, HOUR, 2 * HOUR)),
        ("{lognormal: {median: 30 minutes, sigma: 0.6}}", "lognormal", (2 * HOUR, 0.6)),
        ("{weibull: {scale: 30 minutes, shape: 1.5}}", "weibull", (2 * HOUR, 1.5)),
        ("{gamma: {mean: 30 minutes, shape: 2}}", "gamma", (2 * HOUR, 2)),
        ("{erlang: {mean: 30 minutes, shape: 3}}", "gamma", (2 * HOUR, 3)),
        ("{value: 30 minutes, by: {plan: {pro: 15 minutes}}}", "fixed", (2 * HOUR,)),
    ],
)
def test_working_time_is_stretched_to_the_calendar(written, kind, params):
    takes = event(desk("takes: 30 minutes", f"takes: {written}"), "visit/visit").staff.takes
    assert takes.kind == kind
    assert tuple(rate.cells[0] for rate in takes.params) == pytest.approx(params, rel=1e-12)


def test_a_table_a_spread_and_a_sample_are_stretched_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = event(desk("takes: 30 minutes", "takes: {value: 30 minutes, by: {plan: {pro: 1 hour}}}"), "visit/visit")
    assert table.staff.takes.params[0].cells == (2 * HOUR, 4 * HOUR)
    journey = desk("takes: 30 minutes", "takes: {value: 2 per hour, spread: {shape: 2}}")
    (cell,) = event(journey, "visit/visit").staff.takes.params[0].spread.cells
    assert cell == (2, pytest.approx(1 / (2 * HOUR)))
    (tmp_path / "takes.csv").write_text("minutes\n10\n30\n", encoding="utf-8")
    sample = "{empirical: {file: takes.csv, column: minutes, unit: minutes}}"
    assert event(desk("takes: 30 minutes", f"takes: {sample}"), "visit/visit").staff.takes.sample == pytest.approx(
        (40 * MINUTE, 2 * HOUR)
    )


def test_patience_is_time_on_the_calendar():
    staff = event(desk("patience: {exponential: 5 days}", "patience: 2 days"), "visit/visit").staff
    assert staff.patience.params[0].cells == (2 * DAY,)


def test_a_strategy_and_code_set_how_many_people_there_are():
    model = loads(DESK)
    assert model.journey("more").resources[0].people.cells == (6,)
    assert model.with_(**{"resources.desk.people": 2}).journey("more").resources[0].people.cells == (2,)
    assert model.with_(**{"resources.desk.cost": 5000}).journey().resources[0].cost_per_ms == 5000e6 / MONTH
    seasonal = loads(DESK.replace("people: 4", "people: {value: 4, by: {calendar: {12 months: 6}}}"))
    assert seasonal.with_(**{"resources.desk.people": 5}).journey().resources[0].people.cells == (5,)
    moved = seasonal.with_(**{"resources.desk.people": {"value": 5}}).journey().resources[0].people
    assert moved.cells == (5, 6)
    assert model.with_(**{"resources.desk.target": "1 week"}).journey().resources[0].target == WEEK


def test_the_differences_and_the_figures_without_a_name_are_told():
    model = loads("market: 900\n" + DESK)
    (told,) = differences((model, "all"), (model, "more"))
    assert (told.what, told.one, told.other) == ("resource: desk: people", "4", "6")
    figures = dict(inline_figures(model))
    assert (figures["market"], figures["desk: cost"]) == ("900", "4200 per person per month")


# -- market and warm-up -------------------------------------------------------------------------


def test_the_market_and_the_warm_up_are_whole():
    model = loads("market: 10_000\nwarm_up: 6 months\n" + DESK)
    journey = model.journey()
    assert (journey.market, journey.warm_up) == (10_000, 6 * MONTH)
    assert journey.coupled_by == ("a finite market", "staff")
    assert model.with_(market=500, warm_up="3 months").journey().warm_up == 3 * MONTH
    assert (desk().market, desk().warm_up) == (None, 0)


def test_the_fingerprint_tells_markets_resources_and_warm_ups_apart():
    model = loads("market: 10_000\nwarm_up: 6 months\n" + DESK)
    others = [
        model.with_(**values)
        for values in ({"market": 9_000}, {"warm_up": "3 months"}, {"resources.desk.people": 5})
    ]  # fmt: skip
    assert len({scenario.journey().fingerprint for scenario in (model, *others)}) == 4


# -- what all share -----------------------------------------------------------------------------

STARS = """\
name: Stars
horizon: 24 months
rates:
  buys: {by: {stars: {-2: 4 %, -1: 5 %, -0.2: 10 %, 0.3: 26 %}}}
  hope: 0.45
attributes:
  mood: {unhappy: 15 %, neutral: 50 %, happy: 35 %}
  score: {counts: -5 to 50}
  stars: {mean_of: mood, weights: {neutral: 0, unhappy: -2, happy: 1.25}, among: customer, starts: 0.1}
  level: {mean_of: score, among: [visit, member], starts: 60.5}
  arm: {by: {stars: {-2: {a: 100 %}, 0.5: {a: 50 %, b: 50 %}}}}
channels: {ads: {rate: 30 per month, enters: visit}}
journey:
  visit: {role: prospect, after: 5 days, to: {member: buys, gone: rest}}
  member: {role: customer, phase: use, events: {cheer: {when: {stars: hope, level: -3.125}}, tell: {every: 1 month}}}
  regular: {role: customer, after: 1 month, to: gone}
  gone: exit
""".replace("tell: {every: 1 month}", "tell: {every: 1 month, to: regular}")


def stars(old="", new=""):
    assert STARS.count(old) == 1 or not old
    return loads(STARS.replace(old, new) if old else STARS).journey()


def test_a_mean_of_levels_is_held_in_millionths():
    stars_mean = stars().shared[0]
    assert (stars_mean.name, stars_mean.of, stars_mean.scale) == ("stars", "mood", 1_000_000)
    assert stars_mean.weights == (-2_000_000, 0, 1_250_000)  # in the order of the levels
    assert (stars_mean.stages, stars_mean.starts) == (("member", "regular"), 100_000)


def test_a_mean_of_a_counter_is_held_in_thousandths():
    score_mean = stars().shared[1]
    assert (score_mean.of, score_mean.scale, score_mean.weights, score_mean.starts) == ("score", 1_000, (), 60_500)
    assert score_mean.stages == ("visit", "member")


@pytest.mark.parametrize(
    ("among", "stages"),
    [("use", ("member",)), ("customer", ("member", "regular")), ("visit", ("visit",)),
     ("[gone, visit]", ("gone", "visit"))],
)  # fmt: skip
def test_people_of_a_role_a_phase_a_stage_or_several_count(among, stages):
    assert stars("among: customer", f"among: {among}").shared[0].stages == stages


def test_levels_of_a_mean_are_lower_bounds_in_its_scale():
    journey = stars()
    chance = event(journey, "visit/visit").chances[0]
    assert chance.over == (Axis("stars", 4, (-1_000_000, -200_000, 300_000)),)  # nothing is below -2
    assert chance.cells == (0.04, 0.05, 0.10, 0.26)
    assert shared_bounds(journey) == {
        "stars": (-1_000_000, -200_000, 300_000, 450_000, 500_000), "level": (-3_125,),
    }  # fmt: skip


def test_a_mean_is_waited_for_as_a_number_or_by_the_name_of_one():
    conditions = event(stars(), "member/cheer").when
    assert conditions == (Condition("stars", 450_000, False), Condition("level", -3_125, False))


def test_a_draw_on_arrival_may_depend_on_what_all_share():
    arm = next(a for a in stars().attributes if a.name == "arm")
    assert arm.draw.chances[1].over == (Axis("stars", 2, (500_000,)),)
    assert [a.name for a in stars().attributes] == ["mood", "score", "arm"]


def test_a_strategy_may_weigh_otherwise():
    text = (
        STARS + "strategies:\n  kind: {attributes: {stars: {weights: {unhappy: -1}, starts: 0}}, rates: {buys: 30 %}}\n"
    )
    text = text.replace("-2: 4 %, -1: 5 %", "-1: 5 %").replace("buys: {by", "buys: {value: 4 %, by")
    assert loads(text).journey("kind").shared[0].weights == (-1_000_000, 0, 1_250_000)


# -- how referrals are estimated ----------------------------------------------------------------

TELLS = """\
name: Tells
horizon: 20 years
channels:
  ads: {rate: 3 per month, enters: member}
  word: {enters: member}
journey:
  member: {role: customer, events: {tell: {every: 0.2 per month, refer: word}, leave: {after: 0.1 per month, to: gone}}}
  gone: exit
"""


def test_a_finite_market_ends_referrals_that_feed_themselves():
    assert referrals(loads(TELLS).journey()).self_sustaining
    result = referrals(loads("market: 500\n" + TELLS).journey())
    assert (result.radius, result.self_sustaining) == (pytest.approx(2.0, rel=0.02), False)
    assert str(result).startswith("referrals last until the market is used up: each person brings about 2")


def test_service_takes_its_time_and_nobody_waits_for_it():
    text = TELLS + "resources: {team: {people: 1}}\n"
    text = text.replace("after: 0.1 per month", "staff: team, takes: {exponential: 5 months}, after: 0.2 per month")
    assert referrals(loads(text).journey()).radius == pytest.approx(2.0, rel=0.02)
    alone = text.replace(", after: 0.2 per month", "")
    assert referrals(loads(alone).journey()).radius == pytest.approx(1.0, rel=0.02)


def test_what_all_share_stands_where_it_starts():
    text = TELLS.replace(
        "channels:",
        """attributes:
  mood: {sour: 50 %, sweet: rest}
  news: {mean_of: mood, weights: {sour: -1, sweet: 1}, among: customer, starts: 0.5}
channels:""",
    ).replace("every: 0.2 per month", "every: {value: 0.05 per month, by: {news: {0.5: 0.2 per month}}}")
    assert referrals(loads(text).journey()).radius == pytest.approx(2.0, rel=0.02)
    assert referrals(loads(text.replace("starts: 0.5", "starts: 0.4")).journey()).radius == pytest.approx(0.5, rel=0.02)
