"""What the benchmark runs: how many sequences, which nets, and each method against which references."""

from dataclasses import dataclass
from typing import NamedTuple

from seqattr.errors import InputError
from seqattr.folder import filename
from seqattr.methods import METHODS
from seqattr.methods.registry import method_named

# The evaluation set is mostly sequences that hold both motifs: the paper's measures are of these.
EVALUATION_SHARES = (10, 1, 1, 1)
EVALUATION_SEED = 1
FAMILY = "deeplift"  # what the method's name begins with


class Scoring(NamedTuple):
    """One method against one kind of references."""

    method: str
    references: str

    @property
    def folder(self) -> str:
        """Where its scores lie within those of a net; a colon is no letter of a file name everywhere."""
        return f"{self.references_folder}/{self.method}"

    @property
    def references_folder(self) -> str:
        return filename(self.references.replace(":", "-"))


@dataclass(frozen=True)
class Recipe:
    """The sizes of a benchmark, as config/config.yaml has them.

    `train` sequences to learn from (a tenth each for validation and testing), `evaluation` sequences to score
    (10 of 13 hold both motifs), a net for each of `seeds`. All `methods` (every one there is with an empty
    list) are scored against each of `refs`, the DeepLIFT methods against each of `shuffled` too. Raises
    InputError for a recipe of nothing, UnknownName for a method that there is not.
    """

    train: int = 8000
    epochs: int = 15
    evaluation: int = 1300
    seeds: tuple[int, ...] = (0, 1, 2)
    methods: tuple[str, ...] = ()
    refs: tuple[str, ...] = ("freq",)
    shuffled: tuple[str, ...] = ("shuffle:10",)

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds) or min(self.seeds) < 0:
            raise InputError(f"the seeds must be different whole numbers from 0 on, not {self.seeds}")
        for name in self.methods:
            method_named(name)

    @property
    def scorings(self) -> list[Scoring]:
        """All that is scored for each net, each once."""
        names = self.methods or tuple(METHODS)
        family = [name for name in names if name.startswith(FAMILY)]
        every = [Scoring(name, refs) for refs in self.refs for name in names]
        return list(
            dict.fromkeys([*every, *(Scoring(name, refs) for refs in self.shuffled for name in family)])
        )


FULL = Recipe()
# A minute on two cores: fewer of everything, but every method.
QUICK = Recipe(train=2000, epochs=20, evaluation=260, seeds=(0,))
