"""The shipped loyalty programme: its steps keep their months, tenure does what is said, contracts hold the unhappy."""

import numpy as np
import pandas as pd
import pytest

import flywheel_sim as fs
from flywheel_sim.journey.units import MONTH

#: Steps of the programme and the months of a contract in which the source has them.
STEPS = {"welcome": 0, "offer": 2, "survey_3": 3, "training": 4, "tour": 5, "survey_6": 6, "personal": 9}
#: Lines on which the programme spends.
LINES = (
    "welcome", "offer", "kit", "surveys", "care", "trainer", "tour", "letter", "newsletter", "reward",
)  # fmt: skip
#: Spend on ads of `more_ads` that costs as much as the programme, near enough for a test: it need not be solved.
SPEND = 17_930.0
YEAR = 12 * MONTH


@pytest.fixture(scope="module")
def model():
    return fs.load("saas_loyalty").at_spend("more_ads", SPEND)


@pytest.fixture(scope="module")
def duel(model):
    return fs.compare(model, replications=12, seed=1)


@pytest.fixture(scope="module")
def diary(model):
    """Return one run with its people and its log."""
    return fs.run(model, strategies="programme", seed=2, people=True, events=True)


def contracts(log):
    """Return every contract of a log, one row each: who, and when it began."""
    return log[(log.to == "contract") & ((log.event == "decision") | (log.outcome == "contract"))]


def spells(log, horizon):
    """Return every time that somebody was a customer without a break: person, begin and end in ms."""
    begin = log[(log.event == "decision") & (log.outcome == "contract")]
    begin = begin.assign(spell=begin.groupby("person").cumcount()).set_index(["person", "spell"]).time
    end = log[(log.event == "anniversary") & (log.outcome == "churned")]
    end = end.assign(spell=end.groupby("person").cumcount()).set_index(["person", "spell"]).time
    return pd.DataFrame({"begin": begin, "end": end}).fillna({"end": horizon}).reset_index()


@pytest.fixture(scope="module")
def stays(diary):
    return spells(diary.events, diary.journey.horizon)


def with_tenure(log, spelt, event):
    """Return the events of a name with the tenure of their person, in ms."""
    events = log[log.event == event]
    paired = pd.merge_asof(events, spelt.sort_values("begin"), left_on="time", right_on="begin", by="person")
    return paired.assign(tenure=paired.time - paired.begin)


def lived(spelt, low, high):
    """Return the months that customers lived between two tenures in years."""
    age = spelt.end - spelt.begin
    return (np.clip(age, low * YEAR, high * YEAR) - low * YEAR).sum() / MONTH


# -- the programme ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_each_step_happens_at_its_month_of_every_contract(model, diary, step):
    log, horizon = diary.events, model.journey("programme").horizon
    due = contracts(log)[["person", "time"]].assign(due=lambda table: table.time + STEPS[step] * MONTH)
    due = due[due.due < horizon]
    assert len(due) > 2_500
    met = log[log.event == step]
    wanted = due.sort_values(["due", "person"])[["due", "person"]].to_numpy()
    assert (met.sort_values(["time", "person"])[["time", "person"]].to_numpy() == wanted).all()


def test_the_newsletter_comes_every_month_and_over_20_percent_are_opened(diary, stays, duel):
    sent = with_tenure(diary.events, stays, "customer.newsletter")
    assert (sent.tenure % MONTH == 0).all()
    ended = stays.end < diary.journey.horizon
    months = (stays.end - stays.begin) // MONTH
    assert len(sent) == months.sum()  # the last one comes at the moment of leaving, before the anniversary is decided
    assert ended.sum() > 200
    opened = duel["programme"]["share.customer.newsletter.opened"]
    assert 20 < opened.low < opened.mean < 24


def test_without_the_programme_nothing_of_it_happens_and_nothing_is_spent_on_it(model):
    log = fs.run(model, strategies="no_programme", seed=2, events=True).events
    assert not set(log.event) & {*STEPS, "customer.newsletter", "customer.reward"}
    spent = {line for _, line, _ in fs.run(model, strategies="no_programme", seed=2).ledger.layout.lines}
    assert spent.isdisjoint(LINES)


def test_each_step_left_out_is_left_out_alone(model):
    without = {name: set(said.get("without", ())) for name, said in model.at("strategies").items()}
    steps = {f"no_{step}": {step} for step in (*STEPS, "newsletter")} | {"no_points": {"reward"}}
    assert {name: without[name] for name in steps} == steps
    assert without["no_programme"] == set().union(*steps.values())


# -- loyalty is not satisfaction --------------------------------------------------------------------


def test_nobody_leaves_before_the_anniversary(diary, stays):
    left = stays[stays.end < diary.journey.horizon]
    assert len(left) > 200
    assert ((left.end - left.begin) % YEAR == 0).all()
    log = diary.events
    ended = log[(log.stage == "contract") & (log.to != "contract")]
    assert set(ended.event) == {"anniversary"}


def test_the_unhappy_are_bound_for_months_and_more_than_half_renew(diary, duel):
    people = diary.people.set_index("key")
    log = diary.events
    left = log[(log.event == "anniversary") & (log.outcome == "churned")].groupby("person").time.max()
    unhappy = left[people.satisfaction[left.index] == "unhappy"]
    soured = log[log.event == "customer.disappoint"].groupby("person").time.max().reindex(unhappy.index)
    waited = (unhappy - soured.fillna(people.acquired[unhappy.index])) / MONTH
    assert len(waited) > 100
    assert 5 < waited.mean() < 8
    for mood, stated in {"unhappy": 0.55, "neutral": 0.82, "happy": 0.92}.items():
        kept, decided = renewals(duel["no_programme"], mood)
        assert decided > 3_000
        assert abs(kept / decided - stated) < 4 * np.sqrt(stated * (1 - stated) / decided)
    share = duel["programme"].by("satisfaction", "active_customers")["active_customers", "mean"]
    assert 13 < 100 * share["unhappy"] / share.sum() < 17


