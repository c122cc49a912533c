"""What motifs do to a model, in files: a table, the backgrounds, and a page with figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.analyses.insertions import CONSENSUS, consensus
from seqattr.analyses.marginalization import Insertions, Marginal, MarginalEffect, marginalize
from seqattr.dna.alphabet import decode
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.outputs import check_number
from seqattr.engine.walk.session import Session
from seqattr.errors import UnknownName
from seqattr.figures.drawings import Drawing, files_of, links_of, write_drawings
from seqattr.figures.html import fill
from seqattr.inputs import naming
from seqattr.io.atomic import check_writable, removed_if_unused, replacing_all
from seqattr.io.fasta.records import write_fasta
from seqattr.io.ownership import RUN, Output
from seqattr.io.scores_folder import filename
from seqattr.io.stale import drop_stale
from seqattr.io.tables import write_table
from seqattr.io.text import write_json, write_text
from seqattr.jobs.backgrounds import Backgrounds, Drawn
from seqattr.jobs.insertion_figures import position_figure, ranking_figure
from seqattr.jobs.provenance import provenance
from seqattr.jobs.sources import ModelFile
from seqattr.motifs.pwm import PWM
from seqattr.motifs.sources import read_motifs
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.ranks import SURE, is_sure

TABLE, PAGE, BACKGROUNDS = "marginal.tsv", "marginal.html", "backgrounds.fa"
FILES = {
    TABLE: "the effect of each motif, for each target, strand and position",
    BACKGROUNDS: "what motifs were put into",
    RUN: "what it takes to do it again",
}
OWN_FIGURES = r"(ranking|position)_.+\.(png|svg)"
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


class Found(NamedTuple):
    """The effects, as arrays and in rows, and what is needed to tell of them."""

    marginal: Marginal
    rows: list[MarginalEffect]
    units: dict[str, str]
    facts: dict[str, Any]

    def of(self, target: str) -> list[MarginalEffect]:
        """A target's rows, the largest effects first."""
        return sorted((row for row in self.rows if row.target == target), key=lambda row: -abs(row.mean))

    def sure(self, target: str) -> list[str]:
        """The motifs that differ from their twins, the largest effects first."""
        return list(dict.fromkeys(row.motif for row in self.of(target) if is_sure(row.q_value)))


def run(
    models: Sequence[ModelFile],
    backgrounds: Backgrounds,
    output: Output,
    settings: Settings,
    caller: Caller = LIBRARY,
) -> Found:
    """Put motifs into backgrounds, and write OUT/marginal.tsv, the page, the backgrounds and figures.

    Raises InputError, UnknownName, NotFinite naming the background, and OutputError.
    """
    output.claim_results([*FILES, PAGE], settings.command, OWN_FIGURES)
    with removed_if_unused(output.path):
        check_writable(output.path)
        motifs = chosen(settings, caller)
        loaded = [model.open(caller) for model in models]
        drawn = backgrounds.read(loaded[0], caller)
        found = find(loaded, list(motifs.values()), drawn, backgrounds, settings, caller)
        write(output.path, found, drawn)
    return found


def chosen(settings: Settings, caller: Caller) -> dict[str, PWM]:
    """The motifs that are meant. Raises UnknownName for one that is not in the files."""
    motifs = read_motifs(settings.motifs, warn=caller.warn)
    for name in settings.names:
        if name not in motifs:
            raise UnknownName("motif", name, motifs)
    return {name: motifs[name] for name in settings.names or motifs}


def find(
    models: Sequence[Model],
    motifs: Sequence[PWM],
    drawn: Drawn,
    backgrounds: Backgrounds,
    settings: Settings,
    caller: Caller,
) -> Found:
    """The effects; what is drawn hangs on the backgrounds' seed."""
    insertions = replace(settings.insertions, seed=backgrounds.seed)
    session = Session(models[0], settings.targets, "cpu")
    check_number([target.name for target in session.targets], chosen=settings.targets is not None)
    with naming(drawn.names):
        found = marginalize(models, motifs, drawn.one_hot, insertions, settings.targets, caller.progress)
    caller.tell(found.notes)
    told = {"command": settings.command, "seed": backgrounds.seed, "instances": insertions.instances}
    facts = provenance(session, told | {"models": len(models)}, drawn.codes.shape[1])
    return Found(found, found.table(), facts["units"], facts)


# --- what is written -----------------------------------------------------------------------------


def write(out: Path, found: Found, drawn: Drawn) -> None:
    """All files, which take their names together. Raises OutputError."""
    check_writable(out / "figures")
    drawings = {target: draw(found, target) for target in found.marginal.targets}
    every = [drawing for some in drawings.values() for drawing in some]
    with replacing_all(out, [*files_of(every), PAGE, *FILES]) as paths:
        write_table(paths[TABLE], columns(found.rows))
        write_fasta(paths[BACKGROUNDS], drawn.names, drawn.texts)
        write_json(paths[RUN], found.facts)
        pictures = dict(zip([d.name for d in every], write_drawings(paths, every), strict=True))
        shown = {target: [pictures[d.name] for d in some] for target, some in drawings.items()}
        write_text(paths[PAGE], render(found, shown, links_of(FILES, every)))
    drop_stale(out / "figures", (Path(name).name for name in files_of(every)), OWN_FIGURES)


def columns(rows: Sequence[MarginalEffect]) -> dict[str, list[Any]]:
    """A row for each motif, target, strand and position."""
    return {name: [getattr(row, name) for row in rows] for name in MarginalEffect._fields}


def draw(found: Found, target: str) -> list[Drawing]:
    """The largest effects of a target, and how they hang on the position where there are several."""
    number, unit = found.marginal.targets.index(target), found.units[target]
    drawings = [
        Drawing(
            f"ranking_{filename(target)}",
            f"Motifs with the largest effects on {target}, by strand: the mean change with its 95 % interval "
            "over backgrounds.",
            ranking_figure(found.marginal, number, f"effect ({unit})"),
        )
    ]
    if len(found.marginal.positions) > 1:
        caption = f"The largest effects on {target} by where the motif's middle lies, with 95 % intervals."
        figure = position_figure(found.marginal, number, f"effect ({unit})")
        drawings.append(Drawing(f"position_{filename(target)}", caption, figure))
    return drawings


def render(found: Found, pictures: Any, links: Any) -> str:
    """The page as HTML."""
    marginal = found.marginal
    return fill(
        "marginal.html",
        found=found,
        marginal=marginal,
        facts=found.facts,
        pictures=pictures,
        links=links,
        most=MOST_SHOWN,
        sure=SURE,
        words={motif.name: decode(consensus(motif)) for motif in marginal.motifs},
        sampled=found.facts["settings"]["instances"] != CONSENSUS,
        backgrounds=marginal.without.shape[1],
        table=TABLE,
    )
