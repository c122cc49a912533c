"""Patterns that were learned of a model, one for each of its steps with weights."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.rules.weighted_steps import weighted_steps
from seqattr.errors import InputError
from seqattr.models.content import content_hash


class StepPattern(NamedTuple):
    """What was learned of one step with weights.

    `estimator` is "positive" (a+ of S_a+-: a rectifier follows) or "linear" (S_a). A unit that was never on,
    or the same in all windows, is `silent`: its pattern is 0, and nothing comes back through it.
    """

    step: str
    values: Tensor  # float64, of the weight's shape
    estimator: str
    windows: int  # that each unit has seen
    silent: int  # units


@dataclass(frozen=True)
class Patterns:
    """Patterns for each step with constant weights, in the graph's order, and of which model they are.

    `model` is the `content_hash`: the same for the same weights in another file.
    """

    model: str
    sequences: int
    steps: tuple[StepPattern, ...]

    def of(self, model: Model) -> dict[str, Tensor]:
        """The patterns by the names that the model's steps have. Raises InputError for another model's."""
        layers = weighted_steps(model.graph)
        shapes = [model.graph.tensors[layer.weight].shape for layer in layers]
        if self.model != content_hash(model) or shapes != [step.values.shape for step in self.steps]:
            raise InputError(
                "the patterns were learned from another model; learn this one's with `seqattr patterns`"
            )
        return {layer.step.name: step.values for layer, step in zip(layers, self.steps, strict=True)}
