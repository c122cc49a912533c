"""The pages of docs/ and CONTRIBUTING.md speak of what is there: files, names, tests, links, rooms."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from seqattr.motifs.sources import MOTIF_SOURCES
from seqattr.refs.kinds import REFERENCES
from tests.test_floors import ROOMS

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = {path.name: path.read_text() for path in [*DOCS, ROOT / "CONTRIBUTING.md"]}
HOW_TOS = [name for name in PAGES if name.startswith("add-")]
MOST_LINES = 80
every_page = pytest.mark.parametrize("page", PAGES)

# A file of the repository; one that an example makes stands behind "new: " where it is made.
FILE = re.compile(r"(?<![\w./-])(?:seqattr|tests|scripts|speed|docs|config)/[\w.*/-]*")
NEW = re.compile(r"new: `?([\w./-]+)")
# `name()`, `Class.method()`; what is in capitals is a table or a constant.
CALLED = re.compile(r"`([A-Za-z_][\w.]*)\(\)`")
CAPITALS = re.compile(r"`([A-Z][A-Z_]+[A-Z])`")
TEST = re.compile(r"\btest_\w+\b(?!\.py)")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def paragraphs(text: str) -> list[str]:
    """What stands together: paragraphs, items of lists, rows of tables."""
    return re.split(r"\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.) ?)", prose(text))


@cache
def names_in(path: str) -> frozenset[str]:
    """What a module defines: functions, classes, values, and Class.method."""
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(defined(tree))


def defined(scope: ast.AST, within: str = "") -> Iterator[str]:
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield within + node.name
            if isinstance(node, ast.ClassDef):
                yield from defined(node, f"{within}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (within + n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))
        elif isinstance(node, ast.ImportFrom):
            yield from (within + (alias.asname or alias.name) for alias in node.names)


@cache
def modules() -> tuple[str, ...]:
    paths = chain((ROOT / "seqattr").rglob("*.py"), (ROOT / "tests").rglob("*.py"))
    return tuple(str(path.relative_to(ROOT)) for path in paths)


@cache
def all_names() -> frozenset[str]:
    """Whatever any module defines, methods by their own names as well."""
    names = frozenset(chain.from_iterable(map(names_in, modules())))
    return names | {name.rpartition(".")[2] for name in names}


@every_page
def test_files_that_a_page_names_are_there(page: str) -> None:
    new = set(NEW.findall(PAGES[page]))
    named = {path.rstrip(".") for path in FILE.findall(PAGES[page])}
    assert {path for path in named - new if not any(ROOT.glob(path.rstrip("/")))} == set()


@every_page
def test_what_an_example_makes_is_not_there_yet(page: str) -> None:
    assert {path for path in NEW.findall(PAGES[page]) if (ROOT / path).exists()} == set()


@every_page
def test_functions_that_a_page_names_are_in_the_files_beside_them(page: str) -> None:
    """In the same paragraph, item or row; where it names no module, anywhere."""
    for paragraph in paragraphs(PAGES[page]):
        paths = [path for path in FILE.findall(paragraph) if path in modules()]
        known = frozenset(chain.from_iterable(map(names_in, paths))) if paths else all_names()
        assert {name for name in CALLED.findall(paragraph) if name not in known} == set(), paths


@every_page
def test_tables_and_tests_that_a_page_names_are_there(page: str) -> None:
    text = prose(PAGES[page])
    tests = {name for name in TEST.findall(text) if not name.endswith("_")}
    assert {name for name in {*CAPITALS.findall(text), *tests} if name not in all_names()} == set()


@every_page
def test_code_of_a_page_is_python_and_imports_what_there_is(page: str) -> None:
    new = set(NEW.findall(PAGES[page]))
    for block in PYTHON.findall(PAGES[page]):
        for node in ast.walk(ast.parse(block)):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(
                ("seqattr.", "tests.")
            ):
                continue
            stem = (node.module or "").replace(".", "/")
            path = next(p for p in (f"{stem}.py", f"{stem}/__init__.py") if p in new or p in modules())
            wanted = set() if path in new else {alias.name for alias in node.names}
            assert {name for name in wanted if name not in names_in(path)} == set(), path


@pytest.mark.parametrize("page", [*PAGES, "README.md"])
def test_links_lead_somewhere(page: str) -> None:
    folder = ROOT / "docs" if page in {path.name for path in DOCS} else ROOT
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", (folder / page).read_text())
    assert {t for t in targets if "://" not in t and not (folder / t).exists()} == set()


@pytest.mark.parametrize("page", HOW_TOS)
def test_a_how_to_is_short_and_contributing_leads_to_it(page: str) -> None:
    assert len(PAGES[page].splitlines()) <= MOST_LINES
    assert f"](docs/{page})" in PAGES["CONTRIBUTING.md"]


def test_the_rooms_of_the_architecture_are_those_of_the_floors() -> None:
    """From the ground up, as the floors have them; the roof is the package's own module."""
    rows = re.findall(r"^\| `([\w./]+)` \|", PAGES["architecture.md"], flags=re.MULTILINE)
    assert [row.rstrip("/").removesuffix(".py").replace("/", ".") for row in rows] == ROOMS[:-1]


def test_the_readme_has_every_source_of_motifs() -> None:
    table = (ROOT / "README.md").read_text().partition("| `--motifs` |")[2].partition("\n\n")[0]
    assert {name for name in MOTIF_SOURCES if f"`{name}`" not in table} == set()


def test_the_readme_has_every_kind_of_references() -> None:
    table = (ROOT / "README.md").read_text().partition("| `--refs` |")[2].partition("\n\n")[0]
    assert {name for name in REFERENCES if not re.search(rf"`{name}[:`]", table)} == set()


def test_the_check_itself_sees_what_it_should() -> None:
    text = "See `a.b()` and `RULES` in seqattr/x.py.\n\n- `c()`, `test_d`\n```python\n`e()`\n```\n"
    first, second = (part for part in paragraphs(text) if part.strip())
    assert CALLED.findall(first) == ["a.b"]
    assert [path.rstrip(".") for path in FILE.findall(first)] == ["seqattr/x.py"]
    assert CAPITALS.findall(first) == ["RULES"]
    assert (CALLED.findall(second), TEST.findall(second)) == (["c"], ["test_d"])
    tree = ast.parse("class A:\n    def b(self): ...\nC: int = 1\ndef d(): ...\nfrom e import f as g")
    assert set(defined(tree)) == {"A", "A.b", "C", "d", "g"}
