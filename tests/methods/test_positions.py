"""Mutagenesis of chosen positions: as that of all there, and 0 elsewhere."""

import pytest
import torch

from seqattr.engine.walk.session import Session
from seqattr.errors import InputError
from seqattr.methods.ensemble import Ensemble
from seqattr.methods.explainer import Explainer
from seqattr.methods.registry import method_named
from tests.helpers.sequences import LENGTH, one_hot
from tests.helpers.zoo import captured


@pytest.mark.parametrize("method", ["ism", "ism-any-base"])
def test_chosen_positions_have_the_scores_that_all_would_give_them(method: str) -> None:
    session = Session(captured("bpnet")[1])
    everywhere = Explainer(session, method).attribute(one_hot(2)).contributions
    before = session.rows_forward
    chosen = Explainer(session, f"{method}:7-12").attribute(one_hot(2)).contributions
    assert torch.allclose(chosen[..., 7:12], everywhere[..., 7:12], rtol=1e-9, atol=1e-12)
    assert chosen[..., 7:12].abs().sum() > 0
    assert chosen[..., :7].count_nonzero() + chosen[..., 12:].count_nonzero() == 0
    assert session.rows_forward - before < 2 * (3 * 5 + 10)


@pytest.mark.parametrize("text", ["", "5", "9-9", "12-7", "a-b", "-3-4", "relu_1"])
def test_what_are_no_positions_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="START-END"):
        method_named(f"ism:{text}")


def test_positions_beyond_the_end_are_refused() -> None:
    explainer = Explainer(Session(captured("bpnet")[1]), f"ism:3-{LENGTH + 1}")
    with pytest.raises(InputError, match=f"do not lie in sequences of {LENGTH} bp"):
        explainer.attribute(one_hot(1))


def test_they_are_of_one_strand() -> None:
    explainer = Explainer(Session(captured("bpnet")[1]), "ism:3-5")
    with pytest.raises(InputError, match="one strand"):
        Ensemble([explainer], both_strands=True)
