"""A rulebook, and what it makes of a graph before anything runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from torch import Tensor

from seqattr.engine.graph.divisors import divisors, products_by_quotients
from seqattr.engine.graph.graph import INPUT, BatchLayout, Graph, Ref, Step, inputs_of
from seqattr.engine.graph.kinds import classify, function_of
from seqattr.engine.numerics.convolution import FORMS, Convolution, convolution
from seqattr.engine.numerics.multipliers import Multiplier, Parts
from seqattr.engine.ops.elementwise import OVERWRITING
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.weights import CONVOLUTIONS, geometry_of
from seqattr.engine.walk.rulebook import StepContext

Backward = Callable[[Multiplier], Sequence[Multiplier]]  # one multiplier for each activation argument


class Pullback(NamedTuple):
    """The way back through a step, and the parts of its value's difference where they are natural.

    A rule gives `parts` when `context.split` is set; its way back then takes multipliers in parts. A rule
    that gives none has its value's parts made by sign, and gets one multiplier back.
    """

    backward: Backward
    parts: Parts | None = None


Rule = Callable[[StepContext], Pullback]


@dataclass(frozen=True)
class Rulebook:
    """For each kind of step, how a multiplier travels back through it.

    `choose`, where given, picks the rule of a step by its place in the graph, if its kind is among those
    `by_place`. The rules in `wants_parts` need their input's difference in two parts; those in
    `passes_parts` need it when their own value's parts are wanted. `learned` is what is known of steps with
    weights, by the steps' names, each of its weight's shape, and `forms` are those that a weight takes by it.
    `by_spectra` holds the ways, "forward" and "back", that long convolutions may take through spectra, which
    is quicker: not where a rule divides by what may be 0, or asks whether it is.
    """

    name: str
    rules: Mapping[Kind, Rule]
    choose: Callable[[Graph, Step, Mapping[str, Kind]], Rule] | None = None
    by_place: frozenset[Kind] = frozenset({Kind.ELEMENTWISE})
    wants_parts: frozenset[Rule] = frozenset()
    passes_parts: frozenset[Rule] = frozenset()
    forms: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = field(default_factory=dict)
    learned: Mapping[str, Tensor] = field(default_factory=dict)
    by_spectra: frozenset[str] = frozenset()

    def rule(self, graph: Graph, step: Step, kinds: Mapping[str, Kind]) -> Rule:
        """The rule for one step."""
        if self.choose is not None and kinds[step.name] in self.by_place:
            return self.choose(graph, step, kinds)
        return self.rules[kinds[step.name]]


@dataclass(frozen=True, eq=False)
class Plan:
    """What a rulebook does with a graph, worked out once: rules, parts, and when each value is let go."""

    graph: Graph
    rulebook: Rulebook
    wanted_in_parts: frozenset[str] = frozenset()  # outputs, by readers outside of the graph

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        return classify(self.graph)

    @cached_property
    def active(self) -> set[str]:
        return self.graph.active()

    @cached_property
    def divisors(self) -> frozenset[str]:
        """Values that are one over something."""
        return self.graph.once("divisors", lambda: divisors(self.graph, self.kinds))

    @cached_property
    def products_by_quotients(self) -> frozenset[str]:
        """Products that are divided, or made of quotients."""
        return self.graph.once("quotients", lambda: products_by_quotients(self.graph, self.kinds))

    @cached_property
    def inputs(self) -> dict[str, list[Ref]]:
        """The activation arguments of each step."""
        return {step.name: inputs_of(step, self.active) for step in self.graph.steps}

    @cached_property
    def functions(self) -> dict[str, Callable[..., Any]]:
        return {step.name: self._function(step) for step in self.graph.steps}

    def _function(self, step: Step) -> Callable[..., Any]:
        if step.op not in CONVOLUTIONS or step.args[0] not in self.active or step.args[1] in self.active:
            return function_of(step)
        return lambda x, weight, bias=None, *_: self.convolution(step, weight).forward(x, bias)

    def convolution(self, step: Step, weight: Tensor, form: str = "plain") -> Convolution:
        """A convolution step with its weights in some form, prepared once."""
        key = step.name, form
        if key not in self.convolutions:
            geometry = geometry_of(step.op, step.arguments)
            prepared = convolution(self.formed(step, weight, form), geometry, self.by_spectra(form))
            if step.args[1] not in self.graph.tensors:
                return prepared  # of this batch's size
            self.convolutions[key] = prepared
        return self.convolutions[key]

    def formed(self, step: Step, weight: Tensor, form: str) -> Tensor:
        """A step's weight in one of the FORMS, or of the rulebook's own."""
        if form in FORMS:
            return FORMS[form](weight)
        return self.rulebook.forms[form](weight, self.rulebook.learned[step.name].to(weight))

    def by_spectra(self, form: str) -> frozenset[str]:
        """Which ways a convolution with its weights in some form may go through spectra.

        Values that are equal, or 0, are then so but for rounding. So not forward in a net with a max, which
        would leave to rounding which of two equal windows is the larger; nor to values of which RevealCancel
        asks whether they are above or below 0.
        """
        asked = Kind.MAX in self.kinds.values() or (self.split and form == "plain")
        return self.rulebook.by_spectra - {"forward"} if asked else self.rulebook.by_spectra

    @cached_property
    def convolutions(self) -> dict[tuple[str, str], Convolution]:
        return {}

    @cached_property
    def rules(self) -> dict[str, Rule]:
        steps = (step for step in self.graph.steps if step.name in self.active)
        return {step.name: self.rulebook.rule(self.graph, step, self.kinds) for step in steps}

    @cached_property
    def split(self) -> set[str]:
        """Values whose difference some reader wants in parts: there, multipliers come back in parts."""
        names = set(self.wanted_in_parts)
        for step in reversed(self.graph.steps):
            if step.name in self.active and self.wants_parts(step, names):
                names.update(self.inputs[step.name])
        return names

    def wants_parts(self, step: Step, split: set[str]) -> bool:
        """Whether the step needs the parts of what it reads."""
        rule = self.rules[step.name]
        return rule in self.rulebook.wants_parts or (
            step.name in split and rule in self.rulebook.passes_parts
        )

    @cached_property
    def last_use(self) -> dict[str, list[str]]:
        """For each step, the values that nothing reads after it."""
        last = {ref: step.name for step in self.graph.steps for ref in step.refs()}
        table: dict[str, list[str]] = {}
        for ref, name in last.items():
            if ref != INPUT and ref not in self.graph.outputs and ref not in self.graph.tensors:
                table.setdefault(name, []).append(ref)
        return table

    @cached_property
    def overwriting(self) -> set[str]:
        """Steps whose value can take the memory of what they read: fresh, and read by nothing later.

        Not where a rule might look at the value itself, for its parts.
        """
        last = {ref: name for name, refs in self.last_use.items() for ref in refs}
        return {
            step.name
            for step in self.graph.steps
            if step.op in OVERWRITING
            and step.name in self.active - self.split
            and self.kinds.get(step.args[0]) is Kind.LINEAR
            and last.get(step.args[0]) == step.name
        }

    @cached_property
    def layouts(self) -> dict[str, BatchLayout | None]:
        return {step.name: step.layout for step in self.graph.steps}

    @cached_property
    def inner(self) -> dict[Any, "Plan"]:
        """Plans of the graphs inside of steps, filled as rules ask for them."""
        return {}

    @cached_property
    def notes(self) -> dict[str, None]:
        """What rules found that a user should know, each once, filled as it is found."""
        return {}

    @cached_property
    def weights(self) -> dict[tuple[str, str], Tensor]:
        """Weights in other forms, by step and form, filled as rules ask for them."""
        return {}
