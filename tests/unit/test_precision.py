"""Replicating to a precision: what may be asked for, when it stops, and that it says why."""

import dataclasses
import json
import math

import numpy as np
import pytest
from journeys import CLUB, COINS, club

from flywheel_sim.analysis.compare.result import compare
from flywheel_sim.errors import ExperimentError, LimitReached
from flywheel_sim.experiment import precision as rule
from flywheel_sim.experiment.precision import FIRST, Target, Watch, skewness, targets
from flywheel_sim.experiment.replicate import Limits, replicate
from flywheel_sim.scenario.load import loads
from flywheel_sim.stats import estimate_mean

#: A seed with which the longest of 300 runs of the club comes after the first look.
LIMITED = 5
SHOPS = COINS + "strategies:\n  plain: {}\n  lucky: {rates: {heads: 75 %}}\n  luckier: {rates: {heads: 80 %}}\n"


def coins(text=COINS):
    return loads(text)


# -- what may be asked for --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "unit", "size", "relative", "said"),
    [
        ("1 %", "EUR", 1, True, "1 %"),
        ("1%", "EUR", 1, True, "1 %"),
        ("0.5 %", "% per month", 0.5, True, "0.5 %"),
        (5, "EUR per customer", 5, False, "5 EUR per customer"),
        (np.float64(5), "EUR", 5, False, "5 EUR"),
        ("5", "EUR", 5, False, "5 EUR"),
        ("5 EUR", "EUR", 5, False, "5 EUR"),
        ("5 eur", "EUR per customer", 5, False, "5 EUR per customer"),
        ("1_000 EUR", "EUR", 1000, False, "1,000 EUR"),
        ("1 month", "months", 1, False, "1 months"),
        ("2 points", "%", 2, False, "2 points"),
        ("2 point", "% per month", 2, False, "2 points per month"),
        ("2 points per month", "% per month", 2, False, "2 points per month"),
        (2, "%", 2, False, "2 points"),
        ("2 %", "%", 2, True, "2 %"),
    ],
)
def test_a_precision_is_read_in_the_unit_of_its_metric(asked, unit, size, relative, said):
    (target,) = targets({"x": asked}, lambda _: unit)
    assert (target.size, target.relative, str(target)) == (size, relative, said)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (0, "positive number"),
        (-1, "positive number"),
        ("-1 %", "positive number"),
        ("0 %", "positive number"),
        (math.nan, "positive number"),
        (math.inf, "positive number"),
        (True, "no number with its unit"),
        (None, "no number with its unit"),
        ("", "no number with its unit"),
        ("narrow", "no number with its unit"),
        ("1,000 EUR", "numbers have no commas"),
        ("5 USD", "'x' is in EUR, its precision in EUR"),
        ("2 points", "'x' is in EUR"),
        ("1 % of it", "'x' is in EUR"),
    ],
)
def test_what_is_no_precision_is_refused_with_an_example(asked, said):
    with pytest.raises(ExperimentError, match=said) as wrong:
        targets({"x": asked}, lambda _: "EUR")
    assert "write '1 %' of the mean, or '5 EUR'" in str(wrong.value)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"precision": {}}, "precision is {}: it takes a mapping that says for each metric"),
        ({"precision": "1 %"}, "precision is '1 %': it takes a mapping that says for each metric"),
        ({"precision": {"revenu": "1 %"}}, "did you mean 'revenue'"),
        ({"precision": {"revenue.prise": "1 %"}}, "'revenue.prise' is no metric"),
        ({"precision": {"revenue": "1 %"}, "replications": 50}, "a precision at once"),
        ({"precision": {"revenue": "1 %"}, "at_most": 29}, "at_most is 29: fewer than 30"),
        ({"precision": {"revenue": "1 %"}, "at_most": -1}, "at_most is -1"),
        (
            {"precision": {"revenue": "1 %"}, "at_most": 2**32},
            "at_most is 4294967296: it takes a whole number",
        ),
        ({"precision": {"revenue": "1 %"}, "at_most": 1.5}, "at_most is 1.5: it takes a whole number"),
        ({"precision": {"conversion": "2 EUR"}}, "'conversion' is in %, its precision in points"),
        ({"at_most": 500}, "without a precision"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_anything_runs(monkeypatch, how, said):
    monkeypatch.setattr("flywheel_sim.experiment.running.BatchRunner.carry_out", lambda *_: pytest.fail("it ran"))
    with pytest.raises(ExperimentError, match=said):
        replicate(coins(), **how)
    with pytest.raises(ExperimentError, match=said):
        compare(coins(SHOPS), **how)


# -- when it stops ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reached():
    return replicate(coins(), precision={"revenue": "1 %", "conversion": "0.7 points"})


def test_it_stops_when_every_interval_is_as_narrow_as_asked(reached):
    assert reached.stopping.reached
    assert reached.n == reached.stopping.replications > FIRST
    assert reached["revenue"].half_width <= 0.01 * reached["revenue"].mean
    assert reached["conversion"].half_width <= 0.7
    before = replicate(coins(), replications=reached.stopping.looks[-2])
    assert before["revenue"].half_width > 0.01 * before["revenue"].mean


def test_the_figures_are_those_of_as_many_replications_asked_for(reached):
    same = replicate(coins(), replications=reached.n)
    assert same.ledger.equals(reached.ledger)
    assert same.stopping is None
    for name in ("revenue", "conversion", "acquisitions"):
        assert reached[name] == same[name]
    assert reached.provenance.replications == reached.n
    assert reached.provenance.n_events == same.provenance.n_events


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_threads_stops_at_the_same_number(reached, workers):
    runs = replicate(coins(), precision={"revenue": "1 %", "conversion": "0.7 points"}, workers=workers)
    assert runs.stopping == reached.stopping
    assert runs.ledger.equals(reached.ledger)


def test_it_says_how_many_it_took_and_how_precise_each_figure_got(reached):
    first, second = reached.stopping.targets
    assert (first.what, first.met, first.estimate) == ("revenue", True, reached["revenue"])
    assert first.allowed == pytest.approx(0.01 * reached["revenue"].mean)
    assert (second.half_width, second.allowed) == (reached["conversion"].half_width, 0.7)
    for text in (str(reached), reached._repr_html_()):
        assert f"stopped after {reached.n:,} replications: every precision asked for is reached" in text
        assert "(asked: 0.7 points)" in text
    with pytest.raises(dataclasses.FrozenInstanceError):
        reached.stopping.reason = "cap"


def test_at_the_cap_it_stops_and_says_how_many_it_would_take():
    runs = replicate(coins(), precision={"revenue": 0.05}, at_most=150)
    stopping = runs.stopping
    assert (runs.n, stopping.reason, stopping.reached, stopping.looks) == (150, "cap", False, (100, 150))
    enough = 150 * (runs["revenue"].half_width / 0.05) ** 2
    assert enough < stopping.targets[0].takes < 1.1 * enough
    assert "at most 150 were allowed, and not every precision is reached" in str(runs)
    assert "not reached, takes about" in str(runs)


def test_with_few_allowed_there_is_one_look():
    runs = replicate(coins(), precision={"revenue": "50 %"}, at_most=30)
    assert (runs.stopping.looks, runs.stopping.reached) == ((30,), True)


def test_a_mean_of_zero_has_no_relative_precision_and_an_absolute_one_does():
    for asked, reason in (("1 %", "impossible"), (5, "reached")):
        runs = replicate(club(), strategies="quiet", precision={"referred": asked}, at_most=400)
        assert (runs.stopping.reason, runs.n) == (reason, FIRST)
    assert "the same in all 100" in str(runs.stopping)
    words = str(replicate(club(), strategies="quiet", precision={"referred": "1 %"}).stopping)
    assert "0 in all 100 replications, and no share of 0 is a precision: ask for an absolute one" in words


# -- the rule ---------------------------------------------------------------------------------------


def watch(asked, at_most=10_000, unit="EUR"):
    return Watch({one.metric: one for one in asked}, {one.metric: unit for one in asked}, at_most)


ABSOLUTE = Target("x", 1.0, False, "EUR")
NORMAL = np.random.default_rng(8).normal(50, 10, 5000)


def test_a_stage_is_as_large_as_the_variance_so_far_says():
    seen = watch([ABSOLUTE])
    wanted = seen.look({"x": NORMAL[:100]})
    estimate = estimate_mean(NORMAL[:100], "EUR")
    assert wanted == min(math.ceil(rule.AIM * 100 * estimate.half_width**2), rule.GROWTH * 100)
    assert seen.look({"x": NORMAL[:wanted]}) >= 1.1 * wanted
    assert seen.looks == (100, wanted)


def test_stages_grow_by_a_bounded_factor_and_by_a_tenth_at_least():
    assert watch([Target("x", 0.01, False, "EUR")]).look({"x": NORMAL[:100]}) == 100 * rule.GROWTH
    half = estimate_mean(NORMAL[:1000], "EUR").half_width
    assert watch([Target("x", 0.999 * half, False, "EUR")]).look({"x": NORMAL[:1000]}) == 1100


def test_the_most_demanding_target_decides():
    easy, hard = Target("easy", 5.0, False, "EUR"), Target("hard", 1.2, False, "EUR")
    both = {"easy": NORMAL[:100], "hard": NORMAL[:100]}
    assert watch([easy, hard]).look(both) == watch([hard]).look({"hard": NORMAL[:100]}) > 100
    assert watch([easy]).look({"easy": NORMAL[:100]}) == 100


def test_skew_values_take_more_replications_before_a_look_counts():
    skew = np.random.default_rng(5).exponential(10, 4000)
    seen = watch([Target("x", 100.0, False, "EUR")])
    wanted = seen.look({"x": skew[:100]})
    assert wanted == min(math.ceil(rule.SKEW * skewness(skew[:100]) ** 2), 300) > 100
    assert not seen.stopping().targets[0].met


def test_skewness_is_the_third_moment_of_what_there_is():
    from scipy import stats

    values = np.random.default_rng(5).exponential(10, 400)
    assert skewness(values) == pytest.approx(stats.skew(values))
    assert skewness(np.append(values, [math.nan, math.inf])) == pytest.approx(stats.skew(values))
    assert skewness(np.full(9, 3.0)) == skewness(np.empty(0)) == 0.0


def test_replications_without_a_value_are_not_counted_and_said():
    values = NORMAL[:200].copy()
    values[::2] = math.nan
    seen = watch([ABSOLUTE])
    wanted = seen.look({"x": values})
    assert wanted > 200
    (status,) = seen.stopping().targets
    assert status.estimate == estimate_mean(values[1::2], "EUR")
    assert status.takes == pytest.approx(rule.AIM * 200 * status.half_width**2)
    assert "100 of 200 replications without a value left out" in str(seen.stopping())


def test_a_metric_that_is_infinite_in_one_replication_can_never_be_precise():
    values = NORMAL[:100].copy()
    values[7] = math.inf
    seen = watch([ABSOLUTE])
    assert seen.look({"x": values}) == 100
    stopping = seen.stopping()
    assert stopping.reason == "impossible"
    assert "infinite in 1 of 100 replications, so that no mean can be had" in str(stopping)


def test_a_metric_without_any_value_can_never_be_precise():
    seen = watch([ABSOLUTE])
    assert seen.look({"x": np.full(100, math.nan)}) == 100
    assert "without a value in all 100 replications" in str(seen.stopping())
    assert seen.stopping().reason == "impossible"


def test_values_that_have_not_varied_are_believed_from_a_hundred_on():
    few = watch([ABSOLUTE], at_most=50)
    few.look({"x": np.full(50, 3.0)})
    assert few.stopping().reason == "cap"
    many = watch([ABSOLUTE])
    many.look({"x": np.full(100, 3.0)})
    assert many.stopping().reached


def test_a_mean_not_told_from_zero_gets_the_advice_to_ask_for_an_absolute_precision():
    seen = watch([Target("x", 1.0, True, "EUR")], at_most=100)
    assert seen.look({"x": NORMAL[:100] - NORMAL[:100].mean()}) == 100
    assert "cannot be told from 0: an absolute precision is reached sooner" in str(seen.stopping())


# -- memory and limits ------------------------------------------------------------------------------


def test_it_stops_where_memory_ends_and_says_so(monkeypatch):
    monkeypatch.setattr("flywheel_sim.experiment.driver._room", lambda *_: 130)
    runs = replicate(coins(), precision={"revenue": 0.05})
    assert (runs.n, runs.stopping.reason) == (130, "memory")
    assert "no more fit into memory" in str(runs.stopping)


def test_at_a_limit_what_was_complete_is_kept_with_what_was_known():
    counts = replicate(club(), replications=300, seed=LIMITED).ledger.n_events
    most, first = int(counts.max()) - 1, int(np.argmax(counts))
    assert first > 100
    with pytest.raises(LimitReached) as stop:
        replicate(club(), precision={"profit": 1.0}, seed=LIMITED, limits=Limits(max_events=most), workers=1)
    done = stop.value.complete
    assert done.n == done.stopping.replications == first
    assert (done.stopping.reason, done.stopping.looks) == ("limit", (100,))
    assert f"stopped after {first} replications: a run met a limit; what was known after 100" in str(done)


def test_at_a_limit_before_the_first_look_nothing_is_known():
    most = int(replicate(club(), replications=5).ledger.n_events.max())
    with pytest.raises(LimitReached) as stop:
        replicate(club(), precision={"profit": 1.0}, limits=Limits(max_events=most), workers=1)
    assert stop.value.complete.stopping.targets == ()
    with pytest.raises(LimitReached) as stop:
        replicate(club(), precision={"profit": 1.0}, limits=Limits(max_events=3), workers=1)
    assert stop.value.complete is None


# -- comparisons ------------------------------------------------------------------------------------


def test_a_comparison_watches_every_difference_to_the_first():
    duel = compare(coins(SHOPS), precision={"revenue": "0.6 EUR", "conversion": "1 point"})
    stopping = duel.stopping
    assert stopping.reached
    assert [one.what for one in stopping.targets] == [
        "revenue, 'lucky' minus 'plain'", "revenue, 'luckier' minus 'plain'",
        "conversion, 'lucky' minus 'plain'", "conversion, 'luckier' minus 'plain'",
    ]  # fmt: skip
    for name in ("lucky", "luckier"):
        assert duel.difference("revenue", name, "plain").half_width <= 0.6
    assert stopping.targets[1].estimate == duel.difference("revenue", "luckier", "plain")
    assert str(stopping.targets[2].estimate.unit) == "points"
    assert {runs.n for runs in duel.runs.values()} == {stopping.replications}
    same = compare(coins(SHOPS), replications=stopping.replications)
    assert all(same[name].ledger.equals(duel[name].ledger) for name in duel.names)
    assert "every precision asked for is reached" in str(duel)
    assert "every precision asked for is reached" in duel._repr_html_()
    assert same.stopping is None


def test_a_comparison_at_a_limit_keeps_pairs_and_says_why_it_stopped():
    counts = compare(club(), strategies=["quiet", "loud"], replications=120)["loud"].ledger.n_events
    limits = Limits(max_events=int(counts[:110].max()))
    with pytest.raises(LimitReached) as stop:
        compare(club(), strategies=["quiet", "loud"], precision={"profit": 1}, workers=1, limits=limits)
    assert stop.value.complete.stopping.reason == "limit"
    assert stop.value.complete["quiet"].n == stop.value.complete["loud"].n >= 110


# -- the command ------------------------------------------------------------------------------------


@pytest.fixture
def flywheel(tmp_path, monkeypatch, command):
    (tmp_path / "coins.yaml").write_text(SHOPS, encoding="utf-8")
    (tmp_path / "club.yaml").write_text(CLUB, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda line, *more: command(*line.split(), *more)


def test_the_command_runs_to_a_precision(flywheel):
    status, out, err = flywheel("run coins.yaml --strategies plain --precision revenue=1%", "--precision", "cac=5 EUR")
    runs = replicate(coins(SHOPS), strategies="plain", precision={"revenue": "1%", "cac": "5 EUR"})
    assert status == 0
    assert str(runs.stopping) in out
    assert str(runs["revenue"]) in out
    assert "replications until revenue is known to 1%, cac is known to 5 EUR" in err
    assert "run/s]" in err


def test_the_command_compares_to_a_precision_and_says_so_in_json(flywheel):
    status, out, _ = flywheel("compare coins.yaml --precision revenue=0.6 --at-most 120 --json")
    stopping = json.loads(out)["details"]["stopping"]
    assert status == 0
    assert {name: stopping[name] for name in ("reason", "replications", "at_most", "looks")} == {
        "reason": "cap", "replications": 120, "at_most": 120, "looks": [100, 120],
    }  # fmt: skip
    assert stopping["targets"][0]["what"] == "revenue, 'lucky' minus 'plain'"
    assert json.loads(out)["details"]["ranking"]["order"] == ["luckier", "lucky", "plain"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--precision revenue", "is not METRIC=SIZE; write --precision 'profit=1%'"),
        ("--precision =1%", "is not METRIC=SIZE"),
        ("--precision revenue=1% --precision revenue=2%", "is said twice"),
        ("--precision revenu=1%", "did you mean 'revenue'"),
        ("--precision revenue=-1%", "positive number"),
        ("--precision revenue=1% --replications 20", "write at_most=20"),
        ("--precision revenue=1% --at-most 3", "fewer than 30"),
        ("--at-most 300", "without a precision"),
    ],
)
def test_the_command_refuses_what_cannot_be_asked_for(flywheel, options, said):
    for command in ("run coins.yaml --strategies plain", "compare coins.yaml"):
        status, out, err = flywheel(f"{command} {options}")
        assert (status, out) == (2, "")
        assert said in err
        assert "Traceback" not in err
