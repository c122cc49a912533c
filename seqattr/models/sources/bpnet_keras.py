"""BPNet and ChromBPNet of Keras .h5 files, read by h5py alone into the modules of our zoo."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from seqattr.errors import ModelError
from seqattr.models.geometry import LONGEST, Foreign, ReadModule
from seqattr.models.sources import keras_hdf5 as hdf5
from seqattr.models.sources.bpnet_structure import Controls, Structure, Trunk
from seqattr.models.zoo import BPNet, ChromBPNet

Arrays = Mapping[str, np.ndarray]


class Answers(nn.Module):
    """A model whose answers are called profile (N, tasks, L_out) and counts (N, tasks)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, sequences: Tensor) -> dict[str, Tensor]:
        profile, counts = self.model(sequences)
        return {"profile": profile, "counts": counts}


class Input(NamedTuple):
    """An input by its name in the file, and its shape (batch, ...)."""

    name: str
    shape: tuple[int | None, ...]


class WithControls(nn.Module):
    """BPNet whose heads are read once more beside control tracks (N, L_out, C) and their log counts (N, C),
    of which the log of the sum is taken where they are `summed`.

    Takes the sequences alone, or a table of its `inputs` by their names in the file; controls that are not
    given are zeros. kundajelab/basepairmodels and bpnet-refactor, model/arch: profile_bias_module and
    counts_bias_module.
    """

    def __init__(self, model: BPNet, profile: nn.Conv1d, counts: nn.Linear, controls: Controls) -> None:
        super().__init__()
        self.model, self.profile, self.counts, self.summed = model, profile, counts, controls.summed
        self.inputs = [
            Input(controls.sequence, (None, 4, None)),
            Input(controls.profile_input, (None, model.output_length, self.channels)),
            Input(controls.counts_input, (None, controls.levels)),
        ]

    @property
    def channels(self) -> int:
        """How many control tracks there are."""
        return self.profile.in_channels - self.model.profile.out_channels

    def forward(self, sequences: Tensor | Mapping[str, Tensor]) -> dict[str, Tensor]:
        given = sequences if isinstance(sequences, Mapping) else {self.inputs[0].name: sequences}
        profile, counts = self.model(given[self.inputs[0].name])
        tracks, levels = (
            given.get(name, counts.new_zeros(len(counts), *shape[1:])) for name, shape in self.inputs[1:]
        )
        level = torch.logsumexp(levels, 1, keepdim=True) if self.summed else levels
        profile = self.profile(torch.cat([profile, tracks.transpose(1, 2)], 1))
        return {"profile": profile, "counts": self.counts(torch.cat([counts, level], 1))}


def read(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """The module of the zoo, with the file's weights. `content` is the Structure that its config tells.

    Raises ModelError where arrays are missing or do not fit each other.
    """
    structure: Structure = content
    try:
        with hdf5.opened(path) as file:
            weights = hdf5.read_weights(file)
        module = module_of(structure, weights)
    except (RuntimeError, KeyError, IndexError, ValueError) as error:
        raise ModelError(
            f"the model file {path} is damaged: its arrays do not fit its config: {str(error)[:100]}"
        ) from error
    except ModelError as error:
        told = str(path) in str(error)
        raise error if told else ModelError(f"cannot read the Keras model {path}: {error}") from error
    controls = [one.name for one in getattr(module, "inputs", [])][1:]
    left = [name for name in controls if name not in foreign.inputs]
    if foreign.inputs and left:
        example = " ".join(f"`Foreign.inputs={name}=zeros`" for name in left)
        raise ModelError(
            f"{path} takes {', '.join(left)} too: give all of its inputs, as by {example}, or none"
        )
    notes = (f"{path.name}: its inputs {', '.join(controls)} are zeros",) if controls and left else ()
    return ReadModule(module, notes, Foreign(length=structure.length))


def module_of(structure: Structure, weights: hdf5.Weights) -> nn.Module:
    """The module of a structure. Raises ModelError, and KeyError and RuntimeError where arrays do not fit."""
    if structure.length > LONGEST:
        raise ModelError(f"its input is {structure.length:,} bp long, more than {LONGEST:,}")
    models = [
        bpnet_of(
            trunk, structure.length, {name: arrays_of(weights, model, name) for name in layers_of(trunk)}
        )
        for model, trunk in structure.models.items()
    ]
    if len(models) == 2:
        return Answers(ChromBPNet(*models))
    controls = structure.controls
    if controls is None:
        return Answers(models[0])
    profile, counts = (arrays_of(weights, "", name) for name in (controls.profile, controls.counts))
    width, channels, tracks = profile["kernel"].shape
    conv, dense = nn.Conv1d(channels, tracks, width), nn.Linear(*counts["kernel"].shape)
    conv.load_state_dict(state_of("", profile))
    dense.load_state_dict(state_of("", counts))
    return WithControls(models[0], conv, dense, controls)


def layers_of(trunk: Trunk) -> tuple[str, ...]:
    """The layers of a trunk that have weights."""
    return (*trunk.convs, trunk.profile, trunk.counts)


def bpnet_of(trunk: Trunk, length: int, arrays: Mapping[str, Arrays]) -> BPNet:
    """BPNet with the arrays of its layers, of as many filters as these have."""
    first, *dilated = (arrays[name] for name in trunk.convs)
    profile, counts = arrays[trunk.profile], arrays[trunk.counts]
    width, _, filters = first["kernel"].shape
    sizes = {"first_width": width, "profile_width": profile["kernel"].shape[0]}
    tasks = {"tasks": profile["kernel"].shape[2], "counts": counts["kernel"].shape[1]}
    model = BPNet(filters, len(dilated), **sizes, **tasks, basepairmodels=trunk.late)
    model.output_length = length - model.margin - 2 * trunk.crop
    if model.output_length < 1:
        raise ModelError(f"its input of {length} bp is too short for its layers")
    state = state_of("first.", first) | state_of("profile.", profile) | state_of("counts.", counts)
    for number, conv in enumerate(dilated):
        state |= state_of(f"dilated.{number}.", conv)
    model.load_state_dict(state)
    return model


def state_of(prefix: str, arrays: Arrays) -> dict[str, Tensor]:
    """Weight and bias as PyTorch has them; in Keras a conv's is (width, inputs, filters)."""
    weight = torch.tensor(arrays["kernel"].T.copy())
    bias = torch.tensor(arrays["bias"]) if "bias" in arrays else weight.new_zeros(len(weight))
    return {f"{prefix}weight": weight, f"{prefix}bias": bias}


def arrays_of(weights: hdf5.Weights, model: str, layer: str) -> dict[str, np.ndarray]:
    """The arrays of a layer by their own names, out of those of the model that it is in ("" for none)."""
    arrays = weights.get(model or layer)
    if arrays is None:
        raise ModelError(f"there are no weights of its layer {model or layer}")
    own = {path: array for path, array in arrays.items() if not model or layer in path.split("/")[:-1]}
    named = {path.split("/")[-1].split(":")[0]: array for path, array in own.items()}
    if "kernel" not in named:
        raise ModelError(f"the kernel of its layer {layer} is missing")
    return named
