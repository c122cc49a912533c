"""HDF5 files of Keras, read as numbers and texts: the config of a model, and the weights of each layer.

Layout, by what Keras 2, tf.keras and Keras 3 write: attributes model_config (JSON) and keras_version; a group
model_weights, or in a file of weights the root, with the attribute layer_names; in it a group for each layer,
whose attribute weight_names has the paths of its arrays, trainable ones first.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from seqattr.errors import ModelError
from seqattr.models.limits import check_unpacked

Weights = Mapping[str, Mapping[str, np.ndarray]]  # layer -> path of the array -> array
CONFIG, WEIGHTS, NAMES, PATHS = "model_config", "model_weights", "layer_names", "weight_names"
MOST_OBJECTS = 100_000


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The file, when it holds all that it names, and no more than files of its size can.

    Raises ModelError for a damaged file, and for one that refers to others, or to itself in a circle.
    """
    try:
        with h5py.File(path, "r") as file:
            check(file, path)
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise ModelError(f"the model file {path} is truncated or damaged: HDF5 cannot read it") from error


def check(file: h5py.File, path: Path) -> None:
    """Raises ModelError for links to elsewhere, and for arrays that are larger than the file can hold."""
    links: list[str] = []
    file.visititems_links(lambda name, link: links.append(name) if is_elsewhere(link) else None)
    if links:
        raise ModelError(f"{path} has a link to another place ({links[0]}), which no Keras model's file has")
    sizes: list[int] = []
    file.visititems(lambda name, item: sizes.append(size_of(name, item, path)))
    if len(sizes) > MOST_OBJECTS:
        raise ModelError(f"{path} holds {len(sizes):,} arrays and groups, which no model file does")
    check_unpacked(path, sum(sizes))


def is_elsewhere(link: Any) -> bool:
    """Whether a link is not the place itself."""
    return isinstance(link, h5py.SoftLink | h5py.ExternalLink)


def size_of(name: str, item: Any, path: Path) -> int:
    """The bytes of an array in memory. Raises ModelError for one that lies in another file."""
    if not isinstance(item, h5py.Dataset):
        return 0
    if item.external or item.is_virtual:
        raise ModelError(f"the array {name} of {path} lies in another file")
    return int(item.nbytes)


def config_in(file: h5py.File) -> str | None:
    """The config of the model, as JSON; None in a file of weights alone."""
    config = file.attrs.get(CONFIG)
    return text_of(config) if isinstance(config, str | bytes) else None


def version_in(file: h5py.File) -> str:
    """The version of Keras that wrote a file, or what it holds of it."""
    return text_of(file.attrs.get("keras_version", weights_group(file).attrs.get("keras_version", "")))


def weights_group(file: h5py.File) -> h5py.Group:
    """Where the weights are."""
    group = file.get(WEIGHTS, file)
    return group if isinstance(group, h5py.Group) else file


def text_of(value: Any) -> str:
    """A text as Python has it, of whatever HDF5 keeps."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def is_weights(file: h5py.File) -> bool:
    """Whether the file holds weights by layers, as those before Keras 3, and its .h5, have it."""
    group = weights_group(file)
    return NAMES in group.attrs or f"{NAMES}0" in group.attrs


def is_keras_3_weights(file: h5py.File) -> bool:
    """Whether the file is one of Keras 3's .weights.h5."""
    groups = ("layers", "_layer_checkpoint_dependencies")
    return any(isinstance(file.get(name), h5py.Group) for name in groups)


def names_in(group: h5py.Group, attribute: str) -> list[str]:
    """A list of names; a long one lies in pieces."""
    pieces = takewhile(group.attrs.__contains__, (f"{attribute}{number}" for number in count()))
    keys = [attribute] if attribute in group.attrs else pieces
    return [text_of(name) for key in keys for name in np.atleast_1d(group.attrs[key]).tolist()]


def numbers_in(file: h5py.File) -> int:
    """How many numbers a file of Keras 3 holds, but for those of the optimizer."""
    sizes: list[int] = []
    file.visititems(
        lambda name, item: (
            sizes.append(item.size)
            if isinstance(item, h5py.Dataset) and not name.startswith("optimizer")
            else None
        )
    )
    return sum(sizes)


def read_weights(file: h5py.File) -> dict[str, dict[str, np.ndarray]]:
    """The arrays of each layer that has some. Raises ModelError where one is missing or holds no numbers."""
    group = weights_group(file)
    layers = {name: arrays_of(group, name) for name in names_in(group, NAMES)}
    return {name: arrays for name, arrays in layers.items() if arrays}


def arrays_of(group: h5py.Group, layer: str) -> dict[str, np.ndarray]:
    """The arrays of a layer, by their paths."""
    inside = group.get(layer)
    if not isinstance(inside, h5py.Group):
        raise ModelError(f"its list of layers has {layer}, of which there is no group")
    return {path: array_at(inside, path, layer) for path in names_in(inside, PATHS)}


def array_at(group: h5py.Group, path: str, layer: str) -> np.ndarray:
    """The numbers of one array."""
    item = group.get(path)
    if not isinstance(item, h5py.Dataset):
        raise ModelError(f"the array {path} of its layer {layer} is missing")
    if item.dtype.kind not in "fiub":
        raise ModelError(f"the array {path} of its layer {layer} holds no numbers, but {item.dtype}")
    return np.asarray(item[()], dtype=np.float64 if item.dtype.itemsize == 8 else np.float32)
