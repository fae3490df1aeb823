"""Ctrl-C and signals stop runs at once, within a replication too, and what was complete before is kept."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import flywheel_sim as fs
from flywheel_sim.cli import app
from flywheel_sim.engine.limits import Bounds
from flywheel_sim.engine.run import run_many
from flywheel_sim.errors import Stopped
from flywheel_sim.experiment import running

LONG = """
name: Long
horizon: 24 months
currency: EUR
channels: {base: {batch: 10_000_000, enters: user}}
journey:
  user: {role: customer, events: {buy: {every: {exponential: 1 month}, earn: {basket: 10}}}}
"""
COUPLED = LONG.replace("horizon", "market: 2_000_000_000\nhorizon")
TWO = LONG.replace("10_000_000", "10") + "strategies: {one: {}, other: {without: [buy]}}\n"
#: Each visit moves the mean, on which everybody's next visit depends.
SHARED = """
name: Shared
horizon: 10 years
attributes:
  mood: {bad: 50 %, good: rest}
  stars: {mean_of: mood, weights: {bad: -1, good: 1}, among: user, starts: 0}
rates: {visit: {value: 20 per day, by: {stars: {-0.5: 21 per day, 0: 22 per day}}}}
channels: {base: {present: 3000, enters: user}}
journey:
  user: {role: customer, events: {flip: {every: visit, set: {mood: {bad: 50 %, good: rest}}}}}
"""


@pytest.mark.parametrize("engine", ["kernel", "reference"])
@pytest.mark.parametrize("text", [LONG, COUPLED, SHARED], ids=["free", "coupled", "shared"])
def test_a_replication_stops_soon_after_it_is_told(text, engine):
    if engine == "reference":
        text = text.replace("10_000_000", "100_000").replace("present: 3000", "present: 100")
    told: list[float] = []

    def stop():
        told.append(time.perf_counter())
        return len(told) == 3

    with pytest.raises(Stopped):
        list(run_many(fs.loads(text).journey(), 1, range(1), bounds=Bounds(stop=stop), engine=engine))
    assert len(told) == 3


def pressing(after, wanted):
    """Return what presses Ctrl-C once so many replications are done."""

    def run(*words, **more):
        for raw in run_many(*words, **more):
            yield raw
            after.append(raw)
            if len(after) == wanted:
                raise KeyboardInterrupt

    return run


def test_what_was_complete_is_in_the_error(monkeypatch):
    whole = fs.replicate("subscription", strategies="funnel", replications=8, workers=1)
    monkeypatch.setattr(running, "run_many", pressing([], 5))
    with pytest.raises(KeyboardInterrupt) as caught:
        fs.replicate("subscription", strategies="funnel", replications=50, workers=1)
    complete = caught.value.complete
    assert complete.n == 5
    assert complete.values("revenue").tolist() == whole.values("revenue")[:5].tolist()


def test_a_comparison_is_that_of_the_replications_both_have(monkeypatch):
    monkeypatch.setattr(running, "run_many", pressing([], 9))
    with pytest.raises(KeyboardInterrupt) as caught:
        fs.compare(fs.loads(TWO), replications=40, workers=1)
    duel = caught.value.complete
    assert {runs.n for runs in duel.runs.values()} == {duel.runs[duel.names[0]].n}
    assert 1 <= duel.runs[duel.names[0]].n < 9


def test_runs_until_they_are_precise_keep_what_was_complete(monkeypatch):
    monkeypatch.setattr(running, "run_many", pressing([], 7))
    with pytest.raises(KeyboardInterrupt) as caught:
        fs.replicate("subscription", strategies="funnel", precision={"revenue": "0.001 %"}, workers=1)
    assert caught.value.complete.n == 7


#: Begins to run, is stopped after a second, and says what became of it.
ASKED = """
import sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import flywheel_sim as fs
if __name__ == "__main__":
    model = fs.load(Path(sys.argv[1]))
    fs.run(model.with_(**{"channels.base.batch": "10"}))  # so that nothing is compiled while somebody waits
    with ThreadPoolExecutor(2) as pool:
        how = {"threads": {"workers": 2}, "handed in": {"executor": pool}, "alone": {"workers": 1},
               "processes": {"workers": 2, "engine": "reference"}}[sys.argv[2]]
        print("ready", flush=True)
        try:
            fs.replicate(model, replications=4, **how)
        except KeyboardInterrupt as stop:
            print("complete", stop.complete, flush=True)
    while [one for one in threading.enumerate() if one.name.startswith("ThreadPool")]:
        time.sleep(0.01)
    print("ended", flush=True)
"""


@contextmanager
def begun(*words, folder):
    """Begin a Python process that hears of Ctrl-C, whoever began this one; whatever is left of it is killed."""
    process = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("how", ["threads", "handed in", "alone", "processes"])
def test_whoever_runs_is_told_to_stop_and_ends(how, tmp_path):
    (tmp_path / "long.yaml").write_text(COUPLED.replace("10_000_000", "1_000_000"))
    (tmp_path / "asked.py").write_text(ASKED)
    with begun("asked.py", "long.yaml", how, folder=tmp_path) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        before = time.perf_counter()
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=30)
    assert out == "complete []\nended\n" or out == "complete None\nended\n", error
    assert time.perf_counter() - before < 10  # far less on a machine that does nothing else


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_stops_the_command(name, tmp_path):
    (tmp_path / "long.yaml").write_text(LONG)
    code = "import sys; from flywheel_sim.cli import main; sys.argv[0] = 'flywheel'; main()"
    with begun("-c", code, "run", "long.yaml", "--replications", "2", folder=tmp_path) as process:
        said = process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(getattr(signal, name))
        out, error = process.communicate(timeout=30)
    assert "Long: 2 replications" in said
    assert (process.returncode, out) == (130, "")
    assert error.rstrip().endswith("stopped")
    assert "Traceback" not in error


@pytest.mark.parametrize("words", [("run", "two.yaml"), ("compare", "two.yaml")])
def test_the_command_prints_and_writes_what_is_complete(words, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(running, "run_many", pressing([], 25))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["flywheel", *words, "--workers", "1", "--out", "out"])
    Path("two.yaml").write_text(TWO)
    with pytest.raises(SystemExit) as ended:
        app.main()
    out, error = capsys.readouterr()
    assert ended.value.code == 130
    assert error.endswith("stopped\n")
    assert "what is printed and written rests on the" in error
    assert "revenue" in out.lower()
    assert Path("out/report.html").exists()
