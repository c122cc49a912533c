"""What the tests of `score` share: a run, the library's own numbers, and what lies in the folder."""

from pathlib import Path
from typing import Any

import numpy as np
import pyBigWig

import seqattr
from seqattr.dna.alphabet import one_hot
from seqattr.inputs import from_fasta
from seqattr.io.hdf5.stored import Contributions, read_contributions
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Settings
from seqattr.jobs.score.summary import Summary

# Different batches take different paths through the same kernels: float32 rounding, 1e-7 of the output.
ROUNDING = {"rtol": 1e-5, "atol": 1e-6}
# The same batch, in float32 in the file as in the result; a last bit may depend on where memory lies.
SAME = {"rtol": 1e-6, "atol": 1e-7}
FREQ = Settings(references="freq")


def own(
    model: seqattr.Model, texts: list[str], settings: Settings = FREQ, **options: Any
) -> seqattr.Attribution:
    """The library's own result for texts of one length."""
    sequences = one_hot(texts)
    references = seqattr.references(settings.references, sequences, settings.seed)
    return seqattr.attribute(model, sequences, references, method=settings.method_with_patterns(), **options)


def scored(model: seqattr.Model, path: Path, out: Path, settings: Settings = FREQ) -> Summary:
    return score(model, from_fasta(path), out, settings)


def agrees(found: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(found, wanted, **SAME)


def read(out: Path, *targets: str) -> list[Contributions]:
    return [read_contributions(out / f"{target}.h5") for target in targets]


def track(out: Path, target: str, chrom: str, start: int = 0, end: int | None = None) -> np.ndarray:
    """The bigWig's values, NaN where it holds none."""
    with pyBigWig.open(str(out / f"{target}.bw")) as file:
        return file.values(chrom, start, file.chroms(chrom) if end is None else end, numpy=True)


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def files(folder: Path) -> dict[str, bytes]:
    """All that a run leaves, in folders within too, but for its timing."""
    paths = [path for path in folder.glob("**/*") if path.is_file() and path.name != "timing.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(paths)}
