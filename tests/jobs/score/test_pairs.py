"""Both alleles of a variant against the same references: contributions differ by what the outputs do."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import seqattr
from seqattr.dna.alphabet import one_hot
from seqattr.errors import InputError
from seqattr.inputs import Inputs, from_fasta
from seqattr.io.fasta.records import write_fasta
from seqattr.jobs.score.settings import Settings
from seqattr.jobs.score.task import Scoring
from seqattr.methods.registry import METHODS
from seqattr.refs.kinds import REFERENCES
from tests.conftest import LENGTH, random_texts

GENOME = random_texts(1, 2 * LENGTH)[0]
CHANGES = [(1, "G"), (1, "T"), (0, "GATT"), (3, ""), (2, "CAGT")]  # bases that go, bases that come
ADDITIVE = [name for name, entry in METHODS.items() if entry.complete and not entry.needs_patterns]
SPECS = [*(f"{name}:4" for name, entry in REFERENCES.items() if entry.takes_number), "freq", "zeros", "fasta"]


def alleles() -> list[str]:
    """Windows of both alleles of each variant; then of an insertion, left of a base that is not known."""
    texts = []
    for number, (gone, come) in enumerate([*CHANGES, (0, "GATT")]):
        first, at = 5 * number, LENGTH // 2 + 5 * number
        genome = GENOME if number < len(CHANGES) else GENOME[: at + 9] + "N" + GENOME[at + 10 :]
        changed = genome[:at] + come + genome[at + gone :]
        texts += [text[first : first + LENGTH] for text in (genome, changed)]
    return texts


def models() -> list[seqattr.Model]:
    made = []
    for seed in (0, 1):
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            body = nn.Conv1d(4, 6, 5), nn.ReLU(), nn.MaxPool1d(4), nn.Flatten()
            net = nn.Sequential(*body, nn.Linear(54, 8), nn.ReLU(), nn.Linear(8, 2)).double().eval()
        made.append(seqattr.Model(net, torch.zeros(2, 4, LENGTH).double()))
    return made


@pytest.fixture(scope="module")
def folds() -> list[seqattr.Model]:
    return models()


@pytest.fixture(scope="module")
def windows(tmp_path_factory) -> Inputs:
    return from_fasta(fasta_of(tmp_path_factory.mktemp("pairs"), alleles()))


def fasta_of(folder: Path, texts: list[str]) -> Path:
    write_fasta(
        folder / "a.fa", [f"v{row // 2}/{('ref', 'alt')[row % 2]}" for row in range(len(texts))], texts
    )
    return folder / "a.fa"


def sums(folds: list[seqattr.Model], windows: Inputs, **settings) -> np.ndarray:
    """(targets, N) of contributions, as a run works them out before they are rounded for a file."""
    scoring = Scoring(folds, ["a", "b"][: len(folds)], windows, Settings(pairs=True, **settings))
    work = scoring.calculation
    begun = work.begin(work.draw(0))
    return scoring.setup.results(begun.pending[0])[0].contributions.double().sum(2).numpy()


def changes(folds: list[seqattr.Model], both_strands: bool = False) -> np.ndarray:
    """Of the outputs, (targets, pairs)."""
    x = torch.from_numpy(one_hot(alleles())).double()
    strands = [x, x.flip(1, 2)] if both_strands else [x]
    mean = torch.stack([model.predict(one) for model in folds for one in strands]).mean(0).numpy()
    return (mean[1::2] - mean[::2]).T


@pytest.mark.parametrize("method", ADDITIVE)
def test_contributions_of_both_alleles_differ_by_what_the_outputs_do(folds, windows, method):
    found = sums(folds[:1], windows, method=method)
    np.testing.assert_allclose(found[:, 1::2] - found[:, ::2], changes(folds[:1]), atol=1e-9)


@pytest.mark.parametrize("spec", SPECS)
def test_whatever_the_references_are(folds, windows, spec, tmp_path):
    if spec == "fasta":
        spec = f"fasta:{fasta_of(tmp_path, alleles()[::-1])}"
    found = sums(folds[:1], windows, references=spec)
    np.testing.assert_allclose(found[:, 1::2] - found[:, ::2], changes(folds[:1]), atol=1e-9)


def test_of_folds_and_both_strands_as_well_whatever_the_batch(folds, windows):
    for size in (None, 1):
        found = sums(folds, windows, both_strands=True, batch_size=size)
        np.testing.assert_allclose(found[:, 1::2] - found[:, ::2], changes(folds, True), atol=1e-9)


def test_a_reference_allele_has_the_contributions_that_it_has_alone(folds, windows, tmp_path):
    alone = from_fasta(fasta_of(tmp_path, alleles()))
    paired = sums(folds[:1], windows)
    scoring = Scoring(folds[:1], ["a"], alone, Settings())
    begun = scoring.calculation.begin(scoring.calculation.draw(0))
    single = scoring.setup.results(begun.pending[0])[0].contributions.double().sum(2).numpy()
    np.testing.assert_array_equal(paired[:, :10:2], single[:, :10:2])
    assert (paired[:, 1:10:2] != single[:, 1:10:2]).all()


@pytest.mark.parametrize("texts", [3, [*random_texts(3), GENOME]])
def test_what_is_no_pair_is_refused(folds, tmp_path, texts):
    texts = random_texts(texts) if isinstance(texts, int) else texts
    with pytest.raises(InputError, match="`pairs` are every two sequences, of one length"):
        Scoring(folds[:1], ["a"], from_fasta(fasta_of(tmp_path, texts)), Settings(pairs=True))
