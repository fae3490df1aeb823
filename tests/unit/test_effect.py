"""An effect says what a change of a rate does over time, gross and net, and through whom, on the same people."""

import math

import numpy as np
import pytest
from journeys import CLUB, COINS

from flywheel_sim.analysis.sensitivity.changes import NET, change_of, share_of, total_of
from flywheel_sim.analysis.sensitivity.charts import effect as effect_chart
from flywheel_sim.analysis.sensitivity.charts import effect_parts
from flywheel_sim.analysis.sensitivity.effect import effect
from flywheel_sim.analysis.sensitivity.parts import referring, upselling
from flywheel_sim.analysis.sensitivity.section import sections
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.experiment import plan as module
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.scenario.load import load, loads

#: The club with a dearer plan to move up to, and costs that come whoever comes.
TIERS = CLUB.replace(
    "price:     {value: 12.50 per month,", "price: {value: 12.50 per month, by: {plan: {premium: 30}},"
)
TIERS = TIERS.replace("strategies:", "costs: {office: 40 per month}\nstrategies:").replace("12 months", "30 months")
N = 8


def tiers(**values):
    model = loads(TIERS)
    return model.with_(**values) if values else model


@pytest.fixture(scope="module")
def raised():
    return effect(tiers(), strategies=["quiet", "loud"], replications=N, of=["acquisitions"])


@pytest.fixture(scope="module")
def before():
    return replicate(tiers(), strategies="loud", replications=N)


@pytest.fixture(scope="module")
def after():
    return replicate(tiers(retention="90 %"), strategies="loud", replications=N)


# -- what becomes of a figure -----------------------------------------------------------------------


def test_both_readings_are_run_at_the_values_they_mean(raised):
    assert raised.changes == ("+5 points", "+5 % relative")
    assert raised.base == {"quiet": 85.0, "loud": 85.0}
    assert raised.values["loud", "+5 points"] == pytest.approx(90)
    assert raised.values["loud", "+5 % relative"] == pytest.approx(89.25)


@pytest.mark.parametrize("name", ["revenue", "profit", "clv", "active_customers", "nrr", "referred"])
def test_a_change_is_the_paired_difference_of_two_runs(raised, before, after, name):
    one = raised.change(name)
    gain = after.terms(name) - before.terms(name)
    assert one.today.mean == pytest.approx(before[name].mean)
    assert one.gain.mean == pytest.approx(gain.mean())
    assert one.gain.half_width == pytest.approx(2.364624 * gain.std(ddof=1) / math.sqrt(N), rel=1e-6)
    assert one.gain.unit == before.unit(name).replace("%", "points")


def test_money_leads_from_revenue_to_profit(raised, before):
    money = raised.money()
    assert list(money) == ["revenue", "service_spend", "margin", "acquisition_spend", "win_back_spend", "net",
                           "overhead_spend", "profit"]  # fmt: skip
    for side in ("today", "gain"):
        at = {name: getattr(one, side).mean for name, one in money.items()}
        assert at["margin"] == pytest.approx(at["revenue"] - at["service_spend"])
        assert at["net"] == pytest.approx(at["margin"] - at["acquisition_spend"] - at["win_back_spend"])
        assert at["profit"] == pytest.approx(at["net"] - at["overhead_spend"])
    assert money["overhead_spend"].today.mean == pytest.approx(30 * 40)
    assert money["overhead_spend"].gain.mean == 0
    assert set(NET) < set(money)


def test_costs_that_are_nothing_are_left_out():
    assert list(effect(loads(COINS), over="heads", replications=2).money()) == ["revenue", "margin", "net", "profit"]


def test_a_share_is_a_ratio_of_sums_whose_interval_knows_of_the_luck_in_today():
    before = np.array([90.0, 100, 110, 120])
    exact = share_of(0.3 * before, before)
    assert (exact.mean, exact.low, exact.high) == pytest.approx((30, 30, 30))  # always three tenths of the same luck
    loose = share_of(np.full(4, 30.0), before)
    assert loose.mean == pytest.approx(100 * 30 / 105)
    assert loose.low < loose.mean < loose.high


