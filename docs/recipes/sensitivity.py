"""Figures of docs/sensitivity.md."""

from scipy import stats

import flywheel_sim as fs
from recipes import Page
from recipes.estimates import of_ratio
from recipes.wording import cells, give, number

page = Page("sensitivity")

#: The three columns of the table: strategy, and how "+5 %" is read.
COLUMNS = (("funnel", "+5 points"), ("flywheel", "+5 points"), ("flywheel", "+5 % relative"))

# The two journeys of tests/theory/test_retention.py, in which the answer is known.
CLUB = """
name: Constant inflow
horizon: {months} months
warm_up: {warm_up} months
currency: EUR
rates: {{retention: {{value: 80 % per month, why: "the point at which the gain is known"}}}}
channels: {{walk_in: {{rate: 200 per month, enters: member}}}}
journey:
  member:
    role: customer
    on_entry: {{earn: {{first: 10}}}}
    events:
      renewal: {{every: 1 month, to: {{stay: {{chance: retention, earn: {{again: 10}}}}, gone: rest}}}}
  gone: exit
"""
LIFETIME = """
name: Payment if renewed
horizon: 60 years
follow: 60 years
discount: 12 % per year
currency: EUR
rates:
  retention: {value: 90 % per year, why: "the point at which the elasticity is known"}
  margin:    {value: 100, why: "any figure would do"}
channels: {start: {batch: 4000, enters: member}}
journey:
  member: {role: customer, every: 1 year, to: {stay: {chance: retention, earn: {margin: margin}}, gone: rest}}
  gone: exit
"""


@page.making(7)
def effect():
    return fs.effect(fs.load("subscription"), replications=100)


@page.making(2.9)
def matched():
    return fs.match_budgets(fs.load("subscription"))[1]


@page.making(1.6)
def steady():
    club = fs.loads(CLUB.format(months=240, warm_up=120))
    return {r: fs.effect(club.with_(retention=r), replications=16, seed=5) for r in (0.80, 0.88)}


@page.making(0.5)
def existing():
    short = fs.loads(CLUB.format(months=84, warm_up=48))
    responses = {
        of: fs.sensitivity(short, of, "retention", values=[0.65], replications=8) for of in ("revenue.again", "revenue")
    }
    again, total = (held.curve["as written"][0] for held in responses.values())
    return of_ratio(100 * again, total)


@page.making(0.7)
def lifetime():
    return fs.sensitivity(fs.loads(LIFETIME), "clv", "retention", values=[0.9], replications=60).elasticity[
        "as written"
    ]


@page.making(0.2)
def margins():
    return fs.sensitivity(fs.loads(LIFETIME), "clv", "margin", values=[100.0], replications=2).elasticity["as written"]


def change(figure, with_share=True):
    """Return how a row of changes is taken: in EUR, and in % of today's."""

    def take(response):
        shown = []
        for strategy, step in COLUMNS:
            one = response.change(figure, strategy, step)
            share = f" ({give(one.percent, 1, True)} %)" if with_share else ""
            shown.append(give(one.gain, 0, True) + share)
        return cells(shown)

    return take


def part(name):
    """Return how the row of a part of revenue is taken."""

    def take(response):
        parts = [response.split("revenue", strategy, step).parts[name] for strategy, step in COLUMNS]
        return cells(give(one, 0, True) if one.mean else "0" for one in parts)

    return take


def percents(figure, so_far=False, halves=False):
    """Return the years of the flywheel's gain, in % of today's."""

    def take(response):
        years = [year.so_far if so_far else year.within for year in response.years(figure, "flywheel", "+5 points")]
        return [give(one.percent, 1) if halves else number(one.percent.mean, 1) for one in years]

    return take


def listed(texts):
    """Return figures as a sentence lists them."""
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def simulated(estimate, digits, exact, unit="", words=", "):
    """Return a mean with its standard error in % of the exact figure."""
    error = 100 * estimate.half_width / stats.t.ppf(0.975, estimate.n - 1) / exact
    return f"{number(estimate.mean, digits)}{unit}{words}{number(error, 2)} %"


def split(response):
    """Return the parts of the flywheel's gain in revenue."""
    return response.split("revenue", "flywheel", "+5 points")


page.figure(matched, matched=lambda matches: number(matches[0].spend, 2))
page.figure(
    effect,
    revenue=change("revenue"),
    margin=change("margin"),
    profit=change("profit"),
    own=part("own"),
    upsell=part("upsell"),
    referral=part("referral"),
    profit_share=lambda response: "{} against {}".format(
        *(number(response.change(name, "flywheel", "+5 points").percent.mean, 1) for name in ("profit", "revenue"))
    ),
    by_year=lambda response: "{} % of revenue in the first year, {} % in the second, {} % in the third".format(
        *percents("revenue", halves=True)(response)
    ),
    so_far=lambda response: listed(percents("revenue", so_far=True)(response)),
    profit_by_year=lambda response: listed(percents("profit")(response)),
    by_upsell=lambda response: give(split(response).shares["upsell"], 1),
    by_referral=lambda response: give(split(response).shares["referral"], 1),
    in_the_funnel=lambda response: number(response.split("revenue", "funnel", "+5 points").shares["referral"].mean),
    upsell_first=lambda response: number(split(response).orders["upsell"]["upsell"].mean),
    upsell_second=lambda response: number(split(response).orders["referral"]["upsell"].mean),
    between=lambda response: give(split(response).interaction, 0),
)
page.figure(
    steady,
    steady_80=lambda by_retention: simulated(
        by_retention[0.80].change("revenue", change="+5 points").percent, 2, 100 / 3, " %", ", standard error "
    ) + " of it",
    steady_88=lambda by_retention: simulated(
        by_retention[0.88].change("revenue", change="+5 points").percent, 2, 500 / 7, " %"
    ),
    relative_88=lambda by_retention: simulated(
        by_retention[0.88].change("revenue", change="+5 % relative").percent, 2, 1100 / 19, " %"
    ),
)  # fmt: skip
page.figure(existing, existing=lambda estimate: simulated(estimate, 2, 65, " %"))
page.figure(lifetime, elasticity=lambda elasticity: simulated(elasticity, 3, 5.099))

page.says("1 to seven digits", margins, when=lambda elasticity: abs(elasticity.mean - 1) < 5e-7)
page.says("**Profit moves more than revenue in %**", effect, when=lambda response: (
    response.change("profit", "flywheel", "+5 points").percent.low
    > response.change("revenue", "flywheel", "+5 points").percent.high
))  # fmt: skip
page.says("Three tenths of the flywheel's gain in revenue", effect, when=lambda response: (
    28 < sum(split(response).shares[name].mean for name in ("upsell", "referral")) < 33
))  # fmt: skip
