"""The walk: every step forward for the sequences and the references, then back by a rulebook.

Each sequence goes forward once for all its references, and references that all sequences share go
forward once. A rule sees one step on both sides and returns the function that takes a multiplier back
through it; that function keeps what it needs, and everything else is let go at its last use. Where that is
more than has room, the graph is cut, and what the way back needs is there for one segment at a time.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.graph.graph import FAILURES, INPUT, Step, evaluate_or_raise, raise_for
from seqattr.engine.graph.outputs import Target
from seqattr.engine.numerics.multipliers import Multiplier, add_multipliers, by_sign, collapse
from seqattr.engine.ops.elementwise import OVERWRITING
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.walk.cuts import Cuts
from seqattr.engine.walk.forward import Values, flat
from seqattr.engine.walk.joints import Joining
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.rulebook import Backward, PairedValues, Rows, SideValues


class Traversal:
    """A graph's steps, one by one forward on both sides, and back by the rules of a plan.

    `to_run` are the sides whose values this traversal works out and, but for those of the steps to `keep`,
    lets go again. It goes back over its `steps`, all unless they are a segment's.
    """

    def __init__(
        self,
        plan: Plan,
        pairs: PairedValues,
        to_run: Sequence[Values],
        keep: Collection[str] = (),
        steps: Sequence[Step] = (),
    ) -> None:
        self.plan, self.pairs, self.to_run, self.keep = plan, pairs, to_run, keep
        self.sides, self.rows, self.steps = pairs.sides, pairs.rows, steps or plan.graph.steps
        self.joining = Joining({} if steps else plan.joints, pairs, to_run, keep)
        self.backward: dict[str, Backward] = {}
        self.kept: dict[str, Callable[[Multiplier], Tensor]] = {}

    def forward(self, step: Step, passing: bool = False) -> None:
        """The step's value on each side, and the way back; then what is used up goes. In `passing` there is
        no way back, and only what it says of differences in parts."""
        overwrites = step.name in self.plan.overwriting and step.args[0] not in self.keep
        joint = None if passing else self.joining.begins(step)
        if not overwrites:
            self._evaluate(step)
        self.backward |= self.joining.join(self.plan, joint) if joint is not None else {}
        self._prepare(step, passing)
        if overwrites:
            self._evaluate(step, overwrite=True)
        for name in self.plan.last_use.get(step.name, ()):
            if name not in self.keep:
                self._release(name)

    def _prepare(self, step: Step, passing: bool) -> None:
        """The way back through a step that depends on the bases, the value of another."""
        if step.name not in self.plan.active:
            self.sides.constant[step.name] = self._constant(step)
        elif step.name not in self.backward and (self.plan.split or not passing):
            self.backward[step.name] = self._pullback(step)
        if passing:
            self.backward.pop(step.name, None)
            self.kept.pop(step.name, None)

    def _evaluate(self, step: Step, overwrite: bool = False) -> None:
        """The step's value on each side that is not known, or not ahead."""
        function = self.plan.functions[step.name]
        ahead = self.sides.reference if step.name in self.joining.ahead else None
        for values in (values for values in self.to_run if values is not ahead):
            if overwrite:
                values[step.name] = OVERWRITING[step.op](values[step.args[0]])
            else:
                values[step.name] = evaluate_or_raise(step, function, values, values[INPUT])

    def _constant(self, step: Step) -> Any:
        """The value of a step that depends on no base, for as many rows as there are pairs."""
        constant = self.sides.constant
        blank = constant[INPUT].new_zeros(())  # of an activation only the shape is read
        shapes = {ref: blank.expand(self.pairs.shape(ref)) for ref in self.plan.inputs[step.name]}
        return evaluate_or_raise(step, self.plan.functions[step.name], constant | shapes, constant[INPUT])

    def _pullback(self, step: Step) -> Backward:
        """The rule's way back; where a reader wants parts, the value's parts are kept as well."""
        context = self.plan.context(step, self.pairs)
        try:
            backward, parts, kept = self.plan.rules[step.name].pullback(context)
        except FAILURES as error:
            raise_for(step, error)
        if kept is not None:
            self.kept[step.name] = kept
        if not context.split:
            return backward
        if parts is not None:
            self.sides.parts[step.name] = parts
            return backward
        sign = self._parts_by_sign(step.name)
        return lambda multiplier: backward(collapse(multiplier, sign))

    def _parts_by_sign(self, name: str) -> Tensor:
        difference = self.pairs.difference(name)
        self.sides.parts[name] = by_sign(difference)
        return difference.sign()

    def _release(self, name: str) -> None:
        for values in (*self.to_run, self.sides.constant, self.sides.parts):
            values.pop(name, None)

    def travel(
        self, travelling: dict[str, Multiplier], at: str = INPUT, kept: Tensor | None = None
    ) -> Tensor | None:
        """Multipliers by the names of their values, back to a step's value, or to the inputs.

        Of the output's difference, what steps keep on the way, beside what is `kept` already: for each pair,
        None where none does.
        """
        for step in reversed(self.steps):
            if step.name == at:
                break
            multiplier = travelling.pop(step.name, None)
            if multiplier is None:
                continue
            if step.name in self.kept:
                amount = self.kept[step.name](multiplier)
                kept = amount if kept is None else kept + amount
            try:
                joined = self.joining.back(step, multiplier, travelling)
                incoming = joined or self.backward[step.name](multiplier)
            except FAILURES as error:
                raise_for(step, error)
            fresh = self.plan.kinds[step.name] is Kind.LINEAR  # what it sends back, nobody else has
            for ref, part in zip(self.plan.inputs[step.name], incoming, strict=True):
                travelling[ref] = add_multipliers(part, travelling[ref], fresh) if ref in travelling else part
        return kept


