"""What is whole already: a run's results, or a shard whose blocks are kept for `merge`."""

from pathlib import Path
from typing import NamedTuple

from seqattr.errors import InputError
from seqattr.io.run_folder import is_unfinished
from seqattr.io.scores_folder import SHARD, file_names, file_stems, folders_of
from seqattr.io.text import read_json, write_json
from seqattr.jobs.score.blocks_folder import BlocksFolder, finished_blocks
from seqattr.jobs.score.plan import Plan
from seqattr.jobs.score.settings import Shard
from seqattr.jobs.score.summary import Summary


class Part(NamedTuple):
    """A shard that is whole."""

    shard: Shard
    sequences: int
    blocks: int
    done_before: bool


def done_before(out: Path, plan: Plan, shard: Shard) -> Summary | Part | None:
    """The results of the same run, where they are there and whole."""
    if not shard.is_whole:
        return _shard_before(out, plan, shard)
    run = read_json(out / "run.json")
    if run.get("identity") != plan.identity or is_unfinished(run):
        return None
    names = file_names(file_stems(plan.targets).values(), bool(run.get("dropped")), bool(run.get("failed")))
    folders = folders_of(out, plan.results)
    if not all((folder / name).is_file() for folder in folders for name in names):
        return None
    summary = Summary.read(out / "run.json")
    summary.done_before = True
    return summary


def _shard_before(out: Path, plan: Plan, shard: Shard) -> Part | None:
    folder = BlocksFolder(out)
    if read_json(out / SHARD) != _mark(plan, shard) or not folder.is_of(plan, shard):
        return None
    try:
        finished = finished_blocks(folder.journals())
    except InputError:  # the run finds it again, unless it begins anew
        return None
    return part_of(plan, shard, True) if set(shard.numbers(plan.blocks)) <= finished else None


def keep_shard(out: Path, plan: Plan, shard: Shard) -> Part:
    """Mark a shard as whole."""
    write_json(out / SHARD, _mark(plan, shard))
    return part_of(plan, shard, False)


def part_of(plan: Plan, shard: Shard, done_before: bool) -> Part:
    numbers = shard.numbers(plan.blocks)
    return Part(shard, sum(len(plan.rows_of(number)) for number in numbers), len(numbers), done_before)


def _mark(plan: Plan, shard: Shard) -> dict[str, object]:
    return {"shard": str(shard), "identity": plan.identity}
