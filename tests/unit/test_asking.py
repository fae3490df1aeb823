"""How every question is asked: one signature, and what is no argument refused by name before anything runs."""

import inspect
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from journeys import CLUB, COINS

import flywheel_sim as fs
from flywheel_sim.analysis import registry
from flywheel_sim.errors import ConfigError, DataError, ExperimentError

SMALL = f"{COINS}strategies:\n  plain: {{}}\n  lucky: {{rates: {{heads: 60 %}}}}\n"


@pytest.fixture(scope="module")
def coins():
    return fs.loads(SMALL)


@pytest.fixture(scope="module")
def matched():
    """A journey whose budgets have to be matched by running before anything else runs."""
    return fs.load("subscription")


@pytest.fixture
def nothing_runs(monkeypatch):
    def fail(*_, **__):
        pytest.fail("it ran")

    for place in ("experiment.running.BatchRunner.carry_out", "experiment.replicate.run_once",
                  "experiment.sweep.sweep.run_many", "experiment.sweep.sweep.carry_out",
                  "experiment.budgets.replicate_jobs", "experiment.replicate.replicate_jobs",
                  "experiment.plan.replicate_jobs",
                  "analysis.compare.result.replicate_jobs", "analysis.breakeven.runs.replicate_jobs"):  # fmt: skip
        monkeypatch.setattr(f"flywheel_sim.{place}", fail)


# -- one signature ----------------------------------------------------------------------------------

#: Verbs that are about something else than a journey.
OTHERS = {"momentum", "judge", "ladder_of", "fit"}

VERBS = {
    "run": "", "match_budgets": "",
    **{verb: folder for folder, one in registry.questions().items() for verb in one.verbs if verb not in OTHERS},
}  # fmt: skip


def parameters_of(verb):
    return list(inspect.signature(getattr(fs, verb)).parameters.values())


@pytest.mark.parametrize("verb", VERBS)
def test_what_it_is_about_comes_first_and_all_else_has_a_name(verb):
    first = [one.name for one in parameters_of(verb) if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert first[0] == "model"
    assert first == [name for name in ("model", "of", "over", "other") if name in first]
    assert {one.kind for one in parameters_of(verb)[len(first) :]} <= {
        inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD,
    }  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_replications_stand_before_how_to_run(verb):
    names = [one.name for one in parameters_of(verb)]
    if verb not in ("expected_path", "assumptions"):
        assert names[-1] == "how"
        assert parameters_of(verb)[-1].kind is inspect.Parameter.VAR_KEYWORD
    if "replications" in names:
        assert names[-2] == "replications"


@pytest.mark.parametrize("verb", VERBS)
def test_strategies_and_values_come_before_words_of_its_own(verb):
    names = [one.name for one in parameters_of(verb) if one.kind is one.KEYWORD_ONLY]
    shared = [name for name in ("strategies", "values") if name in names]
    assert names[: len(shared)] == shared
    former = {"strategy", "metric", "metrics", "vary", "between", "change"} - (
        {"metric"} if verb == "ab_test" else set()
    )
    assert not former & set(names)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_has_at_most_eight_words_of_its_own(verb):
    shared = {"model", "of", "over", "strategies", "values", "replications", "how"}
    assert len({one.name for one in parameters_of(verb)} - shared) <= 8


# -- words and flags of another day -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "word", "instead"),
    [
        ("run", "strategy", "strategies="),
        ("replicate", "strategy", "strategies="),
        ("compare", "strategy", "strategies="),
        ("match_budgets", "strategy", "strategies="),
        ("sensitivity", "strategy", "strategies="),
        ("sensitivity", "metric", "of="),
        ("effect", "strategy", "strategies="),
        ("effect", "metrics", "of="),
        ("effect", "change", "values="),
        ("breakeven", "strategy", "strategies="),
        ("breakeven", "metric", "of="),
        ("breakeven", "between", "values="),
        ("breakeven_map", "strategy", "strategies="),
        ("breakeven_map", "between", "values={"),
        ("sweep", "strategy", "strategies="),
        ("sweep", "metrics", "of="),
        ("sweep", "vary", "values={"),
        ("sweep", "points", "values=the table"),
        ("sweep", "heads", "values={'heads': [...]}"),
    ],
)
def test_a_former_word_is_refused_with_the_one_of_today(coins, nothing_runs, verb, word, instead):
    with pytest.raises(ExperimentError, match=f"{verb} has no argument '{word}'; write ") as refused:
        getattr(fs, verb)(coins, **{word: ["plain"]})
    assert f"write {instead}" in str(refused.value)


