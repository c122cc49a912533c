"""Drawings of a page: as files beside it, within it, and in its list of files."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from seqattr.figures.html import Link, Picture, png_text
from seqattr.figures.style import FORMATS, SCREEN, png_bytes, save, take_literally
from seqattr.io.atomic import replacing

FORMS = ("svg", "png")


class Drawing(NamedTuple):
    """A figure with its name among the files, and what it shows; at need what a narrow page shows for it."""

    name: str
    caption: str
    figure: Figure
    narrow: Figure | None = None

    @classmethod
    def of(cls, name: str, caption: str, draw: Callable[..., Figure]) -> "Drawing":
        """One that `draw` makes, also with its panels `stacked` for a narrow page."""
        return cls(name, caption, draw(), draw(stacked=True))

    def file(self, form: str) -> str:
        """Its file's name beside the page, in one of the FORMS."""
        return f"figures/{self.name}.{form}"

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        return png_bytes(self.figure, dpi=SCREEN)


def files_of(drawings: Sequence[Drawing]) -> list[str]:
    """The names of all their files, beside the page."""
    return [drawing.file(form) for drawing in drawings for form in FORMS]


def write_drawings(paths: Mapping[str, Path], drawings: Sequence[Drawing]) -> list[Picture]:
    """Write the files of each, and return what the page shows of it: the same PNG, as drawing takes time."""
    for drawing in drawings:
        settle(drawing.figure)
        for form in FORMS:
            with replacing(paths[drawing.file(form)]) as part:
                save(drawing.figure, part, form)
    return [picture_of(paths, drawing) for drawing in drawings]


def settle(figure: Figure) -> None:
    """Find the layout once for all formats: of many rows that takes as long as drawing them.

    Letters are as wide as the dots let them be, so that it is found at the PNG's.
    """
    take_literally(figure)
    if figure.get_layout_engine() is not None:
        figure.set_dpi(FORMATS["png"]["dpi"])
        figure.draw_without_rendering()
        figure.set_layout_engine("none")


def picture_of(paths: Mapping[str, Path], drawing: Drawing) -> Picture:
    """What the page shows of a drawing, from its PNG file."""
    png = b64encode(paths[drawing.file("png")].read_bytes()).decode("ascii")
    narrow = png_text(drawing.narrow) if drawing.narrow is not None else ""
    return Picture(png, drawing.name, drawing.caption, narrow)


def links_of(tables: Mapping[str, str], drawings: Sequence[Drawing]) -> list[Link]:
    """The files beside the page: tables with what is in them, then the drawings'."""
    pictures = [Link(drawing.file(form), drawing.caption) for drawing in drawings for form in FORMS]
    return [*(Link(name, text) for name, text in tables.items()), *pictures]
