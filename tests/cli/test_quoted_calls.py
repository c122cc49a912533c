"""Calls of the command line that README, docs and notebooks quote: their commands and options are there."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from seqattr.cli.main import cli

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "PERFORMANCE.md",
    ROOT / "CONTRIBUTING.md",
    *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name != "add-a-command.md"),
]  # that page adds a command which is not there
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
FENCED = re.compile(r"```sh\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`(seqattr [a-z][^`]*)`")


OUTSIDE = click.Context(cli, info_name="seqattr", **cli.context_settings)  # what -h is, for all commands


def text_of(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text()
    cells = json.loads(path.read_text())["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def words_of(call: str) -> list[str]:
    """The words behind `seqattr`, up to a comment, a pipe or the next command."""
    words = shlex.split(call.replace("\\\n", " "), comments=True)[1:]
    ends = [number for number, word in enumerate(words) if word in ("|", "&&", ";", "&", ">")]
    return words[: ends[0]] if ends else words


def whole_calls(text: str) -> Iterator[str]:
    """Those of blocks for a shell, which somebody pastes as they are."""
    for block in FENCED.findall(text):
        lines = block.replace("\\\n", " ").splitlines()
        yield from (line.strip() for line in lines if line.strip().startswith("seqattr "))


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words call, and the words behind it. Raises UsageError where there is none."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        context = click.Context(command, parent=OUTSIDE)
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found
    return command, words


def every_option(command: click.Command) -> set[str]:
    return {
        name for option in command.get_params(click.Context(command, parent=OUTSIDE)) for name in option.opts
    }


def unknown_options(call: str) -> set[str]:
    command, words = command_of(words_of(call))
    named = {word.partition("=")[0] for word in words if word.startswith("--")}
    return named - every_option(command)


@pytest.mark.parametrize("path", [*PAGES, *NOTEBOOKS], ids=lambda path: path.name)
def test_calls_that_a_page_quotes_name_commands_and_options_that_are_there(path):
    text = text_of(path)
    calls = [*whole_calls(text), *INLINE.findall(text)]
    assert {call: unknown for call in calls if (unknown := unknown_options(call))} == {}


@pytest.mark.parametrize("path", [*PAGES, *NOTEBOOKS], ids=lambda path: path.name)
def test_calls_in_blocks_are_whole(path):
    """Nothing is missing, and all values have the form that is asked for."""
    for call in whole_calls(text_of(path)):
        command, words = command_of(words_of(call))
        try:
            command.make_context(command.name, words, parent=OUTSIDE)
        except click.UsageError as error:
            pytest.fail(f"{call}: {error.format_message()}")


def test_the_check_sees_what_it_should():
    assert len([call for path in [*PAGES, *NOTEBOOKS] for call in whole_calls(text_of(path))]) > 30
    assert unknown_options("seqattr score --model m.pt --genome hg38.fa") == {"--genome"}
    assert unknown_options("seqattr evaluate all --model=m.pt --nonsense") == {"--nonsense"}
    assert list(whole_calls("```sh\nseqattr a \\\n --b  # c\ncd x\n```\n")) == ["seqattr a   --b  # c"]
    with pytest.raises(click.UsageError):
        command_of(["sore", "--model"])
