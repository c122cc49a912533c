"""Full unpickling of what is trusted, also where classes beside the weights cannot be imported here."""

import pickle
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


class Missing:
    """Stands in for an object of a class that cannot be imported; takes whatever it is given."""

    name = ""

    def __new__(cls, *_: Any, **__: Any) -> "Missing":
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass

    def __setitem__(self, _: Any, __: Any) -> None:
        pass

    def append(self, _: Any) -> None:
        """As a list is filled."""

    def extend(self, _: Any) -> None:
        """As a list is filled."""


def unpickle(path: Path, find: Callable[[str, str], Any]) -> tuple[Any, list[str]]:
    """What torch.save wrote, and the names of classes that could not be imported: `Missing` objects stand in
    for theirs. `find(module, name)` may know such a class; it raises LookupError where it does not.

    Runs whatever code the file holds.
    """
    missing: list[str] = []

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            try:
                return super().find_class(module, name)
            except (ImportError, AttributeError):
                pass
            try:
                return find(module, name)
            except LookupError:
                missing.append(f"{module}.{name}")
                return type(name, (Missing,), {"name": f"{module}.{name}"})

    tolerant = types.ModuleType("pickle")
    tolerant.__dict__.update(
        pickle.__dict__ | {"Unpickler": Unpickler, "load": lambda f, **o: Unpickler(f, **o).load()}
    )
    data = torch.load(path, map_location="cpu", pickle_module=tolerant, weights_only=False)
    return data, list(dict.fromkeys(missing))
