"""Floors: a module imports only from rooms below its own; numerics know no files, formats know no torch."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "seqattr"
ROOMS = [  # from the ground up
    *("errors", "support", "workflow", "dna", "io", "figures", "refs", "motifs", "inputs"),
    *("engine.numerics", "engine.ops", "engine.graph", "engine.capture"),
    *("engine.walk", "engine.rules", "engine.edits"),
    *("models", "methods", "data", "analyses", "evaluate", "jobs", "tal_gata", "digits"),
    *("cli", "roof"),
]
NUMPY_ONLY = ROOMS[: ROOMS.index("engine.numerics")]
# Nothing but what starts at once: the rest is imported by the command that needs it.
CLI_MAY = {"errors", "support", "cli"}
LARGE = {"torch", "numpy", "h5py", "matplotlib", "pandas"}


def name_of(path: Path) -> str:
    """The name of a module within the package, as a.b; that of a room for its __init__; "" for the roof."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


def modules() -> dict[str, Path]:
    return {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


MODULES = modules()


def room(module: str) -> str:
    """The room that a module lies in. That of the package's own __init__ is the roof; that of a room of rooms
    is the lowest of these."""
    if not module:
        return "roof"
    rooms = [name for name in ROOMS if f"{module}.".startswith(f"{name}.")]
    return max(rooms, key=len) if rooms else next(name for name in ROOMS if name.startswith(f"{module}."))


def imports(module: str, everywhere: bool = True) -> Iterator[str]:
    """What a module imports, as a.b.c: anywhere, or at once when it is imported itself."""
    tree = ast.parse(MODULES[module].read_text())
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
    """The modules of this package among imported names."""
    found = set()
    for name in names:
        parts = name.split(".")
        if parts[0] == "seqattr":
            inner = [".".join(parts[1:end]) for end in range(len(parts), 0, -1)]
            found.add(next(each for each in inner if each in MODULES))
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_its_room_and_those_below(module):
    height = ROOMS.index(room(module))
    above = {name for name in own(imports(module)) if name and ROOMS.index(room(name)) > height}
    assert above == set()


def test_no_modules_import_each_other_in_a_circle():
    """Imports inside functions and for type checkers count."""
    packages = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    graph = {name: own(imports(name)) - packages - {name} for name in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("module", [name for name in MODULES if room(name) in NUMPY_ONLY])
def test_files_and_sequences_know_no_torch(module):
    assert not {name.split(".")[0] for name in imports(module)} & {"torch"}


@pytest.mark.parametrize("module", [name for name in MODULES if room(name) in ("cli", "roof")])
def test_the_command_line_imports_nothing_large_at_once(module):
    names = list(imports(module, everywhere=False))
    assert not {name.split(".")[0] for name in names} & LARGE
    assert {room(name) for name in own(iter(names)) if name} <= CLI_MAY


@pytest.mark.parametrize("module", [name for name in MODULES if room(name) in ("io", "dna")])
def test_formats_know_no_references_and_no_motifs(module):
    assert {room(name) for name in own(imports(module))} <= {"errors", "support", "dna", "io"}


@pytest.mark.parametrize("module", [name for name in MODULES if room(name) == "figures"])
def test_figures_are_drawn_from_plain_arrays(module):
    """They know no motif, no model and no run, wherever in the list their room stands."""
    assert {room(name) for name in own(imports(module))} <= {"errors", "support", "dna", "io", "figures"}


def strings(module: str) -> Iterator[str]:
    """The strings in a module, those within f-strings among them."""
    nodes = ast.walk(ast.parse(MODULES[module].read_text()))
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


@pytest.mark.parametrize("module", [name for name in MODULES if room(name) != "engine.ops"])
def test_ops_are_named_in_one_room(module):
    assert [text for text in strings(module) if text.startswith(("aten.", "prims."))] == []


def test_the_check_itself_sees_what_it_should(tmp_path, monkeypatch):
    lines = ["import a.b", "from c import d", "if TYPE_CHECKING:", "    import e", "def f():", "    import g"]
    (tmp_path / "m.py").write_text("\n".join([*lines, "class H:", "    import i"]))
    monkeypatch.setitem(MODULES, "m", tmp_path / "m.py")
    assert sorted(imports("m")) == ["a.b", "c.d", "e", "g", "i"]
    assert sorted(imports("m", everywhere=False)) == ["a.b", "c.d", "i"]
