"""The commands sweep and export: exit status, what stands on which stream, and how to go on."""

import json
from pathlib import Path

import pandas as pd
import pytest
from journeys import CLUB, COINS

from flywheel_sim.experiment.sweep import sweep as room
from flywheel_sim.scenario.load import loads


@pytest.fixture
def flywheel(tmp_path, monkeypatch, command):
    """Return a function that runs the command in a folder with journeys and returns (status, output, error)."""
    for name, text in {"club": CLUB, "coins": COINS}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return command


COIN = ("sweep", "coins.yaml", "--values", "heads=10 %:90 %:3", "--replications", "6", "--of", "revenue")


def test_a_sweep_prints_a_table_and_keeps_a_store(flywheel, tmp_path):
    status, out, err = flywheel(*COIN, "--store", "sweep.db")
    assert status == 0
    assert "Coins: 3 design points (grid) of heads, 6 replications each" in out
    assert "50 %" in out
    assert "revenue in EUR" in out
    assert "flywheel export sweep.db FILE.parquet" in err
    for name in ("out.csv", "out.parquet"):
        status, out, err = flywheel("export", "sweep.db", name)
        assert (status, out) == (0, "")
        assert f"3 rows: {name}" in err
    swept = room.sweep(loads(COINS), values={"heads": "10 %:90 %:3"}, replications=6, of="revenue")
    assert (tmp_path / "out.csv").read_bytes() == swept.export(tmp_path / "api.csv").read_bytes()
    assert pd.read_parquet("out.parquet")["value"].tolist() == swept.frame()["value"].tolist()


def test_json_is_all_that_stands_on_standard_output(flywheel):
    status, out, _ = flywheel("sweep", "club.yaml", "--values", "retention=0.8,0.9", "--values", "horizon=6:12:2",
                              "--strategies", "loud", "--replications", "1", "--of", "clv,payback",
                              "--json")  # fmt: skip
    assert status == 0
    printed = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    rows = printed["figures"]
    assert [(row["retention"], row["horizon"]) for row in rows[::2]] == [(r, h) for r in (0.8, 0.9) for h in (6, 12)]
    assert {row["metric"] for row in rows} == {"clv", "payback"}
    assert rows[0]["low"] is None


@pytest.mark.parametrize("design", [["--design", "lhs", "--n", "4"], ["--design", "sobol", "--n", "4"], ["--design", "one"]])  # fmt: skip # noqa: E501
def test_other_designs(flywheel, design):
    values = "heads=10 %,90 %,20 %" if "one" in design else "heads=10 %:90 %"
    status, out, _ = flywheel("sweep", "coins.yaml", "--values", values, *design, "--replications", "2", "--json")
    assert status == 0
    assert len({row["point"] for row in json.loads(out)["figures"]}) == 4


def test_a_file_of_points_and_settings(flywheel, tmp_path):
    (tmp_path / "points.csv").write_text("strategy,price\nloud,10\nquiet,12\n", encoding="utf-8")
    status, out, _ = flywheel("sweep", "club.yaml", "--table", "points.csv", "--set", "retention=80 %", "--horizon",
                              "6 months", "--seed", "5", "--replications", "2", "--json", "--executor", "serial")  # fmt: skip # noqa: E501
    assert status == 0
    printed = json.loads(out)
    rows = [row for row in printed["figures"] if row["metric"] == "revenue"]
    assert [(row["strategy"], row["price"]) for row in rows] == [("loud", 10), ("quiet", 12)]
    model = loads(CLUB).with_(retention="80 %", horizon="6 months")
    again = room.sweep(model, values=[{"strategy": "loud", "price": 10}], seed=5, replications=2)
    assert rows[0]["mean"] == again.outcomes.loc[0, "revenue"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--values", "heads"], "not RATE=VALUES"),
        (["--values", "heads=1 %", "--values", "heads=2 %"], "given twice"),
        (["--values", "haeds=1 %"], "did you mean 'heads'"),
        (["--values", "heads=101 %"], "101 %"),
        (["--values", "heads=2 %:1 %:4"], "upwards"),
        (["--resume"], "--store FILE"),
        (["--design", "grd"], "did you mean 'grid'"),
        (["--executor", "proceses"], "processes"),
        (["--of", "revenu"], "revenue"),
        (["--table", "none.csv"], "none.csv"),
        (["--store", "nowhere/sweep.db"], "nowhere"),
        (["--set", "heads"], "not RATE=VALUE"),
        (["--table", "points.csv", "--values", "heads=1 %"], "put all values into the table"),
        (["--vary", "heads=1 %"], "write --values"),
        (["--points", "points.csv"], "write --table"),
        (["--metrics", "revenue"], "write --of"),
        (["--of", "revenue,revenue"], "name each once"),
    ],
)
def test_what_is_wrong_ends_with_status_2_and_a_remedy(flywheel, words, said):
    status, out, err = flywheel("sweep", "coins.yaml", *words)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_store_is_neither_begun_over_nor_mixed(flywheel):
    assert flywheel(*COIN, "--store", "sweep.db")[0] == 0
    status, _, err = flywheel(*COIN, "--store", "sweep.db")
    assert status == 2
    assert "--resume" in err
    status, _, err = flywheel(*COIN, "--store", "sweep.db", "--resume", "--seed", "8")
    assert status == 2
    assert "seed: 0 -> 8" in err
    assert flywheel(*COIN, "--store", "sweep.db", "--resume")[0] == 0


