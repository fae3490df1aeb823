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


def bar(found, rate):
    """Return the changes of profit at both ends of a rate."""
    (one,) = [bar for bar in found.bars if bar.range.name == rate]
    return give(one.low, 0, True), give(one.high, 0, True)


def others(found):
    """Return by less than how much the other rates move profit."""
    ends = [abs(end.mean) for one in found.bars if one.range.name not in BARS for end in (one.low, one.high)]
    return number(100 * math.ceil(max(ends) / 100))


def effect(found, rate, sigma=""):
    """Return the size of a rate's effects, and how far they differ."""
    return f"{give(found.mu_star(rate), 0)} ({sigma}{number(found.sigma(rate).mean)})"


def effects(found):
    """Return the effects of the five rates that matter most, and the size of the sixth."""
    first, *order = found.order()
    told = ", ".join(
        [f"{first} {effect(found, first, 'sigma ')}", *(f"{rate} {effect(found, rate)}" for rate in order[:4])]
    )
    return f"{told}, then {order[4]} with {number(found.mu_star(order[4]).mean)}"


def small(found):
    """Return how many rates make less than the sixth."""
    order = found.order()
    least = number(1000 * math.floor(found.mu_star(order[5]).mean / 1000))
    return f"Of {len(order)} rates, {in_words(len(order) - 6)} make less than {least} each"


def shares(metric):
    """Return how much of the variance is not knowing the rates, and how much is chance."""
    return lambda found: (number(found.unknown(metric).mean), number(found.chance(metric).mean))


def sd(found, part):
    """Return the standard deviation of a part of the variance of profit."""
    return number(math.sqrt(getattr(found.indices["profit"], part).mean))


page.figure(
    tornado,
    today=lambda found: number(found.today.mean),
    **{f"bar_{rate}": lambda found, rate=rate: cells(bar(found, rate)) for rate in BARS},
    others=others,
)
page.figure(
    both,
    difference=lambda found: number(found.today.mean),
    **{
        f"both_{rate}": lambda found, rate=rate: ", ".join(bar(found, rate))
        for rate in ("upgrade", "lead_price", "conversion", "retention")
    },
    both_price=lambda found: bar(found, "price")[1].removeprefix("+"),
)
page.figure(walks, effects=effects, small=small, design_points=lambda found: f"{found.runs:,}")
page.figure(
    indices,
    **{
        f"total_{rate}": lambda found, rate=rate: cells(
            give(found.total(rate, metric), 3) for metric in ("profit", "clv")
        )
        for rate in RANGES
    },
    shares_profit=lambda found: (
        "{} % is not knowing the rates (standard deviation {} EUR) and {} % is chance ({} EUR)".format(
            shares("profit")(found)[0], sd(found, "known"), shares("profit")(found)[1], sd(found, "chance")
        )
    ),
    shares_clv=lambda found: "{} % and {} %".format(*shares("clv")(found)),
)

page.says("Ten more rates", tornado, when=lambda found: len(found.bars) == len(BARS) + 10)
page.says("the order is another: lead_price", both, when=lambda found: (
    [one.range.name for one in found.bars[:3]] == ["lead_price", "upgrade", "conversion"]
))  # fmt: skip
page.says("moves the profit of each strategy by 12,000 EUR", tornado, when=lambda found: all(
    11_500 < abs(end.mean) < 12_700
    for one in found.bars if one.range.name == "retention" for end in (one.low, one.high)
))  # fmt: skip
page.says("is not seen to move their difference", both, when=lambda found: not next(
    one for one in found.bars if one.range.name == "retention"
).told)  # fmt: skip
page.says("`returns` is not told from luck", walks, when=lambda found: (
    [rate for rate in found.order() if not found.told(rate)] == ["returns"]
))  # fmt: skip
page.says("No rate changes sign anywhere", walks, when=lambda found: all(
    abs(abs(found.mu(rate).mean) - found.mu_star(rate).mean) < 0.005 * found.mu_star(rate).mean
    for rate in found.order() if found.told(rate)
))  # fmt: skip
page.says("looks into retention first, then conversion", indices, when=lambda found: (
    found.order("profit")[:2] == ["retention", "conversion"]
))  # fmt: skip
