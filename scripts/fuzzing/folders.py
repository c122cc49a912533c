"""Folders of scores, of a simulation and of checkpoints, and files of patterns, as commands read them."""

import io
import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch

from fuzzing.models import Checkpoints
from fuzzing.mutations import BINARY, TEXT, mutate
from fuzzing.reader import Files, each
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

MOST_BYTES = 1 << 24  # of a dataset that is read here to be changed
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


# --- changes -----------------------------------------------------------------------------------


def one_changed(files: Files, rng: random.Random) -> Files:
    """One of the files lost, or changed by what suits its kind."""
    name = rng.choice(sorted(files))
    if rng.random() < 0.03:
        return {other: content for other, content in files.items() if other != name}
    return files | {name: change_dataset(name, files[name], rng)}


def change_dataset(name: str, content: bytes, rng: random.Random) -> bytes:
    if name.endswith(".h5") and rng.random() < 0.85:
        return with_changed_data(content, rng)
    if name.endswith(".json") and rng.random() < 0.6:
        return json.dumps(changed_json(json.loads(content), rng)).encode()
    return mutate(content, rng, BINARY if name.endswith(".h5") else TEXT)


JSON = (
    None,
    True,
    -1,
    0,
    1e308,
    10**30,
    "",
    "x",
    "../../etc",
    "a/b",
    "\ud800",
    "\0",
    [],
    {},
    [1],
    ["a", "A"],
)


def changed_json(value: Any, rng: random.Random) -> Any:
    """A value somewhere within, gone or another."""
    if isinstance(value, dict | list) and value and rng.random() < 0.85:
        value = value.copy()
        key = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
        if rng.random() < 0.15:
            del value[key]
        else:
            value[key] = changed_json(value[key], rng)
        return value
    return rng.choice(JSON)


def with_changed_data(content: bytes, rng: random.Random) -> bytes:
    """The HDF5 file again, whole, with a dataset or an attribute changed."""
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        found: list[str] = []
        file.visit(found.append)
        for _ in range(rng.choice((1, 1, 2))):
            name = rng.choice(found)
            if name in file:
                change_data(file, name, rng)
    return buffer.getvalue()


def change_data(file: h5py.File, name: str, rng: random.Random) -> None:
    stored = file[name]
    if rng.random() < 0.25 or not isinstance(stored, h5py.Dataset) or not stored.size:
        place = rng.choice((file, stored))
        key = rng.choice([*place.attrs, "forward", "x"])
        place.attrs[key] = rng.choice((0, -1, 1e308, "", "{", np.bytes_("{"), np.zeros(3), np.nan))
    elif rng.random() < 0.5:
        change_values(stored, rng)
    else:
        replace(file, name, rng)


def change_values(stored: h5py.Dataset, rng: random.Random) -> None:
    """Some of the values others of the type."""
    place = tuple(rng.randrange(size) for size in stored.shape)
    if stored.dtype.kind == "O":
        odd: tuple[Any, ...] = ("", "x" * 5000, b"\xff\xfe", "a\tb\nc", "chr1", "$\\frac{", "-", "\u202e")
    elif stored.dtype.kind == "f":
        odd = (np.nan, np.inf, -np.inf, 1e300, -1e30, 1e-320, 0)
    else:
        odd = (-1, 0, 1, 7, 127, 2**40, 2**62, -(2**62))
    with np.errstate(all="ignore"):
        value = rng.choice(odd)
        value = value if isinstance(value, str | bytes) else np.array(value).astype(stored.dtype)
        if rng.random() < 0.3 and stored.dtype.kind != "O":
            stored[...] = value
        else:
            stored[place] = value


def replace(file: h5py.File, name: str, rng: random.Random) -> None:
    """Another dataset, a group or nothing."""
    if (file[name].nbytes or 0) > MOST_BYTES:
        return
    values, shape = file[name][...], file[name].shape
    del file[name]
    huge, text = (2**33, *shape[1:]), h5py.string_dtype()
    makers: tuple[Callable[[], Any], ...] = (
        lambda: None,
        lambda: file.create_group(name),
        lambda: file.create_dataset(name, data=values[:-1]),
        lambda: file.create_dataset(name, data=values[..., None]),
        lambda: file.create_dataset(name, data=np.zeros(shape, np.complex64)),
        lambda: file.create_dataset(name, data=np.zeros(shape, np.float16)),
        lambda: file.create_dataset(name, data=np.zeros(shape, [("a", "i4"), ("b", "f4")])),
        lambda: file.create_dataset(name, shape=shape, dtype=text),
        lambda: file.create_dataset(name, shape=(), dtype=np.float32),
        lambda: file.create_dataset(name, data=h5py.Empty("f")),
        lambda: file.create_dataset(name, shape=huge, dtype=np.float32, chunks=(1 << 10, *shape[1:])),
    )
    rng.choice(makers)()


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
        examined = (lambda: gather(open_scores(path), ["bundled"], settings),)
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
