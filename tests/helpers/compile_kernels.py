"""Kernels compiled for a GPU, without one: run as a program, it prints the instructions of each as JSON."""

import json
import re
from collections import Counter
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from seqattr.engine.numerics.gpu import expressions, pool_kernels
from seqattr.engine.numerics.gpu.common_layout import PIECE
from seqattr.engine.numerics.gpu.elementwise import EXPRESSIONS, ROWS, TILE

TARGET = GPUTarget("cuda", 90, 32)
WIDTHS = {"float32": "*fp32", "float64": "*fp64"}


def instructions(kernel: Any, memory: dict[str, str], settings: dict[str, Any]) -> Counter[str]:
    """How often a kernel reads, writes and divides; all other arguments are whole numbers."""
    names = kernel.arg_names
    types = {name: "constexpr" if name in settings else memory.get(name, "i32") for name in names}
    fixed = {(names.index(name),): value for name, value in settings.items()}
    attributes = {(names.index(name),): [["tt.divisibility", 16]] for name in memory}
    source = ASTSource(kernel, types, fixed, attributes)
    made = triton.compile(source, target=TARGET, options={"enable_fp_fusion": False})
    return Counter(re.findall(r"(?:ld|st)\.global\S*|div\.\w+\.f\d+|fma\S+", made.asm["ptx"]))


def elementwise(name: str, dtype: str, whole: bool) -> Counter[str]:
    expression = EXPRESSIONS[name]
    settings = {
        "EXPRESSION": expression.function,
        "INPUTS": len(expression.function.arg_names),
        "OUTPUTS": expression.outputs,
        "UNIT": PIECE if whole else 1,
        "HEIGHT": 1 if whole else ROWS,
        "WIDTH": TILE if whole else TILE // ROWS,
    }
    memory = dict.fromkeys(("made", "more", "a", "b", "c", "d"), WIDTHS[dtype])
    return instructions(expressions.expression, memory, settings)


def pooling(name: str, whole: bool) -> Counter[str]:
    kernel = getattr(pool_kernels, name)
    units = {"UNIT", "MULTIPLIERS"} & set(kernel.arg_names)
    settings = dict.fromkeys(units, PIECE if whole else 1) | {"LANES_LAST": whole, "SIDE": 32}
    memory = {n: "*u8" if n.startswith("at_") else "*fp32" for n in kernel.arg_names[:6]}
    return instructions(kernel, memory, settings)


if __name__ == "__main__":
    kernels = {f"{name}, float32": elementwise(name, "float32", True) for name in EXPRESSIONS}
    kernels["relu_secant, float64"] = elementwise("relu_secant", "float64", True)
    kernels["relu_secant, in short rows"] = elementwise("relu_secant", "float32", False)
    for name in ("largest", "to_largest"):
        kernels[name] = pooling(name, True)
        kernels[f"{name}, of lines with gaps"] = pooling(name, False)
    print(json.dumps(kernels))
