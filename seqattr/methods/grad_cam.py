"""Grad-CAM: where along the sequence a convolution's channels that matter are on (Selvaraju et al. 2017).

The map is as coarse as the convolution, and the same for all four bases of a position.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from seqattr.engine.graph.forward import random_sequences
from seqattr.engine.graph.graph import Graph, Step
from seqattr.engine.graph.kinds import classify
from seqattr.engine.graph.outputs import Target
from seqattr.engine.numerics.multipliers import whole
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.weights import CONVOLUTIONS, DENSE
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.forward import side_values
from seqattr.errors import ModelError, UnknownName
from seqattr.methods.attributors import Attributor, Batch, Explanation

Map = Callable[[Target], Tensor]  # (B, 1, L)
Kinds = Mapping[str, Kind]


def grad_cam(step_name: str = "") -> Attributor:
    """The map of a step's channels, by default of the last hidden convolution's, after its nonlinearity.

    Raises ModelError if there is no convolution or the step's values are not (N, channels, positions),
    UnknownName for a step that there is not.
    """

    def attributor(batch: Batch) -> Explanation:
        maps, outputs = class_maps(batch, step_name)
        scores = batch.scores_of_bases(lambda target: maps(target).expand(-1, 4, -1))
        return Explanation(scores, outputs)

    return attributor


def guided_grad_cam(step_name: str = "") -> Attributor:
    """The rulebook's multipliers times that map (section 3.2 of the paper)."""

    def attributor(batch: Batch) -> Explanation:
        maps, outputs = class_maps(batch, step_name)
        guided = batch.alone(batch.sequences)
        projection = batch.projection(lambda target: batch.back(guided, target) * maps(target)[:, None])
        return Explanation(projection, outputs)

    return attributor


def class_maps(batch: Batch, step_name: str) -> tuple[Map, Callable[[Target], tuple[Tensor, Tensor]]]:
    """The maps of the sequences at the bases' own resolution, and their outputs."""
    step = step_called(batch.session.graph, step_name)
    walk = batch.alone(batch.sequences, GRADIENT, keep={step.name})
    on: Tensor = walk.sides.sequence[step.name]
    length, backwards = batch.sequences.shape[2], runs_backwards(batch, step)

    def maps(target: Target) -> Tensor:
        gradient = whole(batch.arriving(walk, target, step.name))
        values = at_every_base(class_map(on, gradient), length)
        return values.flip(-1) if backwards else values

    return maps, batch.outputs(walk)


def runs_backwards(batch: Batch, step: Step) -> bool:
    """Whether a step's positions go along the sequence from its end, as in a model that mirrors it first.

    Where its values change with the first half of a sequence tells, and where with the second.
    """
    plan = batch.session.plan(GRADIENT)
    if not any(".flip." in s.op for s in plan.graph.steps):
        return False
    whole_one, other = random_sequences(2, batch.sequences.shape[2], batch.sequences.dtype, "cpu")
    half = torch.arange(len(other[0])) < len(other[0]) / 2
    rows = torch.stack([whole_one, torch.where(half, other, whole_one), torch.where(half, whole_one, other)])
    values = side_values(plan, rows.to(batch.sequences))[step.name]
    first, second = along_positions((values[1:] - values[:1]).abs().sum(1))
    numbers = torch.arange(len(first)).to(first)
    return bool((first * numbers).sum() * second.sum() > (second * numbers).sum() * first.sum())


def class_map(values: Tensor, gradient: Tensor) -> Tensor:
    """relu(sum over channels of mean gradient * value): (B, channels, positions) -> (B, positions)."""
    weights = gradient.flatten(2).mean(2)
    return along_positions(
        torch.relu((values * weights.view(*weights.shape, *[1] * (values.ndim - 2))).sum(1))
    )


def along_positions(values: Tensor) -> Tensor:
    """(B, positions): of positions in two dimensions the longer counts, and the other is averaged over."""
    along = max(range(1, values.ndim), key=lambda d: values.shape[d])
    others = [d for d in range(1, values.ndim) if d != along]
    return values.mean(others) if others else values


def at_every_base(values: Tensor, length: int) -> Tensor:
    """(B, positions) -> (B, 1, length), linearly between positions."""
    return torch.nn.functional.interpolate(values[:, None], length, mode="linear", align_corners=False)


# --- which step --------------------------------------------------------------------------------


def step_called(graph: Graph, name: str) -> Step:
    """The step of this name, or for "" the default, once it is sure to have channels and positions."""
    kinds, active = classify(graph), graph.active()
    step = graph.by_name().get(name) if name else default_step(graph)
    if step is None and not name:
        raise ModelError("the model has no convolution: name another step, as in grad-cam:relu_1")
    if step is None or step.name not in active or kinds[step.name] is Kind.CONSTANT:
        raise UnknownName("step", name, [s.name for s in graph.steps if s.name in active])
    if step.layout != (0, 1, 1) or step.shape.count(",") < 2:
        raise ModelError(
            f"the values of the step {step.name} have the shape {step.shape}; Grad-CAM needs one of "
            "the shape (N, channels, positions)"
        )
    return step


def default_step(graph: Graph) -> Step | None:
    """The last convolution that is hidden, if one is, or the nonlinearity that is all that reads it."""
    active, kinds = graph.active(), classify(graph)
    steps = [s for s in graph.steps if s.op in CONVOLUTIONS and s.name in active]
    if not steps:
        return None
    hidden = [s for s in steps if any(is_layer(step, kinds) for step in graph.downstream(s.name))]
    last = (hidden or steps)[-1]
    following = graph.consumers().get(last.name, [])
    alone = len(following) == 1 and is_function(following[0], kinds)
    return following[0] if alone else last


def is_layer(step: Step, kinds: Kinds) -> bool:
    """Whether a step has weights or bends values, other than as a part of a softmax.

    After a profile's own convolution none comes. The gradients of a profile weighed by its softmax cancel
    over positions there, and would leave a map of rounding errors.
    """
    return step.op in CONVOLUTIONS | DENSE or is_function(step, kinds)


def is_function(step: Step, kinds: Kinds) -> bool:
    return kinds[step.name] is Kind.ELEMENTWISE and not step.part_of
