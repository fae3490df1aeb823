"""Work is done once, wherever and in whatever order; workers may die, users may stop, nothing hangs."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest

from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.sweep import pools
from flywheel_sim.experiment.sweep.executors import PER_WORKER, carry_out, workers_of


def square(task):
    return task * task


def square_late(task):
    """Return results out of order: the first task takes longest."""
    time.sleep(0.002 * (12 - task) if task < 12 else 0)
    return task * task


def die_once(folder, bad, task):
    if task in bad:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(f"{folder}/{task}", os.O_CREAT | os.O_EXCL))
            os._exit(3)
    return task * task


def die_always(bad, task):
    if task in bad:
        os._exit(3)
    return task * task


def fail(bad, task):
    if task == bad:
        raise ValueError(f"{task} does not work")
    return task * task


class TwoWordsError(Exception):
    """An error that cannot be sent: it does not come back from its own arguments."""

    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def fail_unsendably(task):
    raise TwoWordsError("no", "luck")


def do(tasks, work, executor=None, workers=None, **how):
    """Return what was done and what was set aside; doing anything twice fails."""
    results, aside = {}, {}

    def done(task, result):
        assert task not in results
        assert threading.current_thread() is threading.main_thread()
        results[task] = result

    with workers_of(executor, workers) as open_workers:
        carry_out(tasks, work, open_workers, done=done, set_aside=aside.__setitem__, **how)
    return results, aside


SQUARES = {n: n * n for n in range(40)}


@pytest.mark.parametrize(
    ("executor", "workers"),
    [("serial", None), (None, None), ("threads", 1), ("threads", 4), ("processes", 1), ("processes", 2)],
)
def test_every_task_is_done_once_wherever_and_in_any_order(executor, workers):
    tasks = list(SQUARES)
    random.Random(workers).shuffle(tasks)
    assert do(tasks, square_late, executor, workers) == (SQUARES, {})


def test_results_come_in_the_order_they_finish():
    order = []
    with workers_of("threads", 4) as workers:
        carry_out(range(12), square_late, workers, done=lambda task, _: order.append(task), set_aside=None)
    assert sorted(order) == list(range(12))
    assert order != sorted(order)


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, partial(ProcessPoolExecutor, mp_context=get_context("spawn"))])
def test_an_executor_handed_in_does_the_work_and_stays_open(pool):
    with pool(2) as executor:
        assert do(SQUARES, square, executor) == (SQUARES, {})
        assert do(SQUARES, square, executor) == (SQUARES, {})


@pytest.mark.parametrize(("in_flight", "most"), [(None, 2 * PER_WORKER), (3, 3)])
def test_tasks_are_taken_as_they_are_needed(in_flight, most):
    taken, done = [], []
    ahead = []

    def tasks():
        for n in range(200):
            taken.append(n)
            ahead.append(len(taken) - len(done))
            yield n

    with workers_of("threads", 2) as workers:
        carry_out(tasks(), square, workers, done=lambda *one: done.append(one), set_aside=None, in_flight=in_flight)
    assert len(done) == 200
    assert most <= max(ahead) <= 2 * most  # as many again are at hand


def test_nothing_to_do_is_done():
    assert do([], square) == ({}, {})


# -- workers that die -------------------------------------------------------------------------------


def test_a_batch_whose_worker_died_is_done_again(tmp_path):
    assert do(SQUARES, partial(die_once, tmp_path, {3, 17}), "processes", 2) == (SQUARES, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["17", "3"]


def test_batches_that_always_take_their_worker_along_are_named_and_no_other(tmp_path):
    bad = {0, 21}
    results, aside = do(SQUARES, partial(die_always, bad), "processes", 2)
    assert set(aside) == bad
    assert results == {n: square for n, square in SQUARES.items() if n not in bad}
    assert all("died each of the 3 times" in reason and "memory" in reason for reason in aside.values())


def test_a_broken_executor_of_the_users_cannot_be_made_anew():
    results = {}
    work = partial(die_always, {3})
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        workers_of(executor) as workers,
        pytest.raises(ExperimentError, match=r"ProcessPoolExecutor.*hand in a new one.*resume=True"),
    ):
        carry_out([1, 2, 3], work, workers, done=results.__setitem__, set_aside=None, in_flight=1)
    assert results == {1: 1, 2: 4}


def test_an_executor_that_is_shut_down_is_refused():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(ExperimentError, match="takes no work"):
        do([1], square, executor)


# -- errors and Ctrl-C ------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", ["serial", "threads", "processes"])
def test_an_error_of_the_work_comes_up_once_what_is_under_way_is_collected(executor):
    results = {}
    with workers_of(executor) as workers, pytest.raises(ValueError, match="20 does not work"):
        carry_out(range(1000), partial(fail, 20), workers, done=results.__setitem__, set_aside=None)
    assert set(range(16)) <= set(results) <= set(range(30)) - {20}


def test_an_error_of_the_tasks_comes_up_once_what_is_under_way_is_collected():
    def tasks():
        yield from (1, 2, 3)
        raise ValueError("no more")

    results = {}
    with workers_of("threads", 2) as workers, pytest.raises(ValueError, match="no more"):
        carry_out(tasks(), square_late, workers, done=results.__setitem__, set_aside=None)
    assert {1: 1, 2: 4}.items() <= results.items() <= {1: 1, 2: 4, 3: 9}.items()  # the third may not have begun


def test_nothing_more_is_told_to_a_listener_that_failed():
    calls = []

    def done(task, result):
        calls.append(task)
        raise OSError("disk full")

    with workers_of("threads", 2) as workers, pytest.raises(OSError, match="disk full"):
        carry_out(range(50), square, workers, done=done, set_aside=None)
    assert len(calls) == 1


def test_an_error_that_cannot_be_sent_is_said_in_words():
    with pytest.raises(ExperimentError, match="failed with TwoWordsError: no luck"):
        do([1], fail_unsendably, "processes", 1)


SCRIPT = """
import os, sys, time
from flywheel_sim.experiment.sweep.executors import carry_out, workers_of

