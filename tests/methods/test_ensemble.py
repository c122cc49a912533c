"""Several models and both strands as one: the mean of single runs, at what these cost."""

import statistics
import time

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.dna.alphabet import one_hot as columns
from seqattr.engine.capture.model import Model
from seqattr.engine.walk.session import Session
from seqattr.errors import InputError, NotFinite
from seqattr.methods.attribution import Attribution, Ensemble, Explainer, attribute
from seqattr.methods.ensemble import sessions
from tests.helpers.pieces import Head, Net, conv
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled

N, R = 4, 3
AVERAGED = ("contributions", "hypothetical", "multipliers", "prediction", "difference")
WORST = ("additivity_error", "cancellation")
POOLS = {"of each": shuffled(one_hot(N), R), "shared": one_hot(R, seed=9), "frequencies": frequency()}


def net(seed: int, names: list[str] | None = None, dtype: torch.dtype = torch.float64) -> Model:
    torch.manual_seed(seed)
    module = nn.Sequential(conv(), nn.ReLU(), Head(6, 2)).to(dtype)
    return Model(module, torch.zeros(2, 4, LENGTH, dtype=dtype), targets=names or ["a", "b"])


def single() -> Model:
    """Of the target a alone."""
    module = nn.Sequential(conv(), nn.ReLU(), Head(6, 1)).double()
    return Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64), targets=["a"])


@pytest.fixture(scope="module")
def models() -> list[Model]:
    return [net(seed) for seed in range(3)]


def turned(x: Tensor) -> Tensor:
    return x.flip(-2, -1)


def turned_back(result: Attribution) -> Attribution:
    """What is said of reverse complements, of the sequences themselves."""
    return result._replace(
        contributions=result.contributions.flip(-1),
        hypothetical=turned(result.hypothetical),
        multipliers=turned(result.multipliers),
    )


