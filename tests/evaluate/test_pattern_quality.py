"""What estimators leave behind, beside loops over windows and where signal and distractor are known."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.analyses.pattern_windows import Windows
from seqattr.analyses.patterns import fit_patterns
from seqattr.engine.capture.model import Model
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.rules.weighted_steps import weighted_steps
from seqattr.engine.walk.session import Session
from seqattr.evaluate import pattern_quality
from seqattr.evaluate.judgement import Summaries
from seqattr.evaluate.measured import Measured, summarise
from seqattr.evaluate.pattern_quality import (
    ESTIMATORS,
    Directions,
    Predictor,
    gathered,
    judge,
    measure,
    missing,
    pattern,
    quality,
)
from seqattr.evaluate.question import Question
from seqattr.evaluate.step_windows import StepWindows
from seqattr.support.progress import silent
from tests.helpers.sequences import one_hot


@pytest.fixture(scope="module")
def net() -> nn.Sequential:
    torch.manual_seed(0)
    conv = nn.Conv1d(4, 3, 5, stride=2, padding=3, dilation=2)
    return nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.Linear(33, 2)).double()


@pytest.fixture(scope="module")
def question(net: nn.Sequential) -> Question:
    model, x = Model(net, one_hot(1)), one_hot(30)
    return Question(model, x, None, ("patternnet",), patterns=fit_patterns(model, one_hot(60, seed=5)))


@pytest.fixture(scope="module")
def rows(question: Question) -> list[Measured]:
    return measure(question, "patternnet", silent)


def data_of(question: Question) -> list[StepWindows]:
    session = Session(question.model, device="cpu", dtype=torch.float64)
    plan = session.plan(GRADIENT)
    layers = weighted_steps(session.graph)
    return [gathered(question, plan, layer, Windows(plan)) for layer in layers]


def test_windows_are_what_units_answer_to(net: nn.Sequential, question: Question) -> None:
    """A convolution with stride, padding and dilation, and a dense layer, against the modules themselves."""
    x = question.sequences
    first, second = data_of(question)
    answers = net[0](x) - net[0].bias[:, None]
    assert torch.allclose(first.y, answers.transpose(1, 2).flatten(0, 1), atol=1e-12)
    assert torch.equal(first.on > 0, (net[0](x) > 0).transpose(1, 2).flatten(0, 1))
    assert torch.allclose(second.y, net(x) - net[3].bias, atol=1e-12)
    assert second.row.tolist() == list(range(len(x)))


def rest(data: StepWindows, directions: Directions, unit: int) -> tuple[Tensor, Tensor]:
    """y, and x - S(x), window by window."""
    left = []
    for x, y, on in zip(data.x, data.y[:, unit], data.on[:, unit], strict=True):
        left.append(x - y * (directions.on if on else directions.off)[unit])
    return data.y[:, unit], torch.stack(left)


def test_rho_beside_its_definition(question: Question) -> None:
    """v by ridge regression as an ordinary least squares with rows for the ridge, and numpy's correlation."""
    data = data_of(question)[0]
    fitted, seen, held = (data.select(data.row % 3 == third) for third in range(3))
    both = Directions(pattern(fitted, fitted.on), pattern(fitted, 1 - fitted.on))
    found = quality(Predictor(seen), held, both, 30)
    wanted = []
    for unit in range(3):
        y, d = rest(seen, both, unit)
        y, d = y - y.mean(), d - d.mean(0)
        ridge = (d.square().mean(0).mean() * d.shape[1] / len(d)) * len(d)
        rows = torch.cat([d, ridge.sqrt() * torch.eye(d.shape[1], dtype=d.dtype)])
        v = np.linalg.lstsq(rows.numpy(), torch.cat([y, y.new_zeros(d.shape[1])]).numpy())[0]
        y, d = rest(held, both, unit)
        wanted.append(1 - np.corrcoef(y.numpy(), d.numpy() @ v)[0, 1])
    assert np.nanmean(found.numpy()) == pytest.approx(np.mean(wanted), abs=1e-9)
    assert found.isnan().tolist() == [row % 3 != 2 for row in range(30)]


