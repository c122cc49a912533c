"""The notebooks of docs/: what they show came out of them, and what they do still works."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_BYTES = 300_000
MACHINE = re.compile(
    r"/(?:tmp|root|home|work|Users|private|opt|usr|mnt|var)/|[A-Z]:\\\\|site-packages|https?://(?!\w)"
)

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]


def outputs(path: Path) -> list[dict[str, Any]]:
    return [output for cell in cells(path) for output in cell["outputs"]]


def test_there_are_three() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["believe", "bpnet_windows", "tal_gata"]


@each_notebook
def test_it_was_run_from_the_first_cell_to_the_last(path: Path) -> None:
    assert [cell["execution_count"] for cell in cells(path)] == list(range(1, len(cells(path)) + 1))
    assert all(cell["metadata"] == {} for cell in cells(path))


@each_notebook
def test_what_is_stored_is_no_error_and_small_and_of_no_machine(path: Path) -> None:
    kinds = {output["output_type"] for output in outputs(path)}
    assert kinds <= {"stream", "execute_result", "display_data"}
    assert {output["name"] for output in outputs(path) if output["output_type"] == "stream"} == {"stdout"}
    assert path.stat().st_size < MOST_BYTES
    assert MACHINE.search(path.read_text()) is None


@each_notebook
def test_it_shows_a_result_and_pictures(path: Path) -> None:
    shown = [output["data"] for output in outputs(path) if "data" in output]
    assert any("image/png" in data for data in shown)
    assert "seqattr" in str([cell["source"] for cell in cells(path)])


@each_notebook
def test_what_it_imports_is_there(path: Path) -> None:
    """And its cells are Python without a notebook's own commands."""
    trees = [ast.parse("".join(cell["source"])) for cell in cells(path)]
    imports = [node for tree in trees for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(imports, []), path.name, "exec"), {})
    assert len(imports) > 5


@pytest.mark.slow
@each_notebook
def test_its_cells_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As plain Python, with less of everything; what a cell ends with is shown."""
    monkeypatch.setenv("SEQATTR_SMALL", "1")
    monkeypatch.chdir(FOLDER)
    namespace: dict[str, Any] = {}
    for number, cell in enumerate(cells(path), 1):
        run("".join(cell["source"]), f"{path.name}, cell {number}", namespace)


def run(source: str, name: str, namespace: dict[str, Any]) -> None:
    """A cell, and the value of the expression that it ends with, as a notebook shows it."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), namespace)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
        if hasattr(value, "_repr_png_"):
            assert value._repr_png_().startswith(b"\x89PNG")
        else:
            repr(value)


def test_the_check_of_paths_sees_what_it_should() -> None:
    for text in ("/tmp/abc", "/home/me/x", "C:\\\\Users", "lib/site-packages/x"):
        assert MACHINE.search(text)
    assert MACHINE.search("../../data/ctcf/peaks.fa.gz and chr1:1-2, a/b") is None
