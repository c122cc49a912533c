"""Memory that is used again as soon as no tensor lies in it.

What a walk makes is large and lives shortly. Asked for anew each time, its pages come from the kernel one
by one, which takes as long as the arithmetic on them.
"""

import sys
import threading

import numpy as np
import torch
from torch import Tensor

LEAST_BYTES = 2**16  # smaller blocks the allocator keeps by itself
MOST_BYTES = 2**28  # kept when nobody uses them
HELD_BY_POOL = 3  # references to a block: the list's, the loop's, and the question's own


class Pool:
    """Blocks of memory, each lent to one tensor at a time."""

    def __init__(self) -> None:
        self.blocks: list[np.ndarray] = []
        self.lock = threading.Lock()

    def take(self, elements: int, dtype: torch.dtype) -> Tensor:
        """A tensor (elements) of any content; its block returns when the last tensor that shares it goes."""
        size = elements * dtype.itemsize
        if size < LEAST_BYTES:
            return torch.empty(elements, dtype=dtype)
        with self.lock:
            lent = torch.from_numpy(self._free_block(size))  # it holds the block
        return lent[:size].view(dtype)

    def _free_block(self, size: int) -> np.ndarray:
        """The one that was lent last, as what it holds may still lie in a cache; else a new one."""
        kept = 0
        for i in reversed(range(len(self.blocks))):
            block = self.blocks[i]
            if sys.getrefcount(block) == HELD_BY_POOL:
                if size <= block.nbytes <= 2 * size:
                    self.blocks.append(self.blocks.pop(i))
                    return block
                kept += block.nbytes
        if kept > MOST_BYTES:
            self._drop_unused()
        self.blocks.append(np.empty(size, np.uint8))
        return self.blocks[-1]

    def _drop_unused(self) -> None:
        for i in reversed(range(len(self.blocks))):
            if sys.getrefcount(self.blocks[i]) == HELD_BY_POOL - 1:
                del self.blocks[i]


POOL = Pool()


def like(tensor: Tensor) -> Tensor:
    """A tensor of the same shape and order in memory, of any content; the tensor must be dense."""
    if tensor.device.type != "cpu":
        return torch.empty_like(tensor)
    return POOL.take(tensor.numel(), tensor.dtype).as_strided(tensor.shape, tensor.stride())
