"""seqattr export"""

from pathlib import Path

import click

from seqattr.cli.shared import OUT, PATH, say


@click.command()
@click.argument("folder", type=PATH)
@click.option("--format", "form", default="modisco", show_default=True, help="modisco: ohe.npz and shap.npz.")
@click.option("--target", help="Which target of the folder; needed where there are several.")
@click.option("--out", type=OUT, help="Folder for the files. Default: FOLDER/<target>.<format>.")
def export(folder: Path, form: str, target: str | None, out: Path | None) -> None:
    """Scores of `seqattr score` in the form another tool reads."""
    from seqattr.jobs.export import export as run

    written = run(folder, form, target, out)
    say(f"wrote {written}")
