"""What the variants of the largest effects do to contributions: both alleles explained, drawn, and the hits
that come and go.

OUT/alleles.fa has the windows, two for each variant, and OUT/contributions is what `score` writes for them.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import codes_of
from seqattr.dna.frequencies import measured_background
from seqattr.dna.variants import alleles, shortened
from seqattr.figures.boxes import Box
from seqattr.figures.drawings import Drawing, files_of, write_drawings
from seqattr.figures.html import Picture
from seqattr.figures.variants import Allele, allele_logos
from seqattr.io.atomic import check_writable, replacing_all
from seqattr.io.fasta.records import write_fasta
from seqattr.io.ownership import Output
from seqattr.io.scores_folder import file_names, file_stems, filename
from seqattr.io.tables import write_table
from seqattr.jobs.report.pictures import boxes_of
from seqattr.jobs.report.scores import Scores, open_scores
from seqattr.jobs.score.run import run as score
from seqattr.jobs.score.settings import Settings as Scoring
from seqattr.jobs.sources import ModelFile, SequenceFile
from seqattr.jobs.units import contribution_unit
from seqattr.jobs.variants.settings import Settings, VariantFile
from seqattr.jobs.variants.summary import Large
from seqattr.jobs.variants.windows import Cut
from seqattr.motifs.hits import HitFinder, Hits
from seqattr.motifs.sources import read_motifs
from seqattr.support.caller import Caller

ALLELES, FOLDER, HITS = "alleles.fa", "contributions", "gained_lost.tsv"
SIDE = 30  # bases drawn on either side of a variant
MOST_DRAWN = 20
LONGEST_NAME = 80  # letters of a variant's name in a file's


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


def names_of(cuts: Sequence[Cut]) -> list[str]:
    """A name for each variant: its own where no other has it. No two are the same."""
    often = Counter(cut.variant.label for cut in cuts)
    labels = [cut.variant.label if often[cut.variant.label] == 1 else str(cut.variant) for cut in cuts]
    return told_apart(["_".join(label.split()) for label in labels])


def stems_of(cuts: Sequence[Cut]) -> list[str]:
    """A file's name for the figure of each variant, with its alleles: variant_rs7_C_G."""
    stems = []
    for variant in (cut.variant for cut in cuts):
        name = variant.name[:LONGEST_NAME] or f"{variant.chrom}_{variant.start + 1}"
        stems.append(
            filename(f"variant_{name}_{shortened(variant.ref) or '-'}_{shortened(variant.alt) or '-'}")
        )
    return told_apart(stems)


def told_apart(names: Sequence[str]) -> list[str]:
    """The names with _2, _3, ... behind those that were there before, also in another case."""
    apart: dict[str, str] = {}
    for name in names:
        forms = chain([name], (f"{name}_{number}" for number in count(2)))
        new = next(form for form in forms if form.casefold() not in apart)
        apart[new.casefold()] = new
    return list(apart.values())


def explain(
    models: Sequence[ModelFile],
    largest: Sequence[Large],
    windows: tuple[VariantFile, int],
    out: Path,
    settings: Settings,
    caller: Caller,
) -> Explained:
    """Score both alleles of variants, draw them, and list the hits that come and go.

    Raises as `score` does, InputError for motifs, and OutputError.
    """
    file, length = windows
    cuts = [large.cut for large in largest]
    names = names_of(cuts)
    texts = [text for cut in cuts for text in alleles(cut.variant, cut.bases, cut.at, length, file.anchor)]
    write_fasta(out / ALLELES, [f"{name}/{allele}" for name in names for allele in ("ref", "alt")], texts)
    caller.at("explaining both alleles")
    score(
        models,
        SequenceFile(out / ALLELES),
        Output(out / FOLDER, force=True),
        scoring_of(settings),
        caller=caller,
    )
    explained = Scored(largest, names, file, length, open_scores(out / FOLDER))
    hits = hits_of(explained, settings, caller) if settings.motifs else {}
    drawings = drawings_of(explained, hits)
    check_writable(out / "figures")
    tables = [HITS] if settings.motifs else []
    with replacing_all(out, [*files_of(drawings), *tables]) as paths:
        pictures = write_drawings(paths, drawings)
        changes = changes_of(explained, hits) if settings.motifs else None
        if changes is not None:
            write_table(paths[HITS], changes)
    files = [ALLELES, FOLDER, *tables, *(drawing.file("png") for drawing in drawings)]
    scored = [f"{FOLDER}/{name}" for name in file_names(file_stems(explained.scores.targets).values())]
    return Explained(files, scored, len(cuts), pictures, changes)


def scoring_of(settings: Settings) -> Scoring:
    """How both alleles are explained: against the same references."""
    return Scoring(
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


def hits_of(explained: Scored, settings: Settings, caller: Caller) -> dict[str, Hits]:
    """The hits in both alleles, of each target."""
    motifs = list(read_motifs(settings.motifs, warn=caller.warn).values())
    found: dict[str, Hits] = {}
    finder = None
    for target in explained.scores.targets:
        codes, values = rows_of(explained, target)
        if finder is None:
            finder = HitFinder.of(motifs, measured_background(codes), codes.shape[1], settings.seed)
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
    """The hits of one allele of which the other has none of the same motif, strand and place.

    Places are compared from the variant's first base to the left, and from its last base to the right.
    """
    columns: dict[str, list[object]] = {
        name: []
        for name in (
            *("chrom", "start", "end", "ref", "alt", "name", "target", "change", "motif", "strand"),
            *("window_start", "window_end", "importance", "share", "similarity", "q_value"),
        )
    }
    for target, found in hits.items():
        keys = [key_of(explained, found, number) for number in range(len(found))]
        there = set(keys)
        for number, key in enumerate(keys):
            row, *place = key
            if (row ^ 1, *place) in there:
                continue
            variant, match = explained.largest[row // 2].cut.variant, found.matches
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


def key_of(explained: Scored, hits: Hits, number: int) -> tuple[int, ...]:
    """What tells a hit from others, whichever allele it is in: row, motif, strand, and place beside the
    variant; of one that begins behind the allele from its end on."""
    match = hits.matches
    row, start = int(match.sequence[number]), int(match.start[number])
    begin, end = explained.allele(row)
    behind = start >= end
    return (
        row,
        int(match.motif[number]),
        int(match.strand[number]),
        behind,
        start - (end if behind else begin),
    )


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
