"""Compiled code is never stale, and no home that cannot be written keeps anybody from running."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import flywheel_sim
from flywheel_sim.compile import cache, safe_folder
from flywheel_sim.compile.safe_folder import is_ours

ASK = "from flywheel_sim.compile import cache; print(cache.folder())"
RUN = "from flywheel_sim.compile import draws; print(draws.threshold(0.25))"


def asked(code, **environment):
    held = {k: v for k, v in os.environ.items() if k not in ("FLYWHEEL_CACHE_DIR", "XDG_CACHE_HOME")}
    return subprocess.run([sys.executable, "-c", code], env=held | environment, capture_output=True, text=True)


def test_the_folder_is_named_after_the_source(tmp_path):
    folder = Path(asked(ASK, FLYWHEEL_CACHE_DIR=str(tmp_path)).stdout.strip())
    assert folder == tmp_path / cache.fingerprint()


def test_an_edit_of_any_compiled_module_changes_the_folder(tmp_path):
    package = Path(flywheel_sim.__file__).parent
    names = ["compile/draws.py", "ledger.py", "journey/units.py"]
    names += [str(path.relative_to(package)) for path in package.glob("engine/kernel/*.py")]
    assert len(names) > 15
    for path in [path for pattern in cache._COMPILED for path in package.glob(pattern)]:
        copy = tmp_path / path.relative_to(package)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    seen = {cache.fingerprint_of(tmp_path)}
    assert seen == {cache.fingerprint()}
    for name in names:
        with (tmp_path / name).open("a") as file:
            file.write("# edited\n")
        seen.add(cache.fingerprint_of(tmp_path))
    assert len(seen) == 1 + len(names)


def test_whatever_the_engine_imports_counts_as_compiled():
    package = Path(flywheel_sim.__file__).parent
    compiled = {path.resolve() for pattern in cache._COMPILED for path in package.glob(pattern)}
    engine = [path for path in compiled if "compile.cache import" in path.read_text()]
    assert len(engine) > 10
    for path in engine:
        for module, names in re.findall(r"^from flywheel_sim\.(\S+) import (.+)", path.read_text(), re.MULTILINE):
            place = package / module.replace(".", "/")
            part = place / names.split()[0] if place.is_dir() else place
            assert part.with_suffix(".py") in compiled, (path.name, part)


def test_a_pattern_that_matches_nothing_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no source of the compiled engine"):
        cache.fingerprint_of(tmp_path)


def test_a_home_that_cannot_be_written_is_passed_over(tmp_path):
    (tmp_path / "file").write_text("no folder")
    answer = asked(ASK, HOME=str(tmp_path / "file"), XDG_CACHE_HOME=str(tmp_path / "file"), TMPDIR=str(tmp_path))
    assert answer.stdout.strip().startswith(str(tmp_path / "flywheel_sim"))
    assert not answer.stderr


def test_without_any_folder_it_compiles_and_runs(tmp_path):
    (tmp_path / "file").write_text("no folder")
    nowhere = str(tmp_path / "file")
    code = f"import tempfile; tempfile.tempdir = {nowhere!r}; " + RUN
    answer = asked(code, FLYWHEEL_CACHE_DIR=nowhere, XDG_CACHE_HOME=nowhere, HOME=nowhere)
    assert answer.stdout.strip() == str(1 << 30), answer.stderr


def test_cold_starts_at_once_all_run(tmp_path):
    held = os.environ | {"FLYWHEEL_CACHE_DIR": str(tmp_path)}
    both = [subprocess.Popen([sys.executable, "-c", RUN], env=held, stdout=subprocess.PIPE, text=True) for _ in "ab"]
    assert [process.communicate()[0].strip() for process in both] == [str(1 << 30)] * 2


def test_old_folders_are_forgotten_and_new_ones_kept(tmp_path):
    old, new, other, alike = (tmp_path / name for name in ("0" * 16, "1" * 16, "notes", "my-notes-of-2025"))
    for place in (old, new, other, alike):
        place.mkdir()
    for place in (old, other, alike):
        os.utime(place, (1, 1))
    asked(ASK, FLYWHEEL_CACHE_DIR=str(tmp_path))
    assert (old.exists(), new.exists(), other.exists(), alike.exists()) == (False, True, True, True)


# -- what another user could have written is never run ------------------------------------------------------


#: A folder that is safe but where tests make it otherwise, and a user who is not this one.
STRANGER = 54321
needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives folders to others"
)


@pytest.fixture
def place(tmp_path):
    """Return a folder of ours with a folder above it that is ours too."""
    (tmp_path / "above" / "folder").mkdir(parents=True, mode=0o700)
    (tmp_path / "above").chmod(0o700)
    return tmp_path / "above" / "folder"


def test_a_folder_of_ours_is_used(place):
    assert is_ours(place)
    (place / "code").write_bytes(b"")
    assert is_ours(place)


@pytest.mark.parametrize("mode", [0o777, 0o707, 0o772, 0o1777, 0o1770])
def test_a_folder_that_others_may_write_is_not(place, mode, monkeypatch):
    monkeypatch.setattr(safe_folder, "_is_private", lambda group: False)
    place.chmod(mode)
    assert not is_ours(place)


@pytest.mark.parametrize(("mode", "safe"), [(0o777, False), (0o770, False), (0o1777, True), (0o1770, True), (0o755, True)])  # fmt: skip # noqa: E501
def test_above_it_only_where_nobody_removes_what_is_anothers(place, mode, safe, monkeypatch):
    monkeypatch.setattr(safe_folder, "_is_private", lambda group: False)
    place.parent.chmod(mode)
    assert is_ours(place) is safe


def test_a_group_of_this_user_alone_is_this_user(place, monkeypatch):
    monkeypatch.setattr(safe_folder, "_is_private", lambda group: group == place.stat().st_gid)
    place.chmod(0o770)
    assert is_ours(place)
    monkeypatch.setattr(safe_folder, "_has_list", lambda path: path == place)
    assert not is_ours(place)


def test_who_is_in_a_group(monkeypatch):
    grp, pwd = pytest.importorskip("grp"), pytest.importorskip("pwd")
    me, users = os.geteuid(), {"me": os.geteuid(), "root": 0, "other": STRANGER}
    groups = {1: ["me"], 2: [], 3: ["me", "other"], 4: ["root", "me"], 5: [], 6: ["ghost"]}
    person = lambda uid, gid: pwd.struct_passwd(("name", "x", uid, gid, "", "", ""))  # noqa: E731
    monkeypatch.setattr(pwd, "getpwnam", lambda name: person(users[name], 99))
    monkeypatch.setattr(pwd, "getpwall", lambda: [person(me, 2), person(STRANGER, 5)])
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("name", "x", gid, groups[gid])))
    safe_folder._is_private.cache_clear()
    assert {gid: safe_folder._is_private(gid) for gid in (*groups, 7)} == {
        1: True, 2: True, 3: False, 4: True, 5: False, 6: False, 7: False,
    }  # fmt: skip
    safe_folder._is_private.cache_clear()


@needs_root
@pytest.mark.parametrize("which", ["itself", "above", "within", "a link to it", "a link above it"])
def test_what_belongs_to_somebody_else_is_not_used(place, tmp_path, which):
    (place / "code").write_bytes(b"")
    (tmp_path / "link").symlink_to(place)
    (tmp_path / "way").symlink_to(place.parent)
    given = {"a link to it": tmp_path / "link", "a link above it": tmp_path / "way" / "folder"}.get(which, place)
    assert is_ours(given), "a link of ours is followed"
    theirs = {"itself": place, "above": place.parent, "within": place / "code", "a link to it": tmp_path / "link",
              "a link above it": tmp_path / "way"}[which]  # fmt: skip
    os.chown(theirs, STRANGER, STRANGER, follow_symlinks=False)
    assert not is_ours(given)


def test_a_link_within_it_is_not_used(place, tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"")
    (place / "code").symlink_to(tmp_path / "elsewhere")
    assert not is_ours(place)


def test_where_users_have_no_numbers_folders_are_taken_as_they_are(place, monkeypatch):
    place.chmod(0o777)
    monkeypatch.delattr(os, "geteuid")
    assert is_ours(place)


def test_what_waits_in_the_folder_for_temporary_files_is_passed_over(tmp_path):
    (tmp_path / "file").write_text("no folder")
    tmp_path.chmod(0o1777)
    waiting = tmp_path / f"flywheel_sim-{os.getuid()}"
    waiting.mkdir()
    waiting.chmod(0o777)
    nowhere = str(tmp_path / "file")
    answer = asked(ASK, HOME=nowhere, XDG_CACHE_HOME=nowhere, TMPDIR=str(tmp_path))
    assert answer.stdout.strip() == "None", answer.stderr
    waiting.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o777)
    (tmp_path / "elsewhere").chmod(0o777)
    waiting.symlink_to(tmp_path / "elsewhere")
    assert asked(ASK, HOME=nowhere, XDG_CACHE_HOME=nowhere, TMPDIR=str(tmp_path)).stdout.strip() == "None"
    assert list((tmp_path / "elsewhere").rglob("*.nb?")) == []


def test_everything_in_it_is_for_this_user_alone(tmp_path):
    code = "import os; os.umask(0); " + RUN + "; from flywheel_sim.compile import cache; cache.note_ready('draws')"
    asked(code, FLYWHEEL_CACHE_DIR=str(tmp_path / "new" / "place"))
    made = list((tmp_path / "new").rglob("*"))
    assert any(path.suffix == ".nbi" for path in made)
    assert any(path.name == "ready_draws" for path in made)
    assert [path for path in (tmp_path / "new", *made) if path.stat().st_mode & 0o077] == []


def test_the_home_is_that_of_the_user(tmp_path):
    answer = asked(ASK, FLYWHEEL_CACHE_DIR="~/code", HOME=str(tmp_path))
    assert answer.stdout.strip() == str(tmp_path / "code" / cache.fingerprint())


NOWHERE = """
import logging, tempfile
tempfile.tempdir = {nowhere!r}
import flywheel_sim as fs
from flywheel_sim.compile import cache
if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    for _ in range(2):
        fs.sweep("ad_campaign", "revenue", replications=2, executor={executor!r}, progress=False)
        print(cache.ready("waves"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_where_none_is_safe_that_is_said_once_with_what_to_do(tmp_path, executor):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "script.py").write_text(NOWHERE.format(nowhere=str(tmp_path / "open"), executor=executor))
    held = {k: v for k, v in os.environ.items() if k != "LOCALAPPDATA"}
    env = held | {"FLYWHEEL_CACHE_DIR": str(tmp_path / "open"), "XDG_CACHE_HOME": str(tmp_path / "open")}
    done = subprocess.run([sys.executable, tmp_path / "script.py"], env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["True"] * 2, done.stderr
    assert done.stderr.count("set FLYWHEEL_CACHE_DIR to a folder that only you can write to") == 1
    assert "first run only" not in done.stderr
    assert list((tmp_path / "open").rglob("*.nb?")) == []
