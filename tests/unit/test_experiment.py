"""Many runs give the same figures on any number of workers, in any order, and say where they come from."""

import dataclasses
import datetime as dt
import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from journeys import CLUB, COINS, LOOP, club

import flywheel_sim
from flywheel_sim.analysis.compare.result import compare
from flywheel_sim.compile import cache
from flywheel_sim.errors import ConfigError, ExperimentError, LimitReached, SimulationError
from flywheel_sim.experiment.replicate import Job, Limits, RunOptions, replicate, replicate_jobs, run
from flywheel_sim.experiment.running import batches_of
from flywheel_sim.metrics.registry import metrics
from flywheel_sim.scenario.load import loads

N = 12  # so that one executor is handed batches of three


@pytest.fixture(scope="module")
def serial():
    return replicate(club(), replications=N)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_threads_gives_the_same_ledgers(serial, workers):
    assert replicate(club(), replications=N, workers=workers).ledger.equals(serial.ledger)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_reference_engine_gives_the_same_ledgers_in_any_number_of_processes(serial, workers):
    runs = replicate(club(), replications=N, workers=workers, engine="reference")
    assert runs.ledger.equals(serial.ledger)
    assert "reference engine" in str(runs.provenance)


def test_an_unknown_engine_is_refused_with_those_there_are():
    with pytest.raises(ExperimentError, match="'kernel' or 'reference'; write engine='kernel'"):
        replicate(club(), replications=1, engine="kernal")


def test_two_threads_give_the_same_ledgers(serial):
    assert replicate(club(), replications=N, workers=2).ledger.equals(serial.ledger)


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_gives_the_same_ledgers(serial, pool):
    with pool(3) as executor:
        assert replicate(club(), replications=N, executor=executor).ledger.equals(serial.ledger)


@pytest.mark.parametrize("threads", [0, 2])
def test_the_order_of_batches_changes_nothing(threads):
    jobs = [Job(club().journey(name), 3) for name in ("quiet", "loud")]
    in_order = replicate_jobs(jobs, N, RunOptions(workers=1))
    shuffled = list(range(len(batches_of(len(jobs), 0, N, 1, "kernel"))))
    random.Random(2).shuffle(shuffled)
    if threads:
        with ThreadPoolExecutor(threads) as executor:
            mixed = replicate_jobs(jobs, N, RunOptions(executor=executor, workers=1), order=shuffled)
    else:
        mixed = replicate_jobs(jobs, N, RunOptions(workers=1), order=shuffled)
    assert [a.ledger.equals(b.ledger) for a, b in zip(in_order, mixed, strict=True)] == [True, True]
    assert [r.journey.strategy for r in mixed] == ["quiet", "loud"]


@pytest.mark.parametrize("replication", [0, 3, N - 1])
def test_one_run_is_the_replication_of_that_number(serial, replication):
    assert run(club(), replication=replication).ledger.pick(0).equals(serial.ledger.pick(replication))


def test_more_replications_leave_the_first_as_they_were(serial):
    assert replicate(club(), replications=N + 3).ledger.pick(slice(0, N)).equals(serial.ledger)


def test_replications_differ_and_so_do_seeds(serial):
    assert len({int(n) for n in serial.ledger.n_events}) > 1
    assert not replicate(club(), replications=N, seed=4).ledger.equals(serial.ledger)


@pytest.mark.parametrize("how", [{"seed": 3}, {}])
def test_without_a_seed_the_file_says_which(serial, how):
    assert replicate(club(), replications=N, **how).ledger.equals(serial.ledger)
    assert serial.provenance.seed == 3


def test_a_strategy_is_run_as_the_file_has_it():
    assert replicate(club(), strategies="quiet", replications=2)["referred"].mean == 0
    assert replicate(club(), strategies="loud", replications=2)["referred"].mean > 0


def test_keeping_people_and_events_changes_no_figure(serial):
    kept = run(club(), people=True, events=True)
    assert kept.ledger.pick(0).equals(serial.ledger.pick(0))
    assert len(kept.people) == len(set(kept.people.key))
    assert kept.events.person.isin(kept.people.key).all()
    assert serial.people is None
    assert serial.events is None


