"""Figures of docs/cases/saas_loyalty.md."""

from itertools import pairwise

import numpy as np
import pandas as pd
from recipes import Page
from recipes.estimates import of_mean, of_ratio
from recipes.wording import cells, number, span, three

import flywheel_sim as fs

page = Page("cases/saas_loyalty")

#: Steps of the programme, and what each has to do without.
STEPS = ("offer", "training", "tour", "survey_6", "survey_3", "welcome", "newsletter", "points", "personal")
#: Lines on which the programme spends, and how the page calls them.
LINES = {
    "trainer": "trainers", "reward": "rewards", "letter": "personal mails", "welcome": "welcome",
    "newsletter": "newsletter", "care": "care", "tour": "tour", "kit": "ambassadors", "surveys": "surveys",
    "offer": "offers",
}  # fmt: skip
MOODS = ("unhappy", "neutral", "happy")
RENEWED = "contract.anniversary.contract"
MONTH = 365 * 24 * 60 * 60 * 1000 / 12
YEAR = 12 * MONTH


@page.making(6)
def base():
    names = ["programme", "no_programme", "more_ads"]
    return fs.compare(fs.load("saas_loyalty"), strategies=names, replications=100, seed=1)


@page.making(17)
def steps():
    names = ["programme", *(f"no_{step}" for step in STEPS)]
    return fs.compare(fs.load("saas_loyalty"), strategies=names, replications=100, seed=1)


@page.making(6)
def lean():
    model = fs.load("saas_loyalty")
    return {
        months: fs.compare(
            model.with_(horizon=f"{months} months"), strategies=["programme", "lean"], replications=n, seed=2
        )
        for months, n in ((60, 100), (84, 20), (120, 20))
    }


@page.making(8)
def followed():
    model = fs.load("saas_loyalty")
    return {
        months: fs.replicate(model.with_(follow=f"{months} months"), strategies="programme", replications=100, seed=1)
        for months in (12, 24, 36, 48)
    }


@page.making(11)
def renewing():
    model = fs.load("saas_loyalty")
    return {
        share: fs.replicate(model.with_(renew=f"{share} %"), strategies="programme", replications=100, seed=1)
        for share in ("82", "70", "60", "83", "82.82")
    }


@page.making(9)
def diaries():
    """People followed one by one in twenty runs: who left unhappy, and what customers did by tenure."""
    model = fs.load("saas_loyalty")
    waits, years = [], []
    for replication in range(20):
        run = fs.run(model, strategies="programme", seed=1, replication=replication, people=True, events=True)
        waits.append(unhappy_for(run))
        years.append(by_tenure(run))
    return waits, np.array(years)


def unhappy_for(run):
    """Return for how many months those had been unhappy who left unhappy."""
    people, log = run.people.set_index("key"), run.events
    left = log[(log.event == "anniversary") & (log.outcome == "churned")].groupby("person").time.max()
    unhappy = left[people.satisfaction[left.index] == "unhappy"]
    soured = log[log.event == "customer.disappoint"].groupby("person").time.max().reindex(unhappy.index)
    return ((unhappy - soured.fillna(people.acquired[unhappy.index])) / MONTH).to_numpy()


def by_tenure(run):
    """Return years lived, modules bought and recommendations by year as a customer: first, second, third, later."""
    log, horizon = run.events, run.journey.horizon
    begin = log[(log.event == "decision") & (log.outcome == "contract")]
    begin = begin.assign(spell=begin.groupby("person").cumcount()).set_index(["person", "spell"]).time
    end = log[(log.event == "anniversary") & (log.outcome == "churned")]
    end = end.assign(spell=end.groupby("person").cumcount()).set_index(["person", "spell"]).time
    spells = pd.DataFrame({"begin": begin, "end": end}).fillna({"end": horizon}).reset_index().sort_values("begin")
    edges = np.array([0, 1, 2, 3, 5]) * YEAR
    age = (spells.end - spells.begin).to_numpy()
    lived = [(np.clip(age, low, high) - low).sum() / YEAR for low, high in pairwise(edges)]
    counts = []
    for event in ("customer.cross_sell", "customer.recommend"):
        events = log[log.event == event].sort_values("time", kind="stable")
        events = pd.merge_asof(events, spells, left_on="time", right_on="begin", by="person")
        counts.append(np.histogram(events.time - events.begin, edges)[0])
    return np.array([lived, *counts])