@pytest.mark.parametrize("verb", ["run", "replicate", "compare"])
def test_a_former_word_is_not_answered_with_one_that_the_verb_does_not_have(coins, verb):
    with pytest.raises(ExperimentError, match=f"{verb} has no argument 'metrics'") as refused:
        getattr(fs, verb)(coins, metrics=["profit"])
    assert "of=" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "flag", "instead"),
    [
        ("run", "--strategy", "--strategies"),
        ("compare", "--strategy", "--strategies"),
        ("sensitivity", "--strategy", "--strategies"),
        ("effect", "--strategy", "--strategies"),
        ("effect", "--metrics", "--of"),
        ("effect", "--change", "--values"),
        ("breakeven", "--strategy", "--strategies"),
        ("breakeven", "--between", "--values"),
        ("breakeven", "--and", "--over, once for each rate"),
        ("breakeven", "--and-between", "--values, once for each --over"),
        ("sweep", "--strategy", "--strategies"),
        ("sweep", "--metrics", "--of"),
        ("sweep", "--vary", "--values"),
        ("sweep", "--points", "--table"),
    ],
)
@pytest.mark.parametrize("equals", [False, True])
def test_a_former_flag_is_refused_with_the_one_of_today(command, nothing_runs, line, flag, instead, equals):
    words = [f"{flag}=x"] if equals else [flag, "x"]
    status, out, err = command(line, "subscription", *words)
    assert (status, out, err) == (2, "", f"there is no {flag} any more; write {instead}\n")


@pytest.mark.parametrize("words", [("run", "--change"), ("compare", "--vary"), ("validate", "--strategy")])
def test_a_former_flag_of_another_command_is_no_option(command, words):
    status, _, err = command(words[0], "subscription", words[1], "x")
    assert status == 2
    assert f"No such option: {words[1]}" in err


def test_strategies_are_written_with_commas_or_one_by_one(command, monkeypatch, tmp_path):
    (tmp_path / "coins.yaml").write_text(SMALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    line = ("compare", "coins.yaml", "--replications", "2", "--off-by", "0")
    both = [command(*line, *words) for words in (("--strategies", "lucky, plain"),
                                                 ("--strategies", "lucky", "--strategies", "plain"))]  # fmt: skip
    assert both[0][:2] == both[1][:2]
    assert both[0][0] == 0
    assert "minus" in both[0][1]


# -- one too many, and what is like it --------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "first"),
    [
        ("run", ()),
        ("replicate", ()),
        ("match_budgets", ()),
        ("expected_path", ()),
        ("assumptions", ()),
        ("compare", ("channels",)),
        ("sweep", ("revenue",)),
        ("sensitivity", ("revenue", "heads")),
        ("effect", ("revenue", "heads")),
        ("breakeven", ("revenue", "heads")),
        ("breakeven_map", ("revenue", ["heads", "heads"])),
    ],
)
@pytest.mark.parametrize("strategies", ["lucky", ["plain", "lucky"]])
def test_one_value_too_many_is_taken_for_strategies(coins, nothing_runs, verb, first, strategies):
    with pytest.raises(ExperimentError, match=f"{verb} takes model.* by position") as refused:
        getattr(fs, verb)(coins, *first, strategies)
    assert f"write strategies={strategies!r}" in str(refused.value)


def test_a_number_too_many_is_no_strategy(coins, nothing_runs):
    with pytest.raises(ExperimentError, match=r"give the others by name: strategies=\.\.\., precision="):
        fs.replicate(coins, 20)


