"""python -m speed.gpu: what is asked of seqattr on a GPU, all of it in one run of some minutes.

The tests that need a GPU; contributions beside float64; times beside a peer and beside plain torch; memory;
single convolutions in each form. All is printed, and with --json kept, as it is measured.
"""

import argparse
import contextlib
import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from seqattr.engine.numerics.device import pick_device
from seqattr.engine.numerics.gpu import available
from seqattr.errors import InputError
from seqattr.io.atomic import check_writable
from speed import process, record, rounding, single, tables
from speed.bare import bare_torch
from speed.cases import Case, Problem
from speed.figures import Figure
from speed.findings import TESTS, Findings
from speed.timing import Settings, measure
from speed.tools import TOOLS, Run, Tool, installed, ours

GIB = 2**30
LIMITS = {"float32": 1e-5, "bfloat16x3": 1e-4}  # of errors, by how numbers of float32 are multiplied
TESTED = ("tests/engine/test_gpu.py", "tests/engine/numerics")
NO_GPU = "nothing is measured; --device cpu runs all parts on small sizes, to show that they work"
NOTE = """
tool's ratio: its time over seqattr's. worst: the largest deviation from float64 in all sequences, over the
largest contribution; ties: sequences beyond the limit in which rounding decides a max pool, as float64
itself answers otherwise when each weight moves by a rounding."""


@dataclass(frozen=True)
class Size:
    """How much is measured: sequences of each network when it is timed, and beside float64; references."""

    timed: Mapping[str, int]
    judged: int = 64
    references: int = 20
    rounds: int = 5
    patience: float = 12.0
    batches: tuple[int, ...] = (256, 1024, 4096)
    convolutions: tuple[single.Size, ...] = (single.Size(64, 1024), single.Size(512, 64))
    memory: str = "bpnet-counts"
    pooled: str = "basset"


FULL = Size({"tal-gata": 2000, "basset": 256, "bpnet-counts": 128, "chrombpnet": 16})
QUICK = Size(
    {"tal-gata": 500, "basset": 64, "bpnet-counts": 32, "chrombpnet": 4},
    judged=16,
    rounds=2,
    patience=4.0,
    batches=(1024,),
)
ON_CPU = Size(  # figures of nothing
    {"tal-gata": 4, "basset": 2},
    judged=2,
    references=2,
    rounds=1,
    patience=1.0,
    batches=(4,),
    convolutions=(single.Size(16, 2, 40),),
    memory="tal-gata",
)


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m speed.gpu", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="less of everything, in a minute or two")
    add("--only", action="append", metavar="TEXT", help="parts that have it in their names; repeatable")
    add("--no-tests", action="store_true", help="leave out the tests")
    add("--seconds", type=float, default=240.0, help="after so many no part is begun (240)")
    add("--device", default="cuda", help="cuda, cuda:1 ...; cpu: small sizes, to try the parts themselves")
    add("--json", metavar="NAME", help="keep the record in speed/results/NAME.json")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """1 if there is no GPU, a test fails or an answer of seqattr is wrong; a missed target is only said."""
    chosen = options(arguments)
    try:
        device = pick_device(chosen.device)
    except InputError as error:
        say(f"{error}: {NO_GPU}")
        return 1
    size = ON_CPU if device.type == "cpu" else QUICK if chosen.quick else FULL
    return run(Parts(size, device), chosen)


def run(parts: "Parts", chosen: argparse.Namespace) -> int:
    """All that are chosen, one after the other."""
    path = record.destination(chosen.json) if chosen.json else None
    if path:
        check_writable(path.parent)
    start, findings = time.perf_counter(), parts.findings
    for name, part in parts.by_name().items():
        if reason := why_not(name, chosen, time.perf_counter() - start):
            findings.left_out[name] = reason
            continue
        say(name)
        with kept_going(name, findings):
            part()
        if path:
            findings.write(path, parts.device)
    print(summary(findings), flush=True)
    return int(bool(findings.faults))


def why_not(name: str, chosen: argparse.Namespace, seconds: float) -> str:
    """Why a part is left out; empty where it is not."""
    if chosen.only and not any(text in name for text in chosen.only):
        return "not asked for"
    if name == "tests" and chosen.no_tests:
        return "--no-tests"
    return f"{chosen.seconds:g} seconds were over" if seconds > chosen.seconds else ""


@contextlib.contextmanager
def kept_going(name: str, findings: Findings) -> Iterator[None]:
    """A part, timed; what fails is said, and keeps no other from its turn. Its memory is given back."""
    start = time.perf_counter()
    try:
        yield
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        findings.left_out[name] = f"failed ({type(error).__name__}: {first})"
        say(findings.left_out[name])
    findings.seconds[name] = time.perf_counter() - start
    gc.collect()
    torch.cuda.empty_cache()


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def summary(findings: Findings) -> str:
    """All tables, what was left out, how long each part took, and the verdicts."""
    left_out = [f"left out: {name} ({why})" for name, why in findings.left_out.items()]
    seconds = ", ".join(f"{name} {value:.0f}" for name, value in findings.seconds.items())
    tables_ = (
        tables.rounding_table(findings.roundings),
        tables.rows_table(findings.rows) if findings.rows else "",
        tables.forms_table(findings.forms),
        tables.figures_table(findings.figures) if findings.figures else "",
    )
    written = "\n\n".join(table for table in tables_ if table)
    verdicts = tables.targets_table(findings.judgements)
    return "\n".join(
        ["", written, NOTE, "", *left_out, f"seconds: {seconds}", "", verdicts, *findings.faults]
    )


