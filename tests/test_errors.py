"""An unknown name is told with the one that was probably meant."""

import pytest

from seqattr.errors import UnknownName
from seqattr.methods import METHODS


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DeepLIFT", "deeplift"),
        ("deep_lift_rescale", "deeplift-rescale"),
        ("integrated-gradients", "integrated-gradients-50"),
        ("saliancy", "saliency"),
        ("SmoothGrad", "smoothgrad"),
        ("deepliftrevealcancel", "deeplift-revealcancel"),
    ],
)
def test_the_nearest_name_is_told(name: str, meant: str) -> None:
    assert str(UnknownName("method", name, METHODS)).endswith(f"; did you mean '{meant}'?")


@pytest.mark.parametrize("name", ["magic", "", "x", "$"])
def test_nothing_is_guessed_where_no_name_is_near(name: str) -> None:
    assert "did you mean" not in str(UnknownName("method", name, METHODS))
