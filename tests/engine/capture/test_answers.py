"""What a model answers with: its outputs by their names, and those that cannot be explained left out."""

import collections
import dataclasses
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from seqattr.errors import ModelError
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Net
from tests.helpers.sequences import one_hot, shuffled
from tests.helpers.zoo import capture

Fields = collections.namedtuple("Fields", "counts profile")


@dataclasses.dataclass
class Record:
    counts: Tensor
    profile: Tensor


def two(m: Net, x: Tensor) -> tuple[Tensor, Tensor]:
    y = m.net(x)
    return y[:, :1], y[:, 1:]


NAMED: dict[str, Callable[[Tensor, Tensor], Any]] = {
    "dict": lambda a, b: {"counts": a, "profile": b},
    "named tuple": Fields,
    "dataclass": Record,
    "object": lambda a, b: SimpleNamespace(counts=a, profile=b, version="2"),
    "with numbers and nothing": lambda a, b: {"bins": 7, "counts": a, "none": None, "profile": b, "say": "x"},
}


@pytest.mark.parametrize("name", NAMED)
def test_targets_are_called_what_the_model_calls_them(name: str) -> None:
    module, model = capture(lambda m, x: NAMED[name](*two(m, x)))
    assert [target.name for target in model.targets] == ["counts", "profile_target0", "profile_target1"]
    x = one_hot()
    torch.testing.assert_close(model.predict(x), module.net(x).detach(), rtol=1e-10, atol=0)
    assert attribute(model, x, shuffled(x), targets=["counts"]).additivity_error.max() <= 1e-9
    assert model.notes == ()


def test_nested_answers_are_called_by_all_their_keys() -> None:
    _, model = capture(
        lambda m, x: {"k562": {"counts": two(m, x)[0]}, "hepg2": [two(m, x)[0], m.net(x)[:, 0]]}
    )
    assert [target.name for target in model.targets] == ["k562_counts", "hepg2_0", "hepg2_1"]


def test_names_that_repeat_give_way_to_numbers() -> None:
    _, model = capture(lambda m, x: {"a": {"b": two(m, x)[0]}, "a_b": two(m, x)[0]})
    assert [target.name for target in model.targets] == ["output0_target0", "output1_target0"]


LEFT_OUT: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], str]] = {
    "positions of a maximum": (lambda x, y: x.cumsum(2).max(2)[1], "the place of a maximum.* has no slope"),
    "an argmax": (lambda x, y: y.argmax(1), "the place of a maximum.* has no slope"),
    "the sequence": (lambda x, y: x, "it is the sequence itself"),
    "constants": (lambda x, y: torch.arange(3.0), "depend on the sequence"),
    "a number of the batch": (lambda x, y: y.mean(), "mixes the sequences of a batch"),
    "an output sorted along the batch": (lambda x, y: torch.msort(y), "no rule|mixes the sequences"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
@pytest.mark.parametrize("first", [True, False])
def test_an_output_that_cannot_be_explained_is_left_out_and_said(name: str, first: bool) -> None:
    function, why = LEFT_OUT[name]

    def answer(m: Net, x: Tensor) -> tuple[Tensor, ...]:
        y = m.net(x)
        return (function(x, y), y) if first else (y, function(x, y))

    module, model = capture(answer)
    number = int(first)
    assert [target.name for target in model.targets] == [f"output{number}_target{i}" for i in range(3)]
    (note,) = model.notes
    assert note.startswith(f"the output output{1 - number} is left out: ")
    assert re.search(why, note), note
    x = one_hot()
    torch.testing.assert_close(model.predict(x), module.net(x).detach(), rtol=1e-10, atol=0)


REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "nothing": (lambda m, x: None, "the model answers with NoneType, in which there is no tensor"),
    "numbers": (lambda m, x: {"a": 1}, "in which there is no tensor"),
    "nothing but constants": (lambda m, x: (torch.ones(3), torch.zeros(2)), "depend on the sequence"),
    "numpy": (lambda m, x: torch.from_numpy(m.net(x).detach().numpy()), "it leaves torch for numpy"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_what_a_model_cannot_be_asked_for_is_said(name: str) -> None:
    function, line = REFUSED[name]
    with pytest.raises(ModelError, match=line):
        capture(function)
