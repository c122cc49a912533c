"""Recurrent layers: one step that walks through time equals the graph with every time step written out."""

import functools
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch._decomp import decomposition_table

from seqattr.engine.capture import export as capture
from seqattr.engine.capture.model import Model
from seqattr.engine.edits.receptive import multiplications
from seqattr.engine.graph.recurrent import over_time
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.lowering import LAYERS
from seqattr.engine.rules.deeplift import RESCALE
from seqattr.engine.walk.forward import side_values
from seqattr.engine.walk.memory import LEAST_PAIRS, LEAST_THROUGH_TIME, bytes_of, rows_at_once
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.session import Session
from seqattr.errors import UnsupportedOp
from seqattr.methods.attribution import Explainer, attribute
from seqattr.methods.registry import METHODS
from seqattr.models.content import content_hash
from seqattr.models.load import Foreign, load_model
from seqattr.models.native import save_model
from tests.helpers.kinds_of_method import ONE_OF_EACH
from tests.helpers.pieces import Net
from tests.helpers.sequences import one_hot, shuffled

LENGTH, N, R = 16, 2, 3
TIMES = LENGTH // 4
TOLERANCE = 1e-12  # beside the largest contribution


def embedded(m: Net, x: Tensor) -> Tensor:
    """(N, times, 6)"""
    return torch.relu(m.conv(x)).transpose(1, 2)


def batch_first(m: Net, x: Tensor) -> Tensor:
    return m.dense(torch.relu(m.first(m.layer(embedded(m, x))[0].flatten(1))))


def time_first(m: Net, x: Tensor) -> Tensor:
    return m.dense(torch.relu(m.first(m.layer(embedded(m, x).transpose(0, 1))[0].transpose(0, 1).flatten(1))))


def rectified(m: Net, x: Tensor) -> Tensor:
    """A nonlinearity right after the layer, so that RevealCancel asks for its difference in parts."""
    return m.dense(torch.relu(m.layer(embedded(m, x))[0] + 0.05).mean(1))


def last_state(m: Net, x: Tensor) -> Tensor:
    _, state = m.layer(embedded(m, x))
    h = state[0] if isinstance(state, tuple) else state
    return m.dense(torch.relu(h + 0.05).transpose(0, 1).flatten(1))


def last_cell(m: Net, x: Tensor) -> Tensor:
    _, (h, c) = m.layer(embedded(m, x))
    return m.dense(torch.relu(torch.cat([h, c], -1)).transpose(0, 1).flatten(1))


def started(m: Net, x: Tensor) -> Tensor:
    """The first hidden state is the bases' own, the first cell state a constant."""
    h = m.start(x.mean(2))[None]
    return m.dense(m.layer(embedded(m, x), (h, m.cell.expand(1, x.shape[0], -1).contiguous()))[0][:, -1])


def decoded(m: Net, x: Tensor) -> Tensor:
    """A layer that reads constants, and has only its first state from the bases."""
    h = m.start(x.mean(2))[None]
    return m.dense(torch.relu(m.layer(m.inputs.expand(x.shape[0], -1, -1), h)[0] + 0.05).mean(1))


def from_constants(m: Net, x: Tensor) -> Tensor:
    state = m.cell.expand(1, x.shape[0], -1).contiguous()
    return m.dense(m.layer(embedded(m, x), (state, state))[0].mean(1))


def on_bases(m: Net, x: Tensor) -> Tensor:
    return m.dense(m.layer(x.transpose(1, 2)[:, ::4])[0].mean(1))


def merged(m: Net, x: Tensor) -> Tensor:
    """The halves of each sequence as sequences of their own: the batch is merged with something else."""
    halves = x.unflatten(2, (2, -1)).transpose(1, 2).flatten(0, 1)
    return m.dense(m.layer(embedded(m, halves))[0].mean(1).unflatten(0, (-1, 2)).mean(1))


def net(function: Callable[[Net, Tensor], Tensor], layer: nn.Module, width: int, **parts: object) -> Net:
    return Net(function, conv=nn.Conv1d(4, 6, 4, stride=4), layer=layer, dense=nn.Linear(width, 2), **parts)


def flattened(function: Callable[[Net, Tensor], Tensor], layer: nn.Module, width: int) -> Net:
    return net(function, layer, 7, first=nn.Linear(TIMES * width, 7))


def lstm(**options: object) -> nn.LSTM:
    return nn.LSTM(6, 3, **{"batch_first": True, **options})


