"""Windows of nothing but N, and of more N than is wanted."""

import pytest

from seqattr.dna.regions import Region
from seqattr.engine.graph.lengths import Lengths
from seqattr.errors import InputError
from seqattr.inputs import Dropped, drop_unknown, fit_windows, from_fasta, from_regions, from_tiles


@pytest.fixture
def records(tmp_path):
    def write(**texts: str):
        (tmp_path / "a.fa").write_text("".join(f">{name}\n{text}\n" for name, text in texts.items()))
        return tmp_path / "a.fa"

    return write


def test_those_without_a_base_are_dropped_and_listed(records):
    found = drop_unknown(from_fasta(records(a="ACGT", b="NNRN", c="NNNA")), strict=False)
    assert list(found.windows.names) == ["a", "c"]
    assert found.dropped == [Dropped("b", Region("b", 0, 4, "b"), "b holds nothing but N")]
    assert found.notes[-1] == "1 of 3 windows were left out: b holds nothing but N"


@pytest.mark.parametrize(("share", "kept"), [(None, "abcd"), (1.0, "abcd"), (0.75, "abcd"), (0.5, "abc"),
                                             (0.49, "ab"), (0.25, "ab"), (0.0, "a")])  # fmt: skip
def test_a_share_of_n_above_the_limit_is_too_much(records, share, kept):
    inputs = from_fasta(records(a="ACGT", b="ACGN", c="ANNT", d="NNNT"))
    found = drop_unknown(inputs, share, strict=True)  # which it is no mistake to leave out
    assert list(found.windows.names) == list(kept)
    assert {one.name for one in found.dropped} == set("abcd") - set(kept)
    if share == 0.49:
        assert found.dropped[0].reason == "2 of the 4 bases of c are N, more than `max_n=0.49` allows"


def test_padding_is_not_counted_and_what_is_cut_off_neither(records):
    inputs = from_fasta(records(a="ACGT", b="NNNNACGTNNNN", c="ACGTNNNNACGT"))
    fitted = fit_windows(inputs, Lengths(8, 8), 8, pad=True, crop=True)
    assert fitted.windows.unknown.tolist() == [0, 4, 4]
    assert list(drop_unknown(fitted, 0.4, strict=False).windows.names) == ["a"]
    shorter = fit_windows(inputs, Lengths(4, 4), 4, crop=True)
    assert list(drop_unknown(shorter, strict=False).windows.names) == ["a", "b"]


def test_a_strict_run_refuses_nothing_but_n_and_so_does_one_of_nothing_else(records):
    inputs = from_fasta(records(a="ACGT", b="NNNN"))
    with pytest.raises(InputError, match=r"^b holds nothing but N$"):
        drop_unknown(inputs, strict=True)
    inputs = from_fasta(records(a="NNNN", b="NNNA"))
    with pytest.raises(InputError, match=r"2 of 2 windows cannot be used: a holds .*; 3 of the 4 bases of b"):
        drop_unknown(inputs, 0.5, strict=False)


@pytest.mark.parametrize("strand", ["+", "-"])
def test_windows_of_regions_and_tiles_are_counted_when_they_are_cut_out(records, tmp_path, strand):
    genome = records(c="ACGTN" + "N" * 20 + "ACGTACGTNN")
    lines = (f"c\t{at}\t{at + 2}\t.\t0\t{strand}\n" for at in (3, 12, 28, 33))
    (tmp_path / "a.bed").write_text("".join(lines))
    found = from_regions(genome, tmp_path / "a.bed", 8, pad=True)
    assert found.windows.unknown.tolist() == [4, 8, 0, 2]
    assert len(drop_unknown(found, 0.45, strict=False).windows) == 2
    tiles = from_tiles(genome, 8, 4)
    assert [one.reason for one in tiles.dropped] == [
        f"c:{at}-{at + 8} holds nothing but N" for at in (4, 8, 12, 16)
    ]
