"""What an entry of METHODS is made of."""

import pytest
import torch

from seqattr.engine.capture.model import Model
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.session import Session
from seqattr.engine.walk.walk import Walk
from seqattr.methods.attribution import Explainer
from seqattr.methods.attributors import at_sequence
from seqattr.methods.method import Cost, Method
from seqattr.methods.registry import METHODS
from tests.helpers.sequences import frequency, one_hot
from tests.helpers.zoo import captured


@pytest.fixture(scope="module")
def model() -> Model:
    return captured("conv1d")[1]


def test_a_method_is_made_by_keywords() -> None:
    with pytest.raises(TypeError, match="positional"):
        Method("a summary", "a source", "gradients", at_sequence, GRADIENT)  # type: ignore[misc]


def test_perturbations_have_no_rulebook_and_all_others_have_one() -> None:
    assert {name for name, method in METHODS.items() if method.rulebook is None} == {
        name for name, method in METHODS.items() if method.family == "perturbation"
    }


@pytest.mark.parametrize("name", ["ism", "occlusion-5", "lime"])
def test_without_a_rulebook_nothing_walks(model: Model, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is asked forward alone: no step is given a pullback."""
    monkeypatch.setattr(Walk, "__init__", lambda *_: pytest.fail("a walk"))
    result = Explainer(Session(model), name).attribute(one_hot(2), frequency())
    assert torch.isfinite(result.contributions).all()


def test_its_outputs_are_those_of_a_method_with_one(model: Model) -> None:
    x, references = one_hot(3), frequency()
    asked, walked = (Explainer(Session(model), name).attribute(x, references) for name in ("ism", "gradient"))
    assert torch.equal(asked.prediction, walked.prediction)
    assert torch.equal(asked.difference, walked.difference)


def test_a_new_method_is_one_function_and_one_entry(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Method(
        summary="the gradient by another name",
        source="nobody",
        family="gradients",
        attributor=at_sequence,
        rulebook=GRADIENT,
        cost=Cost("R + 1", "T"),
    )
    monkeypatch.setitem(METHODS, "slope", entry)
    x, references = one_hot(2), frequency()
    new, known = (Explainer(Session(model), name).attribute(x, references) for name in ("slope", "gradient"))
    assert torch.equal(new.contributions, known.contributions)
