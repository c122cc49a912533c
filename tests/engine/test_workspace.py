"""Memory is lent to one tensor at a time, and used again when that has gone."""

import torch

from seqattr.engine.workspace import LEAST_BYTES, MOST_BYTES, Pool, like

ELEMENTS = LEAST_BYTES  # of 4 bytes


def test_a_block_is_used_again_when_nothing_lies_in_it() -> None:
    pool = Pool()
    first = pool.take(ELEMENTS, torch.float32)
    place = first.data_ptr()
    part = first[10:20]
    del first  # a view keeps the block
    other = pool.take(ELEMENTS, torch.float32)
    assert other.data_ptr() != place
    del part
    larger = pool.take(3 * ELEMENTS, torch.float32)
    assert larger.data_ptr() != place
    assert pool.take(ELEMENTS - 5, torch.float32).data_ptr() == place


def test_two_tensors_never_share_a_block() -> None:
    pool = Pool()
    lent = [pool.take(ELEMENTS, torch.float32).fill_(i) for i in range(5)]
    assert [t[0].item() for t in lent] == [0, 1, 2, 3, 4]
    assert len({t.data_ptr() for t in lent}) == 5


def test_small_ones_are_left_to_the_allocator() -> None:
    pool = Pool()
    pool.take(10, torch.float32)
    assert not pool.blocks


def test_what_is_kept_unused_has_a_limit() -> None:
    pool = Pool()
    for i in range(1, 12):  # each too large or too small for the next
        pool.take(MOST_BYTES // 16 * 3**i % MOST_BYTES + LEAST_BYTES, torch.uint8)
    assert sum(block.nbytes for block in pool.blocks) <= 3 * MOST_BYTES


def test_like_keeps_shape_and_order() -> None:
    tensor = torch.zeros(3, 200, 100).mT
    assert like(tensor).stride() == tensor.stride()
    assert like(tensor).shape == tensor.shape
