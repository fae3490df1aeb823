"""Figures of docs/claims.md."""

import flywheel_sim as fs
from recipes import Page
from recipes.wording import cells, give_two

page = Page("claims")

#: Rows of the table: the claim, and the reading of it.
ROWS = {
    "five_points_revenue": ("retention_5", "+5 points: revenue to the horizon"),
    "five_points_profit": ("retention_5", "+5 points: profit, last full year"),
    "five_points_yearly": ("retention_5", "+5 points of a year's: revenue to the horizon"),
    "existing": ("existing_65", "customers before the last full year"),
    "keeping": ("keeping_5x", "CAC over service per customer-year"),
    "effort": ("keeping_5x", "CAC over retention levers and win-back alone per customer-year"),
    "one_point": ("retention_1", "+1 points: profit to the horizon"),
    "two_points": ("retention_2", "+2 points = a cut of all spend by"),
    "once": ("once_70", "not again within a year"),
}


@page.making(11)
def claims():
    return fs.claims(fs.load("subscription"), strategies=["funnel", "flywheel"], replications=50, seed=1)


def row(claim, label):
    """Return how the row of a reading is taken: what is found, and the verdict."""

    def take(book):
        shown = []
        for strategy in ("funnel", "flywheel"):
            (one,) = [r for r in book[claim].readings if (r.strategy, r.label) == (strategy, label)]
            if one.found is None:
                shown.append(one.why)
            else:
                shown.append(f"{give_two(one.found)}{' %' if one.unit == '%' else ''}, {one.verdict}")
        return cells(shown)

    return take


page.figure(claims, **{name: row(*asked) for name, asked in ROWS.items()})

page.says("the profit of the third year rises by more than is claimed", claims, when=lambda book: all(
    r.found.low > 95 for r in book["retention_5"].readings if r.label == "+5 points: profit, last full year"
))  # fmt: skip
