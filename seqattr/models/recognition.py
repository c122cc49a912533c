"""Which kind of model file this is, by its content, and what is in it as far as that is safe to read."""

import pickle
import pickletools
import warnings
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import torch

from seqattr.engine.graph.source_lines import first_line
from seqattr.engine.ops.sizes import BITS
from seqattr.errors import ModelError
from seqattr.models import other_files, weights
from seqattr.models.limits import check_unpacked
from seqattr.models.other_folders import in_folder
from seqattr.models.pickled_kind import pickled_kind
from seqattr.models.sources import bpnet_structure, keras_hdf5

OWN_FORMAT = "seqattr model"
OWN, STATE_DICT, PICKLE = "a seqattr model", "a state dict", "a pickled PyTorch object"
LIGHTNING, SAFETENSORS = "a Lightning checkpoint", "a safetensors file of weights"
TORCHSCRIPT, EXPORTED = "a TorchScript model", "a torch.export archive (.pt2)"
HUGGING_FACE = "a Hugging Face folder"
KERAS, KERAS_WEIGHTS = "a Keras model", "a file of a Keras model's weights"
BPNET = "a BPNet or ChromBPNet of Keras"
OF_WEIGHTS = (STATE_DICT, LIGHTNING, SAFETENSORS, HUGGING_FACE)  # which need a class
CONFIG = "config.json"
# Where such a folder has its weights, those first that are read.
WEIGHTS_FILES = (
    *("model.safetensors", "model.safetensors.index.json"),
    *("pytorch_model.bin", "pytorch_model.bin.index.json"),
)
TORCH_PICKLE = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # the number that its files without an archive begin with
SAVE = "torch.save the model, or its state_dict()"
BEGINNING = 64  # bytes of such a file, in which that number is
FEW_KEYS = 2**16  # bytes


class Recognised(NamedTuple):
    """The kind of a file, and its content where that is plain data; of a folder, the file to begin with."""

    kind: str
    content: Any = None


def recognise(path: Path) -> str:
    """The kind of a model file. Raises ModelError where it is no model that can be read."""
    return look(path).kind


def look(path: Path) -> Recognised:
    """What a file is, without running any of it. Raises ModelError where it is no model that can be read."""
    if not path.exists():
        raise ModelError(f"there is no model file {path}")
    if path.is_dir():
        found = [path / name for name in WEIGHTS_FILES if (path / name).is_file()]
        if found:
            return Recognised(HUGGING_FACE, found[0])
        raise ModelError(f"{path} is a folder, not a model file{in_folder(path)}")
    if not path.is_file():
        raise ModelError(f"{path} is neither a file nor a folder, but a pipe or a device")
    head = start_of(path)
    if not head:
        raise ModelError(f"the model file {path} is empty")
    return by_content(path, head)


def by_content(path: Path, head: bytes) -> Recognised:
    """What a file is that begins so. Raises ModelError where it is no model that can be read."""
    if head.startswith(b"PK"):
        return in_archive(path)
    if head[0] == 0x80:  # the first byte of every pickle since protocol 2
        if TORCH_PICKLE not in head[:BEGINNING]:
            raise ModelError(
                f"{path} is a pickle of {pickled_kind(path)} that torch.save did not write; {SAVE}"
            )
        return in_pickle(path)
    if head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < path.stat().st_size:
        return Recognised(SAFETENSORS)
    if head.startswith(b"\x89HDF"):
        return in_hdf5(path)
    if head.lstrip()[:1] in (b"{", b"["):
        return in_json(path)
    raise ModelError(f"{path} is not a PyTorch model file{other_files.guess(path, head)}")


