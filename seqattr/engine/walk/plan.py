"""What a rulebook makes of a graph before anything runs: which rule each step gets, and what that needs."""

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from seqattr.engine.graph.graph import Step
from seqattr.engine.walk.forward import ForwardPlan
from seqattr.engine.walk.joints import Joint, find_joints
from seqattr.engine.walk.rulebook import PairedValues, Rule, Rulebook, StepContext


@dataclass(frozen=True, eq=False)
class Plan(ForwardPlan):
    """A graph that runs forward, and back by a rulebook. Without one it only runs forward."""

    rulebook: Rulebook | None = None
    wanted_in_parts: frozenset[str] = frozenset()  # outputs, by readers outside of the graph

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The rules of the steps that depend on the bases."""
        if self.rulebook is None:
            return {}
        steps = (step for step in self.graph.steps if step.name in self.active)
        return {step.name: self.rulebook.rule(self.graph, step, self.kinds) for step in steps}

    @cached_property
    def split(self) -> set[str]:
        """Values whose difference some reader wants in parts: there, multipliers come back in parts."""
        names = set(self.wanted_in_parts)
        for step in reversed(self.graph.steps):
            if step.name in self.rules and self.wants_parts(step, names):
                names.update(self.inputs[step.name])
        return names

    def wants_parts(self, step: Step, split: set[str]) -> bool:
        """Whether the step needs the parts of what it reads."""
        rule = self.rules[step.name]
        return rule.wants_parts or (step.name in split and rule.passes_parts)

    @cached_property
    def joints(self) -> dict[str, Joint]:
        """Steps that one kernel does, by the names of their convolutions."""
        return {joint.convolution.name: joint for joint in find_joints(self, self.rules)}

    def in_form(self, step: Step, weight: Tensor, form: str) -> Tensor:
        """A step's weight in one of the FORMS, or of the rulebook's own."""
        if self.rulebook is None or form not in self.rulebook.forms:
            return super().in_form(step, weight, form)
        return self.rulebook.forms[form](weight, self.rulebook.learned[step.name].to(weight))

    def by_spectra(self, form: str) -> frozenset[str]:
        """Which directions a convolution with its weights in some form may take through spectra, by which
        values that are equal, or 0, are so but for rounding.

        Not forward where a rule asks of values whether they are equal, as a maximum does; nor to values of
        which RevealCancel asks whether they are above or below 0.
        """
        if self.rulebook is None:
            return frozenset()
        asked = self._exact or (form == "plain" and bool(self.split))
        directions = {"forward": not (asked or self._divides), "back": not self._divides}
        return frozenset(direction for direction, fits in directions.items() if fits)

    @cached_property
    def _exact(self) -> bool:
        return any(rule.exact for rule in self.rules.values())

    @cached_property
    def _divides(self) -> bool:
        return any(rule.divides for rule in self.rules.values())

    def context(self, step: Step, pairs: PairedValues) -> StepContext:
        """A step as its rule sees it."""
        assert self.rulebook is not None  # else there is no rule
        return StepContext(self, self.rulebook, step, pairs, split=step.name in self.split)
