"""An architecture of the zoo for weights from a file, whose shapes tell the arguments it was built with."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.engine.graph.source_lines import first_line
from seqattr.errors import ModelError
from seqattr.models.geometry import Foreign
from seqattr.models.weights import AS_TRAINED, under_module_names
from seqattr.models.zoo import ARCHITECTURES, Architecture

Shapes = Mapping[str, torch.Size]
Sizes = dict[tuple[str, int], int]  # of a weight, by its name and dimension

MOST_LAYERS = 64  # that are tried
LENGTH, LONGEST = 2**16, 2**22  # bases: where a search begins, and ends


def build(foreign: Foreign, state: Mapping[str, Tensor]) -> tuple[nn.Module, str, Foreign]:
    """The architecture that `foreign.arch` names, for weights; the arguments that were found, in words; and
    the length of its input, where the weights tell it.

    Raises ModelError where it cannot be built so, or the weights leave several lengths to choose from.
    """
    name = str(foreign.arch)
    search = Search(ARCHITECTURES[name], foreign.arch_args, state)
    search.run()
    length = the_length(name, foreign.length or foreign.arch_args.get("length"), search.lengths)
    values = {**search.values, "length": length or LENGTH}
    try:
        with torch.device("meta"):  # takes no memory, however large the arguments are
            check_fits(name, ARCHITECTURES[name].build(**values), state, search)
        module = ARCHITECTURES[name].build(**values)
    except (TypeError, ValueError, RuntimeError, ArithmeticError) as error:
        raise ModelError(f"cannot build `Foreign.arch={name}`: {first_line(error)}") from error
    found = ", ".join(f"{key}={search.values[key]}" for key in search.found)
    return module, f"built {name} with {found}" if found else "", Foreign(length=length)


def the_length(name: str, given: int | None, fitting: tuple[int, int] | None) -> int | None:
    """The length that was given, or the one that fits; None where the weights do not tell. Raises ModelError
    for several, and for a given one that does not fit.
    """
    if fitting is None:
        return given
    first, last = fitting
    if first == last and given is None:
        return first
    if given is None or not first <= given <= last:
        lengths = f"{first} to {last}" if last > first else f"{first}"
        wrong = f", not of {given}" if given else ": its input length must be given (`Foreign.length=L`)"
        raise ModelError(f"the weights fit {name} for inputs of {lengths} bp{wrong}")
    return given


def check_fits(name: str, module: nn.Module, state: Mapping[str, Tensor], search: "Search") -> None:
    """Raises ModelError where the weights are not those of the module."""
    renamed, _ = under_module_names(state, module)
    wanted = {key: tensor.shape for key, tensor in module.state_dict().items()}
    have = {key: tensor.shape for key, tensor in renamed.items()}
    wrong = [key for key in wanted if key in have and have[key] != wanted[key]]
    odd = [key for key in (*wanted, *have) if (key in wanted) != (key in have)]
    if odd:
        side = "lack" if odd[0] in wanted else "have beside its own"
        raise ModelError(f"the weights are not those of {name} as the zoo has it: they {side} {odd[0]}")
    if wrong:
        sizes = f"{wrong[0]} is {tuple(have[wrong[0]])}, and would be {tuple(wanted[wrong[0]])}"
        arguments = ", ".join(f"{key}={value}" for key, value in search.values.items())
        raise ModelError(f"the weights do not fit {name} with {arguments}: {sizes}; {AS_TRAINED}")


def sizes_of(module: nn.Module) -> Sizes:
    """The size of each dimension of each weight; of a lone number one of 1."""
    state = module.state_dict()
    return {(name, dim): size for name, t in state.items() for dim, size in enumerate(t.shape or (1,))}


@dataclass
class Search:
    """The arguments of an architecture that are not `given`, one after the other.

    Those that decide which weights there are, such as a number of layers, are counted up; each other one
    follows from the size of a weight that depends on no other unknown.
    """

    architecture: Architecture
    given: Mapping[str, Any]
    state: Mapping[str, Tensor]
    values: dict[str, Any] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    lengths: tuple[int, int] | None = None
    seen: dict[str, Sizes] = field(default_factory=dict)  # by arguments

    def run(self) -> None:
        """Find what can be found; the rest stays as it is by default."""
        declared = inspect.signature(self.architecture.build).parameters
        usual = {"length": LENGTH, "tasks": 1}
        usual |= {name: p.default for name, p in declared.items() if type(p.default) is int}
        self.values = {**usual, **self.given}
        unknown = [name for name in usual if name not in self.given]
        layers = [name for name in unknown if self.decides_names(name)]
        for name in layers:
            self.values[name] = 1
        self.shapes = self.read()
        for name in layers:
            self.count(name)
        self.solve([name for name in unknown if name not in layers])

    def read(self) -> Shapes:
        """The shapes of the weights in the file, by the names that they have in the zoo."""
        module = self.module()
        state = under_module_names(self.state, module)[0] if module else self.state
        return {name: tensor.shape for name, tensor in state.items()}

    def module(self, **other: Any) -> nn.Module | None:
        """The module with these arguments, without numbers; None where there is none."""
        try:
            with torch.device("meta"):
                return self.architecture.build(**{**self.values, **other})
        except Exception:  # of arguments that do not go together
            return None

    def names(self, **other: Any) -> set[str]:
        return {name for name, _ in self.sizes(**other)}

    def sizes(self, **other: Any) -> Sizes:
        """Of each dimension of each weight."""
        key = json.dumps({**self.values, **other}, sort_keys=True, default=str)
        if key not in self.seen:
            module = self.module(**other)
            self.seen[key] = {} if module is None else sizes_of(module)
        return self.seen[key]

    def decides_names(self, name: str) -> bool:
        """Whether there are other weights where this argument is one larger."""
        more = self.names(**{name: self.values[name] + 1})
        return bool(more) and more != self.names()

    def count(self, name: str) -> None:
        """The number of layers whose weights are most nearly those of the file."""
        have = set(self.shapes)
        apart = [len(self.names(**{name: 1}) ^ have)]
        for number in range(2, MOST_LAYERS + 1):
            apart.append(len(self.names(**{name: number}) ^ have))
            if apart[-1] >= apart[-2]:
                break
        self.settle(name, 1 + apart.index(min(apart)))

    def settle(self, name: str, value: int) -> None:
        self.values[name] = value
        self.found.append(name)

    def solve(self, unknown: list[str]) -> None:
        """Every argument that a size depends on alone, until none is left."""
        for _ in range(len(unknown)):
            moved = {name: self.depending(name) for name in unknown}
            for name in unknown:
                others = {key for other in unknown if other != name for key in moved[other]}
                alone = [key for key in moved[name] if key not in others and key in self.wanted()]
                if alone and self.fit(name, alone):
                    unknown = [other for other in unknown if other != name]
                    break

    def wanted(self) -> Sizes:
        return {
            (name, dim): size for name, shape in self.shapes.items() for dim, size in enumerate(shape or (1,))
        }

    def depending(self, name: str) -> Sizes:
        """What the sizes are where this argument is twice as large, of those that then differ."""
        now, then = self.sizes(), self.sizes(**{name: self.twice(name)})
        return {key: size for key, size in then.items() if now.get(key) != size}

    def twice(self, name: str) -> int:
        return 2 * int(self.values[name]) or 1

    def fit(self, name: str, keys: list[tuple[str, int]]) -> bool:
        """Whether there is a value with which these sizes are those of the file; it is taken."""
        if name == "length":
            self.lengths = self.span(keys[0])
            return self.lengths is not None
        now, then, wanted = self.sizes(), self.sizes(**{name: self.twice(name)}), self.wanted()
        for key in keys:
            slope = (then[key] - now[key]) / (self.twice(name) - self.values[name])
            value = round(self.values[name] + (wanted[key] - now[key]) / slope)
            if self.sizes(**{name: value}).get(key) == wanted[key]:
                self.settle(name, value)
                return True
        return False

    def span(self, key: tuple[str, int]) -> tuple[int, int] | None:
        """The shortest and the longest input for which a size is that of the file."""
        wanted = self.wanted()[key]
        first, beyond = self.least(key, wanted), self.least(key, wanted + 1)
        if self.sizes(length=first).get(key) != wanted:
            return None
        self.values["length"] = first
        return first, beyond - 1

    def least(self, key: tuple[str, int], wanted: int) -> int:
        """The shortest input for which a size is at least as wanted."""
        low, high = 0, LONGEST
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.sizes(length=middle).get(key, 0) >= wanted else (middle, high)
        return high
