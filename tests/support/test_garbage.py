"""The collector of garbage stands still while modules are imported, and then works as before."""

import gc
import subprocess
import sys
import weakref

import pytest

from seqattr.support.garbage import importing


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One number for each time that what is in memory was set aside."""
    calls: list[int] = []
    monkeypatch.setattr(gc, "freeze", lambda: calls.append(1))
    return calls


def test_nothing_is_collected_meanwhile_and_everything_afterwards(frozen, monkeypatch):
    with importing():
        assert not gc.isenabled()
        monkeypatch.setitem(sys.modules, "a_new_module", sys)
    assert gc.isenabled()
    assert len(frozen) == 1


def test_without_a_new_module_nothing_is_set_aside(frozen):
    """Else a process that runs many commands would keep the garbage of each."""
    with importing():
        import seqattr.support.garbage  # noqa: F401
    assert not frozen


def test_an_error_passes_and_the_collector_works_again(frozen):
    with pytest.raises(ImportError), importing():
        import seqattr.no_such_module  # noqa: F401
    assert gc.isenabled()


def test_one_that_was_off_stays_off(frozen):
    gc.disable()
    try:
        with importing():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_garbage_made_afterwards_is_found():
    class Node:
        def __init__(self) -> None:
            self.itself = self

    with importing():
        pass
    gone = weakref.ref(Node())
    gc.collect()
    assert gone() is None


def test_a_process_ends_without_a_search():
    """Objects in a circle are let go with the process; without it they would be finalized one by one."""
    script = """
import sys
from seqattr.support.garbage import leave_at_exit
if sys.argv[1] == "leave":
    leave_at_exit()
    leave_at_exit()
class Node:
    def __del__(self, say=print):
        say("searched")
node = Node()
node.itself = node
del node
"""
    said = [
        subprocess.run(
            [sys.executable, "-c", script, word], capture_output=True, text=True, check=True, timeout=60
        ).stdout
        for word in ("search", "leave")
    ]
    assert said == ["searched\n", ""]
