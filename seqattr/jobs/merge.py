"""Shards of one run, which several calls of `score` worked out, into the files of the whole."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seqattr.errors import InputError
from seqattr.io.atomic import check_writable
from seqattr.io.ownership import Output, command_in
from seqattr.io.scores_folder import SHARD, file_names
from seqattr.jobs.score.assembly import assemble
from seqattr.jobs.score.blocks_folder import BlocksFolder
from seqattr.jobs.score.plan import Plan, differences
from seqattr.jobs.score.summary import Summary


def run(shards: Sequence[Path], output: Output) -> Summary:
    """The files of a run in the folder `output`, byte for byte those that one call of `score` had written.

    Raises InputError for a folder that holds no whole shard, for shards that are not of one run or not all
    of it, and OutputError.
    """
    plans = [plan_of_shard(folder) for folder in shards]
    for folder, plan in zip(shards[1:], plans[1:], strict=True):
        different = list(differences(plan.identity, plans[0].identity))
        if different:
            raise InputError(f"{folder} is no part of the run of {shards[0]}: it has {'; '.join(different)}")
    check_writable(output.path)
    output.claim_folder(file_names([]), "run.json")
    before = command_in(output.path / "run.json", "settings", "command")
    output.claim_run(output.path, before, plans[0].facts["settings"]["command"])
    start = time.perf_counter()
    summary = assemble(output.path, plans[0], [BlocksFolder(folder) for folder in shards])
    summary.seconds["total"] = time.perf_counter() - start
    return summary


def plan_of_shard(folder: Path) -> Plan:
    """The plan that a folder's shard is a part of."""
    blocks = BlocksFolder(folder)
    if not (folder / SHARD).is_file() or not blocks.has_plan():
        raise InputError(
            f"{folder} holds no whole shard; it should be a folder that `score` wrote with `shard`"
        )
    plan = blocks.plan()
    identity = {name: value for name, value in plan.identity.items() if name != "shard"}
    return replace(plan, identity=identity)
