"""Do the tests see a fault at a boundary? Each such fault is put into a module, and the tests are run.

python scripts/mutate.py seqattr/motifs/seqlets.py tests/motifs/test_seqlets.py

Faults are `<` for `<=`, `+ 1` for `- 1` or nothing, `and` for `or`, min for max, left for right, and each the
other way round. A fault with which the tests pass is printed: a test is missing, or it makes no difference.
"""

import ast
import copy
import importlib
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from importlib.machinery import ModuleSpec
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

PAIRS = (
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.And, ast.Or), (ast.BitAnd, ast.BitOr)),
    *((ast.Add, ast.Sub),),
)
OPERATORS: dict[type[ast.AST], type[Any]] = {one: other for a, b in PAIRS for one, other in ((a, b), (b, a))}
_WORDS = {"min": "max", "minimum": "maximum", "argmin": "argmax", "any": "all", "left": "right"}
WORDS = _WORDS | {other: word for word, other in _WORDS.items()}
PRELOADED = ("numpy", "h5py", "torch")  # once, for all runs of the tests
LEAST_SECONDS, TIMES_LONGER = 20, 10  # a run that takes so much longer than one without a fault hangs

Change = Callable[[], None]


class Fault(NamedTuple):
    """A module with one fault in it."""

    line: int
    change: str
    tree: ast.Module


def faults(source: str) -> Iterator[Fault]:
    """Every fault that can be put into a module's source, one at a time."""
    tree = ast.parse(source)
    types = set(map(id, annotations(tree)))
    for number, node in enumerate(ast.walk(tree)):
        for which in range(0 if id(node) in types else len(changes(node))):
            faulty = copy.deepcopy(tree)
            twin = next(islice(ast.walk(faulty), number, None))
            before = ast.unparse(twin)
            changes(twin)[which]()
            yield Fault(getattr(node, "lineno", 0), f"{before}  ->  {ast.unparse(twin)}", faulty)


def annotations(tree: ast.AST) -> Iterator[ast.AST]:
    """All within the annotations of types, which nothing hangs on."""
    for node in ast.walk(tree):
        for field in ("annotation", "returns"):
            if isinstance(getattr(node, field, None), ast.AST):
                yield from ast.walk(getattr(node, field))


def changes(node: ast.AST) -> list[Change]:
    """What can be done to a node."""
    return CHANGES[type(node)](node) if type(node) in CHANGES else []


def of_comparison(node: Any) -> list[Change]:
    """Each of a < b < c."""
    numbers = [number for number, op in enumerate(node.ops) if type(op) in OPERATORS]
    return [partial(node.ops.__setitem__, number, OPERATORS[type(node.ops[number])]()) for number in numbers]


def of_operator(node: Any) -> list[Change]:
    """`and` for `or`, & for |; for sums only with a whole number, whose sign changes or which goes."""
    if type(node.op) not in OPERATORS:
        return []
    swap = partial(setattr, node, "op", OPERATORS[type(node.op)]())
    if not isinstance(node.op, ast.Add | ast.Sub):
        return [swap]
    number = next(filter(is_number, (node.right, node.left)), None)
    return [] if number is None else [swap, partial(setattr, number, "value", 0)]


def of_word(node: Any) -> list[Change]:
    """A name, an attribute, or a text such as "left"."""
    field = {ast.Name: "id", ast.Attribute: "attr", ast.Constant: "value"}[type(node)]
    word = getattr(node, field)
    return [partial(setattr, node, field, WORDS[word])] if isinstance(word, str) and word in WORDS else []


CHANGES: dict[type[ast.AST], Callable[[Any], list[Change]]] = {
    ast.Compare: of_comparison,
    ast.BoolOp: of_operator,
    ast.BinOp: of_operator,
    ast.Name: of_word,
    ast.Attribute: of_word,
    ast.Constant: of_word,
}


def is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value != 0


class Importer(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a tree, and leaves all others to the usual ways."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self.module = module
        self.code = compile(ast.fix_missing_locations(tree), f"<{module}, faulty>", "exec")

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name == self.module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


def passes(module: str, tree: ast.Module, tests: Sequence[str], seconds: float) -> bool:
    """Whether the tests pass with a module of this tree, in a process of its own."""
    child = os.fork()
    if not child:
        signal.alarm(int(seconds))
        sys.meta_path.insert(0, Importer(module, tree))
        for descriptor in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
        os._exit(int(pytest.main(["-x", "-p", "no:cacheprovider", "-m", "not peers and not shared", *tests])))
    return os.waitpid(child, 0)[1] == 0


def main(path: str, *tests: str) -> int:
    """Print the faults that the tests do not see; 0 where there are none."""
    module = ".".join(Path(path).with_suffix("").parts)
    source = Path(path).read_text(encoding="utf-8")
    for name in PRELOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    started = time.monotonic()
    if not passes(module, ast.parse(source), tests, 3600):
        sys.exit(f"{' '.join(tests)}: the tests fail without any fault")
    limit = max(LEAST_SECONDS, TIMES_LONGER * (time.monotonic() - started))
    seen = Counter[bool]()
    for fault in faults(source):
        unseen = passes(module, fault.tree, tests, limit)
        seen[not unseen] += 1
        if unseen:
            print(f"{path}:{fault.line}: {fault.change}", flush=True)
    print(f"{path}: {seen.total()} faults, of which the tests do not see {seen[False]}")
    return int(seen[False] > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
