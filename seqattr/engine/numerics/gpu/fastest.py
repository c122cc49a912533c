"""Convolutions on a GPU in the form that is quickest there: on tensor cores, or as torch has it."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from seqattr.engine.numerics.gpu.choice import quickest
from seqattr.engine.numerics.gpu.implicit import Around, Products, Result, Run, in_steps
from seqattr.errors import ModelError

DIRECT = "direct"
SAMPLE = 2**25  # numbers of the larger of what goes in and what comes out, when forms are measured
MOST_ROWS = 2**14
# Of the largest of a convolution's values, how far a form's may be from torch's.
TOLERANCE = {"float32": 1e-5, "bfloat16x3": 1e-3}


class Direct(Protocol):
    """A convolution as torch has it."""

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor: ...

    def transpose(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor: ...


class Quickest:
    """One way through a convolution, in the form that is quickest; which one does not hang on how many rows
    there are, so that equal rows stay equal.
    """

    def __init__(self, name: str, products: Products, precision: str) -> None:
        self.name, self.products, self.precision = name, products, precision
        self.forms: dict[int, Run | None] = {}

    def __call__(self, values: Tensor, around: Around, direct: Run) -> Result:
        size = 1 << values.shape[2].bit_length()
        if size not in self.forms:
            self.forms[size] = self._choose(values, direct)
        run = self.forms[size]
        if run is None:
            return direct(values, around)
        try:
            return run(values, around)
        except (ModelError, torch.OutOfMemoryError):
            raise
        except Exception:  # with more around it a kernel needs more of the GPU than there may be
            self.forms[size] = None
            return direct(values, around)

    def _choose(self, values: Tensor, direct: Run) -> Run | None:
        """None for the direct one."""
        runs = {"x".join(map(str, tile)): self.products.on(tile) for tile in self.products.tiles()}
        sample = self._sample(values)
        forms = {name: partial(values_of, run, sample) for name, run in {DIRECT: direct, **runs}.items()}
        chosen = quickest(self._key(values), forms, values.device, TOLERANCE[self.precision])
        return runs.get(chosen)

    def _key(self, values: Tensor) -> tuple[str | int, ...]:
        p = self.products
        size = values.shape[2].bit_length()
        return self.name, self.precision, *p.weight.shape, p.stride, p.padding, p.dilation, size

    def _sample(self, values: Tensor) -> Tensor:
        """Numbers (rows, channels, L) drawn at random, as many rows as a GPU is busy with."""
        outputs, channels, _ = self.products.weight.shape
        length = values.shape[2]
        rows = min(max(1, SAMPLE // (max(outputs, channels) * length)), MOST_ROWS)
        generator = torch.Generator(values.device).manual_seed(0)
        drawn = torch.randn(rows, length, channels, device=values.device, generator=generator)
        return drawn.mT


def values_of(run: Run, sample: Tensor) -> Tensor:
    return run(sample, Around()).values


class Measured:
    """A convolution and its transpose, with what is around them: on tensor cores, or directly as in torch."""

    def __init__(self, products: Products, precision: str, direct: Direct) -> None:
        self.direct, back = direct, products.transposed()
        self.straight = Quickest("forward", products, precision)
        self.back = None if back is None else Quickest("back", back, precision)

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor:
        return self.forward_around(activation, Around(bias)).values

    def transpose(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor:
        return self.transpose_around(multiplier, shape, Around())

    def forward_around(self, activation: Tensor, around: Around) -> Result:
        """W x and what is around it."""
        return self.straight(activation, around, in_steps(self.direct.forward))

    def transpose_around(self, multiplier: Tensor, shape: Sequence[int], around: Around) -> Tensor:
        """W^T m and what is around it, for activations of this shape."""
        direct = in_steps(lambda values, _: self.direct.transpose(values, shape))
        if self.back is None:
            return direct(multiplier, around).values
        return self.back(multiplier, around, direct).values
