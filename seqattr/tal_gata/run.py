"""Simulate, train, score by every method, collect: the benchmark in one process.

Each step is what one call of the command line does, with the same settings, so that the Snakefile's rules end
with the same tables.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from seqattr import inputs
from seqattr.data.simulate import TalGata, simulate_tal_gata
from seqattr.data.simulation_files import FILES, read_simulation, write_simulation
from seqattr.data.train import Settings as TrainSettings
from seqattr.data.train import train
from seqattr.data.training_files import save
from seqattr.io.atomic import check_writable
from seqattr.io.ownership import Output
from seqattr.jobs.patterns import learn_patterns, save_patterns
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Settings as ScoreSettings
from seqattr.models.load import load_model
from seqattr.support.progress import Progress
from seqattr.tal_gata.collect import Collected, collect
from seqattr.tal_gata.recipe import EVALUATION_SEED, EVALUATION_SHARES, Recipe

Watch = Callable[[str], AbstractContextManager[Progress]]  # a step by its name


def run(recipe: Recipe, out: Path | str, watch: Watch, force: bool = False) -> Collected:
    """Run the whole benchmark into a folder, and return what `collect` wrote.

    OUT/data and OUT/evaluation are the simulations, OUT/seed-S/model.pt the nets, beside them patterns.h5
    where a method needs it, OUT/seed-S/<references>/<method> the scores. `watch(step)` is entered for every
    step. Raises OutputError where a file cannot be written, or one stands there that seqattr did not write,
    unless forced.
    """
    out = Path(out)
    check_writable(out)
    for folder in ("data", "evaluation"):
        Output(out / folder, force).claim_folder(FILES, "simulation.json")
    with watch("simulate"):
        write_simulation(out / "data", simulate_tal_gata(TalGata(count=recipe.train)))
        settings = TalGata(count=recipe.evaluation, shares=EVALUATION_SHARES)
        write_simulation(out / "evaluation", simulate_tal_gata(settings, EVALUATION_SEED))
    nets = [out / f"seed-{seed}" for seed in recipe.seeds]
    folders = []
    for net, seed in zip(nets, recipe.seeds, strict=True):
        learn(recipe, out / "data", net, seed, watch)
        if any(scoring.needs_patterns for scoring in recipe.scorings):
            learn_from(out / "data" / "sequences.fa", net, watch)
        folders += explain(recipe, out / "evaluation" / "sequences.fa", net, watch)
    with watch("collect"):
        return collect(folders, out / "evaluation", [net / "model.metrics.json" for net in nets], out, force)


def learn(recipe: Recipe, data: Path, net: Path, seed: int, watch: Watch) -> None:
    """One net, as `seqattr train` trains it."""
    check_writable(net)
    with watch(f"train {net.name}") as progress:
        simulation = read_simulation(data)
        settings = TrainSettings(epochs=recipe.epochs, seed=seed)
        training = train(simulation, settings, lambda number, epochs, epoch: progress(number, epochs))
        save(net / "model.pt", training, simulation)


def learn_from(fasta: Path, net: Path, watch: Watch) -> None:
    """One net's patterns, as `seqattr patterns` learns them."""
    with watch(f"patterns {net.name}") as progress:
        model, windows = load_model(net / "model.pt"), inputs.from_fasta(fasta).windows
        save_patterns(net / "patterns.h5", learn_patterns(model, windows, progress=progress))


def explain(recipe: Recipe, fasta: Path, net: Path, watch: Watch) -> list[Path]:
    """One net's scores, as `seqattr score` writes them; their folders."""
    model = load_model(net / "model.pt")
    windows = inputs.fit_windows(inputs.from_fasta(fasta), model.lengths, model.example_length)
    folders = []
    for scoring in recipe.scorings:
        folders.append(net / scoring.folder)
        with watch(f"score {net.name} {scoring.references} {scoring.method}") as progress:
            patterns = str(net / "patterns.h5") if scoring.needs_patterns else None
            settings = ScoreSettings(scoring.references, scoring.method, patterns=patterns)
            score(model, windows, folders[-1], settings, progress)
    return folders
