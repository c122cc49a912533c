"""What is typed for an option, as what it means."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from seqattr.errors import InputError
from seqattr.support.texts import comma_separated

Number = TypeVar("Number", int, float)
MOST_NUMBERS = 1_000_000  # of a stretch


def read_by(read: Callable[[Any], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback of an option that has its value read; None where there is none."""
    return lambda _ctx, _param, value: None if value is None else read(value)


def or_none(value: Any) -> Any:
    """None for 0, or for no word of a repeatable option: a job then takes all."""
    return value or None


def numbers_like(
    option: str, example: str, kind: Callable[[str], Number] = int
) -> Callable[[str], tuple[Number, ...]]:
    """A reader of numbers with commas between them, whole ones unless another kind is said."""

    def read(text: str) -> tuple[Number, ...]:
        numbers = comma_separated(text, kind)
        if numbers is None:
            raise InputError(f"{option} must look like {example}, not '{text}'")
        return numbers

    return read


def whole_numbers(option: str, example: str) -> Callable[[str], tuple[int, ...]]:
    """A reader of whole numbers from 0 on, or of stretches FIRST-LAST of them, with commas between."""

    def read(text: str) -> tuple[int, ...]:
        numbers: list[int] = []
        for part in text.split(","):
            written = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part.strip())
            first, last = (int(end or part) for end in written.groups()) if written else (1, 0)
            if last < first or last - first > MOST_NUMBERS:
                raise InputError(f"{option} must look like {example}, not '{text}'")
            numbers.extend(range(first, last + 1))
        return tuple(numbers)

    return read


def json_object(text: str) -> dict[str, Any]:
    """The arguments of a model's class."""
    try:
        arguments = json.loads(text)
    except ValueError as error:
        raise InputError(f"--arch-args is not JSON: {error}") from error
    if not isinstance(arguments, dict):
        raise InputError("--arch-args must be a JSON object, as in '{\"tasks\": 3}'")
    return arguments


def inputs_in(texts: Sequence[str]) -> dict[str, str]:
    """What a model takes beside the sequence, by the names of its inputs; files among it are kept."""
    from seqattr.io.kept import keep

    inputs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals or not value or name in inputs:
            raise InputError(
                f"--input must look like NAME=zeros, NAME=0.5 or NAME=FILE.npz, once each, not '{text}'"
            )
        if Path(value).is_file():
            keep(Path(value))
        inputs[name] = value
    return inputs


def names_in(text: str) -> tuple[str, ...] | None:
    """Names with commas between them."""
    return tuple(name.strip() for name in text.split(",")) if text else None
