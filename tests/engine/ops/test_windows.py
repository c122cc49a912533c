"""What comes back through an average pool is the derivative that torch has of it."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from seqattr.engine.ops.arguments import bind, torch_op
from seqattr.engine.ops.windows import average_adjoint, average_of
from seqattr.engine.rules.adjoint import like_in_order, vjp

AVERAGES: dict[str, tuple] = {
    "tiles": ("aten.avg_pool1d.default", (3,), (2, 5, 14)),
    "overlapping": ("aten.avg_pool1d.default", ([3], [2], [1]), (2, 5, 14)),
    "without padding in the mean": ("aten.avg_pool1d.default", ([4], [2], [1], True, False), (2, 5, 13)),
    "of one row": ("aten.avg_pool2d.default", ([1, 4], [1, 2]), (2, 5, 1, 14)),
    "of several rows": ("aten.avg_pool2d.default", ([2, 3], [], [1, 0], False, True, 5), (2, 5, 6, 14)),
    "of a volume": ("aten.avg_pool3d.default", ([2, 2, 3], [1, 2, 2]), (2, 5, 4, 6, 7)),
    "adaptive": ("aten.adaptive_avg_pool1d.default", ([7],), (2, 5, 14)),
    "adaptive, of several rows": ("aten._adaptive_avg_pool2d.default", ([3, 2],), (2, 5, 6, 14)),
}


@pytest.mark.parametrize("last", [True, False], ids=["channels last", "channels first"])
@pytest.mark.parametrize(("op", "settings", "shape"), AVERAGES.values(), ids=AVERAGES)
def test_it_is_the_derivative(op: str, settings: tuple, shape: tuple[int, ...], last: bool) -> None:
    function: Callable[..., Tensor] = torch_op(op)
    point = torch.zeros(shape, dtype=torch.float64)
    value = function(point, *settings)
    multiplier = torch.randn(value.shape, dtype=torch.float64)
    if last:
        multiplier = multiplier.movedim(1, -1).contiguous().movedim(-1, 1)
    average = average_of(op, bind(op, (point, *settings)), shape)
    assert average is not None
    back = average_adjoint(multiplier, average, like_in_order(multiplier, shape))
    (wanted,) = vjp(lambda points: function(points[0], *settings), [point], multiplier)
    assert torch.equal(back, wanted)
    if point.ndim < 5:
        assert (back.stride(1) == 1) == last


def test_windows_of_several_sizes_are_left_to_torch() -> None:
    for windows in (5, 0):
        arguments = SimpleNamespace(output_size=[windows])
        assert average_of("aten.adaptive_avg_pool1d.default", arguments, (2, 5, 14)) is None