def start_of(path: Path) -> bytes:
    """The first bytes of a file. Raises ModelError where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(other_files.ENOUGH)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error


def in_hdf5(path: Path) -> Recognised:
    """A Keras model's HDF5 file, its config as JSON. Raises ModelError where it is no model's."""
    with keras_hdf5.opened(path) as file:
        config = keras_hdf5.config_in(file)
        if config is not None:
            structure = bpnet_structure.read_structure(config)
            return Recognised(BPNET, structure) if structure else Recognised(KERAS, config)
        if keras_hdf5.is_weights(file) or keras_hdf5.is_keras_3_weights(file):
            return Recognised(KERAS_WEIGHTS)
    raise ModelError(f"{path} is not a model file{other_files.of_hdf5(path)}")


def in_keras_archive(path: Path) -> Recognised:
    """A .keras file, which is a zip archive."""
    return Recognised(KERAS)


def in_json(path: Path) -> Recognised:
    """A text that begins as JSON: perhaps a Keras model's config, with the weights beside it.

    Raises ModelError where it is no model that can be read.
    """
    text = path.read_bytes()
    if b'"class_name"' in text and b'"config"' in text:
        raise ModelError(
            f"{path} is the architecture of a Keras model, without its weights: name the file of these, and "
            f"give this one as `Foreign.arch={path}`"
        )
    raise ModelError(f"{path} is not a PyTorch model file{other_files.of_json(path)}")


def in_archive(path: Path) -> Recognised:
    """torch.save, torch.jit.save and torch.export.save all write zip archives; their entries differ.

    Raises ModelError for another archive, a damaged one, and one that unpacks to more than a model.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ModelError(f"the model file {path} is truncated or damaged: {error}") from error
    check_unpacked(path, sum(entry.file_size for entry in entries))
    names = [entry.filename.split("/", 1)[-1] for entry in entries]
    check_numbers(path)
    if any(
        name in names for name in ("archive_format", "models/model.json", "serialized_exported_program.json")
    ):
        return Recognised(EXPORTED)
    if "constants.pkl" in names or any(name.startswith("code/") for name in names):
        return Recognised(TORCHSCRIPT)
    if "model.weights.h5" in names:
        return in_keras_archive(path)
    if entries and all(name.endswith(".npy") for name in names):
        raise ModelError(f"{path} is a NumPy archive of {', '.join(names[:5])}; {SAVE}")
    if "data.pkl" not in names:
        raise ModelError(
            f"{path} is a zip archive, but not one that PyTorch wrote; unpack it if a model is in it"
        )
    return in_pickle(path)


def check_numbers(path: Path) -> None:
    """Raises ModelError for keys of more than 64 bits before anything is unpickled: they can be such that all
    collide, and a megabyte of them takes minutes. Too few to matter are not looked at.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            pickles = [entry for entry in archive.infolist() if entry.filename.endswith("/data.pkl")]
            large = [archive.read(entry) for entry in pickles if entry.file_size > FEW_KEYS]
        wide = any(
            isinstance(number, int) and number.bit_length() > BITS
            for content in large
            for _, number, _ in pickletools.genops(content)
        )
    except Exception as error:  # of whatever is not a pickle
        raise ModelError(f"the model file {path} is truncated or damaged: {first_line(error)}") from error
    if wide:
        raise ModelError(f"{path} holds a number of more than {BITS} bits, which no model file does")


def in_pickle(path: Path) -> Recognised:
    """Ours, weights, or something that only a full unpickling would read. Raises ModelError for no model."""
    try:
        data = safely(path)
    except pickle.UnpicklingError:
        return Recognised(PICKLE)
    if isinstance(data, dict) and data.get("format") == OWN_FORMAT:
        return Recognised(OWN, data)
    if weights.find(data) is not None:
        lightning = isinstance(data, dict) and "pytorch-lightning_version" in data
        return Recognised(LIGHTNING if lightning else STATE_DICT, data)
    raise ModelError(no_model(path, data))


def no_model(path: Path, data: Any, kind: str = "") -> str:
    """What a file holds instead."""
    line = f"{path} holds a {kind}{type(data).__name__}, neither a model nor a state dict"
    if weights.is_optimizer(data) or (
        isinstance(data, dict) and any(map(weights.is_optimizer, data.values()))
    ):
        return f"{line}: it is an optimizer's state; save the model's own, model.state_dict()"
    several = (
        [key for key, value in weights.likely(data).items() if weights.find(value)]
        if isinstance(data, dict)
        else []
    )
    if several:
        return f"{line}: there are several in it, {', '.join(several)}; save the one that you mean by itself"
    return f"{line}; {SAVE}"


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
