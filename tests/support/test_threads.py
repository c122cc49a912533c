"""The share of a machine that a process may use, from files as kernels and clusters write them."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from seqattr.errors import InputError
from seqattr.support import threads
from tests.helpers.machines import machine

TWO = "0::/system.slice/slurmstepd.scope/job_7/step_0\n"
ONE = "5:memory:/docker/1f\n4:cpu,cpuacct:/docker/1f\n1:name=systemd:/docker/1f\n"
HYBRID = "3:cpuset:/a\n0::/a/b\n"
JOB = "system.slice/slurmstepd.scope/job_7"


@pytest.mark.parametrize(
    ("groups", "files", "quota"),
    [
        (None, {}, None),
        (TWO, {}, None),
        (TWO, {f"{JOB}/step_0/cpu.max": "max 100000\n"}, None),
        (TWO, {f"{JOB}/step_0/cpu.max": "150000 100000\n"}, 1.5),
        (TWO, {f"{JOB}/cpu.max": "400000 100000\n", f"{JOB}/step_0/cpu.max": "max 100000\n"}, 4),
        (TWO, {f"{JOB}/cpu.max": "200000 100000\n", f"{JOB}/step_0/cpu.max": "800000 100000\n"}, 2),
        (TWO, {"cpu.max": "50000 100000\n"}, 0.5),  # in a container, of which the top alone is there
        (TWO, {"system.slice/other/cpu.max": "50000 100000\n"}, None),
        (TWO, {"cpu.max": "never\n"}, None),
        (TWO, {"cpu.max": ""}, None),
        (HYBRID, {"unified/a/cpu.max": "300000 100000\n"}, 3),
        (
            ONE,
            {"cpu/docker/1f/cpu.cfs_quota_us": "-1\n", "cpu/docker/1f/cpu.cfs_period_us": "100000\n"},
            None,
        ),
        (
            ONE,
            {"cpu/docker/1f/cpu.cfs_quota_us": "250000\n", "cpu/docker/1f/cpu.cfs_period_us": "100000\n"},
            2.5,
        ),
        (ONE, {"cpu,cpuacct/cpu.cfs_quota_us": "300000\n", "cpu,cpuacct/cpu.cfs_period_us": "50000\n"}, 6),
        (ONE, {"cpu/cpu.cfs_quota_us": "300000\n"}, None),
        (
            ONE,
            {"memory/docker/1f/cpu.cfs_quota_us": "1\n", "memory/docker/1f/cpu.cfs_period_us": "1\n"},
            None,
        ),
    ],
)
def test_the_tightest_limit_from_the_process_group_up_to_the_top(tmp_path, groups, files, quota):
    assert threads.quota(machine(tmp_path, groups, files)) == quota


def test_a_path_from_outside_a_container_does_not_leave_the_mount(tmp_path):
    machine(tmp_path, "0::/../../outside\n", {"../cpu.max": "100000 100000", "cpu.max": "200000 100000"})
    assert threads.quota(tmp_path) == 2


@pytest.mark.parametrize(
    ("limits", "number"),
    [((8, None, None), 8), ((8, 2.9, None), 2), ((8, 0.5, 4), 1), ((8, None, 4), 4), ((2, 6.0, 4), 2)],
)
def test_the_share_is_the_smallest_limit_and_one_at_least(limits, number):
    assert threads.least_of(*limits) == number


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A process of 16 cores that was told nothing, as one without torch."""
    monkeypatch.setattr(threads, "_told", [])
    monkeypatch.setattr(threads, "cores", lambda: 16)
    monkeypatch.setattr(threads, "quota", lambda: None)
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in ("OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK"):
        monkeypatch.delenv(name, raising=False)
    threads.share.cache_clear()
    yield monkeypatch
    threads.share.cache_clear()


@pytest.mark.parametrize(
    ("slurm", "openmp", "number"),
    [
        (None, None, 16),
        ("4", None, 4),
        ("", None, 16),
        ("many", None, 16),
        ("0", None, 16),
        ("64", None, 16),
        ("4", "6", 6),  # the user's word
        ("4", "32", 32),
        (None, "3,2", 3),
        (None, " 3 ", 3),
        ("4", "-1", 4),
        ("4", "", 4),
    ],
)
def test_what_the_user_set_comes_first_and_then_the_share(fresh, slurm, openmp, number):
    for name, value in (("SLURM_CPUS_PER_TASK", slurm), ("OMP_NUM_THREADS", openmp)):
        if value is not None:
            fresh.setenv(name, value)
    assert threads.available() == number
    assert threads.in_use() == number


def test_a_process_uses_what_it_is_told(fresh):
    fresh.setenv("OMP_NUM_THREADS", "5")
    threads.use(3)
    assert threads.in_use() == 3
    assert os.environ["OMP_NUM_THREADS"] == "3"  # of what is loaded later, and of children


@pytest.mark.parametrize("number", [0, -1])
def test_no_threads_is_none(number):
    with pytest.raises(InputError, match=f"`threads` must be 1 or more, not {number}"):
        threads.use(number)


def test_torch_follows_whether_it_is_loaded_or_not():
    script = """
import sys
from seqattr.support import threads
from tests.helpers.machines import machine
threads.use(1)
assert "torch" not in sys.modules
import torch
before = torch.get_num_threads()
threads.use(2)
print(before, torch.get_num_threads(), threads.in_use())
torch.set_num_threads(1)
print(threads.in_use())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["1", "2", "2", "1"]


@pytest.mark.parametrize(
    ("said", "waiting"),
    [
        ({}, {"OMP_WAIT_POLICY": "passive", "KMP_BLOCKTIME": "0"}),
        ({"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "active"}),
        ({"GOMP_SPINCOUNT": "1000"}, {"GOMP_SPINCOUNT": "1000"}),
        ({"KMP_BLOCKTIME": "200"}, {"KMP_BLOCKTIME": "200"}),
    ],
)
def test_threads_that_wait_sleep_unless_the_user_said_otherwise(fresh, said, waiting):
    names = (*threads.WAITING, *threads.ALSO_WAITING)
    for name in names:
        fresh.delenv(name, raising=False)
    for name, value in said.items():
        fresh.setenv(name, value)
    fresh.setattr(os, "environ", dict(os.environ))
    threads.wait_quietly()
    assert {name: os.environ[name] for name in names if name in os.environ} == waiting


def test_the_library_leaves_the_environment_as_it_is():
    script = """
import os
before = dict(os.environ)
import seqattr
for name in seqattr.__all__:
    getattr(seqattr, name)
import seqattr.jobs.score
changed = {name for name in {*before, *os.environ} if before.get(name) != os.environ.get(name)}
print(sorted(name for name in changed if name.startswith(("OMP", "KMP", "GOMP", "MKL", "NUMBA"))))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
