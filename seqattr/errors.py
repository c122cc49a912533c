"""Everything seqattr raises on purpose.

SeqattrError
├── InputError           a file, a sequence or an option is not what it should be
│   └── UnknownName      a method, reference, target ... that there is not; the message lists what there is
├── ModelError           the model file cannot be read, or the model cannot be captured
│   ├── UntrustedModel   reading this format can run code, and nobody said that the file is trusted
│   └── UnsupportedOp    the graph holds an op that no rule knows
├── NotFinite            the model answered with NaN or infinity
└── OutputError          a result cannot be written

Every message is one line that says what is wrong and what would be right; the command line
prints it as it is and leaves with exit code 1. Names and numbers come from files, and may hold line
ends, what a terminal obeys, or thousands of characters: `as_line` shows them so that it stays one line.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

_LONG_WORD = re.compile(r"(\S{100})\S{200,}(\S{20})")
_LONGEST, _END = 2000, 400  # characters of a message, and of its end, where the cure stands
ALL_LISTED, MOST_LISTED = 12, 8  # names: up to so many are told all, of more so many
LEAST_BEGINNING = 3  # letters of a name by which longer ones are known
LEAST_LIKENESS = 0.75  # of the letters of two names, by difflib


def as_line(text: str) -> str:
    """A text as one line that can be printed: other characters as Python writes them, long stretches cut."""
    if not text.isprintable():
        text = re.sub(r"\s*\n\s*", " ", text)
        text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    text = _LONG_WORD.sub(r"\1...\2", text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - _END]} ... {text[-_END:]}"


class SeqattrError(Exception):
    """The root of the tree: a mistake that the user can mend."""

    def __str__(self) -> str:
        return as_line(super().__str__())

    def __reduce__(self) -> tuple[Any, ...]:
        """As it is, whatever it was made of: a worker's errors go from one process to another."""
        return _made_again, (type(self), self.args, vars(self))


def _made_again(kind: type[SeqattrError], args: tuple[Any, ...], facts: Mapping[str, Any]) -> SeqattrError:
    error = kind.__new__(kind, *args)
    vars(error).update(facts)
    return error


class InputError(SeqattrError):
    """A file, a sequence or an option is not what it should be."""


class UnknownName(InputError):
    """A name that is not in the table it was looked up in; the message tells the nearest ones that are."""

    def __init__(self, noun: str, name: str, known: Iterable[str]) -> None:
        super().__init__(f"unknown {noun} '{name}'; {choice(name, list(known))}")


def choice(name: str, known: Sequence[str]) -> str:
    """What there is in the place of an unknown name, and what was probably meant: a dozen names all, of more
    some of the nearest and of the first, and how many are left.
    """
    near = near_names(name, known)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    if len(known) <= ALL_LISTED:
        return f"there is: {', '.join(known)}{hint}"
    shown = list(dict.fromkeys([*near, *known[:MOST_LISTED]]))[:MOST_LISTED]
    return f"there is: {', '.join(shown)}, ... and {len(known) - len(shown):,} more{hint}"


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that was probably meant."""
    return next(iter(near_names(name, known)), None)


def near_names(name: str, known: Sequence[str]) -> list[str]:
    """The known names that were probably meant, the likeliest first: the same but for case and what joins
    words; those that go on behind a dot, as GATA1.H13CORE.0; those that begin so, first
    what lacks but a letter, then the last of them; and those of nearly the same letters, whether whole or
    before the dot.
    """
    wanted, whole = spelt(name), [spelt(one) for one in known]
    if not wanted:
        return []
    heads = [spelt(one.partition(".")[0]) for one in known]
    same = [one for one, text in zip(known, whole, strict=True) if text == wanted]
    dotted = [one for one, text in zip(known, heads, strict=True) if text == wanted]
    begins = [one for one, text in zip(known, whole, strict=True) if text.startswith(wanted)][::-1]
    begins.sort(key=lambda one: not (spelt(one)[:-1] == wanted and spelt(one)[-1].isalpha()))
    longer = begins if len(wanted) >= LEAST_BEGINNING else []
    spellings: dict[str, list[str]] = {}
    for one, *texts in zip(known, whole, heads, strict=True):
        for text in dict.fromkeys(texts):
            spellings.setdefault(text, []).append(one)
    close = get_close_matches(wanted, spellings, MOST_LISTED, LEAST_LIKENESS)
    return list(dict.fromkeys([*same, *dotted, *longer, *(one for text in close for one in spellings[text])]))


def spelt(name: str) -> str:
    """Letters and digits alone, in lower case."""
    return "".join(c for c in name.casefold() if c.isalnum())


class ModelError(SeqattrError):
    """The model file cannot be read, or the model cannot be captured."""


class UntrustedModel(ModelError):
    """Reading this format can run code, and nobody said that the file is trusted.

    `what` says why. `wanted` is what else reading the file at `path` takes, by the fields of `Foreign`.
    """

    def __init__(self, what: str, path: Path, wanted: Mapping[str, Any]) -> None:
        super().__init__(f"{what}; if you trust it, read it with `trust=True`")
        self.what, self.path, self.wanted = what, path, wanted


class UnsupportedOp(ModelError):
    """The graph holds an op that no rule knows."""

    def __init__(self, op: str, source: str, hint: str = "") -> None:
        where = f" at {source}" if source else ""
        tail = f"; {hint}" if hint else ""
        super().__init__(f"no rule for the op {op}{where}{tail}")


class NotFinite(SeqattrError):
    """The model answered with NaN or infinity, for the sequence in `row` if that is known.

    `what` ends before the sequence is named, as in "the weights are NaN for".
    """

    def __init__(self, what: str, row: int | None = None) -> None:
        super().__init__(what if row is None else f"{what} sequence number {row}")
        self.what, self.row = what, row

    @property
    def reason(self) -> str:
        """What is wrong, with no sequence named."""
        return self.what.removesuffix(" of").removesuffix(" for")

    def counted_from(self, start: int) -> "NotFinite":
        """The same where rows are counted from `start`."""
        return self if self.row is None else NotFinite(self.what, start + self.row)

    def for_record(self, name: str) -> "NotFinite":
        """The same of a record, by its name."""
        return NotFinite(f"{self.what} sequence {name}; nothing was written")


class OutputError(SeqattrError):
    """A result cannot be written."""


def no_folder(path: Path, wanted: str) -> str:
    """That there is none of this path, or that it is a file, and what is wanted."""
    return f"{path} is a file; {wanted}" if path.exists() else f"there is no folder {path}; {wanted}"


def some_of(names: Sequence[str], most: int = 3, total: bool = False) -> str:
    """The first few names, and dots where there are more; with the `total` how many there are of all."""
    more = f", ... ({len(names)})" if total else ", ..."
    return ", ".join(names[:most]) + (more if len(names) > most else "")
