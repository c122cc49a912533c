"""Sequences for which a model has no number: marked, listed, and of no harm to the others."""

import json

import h5py
import numpy as np
import pytest
import torch
from torch import nn

import seqattr
from seqattr.errors import NotFinite
from seqattr.inputs import from_fasta
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Settings
from tests.helpers.scoring import read


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Chunks of one row and blocks of seven."""
    monkeypatch.setattr("seqattr.io.hdf5.layout._CHUNK_BYTES", 4 * 40 * 4)
    monkeypatch.setattr("seqattr.jobs.score.plan.BLOCK_BASES", 7 * 40)


class Log(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([x.sum(-1)[:, 0].log(), x.sum(-1)[:, 1]], 1)


@pytest.fixture(scope="module")
def logarithm() -> seqattr.Model:
    """Minus infinity for a sequence without an A."""
    return seqattr.Model(Log(), torch.zeros(2, 4, 40))


def test_a_sequence_without_values_is_marked_and_listed_and_the_others_are_whole(
    logarithm, fasta, texts, tmp_path
):
    records = {f"s{i}": text for i, text in enumerate(texts(20))}
    bad = {"s3": "CGT" * 13 + "C", "s17": "G" * 40}
    settings = Settings(references="freq", batch_size=4)
    summary = score(logarithm, from_fasta(fasta({**records, **bad})), tmp_path / "out", settings)
    score(logarithm, from_fasta(fasta(records, "good.fa")), tmp_path / "good", settings)
    assert summary.failed == 2
    reason = "the model answers -inf for target target0"
    assert summary.notes == [
        f"sequences without values: 2 of 20 (s3, s17), as {reason}; failed.tsv lists them"
    ]
    lines = (tmp_path / "out" / "failed.tsv").read_text().splitlines()
    assert lines[0].split("\t") == ["name", "chrom", "start", "end", "strand", "reason"]
    assert [line.split("\t") for line in lines[1:]] == [
        [name, name, "0", "40", "+", reason] for name in ("s3", "s17")
    ]
    rest = [row for row in range(20) if row not in (3, 17)]
    for target in ("target0", "target1"):
        (found,), (good,) = read(tmp_path / "out", target), read(tmp_path / "good", target)
        np.testing.assert_array_equal(found.contributions[rest], good.contributions[rest])
        assert np.isnan(found.contributions[[3, 17]]).all()
        assert np.isnan(found.difference[[3, 17]]).all()
        with h5py.File(tmp_path / "out" / f"{target}.h5") as file:
            assert np.isnan(file["shap/seq"][3]).all()
            assert file["raw/seq"][3].sum() == 40
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["failed"] == 2
    assert np.isfinite(run["additivity_error"]["target0"]["q1"])


def test_where_no_sequence_has_values_nothing_is_written(logarithm, fasta, tmp_path):
    with pytest.raises(
        NotFinite, match="-inf for target target0 of sequence a, as of all others; nothing was"
    ):
        score(
            logarithm, from_fasta(fasta({"a": "C" * 40, "b": "G" * 40})), tmp_path / "out", Settings("freq")
        )
    assert not (tmp_path / "out" / "run.json").exists()
