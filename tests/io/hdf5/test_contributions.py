"""The contributions file: what is written is read back, or there is one clear line and no file."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from seqattr.dna.alphabet import one_hot
from seqattr.dna.regions import Region
from seqattr.errors import InputError, OutputError
from seqattr.io.hdf5.contributions import ContributionWriter, Rows
from seqattr.io.hdf5.layout import COLUMNS, NUMBERS, PLACES
from seqattr.io.hdf5.stored import Contributions, open_contributions, read_contributions

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


def random_rows(n: int = 11, length: int = 30, seed: int = 0) -> Rows:
    """Rows as an engine gives them: contributions are the hypothetical ones on the observed bases."""
    rng = np.random.default_rng(seed)
    sequences = one_hot(rng.integers(0, 5, size=(n, length)).astype(np.uint8))
    hypothetical = rng.normal(size=(n, 4, length)).astype(np.float32)
    contributions = (hypothetical * sequences).sum(axis=1)
    return Rows(sequences, hypothetical, contributions, contributions.sum(axis=1) + 1, rng.random(n))


def regions_of(n: int) -> list[Region]:
    return [Region(f"chr{i % 3}", 10 * i, 10 * i + 30, "né" * i, "+-"[i % 2]) for i in range(n)]


def part_of(rows: Rows, at: slice | np.ndarray) -> Rows:
    return Rows(*(None if values is None else values[at] for values in rows))


def write(path: Path, rows: Rows, batches: list, **settings: object) -> Contributions:
    n, _, length = rows.one_hot.shape
    with ContributionWriter(path, n, length, ATTRIBUTES, **settings) as writer:
        writer.write_regions(regions_of(n))
        for at in batches:
            writer.write(at, part_of(rows, at))
    return read_contributions(path)


BATCHES = {
    "at once": [slice(0, 11)],
    "in order": [slice(i, i + 4) for i in (0, 4, 8)],
    "backwards": [slice(8, 11), slice(0, 8)],
    "scattered": [np.array([5, 0, 9]), np.array([1, 2, 3, 4]), np.array([10]), np.array([8, 6, 7])],
    "with an empty one": [slice(0, 0), slice(0, 11)],
}


@pytest.mark.parametrize("batches", BATCHES.values(), ids=BATCHES)
def test_what_is_written_is_read_back_whatever_the_batches(tmp_path, batches):
    rows = random_rows()
    got = write(tmp_path / "a.h5", rows, batches)
    for name in ("one_hot", "hypothetical", "contributions", "difference", "additivity_error"):
        np.testing.assert_array_equal(getattr(got, name), getattr(rows, name))
    assert got.regions == regions_of(11)
    assert got.attributes == ATTRIBUTES
    assert {name: type(value) for name, value in got.attributes.items()} == {
        name: type(value) for name, value in ATTRIBUTES.items()
    }


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_layout_is_chrombpnets(tmp_path, dtype):
    rows = random_rows()
    write(tmp_path / "a.h5", rows, [slice(0, 11)], dtype=dtype)
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
    got = write(tmp_path / "a.h5", rows, [slice(0, 11)])
    np.testing.assert_array_equal(got.contributions, rows.one_hot.sum(axis=1))


@pytest.mark.parametrize("batches", BATCHES.values(), ids=BATCHES)
def test_standard_errors_lie_beside_the_contributions(tmp_path, batches):
    """As float32 even in a file of float16, where small ones would be 0, and 0 where there is no base."""
    rows = random_rows()
    errors = np.random.default_rng(1).random((11, 30)).astype(np.float32) * 1e-8
    got = write(tmp_path / "a.h5", rows._replace(standard_error=errors), batches, dtype="float16")
    np.testing.assert_array_equal(got.standard_error, errors * rows.one_hot.sum(axis=1))
    assert write(tmp_path / "b.h5", rows, batches).standard_error is None


@pytest.mark.parametrize("batches", BATCHES.values(), ids=BATCHES)
def test_cancellation_is_kept_where_it_is_told(tmp_path, batches):
    rows, told = random_rows(), 10 ** np.arange(11.0)
    got = write(tmp_path / "a.h5", rows._replace(cancellation=told), batches, dtype="float16")
    np.testing.assert_array_equal(got.cancellation, told)
    assert write(tmp_path / "b.h5", rows, batches).cancellation is None


def test_float16_keeps_three_digits(tmp_path):
    rows = random_rows()
    got = write(tmp_path / "a.h5", rows, [slice(0, 11)], dtype="float16")
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
    write(tmp_path / "whole.h5", rows, [slice(0, 11)])
    with pytest.raises(OutputError) as caught:
        write(tmp_path / "a.h5", rows, [slice(0, 11)], dtype="float16")
    assert str(caught.value) == f"cannot write {tmp_path / 'a.h5'}: {reason}"
    assert [file.name for file in tmp_path.iterdir()] == ["whole.h5"]


def test_a_sequence_without_contributions_is_no_loss(tmp_path):
    rows = random_rows()
    rows = rows._replace(hypothetical=rows.hypothetical * 0, contributions=rows.contributions * 0)
    assert not write(tmp_path / "a.h5", rows, [slice(0, 11)], dtype="float16").hypothetical.any()


def test_sequences_longer_than_a_chunk(tmp_path):
    rows = random_rows(n=2, length=70_000)
    got = write(tmp_path / "a.h5", rows, [slice(0, 1), slice(1, 2)])
    np.testing.assert_array_equal(got.hypothetical, rows.hypothetical)


def test_a_file_with_rows_or_regions_missing_is_not_kept(tmp_path):
    rows = random_rows()
    path = tmp_path / "a.h5"
    with pytest.raises(OutputError) as caught:
        write(path, rows, [slice(0, 4)])
    assert str(caught.value) == f"cannot write {path}: 7 of 11 sequences were never given"
    with (
        pytest.raises(OutputError, match="the regions were never given"),
        ContributionWriter(path, 11, 30) as writer,
    ):
        writer.write(slice(0, 11), rows)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_interrupted_file_is_not_kept_and_the_old_one_stays(tmp_path, error):
    rows = random_rows()
    path = tmp_path / "a.h5"
    path.write_text("old")

    def interrupted() -> None:
        with ContributionWriter(path, 11, 30) as writer:
            writer.write(slice(0, 4), part_of(rows, slice(0, 4)))
            raise error("stop")

    with pytest.raises(error):
        interrupted()
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("field", "shape"),
    [
        ("hypothetical", (11, 4, 29)),
        ("contributions", (11, 4, 30)),
        ("difference", (10,)),
        ("one_hot", (11, 30, 4)),
    ],
)
def test_a_wrong_shape_is_named(tmp_path, field, shape):
    rows = random_rows()._replace(**{field: np.zeros(shape)})
    with (
        pytest.raises(OutputError) as caught,
        ContributionWriter(tmp_path / "a.h5", 11, 30) as writer,
    ):
        writer.write(slice(0, 11), rows)
    wanted = getattr(random_rows(), field).shape
    assert (
        str(caught.value) == f"cannot write {tmp_path / 'a.h5'}: {field} has the shape {shape}, not {wanted}"
    )


def test_the_wrong_number_of_regions_is_named(tmp_path):
    with (
        pytest.raises(OutputError, match="2 regions for 11 sequences"),
        ContributionWriter(tmp_path / "a.h5", 11, 30) as writer,
    ):
        writer.write_regions(regions_of(2))


@pytest.mark.parametrize(("n", "length"), [(0, 30), (11, 0)])
def test_an_empty_file_is_refused(tmp_path, n, length):
    with pytest.raises(OutputError, match="there are no contributions to write"):
        ContributionWriter(tmp_path / "a.h5", n, length)


def test_a_missing_folder_and_an_attribute_too_large_for_hdf5_are_one_line(tmp_path):
    with (
        pytest.raises(OutputError, match="No such file or directory"),
        ContributionWriter(tmp_path / "none" / "a.h5", 1, 1),
    ):
        pass
    with (
        pytest.raises(OutputError, match="object header message is too large"),
        ContributionWriter(tmp_path / "a.h5", 1, 1, {"note": {"x": "y" * 70_000}}),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


WRITING = """
    n, length = 60, 500
    rng = np.random.default_rng(0)
    with ContributionWriter('a.h5', n, length, {'seed': 1}) as writer:
        writer.write_regions([Region('chr1', i, i + length) for i in range(n)])
        for i in range(0, n, 20):
            h = rng.normal(size=(20, 4, length)).astype('f4')
            writer.write(slice(i, i + 20), Rows(np.ones(h.shape, 'i1'), h, h[:, 0], h[:, 0, 0], h[:, 0, 0]))
