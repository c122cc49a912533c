"""What the variants of the largest effects do to contributions: both alleles explained, drawn, and the hits
that come and go.

OUT/alleles.fa has the windows, two for each variant, and OUT/contributions is what `score` writes for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import ALPHABET, codes_of
from seqattr.dna.frequencies import measured_background
from seqattr.dna.regions import Region
from seqattr.dna.variants import alleles
from seqattr.engine.capture.model import Model
from seqattr.figures.boxes import Box
from seqattr.figures.drawings import Drawing, files_of, write_drawings
from seqattr.figures.html import Picture
from seqattr.figures.variants import Allele, allele_logos
from seqattr.inputs import Inputs, Window
from seqattr.io.fasta.records import write_fasta
from seqattr.io.scores_folder import file_names, file_stems
from seqattr.io.tables import write_table
from seqattr.jobs.report.pictures import boxes_of
from seqattr.jobs.report.scores import Scores, open_scores
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Settings as ScoreSettings
from seqattr.jobs.score.task import Scoring
from seqattr.jobs.sources import SequenceFile
from seqattr.jobs.units import contribution_unit
from seqattr.jobs.variants.folder import ALLELES, HITS, SCORES
from seqattr.jobs.variants.names import names_of, stems_of
from seqattr.jobs.variants.settings import Settings, VariantFile
from seqattr.jobs.variants.summary import Large
from seqattr.jobs.variants.windows import Windows
from seqattr.motifs.hits import HitFinder, Hits
from seqattr.motifs.pwm import PWM
from seqattr.support.caller import Caller
from seqattr.support.interruptions import not_kept

SIDE = 30  # bases drawn on either side of a variant
MOST_DRAWN = 20


class Explained(NamedTuple):
    """What was written: all files but the scores, and the scores' own; of how many variants; what the page
    shows of the drawings; and the hits that come and go, as columns; None without motifs.
    """

    files: list[str]
    scores: list[str]
    variants: int
    pictures: list[Picture]
    changes: dict[str, list[object]] | None


class Scored(NamedTuple):
    """Variants, the length of their windows, and the scores of both alleles: rows 2 n and 2 n + 1."""

    largest: Sequence[Large]
    names: Sequence[str]
    file: VariantFile
    length: int
    scores: Scores

    def allele(self, row: int) -> tuple[int, int]:
        """The bases [start, end) of a row's window that are its allele."""
        variant = self.largest[row // 2].cut.variant
        bases = len((variant.ref, variant.alt)[row % 2])
        half = self.length // 2
        start = half if self.file.anchor == "left" else self.length - half - bases
        return start, start + bases


@dataclass(frozen=True)
class Explaining:
    """Models that explain both alleles of variants, and the motifs whose hits come and go with them."""

    models: Sequence[Model]
    windows: Windows
    settings: Settings
    motifs: Sequence[PWM]

    def try_out(self) -> list[str]:
        """Explain a window of random bases, as the variants' will be; which targets that was for. Raises what
        explaining these would, before anything else is done.
        """
        codes = np.random.default_rng(0).integers(0, len(ALPHABET), (2, self.windows.length), np.uint8)
        region, inside = Region("trial", 0, self.windows.length), (0, self.windows.length)
        windows = [Window(name, one, region, inside) for name, one in zip("ab", codes, strict=True)]
        names = [str(number) for number in range(len(self.models))]
        scoring = Scoring(self.models, names, Inputs(windows, {}, []), scoring_of(self.settings))
        calculation = scoring.calculation
        calculation.wait(calculation.begin((0, [calculation.drawn(0, np.arange(2))])))
        return scoring.setup.targets

    def explain(self, largest: Sequence[Large], out: Path, caller: Caller) -> Explained:
        """Score both alleles of variants into a folder, draw them, and list the hits that come and go.

        Raises as `score` does, and OutputError.
        """
        cuts, file, length = [one.cut for one in largest], self.windows.file, self.windows.length
        names = names_of(cuts)
        texts = [
            text for cut in cuts for text in alleles(cut.variant, cut.bases, cut.at, length, file.anchor)
        ]
        write_fasta(out / ALLELES, [f"{name}/{allele}" for name in names for allele in ("ref", "alt")], texts)
        caller.at("explaining both alleles")
        inputs = SequenceFile(out / ALLELES).read(self.models[0], caller, out)
        with not_kept():
            score(self.models, inputs, out / SCORES, scoring_of(self.settings), caller.progress)
        explained = Scored(largest, names, file, length, open_scores(out / SCORES))
        hits = hits_of(explained, self.motifs, self.settings.seed) if self.motifs else {}
        drawings = drawings_of(explained, hits)
        pictures = write_drawings({name: out / name for name in files_of(drawings)}, drawings)
        changes = changes_of(explained, hits) if self.motifs else None
        if changes is not None:
            write_table(out / HITS, changes)
        tables = [HITS] * bool(self.motifs)
        files = [ALLELES, SCORES, *tables, *(drawing.file("png") for drawing in drawings)]
        scored = [f"{SCORES}/{name}" for name in file_names(file_stems(explained.scores.targets).values())]
        return Explained(files, scored, len(cuts), pictures, changes)


def scoring_of(settings: Settings) -> ScoreSettings:
    """How both alleles are explained: against the same references."""
    return ScoreSettings(
        references=settings.references,
        method=settings.method,
        targets=settings.targets,
        seed=settings.seed,
        device=settings.device,
        both_strands=settings.both_strands,
        pairs=True,
        command=settings.command,
    )


def label_of(row: dict[str, object]) -> str:
    """What a row of the hits that come and go calls its variant."""
    return str(row["name"] or f"{row['chrom']}:{int(str(row['start'])) + 1}:{row['ref']}>{row['alt']}")


# --- hits ------------------------------------------------------------------------------------------


def hits_of(explained: Scored, motifs: Sequence[PWM], seed: int) -> dict[str, Hits]:
    """The hits in both alleles, of each target."""
    found: dict[str, Hits] = {}
    finder = None
    for target in explained.scores.targets:
        codes, values = rows_of(explained, target)
        if finder is None:
            finder = HitFinder.of(motifs, measured_background(codes), codes.shape[1], seed)
            candidates = finder.candidates(codes)
        found[target] = finder.assemble([finder.fit(slice(0, len(codes)), codes, values, candidates)])
    return found


def rows_of(explained: Scored, target: str) -> tuple[np.ndarray, np.ndarray]:
    """The codes and contributions (2 N, L) of both alleles."""
    with explained.scores.open(target) as file:
        everything = slice(0, len(file))
        codes = codes_of(np.asarray(file.one_hot[everything]))
        return codes, np.asarray(file.contributions(everything, slice(None), np.float64))


def changes_of(explained: Scored, hits: dict[str, Hits]) -> dict[str, list[object]]:
    """The hits of one allele of which the other has none of the same motif, strand and place."""
    columns: dict[str, list[object]] = {
        name: []
        for name in (
            *("chrom", "start", "end", "ref", "alt", "name", "target", "change", "motif", "strand"),
            *("window_start", "window_end", "importance", "share", "similarity", "q_value"),
        )
    }
    for target, found in hits.items():
        match, places = found.matches, [places_of(explained, found, number) for number in range(len(found))]
        there = {
            (row, place) for row, some in zip(match.sequence.tolist(), places, strict=True) for place in some
        }
        for number, row in enumerate(match.sequence.tolist()):
            if any((row ^ 1, place) in there for place in places[number]):
                continue
            variant = explained.largest[row // 2].cut.variant
            change = ("lost", "gained")[row % 2]
            strand = "+" if match.strand[number] > 0 else "-"
            cells = (
                *(variant.chrom, variant.start, variant.end, variant.ref or "-", variant.alt or "-"),
                *(variant.name, target, change, match.motifs[match.motif[number]].name, strand),
                *(int(match.start[number]), int(match.end[number])),
                *(float(found.importance[number]), float(found.share[number])),
                *(float(found.similarity[number]), float(found.q_value[number])),
            )
            for column, cell in zip(columns.values(), cells, strict=True):
                column.append(cell)
    return columns


def places_of(explained: Scored, hits: Hits, number: int) -> list[tuple[int, int, str, int]]:
    """What tells a hit from the others of an allele, whichever it is: motif, strand, and where it lies.

    One that begins left of the allele lies where it does from the allele's first base on, and one that ends
    right of it from its last; one over all of the allele, or within it, has both places. Read on the other
    strand these are the same.
    """
    match = hits.matches
    start, stop = int(match.start[number]), int(match.end[number])
    begin, end = explained.allele(int(match.sequence[number]))
    kind = int(match.motif[number]), int(match.strand[number])
    inside = begin <= start and stop <= end
    left = [(*kind, "left", start - begin)] if start < begin or inside else []
    return left + ([(*kind, "right", stop - end)] if stop > end or inside else [])


# --- figures ---------------------------------------------------------------------------------------


def drawings_of(explained: Scored, hits: dict[str, Hits]) -> list[Drawing]:
    """Both alleles of each variant one above the other, for the target in which the outputs differ most."""
    everything = {target: rows_of(explained, target) for target in explained.scores.targets}
    drawings = []
    named = zip(explained.names, stems_of([one.cut for one in explained.largest]), strict=True)
    for number, (name, stem) in enumerate(islice(named, MOST_DRAWN)):
        target = explained.largest[number].target
        codes, values = everything[target]
        sides = [
            Allele(codes[row], values[row], *explained.allele(row), boxes_in(hits.get(target), row))
            for row in (2 * number, 2 * number + 1)
        ]
        unit = contribution_unit(explained.scores.run, target)
        figure = allele_logos(sides, f"{name}: contributions to {target} ({unit})", SIDE)
        caption = f"contributions to {target} with either allele of {name}"
        drawings.append(Drawing(stem, caption, figure))
    return drawings


def boxes_in(hits: Hits | None, row: int) -> list[Box]:
    """The hits in a row."""
    return [] if hits is None else boxes_of(hits.in_rows(slice(row, row + 1)))
