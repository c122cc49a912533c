"""Motifs put into backgrounds, and what a model says to it, in files: what all such jobs share.

A `Kind` is the names of its files and one function, which asks an `Experiment` its question and makes
`Findings` of the answer: the rows of a table, drawings, a sentence, and what its page shows, for which there
is a template. `run` reads, asks and writes; a command gets its options and runs by `seqattr.cli.insertions`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.outputs import check_number
from seqattr.engine.walk.session import Session
from seqattr.figures.drawings import Drawing, files_of, links_of, write_drawings
from seqattr.figures.html import fill
from seqattr.inputs import naming
from seqattr.io.alone import alone_in
from seqattr.io.atomic import check_writable, removed_if_unused
from seqattr.io.fasta.records import write_fasta
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import replacing_run
from seqattr.io.stale import drop_stale
from seqattr.io.tables import write_table
from seqattr.io.text import write_json, write_text
from seqattr.jobs.backgrounds import Backgrounds, Drawn
from seqattr.jobs.provenance import provenance
from seqattr.jobs.sources import ModelFile
from seqattr.support.caller import LIBRARY, Caller

BACKGROUNDS = "backgrounds.fa"


class Asked(Protocol):
    """What the settings of every kind have: which targets are meant, all for None, and what was typed."""

    @property
    def targets(self) -> Sequence[int | str] | None: ...
    @property
    def command(self) -> str: ...


class Answer(Protocol):
    """What every question is answered with."""

    @property
    def notes(self) -> tuple[str, ...]: ...


A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, eq=False)
class Experiment:
    """Models and what motifs are put into, both read when they are asked for."""

    files: Sequence[ModelFile]
    backgrounds: Backgrounds
    asked: Asked
    caller: Caller = LIBRARY

    @cached_property
    def models(self) -> list[Model]:
        """Whose answers are averaged."""
        return [file.open(self.caller) for file in self.files]

    @cached_property
    def drawn(self) -> Drawn:
        """The backgrounds, as long as the first model takes them."""
        return self.backgrounds.read(self.models[0], self.caller)

    @cached_property
    def session(self) -> Session:
        """What is explained."""
        return Session(self.models[0], self.asked.targets, "cpu")

    def ask(self, question: Callable[..., A], motifs: Any, settings: Any) -> A:
        """What a function as `marginalize` answers of these motifs; what it draws hangs on the backgrounds'
        seed. Raises InputError for very many targets that nobody named.
        """
        drawn, targets = self.drawn, self.asked.targets
        check_number([target.name for target in self.session.targets], chosen=targets is not None)
        seeded = replace(settings, seed=self.backgrounds.seed)
        with naming(drawn.names):
            answer = question(self.models, motifs, drawn.one_hot, seeded, targets, self.caller.progress)
        self.caller.tell(answer.notes)
        return answer

    def facts(self, **more: Any) -> dict[str, Any]:
        """What it takes to do it again, and in which units effects are; `more` settings of the kind."""
        usual = {"command": self.asked.command, "seed": self.backgrounds.seed}
        settings = {**usual, **more, "models": len(self.models)}
        return provenance(self.session, settings, self.drawn.codes.shape[1])


class Findings(ABC):
    """What was found: for a table, for figures, for a page, and in words. `facts` are those of its run."""

    facts: dict[str, Any]

    @property
    def units(self) -> dict[str, str]:
        """In which an effect on each target is."""
        units: dict[str, str] = self.facts["units"]
        return units

    @property
    @abstractmethod
    def targets(self) -> tuple[str, ...]:
        """Their names."""

    @abstractmethod
    def columns(self) -> dict[str, list[Any]]:
        """Of the table."""

    @abstractmethod
    def drawings(self, target: str) -> list[Drawing]:
        """Of a target."""

    @abstractmethod
    def sentence(self, target: str) -> str:
        """What was found of a target, in words."""

    @abstractmethod
    def content(self) -> dict[str, Any]:
        """What the page shows beside what all pages do."""


F = TypeVar("F", bound=Findings)


@dataclass(frozen=True)
class Kind(Generic[F]):
    """An experiment's kind: its table and its page are called `name`, `about` says what the table holds, and
    `figures` is the pattern of its figures' names; `find` asks, with the kind's settings.
    """

    name: str
    about: str
    figures: str
    find: Callable[[Experiment, Any], F]

    @property
    def table(self) -> str:
        return f"{self.name}.tsv"

    @property
    def page(self) -> str:
        """There is a template of this name."""
        return f"{self.name}.html"

    @property
    def files(self) -> dict[str, str]:
        """Those that the page links, and what is in each."""
        return {
            self.table: self.about,
            BACKGROUNDS: "what motifs were put into",
            RUN: "what it takes to do it again",
        }


def run(
    kind: Kind[F],
    models: Sequence[ModelFile],
    backgrounds: Backgrounds,
    output: Output,
    settings: Asked,
    caller: Caller = LIBRARY,
) -> F:
    """Put motifs into backgrounds, and write a table, a page with figures, and the backgrounds.

    Raises InputError, UnknownName, NotFinite naming the background, and OutputError.
    """
    output.claim_results([*kind.files, kind.page], settings.command, kind.figures)
    with removed_if_unused(output.path):
        check_writable(output.path)
        with alone_in(output.path):
            experiment = Experiment(models, backgrounds, settings, caller)
            findings = kind.find(experiment, settings)
            write(output.path, kind, findings, experiment.drawn)
    return findings


def write(out: Path, kind: Kind[F], findings: F, drawn: Drawn) -> None:
    """All files, which take their names together. Raises OutputError."""
    check_writable(out / "figures")
    drawings = {target: findings.drawings(target) for target in findings.targets}
    every = [drawing for some in drawings.values() for drawing in some]
    with replacing_run(out, [*files_of(every), kind.page, *kind.files]) as paths:
        write_table(paths[kind.table], findings.columns())
        write_fasta(paths[BACKGROUNDS], drawn.names, drawn.texts)
        write_json(paths[RUN], findings.facts)
        pictures = dict(zip([d.name for d in every], write_drawings(paths, every), strict=True))
        page = fill(
            kind.page,
            found=findings,
            facts=findings.facts,
            pictures={target: [pictures[d.name] for d in some] for target, some in drawings.items()},
            links=links_of(kind.files, every),
            table=kind.table,
            backgrounds=len(drawn.names),
            **findings.content(),
        )
        write_text(paths[kind.page], page)
    drop_stale(out / "figures", (Path(name).name for name in files_of(every)), kind.figures)
