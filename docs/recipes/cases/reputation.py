"""Figures of docs/cases/reputation.md."""

import numpy as np
from recipes import Page
from recipes.wording import cells, number, span

import flywheel_sim as fs

page = Page("cases/reputation")
ALL = ("funnel", "flywheel", "bad_start")


@page.making(24)
def base():
    return fs.compare(fs.load("reputation"), replications=100, seed=1)


@page.making(7)
def ignored():
    return fs.compare(fs.load("reputation").with_(reads_reviews="0 %"), replications=100, seed=1)


def across(metric, digits=0):
    """Return how a row of the table of strategies is taken."""
    return lambda duel: cells(span(duel[name][metric], digits) for name in ALL)


def against(metric, digits=0):
    """Return how a row is taken: the funnel, and paired differences to it."""

    def one(duel, name):
        gap = duel.difference(metric, of=name)
        if not gap.half_width:
            return number(gap.mean)
        shown = span(gap, digits, True)
        return f"**{shown.replace(' (', '** (', 1)}" if (metric, name) == ("profit", "flywheel") else shown

    return lambda duel: cells([span(duel["funnel"][metric], digits), *(one(duel, name) for name in ALL[1:])])


def passing(duel):
    """Return in which month the stars of the bad start pass -0.5, in words."""
    months = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    return months[int(np.flatnonzero(duel["bad_start"].series("shared.stars").mean(axis=0) > -0.5)[0])]


def a_month(duel, name):
    """Return customers won a month within the first three."""
    return number(duel[name].series("acquisitions")[:, :3].mean())


page.figure(
    base,
    ads=lambda duel: number(duel.matches[0].spend),
    same_spend=lambda duel: number(100 * abs(duel.spend_gap("flywheel")), 1),
    profit=across("profit", -2),
    against_funnel=lambda duel: cells(span(duel.difference("profit", of=name), -2, True) for name in ALL[1:]),
    acquisitions=across("acquisitions"),
    conversion=across("conversion", 1),
    cac=across("cac", 1),
    clv=across("clv", 1),
    stars=across("shared.stars", 2),
    first_months=lambda duel: f"{a_month(duel, 'bad_start')} customers a month instead of {a_month(duel, 'funnel')}",
    passes=passing,
    profit_read=against("profit", -2),
    acquisitions_read=against("acquisitions"),
)
page.figure(
    ignored,
    profit_ignored=against("profit", -2),
    acquisitions_ignored=against("acquisitions"),
    passes_ignored=passing,
)
page.figure(
    base, ignored,
    promised=lambda read, unread: number(100 * (unread["funnel"]["profit"].mean / read["funnel"]["profit"].mean - 1)),
    spread=lambda read, unread: "{} EUR without reviews and of {}".format(
        *(number(duel["funnel"]["profit"].sd, -2) for duel in (unread, read))
    ),
)  # fmt: skip

page.says("Here two fifths more profit, on one budget.", base, when=lambda duel: (
    0.36 < duel.difference("profit", of="flywheel").mean / duel["funnel"]["profit"].mean < 0.45
))  # fmt: skip
page.says("A sixth of three years' customers", base, when=lambda duel: (
    1 / 6.6 < -duel.difference("acquisitions", of="bad_start").mean / duel["funnel"]["acquisitions"].mean < 1 / 5.5
))  # fmt: skip
page.says("the stars need over a year to recover", base, when=lambda duel: (
    duel["bad_start"].series("shared.stars").mean(axis=0)[11] < duel["funnel"]["shared.stars"].low
))  # fmt: skip
page.says("puts the price of a bad start at a fourteenth of what it is", base, ignored, when=lambda read, unread: (
    13.2 < read.difference("profit", of="bad_start").mean / unread.difference("profit", of="bad_start").mean < 14.8
))  # fmt: skip
page.says("says that the flywheel loses", ignored, when=lambda duel: duel.difference("profit", of="flywheel").high < 0)
