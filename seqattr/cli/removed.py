"""Options that commands do not have: those that once were, and those of other tools, with what is meant."""

from collections.abc import Mapping, Sequence

import click

_BY_HITS = "a hit is told by what it explains, and groups are ordered by that"
REMOVED: Mapping[str, Mapping[str, str]] = {
    "report": {
        "--top": f"{_BY_HITS}; hits.tsv and groups.tsv have all of them",
        "--log-odds": f"{_BY_HITS}; --p-value is for what matches.tsv.gz lists",
        "--strong": f"{_BY_HITS}; hits.bed has the sure ones",
    },
    "plot": {
        "--matches": "--hits boxes those matches that carry importance",
        "--strong": "--hits boxes what is sure by its contributions, whatever its log-odds",
    },
}
# How other tools call an option, by what ours is called.
OTHER_WORDS: Mapping[str, Sequence[str]] = {
    "--fasta": ("--genome", "--sequences", "--seqs", "--fa"),
    "--regions": ("--bed", "--peaks", "--loci", "--narrowpeak"),
    "--refs": ("--reference", "--references", "--baseline", "--baselines", "--background", "--shuffles"),
    "--device": ("--gpu", "--cuda", "--cpu"),
    "--target": ("--task", "--tasks"),
    "--motifs": ("--motif", "--meme", "--pwms", "--pfm"),
    "--out": ("-o", "--output", "--outdir", "--out-dir", "--output-dir"),
    "--force": ("--overwrite", "-f"),
    "--workers": ("--jobs", "-j", "--processes"),
}


def told(error: click.NoSuchOption) -> click.NoSuchOption:
    """The error of an unknown option: of one that was removed with what took its place, of another tool's
    with ours.
    """
    command, name = error.ctx.command if error.ctx else None, error.option_name
    if command is None:
        return error
    instead = REMOVED.get(command.name or "", {}).get(name)
    if instead is not None:
        return click.NoSuchOption(name, f"The option '{name}' is gone: {instead}.", ctx=error.ctx)
    there = {word for option in command.params for word in option.opts}
    meant = [ours for ours, others in OTHER_WORDS.items() if name in others and ours in there]
    if not meant:
        return error
    return click.NoSuchOption(name, f"No such option '{name}'. Did you mean '{meant[0]}'?", ctx=error.ctx)
