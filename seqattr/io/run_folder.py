"""The files of one run in a folder, and the mark among them that tells whose they are, whatever ends it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.errors import InputError
from seqattr.io.atomic import replacing_all
from seqattr.io.ownership import RUN
from seqattr.io.scores_folder import remove_files
from seqattr.io.text import read_json, write_json
from seqattr.support.version import package_version

_LISTED = ("files", "targets")  # what a run wrote, which the next one removes


class Mark(NamedTuple):
    """The name of a file of JSON, and which of its facts tell one run from another."""

    name: str
    told: tuple[str, ...]


OF_RUNS = Mark(RUN, ("settings", "result", "identity"))


@contextmanager
def replacing_run(
    folder: Path | str, names: Sequence[str], mark: Mark = OF_RUNS, stale: Iterable[Path] = ()
) -> Iterator[dict[str, Path]]:
    """As `replacing_all`, of files among which each with the name of `mark` tells whose those beside it are,
    also in folders within. `stale` are files in the folder of a run before, which go when all are whole.

    At no moment does a file stand without the mark of its run, whatever ends the process: before the first
    takes its name each mark becomes one of a run that is unfinished, which the same command goes on from, and
    the whole marks come last, that of the folder itself the very last.
    """
    marks = sorted([name for name in names if Path(name).name == mark.name], key=depth, reverse=True)
    others, before = [name for name in names if name not in marks], list(stale)

    def begin(parts: Mapping[str, Path]) -> None:
        for name in reversed(marks):
            path = Path(folder) / name
            write_json(path, unfinished(read_json(path), read_json(parts[name]), mark.told))
        remove_files(Path(folder), before)

    with replacing_all(folder, [*others, *marks], begin) as parts:
        yield parts


def unfinished(before: Mapping[str, Any], facts: Mapping[str, Any], told: Sequence[str]) -> dict[str, Any]:
    """A mark that tells which run is at work, and what it or the one before may leave, but no results."""
    lists = {name: [*as_list(facts.get(name)), *as_list(before.get(name))] for name in _LISTED}
    return {
        "seqattr": package_version(),
        "unfinished": True,
        **{name: facts[name] for name in told if name in facts},
        **{name: list(dict.fromkeys(every)) for name, every in lists.items() if every},
    }


def depth(name: str) -> int:
    """In how many folders it lies."""
    return len(Path(name).parts)


def is_unfinished(facts: Mapping[str, Any]) -> bool:
    """Whether a mark is of a run that was stopped while its files took their names."""
    return bool(facts.get("unfinished"))


def check_finished(path: Path, facts: Mapping[str, Any]) -> None:
    """Raises InputError for results of which the mark in this file says that they are not whole."""
    if is_unfinished(facts):
        raise InputError(f"{path} tells of a run that was stopped before its end; run it again")


def as_list(value: Any) -> list[str]:
    """The names that a mark lists; none where it lists none."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
