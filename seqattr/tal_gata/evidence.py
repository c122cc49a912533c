"""The evidence: what each net and method reaches, read from folders of scores."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.data.simulate import TASKS, Simulation
from seqattr.errors import InputError
from seqattr.io.hdf5.stored import open_contributions
from seqattr.jobs.report.scores import Scores, open_scores
from seqattr.methods.registry import METHODS
from seqattr.motifs.matches import Matches, importance_of
from seqattr.tal_gata.measures import Measures, find, measure

HASH_SHOWN = 12  # digits that tell two models apart


class Net(NamedTuple):
    """A trained model: its hash, and what training said of it where that is known."""

    model: str
    metrics: dict[str, Any]  # the content of model.metrics.json, or nothing

    @property
    def name(self) -> str:
        return f"seed {self.metrics['seed']}" if self.metrics else f"model {self.model[:HASH_SHOWN]}"

    def test(self, task: str, measure: str) -> float:
        """Accuracy or AUROC on the test split; NaN where that is not known."""
        value = self.metrics.get("test", {}).get(task, {}).get(measure)
        return math.nan if value is None else float(value)


@dataclass(frozen=True, eq=False)
class Run:
    """One folder of scores: its net, method and references, and what it reaches.

    `importance` (K,) is that of the matches, by task; `weakest` (N,) the least that a planted motif of a
    sequence has of all the sequence's absolute contributions to `both`: infinite where none was planted, NaN
    of a sequence without values.
    """

    scores: Scores
    net: str
    references: str
    measures: dict[str, Measures]
    importance: dict[str, npt.NDArray[np.float64]]
    weakest: npt.NDArray[np.float64]

    @property
    def method(self) -> str:
        return self.scores.method


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that was measured, in the order of nets, references and methods."""

    simulation: Simulation
    matches: Matches
    nets: list[Net]
    runs: list[Run]

    @property
    def references(self) -> list[str]:
        """The references, those that most runs have first."""
        names = list(dict.fromkeys(run.references for run in self.runs))
        return sorted(names, key=lambda name: -sum(run.references == name for run in self.runs))

    @property
    def drawn_runs(self) -> list[Run]:
        """The runs of the first net against the first references: one for each method."""
        net, references = self.runs[0].net, self.references[0]
        return [run for run in self.runs if (run.net, run.references) == (net, references)]

    @property
    def drawn_sequences(self) -> npt.NDArray[np.bool_]:
        """Which sequences (N,) have values in all of these runs."""
        return np.logical_and.reduce([~np.isnan(run.weakest) for run in self.drawn_runs])


def gather(folders: Sequence[Path], simulation: Simulation, metrics: Sequence[Path]) -> Evidence:
    """Measure each folder of scores against the simulation's truth.

    A net is a model, however many folders there are of it; `metrics`, as `seqattr train` writes them, say
    which seed it was trained with. Raises InputError where a folder holds no finished scores of the three
    tasks, or of other sequences, or what another holds too.
    """
    opened = [open_scores(folder) for folder in folders]
    if not opened:
        raise InputError("there are no scores to collect; give the folders that `seqattr score` wrote")
    nets = nets_of(opened, [read_metrics(path) for path in metrics])
    refuse_twice(opened)
    names = {net.model: net.name for net in nets}
    matches = find(simulation)
    order = {net.model: number for number, net in enumerate(nets)}
    opened.sort(key=lambda scores: (order[model_of(scores)], *rank_of(scores)))
    runs = [examine(scores, names[model_of(scores)], simulation, matches) for scores in opened]
    return Evidence(simulation, matches, nets, runs)


def examine(scores: Scores, net: str, simulation: Simulation, matches: Matches) -> Run:
    """What one folder of scores reaches."""
    values = {task: contributions_of(scores, task, simulation) for task in TASKS}
    return Run(
        scores=scores,
        net=net,
        references=references_of(scores),
        measures=measure(simulation, matches, values),
        importance={task: importance_of(matches, values[task], np.float64) for task in TASKS},
        weakest=weakest_shares(simulation, values["both"]),
    )


def contributions_of(scores: Scores, task: str, simulation: Simulation) -> npt.NDArray[np.float32]:
    """Contributions (N, L) to a task; raises InputError unless they are of the simulation's sequences."""
    if task not in scores.targets:
        raise InputError(f"{scores.folder} has no target '{task}'; a TAL-GATA model has {', '.join(TASKS)}")
    with open_contributions(scores.path(task)) as file:
        if file.names != list(simulation.names) or file.length != simulation.codes.shape[1]:
            raise InputError(
                f"{scores.folder} holds scores of other sequences than the simulation's; "
                "score its sequences.fa"
            )
        return file.contributions(slice(None))


def weakest_shares(
    simulation: Simulation, contributions: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """The least share (N,) that a planted motif has of its sequence's absolute contributions.

    It is 0 of none, infinite where none was planted, NaN of a sequence without values.
    """
    total = abs(contributions).sum(axis=1, dtype=np.float64)
    least = np.full(len(total), np.inf)
    for site in simulation.planted:
        under = contributions[site.sequence, site.start : site.end].sum(dtype=np.float64)
        least[site.sequence] = min(least[site.sequence], under)
    return np.where(np.isnan(total), np.nan, least / np.where(total > 0, total, 1))


# --- nets ----------------------------------------------------------------------------------------


def nets_of(opened: Sequence[Scores], metrics: Sequence[dict[str, Any]]) -> list[Net]:
    """The models, in the order of their seeds, then of their hashes."""
    metrics_of = {about["model"]: about for about in metrics}
    nets = [Net(model, metrics_of.get(model, {})) for model in {model_of(scores) for scores in opened}]
    return sorted(nets, key=lambda net: (net.metrics.get("seed", math.inf), net.model))


def read_metrics(path: Path) -> dict[str, Any]:
    """What training said of a model; raises InputError where that is not what the file holds."""
    try:
        about = json.loads(Path(path).read_text(encoding="utf-8"))
        return {"model": str(about["model"]), "seed": int(about["seed"]), "test": dict(about.get("test", {}))}
    except FileNotFoundError as error:
        raise InputError(f"there is no {path}, which `seqattr train` writes") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is not what `seqattr train` writes beside a model; train it again"
        ) from error


def model_of(scores: Scores) -> str:
    """The hash of the model that was scored."""
    return str(scores.run.get("model", ""))


def references_of(scores: Scores) -> str:
    """The kind of references that was scored against, as `freq`."""
    return str(scores.run["settings"].get("references", ""))


def rank_of(scores: Scores) -> tuple[str, float, str]:
    """References by name, methods as METHODS has them."""
    known = list(METHODS)
    number = known.index(scores.method) if scores.method in known else math.inf
    return references_of(scores), number, scores.method


def refuse_twice(opened: Sequence[Scores]) -> None:
    """Raises InputError where two folders hold the same."""
    seen: dict[tuple[str, ...], Path] = {}
    for scores in opened:
        what = model_of(scores), scores.method, references_of(scores)
        if what in seen:
            raise InputError(
                f"{seen[what]} and {scores.folder} hold scores of the same model, method and references; "
                "give one of them"
            )
        seen[what] = scores.folder
