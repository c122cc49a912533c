"""Functions of ops by name, and arguments by the names that torch's own schema gives them."""

from collections.abc import Callable
from typing import Any

import torch


def torch_op(op: str) -> Callable[..., Any]:
    """The function that torch has under a name such as aten.relu.default."""
    namespace, name, overload = op.split(".")
    function: Callable[..., Any] = getattr(getattr(getattr(torch.ops, namespace), name), overload)
    return function
