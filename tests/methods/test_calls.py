"""Calls that are started and awaited: codes or values, rows that fail, and what is left out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from seqattr.dna.alphabet import one_hot as columns
from seqattr.engine.capture.model import Model
from seqattr.engine.numerics import fused, multipliers
from seqattr.engine.walk.comparison import compare
from seqattr.engine.walk.session import HALVED, Session
from seqattr.errors import InputError, NotFinite
from seqattr.methods import attributors
from seqattr.methods.attribution import Attribution, Ensemble, Explainer, attribute
from seqattr.methods.attributors import Batch, Explanation
from seqattr.methods.registry import METHODS
from tests.helpers.kinds_of_method import ONE_OF_EACH, ready
from tests.helpers.pieces import Head, Net, conv
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled

N, R = 5, 3
RNG = np.random.default_rng(0)
CODES = RNG.integers(0, 5, (N, LENGTH)).astype(np.uint8)
POOLS = RNG.integers(0, 5, (N, R, LENGTH)).astype(np.uint8)


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    torch.manual_seed(0)
    module = nn.Sequential(conv(), nn.ReLU(), Head(6, 2))
    return Explainer(Session(Model(module, torch.zeros(2, 4, LENGTH)), device="cpu"))


def assert_same(got: Attribution, wanted: Attribution) -> None:
    """To the last bit, NaN where there is NaN; only `attribute` keeps what its result is of."""
    for name, a, b in zip(Attribution._fields, got, wanted, strict=True):
        if isinstance(b, Tensor):
            assert torch.equal(a.nan_to_num(7), b.nan_to_num(7)), name
        elif name != "subject":
            assert a == b, name


# --- codes ---------------------------------------------------------------------------------------

FORMS: dict[str, tuple[Any, Any]] = {
    "of each": (POOLS, columns(POOLS)),
    "shared": (POOLS[0], columns(POOLS[0])),
    "repeated": (np.broadcast_to(POOLS[0], POOLS.shape), columns(POOLS[0])),
    "a tensor repeated": (torch.from_numpy(POOLS[0]).expand(POOLS.shape), columns(POOLS[0])),
    "frequencies": (frequency().numpy(), frequency()),
    "values of each": (columns(POOLS), columns(POOLS)),
    "none": (None, None),
}


@pytest.mark.parametrize("pairs", [None, 2, 7])
@pytest.mark.parametrize("form", FORMS)
def test_codes_are_the_columns_that_they_stand_for(
    explainer: Explainer, form: str, pairs: int | None
) -> None:
    given, wanted = FORMS[form]
    for codes in (CODES, torch.from_numpy(CODES)):
        got = explainer.start(codes, given, pairs, multipliers=True).result()
        assert_same(got, explainer.attribute(columns(CODES), wanted, pairs))


def test_calls_may_be_awaited_in_any_order(explainer: Explainer) -> None:
    calls = [explainer.start(CODES[i:], POOLS[i:]) for i in range(3)]
    for i in (2, 0, 1):
        wanted = explainer.attribute(columns(CODES[i:]), columns(POOLS[i:]))
        assert_same(calls[i].result(), wanted._replace(multipliers=None))
        assert calls[i].result() is calls[i].result()


@pytest.mark.parametrize(
    ("sequences", "references", "message"),
    [
        (CODES + 1, POOLS, "codes must be whole numbers from 0 to 4"),
        (CODES, POOLS + 1, "codes must be whole numbers from 0 to 4"),
        (CODES.astype(int), POOLS, r"sequences must have the shape \(N, 4, L\), not \(5, 24\)"),
        (CODES, POOLS[:2], r"references of the shape \(2, 3, 24\) do not fit"),
        (CODES, POOLS[:, :0], r"\(N, R, L\) or \(R, L\) with R at least 1 would"),
        (CODES, POOLS[0, :, :9], r"references of the shape \(3, 9\) do not fit"),
        (CODES, POOLS.astype(float), r"references must have the shape \(N, R, 4, L\) or \(R, 4, L\)"),
        (CODES[:, :1], None, "sequences of 1 bp do not fit the model"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_at_once(
    explainer: Explainer, sequences: Any, references: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        explainer.start(sequences, references)


def test_no_sequences_have_no_contributions(explainer: Explainer) -> None:
    result = explainer.start(CODES[:0], POOLS[:0]).result()
    assert result.contributions.shape == (2, 0, LENGTH)
    assert result.failures == {}


# --- rows that fail ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fragile() -> Model:
    """NaN where more than nine tenths of the bases are A, infinity where just so many are."""
    torch.manual_seed(0)
    module = Net(lambda m, x: (m.conv(x).mean((1, 2)), (0.875 - x[:, 0].mean(1)).log()), conv=conv())
    return Model(module.double(), torch.zeros(2, 4, LENGTH).double(), targets=["sound", "fragile"])


def mostly_a(share: float) -> Tensor:
    """(4, L) of A, then of C."""
    number = round(share * LENGTH)
    return columns_of([0] * number + [1] * (LENGTH - number))


def columns_of(codes: list[int]) -> Tensor:
    return torch.from_numpy(columns(np.array(codes, np.uint8))).double()


@pytest.mark.parametrize("pairs", [None, 1, 4])
def test_rows_that_fail_are_named_and_the_others_are_as_without_them(
    fragile: Model, pairs: int | None
) -> None:
    explainer, sound, pool = Explainer(Session(fragile, device="cpu")), one_hot(6), shuffled(one_hot(6), R)
    x, references = sound.clone(), pool.clone()
    x[1], x[4], references[2, 1] = mostly_a(1), mostly_a(0.875), mostly_a(1)
    result, wanted = (
        explainer.start(x, references, pairs).result(),
        explainer.start(sound, pool, pairs).result(),
    )
    assert result.failures == {
        1: "the model answers nan for target fragile",
        2: "the model answers nan for target fragile of a reference",
        4: "the model answers -inf for target fragile",
    }
    assert list(result.failures) == [1, 2, 4]
    for got, expected in zip(result[:7], wanted[:7], strict=True):
        if got is not None:
            assert torch.equal(got[:, [0, 3, 5]], expected[:, [0, 3, 5]])
            assert got[:, [1, 2, 4]].isnan().all()
    with pytest.raises(NotFinite, match=r"answers nan for target fragile of sequence number 1$"):
        explainer.attribute(x, references, pairs)


@pytest.mark.parametrize("method", ONE_OF_EACH)
def test_a_row_that_fails_disturbs_no_other_by_any_method(fragile: Model, method: str) -> None:
    explainer, sound = Explainer(Session(fragile, device="cpu"), ready(fragile, method)), one_hot(3)
    x = sound.clone()
    x[1] = mostly_a(1)
    result, wanted = (explainer.start(rows, frequency()).result() for rows in (x, sound))
    assert list(result.failures) == [1]
    assert torch.equal(result.contributions[:, ::2], wanted.contributions[:, ::2])
    assert result.contributions[:, 1].isnan().all()


def test_a_shared_reference_that_fails_fails_all(fragile: Model) -> None:
    result = Explainer(Session(fragile, device="cpu")).start(one_hot(3), mostly_a(1)[None]).result()
    assert set(result.failures.values()) == {"the model answers nan for target fragile of a reference"}
    assert list(result.failures) == [0, 1, 2]


def test_a_slope_that_is_none_fails_its_row() -> None:
    """Of a square root at 0, which the answer itself does not show."""
    module = Net(lambda m, x: x[:, 0].sum(1).sqrt() + m.conv(x).mean((1, 2)), conv=conv())
    model, x = Model(module, torch.zeros(2, 4, LENGTH)), one_hot(3).float()
    x[1] = columns_of([1] * LENGTH)
    result = Explainer(Session(model, device="cpu"), "gradient").start(x).result()
    assert result.failures == {1: "the method finds a slope that is NaN or infinite for target target0"}


@pytest.mark.parametrize("pairs", [None, 1, 2])
def test_a_row_that_a_method_gives_up_fails_alone(explainer: Explainer, pairs: int | None) -> None:
    def careful(batch: Batch) -> Explanation:
        rows = (batch.sequences[:, 0].sum(1) == LENGTH).nonzero()
        if len(rows):
            raise NotFinite("there is nothing but A for", int(rows[0]))
        return attributors.against_references(batch)

    method = replace(METHODS["deeplift-rescale"], attributor=careful)
    careful_explainer, codes = Explainer(explainer.session, method), CODES.copy()
    codes[[1, 3]] = 0
    result = careful_explainer.start(codes, POOLS, pairs).result()
    assert result.failures == dict.fromkeys((1, 3), "there is nothing but A")
    wanted = Explainer(explainer.session, "deeplift-rescale").start(CODES, POOLS, pairs).result()
    assert torch.equal(result.contributions[:, ::2], wanted.contributions[:, ::2])
    assert result.hypothetical[:, 1::2].isnan().all()


# --- nothing is waited for -----------------------------------------------------------------------


class Questions(TorchDispatchMode):
    """What asks for a number in a tensor: where that is on a GPU, the host would wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.name().removeprefix("aten::")
        if name in ("_local_scalar_dense", "equal", "nonzero", "is_nonzero", "item"):
            self.asked.append(name)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("pool", [POOLS, POOLS[0]], ids=["of each", "shared"])
