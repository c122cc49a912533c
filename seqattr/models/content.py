"""What a model computes, as a hash: of use where names, source lines and spellings must not matter."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.graph import INPUT, Step, evaluate, map_refs
from seqattr.engine.graph.kinds import classify, function_of
from seqattr.engine.graph.shapes import shapes_of
from seqattr.engine.ops.arguments import Arguments, bind
from seqattr.engine.ops.composites import BY_FIRST_FACTOR
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.weights import CONVOLUTIONS, geometry_of
from seqattr.engine.ops.windows import POOLS, pool_of

ROWS = 2  # of an example; a single one might be squeezed away
FIRST, APART = 2.0**40, 2.0**32  # numbers of elements: no fill value, and apart for the values of each step


def content_hash(model: Model) -> str:
    """SHA-256 over the steps that compute, their weights and settings, and which elements they read in what
    order.

    Equal for a model that was captured again, or read from another format, as far as torch writes it in the
    same steps there. What moves elements counts by where they end up at the length of the model's example:
    other spellings of the same are the same, and what is undone again is nothing. An example of another
    length gives another hash, as some formats hold a model for one length alone.
    """
    return Content(model).digest()


class Content:
    """The lines that a hash is of; `read` is what each value looks like to those who read it."""

    def __init__(self, model: Model) -> None:
        self.graph, self.kinds = model.graph, classify(model.graph)
        self.values = shapes_of(self.graph, ROWS, model.example_length)
        self.numbers: dict[str, Tensor] = {}  # of the elements, where a step has moved some
        self.starts = {INPUT: FIRST}
        self.read = {name: content_of(tensor) for name, tensor in self.graph.tensors.items()}
        self.read[INPUT] = run_of(FIRST, self.values[INPUT].numel())
        self.lines: list[str] = []
        for step in self.graph.steps:
            self.add(step)

    def digest(self) -> str:
        return digest("\n".join([*self.lines, *(self.read[name] for name in self.graph.outputs)]))

    def add(self, step: Step) -> None:
        """The next step of the graph."""
        kind = self.kinds[step.name]
        if kind is Kind.SHAPE:
            elements = Elements(self)
            self.numbers[step.name] = evaluate(step, function_of(step), elements, torch.zeros(0))
            self.read[step.name] = order_of(self.numbers[step.name])
        elif kind is Kind.CONSTANT:
            self.read[step.name] = digest(self.line_of(step))
        else:
            self.lines.append(self.line_of(step))
            self.starts[step.name] = FIRST + APART * len(self.lines)
            self.read[step.name] = run_of(self.starts[step.name], self.values[step.name].numel())

    def line_of(self, step: Step) -> str:
        """What a step does to which elements."""
        if self.kinds[step.name] is Kind.MAX:
            return f"max {self.windows_of(step)} {self.read[step.args[0]]}"
        op, settings = settings_of(step, self.values)
        read = [(self.read[ref], self.shape_of(ref)) for ref in step.refs()]
        return f"{op} {settings} {step.output} {read}"

    def shape_of(self, ref: str) -> tuple[int, ...]:
        return tuple(getattr(self.values[ref], "shape", ()))

    def windows_of(self, step: Step) -> list[Any]:
        """The sizes of what a maximum is taken of, and of how, along each dimension.

        Torch writes a pool in one dimension as one in two, of which one has the size 1: such are left out.
        """
        shape = self.shape_of(step.args[0])
        arguments = bind(step.op, *map_refs([step.args, dict(step.kwargs)], self.values.__getitem__))
        taken = windows(step.op, arguments, len(shape))
        return [pair for pair in zip(shape, taken, strict=True) if pair[0] != 1]


class Elements(Mapping[str, Any]):
    """The values of a graph, those that depend on the bases as numbers of their elements."""

    def __init__(self, content: Content) -> None:
        self.content = content

    def __getitem__(self, name: str) -> Any:
        content = self.content
        value = content.values[name]
        if name in content.numbers:
            return content.numbers[name]
        if name in content.starts:
            numbers = torch.arange(value.numel(), dtype=torch.float64, device=value.device)
            return (content.starts[name] + numbers).view(value.shape)
        return value.double() if isinstance(value, Tensor) and value.is_floating_point() else value

    def __iter__(self) -> Any:
        return iter(self.content.values)

    def __len__(self) -> int:
        return len(self.content.values)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def content_of(tensor: Tensor) -> str:
    """Type, shape and a hash of the values."""
    values = tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
    return f"{tensor.dtype} {tuple(tensor.shape)} {hashlib.sha256(values.tobytes()).hexdigest()}"


def order_of(numbers: Tensor) -> str:
    """Which elements these are, in order."""
    row = numbers.flatten()
    if len(row) and torch.equal(row, row[0] + torch.arange(len(row)).to(row)):
        return run_of(float(row[0]), len(row))
    return content_of(row)


def run_of(first: float, number: int) -> str:
    """So many elements in their order."""
    return f"{number} elements from {first} on"


def settings_of(step: Step, values: Mapping[str, Any]) -> tuple[str, Any]:
    """The op, with whose changes are explained, and its arguments; a convolution's in the same words for all
    spellings.
    """
    if step.op in CONVOLUTIONS:
        return "convolution", tuple(map(tuple_of, geometry_of(step.op, step.arguments)))
    written = [list(step.args), sorted(step.kwargs.items())]
    op = f"{step.op}, {BY_FIRST_FACTOR}" if step.part_of == BY_FIRST_FACTOR else step.op
    return op, map_refs(written, lambda ref: "a value")


def windows(op: str, arguments: Arguments, dims: int) -> list[Any]:
    """What a maximum takes together, along each dimension of what it reads."""
    pool = POOLS.get(op)
    if pool is None:
        reduced = reduced_along(arguments.dim, dims)
        return ["all" if dim in reduced else "each" for dim in range(dims)]
    before = ["each"] * (dims - pool.dims)
    if pool.adaptive:
        return before + list(arguments.output_size)
    *geometry, ceil = pool_of(op, arguments)
    along = [(*each, ceil) if each[:3] != (1, 1, 0) else "each" for each in zip(*geometry, strict=True)]
    return before + along


def reduced_along(dim: int | Sequence[int], dims: int) -> set[int]:
    """Along which of `dims` dimensions a maximum is taken: all, where none is given."""
    return {d % dims for d in ([dim] if isinstance(dim, int) else dim)} or set(range(dims))


def tuple_of(setting: Any) -> Any:
    return tuple(setting) if isinstance(setting, list) else setting
