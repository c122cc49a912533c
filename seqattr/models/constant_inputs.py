"""Inputs beside the sequence that are held constant, where they are in a file of numpy."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqattr.engine.capture.constants import Given
from seqattr.engine.graph.source_lines import first_line
from seqattr.errors import InputError, SeqattrError, UnknownName
from seqattr.io.kept import keep

SUFFIXES = (".npz", ".npy")


def with_arrays(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs, files among them read: FILE.npz of one array, FILE.npz:KEY, FILE.npy. Raises InputError."""
    return {name: array_in(name, value) if is_file(value) else value for name, value in inputs.items()}


def file_in(text: str) -> tuple[Path, str | None]:
    """The file that a text names, and the key of an array in it."""
    for suffix in SUFFIXES:
        head, found, key = text.rpartition(f"{suffix}:")
        if found:
            return Path(f"{head}{suffix}"), key
    return Path(text), None


def is_file(value: Any) -> bool:
    """Whether a value is a text that names a file."""
    return isinstance(value, Path) or (isinstance(value, str) and file_in(value)[0].suffix in SUFFIXES)


def array_in(name: str, text: str | Path) -> Given:
    """The array in a file. Raises InputError where there is none of numbers, UnknownName for a key."""
    path, key = file_in(str(text))
    keep(path)
    try:
        content = np.load(path, allow_pickle=False)
        array = content if isinstance(content, np.ndarray) else entry(path, content, key)
    except SeqattrError:
        raise
    except Exception as error:  # numpy fails in many ways on what is no file of its own
        why = "it is no .npy or .npz file of numbers" if "pickle" in str(error) else first_line(error)
        raise InputError(f"`inputs={name}={text}` cannot be read: {why}") from error
    if array.dtype.kind not in "biuf":
        raise InputError(f"`inputs={name}={text}` holds {array.dtype}, and no numbers")
    tensor = torch.from_numpy(np.array(array))
    if tensor.is_floating_point() and not tensor.isfinite().all():
        raise InputError(f"`inputs={name}={text}` holds NaN or infinity")
    return Given(tensor, name=str(text))


def entry(path: Path, content: Mapping[str, Any], key: str | None) -> Any:
    """One array of several in a file."""
    keys = list(content)
    if key is None and len(keys) == 1:
        return content[keys[0]]
    if key is None:
        raise InputError(
            f"{path} holds several arrays: say which, as in {path}:{keys[0]} ({', '.join(keys)})"
        )
    if key not in keys:
        raise UnknownName(f"array of {path}", key, keys)
    return content[key]
