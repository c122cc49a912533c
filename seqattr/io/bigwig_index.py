"""The trees of a bigWig file, after Kent et al. 2010 (Bioinformatics 26, 2204): chromosomes, and blocks.

Numbers are little-endian.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

_TREE_MAGIC, _INDEX_MAGIC = 0x78CA8C91, 0x2468ACE0
_FAN = 256  # children of a node

Block = np.dtype(
    [
        *((name, "<u4") for name in ("first_chrom", "start", "last_chrom", "end")),
        *((name, "<u8") for name in ("offset", "size")),
    ]
)  # where a compressed block lies, and from where to where on the genome its data do
Blocks = npt.NDArray[np.void]
Items = npt.NDArray[np.uint8]  # (n, bytes of an item)


def blocks_of(places: Sequence[npt.NDArray[np.integer]], contents: Sequence[bytes], offset: int) -> Blocks:
    """The blocks of these contents, which begin at an offset; `places` are their first four columns."""
    blocks = np.empty(len(contents), Block)
    for name, column in zip(Block.names or (), places, strict=False):
        blocks[name] = column
    blocks["size"] = [len(content) for content in contents]
    blocks["offset"] = np.cumsum(blocks["size"]) - blocks["size"] + np.uint64(offset)
    return blocks


def write_chromosomes(file: BinaryIO, sizes: Mapping[str, int]) -> None:
    """The tree of names, in their order; a name's number is its place in it."""
    names = [name.encode() for name in sizes]
    width, fan = max(map(len, names)), max(2, min(_FAN, len(names)))
    file.write(struct.pack("<IIIIQQ", _TREE_MAGIC, fan, width, 8, len(names), 0))
    keys = _items(b"".join(name.ljust(width, b"\0") for name in names), width)
    numbers = np.stack([np.arange(len(names)), np.array([*sizes.values()], np.int64)], axis=1)
    levels = [np.concatenate([keys, _items(numbers.astype("<u4").tobytes(), 8)], axis=1)]
    while len(levels[-1]) > fan:  # of each node of the level below its first name
        keys = keys[::fan]
        levels.append(keys)
    _write_nodes(file, levels, fan)


def write_index(file: BinaryIO, blocks: Blocks, per_block: int) -> None:
    """The tree that finds the blocks of a place on the genome, which lie in the genome's order."""
    places = blocks[["first_chrom", "start", "last_chrom", "end"]]
    whole = _spans(places, max(1, len(places)))[0].item() if len(places) else (0, 0, 0, 0)
    start = (_INDEX_MAGIC, _FAN, len(blocks), *whole, file.tell(), per_block, 0)
    file.write(struct.pack("<IIQIIIIQII", *start))
    levels = [_items(blocks.tobytes(), Block.itemsize)]
    while len(levels[-1]) > _FAN:
        places = _spans(places, _FAN)
        levels.append(_items(np.ascontiguousarray(places).tobytes(), 16))
    _write_nodes(file, levels, _FAN)


def _spans(places: Blocks, count: int) -> Blocks:
    """What each `count` of sorted places, of which none overlaps another, cover together."""
    last = np.minimum(np.arange(0, len(places), count) + count, len(places)) - 1
    spans = np.empty(len(last), [(name, "<u4") for name in places.dtype.names or ()])
    for name in spans.dtype.names or ():
        spans[name] = places[name][::count] if name in ("first_chrom", "start") else places[name][last]
    return spans


def _items(data: bytes, size: int) -> Items:
    return np.frombuffer(data, np.uint8).reshape(-1, size)


def _write_nodes(file: BinaryIO, levels: Sequence[Items], fan: int) -> None:
    """The nodes of a tree, from the root down: `levels` are the items from the leaves up, those of inner
    nodes without the offset of their child. All nodes of a level have one size.
    """
    sizes = [4 + fan * (items.shape[1] + 8 * (height > 0)) for height, items in enumerate(levels)]
    at = file.tell()
    for height in reversed(range(len(levels))):
        items = levels[height]
        nodes = max(1, -(-len(items) // fan))
        at += nodes * sizes[height]
        if height:
            children = at + sizes[height - 1] * np.arange(len(items))
            items = np.concatenate([items, _items(children.astype("<u8").tobytes(), 8)], axis=1)
        heads = np.zeros((nodes, 4), np.uint8)
        heads[:, 0] = not height
        counts = np.minimum(fan, len(items) - fan * np.arange(nodes)).astype("<u2")
        heads[:, 2:] = counts.view(np.uint8).reshape(-1, 2)
        padded = np.zeros((nodes * fan, items.shape[1]), np.uint8)
        padded[: len(items)] = items
        file.write(np.concatenate([heads, padded.reshape(nodes, -1)], axis=1).data)
