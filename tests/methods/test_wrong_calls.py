"""Wrong calls of the library: one line each that says what would be right."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import seqattr
from seqattr.analyses.marginalization import Insertions
from seqattr.analyses.maximize import Settings as MaximizeSettings
from seqattr.analyses.spacing import Distances
from seqattr.dna.alphabet import one_hot
from seqattr.errors import InputError
from tests.helpers.pieces import conv

LENGTH = 40
TEXTS = ["ACGTTGCAAC" * 4, "CCGTAGCATC" * 4]
LONGER = [text + "ACGT" for text in TEXTS]
PLACES = ["chr1:100-140", "chr1:200-240"]


@pytest.fixture(scope="module")
def module() -> nn.Module:
    torch.manual_seed(0)
    net = nn.Sequential(conv(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    net(torch.zeros(1, 4, LENGTH))
    return net


@pytest.fixture(scope="module")
def model(module: nn.Module) -> seqattr.Model:
    return seqattr.Model(module, torch.zeros(2, 4, LENGTH), targets=["a", "b"])


@pytest.fixture(scope="module")
def result(model: seqattr.Model) -> seqattr.Attribution:
    return seqattr.attribute(model, TEXTS)


def refused(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


MODELS = {
    "a path": ("m.pt", "'m.pt' is a path, no model: seqattr.load_model('m.pt') reads one"),
    "a Path": (Path("m.pt"), "seqattr.load_model('m.pt')"),
    "paths": (["m.pt"], "seqattr.load_model('m.pt')"),
    "none": (None, "a seqattr.Model is wanted, not NoneType"),
    "no models": ([], "there is no model"),
}
ASKING: dict[str, Callable[[Any], Any]] = {
    "attribute": lambda model: seqattr.attribute(model, TEXTS),
    "sensitivity": lambda model: seqattr.sensitivity(model, one_hot(TEXTS)),
    "jacobian": lambda model: seqattr.jacobian(model, one_hot(TEXTS)),
    "attention": lambda model: seqattr.attention(model, one_hot(TEXTS)),
    "counterfactuals": lambda model: seqattr.counterfactuals(model, one_hot(TEXTS), target=0),
    "fit_patterns": lambda model: seqattr.fit_patterns(model, one_hot(TEXTS)),
    "maximize": lambda model: seqattr.maximize(model, target=0),
    "spacing": lambda model: seqattr.spacing(model, ("ACGT", "TTT"), TEXTS),
    "variant_effects": lambda model: seqattr.variant_effects(model, TEXTS, TEXTS),
    "save_model": lambda model: seqattr.save_model("new.pt", model),
}


@pytest.mark.parametrize("kind", MODELS)
def test_what_is_no_model_is_told_how_it_becomes_one(kind):
    model, words = MODELS[kind]
    refused(lambda: seqattr.attribute(model, TEXTS), words)


@pytest.mark.parametrize("asked", ASKING)
def test_a_path_is_no_model_and_a_module_neither_wherever_one_is_asked(asked, module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(lambda: ASKING[asked]("m.pt"), "seqattr.load_model('m.pt') reads one")
    refused(lambda: ASKING[asked](module), "seqattr.Model(module, example_input) makes it one")
    assert not list(tmp_path.iterdir())


OF_NONE: dict[str, Callable[[Any], Any]] = {
    "attribute": lambda model: seqattr.attribute(model, []),
    "sensitivity": lambda model: seqattr.sensitivity(model, []),
    "jacobian": lambda model: seqattr.jacobian(model, []),
    "attention": lambda model: seqattr.attention(model, []),
    "fit_patterns": lambda model: seqattr.fit_patterns(model, []),
    "references": lambda _: seqattr.references("zeros", []),
    "variant_effects": lambda model: seqattr.variant_effects(model, [], []),
}


@pytest.mark.parametrize("asked", OF_NONE)
def test_an_empty_list_holds_no_sequences(asked, model):
    refused(lambda: OF_NONE[asked](model), "there are no sequences")


def test_results_tell_what_they_are_in_a_line(model):
    assert repr(seqattr.variant_effects(model, TEXTS, TEXTS)) == "<VariantEffects: 2 variants, targets a, b>"
    assert (
        repr(seqattr.sensitivity(model, one_hot(TEXTS)))
        == "<Sensitivity: 2 sequences of 40 bases, targets a, b>"
    )
    climb = seqattr.maximize(model, 0, MaximizeSettings(steps=1, number=2, polish=0))
    assert repr(climb).startswith("<Maximized: 2 sequences of 40 bases, outputs ")
    assert "tensor" not in repr(climb)


def test_a_model_is_made_of_a_module_and_an_example(module):
    refused(lambda: seqattr.Model("m.pt", torch.zeros(2, 4, LENGTH)), "seqattr.load_model('m.pt')")
    refused(lambda: seqattr.Model(3, torch.zeros(2, 4, LENGTH)), "a torch module is wanted, not int")
    refused(lambda: seqattr.Model(module, TEXTS), "the example input is a tensor, such as")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"references": "shuffle:10"}, "seqattr.references('shuffle:10', sequences) would be"),
        ({"references": 5}, "references must have the shape (N, R, 4, L)"),
        ({"references": [None]}, "references must be an array of numbers, or a list of texts: not list"),
        ({"sequences": "ACGT"}, "sequences are a list of texts, as ['ACGT'], not a single one"),
        (
            {"sequences": "s.fa"},
            "not 's.fa': `read_fasta` of seqattr.io.fasta.records gives the records",
        ),
        ({"sequences": None}, "sequences must be an array of numbers, or a list of texts: not NoneType"),
        ({"sequences": ["ACGT", "ACG"]}, "sequence 2 has 3 bases, the first has 4"),
        ({"method": 5}, "unknown method '5'"),
        ({"targets": [1.5]}, "unknown target '1.5'; there is: a, b"),
        ({"targets": 1.5}, "unknown target '1.5'; there is: a, b"),
        ({"device": 5}, "unknown device 5; there is: auto, cpu"),
        ({"batch_size": "x"}, "the batch size must be a whole number from 1 on, not 'x'"),
        ({"dtype": "float32"}, "torch.float64, not 'float32'"),
        ({"dtype": torch.int32}, "torch.float64, not torch.int32"),
    ],
)
def test_what_cannot_be_explained_is_told_in_one_line(model, arguments, words):
    refused(lambda: seqattr.attribute(model, **{"sequences": TEXTS, **arguments}), words)


def test_settings_of_another_class_are_told_from_the_right_ones(model):
    pair, x = ("ACGT", "TTT"), TEXTS
    class_of = "`settings` are a seqattr.analyses."
    refused(
        lambda: seqattr.marginalize(model, pair, x, Distances()),
        f"{class_of}marginalization.Insertions, not Distances",
    )
    refused(lambda: seqattr.spacing(model, pair, x, Insertions()), f"{class_of}spacing.Distances, not Insert")
    refused(lambda: seqattr.spacing(model, pair, x, Distances), f"{class_of}spacing.Distances, not the class")
    refused(lambda: seqattr.maximize(model, 0, {"steps": 3}), f"{class_of}maximize.Settings, not dict")


def test_a_device_of_torch_is_one(model, result):
    again = seqattr.attribute(model, TEXTS, device=torch.device("cpu"))
    assert torch.equal(again.contributions, result.contributions)


def test_texts_of_another_length_are_refused_as_arrays_are(model):
    for longer in (LONGER, one_hot(LONGER)):
        refused(lambda longer=longer: seqattr.attribute(model, longer), "of 44 bp do not fit the model")
        refused(
            lambda longer=longer: seqattr.attribute(model, TEXTS, longer),
            "references of the shape (2, 4, 44) do not fit sequences of the shape (2, 4, 40)",
        )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"targets": "c"}, "unknown target 'c'; there is: a, b"),
        ({"targets": 2}, "unknown target '2'"),
        ({"targets": [1.0]}, "a target that is no name is a whole number, not 1.0"),
        ({"targets": True}, "not True"),
        ({"targets": []}, "no target was named; None takes all of them"),
        ({"bases": 3}, "bases are two numbers, (start, end), not 3"),
        ({"bases": (3,)}, "not (3,)"),
        ({"bases": "ab"}, "not 'ab'"),
        ({"bases": (1.5, 4)}, "each end of the bases is a whole number, not 1.5"),
        ({"sequence": "seq0"}, "a sequence is a whole number, not 'seq0'"),
        ({"sequence": True}, "not True"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_one_line(result, arguments, words):
    refused(lambda: result.plot(**arguments), words)


@pytest.mark.parametrize(("targets", "labels"), [(0, ["a"]), ("b", ["b"]), ((1, 0), ["b", "a"])])
def test_one_target_may_be_given_alone(result, targets, labels):
    axes = result.plot(np.int64(1), targets=targets, bases=(np.int32(3), 9)).axes
    assert [one.get_ylabel() for one in axes] == labels


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda result, path: result.to_bigwig(path, 5), "a region for each row, not 5"),
        (lambda result, path: result.to_bigwig(path, None), "a bigWig needs `regions`"),
        (lambda result, path: result.to_bigwig(5, PLACES), "a path is wanted, not 5"),
        (lambda result, path: result.to_bigwig(path, PLACES, 5), "a path is wanted, not 5"),
        (lambda result, path: result.to_h5(5), "a path is wanted, not 5"),
        (lambda result, path: result.to_h5(path, 5), "a region for each row, not 5"),
    ],
)
def test_what_cannot_be_written_is_told_in_one_line(result, tmp_path, call, words):
    refused(lambda: call(result, tmp_path / "out"), words)
    assert not list(tmp_path.iterdir())


def test_references_are_asked_for_by_a_text():
    refused(lambda: seqattr.references(5, TEXTS), "unknown reference '5'; there is: shuffle")
