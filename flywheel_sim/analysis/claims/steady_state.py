"""Where the claims would hold, in closed form, and which of them cannot hold together.

A steady business: customers stay with probability r from one period to the next, so revenue goes with the mean life
1 / (1 - r). Margin M is revenue minus cost of sales and service and goes with it too; acquisition spend does not.
``leverage`` is M over profit, 1 where nothing is spent on acquisition; ``cover`` is M over all spend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: The claimed ends of what +5 % of retention brings.
FIVE = (0.25, 0.95)


def raised(r: float, change: float, relative: bool) -> float:
    """Return retention after a rise, in points or relative; both as fractions."""
    return r * (1 + change) if relative else r + change


def gain(r: float, change: float = 0.05, relative: bool = False) -> float:
    """Return by which share steady revenue rises with retention; infinite where retention would reach 1."""
    after = raised(r, change, relative)
    return (1 - r) / (1 - after) - 1 if after < 1 else float("inf")


def retention_of_gain(share: float, change: float = 0.05, relative: bool = False) -> float:
    """Return the retention at which a rise brings so much steady revenue."""
    return share / (change + (1 + change) * share) if relative else 1 - change - change / share


def region_of_gain(band: tuple[float, float], change: float = 0.05, relative: bool = False) -> tuple[float, float]:
    """Return the retention between which the gain lies within a band."""
    low, high = (retention_of_gain(end, change, relative) for end in band)
    return low, high


def share_existing(r: float, growth: float = 0.0, basket: float = 1.0) -> float:
    """Return the share of a year's revenue that people bring who were customers the year before.

    Parameters
    ----------
    r, growth
        Retention of a year, and by which share the number of customers grows a year.
    basket
        What an existing customer brings in a year over what a new one brings.
    """
    return basket * r / (basket * r + 1 + growth - r)


def retention_of_share(share: float, growth: float = 0.0, basket: float = 1.0) -> float:
    """Return the retention of a year at which existing customers bring a share of revenue."""
    return share * (1 + growth) / (basket * (1 - share) + share)


def basket_of_share(share: float, r: float, growth: float = 0.0) -> float:
    """Return how much more an existing customer must bring than a new one for a share of revenue."""
    return share * (1 + growth - r) / (r * (1 - share))


def retention_of_profit(
    share: float = 0.08, change: float = 0.01, relative: bool = False, leverage: float = 1.0
) -> float:
    """Return the retention at which a rise brings so much more profit."""
    return retention_of_gain(share / leverage, change, relative)


def cost_cut(r: float, cover: float, change: float = 0.02, relative: bool = False) -> float:
    """Return the cut of all costs, as a share, that gains as much profit as a rise of retention."""
    return cover * gain(r, change, relative)


def retention_of_cut(cover: float, cut: float = 0.10, change: float = 0.02, relative: bool = False) -> float:
    """Return the retention at which a rise is worth a cut of all costs."""
    return retention_of_gain(cut / cover, change, relative)


@dataclass(frozen=True)
class Together:
    """What follows from several claims at once.

    Attributes
    ----------
    keys
        The claims.
    possible
        Whether one business can fulfil them.
    said
        The verdict in a sentence.
    computation
        Its steps.
    figures
        Its results by name.
    """

    keys: tuple[str, ...]
    possible: bool
    said: str
    computation: tuple[str, ...]
    figures: Mapping[str, float]


def growths(relative: bool) -> dict[str, float]:
    """Return what the claims of +1 %, +2 % and +5 % fix together: leverage, retention and margin at both ends.

    +1 % brings profit +8 % fixes retention by the leverage; +2 % is worth costs -10 % then fixes the margin of revenue;
    +5 % brings revenue +25 to +95 % bounds the leverage from above, and that it is at least 1 from below.
    """
    low, _ = region_of_gain(FIVE, 0.05, relative)
    most = 0.08 / gain(low, 0.01, relative)
    figures: dict[str, float] = {}
    for name, leverage in (("low", 1.0), ("high", most)):
        r = retention_of_profit(leverage=leverage, relative=relative)
        cover = 0.10 / gain(r, 0.02, relative)
        figures |= {
            f"leverage_{name}": leverage, f"retention_{name}": r, f"margin_{name}": 1 / (1 / leverage + 1 / cover),
            f"revenue_{name}": gain(r, 0.05, relative), f"profit_{name}": leverage * gain(r, 0.05, relative),
        }  # fmt: skip
    return figures


def conflicts() -> tuple[Together, ...]:
    """Return which claims cannot hold together, or only under what condition."""
    return (_repeat(), _examples(), _three(), _four(), _five(), _costs())


def _repeat() -> Together:
    r = 0.30
    basket, once = basket_of_share(0.65, r), 0.65 / 0.35 / r
    later = 1 - 1 / once
    return Together(
        ("once_70", "existing_65"), False,
        "70 % who never buy again and 65 % of revenue from existing customers exclude each other at one repeat chance "
        f"and equal baskets; they need baskets {basket:.2f} times as large, or people who, once back, come back "
        f"{100 * later:.0f} % of the time.",
        (
            f"Repeat chance 1 - 0.70 = {r:.2f}; share of existing at equal baskets {share_existing(r):.2f}, not 0.65.",
            f"Basket ratio b with 0.3 b / (0.3 b + 0.7) = 0.65: b = 0.65 x 0.7 / (0.3 x 0.35) = {basket:.3f}.",
            f"At equal baskets the 30 % must buy 0.65 / 0.35 / 0.3 = {once:.2f} more times each: r after the first "
            f"repeat = 1 - 1 / {once:.2f} = {later:.3f}.",
        ),
        {"basket": basket, "purchases": once, "retention_after": later, "share": share_existing(r)},
    )  # fmt: skip


def _examples() -> Together:
    ltv, cac = 2 * 24, 10_000 / 5
    return Together(
        ("ltv", "ltv_cac"), False,
        f"LTV {ltv} and CAC {cac:,.0f} in one business lose {cac - ltv:,.0f} on every customer; the two examples have "
        "nothing to do with each other.",
        (
            f"LTV / CAC = 2 x 24 / (10,000 / 5) = {ltv / cac:.3f}.",
            f"Break-even: a life of {cac:,.0f} / 2 = {cac / 2:,.0f} months ({cac / 24:.0f} years), or a margin of "
            f"{cac:,.0f} / 24 = {cac / 24:.2f} a month of a plan at 29.",
        ),
        {"ratio": ltv / cac, "loss": cac - ltv, "months": cac / 2, "margin": cac / 24},
    )  # fmt: skip


def _three() -> Together:
    points, relative = growths(False), growths(True)

    def line_of(f: dict[str, float], name: str) -> str:
        return (
            f"{name}: leverage {f['leverage_low']:.2f} to {f['leverage_high']:.2f}, r {f['retention_low']:.3f} down to "
            f"{f['retention_high']:.3f}, margin {f['margin_low']:.1%} to {f['margin_high']:.1%} of revenue; +5 % "
            f"brings revenue {f['revenue_low']:+.1%} to {f['revenue_high']:+.1%}"
        )

    return Together(
        ("retention_5", "retention_1", "retention_2"), True,
        "The three claims on retention can hold together, on a line only: retention 0.865 with a margin of 36.5 % "
        "where acquisition costs nothing (points), down to 0.75 with a margin of 71.9 %; off it at least one fails.",
        (
            "Profit: leverage x 0.01 / (1 - r - 0.01) = 0.08, so r = 0.99 - 0.125 leverage (it is margin / profit).",
            "Costs: margin x 0.02 / (1 - r - 0.02) = 0.10 x spend, so margin / spend = 5 (0.98 - r).",
            "Revenue: 0.25 <= 0.05 / (1 - r - 0.05) <= 0.95, so r from 0.750 to 0.897.",
            line_of(points, "In points"), line_of(relative, "Relative"),
        ),
        {**{f"points_{k}": v for k, v in points.items()}, **{f"relative_{k}": v for k, v in relative.items()}},
    )  # fmt: skip


def _four() -> Together:
    r = retention_of_share(0.65)
    leverage = 0.08 / gain(r, 0.01)
    cover = 0.10 / gain(r, 0.02)
    margin = 1 / (1 / leverage + 1 / cover)
    relative = 1 / (gain(r, 0.01, True) / 0.08 + gain(r, 0.02, True) / 0.10)
    return Together(
        ("existing_65", "retention_1", "retention_2"), False,
        f"65 % from existing customers at equal baskets in a steady business (r = {r:.2f} a year) cannot go with +1 % "
        f"for +8 % profit and +2 % for costs -10 %: the margin would be {margin:.1%} of revenue.",
        (
            f"+1 point at r = {r:.2f}: leverage = 0.08 x (0.99 - {r:.2f}) / 0.01 = {leverage:.2f}.",
            f"+2 points: margin / spend = 5 x (0.98 - {r:.2f}) = {cover:.2f}.",
            f"Revenue = profit + spend, so margin of it = 1 / (1/{leverage:.2f} + 1/{cover:.2f}) = {margin:.3f} > 1.",
            f"Read as relative, the same steps give {relative:.3f} > 1.",
        ),
        {"retention": r, "leverage": leverage, "cover": cover, "margin": margin, "margin_relative": relative},
    )  # fmt: skip


def _five() -> Together:
    r = retention_of_share(0.65)
    low, high = region_of_gain(FIVE)
    growth = tuple(end / 0.65 - 1 for end in (low, high))
    return Together(
        ("existing_65", "retention_5"), False,
        f"65 % from existing customers at equal baskets in a steady business cannot go with revenue +25 to +95 % for "
        f"+5 points of yearly retention: it would be {gain(r):+.1%}. They meet where customers grow by {growth[0]:.1%} "
        f"to {growth[1]:.1%} a year, or where the claim is of profit and margin is 1.5 to 5.7 times profit.",
        (
            f"r = 0.65: 0.05 / (0.35 - 0.05) = {gain(r):.3f} < 0.25.",
            f"+25 to +95 % needs r from {low:.3f} to {high:.3f}; with growth g, r = 0.65 (1 + g).",
            f"As profit: leverage x {gain(r):.3f} within 0.25 to 0.95 needs leverage {FIVE[0] / gain(r):.2f} to "
            f"{FIVE[1] / gain(r):.2f}.",
        ),
        {"gain": gain(r), "growth_low": growth[0], "growth_high": growth[1], "leverage_low": FIVE[0] / gain(r),
         "leverage_high": FIVE[1] / gain(r)},
    )  # fmt: skip


def _costs() -> Together:
    return Together(
        ("keeping_5x", "loyal_16x"), True,
        "5 times and 16 times hold together only where a loyal customer brings 3.2 times a newcomer's first year (1.6 "
        "to 3.2 with 5 to 10 times).",
        (
            "CAC = 5 x keeping; n newcomers at CAC each bring a loyal customer's revenue: 16 = 5 n, so n = 3.2.",
            "With CAC = 10 x keeping: n = 1.6. At equal revenue (n = 1) 16 times would need CAC = 16 x keeping.",
        ),
        {"ratio_5": 16 / 5, "ratio_10": 16 / 10},
    )  # fmt: skip
