"""Secants of functions of one argument."""

import torch

from seqattr.engine.numerics.secants import piecewise_linear


def test_the_ratio_has_the_derivative_where_there_is_no_gap():
    secant = piecewise_linear(torch.nn.functional.hardtanh)
    a, b = torch.tensor([0.5, 0.5, 3.0, 2.0]), torch.tensor([0.5, 0.0, 3.0, 0.0])
    assert secant(a, b).tolist() == [1.0, 1.0, 0.0, 0.5]


def test_nothing_is_asked_of_a_device_that_is_not_at_hand():
    """On a GPU each question is a wait; tensors without numbers cannot answer any."""
    empty = torch.empty(3, 5, device="meta")
    assert piecewise_linear(torch.relu)(empty, empty).shape == (3, 5)
