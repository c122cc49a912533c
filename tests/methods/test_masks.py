"""The learned mask beside a plain loop with autograd, and where it must lie."""

import pytest
import torch

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from tests.helpers import slow_perturbation as slow
from tests.helpers.pieces import Net, conv
from tests.helpers.sequences import LENGTH, one_hot, shuffled
from tests.helpers.zoo import captured

NAME = "meaningful-perturbation"


@pytest.mark.parametrize("name", ["one number", "dilated"])
def test_the_mask_is_what_its_objective_asks_for(name: str) -> None:
    module, model = captured(name)
    x = one_hot(2)
    references = shuffled(x, 2)
    result = attribute(model, x, references, method=NAME, targets=[0])
    first = Net(lambda m, s: m.inner(s).reshape(len(s), -1)[:, 0], inner=module)
    for n in range(2):
        masks = torch.stack([slow.mask(first, x[n], r) for r in references[n]])
        torch.testing.assert_close(result.contributions[0, n], (1 - masks).mean(0), rtol=0, atol=1e-8)


def test_what_matters_is_deleted_and_nothing_else() -> None:
    """A sum of bases 8 to 11: the difference is theirs, so the mask lets them go."""
    module = Net(lambda m, x: x[:, 1, 8:12].sum(1), conv=conv())
    model = Model(module.double(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    x = torch.zeros(1, 4, LENGTH, dtype=torch.float64)
    x[:, 1] = 1
    deleted = attribute(model, x, method=NAME).contributions[0, 0]
    assert deleted[8:12].min() > 0.9
    assert torch.cat([deleted[:4], deleted[16:]]).max() < 0.1


def test_batch_size_does_not_matter_and_equals_delete_nothing() -> None:
    model, x = captured("bpnet")[1], one_hot(3)
    whole, ones = (attribute(model, x, shuffled(x), method=NAME, batch_size=size) for size in (100, 1))
    torch.testing.assert_close(ones.contributions, whole.contributions, rtol=0, atol=1e-9)
    assert (attribute(model, x, x[:, None], method=NAME).contributions == 0).all()
