"""Draws the contributions of one scored sequence, its planted motifs shaded: the demo's picture.

python scripts/draw_sequence.py SCORES_FOLDER SIMULATION_FOLDER OUT.png
"""

import sys
from pathlib import Path

import numpy as np

from seqattr.data.simulate import TASKS
from seqattr.data.simulation_files import read_simulation
from seqattr.figures.boxes import Box
from seqattr.figures.logos import contribution_logos
from seqattr.figures.ruler import Ruler
from seqattr.figures.style import save
from seqattr.io.hdf5.stored import read_contributions


def main(scores: Path, data: Path, out: Path) -> None:
    """The sequence with both motifs whose `both` target rises most above its references."""
    simulation = read_simulation(data)
    results = {task: read_contributions(scores / f"{task}.h5") for task in TASKS}
    first = results["both"]
    numbers = [simulation.names.index(region.name) for region in first.regions]
    has_both = simulation.labels[numbers].all(axis=1)
    row = int(np.argmax(np.where(has_both, first.difference, -np.inf)))
    planted = [site for site in simulation.planted if site.sequence == numbers[row]]
    figure = contribution_logos(
        {f"{task}\n(logit)": result.contributions[row] for task, result in results.items()},
        first.one_hot[row],
        [Box(site.start, site.end, site.motif.split("_")[0]) for site in planted],
        ruler=Ruler.within(first.regions[row].name),
    )
    save(figure, out, "png")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