# --- the parts -----------------------------------------------------------------------------------


def with_products(products: str) -> Tool:
    """seqattr, with numbers of float32 multiplied in some way."""

    def build(problem: Problem, batch: int | None) -> Run:
        return ours(problem, batch, products=products)

    return Tool(build, ("rescale",), "seqattr", batches=False)


TIMED = {
    "seqattr": TOOLS["seqattr"],
    "seqattr bfloat16x3": with_products("bfloat16x3"),
    "seqattr tf32": with_products("tf32"),
    "tangermeme": TOOLS["tangermeme"],
    "bare torch": Tool(bare_torch, ("rescale",), "torch"),
}


@contextlib.contextmanager
def without_our_kernels() -> Iterator[None]:
    """What torch brings does it all."""
    before = set(available.DEVICES)
    available.DEVICES.clear()
    try:
        yield
    finally:
        available.DEVICES.update(before)


@contextlib.contextmanager
def without_cudnn() -> Iterator[None]:
    """Nor is cuDNN asked."""
    with without_our_kernels(), torch.backends.cudnn.flags(enabled=False, allow_tf32=False):
        yield


WITHOUT: Mapping[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "without ours": without_our_kernels,
    "nor cuDNN": without_cudnn,
}


class Parts:
    """What is measured on a device, part by part, and what was found by then."""

    def __init__(self, size: Size, device: torch.device) -> None:
        self.size, self.device, self.findings = size, device, Findings()

    def by_name(self) -> dict[str, Callable[[], None]]:
        """What matters most first."""
        models = list(self.size.timed)
        return {
            "tests": self.tests,
            **{f"float64 {model}": partial(self.beside_float64, model) for model in models},
            **{f"times {model}": partial(self.times, model) for model in models},
            "memory": self.memory,
            "causes": self.causes,
            "convolutions": self.convolutions,
            **{f"revealcancel {model}": partial(self.revealcancel, model) for model in models},
        }

    def case(self, model: str, method: str = "rescale") -> Case:
        return Case(model, method, 1, self.size.references)

    def tests(self) -> None:
        """Those that need a GPU; where there is none, all skip."""
        options = ["-q", "-m", "gpu", "-p", "no:cacheprovider", "--tb=short", *TESTED]
        call = [sys.executable, "-m", "pytest", *options]
        done = subprocess.run(call, cwd=process.ROOT, capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        self.findings.said = lines[-200:]
        said = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
        print("\n".join([*said, *lines[-1:]]), flush=True)
        broken = done.returncode not in (0, 1)
        self.findings.measured.append(Figure(TESTS, len(said) + broken, "tests"))

    def beside_float64(self, model: str) -> None:
        problem = Problem(self.case(model), self.device, self.size.judged)
        for products, limit in LIMITS.items():
            self.findings.roundings.append(rounding.measure(problem, products, limit))
            print(tables.rounding_table(self.findings.roundings[-1:]), flush=True)

    def causes(self) -> None:
        """Of what float32 is off by: without our kernels, and without cuDNN either."""
        problem = Problem(self.case(self.size.pooled), self.device, self.size.judged)
        for name, without in WITHOUT.items():
            with without():
                found = rounding.measure(problem, "float32", LIMITS["float32"])
            self.findings.roundings.append(found._replace(products=name))
        print(tables.rounding_table(self.findings.roundings[-len(WITHOUT) :]), flush=True)

    def times(self, model: str) -> None:
        """By Rescale, beside others. What is a GPU's alone, and peers that are not installed, are left."""
        tools = {name: tool for name, tool in installed(TIMED).items() if self.has(name)}
        for name in TIMED.keys() - tools.keys():
            self.findings.left_out[f"times {model} {name}"] = "not installed, or not on this device"
        self._race(self.case(model), tools)

    def has(self, tool: str) -> bool:
        return self.device.type == "cuda" or tool != "seqattr tf32"

    def revealcancel(self, model: str) -> None:
        self._race(self.case(model, "revealcancel"), None)

    def _race(self, case: Case, tools: Mapping[str, Tool] | None) -> None:
        size, number = self.size, self.size.timed[case.model]
        settings = Settings(size.rounds, size.patience, self.device, number, size.batches)
        rows = measure(case, torch.get_num_threads(), settings, tools)
        self.findings.rows += rows
        print(tables.rows_table(rows), flush=True)

    def memory(self) -> None:
        """The most that a call holds, at the batch size that seqattr takes itself."""
        model = self.size.memory
        problem = Problem(self.case(model), self.device, self.size.timed[model])
        peak = process.peak_of(ours(problem, None), self.device)
        self.findings.measured.append(Figure(f"{model} peak memory", peak / GIB, "GiB"))

    def convolutions(self) -> None:
        for size in self.size.convolutions:
            for form in single.forms_of(size, self.device):
                self.findings.forms.append(form)
                print(tables.forms_table([form]), flush=True)


if __name__ == "__main__":
    sys.exit(main())
