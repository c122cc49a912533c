"""Models whose targets were chosen: stored, read back, and told apart."""

import pytest
import torch

import seqattr
from seqattr.errors import InputError
from seqattr.models.content import content_hash
from seqattr.models.native import from_plain, to_plain
from tests.helpers.heads import Heads, one_hot

X, R = one_hot(3, 1), one_hot(2, 2)


@pytest.fixture(scope="module")
def heads() -> tuple[Heads, seqattr.Model]:
    module = Heads()
    return module, seqattr.Model(module, one_hot(2))


def test_a_model_of_expressions_alone_is_stored_and_read_back(heads):
    _, model = heads
    asked = ["counts", "profile", "ratio=log(counts:0/counts:1)", "profile:0,3"]
    few = from_plain(to_plain(model.with_targets(asked)))
    assert [target.name for target in few.targets] == ["counts", "profile", "ratio", "profile:0,3"]
    assert [target.name for target in few.pick(None)] == [target.name for target in few.targets]
    before, after = (seqattr.attribute(m, X, R, targets=t) for m, t in ((model, asked), (few, None)))
    torch.testing.assert_close(after.contributions, before.contributions, rtol=0, atol=1e-14)
    again = few.with_targets(["gap=counts-profile", "ratio"])
    assert [target.name for target in again.targets] == ["gap", "ratio"]
    assert few.with_targets(["ratio", "gap=counts-profile"]).provenance["targets"] == (
        "ratio=log(counts:0/counts:1); gap=counts-profile"
    )


def test_a_product_by_its_first_factor_has_a_hash_of_its_own(heads):
    _, model = heads
    hashes = [content_hash(model.with_targets(f"p={name}")) for name in ("profile", *("profile-free",) * 2)]
    assert hashes[1] == hashes[2] != hashes[0]
    assert content_hash(model.with_targets("p=profile-lite")) not in hashes


@pytest.mark.parametrize("name", ["g\udcff", "g\0"])
def test_a_name_that_no_file_can_hold_is_refused(heads, name):
    with pytest.raises(InputError, match="is no text that a file can hold"):
        heads[1].pick(f"{name}=counts:0-counts:1")
