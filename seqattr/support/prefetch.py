"""Work done ahead of its use or behind it, in a thread of its own, so that several things go on at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def prefetch(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """make(item) for each item in order; while one is used, the next is being made.

    What `make` raises is raised where its value would have come.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    try:
        waiting: Future[Made] | None = None
        for item in items:
            coming = pool.submit(make, item)
            if waiting is not None:
                yield waiting.result()
            waiting = coming
        if waiting is not None:
            yield waiting.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class BackgroundWriter:
    """Calls that are done one after the other while the caller goes on, one in work and one waiting.

    What a call raises is raised by a later `do`, or at the end of the `with` block, which waits for all.
    """

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="behind")
        self.waiting: deque[Future[Any]] = deque()

    def do(self, function: Callable[..., Any], *arguments: Any) -> None:
        """function(*arguments), soon."""
        while len(self.waiting) > 1:
            self.waiting.popleft().result()
        self.waiting.append(self.pool.submit(function, *arguments))

    def __enter__(self) -> "BackgroundWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.shutdown(wait=True, cancel_futures=error is not None)
        if error is None:
            for call in self.waiting:
                call.result()
