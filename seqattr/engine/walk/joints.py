"""Steps that one kernel does: a convolution, the relu behind it, and the sum that this goes into.

Each by itself reads and writes all its values. Together they go through memory once: the convolution of the
references, which knows what the sequences have there, writes what comes out in the end and relu's slopes; on
the way back the slopes are multiplied in as multipliers are read, and what another reader of the
convolution's input sent back is added as they are written. By Rescale there is one slope, by RevealCancel one
for each part of the difference.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple, cast

from torch import Tensor

from seqattr.engine.graph.graph import INPUT, Ref, Step, evaluate_or_raise
from seqattr.engine.numerics.gpu.fastest import Measured
from seqattr.engine.numerics.gpu.implicit import Around
from seqattr.engine.numerics.gpu.in_parts import Ahead, Pairs
from seqattr.engine.numerics.multipliers import Multiplier, whole
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.moving import VIEWS
from seqattr.engine.ops.names import ADD, RELU
from seqattr.engine.ops.weights import CONVOLUTIONS
from seqattr.engine.walk.forward import ForwardPlan, Values
from seqattr.engine.walk.rulebook import ROWS_FIRST, Backward, PairedValues, Rule


@dataclass(frozen=True)
class Joint:
    """A convolution with its relu and, where that goes into nothing else, the sum with an earlier value."""

    convolution: Step
    relu: Step
    in_parts: bool = False
    total: Step | None = None
    addend: Step | None = None

    @property
    def names(self) -> set[str]:
        return {step.name for step in (self.convolution, self.relu, self.total) if step is not None}

    @property
    def end(self) -> Step:
        """The step whose value is there in the end."""
        return self.total or self.relu


Rules = Mapping[str, Rule]


def find_joints(plan: ForwardPlan, rules: Rules) -> Iterator[Joint]:
    """Those of a graph whose steps go back by some rules."""
    for step in plan.graph.steps:
        relu = only_reader(plan, step)
        if (
            relu is not None
            and relu.op == RELU
            and relu.name not in plan.split
            and convolves(plan, step, rules)
        ):
            rule, in_parts = rules[relu.name].joins, step.name in plan.split
            if rule == ("revealcancel" if in_parts else "rescale") and not (
                in_parts and overwritten(plan, step)
            ):
                yield with_sum(plan, Joint(step, relu, in_parts), rules)


def only_reader(plan: ForwardPlan, step: Step) -> Step | None:
    """The one step that reads a value which is none of the model's outputs."""
    readers = plan.graph.consumers().get(step.name, [])
    return readers[0] if len(readers) == 1 and step.name not in plan.graph.outputs else None


def convolves(plan: ForwardPlan, step: Step, rules: Rules) -> bool:
    """Whether a step is a convolution by a kernel of our own, passed back by its transpose."""
    weight = plan.graph.tensors.get(step.args[1]) if step.op in CONVOLUTIONS else None
    if weight is None or plan.kinds[step.name] is not Kind.LINEAR or rules[step.name].joins != "linear":
        return False
    return isinstance(plan.convolution(step, weight), Measured)


def overwritten(plan: ForwardPlan, step: Step) -> bool:
    """Whether a step's input is gone before the way back."""
    return any(reader.name in plan.overwriting for reader in plan.graph.consumers()[step.args[0]])


def with_sum(plan: ForwardPlan, joint: Joint, rules: Rules) -> Joint:
    """The joint with the sum behind it, where the other value, of the same shape, is there before the
    convolution, or is a view of what is, as a crop.
    """
    total = only_reader(plan, joint.relu)
    if total is None or total.op != ADD or total.name in plan.split or total.kwargs or len(total.args) > 2:
        return joint
    others = [ref for ref in total.args if ref != joint.relu.name]
    if len(others) != 1 or others[0] not in plan.active or rules[total.name].joins != "linear":
        return joint
    addend = plan.graph.by_name().get(others[0])
    before = {step.name for step in takewhile(lambda step: step is not joint.convolution, plan.graph.steps)}
    if addend is None or addend.shape != joint.relu.shape:
        return joint
    view = addend.op in VIEWS and before.issuperset(made_before(plan, addend))
    return replace(joint, total=total, addend=addend) if view or addend.name in before else joint


def made_before(plan: ForwardPlan, step: Step) -> set[Ref]:
    """What a step reads that other steps make."""
    return {ref for ref in step.refs() if ref not in plan.graph.tensors and ref != INPUT}


