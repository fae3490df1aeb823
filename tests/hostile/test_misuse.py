"""Wrong values for every argument of every public function, chart and method: an error of the family, or an answer."""

import datetime as dt
import inspect
import math
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import flywheel_sim as fs

warnings.simplefilter("ignore")

WRONG = {
    "None": None, "nan": math.nan, "inf": math.inf, "minus inf": -math.inf, "0": 0, "-1": -1, "1.5": 1.5, "-0.5": -0.5,
    "2": 2, "10**30": 10**30, "10**400": 10**400, "True": True, "False": False, "''": "", "' '": " ", "'x'": "x",
    "'nan'": "nan", "'-1'": "-1", "'1:2'": "1:2", "'5 %'": "5 %", "'a\\0b'": "a\0b", "long": "x" * 5000, "b''": b"x",
    "[]": [], "()": (), "{}": {}, "set": set(), "[None]": [None], "[[]]": [[]], "[nan]": [math.nan],
    "['x', 'x']": ["x", "x"],
    "[1, 'x']": [1, "x"], "['x']": ["x"], "[1]": [1], "{'x': 1}": {"x": 1}, "{1: 'x'}": {1: "x"},
    "{'x': []}": {"x": []},
    "object": object(), "type": int, "lambda": lambda: 0, "generator": "generator", "range": range(3),
    "complex": 1 + 2j,
    "date": dt.date(2027, 1, 1), "timedelta": dt.timedelta(1), "Path": Path("no/such/file"), "Decimal": Decimal("nan"),
    "Fraction": Fraction(1, 3), "np.nan": np.float64("nan"), "np.int64": np.int64(-3), "array": np.array([1.0, np.nan]),
    "matrix": np.zeros((2, 2)), "0-d": np.array(3), "pd.NA": pd.NA, "NaT": pd.NaT, "Series": pd.Series([1, 2]),
    "Series of texts": pd.Series(["x", None]), "DataFrame": pd.DataFrame(), "DataFrame of 1": pd.DataFrame({"x": [1]}),
    "Index": pd.Index([]), "Timestamp": pd.Timestamp("2027-01-01"), "str class": type("S", (str,), {})("x"),
}  # fmt: skip


def wrong(name):
    """Return a wrong value; a generator is new each time."""
    return (x for x in ("x", 1)) if name == "generator" else WRONG[name]


@pytest.fixture(scope="module")
def models():
    """Return small journeys of every kind, by name."""
    small = {name: fs.load(name) for name in (
        "subscription", "b2b_pipeline", "landing_page", "next_euro", "product_led", "referral_programme", "lifecycle",
        "ad_campaign")}  # fmt: skip
    small["subscription"] = small["subscription"].with_(horizon="4 months", follow="2 months").at_spend("flywheel", 900)
    small["doubtful"] = small["subscription"].with_(delighted={"value": "25 %", "uncertain": ["20 %", "30 %"]})
    small["b2b_pipeline"] = small["b2b_pipeline"].with_(horizon="8 months", follow="1 month")
    small["next_euro"] = small["next_euro"].with_(horizon="3 months", follow="1 month").at_spend("funnel", 900)
    small["product_led"] = small["product_led"].with_(horizon="3 months", follow="1 month")
    small["lifecycle"] = small["lifecycle"].with_(horizon="3 months", follow="1 month")
    return small


