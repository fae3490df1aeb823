"""The repeat ladder: who counts, what counts as a purchase, and the same steps for simulated and real customers."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import flywheel_sim as fs
from flywheel_sim import datasets
from flywheel_sim.analysis.purchases.charts import ladder
from flywheel_sim.analysis.purchases.from_data import ladder_of
from flywheel_sim.analysis.purchases.ladder import repeat_ladder
from flywheel_sim.wording import ordinal

FIXED = """
name: Fixed
horizon: 100 days
follow: 1 month
currency: EUR
channels: {fair: {batch: 4, every: 20 days, enters: client}, old: {present: 5, enters: client}}
while: {everybody: {in: [client, regular], events: {order: {every: 10 days, earn: {orders: 20}}}}}
journey:
  client:
    role: customer
    on_entry: {earn: {orders: 20}}
    earn: {rent: 3 per month}
    events: {look: {every: 1 day}, grow: {after: 25 days, to: regular}}
  regular: customer
"""


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_fixed_purchases_climb_as_counted_by_hand(engine):
    climb = repeat_ladder(fs.loads(FIXED), "orders", window="30 days", up_to=5, replications=2, engine=engine)
    # batches on days 0, 20, 40 and 60 are watched until day 90; that of day 80 is not; nobody knows when `old` began
    assert climb.customers.tolist() == [16, 16]
    assert [climb.share(k).mean for k in climb.steps] == [100, 100, 100, 0]  # days 10, 20 and 30, but not 40
    assert (climb.share(4).low, climb.once_only.mean) == (100, 0)
    assert climb.frame()["customers"].tolist() == [32, 32, 32, 0]


def test_the_day_of_the_window_is_in_it_and_the_next_is_not():
    shares = [
        repeat_ladder(fs.loads(FIXED), "orders", window=window, up_to=4, replications=1).share(4).mean
        for window in ("29 days", "30 days", "30.9 days")
    ]
    assert shares == [0, 100, 100]


def test_whoever_could_not_be_watched_to_the_end_of_the_last_day_is_left_out():
    counts = [
        int(repeat_ladder(fs.loads(FIXED), "orders", window=window, replications=1).customers[0])
        for window in ("19 days", "20 days", "39 days", "40 days", "99 days")
    ]
    assert counts == [20, 16, 16, 12, 4]


def test_a_warm_up_leaves_out_those_who_first_bought_in_it():
    warm = fs.loads(FIXED.replace("currency", "warm_up: 1 month\ncurrency"))
    assert repeat_ladder(warm, "orders", window="30 days", replications=1).customers.tolist() == [8]


def test_purchases_of_one_day_count_as_one():
    often = fs.loads(FIXED.replace("every: 10 days", "every: 6 hours"))
    climb = repeat_ladder(often, "orders", window="3 days", up_to=5, replications=1)
    assert [climb.share(k).mean for k in climb.steps] == [100, 100, 100, 0]


@pytest.mark.parametrize(
    ("purchases", "bought"),
    [
        ("orders", 4),
        ("everybody.order", 4),  # on days 10 to 40: what is paid on entry is no event of the set
        (["orders", "client.look"], 27),  # on entry, on 25 days with a look, on day 30
        ("client.grow", 1),
        ("client.grow.regular", 1),
    ],
)
def test_lines_and_events_may_be_purchases(purchases, bought):
    climb = repeat_ladder(fs.loads(FIXED), purchases, window="30 days", up_to=40, replications=1)
    shares = [100.0, *(climb.share(k).mean for k in climb.steps)]
    assert shares.count(100.0) == bought, shares


def test_staying_is_no_entry():
    """Whoever looks around stays in a stage whose entry is paid: that books nothing, and is no purchase."""
    climb = repeat_ladder(fs.loads(FIXED.replace("every: 10 days", "every: never")), "orders", window="30 days")
    assert climb.once_only.mean == 100


def test_memoryless_purchases_follow_the_poisson_process():
    text = FIXED.replace("every: 10 days", "every: {exponential: 40 days}").replace("batch: 4", "batch: 1000")
    text = text.replace("look: {every: 1 day}, ", "")
    climb = repeat_ladder(fs.loads(text), "orders", window="60 days", up_to=4, replications=4, seed=2)
    n = int(climb.customers.sum())
    assert n == 4 * 1000 * 2
    for k in climb.steps:
        # a day is lost to those of the first day, and the last day is in it whole: half a day more in the mean
        near, far = (100 * stats.poisson.sf(k - 2, days / 40) for days in (59.4, 60.6))
        noise = 4 * 100 * 0.5 / np.sqrt(n)
        assert near - noise < climb.share(k).mean < far + noise


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"of": "ordres"}, "nothing is earned on a line 'ordres'.*did you mean 'orders'"),
        ({"of": "client.lok"}, "did you mean 'client.look'"),
        ({"of": "rent"}, "'rent' is earned as time goes by, not by purchases; name an event"),
        ({"of": ()}, r"of is \(\): it takes a name, or a list of names"),
        ({"purchases": "orders"}, "has no argument 'purchases'; write of='orders'"),
        ({"strategy": "today"}, "has no argument 'strategy'; write strategies="),
        ({"window": "100 days"}, "has 99 days for it; take a shorter window or a longer horizon"),
        ({"window": "52"}, "a duration of a day or more is needed; write 52 weeks"),
        ({"window": "3 hours"}, "a duration of a day or more is needed"),
        ({"window": "3 fortnihgts"}, "no unit of time"),
        ({"window": "1 per day"}, "a duration of a day or more is needed"),
        ({"up_to": 1}, "up_to is 1: it takes a whole number from 2 to 100; write up_to=10"),
        ({"up_to": 2.5}, "a whole number from 2 to 100"),
        ({"replications": 0}, "a whole number from 1"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_remedy(arguments, message):
    with pytest.raises(fs.ExperimentError, match=message):
        repeat_ladder(fs.loads(FIXED), **{"of": "orders", "window": "30 days", **arguments})


def test_workers_and_executors_give_the_same_ladder():
    one, other = (repeat_ladder(fs.loads(FIXED), "orders", window="30 days", replications=4, workers=n) for n in (1, 3))
    assert one.reached.tolist() == other.reached.tolist()


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"transactions": [1, 2]}, fs.ExperimentError, "transactions is .*: it takes a table of pandas"),
        ({"customer": "customer"}, fs.DataError, "no column 'customer'; did you mean 'customer_id'"),
        ({"date": "units"}, fs.DataError, "holds what is no date"),
        ({"date": None}, fs.ExperimentError, "date is None: it takes a name"),
        ({"window": 52}, fs.ExperimentError, "window is 52: it takes a time such as"),
        ({"up_to": 1000}, fs.ExperimentError, "up_to is 1000: it takes a whole number from 2 to 100"),
        ({"strategy": "today"}, fs.ExperimentError, "ladder_of has no argument 'strategy'"),
    ],
)
def test_a_table_that_is_none_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        ladder_of(**{"transactions": datasets.cdnow(), **given})


def test_customers_that_are_none_and_columns_that_stand_twice_are_refused():
    data = datasets.cdnow().head(3)
    with pytest.raises(fs.DataError, match="column 'customer_id' of the transactions holds what names nobody"):
        ladder_of(data.assign(customer_id=[[1], [2], [3]]))
    with pytest.raises(fs.DataError, match="several columns 'customer_id'; keep one of them"):
        ladder_of(pd.concat([data, data], axis=1))


def test_only_data_stands_beside_a_ladder():
    climb = repeat_ladder(fs.loads(FIXED), "orders", window="30 days", replications=1)
    with pytest.raises(fs.ExperimentError, match=r"data is .*: it takes a result of the kind DataLadder"):
        ladder(climb, climb)


def test_a_step_beyond_the_ladder_is_refused():
    climb = repeat_ladder(fs.loads(FIXED), "orders", window="30 days", up_to=5, replications=1)
    with pytest.raises(fs.ExperimentError, match="from 2 to 5; ask for more with up_to"):
        climb.share(6)


def test_a_ladder_says_what_it_found_and_where_from():
    climb = repeat_ladder(fs.loads(FIXED), "orders", window="4 weeks", up_to=4, replications=2)
    assert str(climb).startswith("Of 32 customers 0")
    assert "within 4 weeks" in str(climb)
    assert "2 replications" in str(climb)
    assert [ordinal(k) for k in (2, 3, 4, 11, 12, 13, 21, 102, 111)] == [
        "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th",
    ]  # fmt: skip


# -- real transactions ------------------------------------------------------------------------------

BOUGHT = pd.DataFrame(
    [
        ("ann", "2020-01-01"), ("ann", "2020-01-01"), ("ann", "2020-01-11"), ("ann", "2020-01-12"),
        ("bob", "2020-01-05"),
        ("cem", "2020-01-10"), ("cem", "2020-01-20"), ("cem", "2020-01-20"), ("cem", "2020-01-21"),
        ("dot", "2020-01-31"), ("dot", "2020-02-01"),
    ],
    columns=["customer_id", "date"],
)  # fmt: skip


def test_transactions_climb_as_counted_by_hand():
    climb = ladder_of(BOUGHT.sample(frac=1, random_state=1), window="10 days", up_to=3)
    assert (climb.customers, climb.left_out) == (3, 1)  # of dot only a day is seen
    assert climb.reached.tolist() == [2, 0]  # ann and cem on the tenth day, their third a day too late
    assert ladder_of(BOUGHT, window="11 days", up_to=3).reached.tolist() == [2, 2]
    assert "1 customers first bought too late" in str(climb)


def test_the_interval_of_a_share_is_wilsons():
    share = ladder_of(BOUGHT, window="10 days", up_to=3).share(2)
    z, n, p = stats.norm.ppf(0.975), 3, 2 / 3
    middle, half = (p + z**2 / (2 * n)) / (1 + z**2 / n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert share.low == pytest.approx(100 * (middle - half / (1 + z**2 / n)))
    assert share.high == pytest.approx(100 * (middle + half / (1 + z**2 / n)))
    assert (share.n, share.of, share.unit) == (3, "share", "%")


def test_simulated_purchases_written_as_transactions_give_the_same_ladder():
    model = fs.loads(FIXED.replace("every: 10 days", "every: {exponential: 15 days}"))
    climb = repeat_ladder(model, "orders", window="30 days", replications=1, seed=3)
    log = fs.run(model, seed=3, events=True).events
    old = log.loc[log["event"] == "present", "person"]
    paid = log[((log["event"] == "arrived") | (log["event"] == "everybody.order")) & ~log["person"].isin(old)]
    sold = pd.DataFrame({
        "who": paid["person"], "on": pd.Timestamp("2020-01-01") + pd.to_timedelta(paid["time"], unit="ms"),
    })  # fmt: skip
    same = ladder_of(sold, window="30 days", customer="who", date="on")
    assert same.reached.tolist() == climb.reached[0].tolist()
    assert same.customers == int(climb.customers[0])


@pytest.mark.parametrize(
    ("table", "arguments", "message"),
    [
        (BOUGHT.rename(columns={"date": "dat"}), {}, "no column 'date'; did you mean 'dat'"),
        (BOUGHT.assign(date="soon"), {}, "holds what is no date"),
        (BOUGHT.assign(date=None), {}, "a transaction has no 'date'"),
        (BOUGHT, {"window": "52 weeks"}, "nobody in the transactions first bought so long before"),
        (BOUGHT.iloc[:0], {}, "nobody in the transactions first bought so long before"),
    ],
)
def test_data_that_make_no_ladder_are_refused(table, arguments, message):
    with pytest.raises(fs.DataError, match=message):
        ladder_of(table, **arguments)


# -- the data that come with the package ------------------------------------------------------------


def test_cdnow_is_what_its_page_says():
    data = datasets.cdnow()
    assert (len(data), data["customer_id"].nunique()) == (6919, 2357)
    assert data["amount_usd"].sum() == pytest.approx(244_091.94)
    assert (data["amount_usd"] == 0).sum() == 8
    assert (data["date"].min(), data["date"].max()) == (pd.Timestamp("1997-01-01"), pd.Timestamp("1998-06-30"))
    merged = data.drop_duplicates(["customer_id", "date"])
    first = merged.groupby("customer_id")["date"].transform("min")
    assert first.max() == pd.Timestamp("1997-03-25")
    repeats = merged.loc[merged["date"] > first, "date"]
    assert ((repeats <= "1997-09-30").sum(), (repeats > "1997-09-30").sum()) == (2457, 1882)


def test_every_customer_of_cdnow_is_seen_for_52_weeks():
    climb = ladder_of(datasets.cdnow(), window="52 weeks")
    assert (climb.customers, climb.left_out) == (2357, 0)
    assert climb.reached[:3].tolist() == [1072, 638, 429]


def test_every_repeat_purchase_of_cdnow_is_on_some_step():
    climb = ladder_of(datasets.cdnow(), window="462 days", up_to=60)  # from the last first purchase to the last day
    assert climb.left_out == 0
    assert ladder_of(datasets.cdnow(), window="463 days").left_out > 0
    merged = datasets.cdnow().drop_duplicates(["customer_id", "date"])
    since = (merged["date"] - merged.groupby("customer_id")["date"].transform("min")).dt.days
    assert climb.reached.sum() == ((since > 0) & (since <= 462)).sum()


def test_the_survivors_of_a_subscription_only_grow_fewer():
    data = datasets.subscription_survival()
    assert data["year"].tolist() == list(range(13))
    assert (data["survivors_pct"].iloc[0], data["survivors_pct"].iloc[-1]) == (100, 17.3)
    assert (data["survivors_pct"].diff().dropna() < 0).all()


def test_data_are_read_anew_each_time():
    del (spoiled := datasets.cdnow())["date"]
    assert "date" not in spoiled
    assert "date" in datasets.cdnow()


# -- the chart --------------------------------------------------------------------------------------


def test_the_chart_holds_both_ladders_with_their_intervals():
    model = fs.loads(FIXED.replace("every: 10 days", "every: {exponential: 200 days}"))
    climb = repeat_ladder(model, "orders", window="60 days", up_to=4, replications=3)
    data = ladder_of(datasets.cdnow(), window="60 days", up_to=6)
    chart = ladder(climb, data)
    table = chart.data.set_index(["whose", "purchase"])
    assert table.loc["simulated", "share"].tolist() == [climb.share(k).mean for k in (2, 3, 4)]
    assert table.loc["data", "low"].tolist() == [data.share(k).low for k in (2, 3, 4)]
    assert (table["low"] <= table["high"]).all()
    assert set(table["unit"]) == {"%"}
    (axes,) = chart.figure.axes
    assert "(%)" in axes.get_ylabel()
    assert "60 days" in chart.title
    assert set(ladder(climb).data["whose"]) == {"simulated"}


def test_a_chart_of_unlike_windows_is_refused():
    climb = repeat_ladder(fs.loads(FIXED), "orders", window="30 days", replications=2)
    with pytest.raises(fs.ExperimentError, match="30 days and data within 52 weeks: take the same window"):
        ladder(climb, ladder_of(datasets.cdnow()))
