"""Draws one simulated sequence under every method, by family: the README's picture of them all.

python scripts/draw_methods.py MODEL.pt SIMULATION_FOLDER OUT.png
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqattr.analyses.patterns import fit_patterns
from seqattr.data.simulate import Planted, Simulation
from seqattr.data.simulation_files import read_simulation
from seqattr.dna.alphabet import one_hot
from seqattr.engine.capture.model import Model
from seqattr.errors import SeqattrError
from seqattr.figures.letters import draw_letters
from seqattr.methods.attribution import attribute
from seqattr.methods.method import Method
from seqattr.methods.registry import COSTLY, METHODS, with_patterns
from seqattr.models.load import load_model
from seqattr.refs.kinds import references

TARGET, REFERENCES = "both", "shuffle:10"
DRAWN_BASES, MARGIN = 76, 6  # of the sequence; the least beside a motif
WIDTH, LABEL, TRACK, HEADING = 12.0, 1.75, 0.44, 0.36  # inches


class Scene(NamedTuple):
    """A sequence (4, L), where the DRAWN_BASES begin, and the motifs planted there."""

    sequence: np.ndarray
    start: int
    sites: Sequence[Planted]

    @property
    def bases(self) -> slice:
        return slice(self.start, self.start + DRAWN_BASES)

    @property
    def inside(self) -> np.ndarray:
        """Which of all bases lie in a motif."""
        places = np.arange(self.sequence.shape[1])
        return np.any([(places >= site.start) & (places < site.end) for site in self.sites], axis=0)

    def weakest(self, values: np.ndarray) -> float:
        """What the motif that gets least gets of all that is given, whatever its sign."""
        return float(min(values[site.start : site.end].sum() for site in self.sites) / np.abs(values).sum())


def main(model_file: Path, data: Path, out: Path) -> None:
    model, simulation = load_model(model_file), read_simulation(data)
    patterns = fit_patterns(model, one_hot(simulation.codes))
    methods = {
        name: with_patterns(name, patterns) if method.needs_patterns else method
        for name, method in METHODS.items()
    }
    scene = most_telling(model, list(scenes_of(simulation)), methods)
    tracks = contributions(model, [scene], methods)
    draw(scene, {name: values[0] for name, values in tracks}).savefig(out, dpi=150)


# --- what is drawn -------------------------------------------------------------------------------


def scenes_of(simulation: Simulation) -> Iterator[Scene]:
    """The test sequences with one of each motif, near enough to be drawn together."""
    for row in np.flatnonzero(np.array(simulation.splits) == "test"):
        sites = [site for site in simulation.planted if site.sequence == row]
        low, high = min((s.start for s in sites), default=0), max((s.end for s in sites), default=0)
        if len({site.motif for site in sites}) == len(sites) == 2 and high - low + 2 * MARGIN <= DRAWN_BASES:
            start = (low + high - DRAWN_BASES) // 2
            if 0 <= start <= simulation.codes.shape[1] - DRAWN_BASES:
                yield Scene(one_hot(simulation.codes[row]), start, sites)


def contributions(
    model: Model, scenes: Sequence[Scene], methods: Mapping[str, Method]
) -> Iterator[tuple[str, np.ndarray]]:
    """Of those methods that can explain this model as it is, (N, L)."""
    sequences = np.stack([scene.sequence for scene in scenes])
    drawn = references(REFERENCES, sequences)
    for name, method in methods.items():
        try:
            result = attribute(model, sequences, drawn, method=method, targets=[TARGET])
        except SeqattrError as error:
            print(f"left out: {name}: {error}", file=sys.stderr)
        else:
            yield name, result.contributions[0].numpy()


def most_telling(model: Model, scenes: Sequence[Scene], methods: Mapping[str, Method]) -> Scene:
    """The sequence about whose weaker motif the methods differ most; those that cost much have no say."""
    quick = {name: method for name, method in methods.items() if name not in COSTLY}
    found = contributions(model, scenes, quick)
    shares = [[scene.weakest(row) for scene, row in zip(scenes, rows, strict=True)] for _, rows in found]
    return scenes[int(np.std(shares, axis=0).argmax())]


# --- how -----------------------------------------------------------------------------------------


def in_columns(names: Sequence[str]) -> list[list[str]]:
    """Headings and names in two columns, as equal as whole families allow."""
    families = [
        [f"# {family}", *members] for family, members in groupby(names, key=lambda name: METHODS[name].family)
    ]
    splits = [
        [list(chain(*half)) for half in (families[:cut], families[cut:])] for cut in range(1, len(families))
    ]
    return min(splits, key=lambda columns: max(map(len, columns)))


def draw(scene: Scene, tracks: Mapping[str, np.ndarray]) -> Figure:
    """A row of letters for each method, as high as that method's largest allows."""
    columns = in_columns(list(tracks))
    heights = [[HEADING if name.startswith("# ") else TRACK for name in column] for column in columns]
    tall = max(map(sum, heights)) + 0.15
    figure = Figure(figsize=(WIDTH, tall))
    for number, (column, own) in enumerate(zip(columns, heights, strict=True)):
        left, top = (number * WIDTH / 2 + LABEL) / WIDTH, 1.0
        width = (WIDTH / 2 - LABEL - 0.1) / WIDTH
        for name, height in zip(column, own, strict=True):
            top -= height / tall
            axes = figure.add_axes((left, top, width, 0.92 * height / tall))
            axes.axis("off")
            if name.startswith("# "):
                head(axes, name[2:], scene)
            else:
                letters(axes, scene, tracks[name])
                axes.text(-0.015, 0.5, name, transform=axes.transAxes, ha="right", va="center", fontsize=10)
    return figure


def head(axes: Axes, family: str, scene: Scene) -> None:
    """The family's name, and those of the motifs over their places."""
    axes.set_xlim(scene.start - 0.5, scene.start + DRAWN_BASES - 0.5)
    axes.text(-0.015, 0.1, family, transform=axes.transAxes, ha="right", fontsize=10.5, weight="bold")
    for site in scene.sites:
        middle = (site.start + site.end - 1) / 2
        axes.text(middle, 0.1, site.motif.split("_")[0], ha="center", fontsize=10, color="0.35")


def letters(axes: Axes, scene: Scene, values: np.ndarray) -> None:
    """In colour where a motif was planted, in grey elsewhere."""
    for inside, colour in ((True, None), (False, "#8a8a8a")):
        shown = np.where(scene.inside == inside, values, 0)
        draw_letters(axes, (scene.sequence * shown)[:, scene.bases], scene.start, colour)
    seen = values[scene.bases]
    low, high = min(seen.min(), 0), max(seen.max(), 0)
    for site in scene.sites:
        axes.axvspan(site.start - 0.5, site.end - 0.5, color="#f3efe2", zorder=-5)
    axes.axhline(0, color="0.7", linewidth=0.5, zorder=-1)
    axes.set_xlim(scene.start - 0.5, scene.start + DRAWN_BASES - 0.5)
    axes.set_ylim(low, high if high > low else 1)
    axes.axis("off")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
