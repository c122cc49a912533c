"""What each motif does to each output, as a kind of insertions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from seqattr.analyses.insertions import CONSENSUS, consensus
from seqattr.analyses.marginalization import Insertions, Marginal, MarginalEffect, marginalize
from seqattr.dna.alphabet import decode
from seqattr.errors import UnknownName
from seqattr.figures.drawings import Drawing
from seqattr.figures.numbers import minus, signed_interval
from seqattr.io.scores_folder import filename
from seqattr.jobs.insertion_figures import position_figure, ranking_figure
from seqattr.jobs.insertions import Experiment, Findings, Kind
from seqattr.motifs.pwm import PWM
from seqattr.motifs.sources import read_motifs
from seqattr.support.caller import Caller
from seqattr.support.ranks import SURE, is_sure

MOST_SHOWN = 50  # rows of a table on the page


@dataclass(frozen=True)
class Settings:
    """Which motifs of which files, all for no `names`; for which targets; and how they are put in."""

    motifs: tuple[str, ...]
    names: tuple[str, ...] = ()
    targets: Sequence[int | str] | None = None
    insertions: Insertions = field(default_factory=Insertions)
    command: str = ""


def settings_of(
    motifs: Sequence[str],
    names: Sequence[str],
    targets: Sequence[int | str] | None,
    command: str = "",
    **insertions: Any,
) -> Settings:
    """Settings of an option each. Raises InputError for what cannot be."""
    return Settings(tuple(motifs), tuple(names), targets, Insertions(**insertions), command)


@dataclass(frozen=True, eq=False)
class Effects(Findings):
    """The effects, as arrays and in rows."""

    marginal: Marginal
    rows: list[MarginalEffect]
    facts: dict[str, Any]

    @property
    def targets(self) -> tuple[str, ...]:
        return self.marginal.targets

    def of(self, target: str) -> list[MarginalEffect]:
        """A target's rows, the largest effects first."""
        return sorted((row for row in self.rows if row.target == target), key=lambda row: -abs(row.mean))

    def sure(self, target: str) -> list[str]:
        """The motifs that differ from their twins, the largest effects first."""
        return list(dict.fromkeys(row.motif for row in self.of(target) if is_sure(row.q_value)))

    def sentence(self, target: str) -> str:
        """The largest effect on a target, and how many motifs differ from their twins."""
        top, sure = self.of(target)[0], len(self.sure(target))
        size = f"{signed_interval(top.mean, top.low, top.high)} {self.units[target]}"
        differ = f"{sure} of {len(self.marginal.motifs)} motifs differ from their twins"
        return f"{top.motif} on strand {minus(top.strand)} {size}; {differ}"

    def columns(self) -> dict[str, list[Any]]:
        """A row for each motif, target, strand and position."""
        return {name: [getattr(row, name) for row in self.rows] for name in MarginalEffect._fields}

    def drawings(self, target: str) -> list[Drawing]:
        """The largest effects on a target, and how they hang on the position where there are several."""
        number, unit = self.targets.index(target), f"effect ({self.units[target]})"
        ranking = (
            f"Motifs with the largest effects on {target}, by strand: the mean change with its 95 % interval "
            "over backgrounds."
        )
        name, draw = filename(target), partial(ranking_figure, self.marginal, number, unit)
        drawings = [Drawing.of(f"ranking_{name}", ranking, draw)]
        if len(self.marginal.positions) > 1:
            caption = (
                f"The largest effects on {target} by where the motif's middle lies, with 95 % intervals."
            )
            draw = partial(position_figure, self.marginal, number, unit)
            drawings.append(Drawing.of(f"position_{name}", caption, draw))
        return drawings

    def content(self) -> dict[str, Any]:
        """What the page shows."""
        return {
            "marginal": self.marginal,
            "most": MOST_SHOWN,
            "sure": SURE,
            "words": {motif.name: decode(consensus(motif)) for motif in self.marginal.motifs},
            "sampled": self.facts["settings"]["instances"] != CONSENSUS,
        }


def find(experiment: Experiment, settings: Settings) -> Effects:
    """What motifs of files do."""
    motifs = chosen(settings, experiment.caller)
    marginal = experiment.ask(marginalize, list(motifs.values()), settings.insertions)
    return Effects(marginal, marginal.table(), experiment.facts(instances=settings.insertions.instances))


def chosen(settings: Settings, caller: Caller) -> dict[str, PWM]:
    """The motifs that are meant. Raises UnknownName for one that is not in the files."""
    motifs = read_motifs(settings.motifs, warn=caller.warn)
    for name in settings.names:
        if name not in motifs:
            raise UnknownName("motif", name, motifs)
    return {name: motifs[name] for name in settings.names or motifs}


MARGINAL = Kind(
    "marginal",
    "the effect of each motif, for each target, strand and position",
    r"(ranking|position)_.+\.(png|svg)",
    find,
)
