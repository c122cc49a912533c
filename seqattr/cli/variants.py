"""seqattr variants"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from seqattr.cli.options import (
    MODELS,
    OUT,
    PATH,
    REFS,
    as_argument,
    batch_size_option,
    device_option,
    force_option,
    models_options,
    settings,
    targets_option,
    threads_option,
)
from seqattr.cli.terminal import calling, say, this_command, warn
from seqattr.errors import some_of
from seqattr.support.garbage import importing

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.sources import ModelFile
    from seqattr.jobs.variants.run import Summary
    from seqattr.jobs.variants.settings import Settings, VariantFile

_MOST_LINES = 4  # of targets with their largest effects
_EXPLAINING = {"method": "--method", "references": "--refs", "motifs": "--motifs"}
_BY_CALLER = ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT


def variant_file(vcf: Path | None, bed: Path | None, **values: Any) -> "VariantFile":
    """The file of variants, and how their windows are cut. Raises UsageError unless there is one file."""
    if (vcf is None) == (bed is None):
        raise click.UsageError("name one file of variants: --vcf, or --bed for a table of them")
    with importing():
        from seqattr.jobs.variants.settings import VariantFile

    return VariantFile(vcf=vcf, bed=bed, **values)


variant_options = as_argument(
    "variants",
    variant_file,
    click.option("--vcf", type=PATH, help="Variants: VCF 4, plain or gzip (bgzip)."),
    click.option("--bed", type=PATH, help="Variants: chrom, start (from 0), end, ref, alt, name."),
    click.option("--genome", type=PATH, required=True, help="FASTA that the variants lie on (gzip is fine)."),
    click.option(
        "--anchor",
        type=click.Choice(["left", "right"]),
        default="left",
        show_default=True,
        help="The side of a variant on which bases keep their place; the other one is refilled.",
    ),
    click.option("--pad", is_flag=True, help="Fill windows that leave their chromosome up with N."),
    click.option(
        "--max-n", type=float, metavar="SHARE", help="Leave out windows of which more than this share is N."
    ),
    click.option("--strict", is_flag=True, help="Stop at a variant that cannot be used."),
)


class Comparing(click.Command):
    """A command that refuses (UsageError) options of the contributions where none are asked for."""

    def invoke(self, ctx: click.Context) -> object:
        typed = [flag for name, flag in _EXPLAINING.items() if ctx.get_parameter_source(name) in _BY_CALLER]
        if typed and not ctx.params["contributions"]:
            verb = "is" if len(typed) == 1 else "are"
            raise click.UsageError(f"{' and '.join(typed)} {verb} of no use without --contributions N", ctx)
        return super().invoke(ctx)


@click.command(cls=Comparing)
@MODELS
@variant_options
@targets_option("ask for")
@click.option("--out", type=OUT, default="variants", show_default=True, help="Folder for the results.")
@click.option("--both-strands", is_flag=True, help="The mean with the reverse complement's.")
@click.option("--null", type=int, default=0, metavar="N", help="p-values by N changes in shuffled windows.")
@click.option(
    "--contributions", type=int, default=0, metavar="N", help="Explain both alleles of the N largest effects."
)
@click.option(
    "--method",
    default="deeplift",
    show_default=True,
    help="As `seqattr methods` lists them.",
)
@REFS
@click.option(
    "--motifs", multiple=True, metavar="FILE", help="Motifs whose hits come and go, as in `seqattr report`."
)
@click.option("--seed", default=0, show_default=True, help="Seed of whatever is drawn.")
@device_option
@threads_option()
@batch_size_option("Windows")
@force_option
@models_options
@settings("seqattr.jobs.variants.settings", command=this_command)
def variants(
    models: "list[ModelFile]", variants: "VariantFile", output: "Output", settings: "Settings"
) -> None:
    """What each variant changes: both alleles' outputs, their difference and log-ratio.

    Windows have the model's length, with the variant's first base at L // 2 (from 0). What lies left of it
    stays in its place whatever the allele, and the right end is refilled from the genome. Writes
    OUT/variants.tsv, a row for each variant and target; OUT/dropped.tsv, what was left out and why;
    OUT/variants.html, a page with the largest effects; and OUT/run.json. Of several models, and of both
    strands, every number is the mean, and log-ratios are those of means. With --contributions
    OUT/contributions has the scores of both alleles, OUT/figures draws them, and with --motifs
    OUT/gained_lost.tsv lists the hits that one allele has and the other has not.
    """
    from seqattr.jobs.variants.run import run

    with calling("comparing") as caller:
        summary = run(models, variants, output, settings, caller)
    report(summary)


def report(summary: "Summary") -> None:
    """What was found, and where it is."""
    for note in summary.notes:
        warn(note)
    named = ", ".join(f"{name} ({unit})" for name, unit in zip(summary.targets, summary.units, strict=True))
    say(f"compared {summary.variants:,} of {summary.total:,} variants for {named}")
    for line in summary.effects()[:_MOST_LINES]:
        say(line)
    if len(summary.targets) > _MOST_LINES:
        say(f"{summary.out}/variants.html has the largest effects on more targets")
    say(f"wrote {summary.out}/variants.tsv and .html, dropped.tsv and run.json")
    if summary.explained:
        say(f"explained both alleles: {some_of(summary.explained, 4)}")
