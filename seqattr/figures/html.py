"""What all pages share: how a template is filled, pictures and links."""

import base64
import re
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from seqattr.figures.numbers import (
    column,
    decimal_places,
    decimals,
    minus,
    number,
    percent,
    signed,
    signed_interval,
    signed_percent,
    sortable,
    tiny,
)
from seqattr.figures.style import png_bytes
from seqattr.support.advice import phrased


class Picture(NamedTuple):
    """A figure within the page, `narrow` for one that is as wide as a telephone, "" for the same."""

    png: str  # base64
    name: str
    caption: str
    narrow: str = ""  # base64


class Link(NamedTuple):
    """A file beside the page."""

    name: str
    help: str


def png_text(figure: Figure, **options: Any) -> str:
    """A figure as base64 PNG."""
    return base64.b64encode(png_bytes(figure, **options)).decode("ascii")


def breakable(name: str) -> Markup:
    """A name that may go on in the next line behind a sign, and nowhere else."""
    parts = [part for part in re.split(r"(?<=[^\w\s])|(?<=_)", name) if part]
    return Markup("<wbr>").join(escape(part) for part in parts)


def breakable_label(name: str) -> str:
    """The same for an attribute, which has no tags in it: a space of no width behind each sign."""
    return breakable(name).replace(Markup("<wbr>"), "\N{ZERO WIDTH SPACE}")


def fill(template: str, **content: Any) -> str:
    """A template of this package as HTML, in the reader's words; what came out of files is escaped."""
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
        "column": column,
        "decimal_places": decimal_places,
        "signed": signed,
        "signed_interval": signed_interval,
        "signed_percent": signed_percent,
        "minus": minus,
        "breakable": breakable,
        "breakable_label": breakable_label,
    }
    return phrased(environment.get_template(template).render(**content))
