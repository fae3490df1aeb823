"""The chart of a response curve settled by judgements, for those who judged to accept or mend."""

from __future__ import annotations

import math

from flywheel_sim.analysis.allocation.judgement import Judgement
from flywheel_sim.report.drawing import COLOURS, FAINT, INK, Chart, axes_of

#: How a line that stands for a bound is drawn.
_DASHED = (0, (4, 3))


def judgement(result: Judgement, rate: str = "the rate") -> Chart:
    """Show the curve with what was judged, its limit, what nothing spent gives, and today.

    Parameters
    ----------
    result
        From `flywheel_sim.judge`.
    rate
        What the curve is of, in words.
    """
    factor = 100.0 if result.unit.startswith("%") else 1.0
    now = float(result.at(result.today))
    value, limit = (result.shown(one).split(" per ")[0] for one in (now, result.limit))
    title = f"{rate.replace('_', ' ').capitalize()}: {value} at {result.today:g} {result.spend_unit}, limit {limit}"
    more = float(result.at(1.1 * result.today)) - now
    step = f"{100 * more:+.3g} points" if factor == 100 else f"{more:+.3g}"
    note = f"Dots: what was judged. A tenth more than today's spend: {step}. No interval: judged, not measured."
    made, axes = axes_of(title, note, 4.4)
    table = result.frame()
    axes.plot(table["spend"], table["value"], color=COLOURS[0], lw=2.2)
    for level, word in ((result.limit, "limit"), (result.without, "nothing spent")):
        axes.axhline(factor * level, color=FAINT, lw=1, ls=_DASHED, zorder=1)
        axes.annotate(f"{word}: {result.shown(level)}", (0.995, factor * level), xycoords=("axes fraction", "data"),
                      xytext=(0, 4), textcoords="offset points", ha="right", fontsize=9, color=INK)  # fmt: skip
    half = factor * float(result.at(result.half_at))
    axes.plot([result.half_at] * 2, [factor * result.without, half], color=FAINT, lw=1, ls=_DASHED, zorder=1)
    axes.annotate(f"half the gain at {result.half_at:.3g}", (result.half_at, half), xytext=(8, -12),
                  textcoords="offset points", fontsize=9, color=INK)  # fmt: skip
    for word, spend, judged in result.given:
        if not (math.isnan(spend) or math.isnan(judged)):
            axes.plot(
                [spend], [factor * judged], "o", ms=8, color=COLOURS[1] if word == "today" else COLOURS[0], zorder=5
            )
            if word == "today":
                axes.annotate("today", (spend, factor * judged), xytext=(8, -12), textcoords="offset points",
                              fontsize=9, color=COLOURS[1], fontweight="bold")  # fmt: skip
    axes.set_xlabel(f"Spend ({result.spend_unit})")
    axes.set_ylabel(f"{rate.replace('_', ' ').capitalize()} ({result.unit or 'as stated'})")
    low, high = sorted((factor * result.without, factor * result.limit))
    axes.set_ylim(low - 0.08 * (high - low), high + 0.1 * (high - low))
    axes.set_xlim(0, result.far)
    return Chart("judgement", title, made, table)