class Joined(NamedTuple):
    """A joint at work: what the references have in the end, and the way from the relu's value back to the
    convolution's input, of a multiplier and what else has come back to that.
    """

    value: Tensor
    back: Callable[[Tensor, Tensor | None], Tensor]


def by_rescale(given: "Given") -> Joined:
    """With one slope for each pair."""
    convolution, shape = given.convolution(), given.shape
    around = Around(given.bias, starts=given.starts, addends=given.addends)
    value, slopes = convolution.forward_around(given.references, around)

    def back(multiplier: Tensor, addend: Tensor | None) -> Tensor:
        return convolution.transpose_around(multiplier, shape, Around(scales=slopes, addends=addend))

    return Joined(value, back)


def by_revealcancel(given: "Given") -> Joined:
    """With two."""
    convolution = given.convolution().in_parts(given.convolution("magnitude"))
    pairs = Pairs(given.references, given.sequences)
    value, slopes = convolution.forward(pairs, Ahead(given.starts, given.bias, given.addends))
    return Joined(value, lambda multiplier, addend: convolution.back(multiplier, slopes, pairs, addend))


class Given:
    """What a joint is given, for pairs whose sequences have the convolution's value."""

    def __init__(self, plan: ForwardPlan, joint: Joint, pairs: PairedValues) -> None:
        self.plan, self.step, self.sides = plan, joint.convolution, pairs.sides
        self.shape = pairs.shape(self.step.args[0])  # of all pairs
        activation, *_ = self.step.args
        self.references, self.sequences = self.sides.reference[activation], self.sides.sequence[activation]
        self.starts = self.sides.sequence[self.step.name]
        self.addends = None if joint.addend is None else self._value(joint.addend)

    @property
    def bias(self) -> Tensor | None:
        ref = self.step.arguments.bias
        return None if ref is None else cast(Tensor, self.sides.reference[ref])

    def convolution(self, form: str = "plain") -> Measured:
        made = self.plan.convolution(self.step, self.plan.graph.tensors[self.step.args[1]], form)
        assert isinstance(made, Measured)  # as `convolves` has it
        return made

    def _value(self, step: Step) -> Tensor:
        """Of the references; a view that is not there yet is made."""
        values = self.sides.reference
        if step.name in values:
            return cast(Tensor, values[step.name])
        return cast(Tensor, evaluate_or_raise(step, self.plan.functions[step.name], values, values[INPUT]))


class Joining:
    """The joints of a traversal whose references are all worked out in it, each for a pair.

    `ahead` are the steps of which the references need nothing that is not there.
    """

    def __init__(
        self,
        joints: Mapping[str, Joint],
        pairs: PairedValues,
        to_run: Sequence[Values],
        keep: Collection[str],
    ) -> None:
        rows, here = pairs.rows, any(values is pairs.sides.reference for values in to_run)
        serves = here and bool(rows.references) and not rows.shared
        self.pairs, self.keep, self.joints = pairs, keep, joints if serves else {}
        self.ways: dict[str, Callable[[Tensor, Tensor | None], Tensor]] = {}
        self.ahead = set[str]()

    def begins(self, step: Step) -> Joint | None:
        """The joint that begins with a step; from now on its steps are ahead."""
        joint = self.joints.get(step.name)
        if joint is None or not joint.names.isdisjoint(self.keep):
            return None
        if self.pairs.layouts.get(step.name) not in (None, ROWS_FIRST):
            return None
        self.ahead |= joint.names
        return joint

    def join(self, plan: ForwardPlan, joint: Joint) -> dict[str, Backward]:
        """The ways back through the convolution and its relu; the references have the value of the end."""
        value, back = (by_revealcancel if joint.in_parts else by_rescale)(Given(plan, joint, self.pairs))
        self.pairs.sides.reference[joint.end.name] = value  # which goes after its last use
        self.ways[joint.convolution.name] = back
        return {
            joint.relu.name: lambda multiplier: [multiplier],
            joint.convolution.name: lambda multiplier: [back(whole(multiplier), None)],
        }

    def back(
        self, step: Step, multiplier: Multiplier, travelling: dict[str, Multiplier]
    ) -> Sequence[Multiplier] | None:
        """What comes back through a joint's convolution with what has come to its input already; None for
        another step, and where nothing has.
        """
        back = self.ways.get(step.name)
        if back is None or not isinstance(travelling.get(step.args[0]), Tensor):
            return None
        return [back(whole(multiplier), whole(travelling.pop(step.args[0])))]
