"""The work on a block: its sequences and references, what they contribute, and the record that is kept of it.

A record is a function of its block alone, whatever other blocks are worked out, where, and in which order.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import UNKNOWN, one_hot
from seqattr.engine.capture.model import Model
from seqattr.engine.numerics.device import FULL
from seqattr.errors import InputError, UnknownName
from seqattr.inputs import Windows, by_length
from seqattr.io.packed import Buffer
from seqattr.io.scores_folder import result_paths
from seqattr.jobs.score.block import Block, Group
from seqattr.jobs.score.plan import Plan
from seqattr.jobs.score.settings import Settings
from seqattr.methods.attribution import Attribution, Ensemble, Explainer, Pending
from seqattr.methods.ensemble import sessions
from seqattr.methods.precisions import PRECISIONS, Precision, roughness
from seqattr.refs.pairs import origins
from seqattr.refs.reference import Reference
from seqattr.support.stages import Stages

Keep = Callable[[int, list[Buffer]], None]  # a block's number and record
ROUGH_WINDOWS = 8  # on which a rough precision is measured
IN_FLIGHT = 3  # blocks that a GPU is given before the first of them must be done


class Drawn(NamedTuple):
    """Windows of one length by their rows in a block, as codes (B, L), and which of them equal all their
    references: codes (B, R, L), or values (R, 4, L) that all share, or values (B, R, 4, L).
    """

    rows: npt.NDArray[np.intp]
    codes: npt.NDArray[np.uint8]
    references: npt.NDArray[Any]
    same: npt.NDArray[np.intp]


class Begun(NamedTuple):
    """A block at work: its groups of windows of one length, what is to come of each, and what a user should
    know, as soon as it is done.
    """

    number: int
    groups: list[Drawn]
    pending: list[Pending]
    notes: list[str]


class Setup:
    """The models and the method of a run, made ready once: what is the same for all blocks."""

    def __init__(self, models: Sequence[Model], settings: Settings, device: str | None = None) -> None:
        if settings.precision not in PRECISIONS:
            raise UnknownName("precision", settings.precision, PRECISIONS)
        self.models, self.settings = models, settings
        self.device = settings.device if device is None else device
        self.precision = PRECISIONS[settings.precision]
        self.method = settings.method_with_patterns()
        chosen = models[0].choose(settings.targets)
        asked = dict(zip(chosen.targets, chosen.texts, strict=True))  # by name and by number is once
        self.targets, self.texts = [target.name for target in asked], list(asked.values())
        self.ensemble = self.ensemble_in(self.precision)
        self.session = self.ensemble.session
        if self.precision.products != FULL and self.session.device.type != "cuda":
            raise InputError(f"`precision={settings.precision}` is a GPU's; on a CPU there is float32")

    @property
    def each(self) -> bool:
        """Whether each model's own results are asked for, where there are several."""
        return self.settings.each_model and len(self.models) > 1

    def ensemble_in(self, precision: Precision) -> Ensemble:
        """The method in sessions of its own, with the numbers of this precision."""
        wanted = None if self.settings.targets is None else self.texts
        in_use = sessions(self.models, wanted, self.device, precision.dtype, precision.products)
        explainers = [Explainer(session, self.method) for session in in_use]
        return Ensemble(explainers, self.settings.both_strands, self.each)

    def start(self, drawn: Drawn) -> Pending:
        """The attribution of windows of one length, to come."""
        return self.ensemble.start(drawn.codes, drawn.references, self.settings.batch_size)

    def results(self, pending: Pending) -> list[Attribution]:
        """That of the mean, and those of each model where they are asked for."""
        return [pending.result(), *(member.result() for member in pending.members)]

    def roughness(self, drawn: Drawn, result: Attribution) -> str:
        """How far contributions are from those of float32, measured on some windows."""
        some = slice(min(len(drawn.rows), ROUGH_WINDOWS))
        shared = drawn.references.ndim == 3 and drawn.references.dtype != np.uint8
        references = drawn.references if shared else drawn.references[some]
        exact = self.ensemble_in(PRECISIONS["float32"]).start(drawn.codes[some], references).result()
        return roughness(self.settings.precision, result, exact)


