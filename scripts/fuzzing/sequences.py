"""FASTA files with and without an index, regions, chromosome sizes."""

import gzip
import random
import re
from pathlib import Path

from fuzzing.mutations import mutate, pack
from fuzzing.reader import Files, check_lines, each
from seqattr.dna.alphabet import decode, reverse_complement_text
from seqattr.dna.regions import Region
from seqattr.errors import as_line
from seqattr.inputs import Inputs, Window, fit_windows, frequencies, from_fasta, from_regions, from_tiles
from seqattr.io.bed import parse_bed, read_bed, read_chrom_sizes, write_regions

LENGTH = 20
LETTERS = "ACGT" * 4 + "NacgtnRY"
BED = (
    *(b"chr1\t100\t200\n", b"chr1\t10\t30\ta\n", b"chr1\t10\t30\ta\t0\t-\n", b"chr2\t3\t41\tb\t9\t+\t4\t9\n"),
    *(b"chr1\t100\t200\t.\t1000\t.\t5\t9\t7\t80\t2\t3\n", b"chr1 100 200 p 1 + 0.5 -1 -1 50\n", b"#x\n"),
    *(b"chr2\t5\t40\tg\t0\t+\t10\t20\t255,0,0\t2\t10,5,\t0,30,\n", b"chrom start end\n", b"track name=x\n"),
    *(
        b"chr1\t0\t9999999999999999999999\n",
        b"chr1\t5\t5\n",
        b"\n",
        b"chrX\t1\t2\n",
        b"chr2\t0\t48\tz\t0\t.\n",
    ),
)
SIZES = b"chr1\t300\nchr2\t48\n"


def genome(rng: random.Random) -> bytes:
    """A few records, each wrapped in its own way."""
    records = []
    for name in rng.sample(("chr1", "chr2", "chr3", "chr1:5-25(-)", "p::chr2:3-23", "\u03c7 r\u00e9cord"), 4):
        length = 20 if ":" in name else rng.choice((0, 1, 48, 300))
        letters, width = "".join(rng.choices(LETTERS, k=length)), rng.choice((1, 7, 60, 1000))
        lines = [letters[start : start + width] for start in range(0, length, width)]
        records.append("\n".join([f">{name}", *lines, *rng.choice(([""], ["", ""]))]))
    return "".join(records).encode()


def index_of(content: bytes) -> bytes:
    """As samtools makes it, of a file whose lines end with LF."""
    found, at = [], 0
    for record in content.split(b">")[1:]:
        head, _, body = record.partition(b"\n")
        lines = body.split(b"\n")
        bases, name = sum(map(len, lines)), (head.split() or [b"?"])[0]
        width = len(lines[0])
        found.append(b"%b\t%d\t%d\t%d\t%d\n" % (name, bases, at + len(head) + 2, width, width + 1))
        at += len(record) + 1
    return b"".join(found)


def records_of(content: bytes) -> dict[str, list[str]]:
    """The records of a FASTA file, by splitting it into lines: what the reader has to agree with.

    Of one name there may be several, if all but one are refused.
    """
    content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    content = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    records: dict[str, list[str]] = {}
    name = ""
    for line in re.split(rb"[\r\n]", content):
        if line.startswith(b">"):
            name = line[1:].decode(errors="surrogateescape").split()[0]
            records.setdefault(name, []).append("")
        else:
            records[name][-1] += b"".join(line.split()).decode("latin-1")
    return records


class Fasta:
    """A genome, sometimes packed, with no index, its own, another's or a broken one."""

    def make(self, rng: random.Random) -> Files:
        plain = genome(rng)
        content = mutate(plain, rng)
        content = pack(content, rng) if rng.random() < 0.2 else content
        index = rng.choice((b"", b"", index_of(plain), index_of(genome(rng)), mutate(index_of(content), rng)))
        files = {"g.fa": content, "a.bed": b"".join(rng.choices(BED, k=3)), "sizes": SIZES}
        return files | ({"g.fa.fai": index} if index else {})

    def read(self, folder: Path, rng: random.Random) -> None:
        read_all(folder, rng)


class Bed(Fasta):
    """Regions and sizes of a good genome."""

    def make(self, rng: random.Random) -> Files:
        bed = mutate(b"".join(rng.choices(BED, k=rng.randrange(6))), rng)
        return {"g.fa": genome(rng), "a.bed": bed, "sizes": mutate(SIZES, rng)}

    def read(self, folder: Path, rng: random.Random) -> None:
        found = parse_bed(folder / "a.bed")
        assert all(0 <= region.start < region.end for region in found.regions)
        assert all(region.start <= region.summit < region.end for region in found.regions)
        write_regions(folder / "again.bed", found.regions)
        assert list(map(place, read_bed(folder / "again.bed"))) == list(map(place, found.regions))
        check_sizes(read_chrom_sizes(folder / "sizes"))
        read_all(folder, rng)


def place(region: Region) -> tuple[str, int, int, str, int]:
    return region.chrom, region.start, region.end, region.strand, region.summit


def read_all(folder: Path, rng: random.Random) -> None:
    """In each way there is; raises the first refusal where all are refused."""
    path, bed, sizes = (folder / name for name in ("g.fa", "a.bed", "sizes"))
    one, two, strict = (rng.random() < 0.5 for _ in range(3))
    each(
        lambda: check(from_regions(path, bed, LENGTH, one, two, strict), path),
        lambda: check(from_fasta(path, sizes if one else None, two, strict), path, whole=True),
        lambda: check(from_tiles(path, LENGTH, rng.choice((1, 7, 30)), one, strict), path),
        lambda: check_frequencies(frequencies(str(path))),
    )


def check(inputs: Inputs, path: Path, whole: bool = False) -> None:
    """Windows against the text of their records, of which each may be a `whole` one."""
    records = records_of(path.read_bytes())
    for window in inputs.windows:
        check_window(window, records, inputs.sizes, whole)
    check_lines(*map(as_line, inputs.notes))
    fit_windows(inputs, {LENGTH}, LENGTH, pad=True, crop=True, strict=False)


def check_window(window: Window, records: dict[str, list[str]], sizes: dict[str, int], whole: bool) -> None:
    first, end = window.inside
    region = window.own_region
    assert 0 <= first < end <= window.length == window.region.end - window.region.start
    assert 0 <= region.start < region.end <= sizes[region.chrom]
    texts = [text for text in records.get(window.name if whole else region.chrom, ()) if text]
    if not whole and all(len(text) != sizes[region.chrom] for text in texts):
        return  # a line end within has become a letter, or the other way round: an index knows better
    if not whole:
        texts = [text[region.start : region.end] for text in texts]
        texts = [reverse_complement_text(text) if region.strand == "-" else text for text in texts]
    found = decode(window.codes[first:end])
    assert found in map(shown, texts), f"{window.name} has other bases: {found[:30]}"


def shown(text: str) -> str:
    """As decoded codes are."""
    return text.upper().replace("U", "T").translate(str.maketrans("RYSWKMBDHV", "N" * 10))


def check_sizes(sizes: dict[str, int]) -> None:
    assert all(name and size > 0 for name, size in sizes.items())


def check_frequencies(shares: tuple[float, ...]) -> None:
    assert abs(sum(shares) - 1) < 1e-6