def work(task):
    time.sleep(0.05)
    return os.getpid()

def main():
    pids = set()
    def done(task, result):
        pids.add(result)
        print(task, result, flush=True)
    with workers_of(sys.argv[1], 2) as workers:
        try:
            carry_out(range(1000), work, workers, done=done, set_aside=None)
        except KeyboardInterrupt:
            print("stopped", flush=True)
            raise SystemExit(130)
"""
GUARDED = SCRIPT + "\nif __name__ == '__main__':\n    main()\n"


def script(tmp_path, text, *arguments):
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, str(path), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


def lines(process, count):
    return [process.stdout.readline() for _ in range(count)]


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_ctrl_c_keeps_what_is_finished_and_comes_up(tmp_path, executor):
    process = script(tmp_path, GUARDED, executor)
    first = lines(process, 6)
    begun = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everybody in the group
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - begun < 5
    assert process.returncode == 130
    assert out.splitlines()[-1] == "stopped"
    numbers = [int(line.split()[0]) for line in (*first, *out.splitlines()[:-1])]
    assert sorted(numbers) == list(range(len(numbers)))  # nothing under way was lost
    assert err == ""


def test_workers_do_not_outlive_a_killed_process(tmp_path):
    process = script(tmp_path, GUARDED, "processes")
    pids = {int(line.split()[1]) for line in lines(process, 20)}
    process.kill()
    process.wait(timeout=5)
    assert pids
    until = time.monotonic() + 10
    while any(alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    left = [pid for pid in pids if alive(pid)]
    process.stdout.close()
    process.stderr.close()
    assert left == []


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
    except OSError:
        return False


def test_a_script_that_begins_anew_in_every_worker_is_told_so(tmp_path):
    process = script(tmp_path, SCRIPT + "\nmain()\n", "processes")
    _, err = process.communicate(timeout=30)
    assert "ExperimentError: worker processes do not start" in err
    assert "executor='threads'" in err


# -- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("executor", "workers", "said"),
    [
        ("thread", None, "did you mean 'threads'"),
        ("localhost:8786", None, "known: processes, serial, tcp://HOST:PORT, threads"),
        ("threads", 0, "at least one is needed"),
        ("serial", 2, "leave workers out"),
        ("tcp://127.0.0.1:1", 2, "leave workers out"),
        (7, None, "int is no executor"),
    ],
)
def test_what_cannot_be_is_refused(executor, workers, said):
    with pytest.raises(ExperimentError, match=said):
        workers_of(executor, workers)


def test_nobody_works_before_the_door_is_open():
    with pytest.raises(ExperimentError, match="inside 'with"):
        carry_out([1], square, workers_of("threads", 1), done=None, set_aside=None)


def test_none_in_flight_is_refused():
    with workers_of("threads", 1) as workers, pytest.raises(ExperimentError, match="at least one"):
        carry_out([1], square, workers, done=None, set_aside=None, in_flight=0)


def test_a_worker_of_another_version_is_refused():
    with pytest.raises(ExperimentError, match="install the same version everywhere"):
        pools.elsewhere(square, 2, "0.0.1")


def test_without_dask_an_address_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ExperimentError, match=r"pip install 'flywheel_sim\[dask\]'"):
        do([1], square, "tcp://127.0.0.1:8786")


# -- Dask -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local,
    ):
        yield local


def test_a_dask_cluster_does_the_work(cluster):
    assert do(SQUARES, square, cluster.scheduler_address) == (SQUARES, {})


def test_a_dask_client_and_its_executor_do_the_work(cluster):
    distributed = pytest.importorskip("distributed")
    with distributed.Client(cluster) as client:
        assert do(SQUARES, square, client) == (SQUARES, {})
        assert do(SQUARES, square, client.get_executor()) == (SQUARES, {})


def test_an_error_on_a_dask_worker_comes_up(cluster):
    with pytest.raises(ValueError, match="20 does not work"):
        do(range(1000), partial(fail, 20), cluster.scheduler_address)


def test_a_batch_that_kills_dask_workers_is_set_aside(cluster):
    results, aside = do(range(8), partial(die_always, {5}), cluster.scheduler_address)
    assert set(aside) == {5}
    assert set(results) == set(range(8)) - {5}


def test_a_dask_scheduler_that_is_not_there_is_said_within_seconds():
    pytest.importorskip("distributed")
    begun = time.monotonic()
    with pytest.raises(ExperimentError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        do([1], square, "tcp://127.0.0.1:9")
    assert time.monotonic() - begun < 10
