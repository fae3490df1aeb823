"""The claims checker: what comes back, in which shape, what does not apply, and what is refused."""

import json
import math

import numpy as np
import pytest

from flywheel_sim.analysis.claims import charts as charts_claims
from flywheel_sim.analysis.claims.book import BOOK, Reading
from flywheel_sim.analysis.claims.existing import with_existing
from flywheel_sim.analysis.claims.result import claims
from flywheel_sim.analysis.claims.retention import Curve, find_retention
from flywheel_sim.analysis.claims.section import sections
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.scenario.load import load, loads
from flywheel_sim.stats import Estimate

SHOP = """
name: Shop
start: 2027-01-01
horizon: 36 months
follow: 18 months
currency: EUR
rates:
  reads_reviews: {value: 94 %, why: "the article"}
  buys: {by: {reads: {yes: 20 %, no: 10 %}}, why: "the test"}
  retention: {value: 90 % per month, why: "the test"}
  budget: {value: 900 per month, why: "the test"}
attributes: {reads: {yes: reads_reviews, no: rest}}
channels:
  search: {spend: budget, cost_per_arrival: 10, enters: guest}
journey:
  guest: {role: prospect, after: 3 days, to: {member: buys, gone: rest}}
  member:
    role: customer
    on_entry: {earn: {fee: 30}}
    spend: {support: 5 per month}
    events:
      renewal: {every: 1 month, to: {stay: {chance: retention, earn: {fee: 30}}, left: rest}}
      newsletter: {every: 1 month, outcomes: {opened: 25 %, unread: rest}}
  left: {role: lapsed, after: {exponential: 60 days}, to: {member: 20 %, gone: rest}}
  gone: exit
levers:
  care: {spend: 2 per customer per month, moves: {retention: {without: 88 %, limit: 94 %}}}
strategies: {plain: {without: [care]}, caring: {spend: {search: matched}}, keen: {rates: {budget: 700 per month}}}
"""
N = 3


@pytest.fixture(scope="module")
def book():
    return claims(loads(SHOP), strategies=["plain", "keen"], replications=N, seed=1)


def estimate(low, high):
    return Estimate((low + high) / 2, low, high, 0.95, 9, "%")


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(5, 6, "yes"), (4, 10, "yes"), (1, 3.9, "no"), (11, 12, "no"), (3, 5, "cannot be told apart"),
     (1, 20, "cannot be told apart"), (math.nan, math.nan, "does not apply")],
)  # fmt: skip
def test_a_verdict_goes_by_the_interval(low, high, verdict):
    assert Reading("s", "r", estimate(low, high), (4, 10)).verdict == verdict


def test_one_replication_is_judged_by_its_figure():
    assert Reading("s", "r", Estimate(5, math.nan, math.nan, 0.95, 1, "%"), (4, 10)).verdict == "yes"
    assert Reading("s", "r", None, (4, 10)).verdict == "does not apply"


def test_every_claim_of_the_book_is_there_with_readings_of_each_strategy(book):
    assert [one.key for one in book.claims] == list(BOOK)
    for one in book.claims:
        assert {"plain", "keen"} <= {r.strategy for r in one.readings}
        assert sum(one.verdicts.values()) == len(one.readings)
        for r in one.readings:
            assert r.verdict != "does not apply" or r.why
    assert list(book.base_runs) == ["plain", "keen"]
    assert book.n == N


def test_readings_are_points_and_relative_revenue_and_profit_and_of_a_year(book):
    labels = [r.label for r in book["retention_5"].readings if r.strategy == "plain"]
    assert len(labels) == 12
    for part in ("+5 points:", "+5 % relative:", "+5 points of a year's:", "revenue to the horizon", "profit, last"):
        assert any(part in label for label in labels), part


def test_the_figure_of_a_reading_is_the_paired_change(book):
    from flywheel_sim.experiment.replicate import replicate

    model = loads(SHOP)
    one, more = (
        replicate(held, strategies="plain", replications=N, seed=1).values("revenue")
        for held in (model, model.with_(retention="+5 points"))
    )
    reading = book["retention_5"].readings[0]
    assert reading.found.mean == pytest.approx(100 * (more - one).mean() / one.mean())
    assert "retention 90 to 95 % per month" in reading.why


