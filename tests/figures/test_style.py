"""What is written of a figure: small, the same each time, and no colour of it is lost."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from seqattr.figures.style import COLOURS, SERIES, png_bytes


def crowded() -> Figure:
    """Thousands of points in one colour, and one in each other colour."""
    figure = Figure(figsize=(5, 4))
    axes = figure.subplots()
    places = np.random.default_rng(0).normal(size=(4000, 2))
    axes.scatter(*places.T, color=SERIES[1], alpha=0.5, s=4)
    for number, colour in enumerate([*SERIES, *COLOURS.values()]):
        axes.scatter([number], [5], color=colour, s=30)
    return figure


def image_of(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def test_a_drawing_has_few_colours_and_none_is_lost():
    small = image_of(png_bytes(crowded()))
    whole = BytesIO()
    crowded().savefig(whole, format="png", dpi=150)
    assert small.mode == "P"
    assert len(png_bytes(crowded())) < 0.6 * len(whole.getvalue())
    before, after = (np.asarray(one.convert("RGB"), int) for one in (Image.open(whole), small))
    assert np.abs(before - after).max() <= 32
    assert small.info["dpi"] == pytest.approx((150, 150), abs=0.1)


def test_the_same_figure_is_the_same_bytes():
    assert png_bytes(crowded()) == png_bytes(crowded())


def test_what_needs_more_colours_keeps_them():
    figure = Figure(figsize=(3, 3))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(np.random.default_rng(0).random((60, 60, 3)), interpolation="nearest")
    assert image_of(png_bytes(figure)).mode == "RGBA"


def test_what_can_be_seen_through_stays_so():
    assert image_of(png_bytes(crowded(), transparent=True)).getchannel("A").getextrema()[0] == 0
