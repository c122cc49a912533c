"""A captured graph made smaller without changing what it computes.

No-ops go, what depends on no base is computed once, batch norms fold into the convolution or dense
layer before them where nothing else reads it, and what no output needs is dropped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

import torch
from torch import Tensor

from seqattr.engine.graph.graph import Graph, Ref, Step, evaluate, rewire
from seqattr.engine.graph.masks import (
    masks_as_numbers,
    masks_as_rectifiers,
    masks_in_numbers,
    masks_of,
)
from seqattr.engine.ops.composites import BATCH_NORM
from seqattr.engine.ops.hints import HINTS
from seqattr.engine.ops.idle import DROPOUTS, NO_OPS
from seqattr.engine.ops.kinds import HELD
from seqattr.engine.ops.moving import PADS
from seqattr.engine.ops.names import ADD, CAST, MEAN, MUL, NE, SLICE, TRUNC
from seqattr.engine.ops.weights import CONVOLUTIONS, DENSE, STRAIGHT, TRANSPOSED, is_transposed
from seqattr.engine.ops.windows import ADAPTIVE_AVERAGES, POOLS
from seqattr.errors import UnsupportedOp

Resolver = Callable[[Step], Callable[..., object]]

WHOLE_NUMBERS = (torch.int64, torch.int32)  # wide enough for what a model computes; others would wrap
EVERYTHING = torch.iinfo(torch.int64).max


def simplify(graph: Graph, resolve: Resolver) -> Graph:
    """All simplifications, in the order in which each helps the next."""
    graph = fold_constants(graph, resolve)  # first: a cast of a constant is no no-op
    graph = masks_as_rectifiers(drop_no_ops(masks_as_numbers(write_out_casts(graph))))
    graph = fold_batch_norms(graph)
    graph = fold_pads(graph)
    graph = replace(graph, steps=tuple(global_mean(step) for step in graph.steps))
    return drop_unused(graph)


def is_no_op(step: Step, numbers: set[str]) -> bool:
    """Whether the step's value is its first argument, whatever that is.

    A cast to another floating point type counts as one, since all is computed as precisely as the weights
    are, but of `numbers` only: those values that depend on the bases and are no masks.
    """
    if step.op == SLICE:
        cut = step.arguments
        return cut.start in (0, None) and cut.end == EVERYTHING and cut.step == 1
    if step.op in DROPOUTS:
        return not step.arguments.train and not step.output
    if step.op == CAST:
        return step.args[0] in numbers and step.kwargs["dtype"].is_floating_point
    return step.op in NO_OPS


def write_out_casts(graph: Graph) -> Graph:
    """What depends on the bases stays a floating point number: cast to a whole one it loses its fraction, and
    cast to a truth value it is a mask of what is not 0. Neither has a slope. A mask as numbers is 0 and 1.
    """
    active, masks = graph.active(), masks_of(graph)
    cast = [step.op == CAST and step.args[0] in active for step in graph.steps]
    steps = [
        written_out(step, step.args[0] in masks) if is_cast else step
        for step, is_cast in zip(graph.steps, cast, strict=True)
    ]
    return replace(graph, steps=tuple(steps))


def written_out(step: Step, of_mask: bool) -> Step:
    """A cast of what depends on the bases."""
    if step.kwargs["dtype"] == torch.bool:
        return replace(step, op=NE, args=(step.args[0], 0), kwargs={})
    if of_mask:
        return replace(step, kwargs={"dtype": torch.float32})  # a maker: as precise as the model
    whole = step.kwargs["dtype"] in WHOLE_NUMBERS
    return replace(step, op=TRUNC, kwargs={}) if whole else step


def drop_no_ops(graph: Graph) -> Graph:
    """Every reader of a no-op reads the no-op's own argument instead."""
    same: dict[str, Ref] = {}
    masks = masks_of(graph)
    numbers, flat = graph.active() - masks, masks_in_numbers(graph, masks)
    steps = []
    for step in graph.steps:
        step = rewire(step, lambda ref: same.get(ref, ref))
        idle = is_no_op(step, numbers) or (step.op in HELD and step.args[0] in flat)  # without a slope anyway
        if idle and isinstance(step.args[0], Ref):
            same[step.name] = step.args[0]
        else:
            steps.append(step)
    return replace(graph, steps=tuple(steps), outputs=tuple(same.get(o, o) for o in graph.outputs))


def fold_constants(graph: Graph, resolve: Resolver) -> Graph:
    """Steps that depend on neither the bases nor the batch become tensors, or plain numbers."""
    values: dict[str, object] = dict(graph.tensors)
    numbers: dict[str, object] = {}
    steps = []
    like = next((t for t in graph.tensors.values() if t.is_floating_point()), torch.zeros(0))
    for step in graph.steps:
        step = rewire(step, lambda ref: numbers.get(ref, ref))
        if not all(ref in values for ref in step.refs()):
            steps.append(step)
            continue
        value = constant_value(step, resolve, values, like)
        if isinstance(value, int | float | bool):
            numbers[step.name] = value
        values[step.name] = value
    tensors = {name: value.contiguous() for name, value in values.items() if isinstance(value, Tensor)}
    return replace(graph, steps=tuple(steps), tensors=tensors)


def constant_value(step: Step, resolve: Resolver, values: Mapping[str, object], like: Tensor) -> object:
    """The value of a step on constants. Raises UnsupportedOp where it has none, as of mixed precisions."""
    try:
        return evaluate(step, resolve(step), values, like)
    except (RuntimeError, TypeError) as error:
        raise UnsupportedOp(step.op, step.source, HINTS.get(step.op, "")) from error


