"""Every metric, counted again by hand from the people table and the event log of one small journey."""

import itertools
import math

import numpy as np
import pytest
from journeys import CLUB, DEAR, club

from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.replicate import replicate, run
from flywheel_sim.journey.units import DAY, MONTH, YEAR
from flywheel_sim.metrics.registry import metrics, register
from flywheel_sim.metrics.revenue import lines_of
from flywheel_sim.scenario.load import loads

MONTHS, FOLLOW, FORCE = 12, 5, math.log(1.10) / YEAR
#: What one firing books: (stage, event, outcome) -> [(side, line, kind, euros)].
PRICES = {
    ("visitor", "visitor", "trial"): [("spend", "kit", "acquisition", 1.5)],
    ("trial", "trial", "member"): [("earn", "joining", "", 20.0)],
    ("member", "renewal", "stay"): [("earn", "club", "", 7.0)],
    ("member", "invite", ""): [("spend", "reward", "service", 3.0)],
    ("lapsed", "win_back", "member"): [("spend", "letters", "win_back", 0.75)],
    ("lapsed", "win_back", "lost"): [("spend", "letters", "win_back", 0.75)],
}
ACCRUING = {("earn", "platform", ""): 12.5, ("spend", "support", "service"): 2.0}
CHANNELS = {"ads": 300.0 * MONTHS, "fair": 90.0}


@pytest.fixture(scope="module")
def one():
    return run(club(), people=True, events=True)


