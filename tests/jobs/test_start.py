"""A short run is mostly start: nothing is loaded or made that it does not need."""

import ast
import os
import resource
import subprocess
import sys

import pytest

# Drawing, other files' readers, and the parts of torch that compile or think in symbols.
NEEDLESS = ("matplotlib", "pandas", "jinja2", "scipy.stats", "pyBigWig", "PIL")
NEEDLESS_OF_TORCH = ("torch._dynamo", "torch._inductor", "torch.fx.experimental.symbolic_shapes", "sympy")
OURS = ("seqattr.figures", "seqattr.motifs", "seqattr.tal_gata", "seqattr.data", "seqattr.cli")


def python(script: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.splitlines()[-1]


def test_score_imports_what_it_needs_alone():
    loaded = set(ast.literal_eval(python("import sys, seqattr.jobs.score.run; print(sorted(sys.modules))")))
    assert not loaded & {*NEEDLESS, *NEEDLESS_OF_TORCH, *OURS}


def test_a_model_in_our_own_format_is_read_without_the_tables_of_capture(free):
    """torch's table of what it writes out takes a tenth of a second to make."""
    script = """
import sys
from seqattr.engine.capture.spellings import torchs_own
from seqattr.engine.ops.lowering import composite_names, lowering_table
from seqattr.jobs.score.run import score
from seqattr.models.load import load_model
load_model(sys.argv[1])
made = [f.__name__ for f in (torchs_own, composite_names, lowering_table) if f.cache_info().currsize]
print(made, sorted({*sys.argv[2:]} & set(sys.modules)))
"""
    assert python(script, str(free), *NEEDLESS_OF_TORCH) == "[] []"


def cpu_seconds(*command: str) -> float:
    """Of a process, on one thread."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.slow
def test_ten_short_sequences_take_little_more_than_to_import_torch(free, fasta, texts, tmp_path):
    script = "from seqattr.cli import main; main()"
    words = ["score", "--model", free, "--fasta", fasta(texts(10, 200)), "--any-length", "--out"]
    score = [sys.executable, "-c", script, *map(str, words)]
    cpu_seconds(*score, str(tmp_path / "first"))  # compiles loops, where they are not on the disk
    torch = min(cpu_seconds(sys.executable, "-c", "import torch") for _ in range(3))
    ours = min(cpu_seconds(*score, str(tmp_path / f"out{i}")) for i in range(3))
    assert ours < 1.7 * torch
