"""zlib streams, the same in every run and on every machine: what is written twice is written alike.

ISA-L is the fastest, but not even its streams of one content are always the same. What is mostly noise, as
contributions are, gains nothing by a search for repeats: Huffman codes alone take a quarter of the time, for
files that are smaller. Of these zlib-ng makes the same streams as zlib, in half its time.
"""

import struct
import zlib
from collections.abc import Iterable
from itertools import chain, groupby
from typing import Any

import numpy as np
import numpy.typing as npt

try:
    from zlib_ng import zlib_ng as fast
except ImportError:  # a platform that it has no wheel for
    fast = zlib  # type: ignore[misc]

crc32 = fast.crc32  # ten times as fast as zlib's

_LEVEL = 1  # the others are hardly smaller on such numbers, and slower
_WINDOW, _MEMORY = 15, 9  # bits; most memory
# Of a zlib stream (RFC 1950) and its blocks (RFC 1951): what it begins with, a block of bytes as they are,
# an empty one that is the last, the sum of all bytes at the end.
_ZLIB, _END = b"\x78\x01", b"\x01\x00\x00\xff\xff"
_BLOCK, _SUM = struct.Struct("<BHH"), struct.Struct(">I")
_MOST_STORED = 2**16 - 1
_EVERY, _LEAST = 11, 2**12  # one byte in so many is looked at, of no fewer than so many
_ALIKE = 1.25


def deflate(data: Any) -> bytes:
    """Bytes, or a contiguous array, as a zlib stream. Other threads run meanwhile."""
    return zlib.compress(data, _LEVEL)


def deflate_planes(planes: npt.NDArray[np.uint8]) -> bytes:
    """The bytes (K, n) of n numbers, the first of each, then the second ..., as one zlib stream.

    The last bytes of a number are hardly ever alike: they are stored as they are. Of the others, and where
    many numbers are 0, some bytes are more frequent: they get shorter codes. Other threads run meanwhile.
    """
    pieces: list[bytes | memoryview] = [_ZLIB]
    for noise, some in groupby(planes, is_noise):
        together = list(some)
        pieces += chain(*map(stored_blocks, together)) if noise else [huffman_blocks(together)]
    return b"".join([*pieces, _END, _SUM.pack(fast.adler32(planes))])


def is_noise(plane: npt.NDArray[np.uint8]) -> bool:
    """Whether codes of other lengths would save next to nothing of these bytes, as some of them tell: how
    often two of them are the same, times 256, is 1 where all are as frequent.
    """
    counts = np.bincount(plane[::_EVERY], minlength=256)
    number = int(counts.sum())
    return len(plane) >= _LEAST and 256 * int(counts @ counts) < _ALIKE * number**2


def stored_blocks(plane: npt.NDArray[np.uint8]) -> list[bytes | memoryview]:
    """Bytes as they are, in blocks of which none is the last."""
    blocks: list[bytes | memoryview] = []
    for start in range(0, len(plane), _MOST_STORED):
        piece = plane[start : start + _MOST_STORED]
        blocks += [_BLOCK.pack(0, len(piece), 0xFFFF - len(piece)), piece.data]
    return blocks


def huffman_blocks(planes: Iterable[npt.NDArray[np.uint8]]) -> bytes:
    """Bytes by codes of their frequencies, no search for repeats; the last block is empty, and no end."""
    stream = fast.compressobj(_LEVEL, zlib.DEFLATED, -_WINDOW, _MEMORY, zlib.Z_HUFFMAN_ONLY)
    return b"".join([*map(stream.compress, planes), stream.flush(zlib.Z_SYNC_FLUSH)])


def stored(data: bytes) -> bytes:
    """At most 65,535 bytes as a zlib stream that holds them as they are: what is short and random."""
    size = len(data)
    return b"".join((_ZLIB, _BLOCK.pack(1, size, _MOST_STORED - size), data, _SUM.pack(fast.adler32(data))))