def test_buyers_read_reviews_more_often_than_those_who_come(book):
    buyers, everybody = [r for r in book["reviews"].readings if r.strategy == "plain"]
    assert everybody.found.mean == 94
    assert everybody.verdict == "yes"
    assert buyers.found.mean == pytest.approx(94 * 2 / 1.94, abs=4)
    assert "of all who come" in buyers.region


def test_retention_effort_is_what_levers_of_retention_and_win_back_cost(book):
    label = "CAC over retention levers and win-back alone per customer-year"
    plain, keen = [r for r in book["keeping_5x"].readings if r.label == label]
    assert plain.verdict == "does not apply"
    runs = book.base_runs["keen"]
    assert runs["cac"].mean / keen.found.mean == pytest.approx(24, rel=0.02)


def test_newsletters_and_waits_are_found(book):
    (plain,) = [r for r in book["newsletter"].readings if r.strategy == "plain"]
    assert plain.found.mean == pytest.approx(25, abs=3)
    sooner = [r for r in book["early_win_back"].readings if r.strategy == "plain"]
    assert [r.label for r in sooner] == ["won back, waits halved", "won back, waits doubled", "profit, waits halved",
                                         "profit, waits doubled"]  # fmt: skip
    assert sooner[0].found.mean > 0 > sooner[1].found.mean


def test_the_articles_own_sums_are_there(book):
    rows = book.frame().query("strategy == 'arithmetic'").set_index("reading")
    assert rows.loc["20 / 1,000", "mean"] == 2
    assert rows.loc["20 / 1,000", "verdict"] == "yes"
    assert rows.loc["1,000 / 20, as the article divides", "verdict"] == "no"
    assert rows.loc["48 / (10,000 / 5)", "mean"] == 0.024
    assert rows.loc["20 x 100 - 200 x 2", "mean"] == 1600
    assert "436.17" in rows.loc["20 x 100 - 200 x 2", "why"]


def test_it_is_printed_within_a_terminal_and_shown_as_a_page(book):
    assert max(map(len, str(book).splitlines())) <= 120
    assert "no" in book.answer()
    assert f"Of {len(BOOK)} claims" in book.answer()
    assert "<table" in book._repr_html_()
    assert len(book.frame()) == sum(len(one.readings) for one in book.claims)
    assert set(book.frame()["verdict"]) <= {"yes", "no", "cannot be told apart", "does not apply"}


def test_charts_and_section(book):
    drawn = charts_claims.claims(book, strategy="keen")
    assert {"claimed_low", "verdict"} <= set(drawn.data)
    region = charts_claims.claims_region(book)
    assert {"runs", "today", "theory"} == set(region.data["source"])
    today = region.data.query("source == 'today'")["retention"]
    assert np.allclose(today, 90)
    charts_claims.claims_region(book, "plain", "profit")
    section = sections(book)[0]
    assert len(section.charts) == 3
    assert len(section.tables) == 2
    with pytest.raises(ExperimentError, match="did you mean 'keen'"):
        charts_claims.claims(book, strategy="kean")
    with pytest.raises(ExperimentError, match="read the table"):
        charts_claims.claims(book, ["campaign"])
    with pytest.raises(ExperimentError, match="did you mean 'profit'"):
        charts_claims.claims_region(book, of="profits")


def test_a_matched_spend_stays_as_it_was_found():
    model = loads(SHOP).at_spend("caring", 800)
    book = claims(model, strategies="caring", replications=2, seed=1)
    assert book.base_runs["caring"]["spend.search"].mean == pytest.approx(800 * 36)
    assert find_retention(model, model.journey("caring")).at(model, 0.8).solved == (("caring", 800),)


