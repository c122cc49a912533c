"""Names of targets as names of files."""

from pathlib import Path

import pytest

from seqattr.errors import InputError
from seqattr.io.scores_folder import check_told_apart, file_stems, tells_case_apart


def without_case(path: Path, **_: object) -> bool:
    """As a disk that knows no case answers whether a file is there."""
    return path.name.casefold() in {other.name.casefold() for other in path.parent.iterdir()}


@pytest.mark.parametrize("targets", [("CTCF", "ctcf"), ("a", "B", "b"), ("x y", "X_y")])
def test_targets_that_differ_in_case_alone(tmp_path, monkeypatch, targets):
    stems = file_stems(targets)
    if tells_case_apart(tmp_path):
        check_told_apart(tmp_path, stems)
    monkeypatch.setattr(Path, "exists", without_case)
    assert not tells_case_apart(tmp_path)
    line = (
        f"the targets '{targets[-2]}' and '{targets[-1]}' differ in case alone, which .* does not tell apart"
    )
    with pytest.raises(InputError, match=line):
        check_told_apart(tmp_path, stems)
    check_told_apart(tmp_path, file_stems(["a", "b"]))
    assert not any(tmp_path.iterdir())


def test_such_targets_are_scored_where_the_disk_tells_them_apart(
    ran, refused, fixed, fasta, tmp_path, monkeypatch
):
    import seqattr

    model = seqattr.load_model(fixed)
    model.targets = tuple(
        type(target)(name, target.output, target.index)
        for name, target in zip(("CTCF", "ctcf", "c"), model.targets, strict=True)
    )
    seqattr.save_model(tmp_path / "alike.pt", model)
    words = ("score", "--model", tmp_path / "alike.pt", "--fasta", fasta(2), "--refs", "zeros", "--out")
    if tells_case_apart(tmp_path):
        ran(*words, tmp_path / "two")
        assert {"CTCF.h5", "ctcf.h5"} <= {path.name for path in (tmp_path / "two").iterdir()}
    monkeypatch.setattr("seqattr.io.scores_folder.tells_case_apart", lambda _: False)
    line = refused(*words, tmp_path / "one")
    assert "differ in case alone" in line
    assert "--target NAME=EXPRESSION" in line
    assert not any((tmp_path / "one").iterdir())
