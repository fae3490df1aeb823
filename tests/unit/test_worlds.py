"""What is not known is drawn once a replication: each world is a journey with other figures."""

import pickle

import pytest

from flywheel_sim.compile.draws import from_table
from flywheel_sim.compile.quantiles import beta_table, gamma_table
from flywheel_sim.compile.worlds import world
from flywheel_sim.errors import ConfigError
from flywheel_sim.journey.units import DAY, MONTH, NEVER
from flywheel_sim.scenario.load import loads

FILE = """\
name: Not known
horizon: 12 months
currency: EUR
rates:
  buys:  {value: 30 %, by: {plan: {pro: 40 %}}, uncertain: 3 points}
  keeps: {value: 90 % per month, uncertain: {alpha: 90, beta: 10}, spread: 2 points}
  twice: {uncertain: {alpha: 3, beta: 7}}
  pace:  {value: 0.1 per month, times: {plan: {pro: 2}}, uncertain: 20 % of mean}
  price: {value: 20 per month, uncertain: {shape: 25}}
  gap:   {value: 45 days, by: {plan: {free: never}}, uncertain: 10 % of mean}
  sigma: {value: 0.8, uncertain: 10 % of mean}
  spare: {value: 10 %, uncertain: 1 points}
  alias: pace
attributes: {plan: [free, pro]}
channels:
  ads: {spend: 100 per month, cost_per_arrival: 5, enters: visit}
  word: {enters: visit}
journey:
  visit: {role: prospect, after: {lognormal: {median: 2 days, sigma: sigma}}, to: {member: buys, gone: rest}}
  member:
    role: customer
    events:
      renewal: {every: 1 month, to: {stay: {chance: keeps, earn: {fee: price}}, gone: rest}}
      tell: {every: alias, refer: word}
      mail: {every: gap, outcomes: {again: twice, not: rest}}
  gone: exit
strategies:
  calm: {without: [mail]}
  dearer: {rates: {price: 30 per month}}
"""


@pytest.fixture(scope="module")
def scenario():
    return loads(FILE)


def drawn(journey, **ranks):
    return world(journey, lambda decision: ranks.get(decision.removeprefix("uncertain/"), 0.5))


def figures(journey):
    member = {event.name: event for event in journey.stage("member").events}
    return {
        "buys": journey.stage("visit").events[0].outcomes[0].chance.cells,
        "sigma": journey.stage("visit").events[0].waits[0].params[1].cells,
        "keeps": member["renewal"].outcomes[0].chance.cells,
        "price": member["renewal"].outcomes[0].effects.money[0].value.cells,
        "pace": member["tell"].waits[0].params[0].cells,
        "gap": member["mail"].waits[0].params[0].cells,
        "twice": member["mail"].outcomes[0].chance.cells,
    }


def test_a_journey_says_what_is_uncertain_of_the_rates_it_uses(scenario):
    uncertain = {held.name: (held.family, held.params) for held in scenario.journey().uncertain}
    total = 0.3 * 0.7 / 0.03**2 - 1
    assert list(uncertain) == ["buys", "keeps", "twice", "pace", "price", "gap", "sigma"]
    assert uncertain["buys"] == ("beta", pytest.approx((0.3 * total, 0.7 * total)))
    assert uncertain["keeps"] == ("beta", pytest.approx((90, 10)))
    assert uncertain["twice"] == ("beta", pytest.approx((3, 7)))
    assert uncertain["pace"] == ("gamma", pytest.approx((25, 0.1)))
    assert uncertain["price"] == ("gamma", pytest.approx((25, 20)))
    assert uncertain["gap"] == ("gamma", pytest.approx((100, 45 * DAY)))


def test_the_journey_itself_has_the_figures_as_stated(scenario):
    stated = figures(scenario.journey())
    assert stated["buys"] == (0.3, 0.4)
    assert stated["price"] == (20e6,)
    assert stated["twice"] == pytest.approx((0.3,))


def test_what_a_strategy_does_not_use_is_not_drawn(scenario):
    assert {held.name for held in scenario.journey("calm").uncertain} == {"buys", "keeps", "pace", "price", "sigma"}


def test_a_journey_without_doubt_is_its_own_world():
    sure = loads("name: A\nhorizon: 1 month\nchannels: {a: {batch: 1, enters: s}}\njourney: {s: customer}\n").journey()
    assert world(sure, lambda decision: 1 / 0) is sure
    assert sure.source is None


def test_every_rate_is_drawn_by_its_own_decision(scenario):
    asked = []
    world(scenario.journey(), lambda decision: asked.append(decision) or 0.5)
    assert asked == [f"uncertain/{held.name}" for held in scenario.journey().uncertain]


