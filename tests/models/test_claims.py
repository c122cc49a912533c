"""What a model file claims is checked against its graph: no file walks out of its memory, or takes it all."""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

import seqattr
from seqattr.engine.graph import shapes
from seqattr.engine.graph.graph import Graph
from seqattr.engine.graph.lengths import Lengths
from seqattr.engine.numerics.multipliers import project
from seqattr.engine.numerics.onednn import positions
from seqattr.engine.numerics.spectral import spectral
from seqattr.engine.ops import kinds
from seqattr.engine.ops.kinds import SHAPES_OF
from seqattr.engine.ops.sizes import of_numbers
from seqattr.engine.walk.plan import Plan
from seqattr.errors import ModelError
from seqattr.methods.registry import method_named
from seqattr.models import native
from tests.helpers.pieces import body, multihead
from tests.helpers.timing import least_seconds

LENGTH = 30
Plain = dict[str, Any]


def plain_of(module: nn.Module) -> Plain:
    with torch.random.fork_rng([]):
        return native.to_plain(seqattr.Model(module.eval(), torch.zeros(2, 4, LENGTH)))


@pytest.fixture(scope="module")
def free() -> Plain:
    """Conv, ReLU, mean over positions, dense: of any length from 5 on."""
    return plain_of(body())


@pytest.fixture(scope="module")
def heads() -> Plain:
    """Attention, where the batch shares a dimension with the heads."""
    return plain_of(multihead(batch_first=True))


def forged(plain: Plain, change: Callable[[Plain], Any]) -> Plain:
    """A changed file with the fingerprint of just this content, as anybody can write one."""
    plain = copy.deepcopy(plain)
    change(plain)
    steps = tuple(native.decode_step(step) for step in plain["steps"])
    model = seqattr.Model.__new__(seqattr.Model)
    model.graph = Graph(steps, plain["tensors"], tuple(plain["outputs"]))
    model.lengths, model.example_length = (
        Lengths(*plain["lengths"]),
        plain["example_length"],
    )
    model.targets = tuple(seqattr.Target(*target) for target in plain["targets"])
    model.finals, model.shapes = tuple(plain["finals"]), tuple(map(tuple, plain["shapes"]))
    model.provenance = plain.get("provenance", {})
    return plain | {"fingerprint": native.checksum(model)}


