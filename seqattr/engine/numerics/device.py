"""Where torch computes, and how precisely."""

import contextlib
from collections.abc import Iterator

import torch

from seqattr.errors import InputError, UnknownName

DEVICES = "auto, cpu, cuda, cuda:0 ..."
OUT_OF_MEMORY = ("not enough memory", "out of memory", "can't allocate memory", "Cannot allocate memory")
FULL = "float32"
# How a GPU may multiply numbers of float32: in full, in ten bits, or as three products of two parts of
# bfloat16, which is right to about 1e-5, and full where there is no kernel for it.
PRODUCTS = (FULL, "tf32", "bfloat16x3")


def pick_device(name: str | torch.device) -> torch.device:
    """auto, cpu, cuda or cuda:i. Raises InputError for a device that is not there."""
    if not isinstance(name, str | torch.device):
        raise InputError(f"unknown device {name!r}; there is: {DEVICES}")
    name = str(name)
    if name.startswith(("auto", "cuda")) and torch.cuda._is_in_bad_fork():
        raise InputError(
            "this process was forked from one that uses a GPU, and cannot use it itself; "
            "start it with 'spawn' (multiprocessing.get_context('spawn')), or take the device cpu"
        )
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"unknown device '{name}'; there is: {DEVICES}") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"there is no device {name}: torch sees {torch.cuda.device_count()} CUDA devices")
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"unknown device '{name}'; there is: {DEVICES}")
    return device


def current(device: torch.device) -> contextlib.AbstractContextManager[None]:
    """Of several GPUs a device is the one that is meant where none is named."""
    here: contextlib.AbstractContextManager[None] = torch.cuda.device(device if device.type == "cuda" else -1)
    return here


@contextlib.contextmanager
def full_precision(products: str = FULL) -> Iterator[None]:
    """float32 is float32: on a GPU torch would cut a convolution's to ten bits, and no sum would add up.

    Unless `products`, one of PRODUCTS, is "tf32".
    """
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = products == "tf32"
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


def check_products(name: str) -> None:
    """Raises UnknownName for what is none of PRODUCTS."""
    if name not in PRODUCTS:
        raise UnknownName("kind of products", name, PRODUCTS)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, on whatever device."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in OUT_OF_MEMORY)
