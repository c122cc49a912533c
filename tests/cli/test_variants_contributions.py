"""seqattr variants --contributions: both alleles against the same references, drawn for what changes most."""

import re
from pathlib import Path

import numpy as np
import pytest

from seqattr.io.hdf5.stored import open_contributions
from seqattr.io.text import read_json
from tests.cli.test_variants import GENOME, HEAD, table

CHANGES = [(50, 1, "C"), (60, 1, "T"), (80, 1, "GTT"), (110, 3, "A"), (140, 2, "CA"), (199, 4, "TTTAAAC")]


@pytest.fixture
def call(fixed, tmp_path: Path) -> list[object]:
    """Substitutions, insertions and deletions, all of which are explained."""
    lines = [
        f"chr1\t{at + 1}\tv{number}\t{GENOME[at : at + width]}\t{alt}\n"
        for number, (at, width, alt) in enumerate(CHANGES)
    ]
    (tmp_path / "g.fa").write_text(f">chr1\n{GENOME}\n")
    (tmp_path / "v.vcf").write_text(HEAD + "".join(lines))
    words = "variants", "--model", fixed, "--vcf", tmp_path / "v.vcf", "--genome", tmp_path / "g.fa"
    return [*words, "--out", tmp_path / "o", "--contributions", len(CHANGES)]


def differences(folder: Path) -> dict[str, dict[str, float]]:
    """Of the outputs, by target and variant."""
    found: dict[str, dict[str, float]] = {}
    for row in table(folder / "variants.tsv"):
        found.setdefault(row["target"], {})[row["name"]] = float(row["difference"])
    return found


@pytest.mark.parametrize(
    "more", [(), ("--both-strands",), ("--refs", "gc:3", "--method", "deeplift-rescale", "--both-strands")]
)
def test_contributions_differ_by_what_the_outputs_do(ran, call, fixed, tmp_path, more):
    folds = ["--model", fixed] if more else []
    ran(*call, *folds, *more)
    for target, wanted in differences(tmp_path / "o").items():
        with open_contributions(tmp_path / f"o/contributions/{target}.h5") as file:
            sums = np.asarray(file.contributions(slice(None), slice(None), np.float64)).sum(1)
            names = [str(name).removesuffix("/ref") for name in file.names][::2]
        np.testing.assert_allclose(sums[1::2] - sums[::2], [wanted[name] for name in names], atol=1e-5)
    assert read_json(tmp_path / "o/contributions/run.json")["settings"]["pairs"] is True


def test_a_figure_is_of_the_target_in_which_the_outputs_differ_most(ran, call, tmp_path):
    ran(*call)
    found = differences(tmp_path / "o")
    most = {name: max(found, key=lambda target: abs(found[target][name])) for name in found["a"]}
    text = (tmp_path / "o/variants.html").read_text()
    shown = {
        name: target
        for target, name in re.findall(r"contributions to (\w) with either allele of (v\d)", text)
    }
    assert shown == most
    assert len(set(most.values())) > 1


def test_a_variant_that_the_file_has_twice_is_explained_twice(ran, call, tmp_path):
    lines = (tmp_path / "v.vcf").read_text().splitlines(keepends=True)
    (tmp_path / "v.vcf").write_text("".join([*lines, lines[-1]]))
    ran(*call[:-1], 7)
    with open_contributions(tmp_path / "o/contributions/a.h5") as file:
        assert len(set(file.names)) == 14


def test_of_equal_effects_the_first_of_the_file_are_explained(ran, call, tmp_path):
    """Also where a larger one comes behind them."""
    ran(*call[:-2])
    found = differences(tmp_path / "o")
    sizes = {name: max(abs(found[target][name]) for target in found) for name in found["a"]}
    least, *_, most = sorted(sizes, key=sizes.__getitem__)
    lines = {line.split("\t")[2]: line for line in (tmp_path / "v.vcf").read_text().splitlines()[2:]}
    rows = [lines[least].replace(least, name) for name in ("one", "two", "three")]
    (tmp_path / "v.vcf").write_text(HEAD + "\n".join([*rows, lines[most]]) + "\n")
    ran(*call[:-1], 3)
    with open_contributions(tmp_path / "o/contributions/a.h5") as file:
        assert list(file.names)[::2] == [f"{name}/ref" for name in (most, "one", "two")]
