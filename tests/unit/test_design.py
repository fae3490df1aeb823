"""Design points: what stands in ranges, lists and tables, and what is refused before anything runs."""

import logging
import math

import numpy as np
import pandas as pd
import pytest
from journeys import CLUB, COINS, club

from flywheel_sim.errors import ConfigError, DataError, ExperimentError
from flywheel_sim.experiment.sweep import factors as factors_room
from flywheel_sim.experiment.sweep.design import design_of
from flywheel_sim.experiment.sweep.factors import DesignPoint, Resolver, figure_of, span_or_values
from flywheel_sim.scenario.load import loads

COIN = loads(COINS)


def rows(design):
    return [point.values for point in design.points]


# -- values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.90:0.98:5", [0.9, 0.92, 0.94, 0.96, 0.98]),
        ("90 %:98 %:5", ["90 %", "92 %", "94 %", "96 %", "98 %"]),
        ("90%:98%:3", ["90 %", "94 %", "98 %"]),
        ("1 month:6 months:6", [f"{i} months" for i in range(1, 7)]),
        ("0.05 per month:0.1 per month:2", ["0.05 per month", "0.1 per month"]),
        ("10 of 30:20 of 30:3", ["10 of 30", "15 of 30", "20 of 30"]),
        ("0:1:4", [0, 0.333333333333, 0.666666666667, 1]),
        ("-1:1:3", [-1, 0, 1]),
        ("1e-3:3e-3:3", [0.001, 0.002, 0.003]),
        ("1000:1_500:2", [1000, 1500]),
    ],
)
def test_a_range_says_values_with_their_unit(text, values):
    span = span_or_values("x", text)
    assert span.steps(span.levels) == values
    assert list(map(type, span.steps(span.levels))) == list(map(type, values))


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ("90 %, 92 %", ["90 %", "92 %"]),
        ("40,49.5", [40, 49.5]),
        ("never", ["never"]),
        ("2027-01-01", ["2027-01-01"]),
        ("{exponential: 3 days}", ["{exponential: 3 days}"]),
        (0.9, [0.9]),
        ([np.float64(0.5), np.int64(3), "1 day", 3], [0.5, 3, "1 day"]),
        (np.array([0.1, 0.2]), [0.1, 0.2]),
        (range(3), [0, 1, 2]),
        (pd.Series([1.5, 2.5]), [1.5, 2.5]),
    ],
)
def test_lists_and_single_values(given, values):
    assert span_or_values("x", given) == values


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("0.9:0.8:3", "does not go upwards"),
        ("0.9:0.9:3", "does not go upwards"),
        ("0.9:0.98:1", "2 to 1,000,000 values"),
        ("0.9:0.98:x", "is no range"),
        ("0.9:0.98:3:4", "is no range"),
        ("90:98 %:3", "differ in their unit"),
        ("90 % per month:98 % per year:3", "differ in their unit"),
        ("", "no values"),
        ("1,,2", "empty value"),
        ([], "no values"),
        ([True], "True is no value"),
        ([math.nan], "nan is no value"),
        ([math.inf], "inf is no value"),
        ([None], "None is no value"),
        ([" "], "an empty text"),
        ({"value": 1}, "is no value"),
        ([[1]], "is no value"),
    ],
)
def test_what_is_no_value_is_refused_by_name(given, said):
    with pytest.raises(ExperimentError, match="'x'") as caught:
        span_or_values("x", given)
    assert said in str(caught.value)


# -- designs ----------------------------------------------------------------------------------------


def test_grid_has_every_combination_and_strategies_follow_each_other():
    design = design_of(club(), "grid", {"retention": [0.8, 0.9], "price": "10:12:2"}, strategies=["quiet", "loud"])
    assert rows(design)[::2] == [(0.8, 10), (0.8, 12), (0.9, 10), (0.9, 12)]
    assert [point.strategy for point in design.points] == ["quiet", "loud"] * 4
    assert design.strategies == ("quiet", "loud")


def test_without_strategies_the_file_as_written_is_run():
    assert design_of(COIN, "grid", {"heads": [0.1]}).points == (DesignPoint(None, (0.1,)),)
    assert design_of(club(), "grid").strategies == ("quiet", "loud", "louder")
    assert len(design_of(COIN, "grid").points) == 1


