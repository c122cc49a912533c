"""Which numbers a model can be asked about, and what they are before their final nonlinearity."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from seqattr.engine.graph.outputs import name_targets, pick_targets
from seqattr.errors import InputError, UnknownName
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Net
from tests.helpers.sequences import LENGTH, one_hot, shuffled
from tests.helpers.zoo import capture

FINALS: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "sigmoid": ("sigmoid", torch.sigmoid),
    "log sigmoid": ("log sigmoid", F.logsigmoid),
    "sigmoid, flattened": ("sigmoid", lambda y: torch.sigmoid(y).unsqueeze(1).flatten(1)),
    "sigmoid of views": ("sigmoid", lambda y: torch.sigmoid(y.unsqueeze(2)).squeeze(-1)),
    "softmax": ("softmax", lambda y: y.softmax(1)),
    "softmax, squeezed": ("softmax", lambda y: y[..., None].softmax(1).squeeze(2)),
    "log softmax": ("log softmax", lambda y: F.log_softmax(y, -1)),
    "nothing": ("", lambda y: y * 1.0),
    "a gate": ("", lambda y: y * torch.sigmoid(y)),
}


@pytest.mark.parametrize("name", FINALS)
def test_a_final_nonlinearity_is_taken_off(name: str) -> None:
    final, function = FINALS[name]
    module, model = capture(lambda m, x: function(m.net(x)))
    assert model.finals == (final,)
    x = one_hot()
    logits = module.net(x).detach()
    if "softmax" in final:
        logits = logits - logits.mean(1, keepdim=True)
    wanted = logits if final else function(logits)
    torch.testing.assert_close(model.predict(x), wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["softmax", "softmax, squeezed", "log softmax"])
def test_contributions_to_classes_sum_to_nothing(name: str) -> None:
    """Subtracting the mean over the classes is linear, so it is the logits' contributions less their mean."""
    _, model = capture(lambda m, x: FINALS[name][1](m.net(x)))
    _, logits = capture(lambda m, x: m.net(x))
    x = one_hot()
    got, raw = (attribute(m, x, shuffled(x), method="deeplift-rescale") for m in (model, logits))
    torch.testing.assert_close(got.contributions.sum(0), torch.zeros(3, LENGTH).double(), rtol=0, atol=1e-14)
    wanted = raw.contributions - raw.contributions.mean(0)
    torch.testing.assert_close(got.contributions, wanted, rtol=0, atol=1e-14)


def test_one_class_of_a_softmax() -> None:
    module, model = capture(lambda m, x: m.net(x).softmax(1)[:, 1])
    x = one_hot()
    logits = module.net(x).detach()
    assert model.finals == ("softmax",)
    torch.testing.assert_close(model.predict(x)[:, 0], logits[:, 1] - logits.mean(1), rtol=1e-12, atol=1e-14)


def test_each_output_has_its_own_final() -> None:
    def several(m: Net, x: Tensor) -> tuple[Tensor, ...]:
        y = m.net(x)
        return torch.sigmoid(y[:, :1]), y[:, 1], y[:, 1:].softmax(1)

    _, model = capture(several)
    assert model.finals == ("sigmoid", "", "softmax")
    assert model.shapes == ((1,), (), (2,))
    names = ["output0_target0", "output1_target0", "output2_target0", "output2_target1"]
    assert [target.name for target in model.targets] == names


def test_a_sigmoid_that_is_read_again_stays() -> None:
    def both(m: Net, x: Tensor) -> tuple[Tensor, Tensor]:
        p = torch.sigmoid(m.net(x))
        return p, p[:, :1] * p[:, 1:]

    module, model = capture(both)
    x = one_hot()
    assert model.finals == ("sigmoid", "")
    y = module.net(x).detach()
    wanted = torch.cat([y, torch.sigmoid(y)[:, :1] * torch.sigmoid(y)[:, 1:]], 1)
    torch.testing.assert_close(model.predict(x), wanted, rtol=1e-12, atol=0)


def test_numbers_beside_the_outputs_are_let_be() -> None:
    _, model = capture(lambda m, x: {"logits": m.net(x), "bins": 3})
    assert [target.name for target in model.targets] == [f"logits_target{i}" for i in range(3)]


HEADS: dict[str, Callable[[Tensor], Tensor]] = {
    "concatenated": lambda y: torch.cat([y[:, :2].softmax(1), (y[:, 2:] - 12).sigmoid()], 1),
    "stacked": lambda y: torch.stack([y.softmax(1), (y - 12).sigmoid()], 1),
    "stacked one by one": lambda y: torch.stack([y[:, i].sigmoid() for i in range(3)], 1).flatten(1),
    "some": lambda y: torch.cat([y[:, :1] * 1.0, y[:, 1:].sigmoid()], 1),
}
BEFORE: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "concatenated": ("softmax and sigmoid", lambda y: torch.cat([centred(y[:, :2]), y[:, 2:] - 12], 1)),
    "stacked": ("softmax and sigmoid", lambda y: torch.stack([centred(y), y - 12], 1).flatten(1)),
    "stacked one by one": ("sigmoid", lambda y: y),
    "some": ("sigmoid of some", lambda y: y),
}


def centred(y: Tensor) -> Tensor:
    return y - y.mean(1, keepdim=True)


@pytest.mark.parametrize("name", HEADS)
def test_heads_with_their_own_finals_are_explained_before_them(name: str) -> None:
    """A saturated sigmoid has next to no slope, also where it is joined to another head."""
    final, before = BEFORE[name]
    module, model = capture(lambda m, x: HEADS[name](m.net(x)))
    assert model.finals == (final,)
    torch.testing.assert_close(
        model.predict(one_hot()), before(module.net(one_hot())).detach(), rtol=1e-10, atol=1e-12
    )
    assert attribute(model, one_hot(), shuffled(one_hot())).additivity_error.max() <= 1e-9


def test_targets_by_name_and_by_number() -> None:
    _, model = capture(lambda m, x: m.net(x), targets=["CTCF", "GATA1", "2"])
    assert [target.index for target in model.pick(["GATA1", 0])] == [1, 0]
    assert [target.index for target in model.pick(["1", "2", 2])] == [1, 2, 2]
    assert model.pick(None) == model.targets
    with pytest.raises(UnknownName, match="unknown target 'TAL1'; there is: CTCF, GATA1, 2"):
        model.pick(["TAL1"])
    with pytest.raises(UnknownName, match="unknown target '3'"):
        attribute(model, one_hot(), targets=[3])


def test_many_targets_are_not_all_listed() -> None:
    _, model = capture(lambda m, x: m.net(x), outputs=40)
    with pytest.raises(UnknownName, match=r"target7, \.\.\. and 32 more$"):
        model.pick(["x"])


def test_target_names_have_to_be_as_many_as_outputs() -> None:
    with pytest.raises(InputError, match="the model has 3 targets, but 2 names were given"):
        capture(lambda m, x: m.net(x), targets=["a", "b"])


def test_one_target_may_be_named_alone_and_none_at_all_is_said() -> None:
    targets = name_targets([3], ["a", "b", "target0"])
    assert pick_targets(targets, "target0") == targets[2:]
    assert pick_targets(targets, 1) == targets[1:2]
    with pytest.raises(InputError, match="no target was named; None takes all of them"):
        pick_targets(targets, [])


@pytest.mark.parametrize("name", ["a\0b", "a\udcff"])
def test_a_name_that_no_file_can_hold_is_refused(name):
    with pytest.raises(ValueError, match="is no text that a file can hold; give it another name"):
        name_targets([2], ["a", name])
