"""Whether there is a Triton for kernels of our own, and where they run.

Triton comes with torch's builds for CUDA. Its interpreter (TRITON_INTERPRET=1) runs the same kernels on a
CPU, slowly: so they are tested where there is no GPU.
"""

import os
from functools import cache
from importlib.util import find_spec

import torch
from torch import Tensor

WITHOUT = "SEQATTR_NO_TRITON"  # set to 1, torch's own kernels do it all
DEVICES = {"cuda"}  # of tests, "cpu" for the interpreter


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


def serves(tensor: Tensor) -> bool:
    """Whether kernels of our own take a tensor: of float32, on a GPU."""
    return tensor.device.type in DEVICES and tensor.dtype == torch.float32 and there_is_triton()
