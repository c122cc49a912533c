"""seqattr benchmark"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqattr.cli.groups import CommandGroup
from seqattr.cli.options import OUT, PATH, force_option, threads_option
from seqattr.cli.terminal import progress_bar, say, this_command
from seqattr.cli.values import numbers_like, read_by
from seqattr.support.progress import Progress

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.tal_gata.collect import Collected


@click.group(cls=CommandGroup)
def benchmark() -> None:
    """The paper's experiments, run again and judged."""


@benchmark.command("tal-gata")
@click.option("--out", type=OUT, required=True, help="Folder for data, nets, scores, tables and the page.")
@click.option("--quick", is_flag=True, help="A trial of two minutes: one net, fewer sequences.")
@click.option(
    "--seeds",
    callback=read_by(numbers_like("--seeds", "0,1,2")),
    help="Training seeds, a net for each. Default: 0 to 4; with --quick 0.",
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    help="Method to compare; repeatable. Default: all but the costly.",
)
@threads_option(default=1)
@force_option
def tal_gata(output: "Output", quick: bool, seeds: tuple[int, ...] | None, methods: tuple[str, ...]) -> None:
    """Which methods see planted TAL1 and GATA1 motifs: section 4.2 of the paper.

    Simulates, trains the paper's CNN, scores new sequences by every method and collects; `snakemake` does the
    same as single calls. Under an hour on one core. Writes OUT/benchmark.html, tables, figures/, run.json,
    data/, evaluation/ and seed-S/ with the nets and their scores.
    """
    from seqattr.tal_gata.recipe import FULL, QUICK
    from seqattr.tal_gata.run import run

    changes: dict[str, Any] = {"methods": methods}
    if seeds is not None:
        changes["seeds"] = seeds
    recipe = replace(QUICK if quick else FULL, **changes)
    tell(run(recipe, output, step, this_command()))


@benchmark.command("digits")
@click.option("--out", type=OUT, required=True, help="Folder for tables and figures.")
@click.option(
    "--seeds",
    callback=read_by(numbers_like("--seeds", "0,1,2")),
    help="Training seeds, a net for each. Default: 0 to 2.",
)
@threads_option(default=1)
@force_option
def digits(output: "Output", seeds: tuple[int, ...] | None) -> None:
    """Which methods turn one digit into another: section 4.1 of the paper, on scikit-learn's 8 x 8 digits.

    Trains small nets, erases the pixels that speak for one digit rather than another, and measures how far
    the log-odds move. A minute on one core; needs `pip install seqattr[digits]`. Writes OUT/digits.tsv,
    nets.tsv, figures/ and run.json.
    """
    from seqattr.digits.run import Settings, in_words, run

    settings = Settings(command=this_command())
    result = run(output, settings if seeds is None else replace(settings, seeds=seeds), step)
    shares = ", ".join(f"{share:.1%}" for share in result.accuracies)
    say(f"of the digits that they have not seen, the nets tell {shares}")
    for lead in result.leads:
        say(in_words(lead))
    say(f"wrote {output.path / 'digits.tsv'}, nets.tsv, figures/ and run.json")


@benchmark.command("collect")
@click.argument("folders", nargs=-1, required=True, type=PATH, metavar="FOLDER...")
@click.option(
    "--simulation",
    type=PATH,
    required=True,
    help="The simulation whose sequences.fa was scored, with its truth.",
)
@click.option(
    "--metrics",
    multiple=True,
    type=PATH,
    help="What `seqattr train` wrote beside a model, so that it is named by its seed; repeatable.",
)
@click.option("--out", type=OUT, required=True, help="Folder for tables, figures and the page.")
@threads_option()
@force_option
def collect(folders: tuple[Path, ...], simulation: Path, metrics: tuple[Path, ...], output: "Output") -> None:
    """Scores of TAL-GATA sequences as the paper's tables, figures and page.

    Each FOLDER is what `seqattr score` wrote; model, method and references are read from it.
    """
    from seqattr.tal_gata.collect import collect as run

    tell(run(folders, simulation, metrics, output, this_command()))


@contextmanager
def step(name: str) -> Iterator[Progress]:
    """A step of the benchmark: a bar while it runs, a line when it is done."""
    started = time.perf_counter()
    with progress_bar(name) as progress:
        yield progress
    say(f"{name}: {time.perf_counter() - started:.1f} s")


def tell(collected: "Collected") -> None:
    """Each claim in a line, and where the page is."""
    for each in collected.claims:
        say(f"{each.word}: {each.claim.text} ({each.verdict.measured})")
    say(f"wrote {collected.page}, from {collected.runs} runs of {collected.nets} nets")
