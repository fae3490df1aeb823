"""What somebody new sees first: a scenario at a glance, one line for a result, tables that fit, figures that read."""

import re
import sys

import pandas as pd
import pytest

import flywheel_sim as fs
from flywheel_sim.experiment.asking import shows_progress
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import table_text
from flywheel_sim.stats import between, figure
from flywheel_sim.wording import text_table, wrapped


@pytest.fixture(scope="module")
def model():
    return fs.load("subscription").with_(horizon="6 months", follow="3 months").at_spend("flywheel", 800.0)


@pytest.fixture(scope="module")
def duel(model):
    return fs.compare(model, replications=4)


@pytest.fixture(scope="module")
def results(model, duel):
    """Return an answer of every kind that a first hour meets."""
    return {
        "runs": duel["flywheel"],
        "duel": duel,
        "sensitivity": fs.sensitivity(model, replications=3),
        "effect": fs.effect(model, replications=3),
        "breakeven": fs.breakeven(model, over="price", values=[30, 50, 60], replications=3),
        "sweep": fs.sweep(model, values={"price": [45, 49], "retention": ["90 %", "91 %"]}, replications=3),
        "tornado": fs.tornado(model, strategies="flywheel", over=["price", "retention"], replications=3),
        "claims": fs.claims(model, strategies="flywheel", replications=3),
        "momentum": fs.momentum(duel["flywheel"], window="2 months"),
    }


@pytest.mark.parametrize("name", fs.shipped())
def test_a_scenario_shows_itself_as_a_small_table(name):
    model = fs.load(name)
    text = str(model)
    assert max(map(len, text.splitlines())) <= 80
    assert all(word in text for word in ("horizon", "stages", "channels", "strategies"))
    for assumption in fs.assumptions(model):
        assert assumption.name in text
    assert len(repr(model).splitlines()) == 1
    assert len(repr(model)) < 400
    page = model._repr_html_()
    assert page.count("<tr>") >= 4 + len(model.rates)
    assert len(page) < 20_000


def test_what_stands_in_a_file_is_text_in_the_page():
    text = (
        "name: A <b>bold</b> shop\nhorizon: 1 month\nchannels: {door: {batch: 1, enters: out}}\njourney: {out: exit}\n"
    )
    assert "A &lt;b&gt;bold&lt;/b&gt; shop" in fs.loads(text)._repr_html_()


def test_a_notebook_looks_for_no_formulas_in_what_is_shown(model, results):
    table = results["runs"].over_time("revenue")
    for page in (model._repr_html_(), results["runs"]._repr_html_(), table._repr_html_()):
        assert re.search(r'<(div|table)[^>]* class="[^"]*tex2jax_ignore mathjax_ignore', page)


def test_a_result_is_one_line_until_it_is_printed(results):
    for name, result in results.items():
        assert len(repr(result).splitlines()) == 1, name
        assert len(repr(result)) < 120, repr(result)
    assert repr(results["duel"]) == "<Comparison of funnel, flywheel, n = 4>"
    assert "Journey(" not in repr(results["runs"].journey)


def test_tables_fit_a_terminal(results):
    for name, result in results.items():
        lines = table_text(result.table()).splitlines()
        assert max(map(len, lines)) <= 80, name


def test_figures_read_well(results):
    for name, result in results.items():
        text = str(result)
        assert not re.search(r"\d[eE][+-]\d", text), name
        assert not re.search(r"-0(\.0+)?(?![\d.,])", text), name
        assert not re.search(r"\b(\d[\d,.]*) to \1 ", re.sub(r"interval of the mean (\S+) to \1", "", text)), name
    assert "e+0" not in repr(results["runs"].summary())
    assert "e+0" not in results["runs"].over_time("revenue")._repr_html_()


def test_a_table_is_a_data_frame_like_any_other(duel):
    table = duel["flywheel"].summary()
    assert isinstance(table, pd.DataFrame)
    assert isinstance(table.head(2), pd.DataFrame)
    assert table["mean"].dtype == float
    assert table.loc["revenue", "mean"] == duel["flywheel"]["revenue"].mean
    assert type(duel.frame()) is pd.DataFrame


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.071, 0.074, "0.071 to 0.074"), (91.02, 91.04, "91.02 to 91.04"), (3.0, 3.0, "3 to 3"), (10, 20, "10 to 20")],
)
def test_two_figures_are_told_apart_where_they_differ(low, high, text):
    assert between(low, high) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.0, "0"), (-1e-15, "0"), (24759.55, "24,760"), (0.0000247, "0.0000247"), (1e-12 * 2, "2.0e-12"), (1.5, "1.50")],
)
def test_a_figure_is_written_out(value, text):
    assert figure(value) == text


def test_names_are_completed(duel):
    runs = duel["flywheel"]
    assert isinstance(runs, Runs)
    assert set(runs.metrics) == set(runs.summary().index)
    assert runs._ipython_key_completions_() == list(runs.metrics)
    assert duel._ipython_key_completions_() == ["funnel", "flywheel"]


def test_a_bar_is_shown_where_somebody_waits(monkeypatch):
    monkeypatch.delattr(sys, "ps1", raising=False)
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert shows_progress(None) is False
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert shows_progress(None) is True
    assert shows_progress(False) is False


def test_a_sensitivity_is_run_around_today():
    for name, today, low, high in (
        ("retention", 91, 86.5, 95.5),
        ("price", 49, 24.5, 73.5),
        ("conversion", 20, 10, 30),
    ):
        response = fs.sensitivity("subscription", over=name, strategies="funnel", replications=2)
        assert (response.values.min(), response.values.max()) == pytest.approx((low, high)), name
        assert today in response.values


# -- tables of texts --------------------------------------------------------------------------------


def test_long_cells_go_on_in_the_next_line_and_figures_are_not_broken():
    text = text_table(
        ["what", "figure"], [("a name that is long enough to be broken somewhere", "1,234,567 ± 89,012")], 40
    )
    assert max(map(len, text.splitlines())) <= 40
    assert "1,234,567 ± 89,012" in text


def test_too_many_columns_go_on_below_with_the_names_of_the_rows():
    heads = ["row", *(f"column {i}" for i in range(12))]
    text = text_table(heads, [("first", *["1,000,000 ± 2,000"] * 12), ("second", *["2"] * 12)], 80)
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("first") == text.count("\n\n") + 1 > 1
    assert all(re.search(rf"column\s+{i}\b|\b{i}\b", text) for i in range(12))


def test_wrapping_leaves_lines_that_fit_as_they_are():
    assert wrapped("a  b\n" + "word " * 30, 40).startswith("a  b\n")
    assert text_table([], []) == ""


# -- the command line -------------------------------------------------------------------------------


def test_the_command_lists_journeys_and_metrics(flywheel):
    status, out, _ = flywheel("list")
    assert status == 0
    assert [line for line in out.splitlines() if line.startswith("subscription ")]
    assert max(map(len, out.splitlines())) <= 80
    _, out, _ = flywheel("list metrics")
    assert "clv " in out
    _, out, _ = flywheel("list --json")
    assert '"journey": "subscription"' in out
    status, _, err = flywheel("list rates")
    assert status == 2
    assert "known: journeys, metrics" in err


def test_the_command_says_its_version(flywheel):
    status, out, _ = flywheel("--version")
    assert (status, out.strip()) == (0, f"flywheel_sim {fs.__version__}")


@pytest.fixture
def flywheel(command):
    return lambda line: command(*line.split())