def cost(runs, strategy="programme"):
    """Return what the programme costs in each replication, as far as a strategy has it."""
    lines = {line for _, line, _ in runs.ledger.layout.lines}
    return sum(runs.values(f"spend.{line}") for line in LINES if line in lines)


def step_cost(duel, without):
    """Return what a step, or the whole programme, adds to the cost of the programme in each replication."""
    return cost(duel["programme"]) - cost(duel[without])


def gained(duel, without, metric="profit"):
    """Return what a step, or the whole programme, adds to a metric in each replication."""
    return duel["programme"].values(metric) - duel[without].values(metric)


def per_euro(duel, without):
    """Return what one euro brings: profit gained and cost together, per cost."""
    paid = step_cost(duel, without)
    return of_ratio(gained(duel, without) + paid, paid)


def strategies(metric, digits, gap=None, unit="", bold=False):
    """Return how a row of the table of strategies is taken: three digits for differences unless said."""

    def against(duel, name):
        difference = duel.difference(metric, of="programme", against=name)
        shown = span(difference, three(difference.mean) if gap is None else gap, True, unit=unit)
        return f"**{shown.replace(' (', '** (', 1)}" if bold else shown

    return lambda duel: cells(
        [span(duel["programme"][metric], digits), against(duel, "no_programme"), against(duel, "more_ads")]
    )


def step(name, profit_digits=-2):
    """Return how the row of a step is taken."""

    def take(duel):
        without = f"no_{name}"
        brings = duel.ranking("profit").gap("programme", without)
        shown = span(brings, profit_digits, True)
        if not brings.low < 0 < brings.high:
            shown = f"**{shown.replace(' (', '** (', 1)}"
        more = of_mean(gained(duel, without, "active_customers"))
        return cells(
            [shown, span(of_mean(step_cost(duel, without)), -1), span(per_euro(duel, without), 2), span(more, 1)]
        )

    return take


def lean_row(months):
    """Return how the row of a horizon is taken."""

    def take(duels):
        gap, more = (duels[months].difference(metric) for metric in ("profit", "active_customers"))
        return cells([span(gap, -2, True), span(more, three(more.mean))])

    return take


def bound(month):
    """Return how the row of a month is taken: customers unhappy and bound, and their share."""

    def take(duel):
        shown = []
        for name in ("programme", "no_programme"):
            runs = duel[name]
            layout = runs.ledger.layout
            stock = runs.ledger.stock[:, month - 1, :, layout.stages.index("contract")]
            mood = [index for index, group in enumerate(layout.groups) if "unhappy" in group]
            unhappy, all_ = stock[:, mood].sum(axis=1), stock.sum(axis=1)
            estimate = of_mean(unhappy)
            shown += [span(estimate, three(estimate.mean)), span(of_ratio(100 * unhappy, all_), 1)]
        return cells(shown)

    return take


def anniversaries(duel, mood):
    """Return renewals and departures of a mood in each replication."""
    layout, flow = duel["programme"].ledger.layout, duel["programme"].ledger.flow.sum(axis=1)
    groups = [index for index, group in enumerate(layout.groups) if mood in group]
    return tuple(
        flow[:, groups, layout.flows.index(("contract", "anniversary", how))].sum(axis=1)
        for how in ("contract", "churned")
    )


def at_the_anniversary(mood):
    """Return how the row of a mood is taken."""

    def take(duel):
        kept, left = anniversaries(duel, mood)
        all_left = sum(anniversaries(duel, one)[1] for one in MOODS)
        return cells([span(of_ratio(100 * kept, kept + left), 1), span(of_ratio(100 * left, all_left), 1)])

    return take


