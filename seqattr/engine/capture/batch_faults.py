"""What a model does with its batch that it may not: it mixes sequences, or takes only so many, at which line.

The model is run as it is, and what each of torch's functions gives is compared between batches.
"""

import sys
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from seqattr.engine.capture.answers import answers_each, named_tensors
from seqattr.engine.capture.gaps import first_gap
from seqattr.engine.capture.original import Original, OwnFailure, own_answer
from seqattr.engine.graph.forward import random_sequences
from seqattr.engine.graph.layouts import REPEATS, ROUNDING, ROWS, apart, candidates, gap_of, unfold
from seqattr.engine.graph.source_lines import first_line, frame_line, is_users, raised_at
from seqattr.errors import ModelError

NUMBERS = (2, 5, 1)  # of sequences, beside those that a model was tried on
CALLS = 4  # of a model on the same sequences: a random choice of few may be the same twice
MOST_CALLS = 20_000  # of a model's that are compared
FIXES = "it fixes the number of sequences in a batch"
AT_ONCE = "work on all at once, with x.shape[0] for how many there are"
WRITE = "write x.shape[0], or -1, in the place of the number"
MIXED = "; does a recurrent layer run along the batch (batch_first), or a batch norm in training?"


def fault(original: Original, sequences: Tensor) -> str:
    """What makes the model's answer no function of each sequence, or of so many only; "" for nothing."""
    return instability(original, sequences) or fixed_number(original.module, sequences)


# --- mixed ---------------------------------------------------------------------------------------


def instability(original: Original, sequences: Tensor) -> str:
    """What makes the model's answer to a sequence no function of that sequence, if anything does: tried."""
    try:
        first, *again = (original.answer(sequences) for _ in range(CALLS))
        # either end: along the batch a recurrent layer may run in one direction
        ends = [(original.answer(sequences[row, None]), row) for row in (0, len(sequences) - 1)]
    except ModelError:
        return ""  # it does not take one sequence alone
    gap = next((gap for one in again if (gap := first_gap(first, one, original.rounding))), None)
    if gap is not None:
        return (
            f"two calls of the model on the same sequences differ ({gap}); does the model draw random "
            "numbers (dropout that is always on), or keep something from call to call?"
        )
    pairs = [
        (batch[row, None], alone)
        for answers, row in ends
        for batch, alone in zip(first, answers, strict=True)
        if alone.shape[:1] == (1,) and batch.shape == (len(sequences), *alone.shape[1:])
    ]
    gap = first_gap([a for a, _ in pairs], [b for _, b in pairs], original.rounding)
    if gap is None:
        return ""
    return (
        f"the model mixes the sequences of a batch{mixing_line(original.module, sequences)}: its answer to a "
        f"sequence alone and in a batch differs ({gap}){MIXED}"
    )


class FunctionCall(NamedTuple):
    """A call of one of torch's functions: its name, the user's line, and the tensors that it gave."""

    name: str
    line: str
    values: list[Tensor]


