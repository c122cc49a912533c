"""A small folder of scores made by hand: what is to be found in it is known."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import one_hot
from seqattr.dna.regions import Region
from seqattr.io.hdf5.layout import CANCELLATION, NUMBERS
from seqattr.io.hdf5.stored import read_contributions
from seqattr.io.scores_folder import file_stems
from seqattr.motifs.pwm import GATA1, TAL1
from tests.helpers.contributions import rows_of, write_contributions

LENGTH = 90
TAL_AT, GATA_AT, ODD_AT = 20, 50, 70  # the odd stretch is of no motif, and carries in `carries` all the same
ODD = 12


class Made(NamedTuple):
    """The folder, and what was put into it."""

    folder: Path
    targets: tuple[str, ...]
    names: list[str]
    codes: np.ndarray  # (N, L)


def write_scores(
    folder: Path,
    count: int = 40,
    targets: Sequence[str] = ("carries", "quiet"),
    method: str = "deeplift",
    error: float | np.ndarray = 1e-6,
    prefix: str = "seq",
    seed: int = 0,
    length: int = LENGTH,
    cancellation: float = 80,
    gata: float = 0,
) -> Made:
    """Every other sequence has both motifs; in the first target TAL1 carries, and each base of GATA1 `gata`;
    in the others all is noise.

    In the first sequence a stretch that is no motif carries too. Sequences lie on chr1, 1000 bases apart, the
    second on strand '-'.
    """
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (count, length)).astype(np.uint8)
    for row in range(0, count if length == LENGTH else 0, 2):
        codes[row, TAL_AT : TAL_AT + TAL1.width] = TAL1.probabilities.argmax(axis=0)
        codes[row, GATA_AT : GATA_AT + GATA1.width] = GATA1.probabilities.argmax(axis=0)
    names = [f"{prefix}{row}" for row in range(count)]
    regions = [
        Region("chr1", 1000 * row, 1000 * row + length, name, "-" if row == 1 else "+")
        for row, name in enumerate(names)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for target, stem in file_stems(targets).items():
        values = rng.normal(0, 0.01, (count, length))
        if target == targets[0]:
            values[::2, TAL_AT : TAL_AT + TAL1.width] += 0.5
            values[::2, GATA_AT : GATA_AT + GATA1.width] += gata
            values[0, ODD_AT : ODD_AT + ODD] += 0.5
        sequences = one_hot(codes)
        numbers = {
            "additivity_error": np.full(count, error),
            "cancellation": np.full(count, float(cancellation)),
        }
        rows = rows_of(sequences, values[:, None] * sequences, values, **numbers)
        write_contributions(folder / f"{stem}.h5", rows, regions, {"target": target})
    run = {"settings": {"method": method, "references": "shuffle:10"}, "targets": list(targets), "notes": []}
    (folder / "run.json").write_text(json.dumps(run))
    return Made(folder, tuple(targets), names, codes)


def without_values(made: Made, folder: Path, failed: Sequence[int]) -> Path:
    """The same scores, but that some rows have no values."""
    return _written_again(made, folder, failed, range(len(made.names)))


def without_rows(made: Made, folder: Path, left_out: Sequence[int]) -> Path:
    """The same scores without some of the rows."""
    return _written_again(made, folder, [], [row for row in range(len(made.names)) if row not in left_out])


def _written_again(made: Made, folder: Path, failed: Sequence[int], kept: Sequence[int]) -> Path:
    folder.mkdir(parents=True)
    for stem in file_stems(made.targets).values():
        stored, nan = read_contributions(made.folder / f"{stem}.h5"), np.ones(len(made.names))
        nan[list(failed)] = np.nan
        numbers = {name: (getattr(stored, name) * nan)[kept] for name in (*NUMBERS, CANCELLATION)}
        values = ((each.T * nan).T[kept] for each in (stored.hypothetical, stored.contributions))
        rows = rows_of(stored.one_hot[kept], *values, **numbers)
        write_contributions(folder / f"{stem}.h5", rows, [stored.regions[row] for row in kept])
    (folder / "run.json").write_bytes((made.folder / "run.json").read_bytes())
    return folder
