"""A/B tests: their power against the textbook, what is counted, what they are worth, and what is refused."""

import numpy as np
import pytest
from scipy import stats

import flywheel_sim as fs
from flywheel_sim.analysis.ab_test import charts as charts_ab
from flywheel_sim.analysis.ab_test.arms import ab_test
from flywheel_sim.analysis.ab_test.section import sections
from flywheel_sim.analysis.ab_test.textbook import power_of, sample_size, significant, z_of
from flywheel_sim.analysis.ab_test.worth import BY_SIGN, BY_TEST, KEEP, NOW, ROLL_OUT
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.experiment import budgets
from flywheel_sim.experiment.budgets import match_budgets
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.scenario.load import load, loads

#: Everybody gets one letter on the first day and decides within the month: a test and nothing else.
LETTER = """
name: Letter
horizon: 1 month
currency: EUR
rates:
  in_b: {value: 50 %, why: "a coin for each letter"}
  win_b: {value: 24 %, why: "to be found out"}
  wins: {value: 20 %, by: {arm: {b: win_b}}, why: "last year's letter"}
attributes: {arm: {b: in_b, a: rest}}
channels: {mail: {batch: 1200, enters: reader}}
journey:
  reader: {role: prospect, after: 5 days, to: {client: wins, lost: rest}}
  client: customer
  lost: exit
"""

#: The arm is set on coming to a later stage; nobody comes back there.
CLUB = """
name: Club
horizon: 4 months
currency: EUR
rates: {answers: {value: 30 %, by: {letter: {gift: 45 %}}, why: "last year's answers"}}
attributes: {letter: [none, plain, gift]}
channels: {door: {rate: 300 per month, enters: visitor}}
journey:
  visitor: {role: prospect, after: 3 days, to: {asked: 60 %, busy: 10 %, lost: rest}}
  asked:
    role: prospect
    on_entry: {set: {letter: {plain: 50 %, gift: rest}}}
    events: {reply: {after: {exponential: 10 days}, to: {member: answers, busy: 5 %, lost: rest}}}
  member:
    role: customer
    events: {renewal: {every: 1 month, to: {stay: {chance: 90 % per month, earn: {fee: 10}}, past: rest}}}
  past: {role: lapsed, after: 1 month, to: lost}
  busy: aside
  lost: exit
"""
BACK = CLUB.replace("after: 1 month, to: lost}", "after: 1 month, to: {asked: 50 %, lost: rest}}")

#: A batch each month; a test on the second and third, and a page for all from then on.
PAGE = """
name: Page
horizon: 6 months
currency: EUR
rates:
  win_b: {value: 30 %, why: "to be found out"}
  wins: {value: 20 %, by: {arm: {b: win_b, new: win_b}}, why: "last year's page"}
attributes:
  arm:
    by:
      calendar:
        0 months: {out: rest, a: 0 %, b: 0 %, new: 0 %}
        1 month: {out: rest, a: 40 %, b: 40 %}
        3 months: {out: rest}
channels: {mail: {batch: 200, every: 1 month, enters: reader}}
journey:
  reader: {role: prospect, after: 5 days, to: {client: {chance: wins, earn: {sale: 50}}, lost: rest}}
  client: customer
  lost: exit
strategies:
  keep: {}
  roll: {attributes: {arm: {by: {calendar: {3 months: {new: 100 %}}}}}}
  now: {attributes: {arm: {by: {calendar: {1 month: {a: ~, b: ~, new: 100 %}, 3 months: {new: 100 %}}}}}}
  later: {attributes: {arm: {by: {calendar: {9 months: {out: rest, new: 100 %}}}}}}
  early: {attributes: {arm: {by: {calendar: {0 months: {new: 100 %}}}}}}
"""
TESTS = 2000


@pytest.fixture(scope="module")
def letter():
    return loads(LETTER)


@pytest.fixture(scope="module")
def trial(letter):
    return ab_test(letter, rates=(0.20, 0.24), replications=TESTS, seed=1)


