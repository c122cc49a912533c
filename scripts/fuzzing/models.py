"""Model files: our own with changed graphs, those of every other format, checkpoints of a training."""

import io
import pickle
import random
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import torch

import seqattr
from fuzzing import graphs
from fuzzing.mutations import BINARY, TEXT, mutate
from fuzzing.nets import LENGTH, nets, small
from fuzzing.reader import Files, each
from seqattr.models import native
from seqattr.models.checkpoints import Trained, read_checkpoint, read_checkpoints, save_checkpoint
from seqattr.models.load import Foreign, load_model
from seqattr.models.recognition import LIGHTNING, STATE_DICT, recognise
from seqattr.models.zoo import build

METHODS = ("deeplift", "deeplift-revealcancel", "gradient", "lrp-composite")
MOST_BASES = 10_000
ARCH = Foreign(length=LENGTH, arch="fuzzing.nets:small")


class Graphs:
    """Our own format, with the fingerprint of just its content, as anybody can write it."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self.plain = [native.to_plain(seqattr.Model(net, torch.zeros(2, 4, LENGTH))) for net in nets()]

    def make(self, rng: random.Random) -> Files:
        return {"m.pt": bytes_of(graphs.with_fingerprint(graphs.mutate(rng.choice(self.plain), rng)))}

    def read(self, folder: Path, rng: random.Random) -> None:
        model = load_model(folder / "m.pt")
        shortest, longest = model.lengths.shortest, model.lengths.longest or 3 * model.example_length
        lengths = {model.example_length, shortest, rng.randint(shortest, longest)}
        method = rng.choice(METHODS)
        each(*(lambda length=length: explain(model, min(length, MOST_BASES), method) for length in lengths))


def explain(model: seqattr.Model, length: int, method: str) -> None:
    """Two sequences against two references each."""
    codes = torch.randint(4, (2, length), generator=torch.Generator().manual_seed(1))
    sequences = torch.nn.functional.one_hot(codes, 4).transpose(1, 2)
    references = sequences[:, None].expand(-1, 2, -1, -1).roll(1, 3).flip(2)
    found = seqattr.attribute(model, sequences, references, method=method)
    assert found.contributions.isfinite().all()


class Archives:
    """Bytes of models in every format, and entries of their archives, changed."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self.seeds = seeds()

    def make(self, rng: random.Random) -> Files:
        content = rng.choice(self.seeds)
        if content.startswith(b"PK\x03") and rng.random() < 0.8:
            return {"m.pt": with_changed_entry(content, rng)}
        return {"m.pt": mutate(content, rng, BINARY)}

    def read(self, folder: Path, rng: random.Random) -> None:
        """Never trusted, but for weights, which are plain data."""
        path = folder / "m.pt"
        kind = recognise(path)
        weights = kind in (STATE_DICT, LIGHTNING)
        each(lambda: load_model(path, trust=weights, foreign=ARCH if weights else None))


def bytes_of(content: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def seeds() -> list[bytes]:
    """A small model in each format that a file may have."""
    module = small().eval()
    state, example = module.state_dict(), torch.zeros(2, 4, LENGTH)
    script, archive = io.BytesIO(), io.BytesIO()
    torch.jit.save(torch.jit.trace(module, example), script)
    batch = torch.export.Dim("batch", min=2)
    torch.export.save(torch.export.export(module, (example,), dynamic_shapes=({0: batch},)), archive)
    lightning = {"pytorch-lightning_version": "2", "state_dict": state, "hyper_parameters": {"a": 1}}
    return [
        bytes_of(native.to_plain(seqattr.Model(module, example))),
        *(bytes_of(state), bytes_of(state, _use_new_zipfile_serialization=False), bytes_of(lightning)),
        *(
            bytes_of({"epoch": 3, "model": {f"module.{name}": v for name, v in state.items()}}),
            bytes_of(module),
        ),
        *(bytes_of(module, _use_new_zipfile_serialization=False), script.getvalue(), archive.getvalue()),
        *(pickle.dumps({"weights": [1.0, 2.0]}), safetensors()),
        *(
            b"\x89HDF\r\n\x1a\n" + bytes(200),
            b"\x08\x07\x12\x07pytorch" + bytes(50),
            b"PK\x05\x06" + bytes(18),
        ),
    ]


def safetensors() -> bytes:
    head = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    return len(head).to_bytes(8, "little") + head + bytes(8)


def with_changed_entry(content: bytes, rng: random.Random) -> bytes:
    """The archive again, whole, with one of its entries mutated, renamed, lost or there twice."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    place = rng.choice([*range(len(entries)), *(i for i, (name, _) in enumerate(entries) if "pkl" in name)])
    name, inside = entries[place]
    change = rng.randrange(8)
    if change == 0:
        del entries[place]
    elif change == 1:
        entries.append(entries[place])
    elif change == 2:
        entries[place] = (mutate(name.encode(), rng).decode("utf-8", "replace") or "x", inside)
    else:
        entries[place] = (name, mutate(inside, rng, TEXT if rng.random() < 0.2 else BINARY))
    buffer = io.BytesIO()
    packing = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, inside in entries:
            archive.writestr(name[:60_000], inside)
    return buffer.getvalue()


class Checkpoints:
    """A folder of two checkpoints of a training, of which one is changed."""

    def __init__(self, length: int = 60, targets: tuple[str, ...] = ("a", "b")) -> None:
        torch.set_num_threads(1)
        with tempfile.TemporaryDirectory() as folder:
            trained = Trained("tal-gata", length, targets, 1, 0.1, 0, "data")
            module = build("tal-gata", length, len(targets)).eval()
            path = save_checkpoint(Path(folder), module, trained)  # type: ignore[arg-type]
            self.plain = torch.load(path, weights_only=True)

    def make(self, rng: random.Random) -> Files:
        plain = dict(self.plain)
        if rng.random() < 0.8:
            plain["training"] = change_entry(plain["training"], rng)
        if rng.random() < 0.3:
            plain["weights"] = change_entry(plain["weights"], rng)
        if rng.random() < 0.2:
            plain = graphs.mutate(plain, rng)
        second = self.plain | {"training": self.plain["training"] | {"epoch": 2}}
        return {
            "c/epoch_001.pt": bytes_of(graphs.with_fingerprint(plain)),
            "c/epoch_002.pt": bytes_of(second),
        }

    def read(self, folder: Path, rng: random.Random) -> None:
        each(
            lambda: read_checkpoint(folder / "c" / "epoch_001.pt").module(),
            lambda: [one.module() for one in read_checkpoints(folder / "c")],
            lambda: load_model(folder / "c" / "epoch_001.pt"),
        )


def change_entry(table: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """A table with one value gone, or another."""
    key, table = rng.choice(list(table)), dict(table)
    odd = (None, -1, 0, 2**70, 1e999, float("nan"), "", "x" * 5000, "basset", "\ud800")
    others = (torch.zeros(0), torch.zeros(1, 4, 3), torch.ones(2).bool(), [], ["a"], ["a", "a"], {})
    if rng.random() < 0.2:
        del table[key]
    else:
        table[rng.choice((key, key, "extra"))] = rng.choice((*odd, *others))
    return table
