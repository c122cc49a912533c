"""A Snakemake workflow in a folder: its rules, its config, its profiles."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from seqattr.errors import OutputError
from seqattr.io.atomic import check_writable, replacing_all
from seqattr.io.ownership import Output

PEAKS, BENCHMARK = "peaks", "benchmark"  # the kinds: folders of seqattr/workflow/
SHARED = ("rules", "profiles")
RECORD = "rules/written.json"  # the kind, and a hash of each file as it was written
CURE = "name another folder, or replace it with `force=True`"


@dataclass(frozen=True)
class Written:
    """Names of the files that were written, and of those that stand as they were edited."""

    written: list[str]
    edited: list[str]


def run(output: Output, kind: str = PEAKS) -> Written:
    """Write the workflow for one's own models and sequences, or that of the TAL-GATA benchmark.

    Files that an earlier call wrote are replaced, but for those that were edited since; what no call wrote is
    not, unless forced. Raises OutputError for that, and where something cannot be written.
    """
    texts = texts_of(kind)
    check_writable(output.path)
    before = recorded(output.path)
    there = others(output.path, texts)
    if not output.force:
        refuse_strange(output.path, kind, before, there)
    edited = [name for name, found in there.items() if not output.force and found != before["files"][name]]
    new = {name: text for name, text in texts.items() if name not in edited}
    hashes = before["files"] | {name: hash_of(text) for name, text in new.items()}
    write_all(output.path, new | {RECORD: json.dumps({"seqattr": kind, "files": hashes}, indent=2).encode()})
    return Written(list(new), edited)


def texts_of(kind: str) -> dict[str, bytes]:
    """Every file of a workflow, by its path within the user's folder."""
    package = files("seqattr.workflow")
    own = dict(files_in(package / kind))
    return own | {f"{room}/{name}": text for room in SHARED for name, text in files_in(package / room)}


def files_in(folder: Traversable, within: str = "") -> Iterator[tuple[str, bytes]]:
    """Names and contents, those of folders below too; what makes a package of a folder is none of them."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.is_dir() and path.name != "__pycache__":
            yield from files_in(path, f"{within}{path.name}/")
        elif path.is_file() and path.name != "__init__.py":
            yield f"{within}{path.name}", path.read_bytes()


def recorded(folder: Path) -> dict[str, Any]:
    """What an earlier call wrote there: the kind of workflow under "seqattr", hashes under "files"."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return {"seqattr": record["seqattr"], "files": dict(record["files"])}
    return {"seqattr": None, "files": {}}


def others(folder: Path, texts: Mapping[str, bytes]) -> dict[str, str]:
    """The hash of each file that stands in a folder with another content."""
    contents = {name: path.read_bytes() for name in texts if (path := folder / name).is_file()}
    return {name: hash_of(content) for name, content in contents.items() if content != texts[name]}


def refuse_strange(folder: Path, kind: str, before: Mapping[str, Any], there: Mapping[str, str]) -> None:
    """Raises OutputError where a folder holds the other workflow, or files that no call wrote."""
    strange = next((name for name in there if name not in before["files"]), None)
    if strange is not None:
        raise OutputError(
            f"cannot write {folder / strange}: what is there was not written by seqattr; {CURE}"
        )
    if before["seqattr"] not in (None, kind):
        raise OutputError(f"cannot write to {folder}: it holds the workflow `{before['seqattr']}`; {CURE}")


def write_all(folder: Path, texts: Mapping[str, bytes]) -> None:
    """All files, or none. Raises OutputError."""
    for name in texts:
        check_writable((folder / name).parent)
    with replacing_all(folder, list(texts)) as parts:
        for name, part in parts.items():
            part.write_bytes(texts[name])


def hash_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
