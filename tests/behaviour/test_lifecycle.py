"""The shipped life cycle: segments to the day, everybody's own pace, fading win-back, a ladder near a real one."""

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim import datasets
from flywheel_sim.analysis.purchases.from_data import ladder_of
from flywheel_sim.analysis.purchases.ladder import repeat_ladder
from flywheel_sim.analysis.purchases.log import purchase_rows
from flywheel_sim.journey.units import DAY

YEAR = 365 * DAY


@pytest.fixture(scope="module")
def model():
    return fs.load("lifecycle")


@pytest.fixture(scope="module")
def one(model):
    """Return one run of today with its people and its log."""
    return fs.run(model.with_(visitors="300 per month"), strategies="today", seed=3, people=True, events=True)


@pytest.fixture(scope="module")
def duel(model):
    names = ["today", "no_win_back", "late_mails", "mail_again", "leave_out"]
    return fs.compare(model, strategies=names, replications=8, seed=1)


@pytest.fixture(scope="module")
def lives(one):
    """Return, for every customer, the times of purchases, and those from which on each stage was theirs."""
    paid = purchase_rows(one.journey, ["orders"])
    by_person: dict[str, tuple[list[int], list[tuple[int, str]]]] = {}
    columns = ("person", "time", "stage", "event", "outcome", "to")
    for person, now, *row in zip(*(one.events[name].tolist() for name in columns), strict=True):
        bought, stages = by_person.setdefault(person, ([], []))
        stages.append((now, row[-1]))
        if tuple(row) in paid:
            bought.append(now)
    return {person: life for person, life in by_person.items() if life[0]}


def segment(bought, now):
    """Return the segment by the definitions alone: inactive before at risk, at risk before new, new before active."""
    past = [time for time in bought if time <= now]
    silence, tenure = now - past[-1], now - past[0]
    if silence >= 2 * YEAR:
        return "gone"  # the address is deleted
    if silence >= YEAR:
        return "inactive"
    if silence >= 90 * DAY:
        return "at_risk"
    if tenure < 90 * DAY:
        return "new"
    return "active" if len(past) > 1 and now - past[-2] < YEAR else "occasional"


def stage_at(stages, now):
    return next(stage for time, stage in reversed(stages) if time <= now)


@pytest.mark.parametrize(
    ("day", "within", "after"),
    [(89, {"new", "active", "occasional"}, None), (90, None, {"at_risk"}), (91, None, {"at_risk"}),
     (364, {"at_risk"}, None), (365, None, {"inactive"}), (366, None, {"inactive"})],
)  # fmt: skip
def test_the_edges_of_the_segments_lie_at_90_and_365_days_for_everybody(one, lives, day, within, after):
    seen = 0
    for bought, stages in lives.values():
        for last, following in zip(bought, [*bought[1:], one.journey.horizon], strict=True):
            now = last + day * DAY
            if now < following:
                seen += 1
                assert stage_at(stages, now) in (within or after)
                assert stage_at(stages, now) == segment(bought, now)
                if day in (90, 365):  # a millisecond before the day it is not so
                    assert stage_at(stages, now - 1) not in after
    assert seen > 400


def test_the_new_are_new_for_90_days_and_never_after(one, lives):
    for day, new in ((0, True), (89, True), (90, False), (91, False)):
        now = [(stages, bought[0] + day * DAY) for bought, stages in lives.values()]
        states = [stage_at(stages, time) == "new" for stages, time in now if time < one.journey.horizon]
        assert states == [new] * len(states)
        assert len(states) > 1000


def test_everybody_is_in_the_segment_of_the_definitions_at_any_time(one, lives):
    """Two purchases this year are two within 365 days: the edge is that of the last but one."""
    checked = dict.fromkeys(("new", "active", "occasional", "at_risk", "inactive", "gone"), 0)
    for bought, stages in lives.values():
        edges = {time + days * DAY for time in bought for days in (45, 89, 90, 91, 364, 365, 366, 729, 730)}
        for now in edges | {one.journey.horizon - 1}:
            if bought[0] <= now < one.journey.horizon:
                expected = segment(bought, now)
                assert stage_at(stages, now) == expected
                checked[expected] += 1
    assert min(checked.values()) > 50, checked


def test_the_people_table_says_the_same_at_the_horizon(one):
    people = one.people[one.people["acquired"] >= 0]
    day = 1.0 * DAY
    silence, tenure, second = (people[name] / day for name in ("silence", "tenure", "second_last"))
    two = (people["second_last"] >= 0) & (second < 365)
    expected = np.select(
        [people["stage"] == "gone", silence >= 365, silence >= 90, tenure < 90, two],
        ["gone", "inactive", "at_risk", "new", "active"], "occasional",
    )  # fmt: skip
    assert (people["stage"].to_numpy() == expected).all()
    assert (people.loc[people["stage"] == "gone", "silence"] >= 730 * DAY).all()
    assert (one.people.loc[one.people["acquired"] < 0, "orders"] == 0).all()  # a prospect never bought


def test_the_slow_buy_twice_a_year_and_the_steady_ten_times(model):
    kept = model.with_(
        loses_interest="0 per month", once="10 %", steady="45 %", horizon="24 months", follow="12 months"
    )
    people = fs.run(kept, strategies="no_win_back", seed=4, people=True).people
    people = people[people["acquired"] >= 0]
    expected = (kept.journey("today").horizon - people["acquired"]) / YEAR
    for habit, pace in (("once", 0), ("slow", 2), ("steady", 10)):
        held = people["habit"] == habit
        again, mean = people.loc[held, "orders"] - 1, pace * expected[held]
        assert abs(again.sum() - mean.sum()) <= 4 * np.sqrt(
            (mean + (1.15 * mean) ** 2).sum()
        )  # Poisson, and the spread
        assert held.sum() > 200


