"""A store goes on whatever its texts say, is refused where figures differ, and says in words which."""

import json
import sqlite3

import pytest

from flywheel_sim.analysis.uncertainty.sobol import sobol
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.driver import Limits
from flywheel_sim.experiment.sweep import sweep as room
from flywheel_sim.experiment.sweep.identity import _between_journeys
from flywheel_sim.experiment.sweep.journal import checksum
from flywheel_sim.experiment.sweep.outcomes import Sweep
from flywheel_sim.experiment.sweep.sweep import sweep
from flywheel_sim.scenario.load import load

SHOP = """\
name: Shop
start: 2027-01-01
horizon: 6 months
follow: 5 months
currency: EUR
rates:
  retention: {value: 85 % per month, by: {plan: {pro: 90 %}}, why: "renewals"}
  price: 12.50 per month
  inviting: {value: 0.15 per month, why: "survey"}
  why: {value: 3, why: "the list"}
attributes: {plan: {free: 60 %, pro: rest}}
channels:
  ads: {spend: 300 per month, cost_per_arrival: 30, enters: member}
  radio: {spend: {file: plan.csv, column: spend, unit: per month}, cost_per_arrival: 50, enters: member}
  friends: {enters: member}
journey:
  member:
    role: customer
    earn: {platform: price}
    events:
      renewal: {every: 1 month, to: {stay: {chance: retention, earn: {club: why}}, lapsed: rest}}
      invite:  {every: inviting, refer: friends, spend: {reward: 3}}
  lapsed: lapsed
levers:
  care: {spend: 50 per month, moves: {inviting: {without: 0.1 per month, limit: 0.3 per month}}}
strategies:
  quiet: {without: [invite]}
  loud: {spend: {ads: 400 per month, care: 60 per month}}
"""
PLAN = "day,spend,remark\n2027-01-01,100,low\n2027-04-01,200,high\n"


@pytest.fixture
def shop(tmp_path):
    """Return a function that writes the journey with its plan, and loads it."""

    def written(text=SHOP, plan=PLAN):
        (tmp_path / "plan.csv").write_text(plan, encoding="utf-8")
        (tmp_path / "shop.yaml").write_text(text, encoding="utf-8")
        return load(tmp_path / "shop.yaml")

    return written


@pytest.fixture(params=["today's", "older"])
def store(request, shop, tmp_path):
    """Return a finished store; an older one does not say what was left out, solved for, or stood in files."""
    path = tmp_path / "sweep.db"
    swept(shop(), path)
    if request.param == "older":
        aged(path)
    return path


def aged(path):
    db = sqlite3.connect(path, isolation_level=None)
    (text,) = db.execute("SELECT value FROM header WHERE name = 'scenario'").fetchone()
    kept = {key: held for key, held in json.loads(text).items() if key[0] != "(" or key == "(changes)"}
    row = ("scenario", json.dumps(kept))
    db.execute("UPDATE header SET value = ?, crc = ? WHERE name = 'scenario'", (row[1], checksum(row)))
    db.close()


def swept(model, store, **how):
    values = {"values": {"price": [10, 20]}, "replications": 3, "of": ["revenue", "profit"], "workers": 1}
    return sweep(model, store=store, **(values | how))


TEXTS = {
    "a reason": SHOP.replace("renewals", "the billing records of May"),
    "no reason": SHOP.replace(', why: "survey"', ""),
    "a reason more": SHOP.replace("price: 12.50 per month", 'price: {value: 12.50 per month, why: "list"}'),
    "a reason first": SHOP.replace('{value: 0.15 per month, why: "survey"}', '{why: "survey", value: 0.15 per month}'),
    "a comment": SHOP.replace("levers:", "# what is spent on customers\nlevers:"),
    "the name": SHOP.replace("name: Shop", "name: The shop"),
    "the reason of a rate called so": SHOP.replace("the list", "last year's list"),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_texts_end_no_sweep(shop, store, monkeypatch, text):
    before = Sweep.read(store)
    monkeypatch.setattr(room, "run_batch", None)
    again = swept(shop(text), store, resume=True)
    assert again.values.tobytes() == before.values.tobytes()
    assert Sweep.read(store).scenario == again.scenario == shop(text).name


def test_a_column_that_nothing_reads_ends_no_sweep(shop, store, monkeypatch):
    monkeypatch.setattr(room, "run_batch", None)
    swept(shop(plan=PLAN.replace("low", "as agreed")), store, resume=True)


FRIENDS = "  friends: {enters: member}\n"
FIGURES = {
    "a rate": (SHOP.replace("{value: 85 %", "{value: 86 %"), "rate 'retention': 85 % per month -> 86 % per month"),
    "a level": (SHOP.replace("pro: 90 %", "pro: 91 %"), "rate 'retention', by, plan, pro: 90 % -> 91 %"),
    "a rate called why": (SHOP.replace("{value: 3,", "{value: 4,"), "rate 'why': 3 -> 4"),
    "a strategy's lever": (SHOP.replace("care: 60", "care: 70"),
                           "strategy loud, spend on care: 60 per month -> 70 per month"),
    "a strategy's channel": (SHOP.replace("ads: 400", "ads: 450"),
                             "strategy loud, spend on ads: 400 per month -> 450 per month"),
    "what a strategy leaves": (SHOP.replace("[invite]", "[invite, renewal]"),
                               "strategy quiet, without: invite -> invite, renewal"),
    "a channel": (SHOP.replace("spend: 300", "spend: 310"), "channel ads, spend: 300 per month -> 310 per month"),
    "the horizon": (SHOP.replace("6 months", "7 months"), "horizon: 6 months -> 7 months"),
    "a stage": (SHOP.replace("reward: 3", "reward: 4"), "stage member, event invite, spend, reward: 3 -> 4"),
    "a lever": (SHOP.replace("without: 0.1 ", "without: 0.11 "),
                "lever care, moves, inviting, without: 0.1 per month -> 0.11 per month"),
    "a new rate": (SHOP.replace("  why: {", "  more: 5\n  why: {").replace("reward: 3", "reward: more"),
                   "rate 'more': nothing -> 5"),
    "an order": (SHOP.replace(FRIENDS, "").replace("  ads:", f"{FRIENDS}  ads:"),
                 "order of channels: ads, radio, friends -> friends, ads, radio"),
    "a strategy": (SHOP + "  third: {}\n", "strategy third: nothing -> "),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), FIGURES.values(), ids=list(FIGURES))