@dataclass(frozen=True)
class Segment:
    """Some steps in a row, and all values alive before them, from which they can be run."""

    steps: Sequence[Step]
    sides: SideValues

    @property
    def names(self) -> set[str]:
        return {step.name for step in self.steps}

    @classmethod
    def of(cls, steps: Sequence[Step], sides: SideValues) -> "Segment":
        """With values that stay whatever becomes of the sides."""
        return cls(steps, copied(sides))

    def run(self, walk: Traversal) -> Traversal:
        """Run forward again, as the walk did."""
        sides = copied(self.sides)
        to_run = [side for side in (sides.sequence, sides.reference) if side]
        return forward_over(self.steps, walk, PairedValues(sides, walk.rows, walk.plan.layouts), to_run)


def copied(sides: SideValues) -> SideValues:
    """The same tensors in tables of their own."""
    return SideValues(*map(dict, (sides.sequence, sides.reference, sides.constant, sides.parts)))


def forward_over(
    steps: Sequence[Step], walk: Traversal, pairs: PairedValues, to_run: Sequence[Values]
) -> Traversal:
    """Some of a walk's steps, forward and ready to go back."""
    traversal = Traversal(walk.plan, pairs, to_run, walk.keep, steps)
    for step in steps:
        traversal.forward(step)
    return traversal


