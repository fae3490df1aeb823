"""What all charts share: the `Chart` itself, its colours, axes and marks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.stats import Estimate

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]

#: Colour-blind safe (Okabe and Ito 2008), darkened for print.
COLOURS = ("#0b6aa2", "#d1600a", "#1b8a63", "#a6478d", "#7a7a1e", "#444444")
INK, FAINT = "#22303c", "#8a97a3"


@dataclass(frozen=True)
class Chart:
    """A figure with the data behind it.

    Attributes
    ----------
    name, title
        File name without extension, and what the chart shows.
    figure
        The matplotlib figure.
    data
        What is drawn, as a tidy frame.
    """

    name: str
    title: str
    figure: Figure = field(repr=False)
    data: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Take every text as it is written: a dollar sign in a journey's name begins no formula."""
        from matplotlib.text import Text

        for text in self.figure.findobj(Text):
            text.set_parse_math(False)

    def svg(self) -> str:
        """Return the figure as SVG text."""
        import matplotlib as mpl

        out = io.StringIO()
        with mpl.rc_context({"svg.hashsalt": "flywheel_sim"}):
            self.figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        return out.getvalue()

    def csv(self) -> str:
        """Return the data as CSV text."""
        return self.data.to_csv(index=False)

    def save(self, path: str | Path) -> Path:
        """Write the figure to a file (its ending says the format), and the data beside it as CSV."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.figure.savefig(path, dpi=160)
        path.with_suffix(".csv").write_text(self.csv(), encoding="utf-8")
        return path

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        self.figure.savefig(out, format="png", dpi=110)
        return out.getvalue()


def axes_of(title: str, note: str, height: float = 4.2) -> tuple[Figure, Axes]:
    """Return a figure with one pair of axes under a title and a note on what marks mean."""
    made, (axes,) = panels(title, note, height)
    return made, axes


def panels(title: str, note: str, height: float = 4.2, ratios: Sequence[float] = (1.0,)) -> tuple[Figure, list[Axes]]:
    """Return a figure with axes one above the other, of such relative heights, that share their x axis."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(9, height), layout="constrained")
    FigureCanvasAgg(made)
    found = made.subplots(len(ratios), 1, sharex=True, squeeze=False, height_ratios=list(ratios))[:, 0]
    found[0].set_title(title, loc="left", fontsize=13, fontweight="bold", color=INK, pad=24)
    found[0].annotate(note, (0, 1), xytext=(0, 8), xycoords="axes fraction", textcoords="offset points", fontsize=9,
                      color="#55636f", annotation_clip=False)  # fmt: skip
    for axes in found:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(FAINT)
        axes.tick_params(colors="#44525e", labelsize=9)
        axes.grid(color="#e4e9ed", lw=0.8)
        axes.set_axisbelow(True)
    return made, list(found)


def thousands(value: float, _: float) -> str:
    """Return a tick's label with thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:g}"


def ends_of(found: Sequence[Estimate]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return means and both ends of intervals, one array each."""
    mean, low, high = (np.array([getattr(one, end) for one in found]) for end in ("mean", "low", "high"))
    return mean, low, high
