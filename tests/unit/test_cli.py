"""The command: figures on standard output, the rest on standard error, and never a traceback."""

import json
import re
import subprocess
import sys

import pandas as pd
import pytest
from journeys import CLUB, COINS, LOOP, club

from flywheel_sim.analysis.compare.result import compare
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.scenario.load import loads
from flywheel_sim.stats import plus_minus

SMALL = COINS + "strategies: {plain: {}, lucky: {rates: {heads: 75 %}}}\n"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Go to a folder with the journeys of these tests."""
    for name, text in {"coins": SMALL, "club": CLUB, "loop": LOOP, "bad": SMALL.replace("40", "-1")}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def flywheel(files, command):
    """Return a function that runs a line in that folder, as `command` does."""
    return lambda line, *more: command(*line.split(), *more)


def strict_json(text):
    """Return what a text says in JSON proper, which knows neither NaN nor Infinity."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


# -- the commands -----------------------------------------------------------------------------------


def test_validate_says_what_is_in_a_journey(flywheel):
    status, out, err = flywheel("validate club.yaml")
    assert (status, err) == (0, "")
    assert "'Club' can run" in out
    for words in ("visitor, trial, member", "ads, fair, friends, base", "quiet, loud, louder"):
        assert words in out
    assert "no 'why' given" not in out


def test_validate_names_rates_without_a_reason(flywheel, files):
    (files / "mute.yaml").write_text(COINS.replace(', why: "a fair coin"', ""), encoding="utf-8")
    assert "no 'why' given for heads" in flywheel("validate mute.yaml")[1]
    assert strict_json(flywheel("validate mute.yaml --json")[1])["rates_without_why"] == ["heads"]


@pytest.mark.parametrize("name", ["subscription", "ad_campaign"])
def test_shipped_journeys_are_found_from_anywhere(flywheel, name):
    assert flywheel(f"validate {name}")[0] == 0


def figure(printed, metric):
    """Return the row of a metric in JSON."""
    return next(row for row in printed["figures"] if row["metric"] == metric)


def test_run_prints_every_metric_with_unit_level_and_n(flywheel):
    status, out, _ = flywheel("run club.yaml --replications 3 --workers 1")
    runs = replicate(club(), replications=3)
    assert status == 0
    for name in runs.summary().index:
        assert re.search(rf"{re.escape(runs.label(name))} +{re.escape(plus_minus(runs[name]))} ", out), name
    assert "half-width of their 95 % interval, n = 3" in out


def test_run_prints_a_warning_where_a_customer_costs_more_than_it_brings(flywheel):
    _, out, _ = flywheel("run club.yaml --replications 1 --set price=0.01 --workers 1")
    assert "Warning: A customer has not brought back within 5 months what it costs" in out


def test_compare_prints_the_answer_and_both_budgets(flywheel):
    status, out, _ = flywheel("compare club.yaml --strategies quiet --strategies loud --replications 3 --workers 1")
    duel = compare(club(), strategies=["quiet", "loud"], replications=3, off_by=0.1)
    assert status == 0
    assert out.startswith(duel.answer())
    assert "figure may be a tenth off" in out
    assert f"budget of quiet: {duel['quiet']['budget']}" in out
    assert f"budget of loud: {duel['loud']['budget']}" in out
    assert "louder" not in out


def test_compare_takes_two_files(flywheel, files):
    (files / "gold.yaml").write_text(SMALL.replace("Coins", "Gold").replace("prize: 2", "prize: 9"), encoding="utf-8")
    _, out, _ = flywheel("compare coins.yaml gold.yaml --replications 2 --workers 1")
    assert out.startswith("'Gold' earns ")
    assert "budget of Coins" in out
    assert "budget of Gold" in out


def test_sensitivity_prints_both_readings_and_the_curve(flywheel):
    status, out, _ = flywheel("sensitivity coins.yaml --of revenue --over heads --replications 2 --workers 1")
    assert status == 0
    assert "+5 points (to 55" in out
    assert "+5 % relative (to 52.5)" in out
    assert "elasticity" in out
    assert len(re.findall(r"^ *[\d.]+ +[\d.]+ ± [\d.]+ +[\d.]+ ± [\d.]+$", out, re.MULTILINE)) >= 4


def test_no_command_and_help_list_the_commands(flywheel):
    for line in ("", "--help"):
        status, out, err = flywheel(line)
        assert status == (0 if line else 2)
        assert all(command in out + err for command in ("validate", "run", "compare", "sensitivity"))