def test_one_at_a_time_starts_from_the_file():
    design = design_of(club(), "one", {"retention": [0.8, 0.9], "price": [10]}, strategies=["loud"])
    assert rows(design) == [(None, None), (0.8, None), (0.9, None), (None, 10)]


@pytest.mark.parametrize("kind", ["lhs", "sobol"])
def test_points_of_a_design_with_luck_fill_the_space(kind):
    varied = {"retention": "80 %:90 %", "price": "10:20", "sold": ["40 %", "50 %"]}
    design = design_of(club(), kind, varied, n=16, seed=7, strategies=["loud"])
    spread = rows(design)
    for index, (low, width) in enumerate([(80, 10), (10, 10)]):
        shares = [(float(str(row[index]).split()[0]) - low) / width for row in spread]
        assert sorted(int(16 * share) for share in shares) == list(range(16)), "one in each sixteenth"
    assert sum(row[2] == "40 %" for row in spread) == 8
    assert rows(design_of(club(), kind, varied, n=16, seed=7, strategies=["loud"])) == spread
    assert rows(design_of(club(), kind, varied, n=16, seed=8, strategies=["loud"])) != spread


def test_sobol_points_that_are_no_power_of_two_are_noted(caplog, recwarn):
    with caplog.at_level(logging.WARNING):
        design_of(COIN, "sobol", {"heads": "0.1:0.9"}, n=8)
        assert not caplog.records
        design_of(COIN, "sobol", {"heads": "0.1:0.9"}, n=12)
    assert "8 or 16" in caplog.text
    assert not recwarn.list


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"kind": "grit"}, "did you mean 'grid'"),
        ({"kind": "lhs", "values": {"heads": "0.1:0.9"}}, "write n=64"),
        ({"kind": "sobol", "n": 4}, "without factors"),
        ({"kind": "grid", "values": {"heads": "0.1:0.9"}}, "LO:HI:5"),
        ({"kind": "grid", "values": {"heads": "0:1:10000", "x": "0:1:1000"}}, "more than 1,000,000"),
        ({"kind": "lhs", "values": {"heads": "0.1:0.9"}, "n": 10**7}, "more than 1,000,000"),
        ({"values": {"strategy": ["a"]}}, "strategies=[...]"),
        ({"values": [{"heads": 0.1}], "n": 3}, "leave n out"),
        ({"values": []}, "no rows"),
        ({"values": 3}, "int is no table"),
        ({"values": [{"heads": math.nan}]}, "point 0: heads"),
        ({"values": pd.DataFrame({"heads": [0.1, None]})}, "point 1: heads"),
        ({"values": pd.DataFrame([[1, 2]], columns=["heads", "heads"])}, "have one name"),
        ({"values": [{"heads": 0.1, "strategy": 3}]}, "point 0: no strategy"),
        ({"values": [{"heads": 0.1, "strategy": "a"}], "strategies": ["a"]}, "leave strategies out"),
    ],
)
def test_designs_that_cannot_be_are_refused(how, said):
    with pytest.raises(ExperimentError) as caught:
        design_of(COIN, **how)
    assert said in str(caught.value)


def test_n_says_how_many_values_a_range_has_in_a_grid():
    assert rows(design_of(COIN, "grid", {"heads": "0.1:0.3"}, n=3)) == [(0.1,), (0.2,), (0.3,)]


# -- tables -----------------------------------------------------------------------------------------


def test_a_table_may_say_strategies_and_leave_factors_to_the_file():
    design = design_of(club(), values=[{"strategy": "loud", "price": 10}, {"strategy": "quiet", "retention": "90 %"}])
    assert design.factors == ("price", "retention")
    assert design.points == (DesignPoint("loud", (10, None)), DesignPoint("quiet", (None, "90 %")))
    crossed = design_of(club(), values=pd.DataFrame({"price": [10, 11]}), strategies=["loud", "quiet"])
    assert [(point.strategy, *point.values) for point in crossed.points] == [
        ("loud", 10), ("quiet", 10), ("loud", 11), ("quiet", 11),
    ]  # fmt: skip


