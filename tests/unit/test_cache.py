"""Compiled code is never stale, and no home that cannot be written keeps anybody from running."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import flywheel_sim
from flywheel_sim.compile import cache

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
    old, new, other = tmp_path / ("0" * 16), tmp_path / ("1" * 16), tmp_path / "notes"
    for place in (old, new, other):
        place.mkdir()
    for place in (old, other):
        os.utime(place, (1, 1))
    asked(ASK, FLYWHEEL_CACHE_DIR=str(tmp_path))
    assert (old.exists(), new.exists(), other.exists()) == (False, True, True)
