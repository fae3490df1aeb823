"""Figures of docs/cases/lifecycle.md."""

import pandas as pd
from recipes import Page
from recipes.wording import cells, number, span, three

import flywheel_sim as fs

page = Page("cases/lifecycle")
OTHERS = ("no_win_back", "late_mails", "own_pace", "flat_offer", "mail_again", "leave_out")
WINDOWS = ("13 weeks", "26 weeks", "52 weeks", "156 weeks")
LOW = {
    "basket": 5, "goods": 2.8, "accessory": 3, "accessory_goods": 1.6, "complements": "1 %", "win_back": "1 %",
    "recommends": "0.002 per month", "last_chance": "0.3 %", "offer_value": 1.4, "letter_offer": 2,
}  # fmt: skip
DAY = 24 * 60 * 60 * 1000


@page.making(11)
def base():
    return fs.compare(fs.load("lifecycle"), replications=60, seed=1)


@page.making(39)
def ladders():
    model = fs.load("lifecycle")
    return {
        window: fs.repeat_ladder(model, "orders", window=window, strategies="today", replications=40, seed=1)
        for window in WINDOWS
    }


@page.making(0.1)
def real():
    return {window: fs.ladder_of(fs.datasets.cdnow(), window=window) for window in WINDOWS[:3]}


@page.making(7)
def annoyed():
    """How many slow buyers a mail before day 180 loses."""
    model, path = fs.load("lifecycle"), "rates.annoys.by.habit.slow.by.silence.0 days"
    return {
        chance: fs.compare(
            model.with_(**{path: f"{chance} %"}), strategies=["today", "own_pace"], replications=30, seed=1
        )
        for chance in (2, 4, 8, 12)
    }


@page.making(4)
def low():
    return fs.compare(
        fs.load("lifecycle").with_(**LOW), strategies=["no_win_back", "today", "mail_again"], replications=60, seed=1
    )


@page.making(7)
def unasked():
    """How visits of slow buyers to `at_risk` end that began 275 days before the horizon or earlier."""
    model, ends = fs.load("lifecycle"), []
    for replication in range(10):
        run = fs.run(model, strategies="today", seed=1, replication=replication, people=True, events=True)
        slow = set(run.people.key[run.people.habit == "slow"])
        log = run.events[run.events.person.isin(slow) & (run.events.stage != run.events.to) & (run.events.to != "")]
        log = log.sort_values("time", kind="stable")
        begun, ended = log[log.to == "at_risk"], log[log.stage == "at_risk"]
        begun = begun.set_index(["person", begun.groupby("person").cumcount()]).time
        ended = ended.set_index(["person", ended.groupby("person").cumcount()]).event
        ends.append(ended.reindex(begun.index)[begun < run.journey.horizon - 275 * DAY])
    return pd.concat(ends)


def row(name):
    """Return how the row of a strategy is taken."""

    def take(duel):
        runs = duel[name]
        gap = (
            []
            if name == "today"
            else [span(duel.difference("profit", of=name), -1, name in ("leave_out", "flat_offer"))]
        )
        return cells(
            [
                span(runs["profit"], 1, per=1000),
                *(gap or ["–"]),
                number(runs["spend"].mean / 1000, 1),
                span(runs["clv"], 1),
            ]
        )

    return take


def gap(name, digits=-2, metric="profit", size=True):
    """Return how the difference of a strategy to `today` is taken, its size."""
    return lambda duel: number(abs(duel.difference(metric, of=name).mean), digits)


def by_habit(duel):
    """Return lifetime value by habit, and half the widths of its intervals."""
    table = duel["today"].by("habit", "clv")["clv"].loc[["once", "slow", "steady"]]
    halves = (table.high - table.low) / 2
    shown = ", ".join(f"{name} {number(value, three(value))}" for name, value in table["mean"].items())
    return f"{shown} (half-widths {', '.join(number(half, 1) for half in halves)})"


def steps(take):
    """Return how a row of the ladder is taken, for a window of a year."""
    return lambda by_window: cells(number(take(by_window["52 weeks"].share(k)), 1) for k in range(2, 11))


