"""The fields of a protobuf message, as far as it takes to see whose message it is."""

import io
from pathlib import Path

MOST_FIELDS = 10_000
VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5  # how a field is written down


def fields_of(path: Path) -> set[int] | None:
    """The numbers of the fields at the top of a message; None where the file is none."""
    size = path.stat().st_size
    numbers: set[int] = set()
    with open(path, "rb") as file:
        for _ in range(MOST_FIELDS):
            if file.tell() == size:
                return numbers
            key = varint(file)
            if key is None or key >> 3 == 0 or not skip(file, key & 7) or file.tell() > size:
                return None
            numbers.add(key >> 3)
    return numbers


def skip(file: io.BufferedReader, way: int) -> bool:
    """Go on behind a field; whether it is written down in a way that there is."""
    if way == VARINT:
        return varint(file) is not None
    length = {EIGHT: 8, FOUR: 4, BYTES: varint(file) if way == BYTES else None}.get(way)
    if length is None:
        return False
    file.seek(length, io.SEEK_CUR)
    return True


def varint(file: io.BufferedReader) -> int | None:
    """A number of seven bits a byte, the lowest first; None where there is none."""
    number = 0
    for place in range(9):
        byte = file.read(1)
        if not byte:
            return None
        number |= (byte[0] & 127) << 7 * place
        if byte[0] < 128:
            return number
    return None
