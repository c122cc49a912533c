"""In-silico mutagenesis by what a substitution can reach, beside a plain loop over all mutated sequences."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from seqattr import Model
from seqattr.engine.edits.edits import Editor, Edits
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.plan import Plan
from seqattr.methods.mutagenesis import substitutions
from speed.cases import random_sequences
from speed.clock import seconds
from speed.models import NETWORKS, network

BATCHES = (4, 16, 64)
RIGHT = 1e-5  # of the largest output

Runs = dict[str, Callable[[], Tensor]]


def contest(name: str, number: int) -> Runs:
    """The same substitutions, evenly spread over a sequence, by either way; each (edits) of the first target.

    The plain loop has the quickest of several batch sizes. Raises AssertionError if they disagree.
    """
    module, length = network(name).cpu(), NETWORKS[name].length
    sequence = torch.from_numpy(random_sequences(1, length)).float()[0]
    edits = some_of(substitutions(sequence)[0], number)
    rows = sequence.repeat(len(edits.starts), 1, 1)
    rows[torch.arange(len(rows)), :, edits.starts] = edits.columns[:, :, 0]
    runs = {batch: plain(module, rows, batch) for batch in BATCHES}
    quickest = min(runs.values(), key=lambda run: seconds(run, rows.device)[0])
    both = {"naive": quickest, "fast": by_windows(module, sequence, edits)}
    naive, fast = (run() for run in both.values())
    assert (naive - fast).abs().max() <= RIGHT * naive.abs().max()
    return both


def some_of(edits: Edits, number: int) -> Edits:
    chosen = torch.linspace(0, len(edits.starts) - 1, number).long().unique()
    return Edits(edits.starts[chosen], edits.columns[chosen])


def plain(module: nn.Module, rows: Tensor, batch: int) -> Callable[[], Tensor]:
    def run() -> Tensor:
        with torch.no_grad():
            return torch.cat([module(some) for some in rows.split(batch)])[:, 0]

    return run


def by_windows(module: nn.Module, sequence: Tensor, edits: Edits) -> Callable[[], Tensor]:
    """All that a new sequence costs, its own forward pass among it."""
    model = Model(module, torch.zeros(2, *sequence.shape))
    graph = model.choose(0).cut().graph
    with torch.no_grad():
        editor = Editor(Plan(graph, GRADIENT), sequence, 1)

    def run() -> Tensor:
        with torch.no_grad():
            return editor.answers(editor.original(sequence), edits)[graph.outputs[0]][:, 0]

    return run


def contests(number: int) -> Iterator[tuple[str, Runs]]:
    for name in ("bpnet-counts", "basset"):
        yield name, contest(name, number)