def drop_unused(graph: Graph) -> Graph:
    """Only the steps and tensors that an output needs."""
    needed = set(graph.outputs)
    steps = []
    for step in reversed(graph.steps):
        if step.name in needed:
            needed.update(step.refs())
            steps.append(step)
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name in needed}
    return replace(graph, steps=tuple(reversed(steps)), tensors=tensors)


# --- padding -----------------------------------------------------------------------------------


def fold_pads(graph: Graph) -> Graph:
    """Zeros added alike on both sides become the padding of the convolution that reads them."""
    steps = graph.by_name()
    return replace(graph, steps=tuple(with_padding(step, steps) for step in graph.steps))


def with_padding(step: Step, steps: Mapping[str, Step]) -> Step:
    """The convolution on what a padding step pads, with that as its own padding."""
    pad = steps.get(step.args[0]) if step.op in STRAIGHT else None
    if pad is None or pad.op not in PADS:
        return step
    sides, a = pad.arguments.pad, step.arguments
    before, after = sides[::2], sides[1::2]  # from the last dimension backwards
    zeros = getattr(pad.arguments, "mode", "constant") == "constant" and pad.arguments.value in (None, 0)
    if not zeros or before != after or min(before) < 0 or len(before) > len(a.padding):
        return step
    wider = [p + extra for p, extra in zip_longest(reversed(a.padding), before, fillvalue=0)][::-1]
    return replace(step, args=(pad.args[0], a.weight, a.bias, a.stride, wider, *step.args[5:]))


# --- pooling to one ----------------------------------------------------------------------------


def global_mean(step: Step) -> Step:
    """An average pool to one position is a mean."""
    if step.op not in ADAPTIVE_AVERAGES or any(size != 1 for size in step.arguments.output_size):
        return step
    return replace(step, op=MEAN, args=(step.args[0], list(range(-POOLS[step.op].dims, 0)), True))


# --- batch norms -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Weights:
    """Where a linear step keeps its weight and bias, and along which dimension its outputs lie."""

    weight: str
    bias: str | None
    dim: int
    channel_axis_from_end: int  # of the step's value


def fold_batch_norms(graph: Graph) -> Graph:
    """Scale and shift of a batch norm go into the linear step before it, when only they read it."""
    while (pair := find_foldable(graph)) is not None:
        graph = fold(graph, *pair)
    return graph


def find_foldable(graph: Graph) -> tuple[Step, Step, Tensor] | None:
    """The next linear step with the constant multiplication or addition that alone reads it."""
    steps, readers = graph.by_name(), graph.consumers()
    for step in graph.steps:
        if step.part_of not in BATCH_NORM or step.op not in (MUL, ADD):
            continue
        source, constant = (step.args[0], step.args[1])
        before = steps.get(source) if isinstance(source, Ref) else None
        if before is None or len(readers[before.name]) != 1 or before.name in graph.outputs:
            continue
        tensor = graph.tensors.get(constant) if isinstance(constant, Ref) else None
        if tensor is not None and fits(graph, before, tensor):
            return before, step, tensor
    return None


def weights_of(graph: Graph, step: Step) -> Weights | None:
    """The weights of a linear step whose outputs can be scaled one by one."""
    if step.op not in CONVOLUTIONS | DENSE or len(step.args) < 2 or step.args[1] not in graph.tensors:
        return None
    bias = step.arguments.bias
    if step.op in DENSE:
        return Weights(step.args[1], bias, 0, 1)
    transposed = is_transposed(step.op, step.arguments)
    if transposed and (step.op not in TRANSPOSED or step.arguments.groups != 1):
        return None
    weight = graph.tensors[step.args[1]]
    return Weights(step.args[1], bias, 1 if transposed else 0, weight.ndim - 1)


def fits(graph: Graph, step: Step, constant: Tensor) -> bool:
    """Whether `constant` holds one number for each output channel of a linear step."""
    weights = weights_of(graph, step)
    if weights is None:
        return False
    channels = graph.tensors[weights.weight].shape[weights.dim]
    wanted = [channels] + [1] * (weights.channel_axis_from_end - 1)
    return list(constant.shape) == wanted


def fold(graph: Graph, linear: Step, norm: Step, constant: Tensor) -> Graph:
    """One linear step in place of a linear step and a multiplication or addition."""
    weights = weights_of(graph, linear)
    assert weights is not None
    factor = constant.flatten()
    weight = graph.tensors[weights.weight]
    bias = weight.new_zeros(len(factor)) if weights.bias is None else graph.tensors[weights.bias]
    if norm.op == MUL:
        shape = [1] * weight.ndim
        shape[weights.dim] = -1
        weight, bias = weight * factor.view(shape), bias * factor
    else:
        bias = bias + factor
    names = (Ref(f"{linear.name}.weight"), Ref(f"{linear.name}.bias"))
    merged = replace(linear, args=(linear.args[0], *names, *linear.args[3:]))
    steps = []
    for step in graph.steps:
        step = merged if step.name == linear.name else step
        if step.name != norm.name:
            steps.append(rewire(step, lambda ref: Ref(linear.name) if ref == norm.name else ref))
    outputs = tuple(linear.name if name == norm.name else name for name in graph.outputs)
    tensors = dict(graph.tensors) | dict(zip(names, (weight, bias), strict=True))
    return replace(graph, steps=tuple(steps), tensors=tensors, outputs=outputs)
