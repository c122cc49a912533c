"""How fourteen methods divide effects that are known in closed form: weights read off, beside the theory's.

Each function is explained whole, and without each of its effects: what an effect adds to a variable's
contribution, as a share of the effect, is the weight by which the method allocates it to that variable. The
fourteen are those of Deng et al. 2023, with smooth gradients beside the gradient.
"""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.evaluate.allocation_theory import FUNCTIONS, PATCH, THEORY, VARIABLES, Effect, Unit, Weights
from seqattr.methods.attribution import attribute
from seqattr.methods.families import occluding
from seqattr.methods.method import Method

DRAWS = 1000  # references, all worth 0, of which each gives expected gradients another draw

# By the paper's names, those of METHODS.
OURS: dict[str, str | Method] = {
    "gradient x input": "gradient",
    "occlusion-1": "occlusion-1",
    "occlusion-patch": occluding(PATCH),  # of METHODS, occlusion-5 and occlusion-20 differ in their width
    "Grad-CAM": "grad-cam",
    "integrated gradients": "integrated-gradients-50",
    "expected gradients": "expected-gradients",
    "Shapley value": "shapley",
    "LRP-epsilon": "lrp-epsilon",
    "LRP-alpha-beta": "lrp-alpha2-beta1",
    "deep Taylor": "deep-taylor",
    "DeepLIFT Rescale": "deeplift-rescale",
    "DeepLIFT RevealCancel": "deeplift-revealcancel",
    "DeepSHAP": "deepshap",
    "smooth gradients": "smoothgrad",
}


class Allocation(NamedTuple):
    """By which weight a method allocates an effect of a function to a variable, 1 to 3."""

    method: str
    function: str
    effect: str
    variable: int
    weight: float
    theory: float
    tolerance: float


class Functions(nn.Module):
    """Every function whole and, if it has several, without each of its effects: (N, 4, 3) to (N, all).

    A variable is 1 where the first base is there.
    """

    def __init__(self) -> None:
        super().__init__()
        units = [effect for effects in FUNCTIONS.values() for effect in effects if isinstance(effect, Unit)]
        self.numbers = {unit: number for number, unit in enumerate(units)}
        self.weights = nn.Parameter(torch.tensor([unit.weights for unit in units], dtype=torch.float64))

    def forward(self, bases: Tensor) -> Tensor:
        row = bases[:, :1]
        values = row.flatten(1)
        return torch.stack([self.sum_of(effects, values) for effects in every_output()], 1)

    def sum_of(self, effects: tuple[Effect | Unit, ...], variables: Tensor) -> Tensor:
        """Of effects of variables (N, 3)."""
        first, *others = [self.value(effect, variables) for effect in effects]
        return sum(others, first)

    def value(self, effect: Effect | Unit, variables: Tensor) -> Tensor:
        """A unit, or factor by factor a product."""
        if isinstance(effect, Unit):
            weights = self.weights[self.numbers[effect], None]
            return torch.relu(nn.functional.linear(variables, weights))[:, 0]
        product = variables[:, effect.factors[0]]
        for factor in effect.factors[1:]:
            product = product * variables[:, factor]
        return effect.coefficient * product


def every_output() -> list[tuple[Effect | Unit, ...]]:
    """The effects of each output."""
    outputs = []
    for effects in FUNCTIONS.values():
        outputs.append(effects)
        if len(effects) > 1:
            outputs += [tuple(e for e in effects if e is not left_out) for left_out in effects]
    return outputs


@cache
def functions() -> Model:
    """All of them in one graph."""
    return Model(Functions(), torch.zeros(2, 4, VARIABLES, dtype=torch.float64))


def contributions(method: str) -> Weights:
    """Of a method by its paper's name, to all outputs: (outputs, 3)."""
    sequence = torch.zeros(1, 4, VARIABLES, dtype=torch.float64)
    sequence[:, 0] = 1
    references = torch.zeros(DRAWS if method == "expected gradients" else 1, 4, VARIABLES).double()
    references[:, 3, 0] = torch.arange(len(references)) / len(references)  # a base that counts for nothing
    model, ours = functions(), OURS[method]
    if ours == "grad-cam":
        rows = next(step.name for step in model.graph.steps if step.shape.endswith(f", 1, {VARIABLES})"))
        ours = f"grad-cam:{rows}"
    result = attribute(model, sequence, references, method=ours, device="cpu", dtype=torch.float64)
    return result.contributions[:, 0].numpy()


@cache
def allocation_weights() -> tuple[Allocation, ...]:
    """Every method's weights of all effects of all functions, beside the theory's."""
    return tuple(row for method in THEORY for row in weights_of(method))


def weights_of(method: str) -> list[Allocation]:
    """Of one method, by its paper's name."""
    found, theory, rows = dict(zip(every_output(), contributions(method), strict=True)), THEORY[method], []
    for function, effects in FUNCTIONS.items():
        for effect in effects:
            others = tuple(e for e in effects if e is not effect)
            added = found[effects] - (found[others] if others else 0)
            pairs = zip(added / effect.coefficient, theory.weights(effect), strict=True)
            rows += [
                Allocation(method, function, effect.text, i + 1, float(w), float(t), theory.tolerance)
                for i, (w, t) in enumerate(pairs)
            ]
    return rows