@pytest.mark.parametrize("what", ["ledger", "journey", "provenance", "people"])
def test_results_are_frozen(serial, what):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(serial, what, None)


def test_provenance_is_enough_to_run_it_again(serial):
    source = serial.provenance
    assert (source.scenario, source.strategy, source.seed, source.replications) == ("Club", "", 3, N)
    assert (source.engine, source.version) == ("kernel", flywheel_sim.__version__)
    assert source.fingerprint == club().journey().fingerprint
    assert source.n_events == serial.ledger.n_events.sum() > 0
    assert source.seconds > 0
    for word in ("Club", source.fingerprint, "seed 3", "12 replications", "kernel engine", source.version):
        assert word in str(source)


def test_provenance_of_one_run_says_which_replication_it_was():
    assert "replication 17" in str(run(loads(COINS), replication=17).provenance)


def test_the_fingerprint_changes_with_the_figures_and_not_with_the_seed():
    same, other = club(seed=99).journey(), club(price="13 per month").journey()
    assert same.fingerprint == club().journey().fingerprint != other.fingerprint


def test_the_frame_is_tidy_and_holds_every_value(serial):
    table = serial.frame()
    assert list(table.columns) == ["strategy", "replication", "metric", "value", "unit"]
    assert len(table) == N * len(metrics())
    assert not table.duplicated(["strategy", "replication", "metric"]).any()
    for metric in metrics():
        part = table[table.metric == metric.name].sort_values("replication")
        np.testing.assert_array_equal(part.value, serial.values(metric.name))
    assert set(table.strategy) == {"as written"}


def test_the_summary_says_every_metric_with_its_interval_and_definition(serial):
    table = serial.summary()
    assert set(table.index) >= {m.name for m in metrics() if m.applies(serial.books)} | {
        "revenue.club",
        "spend.ads",
        "spend.kit",
    }
    assert table.index.is_unique
    assert table.loc["clv", "mean"] == serial["clv"].mean
    assert (table.loc["clv", "low"], table.loc["clv", "high"]) == (serial["clv"].low, serial["clv"].high)
    assert table.definition.str.len().min() > 10


def test_an_estimate_is_the_mean_over_replications(serial):
    assert serial["revenue"].mean == pytest.approx(serial.values("revenue").mean())
    assert serial["revenue"].n == serial.n == N
    assert serial.estimate("revenue", 0.5).half_width < serial["revenue"].half_width


def test_html_of_a_result_escapes_what_the_file_says():
    runs = run(loads(COINS.replace("name: Coins", "name: '<script>x</script>'")))
    assert "<script>" not in runs._repr_html_()
    assert "&lt;script&gt;" in runs._repr_html_()


def test_periods_of_a_journey_with_a_start_have_dates():
    dates = run(club(start="2027-11-15")).dates()
    assert dates[:3] == [dt.date(2027, 11, 15), dt.date(2027, 12, 15), dt.date(2028, 1, 15)]
    assert len(dates) == 13
    assert run(club()).dates() is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"replications": 0}, "replications is 0: it takes a whole number from 1"),
        ({"replications": 1, "workers": 0}, "workers is 0: it takes a whole number from 1"),
    ],
)
def test_nothing_to_run_is_refused(wrong, said):
    with pytest.raises(ExperimentError, match=said):
        replicate(club(), **wrong)


def test_an_unknown_strategy_names_the_nearest():
    with pytest.raises(ConfigError, match="quiet"):
        replicate(club(), strategies="quite", replications=1)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"seed": 2**32}, {"replication": -1}])
def test_luck_out_of_range_is_refused(wrong):
    with pytest.raises(ExperimentError, match="a whole number from 0 to 4294967295"):
        run(club(), **wrong)


def test_at_a_limit_what_was_complete_before_is_kept(serial):
    """Replications are stopped by the first that has more events than allowed; those before it are whole."""
    events = serial.ledger.n_events
    most = int(max(events[:3]))
    first = int(np.argmax(events > most))
    assert 3 <= first < N
    for workers in (1, 2):
        with pytest.raises(LimitReached, match=f"more than {most:,} events happened.*raise max_events") as stop:
            replicate(club(), replications=N, workers=workers, limits=Limits(max_events=most))
        assert 1 <= stop.value.complete.n <= first
        assert stop.value.complete.ledger.equals(serial.ledger.pick(slice(0, stop.value.complete.n)))
        assert stop.value.complete.provenance.replications == stop.value.complete.n


