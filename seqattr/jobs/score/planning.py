"""The plan of a run, from its models, windows and settings."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqattr.errors import InputError
from seqattr.inputs import Inputs, Windows
from seqattr.io.hdf5.blocks import Layout
from seqattr.io.scores_folder import filename
from seqattr.jobs.provenance import provenance
from seqattr.jobs.score.calculation import Setup
from seqattr.jobs.score.plan import Plan, rows_of_a_block
from seqattr.jobs.score.settings import Settings
from seqattr.models.content import content_hash
from seqattr.refs.kinds import reference_file
from seqattr.refs.reference import Reference
from seqattr.support.version import package_version


def plan_of(setup: Setup, inputs: Inputs, reference: Reference, names: Sequence[str]) -> Plan:
    """How a run is cut into blocks, and what it is. `names` are those of its models."""
    windows, settings = Windows.of(inputs.windows), setup.settings
    hashes = [content_hash(model) for model in setup.models]
    results = ["", *(names if setup.each else ())]
    lengths = windows.lengths
    length, typical = int(lengths.max()), int(np.median(lengths))
    layout = Layout(len(windows), length, settings.h5_dtype, typical)
    outputs = len(results) * len(setup.targets)
    return Plan(
        identity={**identity_of(setup, windows, hashes), **identity_of_rest(inputs)},
        rows=len(windows),
        length=length,
        typical=typical,
        dtype=settings.h5_dtype,
        block_rows=rows_of_a_block(layout.chunk_rows, length, outputs, len(windows)),
        targets=setup.targets,
        results=results,
        sizes=dict(inputs.sizes),
        attributes=[attributes_of(settings, one) for one in hashes_of_results(hashes, len(results))],
        model_facts=[{"model": one} for one in hashes_of_results(hashes, len(results))],
        facts=facts_of(setup, length),
        notes=notes_of(inputs, reference, settings),
        dropped=len(inputs.dropped),
    )


def identity_of(setup: Setup, windows: Windows, hashes: Sequence[str]) -> dict[str, Any]:
    """What must be the same for a run to go on with the blocks of another, by the words for it."""
    settings = setup.settings
    return {
        "model": list(hashes),
        "input": windows.digest(),
        "method": settings.method,
        "kind of references": settings.references,
        "sharing of references": "by pairs" if settings.pairs else "none",
        "file of references": file_digest(reference_file(settings.references)),
        "seed": settings.seed,
        "choice of targets": list(setup.texts),
        "file of patterns": file_digest(settings.patterns),
        "choice of strands": "both" if settings.both_strands else "one",
        "choice of results": "each model's" if setup.each else "the mean",
        "precision": settings.precision,
        "batch size": settings.batch_size,
        "type of numbers": settings.h5_dtype,
        "kind of device": setup.session.device.type,
        "version of seqattr": package_version(),
        "version of torch": torch.__version__,
    }


def identity_of_rest(inputs: Inputs) -> dict[str, Any]:
    """The same of what the files hold beside windows: the chromosomes of bigWigs, and dropped.tsv."""
    sizes = hashlib.blake2b(digest_size=20)
    for name, size in inputs.sizes.items():  # a million of them, where each record is one
        sizes.update(f"{size} {len(name)} {name}".encode("utf-8", "surrogatepass"))
    return {"list of chromosomes": sizes.hexdigest(), "number of windows left out": len(inputs.dropped)}


def file_digest(path: str | None) -> str | None:
    """Of what a file holds; None for none. Raises InputError where it cannot be read."""
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def hashes_of_results(hashes: Sequence[str], results: int) -> list[str]:
    """The model of each result: of a mean all of them."""
    return ["+".join(hashes), *hashes][:results]


def attributes_of(settings: Settings, model_hash: str) -> dict[str, Any]:
    """What each HDF5 file says of the run."""
    return {
        "method": settings.method,
        "references": settings.references,
        "seed": settings.seed,
        "model": model_hash,
        "seqattr": package_version(),
    }


def facts_of(setup: Setup, length: int) -> dict[str, Any]:
    """What run.json says of how to run it again, whatever the results are."""
    session = setup.session
    return {
        **provenance(session, recorded(setup.settings, session.device.type), length),
        "models": len(setup.models),
        "complete": setup.method.complete,
        "dtype": str(session.dtype).removeprefix("torch."),
    }


def recorded(settings: Settings, device: str) -> Mapping[str, Any]:
    """The settings as run.json has them: which of several GPUs it was is no part of a run."""
    named = settings.device if settings.device == "auto" else device
    return {**vars(settings), "device": named}


def notes_of(inputs: Inputs, reference: Reference, settings: Settings) -> list[str]:
    """What a user should know before anything is worked out."""
    notes = list(inputs.notes)
    if len(inputs.dropped):
        notes.append(f"dropped.tsv lists the {len(inputs.dropped)} that were left out, and why")
    if reference.name == "fasta":
        sharing = f"a set of {reference.number} shared by all"
        kind = sharing if reference.shared else "one for each"
        notes.append(f"references of {settings.references}: {kind}")
    return notes


def model_names(paths: Sequence[Path]) -> list[str]:
    """A name for each of several model files: no more of its path than tells it from the others."""
    for parts in range(1, max((len(path.parts) for path in paths), default=0) + 1):
        names = [filename("-".join([*path.parts[-parts:-1], path.stem]).strip("/")) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{path.stem}-{number}" for number, path in enumerate(paths)]
