"""Convolutions' geometry, by the names that torch gives their arguments."""

from typing import Any

from seqattr.engine.numerics.geometry import Geometry
from seqattr.engine.ops.arguments import bind
from seqattr.engine.ops.weights import geometry_of


def geometry(op: str, *rest: Any) -> Geometry:
    """Of a convolution with these arguments after the bias."""
    return geometry_of(op, bind(op, ("x", "weight", None, *rest)))


def test_geometry_is_read_from_the_arguments_of_each_op() -> None:
    assert geometry("aten.conv1d.default") == Geometry([1], [0], [1], False, [0], 1)
    assert geometry("aten.conv1d.default", [2], [3], [4], 5) == Geometry([2], [3], [4], False, [0], 5)
    read = geometry("aten.conv_transpose1d.default", [2], [3], [1], 5, [4])
    assert read == Geometry([2], [3], [4], True, [1], 5)
    assert geometry("aten.conv2d.default", [2]).stride == [2, 2]


def test_a_convolution_of_either_sort_says_which_it_is() -> None:
    straight = geometry("aten.convolution.default", [1, 2], [0, 3], [1, 1], False, [0, 0], 4)
    assert straight == Geometry([1, 2], [0, 3], [1, 1], False, [0, 0], 4)
    assert geometry("aten.convolution.default", [2], [3], [1], True, [1], 1).transposed
