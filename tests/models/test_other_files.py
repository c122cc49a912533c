"""What is no model is told what it is, in one line, with nothing of it run; whatever its name."""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import tarfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from seqattr.errors import ModelError
from seqattr.models.recognition import recognise


def field(number: int, content: bytes | int) -> bytes:
    """A field of a protobuf message: a number, or bytes."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(number: int) -> bytes:
    more = bytearray()
    while number > 127:
        more.append(number & 127 | 128)
        number >>= 7
    return bytes([*more, number])


ONNX = field(1, 8) + field(2, b"skl2" * 40) + field(7, bytes(300)) + field(8, field(2, 17))
MSGPACK = b"\x81\xa6params\x82\xa4conv\xc7\x03\x01\x93\x91\x02"


def hdf5(path: Path, *names: str) -> None:
    with h5py.File(path, "w") as file:
        for name in names:
            file.create_group(name)


def tarred(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())


def in_memory(write: Callable[..., Any], *arrays: np.ndarray, **named: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    write(buffer, *arrays, **named)
    return buffer.getvalue()


Writer = Callable[[Path], Any]
FILES: dict[str, tuple[bytes | Writer, str]] = {
    "ONNX, whatever its name": (ONNX, "it is an ONNX model: torch.save the PyTorch model"),
    "a TensorFlow model": (field(1, 1) + field(2, bytes(90)), "it is a TensorFlow model, which has to be"),
    "a TensorFlow checkpoint": (
        bytes(90) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb",
        "of a TensorFlow checkpoint",
    ),
    "its list": (b'model_checkpoint_path: "model-3"\n', "names the last of several TensorFlow checkpoints"),
    "Flax": (MSGPACK, "it looks like msgpack, as Flax and JAX write the weights"),
    "a NumPy array": (lambda p: p.write_bytes(in_memory(np.save, np.zeros(3))), "it is a NumPy array"),
    "NumPy arrays": (
        lambda p: p.write_bytes(in_memory(np.savez, w=np.zeros(3), b=np.zeros(1))),
        "archive of w.npy, b.npy",
    ),
    "a pickled dict": (pickle.dumps({"w": [1.0]}), "is a pickle of a dict that torch.save did not write"),
    "a pickled list": (pickle.dumps([1.0]), "is a pickle of a list that torch.save did not write"),
    "an old pickle": (pickle.dumps({"w": 1}, 0), "is a pickle of something that torch.save did not write"),
    "a pickled object": (pickle.dumps(OrderedDict(a=1)), "is a pickle of collections.OrderedDict that torch"),
    "an old pickled object": (pickle.dumps(Path("x"), 0), "is a pickle of"),
    "a FASTA file": (b">chr1\nACGT\n", "it looks like a FASTA or FASTQ file"),
    "a gzipped FASTA file": (gzip.compress(b">chr1\nACGT\n"), "it looks like a FASTA or FASTQ file, gzipped"),
    "a BAM file": (gzip.compress(b"BAM\1" + bytes(9)), "it is a BAM file of aligned reads, gzipped"),
    "gzip": (gzip.compress(pickle.dumps([1])), "it is gzipped: unpack it first"),
    "gzip of gzip": (gzip.compress(gzip.compress(b">chr1\nACGT")), "it is gzipped: unpack it first"),
    "damaged gzip": (b"\x1f\x8b" + bytes(20), "it is gzipped: unpack it first"),
    "bzip2": (bz2.compress(b"x"), "it is compressed (bzip2): unpack it first"),
    "xz": (lzma.compress(b"x"), "it is compressed (xz): unpack it first"),
    "tar": (tarred, "it is a tar archive: unpack it first"),
    "bigWig": (b"\x26\xfc\x8f\x88" + bytes(60), "it is a bigWig file"),
    "BED": (b"# peaks\nchr1\t10\t20\n", "it looks like a BED file"),
    "MEME": (b"MEME version 4\n", "it is a MEME file of motifs"),
    "code": (
        b'"""A net."""\nimport torch\n',
        "it is Python code: name a file of weights, and this one as `For",
    ),
    "a web page": (b"\n<!DOCTYPE html><html>", "it is a web page"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "it is Git LFS's pointer"),
    "a text": ("größer\n".encode(), "it is a text; it should have been written by torch.save"),
    "noise": (bytes(range(1, 256)), "model file; it should have been written by torch.save"),
    "a config": (b'{"model_type": "bert"}', "it is part of a Hugging Face folder: name the folder"),
    "an index": (b' {"weight_map": {}}', "it is part of a Hugging Face folder: name the folder"),
    "a run": (b'{"seqattr": "1", "settings": {}}', "it says how a run of seqattr was made"),
    "JSON": (b"[1, 2]", "it is a JSON text, which is no model"),
    "deep JSON": (b"[" * 100_000, "it begins like JSON, and is no model"),
    "an HDF5 file": (lambda p: hdf5(p, "obs", "var", "X"), "it is HDF5 of X, obs, var, and no Keras model's"),
    "an empty HDF5 file": (hdf5, "it is HDF5 of nothing, and no Keras model's"),
    "an optimizer's state": (
        lambda p: torch.save(torch.optim.Adam([torch.zeros(2)]).state_dict(), p),
        "it is an optimizer's state; save the model's own",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_told_by_its_content(tmp_path, kind):
    content, line = FILES[kind]
    path = tmp_path / "file.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    with pytest.raises(ModelError) as raised:
        recognise(path)
    assert line in str(raised.value)
    assert str(raised.value).startswith(str(path))


def files_in(*names: str) -> Writer:
    def write(path: Path) -> None:
        for name in names:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(b"x")

    return write


FOLDERS: dict[str, tuple[Writer, str]] = {
    "empty": (files_in(), "; it is empty"),
    "TensorFlow": (
        files_in("saved_model.pb", "variables/variables.index"),
        "; it is a TensorFlow model, which",
    ),
    "TensorFlow checkpoints": (
        files_in("m.index", "m.data-00000-of-00001"),
        "; it holds TensorFlow checkpoints",
    ),
    "JAX": (files_in("_CHECKPOINT_METADATA", "d/x"), "; it holds JAX's weights, of a model which has"),
    "distributed": (
        files_in(".metadata", "__0_0.distcp"),
        "; it is a distributed checkpoint: make one file of it (python -m torch",
    ),
    "results": (files_in("run.json", "a.h5", "a.bw"), "; it holds what seqattr score wrote, not the model"),
    "a config alone": (files_in("config.json"), "; it has a config.json, and no model.safetensors or"),
    "folds": (
        files_in("fold_0.pt", "fold_1.pt", "notes.txt"),
        "; name one of what it holds: fold_0.pt, fold_1.pt; of folds convert each: score takes them together",
    ),
    "Lightning's": (
        files_in("version_0/checkpoints/last.ckpt", "version_0/hparams.yaml"),
        "; name one of what it holds: version_0/checkpoints/last.ckpt",
    ),
    "the hub's cache": (
        files_in("snapshots/0a1b/model.safetensors", "refs/main"),
        "; name one of what it holds: snapshots/0a1b/model.safetensors",
    ),
    "none": (files_in("notes.txt", "a/b/c/d/e/deep.pt"), ", and there is no model in it"),
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_folder_is_told_by_what_is_in_it(tmp_path, kind):
    write, line = FOLDERS[kind]
    write(tmp_path)
    with pytest.raises(ModelError) as raised:
        recognise(tmp_path)
    assert f"{tmp_path} is a folder, not a model file{line}" in str(raised.value)


def test_a_folder_without_end_is_looked_at_for_a_while(tmp_path):
    (tmp_path / "here").symlink_to(tmp_path)
    with pytest.raises(ModelError, match="there is no model in it"):
        recognise(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="neither a file nor a folder"):
        recognise(tmp_path / "pipe")


def test_the_command_says_it_in_one_line(refused, tmp_path):
    (tmp_path / "c.json").write_text(json.dumps({"architectures": ["X"]}))
    for command in (("inspect",), ("convert", "--out", tmp_path / "m.pt")):
        assert refused(command[0], tmp_path / "c.json", *command[1:]) == (
            f"{tmp_path / 'c.json'} is not a PyTorch model file; it is part of a Hugging Face folder: name "
            "the folder"
        )
    assert not (tmp_path / "m.pt").exists()
