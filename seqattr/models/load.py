"""Model files of every kind, recognised by their content, and read only as far as it is safe.

A state dict, a pickle, TorchScript or a torch.export archive brings code with it, or needs some. Nothing
of theirs is run, or even unpickled, unless the caller says that the file is trusted.
"""

import contextlib
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from seqattr.engine.capture.export import quiet_torch
from seqattr.engine.capture.input_layouts import INPUT_LAYOUTS, check_channels, example_shape
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.source_lines import first_line
from seqattr.errors import InputError, ModelError, UnknownName, UntrustedModel
from seqattr.models import native, user_class, weights
from seqattr.models.geometry import LONGEST, Foreign, in_its_layout, with_geometry
from seqattr.models.recognition import (
    EXPORTED,
    LIGHTNING,
    OF_WEIGHTS,
    OWN,
    PICKLE,
    SAFETENSORS,
    STATE_DICT,
    TORCHSCRIPT,
    look,
    no_model,
    recognise,
    safely,
)
from seqattr.models.unpickling import Missing, unpickle

__all__ = ["Foreign", "load_model", "recognise"]


def load_model(path: Path | str, *, trust: bool = False, foreign: Foreign | None = None) -> Model:
    """A model from a file of any format that PyTorch knows.

    Our own format is read without running code. Every other is read only if `trust` is set, and then
    captured, for which `foreign.length` must be known, unless the file is a torch.export archive. Where the
    model does not run in the usual layout and in one other, it is read in that one, which its `notes` say.

    Raises ModelError for a file that is none, or is damaged, UntrustedModel where trust is missing, and
    InputError where `foreign` says what cannot be, or anything at all of a model in our own format.
    """
    path, foreign = Path(path), foreign or Foreign()
    kind, content = look(path)
    if kind == OWN:
        if foreign != Foreign():
            raise InputError(
                f"{path} is {OWN} and knows its own input and targets: `Foreign.length`, `Foreign.layout`, "
                "`Foreign.channels`, `Foreign.arch`, `Foreign.arch_args` and `Foreign.targets` "
                "do not go with it"
            )
        return native.from_plain(content)
    if not trust:
        why = "loading it runs the code of its class" if kind in OF_WEIGHTS else "reading it can run code"
        raise UntrustedModel(f"{path} is {kind}, and {why}", path, reading_needs(kind, foreign))
    check_known(path, kind, foreign)
    module, notes = READERS[kind](path, foreign, content)
    known = with_geometry(module, foreign, path)
    layout, channels, targets = known.layout, known.channels, known.targets
    model = Model(module, example_input(known), layout=layout, channels=channels, targets=targets)
    tried = (f"the model takes its input in the layout {layout}",) if layout != foreign.layout else ()
    model.notes = (*notes, *model.notes, *tried)
    return model


def check_known(path: Path, kind: str, foreign: Foreign) -> None:
    """Raises ModelError or InputError for what cannot be, or is missing, before the file is read."""
    if foreign.length is None and kind != EXPORTED:
        raise ModelError(f"{path} is {kind}: its input length must be given (`Foreign.length=L`)")
    if foreign.length is not None and foreign.length < 1:
        raise InputError(f"the input length must be at least 1, not {foreign.length}")
    if foreign.length is not None and foreign.length > LONGEST:
        raise InputError(f"the input length must be at most {LONGEST:,}, not {foreign.length}")
    if foreign.layout not in INPUT_LAYOUTS:
        raise UnknownName("input layout", foreign.layout, INPUT_LAYOUTS)
    check_channels(foreign.channels, foreign.layout)
    names = foreign.targets or ()
    if "" in names or len(set(names)) < len(names):
        raise InputError(f"each target needs a name of its own, not {', '.join(map(repr, names))}")


class ReadModule(NamedTuple):
    """The module of a file, and what was left out or renamed on the way, in lines."""

    module: nn.Module
    notes: tuple[str, ...] = ()


def example_input(foreign: Foreign) -> Tensor:
    """Zeros in the shape that the model wants."""
    return torch.zeros(example_shape(foreign.layout, foreign.length or 1))


def reading_needs(kind: str, foreign: Foreign) -> dict[str, Any]:
    """What reading a file of this kind takes, by the fields of `Foreign`: as given, or a word in capitals."""
    blank = {"length": "LENGTH", "arch": "MODULE:CLASS" if kind in OF_WEIGHTS else None}
    fields = blank | {name: value for name, value in vars(foreign).items() if value}
    return {name: value for name, value in fields.items() if value != getattr(Foreign(), name)}


# --- reading what is trusted -------------------------------------------------------------------


