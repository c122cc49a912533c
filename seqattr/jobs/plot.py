"""One figure of one region: the contributions of several targets or methods, one above the other."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import codes_of
from seqattr.dna.regions import Region, whole
from seqattr.errors import InputError, UnknownName, some_of
from seqattr.figures.boxes import Box, clear_boxes
from seqattr.figures.logos import LogoRows
from seqattr.figures.ruler import Ruler
from seqattr.figures.stretches import stretch_figure
from seqattr.figures.style import FORMATS, save
from seqattr.io.atomic import replacing
from seqattr.io.hdf5.stored import StoredContributions, open_contributions
from seqattr.io.ownership import Output
from seqattr.jobs.report.blocks import background_in, layout_of
from seqattr.jobs.report.pictures import boxes_of
from seqattr.jobs.report.scores import Scores, open_scores
from seqattr.jobs.units import contribution_unit
from seqattr.motifs.hits import HitFinder
from seqattr.motifs.pwm import PWM
from seqattr.motifs.sources import read_motifs
from seqattr.support.caller import LIBRARY, Caller

_PART_OF_ROW = re.compile(r"(?P<name>.+):(?P<start>[\d,]+)-(?P<end>[\d,]+)", re.ASCII)

LEAST_SHARE = 0.01  # of a sequence's squared contributions, that a hit explains


class Stretch(NamedTuple):
    """The bases [start, end) of a row, and how they are numbered."""

    row: int
    start: int
    end: int
    ruler: Ruler


class Track(NamedTuple):
    """One row of the figure."""

    target: str
    method: str
    folder: str
    unit: str
    contributions: np.ndarray  # (w,)
    one_hot: np.ndarray  # (4, w)
    start: int
    ruler: Ruler
    boxes: list[Box]


@dataclass(frozen=True)
class Settings:
    """Which targets to draw, all for none, and the motifs whose hits are boxed, in the rows whose they are.

    With `hits` those of the bundled motifs are, unless others are named.
    """

    targets: Sequence[str] = ()
    motif_specs: Sequence[str | Path] = ()
    hits: bool = False

    @property
    def specs(self) -> Sequence[str | Path]:
        """The motifs to look for."""
        return self.motif_specs or (["bundled"] if self.hits else [])


def run(
    folders: Sequence[Path], region: str, output: Output, settings: Settings, caller: Caller
) -> list[str]:
    """As `plot` does it, where nothing stands but what seqattr wrote, unless forced."""
    output.claim_file()
    return plot(folders, region, output.path, settings, caller)


def plot(
    folders: Sequence[Path | str],
    region: str,
    out: Path | str,
    settings: Settings = Settings(),
    caller: Caller = LIBRARY,
) -> list[str]:
    """Draw the contributions in a region of each folder and target to a file; returns the labels of the rows.

    The region is NAME or NAME:start-end, 0-based and half-open, of a scored sequence, or chrom:start-end on
    the genome. The caller is warned of each motif that is left out. Raises InputError where there is no such
    region or target, or no values, or the folders hold different sequences there, OutputError where the file
    cannot be written.
    """
    form = form_of(out)
    runs = [open_scores(folder) for folder in folders]
    specs = settings.specs
    motifs = list(read_motifs(specs, warn=caller.warn).values()) if specs else []
    finder = finder_of(runs[0], motifs) if motifs else None
    tracks = [track for run in runs for track in tracks_of(run, region, settings.targets, finder)]
    first = tracks[0]
    if any(not np.array_equal(track.one_hot, first.one_hot) for track in tracks):
        raise InputError(f"the folders hold different sequences at {region}; score the same ones")
    labels = labels_of(tracks)
    rows = {label: track.contributions for label, track in zip(labels, tracks, strict=True)}
    own = {label: track.boxes for label, track in zip(labels, tracks, strict=True)}
    boxes = sorted({box._replace(negative=False) for some in own.values() for box in some})
    letters = LogoRows(rows, first.one_hot, boxes, first.start, first.ruler, own)
    figure = stretch_figure(letters, [track.unit for track in tracks])
    with replacing(out) as part:
        save(figure, part, form)
    return labels


def form_of(out: Path | str) -> str:
    """The format that a file's ending asks for."""
    ending = Path(out).suffix.removeprefix(".").lower()
    if ending not in FORMATS:
        raise UnknownName("figure format", ending or str(out), (f".{form}" for form in FORMATS))
    return ending


def tracks_of(
    run: Scores, region: str, targets: Sequence[str], finder: HitFinder | None = None
) -> list[Track]:
    """One track for each target that was asked for, or for all."""
    tracks = []
    for target in targets or run.targets:
        with open_contributions(run.path(target)) as file:
            stretch = find(file, region, run.folder)
            if not file.has_values[stretch.row]:
                name = file.names[stretch.row]
                raise InputError(f"{run.folder} has no values of {target} at {region}: {name} has NaN")
            bases = slice(stretch.start, stretch.end)
            values = file.contributions(stretch.row, bases, np.float64)
            one_hot = file.one_hot[stretch.row, :, bases]
            boxes = boxes_of_hits(file, stretch, finder) if finder else []
        about = target, run.method, str(run.folder), contribution_unit(run.run, target)
        tracks.append(Track(*about, values, one_hot, stretch.start, stretch.ruler, boxes))
    return tracks


