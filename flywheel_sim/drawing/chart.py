"""What all charts share: the `Chart` itself, its colours, its figure and axes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from flywheel_sim import arguments as takes
from flywheel_sim.arguments import checked
from flywheel_sim.errors import DataError
from flywheel_sim.spreadsheets import csv_of
from flywheel_sim.texts import LONGEST_LABEL, shortened
from flywheel_sim.writing import put

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import LayoutEngine

#: Colour-blind safe (Okabe and Ito 2008), darkened for print.
COLOURS = ("#0b6aa2", "#d1600a", "#1b8a63", "#a6478d", "#7a7a1e", "#444444")
#: Of words and lines; of lines behind others; of words beside the matter.
INK, FAINT, GREY = "#22303c", "#8a97a3", "#55636f"
#: How the title of a figure is written.
TITLE: dict[str, Any] = {"fontsize": 13, "fontweight": "bold", "color": INK}

#: Endings of the pictures that are written.
PICTURES = (".png", ".svg", ".pdf", ".jpg", ".jpeg")

#: Along which axis a grid has its lines.
Grid = Literal["both", "x", "y"]


@contextmanager
def as_written() -> Iterator[None]:
    """Draw texts as they are: no formula in them, and no warning where no font has a character or a label no room."""
    import matplotlib as mpl

    with mpl.rc_context({"text.parse_math": False}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from|constrained_layout not applied", UserWarning)
        yield


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
        """Take every text as it is written, where a dollar sign begins no formula, and cut names that are too long."""
        from matplotlib.text import Text

        object.__setattr__(self, "title", shortened(self.title))
        for text in self.figure.findobj(Text):
            text.set_parse_math(False)
            text.set_text(shortened(text.get_text(), LONGEST_LABEL))
        for axis in (axis for axes in self.figure.axes for axis in (axes.xaxis, axes.yaxis)):
            ticks = axis.get_major_formatter()  # which gives their labels anew whenever they are drawn
            ticks.format_ticks = partial(_labels, ticks.format_ticks)  # type: ignore[method-assign]

    def svg(self) -> str:
        """Return the figure as SVG text."""
        out = io.StringIO()
        self._draw(out, format="svg", metadata={"Date": None, "Creator": None})
        return out.getvalue()

    def _draw(self, to: Any, **how: Any) -> None:
        """Draw the figure."""
        import matplotlib as mpl

        with mpl.rc_context({"svg.hashsalt": "flywheel_sim"}), as_written():
            self.figure.savefig(to, **how)

    def csv(self) -> str:
        """Return the data as CSV text."""
        return csv_of(self.data)

    @checked({"path": takes.path("the path of a picture", "'difference.png'")}, error=DataError)
    def save(self, path: str | Path) -> Path:
        """Write the figure to a file (its ending says the format), and the data beside it as CSV.

        Raises
        ------
        DataError
            If the ending is that of no picture, or the file cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() not in PICTURES:
            raise DataError(f"{path}: a picture ends in {', '.join(PICTURES)}; write {path.stem}.png")
        data = path.with_suffix(".csv").name
        put(path.parent, {data: self.csv().encode(), path.name: partial(self._draw, dpi=160)})
        return path

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        self._draw(out, format="png", dpi=110)
        return out.getvalue()


def _labels(given: Callable[[Any], list[str]], values: Any) -> list[str]:
    """Return the labels of ticks, names in them cut."""
    return [shortened(label, LONGEST_LABEL) for label in given(values)]


def blank(
    height: float, width: float = 9, layout: LayoutEngine | Literal["constrained"] | None = "constrained"
) -> Figure:
    """Return a figure without axes, which draws itself without a window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    picture = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(picture)
    return picture


def dress(axes: Axes, grid: Grid | None = "both") -> None:
    """Give axes the house's look: a frame on two sides, and a faint grid under what is drawn."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors="#44525e", labelsize=9)
    if grid:
        axes.grid(axis=grid, color="#e4e9ed", lw=0.8)
        axes.set_axisbelow(True)


def axes_of(title: str, note: str, height: float = 4.2) -> tuple[Figure, Axes]:
    """Return a figure with one pair of axes under a title and a note on what marks mean."""
    picture, (axes,) = panels(title, note, height)
    return picture, axes


def panels(title: str, note: str, height: float = 4.2, ratios: Sequence[float] = (1.0,)) -> tuple[Figure, list[Axes]]:
    """Return a figure with axes one above the other, of such relative heights, that share their x axis."""
    picture = blank(height)
    stacked = picture.subplots(len(ratios), 1, sharex=True, squeeze=False, height_ratios=list(ratios))[:, 0]
    stacked[0].set_title(title, loc="left", pad=24, **TITLE)
    stacked[0].annotate(note, (0, 1), xytext=(0, 8), xycoords="axes fraction", textcoords="offset points", fontsize=9,
                      color=GREY, annotation_clip=False)  # fmt: skip
    for axes in stacked:
        dress(axes)
    return picture, list(stacked)
