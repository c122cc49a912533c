"""A child that is forked after seqattr was used computes what its parent does, and does not hang."""

import json
import subprocess
import sys

import pytest
import torch

from seqattr.engine.numerics.device import pick_device
from seqattr.errors import InputError

SCRIPT = """
import json, multiprocessing, os, signal, threading
import torch
from torch import nn
import seqattr

torch.set_num_threads(2)
torch.manual_seed(0)
layers = nn.Conv1d(4, 16, 9), nn.ReLU(), nn.Conv1d(16, 9, 3), nn.GELU(), nn.AdaptiveAvgPool1d(1), nn.Flatten()
model = seqattr.Model(nn.Sequential(*layers, nn.Linear(9, 2)), torch.zeros(2, 4, 300))
x = torch.eye(4)[torch.randint(4, (32, 300))].transpose(1, 2).contiguous()


def answer(number=0):
    signal.alarm(20)  # a child that hangs ends
    found = seqattr.attribute(model, x, x.flip(2)[:, None])
    signal.alarm(0)
    return float(found.contributions.abs().sum())


def forked():
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, str(answer()).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    return float(os.read(read, 100) or "nan")


def amid_work():
    busy = threading.Thread(target=lambda: [answer_in_thread() for _ in range(5)])
    busy.start()
    found = forked()
    busy.join()
    return found


def answer_in_thread():
    return seqattr.attribute(model, x[:8], x[:8].flip(2)[:, None])


class Worker(torch.utils.data.Dataset):
    __len__ = lambda self: 1
    __getitem__ = lambda self, number: answer()


found = {"parent": answer(), "fork": forked(), "fork amid work": amid_work()}
with multiprocessing.get_context("fork").Pool(2) as pool:
    found["pool"] = pool.map_async(answer, range(3)).get(60)[2]
found["loader"] = float(next(iter(torch.utils.data.DataLoader(Worker(), num_workers=1))))
found["parent again"] = answer()
found["threads"] = torch.get_num_threads()
print(json.dumps(found))
"""


def test_children_answer_as_their_parent() -> None:
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("threads") == 2
    assert found["parent"] > 0
    assert found == pytest.approx(dict.fromkeys(found, found["parent"]), rel=1e-5)


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_child_of_one_with_a_gpu_is_told_what_to_do(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "_is_in_bad_fork", lambda: True)
    with pytest.raises(InputError, match="start it with 'spawn'"):
        pick_device(device)
    assert pick_device("cpu").type == "cpu"
