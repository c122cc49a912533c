"""Messages: a library user reads parameters, a user of the command line reads options."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import seqattr
from seqattr.cli.flags import FLAGS, WRITERS, in_flags
from tests.cli.test_help import ALL

PACKAGE = Path(inspect.getfile(seqattr)).parent
OPTIONS = {name for command in ALL.values() for parameter in command.params for name in parameter.opts}


def texts(path: Path) -> list[str]:
    """Every text in a module, docstrings too."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("`pad=True` would fill up", "--pad would fill up"),
        ("(`Foreign.length=L`)", "(--input-length L)"),
        ('`Foreign.arch_args={"a": ...}`', "--arch-args '{\"a\": ...}'"),
        ("what `score` wrote", "what `seqattr score --out` wrote"),
        ("`seqattr patterns` and `unheard=1` and pad", "`seqattr patterns` and `unheard=1` and pad"),
    ],
)
def test_a_parameter_becomes_the_option_that_sets_it(message, line):
    assert in_flags(message) == line


def test_every_option_that_a_message_can_become_is_one():
    assert set(FLAGS.values()) <= OPTIONS
    for line in WRITERS.values():
        *path, option = line.strip("`").split()[1:]
        assert option in {name for parameter in ALL[tuple(path)].params for name in parameter.opts}


# What reads command lines knows their options, and says nothing to anybody.
READING = [PACKAGE / "support" / "commands.py"]


@pytest.mark.parametrize(
    "path",
    [p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE / "cli" and p not in READING],
    ids=lambda p: p.stem,
)
def test_no_message_of_the_library_names_an_option(path):
    assert [text for text in texts(path) if re.search(r"(?<![\w-])--[a-z]", text)] == []


def messages(path: Path) -> str:
    """All texts of a module that are no docstrings, with what they are filled with as {}."""
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return "\n".join(
        ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.Constant)
    )


def test_every_parameter_that_a_message_gives_a_value_has_an_option():
    """`pad=True` is meant to be read as --pad: the table misses no such name."""
    library = [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE / "cli"]
    named = {name for path in library for name in re.findall(r"`([\w.]+)=[^`\n]+`", messages(path))}
    assert {"pad", "crop", "any_length", "ignore_strand", "precision", "trust", "Foreign.arch"} <= named
    assert named <= set(FLAGS)
