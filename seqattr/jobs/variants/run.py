"""Variants of a file through models: a table of their effects, and of what was left out."""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from seqattr.analyses.variants import Comparer, VariantEffects
from seqattr.dna.alphabet import one_hot
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.outputs import check_number
from seqattr.engine.walk.memory import keep_freed_memory
from seqattr.errors import InputError
from seqattr.figures.drawings import files_of
from seqattr.io.ownership import RUN, Output
from seqattr.io.scores_folder import file_stems
from seqattr.io.text import write_json
from seqattr.jobs.provenance import provenance
from seqattr.jobs.sources import ModelFile
from seqattr.jobs.variants import table
from seqattr.jobs.variants.contributions import Explaining
from seqattr.jobs.variants.folder import DROPPED, PAGE, VARIANTS, Folder
from seqattr.jobs.variants.largest import read_largest
from seqattr.jobs.variants.null import Null, Sample, shuffled_pairs
from seqattr.jobs.variants.page import drawings_of, write_page
from seqattr.jobs.variants.settings import Settings, VariantFile
from seqattr.jobs.variants.summary import Large, Summary
from seqattr.jobs.variants.windows import NO_NUMBER, Block, Cut, Dropped, Windows, odd
from seqattr.methods.ensemble import sessions
from seqattr.motifs.sources import read_motifs
from seqattr.support.caller import LIBRARY, Caller

KEPT_EFFECTS = 10_000  # at least, of which the distribution is drawn
_ROWS_AT_ONCE = 256


def run(
    models: Sequence[ModelFile],
    variants: VariantFile,
    output: Output,
    settings: Settings,
    caller: Caller = LIBRARY,
) -> Summary:
    """Compare both alleles of every variant, and write all files, or none.

    Memory does not grow with the number of variants. What can be refused is before the first is compared, and
    before anything is written. Raises InputError for files that cannot be read or hold no variant that fits,
    OutputError where something cannot be written, or is not of this run.
    """
    folder = Folder(output, bool(settings.contributions), bool(settings.motifs))
    folder.claim(settings.command)
    variants.check()
    motifs = list(read_motifs(settings.motifs, warn=caller.warn).values()) if settings.motifs else []
    with folder.writing() as scratch:
        keep_freed_memory()
        loaded = [model.open(caller) for model in models]
        windows = Windows(variants, loaded[0].example_length)
        job = Job(comparer_of(loaded, settings), windows, settings, caller)
        job.summary.out = output.path
        explaining = Explaining(loaded, windows, settings, motifs) if settings.contributions else None
        if explaining is not None:
            folder.claim_scores(file_stems(explaining.try_out()).values(), settings.command)
        job.write(scratch, explaining, names_of_files(models, variants))
    return job.summary


def comparer_of(models: Sequence[Model], settings: Settings) -> Comparer:
    """What compares alleles. Raises UnknownName, InputError."""
    chosen = models[0].choose(settings.targets)
    check_number([target.name for target in chosen.targets], settings.targets is not None)
    members = sessions(models, settings.targets, settings.device)
    return Comparer(members, settings.both_strands, settings.batch_size)


def names_of_files(models: Sequence[ModelFile], variants: VariantFile) -> dict[str, str]:
    """What the page calls the files."""
    return {
        "models_named": models[0].path.name if len(models) == 1 else f"{len(models)} models",
        "variants_file": variants.path.name,
        "genome_file": variants.genome.name,
    }


