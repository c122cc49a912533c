"""seqattr workflow"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.options import OUT, force_option
from seqattr.cli.terminal import say

if TYPE_CHECKING:
    from seqattr.io.ownership import Output


@click.command()
@click.argument("out", type=OUT, metavar="DIR")
@click.option("--benchmark", is_flag=True, help="The TAL-GATA benchmark, as `seqattr benchmark tal-gata`.")
@force_option
def workflow(output: "Output", benchmark: bool) -> None:
    """A Snakemake workflow that scores your own models and peaks, here or on a cluster.

    Writes DIR/Snakefile, DIR/config.yaml, profiles and rules. Then: cd DIR, edit config.yaml, and
    `snakemake --profile profiles/local` or `profiles/slurm`. Called again, it keeps what you edited.
    """
    from seqattr.jobs.workflow import BENCHMARK, PEAKS, run

    done = run(output, BENCHMARK if benchmark else PEAKS)
    if done.edited:
        say(f"kept what was edited: {', '.join(done.edited)}")
    say(f"wrote {len(done.written)} files to {output.path}; edit config.yaml there")
