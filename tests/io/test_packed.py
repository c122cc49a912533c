"""Arrays and facts in one piece of bytes."""

import numpy as np
import pytest

from seqattr.errors import InputError
from seqattr.io.packed import head_size, index_of, pack, unpack

ARRAYS = {
    "codes": np.arange(12, dtype=np.uint8).reshape(3, 4),
    "none": np.empty((0, 5), np.float32),
    "flags": np.array([True, False]),
    "values": np.linspace(0, 1, 7)[::2],
    "ends": np.array([2**40], np.int64),
}


def test_what_is_packed_is_unpacked_the_same():
    content = b"".join(pack({"first": 7, "notes": ["ä"]}, ARRAYS))
    facts, arrays = unpack(content)
    assert facts == {"first": 7, "notes": ["ä"]}
    assert list(arrays) == list(ARRAYS)
    for name, values in ARRAYS.items():
        assert arrays[name].dtype == values.dtype
        np.testing.assert_array_equal(arrays[name], values)


def test_an_array_is_found_by_the_head_alone():
    content = b"".join(pack({}, ARRAYS))
    index = index_of(content[: head_size(content)])
    member = index.members["ends"]
    assert np.frombuffer(content[member.start : member.start + member.size], member.dtype) == 2**40


def test_bytes_of_something_else_are_refused():
    with pytest.raises(InputError, match="a record cannot be read"):
        index_of(b"\x05" + bytes(7) + b"abcde")
