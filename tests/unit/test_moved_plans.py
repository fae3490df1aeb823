"""Figures laid over plans, tables and named rates of channels: what moves, what keeps its shape, and what is said."""

import pytest

import flywheel_sim as fs
from flywheel_sim.analysis.allocation.spends import at_spends, places_of
from flywheel_sim.engine.by_plan import spend_by_plan
from flywheel_sim.errors import ConfigError
from flywheel_sim.journey.units import MILLIONTHS, MONTH
from flywheel_sim.ledger import Layout

FILE = """\
name: P
start: 2027-01-01
horizon: 24 months
currency: EUR
rates: {budget: {value: 1000 per month, by: {calendar: {6 months: 3000}}}, flat: 5000 per month}
attributes: {there: {count_of: client}}
channels:
  ads: {spend: 1000 per month, cost_per_arrival: 60, enters: trial}
  other: {rate: 30 per month, enters: trial}
journey:
  trial: {role: prospect, staff: desk, takes: 1 hour, to: client}
  client: {role: customer, after: 0.1 per month, to: gone}
  gone: exit
resources: {desk: {people: 3}}
strategies: {base: {}}
"""
TABLE = "{value: 30 per month, by: {calendar: {6 months: 60}}}"
PLAN = "{file: plan.csv, column: ads, unit: per month}"


@pytest.fixture
def loaded(tmp_path):
    (tmp_path / "plan.csv").write_text("from,ads,price\n2027-01-01,12000,60\n2028-01-01,6000,50\n")
    (tmp_path / "late.csv").write_text("from,ads,price\n2027-04-01,12000,60\n")

    def load(*changes, strategy="{}"):
        text = FILE.replace("base: {}", f"base: {{}}, other: {strategy}")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "journey.yaml").write_text(text)
        return fs.load(tmp_path / "journey.yaml")

    return load


def cells(model, index=1, strategy=None):
    return [round(cell * MONTH, 6) for cell in model.journey(strategy).channels[index].rate.cells]


def spent(journey):
    return [paid / MILLIONTHS for paid in spend_by_plan(journey, Layout.of(journey))[0][:, 0].tolist()]


def test_a_bare_rate_moves_the_family(loaded):
    assert cells(loaded(("30 per month", TABLE)).with_(**{"channels.other.rate": 50})) == [50, 100]
    assert cells(loaded(("30 per month", TABLE), strategy="{channels: {other: {rate: 50 per month}}}"),
                 strategy="other") == [50, 100]  # fmt: skip


def test_a_bare_rate_over_a_plan_does_not_vanish(loaded):
    model = loaded(("30 per month", PLAN))
    try:
        changed = cells(model.with_(**{"channels.other.rate": 50}))
    except ConfigError:
        return
    assert changed != cells(model)


def test_a_bare_price_moves_the_family(loaded):
    model = loaded(("cost_per_arrival: 60", "cost_per_arrival: {value: 60, by: {calendar: {6 months: 30}}}"))
    assert cells(model.with_(**{"channels.ads.cost_per_arrival": 30}), 0) == pytest.approx([1000 / 30, 1000 / 15])


def test_twice_the_leads_are_twice_the_leads(loaded):
    result = fs.lead_volume(loaded(("30 per month", TABLE)), over="other", values=(0.5, 1.0, 2.0), strategies="base",
                            waiting=False, replications=4)  # fmt: skip
    half, _, double = result.leads.mean(axis=1)
    assert double > 3 * half


def test_a_named_table_keeps_its_shape(loaded):
    model = loaded(("spend: 1000 per month", "spend: budget"), strategy="{spend: {ads: 4000 per month}}")
    assert spent(model.journey("other"))[::12] == pytest.approx([1600, 4800])
    (place,) = places_of(model, "base")
    assert spent(at_spends(model, "base", {place: place.today}))[::12] == pytest.approx([1000, 3000])


def test_a_plan_laid_over_a_table_replaces_it(loaded):
    over = "{channels: {ads: {spend: " + PLAN + "}}}"
    model = loaded(("spend: 1000 per month", "spend: {value: 9 per month, by: {month: {dec: 12}}}"), strategy=over)
    assert spent(model.journey("other"))[::12] == [12000, 6000]


@pytest.mark.parametrize("attributes", [
    "{there: {count_of: client, counts: 0 to 4}}",
    "{there: {count_of: client}, avg: {mean_of: there, among: client, starts: 0, weights: {}}}",
])  # fmt: skip
def test_a_count_is_nothing_else(loaded, attributes):
    with pytest.raises(ConfigError):
        loaded(("{there: {count_of: client}}", attributes))


def test_a_channel_that_begins_after_the_run_takes_no_budget(loaded):
    model = loaded(("cost_per_arrival: 60", "cost_per_arrival: 60, from: 30 months"),
                   ("rate: 30 per month", "rate: 30 per month, spend: 10 per month"))  # fmt: skip
    assert {place.name: place.today for place in places_of(model, "base")}.get("ads", 0) == 0


