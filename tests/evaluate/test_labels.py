"""Scores for a model of the true labels beside those for one of permuted labels."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from seqattr.engine.capture.model import Model
from seqattr.evaluate import labels
from seqattr.evaluate.judgement import Summaries
from seqattr.evaluate.measured import summarise
from seqattr.evaluate.question import Question
from seqattr.evaluate.similarity import by_rank
from seqattr.models.zoo import build
from seqattr.support.progress import silent
from tests.helpers.sequences import one_hot


def of_seed(seed: int) -> Model:
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return Model(
            build("tal-gata", 60, 2, filters=6, dense=5).double().eval(), torch.zeros(2, 4, 60).double()
        )


@pytest.fixture(scope="module")
def question() -> Question:
    return Question(of_seed(0), one_hot(9, 60).double(), methods=("gradient",), permuted=of_seed(1))


def judged(question: Question, method: str) -> bool | None:
    return labels.judge(method, Summaries(summarise(method, labels.measure(question, method, silent)))).passes


def test_the_same_sequences_by_either_model(question):
    found = {(row.metric, row.target): row.values for row in labels.measure(question, "gradient", silent)}
    assert {metric for metric, _ in found} == set(labels.METRICS)
    scores = [
        question.explain("gradient", model, question.sequences, None).numpy()
        for model in (question.model, question.permuted)
    ]
    for number, name in enumerate(question.names):
        np.testing.assert_allclose(found["spearman", name], by_rank(scores[0][number], scores[1][number]))
        np.testing.assert_array_equal(found["beyond-gradient", name], 0)
    small = labels.measure(replace(question, batch_size=2, _kept={}), "gradient", silent)
    for row in small:
        np.testing.assert_allclose(row.values, found[row.metric, row.target], rtol=0, atol=1e-12)


def test_a_control_and_a_model_that_is_the_same_fail(question):
    assert judged(question, "sequence") is False
    assert judged(replace(question, permuted=question.model, _kept={}), "gradient") is False
    rows = summarise("sequence", labels.measure(question, "sequence", silent))
    assert [drawing.name for drawing in labels.draw(Summaries(rows))] == ["labels"]


def test_without_the_other_model_it_says_how_to_make_it(question):
    assert labels.missing(question) == ""
    assert "`permute_labels=True`" in labels.missing(replace(question, permuted=None, _kept={}))
