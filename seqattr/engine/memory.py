"""How many pairs go through the model at once: chosen from free memory, halved when that was too many."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from seqattr.engine.graph import INPUT
from seqattr.engine.plan import Plan

T = TypeVar("T")
# With more activations than this at once a CPU gains nothing, and loses its caches.
CPU_BYTES = 64 * 2**20
# Values, multipliers and what torch's kernels need beside them, over the bytes of one side's values.
OVERHEAD = 4


def pairs_at_once(plan: Plan, length: int, device: torch.device, references: int) -> int:
    """How many pairs of a sequence and a reference fit into free memory.

    A sequence is kept together with all its references if they fit, so that it goes forward once.
    """
    per_pair = OVERHEAD * bytes_per_row(plan, length, device)
    budget = free_bytes(device) // 2
    if device.type == "cpu":
        budget = min(budget, max(CPU_BYTES, references * per_pair))
    return max(1, int(budget // max(per_pair, 1)))


def bytes_per_row(plan: Plan, length: int, device: torch.device) -> int:
    """The size of all values of the graph for one sequence, measured on an empty device."""
    from seqattr.engine.run import reference_values

    like = next((t for t in plan.graph.tensors.values() if t.is_floating_point()), torch.zeros(0))
    row = torch.zeros(2, 4, length, dtype=like.dtype, device=device)
    with torch.no_grad():
        values = reference_values(plan, row)
    names = plan.active | {INPUT}
    sizes = (
        v.numel() * v.element_size() for k, v in values.items() if k in names and isinstance(v, torch.Tensor)
    )
    return sum(sizes) // 2


def free_bytes(device: torch.device) -> int:
    """Free memory of a device, in bytes; on the CPU what the machine and the job's limit leave."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return min(machine_bytes(), cgroup_bytes())


def machine_bytes() -> int:
    """What the kernel says is available."""
    try:
        with open("/proc/meminfo") as lines:
            table = dict(line.split(":") for line in lines)
        return int(table["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):  # not Linux
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def cgroup_bytes() -> int:
    """What a cluster's limit on this job leaves."""
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
        return limit - int(Path("/sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):  # no limit
        return 2**62


@dataclass(frozen=True)
class Chunk:
    """Some sequences with some of their references."""

    sequences: slice
    references: slice


def chunks(sequences: int, references: int, pairs: int) -> Iterator[Chunk]:
    """Whole sequences, `pairs` pairs at a time; a sequence with more references than that in pieces."""
    rows = max(1, pairs // references)
    columns = min(references, pairs)
    for column in range(0, references, columns):  # outside, so that shared ones go forward once
        for start in range(0, sequences, rows):
            yield Chunk(
                slice(start, min(start + rows, sequences)),
                slice(column, min(column + columns, references)),
            )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, on whatever device."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in OUT_OF_MEMORY)


OUT_OF_MEMORY = ("not enough memory", "out of memory", "can't allocate memory", "Cannot allocate memory")


def halving(run: Callable[[int], T], pairs: int) -> T:
    """run(pairs), with half as many pairs each time memory runs out."""
    while True:
        try:
            return run(pairs)
        except Exception as error:
            if pairs == 1 or not is_out_of_memory(error):
                raise
        pairs = pairs // 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
