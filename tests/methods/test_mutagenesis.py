"""In-silico mutagenesis and occlusion beside plain loops over the edited sequences."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.walk.session import Session
from seqattr.methods.attribution import Explainer, attribute
from tests.helpers import slow_perturbation as slow
from tests.helpers.pieces import Net, conv
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled
from tests.helpers.zoo import captured

MODELS = ["conv1d", "relu, overlapping max pool", "batch merged with positions", "multihead", "bpnet"]
CLOSE = {"rtol": 0, "atol": 1e-12}


def predicting(model: Model) -> slow.Predict:
    return lambda sequence: model.predict(sequence[None])[0]


@pytest.mark.parametrize(
    ("method", "form"), [("ism", slow.less_the_mean), ("ism-any-base", slow.less_the_largest)]
)
@pytest.mark.parametrize("name", MODELS)
def test_mutagenesis_is_what_a_loop_over_all_substitutions_gives(
    name: str, method: str, form: Callable[[Tensor, int], Tensor]
) -> None:
    model, x = captured(name)[1], one_hot(2)
    x[1, :, 5] = 0  # an N has four substitutions, and no base that contributes
    result = attribute(model, x, method=method)
    for n, sequence in enumerate(x):
        table = slow.substitutions(predicting(model), sequence)
        wanted = torch.stack([form(table, base) for base in range(4)], 1)
        torch.testing.assert_close(result.hypothetical[:, n], wanted, **CLOSE)
        torch.testing.assert_close(result.contributions[:, n], (wanted * sequence).sum(1), **CLOSE)


def test_the_mean_form_tells_the_whole_table() -> None:
    """The loss of each substitution is three quarters of the gap between its score and the base's own."""
    model, x = captured("bpnet")[1], one_hot(1)
    found = attribute(model, x, method="ism").hypothetical[:, 0]
    own = (found * x[0]).sum(1, keepdim=True)
    table = slow.substitutions(predicting(model), x[0])
    torch.testing.assert_close((found - own) * 3 / 4, table, **CLOSE)


@pytest.mark.parametrize("width", [1, 5, 20])
@pytest.mark.parametrize("name", MODELS)
def test_occlusion_is_what_a_loop_over_all_windows_gives(name: str, width: int) -> None:
    model, x = captured(name)[1], one_hot(2)
    pools = [shuffled(x, 2), frequency().expand(2, 1, -1, -1), torch.zeros(2, 1, 4, LENGTH).double()]
    references = torch.cat(pools, 1)
    result = attribute(model, x, references, method=f"occlusion-{width}")
    for n, sequence in enumerate(x):
        wanted = slow.occlusion(predicting(model), sequence, references[n], width)
        torch.testing.assert_close(result.contributions[:, n], wanted, **CLOSE)


def test_a_window_wider_than_the_sequence_is_the_sequence() -> None:
    model, x = captured("conv1d")[1], one_hot(1, 12)
    result = attribute(model, x, method="occlusion-20")
    wanted = result.difference[:, :, None].expand(-1, -1, 12)
    torch.testing.assert_close(result.contributions, wanted, **CLOSE)


@pytest.mark.parametrize("method", ["ism", "ism-any-base", "occlusion-1"])
def test_a_base_that_the_model_does_not_read_scores_nothing(method: str) -> None:
    torch.manual_seed(0)
    module = Net(lambda m, x: m.conv(x[..., :10]).relu().sum((1, 2)), conv=conv()).double()
    model = Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    result = attribute(model, one_hot(), method=method)
    assert result.hypothetical[..., 10:].abs().max() <= 1e-14
    assert result.contributions[..., :10].abs().min() > 0


def test_references_in_pieces_are_mutated_once() -> None:
    """More references than go through the model at once: the substitutions are worked out one time."""
    x = one_hot(2)
    explainer = Explainer(Session(captured("conv1d")[1]), "ism")
    explainer.attribute(x, shuffled(x, 6), 2)
    pieces, edits = 3, 3 * LENGTH + 1
    assert explainer.session.rows_forward == len(x) * (pieces + edits + 6)


def test_a_graph_that_allows_no_windows_is_noted() -> None:
    explainer = Explainer(Session(captured("dense")[1]), "ism")
    explainer.attribute(one_hot(2))
    assert [note.split(" brings")[0].split(" at ")[0] for note in explainer.session.notes] == [
        "aten.reshape.default"
    ]