# -- which rate is retention --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("renewal", "rate", "kind", "kept"),
    [
        ("every: 1 month, to: {stay: {chance: holds, earn: {fee: 1}}, gone: rest}", "90 % per month", "kept", 0.90),
        ("every: 1 month, earn: {fee: 1}, to: {gone: holds, stay: rest}", "4 % lost per month", "lost", 0.96),
        ("after: holds, to: gone", "1 per 24 months", "hazard", math.exp(-1 / 24)),
    ],
)
def test_retention_is_found_under_any_name(renewal, rate, kind, kept):
    model = loads(f"""
name: Found
horizon: 24 months
currency: EUR
rates: {{holds: {rate}}}
channels: {{ads: {{rate: 5 per month, enters: member}}}}
journey:
  member: {{role: customer, on_entry: {{earn: {{fee: 1}}}}, events: {{renewal: {{{renewal}}}}}}}
  gone: exit
""")
    retention = find_retention(model, model.journey())
    assert (retention.name, retention.kind) == ("holds", kind)
    assert retention.today == pytest.approx(kept)
    again = find_retention(retention.at(model, 0.8), retention.at(model, 0.8).journey())
    assert again.today == pytest.approx(0.8)
    assert retention.per == "per month"
    assert retention.risen(0.05, "points a year") ** 12 == pytest.approx(retention.today**12 + 0.05)
    assert find_retention(model, model.journey(), "holds").today == pytest.approx(kept)
    with pytest.raises(ConfigError, match="did you mean 'holds'"):
        find_retention(model, model.journey(), "hold")


def test_a_journey_without_renewals_has_no_retention_to_move():
    book = claims(load("ad_campaign"), replications=2)
    for key in ("retention_5", "retention_1", "retention_2", "churn", "low_involvement"):
        assert set(book[key].verdicts) == {"does not apply"}
        assert "no retention to move" in book[key].readings[-1].why
    assert book["campaign"].readings[-1].found.mean == pytest.approx(1600)
    assert book["existing_65"].verdicts == {"does not apply": 2}
    with pytest.raises(ExperimentError, match="no retention to move"):
        charts_claims.claims_region(book)


def test_what_is_wrong_is_refused():
    model = loads(SHOP)
    with pytest.raises(ExperimentError, match="name a chance to stay"):
        claims(model, strategies="plain", over="budget", replications=2)
    with pytest.raises(ExperimentError, match="'budget' is no duration"):
        claims(model, strategies="plain", win_back=["budget"], replications=2)
    with pytest.raises(ExperimentError, match="replications is 0: it takes a whole number from 1"):
        claims(model, replications=0)
    with pytest.raises(ExperimentError, match=r"strategies is \[\]: it takes the name"):
        claims(model, strategies=[])
    with pytest.raises(ExperimentError, match="over: no rate 'retenton'; did you mean 'retention'"):
        claims(model, "retenton")
    with pytest.raises(ExperimentError, match="win_back: no rate 'budgt'; did you mean 'budget'"):
        claims(model, win_back="budgt")


@pytest.mark.parametrize(
    ("former", "today"),
    [({"retention": "holds"}, "write over='retention'"), ({"strategy": "plain"}, "write strategies=")],
)  # fmt: skip
def test_former_words_are_refused_with_those_of_today(former, today):
    with pytest.raises(ExperimentError, match=today):
        claims("subscription", **former)


def test_a_claim_is_asked_for_by_its_key(book):
    assert book["ltv"].words.endswith("48")
    with pytest.raises(ExperimentError, match="did you mean 'once_70'"):
        book["once_7"]


def test_too_many_clocks_leave_no_room_for_the_books():
    events = ", ".join(f"e{i}: {{every: {i + 1} months}}" for i in range(16))
    model = loads(f"""
name: Full
horizon: 24 months
channels: {{ads: {{rate: 1 per month, enters: member}}}}
journey: {{member: {{role: customer, events: {{{events}}}}}}}
""")
    assert "17 clocks live at once" in with_existing(model, model.journey())


def test_stretches_are_found_between_the_values_run():
    values = np.linspace(0.5, 0.95, 20)
    curve = Curve(values, {"revenue": 1 / (1 - values)}, 0.8)
    said = curve.where(lambda r: curve.gain("revenue", r, lambda kept: kept + 0.05), (25, 95))
    assert said == "runs: 75.0 to 89.7 % (looked for in 50.0 to 89.9 %)"
    assert "nowhere" in curve.where(lambda r: r, (2, 3))
    assert curve.where(lambda r: math.nan, (2, 3)) == "not known along retention"


def test_the_command_prints_json(command, tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP, encoding="utf-8")
    status, out, err = command("claims", str(path), "--strategies", "plain", "--replications", "2", "--json")
    assert status == 0, err
    said = json.loads(out)
    assert {row["claim"] for row in said["figures"]} == set(BOOK)
    assert len(said["details"]["together"]) == 6