# -- options ----------------------------------------------------------------------------------------


def test_set_changes_rates_and_settings_and_is_repeatable(flywheel):
    _, out, _ = flywheel("run coins.yaml --replications 2 --workers 1 --json --set", "heads=100 %", "--set", "seed=8")
    printed = strict_json(out)
    assert figure(printed, "revenue")["mean"] == 80
    assert printed["provenance"][0]["seed"] == 8


@pytest.mark.parametrize(
    ("options", "how"),
    [
        ("--seed 11", {"seed": 11}),
        ("--strategies lucky", {"strategies": "lucky"}),
        ("--replications 5", {"replications": 5}),
        ("--workers 2", {}),
    ],
)
def test_options_do_what_the_library_does(flywheel, options, how):
    _, out, _ = flywheel(f"run coins.yaml --replications 3 --workers 1 --json {options}")
    runs = replicate(loads(SMALL), **{"replications": 3} | how)
    assert figure(strict_json(out), "revenue")["mean"] == runs["revenue"].mean
    assert strict_json(out)["provenance"][0]["fingerprint"] == runs.provenance.fingerprint


def test_horizon_is_how_far_to_look(flywheel):
    _, out, _ = flywheel("run club.yaml --replications 1 --workers 1 --json --horizon", "6 months")
    assert figure(strict_json(out), "spend.ads")["mean"] == 1800


@pytest.mark.parametrize(
    "line",
    [
        "run coins.yaml --replications 2",
        "compare coins.yaml --replications 2 --over heads",
        "sensitivity coins.yaml --of revenue --over heads --replications 2",
    ],
)
def test_out_writes_a_report_and_tidy_results(flywheel, files, line):
    status, out, err = flywheel(f"{line} --workers 1 --out there/it/is")
    folder = files / "there" / "it" / "is"
    assert status == 0
    assert "report: " in err
    assert "report: " not in out
    assert "<title>Coins" in (folder / "report.html").read_text(encoding="utf-8")
    assert len(pd.read_csv(folder / "results.csv")) > 0
    assert list((folder / "csv").glob("*.csv"))


@pytest.mark.parametrize(
    "line",
    [
        "validate club.yaml",
        "run club.yaml --replications 1",
        "run coins.yaml --replications 2",
        "compare club.yaml --replications 1",
        "compare coins.yaml --replications 2",
        "sensitivity coins.yaml --of revenue --over heads --replications 2",
        "sensitivity coins.yaml --of payback --over heads --replications 1",
        "sensitivity coins.yaml --of revenue --over heads --replications 1 --set heads=99%",
    ],
)
def test_json_is_json_alone_on_standard_output(flywheel, line):
    status, out, _ = flywheel(f"{line} --json {'--workers 1' * (not line.startswith('validate'))}")
    assert status == 0
    assert out.count("\n") == 1
    assert strict_json(out)