class Calculation:
    """The blocks of a run, to be worked out by this process."""

    def __init__(self, setup: Setup, windows: Windows, reference: Reference, plan: Plan) -> None:
        self.setup, self.windows, self.reference, self.plan = setup, windows, reference, plan
        self.seconds = dict.fromkeys(("references", "attribution", "writing"), 0.0)

    def blocks(self, numbers: Iterable[int], keep: Keep, out: Path, threads: int) -> Iterator[int]:
        """Work out blocks of these numbers, have their records kept, and tell each one's count of rows.

        The records are of files in the folder `out`.
        """
        paths = result_paths(out, self.plan.results, self.plan.targets)

        def store(begun: Begun) -> int:
            keep(begun.number, self.record(begun, paths))
            return len(self.plan.rows_of(begun.number))

        flying = IN_FLIGHT if self.setup.session.device.type == "cuda" else 1
        return Stages(self.draw, self.begin, self.wait, store, threads, flying).run(numbers)

    def draw(self, number: int) -> tuple[int, list[Drawn]]:
        """The sequences of a block with their references, by length."""
        start = time.perf_counter()
        rows = self.plan.rows_of(number)
        windows = self.windows[rows.start : rows.stop]
        groups = [self.drawn(rows.start, some) for some in by_length(windows, lambda length: len(windows))]
        self.seconds["references"] += time.perf_counter() - start
        return number, groups

    def drawn(self, first: int, rows: npt.NDArray[np.intp]) -> Drawn:
        """Windows of one length, by their rows in the block that begins at the row `first`."""
        reference, settings, windows = self.reference, self.setup.settings, self.windows
        codes = windows.codes(first + rows)
        origin = origins(first + rows, windows.codes, settings.pairs)
        names = [windows.names[row] for row in origin.rows.tolist()]
        references: npt.NDArray[Any] | None = reference.draw_codes(origin.codes, settings.seed, names)
        same = reference.degenerate(codes, references)
        if references is None:
            references = reference.values(codes.shape[1])
            if (origin.codes == UNKNOWN).any():  # where they are nothing
                references = reference.draw(one_hot(origin.codes), settings.seed, names)
        return Drawn(rows, codes, references, same)

    def begin(self, drawn: tuple[int, list[Drawn]]) -> Begun:
        """Explain a block; on a GPU it is only told to."""
        start = time.perf_counter()
        number, groups = drawn
        begun = Begun(number, groups, [self.setup.start(group) for group in groups], [])
        self.seconds["attribution"] += time.perf_counter() - start
        return begun

    def wait(self, begun: Begun) -> Begun:
        """Until it is explained: what comes then asks nothing of a device."""
        start = time.perf_counter()
        results = [self.setup.results(pending) for pending in begun.pending]
        if self.setup.precision.rough and begun.number == 0:
            begun.notes.append(self.setup.roughness(begun.groups[0], results[0][0]))
        begun.notes.extend(self.setup.ensemble.notes)
        self.seconds["attribution"] += time.perf_counter() - start
        return begun

    def record(self, begun: Begun, paths: Sequence[Path]) -> list[Buffer]:
        """What is kept of a block that is explained, for these HDF5 files."""
        start = time.perf_counter()
        rows = self.plan.rows_of(begun.number)
        results = [self.setup.results(pending) for pending in begun.pending]
        groups = [
            Group(drawn.rows, drawn.codes, result)
            for drawn, result in zip(begun.groups, results, strict=True)
        ]
        same = np.concatenate([group.rows[group.same] for group in begun.groups])
        block = Block(
            begun.number, rows.start, self.windows[rows.start : rows.stop], groups, same, begun.notes
        )
        record = block.record(self.plan.layout, paths)
        self.seconds["writing"] += time.perf_counter() - start
        return record
