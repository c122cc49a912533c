"""What a model takes beside the sequence is held constant; where it goes in, and in which shape, is found."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.calls import call_of
from seqattr.engine.capture.fitting import find_form, fit
from seqattr.engine.capture.input_form import InputForm
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import random_sequences
from seqattr.errors import InputError, ModelError, UnknownName
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Head, conv
from tests.helpers.sequences import LENGTH, one_hot, shuffled


class Base(nn.Module):
    """A small net, and what other inputs go through."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.conv, self.head = conv(padding=2), Head(6)
        self.embedding, self.covariates = nn.Embedding(5, 6), nn.Linear(7, 6)
        self.profile = conv(1, 3, 8, padding=1)
        self.double().eval()

    def body(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(x))


class Controls(Base):
    """As BPNet takes control tracks: joined to the channels, and their sum to the counts."""

    def forward(self, X: Tensor, X_ctl: Tensor | None = None) -> tuple[Tensor, Tensor]:
        h = self.body(X)
        profile = self.profile(h if X_ctl is None else torch.cat([h, X_ctl], 1))
        total = 0.0 if X_ctl is None else torch.log(X_ctl.sum((1, 2)) + 1)[:, None]
        return profile[:, 0, 3:5], self.head(h) + total


class CellType(Base):
    def forward(self, x: Tensor, cell: Tensor) -> Tensor:
        return self.head(self.body(x).mean(2) + self.embedding(cell))


class CovariatesFirst(Base):
    def forward(self, covariates: Tensor, x: Tensor) -> Tensor:
        return self.head(self.body(x).mean(2) + self.covariates(covariates))


class Keywords(Base):
    def forward(self, *, x: Tensor, scale: float = 1.0) -> Tensor:
        return self.head(self.body(x)) * scale


class Switches(Base):
    def forward(self, x: Tensor, head: str = "human", twice: bool = False, embeddings: bool = False) -> Any:
        h = self.body(x)
        y = self.head(h) * (2 if twice else 1) * (-1 if head == "mouse" else 1)
        return (y, h) if embeddings else y


class DictOf(Base):
    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        return self.head(self.body(batch["seq"])) * batch.get("weight", 1.0)


class DictOfTwo(Base):
    def forward(self, batch: Mapping[str, Tensor], verbose: bool = False) -> Tensor:
        return self.head(self.body(batch["onehot"]).mean(2) + self.embedding(batch["cell"]))


class ListOf(Base):
    def forward(self, inputs: list[Tensor]) -> Tensor:
        tracks, x = inputs
        return self.profile(torch.cat([self.body(x), tracks.transpose(1, 2)], 1))[:, 0, 2:4]


class Anything(Base):
    def forward(self, *inputs: Tensor, **more: Any) -> Tensor:
        return self.head(self.body(inputs[0])) * more["scale"]


class LengthFirst(Base):
    def forward(self, x: Tensor, cell: Tensor) -> Tensor:
        return self.head(self.body(x.transpose(1, 2)).mean(2) + self.embedding(cell))