def test_nothing_is_said_in_percent_of_a_loss_of_next_to_nothing_or_of_nothing():
    assert math.isnan(share_of(np.array([10.0, 12]), np.array([-100.0, -120])).mean)
    assert math.isnan(share_of(np.array([600.0, 660]), np.array([100.0, 101])).mean)  # small against the change
    assert share_of(np.array([400.0, 410]), np.array([100.0, 101])).mean == pytest.approx(403, abs=1)
    assert math.isnan(share_of(np.ones(2), np.zeros(2)).mean)
    around_nothing = change_of(np.array([-5.0, 6, -4, 5]), np.array([0.0, 11, 1, 10]), "EUR")
    assert around_nothing.gain.mean == pytest.approx(5)
    assert math.isnan(around_nothing.percent.mean)
    assert change_of(np.array([5.0, 6]), np.array([math.inf, 7]), "months").gain.n == 1


# -- year by year -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["revenue", "margin", "net", "profit"])
def test_years_add_up_to_the_horizon_and_the_last_may_be_short(raised, name):
    years = raised.years(name)
    assert [(y.number, y.first, y.last) for y in years] == [(1, 1, 12), (2, 13, 24), (3, 25, 30)]
    assert sum(y.within.gain.mean for y in years) == pytest.approx(raised.change(name).gain.mean)
    sums = np.cumsum([y.within.gain.mean for y in years])
    np.testing.assert_allclose([y.so_far.gain.mean for y in years], sums)
    assert str(years[-1].so_far) == str(raised.change(name))


def test_a_year_of_a_ratio_is_the_ratio_of_its_sums(raised, before, after):
    (_, second, _) = raised.years("arpu")

    def over(runs, first, last):
        months = runs.books.ledger, slice(first, last)
        earned = runs.series("revenue")[:, months[1]].sum(axis=1)
        lived = (runs.series("revenue") / runs.series("arpu"))[:, months[1]].sum(axis=1)
        return earned / lived

    gain = over(after, 12, 24) - over(before, 12, 24)
    assert second.within.gain.mean == pytest.approx(gain.mean())
    assert second.so_far.gain.mean == pytest.approx((over(after, 0, 24) - over(before, 0, 24)).mean())


def test_a_stock_is_that_at_the_end_of_the_year_and_does_not_add_up(raised, before, after):
    years = raised.years("active_customers")
    gain = after.series("active_customers") - before.series("active_customers")
    assert [y.within.gain.mean for y in years] == pytest.approx(gain[:, [11, 23, 29]].mean(axis=0))
    assert all(y.so_far is None for y in years)


def test_years_begin_after_the_warm_up():
    warm = loads(TIERS.replace("seed: 3", "seed: 3\nwarm_up: 6 months"))
    years = effect(warm, strategies=["loud"], replications=2, split=False).years("revenue")
    assert [(y.first, y.last) for y in years] == [(7, 18), (19, 30)]


def test_what_follows_customers_has_no_years(raised):
    with pytest.raises(ExperimentError, match="'clv' has no years"):
        raised.years("clv")


# -- through whom -----------------------------------------------------------------------------------


@pytest.mark.parametrize("figure", ["revenue", "profit", "acquisitions"])
def test_parts_add_up_to_the_whole_in_every_replication(raised, figure):
    split = raised.split(figure)
    values = split.values
    np.testing.assert_allclose(values["own"] + values["upsell"] + values["referral"], values["whole"], atol=1e-6)
    assert split.parts["whole"].mean == pytest.approx(raised.change(figure).gain.mean)
    for first, parts in split.orders.items():
        added = sum(one.mean for one in parts.values())
        assert added == pytest.approx(split.parts["whole"].mean - split.parts["own"].mean), first
    for part in ("upsell", "referral"):
        assert split.parts[part].mean == pytest.approx(np.mean([o[part].mean for o in split.orders.values()]))
    gap = split.orders["referral"]["upsell"].mean - split.orders["upsell"]["upsell"].mean
    assert split.interaction.mean == pytest.approx(gap)


