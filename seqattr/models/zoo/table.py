"""The one table of architectures, and what builds them by name."""

import inspect
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from seqattr.engine.graph.source_lines import first_line
from seqattr.errors import InputError, UnknownName
from seqattr.models.zoo import basset, bpnet, danq, deepsea, deepstarr, enformer, tal_gata


class Architecture(NamedTuple):
    """(length, tasks, **arguments) -> module; what it is, in a line; (**arguments) -> the shortest sequences
    that it takes, in bases; whether it gives one number for each task, and so can be trained on these: if
    not, the architecture that has its trunk and does, if there is one; the loss it has for counts.
    """

    build: Callable[..., nn.Module]
    summary: str
    shortest: Callable[..., int]
    plain: bool = True
    instead: str = ""
    counts: str = "poisson"


ARCHITECTURES: dict[str, Architecture] = {
    "tal-gata": Architecture(
        tal_gata.tal_gata, "two convs, global average pooling, one dense layer", tal_gata.shortest
    ),
    "basset": Architecture(
        basset.basset, "three convs with batch norm and max pooling, two dense layers", basset.shortest
    ),
    "deepsea": Architecture(
        deepsea.deepsea, "three convs with max pooling, one dense layer", deepsea.deepsea_shortest
    ),
    "beluga": Architecture(
        deepsea.beluga, "three pairs of convs with max pooling, one dense layer", deepsea.beluga_shortest
    ),
    "danq": Architecture(
        danq.danq, "a conv with max pooling, an LSTM in either direction, one dense layer", danq.shortest
    ),
    "deepstarr": Architecture(
        deepstarr.deepstarr,
        "four convs with batch norm and max pooling, two dense layers",
        deepstarr.shortest,
    ),
    "enformer-small": Architecture(
        enformer.enformer_small, "a conv tower with attention pooling, transformer blocks", enformer.shortest
    ),
    "bpnet": Architecture(
        bpnet.bpnet,
        "dilated residual convs, a profile and a counts head",
        bpnet.shortest,
        False,
        "bpnet-counts",
    ),
    "bpnet-counts": Architecture(
        bpnet.bpnet_counts,
        "dilated residual convs, a counts head alone",
        bpnet.counts_shortest,
        counts="log-counts",
    ),
    "chrombpnet": Architecture(
        bpnet.chrombpnet, "a BPNet beside one of the enzyme's bias", bpnet.shortest, False
    ),
}


MOST = 10_000  # of any number that an argument is
DEEPEST = 30  # layers or blocks
DEPTHS = ("layers", "bias_layers", "tower", "attention")


def build(name: str, length: int, tasks: int, **arguments: Any) -> nn.Module:
    """An untrained module of an architecture for sequences (N, 4, length) and this number of tasks.

    Raises UnknownName for an architecture that there is not, InputError for too short a length, no task, or
    arguments that it does not take.
    """
    if name not in ARCHITECTURES:
        raise UnknownName("architecture", name, ARCHITECTURES)
    for key, value in arguments.items():
        check_argument(name, key, value)
    shortest = ARCHITECTURES[name].shortest(**arguments)
    if length < shortest:
        raise InputError(f"the architecture {name} needs sequences of at least {shortest} bp, not {length}")
    if tasks < 1:
        raise InputError(f"the number of tasks must be at least 1, not {tasks}")
    try:
        return ARCHITECTURES[name].build(length, tasks, **arguments)
    except (ValueError, RuntimeError) as error:
        given = ", ".join(f"{key}={value}" for key, value in arguments.items())
        raise InputError(f"{name} cannot be built with {given}: {first_line(error)}") from error


def arguments_of(name: str) -> dict[str, Any]:
    """The arguments that an architecture takes beside length and tasks, and their defaults."""
    parameters = inspect.signature(ARCHITECTURES[name].build).parameters.values()
    return {parameter.name: parameter.default for parameter in list(parameters)[2:]}


def check_argument(name: str, key: str, value: Any) -> None:
    """Raises InputError for an argument that the architecture does not take, or not with such a value."""
    known = arguments_of(name)
    if key not in known:
        raise InputError(f"the architecture {name} has no argument '{key}'; it has: {', '.join(known)}")
    default = known[key]
    if not is_like(value, default, DEEPEST if key in DEPTHS else MOST):
        wanted = f"like {json.dumps(default)}"
        raise InputError(f"{key} of the architecture {name} must be {wanted}, not {str(value)[:60]}")


def is_like(value: Any, default: Any, most: int) -> bool:
    """Whether a value is of the default's kind: true or false, a number up to `most`, as many numbers."""
    if isinstance(default, tuple):
        whole = isinstance(value, list | tuple) and len(value) == len(default)
        return whole and all(is_like(one, like, most) for one, like in zip(value, default, strict=True))
    if isinstance(default, bool) or isinstance(value, bool):
        return type(value) is type(default)
    return isinstance(value, int) and min(default, 1) <= value <= most


def trainable() -> list[str]:
    """The names of the architectures that give one number for each task, and so can be trained on these."""
    return [name for name, architecture in ARCHITECTURES.items() if architecture.plain]