TRACKS = torch.rand(2, LENGTH, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
COVARIATES = torch.linspace(0, 1, 7, dtype=torch.float64)


def whole(value: int) -> Callable[[int], Tensor]:
    return lambda rows: torch.full((rows,), value)


# A module, what is given, and the call that it stands for.
GIVEN: dict[str, tuple[type[Base], dict[Any, Any], Callable[[Any, Tensor], Any]]] = {
    "control tracks of zeros": (
        Controls, {"X_ctl": "zeros"}, lambda m, x: m(x, x.new_zeros(len(x), 2, LENGTH))),
    "control tracks of a number": (
        Controls, {"X_ctl": "0.5"}, lambda m, x: m(x, x.new_full((len(x), 2, LENGTH), 0.5))),
    "control tracks with their shape": (
        Controls, {"X_ctl": "ones(2,L)"}, lambda m, x: m(x, x.new_ones(len(x), 2, LENGTH))),
    "an array": (Controls, {"X_ctl": TRACKS}, lambda m, x: m(x, TRACKS.expand(len(x), 2, LENGTH))),
    "an array of numpy with a batch": (
        Controls, {"X_ctl": TRACKS[None].float().numpy()},
        lambda m, x: m(x, TRACKS.float().double().expand(len(x), 2, LENGTH))),
    "by number": (Controls, {1: 0.0}, lambda m, x: m(x, x.new_zeros(len(x), 2, LENGTH))),
    "an index": (CellType, {"cell": 3}, lambda m, x: m(x, whole(3)(len(x)))),
    "an index of numpy": (CellType, {"cell": np.array(3)}, lambda m, x: m(x, whole(3)(len(x)))),
    "an index as a text": (CellType, {"cell": "4"}, lambda m, x: m(x, whole(4)(len(x)))),
    "an index that is zeros": (CellType, {"cell": "zeros"}, lambda m, x: m(x, whole(0)(len(x)))),
    "covariates before the sequence": (
        CovariatesFirst, {"covariates": COVARIATES}, lambda m, x: m(COVARIATES.expand(len(x), 7), x)),
    "one covariate for all": (
        CovariatesFirst, {"covariates": "-1e-1"}, lambda m, x: m(x.new_full((len(x), 7), -0.1), x)),
    "the sequence named": (
        CovariatesFirst, {"x": "sequence", "covariates": 0}, lambda m, x: m(x.new_zeros(len(x), 7), x)),
    "the sequence by its number": (
        CovariatesFirst, {0: "zeros(7)", 1: "sequence"}, lambda m, x: m(x.new_zeros(len(x), 7), x)),
    "keywords alone": (Keywords, {}, lambda m, x: m(x=x)),
    "keywords and a number": (Keywords, {"scale": "2.5"}, lambda m, x: m(x=x, scale=2.5)),
    "nothing beside switches": (Switches, {}, lambda m, x: m(x)),
    "words and switches": (
        Switches, {"head": "mouse", "twice": "true"}, lambda m, x: m(x, head="mouse", twice=True)),
    "a dict of the sequence": (DictOf, {}, lambda m, x: m({"seq": x})),
    "a dict, another key": (DictOf, {"weight": 3.0}, lambda m, x: m({"seq": x, "weight": 3.0})),
    "a dict, both keys": (
        DictOfTwo, {"onehot": "sequence", "cell": 2},
        lambda m, x: m({"onehot": x, "cell": whole(2)(len(x))})),
    "a dict, the sequence's key found": (
        DictOfTwo, {"cell": 2}, lambda m, x: m({"onehot": x, "cell": whole(2)(len(x))})),
    "a list": (ListOf, {0: "zeros(L,2)"}, lambda m, x: m([x.new_zeros(len(x), LENGTH, 2), x])),
    "a list, the shape found": (
        ListOf, {"0": 1.5}, lambda m, x: m([x.new_full((len(x), LENGTH, 2), 1.5), x])),
    "what is not named": (Anything, {"scale": 2.0}, lambda m, x: m(x, scale=2.0)),
}  # fmt: skip
# one of each sort is captured and explained; of the others the call alone is compared
CAPTURED = {
    "control tracks of a number", "an array", "an index", "covariates before the sequence", "keywords alone",
    "words and switches", "a dict, the sequence's key found", "a list",
}  # fmt: skip


def tensors(answer: Any) -> list[Tensor]:
    return [t.detach() for t in (answer if isinstance(answer, tuple) else (answer,))]


@pytest.mark.parametrize("name", GIVEN)
def test_other_inputs_are_what_was_given(name: str) -> None:
    kind, given, call = GIVEN[name]
    module = kind()
    fitted = fit(module, InputForm(inputs=given), LENGTH)
    x = random_sequences(3, LENGTH, torch.float64, "cpu")
    for actual, expected in zip(tensors(fitted.answer), tensors(call(module, x)), strict=True):
        torch.testing.assert_close(actual, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", sorted(CAPTURED))
def test_models_are_explained_with_other_inputs_held_constant(name: str) -> None:
    kind, given, call = GIVEN[name]
    module, x = kind(), one_hot(5)
    model = Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64), inputs=given)
    expected = torch.cat([t.flatten(1) for t in tensors(call(module, x))], 1)
    torch.testing.assert_close(model.predict(x), expected, rtol=1e-10, atol=1e-12)
    assert attribute(model, x, shuffled(x)).additivity_error.max() <= 1e-9
    for key in given:
        note = next(note for note in model.notes if note.startswith("held constant beside the sequence: "))
        assert str(key) in note


