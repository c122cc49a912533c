"""Readers at work in a process of their own, that may take so much memory and time for one input."""

import contextlib
import importlib
import json
import multiprocessing
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_BYTES = 4 << 30  # above what the reader takes before its first input
MOST_SECONDS = 30.0  # of CPU, for one input
MOST_WAIT = 20 * MOST_SECONDS  # on a busy machine
KIND = 60  # characters of a fault by which those of one kind are known
CASE = "case.json"
READY, ANSWERED, REFUSED, FAULT = "ready", "answered", "refused", "FAULT"


@dataclass
class Tally:
    """What became of a reader's inputs, the CPU seconds, and where the first fault of each kind is."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    faults: dict[str, str] = field(default_factory=dict)

    def add(self, outcome: str, seconds: float) -> None:
        self.outcomes[outcome.split()[0]] += 1
        self.seconds += seconds


@dataclass(frozen=True)
class Case:
    """One input: it can be made again from these."""

    reader: str
    seed: int
    number: int

    def random(self, what: str) -> random.Random:
        return random.Random(f"{self.reader} {self.seed} {self.number} {what}")


class Worker:
    """A process that tries one case after another; one that has died is followed by a new one."""

    def __init__(self, reader: str) -> None:
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        self.pipe = ours
        self.process = multiprocessing.get_context("spawn").Process(
            target=work, args=(reader, theirs), daemon=True
        )
        self.process.start()
        theirs.close()
        if self.outcome(MOST_WAIT)[0] != READY:
            raise SystemExit(f"the reader {reader} cannot start")

    def attempt(self, case: Case, folder: Path, made: bool) -> tuple[str, float]:
        """What became of it, and the CPU seconds; its files stay in the folder, or are there if `made`."""
        self.pipe.send((case, folder, made))
        return self.outcome(MOST_WAIT)

    def outcome(self, seconds: float) -> tuple[str, float]:
        try:
            if self.pipe.poll(seconds):
                outcome, took = self.pipe.recv()
                return str(outcome), float(took)
            self.process.kill()
        except EOFError:
            pass
        self.process.join()
        code = self.process.exitcode or 0
        how = f"no end in {MOST_SECONDS:.0f} s" if -code in (signal.SIGPROF, signal.SIGKILL) else "died"
        return f"{FAULT} {how}: exit code {code}", MOST_SECONDS

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.pipe.send(None)
        self.process.join(10)


def fuzz(reader: str, seed: int, seconds: float, number: int | None, kept: Path) -> Tally:
    """Try inputs for so many CPU seconds, or so many of them; those that are faults are kept in a folder."""
    tally, worker = Tally(), Worker(reader)
    case_number = 0
    while tally.seconds < seconds and (number is None or case_number < number):
        case = Case(reader, seed, case_number)
        with tempfile.TemporaryDirectory() as folder:
            outcome, took = worker.attempt(case, Path(folder), made=False)
            tally.add(outcome, took)
            kind = re.sub(r"\d+", "0", outcome)[:KIND]
            if outcome.startswith(FAULT) and kind not in tally.faults:
                tally.faults[kind] = f"{keep(case, Path(folder), kept)}: {outcome}"
        if not worker.process.is_alive():
            worker = Worker(reader)
        case_number += 1
    worker.close()
    return tally


def keep(case: Case, folder: Path, kept: Path) -> Path:
    where = kept / f"{case.reader}-{case.seed}-{case.number}"
    shutil.copytree(folder, where, dirs_exist_ok=True)
    (where / CASE).write_text(json.dumps(vars(case)))
    return where


def replay(folder: Path) -> str:
    """Try an input that was kept once more."""
    folder = folder if folder.is_dir() else folder.parent
    case = Case(**json.loads((folder / CASE).read_text()))
    worker = Worker(case.reader)
    outcome, _ = worker.attempt(case, folder, made=True)
    worker.close()
    return outcome


# --- in the process ----------------------------------------------------------------------------


def work(name: str, pipe: Any) -> None:
    """Answers each case with its outcome and the CPU seconds that it took."""
    module, attribute = name.split(".")
    warnings.simplefilter("ignore")
    reader = getattr(importlib.import_module(f"fuzzing.{module}"), attribute)()
    limit_memory()
    pipe.send((READY, 0.0))
    for case, folder, made in iter(pipe.recv, None):
        started = time.process_time()
        if not made:
            write(reader.make(case.random("make")), folder)
        with time_limit(MOST_SECONDS):
            outcome = outcome_of(reader, folder, case.random("read"))
        pipe.send((outcome, time.process_time() - started))


def write(files: dict[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def outcome_of(reader: Any, folder: Path, rng: random.Random) -> str:
    from fuzzing.reader import check_lines
    from seqattr.errors import SeqattrError

    try:
        try:
            reader.read(folder, rng)
        except SeqattrError as error:
            check_lines(error)
            return REFUSED
    except BaseException as error:
        return f"{FAULT} {type(error).__name__} in {place_of(error)}: {' '.join(str(error).split())[:200]}"
    return ANSWERED


def place_of(error: BaseException) -> str:
    """The last line of ours that was running."""
    trace, place = error.__traceback__, "?"
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "seqattr" in Path(name).parts or "fuzzing" in Path(name).parts:
            place = f"{'/'.join(Path(name).parts[-2:])}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def limit_memory() -> None:
    """So much more than now."""
    with open("/proc/self/statm") as file:
        own = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (own + MOST_BYTES, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """The kernel ends the process where the block takes more CPU, whatever it is doing."""
    sys.stdout.flush()
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
