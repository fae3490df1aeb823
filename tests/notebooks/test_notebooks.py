"""Every notebook runs from top to bottom, as a reader would run it."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

#: What makes a notebook quick that would take minutes: fewer futures, and not as far ahead.
QUICK = {"FLYWHEEL_FUTURES": "2", "FLYWHEEL_HORIZON": "18 months"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_something_in_every_chart(path, tmp_path, monkeypatch):
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    charts = [cell for cell in notebook.cells if cell.cell_type == "code" and "fs.charts." in cell.source]
    assert charts
    for cell in charts:
        assert any("image/png" in output.get("data", {}) for output in cell.outputs), cell.source


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == [
        "01_funnel_or_flywheel",
        "02_scenario_sweep",
        "03_leads_and_capacity",
        "04_the_cases",
        "05_where_the_next_euro_goes",
        "06_do_the_claims_hold",
    ]
