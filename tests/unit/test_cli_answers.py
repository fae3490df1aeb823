"""Commands that ask one question: they print what the verb says, as text or JSON, and write report and data."""

import json

import pandas as pd
import pytest

import flywheel_sim as fs

SHOP = """
name: Shop
start: 2027-01-01
horizon: 12 months
currency: EUR
report_by: [arm]
rates:
  buys: {value: 30 %, by: {arm: {b: 40 %}}, uncertain: [25 %, 35 %], why: "made up"}
  tells: {value: 0.2 per month, why: "made up"}
attributes:
  arm: {a: 50 %, b: rest}
channels:
  ads: {rate: 80 per month, enters: visitor}
  friends: {enters: visitor}
journey:
  visitor: {role: prospect, phase: attract, after: 1 day, to: {client: buys, lost: rest}}
  client:
    role: customer
    phase: delight
    on_entry: {earn: {orders: 40}}
    events:
      order: {every: 0.5 per month, earn: {orders: 40}}
      tell:  {every: tells, refer: friends}
      leave: {after: 0.1 per month, to: lost}
  lost: exit
levers:
  slow_site: {phase: attract, moves: {buys: {without: 36 %}}}
  shyness:   {phase: delight, moves: {tells: {without: 0.3 per month}}}
"""

ASKED = {
    "frictions": ("--replications", "3"),
    "momentum": ("--window", "3 months", "--replications", "4"),
    "abtest": ("--of", "conversion.visitor", "--replications", "8"),
    "forecast": ("--replications", "4"),
    "effect": ("--over", "buys", "--values", "+5 points", "--replications", "3"),
    "referrals": ("--replication", "1"),
    "ladder": ("--of", "orders", "--window", "13 weeks", "--replications", "2"),
    "retention": ("--of", "visitor", "--days", "2, 9", "--counts", "lost", "--replications", "3"),
}


@pytest.fixture
def flywheel(tmp_path, monkeypatch, command):
    """Return a function that runs the command in a folder with the shop."""
    (tmp_path / "shop.yaml").write_text(SHOP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return command


def asked(model):
    """Return what the verbs say where the commands are asked the same."""
    sure = model.with_(**{"rates.buys.uncertain": None})
    return {
        "frictions": lambda: fs.frictions(sure, replications=3, seed=2),
        "momentum": lambda: fs.momentum(fs.replicate(sure, replications=4, seed=2), window="3 months"),
        "abtest": lambda: fs.ab_test(sure, of="conversion.visitor", replications=8, seed=2),
        "forecast": lambda: fs.forecast(model, replications=4, seed=2),
        "effect": lambda: fs.effect(sure, over="buys", values="+5 points", replications=3, seed=2),
        "referrals": lambda: fs.referral_tree(sure, replication=1, seed=2),
        "ladder": lambda: fs.repeat_ladder(sure, "orders", window="13 weeks", replications=2, seed=2),
        "retention": lambda: fs.retention(sure, "visitor", days=[2, 9], counts=["lost"], replications=3, seed=2),
    }


@pytest.mark.parametrize("name", ASKED)
def test_a_command_says_what_its_verb_says_and_writes_a_report(flywheel, tmp_path, name):
    text = SHOP if name == "forecast" else SHOP.replace(" uncertain: [25 %, 35 %],", "")
    (tmp_path / "shop.yaml").write_text(text, encoding="utf-8")
    words = (name, "shop.yaml", *ASKED[name], "--seed", "2")
    status, out, err = flywheel(*words, "--out", "out")
    assert status == 0
    expected = asked(fs.loads(SHOP))[name]()
    assert expected.answer() in out
    assert "out/report.html" in err.replace("\\", "/")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<h2>" in page
    assert "data:image/svg+xml" in page
    assert len(pd.read_csv(tmp_path / "out" / "results.csv")) == len(expected.frame())
    status, out, _ = flywheel(*words, "--json")
    printed = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert printed["answer"] == expected.answer()
    assert len(printed["figures"]) == len(expected.rows())
    assert printed["provenance"][0]["seed"] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("frictions", "shop.yaml", "--of", "profits"), "did you mean 'profit'"),
        (("frictions", "coins.yaml"), "no such file"),
        (("abtest", "shop.yaml", "--values", "a"), "two levels are compared; write --values a,b"),
        (("abtest", "shop.yaml", "--over", "army"), "arm"),
        (("ladder", "shop.yaml", "--of", "ordrs"), "orders"),
        (("retention", "shop.yaml", "--of", "visitr"), "did you mean 'visitor'"),
        (("retention", "shop.yaml", "--of", "visitor", "--days", "1,x"), "write --days 1,7,30"),
        (("retention", "shop.yaml", "--of", "visitor", "--counts", "los"), "did you mean 'lost'"),
        (("frictions", "shop.yaml", "--best", "high"), "it takes 'highest' or 'lowest'"),
        (("momentum", "shop.yaml", "--window", "30 months"), "month"),
        (("forecast", "subscription", "--strategies", "funnel"), "nothing in 'Subscription"),
    ],
)
def test_what_is_written_wrong_is_said_with_its_remedy(flywheel, words, said):
    status, out, err = flywheel(*words)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_retention_can_be_of_one_stage_alone(flywheel, tmp_path):
    (tmp_path / "shop.yaml").write_text(SHOP.replace(" uncertain: [25 %, 35 %],", ""), encoding="utf-8")
    status, out, _ = flywheel("retention", "shop.yaml", "--of", "visitor", "--days", "2", "--counts", "none",
                              "--replications", "2", "--json")  # fmt: skip
    assert status == 0
    assert json.loads(out)["details"] == {"stage": "visitor", "counts": ["visitor"]}