def test_70_percent_never_buy_again_only_where_never_is_three_months(model):
    """Of simulated and of real customers, at three horizons: "about 70 %" holds at the first alone."""
    small = model.with_(visitors="300 per month")
    for window, simulated, real in (("13 weeks", 71.5, 70.8), ("26 weeks", 59.3, 62.2), ("52 weeks", 54.1, 54.5)):
        ladder = repeat_ladder(small, "orders", window=window, up_to=2, strategies="today", replications=1, seed=1)
        noise = 100 * np.sqrt(0.25 / ladder.customers.sum())
        assert abs(ladder.once_only.mean - simulated) < 4 * noise
        assert ladder_of(datasets.cdnow(), window=window).once_only.mean == pytest.approx(real, abs=0.1)


def test_the_ladder_lies_near_that_of_cdnow(model):
    ladder = repeat_ladder(model, "orders", strategies="today", replications=1, seed=1)
    data = ladder_of(datasets.cdnow())
    for k in range(2, 11):
        share = data.share(k).mean
        noise = np.sqrt(share * (100 - share) * (1 / data.customers + 1 / ladder.customers.sum()))
        assert abs(ladder.share(k).mean - share) < 4 * noise, k


def test_the_value_ladder_is_climbed_by_orders(one):
    people = one.people
    expected = np.select([people["orders"] >= 6, people["orders"] >= 3], ["full_value", "habit"], "first_value")
    assert (people["ladder"].to_numpy() == expected).all()
    assert (people.loc[people["referrals"] > 0, "orders"] >= 3).all()
    assert people["referrals"].sum() > 50


def test_full_value_brings_complements(one, lives):
    paid = purchase_rows(one.journey, ["orders"])
    nth: dict[str, int] = {}
    seen: dict[str, list[bool]] = {"first": [], "habit": [], "full": []}
    columns = ("person", "stage", "event", "outcome", "to")
    for person, *row in zip(*(one.events[name].tolist() for name in columns), strict=True):
        before = nth.get(person, 0)
        if row[1] == "buyer.order":
            seen["full" if before >= 6 else "habit" if before >= 3 else "first"].append(row[2] == "with_accessory")
        nth[person] = before + (tuple(row) in paid)
    for level, chance in (("first", 0.04), ("habit", 0.10), ("full", 0.25)):
        values = np.array(seen[level])
        assert abs(values.mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / len(values)), level


def test_offers_are_sized_by_value_and_by_how_likely_the_next_order_is(one):
    waiting = one.people[one.people["stage"] == "at_risk"]
    spent, orders = waiting["spent"], waiting["orders"]
    expected = np.select(
        [spent < 60, (spent < 150) & (orders < 2), spent < 150, orders < 2, orders < 8],
        ["small", "small", "medium", "medium", "large"], "medium",
    )  # fmt: skip
    assert (waiting["offer"].to_numpy() == expected).all()
    assert set(expected) == {"small", "medium", "large"}


def test_win_back_fades_with_silence(model, one):
    curve = model.at("rates.win_back", "today")
    chances = [float(str(one).rstrip(" %")) for one in (curve["value"], *curve["by"]["silence"].values())]
    assert chances == sorted(chances, reverse=True)
    assert len(set(chances)) == len(chances)
    asked = one.events[(one.events["stage"] == "at_risk") & (one.events["event"] == "miss_you")]
    letters = one.events[(one.events["stage"] == "inactive") & (one.events["event"] == "letter")]
    assert len(asked) > 4000
    assert len(letters) > 500
    assert not (one.events["event"] == "miss_you")[one.events["stage"] == "inactive"].any()  # the channel changes


def test_the_earlier_the_win_back_the_better(duel):
    assert duel.difference("profit", of="late_mails").high < -6_000
    early, late = (duel[name]["share.at_risk.miss_you.won"].mean for name in ("today", "late_mails"))
    assert early > 2.5 * late


def test_win_back_pays_and_so_does_the_change_of_channel(duel):
    assert -25_000 < duel.difference("profit", of="no_win_back").high < -10_000
    assert duel.difference("profit", of="mail_again").high < 0
    letters, mails = (duel[name]["share.inactive.letter.won"].mean for name in ("today", "mail_again"))
    assert letters > 4 * mails


def test_leaving_out_those_who_never_pay_gains_what_their_letters_cost(duel):
    gain = duel.difference("profit", of="leave_out")
    assert 1_200 < gain.low < gain.high < 2_600
    assert duel.difference("spend.letters", of="leave_out").high < -2_000


LOW = {
    "basket": 5, "goods": 2.8, "accessory": 3, "accessory_goods": 1.6, "complements": "1 %", "win_back": "1 %",
    "recommends": "0.002 per month", "last_chance": "0.3 %", "offer_value": 1.4, "letter_offer": 2,
}  # fmt: skip


def test_a_product_of_low_involvement_gains_nothing_from_it(model):
    low = fs.compare(model.with_(**LOW), strategies=["no_win_back", "today", "mail_again"], replications=4, seed=1)
    assert low.difference("profit", of="today").high < 0
    mails = low.difference("profit", of="mail_again")  # mails alone bring about nothing
    assert -1_000 < mails.mean < 1_000
