"""seqattr simulate"""

from dataclasses import replace
from pathlib import Path

import click

from seqattr.cli.shared import PATH, say


@click.group()
def simulate() -> None:
    """Simulated sequences whose truth is known."""


@simulate.command("tal-gata")
@click.option("--out", type=PATH, required=True, help="Folder for the data set.")
@click.option("--count", type=int, help="How many sequences. Default: the published 8000.")
@click.option(
    "--settings", default="published", show_default=True, help="published, or paper (the paper's text)."
)
@click.option("--seed", default=0, show_default=True, help="Seed of the simulation.")
def tal_gata(out: Path, count: int | None, settings: str, seed: int) -> None:
    """TAL1 and GATA1 motifs planted in random sequences, as in section 4.2 of the paper.

    Writes sequences.fa, test.fa, labels.tsv, planted.bed, splits.tsv, motifs.meme and simulation.json.
    """
    from seqattr.errors import UnknownName
    from seqattr.io.atomic import check_writable
    from seqattr.simulate import PRESETS, simulate_tal_gata, write_simulation

    if settings not in PRESETS:
        raise UnknownName("settings", settings, PRESETS)
    chosen = PRESETS[settings] if count is None else replace(PRESETS[settings], count=count)
    check_writable(out)
    write_simulation(out, simulate_tal_gata(chosen, seed))
    say(f"wrote {chosen.count} sequences of {chosen.length} bp to {out}")
