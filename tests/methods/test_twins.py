"""Every method equals its slow twin, and there is none without one."""

import functools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from seqattr.analyses.patterns import fit_patterns
from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from seqattr.methods.method import Method
from seqattr.methods.registry import COSTLY, METHODS, with_patterns
from tests.helpers.sequences import one_hot, shuffled
from tests.helpers.twins import TWINS, Case

L, TARGET = 14, 1
NETS: dict[str, tuple[int, Callable[[], list[nn.Module]]]] = {
    "convolutions": (4, lambda: [nn.Conv1d(4, 5, 4), nn.ReLU(), nn.Conv1d(5, 3, 3), nn.ReLU(), *dense(27)]),
    "averages": (
        5,
        lambda: [
            nn.Conv1d(4, 5, 3), nn.ReLU(), nn.AvgPool1d(2), nn.Conv1d(5, 3, 3), nn.ReLU(), nn.AvgPool1d(2),
            *dense(6),
        ],
    ),
}  # fmt: skip
SEEDS = {"convolutions": 4, "averages": 46}  # of nets in which no method's signal dies
LEARNED_FROM = one_hot(40, L, seed=9)


def dense(into: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(into, 5), nn.ReLU(), nn.Linear(5, 2)]


@functools.cache
def net(name: str) -> tuple[nn.Sequential, Model]:
    torch.manual_seed(SEEDS[name])
    module = nn.Sequential(*NETS[name][1]()).double()
    return module, Model(module, torch.zeros(2, 4, L, dtype=torch.float64))


def ready(model: Model, method: str) -> str | Method:
    if not METHODS[method].needs_patterns:
        return method
    return with_patterns(method, fit_patterns(model, LEARNED_FROM))


def test_no_method_is_without_a_twin() -> None:
    missing = ", ".join(METHODS.keys() - TWINS.keys())
    assert not missing, (
        f"no slow twin for {missing}: add to TWINS in tests/helpers/twins.py a function of a Case that gives "
        "the contributions (L) from the paper's formula, in float64, by loops, with no code of the method"
    )
    assert list(TWINS) == list(METHODS)


@pytest.mark.parametrize("method", [name for name in METHODS if name in TWINS])
@pytest.mark.parametrize("name", NETS)
def test_contributions_equal_the_twins(name: str, method: str) -> None:
    module, model = net(name)
    x = one_hot(1 if method in COSTLY else 2, L, seed=5)
    references = torch.cat([shuffled(x, 1), torch.full((len(x), 1, 4, L), 0.25).double()], 1)
    got = attribute(model, x, references, method=ready(model, method), targets=[TARGET]).contributions[0]
    for n in range(len(x)):
        case = Case(module, NETS[name][0], x[n].numpy(), references[n].numpy(), TARGET, LEARNED_FROM.numpy())
        wanted = TWINS[method](case)
        assert np.abs(wanted).max() > 0
        np.testing.assert_allclose(got[n].numpy(), wanted, rtol=0, atol=1e-9 * np.abs(wanted).max())
