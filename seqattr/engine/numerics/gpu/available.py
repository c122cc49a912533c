"""Whether there is a Triton for kernels of our own, and where they run.

Triton comes with torch's builds for CUDA. Its interpreter (TRITON_INTERPRET=1) runs the same kernels on a
CPU, slowly: so they are tested where there is no GPU.
"""

import os
from collections.abc import Callable, Container
from functools import cache
from importlib.util import find_spec
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

from seqattr.engine.numerics.device import is_out_of_memory
from seqattr.engine.numerics.gpu.notes import say

WITHOUT = "SEQATTR_NO_TRITON"  # set to 1, torch's own kernels do it all
DEVICES = {"cuda"}  # of tests, "cpu" for the interpreter
FLOAT32 = (torch.float32,)
FAILED: list[str] = []  # what the first kernel that could not be made, failed by
NONE = "Triton makes no kernels here, so that torch's own do it all: {}"

P = ParamSpec("P")
Made = TypeVar("Made")


def is_interpreted() -> bool:
    """Whether the interpreter runs kernels: there, products of bfloat16 are not to be had."""
    return os.environ.get("TRITON_INTERPRET", "") == "1"


@cache
def there_is_triton() -> bool:
    return os.environ.get(WITHOUT, "") != "1" and find_spec("triton") is not None


def triton_version() -> str:
    """ "none" where there is none to use."""
    if not there_is_triton():
        return "none"
    import triton

    return str(triton.__version__)


def serves(tensor: Tensor, types: Container[torch.dtype] = FLOAT32) -> bool:
    """Whether kernels of our own take a tensor: of one of these types, on a GPU."""
    if tensor.device.type not in DEVICES or tensor.dtype not in types or not there_is_triton():
        return False
    for error in FAILED:
        say(NONE.format(error))
    return not FAILED


def attempted(run: Callable[P, Made], *args: P.args, **kwargs: P.kwargs) -> Made | None:
    """What a function makes with kernels of our own; None where they cannot be made, as without a C
    compiler. From then on none are asked for.
    """
    try:
        return run(*args, **kwargs)
    except Exception as error:  # of whatever compiler
        if is_out_of_memory(error):
            raise
        FAILED.append(f"{type(error).__name__}: {error}".splitlines()[0])
        say(NONE.format(FAILED[-1]))
        return None
