"""Arguments by torch's names."""

import pytest

from seqattr.engine.graph.graph import Ref, Step
from seqattr.engine.ops.arguments import bind, for_each, has_many_outputs
from seqattr.errors import ModelError


def test_defaults_are_torchs_and_a_number_stands_for_every_dimension():
    pool = bind("aten.max_pool2d.default", ("x", 3), {"ceil_mode": True})
    assert (pool.self, pool.kernel_size, pool.stride, pool.padding) == ("x", [3, 3], [], [0, 0])
    assert (pool.dilation, pool.ceil_mode) == ([1, 1], True)
    assert bind("aten.slice.Tensor", ("x", 2)).step == 1
    assert bind("aten.sum.dim_IntList", ("x", 1)).dim == [1]
    assert bind("aten.sum.dim_IntList", ("x", None)).dim is None


def test_a_default_list_is_no_ones_to_write_on():
    bind("aten.max_pool1d.default", ("x", 3)).padding.append(7)
    assert bind("aten.max_pool1d.default", ("x", 3)).padding == [0]


def test_keyword_only_arguments_are_taken_by_name_alone():
    ordered = bind("aten.sort.stable", ("x",), {"stable": True, "descending": True})
    assert (ordered.dim, ordered.descending) == (-1, True)
    with pytest.raises(TypeError, match="takes 1 arguments, not 2"):
        bind("aten.sort.stable", ("x", True), {"stable": True})


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        (("x", [0], True, 4), {}, "takes 3 arguments, not 4"),
        ((), {"dim": [0]}, r"lacks \['self'\]"),
        (("x", [0]), {"axis": 1}, r"takes no \['axis'\]"),
        (("x", [0]), {"dim": 1}, r"is given twice \['dim'\]"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(args, kwargs, message):
    with pytest.raises(TypeError, match=message):
        bind("aten.mean.dim", args, kwargs)


def test_a_step_whose_arguments_do_not_fit_says_so():
    step = Step("y", "aten.cumsum.default", (Ref("sequence"),), source="net.py:3")
    with pytest.raises(ModelError, match=r"aten.cumsum.default fails at net.py:3: .* lacks \['dim'\]"):
        _ = step.arguments


def test_arguments_of_a_step_are_bound_once():
    step = Step("y", "aten.cumsum.default", (Ref("sequence"), 2))
    assert step.arguments is step.arguments
    assert step.arguments.dim == 2


def test_a_list_is_as_long_as_there_are_dimensions():
    assert for_each(2, 3) == for_each([2], 3) == [2, 2, 2]
    assert for_each((1, 2), 2) == [1, 2]
    assert for_each([], 2) == []
    assert for_each(2, None) == 2


def test_which_ops_have_several_outputs():
    assert has_many_outputs("aten.max.dim")
    assert has_many_outputs("aten.chunk.default")
    assert not has_many_outputs("aten.relu.default")
