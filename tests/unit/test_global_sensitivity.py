"""Sobol indices and elementary effects of journeys: design points, luck, stores, and what is refused before runs."""

import json
import sqlite3

import numpy as np
import pytest
from journeys import COINS, club

from flywheel_sim.analysis.uncertainty import charts as charts_global
from flywheel_sim.analysis.uncertainty import many_rates as question
from flywheel_sim.analysis.uncertainty.indices import morris_of, sobol_of
from flywheel_sim.analysis.uncertainty.morris import morris
from flywheel_sim.analysis.uncertainty.section import sections
from flywheel_sim.analysis.uncertainty.sobol import sobol
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.scenario.load import loads

HOW = {"n": 8, "replications": 4, "over": ["sold", "retention", "price"]}
WALKS = {"trajectories": 4, "replications": 4, "over": ["sold", "retention", "price"]}


@pytest.fixture(scope="module")
def indices():
    return sobol(club(), ["profit", "clv"], strategies="loud", **HOW)


@pytest.fixture(scope="module")
def effects():
    return morris(club(), ["profit", "clv"], strategies="loud", **WALKS)


def design_of(monkeypatch, call):
    """Return the design points that a call asks for, and what was run for them."""
    seen = []
    whole = question.OverRanges.evaluate

    def noted(self, design, trimmed=False):
        seen.append((design, whole(self, design, trimmed)))
        return seen[-1][1]

    monkeypatch.setattr(question.OverRanges, "evaluate", noted)
    call()
    return seen[-1]


# -- what is run ------------------------------------------------------------------------------------


def test_every_design_point_runs_the_journey_at_its_values_with_the_same_luck(monkeypatch):
    import flywheel_sim as fs

    ends = {"sold": (0.3, 0.5), "price": (10, 15)}
    how = {"over": list(ends), "values": ends, "n": 4, "replications": 3}
    design, values = design_of(monkeypatch, lambda: sobol(club(), "revenue", strategies="quiet", **how))
    assert design.shape == (4 * (2 + 2), 2)
    assert values.shape == (16, 1, 3)
    for point in (0, 7, 15):
        shares = dict(zip(ends, design[point], strict=True))
        at = {name: low + shares[name] * (high - low) for name, (low, high) in ends.items()}
        runs = fs.replicate(club(**at), strategies="quiet", replications=3)
        np.testing.assert_allclose(values[point, 0], runs.values("revenue"))


def test_the_same_seed_gives_the_same_points_and_another_one_others(monkeypatch):
    def design(seed):
        return design_of(monkeypatch, lambda: sobol(club(), strategies="quiet", seed=seed, n=2, replications=3))[0]

    assert (design(1) == design(1)).all()
    assert (design(1) != design(2)).any()


def test_walks_go_from_end_to_end_of_what_is_uncertain(monkeypatch):
    model = loads(COINS.replace("value: 50 %,", "value: 50 %, uncertain: {alpha: 5, beta: 5},"))
    rows = []
    whole = question.sweep
    monkeypatch.setattr(question, "sweep", lambda *args, **how: rows.extend(how["values"]) or whole(*args, **how))
    screening = morris(model, "revenue", trajectories=4, replications=3)
    tried = sorted({float(row["heads"].split()[0]) / 100 for row in rows})
    one = screening.ranges["heads"]
    assert tried == pytest.approx([one.between(share) for share in (0, 1 / 3, 2 / 3, 1)])
    assert tried[0] == pytest.approx(one.low)


def test_the_difference_of_two_strategies_is_paired_and_a_rate_may_bear_on_one_of_them(monkeypatch):
    seen = {}
    how = {"n": 2, "replications": 3, "over": ["price", "inviting"]}
    for name, which in (
        ("both", {"strategies": ("quiet", "loud")}),
        ("loud", {"strategies": "loud"}),
    ):
        seen[name] = design_of(monkeypatch, lambda which=which: sobol(club(), "revenue", **which, **how))[1]
    quiet = design_of(
        monkeypatch, lambda: sobol(club(), "revenue", strategies=("loud", "quiet"), **how)
    )[1]  # fmt: skip
    np.testing.assert_allclose(seen["both"], -quiet)
    assert (np.abs(seen["both"]) < seen["loud"]).all()


