"""Recurrent steps, by the rules that a rulebook has for what one time step is made of.

All but the product with the hidden state works unit by unit. So, the states being known, the rules see all
time steps at once, and what they send back for a multiplier of 1 are the factors of the way back. Through
time go only these factors and the product's own rule. What comes out is what a graph gives in which every
time step is written out.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from seqattr.engine.graph.graph import INPUT, Graph
from seqattr.engine.graph.recurrent import BIAS, CELLS, FED_BACK, GIVEN, HIDDEN, WEIGHT, cell_graph, cell_of
from seqattr.engine.numerics.multipliers import Multiplier, Parts, add_multipliers, as_parts, map_parts, whole
from seqattr.engine.walk.forward import Values
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.rulebook import Backward, PairedValues, Pullback, SideValues, StepContext, rule
from seqattr.engine.walk.walk import Traversal

Active = tuple[str, ...]  # what of that which a time step reads depends on the bases
Carried = Mapping[str, Tensor]  # multipliers of the states before a time step, (rows, H)


@rule(passes_parts=True)
def recurrent(context: StepContext) -> Pullback:
    """Back through time, from the multipliers of the states after each time step."""
    layer = OverTime(context)
    spans = [layer.span(times, active) for times, active in layer.times_alike()]
    parts = as_parts(concatenate([states_together(span.parts) for span in spans])) if context.split else None
    return Pullback(lambda m: layer.back(spans, m), parts)


# --- backward ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """Some time steps, and the way back through each.

    `states` are those after a time step, each twice where the two parts of its difference have multipliers of
    their own. `factors` are what a multiplier of 1 of each of them is worth to what the time step reads:
    (times, rows, width / H, H). `products` go back through the product with the hidden state.
    """

    times: slice
    states: list[str]
    factors: dict[str, list[Multiplier]]
    products: list[Backward]
    parts: list[Parts]  # of each state's difference, where they are wanted

    def back(self, arriving: Sequence[Tensor], carried: Carried) -> tuple[list[Tensor], Carried]:
        """The states' multipliers, (times, rows, H): those from outside with what is `carried` from later
        time steps; and what is carried on to earlier ones.
        """
        factors = {name: at_each_time(f) for name, f in self.factors.items() if name != GIVEN}
        outside = [list(map(whole, m)) for m in at_each_time(arriving)]
        multipliers = []
        for time in reversed(range(len(outside))):
            pairs = zip(self.states, outside[time], strict=True)
            now = [m + carried[state] if state in carried else m for state, m in pairs]
            worth = {name: weighted_sum(times[time], now) for name, times in factors.items()}
            carried = self._through_product(time, worth)
            multipliers.append(now)
        return [torch.stack(state[::-1]) for state in zip(*multipliers, strict=True)], carried

    def _through_product(self, time: int, worth: dict[str, Multiplier]) -> Carried:
        """What the product is worth to the hidden state, with what that has besides."""
        if FED_BACK in worth:
            (back,) = self.products[time](worth.pop(FED_BACK))
            worth[HIDDEN] = add_multipliers(back, worth[HIDDEN]) if HIDDEN in worth else back
        return {name: whole(multiplier) for name, multiplier in worth.items()}


def at_each_time(values: Sequence[Multiplier]) -> list[tuple[Multiplier, ...]]:
    """(times, ...) each as all of them at one time after the other."""
    return list(zip(*map(unbind_time, values), strict=True))


def unbind_time(value: Multiplier) -> Sequence[Multiplier]:
    if isinstance(value, Parts):
        return [Parts(*pair) for pair in zip(*map(torch.unbind, value), strict=True)]
    return whole(value).unbind()


def weighted_sum(factors: Sequence[Multiplier], multipliers: Sequence[Tensor]) -> Multiplier:
    """Of each state's (..., width / H, H) times its multiplier, (..., H), the sum: (..., width)."""
    if any(isinstance(factor, Parts) for factor in factors):
        positive, negative = zip(*map(as_parts, factors), strict=True)
        return Parts(whole(weighted_sum(positive, multipliers)), whole(weighted_sum(negative, multipliers)))
    (first, *factors), (multiplier, *others) = map(whole, factors), multipliers
    total = first * multiplier.unsqueeze(-2)
    for factor, multiplier in zip(factors, others, strict=True):
        total = torch.addcmul(total, factor, multiplier.unsqueeze(-2))
    return total.flatten(-2)


