"""A simulated data set as a folder of files:

sequences.fa      all sequences                  labels.tsv    name, then 0 or 1 for each task
test.fa           those of the test split        splits.tsv    name, then test, valid or train
planted.bed       each planted motif             motifs.meme   both motifs, the background
simulation.json   the settings, the seed and the version of seqattr
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from seqattr.data.simulate import TASKS, Planted, Simulation, TalGata
from seqattr.dna.alphabet import decode, encode
from seqattr.errors import InputError, no_folder
from seqattr.io.atomic import check_writable
from seqattr.io.bed import read_bed
from seqattr.io.fasta.records import read_fasta, write_fasta
from seqattr.io.motifs.meme import write_meme
from seqattr.io.ownership import Output
from seqattr.io.reading import text_lines
from seqattr.io.run_folder import Mark, check_finished, replacing_run
from seqattr.io.text import read_json, write_json, write_rows
from seqattr.motifs.pwm import BUNDLED
from seqattr.support.version import package_version

MARK = Mark("simulation.json", ("seed", "tal_gata"))
FILES = (
    *("sequences.fa", "test.fa", "labels.tsv", "splits.tsv", "planted.bed", "motifs.meme"),
    MARK.name,
)


def claim_simulation(output: Output, settings: TalGata, seed: int) -> None:
    """A folder for this simulation. Raises OutputError where it holds another one, or somebody else's files,
    unless forced.
    """
    output.claim_marked(FILES, mark=MARK.name)
    there = read_json(output.path / MARK.name)
    now = json.loads(json.dumps(about_simulation(settings, seed)))
    output.claim_identity(_told(there) if there else None, _told(now))


def about_simulation(settings: TalGata, seed: int) -> dict[str, Any]:
    """The content of simulation.json."""
    return {"seqattr": package_version(), "seed": seed, "tal_gata": asdict(settings)}


def _told(about: Mapping[str, Any]) -> dict[str, Any]:
    """The seed and all settings, one beside the other; few where they are not told."""
    settings = about.get("tal_gata")
    return {"seed": about.get("seed"), **(settings if isinstance(settings, dict) else {})}


def write_simulation(folder: str | Path, simulation: Simulation) -> None:
    """Write the files named at the top of this module. Raises OutputError where that cannot be done."""
    folder = Path(folder)
    names, test = simulation.names, simulation.indices("test")
    texts = [decode(codes) for codes in simulation.codes]
    motifs = {name: motif.probabilities for name, motif in BUNDLED.items()}
    labels = zip(names, *simulation.labels.T.tolist(), strict=True)
    check_writable(folder)
    with replacing_run(folder, FILES, MARK) as paths:
        write_fasta(paths["sequences.fa"], names, texts)
        write_fasta(paths["test.fa"], [names[i] for i in test], [texts[i] for i in test])
        write_rows(paths["labels.tsv"], [("name", *TASKS), *labels])
        write_rows(paths["splits.tsv"], [("name", "split"), *zip(names, simulation.splits, strict=True)])
        write_rows(paths["planted.bed"], [_bed_row(names, instance) for instance in simulation.planted])
        write_meme(paths["motifs.meme"], motifs, simulation.settings.background)
        write_json(paths[MARK.name], about_simulation(simulation.settings, simulation.seed))


def read_simulation(folder: str | Path) -> Simulation:
    """Read back what `write_simulation` wrote. Raises InputError where the folder is no such thing."""
    folder = Path(folder)
    if not (folder / "simulation.json").exists():
        raise InputError(no_simulation(folder))
    settings, seed = _read_settings(folder / "simulation.json")
    records = read_fasta(folder / "sequences.fa")
    names = tuple(record.name for record in records)
    labels = _read_table(folder / "labels.tsv", names, 1 + len(TASKS))
    splits = _read_table(folder / "splits.tsv", names, 2)
    if any(len(record.text) != settings.length for record in records):
        raise InputError(f"the sequences of {folder} must all have {settings.length} bases")
    codes = np.stack([encode(record.text) for record in records])
    return Simulation(
        settings=settings,
        seed=seed,
        names=names,
        codes=codes,
        labels=_as_labels(folder, [row[1:] for row in labels]),
        splits=tuple(split for _, split in splits),
        planted=_read_planted(folder / "planted.bed", names, codes),
    )


def no_simulation(folder: Path) -> str:
    """What is there instead, and what should be."""
    wanted = "a folder that `write_simulation` wrote is wanted"
    if folder.is_dir():
        return f"there is no simulation file {folder / 'simulation.json'}; {wanted}"
    return no_folder(folder, wanted)


def _bed_row(names: Sequence[str], instance: Planted) -> tuple[object, ...]:
    return names[instance.sequence], instance.start, instance.end, instance.motif, 0, instance.strand


def _read_settings(path: Path) -> tuple[TalGata, int]:
    text = "".join(line for _, line in text_lines(path, "simulation"))
    try:
        about = json.loads(text)
        check_finished(path, about)
        settings: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in about["tal_gata"].items()
        }
        return TalGata(**settings), int(about["seed"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{path} is no description of a simulation, as `seqattr simulate` writes it"
        ) from None


def _read_table(path: Path, names: Sequence[str], columns: int) -> list[list[str]]:
    """The rows below the header, one for each name, in their order."""
    rows = [line.split("\t") for _, line in text_lines(path, "table")][1:]
    if [row[0] for row in rows] != list(names) or any(len(row) != columns for row in rows):
        raise InputError(f"{path} must have {columns} columns and a row for each sequence of sequences.fa")
    return rows


def _as_labels(folder: Path, rows: list[list[str]]) -> np.ndarray:
    if not {value for row in rows for value in row} <= {"0", "1"}:
        raise InputError(f"{folder / 'labels.tsv'} must hold 0 or 1 for each task")
    return np.array(rows).astype(np.int8)


def _read_planted(path: Path, names: Sequence[str], codes: np.ndarray) -> tuple[Planted, ...]:
    numbers = {name: index for index, name in enumerate(names)}
    regions = read_bed(path)
    strange = next((r for r in regions if r.chrom not in numbers or r.end > codes.shape[1]), None)
    if strange is not None:
        raise InputError(f"{path} has a motif at {strange}, which is not in sequences.fa")
    return tuple(
        Planted(row, r.start, r.end, r.name, r.strand, decode(codes[row, r.start : r.end]))
        for row, r in ((numbers[region.chrom], region) for region in regions)
    )
