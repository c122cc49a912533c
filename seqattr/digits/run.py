"""The experiment in one process: train, erase, tables and figures."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.digits.experiment import (
    ALL,
    METHODS,
    SHOWN,
    Changes,
    Lead,
    changes_of,
    lead,
    masked,
    means,
    name_of,
    over_nets,
)
from seqattr.digits.figures import drawings
from seqattr.digits.network import EPOCHS, accuracy, captured, load, train
from seqattr.errors import InputError
from seqattr.figures.drawings import Drawing, files_of, write_drawings
from seqattr.io.atomic import check_writable
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import replacing_run
from seqattr.io.stale import drop_stale
from seqattr.io.tables import write_table
from seqattr.io.text import write_json
from seqattr.jobs.provenance import facts_of_run
from seqattr.support.progress import Progress
from seqattr.support.seeds import check_seed

TABLES = {
    "digits.tsv": "how far each method moves the log-odds, by pair",
    "nets.tsv": "the nets and the share of unseen digits that they tell",
}
OWN_FIGURES = r"digits_.+\.(png|svg)"
Watch = Callable[[str], AbstractContextManager[Progress]]  # a step by its name


@dataclass(frozen=True)
class Settings:
    """A net for each seed; `epochs` that each is trained for. `command` is what was typed."""

    seeds: tuple[int, ...] = (0, 1, 2)
    methods: tuple[str, ...] = METHODS
    epochs: int = EPOCHS
    command: str = ""

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            raise InputError("the seeds must be different whole numbers from 0 on, such as 0,1,2")
        for seed in self.seeds:
            check_seed(seed)


class Result(NamedTuple):
    """Which method leads over all pairs and for each of the paper's; the nets' accuracies."""

    leads: tuple[Lead, ...]
    accuracies: tuple[float, ...]


def run(output: Output, settings: Settings, watch: Watch) -> Result:
    """Train the nets, erase pixels by every method, and write OUT/digits.tsv, nets.tsv, figures/, run.json.

    `watch(step)` is entered for every step. Raises InputError without scikit-learn, OutputError where a file
    cannot be written, or one stands there that seqattr did not write, or another call, unless forced.
    """
    check_writable(output.path / "figures")
    output.claim_results([*TABLES, RUN], settings.command, OWN_FIGURES)
    split = load()
    nets, models, accuracies = list[Changes](), [], []
    for seed in settings.seeds:
        with watch(f"train seed-{seed}"):
            network = train(split.train, seed, settings.epochs)
            accuracies.append(accuracy(network, split.test))
            models.append(captured(network))
        with watch(f"erase seed-{seed}") as progress:
            nets.append(changes_of(models[-1], split.test, settings.methods, seed, progress))
    changes = over_nets(nets)
    pictures = drawings(changes, masked(models[0], split.test, nets[0], settings.methods))
    tables: dict[str, dict[str, Sequence[object]]] = {
        "digits.tsv": columns_of(changes),
        "nets.tsv": {"seed": settings.seeds, "accuracy": accuracies},
    }
    write(output.path, tables, pictures, facts_of_run(settings=vars(settings)))
    pairs = (ALL, *map(name_of, SHOWN))
    return Result(tuple(lead(changes, pair) for pair in pairs), tuple(accuracies))


def columns_of(changes: Changes) -> dict[str, Sequence[object]]:
    """The means as a table."""
    rows = means(changes)
    return {name: [getattr(row, name) for row in rows] for name in rows[0]._fields}


def write(
    out: Path,
    tables: dict[str, dict[str, Sequence[object]]],
    pictures: Sequence[Drawing],
    facts: dict[str, Any],
) -> None:
    """All files, which take their names together; then figures of an earlier run go."""
    files = files_of(pictures)
    with replacing_run(out, [*tables, *files, RUN]) as paths:
        for name, columns in tables.items():
            write_table(paths[name], columns)
        write_drawings(paths, pictures)
        write_json(paths[RUN], facts)
    drop_stale(out / "figures", (Path(name).name for name in files), OWN_FIGURES)


def in_words(lead: Lead) -> str:
    """Which method leads, with intervals."""
    first = lead.first
    moved = f"{first.mean:.2f} ({first.low:.2f} to {first.high:.2f})"
    ahead = f"{lead.ahead:.2f} ({lead.low:.2f} to {lead.high:.2f}) ahead of {lead.second}"
    verb = "leads" if lead.leads else "is first, but does not lead beyond doubt"
    return f"{first.pair}: {first.method} {verb}: it moves the log-odds by {moved}, {ahead}"
