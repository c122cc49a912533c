"""bigWig tracks, read back by pyBigWig."""

from pathlib import Path

import numpy as np
import pyBigWig
import pytest

from seqattr.errors import InputError, OutputError
from seqattr.io.bigwig import Track, write_bigwig, write_stretches
from seqattr.io.bigwig_values import Stretches
from tests.helpers.timing import least_seconds


def values_of(path: Path, chrom: str) -> np.ndarray:
    """All values of a chromosome, NaN where there is none."""
    with pyBigWig.open(str(path)) as file:
        return file.values(chrom, 0, file.chroms(chrom), numpy=True)


def random_values(rng: np.random.Generator, length: int) -> np.ndarray:
    return (rng.normal(size=length) * 10.0 ** rng.integers(-20, 5)).astype(np.float32)


def test_values_come_back_to_the_last_bit(tmp_path):
    """Random tracks with gaps against plain arrays of the chromosomes."""
    rng = np.random.default_rng(0)
    for trial in range(10):
        sizes = {f"chr{i}": int(rng.integers(1, 40_000)) for i in rng.permutation(6)}
        expected = {name: np.full(size, np.nan, dtype=np.float32) for name, size in sizes.items()}
        tracks = []
        for name, size in sizes.items():
            edges = np.unique(rng.integers(0, size + 1, size=int(rng.integers(2, 12)))).tolist()
            for start, end in zip(edges[::2], edges[1::2], strict=False):
                values = random_values(rng, end - start)
                values[rng.random(len(values)) < 0.01] = np.nan
                expected[name][start:end] = values
                tracks.append(Track(name, start, values))
        write_bigwig(tmp_path / f"{trial}.bw", sizes, tracks)
        for name, values in expected.items():
            np.testing.assert_array_equal(values_of(tmp_path / f"{trial}.bw", name), values)


def test_all_chromosomes_stand_in_the_header_in_their_order(tmp_path):
    sizes = {"chr10": 100, "chr2": 50, "chr1": 70, "unused": 9}
    write_bigwig(tmp_path / "a.bw", sizes, [Track("chr2", 3, np.ones(4, np.float32))])
    with pyBigWig.open(str(tmp_path / "a.bw")) as file:
        assert list(file.chroms().items()) == list(sizes.items())


def test_the_summary_is_that_of_the_values(tmp_path):
    values = np.random.default_rng(1).normal(size=5000).astype(np.float32) * 100
    write_bigwig(tmp_path / "a.bw", {"c": 9000}, [Track("c", 1000, values)])
    with pyBigWig.open(str(tmp_path / "a.bw")) as file:
        header = file.header()
    assert header["nBasesCovered"] == 5000
    # pyBigWig shows whole numbers
    for key, value in [("minVal", values.min()), ("maxVal", values.max()), ("sumData", values.sum())]:
        assert abs(header[key] - value) <= 1
    assert header["sumSquared"] == pytest.approx(np.square(values.astype(float)).sum(), rel=1e-5)


def test_there_are_zoom_levels(tmp_path):
    """A genome browser draws nothing of a file without them."""
    size = 32 * 4**6
    values = np.resize([0.5, 1.5], size)  # one value alone would be one interval
    write_bigwig(tmp_path / "a.bw", {"c": size}, [Track("c", 0, values)])
    with pyBigWig.open(str(tmp_path / "a.bw")) as file:
        assert file.header()["nLevels"] > 1
        assert file.stats("c", 0, size, nBins=4) == pytest.approx(
            [1] * 4, abs=0.01
        )  # pyBigWig's last bin is a little off


def names(count: int) -> list[str]:
    return [f"r{number:06d}" for number in range(count)]


