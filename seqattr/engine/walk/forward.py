"""How a graph is computed: each step's function, its weights in whatever form is fastest or asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torch import Tensor

from seqattr.engine.graph.divisors import divisors, products_by_quotients
from seqattr.engine.graph.graph import INPUT, BatchLayout, Graph, Ref, Step, evaluate_or_raise
from seqattr.engine.graph.kinds import classify, function_of
from seqattr.engine.numerics import dense
from seqattr.engine.numerics.convolution import FORMS, Convolution, convolution
from seqattr.engine.numerics.device import FULL
from seqattr.engine.ops.elementwise import OVERWRITING
from seqattr.engine.ops.kinds import HELD, Kind
from seqattr.engine.ops.moving import VIEWS
from seqattr.engine.ops.weights import CONVOLUTIONS, DENSE, geometry_of

Values = dict[str, Any]  # of one side, by name


@dataclass(frozen=True, eq=False)
class ForwardPlan:
    """What is worked out once before a graph runs forward: functions, convolutions, when each value goes."""

    graph: Graph
    products: str = field(default=FULL, kw_only=True)  # one of PRODUCTS

    # --- what the graph is ---------------------------------------------------------------------

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        return classify(self.graph)

    @cached_property
    def active(self) -> set[str]:
        """Names of the values that depend on the bases."""
        return self.graph.active()

    @cached_property
    def inputs(self) -> dict[str, list[Ref]]:
        """The activation arguments of each step."""
        return self.graph.activations()

    @cached_property
    def layouts(self) -> dict[str, BatchLayout | None]:
        return {step.name: step.layout for step in self.graph.steps}

    @cached_property
    def divisors(self) -> frozenset[str]:
        """Values that are one over something."""
        return self.graph.once("divisors", lambda: divisors(self.graph, self.kinds))

    @cached_property
    def products_by_quotients(self) -> frozenset[str]:
        """Products that are divided, or made of quotients."""
        return self.graph.once("quotients", lambda: products_by_quotients(self.graph, self.kinds))

    # --- functions and weights -----------------------------------------------------------------

    @cached_property
    def functions(self) -> dict[str, Callable[..., Any]]:
        return {step.name: self._function(step) for step in self.graph.steps}

    def _function(self, step: Step) -> Callable[..., Any]:
        convolves, weighs = step.op in CONVOLUTIONS, step.op in DENSE
        if not (convolves or weighs) or step.args[0] not in self.active or step.args[1] in self.active:
            return function_of(step)
        if weighs:
            return dense.forward
        return lambda x, weight, bias=None, *_: self.convolution(step, weight).forward(x, bias)

    def convolution(self, step: Step, weight: Tensor, form: str = "plain") -> Convolution:
        """A convolution step with its weights in some form, prepared once."""
        key = step.name, form
        if key not in self.convolutions:
            geometry = geometry_of(step.op, step.arguments)
            weights, spectra = self.in_form(step, weight, form), self.by_spectra(form)
            prepared = convolution(weights, geometry, spectra, self.products)
            if step.args[1] not in self.graph.tensors:
                return prepared  # of this batch's size
            self.convolutions[key] = prepared
        return self.convolutions[key]

    def in_form(self, step: Step, weight: Tensor, form: str) -> Tensor:
        """A step's weight in one of the FORMS."""
        return FORMS[form](weight)

    def by_spectra(self, form: str) -> frozenset[str]:
        """Which directions, "forward" and "back", a convolution in some form may take through spectra.

        None: what is computed without rules, as of edits, is compared value by value.
        """
        return frozenset()

    @cached_property
    def convolutions(self) -> dict[tuple[str, str], Convolution]:
        return {}

    # --- what rules ask for, and find out ------------------------------------------------------

    @cached_property
    def split(self) -> set[str]:
        """Values whose difference some reader wants in parts."""
        return set()

    @cached_property
    def weights(self) -> dict[tuple[str, str], Tensor]:
        """Weights in other forms, by step and form, filled as rules ask for them."""
        return {}

    @cached_property
    def inner(self) -> dict[Any, Any]:
        """Plans of the graphs inside of steps, filled as rules ask for them."""
        return {}

    @cached_property
    def notes(self) -> dict[str, None]:
        """What rules found that a user should know, each once, filled as it is found."""
        return {}

    # --- memory --------------------------------------------------------------------------------

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
        """Steps whose value can take the memory of what they read: fresh, read by nothing later, and seen by
        nobody under another name, as a view or a held value is.

        Not where a rule might look at the value itself, for its parts.
        """
        last = {ref: name for name, refs in self.last_use.items() for ref in refs}
        readers = self.graph.consumers()
        return {
            step.name
            for step in self.graph.steps
            if step.op in OVERWRITING
            and step.name in self.active - self.split
            and self.kinds.get(step.args[0]) is Kind.LINEAR
            and last.get(step.args[0]) == step.name
            and not any(reader.op in VIEWS | HELD for reader in readers[step.args[0]])
        }


def side_values(plan: ForwardPlan, sequences: Tensor) -> Values:
    """Every value for sequences (N, 4, L) that take part in several walks: computed once, kept."""
    values: Values = {**plan.graph.tensors, INPUT: sequences}
    for step in plan.graph.steps:
        values[step.name] = evaluate_or_raise(step, plan.functions[step.name], values, sequences)
    return values


def passing_values(plan: ForwardPlan, sequences: Tensor) -> Iterator[tuple[Step, Any]]:
    """Each step with its value for sequences (N, 4, L), which is let go at its last use."""
    values: Values = {**plan.graph.tensors, INPUT: sequences}
    for step in plan.graph.steps:
        values[step.name] = evaluate_or_raise(step, plan.functions[step.name], values, sequences)
        yield step, values[step.name]
        for name in plan.last_use.get(step.name, ()):
            del values[name]


def output_values(plan: ForwardPlan, sequences: Tensor) -> dict[str, Tensor]:
    """The outputs for sequences (N, 4, L), by name."""
    outputs = plan.graph.outputs
    return {step.name: value for step, value in passing_values(plan, sequences) if step.name in outputs}


def flat(value: Tensor) -> Tensor:
    """(N, ...) -> (N, elements)."""
    return value.reshape(len(value), -1)
