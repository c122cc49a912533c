"""Where a model came from: a flat table of texts and numbers, which its file in our own format keeps."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from seqattr.engine.capture.constants import Given
from seqattr.engine.ops.sizes import is_size
from seqattr.models.constant_inputs import file_in
from seqattr.models.geometry import Foreign, ReadModule
from seqattr.support.version import package_version

MOST_FACTS, LONGEST_TEXT = 200, 10_000  # of a table that a file may hold


def provenance(path: Path, kind: str, read: ReadModule, known: Foreign) -> dict[str, str | int | float]:
    """The source's name, kind and SHA-256, what was done to read it, how it takes its input, and by which
    versions; what a reader has to add goes before. Of files their names alone are kept: a model file that is
    given away tells nothing of its maker's folders.
    """
    arch, notes = without_folder(known.arch or ""), "; ".join(read.notes)
    facts = {
        "source": path.resolve().name,
        "kind": kind,
        "sha256": read.more.get("sha256") or digest(path),
        "arch": arch,
        "arch_args": json.dumps(dict(known.arch_args), default=str) if known.arch_args else "",
        "length": known.length or 0,
        "layout": known.layout,
        "channels": known.channels,
        "unknown": known.unknown or "",
        "inputs": ", ".join(f"{name}={named(value)}" for name, value in known.inputs.items()),
        "notes": notes.replace(known.arch, arch) if known.arch else notes,
        "seqattr": package_version(),
        "torch": str(torch.__version__),
    }
    return {name: in_bounds(value) for name, value in {**facts, **read.more}.items() if value != ""}


def named(constant: Any) -> str:
    """What an input is held at: of an array's file its name."""
    return without_folder(str(constant)) if isinstance(constant, Given) else str(constant)


def without_folder(text: str) -> str:
    """A file, or file.py:Class or file.npz:KEY, by its name alone; any other text as it is."""
    file, key = file_in(text)
    return file.name if key is None else f"{file.name}:{key}"


def digest(path: Path) -> str:
    """SHA-256 of a file; of a folder, of the names and hashes of its files."""
    if path.is_dir():
        lines = [f"{file.name} {digest(file)}" for file in sorted(path.iterdir()) if file.is_file()]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def in_bounds(value: Any) -> str | int | float:
    """A fact as a file may keep it: texts cut where they are longer than any should be."""
    return value if isinstance(value, int | float) else str(value)[:LONGEST_TEXT]


def check_provenance(facts: Any) -> None:
    """Raises ValueError unless it is such a table, and of a size that one can look at."""
    if not isinstance(facts, Mapping) or len(facts) > MOST_FACTS:
        raise ValueError("where the model came from is no table, or too long a one")
    for name, value in facts.items():
        text = isinstance(value, str) and len(value) <= LONGEST_TEXT
        number = type(value) in (bool, float) or (type(value) is int and is_size(value))
        if not isinstance(name, str) or len(name) > LONGEST_TEXT or not (text or number):
            raise ValueError("where the model came from is told by something else than texts and numbers")
