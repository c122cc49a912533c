"""Arrays and a few facts in one piece of bytes, without pickles: what a journal's record holds.

A length, a line of JSON that describes all, and the arrays' bytes one after the other.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from seqattr.errors import InputError

_LENGTH = struct.Struct("<Q")
Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]
Buffer: TypeAlias = bytes | memoryview


@dataclass(frozen=True)
class Member:
    """Where an array's bytes lie in a packed piece, and what they are."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    size: int

    def read(self, content: bytes | memoryview) -> npt.NDArray[Any]:
        """The array, from the whole piece; it cannot be written to."""
        count = int(np.prod(self.shape))
        return np.frombuffer(content, self.dtype, count, self.start).reshape(self.shape)


class Index(NamedTuple):
    """What a packed piece holds: its facts, and where its arrays lie."""

    facts: dict[str, Any]
    members: dict[str, Member]


def pack(facts: Mapping[str, Any], arrays: Arrays) -> list[Buffer]:
    """The piece, as buffers to be written one after the other. Facts are what JSON takes."""
    described = {name: [values.dtype.str, values.shape] for name, values in arrays.items()}
    head = json.dumps({"facts": facts, "arrays": described}).encode()
    bodies = [np.ascontiguousarray(values).reshape(-1).view(np.uint8).data for values in arrays.values()]
    return [_LENGTH.pack(len(head)), head, *bodies]


def head_size(start: bytes) -> int:
    """How many bytes the description of a piece takes, from the first `LENGTH_BYTES` of it."""
    return LENGTH_BYTES + int(_LENGTH.unpack(start[:LENGTH_BYTES])[0])


LENGTH_BYTES = _LENGTH.size


def index_of(head: bytes) -> Index:
    """From the first `head_size` bytes of a piece. Raises InputError where they are something else."""
    try:
        content = json.loads(head[LENGTH_BYTES:])
        at, members = len(head), {}
        for name, (dtype, shape) in content["arrays"].items():
            size = int(np.prod(shape)) * np.dtype(dtype).itemsize
            members[name] = Member(dtype, tuple(shape), at, size)
            at += size
        return Index(content["facts"], members)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"a record cannot be read: {error}") from error


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """The facts and arrays of a piece."""
    index = index_of(content[: head_size(content)])
    return index.facts, {name: member.read(content) for name, member in index.members.items()}
