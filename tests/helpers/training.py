"""Quick trainings: small data that a few steps teach, narrow architectures, and whether two are the same."""

from dataclasses import replace

import numpy as np
import torch

from seqattr.data.simulate import CLASSES, Simulation, TalGata, simulate_tal_gata
from seqattr.data.train import Settings, Training

QUICK = Settings(epochs=6, batch=20, device="cpu")

NARROW: dict[str, dict] = {
    "tal-gata": {"filters": 20},
    "basset": {"widths": [16, 16, 16], "dense": 16},
    "deepsea": {"widths": [16, 16, 16], "dense": 16},
    "beluga": {"widths": [8, 8, 8], "dense": 16},
    "danq": {"filters": 16, "units": 8, "dense": 16},
    "deepstarr": {"widths": [16, 16, 16, 16], "dense": 16},
    "enformer-small": {"channels": 16, "tower": 1, "attention": [1, 2]},
    "bpnet-counts": {"filters": 8, "layers": 3},
}


def simulated(count: int = 200, length: int = 100) -> Simulation:
    return simulate_tal_gata(TalGata(count=count, length=length), seed=0)


def easy() -> Simulation:
    """A simulation in which each class is rich in a base of its own, so that a few steps teach it."""
    simulation = simulated()
    rich = np.random.default_rng(0).random(simulation.codes.shape) < 0.4
    own = np.arange(len(simulation.codes), dtype=np.uint8)[:, None] % len(CLASSES)
    return replace(simulation, codes=np.where(rich, own, simulation.codes))


def same(one: Training, other: Training) -> bool:
    weights, others = one.module.state_dict(), other.module.state_dict()
    return one.history == other.history and all(torch.equal(weights[key], others[key]) for key in weights)