def test_figures_end_it_and_are_said(shop, store, text, said):
    before = store.read_bytes()
    with pytest.raises(ExperimentError) as caught:
        swept(shop(text), store, resume=True)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{store}: begun for another sweep, and the two do not mix."
    assert any(line.strip().startswith(said) for line in lines), lines
    assert "give the journey it was begun with, or another store" in lines[-1]
    assert Sweep.read(store).n == 3
    assert store.read_bytes() == before


def test_a_file_of_other_content_is_named(shop, store):
    with pytest.raises(ExperimentError, match=r"plan\.csv has other content"):
        swept(shop(plan=PLAN.replace("200", "210")), store, resume=True)
    with pytest.raises(ExperimentError, match=r"plan\.csv has other content"):
        swept(shop(TEXTS["a reason"], PLAN.replace("2027-04", "2027-05")), store, resume=True)


def test_what_is_done_in_code_is_said(shop, store):
    model = shop()
    for other in (model.without("invite"), model.with_(retention="86 %")):
        with pytest.raises(ExperimentError, match=r"in code|'retention', laid over it: nothing -> 86 % per month"):
            swept(other, store, resume=True)
    swept(model.with_(name="another"), store, resume=True)


def test_fingerprints_that_differ_by_themselves_are_laid_to_a_package(shop, tmp_path, monkeypatch):
    model, store = shop(), tmp_path / "sweep.db"
    swept(model, store)
    for strategy in model.strategies:
        object.__setattr__(model.journey(strategy), "fingerprint", "another")
    monkeypatch.setattr(room.Resolver, "unmatched", lambda resolver, point: model.journey(point.strategy))
    with pytest.raises(ExperimentError, match="another version of a package may reckon it differently"):
        swept(model, store, resume=True)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"values": {"price": [10, 21]}}, ["design point 2: price 20 -> 21", "design point 3: price 20 -> 21"]),
        ({"values": {"price": [10]}}, ["4 design points -> 2"]),
        ({"strategies": ["loud", "quiet"]}, ["design point 0: strategy quiet -> loud"]),
        ({"values": [{"price": 10}, {}]}, ["design point 2: price 20 -> as in the file", "design grid -> table"]),
        ({"values": {"inviting": [0.1, 0.2]}}, ["factors: price -> inviting"]),
        ({"seed": 5, "of": ["revenue"]}, ["seed: 0 -> 5", "metrics: revenue, profit -> revenue"]),
        ({"limits": Limits(max_people=99)}, ["limits: max_people 20000000 -> 99"]),
        ({"replications": 2}, ["replications: 3 -> 2"]),
    ],
)
def test_what_else_differs_is_said(shop, store, how, said):
    with pytest.raises(ExperimentError) as caught:
        swept(shop(), store, resume=True, **how)
    for words in said:
        assert words in str(caught.value)
    assert not any(len(word) == 16 and word.isalnum() for word in str(caught.value).split())


def test_long_values_are_cut_where_they_differ_and_control_characters_seen():
    old, new = ({"rates": {"odd\n": f"\x1b[31m{'9' * 300}{end}"}} for end in "12")
    (line,) = _between_journeys({"rates": {}}, old)
    assert line.startswith(r"rate 'odd\n': nothing -> \x1b[31m9999")
    assert len(line) < 120
    (line,) = _between_journeys(old, new)
    assert line.endswith("992")
    assert "991 -> ..." in line
    assert len(line) < 200


def test_studies_of_many_rates_go_on_too(shop, tmp_path):
    model, how = shop(), {"strategies": "loud", "n": 8, "replications": 3, "store": tmp_path / "sobol.db"}
    ranges = {"retention": ["80 %", "90 %"], "price": ["10 per month", "14 per month"]}
    before = sobol(model, "profit", values=ranges, **how)
    after = sobol(shop(TEXTS["a reason"]), "profit", values=ranges, resume=True, **how)
    assert after.frame().equals(before.frame())
    with pytest.raises(ExperimentError, match="horizon: 6 months -> 7 months"):
        sobol(shop(SHOP.replace("6 months", "7 months")), "profit", values=ranges, resume=True, **how)
