"""What each command promises: a test file, a line in the README, help for options, a job, a short body."""

import ast
import re
from pathlib import Path

import click
import pytest

from seqattr.cli.main import COMMANDS
from tests.cli.test_help import ALL

ROOT = Path(__file__).parents[2]
PACKAGE, README = ROOT / "seqattr", (ROOT / "README.md").read_text()
JOBS = {command: (f"seqattr.jobs.{command}.",) for command in COMMANDS}
JOBS["benchmark"] = ("seqattr.tal_gata.", "seqattr.digits.")
MOST_LINES = 15


def tree(command: str) -> ast.Module:
    return ast.parse((PACKAGE / "cli" / f"{command}.py").read_text())


def bodies(command: str) -> dict[str, list[ast.stmt]]:
    """The statements of each function that is a command, without the docstring."""
    functions = [node for node in tree(command).body if isinstance(node, ast.FunctionDef)]
    return {
        function.name: function.body[1:]
        for function in functions
        if any(".command(" in ast.unparse(decorator) for decorator in function.decorator_list)
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_a_test_file(command):
    path = ROOT / "tests" / "cli" / f"test_{command}.py"
    assert re.search(rf'"{command}\b', path.read_text()), f"{path.name} never calls {command}"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_one_line_in_the_readme_s_table(command):
    assert len(re.findall(rf"^\| `seqattr {command}\b[^|]*` \| [^|]", README, flags=re.MULTILINE)) == 1


def test_the_readme_s_table_has_no_other_commands():
    assert set(re.findall(r"^\| `seqattr ([a-z]+)", README, flags=re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_an_option_has_help(path):
    options = [parameter for parameter in ALL[path].params if isinstance(parameter, click.Option)]
    assert all(option.help for option in options)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs_its_job_and_no_other(command):
    """It is imported when the command runs, as it brings torch with it."""
    imported = [
        node.module or ""
        for body in bodies(command).values()
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.ImportFrom)
    ]
    assert imported
    assert {name for name in imported if not f"{name}.".startswith(JOBS[command])} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_s_body_is_short(command):
    found = bodies(command)
    assert found
    for name, body in found.items():
        last = body[-1].end_lineno or 0
        assert last - body[0].lineno + 1 <= MOST_LINES, name
