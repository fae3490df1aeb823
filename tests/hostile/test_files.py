"""Files that a stranger's journey names: regular ones of a few folders, and nothing told of what they hold."""

import json
import os
import shutil
import socket
import time
from pathlib import Path

import pytest

import flywheel_sim as fs
from flywheel_sim.errors import ConfigError, DataError, FlywheelError
from flywheel_sim.scenario.source import files
from flywheel_sim.scenario.source.yaml_text import MOST_BYTES

SECRET = "hunter2secret"
SMALL = "name: N\nhorizon: 3 months\nchannels: {c: {batch: 5, enters: user}}\njourney: {user: customer}\n"


def naming(word, file, column="days"):
    """Return a journey that names a file as a sample, as a plan or as batches."""
    wait = {"empirical": {"file": file, "column": column, "unit": "days"}} if word == "sample" else "1 month"
    plan = {"file": file, "column": column}
    channel = {"batch": plan} if word == "batch" else {"batch": "5"}
    if word == "plan":
        channel = {"rate": plan | {"unit": "per month"}}
    return json.dumps(
        {
            "name": "N",
            "horizon": "3 months",
            "start": "2027-01-01",
            "channels": {"c": {**channel, "enters": "user"}},
            "journey": {"user": {"role": "customer", "events": {"buy": {"every": wait}}}},
        }
    )


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Return a folder of the journey within the current one, and another outside."""
    inside, outside = tmp_path / "here" / "journeys", tmp_path / "elsewhere"
    inside.mkdir(parents=True)
    outside.mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for folder in (inside, outside, tmp_path / "here"):
        (folder / "data.csv").write_text("from,days\n2027-01-01,3\n", encoding="utf-8")
        (folder / "base.yaml").write_text(SMALL, encoding="utf-8")
    return inside, outside


def loaded(folder, word, file, **how):
    """Return the scenario of a journey in a folder that names a file."""
    text = f"extends: {json.dumps(file)}\nname: M\n" if word == "extends" else naming(word, file)
    (folder / "journey.yaml").write_text(text, encoding="utf-8")
    return fs.load(folder / "journey.yaml", **how)


WORDS = ("sample", "plan", "batch", "extends")


def ending(word):
    """Return the name of a file that serves a word."""
    return "base.yaml" if word == "extends" else "data.csv"


@pytest.mark.parametrize("word", WORDS)
def test_files_beside_the_journey_and_below_the_current_folder_are_read(places, word):
    inside, _ = places
    name = ending(word)
    for file in (name, f"../{name}", str(inside / name), f"../journeys/./{name}"):
        assert loaded(inside, word, file).strategies == ()


@pytest.mark.parametrize("word", WORDS)
def test_files_elsewhere_are_refused_and_read_where_their_folder_is_given(places, word):
    inside, outside = places
    name = ending(word)
    (inside / f"link-{name}").symlink_to(outside / name)
    (inside / "links").symlink_to(outside)
    for file in (f"../../elsewhere/{name}", str(outside / name), f"link-{name}", f"links/{name}"):
        with pytest.raises(ConfigError, match="outside the folders") as refused:
            loaded(inside, word, file)
        (problem,) = refused.value.problems
        assert file.startswith(problem.value.rstrip("…"))
        assert all(part in problem.remedy for part in ("--data", "data=", str(inside), str(inside.parent)))
        for data in (outside, str(outside), [outside.parent], (inside, outside)):
            assert loaded(inside, word, file, data=data).journey()


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(
    "file", ["/etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/environ", "~root/x", "~/x", "/nowhere"]
)
def test_files_of_the_system_are_refused_without_being_opened(places, word, file):
    begun = time.perf_counter()
    with pytest.raises(FlywheelError) as refused:
        loaded(places[0], word, file)
    assert "root:" not in str(refused.value)
    assert time.perf_counter() - begun < 20


def special(folder, kind):
    """Make something that is no regular file."""
    path = folder / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket is short
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(kind)
        os.chdir(here)
    else:
        path.symlink_to("/dev/zero")
    return path


@pytest.mark.parametrize("kind", ["pipe", "folder", "socket", "device"])
@pytest.mark.parametrize("word", [*WORDS, "itself"])
def test_what_is_no_regular_file_is_refused_at_once(places, word, kind):
    path = special(places[0], kind)
    begun = time.perf_counter()
    with pytest.raises(FlywheelError, match=r"no file that can be read|Is a directory|outside the folders"):
        fs.load(path) if word == "itself" else loaded(places[0], word, kind)
    assert time.perf_counter() - begun < 20


def test_a_strategy_names_files_by_the_same_folders(places):
    inside, outside = places
    text = json.loads(naming("sample", "data.csv"))
    wait = {"empirical": {"file": str(outside / "data.csv"), "column": "days", "unit": "days"}}
    text["strategies"] = {"other": {"journey": {"user": {"events": {"buy": {"every": wait}}}}}}
    (inside / "journey.yaml").write_text(json.dumps(text), encoding="utf-8")
    with pytest.raises(ConfigError, match="outside the folders"):
        fs.load(inside / "journey.yaml")
    model = fs.load(inside / "journey.yaml", data=outside)
    assert model.journey("other") != model.journey()
    assert model.with_(horizon="2 months").journey("other").horizon < model.journey("other").horizon


def test_a_text_names_files_of_the_current_folder_and_of_those_given(places):
    _, outside = places
    assert fs.loads(naming("sample", "data.csv"))
    with pytest.raises(ConfigError, match="outside the folders"):
        fs.loads(naming("sample", str(outside / "data.csv")))
    assert fs.loads(naming("sample", str(outside / "data.csv")), data=outside)
    with pytest.raises(ConfigError, match="outside the folders"):  # a name is no place
        fs.loads(naming("sample", "data.csv"), name=str(outside / "base.yaml"))


def test_the_home_is_written_as_a_tilde(places, monkeypatch):
    inside, outside = places
    monkeypatch.setenv("HOME", str(outside))
    assert loaded(inside, "sample", "~/data.csv", data="~")
    assert fs.load("~/base.yaml")


def test_folders_that_are_none_are_refused(places):
    for data in ("nowhere", places[0] / "data.csv"):
        with pytest.raises(DataError, match=r"no such folder; data \(--data\)"):
            fs.load(places[0] / "base.yaml", data=data)
    with pytest.raises(DataError, match="data is 3: it takes the path of a folder"):
        fs.load(places[0] / "base.yaml", data=3)


def test_a_base_in_another_folder_names_files_by_the_same_folders(places):
    inside, outside = places
    (outside / "base.yaml").write_text(naming("sample", "data.csv"), encoding="utf-8")
    assert loaded(inside, "extends", str(outside / "base.yaml"), data=outside)
    (outside / "base.yaml").write_text(naming("sample", "../secret.csv"), encoding="utf-8")
    with pytest.raises(ConfigError, match="outside the folders"):
        loaded(inside, "extends", str(outside / "base.yaml"), data=outside)


def test_sizes_are_bounded(places, monkeypatch):
    inside, _ = places
    (inside / "large.yaml").write_text("#" * (MOST_BYTES + 1), encoding="utf-8")
    with pytest.raises(DataError, match="larger than 5 MB"):
        fs.load(inside / "large.yaml")
    (inside / "as_large.yaml").write_text(SMALL + "#" * (MOST_BYTES - len(SMALL)), encoding="utf-8")
    assert fs.load(inside / "as_large.yaml")
    monkeypatch.setattr(files, "MOST_DATA", 10)
    with pytest.raises(ConfigError, match="larger than 1e-05 MB"):
        loaded(inside, "sample", "data.csv")


def test_a_chain_of_files_that_extend_one_another_ends(places):
    inside, _ = places
    for at in range(60):
        (inside / f"f{at}.yaml").write_text(f"extends: f{at + 1}.yaml\n" if at < 59 else SMALL, encoding="utf-8")
    with pytest.raises(ConfigError, match="more than 20 files extend one another"):
        fs.load(inside / "f0.yaml")
    assert fs.load(inside / "f40.yaml")


# -- what is told of a file -------------------------------------------------------------------------------

#: Contents that are wrong, with the line that is told.
WRONG = {
    "another header": (f"from,{SECRET}\n2027-01-01,3\n", ""),
    "a text": (f"from,days\n2027-01-01,{SECRET}\n", "line 2"),
    "a unit": ("from,days\n2027-01-01,77 hunter2secrets\n", "line 2"),
    "a negative number": ("from,days\n2027-01-01,-7712345\n", "line 2"),
    "a large number": ("from,days\n2027-01-01,7712345e30\n", "line 2"),
    "an empty cell": ("from,days\n2027-01-01,3\n2027-01-02,\n2027-01-03,4\n", ""),
    "a cell missing": ("from,days\n2027-01-01\n", "line 2"),
    "a cell too many": (f"from,days\n2027-01-01,1,{SECRET}\n", "line 2"),
    "two columns of one name": (f"from,days,days\n2027-01-01,1,{SECRET}\n", ""),
    "an open quote": (f'from,days\n2027-01-01,1\n2027-01-02,"{SECRET}\n2027-01-03,2\n', "line 3"),
    "a quote within": (f'from,days\n2027-01-01,"1"{SECRET}\n', "line 2"),
    "a byte of 0": (f"from,days\n2027-01-01,1\n2027-01-02,\0{SECRET}\n", "line 3"),
    "another encoding": (f"from,days\n2027-01-01,\xff{SECRET}\n".encode("latin-1"), ""),
    "a row without end": ("from,days\n2027-01-01," + "1," * 600_000, "line 2"),
    "a header without end": ("from,days," + "x," * 600_000, "line 1"),
    "a cell without end": ("from,days\n2027-01-01," + "1" * 300_000 + "\n", "line 2"),
    "nothing": ("", ""),
}  # fmt: skip


@pytest.mark.parametrize("word", ["sample", "plan", "batch"])
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_csv_file_is_told_without_what_stands_there(places, word, name):
    content, line = WRONG[name]
    (places[0] / "data.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as refused:
        loaded(places[0], word, "data.csv")
    (problem,) = refused.value.problems
    assert line in problem.rule
    assert problem.remedy
    assert not any(told in str(problem) for told in (SECRET, "7712345", "2027-01-0", "\0", "77 "))


@pytest.mark.parametrize(
    "rows", [("2027-02-03", "2027-02-02"), ("2027-02-03", "2027-02-03"), ("03.02.2027", "x"), (SECRET, "")]
)
def test_dates_that_are_wrong_are_told_by_line(places, rows):
    (places[0] / "data.csv").write_text("from,days\n" + "".join(f"{day},1\n" for day in rows), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        loaded(places[0], "plan", "data.csv")
    assert "of data.csv: " in str(refused.value)
    assert not any(day and day in str(refused.value) for day in rows)


def test_what_is_no_fault_of_a_csv_file_is_read(places):
    inside, _ = places
    for text in (
        'from,days,note\n2027-01-01,3,"two\nlines, and a ""quote"""\n\n,,\n2027-01-02,4,\n',
        "\ufefffrom,days\r\n2027-01-01,3\r\n2027-01-02,4\r\n",
        "from,days,,\n2027-01-01,3,,\n2027-01-02,4,,\n",
        "from,days,note,note\n2027-01-01,3,,\n2027-01-02,4,,\n",
    ):
        (inside / "data.csv").write_text(text, encoding="utf-8", newline="")
        assert loaded(inside, "sample", "data.csv").journey()


