"""Small files spoilt as people, tools and disks spoil them."""

import gzip
import random
import re
import struct
import zlib
from collections.abc import Callable

Mutation = Callable[[bytes, random.Random], bytes]

NUMBERS = (
    *(b"-1", b"0", b"1", b"2", b"-0.0", b".5", b"1e308", b"1e-320", b"1e999", b"nan", b"-inf", b"1_000"),
    *(b"2147483648", b"9223372036854775808", b"0x10", b"1,000", b"9" * 30, b"9" * 5000, b"0." + b"3" * 5000),
    *("\u0663".encode(), "\u00b2".encode(), b""),  # an Arabic three, a square
)
ODD_BYTES = (
    *(b"\0", b"\r", b"\r\n", b"\n", b"\n\n", b" ", b"\t", b"\x1c", b"\x0c", b"\x1b[31m", b"\xff", b"\x80"),
    *(b"\xed\xa0\x80", b"\xef\xbb\xbf", "\u2028".encode(), "\x85".encode(), "\u202e".encode()),
    *(b">", b"#", b"//", b"=", b"$\\frac{", b"%s", b"{}", b"-", b"N" * 100, b"x" * 5000),
)
_NUMBER = re.compile(rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(rb"\S+")


def mutate(content: bytes, rng: random.Random, mutations: "tuple[Mutation, ...] | None" = None) -> bytes:
    """None to four things changed; now and then packed, by any of the packers."""
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        content = rng.choice(mutations or TEXT)(content, rng)
    return content


def change_bytes(content: bytes, rng: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 10)) if found else 0):
        found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)


def put_in(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content) + 1)
    return content[:place] + rng.choice(ODD_BYTES) + content[place:]


def cut_out(content: bytes, rng: random.Random) -> bytes:
    place, width = rng.randrange(len(content) + 1), rng.choice((1, 5, 50))
    return content[:place] + content[place + width :]


def say_twice(content: bytes, rng: random.Random) -> bytes:
    place, width = rng.randrange(len(content) + 1), rng.choice((1, 20, 200))
    return content[: place + width] + content[place:]


def cut_short(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def move_lines(content: bytes, rng: random.Random) -> bytes:
    """Two lines change places, or one goes, or comes twice."""
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    changes: list[Callable[[], object]] = [
        lambda: lines.__setitem__(slice(one, one + 1), []),
        lambda: lines.insert(other, lines[one]),
        lambda: lines.insert(other, lines.pop(one)),
        lambda: lines.__setitem__(one, lines[one].strip() + lines[one][:0]),
    ]
    rng.choice(changes)()
    return b"".join(lines)


def change_number(content: bytes, rng: random.Random) -> bytes:
    return put_for(content, _NUMBER, rng.choice(NUMBERS), rng)


def exchange_words(content: bytes, rng: random.Random) -> bytes:
    words = _WORD.findall(content)
    return put_for(content, _WORD, rng.choice([*words, b"chr1", b"."])[:5000], rng)


def put_for(content: bytes, pattern: "re.Pattern[bytes]", word: bytes, rng: random.Random) -> bytes:
    """One stretch that fits the pattern, for a word."""
    places = [found.span() for found in pattern.finditer(content)]
    if not places:
        return content
    start, end = rng.choice(places)
    return content[:start] + word + content[end:]


def change_case(content: bytes, rng: random.Random) -> bytes:
    place, width = rng.randrange(len(content) + 1), rng.choice((1, 10, 100))
    return content[:place] + content[place : place + width].swapcase() + content[place + width :]


def change_ends(content: bytes, rng: random.Random) -> bytes:
    """Other line ends, or blanks before them."""
    return content.replace(b"\n", rng.choice((b"\r\n", b"\r", b" \n", b"\n\n", b"\t\n")))


def encode_otherwise(content: bytes, rng: random.Random) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(rng.choice(("utf-16", "utf-8-sig", "utf-32", "utf-16-be", "utf-7")), "replace")


def pack(content: bytes, rng: random.Random) -> bytes:
    """As gzip, twice, in pieces, as bgzip, or broken."""
    half = len(content) // 2
    packers: list[Callable[[], bytes]] = [
        lambda: gzip.compress(content),
        lambda: gzip.compress(gzip.compress(content)),
        lambda: gzip.compress(content[:half]) + gzip.compress(content[half:]),
        lambda: bgzip(content),
        lambda: change_bytes(gzip.compress(content), rng),
        lambda: cut_short(gzip.compress(content), rng),
        lambda: gzip.compress(content) + b"tail",
    ]
    return rng.choice(packers)()


def bgzip(content: bytes) -> bytes:
    """One block with its size in the extra field, and the empty one at the end."""
    return b"".join(map(_block, (content, b"")))


def _block(content: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + struct.pack("<H", (len(packed) + 25) % 2**16)
    return head + packed + struct.pack("<II", zlib.crc32(content), len(content))


BINARY: tuple[Mutation, ...] = (change_bytes, change_bytes, put_in, cut_out, say_twice, cut_short)
TEXT: tuple[Mutation, ...] = (
    *(change_number, change_number, exchange_words, exchange_words, move_lines, move_lines, put_in, put_in),
    *(change_bytes, cut_out, say_twice, cut_short, change_case, change_ends, encode_otherwise, pack),
)
