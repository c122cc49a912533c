"""Scored folders whose contributions are made by hand: what each method must reach is known."""

import json
from pathlib import Path

import numpy as np

from seqattr.data.simulate import TASKS, Simulation, TalGata, simulate_tal_gata
from seqattr.data.simulation_files import write_simulation
from seqattr.dna.alphabet import one_hot
from seqattr.dna.regions import Region
from seqattr.motifs.pwm import GATA1, TAL1
from tests.helpers.contributions import rows_of, write_contributions

OWN = {"both": {TAL1.name, GATA1.name}, "TAL1": {TAL1.name}, "GATA1": {GATA1.name}}
EVERY = {task: {TAL1.name, GATA1.name} for task in TASKS}


def simulated(folder: Path, count: int = 65, seed: int = 3) -> Simulation:
    simulation = simulate_tal_gata(TalGata(count=count, shares=(10, 1, 1, 1)), seed)
    write_simulation(folder, simulation)
    return simulation


def credit(simulation: Simulation, motifs: set[str], missed: int = 0) -> np.ndarray:
    """1 at planted bases of these motifs, hardly anything elsewhere; less than 0 in the `missed` first."""
    values = np.random.default_rng(0).normal(1e-3, 1e-4, simulation.codes.shape)
    values[:missed] *= -1
    for site in simulation.planted:
        if site.motif in motifs and site.sequence >= missed:
            values[site.sequence, site.start : site.end] = 1
    return values


def write_run(
    folder: Path,
    simulation: Simulation,
    method: str = "deeplift",
    references: str = "freq",
    model: str = "a" * 64,
    credited: dict[str, set[str]] | None = None,
    missed: int = 0,
    scale: float = 1,
) -> Path:
    """A folder as `seqattr score` leaves it; `missed` sequences have nothing for the task `both`."""
    folder.mkdir(parents=True)
    sequences = one_hot(simulation.codes)
    length = sequences.shape[-1]
    for task, motifs in (credited or OWN).items():
        values = scale * credit(simulation, motifs, missed if task == "both" else 0)
        rows = rows_of(sequences, values[:, None] * sequences, values)
        regions = [Region(name, 0, length, name) for name in simulation.names]
        write_contributions(folder / f"{task}.h5", rows, regions, {"target": task})
    settings = {"method": method, "references": references}
    run = {"settings": settings, "model": model, "targets": list(TASKS), "notes": []}
    (folder / "run.json").write_text(json.dumps(run))
    return folder


def write_metrics(path: Path, model: str, seed: int) -> Path:
    reached = {task: {"accuracy": 0.9, "auroc": None} for task in TASKS}
    path.write_text(json.dumps({"model": model, "seed": seed, "test": reached}))
    return path
