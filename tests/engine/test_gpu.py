"""The same numbers on a GPU."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.analyses.attention import attention
from seqattr.analyses.maximize import Settings, maximize
from seqattr.analyses.patterns import fit_patterns
from seqattr.analyses.sensitivity import jacobian, sensitivity
from seqattr.dna.alphabet import one_hot as columns
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import random_sequences
from seqattr.engine.numerics.convolution import Plain
from seqattr.engine.walk.session import Session
from seqattr.methods.attribution import Explainer, attribute
from seqattr.methods.registry import METHODS
from tests.helpers.kinds_of_method import ready
from tests.helpers.pieces import Net, over_positions
from tests.helpers.sequences import LENGTH, one_hot

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device"),
]


@pytest.fixture(scope="module")
def model() -> Model:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv1d(4, 8, 7),
        nn.ReLU(),
        nn.MaxPool1d(3, 2),
        nn.Conv1d(8, 8, 5, dilation=2),
        nn.GELU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(8, 6),
        nn.ReLU(),
        nn.Linear(6, 3),
        nn.Sigmoid(),
    )
    return Model(module.double(), torch.zeros(2, 4, 60))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("batch_size", [None, 3])
def test_cuda_gives_the_numbers_of_the_cpu(model: Model, method: str, batch_size: int | None) -> None:
    x = random_sequences(6, 60, torch.float64, "cpu", seed=1)
    r = random_sequences(24, 60, torch.float64, "cpu", seed=2).view(6, 4, 4, 60)
    chosen = ready(model, method)
    here = attribute(model, x, r, method=chosen, device="cpu")
    there = attribute(model, x, r, method=chosen, device="cuda", batch_size=batch_size)
    for name in ("contributions", "hypothetical", "difference"):
        # float64 sums in another order
        assert torch.allclose(getattr(here, name), getattr(there, name), rtol=1e-9, atol=1e-12)


CODES = np.random.default_rng(0).integers(0, 5, (6, 1 + 4, 60)).astype(np.uint8)


@pytest.mark.parametrize("shared", [True, False])
def test_calls_under_way_at_once_give_the_numbers_of_the_cpu(model: Model, shared: bool) -> None:
    x, r = CODES[:, 0], CODES[0, 1:] if shared else CODES[:, 1:]
    here, there = (Explainer(Session(model, device=device)) for device in ("cpu", "cuda"))
    waiting = [there.start(x, r, multipliers=True) for _ in range(3)]
    wanted = here.start(x, r, multipliers=True).result()
    for pending in waiting:
        for a, b in zip(pending.result()[:7], wanted[:7], strict=True):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def test_both_strands_of_models_are_averaged_there(model: Model) -> None:
    x, r = columns(CODES[:, 0]), columns(CODES[:, 1:])
    here, there = (attribute([model, model], x, r, device=d, both_strands=True) for d in ("cpu", "cuda"))
    torch.testing.assert_close(there.hypothetical, here.hypothetical, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("pairs", [8, 24])
def test_a_call_waits_for_nothing(pairs: int) -> None:
    """Of convolutions, ReLU, sums with constants and a dense layer, once all is prepared."""
    torch.manual_seed(0)
    net = Net(
        lambda m, x: m.end(2 * m.conv(x).relu().mean(2) + 1), conv=nn.Conv1d(4, 8, 7), end=nn.Linear(8, 2)
    )
    explainer = Explainer(Session(Model(net, torch.zeros(2, 4, 60)), device="cuda"), "deeplift-rescale")
    for mode in ("default", "error"):
        torch.cuda.set_sync_debug_mode(mode)
        try:
            pending = [explainer.start(CODES[:, 0], CODES[:, 1:], pairs) for _ in range(2)]
        finally:
            torch.cuda.set_sync_debug_mode("default")
        assert all(call.result().additivity_error.max() < 1e-3 for call in pending)


def test_rows_that_fail_there_are_named(model: Model) -> None:
    net = Net(lambda m, x: (0.875 - x[:, 0].mean(1)).log() + m.conv(x).mean((1, 2)), conv=nn.Conv1d(4, 2, 3))
    codes = CODES[:, 0] % 3 + 1
    codes[2] = 0
    explainer = Explainer(Session(Model(net, torch.zeros(2, 4, 60)), device="cuda"))
    result = explainer.start(codes).result()
    assert result.failures == {2: "the model answers nan for target target0"}
    assert result.contributions[:, 2].isnan().all()
    assert result.contributions[:, [0, 1, 3, 4, 5]].isfinite().all()


@pytest.mark.parametrize("method", ["deeplift-rescale", "deeplift-revealcancel"])
def test_large_values_in_float32_are_those_of_the_cpu_in_float64(method: str) -> None:
    torch.manual_seed(0)
    layers = [nn.Conv1d(4, 64, 9), nn.ReLU(), nn.Conv1d(64, 64, 9), nn.ReLU(), nn.AdaptiveAvgPool1d(1)]
    model = Model(nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 1)), torch.zeros(2, 4, 1000))
    x = random_sequences(8, 1000, torch.float32, "cpu", seed=1)
    r = random_sequences(80, 1000, torch.float32, "cpu", seed=2).view(8, 10, 4, 1000)
    exact = attribute(model, x, r, method=method, device="cpu", dtype=torch.float64)
    there = attribute(model, x, r, method=method, device="cuda", batch_size=80)
    apart = (there.contributions.cpu() - exact.contributions).abs().max() / exact.contributions.abs().max()
    assert apart < 1e-3  # float32, with RevealCancel's kinks


def test_repeats_tie_under_wide_kernels_as_in_float64() -> None:
    """A max pool over windows of the same bases: rounding must not tell them apart by where they lie."""
    torch.manual_seed(0)
    layers = [nn.Conv1d(4, 100, 19), nn.ReLU(), nn.Conv1d(100, 64, 11), nn.MaxPool1d(4), nn.Conv1d(64, 64, 7)]
    model = Model(nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 137, 1)), torch.zeros(2, 4, 600))
    x = random_sequences(16, 12, torch.float32, "cpu", seed=1).repeat(1, 1, 50)
    x[:, :, 300:] = random_sequences(16, 300, torch.float32, "cpu", seed=2)
    r = random_sequences(4, 600, torch.float32, "cpu", seed=3)
    exact = attribute(model, x, r, method="deeplift-rescale", device="cuda", dtype=torch.float64)
    there = attribute(model, x, r, method="deeplift-rescale", device="cuda")
    apart = (there.contributions - exact.contributions).abs().amax(-1) / exact.contributions.abs().amax(-1)
    assert apart.max() < 1e-4


def test_no_wide_kernel_of_a_plan_is_cudnns() -> None:
    """Forward or back, with what our own kernels are measured against."""
    layers = [nn.Conv1d(4, 100, 19), nn.ReLU(), nn.MaxPool1d(3), nn.Conv1d(100, 20, 7, stride=2, groups=2)]
    model = Model(nn.Sequential(*layers, nn.Flatten(), nn.Linear(20 * 29, 1)), torch.zeros(2, 4, 210))
    for method in ("deeplift-rescale", "deeplift-revealcancel", "gradient"):
        explainer = Explainer(Session(model, device="cuda"), method)
        explainer.attribute(random_sequences(4, 210, torch.float32, "cpu", seed=1))
        forms = explainer.plan.convolutions.values()
        assert len(forms) >= 2
        assert not any(isinstance(getattr(form, "direct", form), Plain) for form in forms)


def test_a_batch_too_large_for_the_gpu_is_halved(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqattr.engine.walk.memory.free_bytes", lambda device: 2**50)
    x = random_sequences(64, 60, torch.float64, "cpu", seed=1)
    torch.cuda.set_per_process_memory_fraction(0.001)
    try:
        result = attribute(model, x, x[:40], device="cuda")
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert result.additivity_error.max() < 1e-9


@pytest.fixture(scope="module")
def attending() -> Model:
    torch.manual_seed(0)
    encoder = nn.TransformerEncoderLayer(6, 2, 9, batch_first=True)
    return Model(
        over_positions(lambda m, h: m.encoder(h), encoder=encoder).double().eval(), torch.zeros(2, 4, LENGTH)
    )


CALLS: dict[str, Callable[[Model, Tensor, str], Any]] = {
    "jacobian": lambda model, x, device: jacobian(model, x, device=device),
    "sensitivity": lambda model, x, device: sensitivity(model, x, device=device)[2:],
    "attention": lambda model, x, device: attention(model, x, device=device)[1].weights,
    "fit_patterns": lambda model, x, device: [
        each.values for each in fit_patterns(model, x, device=device).steps
    ],
    "maximize": lambda model, x, device: maximize(model, 0, Settings(number=2, steps=5), device)[:-1],
}


@pytest.mark.parametrize("name", CALLS)
def test_what_looks_at_a_model_sees_the_same_as_on_the_cpu(attending: Model, name: str) -> None:
    x = one_hot(5)
    here, there = (CALLS[name](attending, x, device) for device in ("cpu", "cuda"))
    torch.testing.assert_close(there, here, rtol=1e-8, atol=1e-10)  # float64 sums in another order
