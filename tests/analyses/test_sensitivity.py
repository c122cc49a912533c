"""The Jacobian is autograd's own, and the sensitivity its moments, whatever the batches."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.analyses.sensitivity import Tally, jacobian, sensitivity
from seqattr.dna.alphabet import one_hot as encoded
from seqattr.dna.regions import Region
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError, NotFinite, UnknownName
from seqattr.inputs import Aligned, Window
from tests.helpers.pieces import Net, conv
from tests.helpers.sequences import LENGTH, one_hot
from tests.helpers.zoo import captured

ROUNDING = 1e-11  # sums in float64 in another order, beside slopes of about 1
NETS = [
    "conv1d",
    "dense",
    "relu, overlapping max pool",
    "bpnet",
    "multihead",
    "transformer",
    "rotary attention",
]


def twin(module: nn.Module, x: Tensor) -> Tensor:
    """By torch autograd on the module itself, output by output: (T, N, 4, L)."""
    leaf = x.clone().requires_grad_()
    answer = module(leaf)
    flat = [part.flatten(1) for part in (answer if isinstance(answer, tuple) else (answer[:, :, None],))]
    columns = [column for part in flat for column in part.unbind(1)]
    return torch.stack([torch.autograd.grad(c.sum(), leaf, retain_graph=True)[0] for c in columns])


@pytest.mark.parametrize("name", NETS)
def test_the_jacobian_is_autograds(name: str) -> None:
    module, model = captured(name)
    if name == "bpnet":
        module.register_forward_hook(lambda m, args, answer: (answer[0][:, None], answer[1]))
    wanted = twin(module.eval(), one_hot(4))
    assert wanted.abs().max() > 1e-3
    torch.testing.assert_close(jacobian(model, one_hot(4)), wanted, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("name", ["conv1d", "transformer"])
def test_sensitivity_is_made_of_the_moments_of_the_jacobian(name: str) -> None:
    module, model = captured(name)
    x = one_hot(7)
    slopes = twin(module.eval(), x).numpy()
    found = sensitivity(model, x, batch_size=3)
    assert (found.targets, found.sequences) == (("target0", "target1"), 7)
    moments = {
        "mean_absolute": np.abs(slopes).mean(1),
        "standard_error": np.abs(slopes).std(1, ddof=1) / np.sqrt(7),
        "mean": slopes.mean(1),
        "mean_square": (slopes**2).mean(1),
    }
    for moment, wanted in moments.items():
        np.testing.assert_allclose(getattr(found, moment), wanted, rtol=0, atol=ROUNDING, err_msg=moment)


def test_batches_targets_and_the_kind_of_array_change_nothing() -> None:
    model, x = captured("transformer")[1], one_hot(7)
    whole, slopes = sensitivity(model, x), jacobian(model, x)
    for size in (1, 2, 7, 100):
        for got, wanted in zip(sensitivity(model, x, batch_size=size)[2:], whole[2:], strict=True):
            torch.testing.assert_close(got, wanted, rtol=0, atol=ROUNDING)
        torch.testing.assert_close(jacobian(model, x, batch_size=size), slopes, rtol=0, atol=ROUNDING)
    twice = sensitivity(model, x.numpy().astype(np.int8), targets=["target1", 1])
    assert twice.targets == ("target1",)
    torch.testing.assert_close(twice.mean_absolute[0], whole.mean_absolute[1], rtol=0, atol=ROUNDING)
    assert torch.equal(seqattr.jacobian(model, x, targets=[1]), slopes[1:])


def test_a_linear_model_has_the_size_of_its_weights() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(4 * LENGTH, 2)).double()
    model = Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    weights = module[1].weight.detach().view(2, 4, LENGTH)
    found = sensitivity(model, one_hot(6), batch_size=4)
    tight = {"rtol": 1e-15, "atol": 0}  # a mean of equal numbers
    torch.testing.assert_close(found.mean_absolute, weights.abs(), **tight)
    torch.testing.assert_close(found.mean, weights, **tight)
    assert found.standard_error.max() <= 1e-16
    assert torch.equal(jacobian(model, one_hot(3)), weights[:, None].expand(-1, 3, -1, -1))


def test_outputs_are_those_before_a_final_sigmoid() -> None:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Flatten(), nn.Linear(4 * LENGTH, 5), nn.Tanh(), nn.Linear(5, 2)).double()
    model = Model(nn.Sequential(body, nn.Sigmoid()), torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    torch.testing.assert_close(jacobian(model, one_hot(2)), twin(body, one_hot(2)), rtol=0, atol=ROUNDING)


def test_the_model_is_not_written_on() -> None:
    module, model = captured("bpnet")
    x = one_hot(3)
    before, weights = model.predict(x), {k: v.clone() for k, v in module.state_dict().items()}
    sensitivity(model, x)
    assert torch.equal(model.predict(x), before)
    assert all(torch.equal(value, weights[key]) for key, value in module.state_dict().items())


def test_a_small_spread_around_a_large_mean_is_kept() -> None:
    values = 1e6 + 1e-4 * torch.randn(1, 50, 4, 3, generator=torch.Generator().manual_seed(0)).double()
    tally = Tally()
    for some in values.split(7, 1):
        tally.add(some, torch.ones(some.shape[1], 3, dtype=torch.bool))
    wanted = values.std(1) / np.sqrt(50)
    torch.testing.assert_close(tally.finish(("t",)).standard_error, wanted, rtol=1e-5, atol=0)


class Slices:
    """Sequences that remember how many were asked for at once."""

    def __init__(self, x: Tensor) -> None:
        self.x, self.shape, self.asked = x, x.shape, list[int]()

    def __getitem__(self, rows: slice) -> Tensor:
        self.asked.append(len(self.x[rows]))
        return self.x[rows]


def test_only_a_batch_is_asked_for_at_a_time_and_progress_is_told() -> None:
    slices, told = Slices(one_hot(7)), list[tuple[int, int]]()
    sensitivity(captured("dense")[1], slices, batch_size=3, progress=lambda *numbers: told.append(numbers))
    assert slices.asked == [2, 2, 3]  # no more than asked for, all of nearly the same size
    assert told == [(2, 7), (4, 7), (7, 7)]


def test_one_sequence_has_no_standard_error() -> None:
    assert sensitivity(captured("dense")[1], one_hot(1)).standard_error.isnan().all()


def window(text: str, name: str) -> Window:
    codes = np.array(["ACGTN".index(letter) for letter in text], np.uint8)
    return Window(name, codes, Region(name, 0, len(text)), (0, len(text)))


def test_windows_become_one_hot_as_they_are_asked_for() -> None:
    texts = ["ACGTN", "TTTTA", "CCCGA"]
    found = Aligned([window(text, text) for text in texts])
    assert (found.shape, len(found)) == ((3, 4, 5), 3)
    np.testing.assert_array_equal(found[1:3], encoded(texts[1:]))
    with pytest.raises(
        InputError, match=r"one length, but a has 2 bp and b 3 bp; `pad=True` and `crop=True`"
    ):
        Aligned([window("AC", "a"), window("ACG", "b")])


def test_what_cannot_be_is_said() -> None:
    model, x = captured("dense")[1], one_hot(2)
    with pytest.raises(UnknownName, match="unknown target 'z'"):
        sensitivity(model, x, targets=["z"])
    with pytest.raises(InputError, match=r"the shape \(N, 4, L\) with N at least 1, not \(0, 4, 24\)"):
        sensitivity(model, x[:0])
    with pytest.raises(InputError, match=r"not \(2, 24, 4\)"):
        jacobian(model, x.mT)
    with pytest.raises(InputError, match="sequences of 20 bp do not fit the model"):
        jacobian(model, x[..., :20])
    with pytest.raises(InputError, match="the batch size must be at least 1, not 0"):
        jacobian(model, x, batch_size=0)


def test_a_slope_that_is_no_number_is_named() -> None:
    """A square root has none at 0: where there is no A."""
    module = Net(lambda m, x: x[:, 0].sum(1, keepdim=True).sqrt(), conv=conv()).double()
    x = one_hot(3)
    x[1, 0] = 0
    model = Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    with pytest.raises(NotFinite, match="NaN or infinite for target target0 of sequence number 1"):
        sensitivity(model, x, batch_size=1)


def test_an_answer_that_is_no_number_is_named_though_its_slope_is_one() -> None:
    """Each A counts nearly as much as a float can hold, so that two of them are too many."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(4 * LENGTH, 1, bias=False)).double()
    x = one_hot(4)
    x[:, 0] = 0
    x[2, 0, :2] = 1
    with torch.no_grad():
        module[1].weight.zero_()[0, :LENGTH] = 1.5e308
    model = Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    for size in (1, 3):
        with pytest.raises(NotFinite, match="NaN or infinity for target target0 of sequence number 2"):
            jacobian(model, x, batch_size=size)


