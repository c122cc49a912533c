"""A pickled module, or weights among whatever else was pickled with them: reading runs the pickle's code."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from seqattr.engine.graph.source_lines import first_line
from seqattr.errors import ModelError
from seqattr.models import user_class, weights
from seqattr.models.geometry import Foreign, ReadModule
from seqattr.models.recognition import no_model
from seqattr.models.sources.state_dicts import with_weights
from seqattr.models.unpickling import Missing, unpickle


def read(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """The module, or the class that `foreign.arch` names with the weights.

    Raises ModelError where neither is in the file, or a class of theirs cannot be imported.
    """
    data, missing = unpickled(path, foreign)
    located = weights.find(data)
    if located is None:
        raise nothing_in(path, data)
    lost = f"{path.name}: left out what is of {', '.join(missing)}, which cannot be imported"
    left = (lost,) if missing else ()
    if isinstance(located.content, nn.Module):
        took = (f"{path.name}: took the module under {located.where}",) if located.keys else ()
        return ReadModule(located.content, (*took, *left))
    if foreign.arch is None:
        raise ModelError(
            f"{path} holds weights alone: say which class they belong to (`Foreign.arch=module:Class`)"
        )
    read = with_weights(path, foreign, data)
    return read._replace(notes=(*read.notes, *left))


def unpickled(path: Path, foreign: Foreign) -> tuple[Any, list[str]]:
    """What was pickled, and the names of classes in it that cannot be imported. Raises ModelError."""
    try:
        with user_class.here_on_path():
            data, missing = unpickle(path, lambda module, name: of_arch(foreign.arch, name))
    except (Exception, SystemExit) as error:  # unpickling runs any code
        raise ModelError(f"cannot unpickle {path}: {type(error).__name__}: {first_line(error)}") from error
    if isinstance(data, Missing):
        raise ModelError(not_importable(path, data.name))
    return data, missing


def nothing_in(path: Path, data: Any) -> ModelError:
    """Why there is no model in what was pickled: a class of it is missing, or it is something else."""
    values = list(data.values()) if isinstance(data, Mapping) else []
    missing = next((value.name for value in values if isinstance(value, Missing)), None)
    return ModelError(not_importable(path, missing) if missing else no_model(path, data, "pickled "))


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
