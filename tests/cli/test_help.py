"""Help: of every command and every option, at once, and without torch."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

import seqattr
from seqattr.cli.main import COMMANDS, SECTIONS, cli
from seqattr.cli.options import TableOption
from seqattr.engine.capture.input_layouts import INPUT_LAYOUTS
from seqattr.jobs.export import WRITERS
from seqattr.methods.precisions import PRECISIONS


def commands(
    group: click.Group = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that lead to it, groups included."""
    yield path, group
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = dict(commands())


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_and_every_option_has_help(run, path):
    command = ALL[path]
    assert command.help
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    for option in options:
        assert option.help, f"{option.name} has no help"
        assert option.help.endswith("."), f"the help of {option.name} is no sentence"
    for word in ("--help", "-h"):
        done = run(*path, word)
        assert done.code == 0
        assert done.out.startswith(" ".join(("Usage: seqattr", *path)))
        assert done.err == ""
        for option in options:
            assert option.opts[-1] in done.out


def test_no_command_writes_the_same_option_in_another_way():
    """One name means one thing."""
    meanings: dict[str, set[type]] = {}
    for command in ALL.values():
        for option in command.params:
            for name in option.opts:
                if name.startswith("--"):
                    meanings.setdefault(name, set()).add(type(option.type))
    assert {name for name, types in meanings.items() if len(types) > 1} == set()


def said(command: str, option: str) -> str:
    (found,) = [o for o in ALL[(command,)].params if option in o.opts]
    assert isinstance(found, click.Option)
    return found.full_help() if isinstance(found, TableOption) else found.help or ""


def test_help_names_what_the_tables_hold():
    for command in ("score", "inspect"):
        layouts = said(command, "--input-layout").split(" ...;")[0].split(", ")
        assert set(layouts) <= set(INPUT_LAYOUTS)  # an unknown name lists all
        assert len(layouts) >= 10
    named = said("score", "--method").split(" ...;")[0].split(", ")
    assert set(named) <= set(seqattr.METHODS)  # a new method needs no new text: an unknown name lists all
    assert all(name in said("score", "--refs") for name in seqattr.REFERENCES)
    assert said("score", "--refs") == ", ".join(kind.form for kind in seqattr.REFERENCES.values()) + "."
    assert all(name in said("score", "--precision") for name in PRECISIONS)
    assert all(name in said("export", "--format") for name in WRITERS)


READS_TABLES = [
    path for path, command in ALL.items() if any(isinstance(o, TableOption) for o in command.params)
]
LARGE = ("torch", "numpy", "h5py", "pyBigWig", "matplotlib")


@pytest.mark.parametrize(
    ("paths", "without"),
    [
        ([path for path in ALL if path not in READS_TABLES], LARGE),
        (READS_TABLES, ("torch", "pyBigWig", "matplotlib")),
    ],
    ids=["help", "help that reads tables"],
)
def test_help_and_version_import_neither_torch_nor_numpy(paths, without):
    """They answer at once, as completion in a shell needs it; a list of what a table holds imports it."""
    script = """
import sys
from seqattr.cli.main import main
for words in sys.argv[1:]:
    try:
        main(words.split())
    except SystemExit as left:
        assert left.code == 0, words
print("large:", sorted({"torch", "numpy", "h5py", "pyBigWig", "matplotlib"} & set(sys.modules)))
"""
    words = ["--version", *(" ".join((*path, "--help")) for path in paths)]
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True, timeout=60
    )
    large = done.stdout.splitlines()[-1].removeprefix("large: ")
    assert not set(ast.literal_eval(large)) & set(without)
    assert done.stdout.startswith("seqattr ")


def test_the_listed_commands_are_there(run):
    shown = run("--help").out
    for name in COMMANDS:
        assert f"\n  {name} " in shown


@pytest.mark.parametrize("path", [path for path, command in ALL.items() if isinstance(command, click.Group)])
def test_a_list_of_commands_has_whole_sentences(run, path):
    shown = " ".join(run(*path, "--help").out.partition("Options:")[2].split())
    listed = [words for words in ALL if words and words[:-1] == path]
    assert listed
    for words in listed:
        sentence = " ".join((ALL[words].short_help or ALL[words].help or "").split("\n\n")[0].split())
        assert f" {words[-1]} {sentence}" in shown.replace("modisco- lite", "modisco-lite")


def test_the_list_leads_from_a_model_to_what_it_says(run):
    titles = [line[:-1] for line in run("--help").out.splitlines() if re.fullmatch(r"[A-Z].*:", line)]
    assert titles == ["Options", *SECTIONS]
    assert titles[1] == "Explain a model"
    assert len(set(COMMANDS)) == len(COMMANDS)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["sore"], "score"),
        (["scores"], "score"),
        (["eval", "all"], "evaluate"),
        (["evaluate", "sanit"], "sanity"),
    ],
)
def test_a_misspelt_command_is_told_the_one_that_is_meant(run, words, meant):
    done = run(*words)
    assert done.code == 2
    assert done.err.rstrip().endswith(f"Did you mean '{meant}'?")
    assert "Did you mean" not in run("zzz").err


def test_the_installed_script_is_the_same_command():
    """The exit code is the command's, not Python's."""
    done = subprocess.run(
        [sys.executable, "-c", "from seqattr.cli import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith("seqattr 0")


def test_a_genomes_sizes_are_asked_for_only_where_places_are_written():
    """One text for --fasta, and no option that would change nothing."""
    reading = ["score", "attention", "sensitivity", "counterfactual", "patterns"]
    assert {said(command, "--fasta") for command in reading} == {said("score", "--fasta")}
    assert "or a genome with --regions" in said("score", "--fasta")
    options = {command: {name for o in ALL[(command,)].params for name in o.opts} for command in reading}
    assert [c for c in reading if "--chrom-sizes" in options[c]] == ["score", "attention"]