@pytest.mark.parametrize("count", [1, 255, 256, 257, 2000])
def test_any_number_of_chromosomes_is_found(tmp_path, count):
    """One node of the trees, or several levels of them."""
    tracks = [Track(name, 2, np.full(3, number, np.float32)) for number, name in enumerate(names(count))]
    write_bigwig(tmp_path / "a.bw", dict.fromkeys(names(count), 10), tracks)
    with pyBigWig.open(str(tmp_path / "a.bw")) as file:
        assert list(file.chroms()) == names(count)
        for number, name in [*enumerate(names(count))][:: max(1, count // 50)]:
            np.testing.assert_array_equal(file.values(name, 1, 6), [np.nan, *[number] * 3, np.nan])
            assert file.stats(name, 0, 10, type="max") == [number]
            assert file.stats(name, 0, 10, type="coverage")[0] == pytest.approx(0.3)


def test_every_zoom_level_sums_up_what_lies_below(tmp_path):
    """As pyBigWig reads it from the level that it picks for a width, and from the values themselves."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=300_000).astype(np.float32)
    tracks = [Track("a", start, values[start : start + 700]) for start in range(0, 300_000, 1000)]
    tracks += [Track("b", 5, values[:60_000])]
    write_bigwig(tmp_path / "a.bw", {"a": 300_000, "b": 100_000}, tracks)
    with pyBigWig.open(str(tmp_path / "a.bw")) as file:
        for chrom, end in (("a", 299_700), ("b", 60_005)):
            for start, stop in ((0, end), (end // 3, end // 2), (1000, 21_000)):
                inside = file.values(chrom, start, stop, numpy=True)
                for kind, wanted, error in (
                    ("mean", np.nanmean(inside), 0.02),
                    ("max", np.nanmax(inside), 0.6),
                    ("min", np.nanmin(inside), 0.6),
                    ("coverage", np.isfinite(inside).mean(), 0.02),
                    ("std", np.nanstd(inside), 0.02),
                ):
                    (found,) = file.stats(chrom, start, stop, type=kind)
                    assert found == pytest.approx(wanted, abs=error), (chrom, start, stop, kind)


def test_the_time_is_in_proportion_to_the_chromosomes(tmp_path):
    """Were it to grow with their square, 16 times as many would take 16 times as long each."""

    def seconds_each(count: int) -> float:
        tracks = [Track(name, 0, ONES) for name in names(count)]
        sizes = dict.fromkeys(names(count), 10)
        return least_seconds(lambda: write_bigwig(tmp_path / "a.bw", sizes, tracks)) / count

    assert seconds_each(16_000) < 6 * seconds_each(1000)


def test_one_very_long_name(tmp_path):
    name = "x" * 5000
    write_bigwig(tmp_path / "a.bw", {name: 5}, [Track(name, 0, np.arange(5.0))])
    np.testing.assert_array_equal(values_of(tmp_path / "a.bw", name), np.arange(5))


def test_values_that_are_alike_are_compressed(tmp_path):
    """Four bytes a base for values that are noise; of a plateau little but its zoom levels."""
    values = np.random.default_rng(0).normal(size=100_000).astype(np.float32)
    sizes = {}
    for name, track in (
        ("noise", values),
        ("plateau", np.full(100_000, values[0])),
        ("few", values.round(0)),
    ):
        write_bigwig(tmp_path / f"{name}.bw", {"c": 10**6}, [Track("c", 7, track)])
        np.testing.assert_array_equal(values_of(tmp_path / f"{name}.bw", "c")[7:100_007], track)
        sizes[name] = (tmp_path / f"{name}.bw").stat().st_size / len(track)
    assert sizes["plateau"] < 0.9
    assert sizes["few"] < 2.5
    assert 4 < sizes["noise"] < 5.5


def test_values_are_the_same_however_they_are_batched(tmp_path):
    values = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    values[np.random.default_rng(1).random(5000) < 0.1] = np.nan
    for name, cuts in (("whole", []), ("parts", [1, 2, 700, 701, 4000])):
        parts = np.split(values, cuts)
        starts = np.array([10, *(10 + cut for cut in cuts)])
        batches = [
            Stretches(np.zeros(1, np.intp), start[None], np.array([len(part)]), part)
            for start, part in zip(starts, parts, strict=True)
        ]
        write_stretches(tmp_path / f"{name}.bw", {"c": 6000}, batches)
        np.testing.assert_array_equal(values_of(tmp_path / f"{name}.bw", "c")[10:5010], values)
    with pyBigWig.open(str(tmp_path / "whole.bw")) as a, pyBigWig.open(str(tmp_path / "parts.bw")) as b:
        for kind in ("mean", "min", "max", "std", "coverage"):
            one, other = (file.stats("c", 10, 5010, nBins=10, type=kind) for file in (a, b))
            np.testing.assert_allclose(one, other, rtol=1e-5)
        counts = a.header()["nBasesCovered"], b.header()["nBasesCovered"]
    assert counts == (np.isfinite(values).sum(),) * 2


ONES = np.ones(10, np.float32)


@pytest.mark.parametrize(
    ("tracks", "line"),
    [
        ([("b", 45, ONES)], "the track at b:45-55 lies partly outside b, which has 50 bases"),
        ([("b", -1, ONES)], "the track at b:-1-9 lies partly outside b, which has 50 bases"),
        ([("x", 0, ONES)], "the track at x:0-10 lies on a chromosome that is not in the chromosome sizes"),
        ([("b", 0, ONES), ("b", 9, ONES)], "the track at b:9-19 overlaps the one before or is out of order"),
        ([("b", 20, ONES), ("b", 0, ONES)], "the track at b:0-10 overlaps the one before or is out of order"),
        ([("a", 0, ONES), ("b", 0, ONES)], "the track at b:0-10 overlaps the one before or is out of order"),
        ([("b", 0, ONES * np.inf)], "the track at b:0 holds an infinity (as float32)"),
        ([("b", 0, np.full(3, 1e39))], "the track at b:0 holds an infinity (as float32)"),
    ],
)
def test_a_bad_track_is_named_and_nothing_written(tmp_path, tracks, line):
    with pytest.raises(InputError) as caught:
        write_bigwig(tmp_path / "a.bw", {"b": 50, "a": 50}, [Track(*t) for t in tracks])
    assert str(caught.value) == line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({}, "needs the size of at least one chromosome"),
        ({"a": 0}, "chromosome 'a' of size 0"),
        ({"a": 2**32}, "chromosome 'a' of size 4294967296"),
        ({"": 5}, "chromosome '' of size 5"),
    ],
)
def test_bad_sizes_are_refused(tmp_path, sizes, message):
    with pytest.raises(InputError, match=message):
        write_bigwig(tmp_path / "a.bw", sizes, [])


def test_a_missing_folder_is_an_error_and_no_crash(tmp_path):
    with pytest.raises(OutputError, match="No such file or directory"):
        write_bigwig(tmp_path / "none" / "a.bw", {"a": 50}, [Track("a", 0, ONES)])


@pytest.mark.parametrize("limit", [0, 100, 3000, 100_000])
def test_a_full_disk_is_one_line_and_leaves_nothing(with_full_disk, tmp_path, limit):
    out = with_full_disk(
        "from seqattr.io.bigwig import Track, write_bigwig",
        "values = np.random.default_rng(0).normal(size=10**5); "
        "write_bigwig('a.bw', {'c': 10**6}, [Track('c', 0, values)])",
        limit,
    )
    assert out == "OutputError: cannot write a.bw: File too large"
    assert list(tmp_path.iterdir()) == []
