"""Windows of a genome's chromosomes, from a FASTA file.

A plain file is read by random access, and every other one from its beginning to its end, once for all
windows. Both use one parser, so that they answer alike. An index beside the file (.fai) is used where it is
seen to fit it; and what is read with it is checked to have as many letters as it says.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from seqattr.dna.alphabet import check_dna, reverse_complement_text
from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.io.fasta.index import Indexed, check_new, without_empty
from seqattr.io.fasta.stream import Header, stream
from seqattr.io.reading import is_gzip

_SHOWN = 3


class Source(Protocol):
    """Where chromosomes come from."""

    notes: list[str]

    @property
    def sizes(self) -> Mapping[str, int]: ...

    def texts_of(self, regions: Sequence[Region]) -> list[str]: ...


class Genome:
    """The chromosomes of a FASTA file, plain or gzip. Raises InputError where it is none.

    Records without a sequence are passed over, with a note.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        streamed = is_gzip(self.path) or (self.path.exists() and not self.path.is_file())
        self._source: Source = Streamed(self.path) if streamed else Indexed(self.path)

    @property
    def sizes(self) -> Mapping[str, int]:
        """The bases of each chromosome, in file order."""
        return self._source.sizes

    @property
    def notes(self) -> list[str]:
        """What the user should know of the file."""
        return self._source.notes

    def texts_of(self, regions: Sequence[Region]) -> list[str]:
        """The letters of regions on the forward strand, as far as their chromosomes go: '' for none.

        Letters are not checked.
        """
        return self._source.texts_of(regions)

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
            known = ", ".join(list(self.sizes)[:_SHOWN])
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
            self.texts_of([])
        assert self._sizes is not None
        return self._sizes

    def texts_of(self, regions: Sequence[Region]) -> list[str]:
        wanted: dict[str, list[int]] = {}
        for row in sorted(range(len(regions)), key=lambda row: -regions[row].start):
            wanted.setdefault(regions[row].chrom, []).append(row)  # the first of a chromosome comes last
        texts = [bytearray() for _ in regions]
        sizes: dict[str, int] = {}
        chromosome = Passing(regions, [], texts)
        for event in stream(self._path):
            if isinstance(event, Header):
                check_new(self._path, event.name, sizes)
                chromosome = Passing(regions, wanted.pop(event.name, []), texts)
                sizes[event.name] = 0
            else:
                chromosome.pass_by(event.letters)
                sizes[next(reversed(sizes))] = chromosome.passed
        self._sizes, self.notes = without_empty(self._path, sizes)
        return [letters.decode("latin-1") for letters in texts]


class Passing:
    """A chromosome that passes by, of whose letters some rows' regions keep theirs."""

    def __init__(self, regions: Sequence[Region], rows: list[int], texts: Sequence[bytearray]) -> None:
        self._regions, self._waiting, self._texts = regions, rows, texts
        self._open: list[int] = []
        self.passed = 0

    def pass_by(self, letters: bytes) -> None:
        """Some more of the chromosome's letters."""
        begin, end = self.passed, self.passed + len(letters)
        while self._waiting and self._regions[self._waiting[-1]].start < end:
            self._open.append(self._waiting.pop())
        for row in self._open:
            region = self._regions[row]
            self._texts[row] += letters[max(region.start - begin, 0) : max(region.end - begin, 0)]
        self._open = [row for row in self._open if self._regions[row].end > end]
        self.passed = end
