"""The house's rules, read off the code: a table of rules, and of what is excepted from them, with the reason.

An exception that is none any longer fails too, so the list of them only shrinks.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import EVERY

PACKAGE = Path(__file__).parents[1] / "seqattr"
FLAG = re.compile(r"(?<![\w-])--[a-z]")
LONGEST_MODULE, LONGEST_FUNCTION, MOST_PARAMETERS = 300, 40, 6
Tree = tuple[str, ast.Module, str]  # a module's path within the package, its tree, its text
Finding = str  # "path" or "path:function"


def trees() -> Iterator[Tree]:
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text()
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(text), text


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def in_cli(module: Tree) -> bool:
    return module[0].startswith("cli/")


def loose(module: Tree) -> Iterator[Finding]:
    """Modules in no room."""
    if "/" not in module[0]:
        yield module[0]


def long_modules(module: Tree) -> Iterator[Finding]:
    if module[2].count("\n") > LONGEST_MODULE:
        yield module[0]


def long_functions(module: Tree) -> Iterator[Finding]:
    for function in functions(module[1]):
        if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION:
            yield f"{module[0]}:{function.name}"


def many_parameters(module: Tree) -> Iterator[Finding]:
    """Of functions that other modules may call, but for kernels, which take memory and numbers alone."""
    for function in functions(module[1]):
        if any("triton.jit" in ast.unparse(decorator) for decorator in function.decorator_list):
            continue
        arguments = function.args
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        if not function.name.startswith("_") and len(set(names) - {"self", "cls"}) > MOST_PARAMETERS:
            yield f"{module[0]}:{function.name}"


def flags_outside_the_command_line(module: Tree) -> Iterator[Finding]:
    """What a user of the library reads names parameters."""
    texts = [node.value for node in ast.walk(module[1]) if isinstance(node, ast.Constant)]
    if not in_cli(module) and any(isinstance(text, str) and FLAG.search(text) for text in texts):
        yield module[0]


def untyped_options(module: Tree) -> Iterator[Finding]:
    """Functions of the command line that take whatever there is."""
    for function in functions(module[1]):
        rest = function.args.kwarg
        annotation = ast.unparse(rest.annotation) if rest is not None and rest.annotation else ""
        if in_cli(module) and annotation == "Any":
            yield f"{module[0]}:{function.name}"


def ours_at_once(origin: str) -> bool:
    return origin.startswith("seqattr") and not origin.startswith("seqattr.engine.numerics.gpu.")


def imports_in_functions(module: Tree) -> Iterator[Finding]:
    """Of our own modules; the command line imports what is large when it is needed, and so is all that brings
    Triton.
    """
    for function in functions(module[1]):
        origins = [node.module or "" for node in ast.walk(function) if isinstance(node, ast.ImportFrom)]
        if not in_cli(module) and any(map(ours_at_once, origins)):
            yield f"{module[0]}:{function.name}"


def type_checking_alone(module: Tree) -> Iterator[Finding]:
    """Imports that are there for types alone, to dodge a circle."""
    if "TYPE_CHECKING" in module[2] and not in_cli(module):
        yield module[0]


def interpreter_inside_out(module: Tree) -> Iterator[Finding]:
    """What hangs on how Python counts references, or makes a module a class."""
    if re.search(r"getrefcount|\.__class__\s*=", module[2]):
        yield module[0]


def names_of_ops(module: Tree) -> Iterator[Finding]:
    """What is known of torch's operators stands in one room."""
    if re.search(r"[\"'](aten|prims)\.", module[2]) and not module[0].startswith("engine/ops/"):
        yield module[0]


ATEN = "has the signature of torch's own"
LOOPS = "is compiled: loops take arrays, not objects"
PUBLIC = "is public, and keeps the parameters that people call it with"
OPTIONS = "click gives options as keywords; they are typed here"
RULES: dict[Callable[[Tree], Iterator[Finding]], dict[Finding, str]] = {
    loose: {
        "__init__.py": "the public face",
        "errors.py": "what every room raises",
    },
    long_modules: {},
    long_functions: {},
    many_parameters: {
        "analyses/sensitivity.py:sensitivity": PUBLIC,
        "analyses/variants.py:variant_effects": PUBLIC,
        "engine/capture/export.py:max_pool1d": ATEN,
        "engine/numerics/base_kernels.py:project": LOOPS,
        "engine/numerics/kernels.py:tiled_max_secant": LOOPS,
        "engine/numerics/kernels.py:to_spectra": LOOPS,
        "engine/ops/lowering.py:attention": ATEN,
        "engine/ops/lowering.py:convolution": ATEN,
        "engine/ops/lowering.py:convolution_in_words": ATEN,
        "engine/ops/norms.py:batch_norm": ATEN,
        "engine/ops/norms.py:instance_norm": ATEN,
        "engine/ops/norms.py:native_batch_norm_eval": ATEN,
        "engine/ops/shape_rules.py:convolution_along": ATEN,
        "methods/attribution.py:attribute": PUBLIC,
    },
    flags_outside_the_command_line: {
        "support/commands.py": "a command that was typed is read; nothing is said to a user of the library"
    },
    untyped_options: {
        "cli/options.py:__init__": OPTIONS,
        "cli/options.py:wrapper": OPTIONS,
        "cli/options.py:model_file": OPTIONS,
        "cli/options.py:model_files": OPTIONS,
        "cli/options.py:sequence_file": OPTIONS,
        "cli/options.py:unplaced_sequence_file": OPTIONS,
        "cli/variants.py:variant_file": OPTIONS,
    },
    imports_in_functions: {
        "methods/results.py:plot": "pictures bring matplotlib, which attribution does without",
        "jobs/score/run.py:examined": "checks bring their figures, which scoring alone does without",
    },
    type_checking_alone: {},
    interpreter_inside_out: {},
    names_of_ops: {},
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Callable[[Tree], Iterator[Finding]]) -> None:
    findings, excepted = {finding for tree in trees() for finding in rule(tree)}, RULES[rule].keys()
    assert findings - excepted == set(), f"against the rule: {rule.__doc__ or rule.__name__}"
    assert excepted - findings == set(), "these are exceptions no longer: take them off the list"


SAMPLE = (
    """
from typing import TYPE_CHECKING, Any
def f(a, b, c, d, e, f, g, **rest: Any):
    from seqattr.io import bed
    return "give --pad", "aten.add.Tensor", sys.getrefcount(a)
"""
    + "\n" * 300
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_rule_sees_what_is_against_it(rule: Callable[[Tree], Iterator[Finding]]) -> None:
    sample = SAMPLE if rule is not long_functions else "def f():\n" + "    a\n" * 40
    path = {loose: "m.py", untyped_options: "cli/m.py"}.get(rule, "io/m.py")
    assert list(rule((path, ast.parse(sample), sample)))


def test_tests_that_run_in_part_are_there() -> None:
    for test, every in EVERY.items():
        file, name = test.split("::")
        assert every > 1
        assert f"\ndef {name}(" in (Path(__file__).parent / file).read_text()
