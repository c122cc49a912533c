"""The figures of the experiment, after figure 4 of the paper."""

from collections.abc import Sequence

import numpy as np

from seqattr.digits.experiment import ALL, SHOWN, Changes, Masked, by_image, methods_in, name_of
from seqattr.digits.network import SIDE
from seqattr.figures.drawings import Drawing
from seqattr.figures.images import Image, image_figure
from seqattr.figures.spreads import SpreadPanel, spread_figure


def drawings(changes: Changes, digits: Sequence[Masked]) -> list[Drawing]:
    """Box plots of all methods, and digits with pixels erased."""
    methods = methods_in(changes)
    panels = [
        SpreadPanel(pair, [by_image(changes, method, pair) for method in methods])
        for pair in (ALL, *map(name_of, SHOWN))
    ]
    return [
        Drawing(
            "digits_log_odds",
            "How far the log-odds move from one digit to the other when the pixels that speak for the first "
            "are made black, up to a fifth of all: boxes from quartile to quartile over images, whiskers "
            "from the 5th to the 95th percentile. Figure 4 of the paper.",
            spread_figure(panels, methods, "change of the log-odds"),
        ),
        Drawing(
            "digits_erased",
            "For each pair the digit that methods move as far as the median one, what each of them erases "
            "(crosses), and how far that moves the log-odds.",
            image_figure(
                [images_of(each) for each in digits],
                [name_of(each.pair) for each in digits],
                ["the digit", *digits[0].gone],
            ),
        ),
    ]


def images_of(masked: Masked) -> list[Image]:
    """The digit, then with the pixels that each method erases crossed out."""
    brightness = masked.image.reshape(SIDE, SIDE)
    return [
        Image(brightness, np.zeros((SIDE, SIDE), bool)),
        *(
            Image(np.where(gone, 0, masked.image).reshape(SIDE, SIDE), gone.reshape(SIDE, SIDE), line)
            for gone, line in zip(
                masked.gone.values(), (f"{moved:+.1f}" for moved in masked.moved.values()), strict=True
            )
        ),
    ]
