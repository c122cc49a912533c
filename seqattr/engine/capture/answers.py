"""What a model answers with: its tensors, whatever they are packed in, and their names."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten_with_path, tree_leaves

PLAIN = (Tensor, int, float, complex, bool, str, bytes, type(None), torch.dtype, torch.device)


class Unpacked(nn.Module):
    """A model whose answer's own classes are turned into dicts, which torch.export can look into."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, sequences: Tensor) -> Any:
        return unpack(self.module(sequences))


def unpack(answer: Any) -> Any:
    """Dataclasses, mappings and objects with attributes as dicts; tuples and lists as tuples."""
    if isinstance(answer, PLAIN):
        return answer
    if dataclasses.is_dataclass(answer):
        return {f.name: unpack(getattr(answer, f.name)) for f in dataclasses.fields(answer)}
    if isinstance(answer, Mapping):
        return {key: unpack(value) for key, value in answer.items()}
    if hasattr(answer, "_asdict"):
        return {key: unpack(value) for key, value in answer._asdict().items()}
    if isinstance(answer, tuple | list):
        return tuple(unpack(value) for value in answer)
    return (
        {key: unpack(value) for key, value in vars(answer).items()} if hasattr(answer, "__dict__") else None
    )


def is_packed(answer: Any) -> bool:
    """Whether an answer holds something that torch cannot look into."""
    return not all(isinstance(leaf, PLAIN) for leaf in tree_leaves(answer))


def named_tensors(answer: Any) -> list[tuple[str, Tensor]]:
    """The tensors in an answer, each with the keys or fields that lead to it, joined by "_", or ""."""
    leaves, _ = tree_flatten_with_path(answer)
    return [(name_of(path), leaf) for path, leaf in leaves if isinstance(leaf, Tensor)]


def name_of(path: tuple[Any, ...]) -> str:
    """Keys and fields in words; the number of an element only beside one."""
    if not path or all(hasattr(entry, "idx") for entry in path):
        return ""
    words = [getattr(entry, "key", getattr(entry, "name", getattr(entry, "idx", ""))) for entry in path]
    name = "_".join(str(word) for word in words)
    return f"output{name}" if name.isdigit() else name


def labels(answer: Any) -> tuple[str, ...]:
    """A name for each tensor in an answer: by its keys, or its number if there are several without."""
    names = [name for name, _ in named_tensors(answer)]
    usual = [f"output{number}" if len(names) > 1 else "" for number in range(len(names))]
    if len(set(filter(None, names))) < sum(map(bool, names)):
        return tuple(usual)
    return tuple(name or other for name, other in zip(names, usual, strict=True))


def answers_each(answer: Any, rows: int) -> bool:
    """Whether something in an answer has the batch first."""
    return any(tensor.shape[:1] == (rows,) for _, tensor in named_tensors(answer))