@pytest.mark.parametrize(
    ("verb", "word", "near"),
    [
        ("run", "replicaton", "replication"),
        ("replicate", "replicatons", "replications"),
        ("compare", "strategys", "strategies"),
        ("sensitivity", "vallues", "values"),
        ("effect", "splitt", "split"),
        ("breakeven", "rematched", "rematch"),
        ("breakeven_map", "point", "points"),
        ("sweep", "desing", "design"),
        ("match_budgets", "neer", "near"),
        ("replicate", "sead", "seed"),
    ],
)
def test_an_unknown_word_is_refused_with_the_near_one(coins, nothing_runs, verb, word, near):
    with pytest.raises(ExperimentError, match=f"{verb} has no argument '{word}'; did you mean .*'{near}'"):
        getattr(fs, verb)(coins, **{word: 3})


def test_what_is_missing_is_named():
    with pytest.raises(ExperimentError, match="replicate takes model, which was not given; write model="):
        fs.replicate()


# -- names that are not there -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "near"),
    [
        (lambda m: fs.run(m, strategies="flywhel"), "flywheel"),
        (lambda m: fs.replicate(m, strategies="flywhel"), "flywheel"),
        (lambda m: fs.replicate(m, strategies="funnel", precision={"profti": "1 %"}), "profit"),
        (lambda m: fs.match_budgets(m, strategies="flywhel"), "flywheel"),
        (lambda m: fs.expected_path(m, strategies="flywhel"), "flywheel"),
        (lambda m: fs.assumptions(m, strategies="flywhel"), "flywheel"),
        (lambda m: fs.compare(m, strategies=["funnel", "flywhel"]), "flywheel"),
        (lambda m: fs.compare(m, precision={"profti": "1 %"}), "profit"),
        (lambda m: fs.compare(m, m, strategies="flywhel"), "flywheel"),
        (lambda m: fs.sensitivity(m, "profti"), "profit"),
        (lambda m: fs.sensitivity(m, over="retenton"), "retention"),
        (lambda m: fs.sensitivity(m, strategies=["flywhel"]), "flywheel"),
        (lambda m: fs.effect(m, "profti"), "profit"),
        (lambda m: fs.effect(m, over="retenton"), "retention"),
        (lambda m: fs.effect(m, strategies="flywhel"), "flywheel"),
        (lambda m: fs.breakeven(m, "profti"), "profit"),
        (lambda m: fs.breakeven(m, over="retenton"), "retention"),
        (lambda m: fs.breakeven(m, strategies=["funnel", "flywhel"]), "flywheel"),
        (lambda m: fs.breakeven_map(m, "profti", ["retention", "price"]), "profit"),
        (lambda m: fs.breakeven_map(m, over=["retention", "prise"]), "price"),
        (lambda m: fs.breakeven_map(m, over=["retention", "price"], strategies=["funnel", "flywhel"]), "flywheel"),
        (lambda m: fs.sweep(m, "profti"), "profit"),
        (lambda m: fs.sweep(m, values={"retenton": [0.9]}), "retention"),
        (lambda m: fs.sweep(m, strategies="flywhel"), "flywheel"),
    ],
)
def test_a_name_that_is_not_there_is_refused_before_anything_runs(matched, nothing_runs, ask, near):
    with pytest.raises((ConfigError, ExperimentError), match=f"did you mean .*'{near}"):
        ask(matched)


@pytest.mark.parametrize("verb", ["sensitivity", "effect", "breakeven"])
def test_a_rate_where_a_metric_is_meant_is_said_to_be_one(matched, nothing_runs, verb):
    with pytest.raises(
        ExperimentError, match="of is 'retention': that is a rate, not a metric; write over='retention'"
    ):
        getattr(fs, verb)(matched, "retention")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m: fs.run(m, strategies=["plain", "lucky"]), "a run is about one strategy, not 2"),
        (
            lambda m: fs.replicate(m, strategies=["plain", "lucky"]),
            "write strategies='lucky', or use compare for several",
        ),
        (lambda m: fs.compare(m, strategies=["plain", "plain"]), "one is named twice"),
        (lambda m: fs.sweep(m, ["profit", "profit"]), "of is profit, profit: one is named twice; name each once"),
        (lambda m: fs.effect(m, ["revenue", "revenue"], "heads"), "one is named twice"),
        (lambda m: fs.breakeven(m, over="heads", strategies="plain"), "takes two different strategies"),
        (lambda m: fs.breakeven_map(m, over=["heads", "heads"]), "two different rates"),
    ],
)
def test_too_many_names_or_too_few_are_refused(coins, nothing_runs, ask, said):
    with pytest.raises(ExperimentError, match=said):
        ask(coins)


