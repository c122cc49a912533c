"""The nodes of an exported program as plain data: what each is called, its arguments, its line of code."""

from typing import Any

import torch
from torch.fx import Node

from seqattr.engine.graph.graph import Ref, Step
from seqattr.engine.graph.source_lines import user_line
from seqattr.engine.ops.moving import AS_RESHAPE
from seqattr.engine.ops.sizes import ARITHMETIC

ARITHMETIC_NAMES = {function: name for name, function in ARITHMETIC.items()}


DEVICE_WORDS = ("device", "layout", "pin_memory", "memory_format")


def op_name(node: Node) -> str:
    """The name of what a node calls, as aten.relu.default or operator.add."""
    target = node.target
    if isinstance(target, torch._ops.OpOverload):
        return AS_RESHAPE.get(str(target), str(target))
    known = ARITHMETIC_NAMES.get(target)  # type: ignore[arg-type]
    if known:
        return known
    module = getattr(target, "__module__", "").lstrip("_")
    return f"{module}.{getattr(target, '__name__', target)}"


def plain(argument: Any, nodes: dict[Node, Step]) -> Any:
    """A node's argument as plain data: Refs, numbers, strings, dtypes, lists."""
    if isinstance(argument, Node):
        return Ref(nodes[argument].name if argument in nodes else argument.name)
    if isinstance(argument, list | tuple):
        return [plain(a, nodes) for a in argument]
    if isinstance(argument, torch.device | torch.memory_format | torch.layout):
        return None
    return argument


def module_path(node: Node) -> str:
    """The innermost module, for graphs that carry no source lines."""
    stack = node.meta.get("nn_module_stack") or {}
    return next((f"module {path}" for path, _ in reversed(stack.values()) if path), "")


def source_of(node: Node) -> str:
    """The user's line of code, or else the module."""
    return user_line(node.meta.get("stack_trace") or "") or module_path(node)