@pytest.mark.parametrize("method", ["deeplift", "deeplift-revealcancel", "gradient", "guided-backprop"])
def test_a_call_asks_for_none_of_its_numbers(method: str, pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the expressions of torch that a GPU has, and with the key that shared references have there."""
    torch.manual_seed(0)
    layers = [conv(), nn.BatchNorm1d(6), nn.ReLU(), nn.MaxPool1d(2), conv(5, 3, 6), nn.ReLU(), Head(5, 2)]
    net = Net(lambda m, x: 2 * m.body(x) + 1, body=nn.Sequential(*layers)).eval()
    explainer = Explainer(Session(Model(net, torch.zeros(2, 4, LENGTH)), device="cpu"), method)
    comparison = replace(compare(CODES, pool), key="known")
    monkeypatch.setattr(fused, "AVAILABLE", False)
    monkeypatch.setattr(multipliers, "AVAILABLE", False)
    explainer.begin(comparison, 6, False)
    with Questions() as questions:
        pending = Ensemble([explainer], both_strands=True).begin(comparison, 6, False)
    assert questions.asked == []
    with questions:
        assert bool(torch.ones(1).any())
    assert questions.asked == ["_local_scalar_dense"]
    assert pending.result().failures == {}


# --- memory --------------------------------------------------------------------------------------


def test_memory_that_runs_out_is_noted_and_remembered(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = []

    class SmallWalk(attributors.Walk):
        def __init__(self, plan: Any, sequences: Tensor, *rest: Any, **options: Any) -> None:
            walks.append(len(sequences))
            if len(sequences) > 2:
                raise torch.OutOfMemoryError("CUDA out of memory")
            super().__init__(plan, sequences, *rest, **options)

    wanted = explainer.start(CODES, POOLS).result()
    small = Explainer(Session(explainer.session.model, device="cpu"))
    monkeypatch.setattr(attributors, "Walk", SmallWalk)
    monkeypatch.setattr("seqattr.engine.walk.session.pairs_at_once", lambda *_: 24)
    assert small.notes == []
    for _ in range(2):
        torch.testing.assert_close(
            small.start(CODES, POOLS).result().contributions, wanted.contributions, rtol=1e-5, atol=1e-6
        )
    assert walks == [5, 2, 3, 1, 2, 2, 1, 2, 2]  # 24, 12 and 6 pairs; the second call begins with 6
    assert small.pairs(LENGTH) == 6
    assert small.notes == [HALVED]


@pytest.mark.parametrize("shared", [True, False])
def test_what_is_too_much_for_one_call_comes_in_several(
    explainer: Explainer, fragile: Model, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, where one is on its way while another is awaited; rows are counted through."""
    pool = POOLS[0] if shared else POOLS
    wanted = explainer.attribute(CODES, pool, R)
    monkeypatch.setattr(Explainer, "_most", lambda self, comparison: 2)
    assert_same(explainer.attribute(CODES, pool, R), wanted)
    x = one_hot(N)
    x[3] = mostly_a(1)
    with pytest.raises(NotFinite, match=r"target fragile of sequence number 3$"):
        Explainer(Session(fragile, device="cpu")).attribute(x)


def test_attribute_is_a_call_that_is_awaited(explainer: Explainer) -> None:
    x, pool = columns(CODES), columns(POOLS)
    assert_same(attribute(explainer.session.model, x, pool, device="cpu"), explainer.attribute(x, pool))