def test_each_part_is_that_of_a_file_written_without_the_others(raised):
    def gain(without):
        model = loads(TIERS.replace("loud: {}", f"loud: {{without: [{without}]}}"))
        sides = [
            replicate(m, strategies="loud", replications=N).values("revenue")
            for m in (model, model.with_(retention="90 %"))
        ]
        return sides[1] - sides[0]

    none, upsell, referral = gain("invite, upsell"), gain("invite"), gain("upsell")
    split = raised.split("revenue")
    np.testing.assert_allclose(split.gains[:3], [none, upsell, referral])
    assert split.parts["own"].mean == pytest.approx(none.mean())
    assert split.shares["own"].mean == pytest.approx(100 * none.sum() / split.values["whole"].sum())


def test_what_a_strategy_does_without_adds_nothing(raised):
    assert raised.events["quiet"] == {"upsell": ("event.member.upsell",), "referral": ()}
    assert raised.events["loud"]["referral"] == ("event.member.invite", "channel.friends")
    assert not raised.split("revenue", "quiet").values["referral"].any()
    assert raised.split("revenue", "loud").parts["referral"].low > 0


def test_upsell_can_be_named_and_an_unknown_name_is_refused():
    named = effect(tiers(), strategies=["loud"], replications=2, values="+5 points", upsell=["renewal"])
    assert named.events["loud"]["upsell"] == ("renewal",)
    assert named.split().gains[0] == pytest.approx(0)  # nobody decides on renewals any more
    with pytest.raises(ConfigError, match="did you mean 'upsell'"):
        effect(tiers(), strategies=["loud"], replications=1, upsell=["upsel"])


@pytest.mark.parametrize(("events", "expected"), [
    ("order: {every: 1 month, earn: {basket: 30}}", ()),  # all they pay: the base, not an extra
    ("order: {every: 1 month, earn: {basket: 30}}, extra: {every: 0.1 per month, earn: {toys: 9}}", ()),
    ("fee: {every: 1 month, to: {stay: {chance: 90 %, earn: {fee: 9}}, gone: rest}}, extra: {every: 0.1 per month, "
     "earn: {toys: 9}}", ("event.client.extra",)),
    ("fee: {every: 1 month, to: {stay: {chance: 90 %, earn: {fee: tier}}, gone: rest}}, more: {after: 0.1 per month, "
     "set: {plan: premium}}, glad: {after: 0.1 per month, set: {mood: glad}}", ("event.client.more",)),
    ("fee: {every: 1 month, to: {stay: {chance: 90 %, earn: {fee: 9}}, gone: rest}}, again: {every: 0.1 per month, "
     "earn: {fee: 9}}", ()),  # on the line of the renewal
    ("fee: {every: 1 month, to: {stay: {chance: 90 %, earn: {fee: seat}}, gone: rest}}, grow: {after: 0.1 per month, "
     "add: {seats: 1}}, note: {after: 0.1 per month, add: {calls: 1}}", ("event.client.grow",)),
    ("fee: {every: 1 month, to: {stay: {chance: 90 %, earn: {fee: step}}, gone: rest}}, note: {after: 0.1 per month, "
     "add: {calls: 1}}", ("event.client.note",)),
    ("order: {every: 1 month, earn: {basket: 30}}, back: {every: 0.1 per month, earn: {refund: -9}}", ()),
])  # fmt: skip
def test_upsell_is_found_by_what_events_do(events, expected):
    shop = f"""
name: Shop
horizon: 3 months
currency: EUR
rates:
  tier: {{value: 10, by: {{plan: {{premium: 20}}}}}}
  seat: {{value: 10, per: seats}}
  step: {{value: 10, by: {{calls: {{0: 10, 5: 8}}}}}}
attributes: {{plan: [basic, premium], mood: [dull, glad], seats: {{counts: 0 to 9}}, calls: {{counts: 0 to 9}}}}
channels: {{door: {{rate: 3 per month, enters: client}}}}
journey:
  client: {{role: customer, events: {{leave: {{after: 0.1 per month, to: gone}}, {events}}}}}
  gone: exit
"""
    assert upselling(loads(shop).journey()) == expected