def test_a_matched_spend_is_not_matched_anew(monkeypatch):
    from test_tornado import DUEL

    def never(*_, **__):
        raise AssertionError("matched anew")

    monkeypatch.setattr("flywheel_sim.experiment.sweep.sweep.match", never)
    model = loads(DUEL).at_spend("loud", 150.0)
    shares = sobol(model, strategies="loud", over=["price"], n=2, replications=3)
    assert shares.base_runs["loud"].journey.channels == model.journey("loud").channels


def test_a_store_is_gone_on_with_and_says_what_differs(tmp_path):
    store = tmp_path / "it.db"
    how = {"strategies": "loud", "over": ["price"], "n": 4}
    first = sobol(club(), replications=3, store=store, **how)
    with sqlite3.connect(store) as db:
        db.execute("DELETE FROM batches WHERE point > 5")
    again = sobol(club(), replications=3, store=store, resume=True, **how)
    assert again.frame().equals(first.frame())
    assert sobol(club(), replications=5, store=store, resume=True, **how).n == 5
    with pytest.raises(ExperimentError, match="go on with it by resume=True"):
        sobol(club(), replications=5, store=store, **how)
    with pytest.raises(ExperimentError, match="begun for another sweep"):
        sobol(club(), replications=5, store=store, resume=True, **how | {"n": 8})


# -- what comes back --------------------------------------------------------------------------------


def test_indices_have_a_share_of_chance_tables_charts_and_a_section(indices):
    assert indices.runs == 8 * 5
    assert indices.n == 4
    assert indices.chance().mean + indices.unknown().mean == pytest.approx(100)
    assert indices.unknown().half_width == pytest.approx(indices.chance().half_width)
    frame = indices.frame()
    assert len(frame) == 2 * (2 * 3 + 3)
    assert set(frame["figure"]) == {"first", "total", "variance known", "variance chance", "chance"}
    assert indices.units["clv"] == "EUR per customer"
    total = [indices.total(rate).mean for rate in indices.order()]
    assert total == sorted(total, reverse=True)
    assert indices.answer("clv").startswith("Customer lifetime value (first 5 months) (loud): ")
    assert indices.answer() in str(indices)
    assert "<b>" in indices._repr_html_()
    chart = charts_global.sobol(indices, "clv")
    assert "of the variance is chance" in chart.title
    assert set(chart.data["metric"]) == {"clv"}
    section = sections(indices)[0]
    assert (len(section.charts), len(section.tables), section.title) == (2, 2, "All rates at once (loud)")


def test_effects_have_tables_charts_and_a_section(effects):
    assert effects.runs == 4 * 4
    assert set(effects.frame()["figure"]) == {"mu", "mu_star", "sigma"}
    for rate in effects.ranges:
        assert effects.mu_star(rate).mean >= abs(effects.mu(rate).mean)
        assert effects.mu(rate).mean > 0
        assert effects.noise(rate) > 0
    assert effects.answer().startswith("Profit (loud) moves most with")
    assert effects.answer() in str(effects)
    assert "<b>" in effects._repr_html_()
    assert "matter most" in charts_global.morris(effects).title
    section = sections(effects)[0]
    assert (len(section.charts), len(section.tables)) == (2, 2)


def test_a_metric_that_rates_do_not_move_says_so():
    split = sobol(loads(COINS), "entered.toss", n=4, replications=3)
    assert (
        split.answer()
        == f"{split.labels['entered.toss']} (as written): these runs do not show that it depends on any of the 1 rates."
    )
    assert np.isnan(split.total("heads").mean)
    assert (
        "none of the 1 rates can be told apart from luck"
        in morris(loads(COINS), "entered.toss", replications=3).answer()
    )
    charts_global.sobol(split)


def test_what_was_not_asked_for_is_not_there(indices, effects):
    for result in (indices, effects):
        with pytest.raises(ExperimentError, match="'revenue' was not asked for"):
            result.answer("revenue")
        with pytest.raises(ExperimentError, match="'pric' was not tried; did you mean 'price'"):
            (result.total if result is indices else result.mu)("pric")


