"""Edited sequences, forward by what each edit can reach: the same as forward one by one, and less work."""

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.engine.edits.edits import Editor, Edits
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.forward import flat, side_values
from seqattr.engine.walk.plan import Plan
from tests.helpers.pieces import BPNet, Head, conv
from tests.helpers.sequences import one_hot
from tests.helpers.zoo import ZOO, captured


def every_edit(sequence: Tensor, width: int) -> Edits:
    """Each base, `width` times, from each position on."""
    starts = torch.arange(sequence.shape[1] - width + 1)
    columns = torch.eye(4, dtype=sequence.dtype)[:, :, None].expand(-1, -1, width)
    return Edits(starts.repeat_interleave(4), columns.repeat(len(starts), 1, 1))


def edited(sequence: Tensor, edits: Edits) -> Tensor:
    """The edits written out, one by one."""
    rows = sequence.repeat(len(edits.starts), 1, 1)
    for row, place, columns in zip(rows, edits.starts.tolist(), edits.columns, strict=True):
        row[:, place : place + columns.shape[1]] = columns
    return rows


def answers(model: Model, sequence: Tensor, edits: Edits, whole: bool = False) -> tuple[Editor, list[Tensor]]:
    """The editor's; rows at a time that no sequence's number of edits is a multiple of."""
    plan = Plan(model.graph.to("cpu", sequence.dtype), GRADIENT)
    with torch.no_grad():
        editor = Editor(plan, sequence, edits.columns.shape[2], whole)
        found = editor.answers(editor.original(sequence), edits, 7)
    return editor, [found[name] for name in model.graph.outputs]


def naive(model: Model, sequence: Tensor, edits: Edits) -> list[Tensor]:
    plan = Plan(model.graph.to("cpu", sequence.dtype), GRADIENT)
    with torch.no_grad():
        values = side_values(plan, edited(sequence, edits))
    return [flat(values[name]) for name in model.graph.outputs]


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("name", ZOO)
def test_edits_answer_as_the_whole_model_does(name: str, width: int) -> None:
    """In float64 to the order of a few sums; at both ends of the sequence too."""
    model, sequence = captured(name)[1], one_hot(1)[0]
    edits = every_edit(sequence, width)
    for got, wanted in zip(answers(model, sequence, edits)[1], naive(model, sequence, edits), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-12, atol=1e-12 * float(wanted.abs().max()))


@pytest.mark.parametrize("name", ZOO)
def test_edits_of_several_sequences_answer_as_the_whole_model_does(name: str) -> None:
    """Rows in no order of theirs; at places of their own, and all at one, where nothing is gathered."""
    model, sequences = captured(name)[1], one_hot(3)
    scattered = every_edit(sequences[0], 3)
    order = torch.arange(len(scattered.starts)) * 7 % 3
    middle = torch.full_like(scattered.starts, sequences.shape[2] // 2)
    for starts in (scattered.starts, middle, torch.zeros_like(middle)):
        edits = Edits(starts, scattered.columns, order)
        plan = Plan(model.graph.to("cpu", torch.float64), GRADIENT)
        with torch.no_grad():
            editor = Editor(plan, sequences[1], 3)
            found = editor.answers(editor.original(sequences), edits, 7)
        singles = zip(order, edits.starts, edits.columns, strict=True)
        written = [edited(sequences[row], Edits(s[None], c[None])) for row, s, c in singles]
        with torch.no_grad():
            values = side_values(plan, torch.cat(written))
        for output in model.graph.outputs:
            wanted = flat(values[output])
            atol = 1e-12 * float(wanted.abs().max())
            torch.testing.assert_close(found[output], wanted, rtol=1e-12, atol=atol)


def test_in_single_precision_they_differ_by_rounding() -> None:
    model, sequence = captured("bpnet")[1], one_hot(1, 200)[0].float()
    edits = every_edit(sequence, 1)
    for got, wanted in zip(answers(model, sequence, edits)[1], naive(model, sequence, edits), strict=True):
        torch.testing.assert_close(got, wanted, rtol=0, atol=2e-6 * float(wanted.abs().max()))


def long(*layers: nn.Module, length: int = 200) -> tuple[Model, Tensor]:
    torch.manual_seed(0)
    module = nn.Sequential(*layers).double()
    return Model(module, torch.zeros(2, 4, length, dtype=torch.float64)), one_hot(1, length)[0]


def test_a_window_is_as_wide_as_the_receptive_field() -> None:
    pools = nn.MaxPool1d(4), conv(6, 3, 6, dilation=2, padding=2)
    model, sequence = long(conv(k=7, padding=3), nn.ReLU(), *pools, Head(6))
    editor, _ = answers(model, sequence, every_edit(sequence, 1))
    found = {step.op: editor.fields.sizes.get(step.name) for step in model.graph.steps[:2]}
    assert found == {"aten.conv1d.default": 7, "aten.relu.default": 7}
    # seven positions lie in at most three windows of four; three taps two apart, either side
    last = [step.name for step in model.graph.steps if step.op == "aten.conv1d.default"][-1]
    assert editor.fields.sizes[last] == 3 + 4
    assert editor.fields.positions[last].length == 50
    assert not editor.whole
    assert editor.note == ""


def test_little_is_left_of_a_dilated_network() -> None:
    torch.manual_seed(0)
    model = Model(BPNet().double(), torch.zeros(2, 4, 400, dtype=torch.float64))
    sequence = one_hot(1, 400)[0]
    edits = every_edit(sequence, 1)
    editor, got = answers(model, sequence, edits)
    assert editor.fields.share < 0.06
    for mine, wanted in zip(got, naive(model, sequence, edits), strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-12, atol=1e-12)


def test_a_graph_that_mixes_all_positions_is_run_as_a_whole_and_says_why() -> None:
    model, sequence = long(nn.Flatten(), nn.Linear(800, 5), nn.ReLU(), nn.Linear(5, 1))
    editor, _ = answers(model, sequence, every_edit(sequence, 1))
    assert editor.whole
    assert "brings most positions together, so every edit is run as a whole" in editor.note
    assert editor.note.startswith("aten.reshape.default")


def test_no_edits_have_no_answers() -> None:
    model, sequence = captured("conv1d")[1], one_hot(1)[0]
    none = Edits(torch.zeros(0, dtype=torch.long), torch.zeros(0, 4, 1, dtype=torch.float64))
    assert answers(model, sequence, none)[1][0].shape == (0, 2)
