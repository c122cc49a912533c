"""A trained model ready to be explained: its graph, its geometry and the names of its targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.alphabet import ALPHABET
from seqattr.engine.capture import capture, evaluating, first_line, unwrapped
from seqattr.engine.graph import INPUT, Graph, evaluate
from seqattr.engine.kinds import ARITHMETIC, Kind, classify
from seqattr.engine.layouts import ROWS, find_layouts, stretches
from seqattr.engine.outputs import Target, name_targets, pick_targets, take_off_final
from seqattr.engine.run import full_precision
from seqattr.engine.simplify import simplify
from seqattr.errors import InputError, ModelError, SeqattrError

# How a model wants its input, as the permutation of (N, 4, L) with ones inserted where a 1 stands.
INPUT_LAYOUTS = ("N4L", "NL4", "N41L", "N4L1")
CHECK_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 1e-1}


class LayoutAdapter(nn.Module):
    """Feeds (N, 4, L) sequences in ACGT order to a model that wants another layout or order."""

    def __init__(self, module: nn.Module, layout: str, channels: str) -> None:
        super().__init__()
        self.module, self.layout = module, layout
        order = [ALPHABET.index(base) for base in channels]
        self.order: Tensor | None
        self.register_buffer("order", torch.tensor(order) if channels != ALPHABET else None)

    def forward(self, sequences: Tensor) -> Any:
        if self.order is not None:
            sequences = sequences.index_select(1, self.order)
        if self.layout == "NL4":
            sequences = sequences.transpose(1, 2)
        if self.layout in ("N41L", "N4L1"):
            sequences = sequences.unsqueeze(2 if self.layout == "N41L" else 3)
        return self.module(sequences)


@dataclass(frozen=True)
class Lengths:
    """The sequence lengths that a model takes, in bases; `longest` None means any."""

    shortest: int
    longest: int | None

    def __contains__(self, length: object) -> bool:
        return isinstance(length, int) and self.shortest <= length <= (self.longest or length)

    @property
    def fixed(self) -> bool:
        return self.shortest == self.longest

    def __str__(self) -> str:
        if self.fixed:
            return f"{self.shortest} bp"
        return (
            f"{self.shortest} bp or more" if self.longest is None else f"{self.shortest} to {self.longest} bp"
        )


class Model:
    """A trained model, captured once as a graph of steps.

    `module` is any nn.Module in which each sequence's output depends on that sequence alone;
    `example_input` is a batch in the model's own layout, (N, 4, L) unless `layout` says otherwise
    ("NL4", "N41L", "N4L1"); `channels` is the model's order of bases; `targets` names its outputs.
    The module is not written on.

    Raises ModelError if the module cannot be captured or the graph does not answer as the module does,
    UnsupportedOp if it holds an op that no rule knows, InputError if the input has no 4 channels.
    """

    def __init__(
        self,
        module: nn.Module,
        example_input: Tensor,
        *,
        layout: str = "N4L",
        channels: str = ALPHABET,
        targets: Sequence[str] | None = None,
    ) -> None:
        length = check_geometry(example_input, layout, channels)
        module = unwrapped(module)
        plain = (layout, channels) == ("N4L", ALPHABET)
        adapted = module if plain else LayoutAdapter(module, layout, channels)
        dtype = parameter_type(module, example_input)
        device = next((p.device for p in module.parameters()), example_input.device)
        example = random_sequences(ROWS, length, dtype, device)
        graph, lengths = capture_checked(adapted, example)
        self._settle(graph, lengths, targets, length)

    def _settle(
        self, graph: Graph, lengths: Lengths, names: Sequence[str] | None, example_length: int
    ) -> None:
        """Recognises the outputs, and finds where the batch sits in each step."""
        graph, self.finals = take_off_final(graph)
        classify(graph)
        like = floats_of(graph)
        example = random_sequences(ROWS, example_length, like.dtype, like.device)
        longer = random_sequences(ROWS, 2 * example_length, like.dtype, like.device)
        graph = find_layouts(graph, all_values, example)
        if not lengths.fixed and not stretches(graph, all_values, longer):
            lengths = Lengths(example_length, example_length)
        self.graph = graph.to("cpu", like.dtype)
        self.lengths, self.example_length = lengths, example_length
        self.shapes = output_shapes(self.graph, example.cpu())
        self.targets = targets_of(self.shapes, names)

    @classmethod
    def from_parts(cls, graph: Graph, lengths: Lengths, targets: Sequence[Target], **facts: Any) -> "Model":
        """A model from an already captured graph, as a model file holds it."""
        classify(graph)
        model = cls.__new__(cls)
        model.graph, model.lengths, model.targets = graph, lengths, tuple(targets)
        model.finals, model.shapes = facts["finals"], facts["shapes"]
        model.example_length = facts["example_length"]
        return model

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the model's own weights, or float32 where that was half of it."""
        return floats_of(self.graph).dtype

    def kinds(self) -> Mapping[str, Kind]:
        """The kind of each step, by its name."""
        return classify(self.graph)

    def pick(self, wanted: Sequence[int | str] | int | str | None) -> tuple[Target, ...]:
        """Targets by name or number, all for None. Raises UnknownName, and InputError for none at all."""
        return pick_targets(self.targets, wanted)

    def check_length(self, length: int) -> None:
        """Raises InputError if sequences of this length do not fit."""
        if length not in self.lengths:
            raise InputError(f"sequences of {length} bp do not fit the model, which takes {self.lengths}")

    def predict(self, sequences: Tensor) -> Tensor:
        """The targets' values, before the final nonlinearity: (N, 4, L) -> (N, T)."""
        self.check_length(sequences.shape[-1])
        with torch.no_grad():
            values = all_values(self.graph, sequences.to(self.dtype))
        outputs = [values[name].reshape(len(sequences), -1) for name in self.graph.outputs]
        return torch.stack([outputs[t.output][:, t.index] for t in self.targets], 1)


