"""Options and output that several commands share."""

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seqattr.cli.flags import in_flags
from seqattr.errors import InputError, as_line
from seqattr.support.progress import Progress, silent

if TYPE_CHECKING:
    from seqattr.engine.capture.model import Model
    from seqattr.inputs import Inputs
    from seqattr.models.load import Foreign

F = TypeVar("F", bound=Callable[..., Any])


class NamedPath(click.Path):
    """A path that is not empty, as that of a variable which nobody set."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value):
            self.fail("the path is empty; name a file or folder", param, ctx)
        return super().convert(value, param, ctx)


class InputPath(NamedPath):
    """A path to read: what is written may not take the place of a file there."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from seqattr.io.kept import keep

        path = super().convert(value, param, ctx)
        keep(Path(str(path)))
        return path


PATH = InputPath(path_type=Path)
OUT = NamedPath(path_type=Path)

model_option = click.option(
    "--model", type=PATH, required=True, help="Model file; others than seqattr's own need --trust-model."
)
sizes_option = click.option(
    "--chrom-sizes", type=PATH, help="Headers such as chr1:100-200 are then genome coordinates."
)
device_option = click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:i.")


force_option = click.option("--force", is_flag=True, help="Replace what stands at --out, but no input.")


def targets_option(verb: str) -> Callable[[F], F]:
    """Which outputs a command is to explain, measure ..."""
    text = f"Output to {verb}, by name or number; repeatable. Default: all."
    return click.option("--target", "targets", multiple=True, help=text)


def foreign_options(command: F) -> F:
    """What must be said of a model that is not in seqattr's own format."""
    return with_options(command, FOREIGN)


def input_options(command: F) -> F:
    """A FASTA file, which windows of it are meant, and how they are fitted to the model."""
    return with_options(command, INPUTS)


def with_options(command: F, options: Sequence[Callable[[F], F]]) -> F:
    """A command with these options, in this order."""
    for option in reversed(options):
        command = option(command)
    return command


FOREIGN = (
    click.option("--trust-model", is_flag=True, help="Read a format that can run code, or needs some."),
    click.option("--input-length", type=int, metavar="L", help="Length of the model's input in bases."),
    click.option(
        "--input-layout",
        default="N4L",
        show_default=True,
        help="N4L, NL4, N41L, N4L1, N14L, NL41, N1L4, NL14; N5L, NL5 with a channel for N.",
    ),
    click.option("--channels", default="ACGT", show_default=True, help="The model's order of bases."),
    click.option("--arch", metavar="MODULE:CLASS", help="The class of a state dict."),
    click.option("--arch-args", metavar="JSON", default="{}", help="Arguments for that class."),
    click.option("--target-names", metavar="A,B,...", help="Names for the model's outputs."),
)
INPUTS = (
    click.option(
        "--fasta", type=PATH, required=True, help="Sequences (gzip is fine), or a genome with --regions."
    ),
    click.option("--regions", type=PATH, help="BED or narrowPeak: take windows of the FASTA around these."),
    click.option("--ignore-strand", is_flag=True, help="Read regions on strand - forward like the others."),
    click.option("--tile", type=int, metavar="STEP", help="Take windows every STEP bases of each record."),
    click.option("--pad", is_flag=True, help="Fill shorter sequences up to the model's length with N."),
    click.option("--crop", is_flag=True, help="Cut longer sequences to the model's length."),
    click.option("--any-length", is_flag=True, help="Take sequences of any length at which the model runs."),
    click.option("--strict", is_flag=True, help="Stop where a record or region cannot be used."),
)


def foreign_from(options: dict[str, Any]) -> "Foreign":
    """The library's form of `foreign_options`, taken out of a command's options."""
    import json

    from seqattr.models.load import Foreign

    names = options.pop("target_names")
    try:
        arguments = json.loads(options.pop("arch_args"))
    except ValueError as error:
        raise InputError(f"--arch-args is not JSON: {error}") from error
    if not isinstance(arguments, dict):
        raise InputError("--arch-args must be a JSON object, as in '{\"tasks\": 3}'")
    return Foreign(
        length=options.pop("input_length"),
        layout=options.pop("input_layout"),
        channels=options.pop("channels").upper(),
        arch=options.pop("arch"),
        arch_args=arguments,
        targets=tuple(name.strip() for name in names.split(",")) if names else None,
    )


def open_model(path: Path, options: dict[str, Any]) -> "Model":
    """The model of a file, read as `foreign_options` say, which are taken out of a command's options."""
    from seqattr.models.load import load_model

    foreign, trust = foreign_from(options), options.pop("trust_model")
    model = load_model(path, trust=trust, foreign=foreign)
    warn(*model.notes)
    return model


def read_inputs(model: "Model", fasta: Path, options: dict[str, Any]) -> "Inputs":
    """The windows that `input_options` ask for, fitted to the model as far as they allow.

    Where they lie on a genome matters to commands with a `sizes_option` alone.
    """
    from seqattr import inputs

    regions, tile, ignored = (options.pop(name) for name in ("regions", "tile", "ignore_strand"))
    pad, crop, strict = (options.pop(name) for name in ("pad", "crop", "strict"))
    length, free = model.example_length, options.pop("any_length") or model.lengths.fixed
    lengths = model.lengths if free else inputs.OneLength(length, model.lengths)
    placed, sizes = "chrom_sizes" in options, options.pop("chrom_sizes", None)
    if regions is not None and tile is not None:
        raise click.UsageError("--regions and --tile exclude each other")
    if ignored and regions is None:
        raise click.UsageError("--ignore-strand is for the strands of --regions")
    if regions is not None:
        found = inputs.from_regions(fasta, regions, length, pad, ignored, strict)
    elif tile is not None:
        found = inputs.tiled(fasta, length, tile, pad, strict)
    else:
        found = inputs.from_fasta(fasta, sizes, placed, strict)
    return in_our_words(inputs.fitted(found, lengths, length, pad, crop, strict))


def in_our_words(inputs: "Inputs") -> "Inputs":
    """With options in what is noted of them, which is written beside the results."""
    dropped = [one._replace(reason=in_flags(one.reason)) for one in inputs.dropped]
    return inputs._replace(notes=[in_flags(note) for note in inputs.notes], dropped=dropped)


def this_command() -> str:
    """What was typed, as results record it: whether other results may be replaced is no part of a run."""
    return shlex.join(["seqattr", *(word for word in sys.argv[1:] if word != "--force")])


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """A function (done, total) that draws a bar on a terminal, and nothing in a log."""
    if not sys.stderr.isatty():
        yield silent
        return
    bar: Any = None

    def draw(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            bar = click.progressbar(length=total, label=label, file=sys.stderr, show_pos=True)
            bar.__enter__()
        bar.update(done - bar.pos)

    try:
        yield draw
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)


def say(line: str) -> None:
    """A line for people, on stderr."""
    click.echo(line, err=True)


def warn(*lines: str) -> None:
    for line in lines:
        say(f"seqattr: warning: {as_line(in_flags(line))}")
