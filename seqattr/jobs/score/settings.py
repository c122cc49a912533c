"""How to score, and how that is worked out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from seqattr.errors import InputError
from seqattr.jobs.patterns import load_patterns
from seqattr.methods.method import Method
from seqattr.methods.registry import method_named, with_patterns
from seqattr.support.seeds import check_seed


@dataclass(frozen=True)
class Settings:
    """How to score: all that the results depend on, beside models and sequences.

    With `both_strands` contributions are the mean of a sequence's and its reverse complement's. With
    `each_model` the results of each of several models are written beside their mean. With `pairs` every two
    sequences, such as both alleles of a variant, are compared with the references of the first. `command` is
    what was typed.
    """

    references: str = "shuffle:10"
    method: str = "deeplift"
    targets: Sequence[int | str] | None = None
    seed: int = 0
    device: str = "auto"
    precision: str = "model"
    batch_size: int | None = None
    h5_dtype: Literal["float32", "float16"] = "float32"
    patterns: str | None = None  # a file, for a method that needs one
    both_strands: bool = False
    each_model: bool = False
    pairs: bool = False
    command: str = ""

    def __post_init__(self) -> None:
        check_seed(self.seed)

    def method_with_patterns(self) -> Method:
        """The method, with the patterns that go with it. Raises InputError where they do not."""
        if self.patterns is None:
            return method_named(self.method)
        return with_patterns(self.method, load_patterns(self.patterns))


@dataclass(frozen=True)
class Shard:
    """One of `count` parts of a run, from 1 on: every count-th of its blocks."""

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """As in 2/7. Raises InputError."""
        numbers = [int(word) if word.isascii() and word.isdigit() else 0 for word in text.split("/")]
        if len(numbers) != 2 or not 1 <= numbers[0] <= numbers[1]:
            raise InputError(f"a shard is its number and how many there are, as in 1/3 to 3/3, not '{text}'")
        return cls(*numbers)

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def is_whole(self) -> bool:
        """Whether it is all there is."""
        return self.count == 1

    def numbers(self, blocks: int) -> range:
        """Which of so many blocks are its own."""
        return range(self.number - 1, blocks, self.count)


WHOLE = Shard()


@dataclass(frozen=True)
class Working:
    """How a run is worked out, on which nothing depends that it writes.

    With `check` there is check.json beside it, which tells whether results are to be believed. `workers` are
    so many processes on a CPU; on several GPUs (device cuda:all) there is one on each. With `restart` the
    blocks of an unfinished run are thrown away, and with `force` a finished one is done again.
    """

    shard: Shard = WHOLE
    workers: int = 1
    restart: bool = False
    force: bool = False
    check: bool = False

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise InputError(f"there must be at least 1 worker, not {self.workers}")
        if self.check and not self.shard.is_whole:
            raise InputError(
                "a check is of a whole run, and not of a shard: merge the shards, and give the same command "
                "with the folder of the whole for `out`, with `check` and without `shard`"
            )