def read_state_dict(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """The class that `foreign.arch` names, with the weights of a file, which may hold more.

    Raises ModelError where no class is named.
    """
    data = safely(path) if content is None else content
    if foreign.arch is None:
        kind = "a Lightning checkpoint" if "pytorch-lightning_version" in data else "a state dict"
        raise ModelError(f"{path} is {kind}: say which class it belongs to (`Foreign.arch=module:Class`)")
    return with_weights(path, foreign, data)


def with_weights(path: Path, foreign: Foreign, data: Any) -> ReadModule:
    """A class with the weights in what was read. Raises ModelError where none are there, or do not fit."""
    located = weights.find(data)
    if located is None or isinstance(located.content, nn.Module) or foreign.arch is None:
        raise ModelError(no_model(path, data))
    module, built = user_class.build(foreign.arch, foreign.arch_args, weights.hyper_parameters(data))
    named = weights.load(located.content, module, f"the state dict {path}", foreign.arch)
    notes = (weights.reading_note(data, located), named, built)
    return ReadModule(module, tuple(f"{path.name}: {note}" for note in notes if note))


def read_safetensors(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """Weights in a file of the safetensors package. Raises ModelError where that is missing, or the file is
    damaged.
    """
    try:
        from safetensors.torch import load_file  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise ModelError(
            f"{path} is {SAFETENSORS}: reading it needs the package safetensors (pip install safetensors)"
        ) from error
    try:
        data = load_file(path)
    except Exception as error:
        raise ModelError(f"the model file {path} is truncated or damaged: {first_line(error)}") from error
    return read_state_dict(path, foreign, data)


def read_pickle(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """A pickled module, or weights among whatever else was pickled with them; runs the code of the pickle.

    Raises ModelError where neither is in it, or a class of theirs cannot be imported.
    """
    try:
        with user_class.here_on_path():
            data, missing = unpickle(path, lambda module, name: of_arch(foreign.arch, name))
    except (Exception, SystemExit) as error:  # unpickling runs any code
        raise ModelError(f"cannot unpickle {path}: {type(error).__name__}: {first_line(error)}") from error
    if isinstance(data, Missing):
        raise ModelError(not_importable(path, data.name))
    located = weights.find(data)
    left = (
        [f"{path.name}: left out what is of {', '.join(missing)}, which cannot be imported"]
        if missing
        else []
    )
    if located is None:
        of_missing = next((v.name for v in values_of(data) if isinstance(v, Missing)), None)
        raise ModelError(not_importable(path, of_missing) if of_missing else no_model(path, data, "pickled "))
    if isinstance(located.content, nn.Module):
        took = [f"{path.name}: took the module under {located.where}"] if located.keys else []
        return ReadModule(located.content, (*took, *left))
    if foreign.arch is None:
        raise ModelError(
            f"{path} holds weights alone: say which class they belong to (`Foreign.arch=module:Class`)"
        )
    module, notes = with_weights(path, foreign, data)
    return ReadModule(module, (*notes, *left))


def values_of(data: Any) -> list[Any]:
    """The values of a table; none of what is no table."""
    return list(data.values()) if isinstance(data, Mapping) else []


def of_arch(arch: str | None, name: str) -> Any:
    """A class beside that of `foreign.arch`, for a pickle that looks for it elsewhere. Or LookupError."""
    module, _, _ = (arch or "").rpartition(":")
    try:
        return getattr(user_class.module_of(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise LookupError(name) from error


def not_importable(path: Path, name: str) -> str:
    """What to do about a class that a pickle names and Python does not find."""
    module, _, attribute = name.rpartition(".")
    line = f"{path} is a pickle of the class {attribute} of {module}, which cannot be imported here"
    where = "" if module == "__main__" else ", or the folder of that module as PYTHONPATH"
    return f"{line}; give the file that defines it as `Foreign.arch=FILE.py:{attribute}`{where}"


def read_torchscript(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """By torch's own converter to torch.export, which it keeps private. Raises ModelError where it fails."""
    from torch._export.converter import TS2EPConverter

    try:
        with warnings.catch_warnings(), quiet_torch(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            script = torch.jit.load(str(path), map_location="cpu").eval()
            example = example_input(in_its_layout(script, foreign))
            return ReadModule(TS2EPConverter(script, (example,)).convert().module())
    except Exception as error:
        raise ModelError(f"cannot read the TorchScript model {path}: {first_line(error)}") from error


def read_exported(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """What torch.export.save wrote. Raises ModelError for one of a single batch size, or a damaged one."""
    try:
        with warnings.catch_warnings(), quiet_torch():
            warnings.simplefilter("ignore")
            program = torch.export.load(io.BytesIO(path.read_bytes()))  # of a path it wants the ending .pt2
    except Exception as error:
        raise ModelError(f"cannot read the torch.export archive {path}: {first_line(error)}") from error
    inputs = [
        node.meta["val"] for node in program.graph.nodes if node.name in program.graph_signature.user_inputs
    ]
    if inputs and isinstance(inputs[0].shape[0], int):
        raise ModelError(
            f"{path} was exported for batches of exactly {inputs[0].shape[0]}; export it again with "
            "dynamic_shapes=({0: torch.export.Dim('batch')},)"
        )
    return ReadModule(program.module())


READERS = {
    STATE_DICT: read_state_dict,
    LIGHTNING: read_state_dict,
    SAFETENSORS: read_safetensors,
    PICKLE: read_pickle,
    TORCHSCRIPT: read_torchscript,
    EXPORTED: read_exported,
}