NETS: dict[str, Callable[[], Net]] = {
    "lstm": lambda: flattened(batch_first, lstm(), 3),
    "lstm, both directions": lambda: flattened(batch_first, lstm(bidirectional=True), 6),
    "lstm, two layers, both directions": lambda: net(rectified, lstm(num_layers=2, bidirectional=True), 6),
    "lstm, time first": lambda: flattened(time_first, lstm(batch_first=False), 3),
    "lstm, no biases": lambda: flattened(batch_first, lstm(bias=False), 3),
    "lstm, projections": lambda: net(rectified, lstm(proj_size=2), 2),
    "lstm, rectified": lambda: net(rectified, lstm(), 3),
    "lstm, rectified both ways": lambda: net(rectified, lstm(bidirectional=True), 6),
    "lstm, last state": lambda: net(last_state, lstm(bidirectional=True), 6),
    "lstm, last cell": lambda: net(last_cell, lstm(), 6),
    "lstm, started by the bases": lambda: net(
        started, lstm(), 3, start=nn.Linear(4, 3), cell=torch.randn(1, 1, 3)
    ),
    "lstm, from constants": lambda: net(from_constants, lstm(), 3, cell=torch.randn(1, 1, 3)),
    "lstm on the bases": lambda: net(on_bases, nn.LSTM(4, 3, batch_first=True), 3),
    "lstm, batch merged": lambda: net(merged, lstm(), 3),
    "gru": lambda: flattened(batch_first, nn.GRU(6, 3, batch_first=True), 3),
    "gru, both directions, two layers": lambda: net(
        rectified, nn.GRU(6, 3, 2, batch_first=True, bidirectional=True), 6
    ),
    "gru, rectified": lambda: net(rectified, nn.GRU(6, 3, batch_first=True), 3),
    "gru, last state": lambda: net(last_state, nn.GRU(6, 3, batch_first=True), 3),
    "rnn tanh, from nothing but the bases": lambda: net(
        decoded, nn.RNN(6, 3, batch_first=True), 3, inputs=torch.randn(1, TIMES, 6), start=nn.Linear(4, 3)
    ),
    "gru, from nothing but the bases": lambda: net(
        decoded, nn.GRU(6, 3, batch_first=True), 3, inputs=torch.randn(1, TIMES, 6), start=nn.Linear(4, 3)
    ),
    "rnn tanh": lambda: net(rectified, nn.RNN(6, 3, batch_first=True), 3),
    "rnn tanh, both directions": lambda: flattened(
        batch_first, nn.RNN(6, 3, batch_first=True, bidirectional=True), 6
    ),
    "rnn relu": lambda: net(rectified, nn.RNN(6, 3, nonlinearity="relu", batch_first=True), 3),
    "rnn relu, no biases": lambda: flattened(
        batch_first, nn.RNN(6, 3, nonlinearity="relu", batch_first=True, bias=False), 3
    ),
}


def module_of(name: str) -> nn.Module:
    torch.manual_seed(zlib.crc32(name.encode()))
    module = NETS[name]().double().eval()
    for parameter in module.layer.parameters():
        nn.init.normal_(parameter, std=0.7)
    return module


def captured(module: nn.Module) -> Model:
    return Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


@functools.cache
def through_time(name: str) -> Model:
    return captured(module_of(name))


@functools.cache
def unrolled(name: str) -> Model:
    """Every time step written out, by torch's own decomposition."""
    table = capture.decompositions() | {op: decomposition_table[op] for op in LAYERS.values()}
    by_name = [getattr(torch, layer) for layer in LAYERS]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(capture, "decompositions", lambda: table)
        for function in (*by_name, *LAYERS.values()):
            patched.delitem(capture.REWRITES, function)
        return captured(module_of(name))


def walking(model: Model) -> int:
    """How many steps walk through time."""
    return list(model.kinds().values()).count(Kind.RECURRENT)


# --- the same as written out ----------------------------------------------------------------------

# Of steps with learned patterns there are others: one pattern for each time step is none of the layer.
METHODS_OF_THE_GRAPH = [
    name
    for name in ONE_OF_EACH
    if METHODS[name].family != "perturbation" and not METHODS[name].needs_patterns
]
DEFAULT = ["deeplift-rescale", "deeplift", "deeplift-revealcancel", "gradient"]


def assert_equal_to_unrolled(name: str, methods: list[str]) -> None:
    x = one_hot(N, LENGTH)
    references = shuffled(x, R)
    for method in methods:
        got, wanted = (
            attribute(model, x, references, method=method) for model in (through_time(name), unrolled(name))
        )
        for field in ("contributions", "hypothetical", "difference"):
            a, b = getattr(got, field), getattr(wanted, field)
            if b is not None:
                assert (a - b).abs().max() <= TOLERANCE * b.abs().max(), (method, field)


