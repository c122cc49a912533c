"""A convolution, its relu and the sum behind it as one kernel: the same numbers as step by step."""

import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import random_sequences
from seqattr.engine.numerics import convolution
from seqattr.engine.numerics.gpu import fastest
from seqattr.engine.rules.deeplift import RESCALE, REVEALCANCEL
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.rules.guided import GUIDED
from seqattr.engine.walk import joints
from seqattr.engine.walk.joints import Given, Joint
from seqattr.engine.walk.session import Session
from seqattr.engine.walk.walk import Walk
from seqattr.methods.attribution import Attribution, attribute
from seqattr.methods.explainer import Explainer
from tests.helpers.interpreter import needs_interpreter, on_cpu
from tests.helpers.pieces import Net

pytestmark = needs_interpreter
LENGTH, CHANNELS = 30, 6
conv, same = (
    partial(nn.Conv1d, 4, CHANNELS, 5, padding=2),
    partial(nn.Conv1d, CHANNELS, CHANNELS, 3, padding=1),
)


def residual(net: Net, x: Tensor) -> Tensor:
    x = net.first(x).relu()
    x = x + net.second(x).relu()
    x = net.third(x).relu() + x
    return net.end(x.mean(2))


def cropped(net: Net, x: Tensor) -> Tensor:
    x = net.first(x).relu()
    x = net.valid(x).relu() + x[:, :, 1:-1]
    return net.end(x.mean(2))


def later_addend(net: Net, x: Tensor) -> Tensor:
    """The sum's other value is made after the convolution."""
    a = net.first(x).relu()
    b = net.second(a).relu()
    c = net.third(a).sigmoid()
    return net.end((b + c).mean(2))


def with_other_readers(net: Net, x: Tensor) -> Tensor:
    """Two read the convolution, two the relu of another."""
    a = net.first(x)
    b = net.second(a.relu() + a)
    c = net.third(b).relu()
    return net.end((c * c + b).mean(2))


def pooled(net: Net, x: Tensor) -> Tensor:
    x = nn.functional.max_pool1d(net.first(x).relu(), 2)
    return net.end(net.second(x).relu().amax(2))


def read_twice(net: Net, x: Tensor) -> Tensor:
    """What comes back to the bases from elsewhere is the same at all positions."""
    return net.end(net.second(net.first(x).relu()).relu().mean(2)) + net.bases(x.mean(2))


def some_channels(net: Net, x: Tensor) -> Tensor:
    """A convolution of few of a value's channels, with other channels between them in memory."""
    a, b = net.first(x).relu().chunk(2, 1)
    return net.end(torch.cat([net.few(a).relu(), b], 1).mean(2))


def weights(**more: nn.Module) -> dict[str, nn.Module]:
    return {"first": conv(), "second": same(), "third": same(), "end": nn.Linear(CHANNELS, 2), **more}


NETS: dict[str, tuple[Callable[[Net, Tensor], Tensor], dict[str, nn.Module], list[int]]] = {}
for _build, _steps in (
    (residual, [2, 3, 3]),
    (cropped, [2, 3]),
    (later_addend, [2, 2]),
    (with_other_readers, [2]),
    (pooled, [2, 2]),
    (read_twice, [2, 2]),
    (some_channels, [2, 2]),
):
    torch.manual_seed(len(NETS))
    _more: dict[str, nn.Module] = {
        "valid": nn.Conv1d(CHANNELS, CHANNELS, 3),
        "bases": nn.Linear(4, 2),
        "few": nn.Conv1d(CHANNELS // 2, CHANNELS // 2, 5, padding=2),
    }
    NETS[_build.__name__] = _build, weights(**_more), _steps


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    made = {}
    for name, (forward, modules, _) in NETS.items():
        made[name] = Model(Net(forward, **modules).eval(), torch.zeros(2, 4, LENGTH))
    return made


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Joint]]:
    """Kernels of our own, of whatever size; the joints that were at work."""
    joined: list[Joint] = []
    init = Given.__init__

    def noted(self: Given, plan: object, joint: Joint, *more: object) -> None:
        joined.append(joint)
        init(self, plan, joint, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Given, "__init__", noted)
    monkeypatch.setattr(convolution, "LEAST_WEIGHTS", 1)
    with on_cpu(monkeypatch):
        yield joined


X = random_sequences(3, LENGTH, torch.float32, "cpu", seed=1)
OWN = random_sequences(6, LENGTH, torch.float32, "cpu", seed=2).view(3, 2, 4, LENGTH)


