"""Figures of docs/cases/landing_page.md."""

from recipes import Page
from recipes.estimates import of_mean
from recipes.wording import cells, in_words, number, span

import flywheel_sim as fs

page = Page("cases/landing_page")
SIGN_UP = "conversion.visitor.trial"
MONTHS = (1, 2, 4, 9, 21)
KEEP, ROLL_OUT, NOW = "always keep A", "always roll B out after the test", "roll B out at once, untested"
BY_TEST, BY_SIGN = "roll B out if significantly better", "roll B out if better at all"


def short():
    """Return the journey up to the day the test is read."""
    return fs.load("landing_page").with_(horizon="5 months", follow="1 month")


def worth_of(model):
    """Return what a test is worth, for some chance with page B."""
    courses = {"strategies": "keep_a", "roll_out": "roll_out_b", "now": "roll_out_now"}
    return fs.ab_test(model, of=SIGN_UP, replications=200, seed=1, **courses).worth


@page.making(10)
def sign_ups():
    return fs.ab_test(short(), of=SIGN_UP, strategies="keep_a", rates=(0.20, 0.22), replications=4000, seed=1)


@page.making(2)
def purchases():
    return fs.ab_test(short(), of="conversion", strategies="keep_a", rates=(0.02, 0.022), replications=1000, seed=1)


@page.making(1.9)
def lasting():
    return fs.ab_test(
        fs.load("landing_page"), of=SIGN_UP, strategies="keep_testing", rates=(0.20, 0.22), replications=200, seed=1
    )


@page.making(4)
def equal():
    return fs.ab_test(
        fs.load("landing_page").with_(page_b="20 %"), of=SIGN_UP, strategies="keep_testing", rates=(0.20, 0.20),
        replications=400, seed=1,
    )  # fmt: skip


@page.making(6)
def better():
    return worth_of(fs.load("landing_page"))


@page.making(10)
def unsure():
    return worth_of(fs.load("landing_page").with_(page_b={"value": "20 %", "uncertain": "2 points"}))


@page.making(5)
def plans():
    return fs.compare(fs.load("landing_page"), strategies=["keep_a", "roll_out_b"], replications=200, seed=1)


def both(*takes):
    """Return how a row is taken from the tests of sign-ups and of purchases."""
    return lambda one, other: cells(take(trial) for take, trial in zip(takes * 2, (one, other), strict=False))


def quantiles(trial):
    """Return between which lifts nine futures in ten lie."""
    return f"{number(trial.lift_quantile(0.05).mean, 2)} to {number(trial.lift_quantile(0.95).mean, 2)}"


def needed(trial):
    """Return the mean of what both arms need."""
    return sum(trial.needed) / 2


def known(trial):
    """Return how many people of an arm are known."""
    return of_mean(trial.n.mean(axis=1))


def looked(column, low=None, high=None):
    """Return how a row by months of testing is taken."""

    def take(trial):
        table = trial.looks().set_index("months").loc[list(MONTHS)]
        ends = [f" ({number(row[low])} to {number(row[high])})" if low else "" for _, row in table.iterrows()]
        return cells(number(one) + end for one, end in zip(table[column], ends, strict=True))

    return take


def decided(rule):
    """Return how the row of a rule is taken, against always keeping A."""
    return lambda one, other: cells(span(trial.rules.gap(rule, KEEP), -2, True) for trial in (one, other))


page.figure(
    sign_ups, purchases,
    people=both(lambda f: span(known(f)), lambda f: number(known(f).mean)),
    deciding=both(lambda f: span(f.undecided, 1)),
    lift=both(lambda f: span(f.lift, 2)),
    lifts=both(quantiles),
    power=both(lambda f: span(f.power, 1)),
    textbook=both(lambda f: number(f.textbook, 1)),
    exaggeration=both(lambda f: span(f.exaggeration, 2), lambda f: span(f.exaggeration, 1)),
    wrong_sign=both(lambda f: span(f.wrong_sign, 1), lambda f: span(f.wrong_sign)),
    needed=both(lambda f: number(needed(f), -1), lambda f: number(needed(f), -2)),
    months_needed=both(lambda f: span(f.months_needed, 1), lambda f: span(f.months_needed)),
)  # fmt: skip
page.figure(
    sign_ups,
    visitors=lambda trial: number(known(trial).mean, -1),
    visitors_needed=lambda trial: (
        f"{number(needed(trial), -1)} in each arm, {in_words(trial.months_needed.mean)} months"
    ),
    shrunk=lambda trial: f"{number(trial.lift.mean, 2)} to {number(trial.lift_of_all.mean, 2)}",
)
page.figure(purchases, purchases_needed=lambda trial: number(needed(trial), -2))
page.figure(
    lasting,
    months_lasting=lambda trial: number(trial.months_needed.mean, 1),
    power_by_month=looked("power", "low", "high"),
    textbook_by_month=looked("textbook"),
)
page.figure(equal, one_look=looked("power", "low", "high"), many_looks=looked("ever", "ever_low", "ever_high"))
page.figure(
    better, unsure,
    now=decided(NOW),
    roll_out=decided(ROLL_OUT),
    by_sign=decided(BY_SIGN),
    by_test=decided(BY_TEST),
    loses=lambda one, other: cells(span(trial.loses) for trial in (one, other)),
    month_without=lambda one, other: cells(span(trial.cost_of_waiting) for trial in (one, other)),
    testing_first=lambda one, other: cells(span(trial.cost_of_testing, -1) for trial in (one, other)),
)  # fmt: skip
page.figure(
    better,
    waiting=lambda trial: number(trial.cost_of_waiting.mean, -1),
    testing=lambda trial: number(trial.cost_of_testing.mean, -3),
)
page.figure(
    unsure,
    test_worth=lambda trial: number(trial.rules.gap(BY_SIGN, KEEP).mean, -2),
    test_worth_again=lambda trial: number(trial.rules.gap(BY_SIGN, KEEP).mean, -2),
)
page.figure(
    plans,
    spends_more=lambda duel: number(100 * duel.spend_gap()),
    earns_more=lambda duel: number(100 * duel.difference("revenue").mean / duel["keep_a"]["revenue"].mean),
)

page.says("find this difference in one future in four", sign_ups, when=lambda trial: 22.5 < trial.power.mean < 29)
page.says("Twice the truth, on average.", sign_ups, when=lambda trial: 1.8 < trial.exaggeration.mean < 2.2)
page.says("in each arm, ten years", purchases, when=lambda trial: 114 < trial.months_needed.mean < 126)
page.says("one significant result in seven then points the wrong way", purchases,
    when=lambda trial: 1 / 7.5 < trial.wrong_sign.mean / 100 < 1 / 6.5)  # fmt: skip
page.says("one future in eight shows a difference that is not there after four months, and one in four after", equal,
    when=lambda trial: [
        round(100 / ever) for ever in trial.looks().set_index("months").ever.loc[[4, 21]]
    ] == [8, 4])  # fmt: skip
page.says("One in twenty is still deciding then.", sign_ups, when=lambda trial: 4.5 < trial.undecided.mean < 5.5)
page.says("to wait for significance gives half of it away or more", better, unsure, when=lambda one, other: all(
    trial.rules.gap(BY_TEST, KEEP).mean < 0.55 * trial.rules.gap(BY_SIGN, KEEP).mean for trial in (one, other)
))  # fmt: skip
page.says("rolling out untested is worth nothing", unsure, when=lambda trial: (
    (gap := trial.rules.gap(NOW, KEEP)).low < 0 < gap.high
))  # fmt: skip
