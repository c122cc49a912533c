"""What is summed up over sequences for the pattern of a step, and the pattern that comes of it.

Kindermans et al. 2018, section 4: the pattern of a unit y = w x is a = c / (w c), of its covariance
c = E[x y] - E[x] E[y] with all that it reads. Where a rectifier follows, E[x y] and E[x] are over the windows
where the unit is on, and E[y] over all: a+ of the two-component estimator S_a+-. Elsewhere all are over all
windows: the linear estimator S_a. For a convolution x is each window, zeros of its padding included. A bias
is the same in every window and takes no part in a covariance. What reads padding or N takes no part either
(`pattern_windows`).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.analyses.pattern_windows import Windows
from seqattr.engine.graph.graph import Step, evaluate
from seqattr.engine.graph.kinds import function_of
from seqattr.engine.ops.weights import CONVOLUTIONS, DENSE, geometry_of
from seqattr.engine.rules.adjoint import unbroadcast, vjp
from seqattr.engine.rules.weighted_steps import WeightedStep

Values = Mapping[str, Any]  # of a graph, by name
ROUNDING = 1e-10  # of its own terms: a smaller w c is nothing but rounding


def regime(layer: WeightedStep, values: Values) -> Tensor:
    """1 for each element of a step's value that counts for its pattern, 0 for one that the rectifier holds
    back.
    """
    names = [layer.step.name, *(step.name for step in layer.before or ())]
    last = values[names[-1]]
    if layer.before is None:
        return torch.ones_like(last)
    mask = (last > 0).to(last)
    for name, step in reversed(list(zip(names, layer.before, strict=False))):
        mask = mask_before(mask, step, name, values)
    return (mask != 0).to(last)


def mask_before(mask: Tensor, step: Step, name: str, values: Values) -> Tensor:
    """A mask of a step's value as one of the value `name` that it reads."""
    function = function_of(step)
    return vjp(lambda a: evaluate(step, function, {**values, name: a[0]}, a[0]), [values[name]], mask)[0]


# --- units -----------------------------------------------------------------------------------------


def geometry(step: Step, weight: Tensor) -> Any:
    return geometry_of(step.op, step.arguments)


def by_unit(layer: WeightedStep, weight: Tensor) -> Tensor:
    """The weight with units along dimensions of their own, also where a transposed convolution has groups."""
    if layer.step.op in CONVOLUTIONS and geometry(layer.step, weight).transposed:
        return weight.unflatten(0, (geometry(layer.step, weight).groups, -1))
    return weight


def inputs_along(layer: WeightedStep, weight: Tensor) -> list[int]:
    """The dimensions of the opened weight along which the inputs of one unit lie."""
    if layer.step.op in CONVOLUTIONS:
        transposed = geometry(layer.step, weight).transposed
        return [1, *range(3, weight.ndim + 1)] if transposed else list(range(1, weight.ndim))
    first = layer.activation == layer.step.args[0]
    return [-2] if first and layer.step.op not in DENSE and weight.ndim > 1 else [-1]


def weight_sums(layer: WeightedStep, x: Tensor, weight: Tensor, amounts: Tensor) -> Tensor:
    """The sum over windows of x times an amount for each window and unit, in the weight's shape."""
    step = layer.step
    if step.op in CONVOLUTIONS:
        wanted = [False, True, False]
        backward = torch.ops.aten.convolution_backward.default
        result: Tensor = backward(amounts, x, weight, None, *geometry(step, weight), wanted)[1]
        return result
    if step.op in DENSE:
        return amounts.flatten(0, -2).T @ x.flatten(0, -2)
    function = function_of(step)
    pair = (lambda w: (x, w)) if layer.activation == step.args[0] else (lambda w: (w, x))
    return vjp(lambda w: function(*pair(w[0])), [weight], amounts)[0]


class Totals(NamedTuple):
    """The sums over all windows so far."""

    windows: Tensor  # of each unit
    active: Tensor
    y: Tensor
    x: Tensor  # of the weight's shape
    xy: Tensor


class Sums:
    """Running sums of one step in float64, over all windows that it has seen and that take part."""

    def __init__(self, layer: WeightedStep, weight: Tensor, windows: Windows) -> None:
        self.layer, self.weight, self.windows = layer, weight, windows
        self.along = inputs_along(layer, weight)
        nothing = by_unit(layer, weight).sum(self.along, keepdim=True) * 0
        self.so_far = Totals(nothing, nothing, nothing, torch.zeros_like(weight), torch.zeros_like(weight))

    def after(self, values: Values, weight: float = 1) -> Totals:
        """The totals with one batch more, of float64 values of the whole graph, times a weight."""
        x, y = values[self.layer.activation], values[self.layer.step.name]
        every, on = torch.ones_like(y), regime(self.layer, values)
        part = self.windows.taking_part(self.layer.step, values)
        if part is not None:
            every, on, y = every * part, on * part, y * part
        units = [self.of_units(amounts) for amounts in (every, on, y)]
        both = [weight_sums(self.layer, x, self.weight, amounts) for amounts in (on, on * y)]
        return Totals(*(old + weight * new for old, new in zip(self.so_far, (*units, *both), strict=True)))

    def of_units(self, values: Tensor) -> Tensor:
        """The sum of a step's values over windows, for each unit."""
        shape = self.so_far.windows.shape
        if self.layer.step.op in CONVOLUTIONS:
            return values.transpose(0, 1).flatten(1).sum(1).view(shape)
        if self.layer.step.op in DENSE:
            return values.flatten(0, -2).sum(0).view(shape)
        return unbroadcast(values, shape) if self.weight.ndim > 1 else values.sum().view(shape)

    def pattern(self) -> tuple[Tensor, Tensor]:
        """The pattern in the weight's shape, and for each unit whether it has one.

        A unit that was never on, or is the same in all windows, has none: 0.
        """
        windows, active, y, *sums = self.so_far
        weight, x, xy = (by_unit(self.layer, t) for t in (self.weight, *sums))
        seen = active.clamp(min=1)
        first, second = xy / seen, x / seen * (y / windows.clamp(min=1))
        covariance = first - second
        down = (weight * covariance).sum(self.along, keepdim=True)
        size = (weight.abs() * (first.abs() + second.abs())).sum(self.along, keepdim=True)
        known = down.abs() > ROUNDING * size
        pattern = torch.where(known, covariance / torch.where(known, down, 1), 0)
        return pattern.reshape(self.weight.shape), known.flatten()
