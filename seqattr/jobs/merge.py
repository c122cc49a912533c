"""Shards of one run, which several calls of `score` worked out, into the files of the whole."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seqattr.errors import InputError, some_of
from seqattr.io.atomic import check_writable
from seqattr.io.ownership import Output
from seqattr.io.scores_folder import SHARD, names_beside
from seqattr.jobs.score.assembly import assemble
from seqattr.jobs.score.blocks_folder import BlocksFolder, finished_blocks
from seqattr.jobs.score.plan import Plan
from seqattr.jobs.score.records import check_none_missing
from seqattr.jobs.score.run import claim_targets
from seqattr.jobs.score.settings import Shard
from seqattr.jobs.score.summary import Summary
from seqattr.support.commands import with_out
from seqattr.support.differences import differences


def run(shards: Sequence[Path], output: Output) -> Summary:
    """The files of a run in the folder `output`, byte for byte those that one call of `score` had written
    there.

    Raises InputError for a folder that holds no whole shard, for shards that are not of one run or not all
    of it, or damaged, and OutputError. Shards are only read: they may lie where nothing can be written.
    """
    plans = [plan_of_shard(folder) for folder in shards]
    plans[0] = written_to(plans[0], output.path)
    for folder, plan in zip(shards[1:], plans[1:], strict=True):
        different = list(differences(plan.identity, plans[0].identity))
        if different:
            raise InputError(f"{folder} is no part of the run of {shards[0]}: it has {'; '.join(different)}")
    start = time.perf_counter()
    folders = [BlocksFolder(folder) for folder in shards]
    check_whole(plans[0], folders)
    check_writable(output.path)
    output.claim_results(names_beside(), plans[0].facts["settings"]["command"])
    claim_targets(output, plans[0])
    with BlocksFolder(output.path).at_work():
        summary = assemble(output.path, plans[0], folders)
    summary.seconds["total"] = time.perf_counter() - start
    return summary


def written_to(plan: Plan, out: Path) -> Plan:
    """The plan of the command that writes all of the run to one folder."""
    settings = plan.facts["settings"]
    command = with_out(settings["command"], str(out))
    return replace(plan, facts={**plan.facts, "settings": {**settings, "command": command}})


def plan_of_shard(folder: Path) -> Plan:
    """The plan that a folder's shard is a part of."""
    blocks = BlocksFolder(folder)
    if blocks.has_plan() and not (folder / SHARD).is_file():
        raise InputError(f"{folder} holds a run that is not whole; the command that began it goes on with it")
    if not blocks.has_plan():
        raise InputError(
            f"{folder} holds no whole shard; it should be a folder that `score` wrote with `shard`"
        )
    plan = blocks.plan()
    identity = {name: value for name, value in plan.identity.items() if name != "shard"}
    return replace(plan, identity=identity)


def check_whole(plan: Plan, folders: Sequence[BlocksFolder]) -> None:
    """That these hold all blocks of a run, none of them damaged, and each those of its shard.

    Raises InputError.
    """
    there: set[int] = set()
    shards = [Shard.parse(folder.plan().identity["shard"]) for folder in folders]
    for folder, shard in zip(folders, shards, strict=True):
        finished = finished_blocks(folder.journals())
        lost = set(shard.numbers(plan.blocks)) - finished
        if lost:
            raise InputError(
                f"{folder.path} has lost {len(lost)} blocks of shard {shard}, as they are damaged; the "
                "command that wrote them works them out again"
            )
        there |= finished
    check_none_missing(plan, there, _left_out(shards))


def _left_out(shards: Sequence[Shard]) -> str:
    """Which of the shards of a run are not among these, in words; nothing where counts differ."""
    count = shards[0].count
    absent = [Shard(number, count) for number in range(1, count + 1) if Shard(number, count) not in shards]
    if not absent or any(shard.count != count for shard in shards):
        return ""
    return f", as there is no shard {some_of([str(shard) for shard in absent])}"
