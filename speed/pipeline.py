"""What stands around the engine: references, writing, and the whole of `seqattr score`."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from os import environ
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from seqattr import Model, save_model
from seqattr import references as draw_references
from seqattr.dna.alphabet import ALPHABET
from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.engine.walk.session import Session
from seqattr.io.bigwig import Track, write_bigwig
from seqattr.io.hdf5.assembly import assemble
from seqattr.io.hdf5.blocks import BlockRows, encode_block
from seqattr.io.hdf5.layout import Layout
from seqattr.methods.attribution import Explainer
from speed import mutagenesis, process
from speed.cases import random_sequences
from speed.clock import seconds, use_threads
from speed.figures import Figure
from speed.models import NETWORKS, network, tal_gata

SCORE = (
    "import atexit; from speed.process import peak_bytes; from seqattr.cli import main; "
    "atexit.register(lambda: print(peak_bytes())); main()"
)
METHOD = "deeplift-rescale"


@dataclass(frozen=True)
class Size:
    """How much of everything is measured; the second is for a few minutes."""

    shuffled: int = 100  # sequences of 2114 bases, 20 references each
    written: int = 1000  # sequences of 2114 bases
    scored: int = 300  # sequences of 2114 bases, 20 references each
    mutated: int = 600  # substitutions of one sequence
    flat: tuple[int, int] = (1000, 10_000)  # sequences of 1000 bases, one reference each
    rounds: int = 3
    device: str = "auto"


FULL = Size()
QUICK = Size(shuffled=20, written=200, scored=12, mutated=150, flat=(100, 1000), rounds=1)


# --- references --------------------------------------------------------------------------------


def references(size: Size, threads: int) -> Iterator[Figure]:
    """Dinucleotide shuffles per second, one-hot to one-hot, of each tool that can draw them."""
    use_threads(threads)
    sequences = random_sequences(size.shuffled, 2114)
    draws = {name: draw(sequences) for name, (package, draw) in SHUFFLERS.items() if find_spec(package)}
    for draw in draws.values():
        draw()  # compiles, where it does
    times = in_turn(draws, size.rounds, own_seconds)
    for name, seconds_each in times.items():
        yield Figure(f"references {name}", 20 * size.shuffled / median(seconds_each), "per second")
    for name in times.keys() - {"seqattr"}:
        yield Figure(f"references over {name}", ratio(times[name], times["seqattr"]), "times")


def own_shuffles(sequences: np.ndarray) -> Callable[[], Any]:
    return lambda: draw_references("shuffle:20", sequences)


def tangermeme_shuffles(sequences: np.ndarray) -> Callable[[], Any]:
    from tangermeme.ersatz import dinucleotide_shuffle

    jobs = torch.get_num_threads()
    tensor = torch.from_numpy(sequences)
    return lambda: dinucleotide_shuffle(tensor, n=20, random_state=0, n_jobs=jobs)


def seqpro_shuffles(sequences: np.ndarray) -> Callable[[], Any]:
    """seqpro draws one shuffle of each sequence, of one-hot with the bases last; it asks for its number of
    threads once, when it first draws."""
    from seqpro import DNA, k_shuffle

    environ.setdefault("RAYON_NUM_THREADS", str(torch.get_num_threads()))

    repeated = np.ascontiguousarray(sequences.transpose(0, 2, 1)).repeat(20, 0).astype(np.uint8)
    return lambda: k_shuffle(repeated, 2, DNA, length_axis=1, ohe_axis=2, seed=0)


SHUFFLERS = {
    "seqattr": ("seqattr", own_shuffles),
    "tangermeme": ("tangermeme", tangermeme_shuffles),
    "seqpro": ("seqpro", seqpro_shuffles),
}

# --- writing -----------------------------------------------------------------------------------


def writing(size: Size, threads: int) -> Iterator[Figure]:
    """Bases per second into each kind of file, values as rough as contributions are."""
    use_threads(threads)
    sequences = random_sequences(size.written, 2114)
    values = np.random.default_rng(0).normal(size=sequences.shape).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        writers = {
            "bigWig": lambda: write_track(path / "a.bw", values[:, 0]),
            "HDF5": lambda: write_rows(path / "a.h5", sequences, values),
        }
        for name, times in in_turn(writers, size.rounds).items():
            yield Figure(
                f"writing {name}", size.written * 2114 / median(times) / 1e6, "million bases a second"
            )


def write_track(path: Path, values: np.ndarray) -> None:
    """All rows on one chromosome, with a gap between each two."""
    step = values.shape[1] + 1
    tracks = (Track("chr1", row * step, each) for row, each in enumerate(values))
    write_bigwig(path, {"chr1": len(values) * step}, tracks)


def write_rows(path: Path, sequences: np.ndarray, values: np.ndarray) -> None:
    """A block of two chunks at a time."""
    count, _, length = sequences.shape
    layout, zeros = Layout(count, length), np.zeros(count)
    numbers = {"difference": zeros, "additivity_error": zeros}
    rows = BlockRows(sequences, values, values[:, 0], numbers)
    regions = Places.of([Region("chr1", row, row + length, f"r{row}") for row in range(count)])
    step = 2 * layout.chunk_rows
    parts = ((start, rows.some(slice(start, start + step))) for start in range(0, count, step))
    blocks = (encode_block(path, layout, start, part) for start, part in parts)
    assemble(path, layout, regions, {}, blocks)


# --- seqattr score -----------------------------------------------------------------------------


def score(size: Size, threads: int) -> Iterator[Figure]:
    """The whole command on the counts head of BPNet, its parts, and all of it over the engine alone."""
    use_threads(threads)
    length = NETWORKS["bpnet-counts"].length
    model = Model(network("bpnet-counts").cpu(), torch.zeros(2, 4, length))
    sequences = random_sequences(size.scored, length)
    with scored_folder(model, sequences, 20, size.device) as (command, out):
        parts: list[dict[str, float]] = []
        runs = {
            "whole": lambda: parts.append(timed_parts(command, out, threads)),
            "engine": engine_alone(model, sequences, size.device),
        }
        times = in_turn(runs, size.rounds)
    for part in parts[0]:
        yield Figure(f"score {part}", median(each[part] for each in parts), "seconds")
    yield Figure("score engine alone", median(times["engine"]), "seconds")
    yield Figure("score over engine", ratio(times["whole"], times["engine"]), "times")


def timed_parts(command: list[str], out: Path, threads: int) -> dict[str, float]:
    """Seconds of the parts of one run: as timing.json tells them, and the start, which it does not see.

    References and writing are those of threads beside the others.
    """
    start = time.perf_counter()
    process.run(SCORE, command, threads)
    whole = time.perf_counter() - start
    parts = json.loads((out / "timing.json").read_text())["seconds"]
    inner = parts.pop("total")
    rest = inner - parts["attribution"] - parts["assembly"]
    return {"whole": whole, **parts, "start and reading": whole - inner, "rest": rest}


def engine_alone(model: Model, sequences: np.ndarray, device: str) -> Callable[[], Any]:
    """What of that the arithmetic is: sequences and references are in memory, results stay there."""
    explainer = Explainer(Session(model, [0], device), METHOD)
    drawn = draw_references("shuffle:20", sequences)
    explainer.attribute(sequences[:1], drawn[:1])
    return lambda: explainer.attribute(sequences, drawn)


def score_memory(size: Size, threads: int) -> Iterator[Figure]:
    """Peak memory of the command on few sequences and on ten times as many."""
    model = Model(tal_gata(1000, 3).eval(), torch.zeros(2, 4, 1000))
    peaks = []
    for number in size.flat:
        sequences = random_sequences(number, 1000)
        with scored_folder(model, sequences, 1, size.device) as (command, _):
            peaks.append(int(process.run(SCORE, command, threads)))
        yield Figure(f"score-memory {number} sequences", peaks[-1] / 2**20, "MiB")
    yield Figure("score-memory many over few", peaks[1] / peaks[0], "times")


@contextmanager
def scored_folder(
    model: Model, sequences: np.ndarray, references: int, device: str
) -> Iterator[tuple[list[str], Path]]:
    """A folder with the model and the sequences as files; the command that scores them, and its output."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        save_model(path / "model.pt", model)
        letters = np.frombuffer(ALPHABET.encode(), np.uint8)[sequences.argmax(1)]
        records = (f">s{row}\n{bases.tobytes().decode()}\n" for row, bases in enumerate(letters))
        (path / "a.fa").write_text("".join(records))
        options = {
            "--model": path / "model.pt",
            "--fasta": path / "a.fa",
            "--refs": f"shuffle:{references}",
            "--method": METHOD,
            "--target": "0",
            "--out": path / "scores",
            "--device": device,
        }
        yield ["score", "--force", *(str(word) for pair in options.items() for word in pair)], path / "scores"