def test_a_point_that_is_set_aside_is_named(flywheel):
    line = "sweep club.yaml --values inviting=0.1,9 --strategies loud --max-people 2000 --replications 2 --of revenue"
    status, out, _ = flywheel(*line.split())
    assert status == 0
    assert "1 set aside" in out
    assert "n/a" in out
    assert "Design point 1 set aside: replication 0: more than 2,000 people" in out


@pytest.mark.parametrize(
    ("inviting", "said"),
    [
        ("9,8", "no figures: all 2 design points were set aside, the first: replication 0: more than 2,000 people"),
        ("9", "no figures: the only design point was set aside: replication 0: more than 2,000 people"),
    ],
)
def test_a_sweep_without_any_figures_ends_with_status_3(flywheel, inviting, said):
    line = f"sweep club.yaml --values inviting={inviting} --strategies loud --max-people 2000 --of revenue"
    line += " --replications 2 --store sweep.db"
    for resume in ("", " --resume"):
        status, out, err = flywheel(*f"{line}{resume}".split())
        assert status == 3
        assert said in err
        assert "flywheel export sweep.db" in err
        assert "Design point 0 set aside" in out
    status, out, err = flywheel(*line.replace("sweep.db", "other.db").split(), "--json", "--out", "folder")
    assert status == 3
    assert said in err
    assert [row["mean"] for row in json.loads(out)["figures"]] == [None] * len(inviting.split(","))
    assert Path("folder/report.html").is_file()


def test_stopped_by_the_keyboard_it_says_how_to_go_on(flywheel, monkeypatch):
    monkeypatch.setattr(room, "MOST_RUNS", 2)
    keep, kept = room.Journal.keep, []

    def keeping(*batch):
        keep(*batch)
        kept.append(batch)
        if len(kept) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(room.Journal, "keep", keeping)
        status, out, err = flywheel(*COIN, "--store", "sweep.db", "--workers", "1")
    assert (status, out) == (130, "")
    assert "what was finished is in sweep.db" in err
    assert "flywheel sweep coins.yaml --values 'heads=10 %:90 %:3' --replications 6" in err
    assert "--resume" in err
    status, _, err = flywheel("export", "sweep.db", "half.csv")
    assert status == 0
    assert "not finished" in err
    assert flywheel(*COIN, "--store", "sweep.db", "--resume")[0] == 0
    assert flywheel("export", "sweep.db", "out.csv")[2].startswith("3 rows")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.db", "out.csv"], "no such file"),
        (["coins.yaml", "out.csv"], "not the store of a sweep"),
        (["sweep.db", "out.xls"], ".parquet or .csv"),
    ],
)
def test_exports_that_cannot_be(flywheel, words, said):
    flywheel(*COIN, "--store", "sweep.db")
    status, out, err = flywheel("export", *words)
    assert (status, out) == (2, "")
    assert said in err
