"""Patterns of TF-MoDISco."""

import gzip
from pathlib import Path

import h5py
import numpy as np
import pytest

from seqattr.errors import InputError
from seqattr.io.motifs.modisco import core, has_patterns, parse_modisco, read_modisco
from seqattr.motifs.sources import read_motifs
from tests.helpers.modisco_files import RECORDED, pattern, write_modisco_like


def consensus(probabilities: np.ndarray) -> str:
    return "".join("ACGT"[row] for row in probabilities.argmax(axis=0))


def test_a_real_result_holds_the_motifs_of_the_simulation():
    patterns = read_modisco(RECORDED)
    assert [(one.name, one.seqlets) for one in patterns] == [
        ("pos_patterns.pattern_0", 78),
        ("pos_patterns.pattern_1", 38),
    ]
    assert all(one.probabilities.shape == one.contributions.shape == (4, 50) for one in patterns)
    assert [consensus(one.trimmed().probabilities) for one in patterns] == ["CAGATGG", "GATAAGG"]
    motifs = read_motifs([RECORDED])
    assert list(motifs) == [one.name for one in patterns]
    assert [motif.width for motif in motifs.values()] == [7, 7]
    for motif, one in zip(motifs.values(), patterns, strict=True):
        assert motif.contributions is not None
        np.testing.assert_array_equal(motif.contributions, one.trimmed().contributions)
        assert (motif.contributions.sum(axis=0) > 0.1).all()  # as the simulation's motifs are for the target


def test_patterns_for_and_against_come_by_number_with_the_sign_of_their_contributions(tmp_path):
    names = ["neg_patterns/pattern_0", "pos_patterns/pattern_10", "pos_patterns/pattern_9"]
    words = {names[0]: pattern("GGGCCT", weight=-2.0), names[1]: pattern("ACGTA"), names[2]: pattern("TTAGC")}
    path = write_modisco_like(tmp_path / "a.h5", words)
    matrices = parse_modisco(path, strict=True).matrices
    assert list(matrices) == [
        "pos_patterns.pattern_9",
        "pos_patterns.pattern_10",
        "neg_patterns.pattern_0",
    ]
    assert [consensus(one.probabilities) for one in matrices.values()] == ["TTAGC", "ACGTA", "GGGCCT"]
    against = matrices["neg_patterns.pattern_0"].contributions
    assert against is not None
    np.testing.assert_array_equal(against.sum(axis=0), np.full(6, -2.0))
    assert [one.seqlets for one in read_modisco(path)] == [50, 50, 60]


def slow_core(contributions: np.ndarray, share: float = 0.3) -> tuple[int, int]:
    """Step inwards from both ends while positions matter less than the share of the largest."""
    importance = [sum(abs(value) for value in column) for column in contributions.T]
    least, first, last = share * max(importance), 0, len(importance) - 1
    while importance[first] < least:
        first += 1
    while importance[last] < least:
        last -= 1
    return first, last + 1


def test_flanks_are_cut_where_importance_is_less_than_a_third():
    rng = np.random.default_rng(0)
    for _ in range(50):
        contributions = rng.normal(0, 1, (4, 20)) * rng.exponential(1, 20) ** 2
        assert core(contributions) == slow_core(contributions)


def test_columns_are_shares_of_the_seqlets_that_have_a_base_there(tmp_path):
    shares, contributions, seqlets = pattern("ACGTA")
    path = write_modisco_like(
        tmp_path / "a.h5", {"pos_patterns/pattern_0": (shares * 0.8, contributions, seqlets)}
    )
    (matrix,) = parse_modisco(path, strict=True).matrices.values()
    np.testing.assert_allclose(matrix.probabilities.sum(axis=0), 1, atol=1e-12)
    np.testing.assert_allclose(matrix.probabilities, shares[:, 5:-5] / shares[:, 5:-5].sum(axis=0))


def test_patterns_of_several_files_have_the_files_names_in_front(tmp_path):
    paths = [
        write_modisco_like(tmp_path / f"{stem}.modisco.h5", {"pos_patterns/pattern_0": pattern("ACGTA")})
        for stem in ("TAL1", "GATA1")
    ]
    assert list(read_motifs(paths)) == ["TAL1.pos_patterns.pattern_0", "GATA1.pos_patterns.pattern_0"]
    assert next(iter(read_motifs([paths[0], "bundled"]))) == "pos_patterns.pattern_0"
    with pytest.raises(InputError, match=r"the motif 'TAL1.pos_patterns.pattern_0' is in .* and again in"):
        read_motifs([paths[0], paths[0]])


