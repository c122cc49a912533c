"""What limits on a job leave it of the memory, from files as kernels and clusters write them."""

import pytest

from seqattr.errors import InputError
from seqattr.support import memory
from tests.helpers.machines import machine

TWO = "0::/system.slice/job_7/step_0\n"
ONE = "5:cpu:/slurm/job_7\n4:memory:/slurm/job_7\n"
JOB = "system.slice/job_7/"
STEP = f"{JOB}step_0/"


def limited(group: str, limit: str, used: str) -> dict[str, str]:
    """A group of version 2 with this limit, of which so much is in use."""
    return {f"{group}memory.max": f"{limit}\n", f"{group}memory.current": f"{used}\n"}


READ = {f"{STEP}memory.stat": "anon 400\ninactive_file 3000\nactive_file 500\n"}
OLD = {
    "limit_in_bytes": "4000\n",
    "usage_in_bytes": "3000\n",
    "stat": "inactive_file 1\ntotal_inactive_file 500\n",
}


@pytest.mark.parametrize(
    ("groups", "files", "free"),
    [
        (None, {}, memory.UNLIMITED),
        (TWO, limited(STEP, "max", "7"), memory.UNLIMITED),
        (TWO, limited(STEP, "4000", "700"), 3300),
        (TWO, limited(JOB, "4000", "700"), 3300),
        (TWO, limited("", "4000", "700"), 3300),
        (TWO, {f"{JOB}memory.max": "4000\n"}, memory.UNLIMITED),
        (TWO, limited(JOB, "4000", "4100"), 0),
        (TWO, limited(JOB, "4000", "3900") | limited(STEP, "9000", "3900"), 100),
        (TWO, limited(JOB, "9000", "3900") | limited(STEP, "4000", "3900"), 100),
        (TWO, limited(STEP, "4000", "3900") | READ, 3100),  # what was read can be forgotten
        (ONE, {f"memory/slurm/job_7/memory.{name}": text for name, text in OLD.items()}, 1500),
        (ONE, {f"cpu/slurm/job_7/memory.{name}": text for name, text in OLD.items()}, memory.UNLIMITED),
    ],
)
def test_the_tightest_limit_less_what_is_in_use(tmp_path, groups, files, free):
    assert memory.cgroup_bytes(machine(tmp_path, groups, files)) == free


def test_what_is_free_is_the_least_of_machine_and_limit(monkeypatch):
    monkeypatch.setattr(memory, "machine_bytes", lambda: 500)
    for limit, free in ((300, 300), (memory.UNLIMITED, 500)):
        monkeypatch.setattr(memory, "cgroup_bytes", lambda limit=limit: limit)
        assert memory.free_bytes() == free


def test_a_file_of_more_numbers_than_memory_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda: 10**9)
    memory.check_room("a.h5", 10**9)
    with pytest.raises(InputError, match=r"a\.h5 holds 2 GB of numbers, more than there is memory for"):
        memory.check_room("a.h5", 2 * 10**9)
