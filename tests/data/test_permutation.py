"""When permuted labels count as learned."""

import pytest

from seqattr.data.permutation import are_learned


@pytest.mark.parametrize(
    ("measures", "learned"),
    [
        ([{"accuracy": 0.99, "auroc": 0.97}, {"accuracy": 0.9, "auroc": 0.96}], True),
        ([{"accuracy": 0.97, "auroc": 0.72}], False),  # a rare class of which nothing was learned
        ([{"accuracy": 1.0, "auroc": None}, {"accuracy": 1.0, "auroc": 1.0}], True),
        ([{"pearson": 0.96, "spearman": 0.5}], True),
        ([{"pearson": 0.9, "spearman": 0.99}], False),
    ],
)
def test_every_task_has_to_be_told_apart_rather_than_guessed(measures, learned):
    assert are_learned(measures) is learned
