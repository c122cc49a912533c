"""Options that several commands share, and how a command gets the values of several as one object.

`as_argument` makes options an argument of the library's own type: a command that reads a model has the
argument `model`, a ModelFile, whatever the options that describe one. A command's own options, all that are
left over, become its job's settings by `settings`.
"""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqattr.cli.foreign import FOREIGN
from seqattr.cli.values import or_none, read_by
from seqattr.support import threads
from seqattr.support.garbage import importing

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.sources import ModelFile, SequenceFile
    from seqattr.refs.kinds import Entry

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]


# --- values ------------------------------------------------------------------------------------


class NamedPath(click.Path):
    """A path that is not empty, as that of a variable which nobody set; `of_file` that of a file."""

    def __init__(self, of_file: bool = False) -> None:
        super().__init__(path_type=Path)
        self.of_file = of_file

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value):
            self.fail("the path is empty; name a file or folder", param, ctx)
        if self.of_file and str(value).endswith(("/", os.sep)):
            self.fail(f"'{value}' names a folder; a file is wanted", param, ctx)
        return super().convert(value, param, ctx)


class InputPath(NamedPath):
    """A path to read: what is written may not take the place of a file there."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from seqattr.io.kept import keep

        path = super().convert(value, param, ctx)
        keep(Path(str(path)))
        return path


PATH = InputPath()
OUT = NamedPath()
OUT_FILE = NamedPath(of_file=True)


# --- help that reads tables --------------------------------------------------------------------


class TableOption(click.Option):
    """An option whose help lists what a table holds, which is imported when the help is shown.

    `listed` makes the text of the table at "module:NAME"; it takes the place of {} in the help.
    """

    def __init__(self, *args: Any, table: str, listed: Callable[[Any], str] = ", ".join, **more: Any) -> None:
        super().__init__(*args, **more)
        self.table, self.listed = table, listed

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        written = self.help
        self.help = self.full_help()
        try:
            return super().get_help_record(ctx)
        finally:
            self.help = written

    def full_help(self) -> str:
        """The help with the table's text in it."""
        module, name = self.table.split(":")
        return (self.help or "").format(self.listed(getattr(import_module(module), name)))


def forms(kinds: "Mapping[str, Entry]") -> str:
    """How each kind of references is written."""
    return ", ".join(kind.form for kind in kinds.values())


# --- several values as one object --------------------------------------------------------------


def as_argument(
    name: str, make: Callable[..., Any], *options: Decorator, also: Sequence[str] = ()
) -> Decorator:
    """A command with these options, whose values it gets as one argument, `name`, that `make` makes of them.

    `also` are parameters that are declared elsewhere, above.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def wrapper(**values: Any) -> Any:
            made = make(**{key: values.pop(key) for key in names})
            return command(**{name: made}, **values)

        for option in reversed(options):
            option(wrapper)
        declared = wrapper.__click_params__[-len(options) :]  # type: ignore[attr-defined]
        names = [*also, *(parameter.name for parameter in declared)]
        return wrapper

    return decorate


def together(*decorators: Decorator) -> Decorator:
    """Several as one, the first above the others."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def settings(job: str, name: str = "Settings", **more: Callable[[], Any]) -> Decorator:
    """A command that gets what no other argument of it takes as `settings`.

    That is made of the options' values by `name` in the module of its job: a dataclass, or a function that
    returns one. `more` are fields that no option sets, and what gives them.
    """

    def decorate(command: Command) -> Command:
        taken = set(inspect.signature(command).parameters)

        @wraps(command)
        def wrapper(**values: Any) -> Any:
            own = {key: value for key, value in values.items() if key not in taken}
            given = {key: value for key, value in values.items() if key in taken}
            with importing():
                make = getattr(import_module(job), name)
            made = make(**own, **{key: give() for key, give in more.items()})
            return command(settings=made, **given)

        return wrapper

    return decorate


def model_file(model: Path, trust: bool, **foreign: Any) -> "ModelFile":
    """A model file, and what was said of one that is not in seqattr's own format."""
    with importing():
        from seqattr.jobs.sources import Foreign, ModelFile

    fields = {name.removeprefix("foreign_"): value for name, value in foreign.items()}
    return ModelFile(model, trust, Foreign(**fields))