def renewals(runs, mood):
    """Return how many contracts of customers of a mood were renewed, and how many came to their anniversary."""
    layout, flow = runs.ledger.layout, runs.ledger.flow.sum(axis=(0, 1))
    groups = [index for index, group in enumerate(layout.groups) if mood in group]
    kept, gone = (
        flow[groups, layout.flows.index(("contract", "anniversary", how))].sum() for how in ("contract", "churned")
    )
    return kept, kept + gone


# -- what tenure does -------------------------------------------------------------------------------


BANDS = {"module": (0, 1, 3, 9), "basket": (0, 1, 3, 9), "support": (0, 1, 2, 9), "recommends": (0, 1, 2, 9)}


@pytest.fixture(scope="module")
def plain(model):
    """Return a run of many people who are never anything but neutral, without the programme."""
    moods = {f"attributes.satisfaction.{mood}": "0 %" for mood in ("unhappy", "happy")}
    still = {"disappoints": "0 per month", "pleases": {"by": {"satisfaction": {"neutral": "0 per month"}}}}
    calm = model.with_(sign="40 %", **{"attributes.satisfaction.neutral": "100 %"}, **moods, **still)
    return fs.run(calm, strategies="no_programme", seed=3, events=True)


@pytest.fixture(scope="module")
def spelt(plain):
    return spells(plain.events, plain.journey.horizon)


@pytest.mark.parametrize(
    ("event", "rate", "stated"),
    [
        ("customer.cross_sell", "module", (0.015, 0.015 * 1.4, 0.015 * 1.8)),
        ("customer.recommend", "recommends", (0.008, 0.008 * 1.25, 0.008 * 1.5)),
    ],
)
def test_tenure_raises_purchase_frequency_and_referrals(plain, spelt, event, rate, stated):
    tenure = with_tenure(plain.events, spelt, event).tenure
    for low, high, often in zip(BANDS[rate], BANDS[rate][1:], stated, strict=False):
        expected = often * lived(spelt, low, high)
        assert expected > 250
        assert abs(tenure.between(low * YEAR, high * YEAR).sum() - expected) < 4 * np.sqrt(expected)


def test_tenure_raises_the_basket_and_lowers_the_cost_to_serve(plain, spelt):
    bought = with_tenure(plain.events, spelt, "customer.cross_sell").tenure
    bands = list(zip(BANDS["basket"], BANDS["basket"][1:], (240, 264, 300), strict=False))
    paid = sum(price * bought.between(low * YEAR, high * YEAR).sum() for low, high, price in bands)
    assert plain.values("revenue.modules") == paid
    bands = list(zip(BANDS["support"], BANDS["support"][1:], (9, 6, 4), strict=False))
    served = sum(cost * lived(spelt, low, high) for low, high, cost in bands)
    assert plain.values("spend.support") == pytest.approx(served, rel=1e-6)


def test_a_high_acquisition_cost_is_fine_where_life_is_long(model, duel):
    assert 1_000 < duel["programme"]["cac"].mean < 1_100
    values = {months: model.with_(follow=f"{months} months") for months in (12, 36)}
    runs = {months: fs.replicate(one, strategies="programme", replications=2, seed=1) for months, one in values.items()}
    assert runs[12]["ltv_cac"].mean < 0.55
    assert runs[36]["ltv_cac"].mean > 1.1
    short = fs.replicate(model.with_(renew="60 %"), strategies="programme", replications=2, seed=1)
    assert short["ltv_cac"].mean < 1
    assert short["profit"].mean < 0 < duel["programme"]["profit"].low


# -- what the programme brings ----------------------------------------------------------------------


def test_the_programme_brings_more_than_it_costs_and_more_than_ads_do(duel):
    for metric, least in (("share.contract.anniversary.contract", 4.5), ("revenue.modules", 60_000), ("referred", 350)):
        assert duel.difference(metric, of="programme", against="no_programme").low > least
    runs = duel["programme"]
    cost = sum(runs.values(f"spend.{line}") for line in LINES)
    gain = runs.values("profit") - duel["no_programme"].values("profit")
    assert 1.45 < ((gain + cost).sum() / cost.sum()) < 1.65
    assert abs(duel.spend_gap(of="more_ads")) < 0.01
    assert duel.difference("profit", of="programme", against="more_ads").low > 90_000


def test_which_steps_pay_within_five_years(duel):
    brings = {step: duel.difference("profit", of="programme", against=f"no_{step}") for step in (*STEPS, "newsletter")}
    assert {step for step, gap in brings.items() if gap.low > 0} == {
        "offer",
        "survey_3",
        "training",
        "tour",
        "survey_6",
    }
    assert brings["newsletter"].high < 0
    assert brings["personal"].mean < 0
    assert duel.difference("profit", of="lean").low > 0


def test_what_does_not_pay_within_five_years_pays_later(model, duel):
    assert duel.difference("active_customers", of="lean").high < -50
    longer = fs.compare(model.with_(horizon="96 months"), strategies=["programme", "lean"], replications=3, seed=1)
    assert longer.difference("profit").high < 0


def test_keeping_a_customer_is_not_five_times_cheaper_than_winning_one(duel):
    kept = "outcomes.contract.anniversary.contract"
    runs = duel["programme"]
    cost = sum(runs.values(f"spend.{line}").sum() for line in LINES)
    more = (runs.values(kept) - duel["no_programme"].values(kept)).sum()
    assert 1.1 < runs["cac"].mean / (cost / more) < 1.4