def tenure(year):
    """Return how the row of a year as a customer is taken."""
    return lambda records: cells(
        span(of_ratio(records[1][:, kind, year], records[1][:, 0, year]), 2) for kind in (1, 2)
    )


def follow_row(months):
    """Return how the row of a window is taken."""
    return lambda by_months: cells([span(by_months[months]["clv"]), span(by_months[months]["ltv_cac"], 2)])


def renew_row(share):
    """Return how the row of a chance to renew is taken."""

    def take(by_share):
        runs = by_share[share]
        months = runs["payback"].mean
        back = number(months, 1) if np.isfinite(months) else "not within 36"
        kept = number(runs[f"share.{RENEWED}"].mean, 1)
        return cells([kept, span(runs["ltv_cac"], 2), back, span(runs["profit"], -2)])

    return take


def more_profit(share):
    """Return how the gain in profit by other renewals is taken, in % of today's."""
    return lambda by_share: span(
        of_ratio(
            100 * (by_share[share].values("profit") - by_share["82"].values("profit")), by_share["82"].values("profit")
        ),
        1, True, unit="%" if share == "82.82" else "% profit",
    )  # fmt: skip


def per_renewal(duel, without="no_programme", net=False):
    """Return what each renewal more costs."""
    paid = step_cost(duel, without)
    if net:
        paid = paid - duel["programme"].values("revenue.training")
    return of_ratio(paid, gained(duel, without, f"outcomes.{RENEWED}"))


def times_dearer(duel, *costs):
    """Return how many times an acquisition costs what a renewal does."""
    return " and ".join(number(duel["programme"]["cac"].mean / one.mean, 1) for one in costs)


def lines_of_cost(duel):
    """Return the lines of the programme's cost."""
    costs = {name: duel["programme"][f"spend.{line}"].mean for line, name in LINES.items()}
    return ", ".join(f"{name} {number(value, -2)}" for name, value in costs.items())


def crossing(duel):
    """Return when the programme passes saving the money."""
    return duel.crossover("profit", "programme", "no_programme")


