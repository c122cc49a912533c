"""An attribution: what each base contributed, with its way into pictures and files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from seqattr.dna.alphabet import one_hot
from seqattr.dna.places import Places
from seqattr.errors import InputError
from seqattr.inputs.places import ends_of, places_of
from seqattr.io.atomic import check_writable
from seqattr.io.bed import read_chrom_sizes, write_regions
from seqattr.io.hdf5.layout import CANCELLATION, NUMBERS
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import replacing_run
from seqattr.io.scores_folder import file_stems, stale_files, stems_of_run
from seqattr.io.text import read_json, write_json
from seqattr.methods.result_files import TargetRows, digest, digest_of_places
from seqattr.methods.selection import row_of, stretch_of, targets_of
from seqattr.methods.subject import Subject
from seqattr.support.version import package_version

Source = str | Path
NONE: Mapping[int, str] = {}


class Attribution(NamedTuple):
    """What each base contributed, for T targets of N sequences of length L, on the CPU.

    `prediction` is the target's value for the sequence, `difference` that value minus the references' mean,
    less what values that the model holds fixed (`detach`) keep of it. `additivity_error` is the worst over
    the references of
    |sum of contributions - difference| / max(|difference|, |prediction| / 100), and `cancellation` that of
    the sum of |contributions| over the same: how far the explanation adds up only because its parts cancel.
    `standard_error` is that of the contributions, given the references, where the method estimates them by
    chance; None elsewhere. `multipliers` are None where nobody asked for them.

    `failures` says of rows for which the model or the method answered with NaN or infinity, why; all their
    numbers are NaN. `subject` says what was explained; None where nobody keeps it. `plot` draws a sequence,
    `to_h5` and `to_bigwig` write what `seqattr score` does.
    """

    contributions: Tensor  # (T, N, L)
    hypothetical: Tensor  # (T, N, 4, L)
    multipliers: Tensor | None  # (T, N, 4, L), mean over references
    prediction: Tensor  # (T, N)
    difference: Tensor  # (T, N)
    additivity_error: Tensor  # (T, N)
    cancellation: Tensor  # (T, N)
    standard_error: Tensor | None = None  # (T, N, L)
    failures: Mapping[int, str] = NONE
    subject: Subject | None = None

    @property
    def tensors(self) -> tuple[Tensor | None, ...]:
        """All the numbers, in the order of the fields."""
        return self[:-2]

    def __repr__(self) -> str:
        targets, number, length = self.contributions.shape
        worst = f"{self.additivity_error.nan_to_num().max():.1e}" if self.additivity_error.numel() else "none"
        failed = f", {len(self.failures)} failed" if self.failures else ""
        asked = f", {self.subject.in_words()}" if self.subject else ""
        return (
            f"<seqattr.Attribution: contributions {targets} x {number} x {length} (targets, sequences, "
            f"bases){asked}, additivity error at most {worst}{failed}>"
        )

    def plot(
        self,
        sequence: int = 0,
        targets: Sequence[int | str] | int | str | None = None,
        bases: tuple[int, int] | None = None,
    ) -> Any:
        """A matplotlib figure of one sequence, shown by a notebook: letters as high as what they contribute,
        targets one above the other; of a long stretch an overview, with letters of its strongest part.

        `targets` by name or number, all without; `bases` [start, end) of the sequence. Raises InputError for
        a sequence or bases that are not there, and where the sequences are no bases; UnknownName for a
        target.
        """
        # Pictures bring matplotlib, which attribution does without.
        from seqattr.figures.stretches import LogoRows, stretch_figure

        codes, number, length = self._codes(), *self.contributions.shape[1:]
        row, (start, end), subject = row_of(sequence, number), stretch_of(bases, length), self._subject()
        chosen, units = targets_of(targets, subject.targets), subject.units
        rows = {name: self.contributions[one, row, start:end].numpy() for one, name in chosen.items()}
        letters = LogoRows(rows, one_hot(codes[row, start:end]), first=start)
        return stretch_figure(letters, [units[name] for name in rows])

    def to_h5(self, path: Source, regions: Any = None, force: bool = False) -> list[Path]:
        """Write what `seqattr score` does, and return the files' paths: ChromBPNet's layout.

        A path that ends in .h5 is the file of the one target; any other is a folder, with a file for each
        target, regions.bed and run.json, which `seqattr report`, `plot` and `export` read. `regions` say
        where the rows lie: a BED file, or for each row "chr1:100-300", also with (-), or (chrom, start, end),
        also with a strand; rows on strand '-' are written forward. Raises InputError for other regions than
        the rows have, OutputError where something cannot be written, or would replace what seqattr did not
        write, or another run's results, unless forced.
        """
        rows = self._rows(self._places(regions))
        path = path_of(path)
        if path.suffix == ".h5":
            one = self._only(rows, path)
            claim_file(path, rows, force)
            one.write_h5(path)
            return [path]
        return self._write_folder(path, rows, force)

    def to_bigwig(
        self,
        path: Source,
        regions: Any,
        chrom_sizes: Mapping[str, int] | Source | None = None,
        force: bool = False,
    ) -> list[Path]:
        """Write a bigWig for each target, and return their paths.

        A path that ends in .bw is that of the one target, any other a folder. `regions` as in `to_h5`; each
        base is from the row whose middle is nearest. `chrom_sizes` are a mapping or a file; without them
        chromosomes end where the last region does. Raises InputError and OutputError as `to_h5`; what a
        bigWig is of it does not say, so that one beside no run.json of this result stays unless forced.
        """
        if regions is None:
            raise InputError("a bigWig needs `regions`, which say where on a genome the sequences lie")
        path, places = path_of(path), self._places(regions)
        rows = self._rows(places)
        sizes = ends_of(places) if chrom_sizes is None else sizes_of(chrom_sizes)
        if path.suffix == ".bw":
            paths = {path: self._only(rows, path)}
            claim_file(path, rows, force)
        else:
            names = {f"{stem}.bw": name for name, stem in file_stems(list(rows)).items()}
            Output(path, force, "path").claim_result([*names, RUN], digest(rows))
            check_writable(path)
            paths = {path / file: rows[name] for file, name in names.items()}
        for file, one in paths.items():
            one.write_track(file, sizes)
        return list(paths)

    # --- what the files are made of --------------------------------------------------------------

    def _write_folder(self, folder: Path, rows: Mapping[str, TargetRows], force: bool) -> list[Path]:
        """A folder as `score` leaves it. What was there of another run goes, which only `force` allows, and
        so does what was made of the same result in other places; where all is there already it stays.
        """
        stems, facts = file_stems(list(rows)), self._facts(rows)
        names = [*(f"{stem}.h5" for stem in stems.values()), "regions.bed", RUN]
        Output(folder, force, "path").claim_result(names, facts["result"])
        paths = [folder / name for name in names]
        if not force and read_json(folder / RUN) == facts and all(path.is_file() for path in paths):
            return paths
        check_writable(folder)
        before = [path for path in stale_files(folder) if path not in paths]
        with replacing_run(folder, names, stale=before) as parts:
            for name, one in rows.items():
                one.write_h5(parts[f"{stems[name]}.h5"])
            write_regions(parts["regions.bed"], next(iter(rows.values())).places)
            write_json(parts[RUN], facts)
        return paths

    def _facts(self, rows: Mapping[str, TargetRows]) -> dict[str, Any]:
        """What run.json tells of a run; `result` and `regions` tell it from others."""
        subject = self._subject()
        return {
            "seqattr": package_version(),
            "settings": subject.settings(),
            **subject.facts(),
            "sequences": self.contributions.shape[1],
            "length": self.contributions.shape[2],
            "result": digest(rows),
            "regions": digest_of_places(next(iter(rows.values())).places),
        }

    def _rows(self, places: Places) -> dict[str, TargetRows]:
        """What is written of each target, under its name."""
        codes, subject = self._codes(), self._subject()
        known = {"method": subject.method, "references": subject.against, "model": subject.model}
        facts = {name: fact for name, fact in known.items() if fact} | {"seqattr": package_version()}
        return {
            name: TargetRows(
                codes,
                self._numbers(target),
                places,
                {"target": name, **facts},
            )
            for target, name in enumerate(subject.targets)
        }

    def _numbers(self, target: int) -> dict[str, npt.NDArray[Any]]:
        """The numbers of one target."""
        names = ("contributions", "hypothetical", "standard_error", *NUMBERS, CANCELLATION)
        values = {name: getattr(self, name) for name in names}
        return {name: value[target].numpy() for name, value in values.items() if value is not None}

    def _only(self, rows: Mapping[str, TargetRows], path: Source) -> TargetRows:
        """The rows of the one target. Raises InputError where there are several."""
        if len(rows) > 1:
            raise InputError(f"{path} is one file, but there are {len(rows)} targets; give a folder")
        return next(iter(rows.values()))

    def _places(self, regions: Any) -> Places:
        return places_of(regions, *self.contributions.shape[1:])

    def _codes(self) -> npt.NDArray[np.uint8]:
        """Raises InputError where the sequences are no bases."""
        codes = self._subject().codes
        if codes is None:
            raise InputError("these sequences are no bases, but hold other numbers than 0 and 1")
        return codes

    def _subject(self) -> Subject:
        if self.subject is None:
            raise InputError("this attribution does not tell what it explains; `seqattr.attribute` gives one")
        return self.subject


def claim_file(path: Path, rows: Mapping[str, TargetRows], force: bool) -> None:
    """Raises OutputError for a file that seqattr did not write, or that is another run's, unless forced."""
    Output(path, force, "path").claim_file()
    if path.stem in stems_of_run(path.parent):
        Output(path.parent, force, "path").claim_result([RUN], digest(rows))


def path_of(path: Any) -> Path:
    """Raises InputError for what is none."""
    if not isinstance(path, str | Path):
        raise InputError(f"a path is wanted, not {path!r}")
    return Path(path)


def sizes_of(chrom_sizes: Mapping[str, int] | Source) -> Mapping[str, int]:
    """Chromosome sizes, or those that a file holds."""
    return chrom_sizes if isinstance(chrom_sizes, Mapping) else read_chrom_sizes(path_of(chrom_sizes))
