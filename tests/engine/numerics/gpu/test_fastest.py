"""Which form a convolution takes: measured once, whatever the rows, and torch's own where a kernel fails."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv1d

from seqattr.engine.numerics.convolution import Geometry, Plain
from seqattr.engine.numerics.gpu import fastest
from seqattr.engine.numerics.gpu.fastest import DIRECT, Measured, MeasuredInParts
from seqattr.engine.numerics.gpu.implicit import Around, Products
from seqattr.engine.numerics.gpu.in_parts import Ahead, Pairs
from seqattr.errors import ModelError
from tests.helpers.interpreter import needs_interpreter

pytestmark = needs_interpreter
WEIGHT = torch.randn(6, 5, 3, generator=torch.Generator().manual_seed(0))
Asked = list[tuple[Any, Mapping[str, Callable[[], Tensor]]]]


def measured(weight: Tensor = WEIGHT, stride: int = 1, precision: str = "float32") -> Measured:
    direct = Plain(weight, Geometry([stride], [1], [1], False, [0], 1))
    return Measured(Products(weight, stride, 1, 1), precision, direct)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What was asked for; the last of the forms is taken, and few numbers are drawn."""
    calls: Asked = []

    def quickest(key: Any, forms: Mapping[str, Callable[[], Tensor]], *more: Any) -> str:
        calls.append((key, forms))
        return list(forms)[-1]

    monkeypatch.setattr(fastest, "quickest", quickest)
    monkeypatch.setattr(fastest, "SAMPLE", 500)
    return calls


def test_it_is_asked_once_for_each_length_and_not_for_each_number_of_rows(asked: Asked) -> None:
    convolution = measured()
    for rows, length in ((2, 20), (5, 20), (1, 24), (3, 70)):
        values = torch.randn(rows, 5, length)
        torch.testing.assert_close(convolution.forward(values), conv1d(values, WEIGHT, padding=1))
    keys = [key for key, _ in asked]
    assert len(keys) == len(set(keys)) == 2
    assert keys[0][:7] == ("forward", 6, 5, 3, 1, 1, 1)


def test_all_forms_answer_alike(asked: Asked) -> None:
    convolution = measured()
    values, multipliers = torch.randn(2, 5, 20), torch.randn(2, 6, 20)
    convolution.forward(values)
    convolution.transpose(multipliers, values.shape)
    pairs = Pairs(torch.randn(4, 5, 20), values)
    in_parts = convolution.in_parts(measured(WEIGHT.abs()))
    result = in_parts.forward(pairs, Ahead(convolution.forward(values)))
    in_parts.back(torch.randn(4, 6, 20), result.slopes, pairs, None)
    assert [key[0] for key, _ in asked] == ["forward", "back", "forward in parts", "back in parts"]
    for _, forms in asked:
        first, *others = (form() for form in forms.values())
        assert others
        for other in others:
            torch.testing.assert_close(other, first, rtol=1e-5, atol=1e-5)


def test_in_parts_is_made_once() -> None:
    convolution, magnitude = measured(), measured(WEIGHT.abs())
    assert convolution.in_parts(magnitude) is convolution.in_parts(magnitude)
    assert isinstance(convolution.in_parts(magnitude), MeasuredInParts)


def test_a_kernel_that_fails_gives_way_to_torchs_own(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where all that is around it needs more of a GPU than there is."""

    def fails(self: Products, *more: Any) -> None:
        raise RuntimeError("out of resource: shared memory")

    convolution, values = measured(), torch.randn(2, 5, 20)
    monkeypatch.setattr(Products, "_launch", fails)
    for _ in range(2):
        torch.testing.assert_close(convolution.forward(values), conv1d(values, WEIGHT, padding=1))
    assert convolution.straight.forms == {5: None}


def test_what_does_not_fit_is_an_error_and_no_reason_for_another_form(asked: Asked) -> None:
    convolution, values = measured(), torch.randn(2, 5, 20)
    convolution.forward(values)
    with pytest.raises(ModelError):
        convolution.forward_around(values, Around(addends=torch.randn(1, 6, 20)))
    assert convolution.straight.forms[5] is not None


def test_a_strided_one_goes_back_as_torch_has_it(asked: Asked) -> None:
    convolution = measured(stride=2)
    values = torch.randn(2, 5, 21)
    out = convolution.forward(values)
    multipliers = torch.randn_like(out)
    back = convolution.transpose(multipliers, values.shape)
    torch.testing.assert_close((back * values).sum(), (multipliers * out).sum(), rtol=1e-4, atol=1e-4)
    assert [key[0] for key, _ in asked] == ["forward"]


def test_the_direct_form_does_what_is_around_it_in_steps(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels, values = measured(), torch.randn(4, 5, 20)
    around = Around(torch.randn(6), starts=torch.randn(2, 6, 20), addends=torch.randn(4, 6, 20))
    wanted = kernels.forward_around(values, around)
    monkeypatch.setattr(fastest, "quickest", lambda *asked: DIRECT)
    got = measured().forward_around(values, around)
    for a, b in zip(got, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
