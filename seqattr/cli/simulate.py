"""seqattr simulate"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from seqattr.cli.shared import OUT, force_option, say
from seqattr.errors import InputError


@click.group()
def simulate() -> None:
    """Simulated sequences whose truth is known."""


@simulate.command("tal-gata")
@click.option("--out", type=OUT, required=True, help="Folder for the data set.")
@click.option("--count", type=int, help="How many sequences. Default: the published 8000.")
@click.option(
    "--settings", default="published", show_default=True, help="published, or paper (the paper's text)."
)
@click.option("--shares", help="Sequences of both, GATA1, TAL1 and none in a round. Default: 1,1,1,1.")
@click.option("--seed", default=0, show_default=True, help="Seed of the simulation.")
@force_option
def tal_gata(out: Path, count: int | None, settings: str, shares: str | None, seed: int, force: bool) -> None:
    """TAL1 and GATA1 motifs planted in random sequences, as in section 4.2 of the paper.

    Writes sequences.fa, test.fa, labels.tsv, planted.bed, splits.tsv, motifs.meme and simulation.json.
    """
    from seqattr.data.simulate import PRESETS, simulate_tal_gata
    from seqattr.data.simulation_files import FILES, write_simulation
    from seqattr.errors import UnknownName
    from seqattr.io.atomic import check_writable
    from seqattr.io.ownership import check_own_folder

    if settings not in PRESETS:
        raise UnknownName("settings", settings, PRESETS)
    changes: dict[str, Any] = {} if count is None else {"count": count}
    if shares is not None:
        changes["shares"] = whole_numbers(shares)
    chosen = replace(PRESETS[settings], **changes)
    check_writable(out)
    check_own_folder(out, FILES, "simulation.json", force)
    write_simulation(out, simulate_tal_gata(chosen, seed))
    say(f"wrote {chosen.count} sequences of {chosen.length} bp to {out}")


def whole_numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise InputError(f"--shares must look like 10,1,1,1, not '{text}'") from None
