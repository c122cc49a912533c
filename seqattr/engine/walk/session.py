"""A model made ready to run: what attribution and every analysis prepare alike, once."""

import contextlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

from seqattr.dna.alphabet import are_texts, check_not_empty, instead_of, one_hot
from seqattr.engine.capture.model import Model, check_model
from seqattr.engine.graph.graph import INPUT
from seqattr.engine.numerics.device import FULL, check_products, current, full_precision, pick_device
from seqattr.engine.numerics.gpu.notes import telling
from seqattr.engine.walk.cuts import Cuts, Room
from seqattr.engine.walk.forward import ForwardPlan, Values, output_values, side_values
from seqattr.engine.walk.memory import halving, pairs_at_once, pieces
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.rulebook import Rulebook
from seqattr.errors import InputError, NotFinite
from seqattr.support.given import is_whole

T = TypeVar("T")
Forward = Callable[[ForwardPlan, Tensor], Values]
HALVED = (
    "memory ran out, so that fewer sequences went through the model at once: the last digits of numbers may "
    "hang on that"
)
CUT = (
    "a sequence and a reference have no room in memory with all that the way back needs: it was kept for one "
    "of {} parts of the model at a time, which was run forward again for it; no number changes by that"
)
KEPT = 4  # shared references whose values stay in memory: the pieces of a large set