@pytest.fixture(scope="module")
def alike(letter):
    return ab_test(letter.with_(win_b="20 %"), replications=TESTS, seed=2)


@pytest.fixture(scope="module")
def page():
    return loads(PAGE)


@pytest.fixture(scope="module")
def paid(page):
    return ab_test(page, strategies="keep", roll_out="roll", now="now", replications=200, seed=1)


# -- against the textbook ---------------------------------------------------------------------------


def agrees(share, exact, n):
    """Tell whether a share in % of n tests agrees with an exact one within three standard errors."""
    return abs(share - exact) < 3 * np.sqrt(exact * (100 - exact) / n)


def test_simulated_power_is_the_textbooks(trial):
    assert 30 < trial.textbook < 50
    assert agrees(trial.power.mean, trial.textbook, TESTS)
    assert trial.power.low < trial.textbook < trial.power.high
    for wrong in ((0.20, 0.235), (0.20, 0.245)):  # half a point beside the truth would be seen
        assert not agrees(trial.power.mean, 100 * power_of(wrong, trial.n, 0.95).mean(), TESTS)


def test_simulated_power_is_the_textbooks_with_unequal_arms_and_another_level(letter):
    one = ab_test(letter.with_(in_b="20 %"), rates=(0.20, 0.24), level=0.8, replications=TESTS, seed=3)
    assert one.n.mean(axis=0) == pytest.approx([960, 240], rel=0.01)
    assert agrees(one.power.mean, one.textbook, TESTS)
    assert not agrees(one.power.mean, found_as_if_equal(one), TESTS)


def found_as_if_equal(one):
    return 100 * power_of(one.rates, np.full((1, 2), one.n.sum(axis=1).mean() / 2), one.level).mean()


def test_arms_that_do_not_differ_are_told_apart_as_often_as_promised(alike):
    assert alike.textbook == pytest.approx(5)
    assert agrees(alike.power.mean, 5, TESTS)
    assert not alike.differs
    assert "false alarm" in alike.answer()
    for name in ("wrong_sign", "exaggeration", "months_needed"):
        assert getattr(alike, name).n == 0


def test_the_shares_of_all_futures_are_the_true_ones(letter):
    one = ab_test(letter, replications=300, seed=1)
    assert one.sure
    assert one.rates == pytest.approx((0.20, 0.24), abs=4 * np.sqrt(0.24 * 0.76 / 600 / 300))
    assert one.lift.mean == pytest.approx(one.true_lift, abs=0.05)


def test_a_lift_that_is_significant_is_too_large_as_often_as_theory_says(trial):
    """Gelman and Carlin's figures for a normal estimate: the mean of its tails beyond the bar."""
    sd = 100 * np.sqrt(0.2 * 0.8 / 600 + 0.24 * 0.76 / 600)
    bar = stats.norm.ppf(0.975) * 100 * np.sqrt(0.22 * 0.78 * 2 / 600)
    above, below = stats.norm.sf((bar - 4) / sd), stats.norm.cdf((-bar - 4) / sd)
    size = 4 * (above - below) + sd * (stats.norm.pdf((bar - 4) / sd) + stats.norm.pdf((bar + 4) / sd))
    exact = size / (above + below) / 4
    assert exact > 1.3
    one = trial.exaggeration
    assert abs(one.mean - exact) < 4 * one.sd / np.sqrt(one.n) + 0.005
    assert trial.wrong_sign.mean <= 100 * below / (above + below) + 0.5


def test_small_tests_believe_the_wrong_sign(letter):
    tiny = ab_test(letter.with_(**{"channels.mail.batch": "60"}), rates=(0.20, 0.24), replications=TESTS, seed=4)
    assert 5 < tiny.wrong_sign.low < tiny.wrong_sign.mean < 45
    assert tiny.exaggeration.mean > 4


