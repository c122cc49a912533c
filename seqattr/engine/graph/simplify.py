"""A captured graph made smaller without changing what it computes.

No-ops go, what depends on no base is computed once, batch norms fold into the convolution or dense
layer before them where nothing else reads it, and what no output needs is dropped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.graph.graph import Graph, Ref, Step, evaluate, rewire
from seqattr.engine.graph.masks import masks_as_numbers, masks_of, rectified
from seqattr.engine.ops.kinds import CONVOLUTIONS, DENSE, HINTS
from seqattr.engine.ops.makers import CAST
from seqattr.errors import UnsupportedOp

Resolver = Callable[[Step], Callable[..., object]]

NO_OPS = frozenset(
    {
        "aten.clone.default",
        "aten.alias.default",
        "aten.detach.default",
        "aten.detach_.default",
        "aten.contiguous.default",
        "aten.lift_fresh_copy.default",
        "aten.lift_fresh.default",
        "aten.to.device",
        "aten.positive.default",
        "aten.resolve_conj.default",
        "aten.resolve_neg.default",
    }
)
# These draw random numbers where their third argument says that the model is in training.
DROPOUTS = frozenset(
    {
        "aten.dropout.default",
        "aten.native_dropout.default",
        "aten.feature_dropout.default",
        "aten.alpha_dropout.default",
        "aten.feature_alpha_dropout.default",
    }
)
WHOLE_NUMBERS = (torch.int64, torch.int32)  # wide enough for what a model computes; others would wrap
EVERYTHING = torch.iinfo(torch.int64).max


def simplify(graph: Graph, resolve: Resolver) -> Graph:
    """All simplifications, in the order in which each helps the next."""
    graph = fold_constants(graph, resolve)  # first: a cast of a constant is no no-op
    graph = rectified(drop_no_ops(masks_as_numbers(write_out_casts(graph))))
    graph = fold_batch_norms(graph)
    graph = fold_pads(graph)
    graph = replace(graph, steps=tuple(global_mean(step) for step in graph.steps))
    return drop_unused(graph)


def is_no_op(step: Step, numbers: set[str]) -> bool:
    """Whether the step's value is its first argument, whatever that is.

    A cast to another floating point type counts as one, since all is computed as precisely as the weights
    are, but of `numbers` only: those values that depend on the bases and are no masks.
    """
    if step.op == "aten.slice.Tensor" and len(step.args) >= 4:
        return step.args[2] in (0, None) and step.args[3] == EVERYTHING and step.args[4:] in ((), (1,))
    if step.op in DROPOUTS:
        return not step.args[2] and not step.output
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
        return replace(step, op="aten.ne.Scalar", args=(step.args[0], 0), kwargs={})
    if of_mask:
        return replace(step, kwargs={"dtype": torch.float32})  # a maker: as precise as the model
    whole = step.kwargs["dtype"] in WHOLE_NUMBERS
    return replace(step, op="aten.trunc.default", kwargs={}) if whole else step


def drop_no_ops(graph: Graph) -> Graph:
    """Every reader of a no-op reads the no-op's own argument instead."""
    same: dict[str, Ref] = {}
    numbers = graph.active() - masks_of(graph)
    steps = []
    for step in graph.steps:
        step = rewire(step, lambda ref: same.get(ref, ref))
        if is_no_op(step, numbers) and isinstance(step.args[0], Ref):
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
        value = evaluated(step, resolve, values, like)
        if isinstance(value, int | float | bool):
            numbers[step.name] = value
        values[step.name] = value
    tensors = {name: value.contiguous() for name, value in values.items() if isinstance(value, Tensor)}
    return replace(graph, steps=tuple(steps), tensors=tensors)


def evaluated(step: Step, resolve: Resolver, values: Mapping[str, object], like: Tensor) -> object:
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

PADS = {"aten.pad.default", "aten.constant_pad_nd.default"}
PADDED = {"aten.conv1d.default", "aten.conv2d.default", "aten.conv3d.default"}


def fold_pads(graph: Graph) -> Graph:
    """Zeros added alike on both sides become the padding of the convolution that reads them."""
    steps = graph.by_name()
    return replace(graph, steps=tuple(with_padding(step, steps) for step in graph.steps))


def with_padding(step: Step, steps: Mapping[str, Step]) -> Step:
    """The convolution on what a padding step pads, with that as its own padding."""
    pad = steps.get(step.args[0]) if step.op in PADDED else None
    if pad is None or pad.op not in PADS:
        return step
    sides, (weight, bias, stride, padding, *rest) = pad.args[1], with_defaults(step)
    before, after = sides[::2], sides[1::2]  # from the last dimension backwards
    zeros = not any(value not in ("constant", None, 0) for value in (*pad.args[2:], *pad.kwargs.values()))
    if not zeros or before != after or min(before) < 0 or len(before) > len(padding):
        return step
    wider = [p + extra for p, extra in zip_longest(reversed(padding), before, fillvalue=0)][::-1]
    return replace(step, args=(pad.args[0], weight, bias, stride, wider, *rest))


def with_defaults(step: Step) -> list[Any]:
    """The arguments of a convolution after the activation, written out to the padding."""
    dims = int(step.op[len("aten.conv")])
    given = list(step.args[1:])
    return given + [None, [1] * dims, [0] * dims][len(given) - 1 :]


# --- pooling to one ----------------------------------------------------------------------------

GLOBAL_POOLS = {f"aten.adaptive_avg_pool{dims}d.default": dims for dims in (1, 2, 3)}


def global_mean(step: Step) -> Step:
    """An average pool to one position is a mean."""
    dims = GLOBAL_POOLS.get(step.op)
    if dims is None or any(size != 1 for size in step.args[1]):
        return step
    return replace(step, op="aten.mean.dim", args=(step.args[0], list(range(-dims, 0)), True))


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
        if "batch_norm" not in step.part_of or step.op not in ("aten.mul.Tensor", "aten.add.Tensor"):
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
    bias = step.args[2] if len(step.args) > 2 else None
    if step.op in DENSE:
        return Weights(step.args[1], bias, 0, 1)
    transposed = "transpose" in step.op or (step.op == "aten.convolution.default" and step.args[6])
    grouped = (step.args[6:7] or (1,))[0] != 1 if "conv_transpose" in step.op else False
    if transposed and (grouped or step.op == "aten.convolution.default"):
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
    if norm.op == "aten.mul.Tensor":
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