def test_a_pattern_that_is_like_a_known_motif_has_its_name_behind(tmp_path):
    path = write_modisco_like(tmp_path / "a.h5", {"pos_patterns/pattern_0": pattern("ACGTA")})
    odd = (np.bytes_("two words"), 7, "of any length", np.array([b"a", b"b"]))
    for nearest, name in [
        (np.bytes_("CTCF.H13"), "pattern_0.CTCF.H13"),
        (np.bytes_("bêta".encode()), "pattern_0.bêta"),
        *((one, "pattern_0") for one in odd),
    ]:
        with h5py.File(path, "r+") as file:
            file["pos_patterns/pattern_0"].attrs["nearest"] = nearest
        assert list(read_motifs([path])) == [f"pos_patterns.{name}"]
        assert [one.name for one in read_modisco(path)] == [f"pos_patterns.{name}"]


@pytest.mark.parametrize("stored", [None, np.array([np.inf]), np.array([7, 8]), np.array(["a"], "S1")])
def test_a_number_of_seqlets_that_is_none_counts_as_unknown(tmp_path, stored):
    path = write_modisco_like(tmp_path / "a.h5", {"pos_patterns/pattern_0": pattern("ACGTA")})
    with h5py.File(path, "r+") as file:
        del file["pos_patterns/pattern_0/seqlets/n_seqlets"]
        if stored is not None:
            file["pos_patterns/pattern_0/seqlets/n_seqlets"] = stored
    assert [one.seqlets for one in read_modisco(path)] == [0]


# ---- odd ones and what is none


def odd(**changes: object) -> dict[str, object]:
    shares, contributions, _ = pattern("ACGTA")
    return {"sequence": shares.T, "contrib_scores": contributions.T} | changes


ODD = {
    "no contributions": (odd(contrib_scores=None), "has no `contrib_scores` of four numbers"),
    "five letters": (odd(sequence=np.ones((15, 5))), "has no `sequence` of four numbers"),
    "of one dimension": (odd(sequence=np.ones(15)), "has no `sequence` of four numbers"),
    "of text": (
        odd(sequence=np.full((15, 4), "a", h5py.string_dtype())),
        "has no `sequence` of four numbers",
    ),
    "empty": (odd(sequence=np.ones((0, 4))), "has 0 positions, of at least 1"),
    "of two widths": (odd(sequence=np.ones((9, 4))), "has tables of 9 and of 15 positions"),
    "below 0": (odd(sequence=-np.ones((15, 4))), "its `sequence` holds no shares of A, C, G and T"),
    "no base": (odd(sequence=np.zeros((15, 4))), "its `sequence` holds no shares of A, C, G and T"),
    "nan": (
        odd(contrib_scores=np.full((15, 4), np.nan)),
        "its `contrib_scores` holds numbers that are not fin",
    ),
    "zeros": (odd(contrib_scores=np.zeros((15, 4))), "has no contributions other than 0"),
    "too long": (odd(sequence=np.ones((10_001, 4))), "has 10001 positions, of at least 1 and at most 10000"),
}


@pytest.mark.parametrize(("tables", "reason"), ODD.values(), ids=ODD)
def test_an_odd_pattern_is_left_out_with_a_warning(tmp_path, tables, reason):
    path = write_modisco_like(tmp_path / "a.h5", {"pos_patterns/pattern_1": pattern("ACGTA")})
    with h5py.File(path, "r+") as file:
        group = file.create_group("pos_patterns/pattern_0")
        for name, table in tables.items():
            if table is not None:
                group[name] = table
    with pytest.warns(UserWarning, match=rf"left out: pattern 'pos_patterns.pattern_0' in .*{reason}"):
        assert list(read_motifs([path])) == ["pos_patterns.pattern_1"]
    with pytest.raises(InputError, match=reason):
        read_motifs([path], strict=True)


def test_files_without_patterns_are_refused_in_one_line(tmp_path):
    path = tmp_path / "a.h5"
    lines = {
        "raw": "is an HDF5 file without patterns of TF-MoDISco; `modisco motifs` writes one",
        "projected_shap": "without patterns of TF-MoDISco; `seqattr modisco` finds patterns in it",
        "metacluster_idx_to_submetacluster_results": "is of the first TF-MoDISco; `modisco convert",
    }
    for name, line in lines.items():
        with h5py.File(path, "w") as file:
            file.create_group(name)
        assert not has_patterns(path)
        with pytest.raises(InputError, match=line):
            read_motifs([path])
    path.write_bytes(RECORDED.read_bytes()[:5000])
    with pytest.raises(
        InputError, match=r"is no whole file of patterns: .*; give what `modisco motifs` wrote"
    ):
        read_motifs([path])
    path.write_bytes(gzip.compress(RECORDED.read_bytes()))
    with pytest.raises(InputError, match=r"is an HDF5 file inside gzip; unpack it first \(`gunzip`\)"):
        read_motifs([path])
    assert has_patterns(Path(RECORDED))
