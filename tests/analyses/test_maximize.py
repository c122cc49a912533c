"""Maximised sequences beside a plain ascent with autograd, where the maximum is known, and their motifs."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.analyses.maximize import Settings, headers, maximize, path_table
from seqattr.data.simulate import TASKS, TalGata, simulate_tal_gata
from seqattr.data.train import Settings as Training
from seqattr.data.train import train
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError, NotFinite, UnknownName
from seqattr.motifs.pwm import GATA1, TAL1
from seqattr.motifs.scan import Pick, find_matches
from tests.helpers.pieces import Net
from tests.helpers.sequences import LENGTH
from tests.helpers.zoo import captured

BACKGROUND = (0.3, 0.15, 0.2, 0.35)
QUICK = Settings(number=3, steps=40, weight=0.2, background=BACKGROUND, polish=0, seed=5)


def slow_ascent(module: nn.Module, start: int, settings: Settings) -> tuple[Tensor, Tensor, Tensor]:
    """Objectives, outputs and the last probabilities of one start, by the formula itself."""
    drawn = np.random.default_rng([settings.seed, start]).standard_normal((4, LENGTH))
    logits = torch.tensor(drawn, requires_grad=True)
    adam = torch.optim.Adam([logits], lr=settings.rate)
    log_background = torch.tensor(settings.background, dtype=torch.float64).log()
    objectives, outputs = [], []
    for step in range(settings.steps + 1):
        p = torch.softmax(logits, 0)
        output = module(p[None]).reshape(-1)[0]
        objective = output + settings.weight * (p * log_background[:, None]).sum()
        objectives.append(objective.detach())
        outputs.append(output.detach())
        if step < settings.steps:
            adam.zero_grad()
            (-objective).backward()
            adam.step()
    return torch.stack(objectives), torch.stack(outputs), p.detach()


@pytest.mark.parametrize("name", ["one number", "dilated", "multihead", "relu, overlapping max pool"])
def test_the_way_is_that_of_autograd(name: str) -> None:
    """In float64 nothing but the order of sums differs: 1e-8 after forty steps of Adam."""
    module, model = captured(name)
    found = maximize(model, 0, QUICK)
    for column, start in enumerate(found.start.tolist()):
        objectives, outputs, relaxed = slow_ascent(module, start, QUICK)
        close = {"rtol": 0, "atol": 1e-8}
        torch.testing.assert_close(found.ascent.objective[:, column], objectives, **close)
        torch.testing.assert_close(found.ascent.relaxed[:, column], outputs, **close)
        torch.testing.assert_close(found.relaxed[column], relaxed, **close)


def test_what_is_told_of_the_sequences_is_theirs() -> None:
    model = captured("dilated")[1]
    found = maximize(model, 1, dataclasses.replace(QUICK, polish=3))
    output = model.predict(found.sequences)
    torch.testing.assert_close(found.output, output[:, 1], rtol=0, atol=1e-12)
    log = torch.tensor(BACKGROUND).double().log()
    torch.testing.assert_close(found.log_likelihood, log[found.sequences.argmax(1)].sum(1))
    objective = found.output + 0.2 * found.log_likelihood
    assert (objective.diff() <= 0).all()
    assert (found.sequences.sum(1) == 1).all()
    others = (1 - found.sequences[0]).bool()  # the importance of a base in the middle, by hand
    edited = found.sequences[0].repeat(3, 1, 1)
    edited[:, :, 9] = torch.eye(4).double()[others[:, 9]]
    by_hand = found.output[0] - model.predict(edited)[:, 1].mean()
    assert float(found.importance[0, 9] - by_hand) == pytest.approx(0, abs=1e-12)


def linear(weights: Tensor) -> Model:
    module = Net(lambda m, x: (m.weights * x).sum((1, 2))[:, None], weights=weights)
    return Model(module.double(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))


@pytest.mark.parametrize("background", [(0.25,) * 4, (0.6, 0.1, 0.1, 0.2)])
def test_of_a_linear_model_the_maximum_is_found(background: tuple[float, ...]) -> None:
    """The largest weight at each position, plus what the base's likelihood is worth; by every start."""
    weights = torch.randn(4, LENGTH, generator=torch.Generator().manual_seed(3)).double()
    settings = Settings(number=4, steps=150, weight=0.5, background=background, polish=0)
    found = maximize(linear(weights), 0, settings)
    best = (weights + 0.5 * torch.tensor(background).double().log()[:, None]).argmax(0)
    assert (found.sequences.argmax(1) == best).all()
    torch.testing.assert_close(found.output, weights[best, torch.arange(LENGTH)].sum().expand(4))


@pytest.mark.parametrize("name", ["dilated", "relu, overlapping max pool"])
def test_after_the_polish_no_substitution_helps(name: str) -> None:
    model = captured(name)[1]
    settings = dataclasses.replace(QUICK, number=2, steps=3, polish=200)
    rough, found = (maximize(model, 0, dataclasses.replace(settings, polish=n)) for n in (0, 200))
    log = torch.tensor(BACKGROUND).double().log()

    def objective(sequences: Tensor) -> Tensor:
        return model.predict(sequences)[:, 0] + 0.2 * log[sequences.argmax(1)].sum(1)

    before = dict(zip(rough.start.tolist(), objective(rough.sequences).tolist(), strict=True))
    for sequence, start, made in zip(found.sequences, found.start, found.substitutions, strict=True):
        edited = sequence.repeat(4 * LENGTH, 1, 1)
        for row, (base, place) in enumerate((b, p) for b in range(4) for p in range(LENGTH)):
            edited[row, :, place] = torch.eye(4)[base]
        own = float(objective(sequence[None]))
        assert float(objective(edited).max()) <= own + 1e-9
        assert 0 < int(made) < 200
        assert own > before[int(start)]


