"""Memory that is used again as soon as no tensor lies in it.

What a walk makes is large and lives shortly. Asked for anew each time, its pages come from the kernel one
by one, which takes as long as the arithmetic on them.
"""

import threading
import weakref

import numpy as np
import torch
from torch import Tensor

LEAST_BYTES = 2**16  # smaller blocks the allocator keeps by itself
MOST_BYTES = 2**28  # kept when nobody uses them


class Pool:
    """Blocks of memory, each lent to one tensor at a time; `blocks` are those that are not lent."""

    def __init__(self) -> None:
        self.blocks: list[np.ndarray] = []
        self.lock = threading.Lock()

    def take(self, elements: int, dtype: torch.dtype) -> Tensor:
        """A tensor (elements) of any content; its block returns when the last tensor that shares it goes."""
        size = elements * dtype.itemsize
        if size < LEAST_BYTES:
            return torch.empty(elements, dtype=dtype)
        with self.lock:
            block = self._free_block(size)
        return torch.from_numpy(self._lease(block, size)).view(dtype)

    def _lease(self, block: np.ndarray, size: int) -> np.ndarray:
        """An array of its own over a block: torch lets it go with the memory of the tensors made of it.

        Its end may come in any thread, and amid a `take`, so that all it does is one append.
        """
        lease = block[:size]
        weakref.finalize(lease, self.blocks.append, block).atexit = False
        return lease

    def _free_block(self, size: int) -> np.ndarray:
        """The one that came back last, as what it holds may still lie in a cache; else a new one.

        Meanwhile blocks may come back, but only at the end of the list, and no other thread takes any.
        """
        kept, number = 0, len(self.blocks)
        for i in reversed(range(number)):
            if size <= self.blocks[i].nbytes <= 2 * size:
                return self.blocks.pop(i)
            kept += self.blocks[i].nbytes
        if kept > MOST_BYTES:
            del self.blocks[:number]
        return np.empty(size, np.uint8)


POOL = Pool()


def like(tensor: Tensor) -> Tensor:
    """A tensor of the same shape and order in memory, of any content; the tensor must be dense."""
    if tensor.device.type != "cpu":
        return torch.empty_like(tensor)
    return POOL.take(tensor.numel(), tensor.dtype).as_strided(tensor.shape, tensor.stride())
