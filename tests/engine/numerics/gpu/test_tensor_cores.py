"""The kernel as Triton compiles it for a GPU that is not there."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from seqattr.engine.numerics.gpu import implicit, in_parts
from seqattr.engine.numerics.gpu.launch import Tile
from tests.helpers.interpreter import needs_interpreter

pytestmark = needs_interpreter

# Without the interpreter, so in a process of its own.
COMPILE = """
import importlib, re, sys
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

module, name, *numbers = sys.argv[1:]
kernel = getattr(importlib.import_module("seqattr.engine.numerics.gpu." + module), name)
positions, outputs, inner, warps, stages, parts, around = map(int, numbers)
names = list(kernel.arg_names)
constants = dict(
    PARTS=parts, EMULATED=False, BLOCK_M=positions, BLOCK_N=outputs, BLOCK_K=inner,
    BY_CHANNELS=True, SCALED=not around, BIASED=True, COMPARED=bool(around), ADDED=True,
)
constants = {name: value for name, value in constants.items() if name in names}
pointers = names[: names.index("row_step")]
whole = {*pointers, *names[names.index("row_step") : names.index("length")], "ends"} & set(names)
of_bfloat16 = {"weights", "magnitudes"}
signature = {
    name: "constexpr" if name in constants else "*bf16" if name in of_bfloat16
    else "*fp32" if name in pointers
    else "i32" for name in names
}
source = ASTSource(
    kernel, signature, {(names.index(name),): value for name, value in constants.items()},
    {(names.index(name),): [["tt.divisibility", 16]] for name in whole},
)
made = triton.compile(
    source, target=GPUTarget("cuda", 90, 32),
    options=dict(num_warps=warps, num_stages=stages, enable_fp_fusion=True),
)
least = 16 if outputs >= 64 else 4  # of few weights each thread has few bytes
loads = re.findall(r"cp\\.async\\.c[ag]\\.\\S+ \\[[^]]*\\], \\[[^]]*\\], 0x([0-9a-f]+)", made.asm["ptx"])
narrow = sum(int(size, 16) < least for size in loads) + made.asm["ptx"].count("ld.global.b16")
print(made.asm["ptx"].count("wgmma.mma_async"), len(loads), narrow, made.metadata.shared)
"""
MOST_SHARED = 227 * 1024  # bytes that a program may have there


def compiled(kernel: str, tile: Tile, parts: int, around: bool, tmp_path: Path) -> Sequence[int]:
    """How many products of tensor cores and loads under way there are, loads of few bytes; shared memory."""
    call = [sys.executable, "-c", COMPILE, *kernel.split("."), *map(str, (*tile, parts, int(around)))]
    environment = {"TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(call, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [int(number) for number in done.stdout.split()]


def assert_good(kernel: str, tile: Tile, parts: int, around: bool, tmp_path: Path) -> None:
    products, loads, narrow, shared = compiled(kernel, tile, parts, around, tmp_path)
    assert products > 0
    assert loads > 0
    assert narrow == 0
    assert shared <= MOST_SHARED


KERNELS = {
    "tensor_cores.convolve": implicit.TILES,
    "tensor_cores_in_parts.forward": in_parts.TILES,
    "tensor_cores_in_parts.back": in_parts.TILES,
}
EVERY = [(kernel, tile) for kernel, tiles in KERNELS.items() for some in tiles.values() for tile in some]


def test_it_compiles_to_tensor_cores(tmp_path):
    assert_good("tensor_cores.convolve", implicit.TILES[64][-1], 3, True, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("around", [False, True])
@pytest.mark.parametrize("parts", [2, 3])
@pytest.mark.parametrize(("kernel", "tile"), EVERY)
def test_every_tile_compiles_and_fits_into_shared_memory(kernel, tile, parts, around, tmp_path):
    assert_good(kernel, tile, parts, around, tmp_path)
