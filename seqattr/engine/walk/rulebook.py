"""What rules are written in: a step with its values in pairs, its pullback, rules and rulebooks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.graph.graph import INPUT, BatchLayout, Graph, Ref, Step, map_refs, rewire
from seqattr.engine.graph.layouts import fold, stretch, unfold
from seqattr.engine.numerics.multipliers import Multiplier, Parts
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.walk.forward import ForwardPlan

ROWS_FIRST = BatchLayout(0, 1, 1)
Backward = Callable[[Multiplier], Sequence[Multiplier]]  # one multiplier for each activation argument

# --- values --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """How many sequences there are, and how many references each has; 0: none at all."""

    sequences: int
    references: int
    shared: bool

    @property
    def pairs(self) -> int:
        return self.sequences * max(self.references, 1)


@dataclass(frozen=True)
class SideValues:
    """All values alive: for the sequences, the references, and, where no base matters, the pairs."""

    sequence: dict[str, Any]
    reference: dict[str, Any]
    constant: dict[str, Any]
    parts: dict[str, Parts] = field(default_factory=dict)


@dataclass(frozen=True)
class PairedValues:
    """Values by name, for each pair of a sequence and one of its references.

    The rows of a pair are sequence by sequence, and within a sequence reference by reference.
    """

    sides: SideValues
    rows: Rows
    layouts: Mapping[str, BatchLayout | None]

    def layout(self, name: str) -> BatchLayout:
        """Where the batch sits in a value."""
        layout = self.layouts.get(name) or ROWS_FIRST
        return stretch(layout, self.sides.sequence[name].shape[layout.dim] // self.rows.sequences)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a value for all pairs."""
        shape, layout = list(self.sides.sequence[name].shape), self.layout(name)
        shape[layout.dim] = layout.before * self.rows.pairs * layout.after
        return tuple(shape)

    def open_batch(self, name: str) -> tuple[Tensor, Tensor]:
        """Both sides with the batch opened, so that they broadcast into pairs without a copy."""
        layout, rows = self.layout(name), self.rows
        many = (1, rows.references) if rows.shared else (rows.sequences, rows.references)
        first = unfold(self.number(self.sides.sequence[name]), layout, (rows.sequences, 1))
        return first, unfold(self.number(self.sides.reference[name]), layout, many)

    def number(self, value: Tensor) -> Tensor:
        """A value as numbers: a mask, or a count, as 0 and 1 and so on in the model's own precision."""
        exact = value.is_floating_point() or value.is_complex()
        return value if exact else value.to(self.sides.sequence[INPUT].dtype)

    def pairwise(self, function: Callable[..., Sequence[Tensor]], name: str, *more: Tensor) -> list[Tensor]:
        """function(sequence side, reference side, *more), element by element, for each pair.

        `more` are of the value's shape for all pairs.
        """
        layout, rows = self.layout(name), (self.rows.sequences, self.rows.references)
        values = function(*self.open_batch(name), *(unfold(value, layout, rows) for value in more))
        return [fold(value, layout, 2) for value in values]

    def difference(self, name: str) -> Tensor:
        """Sequence minus reference, for each pair."""
        return self.pairwise(one(torch.sub), name)[0]

    def totals(self, name: str) -> Callable[[Tensor], Tensor]:
        """Sums over a value's elements for each pair, (sequences, references): of what has its shape."""
        layout, rows = self.layout(name), (self.rows.sequences, self.rows.references)
        places = (layout.dim + 1, layout.dim + 2)

        def total(values: Tensor) -> Tensor:
            by_pair = unfold(values, layout, rows).movedim(places, (0, 1))
            return by_pair.reshape(*rows, -1).sum(2, dtype=torch.float64)

        return total

    def side(self, name: str, reference: bool) -> Tensor:
        """The value of one side, repeated for each pair."""
        if not self.rows.references:
            return self.number(self.sides.sequence[name])
        layout, value = self.layout(name), self.open_batch(name)[reference]
        sizes = list(value.shape)
        sizes[layout.dim + 1], sizes[layout.dim + 2] = self.rows.sequences, self.rows.references
        return fold(value.expand(sizes), layout, 2)


# --- steps ---------------------------------------------------------------------------------------


