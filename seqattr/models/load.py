"""Model files of every kind, recognised by their content, and read only as far as it is safe.

A state dict, a pickle, TorchScript or a torch.export archive brings code with it, or needs some. Nothing
of theirs is run, or even unpickled, unless the caller says that the file is trusted.
"""

import contextlib
import importlib
import io
import json
import os
import pickle
import shlex
import sys
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.engine.capture import first_line, quiet_torch
from seqattr.engine.model import INPUT_LAYOUTS, Model
from seqattr.errors import InputError, ModelError, UnknownName, UntrustedModel
from seqattr.models import native

OWN, STATE_DICT, PICKLE = "a seqattr model", "a state dict", "a pickled PyTorch object"
TORCHSCRIPT, EXPORTED = "a TorchScript model", "a torch.export archive (.pt2)"


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


def load_model(path: Path | str, *, trust: bool = False, foreign: Foreign | None = None) -> Model:
    """A model from a file of any format that PyTorch knows.

    Our own format is read without running code. Every other is read only if `trust` is set, and then
    captured, for which `foreign.length` must be known.

    Raises ModelError for a file that is none, or is damaged, UntrustedModel where trust is missing, and
    InputError where `foreign` says what cannot be, or anything at all of a model in our own format.
    """
    path, foreign = Path(path), foreign or Foreign()
    kind = recognise(path)
    if kind == OWN:
        if foreign != Foreign():
            raise InputError(
                f"{path} is {OWN} and knows its own input and targets: --input-length, --input-layout, "
                "--channels, --arch, --arch-args and --target-names do not go with it"
            )
        return native.from_plain(safely(path))
    if not trust:
        raise UntrustedModel(untrusted(path, kind, foreign))
    if foreign.length is None:
        raise ModelError(f"{path} is {kind}: its input length must be given (--input-length L)")
    if foreign.length < 1:
        raise InputError(f"the input length must be at least 1, not {foreign.length}")
    if foreign.layout not in INPUT_LAYOUTS:
        raise UnknownName("input layout", foreign.layout, INPUT_LAYOUTS)
    names = foreign.targets or ()
    if "" in names or len(set(names)) < len(names):
        raise InputError(f"each target needs a name of its own, not {', '.join(map(repr, names))}")
    module = READERS[kind](path, foreign)
    return Model(
        module,
        example_input(foreign),
        layout=foreign.layout,
        channels=foreign.channels,
        targets=foreign.targets,
    )


def example_input(foreign: Foreign) -> Tensor:
    """Zeros in the shape that the model wants."""
    sizes = {"N": 3, "4": 4, "1": 1, "L": foreign.length or 1}
    return torch.zeros([sizes[letter] for letter in foreign.layout])


def untrusted(path: Path, kind: str, foreign: Foreign) -> str:
    """The one line that says why the file was not read, and how to read it."""
    length = foreign.length or "LENGTH"
    arch = f" --arch {foreign.arch or 'MODULE:CLASS'}" if kind == STATE_DICT else ""
    files = f"{shlex.quote(str(path))} --out {shlex.quote(path.stem + '.seqattr.pt')}"
    line = f"seqattr convert {files} --input-length {length}{arch}{said(foreign)} --trust-model"
    why = "loading it runs the code of its class" if kind == STATE_DICT else "reading it can run code"
    return f"{path} is {kind}, and {why}; if you trust it, convert it once: {line}"


def said(foreign: Foreign) -> str:
    """What else the user said of the model, as options."""
    usual = Foreign()
    words = []
    if foreign.layout != usual.layout:
        words += ["--input-layout", foreign.layout]
    if foreign.channels != usual.channels:
        words += ["--channels", foreign.channels]
    if foreign.arch_args:
        words += ["--arch-args", json.dumps(dict(foreign.arch_args))]
    if foreign.targets:
        words += ["--target-names", ",".join(foreign.targets)]
    return "".join(f" {shlex.quote(word)}" for word in words)


# --- recognition -------------------------------------------------------------------------------


def recognise(path: Path) -> str:
    """What kind of model file this is, by its content, without running any of it."""
    if not path.exists():
        raise ModelError(f"there is no model file {path}")
    if path.is_dir():
        raise ModelError(f"{path} is a folder, not a model file")
    head = start_of(path)
    if not head:
        raise ModelError(f"the model file {path} is empty")
    if head.startswith(b"PK"):
        return recognise_archive(path)
    if head[0] == 0x80:  # the first byte of every pickle since protocol 2
        return recognise_pickle(path)
    raise ModelError(f"{path} is not a PyTorch model file{guess(head)}")


