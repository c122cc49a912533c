"""The default benchmark stays affordable, however many methods there are."""

import numpy as np
import pytest

from seqattr.data.simulate import TASKS
from seqattr.dna.alphabet import one_hot
from seqattr.engine.capture.model import Model
from seqattr.engine.walk.session import Session
from seqattr.methods.attribution import Explainer
from seqattr.methods.registry import METHODS
from seqattr.models.zoo import build
from seqattr.refs.kinds import references
from seqattr.tal_gata.recipe import COSTLY, FULL, Scoring
from tests.helpers.kinds_of_method import ready

LENGTH = 200
# Rows through the net, forward and backward, for one sequence and all that the benchmark does with it. A row
# takes 0.04 ms on one core, so that 6,500 sequences (1,300 under five nets) take three quarters of an hour.
MOST_ROWS = 11_000


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(build("tal-gata", LENGTH, len(TASKS)).eval(), np.zeros((1, 4, LENGTH), np.float32))


def rows(scoring: Scoring, model: Model) -> int:
    """What one sequence costs; shared references, which cost the same for any number, are in it too."""
    sequence = one_hot(np.random.default_rng(0).integers(0, 4, (1, LENGTH)).astype(np.uint8))
    explainer = Explainer(Session(model), ready(model, scoring.method))
    explainer.attribute(sequence, references(scoring.references, sequence))
    return explainer.session.rows_forward + explainer.session.rows_backward


def test_the_default_methods_cost_minutes(model):
    """Where this fails, the method that costs most belongs into COSTLY, or all of them are too many."""
    costs = {scoring: rows(scoring, model) for scoring in FULL.scorings}
    dearest = max(costs, key=lambda scoring: costs[scoring])
    assert sum(costs.values()) <= MOST_ROWS, f"{dearest} alone costs {costs[dearest]} rows a sequence"


def test_what_is_left_out_is_there():
    assert set(COSTLY) <= set(METHODS)
