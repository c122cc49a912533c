"""Probabilities and log-ratios are the model's own, however small and however it hands them out."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.analyses.variants import Comparer, variant_effects
from seqattr.dna.alphabet import one_hot
from seqattr.methods.ensemble import sessions

LENGTH, CLASSES = 30, 5
RANDOM = np.random.default_rng(0)
FIRST = ["".join(row) for row in RANDOM.choice(list("ACGT"), (6, LENGTH))]
SECOND = [text[:12] + {"A": "C", "C": "G", "G": "T", "T": "A"}[text[12]] + text[13:] for text in FIRST]

FORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "all": lambda logits: logits.softmax(1),
    "one": lambda logits: logits.softmax(1)[:, 1],
    "some": lambda logits: logits.softmax(1)[:, 1:3],
    "turned": lambda logits: logits.softmax(1).flip(1),
    "joined": lambda logits: torch.cat([logits[:, :2].softmax(1), logits[:, 2:].softmax(1)], 1),
    "stacked": lambda logits: torch.stack([logits.softmax(1)[:, 0], logits.softmax(1)[:, 3]], 1),
    "tables": lambda logits: logits[:, :4].reshape(-1, 2, 2).softmax(2).flatten(1),
    "logs": lambda logits: logits.log_softmax(1),
    "sigmoids": lambda logits: logits.sigmoid(),
    "sigmoid and softmax": lambda logits: (logits[:, :1].sigmoid(), logits[:, 1:].softmax(1)),
    "exponentials": lambda logits: logits.exp(),
    "one exponential": lambda logits: logits.exp()[:, 2],
}


class Net(nn.Module):
    def __init__(self, last: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.head, self.last = nn.Conv1d(4, 8, 5), nn.Linear(8, CLASSES), last

    def logits(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.conv(x)).mean(2))

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.logits(x))


def net(last: Callable[[Tensor], Tensor], seed: int = 0) -> Net:
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return Net(last).double().eval()


def outputs(module: nn.Module, texts: list[str]) -> Tensor:
    """(targets, N)"""
    with torch.no_grad():
        found = module(torch.from_numpy(one_hot(texts)).double())
    found = torch.cat(found, 1) if isinstance(found, tuple) else found
    return found.reshape(len(texts), -1).T


@pytest.mark.parametrize("form", FORMS)
def test_values_are_what_the_model_answers_with(form: str) -> None:
    module = net(FORMS[form])
    found = variant_effects(seqattr.Model(module, torch.zeros(2, 4, LENGTH).double()), FIRST, SECOND)
    before, after = (outputs(module, texts) for texts in (FIRST, SECOND))
    before, after = (before.exp(), after.exp()) if form == "logs" else (before, after)
    torch.testing.assert_close(found.reference_value, before, rtol=1e-12, atol=0)
    torch.testing.assert_close(found.alternative_value, after, rtol=1e-12, atol=0)
    torch.testing.assert_close(found.log2_ratio, (after / before).log2(), rtol=1e-9, atol=1e-12)


class Saturated(nn.Module):
    """Logits that float32 makes 0 or 1 of: -110 and a little, 25 and a little, and what one base adds."""

    def __init__(self, last: nn.Module) -> None:
        super().__init__()
        self.last = last

    def forward(self, x: Tensor) -> Tensor:
        letters = x[:, :3].sum(2) / 4
        return self.last(letters + torch.tensor([-110.0, 25.0, 0.0]))


def log_values(logits: np.ndarray, of_softmax: bool) -> np.ndarray:
    """The logarithms of probabilities, (N, 3), as they are written in a textbook but for what is subtracted
    first."""
    if of_softmax:
        return (
            logits
            - logits.max(1, keepdims=True)
            - np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1, keepdims=True))
        )
    return np.where(logits > 0, -np.log1p(np.exp(-abs(logits))), logits - np.log1p(np.exp(-abs(logits))))


@pytest.mark.parametrize("of_softmax", [False, True])
def test_ratios_of_saturated_outputs_are_finite_and_right(of_softmax: bool) -> None:
    last = nn.Softmax(1) if of_softmax else nn.Sigmoid()
    model = seqattr.Model(Saturated(last), torch.zeros(2, 4, LENGTH))
    found = variant_effects(model, FIRST, SECOND)
    low, high = (log_values(logits_of(texts), of_softmax).T for texts in (FIRST, SECOND))
    tolerance = 2e-5 if of_softmax else 1e-12  # float32 has 110 to 8e-6
    np.testing.assert_allclose(found.log2_ratio.numpy(), (high - low) / np.log(2), rtol=1e-12, atol=tolerance)
    np.testing.assert_allclose(found.reference_value.numpy(), np.exp(low), rtol=2e-5)
    ratios = (found.alternative_value / found.reference_value).log2()
    torch.testing.assert_close(found.log2_ratio, ratios, rtol=1e-9, atol=1e-9)
    assert (found.log2_ratio[0] != 0).any()


def logits_of(texts: list[str]) -> np.ndarray:
    """Quarters, which float32 has exactly."""
    counts = np.array([[text.count(letter) for letter in "ACG"] for text in texts])
    return counts / 4 + np.array([-110.0, 25.0, 0.0])


@pytest.mark.parametrize("both_strands", [False, True])
def test_of_several_models_the_ratio_is_that_of_the_mean_probabilities(both_strands: bool) -> None:
    models, lows, highs = [], [], []
    for seed in (0, 1):
        module = net(FORMS["all"], seed)
        module.head.weight.data *= 100
        models.append(seqattr.Model(module, torch.zeros(2, 4, LENGTH).double()))
        for strand in (1, -1)[: 1 + both_strands]:
            lows.append(outputs(module, [turned(text, strand) for text in FIRST]))
            highs.append(outputs(module, [turned(text, strand) for text in SECOND]))
    found = variant_effects(models, FIRST, SECOND, both_strands=both_strands)
    low, high = (torch.stack(values).mean(0) for values in (lows, highs))
    torch.testing.assert_close(found.reference_value, low, rtol=1e-10, atol=0)
    torch.testing.assert_close(found.alternative_value, high, rtol=1e-10, atol=0)
    torch.testing.assert_close(found.log2_ratio, (high / low).log2(), rtol=1e-8, atol=1e-10)
    mean_of_ratios = torch.stack([(b / a).log2() for a, b in zip(lows, highs, strict=True)]).mean(0)
    assert (found.log2_ratio - mean_of_ratios).abs().max() > 0.1


def turned(text: str, strand: int) -> str:
    return text if strand > 0 else text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def test_expressions_of_probabilities_have_no_values() -> None:
    model = seqattr.Model(net(FORMS["sigmoids"]), torch.zeros(2, 4, LENGTH).double())
    found = variant_effects(model, FIRST, SECOND, targets=["target0-target1", "target1"])
    for numbers in (found.reference_value, found.alternative_value, found.log2_ratio):
        assert numbers[0].isnan().all()
        assert numbers[1].isfinite().all()


def test_values_are_the_same_where_windows_share_what_they_overlap() -> None:
    module = net(FORMS["some"])
    comparer = Comparer(sessions([seqattr.Model(module, torch.zeros(2, 4, 200).double())], None, "cpu"))
    genome = "".join(RANDOM.choice(list("ACGT"), 900))
    places = list(range(100, 600, 40))
    first = [genome[place : place + 200] for place in places]
    second = [text[:100] + {"A": "C", "C": "G", "G": "T", "T": "A"}[text[100]] + text[101:] for text in first]
    low, high = (outputs(module, texts) for texts in (first, second))
    pair = (torch.from_numpy(one_hot(texts)) for texts in (first, second))
    found = comparer.effects(*pair, torch.tensor(places))
    torch.testing.assert_close(found.reference_value, low, rtol=1e-12, atol=0)
    torch.testing.assert_close(found.log2_ratio, (high / low).log2(), rtol=1e-9, atol=1e-12)