def once(window):
    """Return how the row of a window is taken: who did not buy again, simulated and real."""

    def take(simulated, observed):
        shown = [
            span(by_window[window].once_only, 1, unit="%") for by_window in (simulated, observed) if window in by_window
        ]
        return cells([*shown, *["not observed"] * (2 - len(shown))])

    return take


page.figure(
    base,
    **{name: row(name) for name in ("today", *OTHERS)},
    winning_back=gap("no_win_back"),
    winning_back_share=lambda duel: number(
        -100 * duel.difference("profit", of="no_win_back").mean / duel["today"]["profit"].mean
    ),
    later=gap("late_mails"),
    letters_cost=gap("leave_out", metric="spend.letters"),
    leaving_out=gap("leave_out"),
    flat=lambda duel: "{} EUR, {} to {}".format(
        number((e := duel.difference("profit", of="flat_offer")).mean, -1, True), number(e.low, -1), number(e.high, -1)
    ),
    vouchers=gap("flat_offer", metric="spend.vouchers"),
    orders_less=lambda duel: number(duel.difference("outcomes.at_risk.miss_you.won", of="flat_offer").mean),
    acquired=lambda duel: span(duel["today"]["acquisitions"]),
    cac=lambda duel: span(duel["today"]["cac"], 1),
    at_risk=lambda duel: span(duel["today"]["entered.at_risk"]),
    inactive=lambda duel: span(duel["today"]["entered.inactive"]),
    mails_won=lambda duel: "{}; `late_mails` {}".format(
        *(span(duel[name]["share.at_risk.miss_you.won"], 2) for name in ("today", "late_mails"))
    ),
    letters_won=lambda duel: "{}; `mail_again` {}".format(
        *(span(duel[name]["share.inactive.letter.won"], 2) for name in ("today", "mail_again"))
    ),
    referred=lambda duel: "{}; `no_win_back` {}".format(
        *(span(duel[name]["referred"]) for name in ("today", "no_win_back"))
    ),
    by_habit=by_habit,
)
page.figure(
    annoyed,
    by_annoyance=lambda duels: cells(span(duel.difference("profit"), -1, chance > 4) for chance, duel in duels.items()),
)
page.figure(
    low,
    low_loses=lambda duel: span(duel.difference("profit", of="no_win_back", against="today"), -1, unit="EUR"),
    low_mails=lambda duel: span(duel.difference("profit", of="mail_again"), unit="EUR"),
)
page.figure(unasked, unasked=lambda ends: number(100 * (ends == "returns").mean()))
page.figure(ladders, real, **{f"once_{window.split()[0]}": once(window) for window in WINDOWS})
page.figure(
    ladders,
    ladder=steps(lambda share: share.mean),
    ladder_half=steps(lambda share: share.half_width),
    customers=lambda by_window: f"{by_window['52 weeks'].customers.sum():,}",
    within_a_year=lambda by_window: number(by_window["52 weeks"].once_only.mean),
    off_at_26=lambda by_window: number(by_window["26 weeks"].once_only.mean, 1),
)
page.figure(
    real,
    real_ladder=steps(lambda share: share.mean),
    real_low=steps(lambda share: share.low),
    real_high=steps(lambda share: share.high),
    real_at_26=lambda by_window: number(by_window["26 weeks"].once_only.mean, 1),
    real_customers=lambda by_window: f"{by_window['52 weeks'].customers:,}",
)

page.says("True after three months, false after six.", ladders, when=lambda by_window: (
    65 < by_window["13 weeks"].once_only.mean < 75 and by_window["26 weeks"].once_only.mean < 65
))  # fmt: skip
page.says("writes off nearly one customer in five too many", ladders,
    when=lambda by_window: 17 < 70 - by_window["156 weeks"].once_only.mean < 20)  # fmt: skip
page.says("not told apart here from one voucher for all", base,
    when=lambda duel: (e := duel.difference("profit", of="flat_offer")).low < 0 < e.high)  # fmt: skip
page.says("one recommendation in seven hangs on win-back", base, when=lambda duel: (
    6.5 < duel["today"]["referred"].mean / -duel.difference("referred", of="no_win_back").mean < 7.5
))  # fmt: skip