def test_at_a_limit_a_comparison_keeps_pairs():
    counts = compare(club(), strategies=["quiet", "loud"], replications=N)["loud"].ledger.n_events
    most = int(max(counts[:3]))
    with pytest.raises(LimitReached) as stop:
        compare(club(), strategies=["quiet", "loud"], replications=N, workers=1, limits=Limits(max_events=most))
    assert stop.value.complete["quiet"].n == stop.value.complete["loud"].n >= 1


def test_nothing_is_kept_where_the_first_replication_meets_the_limit():
    with pytest.raises(LimitReached) as stop:
        replicate(club(), replications=2, limits=Limits(max_events=3))
    assert stop.value.complete is None


def test_what_would_not_fit_into_memory_is_refused_before_it_runs():
    with pytest.raises(ExperimentError, match=r"take about \d+\.\d GiB, more than the 0\.1 GiB allowed; run fewer"):
        replicate(club(), replications=10_000_000, limits=Limits(max_memory=0.1))


@pytest.mark.parametrize("wrong", [{"max_people": 0}, {"max_events": -1}, {"max_memory": 0.0}])
def test_a_limit_is_positive(wrong):
    with pytest.raises(ExperimentError, match="it takes a"):
        Limits(**wrong)


def test_referrals_that_feed_themselves_are_announced(caplog):
    model = loads(CLUB.replace("value: 0.15 per month", "value: 3 per month"))
    with pytest.raises(SimulationError):
        run(model, limits=Limits(max_people=2000))
    assert "referrals feed themselves" in caplog.text
    caplog.clear()
    run(club())
    assert not caplog.text


def test_a_first_run_says_that_it_compiles(monkeypatch, caplog):
    monkeypatch.setattr(cache, "ready", lambda name: False)
    run(club())
    assert "compiling the engine, first run only" in caplog.text
    caplog.clear()
    run(club(), engine="reference")
    assert not caplog.text


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_run_comes_through_from_any_worker(workers):
    with pytest.raises(SimulationError, match="entered 'a' more than 4096 times; give the loop an exit"):
        replicate(loads(LOOP), replications=2, workers=workers)


def test_a_journey_that_feeds_itself_is_stopped_with_a_remedy():
    model = loads(CLUB.replace("value: 0.15 per month", "value: 30 per month"))
    with pytest.raises(SimulationError, match="more than 500 people came: referrals may feed themselves"):
        run(model, limits=Limits(max_people=500))


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_a_limit_met_without_any_referral_does_not_blame_referrals(engine):
    model = loads(COINS.replace("batch: 40", "batch: 600"))
    with pytest.raises(SimulationError, match="more than 500 people came; lower an arrival rate") as stop:
        run(model, limits=Limits(max_people=500), engine=engine)
    assert "referral" not in str(stop.value)


MARKET = """
name: A small town
horizon: 12 months
market: 300
channels: {posters: {rate: 200 per month, enters: seen}}
journey: {seen: {role: prospect, after: 1 day, to: done}, done: exit}
"""


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_who_meets_nobody_new_in_a_finite_market_is_nobody(engine):
    met = run(loads(MARKET), engine=engine)
    assert met["missed"].mean > 1000
    assert met["prospects"].mean <= 300
    same = run(loads(MARKET), engine=engine, limits=Limits(max_people=300))
    assert same["prospects"].mean == met["prospects"].mean
    with pytest.raises(SimulationError, match="more than 200 people came"):
        run(loads(MARKET), engine=engine, limits=Limits(max_people=200))


def test_a_journey_within_its_limit_is_not_stopped(serial):
    people = len(run(club(), people=True).people)
    assert run(club(), limits=Limits(max_people=people)).ledger.pick(0).equals(serial.ledger.pick(0))
    with pytest.raises(SimulationError):
        run(club(), limits=Limits(max_people=people - 1))
