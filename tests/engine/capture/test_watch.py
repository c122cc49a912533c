"""What is explained is compared with the model itself and with the graph, at next to no cost."""

import pickle
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.capture.watch import PAIRS, PAIRS_ON_GPU, Watch
from seqattr.errors import ModelError
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Net, body
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled

EXAMPLE = torch.zeros(2, 4, LENGTH, dtype=torch.float64)


def hiding(condition: str) -> Net:
    """A net with a step that capture does not see, which no sequence that capture tries comes to."""

    def function(m: Net, x: Tensor) -> Tensor:
        answer = m.net(x)
        if torch.compiler.is_compiling():
            return answer
        happens = {
            "a sequence": (x[:, :, :6] == m.rare).flatten(1).all(1),
            "a reference": (x == 0.26).flatten(1).any(1),
        }[condition]
        return answer + happens[:, None].to(x)

    torch.manual_seed(0)
    net = Net(function, net=body())
    net.register_buffer("rare", one_hot(1, seed=77)[0, :, :6])
    return net.double().eval()


def test_a_sequence_to_which_the_graph_answers_otherwise_is_refused() -> None:
    model = Model(hiding("a sequence"), EXAMPLE)
    x = one_hot()
    attribute(model, x, shuffled(x))
    model = Model(hiding("a sequence"), EXAMPLE)
    x[0, :, :6] = one_hot(1, seed=77)[0, :, :6]
    with pytest.raises(ModelError, match=r"differently from the model itself \(by 1 .* on what is explained"):
        attribute(model, x, shuffled(x))


def test_a_reference_of_a_new_sort_is_looked_at_as_well() -> None:
    model = Model(hiding("a reference"), EXAMPLE)
    x = one_hot()
    for references in (None, shuffled(x), frequency()):
        attribute(model, x, references)
    other = torch.tensor([0.26, 0.24, 0.24, 0.26], dtype=torch.float64)[None, :, None].expand(1, 4, LENGTH)
    model = Model(hiding("a reference"), EXAMPLE)
    with pytest.raises(ModelError, match="on what is explained"):
        attribute(model, x, other)


def test_a_graph_that_was_changed_is_seen_by_its_own_forward() -> None:
    """As the quicker forms of convolutions could, the walk answers otherwise than the plain graph."""
    from seqattr.engine.walk.session import Session
    from seqattr.methods.attribution import Explainer

    model, x = Model(hiding("a sequence"), EXAMPLE), one_hot()
    explainer = Explainer(Session(model), "deeplift-rescale")
    bias = next(name for name, t in explainer.session.graph.tensors.items() if t.shape == (2,))
    tensors = dict(explainer.session.graph.tensors) | {bias: explainer.session.graph.tensors[bias] + 0.5}
    explainer.session.graph = replace(explainer.session.graph, tensors=tensors)
    with pytest.raises(ModelError, match=r"outputs explained differ from the graph's own \(by 0.5"):
        explainer.attribute(x, shuffled(x))


def test_looking_costs_a_hundredth() -> None:
    module, calls = hiding("a sequence"), []
    model = Model(module, EXAMPLE)
    module.register_forward_hook(lambda *_: calls.append(1))
    x = one_hot(8)
    for _ in range(100):
        attribute(model, x, shuffled(x, 3), method="deeplift-rescale")
    assert 1 <= len(calls) <= 1 + 100 * 8 * 3 / PAIRS + 1


def test_where_explaining_is_quick_looking_is_rare() -> None:
    watch, (x, y) = Watch(), one_hot(2)
    assert [watch.is_due(x, y, PAIRS, PAIRS_ON_GPU) for _ in range(3)] == [True, False, False]
    assert watch.is_due(x, y, PAIRS_ON_GPU, PAIRS_ON_GPU)
    assert watch.is_due(x, y, 0)  # on a CPU long due


def test_a_model_that_is_trained_on_is_no_longer_compared() -> None:
    """The graph is of the weights that it was captured with, and stays so."""
    module = hiding("a sequence")
    model, x = Model(module, EXAMPLE), one_hot()
    before = attribute(model, x)
    with torch.no_grad():
        next(module.parameters()).mul_(2)
    model.watch.sorts.clear()
    assert torch.equal(attribute(model, x).contributions, before.contributions)


def test_a_model_goes_to_another_process_without_its_module() -> None:
    model = Model(hiding("a sequence"), EXAMPLE)
    other = pickle.loads(pickle.dumps(model))
    assert torch.equal(attribute(other, one_hot()).contributions, attribute(model, one_hot()).contributions)