def test_a_csv_file_of_points(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("\ufeffretention, price\n 90 % ,12\n\n0.8,11.5\n", encoding="utf-8")
    assert rows(design_of(club(), values=path, strategies=["loud"])) == [("90 %", 12), (0.8, 11.5)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("a,b\n1\n", ":2: 1 cells under 2 names"),
        ("a,a\n1,2\n", ":1:"),
        ("a,\n1,2\n", ":1:"),
        ("a,b\n1,\n", ":2: no value of 'b'"),
        ('a\n"1\n', "CSV"),
    ],
)
def test_a_broken_csv_file_is_refused_with_its_line(tmp_path, text, said):
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        design_of(club(), values=path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_a_csv_file_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        design_of(club(), values=tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"a\n\xff\n")
    with pytest.raises(DataError, match="UTF-8"):
        design_of(club(), values=tmp_path / "bytes.csv")


# -- journeys ---------------------------------------------------------------------------------------


def test_a_design_point_is_the_journey_that_with_makes():
    model = club()
    values = {"retention": 0.93, "price": "15", "horizon": "9 months", "channels.ads.spend": 500}
    resolver = Resolver(model, tuple(values))
    for strategy in (None, "quiet", "louder"):
        journey = resolver.journey(DesignPoint(strategy, tuple(values.values())))
        assert journey == model.with_(**values).journey(strategy)
    assert resolver.journey(DesignPoint("loud", (None,) * 4)) == model.journey("loud")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("retentoin",), "did you mean 'retention'"),
        (("channels.add.spend",), "'ads'"),
        (("seed",), "give seed="),
        (("currency",), "units would differ"),
        (("levers.team",), "dotted path"),
        (("retention", "retention"), "given twice"),
        (("strategies.loud",), "strategy"),
    ],
)
def test_what_is_no_factor_is_refused(names, said):
    with pytest.raises(ConfigError) as caught:
        Resolver(club(), names)
    assert said in str(caught.value)


def test_all_wrong_values_are_said_at_once_and_only_wrong_ones():
    design = design_of(club(), "grid", {"retention": ["90 %", "190 %"], "price": ["3 %", 10]})
    with pytest.raises(ConfigError) as caught:
        Resolver(club(), design.factors).check(design.points)
    message = str(caught.value)
    assert "190 %" in message
    assert "3 %" in message.replace("190 %", "")
    assert len(caught.value.problems) == 2


def test_a_strategy_that_is_not_there_is_refused():
    design = design_of(club(), "grid", {"price": [10]}, strategies=["lout"])
    with pytest.raises(ConfigError, match="'loud'"):
        Resolver(club(), design.factors).check(design.points)


def test_values_that_only_go_together_pass_the_check():
    chances = CLUB.replace("{trial: {chance: 70 %, spend: {kit: 1.5}}, unfit: 10 %", "{trial: a, unfit: b")
    rates = "rates:\n  a: {value: 50 %, why: one}\n  b: {value: 50 %, why: two}\n"
    model = loads(chances.replace("rates:\n", rates))
    together = design_of(model, values=[{"a": "70 %", "b": "20 %"}], strategies=["loud"])
    Resolver(model, together.factors).check(together.points)
    apart = design_of(model, values=[{"a": "70 %", "b": "50 %"}], strategies=["loud"])
    with pytest.raises(ConfigError):
        Resolver(model, apart.factors).check(apart.points)


def test_of_many_values_the_ends_and_whatever_is_no_figure_are_tried(monkeypatch):
    tried = []
    monkeypatch.setattr(Resolver, "unmatched", lambda self, point: tried.append(point.values[0]))
    values = [f"{i / 100} %" for i in range(9000)] + [round(i / 10000, 4) for i in range(9000)] + ["nonsense"]
    design = design_of(COIN, "grid", {"heads": values})
    Resolver(COIN, design.factors).check(design.points)
    assert {"0.0 %", "89.99 %", 0.0, 0.8999, "nonsense"} <= set(tried)
    assert len(tried) < 2 * factors_room.TRIED


@pytest.mark.parametrize(
    ("value", "stated", "figure"),
    [
        (0.9, "91 % per month", 0.9),
        ("90 %", "91 % per month", 0.9),
        ("90 % per month", "91 % per month", 0.9),
        ("90 % per year", "91 % per month", math.nan),
        ("1 year", "12 months", 12.0),
        ("49", "40 per month", 49.0),
        ("49", "50 %", math.nan),
        ("never", "3 days", math.nan),
        ("gold", "silver", math.nan),
        (None, "3", math.nan),
    ],
)
def test_a_value_as_a_number_in_the_unit_of_the_file(value, stated, figure):
    assert figure_of(value, stated) == pytest.approx(figure, nan_ok=True)
