"""One figure of one region: the contributions of several targets or methods, one above the other."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqattr.dna.regions import Region, whole
from seqattr.errors import InputError, UnknownName, choice
from seqattr.figures.boxes import Box, within
from seqattr.figures.logos import LogoRows
from seqattr.figures.ruler import Ruler
from seqattr.figures.stretches import stretch_figure
from seqattr.figures.style import FORMATS, save
from seqattr.io.atomic import check_file, replacing
from seqattr.io.hdf5.stored import StoredContributions, open_contributions
from seqattr.io.ownership import Output
from seqattr.jobs.report.boxes import RowBoxes, judged_boxes, report_of, reported_boxes
from seqattr.jobs.report.scores import Scores, open_scores
from seqattr.jobs.units import contribution_unit, output_of
from seqattr.motifs.sources import read_motifs
from seqattr.support.caller import LIBRARY, Caller

_PART_OF_ROW = re.compile(r"(?P<name>.+):(?P<start>[\d,]+)-(?P<end>[\d,]+)", re.ASCII)


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
    row: int  # of the file
    ruler: Ruler


class Drawn(NamedTuple):
    """The labels of a figure's rows, and where hits are boxed, what they rest on."""

    labels: list[str]
    note: str

    @property
    def names(self) -> list[str]:
        """The labels, each in one line."""
        return [in_line(label) for label in self.labels]


@dataclass(frozen=True)
class Settings:
    """Which targets to draw, all for none, and whose hits are boxed, in the rows whose they are.

    With `hits` those of the report in the folder are, or, where there is none, of the bundled motifs; or else
    those of the motifs that are named.
    """

    targets: Sequence[str] = ()
    motif_specs: Sequence[str | Path] = ()
    hits: bool = False

    @property
    def boxed(self) -> bool:
        """Whether hits are."""
        return self.hits or bool(self.motif_specs)


def run(folders: Sequence[Path], region: str, output: Output, settings: Settings, caller: Caller) -> Drawn:
    """As `plot` does it, where nothing stands but what seqattr wrote, unless forced."""
    output.claim_file()
    form_of(output.path)
    check_file(output.path)
    return plot(folders, region, output.path, settings, caller)


def plot(
    folders: Sequence[Path | str],
    region: str,
    out: Path | str,
    settings: Settings = Settings(),
    caller: Caller = LIBRARY,
) -> Drawn:
    """Draw the contributions in a region of each folder and target to a file.

    The region is NAME or NAME:start-end, 0-based and half-open, of a scored sequence, or chrom:start-end on
    the genome. The caller is warned of each motif that is left out. Raises InputError where there is no such
    region or target, or no values, or the folders hold different sequences there, OutputError where the file
    cannot be written.
    """
    form = form_of(out)
    runs = [open_scores(folder) for folder in folders]
    by_run = [tracks_of(run, region, settings.targets) for run in runs]
    tracks = [track for some in by_run for track in some]
    labels = labels_of(tracks)
    first = tracks[0]
    if any(not np.array_equal(track.one_hot, first.one_hot) for track in tracks):
        raise InputError(f"the folders hold different sequences at {region}; score the same ones")
    boxed: tuple[dict[str, list[Box]] | None, str] = None, ""
    if settings.boxed:
        found = [boxes_for(run, some, settings, caller) for run, some in zip(runs, by_run, strict=True)]
        boxed = named_boxes(labels, by_run, found)
    own, note = boxed
    rows = {label: track.contributions for label, track in zip(labels, tracks, strict=True)}
    letters = LogoRows(rows, first.one_hot, (), first.start, first.ruler, own)
    below = "; ".join(filter(None, [target_of(tracks, labels), note]))
    figure = stretch_figure(letters, [track.unit for track in tracks], below)
    with replacing(out) as part:
        save(figure, part, form)
    return Drawn(labels, note)


def form_of(out: Path | str) -> str:
    """The format that a file's ending asks for."""
    ending = Path(out).suffix.removeprefix(".").lower()
    if ending not in FORMATS:
        raise UnknownName("figure format", ending or str(out), (f".{form}" for form in FORMATS))
    return ending


def tracks_of(run: Scores, region: str, targets: Sequence[str]) -> list[Track]:
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
        about = target, run.method, str(run.folder), contribution_unit(run.run, target)
        tracks.append(Track(*about, values, one_hot, stretch.start, stretch.row, stretch.ruler))
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


def target_of(tracks: Sequence[Track], labels: Sequence[str]) -> str:
    """Which target all rows are for, where neither a row nor their unit has its name."""
    (target, *others) = dict.fromkeys(track.target for track in tracks)
    named = target in labels or tracks[0].unit == output_of(target)
    return "" if others or named else f"contributions to {target}"


def in_line(label: str) -> str:
    """A row's label, of which each part has a line in the figure, as words."""
    return label.replace("\n", " ")


# --- hits ----------------------------------------------------------------------------------------


def boxes_for(run: Scores, tracks: Sequence[Track], settings: Settings, caller: Caller) -> RowBoxes:
    """The hits to box in a folder's tracks: of the motifs that are named, of its report, or bundled ones."""
    rows = {track.target: track.row for track in tracks}
    report = None if settings.motif_specs else report_of(run)
    if report is not None:
        return reported_boxes(run, rows, report)
    motifs = list(read_motifs(settings.motif_specs or ["bundled"], warn=caller.warn).values())
    return judged_boxes(run, rows, motifs, caller.progress)


def named_boxes(
    labels: Sequence[str], tracks: Sequence[Sequence[Track]], found: Sequence[RowBoxes]
) -> tuple[dict[str, list[Box]], str]:
    """Of each label the boxes in its track, of several folders' tracks and boxes; a note on them."""
    inside = [
        within(boxes.of_target[track.target], track.start, track.start + len(track.contributions))
        for boxes, of_run in zip(found, tracks, strict=True)
        for track in of_run
    ]
    own = dict(zip(labels, inside, strict=True))
    return own, note_on(own, [boxes.ground for boxes in found])


def note_on(boxes: Mapping[str, Sequence[Box]], grounds: Sequence[str]) -> str:
    """Which rows have no sure hit, and what hits rest on."""
    bare = [in_line(label) for label, some in boxes.items() if not some]
    none = "none here" if len(bare) == len(boxes) else f"none here in {', '.join(bare)}" if bare else ""
    return f"sure hits, {'; '.join([*dict.fromkeys(grounds), *[none] * bool(none)])}"


# --- finding the region --------------------------------------------------------------------------


def find(file: StoredContributions, region: str, folder: Path) -> Stretch:
    """The stretch of a row that a region means: a name, a part of a name, or a place on the genome."""
    names, length = file.names, file.length
    stretch = whole_row(file, region) or part_of_row(names, region, length)
    stretch = stretch or on_genome(file.places, region, file.has_values)
    if stretch is None:
        raise InputError(f"{folder} holds no sequence '{region}'; {choice(region, list(names))}")
    return stretch


def whole_row(file: StoredContributions, region: str) -> Stretch | None:
    """A sequence by its name, numbered on the genome where that is known."""
    if region not in file.names:
        return None
    row = file.names.index(region)
    return Stretch(row, 0, file.length, Ruler.of(file.places[row]))


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
