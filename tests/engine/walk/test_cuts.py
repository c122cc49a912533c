"""A graph in segments gives the same numbers to the last bit, and keeps less at once."""

import weakref
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from seqattr.engine.capture.model import Model
from seqattr.engine.rules.deeplift import RESCALE
from seqattr.engine.walk.cuts import Cuts, Room, Sizes, values_bytes
from seqattr.engine.walk.forward import ForwardPlan
from seqattr.engine.walk.session import Session
from seqattr.methods.attribution import Attribution, Explainer
from seqattr.methods.registry import COSTLY, METHODS
from tests.helpers.kinds_of_method import ONE_OF_EACH, ready, suits
from tests.helpers.pieces import Head
from tests.helpers.sequences import LENGTH, one_hot, shuffled
from tests.helpers.zoo import ZOO, captured

N, R = 3, 2
FIELDS = ("contributions", "hypothetical", "multipliers", "prediction", "difference", "additivity_error")
WALKING = [name for name in METHODS if METHODS[name].rulebook is not None and name not in COSTLY]
WITH_EVERY_METHOD = "bpnet"
QUICK = ["relu in place", "multihead", "gru cell", "relu, overlapping max pool"]
QUICK_METHODS = ["deeplift", "deeplift-revealcancel", "gradient", "lrp-composite"]


def everywhere(room: Room, plan: ForwardPlan, length: int) -> Cuts:
    """A cut before every step that may have one."""
    return tuple(sorted(Sizes(plan, values_bytes(plan, length)).allowed))


def explained(model: Model, method: str, references: Tensor, batch_size: int | None = None) -> Attribution:
    return Explainer(Session(model), ready(model, method)).attribute(one_hot(N), references, batch_size)


def assert_same_bits(model: Model, method: str, references: Tensor, batch_size: int | None = None) -> None:
    whole = explained(model, method, references, batch_size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Room, "cuts", everywhere)
        cut = explained(model, method, references, batch_size)
    for field in FIELDS:
        assert torch.equal(getattr(cut, field), getattr(whole, field)), field


def is_quick(name: str, method: str) -> bool:
    of_every = name == WITH_EVERY_METHOD and method in ONE_OF_EACH
    return of_every or (name in QUICK and method in QUICK_METHODS)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        pytest.param(name, method, marks=[] if name in QUICK and method in ONE_OF_EACH else pytest.mark.slow)
        for name in ZOO
        for method in WALKING
    ],
)
def test_segments_give_the_same_bits(name: str, method: str) -> None:
    model = captured(name)[1]
    if not suits(model, method):
        pytest.skip("no convolution")
    assert_same_bits(model, method, shuffled(one_hot(N), R))


@pytest.mark.parametrize("method", ["deeplift", "deeplift-revealcancel", "gradient", "expected-gradients"])
@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_so_they_do_of_shared_references_and_of_references_in_pieces(method: str, batch_size: int) -> None:
    model = captured("bpnet")[1]
    assert_same_bits(model, method, one_hot(R, seed=9), batch_size)
    assert_same_bits(model, method, shuffled(one_hot(N), R), batch_size)


# --- what is kept -------------------------------------------------------------------------------


class Kept(TorchDispatchMode):
    """The most bytes that lay in tensors at once, as torch makes them."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: list[tuple[weakref.ref[Tensor], int, int]] = []
        self.most = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor) and tensor.layout is torch.strided:
                storage = tensor.untyped_storage()
                self.alive.append((weakref.ref(tensor), storage.data_ptr(), storage.nbytes()))
        self.alive = [known for known in self.alive if known[0]() is not None]
        self.most = max(self.most, sum({place: size for _, place, size in self.alive}.values()))
        return made


@pytest.fixture(scope="module")
def deep() -> Model:
    """Twenty layers, all of one size."""
    torch.manual_seed(0)
    layers = [layer for _ in range(19) for layer in (nn.Conv1d(16, 16, 3, padding=1), nn.Tanh())]
    module = nn.Sequential(nn.Conv1d(4, 16, 3, padding=1), nn.Tanh(), *layers, Head(16)).double()
    return Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def most_kept(model: Model, method: str, room: float | None) -> tuple[int, Explainer]:
    explainer = Explainer(Session(model, [0]), method)
    explainer.session.room.bytes = room
    x = one_hot(1, 200)
    explainer.attribute(x, shuffled(x, 1), 1)
    with Kept() as kept:
        explainer.attribute(x, shuffled(x, 1), 1)
    return kept.most, explainer


@pytest.mark.parametrize("method", ["deeplift-rescale", "deeplift-revealcancel", "gradient"])
def test_with_little_room_less_is_kept_and_a_note_says_so(deep: Model, method: str) -> None:
    whole, explainer = most_kept(deep, method, None)
    assert not explainer.notes
    little, explainer = most_kept(deep, method, 1.0)
    assert little < 0.8 * whole
    (note,) = explainer.notes
    cuts = explainer.session.cuts(explainer.plan, 200)
    assert f"one of {len(cuts) + 1} parts of the model" in note


def test_there_are_no_more_cuts_than_it_takes(deep: Model) -> None:
    plan = Session(deep, [0]).plan(RESCALE)
    sizes = Sizes(plan, values_bytes(plan, LENGTH))
    assert sizes.cuts(sizes.needed(())) == ()
    numbers = [len(sizes.cuts(sizes.needed(()) * share)) for share in (0.9, 0.5, 0.3, 0.0)]
    assert numbers == sorted(numbers)
    assert 0 < numbers[0] < numbers[-1]
    assert sizes.needed(sizes.cuts(0.5 * sizes.needed(()))) <= 0.5 * sizes.needed(())


def test_a_value_whose_memory_is_taken_over_is_not_cut_off() -> None:
    plan = Session(captured("relu in place")[1]).plan(RESCALE)
    steps = [step.name for step in plan.graph.steps]
    allowed = Sizes(plan, values_bytes(plan, LENGTH)).allowed
    assert plan.overwriting
    assert not allowed & {steps.index(name) for name in plan.overwriting}


def test_where_one_pair_runs_out_of_memory_it_is_tried_in_segments(deep: Model) -> None:
    session, x = Session(deep, [0]), one_hot(1)
    plan = session.plan(RESCALE)

    def work(rows: int) -> int:
        if len(session.cuts(plan, x.shape[2])) < 3:
            raise torch.OutOfMemoryError("out of memory")
        return rows

    assert session.run(work, 4) == 1
    assert len(session.cuts(plan, x.shape[2])) >= 3


def test_where_no_segments_are_left_memory_has_run_out(deep: Model) -> None:
    session = Session(deep, [0])

    def work(rows: int) -> int:
        session.cuts(session.plan(RESCALE), LENGTH)
        raise torch.OutOfMemoryError("out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        session.run(work, 4)
