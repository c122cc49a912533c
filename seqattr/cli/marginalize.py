"""seqattr marginalize"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.backgrounds import backgrounds_options
from seqattr.cli.options import (
    MODELS,
    OUT,
    batch_size_option,
    device_option,
    force_option,
    models_options,
    settings,
    targets_option,
    threads_option,
)
from seqattr.cli.terminal import calling, say, this_run
from seqattr.cli.values import numbers_like, read_by

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.backgrounds import Backgrounds
    from seqattr.jobs.marginalize import Settings
    from seqattr.jobs.sources import ModelFile


@click.command()
@MODELS
@click.option(
    "--motifs", multiple=True, required=True, help="Motif file, bundled or jaspar:NAME; repeatable."
)
@click.option("--motif", "names", multiple=True, help="Only the motif of this name; repeatable.")
@backgrounds_options
@click.option(
    "--positions",
    callback=read_by(numbers_like("--positions", "50,100,150", float)),
    help="Where the motif's middle lies, in bases from the start. Default: in the middle.",
)
@click.option(
    "--instances",
    type=click.Choice(["consensus", "sampled"]),
    default="consensus",
    show_default=True,
    help="What stands for a motif: its consensus, or one drawn from it for each background.",
)
@click.option(
    "--twins", default=10, show_default=True, help="Orders of a motif's letters that it is held against."
)
@targets_option("measure")
@click.option("--out", type=OUT, default="marginal", show_default=True, help="Folder for the results.")
@device_option
@threads_option()
@batch_size_option("Insertions")
@force_option
@models_options
@settings("seqattr.jobs.marginalize", "settings_of", command=this_run)
def marginalize(
    models: "list[ModelFile]", backgrounds: "Backgrounds", output: "Output", settings: "Settings"
) -> None:
    """What each motif does to each output, whatever sequence it is put into.

    The mean change over backgrounds, with its interval, on both strands and at each position; and whether it
    is more than that of the same letters in other orders. Writes OUT/marginal.tsv, marginal.html,
    backgrounds.fa, figures/ and run.json.
    """
    from seqattr.jobs.marginalize import run

    with calling("insertions") as caller:
        found = run(models, backgrounds, output, settings, caller)
    for target in found.marginal.targets:
        top, sure = found.of(target)[0], len(found.sure(target))
        say(
            f"{target}: {top.motif} on strand {top.strand} {top.mean:+.3g} [{top.low:+.3g}, {top.high:+.3g}] "
            f"{found.units[target]}; {sure} of {len(found.marginal.motifs)} motifs differ from their twins"
        )
    say(f"wrote {output.path}/marginal.tsv and .html, backgrounds.fa, figures/ and run.json")
