"""The contributions file: what is written is read back, or there is one clear line and no file."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import pytest

from seqattr.dna.alphabet import one_hot
from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.errors import InputError, OutputError
from seqattr.io.hdf5.assembly import ContributionFile
from seqattr.io.hdf5.blocks import BlockRows
from seqattr.io.hdf5.layout import CANCELLATION, COLUMNS, NUMBERS, PLACES, Layout
from seqattr.io.hdf5.stored import Contributions, open_contributions, read_contributions
from tests.helpers.contributions import rows_of, write_contributions

ATTRIBUTES = {
    "references": "shuffle:10",
    "seed": 7,
    "scale": 0.5,
    "checked": True,
    "shards": None,
    "targets": [0, 2],
    "names": ["a", "b"],
    "nested": {"k": [1, "x"]},
    "empty": "",
}


def random_rows(n: int = 11, length: int = 30, seed: int = 0) -> BlockRows:
    """Rows as an engine gives them: contributions are the hypothetical ones on the observed bases."""
    rng = np.random.default_rng(seed)
    sequences = one_hot(rng.integers(0, 5, size=(n, length)).astype(np.uint8))
    hypothetical = rng.normal(size=(n, 4, length)).astype(np.float32)
    contributions = (hypothetical * sequences).sum(axis=1)
    numbers = {"difference": contributions.sum(axis=1) + 1, "additivity_error": rng.random(n)}
    return rows_of(sequences, hypothetical, contributions, **numbers)


def regions_of(n: int) -> list[Region]:
    return [Region(f"chr{i % 3}", 10 * i, 10 * i + 30, "né" * i, "+-"[i % 2]) for i in range(n)]


def write(path: Path, rows: BlockRows, dtype: Literal["float32", "float16"] = "float32") -> Contributions:
    write_contributions(path, rows, regions_of(len(rows.contributions)), ATTRIBUTES, dtype)
    return read_contributions(path)


def test_what_is_written_is_read_back(tmp_path):
    rows = random_rows()
    got = write(tmp_path / "a.h5", rows)
    np.testing.assert_array_equal(got.one_hot, rows.sequences)
    for name in ("hypothetical", "contributions"):
        np.testing.assert_array_equal(getattr(got, name), getattr(rows, name))
    for name, column in rows.numbers.items():
        np.testing.assert_array_equal(getattr(got, name), column)
    assert got.regions == regions_of(11)
    assert got.attributes == ATTRIBUTES
    assert {name: type(value) for name, value in got.attributes.items()} == {
        name: type(value) for name, value in ATTRIBUTES.items()
    }


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_layout_is_chrombpnets(tmp_path, dtype):
    rows = random_rows()
    write(tmp_path / "a.h5", rows, dtype=dtype)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["raw/seq"].dtype == np.int8
        for name in ("raw/seq", "shap/seq", "projected_shap/seq"):
            assert file[name].shape == (11, 4, 30)
            assert (file[name].compression, file[name].compression_opts) == ("gzip", 1)
        assert file["shap/seq"].dtype == file["projected_shap/seq"].dtype == dtype
        np.testing.assert_array_equal(file["projected_shap/seq"][:], file["shap/seq"][:] * file["raw/seq"][:])


def test_at_an_n_there_is_no_observed_base_to_carry_a_contribution(tmp_path):
    rows = random_rows()
    rows = rows._replace(contributions=np.ones_like(rows.contributions))
    got = write(tmp_path / "a.h5", rows)
    np.testing.assert_array_equal(got.contributions, rows.sequences.sum(axis=1))


def test_standard_errors_lie_beside_the_contributions(tmp_path):
    """As float32 even in a file of float16, where small ones would be 0, and 0 where there is no base."""
    rows = random_rows()
    errors = np.random.default_rng(1).random((11, 30)).astype(np.float32) * 1e-8
    got = write(tmp_path / "a.h5", rows._replace(standard_error=errors), dtype="float16")
    np.testing.assert_array_equal(got.standard_error, errors * rows.sequences.sum(axis=1))
    assert write(tmp_path / "b.h5", rows).standard_error is None


def test_cancellation_is_kept_where_it_is_told(tmp_path):
    rows, told = random_rows(), 10 ** np.arange(11.0)
    got = write(
        tmp_path / "a.h5", rows._replace(numbers={**rows.numbers, CANCELLATION: told}), dtype="float16"
    )
    np.testing.assert_array_equal(got.cancellation, told)
    assert write(tmp_path / "b.h5", rows).cancellation is None


def test_float16_keeps_three_digits(tmp_path):
    rows = random_rows()
    got = write(tmp_path / "a.h5", rows, dtype="float16")
    assert got.hypothetical.dtype == np.float32
    np.testing.assert_allclose(got.hypothetical, rows.hypothetical, rtol=2**-11, atol=2**-25)


@pytest.mark.parametrize(
    ("scale", "reason"),
    [
        (1e6, "float16 overflows; use float32"),
        (1e-9, "float16 turns all of a sequence's contributions to 0; use float32"),
        (2e-7, "float16 rounds values by 5.9% of a sequence's largest, 5e-07; use float32"),
    ],
)
def test_float16_does_not_lose_contributions_in_silence(tmp_path, scale, reason):
    rows = random_rows()
    hypothetical = rows.hypothetical.copy()
    hypothetical[4] *= scale
    rows = rows._replace(hypothetical=hypothetical)
    write(tmp_path / "whole.h5", rows)
    with pytest.raises(OutputError) as caught:
        write(tmp_path / "a.h5", rows, dtype="float16")
    assert str(caught.value) == f"cannot write {tmp_path / 'a.h5'}: {reason}"
    assert [file.name for file in tmp_path.iterdir()] == ["whole.h5"]


def test_a_sequence_without_contributions_is_no_loss(tmp_path):
    rows = random_rows()
    rows = rows._replace(hypothetical=rows.hypothetical * 0, contributions=rows.contributions * 0)
    assert not write(tmp_path / "a.h5", rows, dtype="float16").hypothetical.any()


def test_sequences_longer_than_a_chunk(tmp_path):
    rows = random_rows(n=2, length=70_000)
    got = write(tmp_path / "a.h5", rows)
    np.testing.assert_array_equal(got.hypothetical, rows.hypothetical)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_interrupted_file_is_not_kept_and_the_old_one_stays(tmp_path, error):
    path = tmp_path / "a.h5"
    path.write_text("old")

    def interrupted() -> None:
        with ContributionFile(path, Layout(11, 30)) as file:
            file.write_places(Places.of(regions_of(11)))
            raise error("stop")

    with pytest.raises(error):
        interrupted()
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]
    assert path.read_text() == "old"


@pytest.mark.parametrize(("n", "length"), [(0, 30), (11, 0)])
def test_an_empty_file_is_refused(tmp_path, n, length):
    with pytest.raises(OutputError, match="there are no contributions to write"):
        ContributionFile(tmp_path / "a.h5", Layout(n, length))


def test_a_missing_folder_and_an_attribute_too_large_for_hdf5_are_one_line(tmp_path):
    with (
        pytest.raises(OutputError, match="No such file or directory"),
        ContributionFile(tmp_path / "none" / "a.h5", Layout(1, 1)),
    ):
        pass
    with (
        pytest.raises(OutputError, match="object header message is too large"),
        ContributionFile(tmp_path / "a.h5", Layout(1, 1), {"note": {"x": "y" * 70_000}}),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


WRITING = """
    layout, rng = Layout(64, 2000), np.random.default_rng(0)
    places = Places.of([Region('chr1', i, i + 2000) for i in range(64)])
    def blocks():
        for first in range(0, 64, layout.chunk_rows):
            h = rng.normal(size=(layout.chunk_rows, 4, 2000)).astype('f4')
            rows = BlockRows(np.ones(h.shape, 'i1'), h, h[:, 0], {'difference': h[:, 0, 0]})
            yield encode_block('a.h5', layout, first, rows)
    assemble('a.h5', layout, places, {'seed': 1}, blocks())
