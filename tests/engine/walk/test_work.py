"""The least work, the same numbers however it is cut up, and nothing left behind."""

import copy
from collections import Counter
from itertools import product
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from seqattr.engine.capture.model import Model
from seqattr.engine.capture.watch import Watch
from seqattr.engine.numerics.device import is_out_of_memory
from seqattr.engine.walk.memory import Bytes, halving, rows_at_once
from seqattr.engine.walk.session import Session
from seqattr.errors import NotFinite
from seqattr.methods import attributors
from seqattr.methods.attribution import Attribution, Explainer, attribute
from seqattr.methods.registry import METHODS
from tests.helpers.kinds_of_method import ONE_OF_EACH, ready, suits
from tests.helpers.pieces import Head, Net, conv
from tests.helpers.scales import scale
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled
from tests.helpers.zoo import captured

# --- rows ---------------------------------------------------------------------------------------

N, R, T = 5, 4, 3
CONVOLUTIONS = 2


class Rows(TorchDispatchMode):
    """Counts the rows that go through convolutions, forward and backward."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Counter[str] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.name()
        if "convolution" in name:
            self.rows["backward" if "backward" in name else "forward"] += len(args[0])
        return function(*args, **(kwargs or {}))


@pytest.fixture(scope="module")
def model() -> Model:
    """Two convolutions, three targets."""
    torch.manual_seed(0)
    module = nn.Sequential(conv(), nn.ReLU(), conv(5, 3, 6), nn.ReLU(), Head(5, T)).double()
    return Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def rows(
    model: Model, references: Tensor, batch_size: int, method: str = "deeplift-rescale"
) -> tuple[float, float]:
    """Rows through one convolution forward and backward, as counted by torch; the engine counts alike."""
    explainer = Explainer(Session(model), method)
    with Rows() as seen, patch.object(Watch, "is_due", return_value=False):  # looking again is no explaining
        explainer.attribute(one_hot(N), references, batch_size)
    forward, backward = (seen.rows[way] / CONVOLUTIONS for way in ("forward", "backward"))
    assert (forward, backward) == (explainer.session.rows_forward, explainer.session.rows_backward)
    return forward, backward


@pytest.mark.parametrize("batch_size", [R, 2 * R + 1, 1000])
def test_each_sequence_goes_forward_once_for_all_its_references_and_targets(
    model: Model, batch_size: int
) -> None:
    assert rows(model, shuffled(one_hot(N), R), batch_size) == (N * (R + 1), N * R * T)


@pytest.mark.parametrize("batch_size", [R, 2 * R + 1, 1000])
def test_shared_references_go_forward_once(model: Model, batch_size: int) -> None:
    assert rows(model, one_hot(R, seed=9), batch_size) == (N + R, N * R * T)


def test_references_in_pieces_repeat_no_reference(model: Model) -> None:
    """Nor the sequence, unless the references are shared: then each piece of them meets all sequences."""
    pieces = 2  # of two references each
    assert rows(model, shuffled(one_hot(N), R), R // pieces) == (N + N * R, N * R * T)
    assert rows(model, one_hot(R, seed=9), R // pieces) == (N * pieces + R, N * R * T)


def test_the_gradient_goes_back_once_for_each_sequence_and_target(model: Model) -> None:
    assert rows(model, one_hot(R, seed=9), 1000, "gradient") == (N + R, N * T)


# --- the same numbers ---------------------------------------------------------------------------

MODELS = [
    "conv1d",
    "relu, overlapping max pool",
    "batch merged with positions",
    "batch norm of a value read twice",
    "multihead",
    "gru cell",
    "bpnet",
]
# The batch's size decides which kernel torch takes, and with it the order of its sums.
TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-6}


def assert_alike(got: Attribution, wanted: Attribution, tolerance: float, method: str = "deeplift") -> None:
    """Beside the largest value; differences of outputs beside these."""
    for field in ("contributions", "hypothetical", "multipliers", "prediction", "difference"):
        a, b = getattr(got, field), getattr(wanted, field)
        assert (a - b).abs().max() <= tolerance * scale(wanted, field, method), field


# In `make test` every method on one model, and on the others one method of each family, in float64: float32
# differs in the kernels alone. All the rest is in `make test-slow`.
WITH_EVERY_METHOD = "bpnet"
FIRST_OF_FAMILY = {METHODS[name].family: name for name in reversed(ONE_OF_EACH)}.values()


def is_quick(name: str, dtype: torch.dtype, method: str) -> bool:
    return name == WITH_EVERY_METHOD or (method in FIRST_OF_FAMILY and dtype == torch.float64)


CASES = [
    pytest.param(*case, marks=[] if is_quick(*case) else pytest.mark.slow)
    for case in product(MODELS, TOLERANCE, ONE_OF_EACH)
]


@pytest.mark.parametrize(("name", "dtype", "method"), CASES)
def test_batch_size_does_not_matter(name: str, dtype: torch.dtype, method: str) -> None:
    _, graph = captured(name)
    if not suits(graph, method):
        pytest.skip("the model has no convolution")
    x, chosen = one_hot(N), ready(graph, method)
    for references in (shuffled(x, R), one_hot(R, seed=9)):
        whole, *pieces = (
            attribute(graph, x, references, method=chosen, dtype=dtype, batch_size=size)
            for size in ((1000, 3) if method == "vargrad" else (1000, 1, 3, 7, None))  # it walks 25 times
        )
        for piece in pieces:
            assert_alike(piece, whole, TOLERANCE[dtype], method)


@pytest.mark.parametrize("method", ONE_OF_EACH)
def test_shared_references_in_any_form_are_the_same(model: Model, method: str) -> None:
    x, pool = one_hot(N), one_hot(R, seed=9)
    expanded = pool.expand(N, -1, -1, -1)
    forms = [pool, expanded, expanded.contiguous(), pool.numpy(), expanded.numpy()]
    wanted, *others = (attribute(model, x, form, method=ready(model, method)) for form in forms)
    for other in others:
        assert_alike(other, wanted, 1e-12, method)


def test_no_references_are_zeros(model: Model) -> None:
    x = one_hot(N)
    assert_alike(attribute(model, x), attribute(model, x, torch.zeros(1, 4, LENGTH)), 0)


def test_several_references_are_averaged(model: Model) -> None:
    x = one_hot(N)
    pool = shuffled(x, R)
    singles = [attribute(model, x, pool[:, r : r + 1]) for r in range(R)]
    together = attribute(model, x, pool)
    for field in ("contributions", "hypothetical", "multipliers", "difference"):
        mean = torch.stack([getattr(single, field) for single in singles]).mean(0)
        torch.testing.assert_close(getattr(together, field), mean, rtol=0, atol=1e-14)
    worst = torch.stack([single.additivity_error for single in singles]).amax(0)
    torch.testing.assert_close(together.additivity_error, worst, rtol=0, atol=1e-13)


def test_hypothetical_at_the_observed_base_is_the_contribution(model: Model) -> None:
    x = one_hot(N)
    result = attribute(model, x, frequency())
    torch.testing.assert_close((result.hypothetical * x).sum(2), result.contributions, rtol=0, atol=1e-14)


# --- memory -------------------------------------------------------------------------------------


def test_halving_tries_half_until_it_fits() -> None:
    tried = []

    def run(pairs: int) -> int:
        tried.append(pairs)
        if pairs > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return pairs

    assert halving(run, 20) == 2
    assert tried == [20, 10, 5, 2]


GIB = 2**30
BPNET = Bytes(14_100_000, 541_000)  # of 64 filters, 2,114 bp


@pytest.mark.parametrize(
    ("row", "free", "device", "wanted"),
    [
        (BPNET, 139 * GIB, "cuda", 992),
        (BPNET, 110 * GIB, "cuda", 992),  # whatever is free, as long as there is enough
        (BPNET, 79 * GIB, "cuda", 512),
        (BPNET, 60 * GIB, "cuda", 512),
        (BPNET, 2**20, "cuda", 1),
        (Bytes(150_000, 38_000), 79 * GIB, "cuda", 14128),
        (BPNET._replace(largest=2**31), 139 * GIB, "cuda", 2),
        (BPNET, 79 * GIB, "cpu", 7),
        (BPNET, GIB // 4, "cpu", 2),
    ],
)
def test_a_batch_is_what_pays_unless_memory_is_short(
    row: Bytes, free: int, device: str, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqattr.engine.walk.memory.free_bytes", lambda _: free)
    assert rows_at_once(row, torch.device(device)) == wanted


def test_what_does_not_fit_alone_is_raised() -> None:
    def run(pairs: int) -> int:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        halving(run, 8)


def test_other_errors_are_not_memory() -> None:
    assert is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("shapes do not match"))


def test_a_walk_that_does_not_fit_is_cut_up(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    x = one_hot(N)
    wanted = attribute(model, x, shuffled(x, R))

    class SmallWalk(attributors.Walk):
        def __init__(self, plan: Any, sequences: Tensor, *rest: Any, **options: Any) -> None:
            if len(sequences) > 2:
                raise torch.OutOfMemoryError("CUDA out of memory")
            super().__init__(plan, sequences, *rest, **options)

    monkeypatch.setattr(attributors, "Walk", SmallWalk)
    assert_alike(attribute(model, x, shuffled(x, R), batch_size=1000), wanted, 1e-12)


# --- nothing left behind ------------------------------------------------------------------------


def test_no_autograd_graph_is_built(model: Model) -> None:
    saved = []
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t)
    with hooks, torch.enable_grad():
        result = attribute(model, one_hot(N).requires_grad_(), frequency().clone().requires_grad_())
    assert not saved
    assert not any(tensor.requires_grad for tensor in result if isinstance(tensor, Tensor))


def test_capture_leaves_the_module_as_it_was() -> None:
    module = nn.Sequential(conv(), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5), Head(6))
    module.train()
    module[3].eval()
    module[0].weight.requires_grad_(False)
    before = copy.deepcopy(module.state_dict())
    random, fast = torch.get_rng_state(), torch.backends.mha.get_fastpath_enabled()
    flags = [m.training for m in module.modules()]
    wanted = [(p.requires_grad, p.data_ptr()) for p in module.parameters()]
    Model(module, torch.zeros(2, 4, LENGTH))
    assert [m.training for m in module.modules()] == flags
    assert [(p.requires_grad, p.data_ptr()) for p in module.parameters()] == wanted
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert all(p.grad is None for p in module.parameters())
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.backends.mha.get_fastpath_enabled() == fast


def test_training_afterwards_does_not_change_the_model() -> None:
    module = nn.Sequential(conv(), nn.ReLU(), Head(6))
    graph = Model(module, torch.zeros(2, 4, LENGTH))
    before = graph.predict(one_hot())
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 1
    assert torch.equal(graph.predict(one_hot()), before)


# --- what is no number --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fragile() -> Model:
    """NaN where more than nine tenths of the bases are A."""
    module = Net(lambda m, x: (m.conv(x).mean((1, 2)), (0.9 - x[:, 0].mean(1)).log()), conv=conv())
    return Model(module, torch.zeros(2, 4, LENGTH), targets=["sound", "fragile"])


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_nan_names_the_sequence_and_the_target(fragile: Model, batch_size: int) -> None:
    x = one_hot(5)
    x[3] = torch.tensor([1.0, 0, 0, 0])[:, None]
    with pytest.raises(NotFinite, match=r"nan for target fragile of sequence number 3$"):
        attribute(fragile, x, frequency(), batch_size=batch_size)
    assert attribute(fragile, x, frequency(), targets=["sound"]).additivity_error.max() <= 1e-4


def test_outputs_that_come_joined_are_not_apart() -> None:
    """The way back from one goes by the other too, with a multiplier of 0 and a slope that is no number."""
    module = Net(
        lambda m, x: torch.stack([m.conv(x).mean((1, 2)), (0.9 - x[:, 0].mean(1)).log()], 1), conv=conv()
    )
    x = one_hot(5)
    x[3] = torch.tensor([1.0, 0, 0, 0])[:, None]
    with pytest.raises(
        NotFinite, match=r"slope that is NaN or infinite for target target0 of sequence number 3$"
    ):
        attribute(Model(module, torch.zeros(2, 4, LENGTH)), x, frequency(), targets=[0])


def test_nan_of_a_reference_is_named_too(fragile: Model) -> None:
    x = one_hot(5)
    references = shuffled(x, 2)
    references[2, 1] = torch.tensor([1.0, 0, 0, 0])[:, None]
    with pytest.raises(NotFinite, match=r"fragile of a reference of sequence number 2$"):
        attribute(fragile, x, references)
