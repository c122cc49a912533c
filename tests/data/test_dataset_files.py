"""A data set of one's own in a folder: what is read, how it is split, and what is said of a spoilt one."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from seqattr.data import splitting
from seqattr.data.dataset import Dataset
from seqattr.data.dataset_files import read_dataset
from seqattr.data.simulate import Simulation, TalGata, simulate_tal_gata
from seqattr.data.simulation_files import write_simulation
from seqattr.errors import InputError
from seqattr.io.fasta.records import Record

NAMES = [f"s{number}" for number in range(20)]
FILES = {
    "sequences.fa": "".join(f">{name}\nACGTN\n" for name in NAMES),
    "labels.tsv": "id\ta\tb\n" + "".join(f"{name}\t{n}\t{n / 4}\n" for n, name in enumerate(NAMES)),
}


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def read(folder: Path, **changed: str) -> Dataset:
    return read_dataset(written(folder, FILES | {f"{name}.tsv": text for name, text in changed.items()}))


# ---- what is read


def test_rows_in_any_order_are_those_of_the_sequences(tmp_path: Path) -> None:
    header, *rows = FILES["labels.tsv"].splitlines()
    given = "\r\n".join([header, *reversed(rows)])
    splits = "name\tsplit\n" + "".join(f"{name}\ttrain\n" for name in reversed(NAMES[1:])) + "s0\ttest\n"
    dataset = read(tmp_path, labels=given, splits=splits)
    assert (dataset.names, dataset.tasks) == (tuple(NAMES), ("a", "b"))
    np.testing.assert_array_equal(dataset.labels, [(n, n / 4) for n in range(20)])
    assert dataset.splits == ("test", *["train"] * 19)
    assert dataset.codes.tolist() == [[0, 1, 2, 3, 4]] * 20
    assert dataset.notes == ()
    assert not dataset.classes


def test_classes_are_known_by_their_numbers(tmp_path: Path) -> None:
    dataset = read(tmp_path, labels="name\ty\n" + "".join(f"{name}\t{1.0}\n" for name in NAMES))
    assert dataset.classes
    assert dataset.labels.dtype == np.int8


def test_a_simulation_is_a_data_set(tmp_path: Path) -> None:
    simulation = simulate_tal_gata(TalGata(count=40), seed=1)
    write_simulation(tmp_path, simulation)
    whole = read_dataset(tmp_path)
    assert isinstance(whole, Simulation)
    (tmp_path / "simulation.json").unlink()
    alone = read_dataset(tmp_path)
    assert not isinstance(alone, Simulation)
    for split in ("train", "valid", "test"):
        assert alone.digest(split) == whole.digest(split) == simulation.digest(split)


def test_the_digest_is_of_numbers_too(tmp_path: Path) -> None:
    one = read(tmp_path)
    other = read(tmp_path, labels=FILES["labels.tsv"].replace("\t0.25", "\t0.26"))
    split = one.splits[1]
    assert one.digest(split) != other.digest(split)


# ---- splits


def headers(names: list[str]) -> dict[str, str]:
    return {
        "sequences.fa": "".join(f">{name}\nACGT\n" for name in names),
        "labels.tsv": "name\ty\n" + "".join(f"{name}\t{n}\n" for n, name in enumerate(names)),
    }


def test_without_splits_a_tenth_each_is_drawn(tmp_path: Path) -> None:
    one, again = read(tmp_path), read_dataset(tmp_path)
    assert sorted(one.splits) == ["test"] * 2 + ["train"] * 16 + ["valid"] * 2
    assert one.splits == again.splits != tuple(sorted(one.splits))
    assert one.notes == ("there is no splits.tsv: 2 sequences at random for testing, 2 for validation",)


def test_regions_are_split_by_chromosome(tmp_path: Path) -> None:
    names = [f"chr{n % 10}:{100 * n}-{100 * n + 4}" for n in range(60)]
    dataset = read_dataset(written(tmp_path, headers(names)))
    of_each: dict[str, set[str]] = {}
    for name, split in zip(dataset.names, dataset.splits, strict=True):
        of_each.setdefault(name.split(":")[0], set()).add(split)
    assert all(len(splits) == 1 for splits in of_each.values())
    held = {next(iter(splits)): chromosome for chromosome, splits in of_each.items()}
    assert set(held) == {"train", "valid", "test"}
    assert dataset.notes == (
        f"there is no splits.tsv: {held['test']} for testing, {held['valid']} for validation",
    )


def test_few_chromosomes_are_split_at_random(tmp_path: Path) -> None:
    names = [f"chr{n % 2}:{100 * n}-{100 * n + 4}" for n in range(60)]
    assert "at random" in read_dataset(written(tmp_path, headers(names))).notes[0]


# ---- what is spoilt


LABELS = FILES["labels.tsv"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LABELS.replace("s3\t3\t0.75\n", ""), r"labels.tsv has no row for s3 of sequences.fa"),
        ("id\ta\tb\ns0\t1\t1\n", r"has no row for s1, s2, s3, ... \(19\) of sequences.fa"),
        (LABELS + "x\t1\t1\n", "has rows for x, not in sequences.fa"),
        (LABELS + "s3\t1\t1\n", "has two rows for 's3', lines 5 and 22"),
        (LABELS.replace("s3\t3\t", "s3\tNA\t"), "line 5 of .*labels.tsv has 'NA' for a: .* a finite number"),
        (LABELS.replace("s3\t3\t", "s3\tnan\t"), "has 'nan' for a"),
        (LABELS.replace("s3\t3\t", "s3\tinf\t"), "has 'inf' for a"),
        (LABELS.replace("s3\t3\t", "s3\t\t"), "has '' for a"),
        (LABELS.replace("s3\t3\t", "s3\t"), "line 5 of .* has 2 columns, its header 3"),
        (LABELS.split("\n", 1)[1], "must begin with a header: its first line is of the sequence 's0'"),
        (LABELS.replace("id\ta\tb", "id\ta\ta"), "one column of the name 'a', not two"),
        ("".join(f"{name}\n" for name in ["id", *NAMES]), "a column of names and a column for each task"),
    ],
)
def test_labels_that_do_not_fit(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, labels=text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\tsplit\ns0\ttrain\n", "splits.tsv has no row for s1"),
        ("name\tsplit\n" + "".join(f"{name}\tdev\n" for name in NAMES), "line 2 of .* has the split 'dev'"),
        ("name\ta\tb\n" + "".join(f"{name}\ttrain\t1\n" for name in NAMES), "must have two columns"),
    ],
)
def test_splits_that_do_not_fit(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, splits=text)


def test_sequences_of_several_lengths(tmp_path: Path) -> None:
    written(tmp_path, FILES | {"sequences.fa": FILES["sequences.fa"].replace(">s2\nACGTN", ">s2\nACG")})
    with pytest.raises(InputError, match="one length, but 's0' has 5 bases and 's2' 3"):
        read_dataset(tmp_path)


def test_what_is_no_folder_of_a_data_set(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path, r"there is no .*sequences.fa; a folder with sequences.fa and labels.tsv is wanted"),
        (tmp_path / "none", "there is no folder .*none; a folder with"),
    ):
        with pytest.raises(InputError, match=message):
            read_dataset(path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file is a file; a folder with"):
        read_dataset(tmp_path / "file")


def test_a_task_has_a_name(tmp_path):
    (tmp_path / "sequences.fa").write_text(">a\nACGT\n>b\nACGA\n")
    (tmp_path / "labels.tsv").write_text("name\t\thk \na\t0\t1\nb\t1\t0\n")
    with pytest.raises(InputError, match=r"column 2 of .* has no name in the header: name its task"):
        read_dataset(tmp_path)
    (tmp_path / "labels.tsv").write_text("name\tdev\thk \na\t0\t1\nb\t1\t0\n")
    assert read_dataset(tmp_path).tasks == ("dev", "hk")


def test_a_random_split_hangs_on_the_names_alone():
    records = [Record(f"n{i}", f"n{i}", "ACGT") for i in range(60)]
    there, back = splitting.split(records)[0], splitting.split(records[::-1])[0]
    assert there == back[::-1]
    assert [there.count(name) for name in ("test", "valid", "train")] == [6, 6, 48]
