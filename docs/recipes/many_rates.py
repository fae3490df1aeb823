"""Figures of docs/many_rates.md."""

import math

import flywheel_sim as fs
from recipes import Page
from recipes.wording import cells, give, in_words, number

page = Page("many_rates")

#: The ranges of benchmarks/sobol.py.
RANGES = {
    "engaged": ("40 %", "60 %"), "conversion": ("15 %", "25 %"), "retention": ("88 %", "94 %"),
    "delighted": ("15 %", "35 %"), "invites": ("0.03 per month", "0.11 per month"),
    "upgrade": ("0.02 per month", "0.04 per month"), "price": ("44 per month", "54 per month"), "lead_price": (8, 12),
}  # fmt: skip
BARS = ("price", "retention", "lead_price", "conversion", "engaged")


@page.making(10)
def tornado():
    return fs.tornado(fs.load("subscription"), strategies="flywheel", replications=100)


@page.making(12)
def both():
    return fs.tornado(fs.load("subscription"), strategies=("funnel", "flywheel"), replications=100)


@page.making(12)
def walks():
    return fs.morris(
        fs.load("subscription"), "profit", strategies="flywheel", values=RANGES, trajectories=20, replications=10
    )


@page.making(337)
def indices():
    return fs.sobol(
        fs.load("subscription"), ["profit", "revenue", "clv"], strategies="flywheel", over=list(RANGES), values=RANGES,
        n=1024, replications=20,
    )  # fmt: skip


def bar(diagram, rate):
    """Return the changes of profit at both ends of a rate."""
    (one,) = [bar for bar in diagram.bars if bar.range.name == rate]
    return give(one.low, 0, True), give(one.high, 0, True)


def others(diagram):
    """Return by less than how much the other rates move profit."""
    ends = [abs(end.mean) for one in diagram.bars if one.range.name not in BARS for end in (one.low, one.high)]
    return number(100 * math.ceil(max(ends) / 100))


def effect(screening, rate, sigma=""):
    """Return the size of a rate's effects, and how far they differ."""
    return f"{give(screening.mu_star(rate), 0)} ({sigma}{number(screening.sigma(rate).mean)})"


def effects(screening):
    """Return the effects of the five rates that matter most, and the size of the sixth."""
    first, *order = screening.order()
    largest = ", ".join(
        [f"{first} {effect(screening, first, 'sigma ')}", *(f"{rate} {effect(screening, rate)}" for rate in order[:4])]
    )
    return f"{largest}, then {order[4]} with {number(screening.mu_star(order[4]).mean)}"


def small(screening):
    """Return how many rates make less than the sixth."""
    order = screening.order()
    least = number(1000 * math.floor(screening.mu_star(order[5]).mean / 1000))
    return f"Of {len(order)} rates, {in_words(len(order) - 6)} make less than {least} each"


def shares(metric):
    """Return how much of the variance is not knowing the rates, and how much is chance."""
    return lambda sobol: (number(sobol.unknown(metric).mean), number(sobol.chance(metric).mean))


def sd(sobol, part):
    """Return the standard deviation of a part of the variance of profit."""
    return number(math.sqrt(getattr(sobol.indices["profit"], part).mean))


page.figure(
    tornado,
    today=lambda diagram: number(diagram.today.mean),
    **{f"bar_{rate}": lambda diagram, rate=rate: cells(bar(diagram, rate)) for rate in BARS},
    others=others,
)
page.figure(
    both,
    difference=lambda diagram: number(diagram.today.mean),
    **{
        f"both_{rate}": lambda diagram, rate=rate: ", ".join(bar(diagram, rate))
        for rate in ("upgrade", "lead_price", "conversion", "retention")
    },
    both_price=lambda diagram: bar(diagram, "price")[1].removeprefix("+"),
)
page.figure(walks, effects=effects, small=small, design_points=lambda screening: f"{screening.runs:,}")
page.figure(
    indices,
    **{
        f"total_{rate}": lambda sobol, rate=rate: cells(
            give(sobol.total(rate, metric), 3) for metric in ("profit", "clv")
        )
        for rate in RANGES
    },
    shares_profit=lambda sobol: (
        "{} % is not knowing the rates (standard deviation {} EUR) and {} % is chance ({} EUR)".format(
            shares("profit")(sobol)[0], sd(sobol, "known"), shares("profit")(sobol)[1], sd(sobol, "chance")
        )
    ),
    shares_clv=lambda sobol: "{} % and {} %".format(*shares("clv")(sobol)),
)

page.says("Ten more rates", tornado, when=lambda diagram: len(diagram.bars) == len(BARS) + 10)
page.says("the order is another: lead_price", both, when=lambda diagram: (
    [one.range.name for one in diagram.bars[:3]] == ["lead_price", "upgrade", "conversion"]
))  # fmt: skip
page.says("moves the profit of each strategy by 12,000 EUR", tornado, when=lambda diagram: all(
    11_500 < abs(end.mean) < 12_700
    for one in diagram.bars if one.range.name == "retention" for end in (one.low, one.high)
))  # fmt: skip
page.says("is not seen to move their difference", both, when=lambda diagram: not next(
    one for one in diagram.bars if one.range.name == "retention"
).told)  # fmt: skip
page.says("`returns` is not told from luck", walks, when=lambda screening: (
    [rate for rate in screening.order() if not screening.told(rate)] == ["returns"]
))  # fmt: skip
page.says("No rate changes sign anywhere", walks, when=lambda screening: all(
    abs(abs(screening.mu(rate).mean) - screening.mu_star(rate).mean) < 0.005 * screening.mu_star(rate).mean
    for rate in screening.order() if screening.told(rate)
))  # fmt: skip
page.says("looks into retention first, then conversion", indices, when=lambda sobol: (
    sobol.order("profit")[:2] == ["retention", "conversion"]
))  # fmt: skip
