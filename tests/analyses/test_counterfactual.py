"""Paths of substitutions: each the best there is, up to the wanted output and no further."""

import pytest
import torch
from torch import Tensor, nn

from seqattr.analyses.counterfactual import counterfactuals, table
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError, NotFinite, UnknownName
from tests.helpers.pieces import Net, conv
from tests.helpers.sequences import LENGTH, one_hot
from tests.helpers.zoo import captured

BASES = "ACGT"


def outputs(model: Model, sequences: Tensor) -> Tensor:
    return model.predict(sequences)[:, 0]


def all_substitutions(x: Tensor) -> Tensor:
    """Every sequence with one base replaced, (4 L, 4, L)."""
    rows = x.repeat(4 * x.shape[1], 1, 1)
    edits = torch.cartesian_prod(torch.arange(4), torch.arange(x.shape[1]))
    for row, (base, place) in zip(rows, edits, strict=True):
        row[:, place] = torch.eye(4)[base]
    return rows


@pytest.mark.parametrize("rise", [True, False])
@pytest.mark.parametrize("name", ["conv1d", "relu, overlapping max pool", "multihead"])
def test_each_substitution_is_the_best_of_all(name: str, rise: bool) -> None:
    model, x = captured(name)[1], one_hot(1)[0]
    start = float(outputs(model, x[None]))
    (path,) = counterfactuals(model, [x], 0, reach=start + (100 if rise else -100), most=3)
    assert path.start == pytest.approx(start, abs=1e-12)
    assert not path.reached
    for edit in path.edits:
        values = outputs(model, all_substitutions(x))
        best = values.max() if rise else values.min()
        assert BASES[int(x[:, edit.position].argmax())] == edit.before
        x = x.clone()
        x[:, edit.position] = torch.eye(4)[BASES.index(edit.after)]
        assert float(outputs(model, x[None])) == pytest.approx(edit.output, abs=1e-12)
        assert edit.output == pytest.approx(float(best), abs=1e-12)


def counting() -> Model:
    """The number of As less 6.5."""
    module = Net(lambda m, x: (x[:, 0].sum(1) - 6.5)[:, None], conv=conv()).double()
    return Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


@pytest.mark.parametrize(("present", "needed"), [(3, 4), (6, 1), (9, 3), (7, 1)])
def test_as_many_substitutions_as_it_takes(present: int, needed: int) -> None:
    x = torch.zeros(4, LENGTH, dtype=torch.float64)
    x[0, :present] = x[1, present:] = 1
    (path,) = counterfactuals(counting(), [x], 0)
    assert path.reached
    assert len(path.edits) == needed
    assert path.edits[-1].output == (0.5 if present < 6.5 else -0.5)
    assert {(edit.before, edit.after == "A") for edit in path.edits} == {
        ("C", True) if present < 6.5 else ("A", False)
    }


def test_it_ends_where_nothing_helps_or_enough_is_done() -> None:
    x = torch.zeros(4, LENGTH, dtype=torch.float64)
    (path,) = counterfactuals(counting(), [x], 0, reach=17.5, most=100)
    assert (len(path.edits), path.reached, path.edits[0].before) == (LENGTH, True, "N")
    (path,) = counterfactuals(counting(), [x], 0, reach=18, most=100)
    assert (len(path.edits), path.reached) == (LENGTH, False)
    (path,) = counterfactuals(counting(), [x], 0, most=2)
    assert (len(path.edits), path.reached) == (2, False)


def test_the_table_has_a_row_for_each_state() -> None:
    x = torch.zeros(2, 4, LENGTH, dtype=torch.float64)
    x[1, 0] = 1
    columns = table(["a", "b"], counterfactuals(counting(), list(x), 0, reach=-5.5))
    assert columns["sequence"] == ["a", "a"] + ["b"] * 21
    assert columns["edit"] == [0, 1, *range(21)]
    assert columns["output"][:2] == [-6.5, -5.5]
    assert columns["from"][:2] == ["", "N"]


def test_what_cannot_be_is_said() -> None:
    x = one_hot(1)
    with pytest.raises(InputError, match="the number of substitutions must be at least 1, not 0"):
        counterfactuals(counting(), list(x), 0, most=0)
    with pytest.raises(UnknownName, match="unknown target 'x'"):
        counterfactuals(counting(), list(x), "x")
    with pytest.raises(InputError, match="must be a number, not nan"):
        counterfactuals(counting(), list(x), 0, reach=float("nan"))


def brittle() -> Model:
    """The number of As less 6.5, but NaN where all bases but one are As, or all."""

    def number(_: nn.Module, x: Tensor) -> Tensor:
        count = x[:, 0].sum(1)
        return (count - 6.5 + 0 * (LENGTH - 1.5 - count).log())[:, None]

    return Model(Net(number).double(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def test_nan_is_no_output_and_no_way_to_one() -> None:
    x = torch.zeros(2, 4, LENGTH, dtype=torch.float64)
    (path,) = counterfactuals(brittle(), list(x[:1]), 0, reach=LENGTH, most=100)
    assert not path.reached
    assert len(path.edits) == LENGTH - 2
    x[1, 0] = 1
    with pytest.raises(NotFinite, match="NaN or infinity for sequence number 1") as caught:
        counterfactuals(brittle(), list(x), 0)
    assert caught.value.row == 1