def test_a_closed_pipe_loses_no_report(files):
    code = "from flywheel_sim.cli import main; main()"
    line = ["run", "coins.yaml", "--replications", "2", "--workers", "1", "--out", "kept"]
    process = subprocess.Popen([sys.executable, "-c", code, *line], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()  # as `| true` does
    assert b"Traceback" not in process.stderr.read()
    process.wait(timeout=60)
    assert (files / "kept" / "report.html").exists()
    assert (files / "kept" / "results.csv").exists()


def test_json_of_a_comparison_holds_the_answer_and_its_figures(flywheel):
    _, out, _ = flywheel("compare coins.yaml --replications 3 --json --workers 1")
    duel, printed = compare(loads(SMALL), replications=3, off_by=0.1), strict_json(out)
    assert printed["answer"] == duel.answer()
    assert figure(printed, "revenue")["difference"] == duel.difference("revenue").mean
    assert figure(printed, "revenue")["lucky"] == duel["lucky"]["revenue"].mean
    assert printed["details"]["crossover"]["month"] == duel.crossover().month
    assert printed["details"]["what_differs"][0][0] == "rate heads"
    assert [p["strategy"] for p in printed["provenance"]] == ["plain", "lucky"]


def test_progress_goes_to_standard_error_alone(flywheel):
    _, out, err = flywheel("run coins.yaml --replications 3 --workers 1")
    assert "Coins: 3 replications" in err
    assert "run/s]" in err
    assert "%|" not in out
    assert "run/s" not in out


# -- what goes wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("validate nowhere.yaml", "nowhere.yaml"),
        ("validate subscribtion", "subscription"),
        ("validate bad.yaml", "bad.yaml:"),
        ("run coins.yaml --replication 3", "--replications"),
        ("run coins.yaml --replications none", "Invalid value for '--replications'"),
        ("run coins.yaml --replications 0", "Invalid value for '--replications'"),
        ("run coins.yaml --seed -1", "Invalid value for '--seed'"),
        ("run coins.yaml --set heads", "write --set 'retention=95 % per month'"),
        ("run coins.yaml --set =3", "not RATE=VALUE"),
        ("run coins.yaml --set haeds=3%", "did you mean 'heads'"),
        ("run coins.yaml --set heads=120%", "100 %"),
        ("run coins.yaml --horizon soon", "horizon"),
        ("run coins.yaml --strategies luck", "did you mean 'lucky'"),
        ("run coins.yaml --strategies plain --strategies lucky", "use compare for several"),
        ("compare coins.yaml --strategies lucky", "two different strategies; the file has: plain, lucky"),
        ("compare coins.yaml --strategies lucky --strategies plane", "did you mean 'plain'"),
        ("compare coins.yaml club.yaml", "differ in horizon"),
        ("sensitivity coins.yaml --over head --of revenue", "did you mean 'heads'"),
        ("sensitivity coins.yaml --over heads --of revenu", "did you mean 'revenue'"),
        ("run coins.yaml --replications 1 --workers 1 --out coins.yaml", "choose a folder"),
        ("walk coins.yaml", "No such command 'walk'; see flywheel --help"),
        ("run", "Missing argument"),
    ],
)
def test_what_was_written_wrong_is_said_in_a_message_with_status_2(flywheel, line, said):
    status, out, err = flywheel(line)
    assert status == 2
    assert said in err
    assert out == ""
    assert "Traceback" not in err


def test_all_problems_of_a_file_are_said_at_once(flywheel, files):
    (files / "bad.yaml").write_text(SMALL.replace("40", "-1").replace("50 %", "500 %"), encoding="utf-8")
    _, _, err = flywheel("validate bad.yaml")
    assert len(re.findall(r"^bad.yaml:\d+:\d+ ", err, re.MULTILINE)) == 2


def test_a_run_that_meets_its_limits_ends_with_status_3(flywheel):
    status, out, err = flywheel("run loop.yaml --replications 1 --workers 1")
    assert (status, out) == (3, "")
    assert "more than 4096 times; give the loop an exit or a longer wait" in err
    assert "Traceback" not in err


def test_ctrl_c_stops_with_status_130(flywheel, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("flywheel_sim.experiment.replicate.replicate", interrupted)
    status, _, err = flywheel("run coins.yaml --replications 1")
    assert status == 130
    assert err.endswith("stopped\n")


# -- as a process of its own ------------------------------------------------------------------------


def test_the_installed_command_keeps_its_streams_and_status_apart(files):
    command = [sys.executable, "-c", "from flywheel_sim.cli import main; main()"]
    line = ["run", "coins.yaml", "--json", "--replications", "2", "--workers", "1"]
    done = subprocess.run([*command, *line], capture_output=True, text=True)
    assert done.returncode == 0
    assert figure(strict_json(done.stdout), "prospects")["mean"] == 40
    assert "2 replications" in done.stderr
    wrong = subprocess.run([*command, "validate", "bad.yaml"], capture_output=True, text=True)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "Traceback" not in wrong.stderr


def test_help_imports_nothing_heavy():
    code = """
import sys
sys.argv = ["flywheel", "--help"]
from flywheel_sim.cli import main
main()
print(sorted({"numpy", "numba", "pandas", "scipy", "matplotlib", "simpy", "pydantic"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_at_a_limit_what_was_complete_is_printed_and_the_status_is_3(flywheel, files):
    status, out, err = flywheel("run club.yaml --replications 30 --workers 1 --max-events 1000")
    assert status == 3
    done = int(re.search(r"rests on the (\d+) replications done before", err)[1])
    assert 1 <= done < 30
    assert "more than 1,000 events happened" in err
    assert f"n = {done})" in out


def test_validate_says_which_strategies_are_matched(flywheel, files):
    (files / "levers.yaml").write_text(CLUB + "  matched: {spend: {ads: matched}}\n")
    status, out, _ = flywheel("validate levers.yaml")
    assert status == 0
    assert "note: 'matched' is matched: one of its spends is solved for when it runs" in out
