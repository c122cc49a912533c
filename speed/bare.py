"""What an explanation costs plain torch at least: once forward for all, and back from the references."""

from collections.abc import Iterator

import torch
from torch import Tensor

from speed.cases import Problem
from speed.tools import Answer, Run


def bare_torch(problem: Problem, batch: int | None) -> Run:
    """Its answer is the gradient's, at the references: of the same size, and to another question."""

    def run() -> Answer:
        return Answer(torch.cat([gradients(problem, *rows) for rows in pieces(problem, batch)], 1))

    return run


def pieces(problem: Problem, batch: int | None) -> Iterator[tuple[Tensor, Tensor]]:
    """Sequences (B, 4, L) and their references (B, R, 4, L), of about so many pairs."""
    rows = max(1, (batch or problem.pairs) // problem.case.references)
    yield from zip(problem.sequences.split(rows), problem.references.split(rows), strict=True)


def gradients(problem: Problem, sequences: Tensor, references: Tensor) -> Tensor:
    """(T, B, L) on the CPU."""
    x, r = sequences.to(problem.device), references.to(problem.device)
    with torch.no_grad():
        problem.module(x)
    pairs = r.flatten(0, 1).requires_grad_()
    output, number = problem.module(pairs), problem.case.targets
    each = [
        torch.autograd.grad(output[:, target].sum(), pairs, retain_graph=target + 1 < number)[0]
        for target in problem.targets
    ]
    slopes = torch.stack(each).unflatten(1, r.shape[:2])
    return (slopes * (x[:, None] - r)).sum(3).mean(2).cpu()
