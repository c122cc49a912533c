"""A head of which more of any feature never lowers a task.

The weights of the head, the dense layers behind the last convs and pooling, are kept from being negative, and
so are the scales of its batch norms; biases and convs stay free. ReLUs rise too, so each task's number is a
rising function of every feature that the head reads (Archer & Wang 1993; You et al. 2017, "Deep Lattice
Networks", section 2): where a filter sees a motif, more of the motif never lowers a task. A weight may be 0,
so a task need not follow every feature.

What a step takes below 0 is set back to it (projected gradient descent), so that a trained model has the
architecture's own weights and nothing beside them. For the first third of the epochs (`Settings.free_epochs`)
the weights are free: were none negative from the start, a step that lowers the tasks' common mean would lower
every feature, and the convs of a TAL-GATA CNN die before they see a motif, however the weights begin.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from seqattr.errors import InputError
from seqattr.models.zoo import Stack

RISING = (nn.Linear, nn.ReLU, nn.Dropout, nn.BatchNorm1d)  # where no weight is negative


def head_of(module: Stack) -> list[nn.Module]:
    """The layers behind the last Flatten. Raises InputError where they are not of the RISING kinds."""
    layers = list(module.logits)
    flat = max((number for number, layer in enumerate(layers) if isinstance(layer, nn.Flatten)), default=None)
    head = [] if flat is None else layers[flat + 1 :]
    if not any(isinstance(layer, nn.Linear) for layer in head):
        raise InputError("`monotone` needs dense layers behind the convs, and the architecture has none")
    odd = next((type(layer).__name__ for layer in head if not isinstance(layer, RISING)), None)
    if odd:
        raise InputError(f"`monotone` needs a head that rises with its features, and one with {odd} does not")
    return head


def head_weights(module: Stack) -> list[Tensor]:
    """The weights of the head's dense layers, and the scales of its batch norms."""
    return [layer.weight for layer in head_of(module) if isinstance(layer, nn.Linear | nn.BatchNorm1d)]


def keep_monotone(module: Stack, optimizer: Optimizer) -> None:
    """Set the head's negative weights to 0, now and after each step of the optimizer."""
    weights = head_weights(module)

    def project(*_: Any) -> None:
        lift(weights)

    lift(weights)
    optimizer.register_step_post_hook(project)


@torch.no_grad()
def lift(weights: Sequence[Tensor]) -> None:
    """Negative numbers become 0."""
    for weight in weights:
        weight.clamp_(min=0)
