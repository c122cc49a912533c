"""Patterns equal the slow twin's, and are what the paper says of them; so are the methods that use them."""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.analyses.pattern_sums import Sums, Totals, Values
from seqattr.analyses.patterns import fit_patterns
from seqattr.dna.regions import Region
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.graph import INPUT
from seqattr.engine.walk.forward import passing_values, side_values
from seqattr.engine.walk.plan import Plan
from seqattr.errors import InputError, ModelError, NotFinite
from seqattr.inputs import Window
from seqattr.jobs.patterns import learn_patterns
from seqattr.methods.attribution import attribute
from seqattr.methods.learned_patterns import Patterns
from seqattr.methods.registry import METHODS, with_patterns
from seqattr.models.content import content_hash
from tests.helpers import slow_patterns as slow
from tests.helpers.pieces import Net, conv
from tests.helpers.sequences import LENGTH, one_hot
from tests.helpers.zoo import ZOO, captured

L, N = 14, 60
NETS: dict[str, Callable[[], list[nn.Module]]] = {
    "two convolutions": lambda: [
        nn.Conv1d(4, 5, 4), nn.ReLU(), nn.Conv1d(5, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(27, 5),
        nn.ReLU(), nn.Linear(5, 2),
    ],
    "strided, dilated, averaged": lambda: [
        nn.Conv1d(4, 5, 3, stride=2, dilation=2), nn.ReLU(), nn.AvgPool1d(2), nn.Flatten(), nn.Linear(10, 2)
    ],
    "dense": lambda: [nn.Flatten(), nn.Linear(4 * L, 6), nn.ReLU(), nn.Linear(6, 2)],
    "one dense layer": lambda: [nn.Flatten(), nn.Linear(4 * L, 2)],
    "without a nonlinearity": lambda: [nn.Conv1d(4, 3, 5), nn.Flatten(), nn.Linear(30, 2)],
}  # fmt: skip
COMBINE = {"patternnet": slow.PATTERNNET, "patternattribution": slow.PATTERN_ATTRIBUTION}


def of_model(module: nn.Module, length: int = L) -> Model:
    return Model(module.double(), torch.zeros(2, 4, length, dtype=torch.float64))


@functools.cache
def net(name: str) -> tuple[nn.Sequential, Model]:
    torch.manual_seed(len(name))
    module = nn.Sequential(*NETS[name]()).double()
    return module, of_model(module)


@functools.cache
def fitted(name: str) -> Patterns:
    return fit_patterns(net(name)[1], one_hot(N, L))


def close(got: Tensor, wanted: np.ndarray, rounding: float = 1e-10) -> None:
    """Both are float64 and add in different orders."""
    np.testing.assert_allclose(got.numpy(), wanted, rtol=0, atol=rounding * max(np.abs(wanted).max(), 1e-9))


# --- the twin --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETS)
def test_patterns_equal_the_twins(name: str) -> None:
    wanted = slow.fit(net(name)[0], one_hot(N, L).numpy())
    assert len(fitted(name).steps) == len(wanted)
    for got, pattern in zip(fitted(name).steps, wanted, strict=True):
        close(got.values, pattern)


@pytest.mark.parametrize("method", COMBINE)
@pytest.mark.parametrize("name", NETS)
def test_what_comes_back_equals_the_twins(name: str, method: str) -> None:
    module, model = net(name)
    x = one_hot(2, L, seed=5)
    got = attribute(model, x, method=with_patterns(method, fitted(name)))
    patterns = [each.values.numpy() for each in fitted(name).steps]
    for t, n in np.ndindex(2, 2):
        wanted = slow.back(module, patterns, x[n].numpy(), t, COMBINE[method])
        if method == "patternnet":  # a base has its own signal
            close(got.hypothetical[t, n], wanted)
            close(got.contributions[t, n], (wanted * x[n].numpy()).sum(0))
        else:  # a position has the shares of all four channels
            close(got.contributions[t, n], wanted.sum(0))


def test_every_method_has_a_twin() -> None:
    assert list(COMBINE) == [name for name, method in METHODS.items() if method.needs_patterns]


# --- what the paper says of them ---------------------------------------------------------------------


def vectors(values: Tensor) -> Tensor:
    """Numbers (N, 4 L) where bases would be: the numerics do not mind."""
    return values.unflatten(1, (4, -1))


def test_of_a_linear_model_the_pattern_is_the_direction_of_the_signal() -> None:
    """Section 3: x = s a + e b, of a signal and a distractor that w cancels, so that w itself is no a."""
    random = torch.Generator().manual_seed(0)
    a, c = torch.randn(2, 4 * L, generator=random, dtype=torch.float64)
    b = a + c
    w = torch.linalg.pinv(torch.stack([a, b]))[:, 0]  # w a = 1, w b = 0
    assert float(torch.cosine_similarity(w, a, 0)) < 0.8
    layer = nn.Linear(4 * L, 1).double()
    with torch.no_grad():
        layer.weight.copy_(w[None])
    drawn = torch.randn(500, 2, generator=random, dtype=torch.float64)
    s, e = torch.linalg.qr(drawn - drawn.mean(0))[0].T  # uncorrelated in this sample too
    (found,) = fit_patterns(
        of_model(nn.Sequential(nn.Flatten(), layer)), vectors(s[:, None] * a + 3 * e[:, None] * b)
    ).steps
    close(found.values[0], a.numpy())


@pytest.mark.parametrize("name", NETS)
def test_the_signal_gives_back_the_value(name: str) -> None:
    """w a = 1, of every unit that has a pattern."""
    module, _ = net(name)
    weights = [m.weight.detach() for m in module if isinstance(m, nn.Conv1d | nn.Linear)]
    for weight, step in zip(weights, fitted(name).steps, strict=True):
        products = (weight * step.values).flatten(1).sum(1)
        silent = (step.values == 0).flatten(1).all(1)
        assert int(silent.sum()) == step.silent
        torch.testing.assert_close(products, (~silent).double(), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["one dense layer", "without a nonlinearity"])
def test_without_gates_all_of_the_output_is_shared_out(name: str) -> None:
    got = attribute(net(name)[1], one_hot(4, L), method=with_patterns("patternattribution", fitted(name)))
    torch.testing.assert_close(got.contributions.sum(2).double(), got.prediction, rtol=0, atol=1e-9)


def test_a_bias_only_moves_the_regime() -> None:
    """Where no unit is gated, another bias is the same pattern."""
    module = nn.Sequential(*NETS["without a nonlinearity"]()).double()
    before = fit_patterns(of_model(module), one_hot(N, L)).steps[0].values
    with torch.no_grad():
        module[0].bias += 5
    after = fit_patterns(of_model(module), one_hot(N, L)).steps[0].values
    torch.testing.assert_close(after, before, rtol=0, atol=1e-10)


# --- any graph ---------------------------------------------------------------------------------------


def test_any_batch_size_gives_the_same_patterns() -> None:
    for name in ("conv1d", "transformer", "transposed, grouped, dilated", "bmm with a constant", "bpnet"):
        model = captured(name)[1]
        whole, *others = (fit_patterns(model, one_hot(20), batch_size=size) for size in (None, 1, 7, 20))
        for other in others:
            assert (other.model, other.sequences) == (whole.model, whole.sequences)
            for a, b in zip(other.steps, whole.steps, strict=True):
                assert a._replace(values=b.values) == b
                torch.testing.assert_close(a.values, b.values, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", ZOO)
def test_any_graph_has_patterns_that_give_back_the_value(name: str) -> None:
    _, model = captured(name)
    patterns = fit_patterns(model, one_hot(40, seed=9))
    assert patterns.steps
    for method in COMBINE:
        got = attribute(model, one_hot(2), method=with_patterns(method, patterns))
        assert all(field.isfinite().all() for field in got if isinstance(field, torch.Tensor))
    found = patterns.of(model)
    for step in model.graph.steps:
        if step.name in found and step.op in ("aten.linear.default", "aten.conv1d.default"):
            products = (found[step.name] * model.graph.tensors[step.args[1]]).flatten(1).sum(1)
            assert ((products - 1).abs().minimum(products.abs()) < 1e-6).all()


def window_of(length: int, name: str) -> Window:
    codes = one_hot(1, length)[0].argmax(0).numpy().astype(np.uint8)
    codes = np.roll(codes, sum(map(ord, name)))  # so that none is given twice
    return Window(name, codes, Region(name, 0, length, name), (0, length))


def rows_forward(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows go through the model each time, from now on."""
    rows: list[int] = []

    def counting(run: Callable[..., Any]) -> Callable[..., Any]:
        def counted(plan: Plan, sequences: Tensor) -> Any:
            rows.append(len(sequences))
            return run(plan, sequences)

        return counted

    monkeypatch.setattr("seqattr.analyses.patterns.side_values", counting(side_values))
    monkeypatch.setattr("seqattr.engine.walk.memory.passing_values", counting(passing_values))
    return rows


def test_each_sequence_goes_forward_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the two empty rows by which memory is measured, once for each length."""
    rows = rows_forward(monkeypatch)
    windows = [window_of(20_000 + 10 * (n % 2), f"w{n}") for n in range(6)]
    learn_patterns(captured("conv1d")[1], windows)
    assert sum(rows) == 6 + 2 * 2


@pytest.mark.parametrize("of_sums", [False, True])
def test_when_memory_runs_out_half_as_many_go_at_once(of_sums: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """And none is counted twice, also where some steps had their sums already."""
    model = captured("bpnet")[1]
    wanted = fit_patterns(model, one_hot(21))
    tried: list[int] = []
    after = Sums.after

    def fits(rows: int) -> None:
        tried.append(rows)
        if rows > 6:
            raise torch.OutOfMemoryError

    def forward(plan: Plan, sequences: Tensor) -> Any:
        fits(len(sequences))
        return side_values(plan, sequences)

    def summed(sums: Sums, values: Values, weight: float) -> Totals:
        if sums.layer.step.name == wanted.steps[-1].step:
            fits(len(values[INPUT]))
        return after(sums, values, weight)

    if of_sums:
        monkeypatch.setattr(Sums, "after", summed)
    else:
        monkeypatch.setattr("seqattr.analyses.patterns.side_values", forward)
    seen: list[int] = []
    found = fit_patterns(model, one_hot(21), batch_size=21, progress=lambda done, total: seen.append(done))
    assert tried == [21, 10, 5, 5, 5, 5, 1]
    assert (seen, found.sequences) == ([5, 10, 15, 20, 21], 21)
    for a, b in zip(found.steps, wanted.steps, strict=True):
        assert a.windows == b.windows
        torch.testing.assert_close(a.values, b.values, rtol=1e-8, atol=1e-10)


SPELLED = {
    "relu": lambda m, x: torch.relu(m.conv(x)),
    "clamped": lambda m, x: m.conv(x).clamp(min=0),
    "bias apart": lambda m, x: torch.relu(torch.conv1d(x, m.conv.weight) + m.conv.bias[:, None]),
    "moved about": lambda m, x: torch.relu(
        torch.conv1d(x, m.conv.weight).transpose(1, 2) + m.conv.bias
    ).transpose(1, 2),
    "subtracted from": lambda m, x: torch.relu(m.conv.bias[:, None] - torch.conv1d(x, -m.conv.weight)),
}  # fmt: skip
POOLED = {
    "relu, then max": lambda m, x: torch.max_pool1d(torch.relu(m.conv(x)), 4),
    "max, then relu": lambda m, x: torch.relu(torch.max_pool1d(m.conv(x), 4)),
}


@pytest.mark.parametrize("spellings", [SPELLED, POOLED], ids=["rectified", "pooled"])
def test_spellings_of_one_layer_have_one_pattern(spellings: dict) -> None:
    layer, head = conv(), nn.Linear(6, 1)
    found = {}
    for name, run in spellings.items():
        torch.manual_seed(0)
        module = Net(lambda m, x, run=run: m.head(run(m, x).mean(2)), conv=layer, head=head)
        step = fit_patterns(of_model(module, LENGTH), one_hot(40)).steps[0]
        assert step.estimator == "positive", name
        found[name] = -step.values if name == "subtracted from" else step.values
    first, *others = found.values()
    for other in others:
        torch.testing.assert_close(other, first, rtol=0, atol=1e-10)


def test_a_value_that_something_else_reads_too_is_not_rectified() -> None:
    layers = {"conv": conv(), "head": nn.Linear(6, 1)}
    module = Net(lambda m, x: (lambda h: m.head((torch.relu(h) + h).mean(2)))(m.conv(x)), **layers)
    patterns = fit_patterns(of_model(module, LENGTH), one_hot(9))
    assert [step.estimator for step in patterns.steps] == ["linear", "linear"]


# --- units that say nothing --------------------------------------------------------------------------


def test_a_unit_that_was_never_on_has_a_pattern_of_zero() -> None:
    module = nn.Sequential(*NETS["two convolutions"]()).double()
    with torch.no_grad():
        module[0].bias[2] = -100
        module[2].weight[1] = 0
    patterns = fit_patterns(of_model(module), one_hot(N, L))
    assert patterns.steps[0].values[2].abs().max() == 0
    assert patterns.steps[1].values[1].abs().max() == 0
    assert patterns.steps[0].silent == 1
    for method in COMBINE:
        got = attribute(of_model(module), one_hot(3, L), method=with_patterns(method, patterns))
        assert all(field.isfinite().all() for field in got if isinstance(field, torch.Tensor))


def test_one_sequence_is_too_few_but_finite() -> None:
    """A unit of a dense layer that has one value only varies with nothing."""
    patterns = fit_patterns(net("dense")[1], one_hot(1, L))
    assert patterns.steps[1].silent == 2
    assert all(step.values.isfinite().all() for step in patterns.steps)


def test_patterns_need_what_they_are_learned_from() -> None:
    model = net("dense")[1]
    for sequences, options, line in [
        (one_hot(0, L), {}, "patterns need sequences to learn from, and there is none"),
        (one_hot(3, L)[:, :3], {}, r"sequences must have the shape \(N, 4, L\), not \(3, 3, 14\)"),
        (one_hot(3, L + 1), {}, "sequences of 15 bp do not fit the model, which takes 14 bp"),
        (one_hot(3, L), {"batch_size": 0}, "the batch size must be at least 1, not 0"),
        (one_hot(3, L), {"device": "tpu"}, "unknown device 'tpu'"),
    ]:
        with pytest.raises(InputError, match=line):
            fit_patterns(model, sequences, **options)
    with pytest.raises(ModelError, match="no convolution, dense layer or matrix"):
        fit_patterns(of_model(Net(lambda m, x: torch.relu(x).mean(2))), one_hot(3, L))
    shares = Net(lambda m, x: m.head(x.flatten(1) / x.sum((1, 2))[:, None]), head=nn.Linear(4 * L, 1))
    x = one_hot(5, L)
    x[3] = 0
    with pytest.raises(NotFinite, match="for sequence number 3") as caught:
        fit_patterns(of_model(shares), x, batch_size=2)
    assert caught.value.row == 3


# --- whose they are ----------------------------------------------------------------------------------


def test_the_method_says_what_it_needs() -> None:
    model = net("dense")[1]
    ways = "`seqattr patterns` and give `patterns=FILE`, or with `fit_patterns` and give `with_patterns`"
    with pytest.raises(InputError, match=f"the method 'patternnet' needs patterns: learn them with {ways}"):
        attribute(model, one_hot(2, L), method="patternnet")
    with pytest.raises(InputError, match="'deeplift' uses no patterns; these do: patternnet, patternattr"):
        with_patterns("deeplift", fitted("dense"))
    with pytest.raises(InputError, match="unknown method 'magic'"):
        with_patterns("magic", fitted("dense"))


def test_patterns_of_another_model_are_refused() -> None:
    module = nn.Sequential(*NETS["dense"]()).double()
    other = with_patterns("patternnet", fit_patterns(of_model(module), one_hot(N, L)))
    with pytest.raises(InputError, match="the patterns were learned from another model"):
        attribute(net("dense")[1], one_hot(2, L), method=other)


def test_the_hash_is_of_weights_and_graph() -> None:
    module, model = net("strided, dilated, averaged")
    again = Model(module, torch.zeros(3, 4, L, dtype=torch.float64), targets=["a", "b"])
    assert content_hash(again) == content_hash(model)
    hashes = {content_hash(model)}
    for change in (other_weight, other_stride, other_function, lambda net: net.float()):
        torch.manual_seed(len("strided, dilated, averaged"))
        other = nn.Sequential(*NETS["strided, dilated, averaged"]()).double()
        assert content_hash(of_model(other)) in hashes
        change(other)
        hashes.add(content_hash(Model(other, torch.zeros(2, 4, L))))
    assert len(hashes) == 5


def other_weight(net: nn.Sequential) -> None:
    net[0].weight.data[0, 0, 0] += 1e-9


def other_stride(net: nn.Sequential) -> None:
    net[2] = nn.AvgPool1d(2, 3)


def other_function(net: nn.Sequential) -> None:
    net[1] = nn.ReLU6()


def test_patterns_serve_targets_one_by_one() -> None:
    _, model = net("two convolutions")
    method = with_patterns("patternnet", replace(fitted("two convolutions"), sequences=1))
    both = attribute(model, one_hot(2, L), method=method).contributions
    one = attribute(model, one_hot(2, L), method=method, targets=[1]).contributions
    torch.testing.assert_close(one[0], both[1], rtol=0, atol=0)
