"""The one table of architectures, and what builds them by name.

Those that end in one sigmoid per task can be trained on classes (DeepSTARR's own outputs have none).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from seqattr.errors import InputError, UnknownName
from seqattr.models.zoo import bpnet
from seqattr.models.zoo.basset import basset
from seqattr.models.zoo.deepstarr import deepstarr
from seqattr.models.zoo.tal_gata import tal_gata


class Architecture(NamedTuple):
    """(length, tasks, **arguments) -> module; what it is, in a line; (**arguments) -> the shortest sequences
    that it takes, in bases; whether it gives classes.
    """

    build: Callable[..., nn.Module]
    summary: str
    shortest: Callable[..., int]
    classes: bool = True


def at_least(bases: int) -> Callable[..., int]:
    """The same shortest length whatever the arguments."""
    return lambda **_: bases


ARCHITECTURES: dict[str, Architecture] = {
    "tal-gata": Architecture(tal_gata, "two convs, global average pooling, one dense layer", at_least(21)),
    "basset": Architecture(
        basset, "three convs with batch norm and max pooling, two dense layers", at_least(48)
    ),
    "deepstarr": Architecture(
        deepstarr, "four convs with batch norm and max pooling, two dense layers", at_least(16)
    ),
    "bpnet": Architecture(
        bpnet.bpnet, "dilated residual convs, a profile and a counts head", bpnet.shortest, classes=False
    ),
    "chrombpnet": Architecture(
        bpnet.chrombpnet, "a BPNet beside one of the enzyme's bias", bpnet.shortest, classes=False
    ),
}


def build(name: str, length: int, tasks: int, **arguments: Any) -> nn.Module:
    """An untrained module of an architecture for sequences (N, 4, length) and this number of tasks.

    Raises UnknownName for an architecture that there is not, InputError for too short a length or no task.
    """
    if name not in ARCHITECTURES:
        raise UnknownName("architecture", name, ARCHITECTURES)
    shortest = ARCHITECTURES[name].shortest(**arguments)
    if length < shortest:
        raise InputError(f"the architecture {name} needs sequences of at least {shortest} bp, not {length}")
    if tasks < 1:
        raise InputError(f"the number of tasks must be at least 1, not {tasks}")
    return ARCHITECTURES[name].build(length, tasks, **arguments)


def classifiers() -> list[str]:
    """The names of the architectures that give classes, and so can be trained on them."""
    return [name for name, architecture in ARCHITECTURES.items() if architecture.classes]
