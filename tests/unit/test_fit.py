"""Rates fitted to data: known figures of real ones, truths of made ones, and what is said when nothing can be told."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

import flywheel_sim as fs
from flywheel_sim.calibration.rolling import MEANS, Purchases, origins_of, rolled, total_error

WEEKS_39 = "1997-09-30"


@pytest.fixture(scope="module")
def cdnow():
    return fs.read_orders(fs.datasets.cdnow(), until=WEEKS_39)


@pytest.fixture(scope="module")
def chosen(cdnow):
    return fs.fit(cdnow)


def values(fit, part=""):
    rows = fit.frame()
    rows = rows[rows["part"] == part]
    return dict(zip(rows["parameter"], rows["value"], strict=True))


# -- the CDNOW sample, 39 weeks ------------------------------------------------------------------------

#: By lifetimes 0.11.3 (MIT), on the same sums of the same customers: parameters, customers alive, and purchases
#: expected of them in the next 39 weeks. Fader, Hardie and Lee 2005 give the same parameters to three digits.
LIFETIMES = {
    "bg_nbd": ([0.242595, 4.413603, 0.792922, 2.425906], 1917, 1653.41),
    "pareto_nbd": ([0.553287, 10.578016, 0.606164, 11.666159], 1052, 1665.55),
}
TOPS = {"bg_nbd": -9582.4, "pareto_nbd": -9595.0}


@pytest.mark.parametrize("model", LIFETIMES)
def test_models_of_buying_are_those_of_another_package(cdnow, model):
    parameters, alive, coming = LIFETIMES[model]
    fit = fs.fit(cdnow, model=model, ahead=39)
    assert list(values(fit).values()) == pytest.approx(parameters, rel=2e-4)
    assert fit.maxima[""].log_likelihood == pytest.approx(TOPS[model], abs=0.05)
    assert f"{alive:,} still buy, says {fit.label}" in fit.answer()
    assert f"{coming:,.0f} repeat purchases are expected of them in the next 39 weeks" in fit.answer()


def test_customers_alive_are_never_said_without_the_model(cdnow):
    for model in ("nbd", "bg_nbd"):
        assert "which nobody can see" in fs.fit(cdnow, model=model).answer()


def test_a_model_is_chosen_by_forecasts_beside_naive_baselines(chosen):
    table = chosen.choice.frame()
    assert {"mean of the last 4 weeks", "mean of the last 13 weeks", "NBD", "BG/NBD", "Pareto/NBD"} <= set(
        table["candidate"]
    )
    assert chosen.label == chosen.choice.chosen
    mean = table.set_index("candidate")["error"]
    assert mean[chosen.label] <= 1.1 * mean.min()
    assert chosen.choice.answer() in chosen.remarks()


def test_a_baseline_that_wins_is_said_to(chosen):
    errors = chosen.choice.errors.copy()
    errors.loc[errors["candidate"] == "mean of the last 4 weeks", "error"] = 0.1
    choice = type(chosen.choice)(chosen.choice.what, errors, chosen.choice.chosen)
    assert choice.better_baselines == ("mean of the last 4 weeks",)
    assert "A naive baseline was better: mean of the last 4 weeks (0.1 %)" in choice.answer()


def test_baselines_of_the_holdout_are_those_of_the_literature(cdnow):
    from flywheel_sim.analysis.fitting.buying import purchases_of

    found = rolled(purchases_of(fs.read_orders(fs.datasets.cdnow())), {}, [(273, 39)])
    assert found[0].actual.sum() == 1882
    assert [round(100 * total_error(found, name), 1) for name in MEANS] == [12.9, 13.3]


def test_forecasts_see_nothing_of_what_came_after():
    purchases = Purchases(np.array([0, 0, 1, 1]), np.array([0, 70, 7, 14]), 140)
    seen = []

    def expect(known, ahead):
        seen.append((known.days, int(known.day.max())))
        return np.zeros(len(ahead))

    rolled(purchases, {"none": expect}, origins_of(140))
    assert seen
    assert all(last < days for days, last in seen)


def test_the_fit_is_drawn_beside_the_data(chosen):
    chart = fs.charts.fit(chosen)
    drawn = chart.data[chart.data["panel"] == "Over time"]
    assert drawn["observed"].sum() == 2457
    assert drawn["fitted"].sum() == pytest.approx(2457, rel=0.05)
    assert chart.data[chart.data["panel"] == "By customer"]["observed"].sum() == 2357
    assert "repeat purchases" in chart.title
    assert fs.charts.choice(chosen).title.endswith("on average")
    plt.close("all")


def test_customers_from_before_the_records_are_estimated_and_the_unseen_with_them():
    table = fs.datasets.cdnow()
    orders = fs.read_orders(table[table["date"] >= "1997-05-01"], selling_since="1997-01-01")
    fit = fs.fit(orders, model="pareto_nbd")
    rows = fit.frame().set_index("parameter")
    # 918 of 2,357 are seen; all are from before in truth, some of whom had left by then
    assert 0.75 < rows.loc["share", "value"] < 1
    unseen = int(re.search(r"about ([\d,]+) \(95 % interval", fit.answer())[1].replace(",", ""))
    assert 500 < unseen < 1439
    assert fit.drawn["fitted"].sum() == pytest.approx(fit.drawn["observed"].sum(), rel=0.05)
    with pytest.raises(fs.ExperimentError, match="BG/NBD takes no customers from before"):
        fs.fit(orders, model="bg_nbd")


def test_a_season_is_estimated_with_all_its_months_and_chosen_with_from_a_year_on():
    luck = np.random.default_rng(4)
    day = luck.integers(0, 730, 4000)
    date = pd.Timestamp("2023-01-01") + pd.to_timedelta(day, unit="D")
    kept = luck.random(4000) < np.where(date.month == 12, 1.0, 0.4)
    table = pd.DataFrame({"customer": luck.integers(0, 150, 4000), "date": date, "amount": 10.0})[kept]
    orders = fs.read_orders(table, until="2024-12-30")
    fit = fs.fit(orders, model="nbd", season=True)
    assert max(values(fit)[one] for one in ("jan", "apr", "jul", "oct")) < 1.1
    rest = float(re.search(r"The factor of dec, .* is ([\d.]+)\.", fit.remarks()[-1])[1])
    assert 1.7 < rest < 2.7  # 2.2 in truth
    assert fit.drawn["fitted"].sum() == pytest.approx(fit.drawn["observed"].sum(), rel=0.05)
    assert fs.loads(fit.journey()).name == "NBD"


def test_records_that_may_begin_in_the_middle_are_asked_about():
    table = fs.datasets.cdnow()
    assert any("selling_since" in one for one in fs.fit(fs.read_orders(table), model="nbd").remarks())


def test_a_fit_of_buying_is_a_journey(chosen):
    model = fs.loads(chosen.journey())
    assert model.name == chosen.label


def test_spend_is_that_of_another_package(cdnow):
    fit = fs.fit(cdnow, "spend")
    assert list(values(fit).values()) == pytest.approx([6.249573, 3.744225, 15.443521], rel=2e-3)  # lifetimes 0.11.3
    assert "spends more a purchase" in fit.remarks()[-1]


def test_a_cohort_is_no_flow_of_arrivals(cdnow):
    fit = fs.fit(cdnow, "arrivals")
    assert "seem to hold people who were chosen" in fit.remarks()[0]
    assert list(fit.frame()["parameter"]) == ["level"]  # no growth
    assert fit.frame()["value"][0] == pytest.approx(2357 / (84 / (365 / 12)), rel=0.03)  # until the last first order


# -- survivors -----------------------------------------------------------------------------------------

REGULAR = fs.datasets.subscription_survival()


@pytest.mark.parametrize(("known", "within"), [(7, 1.5), (4, 4.0)])
def test_later_years_are_forecast_from_earlier_ones(known, within):
    fit = fs.fit(fs.read_survivors(REGULAR[REGULAR["year"] <= known]), ahead=12 - known)
    said = fit.drawn.set_index("x")["fitted"]
    off = [
        100 * (said[year] / left - 1) for year, left in REGULAR[["year", "survivors_pct"]].to_numpy() if year > known
    ]
    assert np.abs(off).max() < within


def test_a_geometric_retention_fails_where_customers_differ():
    fit = fs.fit(fs.read_survivors(REGULAR[REGULAR["year"] <= 7]), model="geometric", ahead=5)
    said = fit.drawn.set_index("x")["fitted"]
    left = REGULAR.set_index("year")["survivors_pct"]
    assert np.mean([1 - said[year] / left[year] for year in range(8, 13)]) == pytest.approx(0.59, abs=0.01)


def test_shares_of_an_unknown_number_have_no_interval():
    fit = fs.fit(fs.read_survivors(REGULAR), model="sbg")
    assert fit.frame()[["low", "high"]].isna().all(axis=None)
    assert "no intervals are told" in fit.remarks()[-1]


# -- subscriptions, pipelines, funnels, spend: made, with a known truth ---------------------------------


def subscriptions(n=900, seed=5):
    luck = np.random.default_rng(seed)
    start = pd.Timestamp("2023-01-01") + pd.to_timedelta(luck.integers(0, 600, n), unit="D")
    months = np.minimum(luck.geometric(luck.beta(2, 18, n)), 60)
    ends = [day + pd.DateOffset(months=int(k)) for day, k in zip(start, months, strict=True)]
    by = [int(luck.integers(0, n)) if luck.random() < 0.2 else None for _ in range(n)]
    table = pd.DataFrame({"customer": range(n), "start": start, "referred_by": by,
                          "end": [one if one < pd.Timestamp("2025-01-01") else None for one in ends]})  # fmt: skip
    return fs.read_subscriptions(table, until="2024-12-31")


@pytest.fixture(scope="module")
def subscribed():
    return subscriptions()


def test_a_contract_lost_after_k_months_did_not_make_the_kth_renewal(subscribed):
    fit = fs.fit(subscribed, model="kaplan_meier")
    left = values(fit)
    lost_at_once = (subscribed.rows["end"] - subscribed.rows["start"]).dt.days.between(28, 31).mean()
    assert left["S(1)"] == pytest.approx(100 * (1 - lost_at_once), abs=0.01)


def test_retention_of_subscriptions_is_recovered(subscribed):
    fit = fs.fit(subscribed, model="sbg")
    rows = fit.frame().set_index("parameter")
    assert rows.loc["alpha", "low"] < 2 < rows.loc["alpha", "high"]
    assert rows.loc["beta", "low"] < 18 < rows.loc["beta", "high"]


@pytest.mark.parametrize(
    ("of", "model"), [("retention", "bdw"), ("retention", "weibull"), ("arrivals", None), ("referrals", None)]
)
def test_every_fit_of_subscriptions_is_drawn_and_makes_a_journey(subscribed, of, model):
    fit = fs.fit(subscribed, of, model=model)
    assert len(fs.charts.fit(fit).data)
    assert fs.loads(fit.journey()).name
    assert fit.frame()["value"].notna().all()
    plt.close("all")


def test_arrivals_and_referrals_are_those_of_the_table(subscribed):
    arrivals = fs.fit(subscribed, "arrivals")
    assert arrivals.drawn["observed"].sum() == 900
    referrals = fs.fit(subscribed, "referrals")
    named = subscribed.rows["referred_by"].notna().sum()
    assert referrals.data.startswith(f"{named:,} customers brought by 900")


def leads(n=500, seed=2):
    luck, rows = np.random.default_rng(seed), []
    end = pd.Timestamp("2024-12-01")
    for lead in range(n):
        entered = pd.Timestamp("2024-01-01") + pd.Timedelta(days=int(luck.integers(0, 330)))
        left = entered + pd.Timedelta(hours=float(luck.exponential(20 * 24)))
        rows.append((lead, "New lead", entered))
        if left < end:
            rows.append((lead, "Closed Won" if luck.random() < 0.3 else "Lost", left))
    return pd.DataFrame(rows, columns=["lead", "stage", "entered"])


def test_conversion_and_dwell_of_a_stage_are_recovered_with_open_leads():
    fit = fs.fit(fs.read_pipeline(leads(), until="2024-11-30"), model="exponential")
    rows = fit.frame().set_index("parameter")
    assert rows.loc["to Closed Won", "low"] < 0.3 < rows.loc["to Closed Won", "high"]
    assert rows.loc["mean", "low"] < 20 < rows.loc["mean", "high"]
    model = fs.loads(fit.journey())
    assert {one.name: one.role for one in model.journey().stages}["closed_won"] == "customer"


def test_a_funnel_of_counts_gives_shares_with_intervals():
    table = pd.DataFrame(
        {"month": ["2024-01", "2024-02"], "visits": [1000, 1200], "trials": [50, 60], "paid": [10, 12]}
    )
    fit = fs.fit(fs.read_funnel(table))
    assert values(fit, "visits") == {"to trials": 0.05}
    assert values(fit, "trials") == {"to paid": pytest.approx(0.2)}
    assert fit.answer().endswith("1.0 % of 2,200 got from 'visits' to 'paid'.")
    fs.loads(fit.journey())


def test_an_open_funnel_is_told_and_no_share_made_up():
    table = pd.DataFrame({"month": ["2024-01"], "visits": [100], "trials": [150]})
    fit = fs.fit(fs.read_funnel(table))
    assert np.isnan(values(fit, "visits")["to trials"])
    assert "no share can be told" in fit.remarks()[0]


def test_the_cost_of_an_arrival_is_recovered():
    luck = np.random.default_rng(1)
    spend = luck.uniform(500, 3000, 40).round()
    table = pd.DataFrame({"month": pd.date_range("2022-01-01", periods=40, freq="MS"), "channel": "ads",
                          "spend_eur": spend, "arrivals": luck.poisson(40 + spend / 25)})  # fmt: skip
    fit = fs.fit(fs.read_spend(table))
    rows = fit.frame().set_index("parameter")
    assert rows.loc["cost_per_arrival", "low"] < 25 < rows.loc["cost_per_arrival", "high"]
    assert rows.loc["organic", "low"] < 40 < rows.loc["organic", "high"]


# -- what cannot be told, and wrong words ---------------------------------------------------------------


@pytest.mark.parametrize(("asked", "said"), [
    ({"data": "orders.csv"}, "it takes what fs.read_orders"),
    ({"of": "bying"}, "buying"),
    ({"of": "bg_nbd"}, "write model='bg_nbd'"),
    ({"model": "bgnbd"}, "bg_nbd"),
    ({"of": "retention"}, "of is 'retention'"),
    ({"of": "referrals"}, "columns={'referred_by'"),
    ({"season": True, "model": "bg_nbd"}, "less than a year"),
    ({"level": 95}, "level"),
])  # fmt: skip
def test_wrong_words_are_refused_with_a_remedy(cdnow, asked, said):
    with pytest.raises(fs.ExperimentError, match=said):
        fs.fit(**{"data": cdnow, **asked})


def test_nobody_who_bought_twice_is_told():
    table = pd.DataFrame({"customer": ["a", "b"], "date": ["2024-01-01", "2024-03-01"], "amount": [1, 2]})
    with pytest.raises(fs.ExperimentError, match="nobody of 2 customers bought twice"):
        fs.fit(fs.read_orders(table))


def test_short_records_take_a_model_without_a_choice():
    table = pd.DataFrame({"customer": [1, 1, 2, 3], "date": ["2024-01-01", "2024-01-09", "2024-01-02", "2024-01-03"],
                          "amount": 1.0})  # fmt: skip
    fit = fs.fit(fs.read_orders(table))
    assert "too short to hold forecasts" in fit.remarks()[0]


def test_what_is_fitted_holds_no_person(cdnow, chosen):
    tokens = set(map(str, cdnow.rows["customer"].cat.categories))
    text = json.dumps(chosen.to_json()) + chosen.journey() + str(chosen)
    assert not any(token in text for token in tokens)


def test_the_command_line_fits_a_file(tmp_path, capsys):
    from flywheel_sim.cli.app import application

    fs.datasets.cdnow().to_csv(tmp_path / "orders.csv", index=False)
    words = ["data", "fit", str(tmp_path / "orders.csv"), "--until", WEEKS_39, "--model", "bg_nbd", "--json",
             "--journey", str(tmp_path / "shop.yaml"), "--out", str(tmp_path / "report")]  # fmt: skip
    application()(words, standalone_mode=False)
    found = json.loads(capsys.readouterr().out)
    assert found["figures"][0]["value"] == pytest.approx(0.243, abs=1e-3)
    assert fs.load(tmp_path / "shop.yaml").name == "BG/NBD"
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "From the data: buying" in page
    assert str(tmp_path) not in page


def test_contracts_of_one_interval_are_fitted_and_the_others_told():
    luck = np.random.default_rng(3)
    start = pd.Timestamp("2022-01-01") + pd.to_timedelta(luck.integers(0, 300, 400), unit="D")
    made = np.where(np.arange(400) < 300, 3, 1)
    kept = luck.geometric(0.2, 400)
    ends = [day + pd.DateOffset(months=int(k * m)) for day, k, m in zip(start, kept, made, strict=True)]
    table = pd.DataFrame({"customer": range(400), "start": start, "interval": made,
                          "end": [one if one < pd.Timestamp("2025-01-01") else None for one in ends]})  # fmt: skip
    fit = fs.fit(fs.read_subscriptions(table, until="2024-12-31"), model="geometric")
    rows = fit.frame().iloc[0]
    assert rows["low"] < 0.2 < rows["high"]
    assert "300 subscriptions renewed every quarter" in fit.answer()
    assert "100 subscriptions renewed at other intervals are left out" in fit.remarks()[-1]
    assert "every: 3 months" in fit.journey()
    fs.loads(fit.journey())
    assert fs.loads(fs.fit(fs.read_subscriptions(table, until="2024-12-31"), model="weibull").journey()).name


def test_remedies_stand_on_the_command_line_as_options(tmp_path):
    from flywheel_sim.cli.app import application

    def told(text, *options):
        (tmp_path / "d.csv").write_text(text, encoding="utf-8")
        with pytest.raises(fs.DataError) as caught:
            application()(["data", "check", str(tmp_path / "d.csv"), *options], standalone_mode=False)
        return str(caught.value)

    assert "--dates 'day first' or --dates 'month first'" in told(
        "customer,time,amount\nk,03/04/2024,5\nm,02/04/2024,7\n"
    )
    assert "--column 'customer=HEADING'" in told("a,b\n1,2\n", "--as", "orders")
    assert "--count 'paid'" in told("customer,time,status\nk,2024-04-03,odd\n")
    assert "--decimal '.' or --decimal ','" in told('customer,time,amount\nk,2024-04-03,"5,10"\nm,2024-04-03,7.20\n')
    assert "--column 'customer=column 1'" in told("1,2,3\n4,5,6\n", "--as", "orders")
    assert "--as 'orders'" in told("a,b\n1,2\n")


def pipeline(*ends, leads=300):
    """Return a pipeline whose leads go from New to one of some stages in turn."""
    rows = [
        row for lead in range(leads)
        for row in ((lead, "New", "2024-01-01", "2024-01-08"), (lead, ends[lead % len(ends)], "2024-01-08", None))
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["lead", "stage", "entered", "left"])
    return fs.read_pipeline(table, until="2024-06-30")


@pytest.mark.parametrize(
    ("won", "lost"),
    [("Closed Won", "Customer lost"), ("Sold", "No longer a customer"), ("Kunde", "Kein Kunde"), ("Signed", "Not won")],
)
def test_which_last_stages_are_won_is_told(won, lost):
    fit = fs.fit(pipeline(won, lost))
    assert f"'{won}' is taken, by name, for won, '{lost}' not." in fit.remarks()
    of = re.findall(r"  (\w+): (customer|aside)", fit.journey())
    assert [role for _, role in of] == ["customer", "aside"]


def test_a_pipeline_that_nobody_won_says_so():
    assert any("No last stage is taken, by name, for won" in one for one in fs.fit(pipeline("A", "B")).remarks())


def test_a_stage_of_few_leads_has_no_name():
    table = pipeline(*["Won"] * 29, "waiting for anna@mail.example", leads=30)
    fit = fs.fit(table)
    assert "anna" not in json.dumps(fit.to_json()) + str(fit) + fit.journey()
    assert "1 stage of fewer than 10 leads is 'other'." in fit.remarks()
    with pytest.raises(fs.ExperimentError, match="every stage was reached by fewer than 10"):
        fs.fit(pipeline("Won", leads=5))


def test_a_journey_of_buying_has_first_purchases_when_they_were(cdnow):
    fit = fs.fit(cdnow, model="pareto_nbd")
    scenario = fs.loads(fit.journey()).with_(horizon="39 weeks")
    logs = [fs.run(scenario, events=True, seed=seed).events for seed in range(6)]
    repeats = np.mean([(log["event"] == "order").sum() for log in logs])
    assert repeats == pytest.approx(float(fit.drawn.query("panel == 'Over time'")["fitted"].sum()), rel=0.05)
    log = logs[0]
    assert log.loc[log["event"] == "arrived", "time"].max() < 14 * 7 * 86_400_000


@pytest.mark.parametrize("names", [["Google Ads", "organic"], ["1", "a: {b: c}"], ["<b>T</b>", "a, b"]])
def test_channels_of_any_name_make_a_journey(names):
    luck = np.random.default_rng(1)
    rows = [(f"2024-{month:02}", name, luck.integers(100, 900)) for month in range(1, 13) for name in names]
    table = pd.DataFrame(rows, columns=["month", "channel", "Cost (USD)"])
    table["arrivals"] = luck.poisson(table["Cost (USD)"] / 10)
    fit = fs.fit(fs.read_spend(table))
    fs.loads(fit.journey())
    assert "currency: USD" in fit.journey()
    assert fit.answer().count("USD") == 2


def test_spend_that_tells_nothing_is_refused():
    def spent(money):
        months = [f"2024-{1 + at:02}" for at in range(len(money))]
        return fs.read_spend(pd.DataFrame({"month": months, "channel": "S", "spend": money, "arrivals": 10}))

    with pytest.raises(fs.ExperimentError, match="known of 2 periods"):
        fs.fit(spent([5, 8]))
    with pytest.raises(fs.ExperimentError, match="nothing was spent"):
        fs.fit(spent([0, 0, 0]))


@pytest.mark.parametrize("counts", [[10, 20, 30], [10, 0, 5], [1000, 100, 150]])
def test_an_open_funnel_has_no_whole_and_no_journey(counts):
    fit = fs.fit(fs.read_funnel(pd.DataFrame({"step": ["a", "Gone", "c"], "count": counts})))
    assert "not every step tells a share" in fit.answer()
    assert "not told" in str(fit)
    with pytest.raises(fs.ExperimentError, match="makes no journey"):
        fit.journey()


def test_a_funnel_with_a_step_called_gone_makes_a_journey():
    fit = fs.fit(fs.read_funnel(pd.DataFrame({"step": ["a", "Gone", "c"], "count": [90, 20, 10]})))
    assert fs.loads(fit.journey()).name == "Funnel"


def test_intervals_of_data_have_the_level_asked_for():
    table = fs.read_funnel(pd.DataFrame({"step": ["a", "b"], "count": [90, 20]}))
    wide, narrow = (fs.fit(table, level=level).drawn for level in (0.95, 0.5))
    assert (narrow["high"] < wide["high"]).all()
    months = pd.DataFrame({"month": [f"2024-{1 + at:02}" for at in range(6)], "channel": "S",
                           "spend": [5, 80, 20, 70, 9, 60], "arrivals": [20, 40, 25, 38, 21, 33]})  # fmt: skip
    wide, narrow = (fs.fit(fs.read_spend(months), level=level).drawn for level in (0.95, 0.5))
    assert (narrow["high"] < wide["high"]).all()


def test_subscriptions_without_an_interval_say_that_months_were_taken():
    table = pd.DataFrame({"customer": range(40), "start": "2024-01-01",
                          "end": ["2024-03-01"] * 20 + ["2024-05-01"] * 10 + [None] * 10})  # fmt: skip
    fit = fs.fit(fs.read_subscriptions(table, until="2024-08-31"), model="geometric")
    assert any("so every month is taken" in one for one in fit.remarks())


def test_a_plainer_model_is_not_called_the_best():
    rows = [("A", "model", "week 1", 5.2, 1.0, 1.0), ("B", "model", "week 1", 5.0, 1.0, 1.0)]
    table = pd.DataFrame(rows, columns=["candidate", "kind", "origin", "error", "total", "weight"])
    said = fs.fit(fs.read_survivors(fs.datasets.subscription_survival())).choice.__class__("sales", table, "A").answer()
    assert said == ("A forecast sales about as well as the best model and is plainer, off by 5.2 % on average from "
                    "1 earlier day; B by 5.0 %.")  # fmt: skip


def test_an_end_of_records_without_any_order_is_refused():
    table = pd.DataFrame({"customer": [1, 2], "time": ["2024-01-01", "2024-02-01"], "amount": [5, 6]})
    with pytest.raises(fs.ExperimentError, match=r"until is .*9999-12-31"):
        fs.read_orders(table, until="9999-12-31")
    with pytest.raises(fs.DataError, match="give a later day as until"):
        fs.read_orders(table, until="2023-12-31")


def test_what_has_no_season_is_refused_one():
    with pytest.raises(fs.ExperimentError, match="retention has no season"):
        fs.fit(fs.read_survivors(fs.datasets.subscription_survival()), season=True)
