"""What a model takes beside the sequence and is held constant: numbers, arrays, or one number all over."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqattr.errors import InputError

SEQUENCE = "sequence"  # in the place of a value: what goes in here is explained
LENGTH = "L"
WORDS: Mapping[str, Any] = {"zeros": 0.0, "ones": 1.0, "true": True, "false": False, "none": None}
FILLED = re.compile(r"(?P<value>[^()]+?)(?:\((?P<sizes>[\dL, ]*)\))?")
FLOATS = torch.float64  # stands for the type of the weights
HOW = "zeros, a number, either with its shape for one sequence as in zeros(2,L), or an array"


@dataclass(frozen=True)
class Filled:
    """One number all over; its sizes for one sequence, "L" for the length, None if unknown; its type."""

    value: float
    sizes: tuple[int | str, ...] | None = None
    dtype: torch.dtype = FLOATS

    def of(self, like: Tensor, rows: int, length: int) -> Tensor:
        """For so many sequences of this length, beside `like`."""
        sizes = [length if size == LENGTH else int(size) for size in self.sizes or ()]
        dtype = type_beside(like, self.dtype)
        return torch.full((rows, *sizes), self.value, dtype=dtype, device=like.device)

    def __str__(self) -> str:
        number = "zeros" if self.value == 0 else f"{self.value:g}"
        return number if self.sizes is None else f"{number}({','.join(map(str, self.sizes))})"


@dataclass(frozen=True)
class Given:
    """An array, the same for each sequence; `has_batch` where its first dimension, of 1, is the batch.

    `name` is what it is called, `dtype` the type to give it if not its own.
    """

    tensor: Tensor
    has_batch: bool | None = None
    name: str = ""
    dtype: torch.dtype | None = None

    def of(self, like: Tensor, rows: int, length: int) -> Tensor:
        row = self.tensor if self.has_batch else self.tensor[None]
        row = row.to(like.device, type_beside(like, self.dtype or row.dtype))
        return row.expand(rows, *row.shape[1:])

    def __str__(self) -> str:
        return self.name or f"an array of {tuple(self.tensor.shape)}"


@dataclass(frozen=True)
class Plain:
    """What is no tensor: a switch, a word, None."""

    value: Any

    def __hash__(self) -> int:
        return hash(repr(self.value))  # a list has none

    def of(self, like: Tensor, rows: int, length: int) -> Any:
        return self.value

    def __str__(self) -> str:
        return str(self.value)


Constant = Filled | Given | Plain


def type_beside(like: Tensor, dtype: torch.dtype) -> torch.dtype:
    """The type of the weights in the place of any other of floats."""
    return like.dtype if dtype.is_floating_point else dtype


def constant_of(name: str, value: Any, usual: Any = None) -> Constant:
    """What the value given for an input means, `usual` its default. Raises InputError for what is none."""
    if isinstance(value, Filled | Given | Plain):
        return value
    if isinstance(value, Tensor | np.ndarray):
        return Given(torch.as_tensor(value).detach())
    if isinstance(value, str):
        return constant_in(name, value, usual)
    if value is None or isinstance(value, bool) or isinstance(usual, bool | int | float):
        return Plain(value)
    return Filled(value, dtype=type_of(value)) if isinstance(value, int | float) else Plain(value)


def type_of(number: float) -> torch.dtype:
    """What a number of Python is in a tensor."""
    return {bool: torch.bool, int: torch.int64}.get(type(number), FLOATS)


def constant_in(name: str, text: str, usual: Any = None) -> Constant:
    """What a text means: zeros, ones, a number, these with sizes, or a word that the input has by default."""
    match = FILLED.fullmatch(text.strip())
    number = number_in(match["value"].strip()) if match else text
    sizes = match["sizes"] if match else None
    if isinstance(number, float | int) and sizes is not None:
        known = tuple(size_in(size) for size in sizes.split(",") if size.strip())
        return Filled(number, known, type_of(number))
    if sizes is None and not isinstance(number, str):
        return constant_of(name, number, usual)
    if isinstance(usual, str) and sizes is None:
        return Plain(text)
    raise InputError(f"`inputs={name}={text}` is not understood: what is held constant is {HOW}")


def number_in(word: str) -> Any:
    """0 as a whole number and 0.5 as none, true, false and none as what they are; else the word."""
    if word.lower() in WORDS:
        return WORDS[word.lower()]
    for read in (int, float):
        try:
            return read(word)
        except ValueError:
            continue
    return word


def size_in(text: str) -> int | str:
    return LENGTH if text.strip() == LENGTH else int(text)


# --- shapes that are not told --------------------------------------------------------------------

SHAPES: tuple[tuple[int | str, ...], ...] = ((1, LENGTH), (1,), (LENGTH, 1), (), (LENGTH,))
# How torch says that there are so many channels, and how many there should be.
WANTED = tuple(
    re.compile(pattern)
    for pattern in (
        r"to have (?P<want>\d+) channels, but got (?P<have>\d+) channels",
        r"\(\d+x(?P<have>\d+) and (?P<want>\d+)x\d+\)",
        r"Expected (?P<want>\d+), got (?P<have>\d+)",
        r"expected input with shape \[\*, (?P<want>\d+)\], but got input of size\[.*?(?P<have>\d+)\]",
        r"should contain (?P<have>\d+) elements not (?P<want>\d+)",
    )
)
WRONG_TYPE = re.compile("scalar type|same dtype|should be the same|Long|expected .*dtype|bool", re.IGNORECASE)


def candidates(constant: Constant) -> list[Constant]:
    """What may be meant: a number without a shape in each of SHAPES, an array with and without a batch."""
    if isinstance(constant, Filled) and constant.sizes is None:
        return [replace(constant, sizes=sizes) for sizes in SHAPES]
    if isinstance(constant, Given) and constant.has_batch is None:
        batch = (True, False) if constant.tensor.shape[:1] == (1,) else (False,)
        return [replace(constant, has_batch=has_batch) for has_batch in batch]
    return [constant]


def others_like(constant: Constant, failure: str) -> Iterator[Constant]:
    """What a failure suggests in the place of a constant: a tensor, another type, or more channels."""
    if isinstance(constant, Plain):
        yield from as_tensors(constant.value)
    elif WRONG_TYPE.search(failure):
        yield from (replace(constant, dtype=dtype) for dtype in other_types(constant, failure))
    if not isinstance(constant, Filled) or constant.sizes is None:
        return
    match = next((m for pattern in WANTED if (m := pattern.search(failure))), None)
    more = int(match["want"]) - int(match["have"]) if match else 0
    if more > 0 and any(size != LENGTH for size in constant.sizes):
        yield replace(constant, sizes=tuple(s if s == LENGTH else int(s) + more for s in constant.sizes))


def as_tensors(value: Any) -> list[Constant]:
    """What a switch, or a list of numbers, may be to a model that wants a tensor."""
    if isinstance(value, bool):
        return candidates(Filled(value, dtype=torch.bool))
    if not isinstance(value, list | tuple):
        return []
    try:
        array = np.asarray(value)
    except ValueError:  # its rows are not of one length
        return []
    return candidates(Given(torch.from_numpy(array))) if array.dtype.kind in "bif" else []


def other_types(constant: Filled | Given, failure: str) -> list[torch.dtype]:
    """The types that hold the same numbers, truth values only where a failure speaks of them."""
    numbers = constant.tensor if isinstance(constant, Given) else torch.tensor(float(constant.value))
    types = [FLOATS, torch.int64, *([torch.bool] if "bool" in failure.lower() else [])]
    return [t for t in types if t != constant.dtype and torch.equal(numbers.to(t).to(numbers.dtype), numbers)]
