"""Several processes that work out the blocks of one run, one on each GPU or so many on the CPU.

Each takes the next block that nobody has taken, and adds it to a journal of its own. They end when the
process that began them does.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from queue import Empty
from typing import Any

import torch

from seqattr.engine.walk.memory import keep_freed_memory
from seqattr.errors import InputError, OutputError, SeqattrError
from seqattr.jobs.score.blocks_folder import BlocksFolder
from seqattr.jobs.score.task import Task
from seqattr.support import threads
from seqattr.support.caller import Caller

ALL_GPUS = "cuda:all"
_SECONDS = 1.0  # between looks at whether a process has died


def devices_of(device: str, workers: int) -> list[str]:
    """The device of each process. Raises InputError for GPUs that are not there, or several on one."""
    if device == ALL_GPUS:
        count = torch.cuda.device_count()
        if not count:
            raise InputError("there is no device cuda:all: torch sees no CUDA devices")
        return [f"cuda:{index}" for index in range(count)]
    on_gpu = device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())
    if workers > 1 and on_gpu:
        raise InputError("`workers` are processes on a CPU; of several GPUs `device=cuda:all` uses each")
    return [device] * workers


@dataclass(frozen=True)
class Share:
    """What one of the processes is told."""

    task: Task
    out: str
    numbers: Sequence[int]
    worker: int
    device: str
    threads: int


def work_in_processes(
    task: Task, devices: Sequence[str], folder: BlocksFolder, numbers: Sequence[int]
) -> Iterator[int]:
    """Work out blocks of these numbers in a process for each device, and tell each one's count of rows.

    Raises what one of them raises, once all have ended.
    """
    context = multiprocessing.get_context("spawn")
    taken, reports = context.Value("q", 0), context.Queue()
    share = max(1, threads.in_use() // len(devices))
    processes = []
    try:
        for worker, device in enumerate(devices[: len(numbers)]):
            told = Share(task, str(folder.out), numbers, worker, device, share)
            process = context.Process(target=work_on, args=(told, taken, reports), daemon=True)
            with held_back(signal.SIGINT):
                process.start()
            processes.append(process)
        yield from _counts(processes, reports, len(numbers))
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


@contextmanager
def held_back(number: int) -> Iterator[None]:
    """Within the block a signal waits. Processes that are begun in it never get it: a terminal sends Ctrl-C
    to all, while they still load what they need too, and it is the first process that ends the others.
    """
    if not hasattr(signal, "pthread_sigmask"):  # no Unix
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _counts(processes: Sequence[SpawnProcess], reports: Any, blocks: int) -> Iterator[int]:
    """What the processes report of each block. Raises what one raised, or OutputError where it died."""
    while blocks:
        try:
            report = reports.get(timeout=_SECONDS)
        except Empty:
            dead = next((process for process in processes if process.exitcode), None)
            if dead is not None and reports.empty():
                raise OutputError(
                    f"a worker ended by itself (exit code {dead.exitcode}; -9 is often want of memory); what "
                    "is done is kept, and the same command goes on with it"
                ) from None
            continue
        if isinstance(report, BaseException):
            raise report
        blocks -= 1
        yield report


def work_on(share: Share, taken: Any, reports: Any) -> None:
    """The life of one process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        threads.use(share.threads)
        keep_freed_memory()
        if share.device.startswith("cuda:"):
            torch.cuda.set_device(share.device)  # else what names no GPU takes room on the first one
        folder = BlocksFolder(share.out)
        scoring = share.task.open(folder.path, Caller(warn=_nobody), share.device)
        for rows in scoring.work_as(share.worker, folder, _untaken(share.numbers, taken), share.threads):
            reports.put(rows)
    except BaseException as error:
        reports.put(error if isinstance(error, SeqattrError) else OutputError(f"a worker failed: {error!r}"))


def _untaken(numbers: Sequence[int], taken: Any) -> Iterator[int]:
    """The blocks that no process has begun, each to one of them."""
    while True:
        with taken.get_lock():
            index = taken.value
            taken.value += 1
        if index >= len(numbers):
            return
        yield numbers[index]


def _nobody(warning: str) -> None:
    """Who hears of what the first process has told already."""


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