def brittle() -> Model:
    """The number of Gs, but NaN where all bases but one are Gs, or all."""

    def gs(_: nn.Module, x: Tensor) -> Tensor:
        count = x[:, 2].sum(1)
        return (count + 0 * (LENGTH - 1.5 - count).log())[:, None]

    return Model(Net(gs).double(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def test_a_substitution_to_nan_is_never_chosen() -> None:
    found = maximize(brittle(), 0, Settings(number=3, steps=1, rate=1e-6, polish=100))
    assert (found.output == LENGTH - 2).all()
    assert (found.substitutions > 5).all()
    assert (found.importance.sum(1) == LENGTH - 2).all()  # 1 for each G, and 0 where another would give NaN


def test_sequences_whose_output_is_nan_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    gs = torch.eye(4).double()[2][:, None].expand(4, LENGTH)
    monkeypatch.setattr("seqattr.analyses.maximize.polish", lambda *_: (gs, 0))
    with pytest.raises(NotFinite, match="is NaN or infinite for a maximised sequence"):
        maximize(brittle(), 0, Settings(number=2, steps=1, rate=1e-6))


def test_a_start_depends_on_the_seed_and_its_number_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model = captured("dilated")[1]
    many, few = (maximize(model, 0, dataclasses.replace(QUICK, number=n, polish=2)) for n in (5, 2))
    monkeypatch.setattr("seqattr.engine.walk.session.pairs_at_once", lambda *_: 2)
    pieces = maximize(model, 0, dataclasses.replace(QUICK, number=5, polish=2))
    assert torch.equal(pieces.start, many.start)
    torch.testing.assert_close(pieces.ascent.relaxed, many.ascent.relaxed, rtol=0, atol=1e-9)
    assert torch.equal(pieces.sequences, many.sequences)
    for start in few.start.tolist():
        mine, theirs = (int((found.start == start).nonzero()) for found in (few, many))
        assert torch.equal(few.sequences[mine], many.sequences[theirs])
    other = maximize(model, 0, dataclasses.replace(QUICK, number=5, polish=2, seed=6))
    assert not torch.equal(other.ascent.relaxed, many.ascent.relaxed)


def test_tables_and_progress() -> None:
    told: list[tuple[int, int]] = []
    found = maximize(captured("dilated")[1], 0, QUICK, progress=lambda *news: told.append(news))
    assert told == [(done, 43) for done in range(1, 44)]
    columns = path_table(found)
    assert {len(column) for column in columns.values()} == {3 * 41}
    assert columns["step"].tolist() == [*range(41)] * 3
    assert columns["output_relaxed"][41:82].tolist() == found.ascent.relaxed[:, 1].tolist()
    assert columns["start"][41] == int(found.start[1])
    words = headers(found)[2].split()
    assert words[0] == "maximized_3"
    assert float(words[1].removeprefix("output=")) == pytest.approx(float(found.output[2]), rel=1e-5)


def test_what_cannot_be_is_said() -> None:
    model = captured("dilated")[1]
    with pytest.raises(UnknownName, match="unknown target 'x'"):
        maximize(model, "x")
    with pytest.raises(InputError, match="sequences of 3 bp do not fit the model"):
        maximize(model, 0, Settings(length=3))
    with pytest.raises(InputError, match="number must be at least 1, not 0"):
        Settings(number=0)
    with pytest.raises(InputError, match="learning rate must be a number above 0, not nan"):
        Settings(rate=float("nan"))
    with pytest.raises(InputError, match="weight of the log-likelihood must be 0 or more, not -1"):
        Settings(weight=-1)
    with pytest.raises(InputError, match="four positive numbers"):
        Settings(background=(0.5, 0.5, 0.0, 0.0))
    infinite = linear(torch.full((4, LENGTH), 1e308, dtype=torch.float64))
    with pytest.raises(NotFinite, match="the output target0 is NaN or infinite"):
        maximize(infinite, 0, QUICK)


@pytest.mark.slow
def test_a_tal_gata_model_wants_its_motifs() -> None:
    """Trained on planted motifs: every sequence holds a strong match of each motif that its task asks for."""
    simulation = simulate_tal_gata(TalGata(count=4000), seed=0)
    trained = train(simulation, Training(device="cpu"))
    model = Model(trained.module, torch.zeros(2, 4, 200), targets=TASKS)
    settings = Settings(background=simulation.settings.background)
    for task, wanted in {"both": {0, 1}, "GATA1": {1}, "TAL1": {0}}.items():
        found = maximize(model, task, settings)
        pick = Pick(top=None, log_odds=7.0, strand="forward")
        matches = find_matches(
            found.sequences.numpy(), [TAL1, GATA1], pick, np.array(simulation.settings.background)
        )
        for sequence in range(10):  # the better half
            assert wanted <= set(matches.motif[matches.sequence == sequence].tolist())
