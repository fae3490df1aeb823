"""Write what the package says today into a folder, one text a case: `python tests/backtest/capture.py DIR`.

`--case NAME` (repeatable) writes that case alone, `--store` writes what the kept test compares with. Which package is
captured is for Python's path to say: with PYTHONPATH=/elsewhere it is the one there.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import hashlib
import io
import logging
import math
import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

import flywheel_sim as fs

sys.path.insert(0, str(Path(__file__).parent))
import cases

STORED = Path(__file__).parent / "stored"
#: Longer texts are stored by their beginning, and by a hash of the rest.
LONGEST = 1500
#: The terminal that all text is written for.
TERMINAL = {"COLUMNS": "100", "LINES": "40", "TERM": "dumb", "NO_COLOR": "1"}
#: Types that a text of a result names and no more.
NAMED = ("Journey", "Scenario", "Ledger", "Books")


# -- values as text ---------------------------------------------------------------------------------


def shown(value, charts=True):
    """Return a value as text, with every digit."""
    if isinstance(value, pd.DataFrame | pd.Series):
        return value.to_csv(float_format="%.17g")
    if isinstance(value, np.ndarray):
        return f"array {value.dtype} {value.shape}\n{chr(10).join(map(repr, value.ravel().tolist()))}"
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "\n".join(f"{key!s}: {shown(one, charts)}" for key, one in value.items()) or "{}"
    if isinstance(value, tuple | list):
        return "\n".join(f"- {shown(one, charts)}" for one in value) or "[]"
    if value is None or isinstance(value, bool | int | float | complex | dt.date):
        return repr(value)
    return _of_object(value, charts)


def _of_object(value, charts):
    name = type(value).__name__
    if name == "Chart":
        svg = f"\nsvg {_hash(picture(value.svg()))}" if charts else ""
        text = f"{value.name}: {value.title}\n{value.csv()}{svg}"
        _close()
        return text
    if name in NAMED:
        return f"<{name}>"
    if name in cases.MEMBERS and name != "Estimate":
        return f"<{name}> {value}"
    if dataclasses.is_dataclass(value):
        fields = [f"{f.name}={shown(getattr(value, f.name), charts)}" for f in dataclasses.fields(value)]
        return f"{name}({', '.join(fields)})"
    return f"<{name}>" if " at 0x" in str(value) else f"<{name}> {value}"


def _hash(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _close():
    """Forget drawn figures, of which pyplot keeps every one."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot:
        pyplot.close("all")


def timeless(text):
    """Return a text without how long its runs took."""
    text = re.sub(r"\bin [\d.,]+ s\b", "in T s", text)
    return re.sub(r"(\bseconds(?:\"|')?[:=] ?)[\d.e-]+", r"\1T", text)


def picture(text):
    """Return a picture whose marks are numbered: their names hang on the last bit of a layout, which varies."""
    marks: dict[str, str] = {}
    return re.sub(r"\b[a-z][0-9a-f]{10}\b", lambda match: marks.setdefault(match[0], f"mark{len(marks)}"), text)


def unpacked(text):
    """Return a page with the data and pictures in it as text."""
    return re.sub(r"data:[^\"']*;base64,([^\"']*)", lambda match: picture(b64decode(match[1]).decode()), text)


def page(text):
    """Return a page without the data and pictures in it, which stand in other files."""
    return re.sub(r"data:[^\"']*", "data:", text)