@pytest.mark.parametrize(
    ("rates", "power", "n"),
    [((0.10, 0.20), 0.8, 198.96), ((0.50, 0.75), 0.9, 76.7), ((0.20, 0.22), 0.8, 6509.5)],
)
def test_sample_sizes_are_those_of_the_books(rates, power, n):
    """R's power.prop.test says the same of all three, and its manual prints the second."""
    assert sample_size(rates, power, 0.95) == pytest.approx((n, n), rel=3e-4)
    assert power_of(rates, np.array([n, n]), 0.95) == pytest.approx(power, abs=1e-3)
    p = sum(rates) / 2
    assert 16 * p * (1 - p) / (rates[1] - rates[0]) ** 2 == pytest.approx(n, rel=0.05 if power == 0.8 else 0.5)


def test_unequal_arms_take_more_people():
    a, b = sample_size((0.20, 0.24), 0.8, 0.95, ratio=0.25)
    assert b == a / 4
    assert power_of((0.20, 0.24), np.array([a, b]), 0.95) == pytest.approx(0.8, abs=1e-3)
    assert a + b > sum(sample_size((0.20, 0.24), 0.8, 0.95))
    assert sample_size((0.2, 0.2), 0.8, 0.95) == (np.inf, np.inf)


def test_the_statistic_is_the_square_root_of_chi_square():
    wins, n = np.array([[30.0, 45.0], [0.0, 0.0], [3.0, 0.0]]), np.array([[200.0, 210.0], [50.0, 60.0], [9.0, 0.0]])
    table = np.array([wins[0], n[0] - wins[0]])
    chi = stats.chi2_contingency(table, correction=False).statistic
    z = z_of(wins, n)
    assert z[0] == pytest.approx(np.sqrt(chi))
    assert np.isnan(z[1:]).all()
    assert not significant(wins, n, 0.95)[1:].any()


# -- what is counted --------------------------------------------------------------------------------


def counted(log, people, attribute, level, stage):
    """Count in the event log who left a stage by an arm that never changes, and how many of them bought."""
    held = log.merge(people[["key", attribute]], left_on="person", right_on="key")
    left = held[(held.stage == stage) & (held[attribute] == level) & (held.to != "busy")]
    return len(left), int((left.to.isin(["client", "member"])).sum())


@pytest.mark.parametrize(
    ("text", "attribute", "arms", "of", "stage"),
    [
        (LETTER, "arm", ("a", "b"), "conversion", "reader"),
        (CLUB, "letter", ("plain", "gift"), "conversion.asked.member", "asked"),
    ],
)
def test_counts_are_those_of_the_event_log(text, attribute, arms, of, stage):
    model = loads(text)
    one = ab_test(model, over=attribute, values=arms, of=of, replications=2, seed=5)
    for index in range(2):
        run = fs.run(model, seed=5, replication=index, people=True, events=True)
        for arm, level in enumerate(arms):
            known, wins = counted(run.events, run.people, attribute, level, stage)
            assert (one.n[index, arm], one.wins[index, -1, arm]) == (known, wins)
            here = (run.people.stage == stage) & (run.people[attribute] == level)
            assert one.deciding[index, -1, arm] == here.sum()


def test_an_arm_set_at_a_later_stage_is_a_test_there():
    one = ab_test(
        loads(CLUB), over="letter", values=("plain", "gift"), of="conversion.asked.member", replications=200, seed=1
    )
    assert one.rates == pytest.approx((0.30 / 0.95, 0.45 / 0.95), abs=0.01)  # the busy are set aside
    assert agrees(one.power.mean, one.textbook, 200)
    assert one.today.journey.report_by == ("letter",)


def test_who_still_decides_is_in_no_share():
    one = ab_test(
        loads(CLUB),
        over="letter",
        values=("plain", "gift"),
        of="conversion.asked.member",
        month=1,
        replications=200,
        seed=1,
    )
    assert one.undecided.mean > 25
    truth = 100 * (0.45 - 0.30) / 0.95
    assert abs(one.lift.mean - truth) < 4 * one.lift.sd / np.sqrt(200)
    assert one.lift_of_all.high < 0.8 * truth


