"""Peak memory of each tool on a case, each in a process of its own."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from speed import process
from speed.cases import Case, Problem
from speed.clock import use_threads
from speed.figures import Figure
from speed.timing import Row
from speed.tools import TOOLS

MIB = 2**20
CHILD = "import sys; from speed.memory import child; child(*sys.argv[1:])"


def peaks(rows: Sequence[Row], device: torch.device) -> list[Figure]:
    """The peak of seqattr and of every peer that has a right answer, and the share that the one is of the
    other: at the batch that the peer was quickest with, and at its default."""
    ours = {row.case: peak(row, device) for row in rows if row.tool == "seqattr"}
    right = [row for row in rows if row.verdict == "ok"]
    figures = [Figure(f"{case} peak of seqattr", bytes_ / MIB, "MiB") for case, bytes_ in ours.items()]
    for row in right:
        if row.tool != "seqattr":
            for name, other in at_batches(row).items():
                theirs = peak(other, device)
                figures.append(Figure(f"{row.case} peak of {name}", theirs / MIB, "MiB"))
                figures.append(Figure(f"{row.case} memory over {name}", ours[row.case] / theirs, "times"))
    return figures


def at_batches(row: Row) -> dict[str, Row]:
    """The row by name, and again at the tool's default batch where it has one."""
    default = {f"{row.tool} by default": replace(row, batch=None)} if row.batch else {}
    return {row.tool: row} | default


def peak(row: Row, device: torch.device) -> int:
    """Bytes, above those of the loaded model and sequences."""
    arguments = [row.case, row.tool, str(row.batch or ""), str(device), str(row.threads)]
    return int(process.run(CHILD, arguments, row.threads))


def child(case: str, tool: str, batch: str, device: str, threads: str) -> None:
    """One tool on one case; prints the bytes."""
    use_threads(int(threads))
    problem = Problem(Case.from_name(case), torch.device(device))
    run = TOOLS[tool].build(problem, int(batch) if batch else None)
    problem.module, problem.sequences, problem.references  # noqa: B018  loaded before, not during
    print(process.peak_of(run, problem.device))