#: For every public function, arguments it takes; texts that name a model are replaced by a small one.
CALLS = {
    "load": {"source": "subscription"},
    "loads": {"text": "name: x"},
    "shipped": {},
    "run": {"model": "subscription", "strategies": "funnel"},
    "replicate": {"model": "subscription", "strategies": "funnel", "replications": 2},
    "match_budgets": {"model": "subscription"},
    "expected_path": {"model": "ad_campaign"},
    "assumptions": {"model": "subscription"},
    "compare": {"model": "subscription", "replications": 2},
    "sensitivity": {"model": "subscription", "strategies": "funnel", "values": [0.9], "replications": 2},
    "effect": {"model": "subscription", "strategies": "funnel", "values": "+1 points", "replications": 2},
    "breakeven": {"model": "subscription", "over": "price", "values": [40, 50], "points": 3, "replications": 2},
    "breakeven_map": {"model": "subscription", "over": ["price", "retention"], "points": 3, "replications": 2,
                      "values": {"price": [40, 50], "retention": ["90 %", "91 %"]}},
    "sweep": {"model": "subscription", "strategies": "funnel", "values": {"price": [40]}, "replications": 2},
    "forecast": {"model": "doubtful", "strategies": "flywheel", "replications": 2},
    "tornado": {"model": "subscription", "strategies": "funnel", "over": ["price"], "replications": 2},
    "morris": {"model": "subscription", "strategies": "funnel", "over": ["price", "retention"], "trajectories": 2,
               "replications": 3},
    "sobol": {"model": "subscription", "strategies": "funnel", "over": ["price", "retention"], "n": 4,
              "replications": 3},
    "claims": {"model": "subscription", "strategies": "funnel", "replications": 2},
    "allocate": {"model": "next_euro", "strategies": "as_today", "over": ["search_ads", "onboarding"],
                 "replications": 2},
    "allocation_by_horizon": {"model": "next_euro", "strategies": "as_today", "over": ["search_ads", "onboarding"],
                              "horizon": ["2 months", "3 months"], "replications": 2},
    "marginal": {"model": "next_euro", "strategies": "as_today", "over": ["search_ads"], "replications": 2},
    "judge": {"today": ("3 per customer per month", "92 % per month"), "limit": "98 %", "without": "88 %"},
    "capacity": {"model": "b2b_pipeline", "over": "sales", "values": [4, 5], "replications": 2},
    "lead_volume": {"model": "b2b_pipeline", "over": "traffic", "values": [0.5, 1, 2], "replications": 2},
    "cost_of_waiting": {"model": "b2b_pipeline", "over": "sales", "replications": 2},
    "staff_plan": {"model": "b2b_pipeline", "over": "sales", "values": [0.0, 1.0, 2.0], "replications": 2},
    "frictions": {"model": "product_led", "strategies": "today", "replications": 2},
    "momentum": {"model": "product_led", "window": "1 month", "replications": 2},
    "repeat_ladder": {"model": "lifecycle", "of": "orders", "window": "4 weeks", "up_to": 2, "replications": 2},
    "ladder_of": {"transactions": "cdnow", "window": "4 weeks", "up_to": 2},
    "cycle_length": {"model": "b2b_pipeline", "begins": "mql", "ends": "won", "replications": 2},
    "retention": {"model": "product_led", "of": "free", "days": [1, 7], "replications": 2},
    "read_orders": {"source": "table of orders"},
    "read_subscriptions": {"source": "table of subscriptions"},
    "read_pipeline": {"source": "table of a pipeline"},
    "read_funnel": {"source": "table of a funnel"},
    "read_spend": {"source": "table of spend"},
    "read_survivors": {"source": "table of survivors"},
    "fit": {},
    "referral_tree": {"model": "referral_programme", "strategies": "none"},
    "ab_test": {"model": "landing_page", "of": "conversion.visitor.trial", "strategies": "keep_a", "replications": 20},
}  # fmt: skip

#: What belongs to how to run, where a function hands it on.
HOW = ("seed", "workers", "executor", "progress", "engine", "limits", "store", "resume")

FUNCTIONS = sorted(name for name in fs.__all__ if inspect.isfunction(getattr(fs, name)) and name != "write_report")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_without_a_wrong_value_it_answers(name, models):
    if name != "loads":  # whose text is wrong here
        assert getattr(fs, name)(**given_to(name, models)) is not None


#: Tables that readers take, one row each.
TABLES = {
    "table of orders": {"customer": 1, "date": "2024-01-31", "amount": 5},
    "table of subscriptions": {"customer": 1, "start": "2024-01-31"},
    "table of a pipeline": {"lead": 1, "stage": "new", "entered": "2024-01-31"},
    "table of a funnel": {"step": "visit", "count": 5},
    "table of spend": {"month": "2024-01", "channel": "ads", "spend": 5},
    "table of survivors": {"month": 0, "survivors": 50},
}


def given_to(name, models):
    """Return arguments that a function takes, with a small model and few data."""
    if name == "fit":
        return {"data": fs.read_survivors(fs.datasets.subscription_survival()), "model": "geometric"}
    if CALLS[name].get("source") in TABLES:
        return {"source": pd.DataFrame([TABLES[CALLS[name]["source"]]])}
    given = {word: models.get(value, value) if word == "model" else value for word, value in CALLS[name].items()}
    return {**given, "transactions": fs.datasets.cdnow().head(200)} if "transactions" in given else given


def test_every_public_function_is_tried():
    assert sorted(CALLS) == FUNCTIONS
    assert len(WRONG) >= 40


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_wrong_value_ends_in_a_raw_traceback(name, models, tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    function = getattr(fs, name)
    given = given_to(name, models)
    words = [word for word in inspect.signature(function).parameters if word != "how"]
    if "how" in inspect.signature(function).parameters:
        words += HOW
    raw = [
        problem
        for word in words
        for what in WRONG
        if (problem := tried(function, {**given, word: wrong(what)}, word, what))
    ]
    raw += [
        problem
        for what in WRONG
        if (problem := tried(lambda one: function(one), {"one": wrong(what)}, "the first", what))
    ]
    assert not raw, "\n".join(raw)


def tried(function, given, word, what):
    """Return what came of a call with a wrong value where it was no answer and no error of the family, else ''."""
    last = {name: wrong(what) if value is what and name in (word, "one") else value for name, value in given.items()}
    try:
        function(**last)
    except fs.FlywheelError as error:
        return "" if str(error) else f"{word}={what}: an error that says nothing"
    except Exception as error:
        return f"{word}={what}: {type(error).__name__}: {str(error)[:150]}"
    return ""