def test_a_world_moves_whole_families(scenario):
    journey = scenario.journey()
    total = 0.3 * 0.7 / 0.03**2 - 1
    value = from_table(beta_table(0.3 * total, 0.7 * total, 1.0, False), 0.9)
    odds = value / (1 - value) / (0.3 / 0.7)
    cells = figures(drawn(journey, buys=0.9))["buys"]
    assert cells == pytest.approx((value, odds * 0.4 / (0.6 + odds * 0.4)), rel=1e-9)
    factor = from_table(gamma_table(25.0), 0.1)
    assert figures(drawn(journey, pace=0.1))["pace"] == pytest.approx([factor * x / MONTH for x in (0.1, 0.2)])
    assert figures(drawn(journey, price=0.1))["price"] == pytest.approx((20e6 * factor,))
    gap = figures(drawn(journey, gap=0.7))["gap"]
    assert gap == (NEVER, round(45 * DAY * from_table(gamma_table(1 / 0.1**2), 0.7)))


def test_a_range_is_drawn_evenly_between_its_ends_and_moves_with_its_rate():
    ranged = loads(FILE.replace("uncertain: 3 points}", "uncertain: [24 %, 36 %]}", 1))
    buys = ranged.journey().uncertain[0]
    assert (buys.family, buys.params) == ("uniform", (0.24, 0.36))
    assert figures(drawn(ranged.journey(), buys=0.25))["buys"][0] == pytest.approx(0.27)
    moved = ranged.with_(buys="50 %").journey()
    odds = 0.7 / 0.3
    ends = [odds * end / (1 - end + odds * end) for end in (0.24, 0.36)]
    assert moved.uncertain[0].params == pytest.approx(ends)
    assert figures(drawn(moved, buys=0.0))["buys"][0] == pytest.approx(ends[0])


def test_a_range_of_a_rate_that_is_no_chance_moves_by_its_factor():
    ranged = loads(FILE.replace("uncertain: {shape: 25}", "uncertain: [18 per month, 25 per month]"))
    uncertain = {held.name: held.params for held in ranged.with_(price="30 per month").journey().uncertain}
    assert uncertain["price"] == pytest.approx((27, 37.5))


def test_what_is_uncertain_can_be_taken_away():
    sure = loads(FILE).with_(**{"rates.price.uncertain": None}).journey()
    assert "price" not in {held.name for held in sure.uncertain}


def test_a_world_leaves_what_is_known_alone(scenario):
    one, other = drawn(scenario.journey()), drawn(scenario.journey(), buys=0.9)
    assert figures(one) | {"buys": ()} == figures(other) | {"buys": ()}
    assert one.channels == scenario.journey().channels


def test_people_differ_around_the_value_of_the_world(scenario):
    chance = drawn(scenario.journey(), keeps=0.2).stage("member").events[0].outcomes[0].chance
    alpha, beta = chance.spread.cells[0]
    assert alpha / (alpha + beta) == pytest.approx(chance.cells[0])
    assert chance.cells[0] != 0.9


def test_a_strategy_that_moves_a_rate_is_uncertain_around_its_own_value(scenario):
    journey = scenario.journey("dearer")
    assert {held.name: held.params for held in journey.uncertain}["price"] == pytest.approx((25, 30))
    assert figures(drawn(journey, price=0.1))["price"] == pytest.approx((30e6 * from_table(gamma_table(25.0), 0.1),))


def test_a_world_is_a_journey_of_the_same_experiment(scenario):
    journey = scenario.journey()
    variant = drawn(journey, buys=0.9)
    assert (variant.fingerprint, variant.uncertain, variant.source) == (journey.fingerprint, (), None)
    assert (variant.strategy, variant.horizon) == (journey.strategy, journey.horizon)


def test_a_journey_makes_its_worlds_wherever_it_is_sent(scenario):
    journey = pickle.loads(pickle.dumps(scenario.journey()))
    assert figures(drawn(journey, buys=0.9)) == figures(drawn(scenario.journey(), buys=0.9))


def test_an_extreme_draw_still_makes_a_world(scenario):
    tame = loads(FILE.replace(", spread: 2 points", "")).journey()
    for rank in (1e-12, 1 - 2**-53):
        assert world(tame, lambda decision, rank=rank: rank).stages


def test_a_world_that_cannot_be_says_which_value_was_drawn(scenario):
    text = FILE.replace("{member: buys, gone: rest}", "{member: buys, left: 60 %, gone: rest}")
    model = loads(text.replace("  gone: exit", "  left: exit\n  gone: exit").replace("pro: 40 %", "pro: 39 %"))
    with pytest.raises(ConfigError) as caught:
        drawn(model.journey(), buys=0.9)
    (problem,) = caught.value.problems
    assert "the chances exceed 100 %" in problem.rule
    assert "in a world where 'buys' is 33.8855 %, 'keeps' is 90.2665 % per month, " in problem.rule
    assert problem.remedy == "make what is 'uncertain' of it smaller"


def test_a_world_that_cannot_be_names_the_rate_that_stands_there(scenario):
    with pytest.raises(ConfigError, match="median and sigma are positive, in a world where 'sigma' is 0; make"):
        drawn(scenario.journey(), sigma=0.0)


def test_a_world_too_near_the_edge_for_its_spread_names_the_rate(scenario):
    text = FILE.replace("uncertain: {alpha: 90, beta: 10}, spread: 2 points", "uncertain: 8 points, spread: 6 points")
    with pytest.raises(ConfigError, match=r"rates\.keeps.* in a world where 'keeps' is 9\d\.\d+ % per month"):
        drawn(loads(text).journey(), keeps=0.9999)
