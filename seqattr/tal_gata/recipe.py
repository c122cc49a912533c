"""What the benchmark runs: how many sequences, which nets, which methods and references; and its tables."""

from dataclasses import dataclass
from itertools import chain, combinations
from typing import NamedTuple

from seqattr.errors import InputError
from seqattr.io.scores_folder import filename
from seqattr.methods.registry import COSTLY, METHODS, method_named
from seqattr.refs.kinds import parse
from seqattr.support.seeds import check_seed

# The evaluation set is mostly sequences that hold both motifs: the paper's measures are of these.
EVALUATION_SHARES = (10, 1, 1, 1)
EVALUATION_SEED = 1
TABLES = {
    "measures.tsv": "every measure of each net, method, references and motif",
    "means.tsv": "means over the nets with 95 % intervals",
    "claims.tsv": "the claims, what was measured, and whether they replicate",
    "nets.tsv": "the nets, and what they reach on their own test split",
    "points.tsv": "the points of figure 5a",
}


class Scoring(NamedTuple):
    """One method against one kind of references."""

    method: str
    references: str

    @property
    def folder(self) -> str:
        """Where its scores lie within those of a net."""
        return f"{self.references_folder}/{self.method_folder}"

    @property
    def needs_patterns(self) -> bool:
        """Whether its method needs patterns, which are learned from what the net was trained on."""
        return method_named(self.method).needs_patterns

    @property
    def references_folder(self) -> str:
        return folder_name(self.references)

    @property
    def method_folder(self) -> str:
        return folder_name(self.method)


def folder_name(name: str) -> str:
    """A method or references as a folder; a colon is no letter of a file name everywhere."""
    return filename(name.replace(":", "-"))


@dataclass(frozen=True)
class Recipe:
    """The sizes of a benchmark, as the config of the workflow has them.

    `train` sequences to learn from (a tenth each for validation and testing), `evaluation` sequences to score
    (10 of 13 hold both motifs), a net for each of `seeds`. All `methods` (every one there is, but those that
    are too COSTLY, with an empty list) are scored against each of `refs`, those that take references against
    each of `shuffled` too. Raises InputError for a recipe of nothing, for references that cannot be read, and
    for scores that would share a folder, UnknownName for a method or references that there are not.
    """

    train: int = 8000
    epochs: int = 15
    evaluation: int = 1300
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    methods: tuple[str, ...] = ()
    refs: tuple[str, ...] = ("freq",)
    shuffled: tuple[str, ...] = ("shuffle:10",)

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds) or min(self.seeds) < 0:
            raise InputError(f"the seeds must be different whole numbers from 0 on, not {self.seeds}")
        check_seed(max(self.seeds))
        for name in self.methods:
            method_named(name)
        if not self.refs:
            raise InputError("a benchmark needs references; give some, such as freq")
        for references in (*self.refs, *self.shuffled):
            parse(references)
        refuse_one_folder(self.scorings)

    @property
    def scorings(self) -> list[Scoring]:
        """All that is scored for each net, each once."""
        names = self.methods or usual_methods()
        referring = [name for name in names if method_named(name).needs_references]
        every = [Scoring(name, refs) for refs in self.refs for name in names]
        shuffled = [Scoring(name, refs) for refs in self.shuffled for name in referring]
        return list(dict.fromkeys([*every, *shuffled]))


def usual_methods() -> tuple[str, ...]:
    """The methods that take part without being named."""
    return tuple(name for name in METHODS if name not in COSTLY)


def refuse_one_folder(scorings: list[Scoring]) -> None:
    """Raises InputError where scores of two methods or kinds of references would share a folder."""
    against = {f"against '{scoring.references}'": scoring.references_folder for scoring in scorings}
    by = {f"by '{scoring.method}'": scoring.method_folder for scoring in scorings}
    for (one, folder), (other, again) in chain(combinations(against.items(), 2), combinations(by.items(), 2)):
        if folder == again:
            raise InputError(
                f"scores {one} and {other} would both be written to the folder {folder}; "
                "leave one of them out"
            )


FULL = Recipe()
# A trial: fewer of everything, but the same methods.
QUICK = Recipe(train=2000, epochs=20, evaluation=130, seeds=(0,))
