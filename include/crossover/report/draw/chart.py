"""Any chart as inline SVG, and the same drawing as a file of its own."""

from importlib.resources import files

from markupsafe import Markup

from crossover.report.charts import CaseChart, ChangeChart
from crossover.report.draw.cases import case_svg
from crossover.report.draw.changes import change_svg
from crossover.report.draw.shapes import bars_svg, heat_svg, shares_svg, small_svg
from crossover.report.sections.base import Chart
from crossover.report.shapes import BarChart, HeatMap, ShareChart, SmallChart

# A browser that opens the file finds no page around it: no font, no margin, no background.
_ALONE = "svg.chart { background: var(--paper); font-family: system-ui, sans-serif; max-width: 60rem; }"
_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'


def draw(chart: Chart, key: str) -> Markup:
    """The drawing; `key` makes its ids unique on the page."""
    match chart:
        case CaseChart():
            return case_svg(chart, key)
        case ChangeChart():
            return change_svg(chart, key)
        case BarChart():
            return bars_svg(chart, key)
        case ShareChart():
            return shares_svg(chart, key)
        case HeatMap():
            return heat_svg(chart, key)
        case SmallChart():
            return small_svg(chart, key)


def style_sheet(name: str) -> str:
    """One of the page's style sheets."""
    return files("crossover.report").joinpath("templates", name).read_text(encoding="utf-8")


def svg_file(chart: Chart) -> str:
    """The drawing with its own colours, so that it can be opened or put on a slide; light and dark as the viewer is."""
    drawn = str(draw(chart, "chart"))
    head, _, body = drawn.partition(">")
    styles = f"<style>{style_sheet('colours.css')}{style_sheet('chart.css')}{_ALONE}</style>"
    return head.replace("<svg", f"<svg {_NAMESPACE}", 1) + ">" + styles + body
