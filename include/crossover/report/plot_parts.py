"""What every PNG plot is made of: figure, scales, colours; no pyplot, so no global state and no display."""

import io
from typing import TYPE_CHECKING, Literal

from crossover.report.charts import Axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0067a5", "#b84a00", "#007a5a", "#a0407a", "#61666b")
MARKERS = ("o", "s", "D", "^", "^")
CROSSING = "#6b3fa0"
VOID = "#b3141d"
INK = "#1c1f23"
SOFT = "#5b6168"
DPI = 120


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure of that size in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def png(figure: "Figure") -> bytes:
    """The figure as a file; the same figure gives the same bytes."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DPI, metadata={"Software": None})
    return out.getvalue()


def scale(axes: "Axes", direction: Literal["x", "y"], axis: Axis) -> None:
    """Take over limits and ticks; matplotlib's own minor ticks would print a second set of labels."""
    from matplotlib.ticker import NullLocator

    drawn = axes.xaxis if direction == "x" else axes.yaxis
    axes.set(**{f"{direction}scale": "linear" if axis.linear else "log", f"{direction}lim": (axis.low, axis.high)})
    drawn.set_minor_locator(NullLocator())
    drawn.set_ticks([value for value, _ in axis.ticks], [label for _, label in axis.ticks])
    axes.tick_params(direction, labelsize=9, labelcolor=SOFT, color=SOFT)
    axes.spines[["top", "right"]].set_visible(False)


def plain(text: str) -> str:
    """Text from the data must not be read as mathematics."""
    return text.replace("$", r"\$")
