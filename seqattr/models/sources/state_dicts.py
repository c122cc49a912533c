"""Weights that torch.save wrote, by themselves or in a training's checkpoint, and the class they are of."""

from pathlib import Path
from typing import Any

from torch import nn

from seqattr.errors import ModelError
from seqattr.models import user_class, weights, zoo_weights
from seqattr.models.geometry import Foreign, ReadModule
from seqattr.models.recognition import no_model, safely
from seqattr.models.user_class import Kept
from seqattr.models.zoo import ARCHITECTURES


def read(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """The class that `foreign.arch` names, with the weights of a file, which may hold more.

    Raises ModelError where no class is named.
    """
    data = safely(path) if content is None else content
    if foreign.arch is None:
        kind = "a Lightning checkpoint" if "pytorch-lightning_version" in data else "a state dict"
        raise ModelError(f"{path} is {kind}: say which class it belongs to (`Foreign.arch=module:Class`)")
    return with_weights(path, foreign, data)


def with_weights(path: Path, foreign: Foreign, data: Any, kept: Kept | None = None) -> ReadModule:
    """A class, or an architecture of the zoo, with the weights in what was read; what its arguments leave
    open, those `kept` say, or what was read. Raises ModelError where no weights are there, or do not fit.
    """
    located = weights.find(data)
    if located is None or isinstance(located.content, nn.Module) or foreign.arch is None:
        raise ModelError(no_model(path, data))
    kept = kept or Kept(weights.hyper_parameters(data))
    facts = Foreign()
    if foreign.arch in ARCHITECTURES:
        module, built, facts = zoo_weights.build(foreign, located.content)
    else:
        module, built = user_class.build(foreign.arch, foreign.arch_args, kept)
    named = weights.load(located.content, module, f"the state dict {path}", foreign.arch)
    half = weights.half_note(located.content.values())
    notes = (weights.reading_note(data, located), named, built, half)
    return ReadModule(module, tuple(f"{path.name}: {note}" for note in notes if note), facts)
