"""Break-evens whose exact value is known: sums of geometric series, Fieller's interval, and a fine sweep."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from flywheel_sim.analysis.breakeven.map import breakeven_map
from flywheel_sim.analysis.breakeven.result import breakeven
from flywheel_sim.analysis.breakeven.search import look
from flywheel_sim.analysis.sensitivity.response import sensitivity
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.scenario.load import loads
from flywheel_sim.stats import estimate_mean

#: The flywheel cares for each customer, who then stays longer; the funnel does not.
CARE = """
name: Care
horizon: 12 months
currency: EUR
seed: 5
rates:
  price: {value: 300, why: "what a month costs"}
  stays: {value: 80 % per month, by: {service: {cared: 90 %}}, why: "renewals"}
  effort: {value: 400, why: "an afternoon for each customer"}
attributes:
  service: [plain, cared]
channels:
  fair: {batch: 200, enters: client}
journey:
  client:
    role: customer
    on_entry: {earn: {fee: price}}
    events:
      care:    {after: 1 day, set: {service: cared}, spend: {care: effort}}
      renewal: {every: 1 month, to: {stay: {chance: stays, earn: {fee: price}}, gone: rest}}
  gone: exit
strategies:
  funnel: {without: [care]}
  flywheel: {}
"""

#: On equal budgets: 400 customers at 100 each and 50 more for care, or 600 customers at 100 each without.
BUDGET = (
    CARE.replace("horizon: 12", "horizon: 24")
    .replace("value: 400", "value: 50")
    .replace("{cared: 90 %}", "{cared: 88 %}")
    .replace("{batch: 200,", "{batch: 400, cost_per_batch: 40000,")
    .replace("{without: [care]}", "{without: [care], channels: {fair: {batch: 600, cost_per_batch: 60000}}}")
)


def payments(stays, months):
    """Return how often a customer pays on average: on entry, and at each renewal within so many months."""
    return sum(stays**k for k in range(months))


def moved(chance, from_=0.80, to=0.88):
    """Return what a chance of a family becomes when its reference moves: the odds ratio stays."""
    odds = chance / (1 - chance) * (to / (1 - to)) / (from_ / (1 - from_))
    return odds / (1 + odds)


def near(crossing, exact):
    """Assert that a break-even is within four standard errors of the exact one, and these are small beside it."""
    error = (crossing.high - crossing.low) / (2 * 1.96)
    print(f"{crossing.value:.4f} against {exact:.4f}, interval {crossing.low:.4f} to {crossing.high:.4f}")
    assert error < 0.03 * exact
    assert abs(crossing.value - exact) < 4 * error
    assert crossing.low <= crossing.value <= crossing.high


@pytest.mark.parametrize("by", [6, 12])
def test_a_price_that_pays_for_care_is_the_exact_one(by):
    crossed = breakeven(loads(CARE), over="price", by=by, replications=40, seed=2, workers=1)
    near(crossed.root, 400 / (payments(0.9, by) - payments(0.8, by)))
    assert crossed.root.rises


def test_the_root_is_that_of_the_sample_to_the_tolerance():
    model = loads(CARE)
    crossed = breakeven(model, over="price", replications=20, workers=1)
    runs = {
        name: replicate(model, strategies=name, replications=20).values("revenue") / 300 for name in model.strategies
    }
    more = (runs["flywheel"] - runs["funnel"]).mean()
    exact = 400 * 200 / more
    assert crossed.root.value == pytest.approx(exact, abs=5e-4 * (crossed.between[1] - crossed.between[0]))
    # Its interval is Fieller's: where the interval of more × price − care holds zero.
    extra = runs["flywheel"] - runs["funnel"]
    for end, sign in ((crossed.root.low, 1), (crossed.root.high, -1)):
        half = stats.t.ppf(0.975, 19) * extra.std(ddof=1) / math.sqrt(20)
        assert end == pytest.approx(400 * 200 / (more + sign * half), abs=5e-4 * 525)


def test_care_on_an_equal_budget_pays_between_two_retentions():
    """Uplift multiplies what customers pay most where they stay neither briefly nor for ever."""

    def gap(stays, months):
        return 100 * payments(moved(stays), months) - 150 * payments(stays, months)

    low, high = (optimize.brentq(gap, *ends, args=(24,)) for ends in ((0.5, 0.8), (0.8, 0.99)))
    crossed = breakeven(
        loads(BUDGET), over="stays", values=("50 %", "99 %"), replications=40, seed=4, points=8, workers=1
    )
    rises, falls = crossed.crossings
    near(rises, 100 * low)
    near(falls, 100 * high)
    assert (rises.rises, falls.rises) == (True, False)
    assert [one.ahead for one in crossed.stretches] == [-1, 0, 1, 0, -1]
    assert abs(crossed.spend_gap()) < 1e-12
    assert crossed.root is None
    assert "changes places with the funnel 2 times" in crossed.answer()


@pytest.mark.parametrize(("text", "rate", "low", "high", "rises"),
                         [(CARE, "price", 60.0, 400.0, 1), (BUDGET, "stays", 0.80, 0.95, -1)])  # fmt: skip
def test_a_fine_sweep_changes_sign_in_the_same_cell(text, rate, low, high, rises):
    model, values = loads(text), np.linspace(low, high, 40)
    crossed = breakeven(model, over=rate, values=(low, high), replications=10, seed=4, workers=1)
    swept = sensitivity(model, "profit", rate, values=list(values), replications=10, seed=4, workers=1)
    signs = [rises * np.sign(swept.difference(i, "flywheel", "funnel").mean) for i in range(40)]
    cell = int(np.searchsorted(swept.values, crossed.root.value))
    assert crossed.root.rises == (rises > 0)
    assert signs[cell - 1] < 0 < signs[cell]
    for i in (0, -1):  # at the ends both are the same figures, on the same people
        assert crossed.difference(i).mean == swept.difference(i, "flywheel", "funnel").mean


def test_the_line_of_a_map_is_straight_where_theory_says_so():
    """What care may cost and what a month must cost for it are proportional."""
    model = loads(CARE)
    cells = breakeven_map(model, over=("price", "effort"), replications=30, seed=3, points=3, workers=1,
                          values={"price": (50, 400), "effort": (200, 600)})  # fmt: skip
    exact = payments(0.9, 12) - payments(0.8, 12)
    for effort, crossings in zip(cells.values[1], cells.lines, strict=True):
        (one,) = crossings
        near(one, effort / exact)
    ratios = cells.line_frame().eval("price / effort")
    assert ratios.max() / ratios.min() == pytest.approx(1.0, abs=0.005)
    low, high = cells.ends
    for (i, price), (j, effort) in [
        ((i, p), (j, e)) for i, p in enumerate(cells.values[0]) for j, e in enumerate(cells.values[1])
    ]:
        assert low[i, j] < 200 * (price * exact - effort) < high[i, j]


def test_the_interval_covers_as_often_as_it_says():
    """For straight lines it is Fieller's interval, which covers exactly; 150 samples of 15 lines through one root."""
    rng = np.random.default_rng(8)
    grid, covered = list(np.linspace(0, 10, 4)), 0
    for _ in range(150):
        slopes, noise = rng.normal(3.0, 0.6, 15), rng.normal(0, 2, 15)
        crossings, _ = look(lambda x, a=slopes, b=noise: estimate_mean(a * (x - 4.0) + b, ""), grid)
        assert len(crossings) == 1
        covered += crossings[0].low <= 4.0 <= crossings[0].high
    assert 0.95 - 4 * math.sqrt(0.05 * 0.95 / 150) < covered / 150 < 0.95 + 4 * math.sqrt(0.05 * 0.95 / 150)
