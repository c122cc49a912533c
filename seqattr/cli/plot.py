"""seqattr plot"""

from pathlib import Path

import click

from seqattr.cli.shared import OUT, PATH, force_option, say, warn


@click.command()
@click.argument("folders", nargs=-1, required=True, type=PATH, metavar="FOLDER...")
@click.option(
    "--region", required=True, metavar="NAME[:START-END]", help="A scored sequence, or a place on the genome."
)
@click.option("--target", "targets", multiple=True, help="Target to draw; repeatable. Default: all.")
@click.option(
    "--matches", is_flag=True, help="Box the strong matches of --motifs, else of bundled: TAL1 and GATA1."
)
@click.option("--motifs", "motif_specs", multiple=True, help="Motif file whose matches to box; repeatable.")
@click.option("--strong", default=7.0, show_default=True, help="Log-odds from which a match is boxed.")
@click.option("--out", type=OUT, required=True, help="Figure to write: .svg, .png or .pdf.")
@force_option
def plot(
    folders: tuple[Path, ...],
    region: str,
    targets: tuple[str, ...],
    matches: bool,
    motif_specs: tuple[str, ...],
    strong: float,
    out: Path,
    force: bool,
) -> None:
    """Contributions in one region as letters: several targets, or several methods, one above the other.

    Each FOLDER is what `seqattr score` wrote; give one for each method.
    """
    from seqattr.io.ownership import check_own_file
    from seqattr.jobs.plot import plot as run

    check_own_file(out, force)
    specs = motif_specs or (("bundled",) if matches else ())
    rows = run(folders, region, out, targets, specs, strong, warn)
    say(f"wrote {out}: {', '.join(rows)}")
