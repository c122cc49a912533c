"""Whatever holds the sequences, a method gives the same answer, and torch has nothing to say."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from seqattr.analyses.attention import attention
from seqattr.analyses.patterns import fit_patterns
from seqattr.analyses.sensitivity import jacobian, sensitivity
from seqattr.engine.capture.model import Model
from seqattr.engine.walk.session import tensor_of
from seqattr.errors import InputError
from seqattr.methods.attribution import attribute
from tests.helpers.sequences import one_hot
from tests.helpers.zoo import captured


def contributions(model: Model, x: Any) -> Tensor:
    return attribute(model, x, x).contributions + attribute(model, x).contributions


METHODS: dict[str, Callable[[Model, Any], Any]] = {
    "attribute": contributions,
    "jacobian": jacobian,
    "sensitivity": lambda model, x: sensitivity(model, x)[2:],
    "attention": lambda model, x: attention(model, x)[1].weights["attention1"],
    "fit_patterns": lambda model, x: [step.values for step in fit_patterns(model, x).steps],
}


def read_only(x: np.ndarray) -> np.ndarray:
    copy = x.copy()
    copy.flags.writeable = False
    return copy


FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    "read backwards": lambda x: x[:, ::-1, ::-1].copy()[:, ::-1, ::-1],
    "read only": read_only,
    "a list": lambda x: x.tolist(),
    "a list of tensors": lambda x: [torch.from_numpy(row) for row in x],
    "a tensor that takes gradients": lambda x: torch.from_numpy(x).requires_grad_(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", METHODS)
def test_arrays_of_any_kind_are_taken(method: str, form: str) -> None:
    model, x = captured("transformer")[1], one_hot(3).numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = METHODS[method](model, FORMS[form](x))
    torch.testing.assert_close(found, METHODS[method](model, torch.from_numpy(x)), rtol=0, atol=0)


@pytest.mark.parametrize("method", METHODS)
def test_what_are_no_numbers_is_said(method: str) -> None:
    model = captured("transformer")[1]
    for wrong in (["ACGT"], [[1.0], [1.0, 2.0]]):
        with pytest.raises(InputError, match="sequences must be arrays of numbers"):
            METHODS[method](model, wrong)


def test_a_tensor_is_not_copied() -> None:
    x = one_hot(2)
    assert tensor_of(x).data_ptr() == x.data_ptr()
