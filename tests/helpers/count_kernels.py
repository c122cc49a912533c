"""How many kernels tensors of many sizes need, without a GPU: run as a program, it prints that as JSON."""

import json
from typing import Any

import torch
from triton.backends.compiler import GPUTarget
from triton.runtime import driver
from triton.runtime.jit import JITFunction

from seqattr.engine.numerics.gpu import elementwise, expressions, pool_kernels, pooling
from seqattr.engine.numerics.lines import Line

SIZES = [  # of sequences, references, channels, positions
    *((2, 3, 64, 100), (5, 20, 50, 190), (1, 1, 64, 2114), (2, 2, 3, 5), (4, 4, 16, 16), (3, 1, 64, 64)),
    *((16, 16, 64, 16), (2, 1, 1, 40)),
]


class NoDevice:
    """What a launch asks a driver before it compiles."""

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, device: int = 0) -> int:
        return 0

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", 90, 32)


def compile_alone(kernel: Any, grid: Any) -> Any:
    """In place of a launch."""
    return lambda *arguments, **options: kernel.run(*arguments, grid=grid, warmup=True, **options)


if __name__ == "__main__":
    driver.set_active(NoDevice())
    JITFunction.__getitem__ = compile_alone
    for b, r, channels, positions in SIZES:
        first, others = torch.zeros(b, 1, channels, positions), torch.zeros(b, r, channels, positions)
        windows = positions // 2
        line = Line(positions, windows, 2, 2)
        for x, y in ((first, others), (first.mT.contiguous().mT, others.mT.contiguous().mT)):
            elementwise.evaluated("relu_secant", (x, y))
            kept = [tensor.flatten(0, 1) for tensor in pooling.largest(x, y, line)]
            pooling.to_largest(torch.zeros(b * r, channels, windows), kept, line)
    kernels = (expressions.expression, pool_kernels.largest, pool_kernels.to_largest)
    print(json.dumps({kernel.fn.__name__: len(kernel.device_caches[0][0]) for kernel in kernels}))