# --- construction ------------------------------------------------------------------------------


def check_geometry(example: Tensor, layout: str, channels: str) -> int:
    """The length of the sequences, in bases."""
    if layout not in INPUT_LAYOUTS:
        raise InputError(f"unknown input layout '{layout}'; there is: {', '.join(INPUT_LAYOUTS)}")
    if sorted(channels) != sorted(ALPHABET):
        raise InputError(f"channels must be an order of the letters ACGT, not '{channels}'")
    if example.ndim != len(layout) or example.shape[layout.index("4")] != 4:
        raise InputError(
            f"the model's input must have 4 channels in the layout {layout}, "
            f"but the example has the shape {tuple(example.shape)}"
        )
    return example.shape[layout.index("L")]


def floats_of(graph: Graph) -> Tensor:
    """A floating point tensor of the graph, for its precision and device."""
    return next((t for t in graph.tensors.values() if t.is_floating_point()), torch.zeros(1))


def parameter_type(module: nn.Module, example: Tensor) -> torch.dtype:
    floats = [t.dtype for t in (*module.parameters(), *module.buffers()) if t.is_floating_point()]
    return floats[0] if floats else (example.dtype if example.is_floating_point() else torch.float32)


def random_sequences(rows: int, length: int, dtype: torch.dtype, device: Any, seed: int = 0) -> Tensor:
    """Random one-hot sequences (rows, 4, length)."""
    generator = torch.Generator().manual_seed(seed)
    codes = torch.randint(4, (rows, length), generator=generator)
    return nn.functional.one_hot(codes, 4).transpose(1, 2).to(device, dtype).contiguous()


def capture_checked(module: nn.Module, example: Tensor) -> tuple[Graph, Lengths]:
    """The graph with a free length if the model allows one, else for this length alone.

    Either is compared with the module's own forward before it is believed.
    """
    own_answer(module, example)  # a model that fails by itself should say so by itself
    try:
        return captured(module, example, free_length=True)
    except ModelError:  # an unknown op too may have been one on the length
        return captured(module, example, free_length=False)


def captured(module: nn.Module, example: Tensor, free_length: bool) -> tuple[Graph, Lengths]:
    """One attempt, compared with the module at several lengths if the length is free."""
    length, wide = example.shape[2], in_full(example)
    graph, least = capture(module, example, free_length)
    graph = simplify(graph.to(wide.device, wide.dtype), any_function)
    classify(graph)
    if least is None or not of_one_size(graph, wide):
        lengths = Lengths(length, length)
    else:
        lengths = Lengths(shortest_length(graph, wide, least), None)
    others = set() if lengths.fixed else {lengths.shortest, length + 13, 2 * length}
    for size in (length, *others):
        check(module, graph, random_sequences(5, size, example.dtype, example.device, seed=size))
    return graph, lengths


