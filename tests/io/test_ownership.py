"""Only what seqattr wrote, and only of the same command, is replaced unless forced."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import seqattr
from seqattr.errors import OutputError
from seqattr.io.ownership import Output, command_in, ours
from seqattr.io.tables import write_table

THEIRS = {
    "p.fa": b">a\nACGT\n",
    "p.bed": b"chr1\t0\t20\tname\n",
    "p.vcf": b"##fileformat=VCFv4.2\n#CHROM\tPOS\n",
    "notes.txt": b"my notes\n",
    "code.py": b"import torch\n",
    "broken.pt": b"PK\x03\x04 and no more",
    "broken.h5": b"\x89HDF and no more",
}


@pytest.mark.parametrize("name", THEIRS)
def test_a_file_of_somebody_s_own_is_not_replaced(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(THEIRS[name])
    with pytest.raises(OutputError, match="was not written by seqattr; give another `out`, or replace"):
        Output(path).claim_file()
    Output(path, force=True).claim_file()


def test_weights_of_somebody_s_own_are_not_replaced_a_model_file_is(tmp_path: Path, free: Path) -> None:
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "weights.pt")
    assert not ours(tmp_path / "weights.pt")
    assert ours(free)


def test_what_seqattr_writes_is_its_own(tmp_path: Path) -> None:
    write_table(tmp_path / "t.tsv", {"sequence": ["a"], "output": [1.0]})
    (tmp_path / "empty").write_bytes(b"")
    np.save(tmp_path / "a.npy", np.zeros(2))
    for path in (tmp_path / "t.tsv", tmp_path / "a.npy", tmp_path / "empty", tmp_path / "new"):
        Output(path).claim_file()


def test_results_of_another_command_stand(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"settings": {"command": "seqattr score --seed 1"}}))
    before = command_in(tmp_path / "run.json", "settings", "command")
    with pytest.raises(OutputError, match=r"results of another run \(seqattr score --seed 1\); give another"):
        Output(tmp_path).claim_run(tmp_path, before, "seqattr score --seed 2")
    Output(tmp_path, force=True).claim_run(tmp_path, before, "seqattr score --seed 2")
    Output(tmp_path).claim_run(tmp_path, before, "seqattr score --seed 1")
    Output(tmp_path).claim_run(tmp_path, None, "seqattr score --seed 2")


@pytest.mark.parametrize("text", ["", "[]", '{"settings": 3}', "{"])
def test_results_that_tell_no_command_are_of_another(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    assert command_in(tmp_path / "run.json", "settings", "command") == ""
    with pytest.raises(OutputError, match="it holds the results of another run; give another"):
        Output(tmp_path).claim_run(tmp_path, "", "seqattr score")


def test_the_library_s_version_is_no_mark_of_others(tmp_path: Path) -> None:
    """A model of the library's is a model file, whoever called it."""
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(40, 1))
    seqattr.save_model(tmp_path / "m.pt", seqattr.Model(module, torch.zeros(2, 4, 10)))
    assert ours(tmp_path / "m.pt")


def test_a_folder_s_own_files_are_told_by_their_mark(tmp_path: Path) -> None:
    """FASTA files of a simulation look like anybody's; the file beside them does not."""
    names = ("sequences.fa", "simulation.json")
    Output(tmp_path).claim_folder(names, "simulation.json")
    (tmp_path / "sequences.fa").write_text(">mine\nACGT\n")
    with pytest.raises(OutputError, match=r"was not written by seqattr \(sequences.fa\); give another `out`"):
        Output(tmp_path).claim_folder(names, "simulation.json")
    Output(tmp_path, force=True).claim_folder(names, "simulation.json")
    (tmp_path / "simulation.json").write_text('{"seqattr": "0.1.0"}')
    Output(tmp_path).claim_folder(names, "simulation.json")