QUICK = ["lstm, both directions", "lstm, from constants", "gru, rectified", "rnn tanh"]
QUICK += ["rnn tanh, from nothing but the bases"]
EVERY_METHOD = ["lstm, both directions", "gru, rectified"]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in NETS]
)
def test_contributions_equal_those_of_the_unrolled_graph(name: str) -> None:
    assert_equal_to_unrolled(name, DEFAULT)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in EVERY_METHOD else pytest.mark.slow) for name in NETS]
)
def test_every_method_says_what_it_says_of_the_unrolled_graph(name: str) -> None:
    assert_equal_to_unrolled(name, [m for m in METHODS_OF_THE_GRAPH if "grad-cam" not in m])


@pytest.mark.parametrize("name", QUICK)
def test_one_step_for_each_layer_and_direction(name: str) -> None:
    layer = module_of(name).layer
    assert walking(through_time(name)) == layer.num_layers * (1 + layer.bidirectional)


@pytest.mark.slow
def test_projections_are_unrolled() -> None:
    assert walking(through_time("lstm, projections")) == 0


@pytest.mark.parametrize("method", DEFAULT[:3])
@pytest.mark.parametrize("name", QUICK)
def test_contributions_sum_to_the_difference(name: str, method: str) -> None:
    x = one_hot(N, LENGTH)
    for references in (shuffled(x, R), one_hot(R, LENGTH, seed=9)):
        result = attribute(through_time(name), x, references, method=method)
        assert result.additivity_error.max() < 1e-11


@pytest.mark.parametrize("method", ["deeplift-revealcancel", "gradient", "lrp-epsilon"])
@pytest.mark.parametrize("name", ["lstm, both directions", "gru, rectified"])
def test_batch_size_does_not_matter(name: str, method: str) -> None:
    x = one_hot(N, LENGTH)
    whole, pieces = (
        attribute(through_time(name), x, shuffled(x, R), method=method, batch_size=size) for size in (100, 2)
    )
    assert torch.allclose(whole.contributions, pieces.contributions, rtol=0, atol=1e-14)


def test_the_gradient_is_torchs_own() -> None:
    name, x = "lstm, both directions", one_hot(N, LENGTH)
    leaf = x.clone().requires_grad_()
    module_of(name)(leaf)[:, 0].sum().backward()
    got = attribute(through_time(name), x, shuffled(x, R), method="gradient", targets=[0])
    assert torch.allclose(got.multipliers[0], leaf.grad, rtol=0, atol=1e-13)


# --- as any other step ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lstm, last cell", "gru, rectified", "rnn relu, no biases"])
def test_model_files_hold_recurrent_layers(name: str, tmp_path: Path) -> None:
    model = through_time(name)
    save_model(tmp_path / "model.pt", model)
    again = load_model(tmp_path / "model.pt")
    x = one_hot(N, LENGTH)
    assert content_hash(again) == content_hash(model)
    assert torch.equal(again.predict(x), model.predict(x))


def test_an_exported_program_holds_them_too(tmp_path: Path) -> None:
    name = "lstm, both directions"
    module, example = module_of(name), torch.zeros(2, 4, LENGTH, dtype=torch.float64)
    program = torch.export.export(module, (example,), dynamic_shapes=({0: torch.export.Dim("batch", min=2)},))
    torch.export.save(program, tmp_path / "model.pt2")
    model = load_model(tmp_path / "model.pt2", trust=True, foreign=Foreign(length=LENGTH))
    assert walking(model) == 2
    assert content_hash(model) == content_hash(through_time(name))


@pytest.mark.parametrize("method", ["ism", "occlusion-5"])
def test_edits_are_run_through_them(method: str) -> None:
    x = one_hot(N, LENGTH)
    for name in ("lstm, both directions", "gru, rectified"):
        got, wanted = (
            attribute(m, x, shuffled(x, R), method=method) for m in (through_time(name), unrolled(name))
        )
        assert torch.allclose(got.contributions, wanted.contributions, rtol=0, atol=1e-13)


def test_a_layer_leaves_the_length_free() -> None:
    model, module = through_time("lstm, rectified"), module_of("lstm, rectified")
    assert model.lengths.longest is None
    x = one_hot(N, 3 * LENGTH)
    assert torch.allclose(model.predict(x), module(x), rtol=0, atol=1e-13)
    assert attribute(model, x, shuffled(x, R)).additivity_error.max() < 1e-11


