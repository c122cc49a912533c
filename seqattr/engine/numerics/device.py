"""The precision that torch computes in."""

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def full_precision(tf32: bool = False) -> Iterator[None]:
    """float32 is float32: on a GPU torch would cut a convolution's to ten bits, and no sum would add up.

    Unless that is asked for by `tf32`.
    """
    convolutions, products = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = convolutions, products
