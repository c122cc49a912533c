"""What `import seqattr` offers."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import seqattr
from seqattr.dna.alphabet import one_hot
from seqattr.errors import InputError, UnknownName
from seqattr.support.version import package_version


def test_the_public_names():
    assert seqattr.__all__ == [
        *("METHODS", "REFERENCES", "Attribution", "Foreign", "Model", "Patterns", "SeqattrError", "Target"),
        *("attention", "attribute", "counterfactuals", "fit_patterns", "jacobian", "load_model"),
        *(
            "load_patterns",
            "marginalize",
            "maximize",
            "references",
            "save_model",
            "save_patterns",
            "sensitivity",
            "spacing",
            "variant_effects",
            "with_patterns",
        ),
    ]
    assert set(seqattr.__all__) <= set(dir(seqattr))
    for name in seqattr.__all__:
        assert getattr(seqattr, name).__doc__ or name in ("METHODS", "REFERENCES")


def test_tab_offers_nothing_but_names_of_seqattr():
    rooms = {path.name.removesuffix(".py") for path in Path(seqattr.__file__).parent.iterdir()}
    offered = {name for name in dir(seqattr) if not name.startswith("_")}
    assert offered - rooms <= set(seqattr.__all__)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'seqattr' has no attribute 'nothing'"):
        seqattr.nothing  # noqa: B018


def test_importing_it_imports_nothing_large_and_references_is_always_the_function():
    """A room of that name would take the function's place when it is imported, sooner or later."""
    script = """
import sys
import seqattr
assert not {"torch", "numpy"} & set(sys.modules)
from seqattr.refs.kinds import REFERENCES
assert "torch" not in sys.modules
for _ in range(2):
    assert seqattr.references.__name__ == "references" and callable(seqattr.references)
    assert seqattr.REFERENCES is REFERENCES
assert callable(seqattr.attribute)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_no_room_or_module_has_the_name_of_what_is_offered():
    assert not {path.stem for path in Path(seqattr.__file__).parent.iterdir()} & set(seqattr.__all__)


def test_the_example_of_the_docstring(free, texts, tmp_path):
    model = seqattr.load_model(free)
    sequences = one_hot(texts(3))
    references = seqattr.references("shuffle:4", sequences, seed=0)
    result = seqattr.attribute(model, sequences, references, targets=[0])
    assert references.shape == (3, 4, 4, 40)
    assert result.contributions.shape == (1, 3, 40)
    assert result.hypothetical.shape == (1, 3, 4, 40)
    assert result.multipliers.shape == (1, 3, 4, 40)
    for values in (result.prediction, result.difference, result.additivity_error):
        assert values.shape == (1, 3)
    np.testing.assert_allclose(result.contributions.sum(2), result.difference, rtol=1e-4, atol=1e-6)
    assert float(result.additivity_error.max()) < 1e-3


def test_what_would_change_an_output_and_what_it_is_largest_for(free, texts):
    model = seqattr.load_model(free)
    sequences = one_hot(texts(3))
    start = model.predict(torch.from_numpy(sequences).float())[:, 0]
    paths = seqattr.counterfactuals(model, sequences, 0, most=2)
    assert [path.start for path in paths] == pytest.approx(start.tolist(), abs=1e-6)
    found = seqattr.maximize(model, 0)
    assert found.sequences.shape == (20, 4, 40)
    assert found.output.max() > start.max()


@pytest.mark.parametrize("spec", ["shuffle:3", "freq", "zeros", "gc:2"])
def test_references_are_of_the_kind_that_the_sequences_are(texts, spec):
    sequences = one_hot(texts(3))
    as_numpy = seqattr.references(spec, sequences, seed=1)
    as_torch = seqattr.references(spec, torch.from_numpy(sequences), seed=1)
    assert isinstance(as_numpy, np.ndarray)
    assert isinstance(as_torch, torch.Tensor)
    np.testing.assert_array_equal(as_torch.numpy(), as_numpy)
    assert (as_torch.stride(0) == 0) == (as_numpy.strides[0] == 0) == (spec in ("freq", "zeros"))
    with_gradient = torch.from_numpy(sequences).float().requires_grad_()
    torch.testing.assert_close(seqattr.references(spec, with_gradient, seed=1), as_torch)


def test_references_of_numpy_and_torch_give_the_same_attribution(free, texts):
    model = seqattr.load_model(free)
    sequences = one_hot(texts(3))
    for spec in ("freq", "mono:2"):
        a = seqattr.attribute(model, sequences, seqattr.references(spec, sequences))
        tensor = torch.from_numpy(sequences)
        b = seqattr.attribute(model, tensor, seqattr.references(spec, tensor))
        torch.testing.assert_close(a.contributions, b.contributions, rtol=1e-6, atol=1e-7)


def test_mistakes_are_seqattr_errors(free, texts):
    model = seqattr.load_model(free)
    sequences = one_hot(texts(2))
    for mistake, error, line in [
        (lambda: seqattr.attribute(model, sequences, method="x"), UnknownName, "unknown method 'x'"),
        (lambda: seqattr.attribute(model, sequences, targets=["x"]), UnknownName, "unknown target 'x'"),
        (lambda: seqattr.attribute(model, sequences[:, :3]), InputError, r"the shape \(N, 4, L\), not"),
        (
            lambda: seqattr.attribute(model, sequences, sequences[:, :, :9]),
            InputError,
            "do not fit sequences",
        ),
        (lambda: seqattr.attribute(model, sequences[:, :, :3]), InputError, "sequences of 3 bp do not fit"),
        (lambda: seqattr.references("x", sequences), UnknownName, "unknown reference 'x'"),
        (lambda: seqattr.references("shuffle:0", sequences), InputError, "must say how many"),
        (lambda: seqattr.references("freq", sequences[0]), InputError, r"shape \(N, 4, L\), not \(4, 40\)"),
        (lambda: seqattr.load_model("none.pt"), seqattr.SeqattrError, "there is no model file none.pt"),
    ]:
        with pytest.raises(error, match=line) as caught:
            mistake()
        assert isinstance(caught.value, seqattr.SeqattrError)
        assert len(str(caught.value).splitlines()) == 1


def test_sequences_may_be_texts(free):
    model = seqattr.load_model(free)
    texts = ["ACGTACGTTGCATTGACCAT" * 2, "TTGACCATACGTACGTTGCA" * 2]
    columns = one_hot(texts)
    drawn = seqattr.references("shuffle:2", texts, seed=1)
    assert np.array_equal(drawn, seqattr.references("shuffle:2", columns, seed=1))
    of_texts = seqattr.attribute(model, texts, drawn)
    assert torch.equal(of_texts.contributions, seqattr.attribute(model, columns, drawn).contributions)
    assert torch.equal(model.predict(texts), model.predict(torch.from_numpy(columns)))
    paths = seqattr.counterfactuals(model, texts, 0, most=1)
    assert paths == seqattr.counterfactuals(model, columns, 0, most=1)
    with pytest.raises(InputError, match=r"as \['ACGT'\], not a single one"):
        seqattr.counterfactuals(model, "ACGT", 0)
    with pytest.raises(InputError, match="length"):
        seqattr.attribute(model, ["ACGT", "ACG"])


@pytest.mark.parametrize("function", ["jacobian", "sensitivity"])
def test_other_questions_take_texts_too(free, function):
    model, texts = seqattr.load_model(free), ["ACGTACGTTGCATTGACCAT" * 2, "TTGACCATACGTACGTTGCA" * 2]
    ask = getattr(seqattr, function)
    of_texts, of_columns = (ask(model, given) for given in (texts, one_hot(texts)))
    pick = torch.as_tensor if function == "jacobian" else lambda answer: answer.mean_absolute
    torch.testing.assert_close(pick(of_texts), pick(of_columns))


def test_what_is_shown_of_a_model_and_of_an_attribution(free):
    model = seqattr.load_model(free)
    assert re.fullmatch(r"<seqattr.Model of .*steps, torch.float\d+; targets: .*>", repr(model))
    result = seqattr.attribute(model, ["ACGTACGTTGCATTGACCAT" * 2])
    shape = " x ".join(map(str, result.contributions.shape))
    assert repr(result).startswith(f"<seqattr.Attribution: contributions {shape} (targets, sequences, bases)")
    assert f"at most {result.additivity_error.max():.1e}>" in repr(result)


def test_the_version_is_that_of_the_command_line():
    assert seqattr.__version__ == package_version()
    assert "__version__" in dir(seqattr)
