"""Windows in columns are what a list of Window objects was: the slow twin is written out here."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.alphabet import encode, reverse_complement_text
from seqattr.dna.regions import Region
from seqattr.engine.graph.lengths import Lengths
from seqattr.errors import InputError
from seqattr.inputs import (
    Inputs,
    Window,
    Windows,
    fit_windows,
    from_fasta,
    from_regions,
    from_tiles,
    resize,
    spooling_in,
)

LETTERS = list("ACGTacgtNRy")


def chromosomes(rng: np.random.Generator) -> dict[str, str]:
    sizes = rng.integers(1, 400, int(rng.integers(1, 6))).tolist()
    return {f"chr{number}": "".join(rng.choice(LETTERS, size)) for number, size in enumerate(sizes)}


def write(path: Path, records: dict[str, str], width: int = 60) -> Path:
    lines = []
    for name, text in records.items():
        lines += [f">{name} words", *(text[first : first + width] for first in range(0, len(text), width))]
    content = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def twin(records: dict[str, str], region: Region, first: int, end: int) -> Window:
    """The window of a region that has bases from `first` to `end` of its chromosome."""
    own = records[region.chrom][first:end]
    padded = "N" * (first - region.start) + own + "N" * (region.end - end)
    inside = (first - region.start, end - region.start)
    if region.strand == "-":
        padded = reverse_complement_text(padded)
        inside = (region.end - end, region.end - first)
    return Window(region.name, encode(padded), region, inside)


def same(windows: Windows, others: list[Window]) -> None:
    """By rows, one after the other, and by columns."""
    assert len(windows) == len(others)
    for read in (list(windows), [windows[row] for row in range(len(windows))]):
        for window, other in zip(read, others, strict=True):
            assert (window.name, window.region, window.inside) == (other.name, other.region, other.inside)
            assert window.own_region == other.own_region
            np.testing.assert_array_equal(window.codes, other.codes)
    assert list(windows.names) == [other.name for other in others]
    assert list(windows.regions) == [other.region for other in others]
    assert windows.lengths.tolist() == [other.length for other in others]
    own_codes = [other.codes[slice(*other.inside)] for other in others]
    assert windows.unknown.tolist() == [int((codes == 4).sum()) for codes in own_codes]


def regions_of(
    rng: np.random.Generator, records: dict[str, str], path: Path
) -> list[tuple[str, int, str, str]]:
    """Lines of a BED file, and for each its chromosome, middle, name and strand."""
    lines, told = [], []
    for number in range(int(rng.integers(2, 40))):
        chrom = str(rng.choice(list(records)))
        start = int(rng.integers(0, 420))
        end = start + int(rng.integers(1, 50))
        name, strand = str(rng.choice([".", f"peak {number}"])), str(rng.choice(["+", "-", "."]))
        lines.append(f"{chrom}\t{start}\t{end}\t{name}\t0\t{strand}\n")
        told.append((chrom, (start + end) // 2, name, "-" if strand == "-" else "+"))
    path.write_text("".join(lines))
    return told


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("suffix", [".fa", ".fa.gz"])
def test_windows_around_regions_are_the_letters_there(tmp_path, seed, suffix):
    rng = np.random.default_rng(seed)
    records = chromosomes(rng)
    genome, bed = write(tmp_path / f"g{suffix}", records, int(rng.integers(1, 70))), tmp_path / "a.bed"
    told, length = regions_of(rng, records, bed), int(rng.integers(1, 60))
    expected, dropped = [], []
    for chrom, middle, name, strand in told:
        start = middle - length // 2
        region = Region(chrom, start, start + length, name, strand)
        region = replace(region, name=str(region) if name == "." else name)
        first, end = max(start, 0), min(start + length, len(records[chrom]))
        if first < end:
            expected.append(twin(records, region, first, end))
        else:
            dropped.append((region.name, f"region {region} lies wholly outside {chrom}, which has "
                            f"{len(records[chrom])} bases"))  # fmt: skip
    if not expected:
        with pytest.raises(InputError, match="lies wholly outside"):
            from_regions(genome, bed, length, pad=True, strict=False)
        return
    found = from_regions(genome, bed, length, pad=True, strict=False)
    same(found.windows, expected)
    assert [(one.name, one.reason) for one in found.dropped] == dropped
    for other in (1, length + 7, max(1, length - 5)):
        same(found.windows.resize(other), [resize(window, other) for window in expected])
    rows = rng.integers(0, len(expected), 15)
    same(found.windows.select(rows), [expected[row] for row in rows])
    same(found.windows[1::2], expected[1::2])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("suffix", [".fa", ".fa.gz"])
def test_tiles_are_the_letters_there(tmp_path, seed, suffix):
    rng = np.random.default_rng(seed)
    records = chromosomes(rng) | {"gap": "ACG" + "N" * 60 + "T"}
    length, step = int(rng.integers(1, 60)), int(rng.integers(1, 30))
    expected, nothing = [], []
    for chrom, text in records.items():
        last = max(len(text) - length, 0)
        for start in sorted({*range(0, last, step), last}):
            end = min(start + length, len(text))
            region = Region(chrom, start, end, f"{chrom}:{start}-{end}" if end - start == length else chrom)
            window = resize(twin(records, region, start, end), length)
            (expected if (window.codes < 4).any() else nothing).append(window)
    found = from_tiles(write(tmp_path / f"g{suffix}", records), length, step, pad=True)
    same(found.windows, expected)
    assert [one.region for one in found.dropped] == [window.region for window in nothing]
    assert {one.reason for one in found.dropped} <= {f"{w.name} holds nothing but N" for w in nothing}


@pytest.mark.parametrize("seed", range(8))
def test_records_are_what_they_are_wherever_they_lie(tmp_path, seed):
    rng = np.random.default_rng(seed)
    records = {}
    for name, text in chromosomes(rng).items():
        strand = str(rng.choice(["", "(-)", "(+)"]))
        records[f"{name}:10-{10 + len(text)}{strand}" if rng.integers(2) else name] = text
    (tmp_path / "sizes").write_text("".join(f"chr{number}\t500\n" for number in range(6)))
    for sizes in (None, tmp_path / "sizes"):
        expected = []
        for name, text in records.items():
            region = Region(name, 0, len(text), name)
            if sizes and ":" in name:
                start, strand = 10, "-" if "(-)" in name else "+"
                region = Region(name.partition(":")[0], start, start + len(text), name, strand)
            expected.append(Window(name, encode(text), region, (0, len(text))))
        found = from_fasta(write(tmp_path / "a.fa", records), sizes)
        same(found.windows, expected)
        length = int(rng.integers(1, 300))
        fitted = fit_windows(found, Lengths(length, length), length, pad=True, crop=True)
        same(fitted.windows, [resize(window, length) for window in expected])
        same(Windows.of(expected), expected)
        same(Windows.of(expected).resize(length), [resize(window, length) for window in expected])


# --- codes of many rows --------------------------------------------------------------------------


@pytest.fixture
def found(tmp_path) -> Inputs:
    """300 windows of 40 bases on both strands, near to each other, far away, and beyond the ends."""
    rng = np.random.default_rng(5)
    records = {f"c{n}": "".join(rng.choice(list("ACGTN"), 3000)) for n in range(4)}
    starts = rng.integers(0, 2990, 300).tolist()
    lines = [f"c{start % 4}\t{start}\t{start + 9}\tp\t0\t{'+-'[start % 2]}\n" for start in starts]
    (tmp_path / "a.bed").write_text("".join(lines))
    return from_regions(write(tmp_path / "g.fa", records), tmp_path / "a.bed", 40, pad=True)


def test_any_rows_at_once_are_those_rows(found, monkeypatch):
    alone = np.stack([window.codes for window in found.windows])
    rng = np.random.default_rng(0)
    for gap, piece in ((1 << 14, 1 << 20), (0, 64), (10, 1)):
        monkeypatch.setattr("seqattr.inputs.bases._GAP", gap)
        monkeypatch.setattr("seqattr.inputs.bases._PIECE", piece)
        for _ in range(10):
            rows = rng.integers(0, 300, int(rng.integers(0, 60)))
            np.testing.assert_array_equal(
                found.windows.codes(rows).reshape(-1, 40), alone[rows].reshape(-1, 40)
            )
        np.testing.assert_array_equal(found.windows.codes(slice(20, 90)), alone[20:90])


def test_threads_read_at_once(found):
    alone = np.stack([window.codes for window in found.windows])
    parts = [slice(first % 290, first % 290 + 10) for first in range(0, 3000, 7)]
    with ThreadPoolExecutor(4) as threads:
        read = list(threads.map(found.windows.codes, parts))
    for part, codes in zip(parts, read, strict=True):
        np.testing.assert_array_equal(codes, alone[part])


def test_rows_of_several_lengths_are_no_array(tmp_path):
    windows = from_fasta(write(tmp_path / "a.fa", {"a": "ACGT", "b": "AC", "c": "TTGG"})).windows
    with pytest.raises(ValueError, match=r"rows of \[2, 4\] bases"):
        windows.codes(slice(None))
    assert windows.codes(np.array([2, 0])).tolist() == [[3, 3, 2, 2], [0, 1, 2, 3]]


def test_a_genome_that_changes_meanwhile_is_an_error(found, tmp_path):
    with open(tmp_path / "g.fa", "ab") as file:
        file.write(b">more\nACGT\n")
    with pytest.raises(InputError, match=r"g\.fa changed while it was read"):
        found.windows.codes(slice(3))


def test_an_index_that_lies_about_lines_inside_is_found_out_at_the_start(tmp_path):
    """So that no thread is the first to see it."""
    (tmp_path / "g.fa").write_bytes(b">c\nACGT\nAC\nGT\nCAGT\nTTACGGAT\nAC\n>d\nA\n")
    (tmp_path / "g.fa.fai").write_text("c\t22\t3\t4\t5\nd\t1\t34\t1\t2\n")
    (tmp_path / "a.bed").write_text("c\t5\t9\n")
    found = from_regions(tmp_path / "g.fa", tmp_path / "a.bed", 4)
    assert found.windows.codes(slice(None)).tolist() == [encode("ACGTACGTCAGTTTACGGATAC"[5:9]).tolist()]
    assert found.notes == [f"{tmp_path / 'g.fa.fai'} is no index of g.fa and was not used"]


# --- what tells one run's input from another's -----------------------------------------------------


def digests(tmp_path: Path, text: str, bed: str, genome: str = "g.fa") -> list[str]:
    """Of regions, tiles and records of one file."""
    fasta = write(tmp_path / genome, {"c": text, "d": "ACGT" * 10})
    (tmp_path / "a.bed").write_text(bed)
    read = (from_regions(fasta, tmp_path / "a.bed", 8), from_tiles(fasta, 8, 4), from_fasta(fasta))
    return [inputs.windows.digest() for inputs in read]


@pytest.mark.parametrize("genome", ["g.fa", "g.fa.gz"])
def test_a_digest_is_that_of_names_places_and_bases(tmp_path, genome):
    text, bed = "ACGTTGCAAC" * 6, "c\t10\t20\tp\nc\t30\t50\n"
    base = digests(tmp_path, text, bed, genome)
    (tmp_path / "elsewhere").mkdir()
    assert digests(tmp_path / "elsewhere", text, bed, genome) == base  # a copy, on another day
    changed = digests(tmp_path, text[:15] + "T" + text[16:], bed, genome)
    assert [one != other for one, other in zip(base, changed, strict=True)] == [True, True, True]
    for other in ("c\t10\t20\tq\nc\t30\t50\n", "c\t10\t20\tp\t0\t-\nc\t30\t50\n", "c\t12\t20\tp\nc\t30\t50\n",
                  "c\t30\t50\nc\t10\t20\tp\n", "d\t10\t20\tp\nc\t30\t50\n", "c\t10\t20\tp\n"):  # fmt: skip
        assert digests(tmp_path, text, other, genome)[0] != base[0]
    assert len(set(base)) == 3


def test_views_have_digests_of_their_own(found):
    windows = found.windows
    parts = [windows, windows[:-1], windows[::-1], windows.resize(50), windows.resize(30)]
    assert len({part.digest() for part in parts}) == 5
    assert windows[:].digest() == windows.digest()


# --- where codes are kept --------------------------------------------------------------------------


def test_many_codes_lie_in_a_file_that_nobody_sees(tmp_path, monkeypatch):
    fasta = write(tmp_path / "a.fa.gz", {f"r{n}": "ACGTTN" * 50 for n in range(200)})
    in_memory = from_fasta(fasta).windows
    monkeypatch.setattr("seqattr.inputs.spool.IN_MEMORY", 1000)
    monkeypatch.setattr("seqattr.inputs.spool._PENDING", 700)
    (tmp_path / "spools").mkdir()
    with spooling_in(tmp_path / "spools"):
        in_file = from_fasta(fasta).windows
    assert list((tmp_path / "spools").iterdir()) == []
    np.testing.assert_array_equal(in_file.codes(slice(None)), in_memory.codes(slice(None)))
    assert in_file.digest() == in_memory.digest()
