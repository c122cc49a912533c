"""Which part of a result is asked for: a sequence, bases of it, targets."""

from collections.abc import Sequence
from typing import Any

from seqattr.errors import InputError, UnknownName
from seqattr.support.given import is_whole


def whole_number(given: Any, noun: str) -> int:
    """Raises InputError for what is none."""
    if not is_whole(given):
        raise InputError(f"{noun} is a whole number, not {given!r}")
    return int(given)


def row_of(sequence: Any, number: int) -> int:
    """A sequence by its number among so many, from the end where that is negative."""
    row = whole_number(sequence, "a sequence")
    if not -number <= row < number:
        raise InputError(f"there is no sequence {row} among {number}")
    return row % number


def stretch_of(bases: Any, length: int) -> tuple[int, int]:
    """The bases [start, end) of so many, all for None."""
    if bases is None:
        return 0, length
    if not isinstance(bases, list | tuple) or len(bases) != 2:
        raise InputError(f"bases are two numbers, (start, end), not {bases!r}")
    start, end = (whole_number(one, "each end of the bases") for one in bases)
    if not 0 <= start < end <= length:
        raise InputError(f"bases {start} to {end} are not within the {length} of a sequence")
    return start, end


def targets_of(wanted: Any, names: Sequence[str]) -> dict[int, str]:
    """The numbers and names of targets, in the order of the names or numbers that ask for them: one, several,
    or None for all. Raises UnknownName for one that there is not, InputError for none at all."""
    if wanted is None:
        return dict(enumerate(names))
    several = list(wanted) if isinstance(wanted, list | tuple | range) else [wanted]
    if not several:
        raise InputError("no target was named; None takes all of them")
    numbers = [number_of(one, names) for one in several]
    return {number: names[number] for number in numbers}


def number_of(target: Any, names: Sequence[str]) -> int:
    """Of a target by its name or number."""
    if isinstance(target, str) and target in names:
        return names.index(target)
    number = None if isinstance(target, str) else whole_number(target, "a target that is no name")
    if number is None or number not in range(len(names)):
        raise UnknownName("target", str(target), names)
    return number
