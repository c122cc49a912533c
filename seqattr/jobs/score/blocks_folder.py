"""OUT/blocks: what a run keeps while it works, so that nothing that is done is lost whatever stops it.

plan.json     what run it is of
blocks-N.journal   the blocks that are done, of the N-th process
dropped.tsv   what gave no window
lock          held by the run that is at work

It goes when the results are whole. A shard's stays, with OUT/shard.json beside it, for `merge`.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqattr.errors import InputError, OutputError
from seqattr.io.alone import holding
from seqattr.io.atomic import cannot_write
from seqattr.io.journal import Journal
from seqattr.io.scores_folder import SHARD
from seqattr.io.text import read_json
from seqattr.jobs.score.plan import Plan
from seqattr.jobs.score.settings import Shard
from seqattr.support.differences import differences

FOLDER = "blocks"
PLAN, LOCK = "plan.json", "lock"
_JOURNAL = re.compile(r"blocks-\d+\.journal")
_OWN = re.compile(rf"{_JOURNAL.pattern}|plan\.json|dropped\.tsv|lock|\..+\.part")


class BlocksFolder:
    """The folder of blocks in OUT."""

    def __init__(self, out: Path | str) -> None:
        self.out, self.path = Path(out), Path(out) / FOLDER

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def journal(self, worker: int) -> Path:
        """Where a process adds its blocks."""
        return self.path / f"blocks-{worker}.journal"

    def journals(self) -> list[Path]:
        """All there are."""
        return sorted(path for path in self.path.glob("*.journal") if _JOURNAL.fullmatch(path.name))

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Within the block no other run works here. Raises OutputError where one does."""
        with holding(self / LOCK, self.out):
            try:
                yield
            finally:
                if self.is_empty() and not (self.out / SHARD).is_file():  # there is nothing to keep
                    self.remove()

    def is_empty(self) -> bool:
        """Whether no block is done."""
        try:
            with opened(self.journals(), verify=False) as journals:
                return not any(journal.records for journal in journals)
        except InputError:
            return False

    def continue_as(self, plan: Plan, shard: Shard) -> None:
        """Make it this run's, whose blocks it may hold already. Raises OutputError for another run's."""
        plan = replace(plan, identity=identity_of(plan, shard))
        if self.has_plan():
            different = list(differences(plan.identity, self.plan().identity))
            if different:
                raise OutputError(
                    f"{self.path} holds the finished blocks of a run that was stopped, with "
                    f"{'; '.join(different)}; give the same to go on with it, or `restart=True` to begin anew"
                )
        else:
            self.clear()
        plan.write(self / PLAN)

    def is_of(self, plan: Plan, shard: Shard) -> bool:
        """Whether it says that it is of this shard of this run."""
        try:
            before = self.plan().identity
        except InputError:
            return False
        return not list(differences(identity_of(plan, shard), before))

    def has_plan(self) -> bool:
        return (self / PLAN).is_file()

    def plan(self) -> Plan:
        """What run it is of. Raises InputError."""
        return Plan.read(self / PLAN)

    def clear(self) -> None:
        """Remove what is ours in it, but for the lock, and that it is a whole shard. Raises OutputError."""
        own = [path for path in self.path.glob("*") if _OWN.fullmatch(path.name) and path.name != LOCK]
        mark = [self.out / SHARD] * ("identity" in read_json(self.out / SHARD))
        for path in [*mark, *own]:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise cannot_write(path, error) from error

    def remove(self) -> None:
        """Remove it, unless somebody keeps something else in it."""
        with suppress(OSError, OutputError):
            (self / PLAN).unlink(missing_ok=True)  # without it the rest is of no run
            self.clear()
            (self / LOCK).unlink(missing_ok=True)
            self.path.rmdir()


def identity_of(plan: Plan, shard: Shard) -> dict[str, Any]:
    """What a folder of blocks is of."""
    return {**plan.identity, "shard": str(shard)}


@contextmanager
def opened(paths: list[Path], verify: bool = True) -> Iterator[list[Journal]]:
    """Journals for reading, whose records are verified unless they just have been. Raises InputError where
    one is none.
    """
    with ExitStack() as stack:
        yield [stack.enter_context(closing(_journal(path, verify))) for path in paths]


def _journal(path: Path, verify: bool) -> Journal:
    try:
        return Journal(path, verify)
    except InputError as error:
        raise InputError(f"{error}; `restart=True` begins the run anew") from error


def finished_blocks(paths: list[Path]) -> set[int]:
    """The numbers of the blocks that are whole in these journals."""
    with opened(paths) as journals:
        return {number for journal in journals for number in journal.records}
