"""The tables of ops agree with each other, and with torch."""

from collections import Counter

import pytest

from seqattr.engine.ops import composites, elementwise, kinds, makers, moving, names, weights, windows
from seqattr.engine.ops.arguments import bind, parameters, torch_op
from seqattr.engine.ops.idle import ASSERTIONS, DROPOUTS, NO_OPS
from seqattr.engine.ops.lowering import composite_names, lowering_table

ONE_KIND = (
    *(
        kinds.SHAPES,
        kinds.AVERAGES,
        elementwise.ELEMENTWISE,
        kinds.MAXIMA,
        kinds.ORDERS,
        kinds.COMPARISONS,
        kinds.HELD,
    ),
    *(kinds.SUMS, kinds.PRODUCTS, kinds.QUOTIENTS, kinds.CONSTANTS, makers.MAKERS - {names.WHERE_NUMBERS}),
    *(weights.CONVOLUTIONS, weights.DENSE, weights.MATRIX_PRODUCTS, NO_OPS, DROPOUTS),
)


def test_an_op_stands_in_the_table_of_one_kind():
    assert [
        op for op, number in Counter(op for table in ONE_KIND for op in table).items() if number > 1
    ] == []


@pytest.mark.parametrize("op", sorted(kinds.KNOWN | NO_OPS | DROPOUTS))
def test_torch_knows_every_op(op):
    assert str(torch_op(op)) == op


@pytest.mark.parametrize("name", [name for name in dir(names) if name.isupper()])
def test_a_name_is_that_of_an_op_that_has_a_rule_or_a_size(name):
    op = getattr(names, name)
    assert op in kinds.KNOWN | {names.GETITEM}


@pytest.mark.parametrize("op", moving.FIXED_ARGUMENTS)
def test_arguments_that_must_be_fixed_are_the_ops_own(op):
    assert set(moving.FIXED_ARGUMENTS[op]) <= {parameter.name for parameter in parameters(op)}


@pytest.mark.parametrize("op", moving.CHOICES)
def test_a_choice_is_by_a_mask(op):
    mask, *values = (parameters(op)[place].name for place in moving.CHOICES[op])
    assert mask in ("condition", "mask")
    assert set(values) in ({"self", "other"}, {"self", "value"})


@pytest.mark.parametrize("op", windows.POOLS)
def test_a_pool_goes_over_as_many_dimensions_as_torch_says(op):
    settings = [parameter for parameter in parameters(op) if parameter.name in ("kernel_size", "output_size")]
    dims = {parameter.dims for parameter in settings}
    assert dims <= {windows.POOLS[op].dims, None}  # torch has no length for that of one adaptive average
    assert len(settings) == 1


@pytest.mark.parametrize("op", sorted(weights.CONVOLUTIONS - {weights.ANY}))
def test_a_convolution_is_transposed_where_it_pads_its_output(op):
    padded = any(parameter.name == "output_padding" for parameter in parameters(op))
    assert weights.is_transposed(op, bind(op, ("x", "weight"))) == padded


def test_what_steps_are_part_of_comes_of_ops_that_are_written_out():
    assert composites.SOFTMAX & set(composite_names().values())
    assert {name for name in composite_names().values() if name.endswith("_norm")} <= composites.NORMS
    assert {str(op) for op in lowering_table()} >= composite_names().keys() - {
        "aten.special_softmax.default",
        "aten.special_log_softmax.default",
    }


def test_what_is_idle_has_no_kind():
    assert not (NO_OPS | DROPOUTS | ASSERTIONS) & kinds.ALWAYS.keys()
