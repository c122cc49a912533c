"""Floors: a module imports only from those below it; numerics know no files, formats know no torch."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "seqattr"
FLOORS = [
    *("errors", "seeds", "progress", "compiled", "alphabet", "regions", "io", "shuffle", "references"),
    *("loci", "motifs", "ranks", "matches", "scan", "motif_statistics", "discovery", "laid", "seqlets"),
    *("match_files", "simulate"),
    *("folder", "inputs", "tracks", "overlap", "verdict"),
    *("engine", "methods", "models", "patterns", "train", "influence", "precision", "provenance", "score"),
    *("export", "evaluate", "report", "benchmark", "api", "cli"),
]
NUMPY_ONLY = FLOORS[: FLOORS.index("engine")]
# Nothing but what starts at once: the rest is imported by the command that needs it.
CLI_MAY = {"errors", "progress", "cli"}
LARGE = {"torch", "numpy", "h5py", "pyBigWig", "pyfaidx", "matplotlib", "logomaker", "pandas"}
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def floor(module: Path) -> str:
    """The floor that a module lies on; the package's own __init__ is the roof."""
    return "roof" if module == Path("__init__.py") else module.parts[0].removesuffix(".py")


def imports(module: Path, everywhere: bool = True) -> Iterator[str]:
    """What a module imports, as a.b.c: anywhere, or at once when it is imported itself."""
    tree = ast.parse((PACKAGE / module).read_text())
    nodes = ast.walk(tree) if everywhere else iter(at_once(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_once(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes outside functions and outside `if TYPE_CHECKING:`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from at_once(node)


def own(names: Iterator[str]) -> set[str]:
    """The floors of this package among imported names."""
    return {name.split(".")[1] for name in names if name.startswith("seqattr.")}


def test_every_module_has_a_floor():
    assert {floor(module) for module in MODULES} - {"roof"} <= set(FLOORS)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_only_from_below(module):
    height = len(FLOORS) if floor(module) == "roof" else FLOORS.index(floor(module))
    above = {name for name in own(imports(module)) if FLOORS.index(name) > height}
    assert above == set()


@pytest.mark.parametrize("module", [m for m in MODULES if floor(m) in NUMPY_ONLY], ids=str)
def test_files_and_sequences_know_no_torch(module):
    assert not {name.split(".")[0] for name in imports(module)} & {"torch"}


@pytest.mark.parametrize("module", [m for m in MODULES if floor(m) in ("cli", "roof")], ids=str)
def test_the_command_line_imports_nothing_large_at_once(module):
    names = list(imports(module, everywhere=False))
    assert not {name.split(".")[0] for name in names} & LARGE
    assert own(iter(names)) <= CLI_MAY


@pytest.mark.parametrize("module", [m for m in MODULES if floor(m) in ("io", "regions", "alphabet")], ids=str)
def test_formats_know_no_references_and_no_motifs(module):
    assert own(imports(module)) <= {"errors", "alphabet", "regions", "io"}


def test_the_check_itself_sees_what_it_should(tmp_path, monkeypatch):
    lines = ["import a.b", "from c import d", "if TYPE_CHECKING:", "    import e", "def f():", "    import g"]
    (tmp_path / "m.py").write_text("\n".join([*lines, "class H:", "    import i"]))
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    assert sorted(imports(Path("m.py"))) == ["a.b", "c.d", "e", "g", "i"]
    assert sorted(imports(Path("m.py"), everywhere=False)) == ["a.b", "c.d", "i"]