class Recorder(TorchFunctionMode):
    """Keeps every call of a function of torch that the user's own code makes, or a layer of torch's does."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[FunctionCall] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        value = function(*args, **(kwargs or {}))
        parts = value if isinstance(value, tuple | list) else (value,)
        tensors = [part.detach() for part in parts if isinstance(part, Tensor)]
        if tensors and len(self.calls) < MOST_CALLS:
            frame = sys._getframe(1)
            while frame is not None and not is_users(frame.f_code.co_filename):
                frame = frame.f_back  # type: ignore[assignment]
            self.calls.append(FunctionCall(function.__name__, frame_line(frame), tensors))
        return value


def calls_on(module: nn.Module, sequences: Tensor) -> list[FunctionCall]:
    """What the model calls on its way. Raises OwnFailure."""
    recorder = Recorder()
    with recorder:
        own_answer(module, sequences)
    return recorder.calls


def mixing_line(module: nn.Module, sequences: Tensor) -> str:
    """Where the model first mixes sequences, as " in cumsum at net.py:3 in forward: ..."; or ""."""
    rows = random_sequences(ROWS, sequences.shape[2], sequences.dtype, sequences.device)
    others = random_sequences(ROWS, sequences.shape[2], sequences.dtype, sequences.device, seed=1)
    batches = (rows, rows.repeat_interleave(REPEATS, 0), torch.cat([rows[:1], others[1:]]))
    try:
        once, twice, other = (calls_on(module, batch) for batch in batches)
    except OwnFailure:
        return ""
    for one, two, three in zip(once, twice, other, strict=False):
        if (one.name, one.line) != (two.name, two.line):
            return ""
        if any(map(mixes, one.values, two.values, three.values)):
            return f" in {one.name}{at(one.line)}"
    return ""


def mixes(once: Tensor, twice: Tensor, other: Tensor) -> bool:
    """Whether a value for some rows, each of them twice, or the first with others, has none for each row."""
    if not once.is_floating_point() or once.ndim != twice.ndim or once.shape != other.shape:
        return False
    changed = [d for d in range(once.ndim) if once.shape[d] != twice.shape[d]]
    if not changed:  # it is of no row, or of all
        return apart(once, other) > ROUNDING
    dim, size = changed[0], once.shape[changed[0]]
    if len(changed) > 1 or size % ROWS or twice.shape[dim] != REPEATS * size:
        return True
    gap, layout = min((gap_of(once, twice, layout), layout) for layout in candidates(dim, size))
    first, again = (unfold(value, layout, (ROWS,)).select(dim + 1, 0) for value in (once, other))
    return gap > ROUNDING or apart(first, again) > ROUNDING


# --- fixed ---------------------------------------------------------------------------------------


def fixed_number(module: nn.Module, sequences: Tensor) -> str:
    """How a model shows that it takes one number of sequences only, or goes through them one by one."""
    if not answers_each(own_answer(module, sequences), len(sequences)):
        return ""  # whatever their number
    shown = next((said for number in NUMBERS if (said := fixed_at(module, sequences, number))), "")
    line = "" if shown else loop_line(module, sequences)
    if not line:
        return shown
    return f"it goes through the sequences of a batch one by one{line}; {AT_ONCE}"


def fixed_at(module: nn.Module, sequences: Tensor, number: int) -> str:
    """How a model shows with this number of sequences that it fixes it; "" where it does not."""
    try:
        answer = own_answer(module, some(sequences, number))
    except OwnFailure as error:
        mixing = mixing_line(module, sequences) if number == 1 else ""
        if mixing:
            return f"the model mixes the sequences of a batch{mixing}: it does not take one alone{MIXED}"
        cause = error.__cause__ or error
        why = f"{len(sequences)} run, {number} do not, as {first_line(cause)}{at(raised_at(cause))}"
        return f"{FIXES}: {why}; {WRITE}"
    if number == 1 or answers_each(answer, number):
        return ""
    shapes = [tuple(tensor.shape) for _, tensor in named_tensors(answer)]
    where = mixing_line(module, sequences)
    return f"{FIXES}: to {number} of them it answers with {' and '.join(map(str, shapes))}{where}; {WRITE}"


def some(sequences: Tensor, number: int) -> Tensor:
    """So many sequences, the same again where there are not enough."""
    return sequences[torch.arange(number, device=sequences.device) % len(sequences)]


def loop_line(module: nn.Module, sequences: Tensor) -> str:
    """Where a model does more for more sequences, as " at net.py:3 in forward: ..."; "" where it does not."""
    few, many = calls_on(module, sequences[:2]), calls_on(module, sequences[:3])
    if len(few) == len(many):
        return ""
    pairs = zip_longest(few, many)
    more = next(
        (b for a, b in pairs if b is not None and (a is None or (a.name, a.line) != (b.name, b.line))), None
    )
    return at(more.line) if more is not None else ""


def at(line: str) -> str:
    return f" at {line}" if line else ""


# --- numbers of sequences that run -----------------------------------------------------------------


def numbers_that_run(module: nn.Module, sequences: Tensor, numbers: Sequence[int]) -> list[int]:
    """Of these numbers of sequences those that a module takes."""
    running = []
    for number in numbers:
        try:
            own_answer(module, some(sequences, number))
        except OwnFailure:
            continue
        running.append(number)
    return running
