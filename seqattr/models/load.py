"""Model files of every kind, recognised by their content, and read only as far as it is safe.

A state dict, a pickle, TorchScript or a torch.export archive brings code with it, or needs some. Nothing
of theirs is run, or even unpickled, unless the caller says that the file is trusted.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from seqattr.engine.capture.input_form import check_unknown
from seqattr.engine.capture.input_layouts import check_layout
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError, UntrustedModel
from seqattr.models import native
from seqattr.models.constant_inputs import with_arrays
from seqattr.models.geometry import LONGEST, Foreign, ReadModule, example_input, with_geometry
from seqattr.models.origin import provenance
from seqattr.models.recognition import (
    BPNET,
    EXPORTED,
    HUGGING_FACE,
    KERAS,
    KERAS_WEIGHTS,
    LIGHTNING,
    OF_WEIGHTS,
    OWN,
    PICKLE,
    SAFETENSORS,
    STATE_DICT,
    TORCHSCRIPT,
    look,
    recognise,
)
from seqattr.models.sources import (
    bpnet_keras,
    exported,
    hugging_face,
    keras_files,
    pickles,
    safetensors_files,
    state_dicts,
    torchscript,
)
from seqattr.models.weights import half_note, tensors_of
from seqattr.models.zoo import ARCHITECTURES

__all__ = ["Foreign", "load_model", "recognise"]


def load_model(path: Path | str, *, trust: bool = False, foreign: Foreign | None = None) -> Model:
    """A model from a file of any format that PyTorch knows.

    Our own format is read without running code. Every other is read only if `trust` is set, and then
    captured, for which `foreign.length` must be known unless the file tells it; what `foreign` says goes
    before what a file tells of itself. Where the model does not run in the usual layout and in one other, it
    is read in that one, which its `notes` say.

    Raises ModelError for a file that is none, or is damaged, UntrustedModel where trust is missing, and
    InputError where `foreign` says what cannot be, or anything at all of a model in our own format.
    """
    path, foreign = Path(path), foreign or Foreign()
    kind, content = look(path)
    if kind == OWN:
        if foreign != Foreign():
            raise InputError(
                f"{path} is {OWN} and knows its own input and targets: `Foreign.length`, `Foreign.layout`, "
                "`Foreign.channels`, `Foreign.unknown`, `Foreign.inputs`, `Foreign.arch`, "
                "`Foreign.arch_args` and `Foreign.targets` do not go with it"
            )
        return native.from_plain(content)
    if needs_trust(kind, foreign) and not trust:
        why = "loading it runs the code of its class" if kind in OF_WEIGHTS else "reading it can run code"
        raise UntrustedModel(f"{path} is {kind}, and {why}", path, reading_needs(kind, foreign))
    check_known(foreign)
    foreign = replace(foreign, inputs=with_arrays(foreign.inputs))
    read = READERS[kind](path, foreign, content)
    told = foreign.over(read.facts)
    known = with_geometry(read.module, told, path, kind)
    model = captured(read.module, known)
    tried = [f"the model takes its input in the layout {known.layout}"] * (known.layout != told.layout)
    model.notes = (*read.notes, *arch_note(kind, foreign), *precision_note(read), *model.notes, *tried)
    model.provenance = provenance(path, kind, read, known)
    return model


def captured(module: nn.Module, known: Foreign) -> Model:
    """A module as a model, of which all is known that has to be. Raises as `Model` does."""
    return Model(
        module,
        example_input(known),
        layout=known.layout,
        channels=known.channels,
        targets=known.targets,
        inputs=known.inputs,
        unknown=known.unknown,
    )


def check_known(foreign: Foreign) -> None:
    """Raises InputError for what cannot be, before the file is read."""
    if foreign.length is not None and foreign.length < 1:
        raise InputError(f"the input length must be at least 1, not {foreign.length}")
    if foreign.length is not None and foreign.length > LONGEST:
        raise InputError(f"the input length must be at most {LONGEST:,}, not {foreign.length}")
    check_layout(foreign.layout, foreign.channels)
    check_unknown(foreign.unknown)
    names = foreign.targets or ()
    if "" in names or len(set(names)) < len(names):
        raise InputError(f"each target needs a name of its own, not {', '.join(map(repr, names))}")


def precision_note(read: ReadModule) -> tuple[str, ...]:
    """What is said of a module in half precision, which is captured in full."""
    note = half_note(tensors_of(read.module))
    return (note,) if note and not any(note in said for said in read.notes) else ()


def arch_note(kind: str, foreign: Foreign) -> tuple[str, ...]:
    """What is said of an architecture that a file brings itself, so that the one given plays no part."""
    whole = kind in WHOLE or (kind == PICKLE and foreign.arch in ARCHITECTURES)
    told = f"{kind} brings its own architecture: `Foreign.arch={foreign.arch}` plays no part"
    return (told,) if foreign.arch and whole else ()


def reading_needs(kind: str, foreign: Foreign) -> dict[str, Any]:
    """What reading a file of this kind takes, by the fields of `Foreign`: as given, or a word in capitals."""
    length = None if kind in TELLING else "LENGTH"
    blank = {"length": length, "arch": ARCH_WANTED.get(kind)}
    fields = blank | {name: value for name, value in vars(foreign).items() if value}
    return {name: value for name, value in fields.items() if value != getattr(Foreign(), name)}


# --- tables ------------------------------------------------------------------------------------

READERS: Mapping[str, Callable[[Path, Foreign, Any], ReadModule]] = {
    STATE_DICT: state_dicts.read,
    LIGHTNING: state_dicts.read,
    SAFETENSORS: safetensors_files.read,
    HUGGING_FACE: hugging_face.read,
    PICKLE: pickles.read,
    TORCHSCRIPT: torchscript.read,
    EXPORTED: exported.read,
    BPNET: bpnet_keras.read,
    KERAS: keras_files.read,
    KERAS_WEIGHTS: keras_files.read,
}
TELLING = (EXPORTED, BPNET, KERAS, KERAS_WEIGHTS)  # the length of their input
WHOLE = (TORCHSCRIPT, EXPORTED, BPNET)  # which bring their architecture, and take no other
# What `Foreign.arch` is for those that hold no more than weights.
ARCH_WANTED = {**dict.fromkeys(OF_WEIGHTS, "MODULE:CLASS"), KERAS_WEIGHTS: "ARCHITECTURE.json"}
# Files of numbers and texts, of which a reader runs nothing, and nothing of the user's beside them.
PLAIN: tuple[str, ...] = (BPNET,)


def needs_trust(kind: str, foreign: Foreign) -> bool:
    """Whether reading a file of this kind may run code, its own or that of its class; the zoo's is ours."""
    return kind not in PLAIN and not (kind in OF_WEIGHTS and foreign.arch in ARCHITECTURES)
