"""Sweeps: the same figures and bytes whoever runs them, whatever stops them, and the tables that come out."""

import json
import math
import os
import random
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from flywheel_sim.analysis.compare.result import compare
from flywheel_sim.errors import ConfigError, DataError, ExperimentError
from flywheel_sim.experiment import budgets as matched
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.experiment.running import Limits
from flywheel_sim.experiment.sweep import batches
from flywheel_sim.experiment.sweep import sweep as room
from flywheel_sim.experiment.sweep.journal import look
from flywheel_sim.experiment.sweep.outcomes import Sweep
from flywheel_sim.experiment.sweep.sweep import sweep
from flywheel_sim.scenario.load import loads
from flywheel_sim.stats import estimate_mean

SHOP = """
name: Shop
horizon: 12 months
follow: 5 months
currency: EUR
seed: 3
rates:
  retention: {value: 85 % per month, why: "renewals in the billing records"}
  price:     {value: 12.50 per month, why: "list price"}
  inviting:  {value: 0.15 per month, why: "sign-up survey"}
channels:
  ads:     {spend: 300 per month, cost_per_arrival: 30, enters: member}
  friends: {enters: member}
journey:
  member:
    role: customer
    earn: {platform: price}
    events:
      renewal: {every: 1 month, to: {stay: {chance: retention, earn: {club: 7}}, lapsed: rest}}
      invite:  {every: inviting, refer: friends, spend: {reward: 3}}
  lapsed: lapsed
strategies:
  quiet: {without: [invite]}
  loud: {}
"""
GRID = {"retention": ["80 %", "90 %"], "price": [10, 20]}
METRICS = ("revenue", "profit", "clv", "payback")


@pytest.fixture(scope="module")
def model():
    return loads(SHOP)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(room, "MOST_RUNS", 7)


def bytes_of(swept, tmp_path, ending=".parquet"):
    return swept.export(tmp_path / f"out{ending}").read_bytes()


def grid(model, **how):
    return sweep(model, **({"values": GRID, "replications": 20, "of": METRICS} | how))


# -- figures ----------------------------------------------------------------------------------------


def test_figures_are_those_of_replicate_at_each_design_point(model):
    swept = grid(model)
    table = swept.points
    assert len(table) == 8
    for point, (retention, price, strategy) in enumerate(table.itertuples(index=False)):
        runs = replicate(model.with_(retention=retention, price=price), strategies=strategy, replications=20)
        for row, name in enumerate(METRICS):
            assert swept.values[point, row].tobytes() == runs.values(name).tobytes()
            assert swept.units[name] == runs.unit(name)


def test_luck_is_common_to_all_design_points(model):
    swept = sweep(model, strategies=["quiet", "loud"], replications=30)
    duel = compare(model, strategies=["quiet", "loud"], replications=30)
    paired = swept.replications(1)["profit"] - swept.replications(0)["profit"]
    assert estimate_mean(paired, "EUR").mean == duel.difference("profit").mean
    dearer = sweep(model, values={"price": [10, 20]}, strategies=["loud"], replications=30, of="revenue.platform")
    np.testing.assert_allclose(dearer.values[1], 2 * dearer.values[0], rtol=1e-5)


def test_seed_is_the_files_unless_given(model):
    one = sweep(model, strategies=["loud"], replications=3)
    assert one.seed == 3
    other = sweep(model, strategies=["loud"], replications=3, seed=4)
    assert other.values.tobytes() != one.values.tobytes()
    assert other.values.tobytes() == sweep(model.with_(seed="4"), strategies=["loud"], replications=3).values.tobytes()


def test_estimates_are_those_of_estimate_mean(model):
    swept = sweep(model, values={"price": [10, 20], "retention": ["5 %", "90 %"]}, replications=9, of=METRICS)
    frame = swept.frame()
    assert np.isinf(swept.values).any() or np.isnan(swept.values).any(), "some without a plain mean"
    for at, (point, metric) in enumerate((p, m) for p in range(8) for m in METRICS):
        row, estimate = frame.loc[at], swept.estimate(point, metric)
        assert (row["point"], row["metric"], row["unit"], row["n"]) == (point, metric, estimate.unit, estimate.n)
        for name, end in (("value", estimate.mean), ("low", estimate.low), ("high", estimate.high)):
            assert row[name] == end or (math.isnan(row[name]) and math.isnan(end))


# -- tables -----------------------------------------------------------------------------------------