def test_the_layout_is_found_beside_other_inputs() -> None:
    form = InputForm(inputs={"cell": 1})
    assert find_form(LengthFirst(), form, LENGTH).layout == "NL4"
    example = torch.zeros(2, LENGTH, 4, dtype=torch.float64)
    model = Model(LengthFirst(), example, inputs={"cell": 1})
    x = one_hot(2)
    expected = LengthFirst()(x.transpose(1, 2), torch.tensor([1, 1])).detach()
    torch.testing.assert_close(model.predict(x), expected, rtol=1e-10, atol=0)


class Masked(Base):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.head(self.body(x).sum(2) / mask.sum(1, keepdim=True))


def test_a_count_is_divided_by_in_the_precision_of_the_model() -> None:
    mask = torch.arange(LENGTH) % 3 > 0
    model = Model(Masked(), torch.zeros(2, 4, LENGTH, dtype=torch.float64), inputs={"mask": mask.long()})
    x = one_hot(3)
    assert attribute(model, x, shuffled(x)).additivity_error.max() <= 1e-13


class TruthMasked(Base):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.head(self.body(x).masked_fill(~mask[:, None, :], 0.0))


def all_true(x: Tensor) -> Tensor:
    return torch.ones(len(x), LENGTH, dtype=torch.bool)


SEVEN = [1, 0, 2, 0, 0, 3, 1]
# A module, what is given in another type than the module wants, and the call that it stands for.
OF_ANOTHER_TYPE: dict[str, tuple[type[Base], dict[str, Any], Callable[[Any, Tensor], Any]]] = {
    "integers for floats": (
        CovariatesFirst, {"covariates": np.array(SEVEN)},
        lambda m, x: m(torch.tensor(SEVEN).double().expand(len(x), 7), x)),
    "an integer of a shape for floats": (
        CovariatesFirst, {"covariates": "2(7)"}, lambda m, x: m(x.new_full((len(x), 7), 2), x)),
    "a list for floats": (
        CovariatesFirst, {"covariates": [0.1 * n for n in SEVEN]},
        lambda m, x: m(torch.tensor([0.1 * n for n in SEVEN]).double().expand(len(x), 7), x)),
    "a float for an index": (CellType, {"cell": np.array(3.0)}, lambda m, x: m(x, whole(3)(len(x)))),
    "true": (TruthMasked, {"mask": "true"}, lambda m, x: m(x, all_true(x))),
    "true, with a shape": (TruthMasked, {"mask": "true(L)"}, lambda m, x: m(x, all_true(x))),
    "a number": (TruthMasked, {"mask": 1}, lambda m, x: m(x, all_true(x))),
    "an array of integers": (
        TruthMasked, {"mask": np.ones(LENGTH, np.int64)}, lambda m, x: m(x, all_true(x))),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_ANOTHER_TYPE)
def test_constants_go_in_as_the_type_that_a_module_wants(name: str) -> None:
    kind, given, call = OF_ANOTHER_TYPE[name]
    module, x = kind(), random_sequences(3, LENGTH, torch.float64, "cpu")
    answer = fit(module, InputForm(inputs=given), LENGTH).answer
    torch.testing.assert_close(answer, call(module, x), rtol=1e-6, atol=1e-6)


class WholeSequences(Base):
    """As a model that insists on sequences of a type of whole numbers, beside a number that is none."""

    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
        if x.dtype != torch.int8:
            raise TypeError("expected sequences of int8")
        return self.head(self.body(x.double()) * scale[:, None, None])