class StepContext:
    """One step on both sides, as a rule sees it. Arguments are the activation arguments, from 0.

    `split` says that a reader wants the difference of the step's value in parts.
    """

    def __init__(
        self, plan: ForwardPlan, rulebook: "Rulebook", step: Step, pairs: PairedValues, split: bool
    ) -> None:
        self.plan, self.rulebook, self.step, self.pairs, self.split = plan, rulebook, step, pairs, split
        self.inputs = plan.inputs[step.name]
        self.function = plan.functions[step.name]

    def shape(self, argument: int = 0) -> tuple[int, ...]:
        """The shape of an argument for all pairs."""
        return self.pairs.shape(self.inputs[argument])

    def sequence(self, argument: int = 0) -> Tensor:
        """An argument for the sequence of each pair."""
        return self.pairs.side(self.inputs[argument], reference=False)

    def value(self) -> Tensor:
        """The step's own value for the sequence of each pair."""
        return self.pairs.side(self.step.name, reference=False)

    def reference(self, argument: int = 0) -> Tensor:
        """An argument for the reference of each pair."""
        return self.pairs.side(self.inputs[argument], reference=True)

    def pairwise(self, function: Callable[[Tensor, Tensor], Tensor], argument: int = 0) -> Tensor:
        """function(sequence side, reference side) of an argument, element by element, for each pair."""
        return self.pairs.pairwise(one(function), self.inputs[argument])[0]

    def pairwise_parts(self, function: Callable[..., Sequence[Tensor]], *more: Tensor) -> list[Tensor]:
        """The same for a function of several values, which is given `more` as well."""
        return self.pairs.pairwise(function, self.inputs[0], *more)

    def difference(self, argument: int = 0) -> Tensor:
        """Sequence minus reference of an argument, for each pair."""
        return self.pairs.difference(self.inputs[argument])

    def output_pairwise(self, function: Callable[..., Sequence[Tensor]], *more: Tensor) -> list[Tensor]:
        """The same for the step's own value."""
        return self.pairs.pairwise(function, self.step.name, *more)

    def parts(self, argument: int = 0) -> Parts:
        """The parts of an argument's difference, where the rulebook wants them."""
        return self.pairs.sides.parts[self.inputs[argument]]

    def arguments(self, activations: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """The step's arguments for all pairs, with these in the activations' places."""
        queue = iter(activations)

        def fill(ref: Ref) -> Any:
            return next(queue) if ref in self.plan.active else self.constant(ref)

        return [map_refs(a, fill) for a in self.step.args], map_refs(dict(self.step.kwargs), fill)

    def as_function(self) -> Callable[[Sequence[Any]], Any]:
        """The step as a function of its activations; constants are looked up now, before they are let go."""
        constants = {ref: self.constant(ref) for ref in self.step.refs() if ref not in self.plan.active}

        def function(activations: Sequence[Any]) -> Any:
            queue = iter(activations)
            step = rewire(self.step, lambda ref: constants[ref] if ref in constants else next(queue))
            value = self.function(*step.args, **step.kwargs)
            return value if step.output is None else value[step.output]

        return function

    def constant(self, ref: Ref) -> Any:
        """A value that depends on no base, for as many rows as there are pairs."""
        return self.pairs.sides.constant[ref]

    def number(self, argument: Any) -> Tensor:
        """A constant argument as a tensor of numbers in the model's precision; a plain number in full."""
        value = self.constant(argument) if isinstance(argument, Ref) else argument
        if isinstance(value, Tensor):
            return self.pairs.number(value)  # 1 / a tensor of integers would be of float32
        return torch.tensor(value, dtype=torch.float64)

    def weight(self, ref: Ref, form: str) -> Tensor:
        """The step's weight in some form, worked out once for a plan."""
        weight, key = self.constant(ref), (self.step.name, form)
        if form == "plain" or ref not in self.plan.graph.tensors:
            return self.plan.in_form(self.step, weight, form)
        if key not in self.plan.weights:
            self.plan.weights[key] = self.plan.in_form(self.step, weight, form)
        return self.plan.weights[key]


def one(function: Callable[..., Tensor]) -> Callable[..., Sequence[Tensor]]:
    """A function of one value as one of several."""
    return lambda *arguments: (function(*arguments),)


# --- rules ---------------------------------------------------------------------------------------


class Pullback(NamedTuple):
    """How a multiplier goes back through a step, and its value's difference in parts where that is natural.

    A rule gives `parts` when `context.split` is set; its `backward` then takes multipliers in parts. A rule
    that gives none has its value's parts made by sign, and gets one multiplier back. `kept` is what of the
    difference does not go back for a multiplier, of each pair (sequences, references).
    """

    backward: Backward
    parts: Parts | None = None
    kept: Callable[[Multiplier], Tensor] | None = None


@dataclass(frozen=True)
class Rule:
    """How a multiplier travels back through a kind of step, and what that needs.

    - `exact`: it asks of a value whether it is 0, or the largest, so that values must be exact.
    - `divides`: it divides by values that may be near 0, so that multipliers may be of any size.
      (Either way rounding must not go by the largest value around, as it does through spectra.)
    - `wants_parts`: it needs its input's difference in two parts.
    - `passes_parts`: it needs them when a reader wants its own value's.
    - `joins`: as what it may be joined with other steps (`joints`): "linear", by the transpose of weights and
      in parts by their magnitudes; "rescale", by the slope between both sides; "revealcancel", by the slopes
      of two parts.
    """

    pullback: Callable[[StepContext], Pullback]
    exact: bool = False
    divides: bool = False
    wants_parts: bool = False
    passes_parts: bool = False
    joins: str = ""

    def __call__(self, context: StepContext) -> Pullback:
        return self.pullback(context)

    @property
    def name(self) -> str:
        return self.pullback.__name__


def rule(joins: str = "", **needs: bool) -> Callable[[Callable[[StepContext], Pullback]], Rule]:
    """A function as a rule that needs this."""
    return lambda pullback: Rule(pullback, joins=joins, **needs)


Kinds = Mapping[str, Kind]  # of the steps, by name


@dataclass(frozen=True)
class ByPlace:
    """In the place of a rule, where which one it is hangs on where in the graph the step stands."""

    choose: Callable[[Graph, Step, Kinds], Rule]


@dataclass(frozen=True)
class Rulebook:
    """For each kind of step, how a multiplier travels back through it: a *composite*, in the words of others.

    `learned` is what is known of steps with weights, by the steps' names, each of its weight's shape, and
    `forms` are those that a weight takes by it.
    """

    name: str
    rules: Mapping[Kind, Rule | ByPlace]
    forms: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = field(default_factory=dict)
    learned: Mapping[str, Tensor] = field(default_factory=dict)

    def rule(self, graph: Graph, step: Step, kinds: Kinds) -> Rule:
        """The rule for one step."""
        entry = self.rules[kinds[step.name]]
        return entry.choose(graph, step, kinds) if isinstance(entry, ByPlace) else entry
