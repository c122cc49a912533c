"""Blocks of rows as HDF5's chunks: HDF5 itself reads them back, whatever the threads and the blocks."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from seqattr.dna.alphabet import one_hot
from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.errors import OutputError
from seqattr.io.hdf5.assembly import ContributionFile, assemble
from seqattr.io.hdf5.blocks import BlockRows, EncodedBlock, encode_block
from seqattr.io.hdf5.layout import (
    ADDITIVITY_ERROR,
    CANCELLATION,
    COLUMNS,
    DIFFERENCE,
    ERRORS,
    HYPOTHETICAL,
    ONE_HOT,
    PLACES,
    PROJECTED,
    Layout,
    place_name,
)
from seqattr.io.hdf5.stored import read_contributions


def rows_of(n: int, length: int, seed: int = 0, errors: bool = True) -> BlockRows:
    """Rows with an N here and there, one of NaN, and padding on both sides of some."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 5, (n, length)).astype(np.uint8)
    left = length // 3
    codes[1::3, :left] = codes[1::3, -left:] = 4
    hypothetical = rng.normal(size=(n, 4, length)).astype(np.float32)
    hypothetical[1::3, :, :left] = hypothetical[1::3, :, -left:] = 0
    hypothetical[n // 2] = np.nan
    contributions = np.where(codes < 4, hypothetical.sum(axis=1), 0)
    numbers = {name: rng.normal(size=n) for name in (DIFFERENCE, ADDITIVITY_ERROR, CANCELLATION)}
    deviations = rng.random((n, length)).astype(np.float32) * 1e-8
    return BlockRows(codes, hypothetical, contributions, numbers, deviations if errors else None)


def regions_of(n: int) -> Places:
    return Places.of(
        [Region(f"chr{i % 3}", 10 * i, 10 * i + 30, "né" * (i % 7), "+-"[i % 2]) for i in range(n)]
    )


def blocks_of(layout: Layout, rows: BlockRows, chunks: int, map: Any = map) -> Iterator[EncodedBlock]:
    """The rows in blocks of so many chunks, by way of their bytes."""
    step = chunks * layout.chunk_rows
    for first in range(0, layout.n, step):
        block = encode_block("a.h5", layout, first, rows.some(slice(first, first + step)), map)
        yield EncodedBlock.from_bytes(block.to_bytes())


def wanted(rows: BlockRows, dtype: str) -> dict[str, np.ndarray]:
    """The datasets by their definition."""
    sequences = one_hot(rows.sequences)
    projected = np.where(sequences > 0, rows.contributions[:, None], 0)
    return {
        ONE_HOT: sequences,
        HYPOTHETICAL: rows.hypothetical.astype(dtype),
        PROJECTED: projected.astype(dtype),
        ERRORS: rows.standard_error * sequences.sum(axis=1),
        **rows.numbers,
    }


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of few rows and bases, so that small files have many and their edges."""
    monkeypatch.setattr("seqattr.io.hdf5.layout._CHUNK_BYTES", 1 << 13)
    monkeypatch.setattr("seqattr.io.hdf5.layout._CHUNK_BASES", 100)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(("n", "length"), [(1, 1), (61, 50), (40, 100), (7, 230)])
@pytest.mark.usefixtures("small_chunks")
def test_hdf5_reads_every_dataset_back(tmp_path, n, length, dtype):
    layout, rows = Layout(n, length, dtype), rows_of(n, length)
    assemble(tmp_path / "a.h5", layout, regions_of(n), {"seed": 7}, blocks_of(layout, rows, 2))
    with h5py.File(tmp_path / "a.h5") as file:
        for name, values in wanted(rows, dtype).items():
            np.testing.assert_array_equal(file[name][:], values, err_msg=name)
        for name in (*COLUMNS, ERRORS):
            stored = file[name]
            assert stored.chunks == layout.chunks_of(name)
            assert (stored.compression, stored.compression_opts, stored.shuffle) == ("gzip", 1, True)
    got = read_contributions(tmp_path / "a.h5")
    assert (got.regions, got.attributes, got.forward) == (list(regions_of(n)), {"seed": 7}, True)


@pytest.mark.usefixtures("small_chunks")
def test_the_bytes_depend_on_neither_threads_nor_blocks(tmp_path):
    layout, rows = Layout(61, 50), rows_of(61, 50)

    def digest(chunks: int, map: Any) -> str:
        blocks = blocks_of(layout, rows, chunks, map)
        assemble(tmp_path / "a.h5", layout, regions_of(61), {}, blocks)
        return hashlib.sha256((tmp_path / "a.h5").read_bytes()).hexdigest()

    with ThreadPoolExecutor(4) as threads:
        assert digest(2, map) == digest(2, threads.map)
        parts = [[block.to_bytes() for block in blocks_of(layout, rows, 1, m)] for m in (map, threads.map)]
    assert parts[0] == parts[1]


@pytest.mark.usefixtures("small_chunks")
def test_codes_and_one_hot_are_the_same_sequences():
    layout, rows = Layout(61, 50, "float16"), rows_of(61, 50)
    again = rows._replace(sequences=one_hot(rows.sequences))
    assert [block.to_bytes() for block in blocks_of(layout, rows, 3)] == [
        block.to_bytes() for block in blocks_of(layout, again, 3)
    ]


@pytest.mark.usefixtures("small_chunks")
def test_chunks_of_padding_are_left_out(tmp_path):
    """Where rows are short but one: what is not written takes no room and reads as 0."""
    layout, rows = Layout(200, 5000, typical=10), rows_of(200, 5000, errors=False)
    for values in (rows.hypothetical, rows.contributions):
        values[..., 80:] = 0
    rows.sequences[:, 80:] = 4
    rows.hypothetical[3, 2, 4000] = 1
    assemble(tmp_path / "a.h5", layout, regions_of(200), {}, blocks_of(layout, rows, 4))
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file[HYPOTHETICAL][:], rows.hypothetical)
        assert file[HYPOTHETICAL].id.get_num_chunks() < 0.1 * (200 / layout.chunk_rows) * 5000 / 64
        assert ERRORS not in file


def test_a_block_is_as_its_bytes_say_it():
    layout, rows = Layout(20, 30), rows_of(20, 30)
    (block,) = blocks_of(layout, rows, 1)
    again = encode_block("a.h5", layout, 0, rows)
    assert (block.first, block.count, [*block.numbers]) == (0, 20, [*again.numbers])
    assert [bytes(chunk.data) for chunk in block.chunks] == [chunk.data for chunk in again.chunks]
    assert [chunk[:3] for chunk in block.chunks] == [chunk[:3] for chunk in again.chunks]
    for name, column in rows.numbers.items():
        np.testing.assert_array_equal(block.numbers[name], column)
    assert b"".join(block.parts()) == again.to_bytes()


@pytest.mark.parametrize(
    ("first", "count", "line"),
    [(1, 5, "rows 1 to 6 are no whole chunks"), (0, 3, "rows 0 to 3 are no whole"), (0, 0, "rows 0 to 0")],
)
def test_rows_that_are_no_whole_chunks_are_refused(first, count, line):
    with pytest.raises(OutputError, match=line):
        encode_block("a.h5", Layout(20, 30), first, rows_of(20, 30).some(slice(0, count)))


@pytest.mark.parametrize(
    ("field", "shape", "wanted"),
    [
        ("hypothetical", (11, 4, 29), (11, 4, 30)),
        ("sequences", (11, 30, 4), (11, 4, 30)),
        ("sequences", (11, 29), (11, 30)),
        ("standard_error", (11, 29), (11, 30)),
        ("numbers", (10,), (11,)),
    ],
)
def test_a_wrong_shape_is_named(field, shape, wanted):
    values = np.zeros(shape, np.float32)
    rows = rows_of(11, 30)._replace(**{field: {DIFFERENCE: values} if field == "numbers" else values})
    name = DIFFERENCE if field == "numbers" else field
    with pytest.raises(OutputError) as caught:
        encode_block("a.h5", Layout(11, 30), 0, rows)
    assert str(caught.value) == f"cannot write a.h5: {name} has the shape {shape}, not {wanted}"


def check_refused(path: Path, layout: Layout, blocks: list[EncodedBlock], line: str) -> None:
    with pytest.raises(OutputError) as caught:
        assemble(path, layout, regions_of(61), {}, blocks)
    assert str(caught.value) == f"cannot write {path}: {line}"
    assert list(path.parent.iterdir()) == []


def write_without_places(path: Path, layout: Layout, blocks: list[EncodedBlock]) -> None:
    with ContributionFile(path, layout) as file:
        for block in blocks:
            file.add(block)


@pytest.mark.usefixtures("small_chunks")
def test_blocks_that_are_not_those_of_all_rows_make_no_file(tmp_path):
    layout, path = Layout(61, 50), tmp_path / "a.h5"
    one, two, three, four = blocks_of(layout, rows_of(61, 50), 2)
    check_refused(path, layout, [one, two], "21 of 61 sequences were never given")
    check_refused(path, layout, [one, three], "the block of row 40 comes after row 20")
    check_refused(path, layout, [one, one], "the block of row 0 comes after row 20")
    with pytest.raises(OutputError, match="the regions were never given"):
        write_without_places(path, layout, [one, two, three, four])
    with pytest.raises(OutputError, match="2 regions for 61 sequences"):
        assemble(path, layout, regions_of(2), {}, [])


def test_many_places_are_written_some_at_a_time(tmp_path):
    """Names that are made as they are asked for are never there all at once."""

    class Names:
        most = 0

        def select(self, rows: slice) -> list[str]:
            names = [f"peak {i}" for i in range(*rows.indices(10_000))]
            self.most = max(self.most, len(names))
            return names

    numbers, names = np.arange(10_000), Names()
    places = Places(["x", "y"], numbers % 2, numbers, numbers + 5, names, numbers % 3 == 0)
    layout, zeros = Layout(10_000, 5), np.zeros((10_000, 4, 5), np.float32)
    block = encode_block("a.h5", layout, 0, BlockRows(zeros.astype(np.int8), zeros, zeros[:, 0], {}))
    assemble(tmp_path / "a.h5", layout, places, {}, [block])
    with h5py.File(tmp_path / "a.h5") as file:
        stored = {field: file[place_name(field)][:] for field in PLACES}
    assert names.most < 5000
    assert stored["name"].tolist() == [f"peak {i}".encode() for i in range(10_000)]
    assert stored["chrom"].tolist() == [b"xy"[i % 2 : i % 2 + 1] for i in range(10_000)]
    assert stored["strand"].tolist() == [b"+-"[i % 3 == 0 :][:1] for i in range(10_000)]
    np.testing.assert_array_equal([stored["start"], stored["end"]], [numbers, numbers + 5])
