"""Work in three stages: prepared ahead by threads, done by the caller one after the other, stored behind."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Ready = TypeVar("Ready")
Begun = TypeVar("Begun")
Stored = TypeVar("Stored")


def in_threads(tasks: Sequence[Callable[[], object]], threads: int, stop: Callable[[], object]) -> None:
    """Call all tasks, so many at a time.

    Where one raises, or the caller is interrupted, `stop` is called, which is to end the others soon; then it
    is raised here.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="tasks")
    running = [pool.submit(task) for task in tasks]
    try:
        for task in as_completed(running):
            task.result()
    except BaseException:
        stop()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown(wait=True)


@dataclass(frozen=True)
class Stages(Generic[Item, Ready, Begun, Stored]):
    """`prepare` and `store` are called by threads, for several items at once; `begin` by the caller's own, in
    the items' order. What `begin` began `store` waits for, or it is done: no more than `in_flight` are begun
    of which none is stored yet, and no more than `threads` items wait before and behind.
    """

    prepare: Callable[[Item], Ready]
    begin: Callable[[Ready], Begun]
    wait: Callable[[Begun], Begun]
    store: Callable[[Begun], Stored]
    threads: int
    in_flight: int = 1

    def run(self, items: Iterable[Item]) -> Iterator[Stored]:
        """What `store` makes of each item, in order.

        What a stage raises is raised here, once what came to `store` before it is stored.
        """
        ahead: deque[Future[Ready]] = deque()
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="stages")
        try:
            yield from self._run(iter(items), ahead, pool)
        finally:
            for preparing in ahead:
                preparing.cancel()
            pool.shutdown(wait=True)

    def _run(
        self, items: Iterator[Item], ahead: deque[Future[Ready]], pool: ThreadPoolExecutor
    ) -> Iterator[Stored]:
        begun: deque[Begun] = deque()
        behind: deque[Future[Stored]] = deque()
        self._fill(ahead, items, pool)
        while ahead or begun:
            if ahead:
                ready = ahead.popleft().result()
                self._fill(ahead, items, pool)
                begun.append(self.begin(ready))
            if len(begun) >= self.in_flight or not ahead:
                behind.append(pool.submit(self.store, self.wait(begun.popleft())))
            while behind and (behind[0].done() or len(behind) > self.threads):
                yield behind.popleft().result()
        for stored in behind:
            yield stored.result()

    def _fill(self, ahead: deque[Future[Ready]], items: Iterator[Item], pool: ThreadPoolExecutor) -> None:
        while len(ahead) <= self.threads:
            try:
                item = next(items)
            except StopIteration:
                return
            ahead.append(pool.submit(self.prepare, item))