def concatenate(spans: Sequence[Multiplier]) -> Multiplier:
    """One span after the other."""
    if any(isinstance(span, Parts) for span in spans):
        return Parts(*map(torch.cat, zip(*map(as_parts, spans), strict=True)))
    return torch.cat([whole(span) for span in spans])


def states_together(parts: Sequence[Parts]) -> Parts:
    """Those of each state, (times, rows, H), as those of what a recurrent step answers with."""
    return Parts(*(torch.cat(side, -1) for side in zip(*parts, strict=True)))


# --- forward: what is alike at many times ----------------------------------------------------------


class OverTime:
    """A recurrent step, as its rule sees it."""

    def __init__(self, context: StepContext) -> None:
        self.context, self.name = context, cell_of(context.step)
        self.given, weight, bias, *starts = context.step.args
        self.weights = {WEIGHT: weight} if bias is None else {WEIGHT: weight, BIAS: bias}
        self.starts = dict(zip(CELLS[self.name].states, starts, strict=True))

    def times_alike(self) -> list[tuple[slice, Active]]:
        """Times at which the same of what a time step reads depends on the bases.

        The states from which a layer starts are seldom among it: then the first time step stands alone.
        """
        active, number = (
            self.context.plan.active,
            len(self.context.pairs.sides.sequence[self.context.step.name]),
        )
        always = (GIVEN,) if self.given in active else ()
        first = tuple(name for name, ref in self.starts.items() if ref in active)
        if len(first) == len(self.starts):
            return [(slice(0, number), (*always, *first))]
        later = slice(1, number), (*always, *self.starts)
        return [(slice(0, 1), (*always, *first)), later][:number]

    def span(self, times: slice, active: Active) -> Span:
        """All rules at these times at once: the values of a time step are (times, rows, ...) here."""
        walk = self._walk(self._plan(active), times)
        for step in walk.plan.graph.steps:
            walk.forward(step)
        outputs = walk.plan.graph.outputs
        products = list(products_of(walk)) if HIDDEN in active else []
        parts = [walk.sides.parts[name] for name in outputs] if self.context.split else []
        states = [name for name in self.starts for _ in range(1 + self.context.split)]
        return Span(times, states, self._factors(walk), products, parts)

    def _plan(self, active: Active) -> Plan:
        """The rulebook's plan of a time step of which `active` depends on the bases; made once."""
        outer, key = self.context.plan, (self.context.step.name, active)
        if key in outer.inner:
            return outer.inner[key]
        tensors: dict[str, Tensor] = {name: self.context.constant(ref) for name, ref in self.weights.items()}
        graph = cell_graph(self.name, tensors[WEIGHT].shape[1], BIAS in tensors)
        wanted = frozenset(graph.outputs) if self.context.split else frozenset()
        inner = Graph(graph.steps, tensors, graph.outputs, active)
        plan = Plan(inner, self.context.rulebook, wanted, products=self.context.plan.products)
        if all(ref in outer.graph.tensors for ref in self.weights.values()):
            outer.inner[key] = plan
        return plan

    def _walk(self, plan: Plan, times: slice) -> Traversal:
        """Through what a time step does, at these times, on both sides."""
        outer, known = self.context.pairs, (GIVEN, *self.starts)
        sides = [values for values in (outer.sides.sequence, outer.sides.reference) if values]
        values = [{**plan.graph.tensors, **self._read(side, times, known)} for side in sides]
        constants = self._read(outer.sides.constant, times, set(known) - plan.active)
        inner = SideValues(
            values[0], values[1] if len(values) > 1 else {}, {**plan.graph.tensors, **constants}
        )
        if GIVEN in plan.split:
            inner.parts[GIVEN] = Parts(*(part[times] for part in outer.sides.parts[self.given]))
        layouts = dict.fromkeys((*known, *plan.layouts), outer.layout(self.context.step.name))
        return Traversal(plan, PairedValues(inner, outer.rows, layouts), values, keep=(HIDDEN, FED_BACK))

    def _read(self, values: Values, times: slice, names: Collection[str]) -> Values:
        """What time steps read, (times, rows, ...)."""
        states: Values = {name: self._before(values, name, times) for name in self.starts if name in names}
        given = {GIVEN: values[self.given][times]} if GIVEN in names else {}
        return {INPUT: values[INPUT], **given, **states}

    def _before(self, values: Values, name: str, times: slice) -> Tensor:
        """A state before each time step."""
        first: Tensor = values[self.starts[name]][None]
        if times.stop == 1:
            return first
        after = values[self.context.step.name].unflatten(-1, (len(self.starts), -1))
        return torch.cat([first, after[:-1, ..., list(self.starts).index(name), :]])[times]

    def _factors(self, walk: Traversal) -> dict[str, list[Multiplier]]:
        """What a multiplier of 1 of each state is worth to what the time step reads."""
        factors: dict[str, list[Multiplier]] = {}
        for output in walk.plan.graph.outputs:
            one = walk.sides.sequence[output].new_ones(walk.pairs.shape(output))
            by_unit = partial(Tensor.unflatten, dim=-1, sizes=(-1, one.shape[-1]))
            seeds: list[Multiplier] = (
                [Parts(one, 0 * one), Parts(0 * one, one)] if self.context.split else [one]
            )
            for seed in seeds:
                travelling = {output: seed}
                walk.travel(travelling, at=FED_BACK)
                for name, worth in travelling.items():
                    factors.setdefault(name, []).append(map_parts(by_unit, worth))
        return factors

    def back(self, spans: Sequence[Span], multiplier: Multiplier) -> list[Multiplier]:
        """What the states' multipliers are worth to what is given, and to the states at the start."""
        sides = as_parts(multiplier) if self.context.split else (whole(multiplier),)
        states = [side.unflatten(-1, (len(self.starts), -1)) for side in sides]
        arriving = [side[..., number, :] for number in range(len(self.starts)) for side in states]
        carried: Carried = {}
        given: list[Multiplier] = []
        for span in reversed(spans):
            multipliers, carried = span.back([m[span.times] for m in arriving], carried)
            if GIVEN in span.factors:
                given.append(weighted_sum(span.factors[GIVEN], multipliers))
        of_given = [concatenate(given[::-1])] if given else []
        return of_given + [
            carried[name] for name, ref in self.starts.items() if ref in self.context.plan.active
        ]


def products_of(walk: Traversal) -> Iterator[Backward]:
    """The way back through the product with the hidden state, at each time step by itself."""
    step, *_ = walk.plan.graph.steps
    product, tensors = walk.plan.rules[step.name], walk.plan.graph.tensors
    layout = walk.pairs.layout(HIDDEN)._replace(dim=0)
    for values in zip(*(at_each_time((side[HIDDEN], side[FED_BACK])) for side in walk.to_run), strict=True):
        at_time = [{**tensors, HIDDEN: hidden, FED_BACK: fed_back} for hidden, fed_back in values]
        sides = SideValues(at_time[0], at_time[1] if len(at_time) > 1 else {}, dict(tensors))
        pairs = PairedValues(sides, walk.rows, dict.fromkeys((HIDDEN, FED_BACK), layout))
        yield product(walk.plan.context(step, pairs)).backward