# --- in-silico mutagenesis ---------------------------------------------------------------------


def ism(size: Size, threads: int) -> Iterator[Figure]:
    """Substitutions by what they can reach, and a plain loop over the mutated sequences."""
    use_threads(threads)
    for name, runs in mutagenesis.contests(size.mutated):
        times = in_turn(runs, size.rounds, own_seconds)
        yield Figure(f"ism {name}", size.mutated / median(times["fast"]), "substitutions a second")
        yield Figure(f"ism {name} speed over naive", ratio(times["naive"], times["fast"]), "times")


# --- common ------------------------------------------------------------------------------------


def wall(run: Callable[[], Any]) -> float:
    """Seconds, with whatever the run waits for."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def own_seconds(run: Callable[[], Any]) -> float:
    """As the tools' calls are timed, on the CPU."""
    return seconds(run, torch.device("cpu"))[0]


def in_turn(
    runs: dict[str, Callable[[], Any]], rounds: int, timed: Callable[[Callable[[], Any]], float] = wall
) -> dict[str, list[float]]:
    """Seconds of each, A B A B."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(timed(run))
    return times


def ratio(times: list[float], over: list[float]) -> float:
    """The median of the rounds' ratios."""
    return median(one / other for one, other in zip(times, over, strict=True))


PIPELINE: dict[str, Callable[[Size, int], Iterator[Figure]]] = {
    "references": references,
    "writing": writing,
    "ism": ism,
    "score": score,
    "score-memory": score_memory,
}
