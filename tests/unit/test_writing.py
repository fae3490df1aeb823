"""Files that belong together are written all or none: whatever the folder holds, and whatever goes wrong meanwhile."""

import csv
import errno
import io
import os
import re
import resource
import signal
import stat
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from journeys import CLUB, COINS

import flywheel_sim as fs
from flywheel_sim import charts, writing
from flywheel_sim.errors import DataError
from flywheel_sim.spreadsheets import csv_of, harmless
from flywheel_sim.writing import file_name, named_files, put, refuse_unwritable


def a_set(word, *tables, page="page.html"):
    """Return a set of files that all say a word: tables, and a page that names them."""
    meta = f'<meta name="files" content="{named_files(tables)}">'
    return {**{name: word.encode() for name in tables}, page: f"{meta}{word}".encode()}


OLD, NEW = a_set("old", "results.csv", "csv/a.csv"), a_set("new", "results.csv", "csv/a.csv")


def held(folder):
    """Return the files of a folder by name, hidden ones too."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path):
    """Return a folder with an older set of files, and nothing else around."""
    put(tmp_path / "out", OLD)
    return tmp_path / "out"


@pytest.fixture(params=["alone", "beside others", "no exchange"])
def any_folder(request, folder, monkeypatch):
    """Return such a folder by each way there is to write to it, and the other files in it."""
    others = {}
    if request.param == "beside others":
        (folder / "sweep.db").write_bytes(b"a store")
        others = {"sweep.db": b"a store"}
    elif request.param == "no exchange":
        monkeypatch.setattr(writing, "_exchange", refusing(errno.EINVAL))
    return folder, others


def refusing(number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    return refuse


def nothing_else(tmp_path, *names):
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


# -- where nothing goes wrong -----------------------------------------------------------------------


def test_a_folder_that_is_not_there_is_made(tmp_path):
    put(tmp_path / "there" / "it" / "is", NEW)
    assert held(tmp_path / "there" / "it" / "is") == NEW
    nothing_else(tmp_path, "there")
    nothing_else(tmp_path / "there" / "it", "is")


def test_an_older_set_is_replaced(any_folder, tmp_path):
    folder, others = any_folder
    put(folder, NEW)
    assert held(folder) == NEW | others
    nothing_else(tmp_path, "out")


def test_a_folder_of_its_own_is_exchanged_in_one_step(folder, monkeypatch):
    before = folder.stat().st_ino
    monkeypatch.setattr(os, "replace", refusing(errno.EIO))  # which is what every other way takes
    put(folder, NEW)
    assert held(folder) == NEW
    assert folder.stat().st_ino != before


def test_a_single_file_takes_its_place_and_leaves_the_folder(tmp_path):
    folder = tmp_path / "out"
    for content in (b"old", b"new"):
        put(folder, {"out.csv": content})
        before = folder.stat().st_ino
    put(folder, {"out.csv": b"newer"})
    assert (folder.stat().st_ino, held(folder)) == (before, {"out.csv": b"newer"})


@pytest.mark.parametrize("place", ["sweep.db", "sweep.db-wal", "csv/mine.csv", "deep/er/notes.txt", ".hidden"])
def test_a_folder_with_anything_else_in_it_is_never_exchanged(folder, place):
    other, before = folder / place, folder.stat().st_ino
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_bytes(b"mine")
    with other.open("ab") as file:
        put(folder, NEW)
        file.write(b", still")
    assert folder.stat().st_ino == before
    assert held(folder) == NEW | {place: b"mine, still"}


def test_a_file_that_comes_while_the_set_is_written_stays(folder):
    put(folder, {**NEW, "page.html": lambda path: (path.write_bytes(NEW["page.html"]),
                                                   (folder / "store.db").write_bytes(b"just now"))})  # fmt: skip
    assert held(folder) == NEW | {"store.db": b"just now"}


def test_a_file_that_comes_at_the_last_moment_stays(folder, monkeypatch):
    exchange = writing._exchange

    def late(one, other):
        (folder / "deep").mkdir()
        (folder / "deep" / "store.db").write_bytes(b"just now")
        exchange(one, other)

    monkeypatch.setattr(writing, "_exchange", late)
    put(folder, NEW)
    assert held(folder) == NEW | {"deep/store.db": b"just now"}


def test_the_folder_one_stands_in_is_not_exchanged(folder, monkeypatch):
    monkeypatch.chdir(folder / "csv")
    before = folder.stat().st_ino
    put("..", NEW)
    assert (folder.stat().st_ino, held(folder)) == (before, NEW)
    assert Path("a.csv").read_bytes() == b"new"


def test_the_folder_is_the_one_a_link_leads_to(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    put(tmp_path / "link", NEW)
    assert (tmp_path / "link").is_symlink()
    assert held(folder) == NEW


def test_a_file_is_the_one_a_link_leads_to(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept.csv").write_bytes(b"old")
    (folder / "results.csv").unlink()
    (folder / "results.csv").symlink_to(tmp_path / "elsewhere" / "kept.csv")
    put(folder, NEW)
    assert (folder / "results.csv").is_symlink()
    assert held(tmp_path / "elsewhere") == {"kept.csv": b"new"}
    assert held(folder) == NEW


def test_files_keep_their_modes_and_new_ones_get_the_usual(any_folder):
    folder, _ = any_folder
    (folder / "page.html").chmod(0o640)
    folder.chmod(0o750)
    usual = os.umask(0o027)
    try:
        put(folder, {"csv/new.csv": b"", **NEW})
    finally:
        os.umask(usual)
    modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in (".", "csv/new.csv", "page.html")}
    assert modes == {".": 0o750, "csv/new.csv": 0o640, "page.html": 0o640}


def test_the_home_is_where_it_says(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    put("~/out", NEW)
    assert held(tmp_path / "out") == NEW
    refuse_unwritable("~/out", NEW)
    nothing_else(tmp_path, "out")


# -- files of an older page -------------------------------------------------------------------------


def test_files_that_are_no_more_do_not_stay(any_folder):
    folder, others = any_folder
    put(folder, a_set("more", "results.csv", "results_tree.csv", "csv/a.csv", "csv/a b.csv", "deep/c.csv"))
    put(folder, NEW)
    assert held(folder) == NEW | others
    assert not (folder / "deep").exists()


def test_a_page_is_not_trusted_with_other_files(tmp_path):
    folder = tmp_path / "out"
    (folder / "in").mkdir(parents=True)
    kept = {"key.txt": folder / "key.txt", "outside.csv": tmp_path / "outside.csv", "in/it.csv": folder / "in/it.csv"}
    for path in kept.values():
        path.write_bytes(b"mine")
    (folder / "link.csv").symlink_to(tmp_path / "outside.csv")
    (folder / "links").symlink_to(folder / "in")
    (folder / "folder.csv").mkdir()
    names = ["key.txt", "../outside.csv", str(tmp_path / "outside.csv"), "in/../../outside.csv", "./in/it.csv",
             "in//it.csv", "link.csv", "links/it.csv", "folder.csv", "no\0name.csv", "in\\it.csv", "C:it.csv", "",
             "x" * 5000 + ".csv"]  # fmt: skip
    (folder / "page.html").write_bytes(a_set("old", *names)["page.html"])
    put(folder, NEW)
    assert {name: path.read_bytes() for name, path in kept.items()} == dict.fromkeys(kept, b"mine")
    assert (folder / "link.csv").is_symlink()
    assert (folder / "folder.csv").is_dir()


def test_what_stands_in_a_table_removes_nothing(tmp_path):
    (tmp_path / "mine.csv").write_bytes(b"mine")
    (tmp_path / "out.csv").write_bytes(a_set("old", "mine.csv")["page.html"])
    put(tmp_path, {"out.csv": b"new"})
    assert held(tmp_path) == {"mine.csv": b"mine", "out.csv": b"new"}


# -- what goes wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("how", ["once", "from then on"])
def test_what_was_replaced_is_put_back_where_a_file_cannot_be(folder, tmp_path, monkeypatch, at, how):
    (folder / "csv" / "gone.csv").write_bytes(b"old")
    (folder / "page.html").write_bytes(a_set("old", "results.csv", "csv/a.csv", "csv/gone.csv")["page.html"])
    (folder / "other").write_bytes(b"mine")
    before, replaced, calls = held(folder), os.replace, []

    def failing(source, target):
        calls.append(target)
        if len(calls) == at + 2 if how == "once" else len(calls) >= at + 2:
            raise OSError(errno.EIO, "Input/output error")
        replaced(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(
        DataError, match=r"page.html: Input/output error; choose a folder that can be written and has r"
    ):
        put(folder, {"csv/b.csv": b"new", "new/c.csv": b"new", **NEW})
    monkeypatch.undo()
    assert held(folder) == before
    assert not (folder / "new").exists()
    nothing_else(tmp_path, "out")


@pytest.mark.parametrize("foreign", [False, True])
def test_ctrl_c_cuts_no_set_in_two(folder, tmp_path, monkeypatch, foreign):
    if foreign:
        (folder / "other").write_bytes(b"mine")
    step, place = ("replace", os) if foreign else ("_exchange", writing)
    done = getattr(place, step)

    def interrupted(source, target):
        done(source, target)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(place, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        put(folder, NEW)
    assert held(folder) == NEW | ({"other": b"mine"} if foreign else {})
    nothing_else(tmp_path, "out")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("stopped", [KeyboardInterrupt, OSError(errno.ENOSPC, "No space left on device"), MemoryError])
def test_what_stops_the_writing_leaves_the_older_set(any_folder, tmp_path, stopped):
    folder, others = any_folder

    def stop(path):
        path.write_bytes(b"half")
        raise stopped

    with pytest.raises(DataError if isinstance(stopped, OSError) else stopped):
        put(folder, {**NEW, "page.html": stop})
    assert held(folder) == OLD | others
    nothing_else(tmp_path, "out")
    with pytest.raises(DataError if isinstance(stopped, OSError) else stopped):
        put(tmp_path / "there" / "it" / "is", {**NEW, "page.html": stop})
    nothing_else(tmp_path, "out")


def test_a_full_disk_leaves_the_older_set(any_folder, tmp_path):
    folder, others = any_folder
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        with pytest.raises(DataError, match=r"page.html: File too large; choose a folder .* has room"):
            put(folder, {**NEW, "csv/a.csv": b"x" * 1000, "page.html": b""})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert held(folder) == OLD | others
    nothing_else(tmp_path, "out")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_stays(folder):
    folder.chmod(0o555)
    for write in (lambda: put(folder, NEW), lambda: refuse_unwritable(folder, NEW)):
        with pytest.raises(DataError, match="Permission denied; choose a folder that can be written"):
            write()
    folder.chmod(0o755)
    assert held(folder) == OLD


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("file", "file: not a folder; choose a folder that can be written"),
        ("file/below", "choose a folder that can be written"),
        ("in the way", "csv: not a folder; choose a folder that can be written"),
        ("no file", "page.html: not a file; choose another name"),
        ("nul\0byte", "choose a folder"),
        ("a" * 300, "choose a folder"),
        ("/proc/none", "choose a folder"),
        ("/dev/null", "not a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_said_before_and_then(tmp_path, place, said):
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "in the way").mkdir()
    (tmp_path / "in the way" / "csv").write_bytes(b"mine")
    (tmp_path / "no file" / "page.html").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    for write in (lambda: refuse_unwritable(tmp_path / place, NEW), lambda: put(tmp_path / place, NEW)):
        with pytest.raises(DataError) as caught:
            write()
        assert said in str(caught.value)
        assert sorted(tmp_path.rglob("*")) == before


def test_looking_whether_a_folder_can_be_written_leaves_nothing(tmp_path, folder):
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*")}
    for place in (folder, tmp_path / "there" / "it" / "is"):
        refuse_unwritable(place, NEW)
    assert {path: path.stat().st_ino for path in tmp_path.rglob("*")} == before


def test_what_killed_writers_left_is_removed_after_an_hour(folder, tmp_path):
    old, young, others = tmp_path / ".out.77.part", tmp_path / ".out.78-1.part", tmp_path / ".out.notes.part"
    for left in (old, young, others):
        (left / "csv").mkdir(parents=True)
        (left / "csv" / "a.csv").write_bytes(b"half")
    (tmp_path / ".out.79.part").symlink_to(others)
    long_ago = time.time() - 4000
    for path in (old / "csv" / "a.csv", old / "csv", old, others / "csv" / "a.csv", others / "csv", others):
        os.utime(path, (long_ago, long_ago))
    put(folder, NEW)
    nothing_else(tmp_path, "out", young.name, others.name, ".out.79.part")


def test_a_killed_writer_of_the_same_number_is_no_hindrance(folder, tmp_path):
    (tmp_path / f".out.{os.getpid()}.part").mkdir()
    put(folder, NEW)
    assert held(folder) == NEW


# -- names of files, text in tables -----------------------------------------------------------------


def test_names_of_files_are_plain_and_told_apart():
    assert file_name("Spend.ads/../x y") == "Spend_ads____x_y"
    long = [file_name("a" * 79 + end) for end in ("a", "bb", "cc")]
    assert [len(name) for name in long] == [80] * 3
    assert len(set(long)) == 3


FORMULAS = [
    "=1+1", "+A1", "-A1", "@SUM(A1)", '=HYPERLINK("http://a","b")', " =1", "\u00a0=1", "\u200b=1", "\ufeff@x", "\n=1",
    "\t1", "\r1", " \tx", "＝1", "＋A", "－A", "＠A", "﹦1", "-", "-5+A1", "-5/A1", "+3 EUR|' /C calc'!A0",
    "-1+cmd|' /C calc'!A0", "--5", "+5 A1", "+5(A1)", "\x00=1", "-5;=A1",
]  # fmt: skip
FIGURES = [
    "-5 %", "+3.5 EUR", "-1", "+1", "-1,200.50 EUR per month", "+5 points", "-5 % relative", "-1e-3", "-.5", "-5%",
    "+3€",
]  # fmt: skip
TEXTS = ["a = b", "a-b", "5 - 3", "", "−5", "x;y", "'=1", "mail@here", "90 % per month"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_looks_like_a_formula_has_an_apostrophe(text):
    head, cell = csv.reader(io.StringIO(csv_of(pd.DataFrame({text: [text]})), newline=""))
    assert head == cell
    assert cell[0].startswith("'") or text == "-5;=A1"
    for part in re.split("[;\n]", cell[0]):  # cells of their own in some countries
        assert not part.startswith(("=", "@"))


@pytest.mark.parametrize("text", [*FIGURES, *TEXTS])
def test_figures_and_other_texts_stay_as_they_are(text):
    assert harmless(text) == text
    table = pd.read_csv(io.StringIO(csv_of(pd.DataFrame({"a": [text], "b": ["x"]}))), dtype=str, keep_default_na=False)
    assert table["a"].tolist() == [text]


def test_numbers_are_never_touched():
    frame = pd.DataFrame(
        {"a": [-1.5, 2], "b": [-1, 2], "c": [-1, "=x"], "d": pd.Categorical(["=y", "z"]), "e": [None, True]}
    )
    assert csv_of(frame) == "a,b,c,d,e\n-1.5,-1,-1,'=y,\n2.0,2,'=x,z,True\n"
    assert frame["c"].tolist() == [-1, "=x"]


def test_a_long_text_takes_no_longer_than_a_short_one():
    begun = time.perf_counter()
    for text in ("\n " * 100_000, "-5 " + "a" * 100_000 + "!", "-5" + " a" * 100_000 + "!", "-" + "1," * 100_000 + "x"):
        harmless(text)
    assert time.perf_counter() - begun < 5


# -- everything that writes -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs():
    return fs.replicate(fs.loads(COINS), replications=2)


def test_two_reports_in_one_folder_have_their_own_data(runs, tmp_path):
    other = fs.replicate(fs.loads(COINS), replications=3)
    for name, one in (("report", runs), ("a", runs), ("b", other), ("a", runs)):
        fs.write_report(one, to=tmp_path / f"{name}.html")
    nothing_else(tmp_path, "report.html", "csv", "a.html", "a_csv", "b.html", "b_csv")
    counts = {name: set(pd.read_csv(tmp_path / name / "fan_revenue.csv")["n"]) for name in ("csv", "a_csv", "b_csv")}
    assert counts == {"csv": {2}, "a_csv": {2}, "b_csv": {3}}


def test_charts_that_are_no_more_leave_no_data(runs, tmp_path):
    club = fs.replicate(fs.loads(CLUB), strategies="loud", replications=2)
    fs.write_report(club, to=tmp_path / "a b.html")
    many = held(tmp_path / "a b_csv")
    fs.write_report(runs, to=tmp_path / "a b.html")
    assert 0 < len(held(tmp_path / "a b_csv")) < len(many)


def test_a_picture_and_its_data_are_one(runs, tmp_path, monkeypatch):
    chart = charts.fan(runs, "revenue")
    chart.save(tmp_path / "fan.png")
    before = held(tmp_path)
    assert sorted(before) == ["fan.csv", "fan.png"]
    monkeypatch.setattr(chart.figure, "savefig", refusing(errno.ENOSPC))
    with pytest.raises(DataError, match="No space left on device"):
        chart.save(tmp_path / "fan.png")
    assert held(tmp_path) == before


def test_results_and_report_of_a_command_are_one_set(tmp_path, monkeypatch, command):
    two = f"{COINS.rstrip()}\nstrategies: {{plain: {{}}, lucky: {{rates: {{heads: 60 %}}}}}}\n"
    (tmp_path / "coins.yaml").write_text(two, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    line = ("coins.yaml", "--replications", "2", "--workers", "1", "--out", "out")
    assert command("compare", *line, "--over", "heads")[0] == 0
    assert {"results.csv", "results_sensitivity.csv"} < set(held(tmp_path / "out"))
    line = (*line, "--strategies", "plain")
    assert command("run", *line)[0] == 0
    after = held(tmp_path / "out")
    assert "results_sensitivity.csv" not in after
    named = re.search('<meta name="files" content="([^"]*)">', after["report.html"].decode())[1].split()
    assert sorted(named) == sorted(name for name in after if name != "report.html")
    monkeypatch.setattr(writing, "_exchange", refusing(errno.EINVAL))
    monkeypatch.setattr(os, "replace", refusing(errno.ENOSPC))
    status, out, err = command("run", *line, "--seed", "5")
    assert (status, out) == (2, "")
    assert "out/report.html: No space left on device; choose a folder that can be written and has room" in err
    assert held(tmp_path / "out") == after
    nothing_else(tmp_path, "coins.yaml", "out")


def test_a_run_that_fails_leaves_no_empty_folder(tmp_path, monkeypatch, command):
    (tmp_path / "club.yaml").write_text(CLUB, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    line = ("run", "club.yaml", "--replications", "2", "--workers", "1", "--out", "there/out")
    assert command(*line, "--max-events", "1")[0] == 3
    nothing_else(tmp_path, "club.yaml")


def test_a_store_may_stand_in_the_folder_of_the_report(tmp_path, monkeypatch, command):
    (tmp_path / "coins.yaml").write_text(COINS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    line = ("sweep", "coins.yaml", "--of", "revenue", "--values", "heads=10 %:90 %:3", "--replications", "2",
            "--out", "out", "--store", "out/sweep.db")  # fmt: skip
    for again in ([], ["--resume"]):
        assert command(*line, *again)[0] == 0
        assert {"sweep.db", "report.html", "results.csv"} <= set(held(tmp_path / "out"))
        assert len(fs.Sweep.read("out/sweep.db").frame()) == 3


# -- the home ---------------------------------------------------------------------------------------


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    """Return a home with a journey in it, while the command runs in another folder."""
    for name in ("home", "here"):
        (tmp_path / name).mkdir()
    home = tmp_path / "home"
    monkeypatch.setenv("USERPROFILE" if sys.platform == "win32" else "HOME", str(home))
    monkeypatch.chdir(tmp_path / "here")
    (home / "coins.yaml").write_text(COINS, encoding="utf-8")
    (home / "points.csv").write_text("heads\n10 %\n", encoding="utf-8")
    yield home
    assert list(Path().iterdir()) == []


def test_verbs_charts_and_stores_know_the_home(at_home):
    model = fs.load("~/coins.yaml")
    swept = fs.sweep("~/coins.yaml", "revenue", values="~/points.csv", replications=2, store="~/sweep.db")
    assert fs.Sweep.read("~/sweep.db").export("~/out.csv") == at_home / "out.csv"
    assert swept.export(Path("~/out.parquet")) == at_home / "out.parquet"
    runs = fs.replicate(model, replications=2)
    assert charts.fan(runs, "revenue").save("~/fan.png") == at_home / "fan.png"
    assert fs.write_report(runs, to="~/out/report.html", model=Path("~/coins.yaml")) == at_home / "out" / "report.html"
    assert {"fan.csv", "fan.png", "out.csv", "out.parquet", "out/report.html"} < set(held(at_home))


def test_files_that_a_journey_names_may_be_at_home(at_home, tmp_path):
    (at_home / "takes.csv").write_text("paid\n3\n", encoding="utf-8")
    paid = COINS.replace("prize: 2}", "prize: {empirical: {file: ~/takes.csv, column: paid}}}")
    assert paid != COINS
    (tmp_path / "paid.yaml").write_text(paid, encoding="utf-8")
    (tmp_path / "more.yaml").write_text("extends: ~/coins.yaml\nname: More\n", encoding="utf-8")
    assert fs.load(tmp_path / "paid.yaml").journey()
    assert fs.load(tmp_path / "more.yaml").name == "More"


def test_the_command_knows_the_home(at_home, command):
    how = ("--replications", "2", "--workers", "1")
    assert command("run", "~/coins.yaml", *how, "--out", "~/out")[0] == 0
    status, _, err = command(
        "sweep", "~/coins.yaml", "--of", "revenue", "--table", "~/points.csv", "--store", "~/s.db", *how
    )
    assert (status, f"kept in {at_home / 's.db'}" in err) == (0, True)
    assert command("export", "~/s.db", "~/s.csv")[0] == 0
    assert {"out/report.html", "s.db", "s.csv"} < set(held(at_home))
