"""The `seqattr` command: its subcommands, and how an error becomes one line and an exit code."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import chain
from typing import Any

import click

import seqattr
from seqattr.cli import removed
from seqattr.cli.flags import FLAGS, how_to_convert, in_flags
from seqattr.cli.groups import CommandGroup
from seqattr.errors import SeqattrError, UntrustedModel, as_line
from seqattr.support.advice import advising
from seqattr.support.garbage import leave_at_exit
from seqattr.support.interruptions import Terminated, what_is_left
from seqattr.support.threads import wait_quietly
from seqattr.support.version import package_version

# What one does, in the order in which one does it, and the commands for it. Each command is the function of
# this name in the module of this name.
SECTIONS = {
    "Explain a model": ("convert", "inspect", "methods", "score", "merge", "workflow", "export"),
    "Read the explanation": ("report", "plot", "modisco", "finemo", "interactions", "evaluate"),
    "Put bases into the model": ("variants", "marginalize", "spacing", "counterfactual", "maximize"),
    "Ask what it has learned": ("sensitivity", "attention", "influence", "patterns"),
    "Data and models to try it with": ("simulate", "train", "benchmark"),
}
COMMANDS = tuple(chain.from_iterable(SECTIONS.values()))
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM  # what shells and schedulers show of a process that SIGTERM ended


class Commands(CommandGroup):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"seqattr.cli.{name}"), name)
        return command

    def sections(self, _: click.Context) -> Mapping[str, Sequence[str]]:
        return SECTIONS


def show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"seqattr {package_version()}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=show_version, help="Version."
)
def cli() -> None:
    """Explain a trained DNA-sequence model base by base.

    \b
    seqattr convert net.pt --out model.pt --input-length 2114 --trust-model
    seqattr score --model model.pt --fasta peaks.fa --refs shuffle:10 --out scores
    seqattr report scores --motifs motifs.meme

    Without a model of yours, to try it:

    \b
    seqattr simulate tal-gata --out data
    seqattr train data --out model.pt
    seqattr score --model model.pt --fasta data/test.fa --out scores
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and leaves: 0 done, 1 an error in one line, 2 wrong usage, 130 Ctrl-C, 143 SIGTERM."""
    try:
        from seqattr.io.kept import keeping_inputs

        wait_quietly()
        leave_at_exit()
        signal.signal(signal.SIGTERM, interrupt)
        with keeping_inputs(), advising(has_option, in_flags):
            code = cli.main(arguments, prog_name="seqattr", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        show(error)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort) as error:
        stop = error.__cause__ or error  # click has its own word for Ctrl-C
        complain(f"interrupted; {what_is_left(stop)}")
        sys.exit(TERMINATED if isinstance(stop, Terminated) else INTERRUPTED)
    except BrokenPipeError:  # the reader of our output left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("SEQATTR_DEBUG"):
            raise
        complain(line_for(error))
        sys.exit(1)


def has_option(parameter: str) -> bool:
    """Whether the command that runs has an option for a parameter of the library, or it is nothing of it."""
    context = click.get_current_context(silent=True)
    if context is None or parameter not in FLAGS:
        return parameter not in seqattr.__all__
    return any(FLAGS[parameter] in option.opts for option in context.command.params)


def interrupt(*_: Any) -> None:
    """A polite kill ends a command as Ctrl-C does, but for the exit code."""
    raise Terminated


def line_for(error: Exception) -> str:
    """One line for any exception; only for one that is ours does it tell what to do."""
    if isinstance(error, UntrustedModel):
        return as_line(how_to_convert(error))
    if isinstance(error, SeqattrError):
        return in_flags(str(error))
    if isinstance(error, MemoryError):
        return f"not enough memory: {error or 'none is left'}; ask for fewer or shorter sequences at once"
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}"
    text = " ".join(str(error).split())[:300]
    return f"unexpected {type(error).__name__}: {text} (SEQATTR_DEBUG=1 shows where; please report it)"


def show(error: click.ClickException) -> None:
    """Wrong usage, in click's own words."""
    if type(error) is click.BadParameter:  # not one of its kinds, which write lines of their own
        error = click.BadParameter(as_line(error.message), error.ctx, error.param, error.param_hint)
    (removed.told(error) if isinstance(error, click.NoSuchOption) else error).show()


def complain(line: str) -> None:
    """One line, of nothing that a terminal would obey rather than show."""
    text = "".join(c if c.isprintable() else "?" for c in " ".join(line.split()))
    click.echo(f"seqattr: error: {text}", err=True)