page.figure(
    base,
    per_euro=lambda duel: number(per_euro(duel, "no_programme").mean, 2),
    behind_until=lambda duel: str(crossing(duel).month - 1),
    cac=lambda duel: number(duel["programme"]["cac"].mean),
    per_renewal=lambda duel: span(per_renewal(duel)).replace(" (", " EUR for each renewal more ("),
    per_renewal_net=lambda duel: span(per_renewal(duel, net=True)).replace(" (", " net of training fees ("),
    cac_again=lambda duel: number(duel["programme"]["cac"].mean),
    times_dearer=lambda duel: times_dearer(duel, per_renewal(duel), per_renewal(duel, net=True)),
    points_cost=lambda duel: number(duel["programme"]["spend.reward"].mean),
    matched=lambda duel: number(next(m.spend for m in duel.matches if m.strategy == "more_ads"), -1),
    same_spend=lambda duel: number(100 * abs(duel.spend_gap("more_ads")), 1),
    profit=strategies("profit", -2, -2, bold=True),
    budget=strategies("budget", -2, -2),
    renewed=strategies(f"share.{RENEWED}", 1, 2, "points"),
    renewals=strategies(f"outcomes.{RENEWED}", 0, 0),
    modules=strategies("revenue.modules", -2, -2),
    referred=strategies("referred", 0),
    acquisitions=strategies("acquisitions", 0, 1),
    at_end=strategies("active_customers", 0),
    cacs=strategies("cac", 0, 1),
    clv=strategies("clv", 0, 1),
    one_euro=lambda duel: span(per_euro(duel, "no_programme"), 2).replace(" (", " EUR** (", 1),
    whole_cost=lambda duel: span(of_mean(cost(duel["programme"])), -2, unit="EUR"),
    lines_of_cost=lines_of_cost,
    passes=lambda duel: "{} (interval {} to {}; in single futures month {} to {})".format(
        *(getattr(crossing(duel), name) for name in ("month", "earliest", "latest", "low", "high"))
    ),
    **{f"bound_{month}": bound(month) for month in (12, 24, 36, 48, 60)},
    **{mood: at_the_anniversary(mood) for mood in MOODS},
)
page.figure(
    steps,
    **{f"step_{name}": step(name) for name in STEPS},
    times_dearer_steps=lambda duel: times_dearer(duel, per_renewal(duel, "no_offer"), per_renewal(duel, "no_survey_6")),
)
page.figure(
    base, steps,
    nine=lambda duel, steps: "{} EUR together, the programme as a whole to {}".format(
        number(sum(gained(steps, f"no_{name}").mean() for name in STEPS), -2),
        number(gained(duel, "no_programme").mean(), -2),
    ),
)  # fmt: skip
page.figure(
    lean,
    **{f"lean_{months}": lean_row(months) for months in (60, 84, 120)},
    lean_words=lambda duels: "{} EUR better over five years, {} worse over seven and {} worse over ten".format(
        *(number(abs(duels[months].difference("profit").mean), -3) for months in (60, 84, 120))
    ),
)
page.figure(
    followed,
    **{f"followed_{months}": follow_row(months) for months in (12, 24, 36, 48)},
    cac_followed=lambda by_months: number(by_months[12]["cac"].mean),
)
page.figure(
    renewing,
    **{f"renew_{share}": renew_row(share) for share in ("82", "70", "60")},
    one_point=more_profit("83"),
    one_percent=more_profit("82.82"),
)
page.figure(
    diaries,
    **{f"tenure_{year + 1}": tenure(year) for year in range(4)},
    unhappy_for=lambda records: span(
        of_ratio([wait.sum() for wait in records[0]], [len(wait) for wait in records[0]]), 1, unit="months on average"
    ).removesuffix(")"),
    unhappy_people=lambda records: f"{sum(map(len, records[0])):,}",
    unhappy_long=lambda records: number(100 * np.mean(np.concatenate(records[0]) > 6)),
    recommend_times=lambda records: number(
        records[1][:, 2, 3].sum() / records[1][:, 0, 3].sum() / (records[1][:, 2, 0].sum() / records[1][:, 0, 0].sum()),
        1,
    ),
)

page.says("Against ads for the same money it is ahead from the first month.", base, when=lambda duel: (
    duel.crossover("profit", "programme", "more_ads").month == 1
))  # fmt: skip
page.says("Ambassador offer, training, tour and both surveys.", steps, when=lambda duel: {
    name for name in STEPS if duel.ranking("profit").gap("programme", f"no_{name}").low > 0
} == {"offer", "training", "tour", "survey_3", "survey_6"})  # fmt: skip
page.says("Personal mail, newsletter and points cost more than they bring", steps, when=lambda duel: {
    name for name in STEPS if duel.ranking("profit").gap("programme", f"no_{name}").high < 0
} == {"personal", "newsletter", "points"})  # fmt: skip
page.says("One in seven is unhappy and bound.", base, when=lambda duel: (
    1 / 7.5 < (by := duel["programme"].by("satisfaction", "active_customers")["active_customers", "mean"])["unhappy"]
    / by.sum() < 1 / 6.5
))  # fmt: skip
page.says("It is twice what a customer brings in a year", followed, when=lambda by_months: (
    1.9 < by_months[12]["cac"].mean / by_months[12]["clv"].mean < 2.2
))  # fmt: skip
page.says("Over half of the unhappy renew nevertheless", base, when=lambda duel: (
    (kept := anniversaries(duel, "unhappy"))[0].sum() > kept[1].sum()
))  # fmt: skip
page.says("the second largest item of the programme after trainers", base, when=lambda duel: sorted(
    LINES, key=lambda line: -duel["programme"][f"spend.{line}"].mean
)[:2] == ["trainer", "reward"])  # fmt: skip