def assert_as_in_float64(got: Attribution, exact: Attribution) -> None:
    for name in ("contributions", "hypothetical"):
        wanted = getattr(exact, name)
        assert (getattr(got, name) - wanted).abs().max() < 2e-5 * wanted.abs().max()
    assert got.additivity_error is not None
    assert got.additivity_error.max() < 2e-4


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("method", ["deeplift-rescale", "deeplift-revealcancel"])
def test_contributions_are_those_of_float64(
    models: dict[str, Model], kernels: list[Joint], name: str, method: str
) -> None:
    exact = attribute(models[name], X, OWN, method=method, dtype=torch.float64)
    assert not kernels  # of float64 there are none
    assert_as_in_float64(attribute(models[name], X, OWN, method=method), exact)
    assert {joint.in_parts for joint in kernels} == {method == "deeplift-revealcancel"}


@pytest.mark.parametrize("name", NETS)
def test_the_steps_that_are_joined(models: dict[str, Model], kernels: list[Joint], name: str) -> None:
    for rulebook in (RESCALE, REVEALCANCEL):
        found = Session(models[name]).plan(rulebook).joints
        assert [len(joint.names) for joint in found.values()] == NETS[name][2]
        assert {joint.in_parts for joint in found.values()} == {rulebook is REVEALCANCEL}


@pytest.mark.parametrize("rulebook", [GRADIENT, GUIDED])
def test_other_rules_join_nothing(models: dict[str, Model], kernels: list[Joint], rulebook: object) -> None:
    assert not Session(models["residual"]).plan(rulebook).joints  # type: ignore[arg-type]


def test_where_kernels_do_not_serve_nothing_is_joined(models: dict[str, Model]) -> None:
    assert not Session(models["residual"]).plan(RESCALE).joints


def test_what_the_references_have_goes_after_its_last_use(
    models: dict[str, Model], kernels: list[Joint], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The joints keep slopes alone for the way back."""
    made: list[weakref.ref[Tensor]] = []
    by_rescale = joints.by_rescale

    def noted(given: Given) -> joints.Joined:
        joined = by_rescale(given)
        made.append(weakref.ref(joined.value))
        return joined

    monkeypatch.setattr(joints, "by_rescale", noted)
    plan = Session(models["residual"]).plan(RESCALE)
    walk = Walk(plan, X, OWN)
    assert [value() is None for value in made] == [True, True, True]
    assert len(walk.joining.ways) == 3


def test_kernels_are_chosen_in_full_precision(
    models: dict[str, Model], kernels: list[Joint], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the number of rows is worked out: the form that is trusted must be exact."""
    flags: list[bool] = []

    def quickest(key: object, forms: Mapping[str, object], *more: object) -> str:
        flags.append(torch.backends.cudnn.allow_tf32)
        return list(forms)[-1]

    monkeypatch.setattr(fastest, "quickest", quickest)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    attribute(models["residual"], X, OWN, method="deeplift-rescale")
    assert flags
    assert not any(flags)


def test_shared_references_go_by_themselves(models: dict[str, Model], kernels: list[Joint]) -> None:
    exact = attribute(models["residual"], X, OWN[0], method="deeplift-rescale", dtype=torch.float64)
    assert_as_in_float64(attribute(models["residual"], X, OWN[0], method="deeplift-rescale"), exact)
    assert not kernels


@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_any_batch_size_gives_the_same(
    models: dict[str, Model], kernels: list[Joint], batch_size: int
) -> None:
    every = attribute(models["residual"], X, OWN, method="deeplift-rescale")
    parts = attribute(models["residual"], X, OWN, method="deeplift-rescale", batch_size=batch_size)
    torch.testing.assert_close(parts.contributions, every.contributions, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", NETS)
def test_what_is_equal_on_both_sides_contributes_nothing(
    models: dict[str, Model], kernels: list[Joint], name: str
) -> None:
    result = attribute(models[name], X, X[:, None].expand(-1, 2, -1, -1), method="deeplift-rescale")
    assert kernels
    assert not result.contributions.any()
    assert not result.difference.any()


def test_three_products_are_nearly_the_same(models: dict[str, Model], kernels: list[Joint]) -> None:
    exact = attribute(models["residual"], X, OWN, method="deeplift-rescale", dtype=torch.float64)
    rough = (
        Explainer(Session(models["residual"], products="bfloat16x3"), "deeplift-rescale")
        .start(X, OWN)
        .result()
    )
    apart = (rough.contributions - exact.contributions).abs().max() / exact.contributions.abs().max()
    assert 1e-7 < apart < 1e-3


def test_torchs_own_form_where_it_is_the_quicker_one(
    models: dict[str, Model], kernels: list[Joint], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = attribute(models["residual"], X, OWN, method="deeplift-rescale", dtype=torch.float64)
    monkeypatch.setattr(fastest, "quickest", lambda key, forms, *more: fastest.DIRECT)
    assert_as_in_float64(attribute(models["residual"], X, OWN, method="deeplift-rescale"), exact)
    assert kernels
