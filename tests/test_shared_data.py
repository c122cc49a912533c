"""Real sequences: human chromosome 1 and CTCF peaks, scored whole, opened again and compared."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pyBigWig
import pytest
import torch
from torch import nn

import seqattr
from seqattr.dna.alphabet import one_hot
from seqattr.dna.order import genome_order
from seqattr.errors import UntrustedModel
from seqattr.inputs import fit_windows, from_fasta
from seqattr.io.bed import read_bed
from seqattr.io.fasta.records import Record, read_fasta
from seqattr.models.recognition import STATE_DICT, recognise
from tests.helpers.cuts import cut_overlaps

SHARED = Path(__file__).parents[2] / "shared"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real inputs are kept beside the repository"),
]
TASKS = ("both", "GATA1", "TAL1")
# Another batch size takes another path through the kernels: float32 rounding.
ROUNDING = {"rtol": 1e-4, "atol": 1e-6}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The architecture of the paper's net with random weights, in our own format."""
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        features = nn.Conv1d(4, 50, 11), nn.ReLU(), nn.Conv1d(50, 50, 11), nn.ReLU()
        pool = nn.AdaptiveAvgPool1d(1), nn.Flatten()
        head = nn.Linear(50, 50), nn.ReLU(), nn.Dropout(), nn.Linear(50, 3), nn.Sigmoid()
        net = nn.Sequential(*features, *pool, *head)
    path = tmp_path_factory.mktemp("network") / "net.pt"
    seqattr.save_model(path, seqattr.Model(net, torch.zeros(2, 4, 200), targets=TASKS))
    return path


@pytest.fixture(scope="module")
def peaks() -> list[Record]:
    return read_fasta(SHARED / "data" / "ctcf.fa.gz")


def write_sizes(records: list[Record], path: Path) -> Path:
    """Chromosome sizes that the headers (chr:start-end) just fit into."""
    sizes: dict[str, int] = {}
    for record in records:
        chrom, _, place = record.name.partition(":")
        sizes[chrom] = max(sizes.get(chrom, 0), int(place.split("-")[1]))
    path.write_text("".join(f"{chrom}\t{size}\n" for chrom, size in sizes.items()))
    return path


def check_rows(out: Path, network: Path, rows: np.ndarray, spec: str) -> None:
    """Some rows of the HDF5 files are the library's own result."""
    model = seqattr.load_model(network)
    with h5py.File(out / "both.h5") as file:
        sequences = file["raw/seq"][:][rows]
    result = seqattr.attribute(model, sequences, seqattr.references(spec, sequences))
    for t, task in enumerate(TASKS):
        with h5py.File(out / f"{task}.h5") as file:
            assert file.attrs["target"] == task
            for name, wanted in (
                ("shap/seq", result.hypothetical[t]),
                ("projected_shap/seq", result.contributions[t].numpy()[:, None] * sequences),
                ("difference", result.difference[t]),
            ):
                np.testing.assert_allclose(file[name][:][rows], np.asarray(wanted), **ROUNDING)


def check_tracks(out: Path, sizes: dict[str, int], padding: int = 0) -> None:
    """Each window's own stretch of the genome, without its padding, holds its row of the HDF5 file."""
    regions = read_bed(out / "regions.bed")
    order = genome_order(regions, sizes)
    cuts = cut_overlaps([regions[i] for i in order])
    for task in TASKS:
        with h5py.File(out / f"{task}.h5") as file, pyBigWig.open(str(out / f"{task}.bw")) as track:
            assert track.chroms() == sizes
            rows = file["projected_shap/seq"][:].sum(1)
            for i, (begin, end) in zip(order, cuts, strict=True):
                region = regions[i]
                first, last = max(begin, region.start + padding), min(end, region.end - padding)
                if first < last:
                    values = track.values(region.chrom, first, last, numpy=True)
                    np.testing.assert_array_equal(values, rows[i, first - region.start : last - region.start])


def test_windows_of_a_chromosome(ran, network, tmp_path):
    genome = SHARED / "data" / "hg38_1m.fa.gz"
    said = ran(
        *("score", "--model", network, "--fasta", genome, "--tile", 2000, "--refs", "shuffle:2"),
        *("--out", tmp_path / "out"),
    )
    (chromosome,) = read_fasta(genome)
    regions = read_bed(tmp_path / "out" / "regions.bed")
    texts = [chromosome.text[region.start : region.end].upper() for region in regions]
    starts = [*range(0, 1_000_000 - 199, 2000), 1_000_000 - 200]  # the last ends at the end
    kept = [s for s in starts if set(chromosome.text[s : s + 200].upper()) != {"N"}]
    assert [region.start for region in regions] == kept
    assert f"{len(starts) - len(kept)} windows of nothing but N were left out" in said
    with h5py.File(tmp_path / "out" / "both.h5") as file:
        np.testing.assert_array_equal(file["raw/seq"][:], one_hot(texts))
        assert file["additivity_error"][:].max() < 1e-2  # float32, against 1 % of the prediction
    check_rows(tmp_path / "out", network, np.arange(0, len(kept), 7), "shuffle:2")
    check_tracks(tmp_path / "out", {chromosome.name: 1_000_000})


def scored_peaks(
    ran: Callable[..., str], network: Path, records: list[Record], folder: Path, spec: str
) -> tuple[Path, dict[str, int]]:
    """Peaks of 100 bases padded to the 200 of the model, on the genome."""
    fasta = folder / "peaks.fa.gz"
    fasta.write_bytes(gzip.compress("".join(f">{r.header}\n{r.text}\n" for r in records).encode(), 1))
    sizes = write_sizes(records, folder / "sizes")
    ran(
        *("score", "--model", network, "--fasta", fasta, "--chrom-sizes", sizes, "--pad", "--refs", spec),
        *("--out", folder / "out"),
    )
    found = fit_windows(from_fasta(fasta, sizes), seqattr.load_model(network).lengths, 200, pad=True)
    with h5py.File(folder / "out" / "both.h5") as file:
        codes = np.stack([window.codes for window in found.windows])
        np.testing.assert_array_equal(file["raw/seq"][:], one_hot(codes))
        np.testing.assert_array_equal(file["regions/start"][:], [w.region.start for w in found.windows])
    table = dict(line.split("\t") for line in sizes.read_text().splitlines())
    return folder / "out", {chrom: int(table[chrom]) for chrom in sorted(table)}


@pytest.mark.parametrize("spec", ["freq", "shuffle:1"])
def test_some_peaks(ran, network, peaks, tmp_path, spec):
    out, sizes = scored_peaks(ran, network, peaks[:300], tmp_path, spec)
    check_rows(out, network, np.arange(300), spec)
    check_tracks(out, sizes, padding=50)


@pytest.mark.slow
def test_all_peaks(ran, network, peaks, tmp_path):
    out, sizes = scored_peaks(ran, network, peaks, tmp_path, "shuffle:1")
    run = json.loads((out / "run.json").read_text())
    assert run["sequences"] == len(peaks) == 39_184
    timing = json.loads((out / "timing.json").read_text())
    assert timing["rows_forward"] == 2 * len(peaks)
    assert timing["rows_backward"] == 3 * len(peaks)
    check_rows(out, network, np.arange(0, len(peaks), 401), "shuffle:1")
    check_tracks(out, sizes, padding=50)


def test_a_state_dict_of_2018_is_recognised_as_one():
    path = SHARED / "data" / "kipoi_only_weights.pth"
    assert recognise(path) == STATE_DICT
    with pytest.raises(UntrustedModel, match="is a state dict, and loading it runs the code of its class"):
        seqattr.load_model(path)
