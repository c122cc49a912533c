"""PatternNet and PatternAttribution a second time, slowly: loops over neurons and windows, float64.

Kindermans et al. 2018: patterns from windows that are all written out (section 4), and the way back through a
sequential network with patterns in the place of weights (section 5).
"""

from collections.abc import Callable, Sequence

import numpy as np
from torch import nn

from tests.helpers.slow_deeplift import Array, Average, Flatten, Layer, Nonlinear, layers_of

Data = tuple[Array, Array]  # windows (M, K) that a layer's units read, and their values (M, units)
Combine = Callable[[float, float], float]  # of a weight and its pattern


def values(layers: Sequence[Layer], x: Array) -> list[Array]:
    """What goes into each layer, and what comes out of the last."""
    found = [x]
    for layer in layers:
        found.append(layer.forward(found[-1]))
    return found


def windows(module: nn.Module, x: Array) -> list[Array]:
    """What the units of one layer read: each window of a convolution, or all there is."""
    if isinstance(module, nn.Linear):
        return [x]
    assert isinstance(module, nn.Conv1d)
    (width,), (stride,), (step,), (padding,) = (
        module.kernel_size, module.stride, module.dilation, module.padding
    )  # fmt: skip
    x = np.pad(x, [(0, 0), (padding, padding)])
    last = x.shape[1] - step * (width - 1)
    return [x[:, start : start + step * width : step].reshape(-1) for start in range(0, last, stride)]


def estimate(weight: Array, bias: Array, x: Array, rectified: bool) -> Array:
    """The patterns (units, K) of windows (M, K)."""
    patterns = np.zeros_like(weight)
    for unit, w in enumerate(weight):
        y = x @ w
        on = y + bias[unit] > 0 if rectified else np.ones(len(y), bool)
        if not on.any():
            continue
        e_xy = np.mean([x[m] * y[m] for m in np.flatnonzero(on)], axis=0)
        e_x, e_y = x[on].mean(0), y.mean()
        patterns[unit] = (e_xy - e_x * e_y) / (w @ e_xy - w @ e_x * e_y)
    return patterns


def fit(net: nn.Sequential, sequences: Array) -> list[Array]:
    """The patterns of each layer with weights, in the weights' shapes."""
    found, x = [], list(sequences)
    layers = layers_of(net, sequences.shape[1:], "gradient")
    for i, (module, layer) in enumerate(zip(net, layers, strict=True)):
        if isinstance(module, nn.Conv1d | nn.Linear):
            weight, bias = module.weight.detach().numpy(), module.bias.detach().numpy()
            every = np.array([window for each in x for window in windows(module, each)])
            rectified = i + 1 < len(net) and isinstance(net[i + 1], nn.ReLU)
            found.append(
                estimate(weight.reshape(len(weight), -1), bias, every, rectified).reshape(weight.shape)
            )
        x = [layer.forward(each) for each in x]
    return found


def back(net: nn.Sequential, patterns: Sequence[Array], x: Array, target: int, combine: Combine) -> Array:
    """What comes back to the bases (4, L) of an output's value."""
    layers = layers_of(net, x.shape, "gradient")
    inputs = values(layers, x)
    signal = np.eye(len(inputs[-1]))[target] * inputs[-1]
    queue = list(patterns)
    for module, layer, value in reversed(list(zip(net, layers, inputs, strict=False))):
        if isinstance(layer, Flatten):
            signal = signal.reshape(value.shape)
        elif isinstance(layer, Nonlinear):
            signal = np.where(value > 0, signal, 0.0)
        else:
            pattern = None if isinstance(layer, Average) else queue.pop()
            signal = through(module, layer, pattern, value, signal, combine)
    return signal


def through(
    module: nn.Module, layer: Layer, pattern: Array | None, x: Array, signal: Array, combine: Combine
) -> Array:
    """Along every edge of a layer; `layers_of` lists those of a convolution position by position."""
    result = np.zeros_like(x)
    if pattern is None:
        for to, source, weight in layer.edges:
            result[source] += weight * signal[to]
        return result
    flat = pattern.reshape(-1)
    for number, (to, source, weight) in enumerate(layer.edges):
        result[source] += combine(weight, flat[number % len(flat)]) * signal[to]
    return result


PATTERNNET: Combine = lambda weight, pattern: pattern  # noqa: E731
PATTERN_ATTRIBUTION: Combine = lambda weight, pattern: weight * pattern  # noqa: E731
