"""zlib streams, the same in every run and on every machine: what is written twice is written alike.

ISA-L would take half the time, but not even its streams of one content are always the same. What is mostly
noise, as contributions are, gains nothing by a search for repeats: Huffman codes alone take a quarter of the
time, for files that are smaller. Of these zlib-ng makes the same streams as zlib, in half its time.
"""

import struct
import zlib
from typing import Any

try:
    from zlib_ng import zlib_ng as fast
except ImportError:  # a platform that it has no wheel for
    fast = zlib  # type: ignore[misc]

crc32 = fast.crc32  # ten times as fast as zlib's

_LEVEL = 1  # the others are hardly smaller on such numbers, and slower
_WINDOW, _MEMORY = 15, 9  # bits; most memory
_STORED, _SUM = struct.Struct("<BBBHH"), struct.Struct(">I")  # a zlib stream (RFC 1950) of one block (1951)


def deflate(data: Any) -> bytes:
    """Bytes, or a contiguous array, as a zlib stream. Other threads run meanwhile."""
    return zlib.compress(data, _LEVEL)


def deflate_noise(data: Any) -> bytes:
    """So too, of what hardly repeats, but of which some bytes are more frequent than others."""
    stream = fast.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_HUFFMAN_ONLY)
    return stream.compress(data) + stream.flush()


def stored(data: bytes) -> bytes:
    """At most 65,535 bytes as a zlib stream that holds them as they are: what is short and random."""
    size = len(data)
    head = _STORED.pack(0x78, 0x01, 1, size, 0xFFFF - size)
    return b"".join((head, data, _SUM.pack(fast.adler32(data))))