def test_leads_of_a_plan_are_scaled_or_refused(loaded):
    model = loaded(("spend: 1000 per month", "spend: " + PLAN))
    volume = fs.lead_volume(model, over="ads", values=(0.5, 1.0, 2.0), strategies="base", waiting=False, replications=4)
    half, _, double = volume.leads.mean(axis=1)
    assert double > 3 * half


def test_a_price_that_begins_with_the_spend_is_right(loaded):
    late = PLAN.replace("plan.csv", "late.csv")
    model = loaded(("spend: 1000 per month", "spend: " + late),
                   ("cost_per_arrival: 60", "cost_per_arrival: {file: late.csv, column: price}"))  # fmt: skip
    assert cells(model, 0) == [0, 200]


def test_the_mean_of_a_plan_may_be_named(loaded):
    model = loaded(("spend: 1000 per month", "spend: " + PLAN), strategy="{spend: {ads: flat}}")
    assert sum(spent(model.journey("other"))) == pytest.approx(24 * 5000)


def test_what_is_missing_of_a_dated_cost_is_named(loaded):
    with pytest.raises(ConfigError, match="'amount' is required"):
        loaded(("strategies:", "costs: {launch: {on: 3 months}}\nstrategies:"))


@pytest.mark.parametrize(("old", "new"), [("2027-01-01", "soon"), ("horizon: 24 months", "horizon: soon")])
def test_one_mistake_is_one_problem(loaded, old, new):
    with pytest.raises(ConfigError) as refused:
        loaded(("spend: 1000 per month", "spend: " + PLAN), ("name: P", "name: P\nperiod: day"), (old, new))
    assert len(refused.value.problems) == 1


def test_a_wrong_mean_is_placed_where_it_is_said(loaded):
    with pytest.raises(ConfigError) as refused:
        loaded(("spend: 1000 per month", "spend: " + PLAN), strategy="{spend: {ads: 5 %}}")
    (problem,) = refused.value.problems
    assert problem.line == FILE.count("\n")


@pytest.mark.parametrize("row", ["2027-01-01,0", "2031-01-01,8000"])
def test_a_plan_that_spends_nothing_in_the_run_has_no_shape(loaded, tmp_path, row):
    (tmp_path / "none.csv").write_text(f"from,ads\n{row}\n")
    with pytest.raises(ConfigError, match="no shape to keep"):
        loaded(("spend: 1000 per month", "spend: " + PLAN.replace("plan.csv", "none.csv")),
               strategy="{spend: {ads: 5000 per month}}")  # fmt: skip


def test_the_mean_of_arrivals_is_of_the_time_the_channel_is_there(loaded):
    model = loaded(("30 per month", PLAN + ", until: 12 months"))
    assert cells(model.with_(**{"channels.other.rate": "50 per month"}))[0] == 50


def test_a_number_from_code_over_a_plan_is_in_its_unit(loaded):
    model = loaded(("30 per month", PLAN.replace("per month", "per week")))
    assert model.with_(**{"channels.other.rate": 50}) == model.with_(**{"channels.other.rate": "50 per week"})


def test_people_of_a_file_cannot_be_multiplied(loaded):
    with pytest.raises(fs.FlywheelError, match="stands in a file, which has no figure that can be multiplied"):
        fs.lead_volume(loaded(("30 per month", PLAN)), over="other", strategies="base", replications=2)


def test_a_strategy_may_do_without_what_a_line_is_booked_by(loaded):
    model = loaded(("strategies:", "costs: {rent: 100 per month}\nlines: {rent: {kind: service}}\nstrategies:"),
                   strategy="{costs: {rent: ~}}")  # fmt: skip
    assert model.journey("other").costs == ()
    with pytest.raises(ConfigError, match="nothing is booked on 'rent'"):
        loaded(("strategies:", "lines: {rent: {kind: service}}\nstrategies:"))


def test_an_event_of_the_name_of_a_line_books_nothing_on_it(loaded):
    with pytest.raises(ConfigError, match="nothing is booked on 'call'"):
        loaded(("after: 0.1 per month, to: gone}", "events: {call: {after: 0.1 per month, to: gone}}}"),
               ("strategies:", "lines: {call: {kind: service}}\nstrategies:"))  # fmt: skip


def test_a_derived_line_is_not_left_out_where_a_strategy_does_without_one_of_its_lines(loaded):
    events = "events: {leave: {after: 0.1 per month, to: gone}, fees: {every: 1 month, earn: {tea: 2, cake: 3}}}}"
    line = "lines: {fees: {share: 3 %, of: [tea, cake], kind: cost_of_sales}}"
    parts = [("after: 0.1 per month, to: gone}", events), ("strategies:", f"{line}\nstrategies:")]
    assert loaded(*parts).journey("base").lines
    with pytest.raises(ConfigError, match="cake"):
        loaded(*parts, strategy="{journey: {client: {events: {fees: {earn: {cake: ~}}}}}}")