def test_an_event_that_does_more_than_refer_goes_on_and_brings_nobody():
    model = loads("""
name: Shop
horizon: 12 months
currency: EUR
rates: {stays: {value: 80 %, why: any}}
channels: {door: {rate: 9 per month, enters: client}, friends: {enters: client}}
journey:
  client:
    role: customer
    events:
      order: {every: 1 month, earn: {basket: 30}, to: {stay: {chance: stays, refer: friends}, gone: rest}}
  gone: exit
""")
    assert referring(model.journey()) == ("channel.friends",)
    alone = replicate(model.without("channel.friends"), replications=3)
    assert alone["referred"].mean == 0
    assert alone["revenue"].mean > 0
    split = effect(model, over="stays", replications=3).split("revenue")
    assert split.parts["own"].mean > 0 < split.parts["referral"].mean


def test_runs_that_leave_nothing_out_are_run_once(monkeypatch):
    held = []

    def counted(jobs, *rest, **more):
        held.append(len(jobs))
        return module_jobs(jobs, *rest, **more)

    module_jobs = module.replicate_jobs
    monkeypatch.setattr(module, "replicate_jobs", counted)
    effect(loads(COINS), over="heads", replications=1)
    effect(tiers(), strategies=["quiet"], replications=1)
    effect(tiers(), strategies=["loud"], replications=1)
    assert held == [3, 6, 12]


# -- asking -----------------------------------------------------------------------------------------


def test_a_rate_that_is_no_chance_has_the_relative_reading_alone():
    raised = effect(tiers(), over="inviting", strategies=["loud"], replications=2)
    assert raised.changes == ("+5 % relative",)
    assert raised.values["loud", "+5 % relative"] == pytest.approx(0.1575)
    assert raised.rate_unit == "per month"


def test_a_change_can_be_a_new_value(after, before):
    raised = effect(tiers(), values=["90 %", 0.80], strategies=["loud"], replications=N, split=False)
    assert raised.changes == ("90 %", "0.8")
    gain = after.values("revenue") - before.values("revenue")
    assert raised.change("revenue", change="90 %").gain.mean == pytest.approx(gain.mean())
    assert raised.change("revenue", change="0.8").gain.mean < 0


def test_where_five_points_are_impossible_half_of_what_is_left_is_run_and_one_asked_for_is_refused():
    high = loads(COINS).with_(heads="96 %")
    raised = effect(high, over="heads", replications=2)
    assert raised.changes == ("+2 points", "+2.083 % relative")
    assert raised.notes["as written", "+2 points"] == "half of what is left to 100 %, since +5 points would be more"
    assert "Heads +2 points (96 to 98 %) changes revenue" in raised.answer()
    assert "as written, +2 points: half of what is left to 100 %, since +5 points would be more" in str(raised)
    assert raised.change().gain.mean > 0
    with pytest.raises(ConfigError, match="101 %, more than 100 %; write \\+2 points"):
        effect(high, over="heads", values="+5 points", replications=2)
    certain = effect(loads(COINS).with_(heads="100 %"), over="heads", replications=2)
    assert "105 % is more than 100 %" in certain.answer()
    assert sections(certain)[0].charts == []
    with pytest.raises(ExperimentError, match="impossible: 105 %"):
        certain.change()
    with pytest.raises(ConfigError, match="can be read in two ways"):
        effect(high, over="heads", values="+5 %", replications=2)


def test_wrong_names_are_refused_with_the_near_ones(raised):
    with pytest.raises(ExperimentError, match="did you mean 'loud'"):
        raised.change(strategy="lout")
    with pytest.raises(ExperimentError, match="'\\+4 points' was not run"):
        raised.change(change="+4 points")
    with pytest.raises(ExperimentError, match="did you mean 'revenue'"):
        raised.change("revenu")
    with pytest.raises(ExperimentError, match="'prospects' was not split"):
        raised.split("prospects")
    with pytest.raises(ExperimentError, match="did you mean 'clv'"):
        effect(tiers(), of=["clvv"], replications=1)
    with pytest.raises(ConfigError, match="did you mean 'retention'"):
        effect(tiers(), over="retenton", replications=1)
    with pytest.raises(ExperimentError, match=r"values is \[\]: it takes a list of changes"):
        effect(tiers(), values=[], replications=1)
    with pytest.raises(ExperimentError, match="split=False"):
        effect(loads(COINS), over="heads", replications=1, split=False).split()