def test_patterns_are_those_that_are_learned(question: Question) -> None:
    data = data_of(question)[0]
    learned = fit_patterns(question.model, question.sequences).steps[0]
    assert torch.allclose(pattern(data, data.on), learned.values.flatten(1), atol=1e-9)


def known(number: int = 1500) -> StepWindows:
    """The paper's example (section 2): x = signal * (1, 0) + distractor * (1, 1), and w = (1, -1) sees the
    signal alone.
    """
    drawn = torch.randn(number, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = drawn @ torch.tensor([[1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    w = torch.tensor([[1.0, -1.0]], dtype=torch.float64)
    y = x @ w.T
    return StepWindows(x, y, torch.ones_like(y), torch.arange(number), w, torch.tensor([0]))


@pytest.mark.parametrize(
    ("signal", "wanted"), [((1.0, 0.0), 1.0), ((0.5, -0.5), 0.5528), ((0.0, -1.0), 0.2929)]
)
def test_where_signal_and_distractor_are_known(signal: tuple[float, float], wanted: float) -> None:
    """Of the signal's own direction nothing of it is left. Of the weights' (1, -1) / 2 the rest is
    (s + 2 d) / 2 along (1, 1), whose correlation with s is 1 / sqrt(5); of (0, -1) it is s + d: 1 / sqrt(2).
    """
    data = known()
    halves = [data.select(data.row % 2 == half) for half in (0, 1)]
    direction = torch.tensor([signal], dtype=torch.float64)
    found = quality(Predictor(halves[0]), halves[1], Directions(direction, direction), 1500)
    assert np.nanmean(found.numpy()) == pytest.approx(wanted, abs=0.05)


def test_what_is_all_signal_leaves_nothing(question: Question) -> None:
    """Of one input there is nothing else: x - S(x) is 0."""
    x = known().x[:, :1]
    one = torch.ones(1, 1, dtype=torch.float64)
    data = StepWindows(x, x, torch.ones_like(x), torch.arange(len(x)), one, torch.tensor([0]))
    found = quality(Predictor(data), data, Directions(one, one), len(x))
    assert np.nanmean(found.numpy()) == pytest.approx(1, abs=1e-9)


def test_each_step_and_their_mean(rows: list[Measured]) -> None:
    assert len(rows) == 3 * len(ESTIMATORS)
    for name in ESTIMATORS:
        first, second, mean = (row.values for row in rows if row.metric == f"rho {name}")
        assert mean == pytest.approx((first + second) / 2, nan_ok=True)
    table = {row.metric: float(np.nanmean(row.values)) for row in rows if row.at == 1}
    assert table["rho patterns"] > table["rho filter"]
    assert table["rho patterns"] > table["rho random"] + 0.5


def test_batch_size_changes_nothing(question: Question, rows: list[Measured]) -> None:
    small = Question(
        question.model, question.sequences, None, ("patternnet",), batch_size=1, patterns=question.patterns
    )
    for row, other in zip(rows, measure(small, "patternnet", silent), strict=True):
        assert row.values == pytest.approx(other.values, abs=1e-9, nan_ok=True)


def test_methods_without_patterns_have_none(question: Question) -> None:
    assert measure(question, "gradient", silent) == []
    assert judge("gradient", Summaries([])).passes is None
    assert "patterns" in missing(Question(question.model, question.sequences))
    few = Question(question.model, question.sequences[:3], patterns=question.patterns)
    assert "at least 12" in missing(few)


def test_judged_beside_the_weights() -> None:
    def judged(own: float, weights: float) -> bool | None:
        spread = np.linspace(-0.1, 0.1, 20)
        rows = [Measured("rho patterns", "", own + spread), Measured("rho filter", "", weights + spread)]
        return judge("patternnet", Summaries(summarise("patternnet", rows))).passes

    assert [judged(0.9, 0.2), judged(0.2, 0.9), judged(0.5, 0.51)] == [True, False, None]


def test_it_is_drawn(rows: list[Measured]) -> None:
    found = Summaries(summarise("patternnet", rows))
    (drawing,) = pattern_quality.draw(found)
    titles = [axes.get_title() for axes in drawing.figure.axes]
    assert len(titles) == 3
    assert "all steps" in titles
