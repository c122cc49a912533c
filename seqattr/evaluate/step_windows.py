"""What the units of a step with weights read, window by window: y = w x written out as a matrix product."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from seqattr.analyses.pattern_sums import regime
from seqattr.analyses.pattern_windows import Windows
from seqattr.engine.graph.graph import Graph
from seqattr.engine.ops.weights import CONVOLUTIONS, DENSE, geometry_of
from seqattr.engine.rules.weighted_steps import WeightedStep
from seqattr.engine.walk.rulebook import ROWS_FIRST

Values = Mapping[str, Any]  # of a graph, by name
MOST_INPUTS = 1024  # of a unit, of which covariances are still worked out
MOST_PLACES = 200  # windows of a sequence, evenly spaced
MOST_UNITS = 16  # of a step, evenly spaced


class StepWindows(NamedTuple):
    """M windows of N sequences with their K inputs, and what some U units of a step make of them."""

    x: Tensor  # (M, K)
    y: Tensor  # (M, U), w x without a bias
    on: Tensor  # (M, U), 1 where the rectifier behind lets a unit through, or where there is none
    row: Tensor  # (M,), which sequence each is of
    weight: Tensor  # (U, K)
    units: Tensor  # (U,), which of the step's

    def select(self, which: Tensor) -> "StepWindows":
        """The windows of a mask (M,)."""
        return self._replace(x=self.x[which], y=self.y[which], on=self.on[which], row=self.row[which])


def readable(graph: Graph, layer: WeightedStep) -> bool:
    """Whether a step's windows can be written out: a dense layer or a convolution whose units all read the
    same inputs, not too many, with a row for each sequence.
    """
    step, weight = layer.step, graph.tensors[layer.weight]
    if step.op in CONVOLUTIONS:
        how = geometry_of(step.op, step.arguments)
        plain = how.groups == 1 and not how.transposed
    else:
        plain = step.op in DENSE
    return plain and step.layout == ROWS_FIRST and weight[0].numel() <= MOST_INPUTS


def windows_of(graph: Graph, layer: WeightedStep, values: Values, windows: Windows) -> StepWindows:
    """The windows that a step reads in one batch, but for those that read padding or N."""
    step, weight = layer.step, graph.tensors[layer.weight]
    units = evenly(len(weight), MOST_UNITS)
    read, on = read_by_units(layer, values[layer.activation], weight), regime(layer, values)
    part = windows.taking_part(step, values)
    mask = torch.ones_like(on) if part is None else part.expand_as(on)
    on, mask = (places_of(layer, of) for of in (on, mask))  # (N, places, units)
    places = evenly(read.shape[1], MOST_PLACES)
    chosen = mask[:, places, 0] != 0
    row = torch.arange(len(read))[:, None].expand(chosen.shape)[chosen]
    x, weight = read[:, places][chosen], weight.flatten(1)[units]
    return StepWindows(x, x @ weight.T, on[:, places][chosen][:, units], row, weight, units)


def evenly(number: int, most: int) -> Tensor:
    """At most so many of 0, 1, ..., number - 1."""
    return torch.linspace(0, number - 1, min(number, most), dtype=torch.float64).round().long()


def places_of(layer: WeightedStep, values: Tensor) -> Tensor:
    """A step's values with units last and their places in one dimension, (N, places, units)."""
    if layer.step.op in DENSE:
        return values.reshape(len(values), -1, values.shape[-1])
    return values.flatten(2).transpose(1, 2)


def read_by_units(layer: WeightedStep, x: Tensor, weight: Tensor) -> Tensor:
    """The inputs of each place's units, (N, places, K), in the order of the flattened weight (units, K)."""
    if layer.step.op in DENSE:
        return x.reshape(len(x), -1, x.shape[-1])
    how, dims = geometry_of(layer.step.op, layer.step.arguments), x.ndim - 2
    x = functional.pad(x, [size for padding in reversed(how.padding) for size in (padding, padding)])
    for dim, width in enumerate(weight.shape[2:]):
        span = how.dilation[dim] * (width - 1) + 1
        x = x.unfold(2 + dim, span, how.stride[dim])[..., :: how.dilation[dim]]
    # (N, channels, *places, *widths)
    return x.flatten(2, 1 + dims).transpose(1, 2).flatten(2)
