"""What the variants of the largest effects do to contributions: both alleles explained, drawn, and the hits
that come and go.

OUT/alleles.fa has the windows, two for each variant, and OUT/contributions is what `score` writes for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import ALPHABET
from seqattr.dna.regions import Region
from seqattr.dna.variants import alleles
from seqattr.engine.capture.model import Model
from seqattr.figures.drawings import Drawing, files_of, write_drawings
from seqattr.figures.html import Picture
from seqattr.figures.variants import Allele, allele_logos
from seqattr.inputs import Inputs, Window
from seqattr.io.fasta.records import write_fasta
from seqattr.io.scores_folder import file_names, file_stems
from seqattr.io.tables import write_table
from seqattr.jobs.report.boxes import Judged, judged_hits
from seqattr.jobs.report.scores import Scores, open_scores
from seqattr.jobs.report.settings import USUAL
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Settings as ScoreSettings
from seqattr.jobs.score.task import Scoring
from seqattr.jobs.sources import SequenceFile
from seqattr.jobs.units import contribution_unit
from seqattr.jobs.variants.folder import ALLELES, HITS, SCORES
from seqattr.jobs.variants.gained_lost import changes_of
from seqattr.jobs.variants.names import names_of, stems_of
from seqattr.jobs.variants.scored import Scored
from seqattr.jobs.variants.settings import Settings
from seqattr.jobs.variants.summary import Large
from seqattr.jobs.variants.windows import Windows
from seqattr.motifs.pwm import PWM
from seqattr.support.caller import Caller
from seqattr.support.interruptions import not_kept

SIDE = 30  # bases drawn on either side of a variant
MOST_DRAWN = 20


class Explained(NamedTuple):
    """What was written: all files but the scores, and the scores' own; of how many variants; what the page
    shows of the drawings; and the hits that come and go, as columns, None without motifs, with what they
    rest on, in words.
    """

    files: list[str]
    scores: list[str]
    variants: int
    pictures: list[Picture]
    changes: dict[str, list[object]] | None
    ground: str


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
        hits = self._hits_in(explained.scores, caller) if self.motifs else None
        drawings = drawings_of(explained, hits)
        pictures = write_drawings({name: out / name for name in files_of(drawings)}, drawings)
        changes = changes_of(explained, hits) if hits else None
        if changes is not None:
            write_table(out / HITS, changes)
        tables = [HITS] * bool(self.motifs)
        files = [ALLELES, SCORES, *tables, *(drawing.file("png") for drawing in drawings)]
        scored = [f"{SCORES}/{name}" for name in file_names(file_stems(explained.scores.targets).values())]
        return Explained(files, scored, len(cuts), pictures, changes, hits.ground if hits else "")

    def _hits_in(self, scores: Scores, caller: Caller) -> Judged:
        """The hits in both alleles, judged as a report on these scores does."""
        caller.at("looking for hits")
        settings = replace(USUAL, seed=self.settings.seed)
        return judged_hits(scores, scores.targets, self.motifs, settings, caller.progress)


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


# --- figures ---------------------------------------------------------------------------------------


def drawings_of(explained: Scored, hits: Judged | None) -> list[Drawing]:
    """Both alleles of each variant one above the other, for the target in which the outputs differ most."""
    everything = {target: explained.values(target) for target in explained.scores.targets}
    drawings = []
    named = zip(explained.names, stems_of([one.cut for one in explained.largest]), strict=True)
    for number, (name, stem) in enumerate(islice(named, MOST_DRAWN)):
        target = explained.largest[number].target
        codes, values = everything[target]
        sides = [
            Allele(codes[row], values[row], *explained.allele(row), hits.boxes(target, row) if hits else [])
            for row in (2 * number, 2 * number + 1)
        ]
        unit = contribution_unit(explained.scores.run, target)
        figure = allele_logos(sides, f"{name}: contributions to {target} ({unit})", SIDE)
        caption = f"contributions to {target} with either allele of {name}, the reference above"
        drawings.append(Drawing(stem, caption, figure))
    return drawings