class Job:
    """One run."""

    def __init__(self, comparer: Comparer, windows: Windows, settings: Settings, caller: Caller) -> None:
        self.comparer, self.windows, self.settings, self.caller = comparer, windows, settings, caller
        sample = Sample(KEPT_EFFECTS, settings.seed)
        self.chance = Sample(settings.null, settings.seed)  # with what surrounds them, long as that may be
        self.summary = Summary(Path(), comparer.targets, comparer.units, sample)

    def write(self, out: Path, explaining: Explaining | None, named: Mapping[str, str]) -> None:
        """All files into a folder; `named` is what the page calls what was read."""
        self._write_tables(out)
        explained = None
        if explaining is not None:
            most = self.settings.contributions
            explained = explaining.explain(self.summary.largest[:most], out, self.caller)
            self.summary.explained = explained.files
        drawings = drawings_of(self.summary)
        paths = {name: out / name for name in (PAGE, *files_of(drawings))}
        write_page(paths, self.summary, {**self._facts(), **named}, drawings, explained)
        write_json(out / RUN, self._facts())
        self._tell()

    def _write_tables(self, out: Path) -> None:
        """Of all variants, and of those that were left out."""
        path = out / VARIANTS
        self._compare_all(path, out / DROPPED)
        if self.settings.null:
            null = self._null()
            table.add_chance(path, null)
            self.summary.sure = null.sure()
            self.summary.too_few = self.caller.phrase(null.too_few())
        self.summary.shown = read_largest(path, self.summary.tops)
        self.summary.largest.sort(reverse=True)

    # --- the pass over the file ----------------------------------------------------------------

    def _compare_all(self, path: Path, dropped: Path) -> None:
        """Every variant that fits to the table, every other to that of the dropped."""
        with table.growing_variants(path) as add, table.growing_dropped(dropped) as drop:
            progress = self._progress()
            for block in self.windows.blocks():
                self._leave_out(block.dropped, drop)
                for cuts, effects in self._compared(block, drop):
                    add(table.rows_of(cuts, effects))
                    self._keep(cuts, effects)
                    progress(self.summary.total)
        if not self.summary.variants:
            raise InputError(
                f"none of the {self.summary.total} variants can be used: {self.summary.first_reason}"
            )

    def _progress(self) -> Callable[[int], None]:
        """Of how many there are, if that can be told by reading the file once before."""
        path = self.windows.file.path
        total = sum(1 for _ in self.windows.file.rows()) if path.is_file() else 0
        return lambda done: self.caller.progress(done, max(total, done))

    def _compared(
        self, block: Block, drop: Callable[[Sequence[Dropped]], None]
    ) -> Iterator[tuple[list[Cut], VariantEffects]]:
        """The variants of a block, some at a time, with their effects; those without numbers are dropped."""
        for first in range(0, len(block.cuts), _ROWS_AT_ONCE):
            some = slice(first, first + _ROWS_AT_ONCE)
            places = self.windows.places(block.cuts[some])
            effects = self._effects(block.references[some], block.alternatives[some], places)
            good = (effects.difference.isfinite() & effects.reference.isfinite()).all(0)
            cuts = block.cuts[some]
            reason = "the model answers with NaN or infinity for one of its alleles"
            bad = [cut for cut, fine in zip(cuts, good.tolist(), strict=True) if not fine]
            self._leave_out([Dropped(NO_NUMBER, odd(cut.variant, reason)) for cut in bad], drop)
            if bad:
                cuts = [cut for cut, fine in zip(cuts, good.tolist(), strict=True) if fine]
                effects = effects.select(good)
            yield cuts, effects

    def _effects(
        self, references: np.ndarray, alternatives: np.ndarray, places: np.ndarray | None = None
    ) -> VariantEffects:
        """Of windows as codes (N, L)."""
        first, second = (torch.from_numpy(one_hot(codes)) for codes in (references, alternatives))
        return self.comparer.effects(first, second, None if places is None else torch.from_numpy(places))

    def _leave_out(self, dropped: Sequence[Dropped], drop: Callable[[Sequence[Dropped]], None]) -> None:
        if not dropped:
            return
        drop(dropped)
        self.summary.dropped.update(one.kind for one in dropped)
        row = dropped[0].row
        where = f"line {row.line} of {self.windows.file.path}"
        self.summary.first_reason = self.summary.first_reason or f"{where}: {row.reason}"
        if self.windows.file.strict:
            raise InputError(f"a variant cannot be used: {where}: {row.reason}")

    def _keep(self, cuts: Sequence[Cut], effects: VariantEffects) -> None:
        """A sample of the variants, those of the largest effects, and how many there are."""
        differences = effects.difference.double().numpy()
        self.summary.sample.add([cut._replace(bases="") for cut in cuts], differences)
        self.chance.add(cuts, differences)
        self.summary.tops.add(differences, self.summary.variants)
        self._keep_explained(cuts, effects, differences)
        self.summary.variants += len(cuts)

    def _keep_explained(self, cuts: Sequence[Cut], effects: VariantEffects, differences: np.ndarray) -> None:
        """Those of which both alleles are explained: the largest effects on any target."""
        most = self.settings.contributions
        if not most:
            return
        sizes = np.abs(differences).max(0)
        largest = self.summary.largest
        for row, (cut, size) in enumerate(zip(cuts, sizes.tolist(), strict=True)):
            less = -(self.summary.variants + row)
            if len(largest) >= most and (size, less) <= (largest[0].size, largest[0].less):
                continue
            entry = Large(size, less, cut, effects.select(torch.tensor([row])))
            (heapq.heappush if len(largest) < most else heapq.heapreplace)(largest, entry)

    # --- afterwards ----------------------------------------------------------------------------

    def _null(self) -> Null:
        """Effects by chance."""
        cuts, number = [one.cut for one in self.chance.drawn()], self.settings.null
        self.caller.at("comparing with chance")
        pairs = shuffled_pairs(cuts, number, self.windows.length, self.windows.file, self.settings.seed)
        parts: list[torch.Tensor] = []
        while some := list(islice(pairs, _ROWS_AT_ONCE)):
            first, second = map(np.stack, zip(*some, strict=True))
            parts.append(self._effects(first, second).difference)
            self.caller.progress(min(len(parts) * _ROWS_AT_ONCE, number), number)
        return Null(self.comparer.targets, torch.cat(parts, 1).double().numpy())

    def _facts(self) -> dict[str, object]:
        """What it takes to do it again."""
        file, session = self.windows.file, self.comparer.members[0].session
        named = {key: str(value) if isinstance(value, Path) else value for key, value in vars(file).items()}
        return {
            **provenance(session, {**named, **vars(self.settings)}, self.windows.length),
            "models": len(self.comparer.members),
            "variants": self.summary.variants,
            "dropped": dict(self.summary.dropped),
        }

    def _tell(self) -> None:
        """Notes of the files, and of how it was done."""
        renamed = [f"{old} is {new}" for old, new in self.windows.renamed.items()]
        notes = [*self.windows.genome.notes, *self.comparer.notes]
        notes += [self.summary.too_few] if self.summary.too_few else []
        if self.settings.seed and not self.settings.draws and self.summary.variants <= KEPT_EFFECTS:
            notes.append(self.caller.phrase(f"nothing was drawn: `seed={self.settings.seed}` played no part"))
        if renamed:
            some = ", ".join(renamed[:3]) + (", ..." if len(renamed) > 3 else "")
            notes.append(f"the genome has other names for chromosomes of the variants: {some}")
        if self.summary.left_out():
            notes.append(f"{self.summary.left_out()}; {self.summary.out}/{DROPPED} lists them")
        self.summary.notes = list(dict.fromkeys(notes))