def refused_for(plain: Plain, change: Callable[[Plain], Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        native.from_plain(forged(plain, change))


def with_step(op: str, *args: Any, **fields: Any) -> Callable[[Plain], Any]:
    """A step that depends on no base, before all others."""
    step = {"name": "odd", "op": op, "args": list(args), "kwargs": {"dict": {}}, "output": None, "source": "",
            "part_of": "", "layout": None, "shape": ""}  # fmt: skip
    return lambda plain: plain["steps"].insert(0, step | fields)


def step_called(plain: Plain, part: str) -> Plain:
    return next(step for step in plain["steps"] if part in step["op"])


# --- claims ------------------------------------------------------------------------------------


def test_a_file_as_it_was_written_is_read(free, heads):
    for plain in (free, heads):
        native.from_plain(forged(plain, lambda p: None))


def test_a_convolution_longer_than_the_sequences_is_refused(free):
    refused_for(
        free, lambda p: p.update(lengths=[1, None]), "conv1d.*does not fit what it reads: a window is longer"
    )


CLAIMS: dict[str, tuple[Callable[[Plain], Any], str]] = {
    "length of the example": (lambda p: p.update(example_length=3), "it takes 5 to None bases, as one of 3"),
    "lengths that are none": (lambda p: p.update(lengths=[0, None]), "it takes 0 to None bases"),
    "lengths the wrong way": (lambda p: p.update(lengths=[60, 40]), "it takes 60 to 40 bases"),
    "half a base": (lambda p: p.update(lengths=[5.5, None]), "it takes 5.5 to None bases"),
    "shape of an output": (lambda p: p.update(shapes=[[3]]), "output linear_1 has not the shape"),
    "no shape": (lambda p: p.update(shapes=[]), "1 outputs, 0 shapes and 1 finals"),
    "one final more": (lambda p: p.update(finals=["", ""]), "1 outputs, 1 shapes and 2 finals"),
    "a target beyond": (lambda p: p["targets"].append(["x", 0, 2]), "target x is no element of an output"),
    "a target below": (lambda p: p["targets"].append(["x", 0, -1]), "target x is no element of an output"),
    "a target of no output": (lambda p: p["targets"].append(["x", 1, 0]), "target x is no element"),
    "two targets alike": (lambda p: p["targets"].append(p["targets"][0]), "two targets have the same name"),
    "a target called 3": (lambda p: p["targets"].append([3, 0, 0]), "a target has no name"),
    "batch elsewhere": (lambda p: step_called(p, "conv").update(layout=[1, 1, 1]), "conv1d is not where"),
    "batch in no dimension": (lambda p: step_called(p, "conv").update(layout=[7, 1, 1]), "has no batch"),
    "batch with heads": (lambda p: step_called(p, "conv").update(layout=[0, 2, 1]), "conv1d is not where"),
    "no batch": (lambda p: step_called(p, "conv").update(layout=None), "step conv1d has no batch"),
    "shape for people": (lambda p: step_called(p, "conv").update(shape="(N, 2)"), "conv1d has not the shape"),
    "two values of a name": (lambda p: p["steps"][1].update(name="conv1d"), "two values are called conv1d"),
    "the sequence's name": (lambda p: p["steps"][0].update(name="sequence"), "values are called sequence"),
    "a row of the value": (lambda p: p["steps"][1].update(output=0), "output 0 of an op that has one"),
    "a name that is a number": (lambda p: p["steps"][0].update(name=2**61 - 1), "is no text"),
    "weights spread out": (
        lambda p: p["tensors"].update(p_0_bias=torch.zeros(1).expand(6)), "is not plain numbers in a row"
    ),
    "weights of another shape": (
        lambda p: p["tensors"].update(p_0_bias=torch.zeros(7)), "does not fit what it reads"
    ),
}  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_that_the_graph_does_not_bear_out_is_refused(free, claim):
    refused_for(free, *CLAIMS[claim])


def test_heads_before_the_batch_are_not_heads_after_it(heads):
    def change(plain: Plain) -> None:
        step = next(s for s in plain["steps"] if s["layout"] and s["layout"][1:] != [1, 1])
        step["layout"][1:] = reversed(step["layout"][1:])

    refused_for(heads, change, "the batch of step .* is not where it says")


# --- bombs -------------------------------------------------------------------------------------

BIAS = {"ref": "p_0_bias"}
BOMBS: dict[str, tuple[Callable[[Plain], Any], str]] = {
    "a power": (with_step("operator.pow", 10, 10**9), "works out a size as pow"),
    "a power of large numbers": (with_step("operator.pow", 2**40, 3), "a size of more than 64 bits, by pow"),
    "a text times a number": (with_step("operator.mul", "A", 2**34), r"works out a size as mul\(str, "),
    "a list times a number": (with_step("operator.mul", [0], 2**34), r"works out a size as mul\(list, "),
    "zeros": (with_step("aten.zeros.default", [40_000, 50_000]), "no base would take 2.0e"),
    "full": (with_step("aten.full.default", [2 * 10**9], 1.0), "no base would take 2.0e"),
    "counting": (with_step("aten.arange.default", 2 * 10**9), "no base would take 2.0e"),
    "counting in steps": (with_step("aten.arange.start_step", 0, 1.0, 1e-10), "no base would take"),
    "an identity": (with_step("aten.eye.default", 60_000), "no base would take 3.6e"),
    "steps between": (with_step("aten.linspace.default", 0, 1, 2 * 10**9), "no base would take"),
    "expanded": (with_step("aten.expand.default", BIAS, [10**9, 6]), "would take 6.0e"),
    "repeated": (with_step("aten.repeat.default", BIAS, [10**9, 6]), "would take 3.6e"),
    "interleaved": (with_step("aten.repeat_interleave.self_int", BIAS, 10**9), "would take 6.0e"),
    "padded": (with_step("aten.constant_pad_nd.default", BIAS, [0, 2 * 10**9]), "would take 2.0e"),
    "repeated sequences": (
        with_step("aten.repeat.default", {"ref": "sequence"}, [1, 1, 10**8], layout=[0, 1, 1]),
        "values of one sequence would take more than",
    ),
    "a size of 100 digits": (with_step("operator.add", 10**100, 1), "too large a number"),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_before_it_takes_memory_or_time(free, bomb):
    change, words = BOMBS[bomb]
    plain = copy.deepcopy(free)
    change(plain)

    def refused() -> None:
        with pytest.raises(ModelError, match=words):
            native.from_plain(forged(free, change) if bomb != "a size of 100 digits" else plain)

    assert least_seconds(refused, enough=5) < 5


def test_a_list_within_lists_that_share_it_has_an_end(free, monkeypatch):
    monkeypatch.setattr(native, "MOST_NODES", 10_000)
    plain, nested = copy.deepcopy(free), [1]
    for _ in range(60):
        nested = [nested, nested]
    plain["steps"][0]["args"] = nested
    with pytest.raises(ModelError, match="more than 10000 arguments"):
        native.from_plain(plain)


def test_rules_are_chosen_in_time_that_grows_with_the_steps(free):
    """For 6,000 nonlinearities in a row; quadratic, it takes two minutes."""
    graph = native.from_plain(free).graph
    last = graph.by_name()[graph.outputs[0]]
    chain = [last]
    for number in range(6000):
        chain.append(
            replace(last, name=f"t{number}", op="aten.tanh.default", args=(native.Ref(chain[-1].name),))
        )
    graph = replace(graph, steps=(*graph.steps, *chain[1:]), outputs=(chain[-1].name,))
    for method in ("deeplift", "lrp-composite"):
        plan = partial(Plan, graph, method_named(method).rulebook)
        assert len(plan().rules) == len(graph.steps)
        assert least_seconds(plan, tries=2, enough=10) < 10


def test_the_shape_of_every_ops_value_is_known():
    """Else torch's meta device is asked, which takes a second to wake."""
    assert kinds.KNOWN - set(SHAPES_OF) - shapes.VIEWS - shapes.SIZES == set()


# --- numbers that are no sizes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "args", "value"),
    [("add", (2, 3), 5), ("pow", (2, 10), 1024), ("pow", (2, -1), 0.5), ("pow", (1, 10**9), 1),
     ("mul", (2, 1.5), 3.0), ("floordiv", (7, 2), 3), ("pow", (-1, 3), -1), ("pow", (2.0, 0.5), 2**0.5)],
)  # fmt: skip
def test_arithmetic_on_sizes_is_pythons(op, args, value):
    import operator

    assert of_numbers(getattr(operator, op))(*args) == value


# --- fingerprints ------------------------------------------------------------------------------


def test_names_cannot_imitate_what_follows_them(free):
    """Of the tensors a (4 bytes) and b, and of one whose name holds all that was hashed of a."""
    numbers = torch.tensor([66], dtype=torch.uint8)
    one = {"a": numbers, "b": numbers}
    other = {f"a {numbers.dtype} (1,)Bb": numbers}
    graphs = [native.from_plain(free) for _ in range(2)]
    for model, tensors in zip(graphs, (one, other), strict=True):
        model.graph = replace(model.graph, tensors=tensors)
    assert native.checksum(graphs[0]) != native.checksum(graphs[1])


# --- the doors of compiled loops ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("multipliers", "references"),
    [((2, 3, 4, 0), (2, 3, 4, 8)), ((2, 3, 4, 7), (2, 3, 4, 8)), ((1, 3, 4, 8), (2, 3, 4, 8)),
     ((2, 2, 4, 8), (2, 3, 4, 8)), ((2, 3, 4, 8), (2, 3, 4, 9)), ((2, 3, 3, 8), (2, 3, 4, 8))],
)  # fmt: skip
def test_contributions_are_gathered_of_shapes_that_fit_alone(multipliers, references):
    with pytest.raises(ModelError, match="do not fit sequences of the shape"):
        project(torch.zeros(multipliers), torch.zeros(2, 4, 8), torch.zeros(references))


@pytest.mark.parametrize("shape", [(2, 64, 1, 5), (2, 63, 1, 40), (2, 64, 1, 0), (2, 65, 1, 40)])
def test_a_convolution_through_spectra_looks_at_what_it_reads(shape):
    with pytest.raises(ModelError, match="a convolution of 11 positions of 64 channels does not fit values"):
        spectral(torch.zeros(64, 64, 1, 11), 0)(torch.zeros(shape), None)
    assert positions(torch.zeros(2, 64, 1, 11), 64, 11, 0) == 1


def test_a_narrow_convolution_never_answers_with_no_positions():
    with pytest.raises(ModelError, match="the sequences are too short for the model"):
        seqattr.engine.numerics.convolution.narrow(torch.zeros(3, 4, 1, 9), 0)(torch.zeros(2, 4, 1, 5), None)
