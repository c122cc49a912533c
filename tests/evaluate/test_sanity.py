"""The cascade against a slow twin, what it hangs on, its judgements and the answers that are known."""

import numpy as np
import pytest
import torch
from torch import nn

from seqattr.data.simulate import TalGata, simulate_tal_gata
from seqattr.data.train import Settings, train
from seqattr.dna.alphabet import one_hot as columns
from seqattr.engine.capture.model import Model
from seqattr.evaluate import sanity
from seqattr.evaluate.bounds import bounds_of
from seqattr.evaluate.judgement import Summaries
from seqattr.evaluate.measured import summarise
from seqattr.evaluate.question import Question
from seqattr.evaluate.randomisation import layers_of, permuted
from seqattr.evaluate.similarity import by_rank
from seqattr.methods.references import references
from seqattr.models.zoo import build
from seqattr.support.progress import silent
from tests.helpers.sequences import one_hot


@pytest.fixture(scope="module")
def question() -> Question:
    """Of a network of two layers in float64."""
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv1d(4, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(5 * 18, 2)).double()
    sequences = one_hot(6, 20).double()
    return Question(Model(net, torch.zeros(2, 4, 20).double()), sequences, seeds=2)


def table(question: Question, method: str) -> dict[tuple, np.ndarray]:
    rows = sanity.measure(question, method, silent)
    return {(row.metric, row.target, row.step, row.at, row.seed): row.values for row in rows}


def slow_gradient(weights: list[torch.Tensor], x: torch.Tensor, target: int) -> np.ndarray:
    """Gradient times input (L) of conv, ReLU, dense."""
    kernel, bias, dense = (weight.numpy() for weight in weights)
    bases, total = x.numpy(), np.zeros(x.shape)
    for unit in range(len(kernel)):
        for place in range(bases.shape[1] - 2):
            if bias[unit] + (kernel[unit] * bases[:, place : place + 3]).sum() > 0:
                total[:, place : place + 3] += dense[target, unit * 18 + place] * kernel[unit]
    return (total * bases).sum(0)


def test_the_cascade_is_that_of_a_slow_twin(question):
    first, last = layers_of(question.model)
    own = question.model.graph.tensors
    kernel, bias = sorted(first.tensors, key=lambda name: -own[name].ndim)
    dense = max(last.tensors, key=lambda name: own[name].ndim)
    steps = {
        last.name: (1.0, {dense}),
        first.name: (2.0, {kernel, bias, dense}),
        f"{last.name} alone": (1.0, {dense}),
        f"{first.name} alone": (2.0, {kernel, bias}),
    }
    found = table(question, "gradient")
    for step, (at, names) in steps.items():
        for seed in (0, 1):
            new = [permuted(own[n], n, seed) if n in names else own[n] for n in (kernel, bias, dense)]
            for target in range(2):
                before, after = (
                    np.array([slow_gradient(weights, x, target) for x in question.sequences])
                    for weights in ([own[kernel], own[bias], own[dense]], new)
                )
                values = found["spearman", question.names[target], step, at, seed]
                np.testing.assert_allclose(values, by_rank(before, after), rtol=0, atol=1e-9)


def test_batches_do_not_matter_and_seeds_do(question):
    whole, parts = (
        table(Question(question.model, question.sequences, seeds=2, batch_size=size), "deeplift")
        for size in (None, 2)
    )
    for key, values in whole.items():
        np.testing.assert_allclose(values, parts[key], rtol=0, atol=1e-12)
    steps = {key[2:4] for key in whole}
    assert len(steps) == 4
    name = question.names[0]
    assert any((whole["pearson", name, *step, 0] != whole["pearson", name, *step, 1]).any() for step in steps)


def test_a_control_stays_as_it_is(question):
    found = table(question, "sequence")
    for metric in ("spearman", "spearman-abs", "pearson", "ssim"):
        assert all(np.allclose(values, 1) for key, values in found.items() if key[0] == metric)
    summaries = Summaries(summarise("sequence", sanity.measure(question, "sequence", silent)))
    assert sanity.judge("sequence", summaries).passes is False
    assert {drawing.name for drawing in sanity.draw(summaries)} == {"sanity", "sanity_alone"}


def test_many_layers_are_randomised_in_blocks_and_the_first_by_itself():
    layers = [sanity.Layer(str(number), ()) for number in range(30)]
    blocks = sanity.blocks_of(layers)
    assert len(blocks) == sanity.BLOCKS
    assert blocks[-1] == layers[:1]
    assert [layer for block in blocks for layer in block] == layers[::-1]
    assert sanity.blocks_of([]) == []


def test_a_mean_that_differs_from_seed_to_seed_is_not_known_well():
    values = np.full(20, 0.5)
    rows = [
        sanity.Measured("spearman", "t", sign * values, "a", 1, seed) for seed, sign in enumerate((1, -1, 1))
    ]
    bounds = bounds_of(summarise("m", rows))
    assert bounds.mean == pytest.approx(1 / 6)
    assert bounds.low == pytest.approx(1 / 6 - 2 / 3)
    assert bounds.high == pytest.approx(1 / 6 + 2 / 3)
    assert not bounds.above(0.1)
    assert not bounds.below(0.2)


def test_a_model_without_weights_is_not_judged():
    assert sanity.judge("gradient", Summaries([])).passes is None


def judged(question: Question, methods: list[str]) -> dict[str, bool | None]:
    rows = [row for name in methods for row in summarise(name, sanity.measure(question, name, silent))]
    return {name: sanity.judge(name, Summaries(rows)).passes for name in methods}


def test_guided_backpropagation_heeds_no_upper_layers_even_of_an_untrained_network():
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        net = build("tal-gata", 100, 3, filters=30, dense=30).eval()
    sequences = one_hot(12, 100)
    question = Question(Model(net, sequences[:2]), sequences, references("shuffle:2", sequences, 0))
    assert judged(question, ["guided-backprop", "gradient"]) == {"guided-backprop": False, "gradient": True}


@pytest.mark.slow
@pytest.mark.parametrize("born", [False, True])
def test_guided_backpropagation_fails_and_others_pass(born):
    """As published: Adebayo et al. 2018, figures 2 and 4."""
    simulation = simulate_tal_gata(TalGata(count=2000), seed=0)
    trained = train(simulation, Settings(epochs=15))
    sequences = torch.from_numpy(columns(simulation.codes[simulation.indices("test")][:40])).float()
    model = Model(trained.module, sequences[:2])
    model.provenance = {"arch": "tal-gata"}
    methods = ["guided-backprop", "gradient", "integrated-gradients-10", "deeplift", "gc-content"]
    asked = references("shuffle:5", sequences, 0)
    question = Question(
        model, sequences, asked, seeds=10, born=born
    )  # the more, the surer of what three leave open
    rows = [row for name in methods for row in summarise(name, sanity.measure(question, name, silent))]
    passes = {name: sanity.judge(name, Summaries(rows)).passes for name in methods}
    ignoring = ("guided-backprop", "gc-content")
    assert passes == {name: name not in ignoring for name in methods}