def test_one_decision_has_many_names():
    model = loads(CLUB)
    names = ("conversion.asked.member", "conversion.asked")
    a, b = (ab_test(model, over="letter", values=("plain", "gift"), of=name, replications=3, seed=1) for name in names)
    assert (a.wins == b.wins).all()
    assert (a.known == b.known).all()
    through = ab_test(model, over="letter", values=("plain", "gift"), of="through.asked.member", replications=3, seed=1)
    assert (through.wins == a.wins).all()
    assert (through.known > a.known).any()  # the busy are failures there
    share = ab_test(
        model, over="letter", values=("plain", "gift"), of="share.asked.reply.member", replications=3, seed=1
    )
    assert (share.wins == a.wins).all()
    assert (share.known == through.known).all()


def test_conversion_of_the_whole_is_bought_or_lost():
    two_steps = LETTER.replace("client: wins", "trial: wins").replace(
        "  client: customer",
        "  trial: {role: prospect, after: 5 days, to: {client: 50 %, lost: rest}}\n  client: customer",
    )
    model = loads(two_steps)
    whole = ab_test(model, replications=20, seed=1)
    assert whole.n.sum(axis=1) == pytest.approx(1200)
    assert (whole.wins == ab_test(model, of="through.reader.client", replications=20, seed=1).wins).all()
    assert whole.rates[0] == pytest.approx(0.11, abs=0.02)
    first = ab_test(model, of="conversion.reader", replications=20, seed=1)
    assert first.wins[:, -1].sum() > 1.5 * whole.wins[:, -1].sum()


def test_an_arm_of_customers_and_less_is_better():
    text = CLUB.replace("90 % per month", "{value: 90 % per month, by: {letter: {gift: 80 % per month}}}")
    asked = {"over": "letter", "values": ("plain", "gift"), "best": "lowest"}
    one = ab_test(loads(text), "share.member.renewal.past", replications=40, seed=1, **asked)
    assert one.true_lift == pytest.approx(10, abs=1.5)
    assert one.undecided.mean == 0


def test_people_who_come_back_need_the_name_of_the_stage():
    model = loads(BACK)
    for of, stage in (("conversion", "asked"), ("through.visitor.member", "asked")):
        with pytest.raises(ExperimentError, match=f"people come to '{stage}'.*conversion.{stage}"):
            ab_test(model, over="letter", values=("plain", "gift"), of=of, replications=2)
    assert ab_test(model, over="letter", values=("plain", "gift"), of="conversion.asked", replications=2).n.all()


def test_looking_every_month_finds_more_that_is_not_there(page):
    one = ab_test(page.with_(win_b="20 %"), strategies="keep", replications=TESTS, month=4, seed=6)
    looks = one.looks()
    assert list(looks.month) == [2, 3, 4]
    assert list(looks.months) == [1, 2, 3]
    assert looks.ever.is_monotonic_increasing
    assert looks.ever.iloc[0] == looks.power.iloc[0]
    assert looks.ever.iloc[-1] > 6.5 > looks.power.iloc[-1]
    assert one.months_tested == 2  # nobody comes into it in the fourth month
    # two looks at half and all of the people: 8.3 % (Armitage, McPherson and Rowe 1969, table 2)
    assert agrees(looks.ever.iloc[1], 8.3, TESTS)


def test_where_rates_are_uncertain_there_is_no_one_truth(letter):
    one = ab_test(letter.with_(win_b={"value": "20 %", "uncertain": "4 points"}), replications=100, seed=1)
    assert one.power.low > 10  # more than a false alarm, since in most worlds the arms do differ
    assert np.isnan(one.textbook)
    assert one.wrong_sign.n == 0
    assert "uncertain" in one.answer()


