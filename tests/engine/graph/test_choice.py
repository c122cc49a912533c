"""Expressions as targets: each beside its definition in plain torch, and what is said of what is none."""

import math
import random

import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.engine.graph.outputs import name_targets
from seqattr.engine.graph.selections import Outputs
from seqattr.errors import InputError, SeqattrError, UnknownName
from seqattr.models.native import from_plain, to_plain
from tests.helpers.heads import LENGTH, Heads, one_hot


class Mixed(nn.Module):
    """Outputs of several sorts, by name: rates above 0, a softmax, a sigmoid, one number."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.conv, self.dense = nn.Conv1d(4, 6, 11).double(), nn.Linear(6, 12).double()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        z = self.dense(self.conv(x).relu().mean(-1))
        rates = nn.functional.softplus(z).unflatten(1, (3, 4))
        return {
            "k562-rates": rates,
            "class": z[:, :5].softmax(-1),
            "open": z[:, 5:7].sigmoid(),
            "plus": z[:, 8].exp(),
            "minus": z[:, 9:10].exp(),
        }


X, R = one_hot(3, 1), one_hot(2, 2)


@pytest.fixture(scope="module")
def heads() -> tuple[Heads, seqattr.Model]:
    module = Heads()
    return module, seqattr.Model(module, one_hot(2))


@pytest.fixture(scope="module")
def mixed() -> tuple[Mixed, seqattr.Model]:
    module = Mixed()
    return module, seqattr.Model(module, one_hot(2))


def weighted(z: Tensor, weights: Tensor | None = None) -> Tensor:
    """The slow twin of a profile: mean-normalised logits (N, P) weighted by their softmax, or by others."""
    z = z - z.mean(-1, keepdim=True)
    return ((z.softmax(-1) if weights is None else weights) * z).sum(-1)


OF_HEADS = {
    "counts": lambda p, c: c.sum(-1),
    "profile-free": lambda p, c: weighted(p.flatten(1)),
    "profile-lite": lambda p, c: weighted(p.flatten(1)),
    "profile-free(profile:1)": lambda p, c: weighted(p[:, 1]),
    "profile-free(profile:0,20..90)": lambda p, c: weighted(p[:, 0, 20:90]),
    "counts:1": lambda p, c: c[:, 1],
    "1:1": lambda p, c: c[:, 1],
    "profile:1,7": lambda p, c: p[:, 1, 7],
    "sum(profile:0,40..60)": lambda p, c: p[:, 0, 40:60].sum(-1),
    "mean(0:*,100..)": lambda p, c: p[:, :, 100:].mean((1, 2)),
    "sum(output0:1,..3)": lambda p, c: p[:, 1, :3].sum(-1),
    "counts:0 - counts:1": lambda p, c: c[:, 0] - c[:, 1],
    "(counts:0+counts:1)-profile:0,0": lambda p, c: c.sum(-1) - p[:, 0, 0],
    "3-0": lambda p, c: p[:, 0, 3] - p[:, 0, 0],
    "log(counts:0/counts:1)": lambda p, c: c[:, 0] - c[:, 1],
    "log(counts)": lambda p, c: c.exp().sum(-1).log(),
    "log(sum(profile:0,30..50)/sum(profile:1,30..50))": lambda p, c: (
        p[:, 0, 30:50].exp().sum(-1) / p[:, 1, 30:50].exp().sum(-1)
    ).log(),
    "log(mean(profile:0)/profile:1,5)": lambda p, c: (p[:, 0].exp().mean(-1) / p[:, 1, 5].exp()).log(),
    "log(profile-free(profile:0)/profile-free(profile:1))": lambda p, c: (
        weighted(p[:, 0]) - weighted(p[:, 1])
    ),
}
OF_MIXED = {
    "k562-rates:1,2": lambda o: o["k562-rates"][:, 1, 2],
    "sum(k562-rates)": lambda o: o["k562-rates"].sum((1, 2)),
    "mean(k562-rates:2)-k562-rates_target0": lambda o: (
        o["k562-rates"][:, 2].mean(-1) - o["k562-rates"][:, 0, 0]
    ),
    "log(sum(k562-rates:0)/sum(k562-rates:1,1..4))": lambda o: (
        o["k562-rates"][:, 0].sum(-1) / o["k562-rates"][:, 1, 1:].sum(-1)
    ).log(),
    "log(plus/minus)": lambda o: (o["plus"] / o["minus"][:, 0]).log(),
    "plus-minus": lambda o: o["plus"] - o["minus"][:, 0],
    "log(class:0/class:3)": lambda o: (o["class"][:, 0] / o["class"][:, 3]).log(),
    "log(sum(class:..2)/sum(class:2..))": lambda o: (
        o["class"][:, :2].sum(-1) / o["class"][:, 2:].sum(-1)
    ).log(),
    "open:0-open:1": lambda o: o["open"][:, 0].logit() - o["open"][:, 1].logit(),
    "odds=open:0": lambda o: o["open"][:, 0].logit(),
}


def check(model: seqattr.Model, expression: str, expected: Tensor, at_references: Tensor) -> None:
    """Its value, and contributions that sum to its difference from the references, batch size or not."""
    results = [seqattr.attribute(model, X, R, targets=[expression], batch_size=size) for size in (None, 1)]
    for result in results:
        torch.testing.assert_close(result.prediction[0], expected, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(
            result.difference[0], expected - at_references.mean(), rtol=1e-9, atol=1e-11
        )
        assert result.additivity_error.max() < 1e-9
    torch.testing.assert_close(results[0].contributions, results[1].contributions, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("expression", OF_HEADS)
def test_a_target_of_heads_is_what_its_definition_says(heads, expression):
    module, model = heads
    with torch.no_grad():
        at_x, at_r = (OF_HEADS[expression](*module(s)) for s in (X, R))
    check(model, expression, at_x, at_r)


@pytest.mark.parametrize("expression", OF_MIXED)
def test_a_target_of_mixed_outputs_is_what_its_definition_says(mixed, expression):
    module, model = mixed
    with torch.no_grad():
        at_x, at_r = (OF_MIXED[expression](module(s)) for s in (X, R))
    check(model, expression, at_x, at_r)


@pytest.mark.parametrize("expression", ["profile", "profile(profile:1)", "a=profile(profile:*,10..80)"])
def test_a_profile_weighs_logits_with_weights_that_are_held(heads, expression):
    """Differences with the mean of the two sides' weights, as ChromBPNet's DeepSHAP has it; in gradients with
    the sequence's own.
    """
    module, model = heads
    which = {"profile": slice(None), "profile(profile:1)": slice(1, 2)}.get(expression, slice(None))
    stretch = slice(10, 80) if expression.startswith("a=") else slice(None)

    def logits(sequences: Tensor) -> Tensor:
        return module(sequences)[0][:, which, stretch].flatten(1)

    result = seqattr.attribute(model, X, R, targets=[expression])
    with torch.no_grad():
        z, z0 = logits(X), logits(R)
        torch.testing.assert_close(result.prediction[0], weighted(z), rtol=1e-12, atol=1e-12)
        weights = (z.softmax(-1)[:, None] + z0.softmax(-1)) / 2
        expected = weighted(z[:, None], weights) - weighted(z0[None], weights)
    torch.testing.assert_close(result.difference[0], expected.mean(1), rtol=1e-10, atol=1e-12)
    assert result.additivity_error.max() < 1e-10
    points = X.clone().requires_grad_()
    z = logits(points)
    (own,) = torch.autograd.grad(weighted(z, z.softmax(-1).detach()).sum(), points)
    gradient = seqattr.attribute(model, X, method="gradient", targets=[expression]).multipliers[0]
    torch.testing.assert_close(gradient, own, rtol=0, atol=1e-12)


def test_integrated_gradients_of_a_profile_sum_to_the_change_of_its_log_total(heads):
    module, model = heads
    result = seqattr.attribute(model, X, R[:1], method="integrated-gradients-50", targets="profile")
    with torch.no_grad():
        z, z0 = ((p := module(s)[0].flatten(1)) - p.mean(1, keepdim=True) for s in (X, R[:1]))
    expected = z.logsumexp(1) - z0.logsumexp(1)
    torch.testing.assert_close(result.contributions[0].sum(-1), expected, rtol=2e-2, atol=2e-3)


@pytest.mark.parametrize("method", ["ism", "lrp-epsilon", "shapley-sampling", "guided-backprop"])
def test_methods_of_every_sort_take_expressions(heads, method):
    _, model = heads
    asked = ["counts", "profile", "gap=counts:0-counts:1"]
    result = seqattr.attribute(model, X[:1], R[:1], method=method, targets=asked)
    assert result.contributions.shape == (3, 1, LENGTH)
    assert result.contributions.abs().amax(-1).min() > 0


# --- by themselves, all, names ----------------------------------------------------------------------


def test_a_model_with_a_profile_and_counts_is_explained_by_these(heads):
    _, model = heads
    assert [target.name for target in model.pick(None)] == ["counts", "profile"]
    assert "`targets=all` takes 222 values" in model.choose(None).notes[0]
    assert len(model.pick("all")) == len(model.targets) == 222
    by_itself, asked = (seqattr.attribute(model, X, R, targets=t) for t in (None, ["counts", "profile"]))
    assert torch.equal(by_itself.contributions, asked.contributions)


class Flat(nn.Module):
    def __init__(self, positions: int) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.conv, self.dense = nn.Conv1d(4, 3, 11).double(), nn.Linear(3, positions + 1).double()

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.conv(x).relu().mean(-1))


@pytest.fixture(scope="module")
def flat() -> seqattr.Model:
    return seqattr.Model(Flat(1000), one_hot(2))


def test_1001_values_are_a_profile_and_a_count_and_others_are_not(flat):
    module, model = Flat(1000), flat
    result = seqattr.attribute(model, X, R, targets=["counts", "profile-free", "sum(profile:10..20)"])
    with torch.no_grad():
        z = module(X)
    expected = [z[:, -1], weighted(z[:, :-1]), z[:, 10:20].sum(-1)]
    torch.testing.assert_close(result.prediction, torch.stack(expected), rtol=1e-12, atol=1e-12)
    assert [target.name for target in model.pick(None)] == ["counts", "profile"]
    other = seqattr.Model(Flat(999), one_hot(2))
    assert len(other.pick(None)) == 1000
    with pytest.raises(
        InputError, match=r"'profile' is of a model with a profile and counts.*profile\(OUTPUT\)"
    ):
        other.pick("profile")


@pytest.mark.parametrize(
    "asked",
    [
        ["c=counts", "p=profile"],
        ["counts", "left=profile(0:..500)"],
        ["counts"],
        ["0:1000", "0:3"],
        ["p=0:5"],
    ],
)
def test_targets_that_were_chosen_of_1001_values_are_what_the_model_is_about(flat, asked):
    few = flat.with_targets(asked)
    expected = seqattr.attribute(flat, X, R, targets=asked)
    for model in (few, from_plain(to_plain(few))):
        result = seqattr.attribute(model, X, R)
        assert [target.name for target in model.pick(None)] == [target.name for target in few.targets]
        torch.testing.assert_close(result.prediction, expected.prediction, rtol=0, atol=1e-14)
        torch.testing.assert_close(result.contributions, expected.contributions, rtol=0, atol=1e-14)
    with pytest.raises(InputError, match="which this is not, as far as its outputs tell"):
        few.pick("again=profile-free")


def outputs_of(shapes: dict[str, tuple[int, ...]], finals: tuple[str, ...] | None = None) -> Outputs:
    """Outputs by their labels; "" and "+" are none."""
    sizes, labels = [math.prod(shape) for shape in shapes.values()], [label.strip("+") for label in shapes]
    labels = [label or f"output{number}" for number, label in enumerate(labels)]
    return Outputs(tuple(shapes.values()), finals or ("",) * len(shapes), name_targets(sizes, labels=labels))


@pytest.mark.parametrize(
    ("shapes", "asked", "by_itself"),
    [
        ({"": (2, 1000), "+": (1,)}, True, True),
        ({"": (1000, 2), "+": (2,)}, True, True),
        ({"": (1,), "+": (1, 1000)}, True, True),
        ({"": (1000,), "+": (1,)}, True, True),
        ({"": (2, 50), "+": (1,)}, True, False),
        ({"k562_profile": (2, 50), "k562_counts": (2,)}, True, True),
        ({"profile": (50,), "counts": (1,), "aux": (3,)}, True, False),
        ({"a_profile": (50,), "a_counts": (1,), "b_profile": (50,), "b_counts": (1,)}, False, False),
        ({"": (2, 1000), "+": (5,)}, False, False),
        ({"": (30, 1000), "+": (1,)}, False, False),
        ({"": (1,), "+": (1,)}, False, False),
        ({"": (1000,)}, False, False),
        ({"": (3, 4, 5), "+": (1,)}, False, False),
    ],
)
def test_which_outputs_are_a_profile_and_counts(shapes, asked, by_itself):
    outputs = outputs_of(shapes)
    assert (outputs.heads is not None, outputs.is_bpnet) == (asked, by_itself)
    if by_itself:
        assert not outputs_of(shapes, ("sigmoid", "")).is_bpnet
        assert all(part.all.logs for part in outputs.parts.values())
    elif asked:
        assert not outputs.parts["0"].all.logs or "profile" in shapes
        assert outputs.heads.profile.all.logs


def test_some_elements_of_a_profile_and_counts_are_taken_for_themselves():
    whole = outputs_of({"": (2, 1000), "+": (1,)})
    few = Outputs(whole.shapes, whole.finals, (whole.targets[5], whole.targets[-1]))
    assert (few.heads, few.is_bpnet) == (None, False)
    assert few.parts["0"].all.logs  # they are logits as before


def test_targets_by_name_number_and_expression_together(mixed):
    _, model = mixed
    asked = [13, "plus", "x = plus-minus", "all"]
    names = [target.name for target in model.pick(asked)]
    assert names == ["class_target1", "plus", "x", *(target.name for target in model.targets)]
    assert model.pick("k562-rates:1,2") == model.pick(["k562-rates:1,2"])
    assert model.pick("k562-rates:1,2")[0].index == 6


def test_an_expression_says_where_it_stands_before_a_final_nonlinearity(mixed):
    _, model = mixed
    assert model.choose("sum(class:..2)").notes == (
        "sum(class:..2) is of the values before the final softmax",
    )
    assert model.with_targets("sum(class:..2)").finals == ("softmax",)


# --- what is none -------------------------------------------------------------------------------------

WRONG = {
    "sum(": "expected a name, not its end",
    "sum(profile": "expected a closing bracket, not its end",
    "counts:": r"expected a number, a range such as 400..600, or \*, not its end",
    "counts:x": "expected a number, a range such as",
    "counts:0 counts:1": r"expected an operator \(\+, -\), not 'counts:1'",
    "counts:2": r"counts has the shape \(2,\), counted from 0: there is no 2 in dimension 1 of 1",
    "sum(profile:0,5..500)": "there is no 5..500 in dimension 2 of 2",
    "sum(profile:0,9..9)": "there is no 9..9",
    "profile:0": r"'profile:0' names 110 values of an output, and a target is one: sum\(...\)",
    "counts:0,0": "counts has 1 dimensions",
    "sum(nothing)": "unknown output 'nothing'; there is: profile, counts, 0, output0",
    "=counts": "unknown output|expected a name",
    "log(counts:0-counts:1)": "takes the log of sums or differences of logs",
    "profile(counts:0)": "a profile has several positions",
    "(" * 30 + "counts" + ")" * 30: "brackets in brackets, more than 20 deep",
    "counts:0" + "+counts:0" * 200: "at most 1,000 are read",
    "counts/2": r"expected an operator \(\+, -\), not '/2'",
}


@pytest.mark.parametrize("expression", WRONG)
def test_what_cannot_be_read_is_one_line(heads, expression):
    _, model = heads
    with pytest.raises(SeqattrError, match=WRONG[expression]) as caught:
        model.pick(expression)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_log_of_what_may_be_below_zero_is_refused(mixed):
    _, model = mixed
    with pytest.raises(InputError, match=r"log of values before the final sigmoid.*write a difference"):
        model.pick("log(open:0/open:1)")


def test_two_targets_of_one_name_are_refused(heads):
    _, model = heads
    with pytest.raises(InputError, match="two targets would be called 'a'"):
        model.pick(["a=counts:0", "a=counts:1"])
    with pytest.raises(UnknownName, match="unknown target 'none'"):
        model.pick("none")


WORDS = [
    *("counts", "profile", "profile-free", "profile-lite", "sum", "mean", "log", "0", "1", "output1"),
    *(
        "(",
        ")",
        ":",
        ",",
        "..",
        "*",
        "+",
        "-",
        "/",
        "=",
        " ",
        "3",
        "110",
        "99999999999999999999",
        "²",
        "x",
        "\n",
    ),
]


def test_whatever_is_written_is_a_target_or_one_line(heads):
    _, model = heads
    draw, understood, lines = random.Random(0), 0, list[str]()
    for _ in range(3000):
        text = "".join(draw.choices(WORDS, k=draw.randint(1, 9)))
        try:
            understood += len(model.pick(text)) > 0
        except SeqattrError as error:
            lines.append(str(error).replace(text, ""))
    assert understood > 100
    assert not any("\n" in line for line in lines)
