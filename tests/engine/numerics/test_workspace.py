"""Memory is lent to one tensor at a time, and used again when that has gone."""

import gc
import random
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from seqattr.engine.numerics.workspace import LEAST_BYTES, MOST_BYTES, Pool, like

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


# --- leases --------------------------------------------------------------------------------------

KEEPERS: dict[str, Callable[[Tensor], Any]] = {
    "a slice": lambda t: t[7:9],
    "another shape and order": lambda t: t.view(-1, 64).mT,
    "another type": lambda t: t.view(torch.uint8),
    "an array": lambda t: t.numpy(),
    "a part of an array": lambda t: t.numpy()[3:5],
    "a tensor of an array": lambda t: torch.from_numpy(t.numpy()[::2]),
    "its storage": lambda t: t.untyped_storage(),
    "a graph of gradients": lambda t: t.detach().requires_grad_().square(),
    "another tensor set to it": lambda t: torch.empty(0).set_(t.untyped_storage()),
}


@pytest.mark.parametrize("keeper", KEEPERS)
def test_a_block_is_lent_as_long_as_anything_lies_in_it(keeper: str) -> None:
    pool = Pool()
    tensor = pool.take(ELEMENTS, torch.float32)
    place, kept = tensor.data_ptr(), KEEPERS[keeper](tensor)
    del tensor
    other = pool.take(ELEMENTS, torch.float32)
    assert other.data_ptr() != place
    del kept
    assert pool.take(ELEMENTS, torch.float32).data_ptr() == place


@pytest.mark.parametrize("shift", [-2, -1, 1])
def test_counts_of_references_mean_nothing(shift: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.14 counts fewer than there are."""
    count = sys.getrefcount
    monkeypatch.setattr(sys, "getrefcount", lambda each: count(each) + shift)
    pool = Pool()
    lent = [pool.take(ELEMENTS, torch.float32).fill_(i) for i in range(4)]
    assert [int(t[0]) for t in lent] == [0, 1, 2, 3]
    places = {t.data_ptr() for t in lent}
    del lent
    again = [pool.take(ELEMENTS, torch.float32) for _ in range(4)]
    assert {t.data_ptr() for t in again} == places


def test_a_thread_that_looks_at_blocks_keeps_none() -> None:
    pool, asked, done = Pool(), threading.Event(), threading.Event()
    place = pool.take(ELEMENTS, torch.float32).data_ptr()

    def hold() -> None:
        held = list(pool.blocks)
        asked.set()
        done.wait(10)
        assert held

    thread = threading.Thread(target=hold)
    thread.start()
    asked.wait(10)
    lent = pool.take(ELEMENTS, torch.float32)
    assert lent.data_ptr() == place
    assert pool.take(ELEMENTS, torch.float32).data_ptr() != place
    done.set()
    thread.join()


def test_what_fails_or_goes_in_circles_gives_its_block_back() -> None:
    pool = Pool()

    def fail() -> None:
        tensor = pool.take(ELEMENTS, torch.float32)
        raise ValueError(tensor.data_ptr())

    with pytest.raises(ValueError, match=r"\d+") as caught:
        fail()
    place = caught.value.args[0]
    del caught
    gc.collect()
    circle: list[Any] = [pool.take(ELEMENTS, torch.float32)]
    assert circle[0].data_ptr() == place
    circle.append(circle)
    del circle
    gc.collect()
    assert pool.take(ELEMENTS, torch.float32).data_ptr() == place


def test_threads_share_a_pool() -> None:
    """Each finds in its tensors what it wrote there, and lets others' go."""
    pool, left, wrong = Pool(), [], []

    def work(number: int) -> None:
        rng, mine = random.Random(number), []
        for i in range(300):
            mark = number * 1000 + i
            tensor = pool.take(LEAST_BYTES // 4 * rng.choice((1, 2, 5)), torch.float32).fill_(mark)
            mine.append((mark, tensor))
            left.append(tensor)
            if len(left) > 12:
                left.pop(rng.randrange(8))
            if len(mine) > 4:
                mark, tensor = mine.pop(rng.randrange(4))
                wrong.extend([mark] * bool((tensor != mark).any()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    left.clear()
    places = [block.ctypes.data for block in pool.blocks]
    assert len(set(places)) == len(places) < 100  # of 1,200 tensors
