"""Effects of variants are those of a plain loop over both alleles."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.analyses.variants import VariantEffects, variant_effects
from seqattr.dna.alphabet import one_hot
from seqattr.errors import InputError, NotFinite
from seqattr.models.zoo.bpnet import BPNet

LENGTH = 60
RANDOM = np.random.default_rng(0)
GENOME = "".join(RANDOM.choice(list("ACGT"), 400))
CHANGES = [("G", 1), ("T", 1), ("ACG", 3), ("A", 4), ("GATTACA", 1), ("", 2), ("C" * 40, 40), ("AC", 0)]


def windows(length: int = LENGTH) -> tuple[list[str], list[str]]:
    """Windows of both alleles, written down base by base."""
    first, second = [], []
    for number, (allele, replaced) in enumerate(CHANGES):
        at = 100 + 20 * number
        start = at - length // 2
        changed = GENOME[:at] + allele + GENOME[at + replaced :]
        first.append(GENOME[start : start + length])
        second.append(changed[start : start + length])
    return first, second


class Net(nn.Module):
    """Two outputs before a last function of them."""

    def __init__(self, last: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(4, 6, 5), nn.ReLU(), nn.MaxPool1d(3), nn.Conv1d(6, 5, 3), nn.ReLU()
        )
        self.head, self.last = nn.Linear(5, 3), last

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.head(self.body(x).mean(2)))


def net(last: nn.Module, seed: int = 0) -> tuple[nn.Module, seqattr.Model]:
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        module = Net(last).double().eval()
        return module, seqattr.Model(module, torch.zeros(2, 4, LENGTH).double())


@pytest.fixture(scope="module")
def sigmoid() -> tuple[nn.Module, seqattr.Model]:
    return net(nn.Sigmoid())


@pytest.fixture(scope="module")
def softmax() -> tuple[nn.Module, seqattr.Model]:
    return net(nn.Softmax(1), 1)


def loop(module: nn.Module, texts: list[str]) -> Tensor:
    """(targets, N), one window after the other."""
    with torch.no_grad():
        rows = [module(torch.from_numpy(one_hot(text))[None].double())[0] for text in texts]
    return torch.stack(rows, 1)


def test_a_plain_loop_over_both_alleles_says_the_same(sigmoid: tuple[nn.Module, seqattr.Model]) -> None:
    module, model = sigmoid
    found = variant_effects(model, *windows())
    first, second = (loop(module, texts) for texts in windows())
    assert (found.targets, found.units) == (("target0", "target1", "target2"), ("logit",) * 3)
    close(found.reference, first.logit())
    close(found.alternative, second.logit())
    close(found.difference, second.logit() - first.logit())
    close(found.reference_value, first)
    close(found.alternative_value, second)
    close(found.log2_ratio, (second / first).log2())
    assert found.difference.abs().amin(0)[3:].min() > 0


def close(found: Tensor, wanted: Tensor, tolerance: float = 1e-12) -> None:
    torch.testing.assert_close(found, wanted, rtol=tolerance, atol=tolerance)


def test_probabilities_of_a_softmax_are_over_all_classes(softmax: tuple[nn.Module, seqattr.Model]) -> None:
    module, model = softmax
    found = variant_effects(model, *windows(), targets=[1])
    first, second = (loop(module, texts)[1:2] for texts in windows())
    close(found.reference_value, first)
    close(found.log2_ratio, (second / first).log2())


def test_an_expression_is_as_it_is(sigmoid: tuple[nn.Module, seqattr.Model]) -> None:
    module, model = sigmoid
    found = variant_effects(model, *windows(), targets=["target0-target1"])
    first, second = (loop(module, texts).logit() for texts in windows())
    close(found.difference, (second[0] - second[1] - first[0] + first[1])[None])
    assert found.log2_ratio.isnan().all()


def test_a_sum_of_log_counts_is_that_of_no_counts() -> None:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        module = BPNet(4, 1, first_width=5, profile_width=7, tasks=2, counts=2).double().eval()
    model = seqattr.Model(module, torch.zeros(2, 4, LENGTH).double())
    found = variant_effects(model, *windows(), targets=["counts"])
    first, second = (loop(lambda x: module(x)[1], texts).sum(0) for texts in windows())
    close(found.difference[0], second - first)
    assert found.reference_value.isnan().all()
    assert found.log2_ratio.isnan().all()


def bpnet(seed: int) -> tuple[nn.Module, seqattr.Model]:
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        module = BPNet(6, 2, first_width=5, profile_width=7).double().eval()
        return module, seqattr.Model(module, torch.zeros(2, 4, LENGTH).double())


def test_counts_and_profile_of_a_bpnet() -> None:
    module, model = bpnet(0)
    found = variant_effects(model, *windows(), targets=["counts", "profile"], batch_size=3)
    first, second = (loop(lambda x: module(x)[1], texts) for texts in windows())
    assert (found.targets, found.units) == (("counts", "profile"), ("log counts", "logit"))
    close(found.reference[:1], first)
    close(found.reference_value[:1], first.exp() - 1)
    close(found.log2_ratio[:1], (second - first) / math.log(2))
    assert found.log2_ratio[1].isnan().all()


def test_of_several_models_and_both_strands_every_number_is_the_mean(
    sigmoid: tuple[nn.Module, seqattr.Model],
) -> None:
    other = net(nn.Sigmoid(), 5)
    first, second = windows()
    mirrored = [[seqattr_reverse(text) for text in texts] for texts in (first, second)]
    found = variant_effects([sigmoid[1], other[1]], first, second, both_strands=True)
    singles = [
        variant_effects(model, *pair)
        for model in (sigmoid[1], other[1])
        for pair in ((first, second), mirrored)
    ]
    for name in VariantEffects._fields[2:-1]:
        close(getattr(found, name), torch.stack([getattr(one, name) for one in singles]).mean(0))
    close(found.log2_ratio, (found.alternative_value / found.reference_value).log2())


def test_counts_of_several_models_are_the_mean_and_their_ratio_is_of_one_more() -> None:
    first, second = windows()
    models = [bpnet(seed)[1] for seed in (0, 1)]
    found = variant_effects(models, first, second, targets=["counts"])
    singles = [variant_effects(model, first, second, targets=["counts"]) for model in models]
    for name in VariantEffects._fields[2:-1]:
        close(getattr(found, name), torch.stack([getattr(one, name) for one in singles]).mean(0))
    close(found.log2_ratio, ((found.alternative_value + 1) / (found.reference_value + 1)).log2())


def seqattr_reverse(text: str) -> str:
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def test_numbers_do_not_hang_on_the_batch(sigmoid: tuple[nn.Module, seqattr.Model]) -> None:
    whole, single = (variant_effects(sigmoid[1], *windows(), batch_size=size) for size in (None, 1))
    for name in VariantEffects._fields[2:]:
        close(getattr(whole, name), getattr(single, name))


def test_single_precision_is_that_of_the_model(sigmoid: tuple[nn.Module, seqattr.Model]) -> None:
    module = sigmoid[0]
    model = seqattr.Model(Net(nn.Sigmoid()).eval(), torch.zeros(2, 4, LENGTH))
    found = variant_effects(model, *windows())
    assert found.difference.dtype == torch.float32
    assert module is not None


def test_windows_that_do_not_fit_are_refused(sigmoid: tuple[nn.Module, seqattr.Model]) -> None:
    first, second = windows()
    with pytest.raises(InputError, match="as many windows of each allele, of one length"):
        variant_effects(sigmoid[1], first, second[1:])
    with pytest.raises(InputError, match="shape"):
        variant_effects(sigmoid[1], np.zeros((2, 5, 60)), np.zeros((2, 5, 60)))


def test_what_is_no_number_is_refused_with_its_row() -> None:
    class Share(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 1 / x[:, 0].sum(1, keepdim=True)

    model = seqattr.Model(Share(), torch.rand(2, 4, LENGTH))
    first = ["A" * LENGTH, "A" + "C" * (LENGTH - 1)]
    with pytest.raises(NotFinite, match="for an allele of sequence number 1"):
        variant_effects(model, first, [first[0], "C" * LENGTH])
