"""What a model forgets and what it keeps; its layers; how it was born."""

import pytest
import torch
from torch import nn

from seqattr.engine.capture.model import Model
from seqattr.errors import InputError
from seqattr.evaluate.randomisation import layers_of, randomised, reborn
from seqattr.models.zoo import build
from tests.helpers.pieces import recurrent


class Shared(nn.Module):
    """A normed convolution with slopes, and one dense layer that is used twice, with an added bias."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv1d(4, 6, 5), nn.BatchNorm1d(6)
        self.slopes = nn.PReLU(6)
        self.dense, self.bias = nn.Linear(6, 6, bias=False), nn.Parameter(torch.randn(6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.slopes(self.norm(self.conv(x))).mean(2)
        return self.dense(torch.relu(self.dense(h) + self.bias))


@pytest.fixture(scope="module")
def model() -> Model:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        shared = Shared().eval()
        nn.init.normal_(shared.slopes.weight)
        return Model(shared, torch.zeros(2, 4, 12))


@pytest.fixture(scope="module")
def plain() -> Model:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        return Model(build("tal-gata", 24, 2, filters=3, dense=4).eval(), torch.zeros(2, 4, 24))


def changed(one: Model, other: Model) -> set[str]:
    return {
        name
        for name, tensor in one.graph.tensors.items()
        if not torch.equal(tensor, other.graph.tensors[name])
    }


def test_every_number_that_a_model_learned_is_in_one_layer(model):
    layers = layers_of(model)
    names = [name for layer in layers for name in layer.tensors]
    assert len(layers) == 2
    assert len(names) == len(set(names))
    assert set(names) == {
        name for name, t in model.graph.tensors.items() if t.is_floating_point() and t.numel() > 1
    }
    shapes = [{tuple(model.graph.tensors[name].shape) for name in layer.tensors} for layer in layers]
    assert shapes == [{(6, 4, 5), (6,)}, {(6, 6), (6,)}]


@pytest.mark.slow
def test_a_recurrent_layer_is_two_by_which_it_reads_its_input_and_its_state():
    net = recurrent(nn.LSTM(6, 5, batch_first=True), 5)
    names = [layer.name for layer in layers_of(Model(net.eval(), torch.zeros(2, 4, 20)))]
    assert len(names) == 5  # behind a convolution, before two dense layers


def test_a_layer_forgets_and_the_others_do_not(model):
    before = {name: tensor.clone() for name, tensor in model.graph.tensors.items()}
    for layer in layers_of(model):
        other = randomised(model, [layer], 1)
        assert changed(model, other) == set(layer.tensors)
        for name in layer.tensors:
            old, new = model.graph.tensors[name], other.graph.tensors[name]
            assert torch.equal(old.flatten().sort().values, new.flatten().sort().values)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.graph.tensors.items())
    assert other.targets == model.targets


def test_seeds_are_told_apart_and_a_cascade_keeps_what_it_has(model):
    layers = layers_of(model)
    one, again, other = (randomised(model, layers, seed) for seed in (1, 1, 2))
    assert not changed(one, again)
    assert changed(one, other) == {name for layer in layers for name in layer.tensors}
    assert changed(one, randomised(model, layers[1:], 1)) == set(layers[0].tensors)


def test_a_layer_is_as_it_was_born_where_that_is_known(plain):
    plain.provenance = {"arch": "tal-gata", "arch_args": '{"filters": 3, "dense": 4}'}
    top = layers_of(plain)[-1]
    other = randomised(plain, [top], 5, born=True)
    assert changed(plain, other) <= set(top.tensors)
    with torch.random.fork_rng([]):
        torch.manual_seed(5)
        module = build("tal-gata", 24, 2, filters=3, dense=4)
    weight, bias = (other.graph.tensors[name] for name in top.tensors)
    assert torch.equal(weight, module.logits[-1].weight)
    assert not bias.any()


@pytest.mark.parametrize(
    ("provenance", "line"),
    [
        ({}, "not known"),
        ({"arch": "basset"}, "basset"),
        (
            {"arch": "tal-gata", "arch_args": '{"filters": 4}'},
            "steps and shapes of the architecture tal-gata",
        ),
    ],
)
def test_what_is_not_known_is_said(provenance, line, plain):
    plain.provenance = provenance
    with pytest.raises(InputError, match=line):
        reborn(plain, 0)
