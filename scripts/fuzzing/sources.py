"""What users have beside PyTorch's own files: folders of weights, and what is no model at all."""

import bz2
import gzip
import io
import json
import pickle
import random
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from fuzzing.mutations import BINARY, TEXT, mutate
from fuzzing.reader import Files, each
from seqattr.models.load import Foreign, load_model
from seqattr.models.recognition import recognise
from seqattr.models.zoo import build

LENGTH = 60
OURS = Foreign(length=LENGTH, arch="tal-gata")


class HubFolders:
    """A folder of a config and weights, in one file or in shards, some of them changed; never trusted."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        state = build("tal-gata", LENGTH, 2).state_dict()
        names = list(state)
        halves = [{name: state[name] for name in part} for part in (names[:4], names[4:])]
        config = json.dumps({"tasks": 2, "architectures": ["Net"]}).encode()
        self.folders = []
        for stem, ending, write in (("model", "safetensors", save), ("pytorch_model", "bin", pickled)):
            shards = {f"{stem}-{number}.{ending}": half for number, half in enumerate(halves)}
            where = {name: file for file, half in shards.items() for name in half}
            index = json.dumps({"weight_map": where}).encode()
            self.folders += [
                {"config.json": config, f"{stem}.{ending}": write(state)},
                {
                    f"{stem}.{ending}.index.json": index,
                    **{file: write(half) for file, half in shards.items()},
                },
            ]

    def make(self, rng: random.Random) -> Files:
        files = dict(rng.choice(self.folders))
        for name in rng.sample(list(files), rng.choice((1, 1, 2))):
            files[name] = mutate(files[name], rng, TEXT if name.endswith("json") else BINARY)
        if rng.random() < 0.1:
            del files[rng.choice(list(files))]
        return {f"f/{name}": content for name, content in files.items()} or {"f/x": b""}

    def read(self, folder: Path, rng: random.Random) -> None:
        each(lambda: load_model(folder / "f", foreign=OURS), lambda: load_model(folder / "f"))


def pickled(state: dict[str, torch.Tensor]) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


class OtherFiles:
    """What is no model, and weights, changed: refused in one line, or taken for what it says it is."""

    def __init__(self) -> None:
        array, arrays = io.BytesIO(), io.BytesIO()
        np.save(array, np.zeros(3))
        np.savez(arrays, w=np.zeros(3))
        onnx = b"\x08\x08\x12\x04skl2\x3a\x10" + bytes(16) + b"\x42\x02\x10\x11"
        texts = (b">chr1\nACGT\n", b"chr1\t1\t20\n", b"import torch\n", b'{"weight_map": {"w": "f.bin"}}')
        weights = {"w": torch.ones(2)}
        self.seeds = (
            *(pickled(weights), save(weights)),
            *(
                array.getvalue(),
                arrays.getvalue(),
                onnx,
                b"\x81\xa6params\x82\xa4conv\xc7\x03\x01\x93\x91\x02",
            ),
            *(pickle.dumps({"a": [1]}, protocol) for protocol in range(6)),
            *(*texts, gzip.compress(texts[0]), bz2.compress(texts[0]), bytes(300) + b"ustar" + bytes(300)),
            *(bytes(90) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb", b"\x89HDF\r\n\x1a\n" + bytes(90)),
        )

    def make(self, rng: random.Random) -> Files:
        return {"file.pt": mutate(rng.choice(self.seeds), rng, rng.choice((TEXT, BINARY)))}

    def read(self, folder: Path, rng: random.Random) -> None:
        recognise(folder / "file.pt")