def files_in(folder, charts):
    """Yield (name, text) of the files in a folder; of a page also the hash of all that is in it."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in (".csv", ".html")):
        name, text = str(path.relative_to(folder)), path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            yield name, page(text)
            if charts:
                yield f"sha256 of {name}", _hash(timeless(unpacked(text)))
        else:
            yield name, text


# -- cases ------------------------------------------------------------------------------------------


def sections_of_result(name, charts=True):
    """Yield (heading, text) of a result: what it says, shows and writes."""
    result = cases.RESULTS[name]()
    kind = type(result).__name__
    yield "class", kind
    yield "str", str(result)
    said = repr(result)
    if " at 0x" not in said:
        yield "repr", said if len(said) < 5000 else f"{said[:2000]} ... {_hash(timeless(said))}"
    if hasattr(result, "_repr_html_"):
        yield "_repr_html_()", result._repr_html_()
    names = {"r": result, "fs": fs, "charts": fs.charts, "cases": cases}
    for asked in cases.MEMBERS[kind] + cases.MORE.get(name, ()):
        code = asked if re.search(r"\br\b[.\[)]|\(r,|^charts", asked) and not _member(asked, result) else f"r.{asked}"
        try:
            yield asked, shown(eval(code, names), charts)  # expressions of this folder's own cases
        except Exception as error:
            yield asked, f"{type(error).__name__}: {error}"
    if charts and kind not in cases.NO_REPORT:
        with _folder() as folder:
            try:
                fs.write_report(result, to=folder / "report.html")
            except Exception as error:
                yield "write_report", f"{type(error).__name__}: {error}"
            for file, text in files_in(folder, charts):
                yield f"write_report {file}", text if file.endswith(".html") else _hash(text)
        _close()


def _member(asked, result):
    return hasattr(result, re.match(r"\w*", asked)[0]) and not asked.startswith("charts.")


def sections_of_command(name, charts=True):
    """Yield (heading, text) of lines of the command: exit status, output, errors, and the files they write."""
    with _folder() as folder:
        shutil.copy(cases.SHOP, folder)
        for line in cases.COMMANDS[name]:
            if "--out" in line and not charts and name not in cases.OUT_KEPT:
                continue
            status, out, err = flywheel(line)
            yield f"$ flywheel {line}", f"exit {status}"
            yield "output", _plain(out, folder)
            yield "errors", _plain(err, folder)
        yield from files_in(folder, charts)
    _close()


@contextlib.contextmanager
def _folder():
    """Go to a new folder, and back."""
    before, folder = Path.cwd(), Path(tempfile.mkdtemp()).resolve()
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)
        shutil.rmtree(folder)


def flywheel(line):
    """Run the command in this process and return its exit status, output and errors."""
    from flywheel_sim.cli import main

    out, err, given, status = io.StringIO(), io.StringIO(), sys.argv, 0
    sys.argv = ["flywheel", *shlex.split(line)]
    try:
        plain = patch.object(logging.getLogger(), "handlers", [])  # pytest's would take warnings away from stderr
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), plain:
            main()
    except SystemExit as done:
        status = done.code or 0
    finally:
        sys.argv = given
    return status, out.getvalue(), err.getvalue()


def _plain(text, folder):
    """Return a text without folders of this machine, progress bars and empty lines."""
    text = text.replace(str(folder), "FOLDER").replace(str(Path(fs.__file__).resolve().parent.parent), "PACKAGE")
    return "\n".join(
        line for line in re.split(r"[\r\n]", text) if line.strip() and not re.search(r"\d%\||\[\d+:\d\d", line)
    )


def sections_of_api(charts=True):
    """Yield (heading, text) of the public names: what each takes, and what every journey assumes."""
    import inspect

    for room in (fs, fs.charts):
        for name in sorted(room.__all__):
            one = getattr(room, name)
            if inspect.isclass(one):
                bases = [base.__name__ for base in one.__mro__] if issubclass(one, BaseException) else []
                yield name, f"class {one.__name__} {' '.join(bases)}".strip()
            elif callable(one):
                yield name, str([(p.name, p.kind.name, repr(p.default)) for p in _parameters(one)])
    for name in fs.shipped():
        yield f"assumptions {name}", shown(fs.assumptions(fs.load(name)))
        yield f"fingerprint {name}", fs.load(name).journey().fingerprint


def _parameters(call):
    import inspect

    return inspect.signature(call).parameters.values()


NAMES = (*cases.RESULTS, *cases.COMMANDS, "api")
KEPT = tuple(name for name in NAMES if name not in cases.WHOLE_ONLY)


def sections(name, charts=True):
    """Return the (heading, text) pairs of a case; without charts no picture is drawn and no report of a result made."""
    if name == "api":
        parts = sections_of_api(charts)
    else:
        parts = (sections_of_result if name in cases.RESULTS else sections_of_command)(name, charts)
    with patch.dict(os.environ, TERMINAL):
        return [(heading, timeless(text)) for heading, text in parts]


def text_of(parts):
    """Return sections as one text."""
    return "".join(f"## {heading}\n{text}\n\n" for heading, text in parts)


# -- what is kept -----------------------------------------------------------------------------------


#: A decimal number in a text.
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+(?:e[+-]?\d+)?|e[+-]?\d+)(?![\w.])")


def rounded(text, digits=9):
    """Return a text with so many digits of its decimal numbers and without the version."""

    def shorter(match):
        value = float(match[0])
        return "0" if abs(value) < 10.0**-digits else f"{value:.{digits}g}"

    text = re.sub(rf"(flywheel_sim |version\W+){re.escape(fs.__version__)}", r"\1VERSION", text)
    return NUMBER.sub(shorter, text)


def alike(one, other):
    """Tell whether two lines differ in the last digits of their numbers at most, in which processors differ."""
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(map(float, NUMBER.findall(one)), map(float, NUMBER.findall(other)), strict=True)
    return all(math.isclose(a, b, rel_tol=1e-7, abs_tol=1e-7) for a, b in pairs)


def kept(name):
    """Return the text of a case that the kept test compares: rounded, without pictures, long texts cut."""
    return text_of((heading, _short(heading, text)) for heading, text in sections(name, charts=False))


def _short(heading, text):
    """Return a short text as it is, of a long one its beginning and a hash, in fewer digits."""
    if len(rounded(text)) <= LONGEST and not heading.endswith(".html"):
        return rounded(text)
    text = rounded(text, 5)
    if heading.endswith(".html"):
        return f"sha256 {_hash(text)}"
    return f"{text[: LONGEST // 2]}\n... {len(text)} characters, sha256 {_hash(text)}"


def main():
    """Write the cases asked for."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("folder", nargs="?", type=Path)
    reader.add_argument("--case", action="append", choices=NAMES, metavar="NAME", help="this case alone; repeatable")
    reader.add_argument("--store", action="store_true", help="write what the kept test compares with")
    reader.add_argument("--times", action="store_true", help="say how long each case takes, in processor seconds")
    asked = reader.parse_args()
    if (asked.folder is None) != asked.store:
        reader.error("a folder, or --store")
    folder = asked.folder or STORED
    folder.mkdir(parents=True, exist_ok=True)
    if not asked.case:
        for path in folder.glob("*.txt"):
            path.unlink()
    print(f"capturing {Path(fs.__file__).parent}", file=sys.stderr)
    for name in asked.case or (KEPT if asked.store else NAMES):
        begun = time.process_time()
        text = kept(name) if asked.store else text_of(sections(name))
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
        if asked.times:
            print(f"{time.process_time() - begun:6.2f} {len(text):9,} {name}", file=sys.stderr)
    print(f"{time.process_time():.0f} processor seconds: {folder}", file=sys.stderr)


if __name__ == "__main__":
    main()
