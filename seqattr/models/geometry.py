"""What has to be known of a model's input that is not in our own format, as far as the model tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from seqattr.engine.capture.fitting import exported_geometry, find_form
from seqattr.engine.capture.hints import fitting_lengths, in_bases
from seqattr.engine.capture.input_form import InputForm
from seqattr.engine.capture.input_layouts import USUAL, example_shape
from seqattr.errors import InputError, ModelError

LONGEST = 2**24  # bases of a model's input: sixteen times what the longest published ones take


@dataclass(frozen=True)
class Foreign:
    """What has to be known of a model that is not in our own format.

    `length` is the length of its input in bases, `layout` and `channels` how it wants it, `arch` names the
    class of a state dict as module:Class with `arch_args`, `targets` names the outputs. `inputs` are those
    beside the sequence, held constant, `unknown` is what stands in each channel of an unknown base: see
    `InputForm`.
    """

    length: int | None = None
    layout: str = "N4L"
    channels: str = "ACGT"
    arch: str | None = None
    arch_args: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    unknown: float = 0.0

    @property
    def form(self) -> InputForm:
        """How the model wants its input, as far as it was told."""
        return InputForm(self.layout, self.channels, self.unknown, self.inputs)

    def over(self, facts: "Foreign") -> "Foreign":
        """What is said here, and where nothing is, what a file tells of itself."""
        usual = vars(Foreign())
        open_ = [f.name for f in fields(self) if getattr(self, f.name) == usual[f.name]]
        return replace(self, **{name: getattr(facts, name) for name in open_})


class ReadModule(NamedTuple):
    """The module of a file; what was left out or renamed on the way, in lines; what the file tells of its
    input and targets; and what else its provenance should have, as versions of other packages.
    """

    module: nn.Module
    notes: tuple[str, ...] = ()
    facts: Foreign = Foreign()
    more: Mapping[str, str | int | float] = MappingProxyType({})


def example_input(foreign: Foreign) -> Tensor:
    """Zeros in the shape that the model wants."""
    return torch.zeros(example_shape(foreign.layout, foreign.length or 1))


SOME = 1000  # bases: of a trial


def no_length(path: Path, kind: str, fitting: tuple[int, int] | None = None) -> ModelError:
    """The error where nobody knows how long a model's input is, but perhaps which lengths fit."""
    runs = f"; it runs on sequences of {in_bases(fitting)}" if fitting else ""
    return ModelError(f"{path} is {kind}: its input length must be given (`Foreign.length=L`){runs}")


def with_geometry(module: nn.Module, foreign: Foreign, path: Path, kind: str) -> Foreign:
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
        raise no_length(path, kind, fitting_lengths(module, foreign.form, SOME))
    return in_its_layout(module, foreign)


def in_its_layout(module: nn.Module, foreign: Foreign) -> Foreign:
    """In the one layout in which the module runs, where it does not run in the usual one."""
    return replace(foreign, layout=find_form(module, foreign.form, foreign.length or 1).layout)