def start_of(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(64)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error


def guess(head: bytes) -> str:
    """What else a file may be, by its first bytes."""
    if head.startswith(b"\x89HDF"):
        return "; it looks like HDF5 (a Keras model?): save it from PyTorch first"
    if head.startswith(b"\x1f\x8b"):
        return "; it is gzipped: unpack it first"
    if head.startswith((b">", b"@")):
        return "; it looks like a FASTA or FASTQ file"
    return "; it should have been written by torch.save, torch.export.save, torch.jit.save or seqattr"


def recognise_archive(path: Path) -> str:
    """torch.save, torch.jit.save and torch.export.save all write zip archives; their entries differ."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.split("/", 1)[-1] for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError) as error:
        raise ModelError(f"the model file {path} is truncated or damaged: {error}") from error
    if any(
        name in names for name in ("archive_format", "models/model.json", "serialized_exported_program.json")
    ):
        return EXPORTED
    if "constants.pkl" in names or any(name.startswith("code/") for name in names):
        return TORCHSCRIPT
    if "data.pkl" not in names:
        raise ModelError(f"{path} is a zip archive, but not one that PyTorch wrote")
    return recognise_pickle(path)


def recognise_pickle(path: Path) -> str:
    """Ours, a state dict, or something that only a full unpickling would read."""
    try:
        data = safely(path)
    except pickle.UnpicklingError:
        return PICKLE
    if isinstance(data, dict) and data.get("format") == native.FORMAT:
        return OWN
    if tensors_of(data) is not None:
        return STATE_DICT
    raise ModelError(f"{path} holds a {type(data).__name__}, neither a model nor a state dict")


def safely(path: Path) -> Any:
    """Tensors and plain data only. Raises UnpicklingError if the file holds more than that."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # torch.load fails in many ways on a damaged file
        raise ModelError(f"the model file {path} is truncated or damaged: {first_line(error)}") from error


def tensors_of(data: Any) -> Mapping[str, Tensor] | None:
    """The state dict in a file, also where a trainer has wrapped it; None if there is none."""
    if not isinstance(data, Mapping):
        return None
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(data.get(key), Mapping):
            return tensors_of(data[key])
    return data if data and all(isinstance(value, Tensor) for value in data.values()) else None


# --- reading what is trusted -------------------------------------------------------------------


def read_state_dict(path: Path, foreign: Foreign) -> nn.Module:
    if foreign.arch is None:
        raise ModelError(f"{path} is a state dict: say which class it belongs to (--arch module:Class)")
    state = tensors_of(safely(path)) or {}
    module = build(foreign.arch, foreign.arch_args)
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        detail = " ".join(line.strip() for line in str(error).splitlines()[1:3])
        raise ModelError(f"the state dict {path} does not fit {foreign.arch}: {detail}") from error
    return module


def build(arch: str, args: Mapping[str, Any]) -> nn.Module:
    """The class that `module:Class` names, called with `args`; the current folder is searched too."""
    name, _, attribute = arch.partition(":")
    if not name or not attribute:
        raise InputError(f"--arch must look like module:Class, not '{arch}'")
    try:
        with here_on_path():
            factory = getattr(importlib.import_module(name), attribute)
            module = factory(**args)
    except (Exception, SystemExit) as error:  # the user's own code may raise anything
        raise ModelError(
            f"cannot build --arch {arch}: {type(error).__name__}: {first_line(error)}"
        ) from error
    if not isinstance(module, nn.Module):
        raise ModelError(f"--arch {arch} gave a {type(module).__name__}, not a torch.nn.Module")
    return module


@contextlib.contextmanager
def here_on_path() -> Iterator[None]:
    """The user's own modules can be imported from the folder the command was started in."""
    sys.path.insert(0, os.getcwd())
    try:
        yield
    finally:
        sys.path.remove(os.getcwd())


def read_pickle(path: Path, foreign: Foreign) -> nn.Module:
    try:
        with here_on_path():
            module = torch.load(path, map_location="cpu", weights_only=False)
    except (Exception, SystemExit) as error:  # unpickling runs any code
        raise ModelError(f"cannot unpickle {path}: {type(error).__name__}: {first_line(error)}") from error
    if not isinstance(module, nn.Module):
        raise ModelError(f"{path} holds a pickled {type(module).__name__}, not a torch.nn.Module")
    return module


def read_torchscript(path: Path, foreign: Foreign) -> nn.Module:
    """By torch's own converter to torch.export, which it keeps private."""
    from torch._export.converter import TS2EPConverter

    try:
        with warnings.catch_warnings(), quiet_torch(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            script = torch.jit.load(str(path), map_location="cpu").eval()
            return TS2EPConverter(script, (example_input(foreign),)).convert().module()
    except Exception as error:
        raise ModelError(f"cannot read the TorchScript model {path}: {first_line(error)}") from error


def read_exported(path: Path, foreign: Foreign) -> nn.Module:
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
    return program.module()


READERS = {
    STATE_DICT: read_state_dict,
    PICKLE: read_pickle,
    TORCHSCRIPT: read_torchscript,
    EXPORTED: read_exported,
}
