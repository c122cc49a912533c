"""What all pages share: how a template is filled, how numbers are written for people, pictures and links."""

import base64
import math
from io import BytesIO
from typing import Any, NamedTuple

import jinja2
from matplotlib.figure import Figure

from seqattr.figures.logos import save


class Picture(NamedTuple):
    """A figure within the page."""

    png: str  # base64
    name: str
    caption: str


class Link(NamedTuple):
    """A file beside the page."""

    name: str
    help: str


def png_text(figure: Figure, **options: Any) -> str:
    """A figure as base64 PNG."""
    file = BytesIO()
    save(figure, file, "png", **options)
    return base64.b64encode(file.getvalue()).decode("ascii")


def fill(template: str, **content: Any) -> str:
    """A template of this package as HTML; whatever came out of files is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("seqattr.figures"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "decimals": decimals,
        "percent": percent,
        "tiny": tiny,
        "sortable": sortable,
    }
    return environment.get_template(template).render(**content)


def number(value: float) -> str:
    """Three digits that count, as 3.96 or 1,230; a dash where there is no number."""
    if not math.isfinite(value):
        return "–"
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.3g}".replace("-", "−")
    return (f"{value:.1e}" if abs(value) < 1 else f"{value:,.0f}").replace("-", "−")


def tiny(value: float) -> str:
    """An error or a probability, which may be very small: 0.03, 2e-29."""
    if not math.isfinite(value):
        return "–"
    return f"{value:.2g}" if value >= 0.001 or value == 0 else f"{value:.0e}"


def decimals(value: float) -> str:
    """Three digits behind the point, for a column of shares."""
    return f"{value:.3f}" if math.isfinite(value) else "–"


def percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.3g} %" if value > 0.995 else f"{100 * value:.2g} %"


def sortable(value: float) -> str:
    """A number as the page's script sorts it; what is none goes last."""
    return repr(float(value)) if math.isfinite(value) else ""
