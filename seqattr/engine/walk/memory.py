"""How many pairs go through the model at once: what pays and fits, halved when that was too many."""

import ctypes
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import torch

from seqattr.engine.graph.graph import INPUT
from seqattr.engine.numerics.device import is_out_of_memory
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.walk.forward import ForwardPlan, passing_values
from seqattr.support.memory import free_bytes as free_host_bytes

# glibc takes no block of 32 MiB or more as a sign of what will be asked for.
LARGEST_KEPT = 2**25 - 2**16
MOST_ARENAS = -8  # glibc's number for this setting
T = TypeVar("T")
# Of a CPU's largest value so much at once: with less a step costs more than its work, with more it comes
# from memory instead of from the caches. But no fewer pairs than those below.
CPU_BYTES = 4 * 2**20
LEAST_PAIRS = 2
# Of a GPU's largest value so much at once, as measured on an H200. It is busy with less: a BPNet of 64
# filters is within 3 % of its best from 512 pairs on (280 MB), one of 512 filters from 128 (550 MB), a Basset
# from 512 (370 MB), a small CNN from some 10,000 (400 MB). And more can cost: the Basset is slower by a third
# with 4,332 pairs (3 GB) than with 512. As this does not hang on what memory happens to be free, the batch is
# the same in every run, and with it the last digits of numbers.
GPU_BYTES = 2**29
LEAST_THROUGH_TIME = 16  # where steps walk through time: no more of them is at work at once than a time step
# What a walk through time keeps of each time step, over the bytes of the states that it answers with.
INSIDE = 4
# Values, multipliers and what torch's kernels need beside them, over the bytes of one side's values.
OVERHEAD = 4


def pairs_at_once(plan: ForwardPlan, length: int, device: torch.device) -> int:
    """How many pairs of a sequence and a reference go through the model at once: no more than pays, and than
    fit into free memory.
    """
    return rows_at_once(bytes_of(plan, length, device), device)


def rows_at_once(row: "Bytes", device: torch.device) -> int:
    """How many rows of values of this size. On a GPU, where memory is short, a power of two."""
    fitting = max(1, int(free_bytes(device) // 2 // max(OVERHEAD * row.together, 1)))
    on_cpu = device.type == "cpu"
    paying = max(row.least, (CPU_BYTES if on_cpu else GPU_BYTES) // max(row.largest, 1))
    return min(fitting, paying) if on_cpu or fitting >= paying else 2 ** (fitting.bit_length() - 1)


def keep_freed_memory() -> None:
    """One large block, given back at once and never touched: glibc then keeps twice its size of freed memory
    for what comes next, where otherwise each batch would have its pages from the kernel anew, a quarter of
    the time of a small model. All threads take from what is kept, which is a tenth less than if each kept its
    own. Elsewhere it does nothing.
    """
    torch.empty(LARGEST_KEPT, dtype=torch.uint8)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(MOST_ARENAS, 1)


class Bytes(NamedTuple):
    """The size of the values of a graph for one sequence, and how many of these at once pay at any size."""

    together: int
    largest: int
    least: int = LEAST_PAIRS


def bytes_of(plan: ForwardPlan, length: int, device: torch.device) -> Bytes:
    """Measured on an empty device."""
    sizes = sizes_of(plan, length, device)
    inside = sum(INSIDE * size for name, size in sizes.items() if plan.kinds.get(name) is Kind.RECURRENT)
    return Bytes(sum(sizes.values()) + inside, max(sizes.values()), least_pairs(plan))


def sizes_of(plan: ForwardPlan, length: int, device: torch.device) -> dict[str, int]:
    """The bytes of each value for one sequence, of which no more is in memory at once than it takes to go
    forward.
    """
    like = next((t for t in plan.graph.tensors.values() if t.is_floating_point()), torch.zeros(0))
    rows = torch.zeros(2, 4, length, dtype=like.dtype, device=device)
    sizes = {INPUT: rows.nbytes // 2}
    with torch.no_grad():
        for step, value in passing_values(plan, rows):
            if step.name in plan.active and isinstance(value, torch.Tensor):
                sizes[step.name] = value.nbytes // 2
    return sizes


def least_pairs(plan: ForwardPlan) -> int:
    """How many at once pay, however large they are."""
    return LEAST_THROUGH_TIME if Kind.RECURRENT in plan.kinds.values() else LEAST_PAIRS


def free_bytes(device: torch.device) -> int:
    """Free memory of a device, in bytes; on the CPU what the machine and the job's limit leave."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_host_bytes()


@dataclass(frozen=True)
class Chunk:
    """Some sequences with some of their references."""

    sequences: slice
    references: slice


def chunks(sequences: int, references: int, pairs: int, shared: bool) -> Iterator[Chunk]:
    """Whole sequences, `pairs` pairs at a time; a sequence with more references than that in pieces.

    Pieces of one sequence follow each other, and so do the sequences of one piece of shared references:
    each goes forward once.
    """
    rows, columns = pieces(sequences, max(1, pairs // references)), pieces(references, min(references, pairs))
    if shared:
        yield from (Chunk(row, column) for column in columns for row in rows)
    else:
        yield from (Chunk(row, column) for row in rows for column in columns)


def pieces(number: int, size: int) -> list[slice]:
    """As few as there can be of at most this size, all of nearly the same."""
    many = math.ceil(number / size)
    return [slice(number * i // many, number * (i + 1) // many) for i in range(many)]


def halving(
    run: Callable[[int], T],
    pairs: int,
    halved: Callable[[int], None] = lambda pairs: None,
    tighten: Callable[[], bool] = lambda: False,
) -> T:
    """run(pairs), with half as many pairs each time memory runs out, which `halved` is told; where one pair
    is too many, once more after each call of `tighten` that says that a pair takes less now.

    What other calls have sent to a GPU goes on there untouched: memory is refused here, before any of this
    call's work is done with it.
    """
    while True:
        try:
            return run(pairs)
        except Exception as error:
            if not is_out_of_memory(error) or (pairs == 1 and not tighten()):
                raise
        if pairs > 1:
            pairs = pairs // 2
            halved(pairs)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
