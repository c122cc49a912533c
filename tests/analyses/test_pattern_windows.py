"""What is no base takes part in no pattern: padding, N, and sequences of nothing else."""

import pytest
import torch
from torch import Tensor, nn

from seqattr.analyses.pattern_windows import at_positions
from seqattr.analyses.patterns import Learning, fit_patterns
from seqattr.engine.capture.model import Model
from seqattr.methods.learned_patterns import Patterns
from tests.helpers.sequences import LENGTH, one_hot
from tests.helpers.zoo import captured

LEFT, RIGHT, SHORT = 7, 13, 40


class Averaged(nn.Module):
    """Two convolutions, with or without padding of their own, and a mean over positions."""

    def __init__(self, pad: bool = False, stride: int = 1) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.Conv1d(4, 6, 5, padding=2 * pad, stride=stride)
        self.second = nn.Conv1d(6, 5, 3, padding=int(pad), dilation=1 + (not pad))
        self.head = nn.Linear(5, 1)
        self.double()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.second(torch.relu(self.first(x)))).mean(2))


def of_both_strands() -> Model:
    """Each batch with its reverse complements behind it."""
    module = Averaged()

    def forward(x: Tensor) -> Tensor:
        strands = Averaged.forward(module, torch.cat([x, x.flip(1, 2)]))
        return (strands[: len(x)] + strands[len(x) :]) / 2

    module.forward = forward  # type: ignore[method-assign]
    return Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def patterns(module: nn.Module, x: Tensor, **options: int) -> Patterns:
    return fit_patterns(Model(module, torch.zeros(2, *x.shape[1:], dtype=torch.float64)), x, **options)


def padded(x: Tensor, left: int = LEFT, right: int = RIGHT) -> Tensor:
    return nn.functional.pad(x, (left, right))


def same(found: Patterns, wanted: Patterns, steps: int) -> None:
    for one, other in zip(found.steps[:steps], wanted.steps[:steps], strict=True):
        assert one.windows == other.windows > 0
        torch.testing.assert_close(one.values, other.values, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("stride", [1, 2])
def test_padded_sequences_give_the_patterns_of_unpadded_ones(stride: int) -> None:
    """Of what reads windows; the mean over positions is of more of them, as the model has it."""
    x, module = one_hot(30, SHORT), Averaged(stride=stride)
    same(
        patterns(module, padded(x, stride * 4, RIGHT)), patterns(module, x[:, :, : SHORT - SHORT % stride]), 2
    )


def test_where_the_model_pads_too_its_windows_over_the_edges_stay() -> None:
    """Equal in the first convolution; the second sees what the first makes of padding, which is not 0."""
    x, module = one_hot(30, SHORT), Averaged(pad=True)
    found, wanted = patterns(module, padded(x)), patterns(module, x)
    same(found, wanted, 1)
    assert [step.windows for step in found.steps] == [step.windows for step in wanted.steps]


def test_an_n_parts_a_sequence_in_two() -> None:
    x, module = one_hot(40, SHORT), Averaged()
    parted = torch.cat([x[:20], torch.zeros(20, 4, 1), x[20:]], 2)
    same(patterns(module, parted), patterns(module, x), 2)


@pytest.mark.parametrize(
    "name", ["conv1d", "bpnet", "transformer", "batch merged with positions", "both strands"]
)
def test_sequences_without_a_base_take_part_in_nothing(name: str) -> None:
    model = of_both_strands() if name == "both strands" else captured(name)[1]
    x = one_hot(12)
    more = torch.cat([x[:5], torch.zeros_like(x[:3]), x[5:]])
    for size in (4, 15):
        same(fit_patterns(model, more, batch_size=size), fit_patterns(model, x), len(x))


def test_any_batch_size_gives_the_same_patterns() -> None:
    x = padded(one_hot(20, SHORT))
    x[::3, :, :LEFT] = one_hot(7, LEFT)
    x[1, :, 20] = 0
    whole, *others = (patterns(Averaged(pad=True), x, batch_size=size) for size in (20, 1, 7))
    for other in others:
        same(other, whole, 3)


def test_lengths_take_turns() -> None:
    module = Averaged()
    learning = Learning(Model(module, torch.zeros(2, 4, SHORT, dtype=torch.float64)))
    for x in (padded(one_hot(6, 30), 4, 6), one_hot(6, SHORT, seed=1), padded(one_hot(6, 50, seed=2), 9, 1)):
        learning.add(x)
    assert [step.windows for step in learning.patterns().steps[:2]] == [6 * 108, 6 * 96]


def test_of_a_wide_window_that_never_reads_bases_alone_the_best_takes_part() -> None:
    known = torch.zeros(3, 10, dtype=torch.bool)
    known[0, 4:6] = known[1, :3] = True
    bounds = torch.stack([torch.arange(4), torch.arange(4) + 7], 1)
    wanted = [[True, True, True, True], [True, False, False, False], [False] * 4]
    assert at_positions(known, bounds).tolist() == wanted
