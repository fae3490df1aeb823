"""Figures of docs/breakeven.md."""

import numpy as np

import flywheel_sim as fs
from recipes import Page
from recipes.wording import cells, give, in_words, number

page = Page("breakeven")


def overtaking(by, rematch):
    """Return from which retention on the flywheel earns more by a month."""
    return fs.breakeven(
        fs.load("subscription"), over="retention", by=f"{by} months", rematch=rematch, replications=200, seed=1
    )


@page.making(20)
def equal_36():
    return overtaking(36, True)


@page.making(32)
def equal_24():
    return overtaking(24, True)


@page.making(13)
def decided_36():
    return overtaking(36, False)


@page.making(8)
def decided_24():
    return overtaking(24, False)


@page.making(40)
def both():
    return fs.breakeven_map(
        fs.load("subscription"), over=("retention", "invites"), by="36 months", replications=50, seed=1
    )


def roots(result):
    """Return where the lead changes, with intervals."""
    shown = [f"{number(c.value, 1)} ({number(c.low, 1)} to {number(c.high, 1)})" for c in result.crossings]
    ends = " to ".join(number(end) for end in result.between)
    return " and ".join(shown) or f"none within {ends}"


def not_told(result):
    """Return where nobody is surely ahead."""
    shown = [
        f"at {number(one.low)}"
        if round(one.low) == round(one.high)
        else f"from {number(one.low)} to {number(one.high)}"
        for one in result.stretches
        if one.ahead == 0
    ]
    return " and ".join(shown) or "nowhere"


def row(place):
    """Return how the row of a value of retention is taken; the values are those first looked at."""

    def take(late, early, kept):
        value = late.looked[place]
        shown = [number(value, 1) + (" (today)" if value == late.today["flywheel"] else "")]
        for result in (early, late):
            shown.append(give(result.difference(result.nearest_point(value)), 0, True))
        cross = late.months()[float(late.values[late.nearest_point(value)])]
        ends = " to ".join("never" if end is None else str(end) for end in (cross.earliest, cross.latest))
        shown.append("never" if cross.month is None else f"{cross.month} ({ends})")
        point = kept.nearest_point(value)
        shown += [give(kept.difference(point), 0, True), f"{number(100 * kept.spend_gap(point), 1, True)} %"]
        return cells(shown)

    return take


def of_cells(result):
    """Return in how many cells of the map the flywheel is ahead, behind, and not told apart."""
    ahead = result.ahead
    return (
        f"{(ahead > 0).sum()} of {ahead.size} cells and behind in {in_words((ahead < 0).sum())}; "
        f"{(ahead == 0).sum()} are not told apart"
    )


def invitations(result, sign):
    """Return at which invitations a month the flywheel is surely ahead (1) or behind (-1) at some retention."""
    return result.values[1][(result.ahead == sign).any(axis=0)]


def line_at(invites):
    """Return how the break-even at some invitations a month is taken from the map."""

    def take(result):
        at = int(np.argmin(np.abs(result.values[1] - invites)))
        return number(result.lines[at][0].value)

    return take


page.figure(equal_36, root_equal_36=roots)
page.figure(equal_24, root_equal_24=roots)
page.figure(
    decided_36, root_decided_36=roots, not_told_36=not_told,
    saves=lambda result: number(100 * max(-result.spend_gap(point) for point in range(len(result.values)))),
)  # fmt: skip
page.figure(decided_24, root_decided_24=roots, not_told_24=not_told)
page.figure(equal_36, equal_24, decided_36, **{f"row_{place}": row(place) for place in range(10)})
page.figure(both, map_cells=of_cells, line_low=line_at(0.08), line_high=line_at(0.14))

page.says("| the flywheel wins between them |", equal_24, equal_36, when=lambda *results: all(
    [one.rises for one in result.crossings] == [True, False] for result in results
))  # fmt: skip
page.says("the difference of today cannot be told from none", equal_24, when=lambda result: (
    (gap := result.difference(result.nearest_point(91))).low < 0 < gap.high
))  # fmt: skip
page.says("Below the range customers leave after three months, on average, instead of eleven.", equal_36,
    when=lambda result: round(1 / (1 - result.crossings[0].value / 100)) == 3)  # fmt: skip
page.says("On equal budgets the flywheel loses where people leave quickly", equal_24, equal_36,
    when=lambda *results: all(result.difference(0).high < 0 for result in results))  # fmt: skip
page.says("It loses again where nearly everybody stays.", equal_24, equal_36,
    when=lambda *results: all(result.difference(len(result.values) - 1).high < 0 for result in results))  # fmt: skip
page.says("it is ahead below, and behind above", decided_24, when=lambda result: (
    [one.rises for one in result.crossings] == [False]
))  # fmt: skip
page.says("It is ahead only with more invitations than today, and behind only with half as many or fewer.", both,
    when=lambda result: invitations(result, 1).min() > 0.07 >= 2 * invitations(result, -1).max())  # fmt: skip
