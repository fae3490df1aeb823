"""Figures of docs/cases/automation.md."""

import numpy as np
from recipes import Page
from recipes.estimates import of_mean
from recipes.wording import cells, give, number, span

import flywheel_sim as fs

page = Page("cases/automation")

#: Decimals of the difference to `today`, in thousands.
OTHERS = {
    "no_content": 0, "no_scoring": 0, "call_all": 0, "no_cleaning": 1, "no_reactivation": 1, "no_diagnosis": 1,
    "no_chaser": 1, "funnel": 0,
}  # fmt: skip


def sweep(name, values, unit=""):
    """Return replications of `today` at other values of a rate or a spend."""
    model = fs.load("automation")
    return {
        value: fs.replicate(model.with_(**{name: f"{value}{unit}"}), strategies="today", replications=30, seed=1)
        for value in values
    }


@page.making(21)
def base():
    return fs.compare(fs.load("automation"), replications=40, seed=1)


@page.making(18)
def thresholds():
    return sweep("ripe_at", range(10, 81, 10))


@page.making(9)
def contents():
    return sweep("levers.content.spend", (500, 1500, 3000, 6000), " per month")


@page.making(7)
def cleanings():
    return sweep("clean_at", (9, 12, 18, 24), " months")


def gap(outcomes, value, today, metric="profit"):
    """Return the paired difference of one value to another."""
    return of_mean(outcomes[value].values(metric) - outcomes[today].values(metric))


def gaps(today, digits=0):
    """Return how the row of profit less today's is taken from a sweep."""
    return lambda outcomes: cells(
        "0" if v == today else give(gap(outcomes, v, today), digits, True, 1000) for v in outcomes
    )


def means(metric, digits=0, per=1):
    """Return how a row of means is taken from a sweep."""
    return lambda outcomes: cells(number(runs[metric].mean / per, digits) for runs in outcomes.values())


def against_threshold(outcomes):
    """Return the differences to the threshold of 50, the best of them in bold."""
    best = max(outcomes, key=lambda value: outcomes[value]["profit"].mean)
    shown = {v: "0" if v == 50 else give(gap(outcomes, v, 50), 0, True, 1000) for v in outcomes}
    return cells(f"**{text.replace(' ', '** ', 1)}" if v == best else text for v, text in shown.items())


def row(name, digits):
    """Return how the row of a strategy is taken from the comparison."""

    def take(duel):
        runs = duel[name]
        profit = f"{span(runs['spend'], per=1000)} | {span(runs['profit'], per=1000)}"
        shown = [span(runs["acquisitions"], 1), number(runs["entered.ripe"].mean), profit]
        if name != "today":
            shown.append(span(duel.difference("profit", of=name), digits, True, 1000, ends=True))
        return cells(shown)

    return take


def change(name, metric="profit", digits=0, size=False):
    """Return how the paired difference of a strategy to `today` is taken, its sign or its size."""
    return lambda duel: number((abs if size else float)(duel.difference(metric, of=name).mean), digits)


page.figure(
    base,
    **{name: row(name, digits) for name, digits in {"today": 0, **OTHERS}.items()},
    same_spend=lambda duel: number(100 * abs(duel.spend_gap("funnel")), 1),
    calls_at_random=lambda duel: number(
        100 * (duel["no_scoring"]["entered.ripe"].mean / duel["today"]["entered.ripe"].mean - 1)
    ),
    wins_without_score=lambda duel: (
        f"{number(-duel.difference('acquisitions', of='no_scoring').mean)} of "
        f"{number(duel['today']['acquisitions'].mean)}"
    ),
    times_the_calls=lambda duel: number(duel["call_all"]["entered.ripe"].mean / duel["today"]["entered.ripe"].mean),
    call_all_wins=change("call_all", "acquisitions"),
    call_all_loses=change("call_all", digits=-3, size=True),
    content_wins=change("no_content", "acquisitions", 1, size=True),
    content_brings=change("no_content", digits=-3, size=True),
    cleaning_tool=change("no_cleaning", "spend.tool", -2, size=True),
    cleaning_saves=change("no_cleaning", digits=-2, size=True),
    cleaning_wins=change("no_cleaning", "acquisitions", 1),
    reactivation_wins=change("no_reactivation", "acquisitions", 1, size=True),
    reactivation_costs=lambda duel: number(
        round(-duel.difference("spend.letters", of="no_reactivation").mean / 50) * 50
    ),
    reactivation_pays=lambda duel: span(
        duel.ratio("profit", "spend.letters", of="no_reactivation"), 1, unit="EUR of profit per euro"
    ),
    funnel_wins=change("funnel", "acquisitions", size=True),
    funnel_loses=change("funnel", digits=-3, size=True),
    opened=lambda duel: span(duel["today"]["share.contact.newsletter.opened"], 1, unit="% here"),
    opened_stale=lambda duel: number(duel["no_content"]["share.contact.newsletter.opened"].mean, 1),
    chaser_wins=lambda duel: span(
        duel.difference("acquisitions", of="today", against="no_chaser"), 1, unit="wins here"
    ),
    chaser_profit=lambda duel: span(
        duel.difference("profit", of="today", against="no_chaser"), -2, True, unit="EUR", ends=True
    ),
)
page.figure(
    thresholds,
    threshold_calls=means("entered.ripe"),
    threshold_wins=means("acquisitions"),
    threshold_profit=against_threshold,
    profit_at_50=lambda outcomes: number(outcomes[50]["profit"].mean, -3),
    profit_at_20=lambda outcomes: number(outcomes[20]["profit"].mean, -3),
    profit_at_80=lambda outcomes: number(outcomes[80]["profit"].mean, -3),
)
page.figure(
    contents,
    content_spend_wins=means("acquisitions", 1),
    content_spend_profit=gaps(1500),
    four_times_content=lambda outcomes: number(-gap(outcomes, 6000, 1500).mean, -3),
)
page.figure(cleanings, cleaning_tools=means("spend.tool", 1, 1000), cleaning_profit=gaps(18, 1))

page.says("50 is far too high. At 10 it is too low.", thresholds, when=lambda outcomes: (
    gap(outcomes, 20, 50).low > 0 and of_mean(outcomes[20].values("profit") - outcomes[10].values("profit")).low > 0
))  # fmt: skip
page.says("Half of what the tool costs", base, when=lambda duel: (
    0.45 < duel.difference("spend.tool", of="no_cleaning").mean / duel["today"]["spend.tool"].mean < 1.1
))  # fmt: skip
page.says("A third of the money brings half of those wins", base, contents, when=lambda duel, outcomes: (
    0.4 < (outcomes[500]["acquisitions"].mean - np.mean(duel["no_content"].values("acquisitions")[:30]))
    / (outcomes[1500]["acquisitions"].mean - np.mean(duel["no_content"].values("acquisitions")[:30])) < 0.6
))  # fmt: skip
page.says("500 and 1,500 EUR of content cannot be told apart, nor 12 and 18 months", contents, cleanings,
    when=lambda spends, ages: gap(spends, 500, 1500).high > 0 and gap(ages, 12, 18).high > 0)  # fmt: skip
page.says("deleting at nine months loses contacts that would have come back", cleanings,
    when=lambda ages: gap(ages, 9, 18).high < 0)  # fmt: skip
page.says("nothing to tell apart from none", base, when=lambda duel: duel.difference("profit", of="no_chaser").high > 0)