@pytest.fixture(scope="module")
def log(one):
    """Return the event log with the number of each event's month."""
    return one.events.assign(month=one.events.time // MONTH)


@pytest.fixture(scope="module")
def stays(one):
    """Return one row for each stay of a person in a stage: person, stage, since, until."""
    log = one.events
    moves = log[(log.stage == "") | (log.to != log.stage)]
    until = moves.groupby("person").time.shift(-1).fillna(one.ledger.layout.horizon).astype(np.int64)
    return moves.assign(since=moves.time, until=until)[["person", "to", "since", "until"]].rename(
        columns={"to": "stage"}
    )


@pytest.fixture(scope="module")
def booked(one, log, stays):
    """Return every one-off booking by hand: (person, time, side, line, kind, euros)."""
    return [
        (row.person, row.time, *price)
        for row in log.itertuples()
        for price in PRICES.get((row.stage, row.event, row.outcome), [])
    ]


def total(one, name):
    return one.values(name)[0]


def fired(log, stage, event, outcome=None):
    return len(log[(log.stage == stage) & (log.event == event) & (log.outcome == (outcome or ""))])


def member_months(stays):
    return ((stays.until - stays.since)[stays.stage == "member"]).sum() / MONTH


def money(booked, stays, side, kind=None, line=None):
    once = sum(b[5] for b in booked if b[2] == side and kind in (None, b[4]) and line in (None, b[3]))
    accrued = sum(
        price for (s, name, k), price in ACCRUING.items() if s == side and kind in (None, k) and line in (None, name)
    )
    return once + accrued * member_months(stays)


# -- people -----------------------------------------------------------------------------------------


def test_prospects_are_strangers_and_referred_people_who_came_into_a_prospect_stage(one, log):
    came = log[log.event.isin(["arrived", "referred"])]
    assert total(one, "prospects") == len(came) == (one.people.channel != "base").sum()


def test_acquisitions_are_first_entries_into_a_customer_stage(one, log):
    first = log[(log.stage != "member") & (log.to == "member") & (log.event != "present")].drop_duplicates("person")
    first = first[~first.person.isin(one.people.key[one.people.channel == "base"])]
    assert total(one, "acquisitions") == len(first) == (one.people.acquired >= 0).sum() > 0


def test_people_present_at_the_start_are_no_acquisitions_and_in_no_cohort(one):
    alone = run(loads(CLUB.replace("spend: 300 per month, cost_per_arrival: 30", "rate: 0 per month")).with_(
        **{"channels.fair.batch": 0, "inviting": 0}
    ))  # fmt: skip
    assert total(alone, "active_customers") > 0
    assert total(alone, "revenue") > 0
    assert total(alone, "acquisitions") == 0
    assert alone.ledger.cohort.sum() == alone.ledger.followed.sum() == 0
    assert math.isnan(total(alone, "clv"))
    assert math.isnan(total(alone, "cac"))


def test_conversion_counts_acquisitions_of_prospects_who_were_not_set_aside(one, log):
    prospects = one.people[one.people.channel != "base"]
    early = prospects[prospects.born < (MONTHS - 1) * MONTH]
    aside = log[(log.to == "unfit") & log.person.isin(early.key)]
    assert len(aside) > 0
    assert len(early) < len(prospects)
    assert total(one, "conversion") == pytest.approx(100 * (early.acquired >= 0).sum() / (len(early) - len(aside)))


def test_conversion_of_everybody_who_decides_is_the_chance_that_was_written():
    text = "horizon: 1 month\ncurrency: EUR\nname: x\nchannels: {a: {batch: 400, enters: p}}\n"
    text += "journey: {p: {role: prospect, to: {q: 50 %, c: 25 %, out: rest}}, q: aside, c: customer, out: exit}"
    runs = run(loads(text))
    set_aside, bought = runs.ledger.stock[0, -1, :, [1, 2]].sum(axis=1)
    assert set_aside > 150
    assert total(runs, "conversion") == pytest.approx(100 * bought / (400 - set_aside))


def test_who_is_set_aside_and_returns_is_a_prospect_again():
    text = "horizon: 4 months\ncurrency: EUR\nname: x\nchannels: {a: {batch: 50, enters: p}}\n"
    text += "journey: {p: {role: prospect, every: 1 month, to: {q: 50 %, c: rest}}, c: customer, "
    text += "q: {role: aside, after: 7 days, to: p}}"
    runs = run(loads(text))
    left_aside = runs.ledger.stock[0, -1, :, 2].sum()
    assert total(runs, "conversion") == pytest.approx(100 * total(runs, "acquisitions") / (50 - left_aside))


def test_lapsed_people_present_at_the_start_are_won_back_and_not_acquired():
    text = "horizon: 2 months\ncurrency: EUR\nname: x\nchannels: {a: {present: 20, enters: past}}\n"
    text += "journey: {past: {role: lapsed, after: 7 days, to: c}, c: customer}"
    runs = run(loads(text))
    assert total(runs, "won_back") == 20
    assert total(runs, "acquisitions") == 0


def test_people_who_come_as_customers_are_acquired_without_having_been_converted():
    text = "horizon: 1 month\ncurrency: EUR\nname: x\nchannels: {a: {batch: 8, enters: p}, b: {batch: 30, enters: c}}\n"
    runs = run(loads(text + "journey: {p: {role: prospect, to: {c: 100 %}}, c: customer}"))
    assert total(runs, "acquisitions") == 38
    assert total(runs, "conversion") == 100


@pytest.mark.parametrize(
    ("stage", "on", "to"),
    [("visitor", ["trial"], None), ("trial", ["member"], None), ("visitor", ["unfit"], "unfit")],
)
def test_conversion_of_a_stage_leaves_out_who_was_set_aside(one, log, stage, on, to):
    entered = ((log.to == stage) & (log.stage != stage)).sum()
    aside = ((log.stage == stage) & (log.to == "unfit")).sum()
    gone_on = ((log.stage == stage) & log.to.isin(on)).sum()
    name = f"conversion.{stage}" + (f".{to}" if to else "")
    assert total(one, name) == pytest.approx(100 * gone_on / (entered - aside))


def test_the_table_of_conversions_has_a_row_for_every_prospect_stage(one):
    table = one.conversions()
    assert list(table.index) == ["visitor", "trial"]
    assert table.conversion["trial"] == pytest.approx(total(one, "conversion.trial"))


def test_active_customers_are_people_in_a_customer_stage_at_the_end_of_the_month(one, stays):
    members = stays[stays.stage == "member"]
    ends = one.ledger.layout.period_ends
    by_month = [((members.since < end) & (members.until >= end)).sum() for end in ends]
    np.testing.assert_array_equal(one.series("active_customers")[0], by_month)
    assert total(one, "active_customers") == (one.people.stage == "member").sum()


def test_churned_referred_and_won_back_are_counted_month_by_month(one, log):
    counts = {
        "churned": log[(log.stage == "member") & (log.to == "lapsed")],
        "won_back": log[(log.stage == "lapsed") & (log.to == "member")],
        "referred": log[log.event == "referred"],
    }
    for name, rows in counts.items():
        np.testing.assert_array_equal(one.series(name)[0], np.bincount(rows.month, minlength=MONTHS))
        assert total(one, name) == len(rows) > 0


def test_people_won_back_are_not_acquired_again(one):
    assert total(one, "acquisitions") + total(one, "won_back") + 12 - total(one, "churned") == total(
        one, "active_customers"
    )


def test_observed_retention_is_one_less_losses_per_customer_month(one, log, stays):
    lost = fired(log, "member", "renewal", "lapsed")
    assert total(one, "observed_retention") == pytest.approx(100 * (1 - lost / member_months(stays)))


# -- money ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["joining", "club", "platform"])
def test_revenue_by_line_is_price_times_firings_or_person_time(one, booked, stays, line):
    assert total(one, f"revenue.{line}") == pytest.approx(money(booked, stays, "earn", line=line), abs=0.5)
    assert total(one, f"revenue.{line}") > 0


@pytest.mark.parametrize("line", ["kit", "reward", "letters", "support"])
def test_spend_by_line_is_price_times_firings_or_person_time(one, booked, stays, line):
    assert total(one, f"spend.{line}") == pytest.approx(money(booked, stays, "spend", line=line), abs=0.5)


@pytest.mark.parametrize("channel", CHANNELS)
def test_spend_on_a_channel_is_what_the_file_says(one, channel):
    assert total(one, f"spend.{channel}") == CHANNELS[channel]


def test_spend_by_kind_follows_the_role_at_booking(one, booked, stays):
    acquisition = sum(CHANNELS.values()) + money(booked, stays, "spend", "acquisition")
    assert total(one, "acquisition_spend") == pytest.approx(acquisition)
    assert total(one, "service_spend") == pytest.approx(money(booked, stays, "spend", "service"), abs=0.5)
    assert total(one, "win_back_spend") == pytest.approx(money(booked, stays, "spend", "win_back"))


def test_accruing_money_is_price_times_person_time_rounded_once_a_period_and_group(one):
    layout, ledger = one.ledger.layout, one.ledger
    member, line = layout.stages.index("member"), layout.lines.index(("earn", "platform", ""))
    exact = 12_500_000 / MONTH * ledger.time[0, :, :, member]
    np.testing.assert_array_equal(ledger.money[0, :, :, line], np.rint(exact))


def test_lines_add_up_to_revenue_and_spend_to_the_cent(one):
    names = lines_of(one.books)
    cents = {name: np.rint(100 * one.series(name)) for name in (*names, "revenue", "spend")}
    for side in ("revenue", "spend"):
        lines = [cents[name] for name in names if name.startswith(f"{side}.")]
        assert len(lines) > 2
        np.testing.assert_array_equal(sum(lines), cents[side])


def test_kinds_of_spend_add_up_to_spend_and_profit_is_what_is_left(one):
    kinds = [one.series(f"{kind}_spend") for kind in ("acquisition", "service", "win_back", "overhead")]
    np.testing.assert_allclose(sum(kinds), one.series("spend"), atol=1e-9)
    np.testing.assert_allclose(one.series("profit"), one.series("revenue") - one.series("spend"), atol=1e-9)


def test_profit_is_the_money_of_people_less_the_channels(one):
    people = one.people.revenue.sum() - one.people.cost.sum()
    assert total(one, "profit") == pytest.approx(people - sum(CHANNELS.values()), abs=1.0)


def test_arpu_is_revenue_per_month_lived_as_a_customer(one, stays):
    assert total(one, "arpu") == pytest.approx(total(one, "revenue") / member_months(stays))


def test_cac_is_acquisition_spend_per_acquisition(one):
    assert total(one, "cac") == pytest.approx(total(one, "acquisition_spend") / total(one, "acquisitions"))


# -- value of a customer ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def followed(one):
    """Return when each customer was acquired who can be followed: before month 12 - 5."""
    customers = one.people[one.people.acquired >= 0].set_index("key").acquired
    return customers[customers < (MONTHS - FOLLOW) * MONTH]


def margin_by_age(followed, booked, stays, force):
    """Return margin by month of age of those followed, in euros, discounted to acquisition."""
    ages = np.zeros(FOLLOW)
    for person, at, side, _, kind, euros in booked:
        age = at - followed.get(person, math.inf)
        if 0 <= age < FOLLOW * MONTH and (side == "earn" or kind == "service"):
            ages[int(age // MONTH)] += (euros if side == "earn" else -euros) * math.exp(-force * age)
    flow = (ACCRUING["earn", "platform", ""] - ACCRUING["spend", "support", "service"]) / MONTH
    for stay in stays[(stays.stage == "member") & stays.person.isin(followed.index)].itertuples():
        for age in range(FOLLOW):
            begin = max(stay.since - followed[stay.person], age * MONTH)
            end = min(stay.until - followed[stay.person], (age + 1) * MONTH)
            if end > begin:
                weight = (math.exp(-force * begin) - math.exp(-force * end)) / force if force else end - begin
                ages[age] += flow * weight
    return ages


def test_clv_is_the_discounted_margin_of_customers_followed_for_five_months(one, followed, booked, stays):
    by_hand = margin_by_age(followed, booked, stays, FORCE).sum() / len(followed)
    assert 10 < len(followed) < total(one, "acquisitions")
    assert total(one, "clv") == pytest.approx(by_hand, rel=1e-4)
    undiscounted = margin_by_age(followed, booked, stays, 0.0).sum() / len(followed)
    assert total(one, "clv") != pytest.approx(undiscounted, rel=1e-3)


def test_clv_follows_customers_as_long_as_the_file_says():
    short, long = (run(club(follow=f"{months} months")) for months in (2, 9))
    assert total(short, "clv") < total(long, "clv")


def test_payback_is_the_age_at_which_margin_reaches_cac(one, followed, booked, stays):
    worth = np.concatenate([[0], margin_by_age(followed, booked, stays, 0.0).cumsum()]) / len(followed)
    assert worth[-1] > total(one, "cac")
    assert total(one, "payback") == pytest.approx(np.interp(total(one, "cac"), worth, np.arange(6)), rel=1e-3)


def test_payback_is_never_where_margin_stays_below_cac():
    assert total(run(club(**{"channels.fair.cost_per_batch": 1_000_000})), "payback") == math.inf


def test_k_factor_counts_referred_people_who_bought_while_the_referrer_was_followed(one, followed):
    won = one.people[(one.people.referrer != "") & (one.people.acquired >= 0)]
    age = won.acquired - won.referrer.map(followed)
    assert total(one, "k_factor") == pytest.approx((age < FOLLOW * MONTH).sum() / len(followed))
    assert total(one, "k_factor") > 0


def test_time_to_convert_is_the_wait_of_who_came_before_the_last_month_and_bought(one):
    people = one.people[(one.people.born < (MONTHS - 1) * MONTH) & (one.people.acquired >= 0)]
    assert total(one, "time_to_convert") == pytest.approx((people.acquired - people.born).mean() / DAY)
    assert total(one, "time_to_convert") > 5


def test_time_in_a_stage_is_the_mean_of_the_stays_that_ended(one, stays):
    for stage in ("visitor", "trial", "member", "lapsed"):
        ended = stays[(stays.stage == stage) & (stays.until < one.ledger.layout.horizon)]
        assert total(one, f"time_in.{stage}") == pytest.approx((ended.until - ended.since).mean() / DAY)


# -- those who brought each other -------------------------------------------------------------------


def test_referred_share_and_generation_time_are_those_of_the_people_table(one):
    won = one.people[one.people.acquired >= 0]
    assert total(one, "generation_share") == pytest.approx(100 * (won.generation > 0).mean())
    referrer = one.people.set_index("key").acquired
    gaps = [row.acquired - referrer[row.referrer] for row in won[won.referrer != ""].itertuples()
            if 0 <= referrer[row.referrer] <= row.born]  # fmt: skip
    assert total(one, "generation_time") == pytest.approx(np.mean(gaps) / DAY)
    table = one.generations()
    assert table[("people", "mean")].tolist() == one.people.generation.value_counts().sort_index().tolist()
    assert table[("acquired", "mean")].sum() == total(one, "acquisitions")


def test_lineage_value_is_the_margin_of_a_root_and_of_everybody_descended_from_it(one, booked, stays):
    people = one.people.set_index("key")
    roots = {}
    for row in one.people.sort_values("born").itertuples():
        above = row.referrer and people.acquired[row.referrer]
        roots[row.key] = row.key if not row.referrer else roots[row.referrer] if 0 <= above <= row.born else None
    own = {key: people.acquired[key] for key in roots if people.acquired[key] >= 0}
    counted = {
        key: own[root] for key, root in roots.items() if own.get(root, MONTHS * MONTH) < (MONTHS - FOLLOW) * MONTH
    }
    flow = (ACCRUING["earn", "platform", ""] - ACCRUING["spend", "support", "service"]) / MONTH
    worth = 0.0
    for person, at, side, _, kind, euros in booked:
        if person in counted and person in own and at >= own[person] and (side == "earn" or kind == "service"):
            age = at - counted[person]
            worth += (age < FOLLOW * MONTH) * (euros if side == "earn" else -euros) * math.exp(-FORCE * age)
    for stay in stays[(stays.stage == "member") & stays.person.isin(counted) & stays.person.isin(own)].itertuples():
        ends = np.minimum(np.array([stay.since, stay.until]) - counted[stay.person], FOLLOW * MONTH)
        worth += flow * (math.exp(-FORCE * ends[0]) - math.exp(-FORCE * ends[1])) / FORCE
    first = [key for key in counted if roots[key] == key]
    assert total(one, "lineage_value") == pytest.approx(worth / len(first), rel=1e-4)
    assert sum(key in own and roots[key] != key for key in counted) > 2


# -- what recurs ------------------------------------------------------------------------------------


def test_recurring_revenue_is_the_price_of_the_platform_for_everybody_who_is_a_member(one, log):
    np.testing.assert_allclose(one.series("mrr"), 12.5 * one.series("active_customers"), atol=0.01)
    base = (log.event == "present").sum()
    assert one.movements().loc[1, ("start", "mean")] == pytest.approx(12.5 * base)
    assert total(one, "mrr_new") == pytest.approx(12.5 * total(one, "acquisitions"), abs=0.01)
    assert total(one, "mrr_churn") == pytest.approx(-12.5 * total(one, "churned"), abs=0.01)
    assert total(one, "mrr_reactivation") == pytest.approx(12.5 * total(one, "won_back"), abs=0.01)
    assert total(one, "mrr_expansion") == total(one, "mrr_contraction") == 0


def test_gross_retention_is_what_members_at_the_beginning_of_a_month_keep(one, stays):
    members = stays[stays.stage == "member"]
    there = [
        set(members.person[(members.since < at) & (members.until >= at)]) for at in range(MONTH, MONTHS * MONTH, MONTH)
    ]
    there = [set(one.events.person[one.events.event == "present"]), *there,
             set(members.person[members.until == one.ledger.layout.horizon])]  # fmt: skip
    kept = sum(len(before & after) for before, after in itertools.pairwise(there))
    assert total(one, "grr") == pytest.approx(100 * kept / sum(map(len, there[:-1])), rel=1e-4)
    assert total(one, "nrr") == total(one, "grr")


# -- tables -----------------------------------------------------------------------------------------


def test_cohorts_are_the_stays_of_those_acquired_in_a_month(one, stays):
    customers = one.people[one.people.acquired >= 0].set_index("key").acquired
    members = stays[stays.stage == "member"]
    table = one.cohorts()
    for cohort, age in ((1, 3), (3, 5), (6, 6), (2, 0), (11, 1)):
        of = customers[customers // MONTH == cohort - 1]
        at = members.person.map(of) + age * MONTH
        there = ((members.since < at) & (members.until > at)).sum() if age else len(of)
        assert table.loc[(cohort, age), ("retention", "mean")] == pytest.approx(100 * there / len(of))


def test_tables_by_channel_and_by_plan_are_those_of_the_people_table(one):
    by = one.by("channel")
    people = one.people.groupby("channel")
    assert by[("people", "mean")].to_dict() == people.size().reindex(by.index).to_dict()
    assert by.loc["ads", ("spend", "mean")] > by.loc["fair", ("spend", "mean")] > 0
    assert by[("active_customers", "mean")].sum() == total(one, "active_customers")
    plan = one.by("plan")
    members = one.people[one.people.stage == "member"].plan.value_counts()
    assert plan[("active_customers", "mean")].to_dict() == members.to_dict()
    assert plan[("mrr", "mean")].sum() == pytest.approx(total(one, "mrr"))


def test_a_customer_worth_48_who_cost_2000_is_a_warning():
    runs = run(loads(DEAR))
    assert (total(runs, "clv"), total(runs, "cac")) == (48.0, 2000.0)
    assert total(runs, "ltv_cac") == pytest.approx(0.024)
    (text,) = runs.warnings()
    assert "48.00" in text
    assert "2,000.00" in text
    assert "0.024" in text
    assert f"Warning: {text}" in str(runs)


def test_a_customer_who_brings_more_than_the_cost_is_no_warning():
    assert run(loads(DEAR.replace("2000", "47"))).warnings() == []


def test_without_acquisitions_there_is_no_ratio_to_warn_of():
    runs = run(loads(DEAR.replace("batch: 1", "batch: 0")))
    assert math.isnan(total(runs, "ltv_cac"))
    assert runs.warnings() == []


# -- the register -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many():
    return replicate(club(), replications=4)


def test_totals_of_many_replications_are_those_of_each_alone(many):
    alone = [run(club(), replication=k) for k in range(4)]
    for name in [m.name for m in metrics()] + lines_of(many.books) + ["conversion.trial", "conversion.visitor.trial"]:
        np.testing.assert_array_equal(many.values(name), [total(one, name) for one in alone], err_msg=name)
        if many.metric(name).aggregation != "cohort":
            np.testing.assert_array_equal(many.series(name), [one.series(name)[0] for one in alone], err_msg=name)


def test_months_make_up_the_whole(many):
    for metric in metrics():
        if metric.aggregation == "sum":
            np.testing.assert_allclose(many.series(metric.name).sum(axis=1), many.values(metric.name))
        elif metric.aggregation == "last":
            np.testing.assert_array_equal(many.series(metric.name)[:, -1], many.values(metric.name))


def test_cohort_metrics_have_no_months(many):
    cohort = [m.name for m in metrics() if m.aggregation == "cohort"]
    assert cohort == [
        "clv", "ltv_cac", "payback", "k_factor", "lineage_value", "generation_share",
        "generation_time", "time_to_first_contact_median", "time_to_first_contact_p90",
    ]  # fmt: skip
    for name in cohort:
        with pytest.raises(ExperimentError, match=f"'{name}' has no months"):
            many.series(name)


@pytest.mark.parametrize("name", ["active_customers", "arpu", "conversion"])
def test_stocks_and_ratios_have_no_running_sum(many, name):
    with pytest.raises(ExperimentError, match="no running sum"):
        many.series(name, cumulative=True)


def test_running_sums_of_flows_end_at_the_total(many):
    np.testing.assert_allclose(many.series("revenue", cumulative=True)[:, -1], many.values("revenue"))


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("revenu", "revenue"), ("k-factor", "k_factor"), ("ltv", "clv"), ("spend.advs", "spend"), ("revenue.kit", "")],
)
def test_an_unknown_metric_names_the_nearest(many, wrong, near):
    with pytest.raises(ExperimentError, match=f"'{wrong}' is no metric of this journey; .*{near}"):
        many[wrong]


def test_a_metric_name_is_given_once():
    with pytest.raises(ExperimentError, match="'revenue' is registered already"):
        register(next(m for m in metrics() if m.name == "revenue"))


def test_every_metric_has_label_unit_and_definition(many):
    for metric in metrics():
        assert metric.label
        assert metric.definition.endswith(".")
        assert "CUR" not in metric.unit_for(many.journey)
        assert metric.unit_for(many.journey)
    assert many.unit("cac") == "EUR per customer"
