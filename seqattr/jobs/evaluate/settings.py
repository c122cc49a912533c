"""Which checks are asked, of which methods, with how many sequences."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqattr.errors import InputError, UnknownName
from seqattr.evaluate.checks import CHECKS
from seqattr.evaluate.controls import CONTROLS
from seqattr.jobs.sources import ModelFile
from seqattr.methods.registry import COSTLY, METHODS, method_named
from seqattr.support.seeds import check_seed

ALL = "all"
USUAL = (
    *("deeplift", "deeplift-rescale", "deeplift-revealcancel", "gradient", "saliency"),
    *("integrated-gradients-10", "guided-backprop", "lrp-epsilon", "ism"),
)


@dataclass(frozen=True)
class Settings:
    """What to ask.

    `methods` are names of METHODS, USUAL for None, or "all" alone for all but the costly and those whose
    patterns are missing. Of a file at most so many `sequences` are taken, chosen by the `seed`; of what a
    check draws at random there are `seeds`. `patterns` is a file, `permuted` a model trained on permuted
    labels; `born` is as a Question has it. `command` is what was typed.
    """

    references: str = "shuffle:10"
    methods: Sequence[str] | None = None
    targets: Sequence[int | str] | None = None
    sequences: int = 100
    seed: int = 0
    seeds: int = 3
    device: str = "auto"
    batch_size: int | None = None
    patterns: str | None = None
    permuted: ModelFile | None = None
    born: bool = False
    command: str = ""

    def __post_init__(self) -> None:
        check_seed(self.seed)
        for name, least in (("sequences", 2), ("seeds", 1)):
            if getattr(self, name) < least:
                raise InputError(f"`{name}` must be at least {least}, not {getattr(self, name)}")
        methods_of(self)


def methods_of(settings: Settings) -> tuple[str, ...]:
    """The methods' names, each once. Raises UnknownName, and InputError for a control."""
    if settings.methods is None:
        return USUAL
    if list(settings.methods) == [ALL]:
        return tuple(name for name in METHODS if name not in COSTLY and not lacks_patterns(name, settings))
    names = tuple(dict.fromkeys(settings.methods))
    for name in names:
        if name in CONTROLS:
            raise InputError(f"'{name}' is a control, and no method: it is asked wherever it tells something")
        method_named(name)
    return names


def lacks_patterns(name: str, settings: Settings) -> bool:
    """Whether it needs what was not given."""
    return METHODS[name].needs_patterns and settings.patterns is None


def checks_of(check: str) -> tuple[str, ...]:
    """The names in CHECKS that a word asks for. Raises UnknownName."""
    if check not in (*CHECKS, ALL):
        raise UnknownName("check", check, [*CHECKS, ALL])
    return tuple(CHECKS) if check == ALL else (check,)


def settings_of(number: int, permuted: Path | None, **more: Any) -> Settings:
    """Settings of which everything is said: so many sequences, and a model of permuted labels in a file."""
    other = None if permuted is None else ModelFile(permuted)
    return Settings(sequences=number, permuted=other, **more)
