"""python -m speed: measure, print, keep."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import torch

from seqattr.engine.numerics.device import pick_device
from seqattr.io.atomic import check_writable
from speed import pipeline, record, tables, targets
from speed.cases import CASES, QUICK, Case
from speed.clock import all_threads
from speed.figures import Figure
from speed.memory import peaks
from speed.timing import Row, Settings, measure

MEMORY_REFERENCES = 20  # peaks are measured where there is most to hold
NOTE = """
units: times that of one sequence forward by plain torch. time / seqattr: a tool's time over seqattr's,
the median over rounds. median error: a sequence's largest deviation from float64 over its largest
contribution, the median; worst: that of all sequences over the largest of all. sum: additivity error."""


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m speed", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="a few minutes: six cases, one thread")
    add("--only", action="append", metavar="TEXT", help="what has it in its name; repeatable")
    add("--rounds", type=int, metavar="K", help="at most so many rounds (5, quick 3)")
    add("--threads", metavar="1,all", help="thread counts, one after the other")
    add("--patience", type=float, metavar="S", help="seconds of rounds for a case (60, quick 10)")
    add("--device", default="auto", help="auto, cpu, cuda")
    add("--json", metavar="NAME", help="keep the record in speed/results/NAME.json")
    add("--no-memory", action="store_true", help="leave out the peaks of the tools")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """1 if an answer of seqattr is wrong; a missed target is only said."""
    chosen = options(arguments)
    device = pick_device(chosen.device)
    if chosen.json:
        check_writable(record.destination(chosen.json).parent)
    # float32 is float32 for every tool
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    rows = time_cases(chosen, device)
    if rows:
        print(tables.rows_table(rows), NOTE, sep="\n", flush=True)
    figures = [] if chosen.no_memory else memory(rows, device)
    figures += measure_pipeline(chosen)
    judgements = targets.judge(rows, figures)
    if figures:
        print(f"\n{tables.figures_table(figures)}")
    print(f"\n{tables.targets_table(judgements)}")
    if chosen.json:
        record.write(record.destination(chosen.json), rows, figures, judgements, device)
    return int(any(row.tool == "seqattr" and row.verdict != "ok" for row in rows))


def time_cases(chosen: argparse.Namespace, device: torch.device) -> list[Row]:
    """The rows of every chosen case, said as they come."""
    rounds, patience = (3, 10.0) if chosen.quick else (5, 60.0)
    settings = Settings(chosen.rounds or rounds, chosen.patience or patience, device)
    rows: list[Row] = []
    for case in QUICK if chosen.quick else CASES:
        for threads in thread_counts(chosen) if is_chosen(case.name, chosen) else ():
            print(f"{case.name}, threads: {threads}", file=sys.stderr, flush=True)
            rows += measure(case, threads, settings)
    return rows


def is_chosen(name: str, chosen: argparse.Namespace) -> bool:
    return not chosen.only or any(text in name for text in chosen.only)


def thread_counts(chosen: argparse.Namespace) -> list[int]:
    """As asked for, each once."""
    words = (chosen.threads or ("1" if chosen.quick else "1,all")).split(",")
    return list(dict.fromkeys(all_threads() if word == "all" else int(word) for word in words))


def memory(rows: Sequence[Row], device: torch.device) -> list[Figure]:
    """The peaks of Rescale at the most references, at the first thread count."""
    some = [
        row
        for row in rows
        if row.threads == rows[0].threads
        and Case.from_name(row.case).references == MEMORY_REFERENCES
        and "/rescale/1t/" in row.case
    ]
    return peaks(some, device)


def measure_pipeline(chosen: argparse.Namespace) -> list[Figure]:
    """What stands around the engine, at the first thread count."""
    size = replace(pipeline.QUICK if chosen.quick else pipeline.FULL, device=chosen.device)
    figures: list[Figure] = []
    for name, measurement in pipeline.PIPELINE.items():
        if is_chosen(name, chosen):
            print(name, file=sys.stderr, flush=True)
            figures += measurement(size, thread_counts(chosen)[0])
    return figures


if __name__ == "__main__":
    sys.exit(main())