def labels_of(tracks: Sequence[Track]) -> list[str]:
    """What tells the tracks apart: the target, the method, both, and at need the folder and a number."""
    names = ["target"] if len({track.target for track in tracks}) > 1 else []
    names += ["method"] if len({track.method for track in tracks}) > 1 else []
    if len({tuple(getattr(track, name) for name in names) for track in tracks}) < len(tracks):
        names.append("folder")
    labels = ["\n".join(getattr(track, name) for name in names or ["target"]) for track in tracks]
    often, seen = Counter(labels), Counter[str]()
    for number, label in enumerate(labels):
        seen[label] += 1
        labels[number] = f"{label} ({seen[label]})" if often[label] > 1 else label
    return labels


# --- hits ----------------------------------------------------------------------------------------


def finder_of(run: Scores, motifs: Sequence[PWM]) -> HitFinder:
    """Of the motifs' hits in a run's sequences, with the background of all that have values."""
    with run.open(run.targets[0]) as file:
        loci, minus = layout_of(file)
        return HitFinder.of(motifs, background_in(file, loci, minus), file.length)


def boxes_of_hits(file: StoredContributions, stretch: Stretch, finder: HitFinder) -> list[Box]:
    """A box for each hit in a stretch: what explains at least LEAST_SHARE of the sequence's squared
    contributions, and more than any hit of the motifs' twins does there."""
    rows = slice(stretch.row, stretch.row + 1)
    codes, minus = codes_of(file.one_hot[rows]), file.forward and file.regions[stretch.row].strand == "-"
    candidates = finder.candidates(codes, np.array([minus]))
    values = file.contributions(rows, dtype=np.float64)
    hits = finder.assemble([finder.fit(slice(0, 1), codes, values, candidates)])
    chance = hits.by_chance.amount.max(initial=0.0) if hits.by_chance is not None else 0.0
    sure = hits.select((hits.amount > chance) & (hits.amount >= LEAST_SHARE * np.square(values).sum()))
    return clear_boxes(boxes_of(sure), sure.amount, stretch.start, stretch.end)


# --- finding the region --------------------------------------------------------------------------


def find(file: StoredContributions, region: str, folder: Path) -> Stretch:
    """The stretch of a row that a region means: a name, a part of a name, or a place on the genome."""
    names, length = file.names, file.length
    stretch = whole_row(names, region, length) or part_of_row(names, region, length)
    stretch = stretch or on_genome(file.places, region, file.has_values)
    if stretch is None:
        raise InputError(f"{folder} holds no sequence '{region}'; there is: {some_of(names, 8, total=True)}")
    return stretch


def whole_row(names: Sequence[str], region: str, length: int) -> Stretch | None:
    if region not in names:
        return None
    return Stretch(names.index(region), 0, length, Ruler.within(region))


def part_of_row(names: Sequence[str], region: str, length: int) -> Stretch | None:
    """NAME:start-end, where there is a sequence of this name."""
    name, start, end = parts_of(region)
    if name not in names:
        return None
    if not 0 <= start < end <= length:
        raise InputError(f"{region} is not within the {length} bases of {name}; give 0-based start < end")
    return Stretch(names.index(name), start, end, Ruler.within(name))


def on_genome(regions: Sequence[Region], region: str, has_values: np.ndarray) -> Stretch | None:
    """The row that covers most of chrom:start-end, the first of equals; on strand '-' the row's direction.

    One that has no values (N,) is meant only where no other covers any of it.
    """
    chrom, start, end = parts_of(region)
    common = [min(end, row.end) - max(start, row.start) if row.chrom == chrom else 0 for row in regions]
    with_values = np.where(has_values, common, 0)
    best = int(np.argmax(with_values if with_values.max() > 0 else common))
    row = regions[best]
    if common[best] < 1:
        return None
    begin, stop = max(start, row.start), min(end, row.end)
    first = row.end - stop if row.strand == "-" else begin - row.start
    ruler = Ruler.on_genome(row.chrom, row.start, row.end, row.strand)
    return Stretch(best, first, first + stop - begin, ruler)


def parts_of(region: str) -> tuple[str, int, int]:
    """Name, start and end; of a name alone an empty stretch."""
    parts = _PART_OF_ROW.fullmatch(region)
    start, end = (whole(parts[side]) for side in ("start", "end")) if parts else (None, None)
    if parts is None or start is None or end is None:
        return region, 0, 0
    return parts["name"], start, end