# -- values that are none ---------------------------------------------------------------------------

EVERY = ("run", "replicate", "compare", "match_budgets", "sensitivity", "effect", "breakeven", "breakeven_map", "sweep")
MANY = tuple(verb for verb in EVERY if verb not in ("run", "match_budgets"))


def no_value(verb, argument, value, coins):
    """Assert that an argument does not take a value, and that the message says what it takes."""
    first = {} if argument == "model" else {"model": coins}
    with pytest.raises(ExperimentError) as refused:
        getattr(fs, verb)(**first, **{argument: value})
    message = str(refused.value)
    assert message.startswith(f"{argument} is ")
    assert ": it takes " in message
    assert f"; write {argument}=" in message


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("seed", 1.5), ("seed", math.nan), ("seed", -1), ("seed", 2**32), ("seed", "1"), ("seed", True),
        ("workers", 0), ("workers", -2), ("workers", 1.5),
        ("executor", 3), ("executor", ""),
        ("progress", "yes"), ("progress", 1),
        ("limits", 10), ("limits", {"max_people": 3}),
        ("engine", "kernal"), ("engine", None),
        ("strategies", []), ("strategies", ""), ("strategies", 3), ("strategies", [None]), ("strategies", {"plain": 1}),
        ("model", None), ("model", 3), ("model", ""), ("model", ["subscription"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", EVERY)
def test_what_is_no_value_is_refused_alike_by_every_verb(coins, nothing_runs, verb, argument, value):
    no_value(verb, argument, value, coins)


@pytest.mark.parametrize("value", [0, -3, 1.5, math.nan, math.inf, "10", [10], True])
@pytest.mark.parametrize("verb", MANY)
def test_replications_are_a_whole_number(coins, nothing_runs, verb, value):
    no_value(verb, "replications", value, coins)


@pytest.mark.parametrize(
    ("verb", "argument", "value"),
    [
        ("run", "replication", -1), ("run", "people", "yes"), ("run", "checked", 1),
        ("replicate", "precision", {}), ("replicate", "precision", "1 %"), ("replicate", "precision", {"profit": [1]}),
        ("replicate", "precision", {"profit": math.nan}), ("replicate", "at_most", -1),
        ("compare", "off_by", -0.1), ("compare", "off_by", math.nan), ("compare", "off_by", "10 %"),
        ("compare", "other", 3), ("match_budgets", "near", 0), ("match_budgets", "near", "small"),
        ("sensitivity", "of", ["profit"]), ("sensitivity", "of", None), ("sensitivity", "over", ["heads"]),
        ("sensitivity", "values", []), ("sensitivity", "values", [math.nan]), ("sensitivity", "values", {"heads": 1}),
        ("effect", "of", 3), ("effect", "over", ["heads"]), ("effect", "values", []), ("effect", "values", math.inf),
        ("effect", "upsell", []), ("effect", "split", "no"),
        ("breakeven", "of", ["profit"]), ("breakeven", "over", ["heads"]), ("breakeven", "values", []),
        ("breakeven", "values", 3), ("breakeven", "by", 0), ("breakeven", "by", True), ("breakeven", "points", 2),
        ("breakeven", "rematch", "yes"),
        ("breakeven_map", "over", "heads"), ("breakeven_map", "over", ["heads"]), ("breakeven_map", "values", [1, 2]),
        ("breakeven_map", "values", {"heads": []}),
        ("sweep", "of", []), ("sweep", "of", {"profit": 1}), ("sweep", "design", 3), ("sweep", "n", 0),
        ("sweep", "n", 1.5), ("sweep", "store", 3), ("sweep", "resume", "yes"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused_by_name(coins, nothing_runs, verb, argument, value):
    no_value(verb, argument, value, coins)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"heads": []}, "'heads' has no values"),
        ({"heads": [math.nan]}, "nan is no value"),
        ({"heads": [True]}, "True is no value"),
        ({3: [1]}, "a factor is a name"),
        ([], "no rows"),
        (3, "is no table of points"),
        (["heads"], "is no table of points"),
    ],
)
def test_values_of_a_sweep_are_refused_by_name(coins, nothing_runs, values, said):
    with pytest.raises(ExperimentError, match=said):
        fs.sweep(coins, values=values)


def test_a_value_that_cannot_be_shown_is_no_crash(coins):
    class Shy:
        def __repr__(self):
            raise RuntimeError("not now")

    with pytest.raises(ExperimentError, match="seed is a Shy: it takes a whole number"):
        fs.replicate(coins, seed=Shy())
    with pytest.raises(ExperimentError, match=r"seed is \[1, 1, .* \.\.\.: it takes") as refused:
        fs.replicate(coins, seed=[1] * 1000)
    assert len(str(refused.value)) < 160


# -- what stands for a value ------------------------------------------------------------------------


def test_numbers_of_numpy_are_numbers(coins):
    plain = fs.replicate(coins, strategies="plain", replications=3, seed=4)
    given = fs.replicate(coins, strategies=np.array(["plain"]), replications=np.int64(3), seed=np.uint32(4),
                         progress=np.bool_(False), workers=np.array(1))  # fmt: skip
    assert given.ledger.equals(plain.ledger)
    assert fs.replicate(coins, strategies="plain", replications=3.0, seed=np.float64(4)).ledger.equals(plain.ledger)


@pytest.mark.parametrize("values", [(0.25, 0.6), np.array([0.25, 0.6]), pd.Series([0.25, 0.6]), pd.Index([0.25, 0.6]),
                                    ["25 %", "60 %"], "25 %,60 %", "0.25:0.6:2"])  # fmt: skip
def test_any_list_of_values_is_one(coins, values):
    response = fs.sensitivity(coins, "revenue", "heads", strategies=pd.Index(["plain"]), values=values, replications=2)
    np.testing.assert_allclose(response.values, [25.0, 60.0])


def test_columns_are_lists_of_names_and_of_values(coins):
    table = pd.DataFrame({"heads": [0.25, 0.6], "strategy": ["lucky", "plain"]})
    two = fs.compare(coins, strategies=table["strategy"], replications=2)
    assert two.names == ("lucky", "plain")
    swept = fs.sweep(coins, pd.Index(["revenue"]), values={"heads": table["heads"]}, strategies="plain", replications=2)
    assert swept.points["heads"].tolist() == [0.25, 0.6]
    assert fs.sweep(coins, "revenue", values=table, replications=2).strategies == ("lucky", "plain")


def test_a_path_is_a_path_however_it_is_written(coins, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "coins.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "points.csv").write_text("heads\n0.5\n", encoding="utf-8")
    for model in (Path("coins.yaml"), "coins.yaml", "./coins.yaml", str(tmp_path / "coins.yaml")):
        assert fs.replicate(model, strategies="plain", replications=1).journey == coins.journey("plain")
    for store, table in ((Path("one.db"), Path("points.csv")), ("two.db", "points.csv")):
        fs.sweep("coins.yaml", "revenue", values=table, strategies="plain", replications=1, store=store)
    assert Path("one.db").exists()
    assert Path("two.db").exists()


def test_a_bare_word_is_a_shipped_journey_and_a_path_has_a_slash_or_an_ending(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("subscription", "mine"):
        (tmp_path / name).write_text(CLUB, encoding="utf-8")
    assert fs.load("subscription").strategies == ("funnel", "flywheel")
    assert fs.load("./subscription").strategies == ("quiet", "loud", "louder")
    assert fs.load(Path("subscription")).strategies == ("quiet", "loud", "louder")
    assert [one.name for one in fs.assumptions("./mine")][:2] == ["sold", "retention"]
    with pytest.raises(
        DataError, match=r"mine: no file and no shipped journey of that name; .* write ./mine for the file"
    ):
        fs.replicate("mine")
    with pytest.raises(
        DataError, match=r"subscripton: no file and no shipped journey of that name; did you mean 'subscription'\?$"
    ):
        fs.replicate("subscripton")
    with pytest.raises(DataError, match=r"\./yours: no such file; give the path of a YAML file"):
        fs.replicate("./yours")


def test_a_bare_word_is_a_shipped_journey_on_the_command_line_too(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscription").write_text(CLUB, encoding="utf-8")
    assert "funnel, flywheel" in command("validate", "subscription")[1]
    assert "quiet, loud, louder" in command("validate", "./subscription")[1]
