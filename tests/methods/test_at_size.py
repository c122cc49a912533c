"""`seqattr score` by every method on models of the size that people have: all files open and hold numbers."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyBigWig
import pytest
import torch

import seqattr
from seqattr.dna.alphabet import one_hot
from seqattr.io.fasta.records import write_fasta
from seqattr.io.hdf5.stored import Contributions, read_contributions
from seqattr.methods.registry import METHODS
from speed.models import NETWORKS, network
from tests.conftest import random_texts

pytestmark = pytest.mark.slow
SEQUENCES = {
    "tal-gata": 2,
    "basset": 2,
    "bpnet-profile": 1,
    "transformer": 2,
}  # of NETWORKS, and how many of each
ESTIMATING = ("shapley", "shapley-sampling", "lime")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For each network NAME.pt, NAME.fa and NAME.patterns.h5."""
    folder = tmp_path_factory.mktemp("sized")
    for name, count in SEQUENCES.items():
        length = NETWORKS[name].length
        write_fasta(folder / f"{name}.fa", [f"s{n}" for n in range(count)], random_texts(count, length))
        model = seqattr.Model(network(name), torch.zeros(2, 4, length))
        seqattr.save_model(folder / f"{name}.pt", model)
        learned = seqattr.fit_patterns(model, one_hot(random_texts(20, length, seed=1)))
        seqattr.save_patterns(folder / f"{name}.patterns.h5", learned)
    return folder


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SEQUENCES)
def test_score_writes_valid_files(
    name: str, method: str, folder: Path, ran: Callable, tmp_path: Path
) -> None:
    model, fasta = folder / f"{name}.pt", folder / f"{name}.fa"
    options = ["--refs", "shuffle:1", "--method", method, "--out", tmp_path]
    if METHODS[method].needs_patterns:
        options += ["--patterns", folder / f"{name}.patterns.h5"]
    ran("score", "--model", model, "--fasta", fasta, *options)
    told = json.loads((tmp_path / "run.json").read_text())
    assert told["settings"]["method"] == method
    assert told["sequences"] == SEQUENCES[name]
    assert len(told["targets"]) == NETWORKS[name].tasks
    assert len((tmp_path / "regions.bed").read_text().splitlines()) == SEQUENCES[name]
    everything = [read_contributions(tmp_path / f"{target}.h5") for target in told["targets"]]
    assert any(found.contributions.any() for found in everything)
    for target, found in zip(told["targets"], everything, strict=True):
        check_numbers(found, (SEQUENCES[name], NETWORKS[name].length), method in ESTIMATING)
        check_track(tmp_path / f"{target}.bw", found)
        if METHODS[method].complete:
            assert found.additivity_error.max() < 1e-2


def check_numbers(found: Contributions, shape: tuple[int, int], estimates: bool) -> None:
    assert found.contributions.shape == shape
    assert found.hypothetical.shape == found.one_hot.shape == (shape[0], 4, shape[1])
    for values in (found.contributions, found.hypothetical, found.difference, found.additivity_error):
        assert np.isfinite(values).all()
    assert (found.standard_error is not None) == estimates
    if found.standard_error is not None:
        assert (found.standard_error >= 0).all()


def check_track(path: Path, found: Contributions) -> None:
    """The track holds what the HDF5 file does."""
    with pyBigWig.open(str(path)) as track:
        assert track.isBigWig()
        for row, region in enumerate(found.regions):
            values = track.values(region.chrom, region.start, region.end, numpy=True)
            np.testing.assert_allclose(values, found.contributions[row], rtol=1e-6)
