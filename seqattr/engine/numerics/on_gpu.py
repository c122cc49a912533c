"""An expression of tensors that broadcast together as one kernel of a GPU's, that torch's compiler makes.

Compiling takes seconds, and a kernel serves tensors of other sizes only where they look alike: for a size
of 1, for sizes that are equal where they were not, or for another order in memory torch compiles anew. So
tensors come to it in one form: with as few dimensions as there can be, none of them 1, in the order that
they have in memory.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.fx.experimental import _config as symbolic_shapes


class Form(NamedTuple):
    """Tensors as few dimensions, and how what is made of them lies in theirs."""

    tensors: Sequence[Tensor]
    order: Sequence[int]  # of the dimensions, from the outermost in memory
    shape: Sequence[int]  # of the result, in that order

    @property
    def pattern(self) -> tuple[Any, ...]:
        """What a kernel of its own is made for."""
        return tuple((t.dtype, *(size == 1 for size in t.shape)) for t in self.tensors)

    def restored(self, result: Tensor) -> Tensor:
        """A result in the dimensions that the tensors came with."""
        inverse = sorted(range(len(self.order)), key=self.order.__getitem__)
        return result.reshape(self.shape).permute(inverse)


def one_form(*tensors: Tensor) -> Form:
    """Tensors that broadcast together, with runs of dimensions as one, where all run on in memory alike."""
    shape = torch.broadcast_shapes(*(t.shape for t in tensors))
    tensors = tuple(t.resolve_neg()[(None,) * (len(shape) - t.ndim)] for t in tensors)
    strides = [max((t.stride(d) for t in tensors if t.shape[d] > 1), default=0) for d in range(len(shape))]
    order = sorted(range(len(shape)), key=lambda d: -strides[d])
    runs: list[list[int]] = []
    for d in order:
        if shape[d] == 1:
            continue
        if runs and all(runs_on(t, runs[-1][-1], d) for t in tensors):
            runs[-1].append(d)
        else:
            runs.append([d])
    return Form([as_runs(t, runs) for t in tensors], order, [shape[d] for d in order])


def runs_on(tensor: Tensor, outer: int, inner: int) -> bool:
    """Whether two dimensions can be one; of what is repeated along both nothing hinders it."""
    sizes = tensor.shape[outer], tensor.shape[inner]
    if 1 in sizes:
        return sizes == (1, 1)
    return tensor.stride(outer) == tensor.stride(inner) * sizes[1]


def as_runs(tensor: Tensor, runs: Sequence[Sequence[int]]) -> Tensor:
    """The same memory with a dimension for each run; where it is repeated, of size 1.

    It is no view: the compiler would look at what it is a view of.
    """
    sizes = [torch.Size([tensor.shape[d] for d in run]).numel() for run in runs]
    strides = [tensor.stride(run[-1]) for run in runs]
    return tensor.new_empty(0).set_(tensor.untyped_storage(), tensor.storage_offset(), sizes, strides)


@cache
def on_gpu(expression: Callable[..., Any]) -> Callable[..., Any]:
    """The expression as one kernel, by Triton; as it stands where that finds no compiler or fails."""
    working = [torch.compile(expression, dynamic=True)]
    patterns = set[tuple[Any, ...]]()

    def compiled(form: Form) -> Any:
        if form.pattern in patterns:
            return working[0](*form.tensors)
        patterns.add(form.pattern)
        with symbolic_shapes.patch(use_duck_shape=False):  # type: ignore[attr-defined]
            # Sizes that are equal now may differ later.
            return working[0](*form.tensors)

    def run(*tensors: Tensor) -> Any:
        if working:
            form = one_form(*tensors)
            try:
                made = compiled(form)
            except torch.OutOfMemoryError:
                raise
            except Exception:  # of whatever compiler
                working.clear()
            else:
                return form.restored(made) if isinstance(made, Tensor) else [form.restored(m) for m in made]
        return expression(*tensors)

    return run