class Session:
    """A model on one device for some of its targets, or expressions of them (`Model.choose`): the graph that
    these need, its plans, how many rows go through it at once, and how much work was done.

    `targets` are where the session's graph has them, `finals` the nonlinearity behind each. The precision is
    the model's unless `dtype` says otherwise; `products`, one of PRODUCTS, is how a GPU multiplies numbers of
    float32. A session serves any number of batches.

    Raises UnknownName and InputError for a target, UnknownName for other products,
    InputError for a device that is not there.
    """

    def __init__(
        self,
        model: Model,
        targets: Sequence[int | str] | None = None,
        device: str = "auto",
        dtype: torch.dtype | None = None,
        products: str = FULL,
    ) -> None:
        check_products(products)
        check_model(model)
        check_dtype(dtype)
        chosen = model.choose(targets)
        if chosen.targets is not model.targets:
            chosen = chosen.cut()
        graph, self.targets = chosen.graph, chosen.targets
        self.finals = tuple(chosen.outputs.finals[target.output] for target in chosen.targets)
        self.model, self.products = model, products
        self.device, self.dtype = pick_device(device), dtype or model.dtype
        self.graph = graph.to(self.device, self.dtype)
        self.rows_forward = self.rows_backward = 0
        self.notes: list[str] = list(chosen.notes)  # what a user should know of how it was done
        self.room = Room(self.device)
        self._plans: list[Plan] = []
        self._kept: dict[Hashable, Any] = {}
        self._shared: list[tuple[Plan, Forward, Hashable, Tensor, Values]] = []
        self._carried: tuple[Tensor, Tensor, Hashable] | None = None
        self._last: tuple[Plan, Values] | None = None

    def plan(self, rulebook: Rulebook | None) -> Plan:
        """What a rulebook does with the session's graph, worked out once; None: it only runs forward."""
        plan = next((plan for plan in self._plans if plan.rulebook is rulebook), None)
        if plan is None:
            self._plans.append(plan := Plan(self.graph, rulebook, products=self.products))
        return plan

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` makes, kept under a key from batch to batch."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast(T, self._kept[key])

    # --- running -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """On its device, which kernels of our own take for theirs, without gradients of torch's own, in full
        precision; what kernels leave to know is a note.
        """
        with torch.no_grad(), full_precision(self.products), telling(self._note), current(self.device):
            yield

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def run(self, work: Callable[[int], T], rows: int, key: Hashable = None) -> T:
        """work(rows), with half as many rows each time memory runs out; a note says so. What is kept under
        the key as the number of rows is then that many.
        """

        def halved(fewer: int) -> None:
            if key in self._kept:
                self._kept[key] = fewer
            self._note(HALVED)

        with self.running():
            return halving(work, rows, halved, self._tighten)

    def _tighten(self) -> bool:
        """Whether a pair takes less memory from now on, that being what ran out."""
        self._shared, self._last = [], None
        return self.room.tighten()

    def cuts(self, plan: Plan, length: int) -> Cuts:
        """Where a plan's graph is cut for sequences of this length: nowhere, if a pair has room in memory
        without. A note says so."""
        cuts = self.room.cuts(plan, length)
        if cuts:
            self._note(CUT.format(len(cuts) + 1))
        return cuts

    def batches(
        self, plan: Plan, sequences: "Sequences", batch_size: int | None, work: Callable[[Tensor, int], T]
    ) -> Iterator[tuple[int, Tensor, list[T]]]:
        """How many of N sequences (N, 4, L) are done, the last of them on the device, and what
        `work(sequences, number of the first)` makes of them: of all at once, or of parts where memory runs
        out. Memory does not grow with N.

        Raises InputError for what are no sequences for the model.
        """
        number, length = check_shape(sequences)
        for rows in pieces(number, self.rows_at_once(plan, length, batch_size)):
            batch = self.to_device(tensor_of(sequences[rows]))
            yield rows.stop, batch, self.run(partial(in_pieces, work, batch, rows.start), len(batch))

    def rows_at_once(self, plan: Plan, length: int, batch_size: int | None = None) -> int:
        """How many sequences of this length, or pairs with a reference, go through a plan at once: as many as
        pay and fit into free memory unless a batch size is given.

        Raises InputError for a length that the model does not take, and for a batch size below 1.
        """
        self.model.check_length(length)
        if batch_size is None:
            with self.running():  # it goes forward once, for which kernels are chosen
                return self.once(rows_key(plan, length), lambda: pairs_at_once(plan, length, self.device))
        check_batch_size(batch_size)
        return batch_size

    def carry(self, data: Tensor) -> Tensor:
        """On the device, as it is; to a GPU by memory that it reads itself, while the host goes on."""
        if self.device.type == "cuda" and data.is_cpu:
            return data.pin_memory().to(self.device, non_blocking=True)
        return data.to(self.device)

    def carry_shared(self, data: Tensor) -> tuple[Tensor, Hashable]:
        """The same of what many calls give alike: once, with a key that lasts as long as it is the same."""
        kept = self._carried
        if kept is None or kept[0].dtype != data.dtype or not kept[0].equal(data):
            self._carried = kept = data.clone(), self.carry(data), object()
        return kept[1:]

    def to_device(self, sequences: Tensor) -> Tensor:
        """On the device, as precise as the session; it travels as it is, a byte a number for bases."""
        return self.carry(sequences).to(self.dtype)

    # --- values that serve several walks -------------------------------------------------------

    def shared_values(self, plan: Plan, references: Tensor, key: Hashable = None) -> Values:
        """Values of references (R, 4, L) that all sequences share: forward once, however many batches.

        References of one key are known to be equal; without a key they are compared.
        """
        return self._of_shared(side_values, plan, references, key)

    def shared_outputs(self, plan: Plan, references: Tensor, key: Hashable = None) -> Values:
        """The same of the outputs alone."""
        return self._of_shared(output_values, plan, references, key)

    def _of_shared(self, forward: Forward, plan: Plan, references: Tensor, key: Hashable) -> Values:
        for known, by, known_key, of, values in self._shared:
            if known is plan and by is forward and (known_key == key if key else of.equal(references)):
                return values
        values = forward(plan, references)
        self.rows_forward += len(references)
        self._shared = [*self._shared[1 - KEPT :], (plan, forward, key, references, values)]
        return values

    def sequence_values(self, plan: Plan, sequences: Tensor) -> Values:
        """Values of sequences (B, 4, L) whose references come in pieces, one after the other."""
        last = self._last
        if last is not None and last[0] is plan:
            known = last[1][INPUT]
            if known is sequences or known.equal(sequences):
                return last[1]
        self._last = last = None  # let it go first
        values = side_values(plan, sequences)
        self.rows_forward += len(sequences)
        self._last = plan, values
        return values


def rows_key(plan: Plan, length: int) -> Hashable:
    """Under which a session keeps how many rows of this length go through a plan at once."""
    return plan, length


def in_pieces(work: Callable[[Tensor, int], T], batch: Tensor, start: int, size: int) -> list[T]:
    """`work` on so many rows of a batch at a time, given the number of the first among all."""
    return [work(batch[rows], start + rows.start) for rows in pieces(len(batch), size)]


# --- sequences -----------------------------------------------------------------------------------


class Sequences(Protocol):
    """One-hot sequences (N, 4, L), a slice of rows at a time: an array, a tensor, or made when asked for."""

    @property
    def shape(self) -> Any: ...

    def __getitem__(self, rows: slice, /) -> Any: ...


def tensor_of(numbers: Any, noun: str = "sequences") -> Tensor:
    """What an array, a tensor or a list holds, without its gradient; of texts the one-hot columns.

    All but tensors are copied: torch takes no array that is read backwards, as the reverse complement is,
    and warns of one that may only be read. Raises InputError for what are no numbers.
    """
    if isinstance(numbers, Tensor):
        return numbers.detach()
    if isinstance(numbers, str):
        raise InputError(f"{noun} are a list of texts, {instead_of(numbers)}")
    if are_texts(numbers):
        return torch.from_numpy(one_hot(numbers))
    try:
        return torch.from_numpy(np.array(numbers))
    except (TypeError, ValueError, RuntimeError) as error:
        kind = type(numbers).__name__
        raise InputError(f"{noun} must be an array of numbers, or a list of texts: not {kind}") from error


def one_hot_tensor(sequences: Any) -> Tensor:
    """Sequences (N, 4, L) as a tensor. Raises InputError for another shape."""
    tensor = tensor_of(sequences)
    check_not_empty(tensor.shape)
    if tensor.ndim != 3 or tensor.shape[1] != 4:
        raise InputError(f"sequences must have the shape (N, 4, L), not {tuple(tensor.shape)}")
    return tensor


def sliceable(sequences: Any) -> Sequences:
    """Sequences that know their shape: a list becomes a tensor."""
    given: Sequences = sequences if hasattr(sequences, "shape") else tensor_of(sequences)
    return given


def check_shape(sequences: Sequences) -> tuple[int, int]:
    """How many sequences there are, and their length. Raises InputError for what are no sequences."""
    shape = tuple(sequences.shape)
    check_not_empty(shape)
    if len(shape) != 3 or shape[1] != 4 or not shape[0]:
        raise InputError(f"sequences must have the shape (N, 4, L) with N at least 1, not {shape}")
    return int(shape[0]), int(shape[2])


def check_dtype(dtype: object) -> None:
    """Raises InputError for what is no type of floating-point numbers; None leaves it open."""
    if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise InputError(f"the dtype must be torch's of floats, such as torch.float64, not {dtype!r}")


def check_batch_size(batch_size: int | None) -> None:
    """Raises InputError for one below 1, and for what is no whole number; None leaves it open."""
    if batch_size is not None and not is_whole(batch_size):
        raise InputError(f"the batch size must be a whole number from 1 on, not {batch_size!r}")
    if batch_size is not None and batch_size < 1:
        raise InputError(f"the batch size must be at least 1, not {batch_size}")


def check_finite(values: Tensor, failure: str, start: int = 0) -> None:
    """Raises NotFinite for the first row of (N, ...) with NaN or infinity, counted from `start`."""
    bad = ~values.isfinite()
    if bad.any():
        raise NotFinite(failure, start + int(bad.reshape(len(bad), -1).any(1).nonzero()[0]))
