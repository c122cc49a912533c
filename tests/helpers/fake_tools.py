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


# Reads what Fi-NeMo reads, and calls each place where contributions are as similar to a pattern as is wanted.
_FINEMO = """
import csv, json, os, sys
import h5py, numpy as np
assert sys.argv[1] == "call-hits"
words = sys.argv[2:]
options = dict(zip(words[::2], words[1::2]))
arrays = np.load(options["-r"])
one_hot, values = arrays["sequences"], arrays["contributions"]
count, _, length = one_hot.shape
assert length % 2 == 0 and values.shape == (count, length), "Region width is not divisible by 2"
assert 1 <= int(options["-b"]) <= max(count, 1)
projected = one_hot * values[:, None]
{first}
rows = []
with h5py.File(options["-m"], "r") as file:
    for sign in ("pos_patterns", "neg_patterns"):
        for name, pattern in sorted(file.get(sign, {{}}).items()):
            weights = pattern["contrib_scores"][:].T
            size = abs(weights).sum(axis=0)
            inside = np.flatnonzero(size >= float(options.get("-t", 0.3)) * size.max())
            cut = np.zeros_like(weights)
            cut[:, inside[0] : inside[-1] + 1] = weights[:, inside[0] : inside[-1] + 1]
            width = weights.shape[1]
            for strand, table in (("+", cut), ("-", cut[::-1, ::-1])):
                mask = abs(table).sum(axis=0) > 0
                for row in range(count):
                    for start in range(length - width + 1):
                        part = projected[row, :, start : start + width] * mask
                        norm = np.sqrt((part**2).sum() * (table**2).sum())
                        cosine = (part * table).sum() / (norm or 1)
                        if cosine >= float(options["-l"]):
                            rows.append([row, f"{{sign}}.{{name}}", start, strand, 2.0, cosine])
os.makedirs(options["-o"])
with open(os.path.join(options["-o"], "hits.tsv"), "w") as table:
    names = ["peak_id", "motif_name", "start_untrimmed", "strand", "hit_coefficient", "hit_similarity"]
    csv.writer(table, delimiter="\\t", lineterminator="\\n").writerows([names, *rows])
"""


def install_finemo(monkeypatch: pytest.MonkeyPatch, folder: Path, first: str = "") -> None:
    """A command `finemo` on the PATH, that does something else first."""
    install(monkeypatch, folder, "finemo", _FINEMO.format(first=first))


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
