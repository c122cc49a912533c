"""How a model wants its input is found where one layout fits; where none does, what would is said."""

import re

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.fitting import find_form, layouts_that_run
from seqattr.engine.capture.input_form import InputForm
from seqattr.engine.capture.input_layouts import INPUT_LAYOUTS, batch_first, example_shape
from seqattr.engine.capture.input_lengths import lengths_that_run
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError, ModelError
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Net, body
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled

FOUR = [layout for layout in INPUT_LAYOUTS if "4" in layout]
# a few of each sort are captured; of the others it is found that they fit
CAPTURED = ("N4L", "NL4", "N41L", "N14L", "NL41", "N1L4", "LN4", "4N1L")


def test_every_order_is_there_with_a_one_anywhere() -> None:
    assert len(set(INPUT_LAYOUTS)) == len(INPUT_LAYOUTS) == 6 + 24 + 2 + 6
    assert {"".join(sorted(layout.replace("1", ""))) for layout in INPUT_LAYOUTS} == {"4LN", "5LN"}
    first = [batch_first(layout) for layout in FOUR]
    assert first == sorted(first, reverse=True)


def wanting(layout: str) -> Net:
    """A net that takes this layout alone."""

    def function(m: Net, x: Tensor) -> Tensor:
        sizes = zip(layout, x.shape, example_shape(layout, LENGTH), strict=True)
        assert all(letter == "N" or size == wanted for letter, size, wanted in sizes), "another layout"
        dims = layout.replace("1", "")
        return m.net(
            x.squeeze(layout.find("1") if "1" in layout else 0).permute([dims.index(d) for d in "N4L"])
        )

    torch.manual_seed(0)
    return Net(function, net=body()).double().eval()


@pytest.mark.parametrize("layout", CAPTURED)
def test_an_example_tells_the_layout(layout: str) -> None:
    module = wanting(layout)
    model = Model(module, torch.zeros(example_shape(layout, LENGTH), dtype=torch.float64))
    x = one_hot()
    torch.testing.assert_close(model.predict(x), module.net(x).detach(), rtol=1e-12, atol=0)


@pytest.mark.parametrize("layout", FOUR)
def test_the_one_layout_that_runs_is_found(layout: str) -> None:
    module = wanting(layout)
    assert layouts_that_run(module, InputForm(), LENGTH) == [layout]
    assert find_form(module, InputForm(), LENGTH).layout == layout


def test_a_layout_in_which_sequences_are_mixed_is_none() -> None:
    """Where the batch is second, the first dimension may be taken for it, as by this LSTM."""
    torch.manual_seed(0)
    module = Net(lambda m, x: m.line(m.lstm(x)[0][-1]), lstm=nn.LSTM(4, 5), line=nn.Linear(5, 2)).eval()
    assert layouts_that_run(module, InputForm(), LENGTH) == ["LN4"]
    module = Net(
        lambda m, x: m.line(m.lstm(x)[0]).mean((0, 1)), lstm=nn.LSTM(4, 5), line=nn.Linear(5, 2)
    ).eval()
    assert layouts_that_run(module, InputForm(), LENGTH) == []


@pytest.mark.parametrize("layout", ["NL4", "N14L", "LN4"])
def test_a_wrong_layout_names_the_one_that_fits(layout: str) -> None:
    with pytest.raises(ModelError, match=f"another layout.*; it runs in the layout {layout}$"):
        Model(wanting(layout), torch.zeros(2, 4, LENGTH))
    other = "N41L" if "1" not in layout else "NL4"
    with pytest.raises(InputError, match=f"layout {other}, but .*; it fits the layout {layout}$"):
        Model(wanting(layout), torch.zeros(example_shape(layout, LENGTH)), layout=other)


@pytest.mark.parametrize("channels", ["ACGT", "NTGCA", "TGCA"])
@pytest.mark.parametrize("layout", ["N5L", "NL5"])
def test_a_fifth_channel_is_for_unknown_bases(layout: str, channels: str) -> None:
    torch.manual_seed(0)
    conv = nn.Conv1d(5, 6, 5)
    net = nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 2)).double()
    module = Net(lambda m, x: m.net(x if layout == "N5L" else x.transpose(1, 2)), net=net).eval()
    example = torch.zeros(example_shape(layout, LENGTH), dtype=torch.float64)
    model = Model(module, example, layout=layout, channels=channels)
    x = one_hot()
    x[:, :, 3:7] = 0
    order = ["ACGTN".index(letter) for letter in (channels + "N")[:5]]
    wide = torch.cat([x, (x.sum(1, keepdim=True) == 0).double()], 1)[:, order]
    torch.testing.assert_close(model.predict(x), net(wide).detach(), rtol=1e-12, atol=0)
    for references in (shuffled(x), frequency(), None):
        assert attribute(model, x, references).additivity_error.max() <= 1e-9


def dense(length: int) -> nn.Module:
    """A net of one length, or of a few: the pool drops what is left over."""
    positions = (length - 4) // 4
    return nn.Sequential(
        nn.Conv1d(4, 6, 5),
        nn.BatchNorm1d(6),
        nn.ReLU(),
        nn.MaxPool1d(4),
        nn.Flatten(),
        nn.Linear(6 * positions, 2),
    ).eval()


@pytest.mark.parametrize("given", [3, 30, 500, 1004])
def test_a_wrong_length_names_those_that_run(given: int) -> None:
    module = dense(1000)
    assert [lengths_that_run(module, given)] == [(1000, 1003)]
    with pytest.raises(ModelError) as caught:
        Model(module, torch.zeros(2, 4, given))
    assert re.search("; it runs on sequences of 1000 bp to 1003 bp$", str(caught.value)), str(caught.value)
    Model(module, torch.zeros(2, 4, 1000))


def test_a_failure_of_another_kind_is_said_as_it_is() -> None:
    def function(m: Net, x: Tensor) -> Tensor:
        raise ValueError("no licence")

    with pytest.raises(ModelError, match=r"on an input of shape \(3, 4, 24\): no licence$"):
        Model(Net(function, net=body()), torch.zeros(2, 4, LENGTH))
