"""A session prepares a model once; whatever holds the sequences, a method gives the same answer."""

import contextlib
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.analyses.attention import attention
from seqattr.analyses.patterns import fit_patterns
from seqattr.analyses.sensitivity import jacobian, sensitivity
from seqattr.engine.capture.model import Model
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.session import KEPT, Session, check_finite, tensor_of
from seqattr.errors import InputError, NotFinite, UnknownName
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Head, conv
from tests.helpers.sequences import LENGTH, one_hot
from tests.helpers.zoo import captured


def contributions(model: Model, x: Any) -> Tensor:
    return attribute(model, x, x).contributions + attribute(model, x).contributions


METHODS: dict[str, Callable[[Model, Any], Any]] = {
    "attribute": contributions,
    "jacobian": jacobian,
    "sensitivity": lambda model, x: sensitivity(model, x)[2:],
    "attention": lambda model, x: attention(model, x)[1].weights["attention1"],
    "fit_patterns": lambda model, x: [step.values for step in fit_patterns(model, x).steps],
}


def read_only(x: np.ndarray) -> np.ndarray:
    copy = x.copy()
    copy.flags.writeable = False
    return copy


FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    "read backwards": lambda x: x[:, ::-1, ::-1].copy()[:, ::-1, ::-1],
    "read only": read_only,
    "a list": lambda x: x.tolist(),
    "a list of tensors": lambda x: [torch.from_numpy(row) for row in x],
    "a tensor that takes gradients": lambda x: torch.from_numpy(x).requires_grad_(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", METHODS)
def test_arrays_of_any_kind_are_taken(method: str, form: str) -> None:
    model, x = captured("transformer")[1], one_hot(3).numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = METHODS[method](model, FORMS[form](x))
    torch.testing.assert_close(found, METHODS[method](model, torch.from_numpy(x)), rtol=0, atol=0)


@pytest.mark.parametrize("method", METHODS)
def test_what_are_no_numbers_is_said(method: str) -> None:
    model = captured("transformer")[1]
    for wrong in ([["ACGT"]], [[1.0], [1.0, 2.0]]):
        with pytest.raises(InputError, match="sequences must be an array of numbers"):
            METHODS[method](model, wrong)


def test_a_tensor_is_not_copied() -> None:
    x = one_hot(2)
    assert tensor_of(x).data_ptr() == x.data_ptr()


# --- the session ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model() -> Model:
    """Three targets of one output."""
    torch.manual_seed(0)
    return Model(nn.Sequential(conv(), nn.ReLU(), Head(6, 3)).double(), torch.zeros(2, 4, LENGTH).double())


def test_the_graph_is_the_models_own_where_nothing_changes(model: Model) -> None:
    assert Session(model).graph is model.graph
    assert Session(model).targets == model.targets
    rough = Session(model, dtype=torch.float32)
    assert {tensor.dtype for tensor in rough.graph.tensors.values()} == {torch.float32}
    assert model.dtype == torch.float64


def test_a_session_holds_what_its_targets_need() -> None:
    whole = captured("bpnet")[1]
    counts = whole.targets[-1]
    session = Session(whole, [counts.name])
    assert len(session.graph.outputs) == 1 < len(whole.graph.outputs)
    assert session.targets == (replace(counts, output=0),)
    assert len(session.graph.steps) < len(whole.graph.steps)


def test_a_rulebook_has_one_plan_and_another_of_its_name_its_own(model: Model) -> None:
    session = Session(model)
    assert session.plan(GRADIENT) is session.plan(GRADIENT)
    assert session.plan(replace(GRADIENT)) is not session.plan(GRADIENT)


def test_room_is_measured_once_for_a_length(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def measure(plan: Plan, length: int, device: torch.device) -> int:
        asked.append(length)
        return 7

    monkeypatch.setattr("seqattr.engine.walk.session.pairs_at_once", measure)
    session = Session(model)
    assert [session.rows_at_once(session.plan(GRADIENT), LENGTH) for _ in range(3)] == [7, 7, 7]
    assert session.rows_at_once(session.plan(GRADIENT), LENGTH, 3) == 3
    assert asked == [LENGTH]


def test_what_does_not_fit_is_refused(model: Model) -> None:
    session = Session(model)
    with pytest.raises(InputError, match="do not fit the model"):
        session.rows_at_once(session.plan(GRADIENT), 1, 2)
    with pytest.raises(InputError, match="at least 1, not 0"):
        session.rows_at_once(session.plan(GRADIENT), LENGTH, 0)
    for wrong in (torch.zeros(0, 4, LENGTH), torch.zeros(2, 5, LENGTH), torch.zeros(4, LENGTH)):
        with pytest.raises(InputError, match=r"must have the shape \(N, 4, L\)"):
            next(session.batches(session.plan(GRADIENT), wrong, None, lambda rows, start: None))


def test_batches_halve_where_memory_runs_out_and_number_their_rows(model: Model) -> None:
    """Every sequence once, in order, with the number of the first; no gradients of torch's own."""
    session, x, calls = Session(model), one_hot(11), []

    def work(rows: Tensor, start: int) -> Tensor:
        assert not torch.is_grad_enabled()
        if len(rows) > 2:
            raise torch.OutOfMemoryError
        calls.append((start, len(rows)))
        return rows

    batches = list(session.batches(session.plan(GRADIENT), x, 5, work))
    assert [done for done, _, _ in batches] == [3, 7, 11]
    assert torch.equal(torch.cat([part for _, _, parts in batches for part in parts]), x)
    assert calls == [(0, 1), (1, 1), (2, 1), (3, 2), (5, 2), (7, 2), (9, 2)]
    assert all(torch.equal(torch.cat(parts), batch) for _, batch, parts in batches)


def test_the_precision_is_put_back(model: Model) -> None:
    flags = [torch.backends.cuda.matmul, torch.backends.cudnn]
    before = [flag.allow_tf32 for flag in flags]

    def fail() -> None:
        with Session(model, products="tf32").running():
            assert all(flag.allow_tf32 for flag in flags)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [flag.allow_tf32 for flag in flags] == before
    for exact in ("float32", "bfloat16x3"):
        with Session(model, products=exact).running():
            assert not any(flag.allow_tf32 for flag in flags)
    assert torch.is_grad_enabled()


def test_its_gpu_is_the_current_one_while_it_runs(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels of our own run on the current GPU, wherever tensors lie."""
    entered: list[object] = []

    def noted(device: object) -> contextlib.AbstractContextManager[None]:
        entered.append(device)
        return contextlib.nullcontext()

    monkeypatch.setattr(torch.cuda, "device", noted)
    session = Session(model)
    with session.running():
        assert entered == [-1]  # none
    session.device = torch.device("cuda:1")
    with session.running():
        assert entered == [-1, torch.device("cuda:1")]


def test_a_plan_knows_how_its_session_multiplies(model: Model) -> None:
    assert Session(model).plan(GRADIENT).products == "float32"
    assert Session(model, products="bfloat16x3").plan(None).products == "bfloat16x3"
    with pytest.raises(UnknownName, match="there is: float32, tf32, bfloat16x3; did you mean 'bfloat16x3'"):
        Session(model, products="bf16x3")


def test_shared_references_go_forward_once_for_a_plan(model: Model) -> None:
    session = Session(model)
    plan, other = session.plan(GRADIENT), session.plan(replace(GRADIENT))
    pieces = [one_hot(3, seed=seed) for seed in range(KEPT + 1)]
    with session.running():
        first = session.shared_values(plan, pieces[0])
        assert session.shared_values(plan, pieces[0].clone()) is first
        assert session.rows_forward == 3
        assert session.shared_values(other, pieces[0]) is not first
        for piece in pieces[1:]:  # as many as are kept, and then the first is forgotten
            session.shared_values(plan, piece)
        assert session.shared_values(plan, pieces[0]) is not first
    assert session.rows_forward == 3 * (2 + KEPT + 1)


def test_sequences_whose_references_come_in_pieces_go_forward_once(model: Model) -> None:
    session = Session(model)
    plan, x, y = session.plan(GRADIENT), one_hot(2), one_hot(2, seed=1)
    with session.running():
        first = session.sequence_values(plan, x)
        assert session.sequence_values(plan, x) is first
        session.sequence_values(plan, y)
        assert session.sequence_values(plan, x) is not first
    assert session.rows_forward == 6


def test_the_row_without_a_number_is_named() -> None:
    values = torch.ones(4, 2, 3)
    check_finite(values, "the answer is no number for")
    values[2, 1, 0], values[3] = float("inf"), float("nan")
    with pytest.raises(NotFinite) as caught:
        check_finite(values, "the answer is no number for", start=10)
    assert caught.value.row == 12
