"""At the edges: one replication, nobody who buys, what is no answer, words that no verb takes, nobody who reads."""

import json
import subprocess
import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from threading import Thread

import numpy as np
import pytest
from journeys import CLUB, COINS, club
from test_forecast import FILE

import flywheel_sim as fs
from flywheel_sim.analysis import registry
from flywheel_sim.analysis.forecast.charts import forecast as forecast_chart
from flywheel_sim.experiment.sweep.executors import carry_out, workers_of
from flywheel_sim.stats import Estimate, figure, plus_minus
from flywheel_sim.wording import signed

#: Visitors of whom nobody buys, and who would be brought by others.
NOBODY = """
name: Nobody
horizon: 6 months
currency: EUR
channels: {ads: {batch: 20, enters: visitor}, friends: {enters: visitor}}
journey:
  visitor: {role: prospect, after: 1 day, to: {client: 0 %, lost: rest}}
  client: {role: customer, on_entry: {earn: {fee: 5}}, events: {tell: {every: 1 month, refer: friends}}}
  lost: exit
"""


# -- one replication, nobody ------------------------------------------------------------------------


def test_one_replication_makes_a_tornado_without_lines():
    diagram = fs.tornado(club(), strategies="quiet", over=["price", "retention"], replications=1)
    assert "<svg" in fs.charts.tornado(diagram).svg()


def test_rates_that_move_nothing_make_a_tornado_of_no_length(recwarn):
    diagram = fs.tornado(fs.loads(COINS), "churned", over=["heads"], replications=3)
    assert {bar.swing for bar in diagram.bars} <= {0.0}
    assert "<svg" in fs.charts.tornado(diagram).svg()
    assert not [one for one in recwarn if "identical" in str(one.message)]


@pytest.mark.parametrize("replications", [1, 5])
def test_a_forecast_does_not_say_that_chance_is_no_number(replications):
    outlook = fs.forecast(fs.loads(FILE), replications=replications)  # of spend there is none
    chart = forecast_chart(outlook, "spend")
    for text in (str(outlook), outlook.answer("spend"), outlook._repr_html_(), chart.title):
        assert "nan" not in text.lower()
    assert outlook.table().loc["Spend", "of the variance chance"] == "n/a"


def test_one_replication_certifies_no_split():
    spent = CLUB.replace("{batch: 30, cost_per_batch: 90,", "{spend: 90 per month, cost_per_arrival: 9,")
    model = fs.loads(spent)
    with pytest.raises(fs.ExperimentError, match="at least two are needed"):
        fs.allocate(model, strategies="quiet", over=["ads", "fair"], replications=1)


def test_nobody_referred_and_nobody_watched_are_said_in_a_report(tmp_path):
    tree = fs.referral_tree(fs.loads(NOBODY))
    ladder = fs.repeat_ladder(fs.loads(NOBODY), "fee", window="2 months", replications=2)
    page = fs.write_report(tree, ladder, to=tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Nobody whom a customer referred became one" in page
    assert "lie wholly within what was observed" in page


@pytest.mark.parametrize(
    ("value", "unit", "text"), [(-0.0, "EUR", "0"), (-0.04, "%", "0.0"), (2.8e-17, "", "0"), (-1e-15, "", "0")]
)
def test_nothing_has_neither_sign_nor_digits(value, unit, text):
    assert figure(value, unit) == text
    nothing = Estimate(value, -0.0, 0.0, 0.95, 9, unit)
    assert signed(nothing).startswith(text)
    assert not plus_minus(nothing, signed=True).startswith("+")


# -- reports of what is no answer -------------------------------------------------------------------


@pytest.mark.parametrize("what", [{}, None, "runs", [], fs.Result(), fs.Runs, fs.load])
def test_a_report_of_what_is_no_answer_is_refused_and_nothing_is_written(what, tmp_path):
    runs = fs.replicate(fs.loads(COINS), replications=2)
    for results in ([what], [runs, what]):
        with pytest.raises(fs.ExperimentError, match=r"it takes what fs.compare and the like return"):
            fs.write_report(*results, to=tmp_path / "new" / "report.html")
    assert not (tmp_path / "new").exists()


def test_a_name_given_in_code_is_that_of_the_scenario():
    dear = fs.loads(COINS).with_(name="Dear")
    assert dear.name == dear.journey().name == "Dear"
    assert fs.compare(fs.loads(COINS), dear, replications=2).names == ("Coins", "Dear")


# -- how to run -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"sed": 3}, "did you mean 'seed'"),
        ({"seed": "x"}, "seed is 'x'"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**32}, "from 0 to 4294967295"),
        ({"workers": 0}, "workers is 0: it takes a whole number from 1"),
        ({"workers": -1}, "workers is -1"),
        ({"workers": "2"}, "workers is '2'"),
        ({"workers": 1.5}, "workers is 1.5"),
        ({"engine": "kernal"}, "engine is 'kernal': it takes .* write engine='kernel'"),
        ({"engine": None}, "engine is None"),
        ({"executor": "processes"}, "an executor of the concurrent.futures interface"),
        ({"limits": {"max_people": 3}}, "write limits=fs.Limits"),
    ],
)
def test_words_of_how_to_run_that_no_verb_takes_are_refused_with_a_remedy(how, said):
    with pytest.raises(fs.ExperimentError, match=said):
        fs.replicate(fs.loads(COINS), replications=2, **how)


