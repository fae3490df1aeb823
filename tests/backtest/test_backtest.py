"""The package says what it said: every result, chart and command against the text stored beside.

What is meant to change is stored anew by `python tests/backtest/capture.py --store`, and read in the diff.
"""

import difflib

import capture
import pytest


@pytest.mark.parametrize("name", capture.KEPT)
def test_as_stored(name):
    path = capture.STORED / f"{name}.txt"
    before, now = path.read_text(encoding="utf-8").splitlines(), capture.kept(name).splitlines()
    if len(before) == len(now) and all(map(capture.alike, before, now)):
        return
    changes = list(difflib.unified_diff(before, now, "stored", "now", lineterm="", n=1))
    assert not changes, f"{name} says something else:\n" + "\n".join(line[:400] for line in changes[:60])


def test_another_figure_is_seen():
    assert capture.alike("a 1.2345678,3", "a 1.23456781,3")
    assert not capture.alike("a 1.2345678,3", "a 1.234569,3")
    assert not capture.alike("a 1.2345678,3", "b 1.2345678,3")
    assert not capture.alike("a 1.2345678,3", "a 1.2345678,4")


def test_nothing_else_is_stored():
    assert {path.stem for path in capture.STORED.glob("*.txt")} == set(capture.KEPT)
