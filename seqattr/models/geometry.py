"""What has to be known of a model's input that is not in our own format, as far as the model tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import nn

from seqattr.engine.capture.input_layouts import USUAL, exported_geometry, layouts_that_run, runs
from seqattr.errors import InputError, ModelError

LONGEST = 2**24  # bases of a model's input: sixteen times what the longest published ones take


@dataclass(frozen=True)
class Foreign:
    """What has to be known of a model that is not in our own format.

    `length` is the length of its input in bases, `layout` and `channels` how it wants it, `arch` names the
    class of a state dict as module:Class with `arch_args`, `targets` names the outputs.
    """

    length: int | None = None
    layout: str = "N4L"
    channels: str = "ACGT"
    arch: str | None = None
    arch_args: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] | None = None


def with_geometry(module: nn.Module, foreign: Foreign, path: Path) -> Foreign:
    """What is known, completed by the length that an exported module was written down for, and by the
    layout in which the module runs.

    Raises ModelError where the length is known from nowhere, InputError where it is another.
    """
    known = exported_geometry(module)
    if known is not None:
        layout, length = known
        if foreign.length not in (None, length):
            raise InputError(
                f"{path} was exported for sequences of {length} bp, and runs on no others; "
                f"the input length {foreign.length} does not fit it"
            )
        foreign = replace(foreign, length=length)
        if foreign.layout == USUAL:
            foreign = replace(foreign, layout=layout)
    if foreign.length is None:
        raise ModelError(f"{path} leaves the length of its input open: it must be given (`Foreign.length=L`)")
    return in_its_layout(module, foreign)


def in_its_layout(module: nn.Module, foreign: Foreign) -> Foreign:
    """In the one layout in which the module runs, where it does not run in the usual one."""
    length = foreign.length or 1
    if foreign.layout != USUAL or runs(module, USUAL, length, foreign.channels):
        return foreign
    others = layouts_that_run(module, length, foreign.channels)
    return replace(foreign, layout=others[0]) if len(others) == 1 else foreign