# -- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: sobol(club(), n=1000), "n is 1,000: .* powers of two only; write n=1024"),
        (lambda: sobol(club(), n=0), "n is 0: it takes a whole number from 1 to"),
        (lambda: sobol(club(), replications=2), "2 replications do not tell luck from rates; take 3 or more"),
        (lambda: sobol(club(), "proft", strategies="quiet"), "did you mean 'profit'"),
        (lambda: sobol(club(), []), r"of is \[\]: it takes a name, or a list of names"),
        (lambda: sobol(club(), over=["pric"], n=2), "no rate 'pric' to try"),
        (lambda: sobol(club(), strategies=["quiet", "quiet"]), "one is named twice"),
        (lambda: sobol(club(), engine="reference"), "by the compiled engine alone"),
        (lambda: sobol(club(), executor="threats"), "'threats' is no executor; did you mean 'threads'"),
        (lambda: morris(club(), resume=True), "resume is True, and no store is named"),
        (lambda: sobol(club(), points=8), r"write n=\.\.\."),
        (lambda: sobol(club(), rates=["price"]), r"write over=\[\.\.\.\]"),
        (lambda: morris(club(), ranges={"price": (1, 2)}), "write values="),
        (lambda: morris(club(), strategy="quiet"), "write strategies="),
        (lambda: morris(club(), trajectories=1), "trajectories is 1: at least two"),
        (lambda: morris(club(), levels=3), "levels is 3: an even number"),
        (lambda: sobol_of(lambda u: np.where(u > 0.5, np.inf, u)[:, 0], 2, 4), "no finite value of the metric"),
        (lambda: morris_of(lambda u: np.ones((len(u), 2)), 2, 4), "2 replications do not tell luck from inputs"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_remedy(ask, said):
    with pytest.raises(ExperimentError, match=said):
        ask()


def test_a_point_that_cannot_be_run_stops_with_its_values():
    import flywheel_sim as fs

    busy = COINS.replace("batch: 40", "rate: flow").replace("rates: {", "rates: {flow: 40 per month, ")
    asked = {"over": ["flow"], "values": {"flow": (30, 4000)}, "limits": fs.Limits(max_events=300)}
    with pytest.raises(
        ExperimentError, match=r"of 12 design points have no figures, the first being \{.*'flow': .*limit"
    ):
        sobol(loads(busy), "revenue", n=4, replications=3, **asked)


def test_an_impossible_range_is_refused_before_anything_runs():
    with pytest.raises(ConfigError, match="between 0 % and 100 %"):
        sobol(club(), strategies="quiet", values={"sold": ("10 %", "110 %")}, n=2)


# -- the command ------------------------------------------------------------------------------------


@pytest.fixture
def flywheel(command, tmp_path, monkeypatch):
    """Return a function that runs the command in a folder with a journey, and returns (status, output, error)."""
    (tmp_path / "coins.yaml").write_text(COINS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda line: command("sobol", *line.split())


def test_the_command_prints_what_the_verbs_return(flywheel):
    line = "coins.yaml --of revenue --n 4 --replications 3 --store it.db"
    status, out, _ = flywheel(line)
    assert status == 0
    shares = sobol(loads(COINS), "revenue", n=4, replications=3)
    assert shares.answer() in out
    status, out, _ = flywheel(f"{line} --resume --json")
    assert status == 0
    data = json.loads(out)
    assert data["answer"] == shares.answer()
    assert data["details"]["ranges"]["heads"]["source"] == "odds ± 10 %"
    _, out, _ = flywheel("coins.yaml --of revenue --morris --trajectories 3 --replications 3 --values heads=40%:60%")
    assert "trajectories" in out
    assert "40 %" in out
    _, out, _ = flywheel("coins.yaml --of revenue --tornado --replications 3 --json")
    assert json.loads(out)["figures"][0]["rate"] == "heads"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--n 5", "powers of two"),
        ("--resume", "--store FILE"),
        ("--tornado --store it.db", "leave --store out"),
        ("--tornado --morris", "run it once for each"),
        ("--values heads=40%", "not RATE=LO:HI"),
        ("--values heads=1%:2% --values heads=1%:2%", "given twice"),
        ("--over tails", "no rate 'tails'"),
    ],
)
def test_the_command_says_what_was_written_wrong(flywheel, line, said):
    status, out, err = flywheel(f"coins.yaml {line}")
    assert (status, out) == (2, "")
    assert said in err
