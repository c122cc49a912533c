"""A model that mixes the sequences of a batch, or takes so many only, is told which, and at which line."""

import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.batch_faults import fault, fixed_number, instability
from seqattr.engine.capture.model import Model
from seqattr.engine.capture.original import Original
from seqattr.errors import ModelError
from tests.helpers.pieces import Net, body, conv
from tests.helpers.sequences import LENGTH, one_hot


def net(function: Callable[[Net, Tensor], Tensor], **parts: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    module = Net(function, net=body(), conv=conv(), line=nn.Linear(6, 2), **parts)
    return module.double().eval()


def looped(m: Net, x: Tensor) -> Tensor:
    rows = []
    for row in x:
        rows.append(m.net(row[None])[0])  # one by one
    return torch.stack(rows)


def by_index(m: Net, x: Tensor) -> Tensor:
    return torch.cat([m.net(x[i : i + 1]) for i in range(len(x))])  # one by one


def along(m: Net, x: Tensor) -> Tensor:
    h = torch.relu(m.conv(x)).mean(2)
    h, _ = m.lstm(h[:, None])  # mixed
    return h[:, 0]


def joined(m: Net, x: Tensor) -> Tensor:
    h = m.conv(x)
    h = h.relu() - h.mean(0, keepdim=True)  # mixed
    return m.line(h.mean(2))


def view_of_constant(m: Net, x: Tensor) -> Tensor:
    h = torch.relu(m.conv(x)).mean(2)
    return m.line(h.view(3, 6))  # fixed


def expanded(m: Net, x: Tensor) -> Tensor:
    start = torch.zeros(3, 6, dtype=x.dtype)
    return m.line(torch.relu(m.conv(x)).mean(2) + start)  # fixed


def transposed(m: Net, x: Tensor) -> Tensor:
    return m.line(torch.relu(m.conv(x)).mean(2).reshape(3, -1)[:, :6])  # fixed


MIXED: dict[str, nn.Module] = {
    "a mean over the batch": net(joined),
    "a softmax over the batch": net(lambda m, x: m.net(x).softmax(0)),  # mixed
    "a sum over the batch": net(lambda m, x: m.net(x) / m.net(x).sum()),  # mixed
    "a norm over the batch": net(lambda m, x: nn.functional.normalize(m.net(x), dim=0)),  # mixed
    "a cumulative sum over the batch": net(lambda m, x: m.net(x).cumsum(0)),  # mixed
    "an LSTM along the batch": net(along, lstm=nn.LSTM(6, 3)),
    "a batch norm in training": net(
        lambda m, x: nn.functional.batch_norm(m.net(x), None, None, training=True)  # mixed
    ),
    "attention over the batch": net(
        lambda m, x: m.net(x) + (m.net(x) @ m.net(x).T).softmax(1) @ m.net(x)  # mixed
    ),
}
FIXED: dict[str, nn.Module] = {
    "a reshape": net(lambda m, x: m.net(x).reshape(3, 2)),  # fixed
    "a view of a constant": net(view_of_constant),
    "a state of three rows": net(expanded),
    "a reshape that runs": net(transposed),
}
LOOPS: dict[str, nn.Module] = {"over rows": net(looped), "over indices": net(by_index)}


def said_at(message: str, word: str) -> bool:
    """Whether the line of this file that a message names is one that is marked with the word."""
    match = re.search(r"test_batch_faults\.py:(\d+)", message)
    with open(__file__) as file:
        return match is not None and f"# {word}" in file.read().splitlines()[int(match[1]) - 1]


@pytest.mark.parametrize("name", MIXED)
def test_what_mixes_sequences_is_named_with_its_line(name: str) -> None:
    module, sequences = MIXED[name], one_hot()
    said = fault(Original(module, (0,), sequences.dtype), sequences)
    assert said.startswith("the model mixes the sequences of a batch in "), said
    assert said_at(said, "mixed"), said


@pytest.mark.parametrize("name", FIXED)
def test_what_fixes_the_number_of_sequences_is_named_with_its_line(name: str) -> None:
    module, sequences = FIXED[name], one_hot()
    said = fault(Original(module, (0,), sequences.dtype), sequences)
    assert said.startswith("it fixes the number of sequences in a batch"), said
    assert said.endswith("; write x.shape[0], or -1, in the place of the number")
    assert said_at(said, "fixed"), said


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_over_sequences_is_named_with_its_line(name: str) -> None:
    module, sequences = LOOPS[name], one_hot()
    said = fault(Original(module, (0,), sequences.dtype), sequences)
    assert said.startswith("it goes through the sequences of a batch one by one at test_batch_faults.py:"), (
        said
    )
    assert said_at(said, "one by one"), said


@pytest.mark.parametrize("function", [lambda m, x: m.net(x), lambda m, x: m.net(x).view(len(x), -1)])
def test_nothing_is_said_of_a_model_without_fault(function: Callable[[Net, Tensor], Tensor]) -> None:
    original = Original(net(function), (0,), torch.float64)
    assert instability(original, one_hot()) == fixed_number(original.module, one_hot()) == ""


REFUSED: dict[str, tuple[nn.Module, str]] = {
    "a reshape": (
        FIXED["a reshape"],
        r"it fixes the number .*: 3 run, 2 do not, as shape '\[3, 2\]' is invalid",
    ),
    "a loop": (LOOPS["over rows"], "it goes through the sequences of a batch one by one at .*: rows.append"),
    "a loop that mixes": (
        net(lambda m, x: torch.stack([m.net(row[None])[0] - m.net(x[:1])[0] for row in x])),
        "mixes the sequences of a batch.*alone and in a batch differs",
    ),
    "eight sequences": (
        net(lambda m, x: m.net(x).reshape(8, 2)),
        r"shape '\[8, 2\]' is invalid.*it fixes the number of sequences in a batch, of which 8 run; write",
    ),
    "one sequence": (
        net(lambda m, x: m.net(x).reshape(1, 2)),
        r"shape '\[1, 2\]' is invalid.*it fixes the number of sequences in a batch, of which 1 run",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_is_refused_with_the_fault_of_its_batch(name: str) -> None:
    module, line = REFUSED[name]
    with pytest.raises(ModelError, match=line) as caught:
        Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    assert "\n" not in str(caught.value)
