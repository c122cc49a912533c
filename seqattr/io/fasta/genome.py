"""Windows of a genome's chromosomes, from a FASTA file.

A plain file is read by random access, and every other one from its beginning to its end, once for all
windows. Both use one parser, so that they answer alike. An index beside the file (.fai) is used where it is
seen to fit it; and what is read with it is checked to have as many letters as it says.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from seqattr.dna.alphabet import check_dna, reverse_complement_text
from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.io.fasta.index import Indexed
from seqattr.io.fasta.scan import check_new, without_empty
from seqattr.io.fasta.spans import Spans, Stretch
from seqattr.io.fasta.stream import Header, stream
from seqattr.io.reading import is_gzip

_SHOWN = 3


class Genome:
    """The chromosomes of a FASTA file, plain or gzip. Raises InputError where it is none.

    Records without a sequence are passed over, with a note.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        streamed = is_gzip(self.path) or (self.path.exists() and not self.path.is_file())
        self.source: Streamed | Indexed = Streamed(self.path) if streamed else Indexed(self.path)

    @property
    def sizes(self) -> Mapping[str, int]:
        """The bases of each chromosome, in file order."""
        return self.source.sizes

    @property
    def notes(self) -> list[str]:
        """What the user should know of the file."""
        return self.source.notes

    def texts_of(self, regions: Sequence[Region]) -> list[str]:
        """The letters of regions on the forward strand, as far as their chromosomes go: '' for none.

        Letters are not checked.
        """
        return self.source.texts_of(regions)

    def window(self, region: Region) -> str:
        """The bases of a region as text, of the other strand where its strand is '-'.

        Raises InputError where the genome has no such chromosome, the region lies partly outside it, or a
        letter is no DNA letter.
        """
        self.check(region)
        (text,) = self.texts_of([region])
        check_dna(str(region), text)
        return reverse_complement_text(text) if region.strand == "-" else text

    def check(self, region: Region, partly: bool = False) -> None:
        """Raise InputError where there is no such chromosome, or the region does not lie on it.

        If `partly`, one base on it is enough.
        """
        size = self.sizes.get(region.chrom)
        if size is None:
            known = ", ".join(islice(self.sizes, _SHOWN))
            other = self.other_name(region.chrom)
            cure = f"; is '{other}' meant?" if other else ""
            raise InputError(f"{self.path} has no chromosome '{region.chrom}' (it begins with {known}){cure}")
        whole = 0 <= region.start <= region.end <= size
        if not whole and not (partly and max(region.start, 0) < min(region.end, size)):
            how = "wholly" if min(region.end, size) <= max(region.start, 0) and partly else "partly"
            raise InputError(f"region {region} lies {how} outside {region.chrom}, which has {size} bases")

    def other_name(self, chrom: str) -> str | None:
        """What the genome calls a chromosome of this name: with or without 'chr', M or MT."""
        bare = chrom[3:] if chrom.lower().startswith("chr") else chrom
        bare = "M" if bare.upper() == "MT" else bare
        names = (
            f"{prefix}{form}"
            for form in (bare, "MT" if bare == "M" else bare)
            for prefix in ("chr", "", "Chr")
        )
        return next((name for name in names if name in self.sizes), None)


class Streamed:
    """A file that is read from its beginning to its end, once for all the regions that are asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sizes: dict[str, int] | None = None
        self.notes: list[str] = []

    @property
    def sizes(self) -> Mapping[str, int]:
        if self._sizes is None:
            self.copy({}, lambda at, letters: None)
        assert self._sizes is not None
        return self._sizes

    def texts_of(self, regions: Sequence[Region]) -> list[str]:
        numbers = {name: number for number, name in enumerate(dict.fromkeys(r.chrom for r in regions))}
        chrom = np.array([numbers[region.chrom] for region in regions], np.int32)
        start, end = (np.array([getattr(r, part) for r in regions], np.int64) for part in ("start", "end"))
        spans = Spans(chrom, start, end)
        letters = bytearray(spans.size)
        by_number = spans.by_chromosome()
        self.copy({name: by_number[number] for name, number in numbers.items()}, partial(put_into, letters))
        sizes = np.array([self.sizes.get(region.chrom, 0) for region in regions], np.int64)
        widths = np.maximum(np.minimum(end, sizes) - np.maximum(start, 0), 0)
        places = zip(spans.at.tolist(), widths.tolist(), strict=True)
        return [letters[at : at + width].decode("latin-1") for at, width in places]

    def copy(self, wanted: Mapping[str, Sequence[Stretch]], put: Callable[[int, bytes], None]) -> None:
        """Read the file, and give the letters of the chromosomes' stretches away, as far as they go."""
        sizes: dict[str, int] = {}
        chromosome = Passing([], put)
        for event in stream(self._path):
            if isinstance(event, Header):
                check_new(self._path, event.name, sizes)
                chromosome = Passing(wanted.get(event.name, ()), put)
                sizes[event.name] = 0
            else:
                chromosome.pass_by(event.letters)
                sizes[next(reversed(sizes))] = chromosome.passed
        self._sizes, self.notes = without_empty(self._path, sizes)


class Passing:
    """A chromosome that passes by, of which some stretches are kept."""

    def __init__(self, stretches: Sequence[Stretch], put: Callable[[int, bytes], None]) -> None:
        self._stretches, self._put = iter(stretches), put
        self._next = next(self._stretches, None)
        self.passed = 0

    def pass_by(self, letters: bytes) -> None:
        """Some more of the chromosome's letters."""
        begin, end = self.passed, self.passed + len(letters)
        while self._next is not None and self._next.start < end:
            first, stop, at = self._next
            start = max(first, begin)
            self._put(at + start - first, letters[start - begin : stop - begin])
            if stop > end:
                break
            self._next = next(self._stretches, None)
        self.passed = end


def put_into(content: bytearray, at: int, letters: bytes) -> None:
    """Letters to their place."""
    content[at : at + len(letters)] = letters