"""
IMPORTS = """
from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.io.hdf5.assembly import assemble
from seqattr.io.hdf5.blocks import BlockRows, encode_block
from seqattr.io.hdf5.layout import Layout
"""


@pytest.mark.parametrize("limit", [0, 10, 1000, 3000, 100_000, 300_000])
def test_a_full_disk_is_one_line_and_no_crash(with_full_disk, tmp_path, limit):
    out = with_full_disk(IMPORTS, WRITING.strip(), limit)
    assert out == "OutputError: cannot write a.h5: File too large"
    assert list(tmp_path.iterdir()) == []


def test_the_same_code_writes_where_there_is_room(with_full_disk, tmp_path):
    assert with_full_disk(IMPORTS, WRITING.strip(), 10**7) == "written"
    assert len(read_contributions(tmp_path / "a.h5").regions) == 64


def test_a_part_can_be_read_at_a_time(tmp_path):
    rows = random_rows()
    write(tmp_path / "a.h5", rows)
    with open_contributions(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file.hypothetical[3:5], rows.hypothetical[3:5])
        np.testing.assert_array_equal(file.one_hot[3:5], rows.sequences[3:5])
        whole = read_contributions(tmp_path / "a.h5")
        np.testing.assert_array_equal(file.contributions(slice(3, 5)), whole.contributions[3:5])
        np.testing.assert_array_equal(file.contributions(4, slice(1, 3)), whole.contributions[4, 1:3])
        assert (len(file), file.length) == whole.contributions.shape
        assert file.names == [region.name for region in whole.regions]


def test_files_that_are_no_contributions_are_named(tmp_path):
    path = tmp_path / "a.h5"
    with pytest.raises(InputError, match="there is no HDF5 file"):
        read_contributions(path)
    with pytest.raises(InputError, match="is a folder, not a HDF5 file"):
        read_contributions(tmp_path)
    for content in (b"", b">a\nACGT\n"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="is no whole HDF5 file"):
            read_contributions(path)
    with h5py.File(path, "w") as file:
        file["raw/seq"] = np.zeros((2, 4, 5))
    with pytest.raises(InputError) as caught:
        read_contributions(path)
    assert str(caught.value) == f"{path} has no dataset 'shap/seq'; is it a contributions file of seqattr?"


@pytest.mark.parametrize("name", ["shap/seq", "difference", "regions/start"])
def test_a_file_whose_parts_do_not_fit_is_refused(tmp_path, name):
    path = tmp_path / "a.h5"
    write(path, random_rows())
    with h5py.File(path, "a") as file:
        values = file[name][:-1]
        del file[name]
        file[name] = values
    with pytest.raises(InputError, match=r"holds datasets that do not fit one shape \(N, 4, L\)"):
        read_contributions(path)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_file_is_named(tmp_path, share):
    path = tmp_path / "a.h5"
    write(path, random_rows())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match="is no whole HDF5 file") as caught:
        read_contributions(path)
    assert "\n" not in str(caught.value)


DAMAGE = {
    "text for numbers": ("difference", lambda n: np.array(["x"] * n, "S3")),
    "numbers for text": ("regions/name", np.zeros),
    "complex": ("shap/seq", lambda n: np.zeros((n, 4, 30), complex)),
    "records": ("projected_shap/seq", lambda n: np.zeros((n, 4, 30), [("a", "i4")])),
    "fractions for places": ("regions/start", lambda n: np.zeros(n) + 0.5),
    "nothing": ("raw/seq", lambda n: h5py.Empty("f")),
    "bytes that are no text": ("regions/chrom", lambda n: np.array([b"\xff"] * n, object)),
}


@pytest.mark.parametrize(("name", "values"), DAMAGE.values(), ids=DAMAGE)
def test_a_dataset_of_another_type_is_one_line(tmp_path, name, values):
    path, rows = tmp_path / "a.h5", random_rows()
    write(path, rows)
    with h5py.File(path, "r+") as file:
        del file[name]
        kind = h5py.string_dtype() if name == "regions/chrom" else None
        file.create_dataset(name, data=values(len(rows.contributions)), dtype=kind)
    with pytest.raises(InputError, match=r"a\.h5 (has the dataset|holds datasets|is no whole)"):
        read_contributions(path)


@pytest.mark.parametrize("forward", [False, True])
def test_places_in_columns_are_the_places(tmp_path, forward):
    """Those on strand '-' too, of a file whose rows lie forward on the forward strand."""
    regions = [replace(one, strand="+-"[row % 2]) for row, one in enumerate(regions_of(11))]
    write_contributions(tmp_path / "a.h5", random_rows(), regions, forward=forward)
    with open_contributions(tmp_path / "a.h5") as file:
        assert list(file.places_in_columns) == file.places
        assert list(file.only(file.minus).places_in_columns) == file.places[1::2]


def test_odd_attributes_are_no_failure_of_json_or_numpy(tmp_path):
    path = tmp_path / "a.h5"
    write(path, random_rows())
    with h5py.File(path, "r+") as file:
        file.attrs["told"] = np.bytes_("{")
    assert read_contributions(path).attributes["told"] == b"{"
    with h5py.File(path, "r+") as file:
        file["regions"].attrs["forward"] = np.zeros(3)
    with pytest.raises(InputError, match="does not say whether its rows lie forward"):
        read_contributions(path)


def test_a_small_file_of_huge_datasets_is_refused_before_memory_is_taken(tmp_path):
    path = tmp_path / "a.h5"
    write(path, random_rows())
    with h5py.File(path, "r+") as file:
        for name in [*COLUMNS, *NUMBERS, *(f"regions/{place}" for place in PLACES)]:
            kind, shape = file[name].dtype, (2**40, *file[name].shape[1:])
            del file[name]
            file.create_dataset(name, shape=shape, dtype=kind, chunks=(2**10, *shape[1:]))
    assert path.stat().st_size < 10**5
    with pytest.raises(InputError, match="more than there is memory for"):
        read_contributions(path)
