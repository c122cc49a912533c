"""Folders of scores, of a simulation and of checkpoints, and files of patterns, as commands read them."""

import json
import random
import tempfile
from pathlib import Path

import numpy as np
import torch

from fuzzing.models import Checkpoints
from fuzzing.reader import Files, each
from fuzzing.stores import one_changed
from seqattr.analyses.influence import examples_of, influence
from seqattr.data.simulate import TASKS, TalGata, simulate_tal_gata
from seqattr.data.simulation_files import read_simulation, write_simulation
from seqattr.dna.alphabet import one_hot
from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.io.hdf5.assembly import ContributionFile
from seqattr.io.hdf5.blocks import BlockRows, encode_block
from seqattr.io.hdf5.layout import Layout
from seqattr.io.hdf5.patterns import write_patterns
from seqattr.io.hdf5.stored import read_contributions
from seqattr.jobs.export import export
from seqattr.jobs.patterns import load_patterns
from seqattr.jobs.plot import plot
from seqattr.jobs.report.run import gather, report
from seqattr.jobs.report.scores import open_scores
from seqattr.jobs.report.settings import Settings
from seqattr.models.checkpoints import read_checkpoints
from seqattr.tal_gata.evidence import gather as gather_benchmark

SIMULATION = simulate_tal_gata(TalGata(count=20, length=100), seed=0)


def files_in(folder: Path) -> Files:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def score_files(targets: tuple[str, ...]) -> Files:
    """A folder of scores of the simulation's sequences."""
    rng, codes = np.random.default_rng(0), SIMULATION.codes
    count, length = codes.shape
    regions = [
        Region("chr1", 50 * row, 50 * row + length, name, "-" if row == 1 else "+")
        for row, name in enumerate(SIMULATION.names)
    ]
    sequences = one_hot(codes)
    with tempfile.TemporaryDirectory() as folder:
        for target in targets:
            values = rng.normal(0, 1, codes.shape).astype(np.float32)
            numbers = {"difference": values.sum(axis=1), "additivity_error": np.full(count, 1e-7)}
            rows = BlockRows(sequences, values[:, None] * sequences, values, numbers)
            path, layout = Path(folder) / f"{target}.h5", Layout(count, length)
            with ContributionFile(path, layout, {"target": target}) as file:
                file.write_places(Places.of(regions))
                file.add(encode_block(path, layout, 0, rows))
        settings = {"method": "deeplift", "references": "shuffle:10"}
        run = {"settings": settings, "model": "a" * 64, "targets": list(targets), "notes": []}
        (Path(folder) / "run.json").write_text(json.dumps(run, indent=1))
        return files_in(Path(folder))


# --- readers -----------------------------------------------------------------------------------


class Scores:
    """Scores of two targets, as report, plot and export read them."""

    def __init__(self) -> None:
        self.files = score_files(("a", "b"))

    def make(self, rng: random.Random) -> Files:
        return {f"s/{name}": content for name, content in one_changed(self.files, rng).items()}

    def read(self, folder: Path, rng: random.Random) -> None:
        path, chance = folder / "s", rng.random()
        out, settings = folder / "out", Settings(sequences=2)
        examined = (lambda: gather([open_scores(path)], ["bundled"], settings),)
        drawn = lambda: plot([path], rng.choice(("tal_gata_3:10-40", "chr1:100-160")), folder / "x.svg")  # noqa: E731
        whole = lambda: report(path, ["bundled"], settings, out)  # noqa: E731
        each(
            lambda: [read_contributions(open_scores(path).path(target)) for target in ("a", "b")],
            lambda: export(path, "modisco", "a", folder / "modisco"),
            *((drawn, whole) if chance < 0.05 else examined if chance < 0.3 else ()),
        )


class Benchmark:
    """Scores of a simulation, with its truth and what training said, as benchmark collect reads them."""

    def __init__(self) -> None:
        self.files = {f"s/{name}": content for name, content in score_files(TASKS).items()}
        reached = {task: {"accuracy": 0.9, "auroc": None} for task in TASKS}
        metrics = {"model": "a" * 64, "seed": 1, "test": reached}
        self.files["m.metrics.json"] = json.dumps(metrics).encode()

    def make(self, rng: random.Random) -> Files:
        return one_changed(self.files, rng)

    def read(self, folder: Path, rng: random.Random) -> None:
        gather_benchmark([folder / "s"], SIMULATION, [folder / "m.metrics.json"])


class Patterns:
    """Learned patterns."""

    def __init__(self) -> None:
        row = {"values": np.ones((3, 4, 5)), "step": "conv", "estimator": "relu", "windows": 9, "silent": 0}
        with tempfile.TemporaryDirectory() as folder:
            facts = {"model": "a" * 64, "sequences": 9, "seqattr": "1"}
            write_patterns(Path(folder) / "p.h5", [row, row | {"step": "dense"}], facts)
            self.files = files_in(Path(folder))

    def make(self, rng: random.Random) -> Files:
        return one_changed(self.files, rng)

    def read(self, folder: Path, rng: random.Random) -> None:
        found = load_patterns(folder / "p.h5")
        assert all(
            step.values.isfinite().all() and step.values.dtype == torch.float64 for step in found.steps
        )


class Simulations:
    """A data set, and checkpoints of a training on it, as train, benchmark and influence read them."""

    def __init__(self) -> None:
        self.checkpoints = Checkpoints(length=SIMULATION.settings.length, targets=TASKS)
        with tempfile.TemporaryDirectory() as folder:
            write_simulation(folder, SIMULATION)
            self.files = files_in(Path(folder))

    def make(self, rng: random.Random) -> Files:
        spoilt = one_changed(self.files, rng)
        return {f"d/{name}": content for name, content in spoilt.items()} | self.checkpoints.make(rng)

    def read(self, folder: Path, rng: random.Random) -> None:
        each(lambda: self.trace(folder), lambda: self.check(folder))

    def check(self, folder: Path) -> None:
        data = read_simulation(folder / "d")
        assert data.codes.shape == (len(data.names), data.settings.length)
        assert data.labels.shape == (len(data.names), len(TASKS))
        assert len(data.splits) == len(data.names)
        assert all(0 <= p.start < p.end <= data.settings.length for p in data.planted)

    def trace(self, folder: Path) -> None:
        data = read_simulation(folder / "d")
        tests = examples_of(data, "test")
        found = influence(read_checkpoints(folder / "c"), examples_of(data, "train"), tests, device="cpu")
        assert np.isfinite(found).all()