#: Files that are no journey.
NO_JOURNEY = {
    "a list of users": f"root:x:0:0:{SECRET}:/root: /bin\n",
    "one word": SECRET,
    "a list": f"- {SECRET}\n",
    "another mapping": f"{SECRET}: 1\nname: N\n",
    "settings": f"[core]\n{SECRET} = 1\n",
    "brackets": f"name: [{SECRET}\n",
    "a quote": f"name: '{SECRET}\n",
    "a key twice": f"{SECRET}: 1\n{SECRET}: 2\n",
    "a tag": f"name: !{SECRET} x\n",
    "an anchor": f"name: &{SECRET} x\n",
    "an alias": f"name: *{SECRET}\n",
    "an escape": f'name: "\\q{SECRET}"\n',
    "control characters": f"name: \x01{SECRET}\n",
    "deep brackets": f"name: {'[' * 99}{SECRET}\n",
    "two documents": f"name: a\n---\n{SECRET}: b\n",
    "another encoding": f"name: {SECRET}\xff\n".encode("latin-1"),
    "nothing": "",
}


@pytest.mark.parametrize("name", NO_JOURNEY)
def test_of_a_file_that_is_extended_and_no_journey_no_text_is_told(places, name):
    content = NO_JOURNEY[name]
    (places[0] / "base.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FlywheelError) as refused:
        loaded(places[0], "extends", "base.yaml")
    assert SECRET not in str(refused.value)
    for problem in getattr(refused.value, "problems", ()):
        assert (problem.path, problem.value) == ("", "")
        assert problem.line
        assert problem.remedy


def test_of_a_journey_that_is_extended_values_are_told(places):
    (places[0] / "base.yaml").write_text(SMALL.replace("3 months", "soon"), encoding="utf-8")
    with pytest.raises(ConfigError, match="horizon: 'soon'"):
        loaded(places[0], "extends", "base.yaml")


def test_the_shipped_journeys_and_the_cases_load_from_anywhere(tmp_path, monkeypatch):
    cases = tmp_path / "cases"
    shutil.copytree(Path(__file__).parents[1] / "cases", cases)
    monkeypatch.chdir("/")
    assert fs.load("next_euro").strategies
    assert fs.load(cases / "12_budget_duel.yaml").strategies