def test_the_frame_is_long_and_points_and_outcomes_share_an_index(model):
    swept = grid(model)
    frame = swept.frame()
    assert list(frame.columns) == ["point", "retention", "price", "strategy", "metric", "value", "low", "high", "level",
                                   "n", "unit", "note"]  # fmt: skip
    assert len(frame) == 8 * len(METRICS)
    assert (swept.points.index == swept.outcomes.index).all()
    wide = frame.pivot(index="point", columns="metric", values="value")[list(METRICS)]
    pd.testing.assert_frame_equal(wide, swept.outcomes, check_names=False)
    assert swept.figures()["retention"].tolist() == [0.8] * 4 + [0.9] * 4
    assert swept.points["price"].tolist() == [10, 10, 20, 20] * 2
    assert "8 design points (grid)" in str(swept)
    assert "EUR" in swept._repr_html_()


def test_one_at_a_time_shows_what_the_file_says(model):
    swept = sweep(
        model, design="one", values={"retention": ["80 %"], "price": [10]}, strategies=["loud"], replications=3
    )
    assert swept.points["retention"].tolist() == ["85 % per month", "80 %", "85 % per month"]
    assert swept.points["price"].tolist() == [12.5, 12.5, 10.0], "numbers, where the file's is one too"
    base = replicate(model, strategies="loud", replications=3)
    assert swept.values[0, 0].tobytes() == base.values("revenue").tobytes()


def test_points_go_back_in_as_a_table(model):
    swept = grid(model)
    again = sweep(model, values=swept.points, replications=20, of=METRICS)
    assert again.values.tobytes() == swept.values.tobytes()


def test_a_factor_named_like_a_column_gets_another(model):
    text = SHOP.replace("price:", "n:").replace("platform: price", "platform: n")
    swept = sweep(loads(text), values={"n": [10, 20]}, strategies=["loud"], replications=3)
    assert "factor.n" in swept.frame().columns
    assert swept.points["factor.n"].tolist() == [10, 20]


def test_replications_of_a_point(model):
    swept = grid(model)
    table = swept.replications(3)
    assert table.shape == (20, len(METRICS))
    assert table["revenue"].mean() == pytest.approx(swept.outcomes.loc[3, "revenue"])
    with pytest.raises(ExperimentError, match="0 to 7"):
        swept.replications(8)
    with pytest.raises(ExperimentError, match="'revenue'"):
        swept.estimate(0, "revenu")


# -- the same bytes ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(model, tmp_path_factory):
    """Return the bytes of the grid run by one thread, in both kinds of files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "MOST_RUNS", 7)
        swept = grid(model, executor="serial")
    folder = tmp_path_factory.mktemp("reference")
    return {ending: bytes_of(swept, folder, ending) for ending in (".parquet", ".csv")}


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_threads_leave_the_same_bytes(model, tmp_path, reference, workers):
    swept = grid(model, workers=workers)
    for ending, same in reference.items():
        assert bytes_of(swept, tmp_path, ending) == same


@pytest.mark.parametrize("luck", range(3))
def test_shuffled_batches_leave_the_same_bytes(model, tmp_path, reference, monkeypatch, luck):
    def shuffled(tasks, work, workers, **how):
        every = list(tasks)
        random.Random(luck).shuffle(every)
        carry_out(every, work, workers, **how)

    carry_out = room.carry_out
    monkeypatch.setattr(room, "carry_out", shuffled)
    swept = grid(model, store=tmp_path / "sweep.db")
    assert bytes_of(swept, tmp_path) == reference[".parquet"]
    assert bytes_of(Sweep.read(tmp_path / "sweep.db"), tmp_path) == reference[".parquet"]


def test_another_process_with_another_hash_seed_leaves_the_same_bytes(tmp_path, reference):
    (tmp_path / "shop.yaml").write_text(SHOP, encoding="utf-8")
    (tmp_path / "script.py").write_text(f"""
from flywheel_sim.experiment.sweep import sweep as room
from flywheel_sim.scenario.load import load
if __name__ == "__main__":
    room.MOST_RUNS = 7
    outcomes = room.sweep(load("shop.yaml"), values={GRID}, replications=20, of={METRICS}, workers=2)
    outcomes.export("out.csv"), outcomes.export("out.parquet")