def test_weights_that_depend_on_the_bases_are_named() -> None:
    def hypernetwork(m: Net, x: Tensor) -> Tensor:
        given, weight = m.conv(x).movedim(2, 0), m.weight * x.mean()
        return torch.ops.seqattr.rnn_tanh(given, weight, None, given[0])[-1]

    with pytest.raises(UnsupportedOp, match="must not depend on the bases"):
        captured(Net(hypernetwork, conv=nn.Conv1d(4, 6, 4, stride=4), weight=torch.randn(6, 6)).double())


SHAPES = [
    ((5, 2, 12), (12, 3)),
    ((5, 2, 12), (9, 3)),
    ((0, 2, 12), (12, 3)),
    ((5, 12), (12, 3)),
    ((5, 2, 12), (12,)),
]


@pytest.mark.parametrize(("given", "weight"), SHAPES[1:])
def test_shapes_that_do_not_fit_are_an_error(given: tuple[int, ...], weight: tuple[int, ...]) -> None:
    states = torch.zeros(2, 3), torch.zeros(2, 3)
    assert over_time("lstm", *map(torch.zeros, SHAPES[0]), None, *states).shape == (5, 2, 6)
    with pytest.raises(ValueError, match="cannot be made of tensors of the shapes"):
        over_time("lstm", torch.zeros(given), torch.zeros(weight), None, *states)


def test_more_pairs_at_once_pay_and_what_is_kept_of_each_time_step_counts() -> None:
    cpu, plan = torch.device("cpu"), Plan(through_time("lstm, rectified").graph, RESCALE)
    row = bytes_of(plan, LENGTH, cpu)
    (step,) = (step for step in plan.graph.steps if plan.kinds[step.name] is Kind.RECURRENT)
    states = side_values(plan, one_hot(1, LENGTH))[step.name]
    assert row.together > 5 * states.numel() * states.element_size()
    assert rows_at_once(row._replace(largest=2**30), cpu) == LEAST_THROUGH_TIME > LEAST_PAIRS


def test_a_time_step_multiplies_as_the_plan_around_it_does() -> None:
    explainer = Explainer(Session(through_time("lstm, rectified"), device="cpu", products="bfloat16x3"))
    explainer.start(one_hot(1, LENGTH), one_hot(1, LENGTH, seed=1)).result()
    inner = explainer.plan.inner.values()
    assert inner
    assert all(plan.products == "bfloat16x3" for plan in inner)


def test_edits_are_worth_the_products_with_the_hidden_state() -> None:
    plan = Plan(through_time("lstm, rectified").graph, RESCALE)
    values = side_values(plan, one_hot(1, LENGTH))
    (step,) = (step for step in plan.graph.steps if plan.kinds[step.name] is Kind.RECURRENT)
    assert multiplications(plan, step, values) == TIMES * 12 * 3


# --- long ones -----------------------------------------------------------------------------------


class DanQ(nn.Module):
    """Convolution, pool, LSTM in both directions, dense layers (Quang & Xie 2016), a tenth as wide."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.conv, self.pool = nn.Conv1d(4, 32, 26), nn.MaxPool1d(13, 13)
        self.lstm = nn.LSTM(32, 32, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Linear((length - 25) // 13 * 64, 93), nn.ReLU(), nn.Linear(93, 3))

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.pool(torch.relu(self.conv(x))).transpose(1, 2)
        return self.head(self.lstm(hidden)[0].flatten(1))


def test_danq_on_1000_bases_is_additive() -> None:
    torch.manual_seed(1)
    model = Model(DanQ(1000).double().eval(), torch.zeros(2, 4, 1000, dtype=torch.float64))
    x = one_hot(1, 1000)
    assert len(model.graph.steps) < 40
    assert attribute(model, x, shuffled(x, 2), targets=[0]).additivity_error.max() < 1e-10


def test_600_time_steps_are_no_more_steps_than_five() -> None:
    torch.manual_seed(1)
    module = net(rectified, lstm(bidirectional=True), 6).double().eval()
    model = Model(module, torch.zeros(2, 4, 2400, dtype=torch.float64))
    assert len(model.graph.steps) == len(through_time("lstm, rectified both ways").graph.steps)
    x = one_hot(1, 2400)
    result = attribute(model, x, shuffled(x, 1), method="deeplift-revealcancel", targets=[0])
    assert result.additivity_error.max() < 1e-10