def test_words_of_how_to_run_that_may_be(serial_coins):
    with ThreadPoolExecutor(2) as pool:
        how = {"seed": np.int64(1), "workers": np.int32(2), "executor": pool, "limits": None, "progress": False}
        assert fs.replicate(fs.loads(COINS), replications=3, **how).ledger.equals(serial_coins.ledger)


@pytest.fixture
def serial_coins():
    return fs.replicate(fs.loads(COINS), replications=3, seed=1, workers=1)


def test_the_reference_engine_is_handed_few_replications_at_a_time():
    """An executor handed in ends those under way before it tells who pressed Ctrl-C."""
    sizes = []

    class Watched(Executor):
        def submit(self, work, *words, **more):
            sizes.append(len(work.keywords["numbers"]))
            done = Future()
            done.set_result(work(*words, **more))
            return done

    fs.replicate(fs.loads(COINS.replace("40", "2")), replications=60, executor=Watched(), workers=1, engine="reference")
    assert sum(sizes) == 60
    assert max(sizes) <= 5


def test_ctrl_c_right_after_a_task_is_handed_out_leaves_nobody_waiting():
    done, raised = [], []

    def stop(_):
        wait(handed)  # too late to cancel any
        raise KeyboardInterrupt

    class Pressed(Executor):
        """Whoever presses Ctrl-C does so before the third task's end can be listened for."""

        def submit(self, *words, **more):
            future = pool.submit(*words, **more)
            handed.append(future)
            if len(handed) == 3:
                future.add_done_callback = stop
            return future

    def ask():
        with workers_of(Pressed()) as workers:
            try:
                carry_out(range(10), abs, workers, done=lambda task, _: done.append(task), set_aside=None, in_flight=4)
            except KeyboardInterrupt as error:
                raised.append(error)

    handed = []
    with ThreadPoolExecutor(1) as pool:
        asked = Thread(target=ask, daemon=True)
        asked.start()
        asked.join(timeout=10)
        assert not asked.is_alive()
    assert len(raised) == 1
    assert sorted(done) == [0, 1, 2]


# -- the command ------------------------------------------------------------------------------------


@pytest.fixture
def flywheel(tmp_path, monkeypatch, command):
    (tmp_path / "club.yaml").write_text(CLUB, encoding="utf-8")
    (tmp_path / "nobody.yaml").write_text(NOBODY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda line, *more: command(*line.split(), *more)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("run club.yaml --engine kernal --replications 2", "write engine='kernel'"),
        ("run club.yaml --max-memory 0", "write max_memory=4"),
        ("referrals club.yaml --replication 99999999999", "a whole number from 0 to 4294967295"),
        ("breakeven club.yaml --over price,price --replications 2", "two different ones for a map"),
        ("capacity b2b_pipeline --over sales --over sales", "over is sales, sales: one is named twice"),
        ("capacity b2b_pipeline --over sales --leads traffic --times 1,2", "--times '1,2': it takes three volumes"),
        ("capacity b2b_pipeline --over sales --leads traffic --times 0,1,2", "numbers above 0"),
    ],
)
def test_what_is_written_wrong_is_said_before_anything_runs(flywheel, line, said):
    status, out, err = flywheel(line)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_second_journey_without_a_name_is_refused(flywheel):
    status, out, err = flywheel("compare club.yaml", "")
    assert (status, out) == (2, "")
    assert "the path of a file" in err


def test_momentum_at_a_limit_is_that_of_what_was_complete(flywheel):
    line = "momentum club.yaml --replications 30 --workers 1 --max-events 1000 --json"
    status, out, err = flywheel(line)
    assert status == 3
    assert "replications done before" in err
    assert json.loads(out)["result"] == "Momentum"


def test_what_nobody_brought_has_a_report(flywheel, tmp_path):
    status, _, err = flywheel("referrals nobody.yaml --out out")
    assert status == 0, err
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full")
@pytest.mark.parametrize(
    "line", ["run club.yaml --strategies quiet --replications 2 --workers 1", "validate club.yaml"]
)
def test_a_full_disk_is_said_without_a_traceback(flywheel, line):
    code = "from flywheel_sim.cli import main; main()"
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-c", code, *line.split()], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert b"standard output: No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    "line", ["run club.yaml --strategies quiet --replications 2 --workers 1", "validate club.yaml"]
)
def test_nobody_who_reads_is_no_fault(flywheel, line):
    code = "from flywheel_sim.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *line.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert b"Exception" not in process.stderr.read()
    assert process.wait(timeout=60) == 0


# -- the register -----------------------------------------------------------------------------------


def test_every_name_that_is_declared_is_there_and_declared_once():
    declared = [name for one in registry.questions().values() for name in one.names] + list(fs.BASE)
    assert sorted(declared) == sorted(set(declared))
    drawn = [name for one in registry.questions().values() for name in one.charts]
    assert sorted(drawn) == sorted(set(drawn))
    for name in fs.__all__:
        assert getattr(fs, name) is not None
    for name in fs.charts.__all__:
        assert callable(getattr(fs.charts, name))