"""


@pytest.mark.parametrize("limit", [0, 10, 1000, 3000, 100_000, 300_000])
def test_a_full_disk_is_one_line_and_no_crash(with_full_disk, tmp_path, limit):
    writer = "from seqattr.io.hdf5.contributions import ContributionWriter, Rows"
    imports = f"{writer}\nfrom seqattr.dna.regions import Region"
    out = with_full_disk(imports, WRITING.strip(), limit)
    assert out == "OutputError: cannot write a.h5: File too large"
    assert list(tmp_path.iterdir()) == []


def test_the_same_code_writes_where_there_is_room(with_full_disk, tmp_path):
    writer = "from seqattr.io.hdf5.contributions import ContributionWriter, Rows"
    imports = f"{writer}\nfrom seqattr.dna.regions import Region"
    assert with_full_disk(imports, WRITING.strip(), 10**7) == "written"
    assert len(read_contributions(tmp_path / "a.h5").regions) == 60


def test_a_part_can_be_read_at_a_time(tmp_path):
    rows = random_rows()
    write(tmp_path / "a.h5", rows, [slice(0, 11)])
    with open_contributions(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file.hypothetical[3:5], rows.hypothetical[3:5])
        np.testing.assert_array_equal(file.one_hot[3:5], rows.one_hot[3:5])
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
    write(path, random_rows(), [slice(0, 11)])
    with h5py.File(path, "a") as file:
        values = file[name][:-1]
        del file[name]
        file[name] = values
    with pytest.raises(InputError, match=r"holds datasets that do not fit one shape \(N, 4, L\)"):
        read_contributions(path)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_file_is_named(tmp_path, share):
    path = tmp_path / "a.h5"
    write(path, random_rows(), [slice(0, 11)])
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
    write(path, rows, [slice(None)])
    with h5py.File(path, "r+") as file:
        del file[name]
        kind = h5py.string_dtype() if name == "regions/chrom" else None
        file.create_dataset(name, data=values(len(rows.difference)), dtype=kind)
    with pytest.raises(InputError, match=r"a\.h5 (has the dataset|holds datasets|is no whole)"):
        read_contributions(path)


def test_odd_attributes_are_no_failure_of_json_or_numpy(tmp_path):
    path = tmp_path / "a.h5"
    write(path, random_rows(), [slice(None)])
    with h5py.File(path, "r+") as file:
        file.attrs["told"] = np.bytes_("{")
    assert read_contributions(path).attributes["told"] == b"{"
    with h5py.File(path, "r+") as file:
        file["regions"].attrs["forward"] = np.zeros(3)
    with pytest.raises(InputError, match="does not say whether its rows lie forward"):
        read_contributions(path)


def test_a_small_file_of_huge_datasets_is_refused_before_memory_is_taken(tmp_path):
    path = tmp_path / "a.h5"
    write(path, random_rows(), [slice(None)])
    with h5py.File(path, "r+") as file:
        for name in [*COLUMNS, *NUMBERS, *(f"regions/{place}" for place in PLACES)]:
            kind, shape = file[name].dtype, (2**40, *file[name].shape[1:])
            del file[name]
            file.create_dataset(name, shape=shape, dtype=kind, chunks=(2**10, *shape[1:]))
    assert path.stat().st_size < 10**5
    with pytest.raises(InputError, match="more than there is memory for"):
        read_contributions(path)
