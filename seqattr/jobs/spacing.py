"""Two motifs at every distance, in files: a table, the backgrounds, and a page with figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.analyses.arrangements import (
    ADD_UP,
    INTERACT,
    LEAST_LEFT,
    LEAST_SHARE,
    UNKNOWN,
    Arrangement,
    Overall,
    Spacing,
    decisive,
)
from seqattr.analyses.insertions import consensus
from seqattr.analyses.spacing import Distances, spacing
from seqattr.dna.alphabet import ALPHABET, decode
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.outputs import check_number
from seqattr.engine.walk.session import Session
from seqattr.errors import InputError, UnknownName
from seqattr.figures.drawings import Drawing, files_of, links_of, write_drawings
from seqattr.figures.html import fill
from seqattr.figures.numbers import minus, signed, signed_percent
from seqattr.inputs import naming
from seqattr.io.atomic import check_writable, removed_if_unused, replacing_all
from seqattr.io.fasta.records import write_fasta
from seqattr.io.ownership import RUN, Output
from seqattr.io.scores_folder import filename
from seqattr.io.stale import drop_stale
from seqattr.io.tables import write_table
from seqattr.io.text import write_json, write_text
from seqattr.jobs.backgrounds import Backgrounds, Drawn
from seqattr.jobs.insertion_figures import distance_figure
from seqattr.jobs.provenance import provenance
from seqattr.jobs.sources import ModelFile
from seqattr.motifs.pwm import PWM
from seqattr.motifs.sources import read_motifs
from seqattr.support.caller import LIBRARY, Caller

TABLE, PAGE, BACKGROUNDS = "spacing.tsv", "spacing.html", "backgrounds.fa"
FILES = {
    TABLE: "the interaction of each target at each distance, in each order, on each pair of strands",
    BACKGROUNDS: "what the motifs were put into",
    RUN: "what it takes to do it again",
}
OWN_FIGURES = r"spacing_.+\.(png|svg)"


@dataclass(frozen=True)
class Settings:
    """Two motifs, by their names in files of `motifs` or as words of letters; for which targets; how far
    apart.
    """

    pair: tuple[str, str]
    motifs: tuple[str, ...] = ()
    targets: Sequence[int | str] | None = None
    distances: Distances = field(default_factory=Distances)
    command: str = ""


def settings_of(
    a: str,
    b: str,
    motifs: Sequence[str],
    targets: Sequence[int | str] | None,
    command: str = "",
    **distances: Any,
) -> Settings:
    """Settings of an option each. Raises InputError for what cannot be."""
    return Settings((a, b), tuple(motifs), targets, Distances(**distances), command)


class Found(NamedTuple):
    """The changes as arrays, in rows and over all distances, and what is needed to tell of them."""

    spacing: Spacing
    rows: list[Arrangement]
    overall: list[Overall]
    units: dict[str, str]
    facts: dict[str, Any]

    def rows_of(self, target: str) -> list[Overall]:
        """Its pairs of strands."""
        return [row for row in self.overall if row.target == target]

    def sentence(self, target: str) -> str:
        """What two motifs do together to a target, in words."""
        one = decisive(self.rows_of(target))
        size = f"{signed(one.interaction)} [{signed(one.low)}, {signed(one.high)}] {self.units[target]}"
        strands = f"strands {minus(one.strand_a)} and {minus(one.strand_b)}"
        where = f"{strands}, {self.distances(one)} bases apart"
        unsure = f"cannot be told with {self.spacing.without.shape[1]} backgrounds"
        words = {
            INTERACT: f"together they do {'more' if one.interaction > 0 else 'less'} than the sum: {size}",
            ADD_UP: f"they add up: the largest interaction is {size}",
            UNKNOWN: f"whether they add up {unsure}: the interaction is {size}",
        }
        return f"{words[one.verdict]}, {share_in_words(one)} ({where})"

    def distances(self, row: Overall) -> str:
        """Those that a row is the mean of."""
        near = [distance for distance in self.spacing.distances if distance <= row.reach]
        return f"{min(near)} to {max(near)}" if len(near) > 1 else str(near[0])


def share_in_words(row: Overall) -> str:
    """How large an interaction is beside what the motifs do alone, with its interval."""
    if not row.most:
        return "and neither does anything alone"
    low, high = (signed_percent(share) for share in row.shares)
    return f"{signed_percent(row.share)} [{low}, {high}] of what they do alone"


def run(
    models: Sequence[ModelFile],
    backgrounds: Backgrounds,
    output: Output,
    settings: Settings,
    caller: Caller = LIBRARY,
) -> Found:
    """Put two motifs into backgrounds, and write OUT/spacing.tsv, the page, the backgrounds and figures.

    Raises InputError, UnknownName, NotFinite naming the background, and OutputError.
    """
    output.claim_results([*FILES, PAGE], settings.command, OWN_FIGURES)
    with removed_if_unused(output.path):
        check_writable(output.path)
        a, b = both(settings, caller)
        loaded = [model.open(caller) for model in models]
        drawn = backgrounds.read(loaded[0], caller)
        found = find(
            loaded, (a, b), drawn, replace(settings.distances, seed=backgrounds.seed), settings, caller
        )
        write(output.path, found, drawn)
    return found


def both(settings: Settings, caller: Caller) -> list[PWM | str]:
    """The two motifs. Raises UnknownName for what is neither the name of one nor a word of letters."""
    motifs = read_motifs(settings.motifs, warn=caller.warn) if settings.motifs else {}
    found: list[PWM | str] = []
    for name in settings.pair:
        is_word = bool(name) and not set(name.upper()) - set(ALPHABET)
        if name not in motifs and not is_word and not motifs:
            raise InputError(
                f"'{name}' is no word of the letters A C G T; give a file of `motifs` with that name"
            )
        if name not in motifs and not is_word:
            raise UnknownName("motif", name, motifs)
        found.append(motifs.get(name, name))
    return found


def find(
    models: Sequence[Model],
    pair: tuple[PWM | str, PWM | str],
    drawn: Drawn,
    distances: Distances,
    settings: Settings,
    caller: Caller,
) -> Found:
    """The changes and interactions."""
    session = Session(models[0], settings.targets, "cpu")
    check_number([target.name for target in session.targets], chosen=settings.targets is not None)
    with naming(drawn.names):
        found = spacing(models, pair, drawn.one_hot, distances, settings.targets, caller.progress)
    caller.tell(found.notes)
    told = {"command": settings.command, "seed": distances.seed, "models": len(models)}
    facts = provenance(session, told, drawn.codes.shape[1])
    return Found(found, found.table(), found.overall(), facts["units"], facts)


# --- what is written -----------------------------------------------------------------------------


def write(out: Path, found: Found, drawn: Drawn) -> None:
    """All files, which take their names together. Raises OutputError."""
    check_writable(out / "figures")
    drawings = [draw(found, target) for target in found.spacing.targets]
    with replacing_all(out, [*files_of(drawings), PAGE, *FILES]) as paths:
        write_table(paths[TABLE], columns(found))
        write_fasta(paths[BACKGROUNDS], drawn.names, drawn.texts)
        write_json(paths[RUN], found.facts)
        pictures = dict(zip(found.spacing.targets, write_drawings(paths, drawings), strict=True))
        write_text(paths[PAGE], render(found, pictures, links_of(FILES, drawings)))
    drop_stale(out / "figures", (Path(name).name for name in files_of(drawings)), OWN_FIGURES)


def columns(found: Found) -> dict[str, list[Any]]:
    """A row for each target, order, strands and distance, with the motifs' names."""
    a, b = (motif.name for motif in found.spacing.motifs)
    names = {"motif_a": [a] * len(found.rows), "motif_b": [b] * len(found.rows)}
    return names | {name: [getattr(row, name) for row in found.rows] for name in Arrangement._fields}


def draw(found: Found, target: str) -> Drawing:
    """The interaction of a target by distance."""
    number = found.spacing.targets.index(target)
    caption = (
        f"What both motifs add to {target} beyond the sum, by distance, with 95 % intervals over backgrounds."
    )
    figure = distance_figure(found.spacing, number, f"interaction ({found.units[target]})")
    return Drawing(f"spacing_{filename(target)}", caption, figure)


def render(found: Found, pictures: Any, links: Any) -> str:
    """The page as HTML."""
    return fill(
        "spacing.html",
        found=found,
        spacing=found.spacing,
        facts=found.facts,
        pictures=pictures,
        links=links,
        words=[decode(consensus(motif)) for motif in found.spacing.motifs],
        least=LEAST_SHARE,
        least_left=LEAST_LEFT,
        backgrounds=found.spacing.without.shape[1],
        table=TABLE,
    )
