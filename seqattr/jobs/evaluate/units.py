"""OUT/units: what is measured already, unit by unit, so that nothing is lost whatever stops a run.

plan.json       what run it is of
units.journal   the units that are done; it is locked while a run is at work

A unit is one check of one method or control. It goes when the results are whole.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqattr.errors import OutputError
from seqattr.evaluate.measured import Measured
from seqattr.io.atomic import check_writable
from seqattr.io.journal import JournalWriter, appending
from seqattr.io.text import read_json, write_json
from seqattr.support.differences import differences

FOLDER = "units"
PLAN, JOURNAL = "plan.json", "units.journal"
MARK = f"{FOLDER}/{PLAN}"  # of OUT, while a run is at work or was stopped


class Unit(NamedTuple):
    """One check of one method or control."""

    check: str
    method: str


class Outcome(NamedTuple):
    """What was measured, or why nothing was."""

    measured: list[Measured]
    failure: str = ""


class UnitsFolder:
    """The folder of units in OUT."""

    def __init__(self, out: Path | str) -> None:
        self.path = Path(out) / FOLDER

    @contextmanager
    def continue_as(self, identity: Mapping[str, Any], force: bool) -> Iterator[JournalWriter]:
        """Its journal, made this run's, whose units it may hold already.

        Raises OutputError where it holds another run's, unless forced, and where another run is at work.
        """
        check_writable(self.path)
        before = read_json(self.path / PLAN).get("identity")
        different = [] if before is None else list(differences(identity, before))
        if different and not force:
            raise OutputError(
                f"{self.path} holds what a run that was stopped has measured, with "
                f"{'; '.join(different)}; give the same to go on with it, or `force=True` to begin anew"
            )
        if force or before is None or different:
            self.clear()
        write_json(self.path / PLAN, {"identity": dict(identity)})
        with appending(self.path / JOURNAL) as journal:
            yield journal

    def clear(self) -> None:
        """Remove what was measured. Raises OutputError where a run is at work."""
        with appending(self.path / JOURNAL):
            (self.path / PLAN).unlink(missing_ok=True)
            (self.path / JOURNAL).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove it, unless somebody keeps something else in it."""
        with suppress(OSError):
            (self.path / PLAN).unlink(missing_ok=True)
            (self.path / JOURNAL).unlink(missing_ok=True)
            self.path.rmdir()


def kept(journal: JournalWriter, number: int, measure: Callable[[], Outcome]) -> Outcome:
    """A unit's outcome, from the journal where it is done."""
    if number not in journal.journal.records:
        outcome = measure()
        journal.add(number, [encoded(outcome)])
    return decoded(journal.journal.read(number))


def encoded(outcome: Outcome) -> bytes:
    """As an .npz archive of the numbers, and the rest as JSON."""
    rows = [row._replace(values=None)._asdict() for row in outcome.measured]  # type: ignore[arg-type]
    facts = json.dumps({"rows": rows, "failure": outcome.failure})
    values = stacked([row.values for row in outcome.measured])
    file = BytesIO()
    np.savez(file, facts=np.frombuffer(facts.encode(), np.uint8), values=values)
    return file.getvalue()


def stacked(values: Sequence[np.ndarray]) -> np.ndarray:
    """(M, N), also of none."""
    return np.stack(values).astype(np.float64) if values else np.zeros((0, 0))


def decoded(record: bytes) -> Outcome:
    """What was encoded."""
    with np.load(BytesIO(record), allow_pickle=False) as arrays:
        facts, values = json.loads(arrays["facts"].tobytes()), arrays["values"]
    rows = zip(facts["rows"], values, strict=True)
    return Outcome([Measured(**{**row, "values": one}) for row, one in rows], facts["failure"])
