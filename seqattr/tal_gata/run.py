"""Simulate, train, score by every method, collect: the benchmark in one process.

Each step is what one call of the command line does, with the same settings, so that the Snakefile's rules end
with the same tables.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from seqattr import inputs
from seqattr.data.simulate import TASKS, TalGata, simulate_tal_gata
from seqattr.data.simulation_files import claim_simulation, read_simulation, write_simulation
from seqattr.data.train import Settings as TrainSettings
from seqattr.data.train import train
from seqattr.data.training_files import metrics_path, save
from seqattr.io.atomic import check_writable
from seqattr.io.ownership import Output, command_in
from seqattr.io.scores_folder import file_names
from seqattr.jobs.patterns import learn_patterns, save_patterns
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Settings as ScoreSettings
from seqattr.models.load import load_model
from seqattr.support.progress import Progress
from seqattr.tal_gata.collect import Collected, claim, collect
from seqattr.tal_gata.recipe import EVALUATION_SEED, EVALUATION_SHARES, Recipe

MODEL, PATTERNS = "model.pt", "patterns.h5"
Watch = Callable[[str], AbstractContextManager[Progress]]  # a step by its name


def run(recipe: Recipe, output: Output, watch: Watch, command: str = "") -> Collected:
    """Run the whole benchmark into a folder, and return what `collect` wrote.

    OUT/data and OUT/evaluation are the simulations, OUT/seed-S/model.pt the nets, beside them patterns.h5
    where a method needs it, OUT/seed-S/<references>/<method> the scores. `watch(step)` is entered for every
    step; `command` is what was typed. Raises OutputError where a file cannot be written, or one stands there
    that seqattr did not write, or another call, unless forced.
    """
    out = output.path
    check_writable(out)
    claim_all(recipe, output, command)
    with watch("simulate"):
        for folder, (settings, seed) in simulations(recipe).items():
            write_simulation(out / folder, simulate_tal_gata(settings, seed))
    nets = [out / f"seed-{seed}" for seed in recipe.seeds]
    folders = []
    for net, seed in zip(nets, recipe.seeds, strict=True):
        learn(recipe, out / "data", net, seed, watch)
        if any(scoring.needs_patterns for scoring in recipe.scorings):
            learn_from(out / "data" / "sequences.fa", net, watch)
        folders += explain(recipe, out / "evaluation" / "sequences.fa", net, watch)
    with watch("collect"):
        metrics = [metrics_path(net / MODEL) for net in nets]
        return collect(folders, out / "evaluation", metrics, output, command)


def simulations(recipe: Recipe) -> dict[str, tuple[TalGata, int]]:
    """What is trained on and what is scored: how each is simulated, with its seed."""
    evaluation = TalGata(count=recipe.evaluation, shares=EVALUATION_SHARES)
    return {"data": (TalGata(count=recipe.train), 0), "evaluation": (evaluation, EVALUATION_SEED)}


def claim_all(recipe: Recipe, output: Output, command: str) -> None:
    """Every folder and file, before an hour of work. Raises OutputError where others' files stand there."""
    claim(output, command)
    for folder, how in simulations(recipe).items():
        claim_simulation(replace(output, path=output.path / folder), *how)
    for net in (output.path / f"seed-{seed}" for seed in recipe.seeds):
        replace(output, path=net / MODEL).claim_file(model=True)
        output.claim_run(net / MODEL, command_in(metrics_path(net / MODEL), "command"), "")
        replace(output, path=net / PATTERNS).claim_file()
        for scoring in recipe.scorings:
            replace(output, path=net / scoring.folder).claim_results(file_names(TASKS), "")


def learn(recipe: Recipe, data: Path, net: Path, seed: int, watch: Watch) -> None:
    """One net, as `seqattr train` trains it."""
    check_writable(net)
    with watch(f"train {net.name}") as progress:
        simulation = read_simulation(data)
        settings = TrainSettings(epochs=recipe.epochs, seed=seed)
        training = train(simulation, settings, lambda number, epochs, epoch: progress(number, epochs))
        save(net / MODEL, training, simulation)


def learn_from(fasta: Path, net: Path, watch: Watch) -> None:
    """One net's patterns, as `seqattr patterns` learns them."""
    with watch(f"patterns {net.name}") as progress:
        model, windows = load_model(net / MODEL), inputs.from_fasta(fasta).windows
        save_patterns(net / PATTERNS, learn_patterns(model, windows, progress=progress))


def explain(recipe: Recipe, fasta: Path, net: Path, watch: Watch) -> list[Path]:
    """One net's scores, as `seqattr score` writes them; their folders."""
    model = load_model(net / MODEL)
    windows = inputs.fit_windows(inputs.from_fasta(fasta), model.lengths, model.example_length)
    folders = []
    for scoring in recipe.scorings:
        folders.append(net / scoring.folder)
        with watch(f"score {net.name} {scoring.references} {scoring.method}") as progress:
            patterns = str(net / PATTERNS) if scoring.needs_patterns else None
            settings = ScoreSettings(scoring.references, scoring.method, patterns=patterns)
            score(model, windows, folders[-1], settings, progress)
    return folders
