"""The tools, each asked for the same: contributions (T, N, L) of a problem, from the CPU and to the CPU.

Peers are called as their documentation has it, once per target where they explain one at a time, and are not
asked for more than contributions. What a tool can prepare once for a model is not timed.
"""

import warnings
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import NamedTuple

import torch
from torch import Tensor, nn

from seqattr import Model
from seqattr.engine.numerics.device import FULL
from seqattr.engine.walk.session import Session
from seqattr.methods.attribution import Explainer
from speed.cases import METHODS, Problem
from speed.models import NETWORKS, network


class Answer(NamedTuple):
    """Contributions (T, N, L), and the worst additivity error where the tool itself tells it."""

    contributions: Tensor
    additivity: float | None = None


Run = Callable[[], Answer]


class Tool(NamedTuple):
    """(problem, pairs at once) -> what is timed; the methods it has; its package; whether its batch size is
    for us to find."""

    build: Callable[[Problem, int | None], Run]
    methods: tuple[str, ...]
    package: str
    batches: bool = True


def tools_for(method: str) -> dict[str, Tool]:
    """The installed tools that have a method."""
    return installed({name: tool for name, tool in TOOLS.items() if method in tool.methods})


def installed(tools: Mapping[str, Tool]) -> dict[str, Tool]:
    return {name: tool for name, tool in tools.items() if find_spec(tool.package)}


@cache
def capture_model(model: str) -> Model:
    """A network as seqattr captures it, once."""
    net = NETWORKS[model]
    return Model(network(model).cpu(), torch.zeros(2, 4, net.length))


def explainer(
    problem: Problem, method: str, dtype: torch.dtype | None = None, products: str = FULL
) -> Explainer:
    """seqattr prepared for a problem, as `seqattr score` prepares itself."""
    case = problem.case
    model = capture_model(case.model)
    problem.module.to(problem.device)  # capturing wants it on the CPU
    session = Session(model, list(problem.targets), str(problem.device), dtype, products)
    return Explainer(session, METHODS[method])


def ours(problem: Problem, batch: int | None, method: str | None = None, products: str = FULL) -> Run:
    """seqattr, which finds its own batch size."""
    prepared = explainer(problem, method or problem.case.method, products=products)

    def run() -> Answer:
        result = prepared.attribute(problem.sequences, problem.references, batch)
        return Answer(result.contributions, float(result.additivity_error.max()))

    return run


def own_rescale(problem: Problem, batch: int | None) -> Run:
    """seqattr by Rescale, beside which its other rules are seen; its answer is another one."""
    return ours(problem, batch, "rescale")


def tangermeme(problem: Problem, batch: int | None) -> Run:
    from tangermeme.deep_lift_shap import deep_lift_shap

    options = {"batch_size": batch or 32, "device": str(problem.device), "warning_threshold": 1e9}

    def run() -> Answer:
        each = [
            deep_lift_shap(
                problem.module, problem.sequences, target=target, references=problem.references, **options
            )
            for target in problem.targets
        ]
        return Answer(torch.stack(each).sum(2).detach().cpu())

    return quietly(run)


def captum(problem: Problem, batch: int | None) -> Run:
    """DeepLift on pairs, as DeepLiftShap makes them, but with references of each sequence's own.

    An explainer keeps the handles of all its hooks and goes through them at every call, so each has its own.
    """
    from captum.attr import DeepLift

    number = problem.case.references
    pool = problem.references.flatten(0, 1)

    def explain(rows: Tensor, target: int) -> Tensor:
        x = problem.sequences[rows // number].to(problem.device)
        references = pool[rows].to(problem.device)
        contributions = DeepLift(problem.module).attribute(x, baselines=references, target=target)
        return contributions.detach().sum(1).cpu()

    def run() -> Answer:
        pieces = torch.arange(len(pool)).split(batch or number)
        each = [torch.cat([explain(rows, target) for rows in pieces]) for target in problem.targets]
        return Answer(torch.stack(each).unflatten(1, (-1, number)).mean(2))

    return quietly(run)


class Outputs(nn.Module):
    """The first outputs of a module: shap explains all that there are."""

    def __init__(self, module: nn.Module, number: int) -> None:
        super().__init__()
        self.module, self.number = module, number

    def forward(self, sequences: Tensor) -> Tensor:
        return self.module(sequences)[:, : self.number]


def shap(problem: Problem, batch: int | None) -> Run:
    """DeepExplainer, made anew for each sequence, as its references are set when it is made."""
    from shap import DeepExplainer

    module = Outputs(problem.module, problem.case.targets)

    def explain(sequence: Tensor, references: Tensor) -> Tensor:
        explainer = DeepExplainer(module, references.to(problem.device))
        contributions = explainer.shap_values(sequence[None].to(problem.device), check_additivity=False)
        return torch.as_tensor(contributions)[0].sum(0).T  # (4, L, T) to (T, L)

    def run() -> Answer:
        pairs = zip(problem.sequences, problem.references, strict=True)
        return Answer(torch.stack([explain(*pair) for pair in pairs], 1))

    return quietly(run)


def quietly(run: Run) -> Run:
    """Peers warn of what they get wrong; here it is measured."""

    def silent() -> Answer:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run()

    return silent


TOOLS: dict[str, Tool] = {
    "seqattr": Tool(ours, tuple(METHODS), "seqattr", batches=False),
    "own rescale": Tool(own_rescale, ("genomics", "revealcancel"), "seqattr", batches=False),
    "tangermeme": Tool(tangermeme, ("rescale",), "tangermeme"),
    "captum": Tool(captum, ("rescale",), "captum"),
    "shap": Tool(shap, ("rescale",), "shap", batches=False),
}