def test_workers_change_nothing(raised):
    again = effect(tiers(), strategies=["quiet", "loud"], replications=N, of=["acquisitions"], workers=2)
    assert str(again) == str(raised)


def test_a_matched_spend_stays_as_a_budget_that_has_been_decided_on():
    model = load("subscription").with_(horizon="6 months").at_spend("flywheel", 800.0)
    raised = effect(model, strategies=["flywheel"], values="+5 points", replications=2)
    for runs in (*raised.base_runs.values(), *raised.changed.values()):
        assert runs.values("spend.search_ads") == pytest.approx(6 * 800)
    assert raised.events["flywheel"]["upsell"] == ("event.delight.upsell",)


# -- telling ----------------------------------------------------------------------------------------


def test_an_answer_says_revenue_beside_profit_and_through_whom(raised):
    said = raised.answer()
    assert said.startswith("In 'loud', retention +5 points (85 to 90 % per month) changes revenue by +")
    assert "and profit by +" in said
    assert "in 30 months" in said
    assert all(word in said for word in ("customers' own", "upsell", "referral with all descendants"))
    assert "referral" not in raised.answer("quiet")
    assert (
        "Of the revenue" not in effect(loads(COINS), over="heads", replications=1).answer()
    )  # there is nothing to split


def test_the_frames_are_tidy(raised):
    table = raised.frame()
    assert not table.duplicated(["strategy", "change", "figure", "span", "year"]).any()
    assert len(table) == 4 * 9 * (1 + 3 + 3)
    row = table.query("strategy == 'loud' and change == '+5 points' and figure == 'net' and span == 'horizon'")
    assert row.gain.item() == pytest.approx(raised.change("net").gain.mean)
    parts = raised.parts_frame()
    assert list(parts[:5].part) == ["own", "upsell", "referral", "whole", "interaction"]
    assert parts.query("part in ('own', 'upsell', 'referral')").groupby(["strategy", "change"]).percent.sum().to_numpy(
    ) == pytest.approx(100)  # fmt: skip


def test_charts_draw_what_the_effect_says(raised):
    years = effect_chart(raised)
    assert years.title == "Retention +5 points: revenue and profit year by year, loud"
    row = years.data.query("figure == 'profit' and year == 2 and span == 'so far'")
    assert row.gain.item() == pytest.approx(raised.years("profit")[1].so_far.gain.mean)
    parts = effect_parts(raised, strategy="quiet", change="+5 % relative")
    assert "quiet" in parts.title
    own = parts.data.query("figure == 'revenue' and part == 'own'")
    assert own.gain.item() == pytest.approx(raised.split("revenue", "quiet", "+5 % relative").parts["own"].mean)
    stocks = effect_chart(raised, figures=["active_customers"])
    assert set(stocks.data.span) == {"year"}


def test_the_section_has_all_tables_and_escapes_what_the_file_says(raised):
    section = sections(raised)[0]
    assert [len(table.rows) for table in section.tables] == [4 * 8, 4 * 6, 4 * 2]
    assert len(section.charts) == 2
    assert "loud: upsell is member.upsell" in section.tables[-1].note
    evil = loads(COINS.replace("name: Coins", "name: '<script>x</script>'"))
    assert "<script>" not in effect(evil, over="heads", replications=1)._repr_html_()


# -- doing without ----------------------------------------------------------------------------------


def test_a_scenario_without_something_is_one_whose_strategy_says_so(before):
    loud = tiers().without("invite", strategy="loud")
    assert replicate(loud, strategies="loud", replications=2).ledger.equals(
        replicate(tiers(), strategies="quiet", replications=2).ledger
    )
    assert replicate(loud, strategies="louder", replications=1)["referred"].mean > 0
    everywhere = tiers().without("event.member.invite").with_(retention="86 %")
    for name in (None, "quiet", "loud", "louder"):
        assert replicate(everywhere, strategies=name, replications=1)["referred"].mean == 0
    assert tiers().left_out == ()
    assert total_of(before, "margin") == pytest.approx(before.values("revenue") - before.values("service_spend"))


def test_a_scenario_is_not_without_what_is_not_there():
    with pytest.raises(ConfigError, match="did you mean 'invite'"):
        tiers().without("invit")