# -- what it is worth -------------------------------------------------------------------------------


def test_what_rolling_out_and_waiting_are_worth(paid):
    """Three batches of 200 more for 10 points of 50 EUR; at once, all but the two fifths who had B for two more."""
    worth = paid.worth
    assert paid.month == 3
    exact = {"rolling_out": 3000, "cost_of_testing": 2 * 200 * 0.6 * 0.1 * 50, "cost_of_waiting": 4200 / 5}
    for name, value in exact.items():
        one = getattr(worth, name)
        assert abs(one.mean - value) < 4 * one.half_width / 1.97, name
        assert one.half_width < 0.06 * value, name
    assert worth.cost_of_waiting.unit == "EUR per month"
    assert worth.loses.mean == 0


def test_a_rule_earns_what_it_decides(paid):
    worth = paid.worth
    gap = worth.totals[ROLL_OUT] - worth.totals[KEEP]
    decided = paid.significant & (paid.lifts > 0)
    assert worth.rules.gap(BY_TEST, KEEP).mean == pytest.approx((gap * decided).mean())
    assert worth.rules.gap(BY_SIGN, KEEP).mean == pytest.approx((gap * (paid.lifts > 0)).mean())
    assert worth.rules.names[0] == NOW
    assert worth.rules.names[-1] == KEEP
    power = paid.power.mean / 100
    assert worth.rules.gap(BY_TEST, KEEP).mean == pytest.approx(power * gap.mean(), rel=0.05)


def test_the_test_is_the_same_whatever_comes_after(page, paid):
    for strategy in ("roll", "later"):
        other = ab_test(page, strategies=strategy, month=3, replications=200, seed=1)
        assert (other.n == paid.n).all()
        assert (other.lifts == paid.lifts).all()


def test_where_b_may_be_worse_testing_beats_rolling_out(page):
    unsure = page.with_(win_b={"value": "16 %", "uncertain": "8 points"})
    worth = ab_test(unsure, strategies="keep", roll_out="roll", replications=150, seed=1).worth
    assert worth.rolling_out.high < 0
    assert worth.rules.gap(BY_TEST, KEEP).low > 0
    assert worth.rules.gap(BY_SIGN, ROLL_OUT).low > 0
    assert worth.cost_of_waiting is None


def test_lower_may_be_better(page):
    lower = ab_test(page, of="share.reader.reader.lost", strategies="keep", roll_out="roll", best="lowest",
                    replications=20, seed=1)  # fmt: skip
    higher = ab_test(page, strategies="keep", roll_out="roll", replications=20, seed=1)
    assert (lower.worth.better == higher.worth.better).all()
    assert lower.lifts == pytest.approx(-higher.lifts)


# -- what comes back, and what is refused -----------------------------------------------------------


def test_figures_have_units_and_intervals(paid):
    table = paid.frame().set_index("figure")
    assert table.loc["lift seen", "unit"] == "points"
    assert table.loc["months of testing needed", "unit"] == "months"
    assert (table.low <= table["mean"]).all()
    assert (table["mean"] <= table.high).all()
    # batches of 200, two fifths of them in each arm
    assert paid.months_needed.mean == pytest.approx(paid.needed[0] / 80, rel=0.02)
    for text in (str(paid), paid._repr_html_()):
        assert "In truth" in text
        assert "Rolling B out is worth" in text


def test_workers_do_not_matter(letter):
    one, two = (ab_test(letter, replications=12, seed=1, workers=n) for n in (1, 2))
    assert (one.wins == two.wins).all()