""", encoding="utf-8")  # fmt: skip
    env = os.environ | {"PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "script.py"], cwd=tmp_path, env=env, check=True)
    for ending, same in reference.items():
        assert (tmp_path / f"out{ending}").read_bytes() == same


def test_the_parquet_file_holds_the_frame(model, tmp_path):
    swept = grid(model)
    swept.export(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), swept.frame(), check_dtype=False)
    swept.export(tmp_path / "out.csv")
    back = pd.read_csv(tmp_path / "out.csv", keep_default_na=True)
    assert np.array_equal(back["value"], swept.frame()["value"], equal_nan=True), "to the last bit"


# -- stopping and going on --------------------------------------------------------------------------


class Stop(Exception):
    """What stops a sweep in these tests."""


def stop_after(monkeypatch, batches, error):
    """Stop the next sweep when so many batches have been kept."""
    keep, kept = room.Journal.keep, []

    def keeping(*of_batch):
        keep(*of_batch)
        kept.append(of_batch[1:3])
        if len(kept) == batches:
            raise error

    monkeypatch.setattr(room.Journal, "keep", keeping)
    return kept


@pytest.mark.parametrize("batches", [1, 5, 23])
@pytest.mark.parametrize("error", [Stop, KeyboardInterrupt])
def test_a_sweep_that_was_stopped_goes_on_where_it_was(model, tmp_path, reference, monkeypatch, batches, error):
    store = tmp_path / "sweep.db"
    with monkeypatch.context() as patch:
        stop_after(patch, batches, error())
        with pytest.raises(error):
            grid(model, store=store, workers=2)
    with look(store) as journal:
        kept = len(list(journal.batches()))
    with monkeypatch.context() as patch:
        ran = stop_after(patch, 10**9, Stop())
        swept = grid(model, store=store, resume=True, executor="serial")
    assert kept >= batches
    assert len(ran) == 24 - kept, "what was kept is not run again"
    assert bytes_of(swept, tmp_path) == reference[".parquet"]
    assert bytes_of(Sweep.read(store), tmp_path, ".csv") == reference[".csv"]


def test_going_on_with_a_finished_sweep_runs_nothing(model, tmp_path, monkeypatch):
    store = tmp_path / "sweep.db"
    first = grid(model, store=store)
    monkeypatch.setattr(room, "carry_out", None)
    monkeypatch.setattr(room, "run_many", None)
    again = grid(model, store=store, resume=True)
    assert again.values.tobytes() == first.values.tobytes()


def test_more_replications_are_added(model, tmp_path, reference):
    store = tmp_path / "sweep.db"
    grid(model, store=store, replications=9)
    swept = grid(model, store=store, replications=20, resume=True)
    assert bytes_of(swept, tmp_path) == reference[".parquet"]
    with pytest.raises(ExperimentError, match="20 -> 9"):
        grid(model, store=store, replications=9, resume=True)


def test_a_batch_that_is_damaged_is_run_again(model, tmp_path, reference):
    store = tmp_path / "sweep.db"
    grid(model, store=store)
    db = sqlite3.connect(store, isolation_level=None)
    db.execute("UPDATE batches SET figures = zeroblob(length(figures)) WHERE point = 2 AND first = 7")
    db.close()
    with pytest.raises(DataError, match="replications from 7 of point 2 are damaged"):
        Sweep.read(store)
    assert bytes_of(grid(model, store=store, resume=True), tmp_path) == reference[".parquet"]


@pytest.mark.parametrize(
    ("text", "how", "said"),
    [
        (SHOP.replace("12.50", "12.60"), {}, "rate 'price': 12.50 per month -> 12.60 per month"),
        (SHOP.replace("[invite]", "[invite, renewal]"), {}, "strategy quiet, without: invite -> invite, renewal"),
        (SHOP, {"seed": 9}, "seed: 3 -> 9"),
        (SHOP.replace("seed: 3", "seed: 5"), {}, "seed: 3 -> 5"),
        (SHOP, {"of": ["profit"]}, "metrics: revenue, profit, clv, payback -> profit"),
        (SHOP, {"design": "one"}, "grid -> one"),
        (SHOP, {"limits": Limits(max_people=10**6)}, "max_people"),
    ],
)
def test_another_sweep_does_not_go_on_with_a_store(model, tmp_path, text, how, said):
    store = tmp_path / "sweep.db"
    grid(model, store=store, replications=2)
    with pytest.raises(ExperimentError) as caught:
        grid(loads(text), store=store, resume=True, **({"replications": 2} | how))
    assert said in str(caught.value)
    assert Sweep.read(store).set_aside == {}


def test_an_unfinished_store_can_be_read(model, tmp_path, monkeypatch):
    store = tmp_path / "sweep.db"
    with monkeypatch.context() as patch:
        stop_after(patch, 4, Stop())
        with pytest.raises(Stop):
            grid(model, store=store, executor="serial")
    swept = Sweep.read(store)
    assert swept.notes[0] == ""
    assert swept.notes[1] == "not finished: 7 of 20 replications"
    frame = swept.frame()
    assert frame[frame.metric == "revenue"]["n"].tolist() == [20, 7] + [0] * 6
    assert frame["note"].str.startswith("not finished").sum() == 7 * len(METRICS)


# -- what goes wrong --------------------------------------------------------------------------------


def test_a_point_that_meets_a_limit_is_set_aside_and_the_rest_goes_on(model, tmp_path):
    how = {"strategies": ["loud"], "replications": 20, "limits": Limits(max_people=400), "of": METRICS}
    values = [0.1, 5, 0.2]
    first = sweep(model, values={"inviting": values}, executor="serial", store=tmp_path / "sweep.db", **how)
    assert list(first.set_aside) == [1]
    assert "replication 0: more than 400 people came" in first.set_aside[1]
    assert np.isnan(first.values[1]).all()
    assert np.isfinite(first.values[[0, 2], 0]).all()
    frame = first.frame()
    assert (frame[frame.point == 1]["n"] == 0).all()
    assert frame[frame.point == 1]["note"].str.contains("400 people").all()
    with pytest.raises(ExperimentError, match="400 people"):
        first.replications(1)
    same = bytes_of(first, tmp_path)
    for workers in (1, 3):
        assert bytes_of(sweep(model, values={"inviting": values}, workers=workers, **how), tmp_path) == same
    again = sweep(model, values={"inviting": values}, store=tmp_path / "sweep.db", resume=True, **how)
    assert bytes_of(again, tmp_path) == same


def test_of_a_point_set_aside_nothing_more_is_run(model, monkeypatch):
    ran, run_batch = [], room.run_batch

    def counted(task, **how):
        ran.append((task.point, task.first))
        return run_batch(task, **how)

    monkeypatch.setattr(room, "run_batch", counted)
    sweep(model, values={"inviting": [5, 0.1]}, strategies=["loud"], replications=20, limits=Limits(max_people=400),
          executor="serial")  # fmt: skip
    assert ran == [(0, 0), (1, 0), (1, 7), (1, 14)]


def test_the_first_stop_of_a_point_holds(model, tmp_path, monkeypatch):
    plans, init = [], room._Plan.__init__
    monkeypatch.setattr(room._Plan, "__init__", lambda plan, *how: plans.append(plan) or init(plan, *how))
    sweep(model, strategies=["loud"], replications=2)
    plan = plans[0]
    monkeypatch.setattr(plan, "journal", type("Nowhere", (), {"put_aside": lambda *_: None})())
    for first in (50, 10, 30):
        plan.stop(0, first, "limit", "said")
    assert plan.stopped == {0: 10}


@pytest.mark.parametrize("luck", range(4))
def test_the_reason_is_that_of_the_first_replication_whoever_meets_it(model, tmp_path, monkeypatch, luck):
    how = {"strategies": ["loud"], "replications": 60, "limits": Limits(max_events=1700), "values": {"inviting": [0.2]}}
    serial = sweep(model, executor="serial", **how)
    assert "replication 0:" not in serial.set_aside[0]
    tasks_of = room._Plan.tasks

    def shuffled(plan):
        every = list(tasks_of(plan))
        random.Random(luck).shuffle(every)
        return (task for task in every if task.first < plan.stopped.get(task.point, 60))

    monkeypatch.setattr(room._Plan, "tasks", shuffled)
    swept = sweep(model, store=tmp_path / "sweep.db", workers=3, **how)
    assert swept.set_aside == serial.set_aside


def test_values_that_do_not_go_together_are_set_aside_by_name(model):
    text = SHOP.replace("lapsed: rest}", "lapsed: leaving, aside: rest}").replace("  lapsed: lapsed", "  lapsed: lapsed\n  aside: aside").replace("rates:\n", "rates:\n  leaving: {value: 5 % per month, why: one}\n")  # fmt: skip # noqa: E501
    shop = loads(text)
    swept = sweep(
        shop, values={"retention": ["80 %", "95 %"], "leaving": ["5 %", "15 %"]}, strategies=["loud"], replications=3
    )
    assert list(swept.set_aside) == [3]
    assert "more than 100 %" in swept.set_aside[3] or "exceed" in swept.set_aside[3] or "chances" in swept.set_aside[3]
    assert "\n" not in swept.set_aside[3]
    assert np.isfinite(swept.outcomes["revenue"]).tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"values": {"retentoin": [0.9]}}, ConfigError, "did you mean 'retention'"),
        ({"values": {"retention": ["90 %", "90 % per mouth"]}}, ConfigError, "month"),
        ({"values": {"retention": ["90 %", "-1 %"]}}, ConfigError, "-1"),
        ({"of": ["revenu"]}, ExperimentError, "revenue"),
        ({"of": []}, ExperimentError, "of is []: it takes a name, or a list of names"),
        ({"of": ["clv", "clv"]}, ExperimentError, "each once"),
        ({"strategies": ["lout"]}, ConfigError, "'loud'"),
        ({"replications": 0}, ExperimentError, "write replications=100"),
        ({"seed": -1}, ExperimentError, "4294967295"),
        ({"executor": "thread"}, ExperimentError, "'threads'"),
        ({"workers": 0}, ExperimentError, "workers is 0: it takes a whole number from 1"),
        ({"price": [1]}, ExperimentError, "write values={'price': [...]} where it is a factor"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_run_or_written(model, tmp_path, monkeypatch, how, error, said):
    monkeypatch.setattr(room, "carry_out", None)
    monkeypatch.setattr(room, "run_many", None)
    with pytest.raises(error) as caught:
        sweep(model, store=tmp_path / "sweep.db", **how)
    assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_only_one_strategy_has(model):
    text = SHOP.replace("spend: {reward: 3}", "spend: {reward: 3}, earn: {bonus: 1}")
    swept = sweep(loads(text), replications=3, of=["revenue", "revenue.bonus"])
    assert swept.outcomes["revenue.bonus"].gt(0).tolist() == [False, True]
    assert swept.units["revenue.bonus"] == "EUR"


# -- batches ----------------------------------------------------------------------------------------


def test_batches_are_cut_smaller_where_runs_are_long(model, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "MOST_RUNS", 100)

    def size(**how):
        path = tmp_path / f"{random.random()}.db"
        sweep(model, strategies=["loud"], replications=10, store=path, **how)
        db = sqlite3.connect(path)
        (text,) = db.execute("SELECT value FROM header WHERE name = 'batch'").fetchone()
        db.close()
        return json.loads(text)

    events = sweep(model, strategies=["loud"], replications=1).n_events
    assert size() == size(workers=1) == size(executor="serial") == 100
    monkeypatch.setattr(room, "MOST_BATCH_EVENTS", 5 * events + 1)
    assert size() == 5
    monkeypatch.setattr(room, "MOST_BATCH_EVENTS", events // 2)
    assert size() == 1
    monkeypatch.setattr(room, "MOST_BATCH_EVENTS", 10**9)
    monkeypatch.setattr(room, "MOST_BYTES", 1)
    assert size() == 1


# -- budgets ----------------------------------------------------------------------------------------


def test_a_matched_spend_is_solved_for_at_each_design_point(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "NEAR", 0.01)
    text = SHOP.replace("quiet: {without: [invite]}", "quiet: {without: [invite], spend: {ads: matched}}")
    shop = loads(text.replace("loud: {}", "loud: {}\nreference: loud"))
    how = {"replications": 40, "of": ["spend"], "values": {"inviting": [0.1, 0.4]}}
    swept = sweep(shop, store=tmp_path / "sweep.db", **how)
    assert swept.set_aside == {}
    spend = swept.outcomes["spend"]
    assert spend[0] == pytest.approx(spend[1], rel=0.02)
    assert spend[2] == pytest.approx(spend[3], rel=0.02)
    assert sorted(swept.matched) == [0, 2]
    assert swept.matched[2] > swept.matched[0] > 300
    frame = swept.frame()
    assert frame["matched"].notna().tolist() == [True, False, True, False]
    assert bytes_of(swept, tmp_path) == bytes_of(sweep(shop, executor="serial", **how), tmp_path)
    assert bytes_of(Sweep.read(tmp_path / "sweep.db"), tmp_path) == bytes_of(swept, tmp_path)
    settled, _ = matched.match_budgets(shop, near=0.01)
    assert sweep(settled, **how).matched == swept.matched, "a spend solved for elsewhere is not carried along"