@pytest.mark.parametrize("scale", [0.3, np.array(0.3), "0.3()"], ids=["number", "array", "text"])
def test_numbers_beside_whole_sequences_keep_their_fractions(scale: Any) -> None:
    module, x = WholeSequences(), one_hot(3)
    model = Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64), inputs={"scale": scale})
    expected = module(x.to(torch.int8), x.new_full((3,), 0.3)).detach()
    torch.testing.assert_close(model.predict(x), expected, rtol=1e-12, atol=0)


def test_zeros_as_long_as_the_sequence_follow_its_length() -> None:
    class Total(Controls):
        def forward(self, X: Tensor, X_ctl: Tensor) -> Tensor:
            return self.profile(torch.cat([self.body(X), X_ctl], 1)).mean(2)

    model = Model(Total(), torch.zeros(2, 4, LENGTH, dtype=torch.float64), inputs={"X_ctl": "zeros"})
    assert not model.lengths.is_fixed
    x = one_hot(2, 2 * LENGTH)
    torch.testing.assert_close(model.predict(x), Total()(x, x[:, :2] * 0).detach(), rtol=1e-10, atol=0)
    fixed = Model(Total(), torch.zeros(2, 4, LENGTH, dtype=torch.float64), inputs={"X_ctl": TRACKS})
    assert str(fixed.lengths) == f"{LENGTH} bp"


# --- what is said --------------------------------------------------------------------------------


class Ambiguous(Base):
    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        return self.head(self.body(x)) * (c.flatten(1).sum(1, keepdim=True) if c.ndim > 1 else c[:, None])


SAID: dict[str, tuple[type[Base], dict[Any, Any], type[Exception], str]] = {
    "controls missing": (Controls, {}, ModelError, r"to have 8 channels.*it runs with `inputs=X_ctl=zeros`"),
    "an input missing": (CellType, {}, ModelError, r"missing 1 required.*it runs with `inputs=cell=zeros`"),
    "the first missing": (CovariatesFirst, {}, ModelError, "it runs with `inputs=covariates=zeros`"),
    "keys missing": (
        DictOfTwo, {}, InputError, "keys onehot, cell: .* `inputs=onehot=sequence`.* `inputs=cell=zeros`"),
    "a list": (ListOf, {}, ModelError, "values to unpack.* by their numbers, as in `inputs=1=zeros`"),
    "another name": (Controls, {"Xctl": 0}, UnknownName, "unknown input 'Xctl'.* did you mean 'X_ctl'"),
    "another number": (Controls, {2: 0}, UnknownName, "unknown number of an input '2'; there is: 0, 1"),
    "no value": (Controls, {"X_ctl": "tracks"}, InputError, "`inputs=X_ctl=tracks` is not understood"),
    "no size": (Controls, {"X_ctl": "zeros(2,l)"}, InputError, "is not understood"),
    "no switch": (Switches, {"twice": "perhaps"}, InputError, "is not understood"),
    "several shapes": (Ambiguous, {"c": "1"}, InputError, r"say which is meant, c=1\(1,L\) or c=1\(1\)"),
    "another shape": (Controls, {"X_ctl": "zeros(3,L)"}, ModelError, "to have 8 channels, but got 9"),
    "another array": (CellType, {"cell": torch.zeros(2, 2)}, ModelError, "on an input of shape"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_what_other_inputs_are_wrong_or_missing_is_said(name: str) -> None:
    kind, given, error, line = SAID[name]
    with pytest.raises(error, match=line):
        Model(kind(), torch.zeros(2, 4, LENGTH, dtype=torch.float64), inputs=given)


def test_where_the_sequence_goes_in() -> None:
    places = {
        CovariatesFirst: ({"covariates": 0}, "x"),
        CellType: ({"cell": 0}, "x"),
        Controls: ({"X_ctl": 0}, "X"),
        DictOf: ({}, None),
        Keywords: ({}, "x"),
    }
    for kind, (given, name) in places.items():
        assert call_of(kind(), given).sequence == name, kind
