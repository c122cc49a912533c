"""Commands of other tools that are not installed here: scripts that do with files what those do."""

import os
import sys
from pathlib import Path

import pytest

from tests.helpers.modisco_files import RECORDED

# Reads what modisco-lite reads, and answers with a recorded result whose seqlets lie in the first sequences.
_MODISCO = """
import json, shutil, sys
import h5py, numpy as np
assert sys.argv[1] == "motifs"
words = [word for word in sys.argv[2:] if word != "-v"]
options = dict(zip(words[::2], words[1::2]))
one_hot, hypothetical = (np.load(options[key])["arr_0"] for key in ("-s", "-a"))
assert one_hot.shape == hypothetical.shape and one_hot.shape[1] == 4
assert int(options["-w"]) <= one_hot.shape[2], "Window cannot be longer than the sequence length"
print("Using 116 positive seqlets")
{first}
shutil.copyfile({recorded!r}, options["-o"])
with h5py.File(options["-o"], "r+") as file:
    file.attrs["given"] = json.dumps({{**options, "shape": one_hot.shape, "sum": float(hypothetical.sum())}})
    found = []
    file.visititems(lambda name, item: found.append(item) if name.endswith("example_idx") else None)
    for rows in found:
        rows[:] = np.arange(len(rows)) % len(one_hot)
"""


def install_modisco(
    monkeypatch: pytest.MonkeyPatch, folder: Path, first: str = "", recorded: Path = RECORDED
):
    """A command `modisco` on the PATH, that does something else first."""
    install(monkeypatch, folder, "modisco", _MODISCO.format(first=first, recorded=str(recorded)))


def install(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, script: str) -> None:
    """Put a Python script on the PATH as a command."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def uninstall(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """As if there were no tools."""
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