def test_the_report_has_every_chart(paid, trial, alike):
    section = sections(paid)[0]
    assert [chart.name for chart in section.charts] == ["ab_lifts_arm", "ab_power_arm", "ab_worth_arm"]
    assert section.tables[1].rows[0][0] == NOW
    assert [chart.name for chart in sections(trial)[0].charts] == ["ab_lifts_arm"]
    peeked = charts_ab.ab_peeking(alike)
    assert "false alarm" in peeked.title
    assert len(charts_ab.ab_lifts(paid).data) == 200
    assert set(charts_ab.ab_worth(paid).data.course) == {NOW, ROLL_OUT}
    with pytest.raises(ExperimentError, match="ab_peeking"):
        charts_ab.ab_power(alike)
    with pytest.raises(ExperimentError, match="roll_out="):
        charts_ab.ab_worth(trial)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"over": "amr"}, "did you mean 'arm'"),
        ({"values": ("a", "c")}, "'c' is no level of 'arm'"),
        ({"values": ("a", "a")}, "two different levels"),
        ({"values": "ab"}, "two levels"),
        ({"of": "conversions"}, "did you mean"),
        ({"of": "profit"}, "no chance that a test could compare"),
        ({"of": "conversion.client"}, "nobody succeeds"),
        ({"replications": 1}, "each is one test"),
        ({"level": 95}, "level is 95: it takes a number from 0 to 1, neither of them"),
        ({"power": 0}, "from 0 to 1, neither of them"),
        ({"rates": (0.2, 22)}, "rates is .*between 0 and 1"),
        ({"best": "high"}, "highest"),
        ({"month": 7}, "months 1 to 6"),
        ({"month": 1}, "nobody in arm 'a' has an outcome"),
        ({"values": ("a", "new")}, "nobody in arm 'new'"),
        ({"now": "now"}, "roll_out too"),
        ({"roll_out": "later"}, "never differs"),
        ({"roll_out": "early"}, "in the first month"),
        ({"roll_out": "roll", "month": 5}, "rolled out in month 4.*by the end of month 3"),
        ({"roll_out": "roll", "metric": "active_customers"}, "does not add up"),
        ({"roll_out": "roll", "metric": "profits"}, "did you mean 'profit'"),
    ],
)
def test_what_is_wrong_is_refused(page, options, said):
    with pytest.raises(ExperimentError, match=said):
        ab_test(page, **{"strategies": "keep", "replications": 4, **options})


def test_strategies_that_are_not_there_are_refused(page):
    with pytest.raises(ConfigError, match="roll"):
        ab_test(page, strategies="keep", roll_out="rol", replications=2)


def test_a_file_without_attributes_is_told_how():
    text = LETTER.replace("attributes: {arm: {b: in_b, a: rest}}\n", "").replace(", by: {arm: {b: win_b}}", "")
    text = text.replace('  in_b: {value: 50 %, why: "a coin for each letter"}\n', "")
    text = text.replace('  win_b: {value: 24 %, why: "to be found out"}\n', "")
    with pytest.raises(ExperimentError, match="write attributes"):
        ab_test(loads(text), replications=2)


@pytest.mark.parametrize(
    ("former", "today"),
    [
        ({"attribute": "arm"}, "write over='arm'"), ({"arms": ("a", "b")}, r"write values=\('a', 'b'\)"),
        ({"strategy": "keep"}, "write strategies="),
    ],
)  # fmt: skip
def test_former_words_are_refused_with_those_of_today(page, former, today):
    with pytest.raises(ExperimentError, match=today):
        ab_test(page, **former)


def test_a_matched_budget_is_that_of_the_scenario_as_given(monkeypatch):
    model = load("subscription").with_(horizon="3 months")
    matched, _ = match_budgets(model, strategies="flywheel", seed=1, near=budgets.NEAR)
    monkeypatch.setattr(budgets, "_solve", None)  # solved once, it is not solved for results by arm
    how = {"over": "satisfaction", "values": ("detractor", "promoter"), "strategies": "flywheel", "seed": 1}
    test = ab_test(model, "share.delight.renewal.stay", replications=2, **how)
    assert "satisfaction" in test.today.journey.report_by
    assert test.today["spend"].mean == replicate(matched, strategies="flywheel", seed=1, replications=2)["spend"].mean
