"""Models of Keras, through Keras 3 on its torch backend: .h5, .keras, and weights with JSON beside them.

Layers are built from the config as data (`keras_config`, `keras_layers`) and get the file's weights
(`keras_weights`); nothing of the file is run, and the model is not compiled.
"""

import json
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.engine.graph.source_lines import first_line
from seqattr.errors import ModelError
from seqattr.io.kept import keep
from seqattr.models import user_class
from seqattr.models.geometry import Foreign, ReadModule
from seqattr.models.limits import check_unpacked
from seqattr.models.sources import keras_hdf5 as hdf5
from seqattr.models.sources.keras_config import Network, parse, read_config
from seqattr.models.sources.keras_layers import build_network
from seqattr.models.sources.keras_models import as_module, keras_on_torch, of_function, on_cpu
from seqattr.models.sources.keras_operations import Workshop
from seqattr.models.sources.keras_recurrent import use_torch
from seqattr.models.sources.keras_weights import assign

WEIGHTS, CONFIG, METADATA = "model.weights.h5", "config.json", "metadata.json"  # of a .keras file
WITH_CONFIG = (
    "give its architecture, as model.to_json() writes it, as `Foreign.arch=FILE.json`, or a function that "
    "builds it in Keras 3 as `Foreign.arch=FILE.py:FUNCTION`"
)


class Parts(NamedTuple):
    """What a file holds of a model: its config (None: weights alone), the version of Keras that wrote it, how
    many numbers there are, and what puts them into a model.
    """

    network: Network | None
    version: str
    numbers: int
    fill: Callable[[Any], None]


def read(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """The model of a Keras file, whose config, and that of `foreign.arch` where it is JSON, tells its layers.

    Raises ModelError where Keras is missing, layers are none that it has, or weights do not fit.
    """
    keras = keras_on_torch(path)
    with tempfile.TemporaryDirectory() as folder, on_cpu(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parts = (in_archive if zipfile.is_zipfile(path) else in_hdf5)(path, Path(folder))
            return module_of(keras, with_config(parts, foreign), foreign, path)
        except ModelError as error:
            told = str(path) in str(error)
            raise error if told else ModelError(f"cannot read the Keras model {path}: {error}") from error


def module_of(keras: Any, parts: Parts, foreign: Foreign, path: Path) -> ReadModule:
    """The model of the parts of a file."""
    custom = layers_brought(keras, foreign)
    if custom is None:
        return of_function(
            user_class.build(foreign.arch or "", foreign.arch_args, user_class.Kept({}))[0],
            parts.fill,
            foreign,
        )
    if parts.network is None:
        raise ModelError(f"{path} holds the weights of a Keras model alone: {WITH_CONFIG}")
    shop = Workshop(keras, custom, is_old(parts.version))
    check_amount(parts, replace(shop, notes=[]))
    model = build_network(parts.network, shop)
    parts.fill(model)
    use_torch(model, keras)
    notes = tuple(f"{path.name}: {note}" for note in dict.fromkeys(shop.notes))
    return as_module(model, list(parts.network.outputs), foreign, notes)


def layers_brought(keras: Any, foreign: Foreign) -> Mapping[str, Any] | None:
    """The layers of the user's own that `foreign.arch` names; None where it names what builds the model."""
    if foreign.arch is None or is_json(foreign.arch):
        return {}
    named = user_class.class_named(foreign.arch)
    if isinstance(named, Mapping):
        return named
    is_model = isinstance(named, type) and issubclass(named, keras.Model)
    is_layer = isinstance(named, type) and issubclass(named, keras.layers.Layer)
    return {named.__name__: named} if is_layer and not is_model else None


def is_json(arch: str) -> bool:
    """Whether it names a file of JSON, and no class."""
    return ":" not in arch and Path(arch).is_file()


def check_amount(parts: Parts, shop: Workshop) -> None:
    """Builds the model without its weights, which a config can make as large as it likes. Raises ModelError
    where they are more than the file has.
    """
    assert parts.network is not None
    with shop.keras.device("meta"):
        wanted = build_network(parts.network, shop).count_params()
    if wanted > parts.numbers:
        raise ModelError(f"by its config it has {wanted:,} weights, and in the file are {parts.numbers:,}")


# --- what a file holds ---------------------------------------------------------------------------


def in_hdf5(path: Path, folder: Path) -> Parts:
    """What an .h5 file holds, or one of weights."""
    with hdf5.opened(path) as file:
        if hdf5.is_keras_3_weights(file):
            return of_keras_3(path, path, folder, None, "3")
        text, version, weights = hdf5.config_in(file), hdf5.version_in(file), hdf5.read_weights(file)
    numbers = sum(array.size for arrays in weights.values() for array in arrays.values())
    network = None if text is None else read_config(text)
    return Parts(network, version, numbers, lambda model: assign(model, weights))


def in_archive(path: Path, folder: Path) -> Parts:
    """What a .keras file holds."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_unpacked(path, sum(entry.file_size for entry in archive.infolist()))
            text, metadata = archive.read(CONFIG), json.loads(archive.read(METADATA))
            weights = Path(archive.extract(WEIGHTS, folder))
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, NotImplementedError) as error:
        raise ModelError(f"the model file {path} is truncated or damaged: {first_line(error)}") from error
    version = str(metadata.get("keras_version", "")) if isinstance(metadata, dict) else ""
    return of_keras_3(path, weights, folder, read_config(text), version)


def of_keras_3(path: Path, weights: Path, folder: Path, network: Network | None, version: str) -> Parts:
    """Weights as Keras 3 lays them out, which it reads itself, from a file of the name that it wants."""
    with hdf5.opened(weights) as file:
        numbers = hdf5.numbers_in(file)
    named = folder / "copy.weights.h5"
    shutil.copyfile(weights, named)

    def fill(model: Any) -> None:
        try:
            model.load_weights(named)
        except Exception as error:  # Keras raises anything
            raise ModelError(f"its weights do not fit its config: {first_line(error)}") from error

    return Parts(network, version, numbers, fill)


def with_config(parts: Parts, foreign: Foreign) -> Parts:
    """The same with the config in the JSON file that `foreign.arch` names, where it names one."""
    if foreign.arch is None or not is_json(foreign.arch):
        return parts
    keep(foreign.arch)
    text = Path(foreign.arch).read_bytes()
    try:
        version = parse(text).get("keras_version", parts.version)
        return parts._replace(network=read_config(text), version=str(version))
    except ModelError as error:
        raise ModelError(f"cannot read the architecture {foreign.arch}: {error}") from error


def is_old(version: str) -> bool:
    """Whether a file is of Keras before 3."""
    return not version[:1].isdigit() or int(version.split(".")[0]) < 3