class Walk(Traversal):
    """One batch of sequences (B, 4, L) with their references (B, R, 4, L), shared values, or neither.

    The forward pass happens on construction, of whichever side is not given as values; `multipliers`
    then walks back for one target. The values of the steps to `keep` stay. With `cuts` the steps between
    two of them are run again on the way back, and `shared` are the references alone, without their values.
    """

    def __init__(
        self,
        plan: Plan,
        sequences: Tensor | Values,
        references: Tensor | None = None,
        shared: Values | None = None,
        keep: Collection[str] = (),
        cuts: Cuts = (),
    ) -> None:
        tensors = plan.graph.tensors
        to_run: list[Values] = []
        if isinstance(sequences, Tensor):
            sequences = {**tensors, INPUT: sequences}
            to_run.append(sequences)
        if references is not None:
            to_run.append({**tensors, INPUT: references.flatten(0, 1)})
        elif shared is not None and cuts:
            to_run.append(shared)
        number = 0 if references is None else references.shape[1]
        points = sequences[INPUT]
        rows = Rows(len(points), number if shared is None else len(shared[INPUT]), shared is not None)
        one_row_each = points[:1].expand(rows.pairs, -1, -1)
        reference = shared or ({} if references is None else to_run[-1])
        sides = SideValues(sequences, reference, {**tensors, INPUT: one_row_each})
        super().__init__(plan, PairedValues(sides, rows, plan.layouts), to_run, keep)
        self.backward[INPUT] = self._ending()
        self._held: dict[Target, Tensor] = {}
        self.segments: list[Segment] = []
        self._latest: Traversal | None = None  # of the last segment, until it is gone back through
        if cuts:
            self._in_segments(cuts)
        else:
            for step in plan.graph.steps:
                self.forward(step)

    def _in_segments(self, cuts: Cuts) -> None:
        """Forward, with no way back but through the last segment."""
        for start, stop in pairwise((0, *cuts, len(self.steps))):
            self.segments.append(Segment.of(self.steps[start:stop], self.sides))
            for step in self.steps[start:stop] if stop < len(self.steps) else ():
                self.forward(step, passing=True)
        self._latest = forward_over(self.segments[-1].steps, self, self.pairs, self.to_run)

    def travel(
        self, travelling: dict[str, Multiplier], at: str = INPUT, kept: Tensor | None = None
    ) -> Tensor | None:
        if not self.segments:
            return super().travel(travelling, at, kept)
        for segment in reversed(self.segments):
            kept = self._ready(segment).travel(travelling, at, kept)
            if at in segment.names:
                break
        return kept

    def _ready(self, segment: Segment) -> Traversal:
        """A segment run forward, of which nothing is kept any longer than it is gone back through."""
        latest, self._latest = self._latest, None
        return latest or segment.run(self)

    def _ending(self) -> Backward:
        """What becomes of a multiplier that has come back to the input."""
        if INPUT not in self.plan.split:
            return lambda multiplier: [multiplier]
        sign = self._parts_by_sign(INPUT)
        return lambda multiplier: [collapse(multiplier, sign)]

    # --- results -------------------------------------------------------------------------------

    def sequence_outputs(self, target: Target) -> Tensor:
        """The target's value for the sequences, (B, 1)."""
        return flat(self.sides.sequence[self._output(target)])[:, target.index, None]

    def outputs(self, target: Target) -> tuple[Tensor, Tensor]:
        """The target's value for the sequences (B, 1), and for the references (B, R) or (1, R)."""
        reference = flat(self.sides.reference[self._output(target)])[:, target.index]
        return self.sequence_outputs(target), reference.view(-1, self.rows.references)

    def held(self, target: Target) -> Tensor | None:
        """What held values keep of the target's difference, (B, R), once it has been gone back from."""
        return self._held.get(target)

    def _output(self, target: Target) -> str:
        return self.plan.graph.outputs[target.output]

    def multipliers(self, target: Target) -> Tensor:
        """The target's multipliers at the input, (B, R, 4, L), or (B, 1, 4, L) without references."""
        result = self.arriving(target)
        assert isinstance(result, Tensor)  # the input's way back collapses parts
        return result.unflatten(0, (self.rows.sequences, -1))

    def arriving(self, target: Target, at: str = INPUT) -> Multiplier:
        """What comes back from the target to a step's kept value, or to the input, as the rules send it."""
        name = self._output(target)
        travelling: dict[str, Multiplier] = {name: self._seed(name, target.index)}
        kept = self.travel(travelling, at)
        if kept is not None:
            self._held[target] = kept
        if at != INPUT:
            nothing = torch.zeros_like(self.sides.sequence[at])
            return travelling.get(at, nothing)
        (result,) = self.backward[INPUT](travelling[INPUT])
        return result

    def _seed(self, name: str, index: int) -> Tensor:
        """1 at the target's element of the output, 0 elsewhere, for each pair."""
        value = self.sides.sequence[name]
        seed = flat(value.new_zeros(self.rows.pairs, *value.shape[1:]))
        seed[:, index] = 1
        return seed.view(self.rows.pairs, *value.shape[1:])