def in_full(sequences: Tensor) -> Tensor:
    """In float32 where they are in half precision, in which no sum adds up."""
    return sequences.float() if sequences.dtype.itemsize < 4 else sequences


def any_function(step: Any) -> Any:
    """At capture every op of torch may be run, since the model itself would run it."""
    if step.op in ARITHMETIC:
        return ARITHMETIC[step.op]
    namespace, name, overload = step.op.split(".")
    return getattr(getattr(getattr(torch.ops, namespace), name), overload)


def own_answer(module: nn.Module, sequences: Tensor) -> list[Tensor]:
    """The module's own outputs, whatever it packs them in."""
    try:
        with evaluating(module), torch.no_grad():
            answer = module(sequences)
    except Exception as error:
        shape = tuple(sequences.shape)
        raise ModelError(f"the model fails on an input of shape {shape}: {first_line(error)}") from error
    return [leaf.detach() for leaf in torch.utils._pytree.tree_leaves(answer) if isinstance(leaf, Tensor)]


def check(module: nn.Module, graph: Graph, sequences: Tensor) -> None:
    """Raises ModelError unless the graph answers as the module does."""
    with torch.no_grad(), full_precision():
        answer, values = own_answer(module, sequences), all_values(graph, in_full(sequences))
    for own, name in zip(answer, graph.outputs, strict=True):
        tolerance = CHECK_TOLERANCE.get(own.dtype, 0.0)
        gap = float((own - values[name]).abs().max()) if own.shape == values[name].shape else float("inf")
        size = float(own.abs().max())
        if not gap <= tolerance * size and not torch.equal(own, values[name].to(own)):
            raise ModelError(
                f"the captured graph answers differently from the model itself (by {gap:.2g} on outputs of "
                f"{size:.2g}); does the model draw random numbers, or mix the sequences of a batch?"
            )


def shortest_length(graph: Graph, example: Tensor, least: int) -> int:
    """The least length, of those that torch.export vouches for, at which the graph runs; by halving."""
    low, high = least - 1, example.shape[2]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if answers(graph, example[:, :, :middle]) else (middle, high)
    return high


def answers(graph: Graph, example: Tensor) -> bool:
    """Whether the graph runs on an example and answers with numbers, in every value that it works out."""
    try:
        with torch.no_grad():
            values = all_values(graph, example)
    except SeqattrError:
        return False
    made = [values[step.name] for step in graph.steps if isinstance(values[step.name], Tensor)]
    return all(v.numel() for v in made) and all(values[name].isfinite().all() for name in graph.outputs)


def of_one_size(graph: Graph, example: Tensor) -> bool:
    """Whether the outputs have as many elements at twice the length: a target must stay the same place."""
    longer = torch.cat([example, example], 2)
    with torch.no_grad():
        once, twice = all_values(graph, example), all_values(graph, longer)
    return all(once[name].shape == twice[name].shape for name in graph.outputs)


def all_values(graph: Graph, sequences: Tensor) -> dict[str, Any]:
    """Every value of the graph, by name. Raises ModelError naming the step that fails."""
    values: dict[str, Any] = {**graph.tensors, INPUT: sequences}
    for step in graph.steps:
        try:
            values[step.name] = evaluate(step, any_function(step), values, sequences)
        except (RuntimeError, IndexError, ValueError, ArithmeticError) as error:
            raise ModelError(f"{step.op} fails at {step.source}: {first_line(error)}") from error
    return values


def output_shapes(graph: Graph, example: Tensor) -> tuple[tuple[int, ...], ...]:
    """The shape of each output for one sequence."""
    with torch.no_grad():
        values = all_values(graph, example)
    layouts = {step.name: step.layout for step in graph.steps}
    for name in graph.outputs:
        if layouts.get(name) != (0, 1, 1):
            raise ModelError(
                "the model's first output dimension must be the batch, and depend on the sequence"
            )
    return tuple(tuple(values[name].shape[1:]) for name in graph.outputs)


def targets_of(shapes: Sequence[tuple[int, ...]], names: Sequence[str] | None) -> tuple[Target, ...]:
    try:
        return name_targets([int(torch.Size(shape).numel()) for shape in shapes], names)
    except ValueError as error:
        raise InputError(str(error)) from error