def model_files(models: Sequence[Path], trust: bool, **foreign: Any) -> "list[ModelFile]":
    """Several, of which the same was said."""
    return [model_file(model, trust, **foreign) for model in models]


def sequence_file(**values: Any) -> "SequenceFile":
    """A FASTA file, and which windows of it are meant. Raises UsageError where options exclude each other."""
    if values["regions"] is not None and values["tile"] is not None:
        raise click.UsageError("--regions and --tile exclude each other")
    if values["ignore_strand"] and values["regions"] is None:
        raise click.UsageError("--ignore-strand is for the strands of --regions")
    with importing():
        from seqattr.jobs.sources import SequenceFile

    return SequenceFile(**values)


def unplaced_sequence_file(**values: Any) -> "SequenceFile":
    """Of a command to which it is no matter where the sequences lie on a genome."""
    return sequence_file(placed=False, **values)


def output(out: Path, force: bool) -> "Output":
    from seqattr.io.ownership import Output

    return Output(out, force)


# --- the options -------------------------------------------------------------------------------

MODEL = click.option(
    "--model", type=PATH, required=True, help="Model file; others than seqattr's own need --trust-model."
)
MODELS = click.option(
    "--model",
    "models",
    type=PATH,
    multiple=True,
    required=True,
    help="Model file; others than seqattr's own need --trust-model. Several: folds, whose mean is written.",
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
    click.option(
        "--max-n",
        type=float,
        metavar="SHARE",
        help="Leave out windows of which more than this share is N (0 to 1); those of N alone always are.",
    ),
    click.option("--any-length", is_flag=True, help="Take sequences of any length at which the model runs."),
    click.option("--strict", is_flag=True, help="Stop where a record or region cannot be used."),
)
REFS = click.option(
    "--refs",
    "references",
    cls=TableOption,
    table="seqattr.refs.kinds:REFERENCES",
    listed=forms,
    default="shuffle:10",
    show_default=True,
    help="{}.",
)
SIZES = click.option(
    "--chrom-sizes", "sizes", type=PATH, help="Headers such as chr1:100-200 are then genome coordinates."
)
SCORED_TARGETS = click.option(
    "--target",
    "targets",
    multiple=True,
    callback=read_by(or_none),
    help="Target of the scores; repeatable. Default: all.",
)
FORCE = click.option("--force", is_flag=True, help="Replace what stands at --out, but no input.")

# The arguments `model`, `sequences` and `output` of a command.
model_options = as_argument("model", model_file, *FOREIGN, also=["model"])
models_options = as_argument("models", model_files, *FOREIGN, also=["models"])
input_options = as_argument("sequences", unplaced_sequence_file, *INPUTS)
placed_input_options = as_argument("sequences", sequence_file, *INPUTS, SIZES)
force_option = as_argument("output", output, FORCE, also=["out"])

device_option = click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:i.")


def threads_option(default: int | None = None, of: str = "") -> Decorator:
    """How many threads a command computes with, `of` what it does; without a default, this job's share."""
    text = f"Threads to compute with{of}."
    return click.option(
        "--threads",
        type=click.IntRange(min=1),
        default=default,
        show_default=True,
        expose_value=False,
        callback=lambda _ctx, _param, number: threads.use(number or threads.available()),
        help=text if default else f"{text} Default: this job's share of the cores, or OMP_NUM_THREADS.",
    )


def batch_size_option(of: str) -> Decorator:
    """How many windows, insertions ... go through the model together."""
    text = f"{of} at once. Default: what pays and fits into memory."
    return click.option("--batch-size", type=int, help=text)


def targets_option(verb: str) -> Decorator:
    """Which outputs a command is to explain, measure ..."""
    text = f"{TARGET} to {verb}; repeatable. Default: all, or counts and profile of a BPNet."
    metavar = "NAME|INDEX|EXPRESSION|all"
    return click.option(
        "--target", "targets", metavar=metavar, multiple=True, callback=read_by(or_none), help=text
    )


def target_option(verb: str) -> Decorator:
    """Which single output a command is to maximise, change ..."""
    text = f"{TARGET} to {verb}. Default: the first."
    return click.option("--target", metavar="NAME|INDEX|EXPRESSION", help=text)


TARGET = "Output, or what is made of outputs, as sum(OUTPUT), A-B, log(A/B), OUTPUT:INDEX (docs/targets.md),"