def test_a_sequence_counts_at_a_position_where_it_has_a_base() -> None:
    module, model = captured("conv1d")
    x = one_hot(7)
    x[:3, :, :5] = 0
    x[:6, :, -2:] = 0
    x[..., 11] = 0
    slopes, known = twin(module.eval(), x).abs().numpy(), x.any(1).numpy()
    for size in (2, 7):
        found = sensitivity(model, x, batch_size=size)
        assert found.counts.tolist() == known.sum(0).tolist()
        for at in range(LENGTH):
            some = slopes[..., at][:, known[:, at]]
            mean = some.mean(1) if some.size else np.nan
            error = some.std(1, ddof=1) / np.sqrt(some.shape[1]) if some.shape[1] > 1 else np.nan
            near = {"rtol": 0, "atol": ROUNDING}
            np.testing.assert_allclose(found.mean_absolute[..., at], mean * np.ones((2, 4)), **near)
            np.testing.assert_allclose(found.standard_error[..., at], error * np.ones((2, 4)), **near)
    with pytest.raises(InputError, match="no sequence has a base"):
        sensitivity(model, x * 0)


def test_the_error_is_that_of_clusters_however_they_fall_into_batches() -> None:
    x = one_hot(12)
    x[5, :, 3] = 0
    model, clusters = captured("conv1d")[1], np.array([0, 0, 0, 1, 2, 2, 2, 2, 5, 5, 6, 7])
    sizes = jacobian(model, x).abs().double().numpy()
    known = x.any(1).numpy()[None, :, None]
    mean = (sizes * known).sum(1) / known.sum(1)
    apart = (sizes - mean[:, None]) * known
    sums = np.stack([apart[:, clusters == each].sum(1) for each in np.unique(clusters)])
    wanted = np.sqrt(6 / 5 * (sums**2).sum(0)) / known.sum(1)
    for size in (1, 2, 5, 12):
        found = sensitivity(model, x, clusters=clusters, batch_size=size)
        np.testing.assert_allclose(found.standard_error, wanted, rtol=1e-9, atol=ROUNDING)
        np.testing.assert_allclose(found.mean_absolute, mean, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("clusters", [[0, 1], [0, 2, 1, 3]])
def test_clusters_that_are_not_those_of_the_sequences(clusters: list[int]) -> None:
    with pytest.raises(InputError, match="clusters are a whole number for each of 4 sequences"):
        sensitivity(captured("dense")[1], one_hot(4), clusters=clusters)
