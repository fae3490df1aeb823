"""A question is one folder: declared there, it is in the package, the charts, the command line, the report and JSON."""

import json

import pytest
from stubs import STUBS

import flywheel_sim as fs
from flywheel_sim import analysis
from flywheel_sim.analysis import registry

FILES = {
    "__init__.py": '''
"""Question: how often does one strategy lose money?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(verbs={"toy": "result"}, results={"Toy": "result"}, charts=("toy",))
''',
    "result.py": '''
"""How often a strategy loses money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Unpack

import pandas as pd

from flywheel_sim.experiment.asking import How, Model, Strategies, verb
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result


@dataclass(frozen=True)
class Toy(Result):
    """The share of futures that lose money."""

    runs: Runs

    @property
    def base_runs(self) -> Mapping[str, Runs]:
        return self.runs.base_runs

    def answer(self) -> str:
        return f"Loses money in {self.runs.probability('profit', at_most=0)} of futures."

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({"profit": self.runs.values("profit")})


@verb()
def toy(model: Model, *, strategies: Strategies = None, replications: int = 7, **how: Unpack[How]) -> Toy:
    """Tell how often a strategy loses money."""
    return Toy(replicate(model, strategies=strategies, replications=replications, **how))
''',
    "charts.py": '''
"""The chart of losses."""

from flywheel_sim.analysis.toy.result import Toy
from flywheel_sim.drawing.chart import Chart, axes_of


def toy(result: Toy) -> Chart:
    """Show the profits of all futures."""
    figure, axes = axes_of("Profit of every future", "One dot a future.")
    axes.plot(result.frame()["profit"], ".")
    return Chart("toy", "Profit of every future", figure, result.frame())
''',
    "section.py": '''
"""The section on losses."""

from flywheel_sim.analysis.toy import charts
from flywheel_sim.drawing.page import Section


def sections(result):
    """Return the section on losses."""
    return [Section("How often money is lost", (result.answer(),), (charts.toy(result),))]
''',
    "command.py": '''
"""The command ``toy``."""

from flywheel_sim.analysis.commands import STRATEGIES, Command

COMMANDS = (Command("toy", "Tell how often money is lost", "toy", "{replications} futures", (STRATEGIES,)),)
''',
}


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Put one folder beside the questions, and edit nothing."""
    folder = tmp_path / "questions" / "toy"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text.lstrip(), encoding="utf-8")
    monkeypatch.setattr(analysis, "__path__", [*analysis.__path__, str(folder.parent)])


def test_one_folder_is_in_the_package_and_its_charts(toy):
    assert "toy" in dir(fs)
    assert {"toy", "Toy"} <= set(fs.__all__)
    assert "toy" in dir(fs.charts)
    losses = fs.toy("ad_campaign")
    assert isinstance(losses, fs.Toy)
    assert "<svg" in fs.charts.toy(losses).svg()


def test_its_result_prints_itself_and_is_json(toy):
    losses = fs.toy(fs.load("ad_campaign"), replications=3)
    as_json = losses.to_json()
    assert list(as_json) == ["result", "answer", "figures", "note", "remarks", "details", "provenance"]
    assert (as_json["result"], len(as_json["figures"]), len(as_json["provenance"])) == ("Toy", 3, 1)
    assert losses.answer() in str(losses)
    assert losses.answer() in losses._repr_html_()


def test_the_report_takes_it(toy, tmp_path):
    page = fs.write_report(fs.toy(fs.load("ad_campaign"), replications=3), to=tmp_path / "report.html")
    assert "How often money is lost" in page.read_text(encoding="utf-8")
    assert (tmp_path / "csv" / "toy.csv").exists()


def test_the_command_line_runs_it_with_the_defaults_of_its_verb(toy, command, tmp_path):
    assert "Tell how often money is lost" in command("--help")[1]
    status, out, err = command("toy", "ad_campaign", "--json", "--out", str(tmp_path / "it"))
    assert status == 0, err
    assert json.loads(out)["result"] == "Toy"
    assert len(json.loads(out)["figures"]) == 7
    assert (tmp_path / "it" / "report.html").exists()


def test_a_report_of_anything_else_is_refused():
    with pytest.raises(fs.ExperimentError, match="a report holds no dict"):
        registry.sections_of({})


@pytest.mark.parametrize("path", STUBS, ids=lambda path: path.name)
def test_type_checkers_see_the_names_there_are(path):
    assert path.read_text(encoding="utf-8") == STUBS[path](), "run 'make stubs'"