def assert_mean(got: Attribution, singles: list[Attribution], tolerance: float = 1e-12) -> None:
    for name in AVERAGED:
        wanted = torch.stack([getattr(single, name) for single in singles]).mean(0)
        torch.testing.assert_close(getattr(got, name), wanted, rtol=0, atol=tolerance)
    for name in WORST:
        wanted = torch.stack([getattr(single, name) for single in singles]).amax(0)
        torch.testing.assert_close(getattr(got, name), wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("both_strands", [False, True])
def test_the_mean_of_single_runs(models: list[Model], pool: str, both_strands: bool) -> None:
    x, references = one_hot(N), POOLS[pool]
    singles = [attribute(model, x, references) for model in models]
    if both_strands:
        singles += [turned_back(attribute(model, turned(x), turned(references))) for model in models]
    assert_mean(attribute(models, x, references, both_strands=both_strands), singles)


def test_in_float32_to_its_rounding() -> None:
    models, x = [net(seed, dtype=torch.float32) for seed in range(5)], one_hot(N).float()
    singles = [attribute(model, x) for model in models]
    largest = max(float(single.hypothetical.abs().max()) for single in singles)
    assert_mean(attribute(models, x), singles, 2e-7 * max(largest, 1))


@pytest.mark.parametrize("both_strands", [False, True])
def test_each_models_own_come_with_the_mean_that_they_leave_as_it_is(
    models: list[Model], both_strands: bool
) -> None:
    x, explainers = one_hot(N), [Explainer(session) for session in sessions(models, device="cpu")]
    plain = Ensemble(explainers, both_strands).start(x, multipliers=True)
    pending = Ensemble(explainers, both_strands, each=True).start(x, multipliers=True)
    assert plain.each() == ()
    for a, b in zip(pending.result()[:7], plain.result()[:7], strict=True):
        assert torch.equal(a, b)
    for own, model in zip(pending.each(), models, strict=True):
        wanted = attribute(model, x, both_strands=both_strands)
        assert all(torch.equal(a, b) for a, b in zip(own[:7], wanted[:7], strict=True))


def test_one_model_and_one_strand_is_the_model(models: list[Model]) -> None:
    x = one_hot(N)
    got, wanted = attribute(models[:1], x), Explainer(Session(models[0])).attribute(x)
    assert all(torch.equal(a, b) for a, b in zip(got[:7], wanted[:7], strict=True))


@pytest.mark.parametrize("coded", [True, False])
def test_of_a_model_that_reads_both_strands_alike_the_other_says_the_same(coded: bool) -> None:
    torch.manual_seed(0)
    body = nn.Sequential(conv(), nn.ReLU(), Head(6))
    module = Net(lambda m, x: m.body(x) + m.body(x.flip(1, 2)), body=body).double()
    explainer = Explainer(Session(Model(module, torch.zeros(2, 4, LENGTH).double()), device="cpu"))
    codes = np.random.default_rng(0).integers(0, 5, (N, 1 + R, LENGTH)).astype(np.uint8)
    x, pool = (codes[:, 0], codes[:, 1:]) if coded else (columns(codes[:, 0]), columns(codes[:, 1:]))
    one, both = (
        explainer.start(x, pool).result(),
        Ensemble([explainer], both_strands=True).start(x, pool).result(),
    )
    for name in ("contributions", "hypothetical", "prediction", "difference"):
        torch.testing.assert_close(getattr(both, name), getattr(one, name), rtol=0, atol=1e-14)


def test_standard_errors_are_those_of_independent_means(models: list[Model]) -> None:
    x = one_hot(2)
    singles = [attribute(model, x, frequency(), method="shapley-sampling") for model in models]
    together = attribute(models, x, frequency(), method="shapley-sampling")
    wanted = torch.stack([single.standard_error for single in singles]).square().sum(0).sqrt() / len(models)
    assert wanted.max() > 0
    torch.testing.assert_close(together.standard_error, wanted, rtol=1e-9, atol=1e-12)


def test_targets_are_matched_by_name_in_the_first_models_order() -> None:
    first, other, x = net(0, ["a", "b"]), net(1, ["b", "a"]), one_hot(N)
    singles = [attribute(model, x, targets=["a", "b"]) for model in (first, other)]
    assert_mean(attribute([first, other], x), singles)
    assert_mean(attribute([other, first], x, targets=["a", "b"]), singles)
    assert torch.equal(
        attribute([first, other], x, targets=[1]).contributions,
        attribute([first, other], x, targets=["b"]).contributions,
    )


def test_targets_that_do_not_match_are_named(models: list[Model]) -> None:
    other, x = net(1, ["a", "c"]), one_hot(N)
    with pytest.raises(InputError, match="model 3 has no target 'b', as model 1 has; it has: a, c"):
        attribute([*models[:2], other], x)
    assert attribute([models[0], other], x, targets=["a"]).contributions.shape[0] == 1
    less = single()
    with pytest.raises(
        InputError, match="model 2 has the target 'b', which model 1 has not: say which `targ"
    ):
        attribute([less, models[0]], x)
    with pytest.raises(InputError, match="there is no model to explain"):
        attribute([], x)
    explainers = [Explainer(Session(models[0], targets)) for targets in (["a", "b"], ["b", "a"])]
    with pytest.raises(InputError, match="model 2 has the targets in another order than model 1"):
        Ensemble(explainers)


def test_a_row_fails_where_any_does_and_it_is_said_which() -> None:
    """One answers NaN to many A at the beginning, the other nowhere."""
    torch.manual_seed(0)
    module = Net(lambda m, x: m.conv(x).mean((1, 2)) + (1.5 - x[:, 0, :2].sum(1)).log(), conv=conv())
    fragile = Model(module.double(), torch.zeros(2, 4, LENGTH).double(), targets=["a"])
    sound = single()
    codes = np.full((3, LENGTH), 1, np.uint8)
    codes[1, :2], codes[2, -2:] = 0, 3  # on either strand
    explainers = [Explainer(session) for session in sessions([sound, fragile], device="cpu")]
    pending = Ensemble(explainers, both_strands=True, each=True).start(codes)
    what = "the model answers nan for target a"
    assert pending.result().failures == {1: f"{what} (model 2)", 2: f"{what} (model 2, reverse strand)"}
    assert pending.result().contributions[:, 1:].isnan().all()
    assert pending.result().contributions[:, 0].isfinite().all()
    assert pending.each()[0].failures == {}
    assert pending.each()[0].contributions.isfinite().all()
    assert pending.each()[1].failures == pending.result().failures
    with pytest.raises(NotFinite, match=r"for target a \(model 2\) of sequence number 1$"):
        seqattr.attribute([sound, fragile], columns(codes))


def test_several_models_do_the_work_of_each_once(models: list[Model]) -> None:
    explainers = [Explainer(session) for session in sessions(models, device="cpu")]
    Ensemble(explainers).start(one_hot(N), POOLS["of each"]).result()
    for session in (explainer.session for explainer in explainers):
        assert (session.rows_forward, session.rows_backward) == (N * (1 + R), 2 * N * R)


@pytest.mark.slow
def test_five_models_cost_what_each_costs_and_nothing_beside() -> None:
    """In time of the processor, in the median: it swings by some hundredths."""
    models = []
    for seed in range(5):
        torch.manual_seed(seed)
        layers = [nn.Conv1d(4, 32, 15), nn.ReLU(), nn.Conv1d(32, 32, 7), nn.ReLU(), Head(32)]
        models.append(Model(nn.Sequential(*layers), torch.zeros(2, 4, 500)))
    codes = np.random.default_rng(0).integers(0, 4, (8, 11, 500)).astype(np.uint8)
    explainers = [Explainer(session) for session in sessions(models, device="cpu")]
    ones, five = [Ensemble([explainer]) for explainer in explainers], Ensemble(explainers)

    def seconds(*ensembles: Ensemble) -> float:
        start = time.process_time()
        for ensemble in ensembles:
            ensemble.start(codes[:, 0], codes[:, 1:]).result()
        return time.process_time() - start

    seconds(*ones, five)
    assert statistics.median(seconds(five) / seconds(*ones) for _ in range(9)) <= 1.05
