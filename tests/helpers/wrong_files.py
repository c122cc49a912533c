"""A folder of files that are right, and of those that people give in their place."""

import gzip
import json
import pickle
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import torch
from torch import nn

from seqattr.data.simulate import TASKS, TalGata, simulate_tal_gata
from seqattr.data.simulation_files import write_simulation
from seqattr.io.fasta.records import write_fasta
from seqattr.io.motifs.meme import write_meme
from seqattr.models.checkpoints import Trained, save_checkpoint
from seqattr.models.zoo import build

LENGTH = 40
HUGE = "9" * 5000

NETWORKS = '''"""Classes that pickles and state dicts are of."""
import torch
from torch import nn


def body(channels):
    return nn.Conv1d(4, channels, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten()


class Small(nn.Sequential):
    def __init__(self):
        super().__init__(*body(6), nn.Linear(6, 2))


class Other(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv1d(4, 3, 5), nn.Flatten())


class Wide(nn.Sequential):
    def __init__(self, channels, tasks):
        super().__init__(*body(channels), nn.Linear(channels, tasks))


class NoModule:
    pass


def small():
    return Small()
'''  # fmt: skip


def write_all(folder: Path, models: Path) -> None:
    """Every file of the table of wrong calls; `models` holds free.pt and fixed.pt."""
    for name in ("free.pt", "fixed.pt"):
        (folder / name).write_bytes((models / name).read_bytes())
    write_sequences(folder)
    write_places(folder)
    write_motifs(folder)
    write_no_models(folder)
    write_foreign_models(folder)
    write_training(folder)


def random_text(length: int, seed: int = 0) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


def write_sequences(folder: Path) -> None:
    def fasta(name: str, **lengths: int) -> None:
        write_fasta(folder / name, list(lengths), [random_text(n, i) for i, n in enumerate(lengths.values())])

    fasta("s.fa", r0=LENGTH, r1=LENGTH, r2=LENGTH)
    fasta("mixed.fa", r0=LENGTH, short=30, long=55)
    fasta("long.fa", r0=60, r1=60)
    fasta("genome.fa", chr1=3000, chr2=900)
    fasta("bare_names.fa", **{"1": 3000, "2": 900})
    good = (folder / "s.fa").read_bytes()
    for name, content in {
        "empty.fa": b"",
        "protein.fa": b">p1\nMKVLATTLEQWS\n>p2\nMSTNPKPQRKTK\n",
        "reads.fq": b"@read1\nACGTACGT\n+\nIIIIIIII\n",
        "aligned.bam": gzip.compress(b"BAM\x01" + bytes(60)),
        "genome.2bit": b"\x43\x27\x41\x1a" + bytes(60),
        "cut.fa.gz": gzip.compress(good * 50)[:-30],
        "twice.fa": good + good,
        "nul.fa": good.replace(b">r1", b">r\x001"),
        "no_names.fa": b"ACGTACGTTGCA\n",
        "only_n.fa": b">n\n" + b"N" * 40 + b"\n",
    }.items():
        (folder / name).write_bytes(content)


def write_places(folder: Path) -> None:
    for name, text in {
        "peaks.bed": "chr1\t100\t140\n",
        "bare_names.bed": "1\t100\t140\n1\t200\t240\n",
        "off_the_end.bed": "chr1\t2990\t3000\n",
        "header_alone.bed": "chrom\tstart\tend\n",
        "words.bed": "chr1\tstart\tend\nchr1\tfirst\tlast\n",
        "two_columns.bed": "chr1\t100\n",
        "backwards.bed": "chr1\t140\t100\n",
        "empty.bed": "",
        "huge.bed": f"chr1\t{HUGE}\t{HUGE}1\n",
        "peaks.narrowPeak": "chr1\t100\t200\t.\t1000\t.\t5\t9\t7\t80\n",
        "variants.vcf": "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\nchr1\t100\t.\tA\tG\n",
        "genes.gtf": '#!genome-build GRCh38\nchr1\tHAVANA\tgene\t100\t200\t.\t+\t.\tgene_id "A";\n',
        "genes_bare.gtf": 'chr1\tHAVANA\tgene\t100\t200\t.\t+\t.\tgene_id "A";\n',
        "genes_bare.gff": "chr1\tHAVANA\tgene\t100\t200\t.\t+\t.\tID=A\n",
        "variants_bare.vcf": "#CHROM\tPOS\tID\tREF\tALT\nchr1\t100\t.\tA\tG\n",
        "huge.sizes": f"chr1\t{HUGE}\n",
        "table.csv": "chrom,start,end\nchr1,100,140\n",
        "coordinates.fa": ">chr1:100-140\n" + random_text(40) + "\n",
    }.items():
        (folder / name).write_text(text)


def write_motifs(folder: Path) -> None:
    gata = np.array(
        [[0.1, 0.8, 0.1, 0.7], [0.1, 0.1, 0.1, 0.1], [0.7, 0.05, 0.1, 0.1], [0.1, 0.05, 0.7, 0.1]]
    )
    write_meme(folder / "good.meme", {"GATA": gata / gata.sum(0)}, (0.25,) * 4)
    text = (folder / "good.meme").read_text()
    row = "0.25 0.25 0.25 0.25\n"
    amino = "ACDEFGHIKLMNPQRSTVWY"
    protein = "MOTIF P\nletter-probability matrix: alength= 20 w= 1\n" + " 0.05" * 20 + "\n"
    for name, content in {
        "empty.meme": "",
        "no_motif.meme": text[: text.index("MOTIF")],
        "protein.meme": f"MEME version 4\n\nALPHABET= {amino}\n\n{protein}",
        "wide.meme": text[: text.index("MOTIF")]
        + "MOTIF W\nletter-probability matrix: alength= 4 w= 100000\n"
        + row * 100_000,
        "notes.txt": "remember the milk\n",
    }.items():
        (folder / name).write_text(content)


def write_no_models(folder: Path) -> None:
    weight = np.zeros((2, 2), np.float32)
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
    for name, content in {
        "empty.pt": b"",
        "text.pt": b"a model, one day\n",
        "small.onnx": b"\x08\x08\x12\x07pytorch\x1a\x052.1.0" + bytes(40),
        "weights.safetensors": len(header).to_bytes(8, "little") + header + weight.tobytes(),
        "dict.pkl": pickle.dumps({"a": 1, "weights": [0.1, 0.2]}),
        "cut.pt": (folder / "free.pt").read_bytes()[:-500],
        "packed.pt.gz": gzip.compress((folder / "free.pt").read_bytes()),
    }.items():
        (folder / name).write_bytes(content)
    with h5py.File(folder / "keras.h5", "w") as file:
        file.attrs["keras_version"] = "2.11.0"
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": []}'
        file.create_group("model_weights")
    with zipfile.ZipFile(folder / "keras.keras", "w") as archive:
        archive.writestr("model.weights.h5", b"")
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("readme.txt", b"hello")
    (folder / "saved_model").mkdir()
    (folder / "saved_model" / "saved_model.pb").write_bytes(b"\x08\x01")


def write_foreign_models(folder: Path) -> None:
    """Of classes that are in networks.py, that are gone, and that a script defined."""
    (folder / "networks.py").write_text(NETWORKS)
    there = module_of("networks")
    torch.manual_seed(0)
    small = there.Small()
    state = small.state_dict()
    optimizer = torch.optim.Adam(small.parameters())
    small(torch.zeros(1, 4, 40)).sum().backward()
    optimizer.step()
    for name, content in {
        "state.pt": state,
        "optimizer.pt": optimizer.state_dict(),
        "trained.pt": {"epoch": 3, "model_state_dict": state, "optimizer": optimizer.state_dict()},
        "lightning.ckpt": {
            "pytorch-lightning_version": "2.1",
            "state_dict": {f"net.{k}": v for k, v in state.items()},
        },
        "list.pt": [1, 2, 3],
        "tensor.pt": torch.zeros(3),
    }.items():
        torch.save(content, folder / name)
    torch.save(
        nn.Sequential(nn.Conv1d(4, 6, 7), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 34, 2)), folder / "whole.pt"
    )
    torch.save(nn.Sequential(nn.Conv1d(4, 6, 7), nn.AdaptiveAvgPool1d(1)), folder / "pooled.pt")
    scripted = torch.jit.trace(small, torch.zeros(2, 4, 40), check_trace=False)
    torch.jit.save(scripted, folder / "script.pt")
    pickled(folder / "lost.pt", module_of("lost_networks").Small())
    script = sys.modules["__main__"]
    script.Small = there.Small  # type: ignore[attr-defined]
    there.Small.__module__ = "__main__"
    torch.save(small, folder / "of_a_script.pt")
    del script.Small  # type: ignore[attr-defined]
    for name in ("networks", "lost_networks"):
        sys.modules.pop(name)


def pickled(path: Path, module: nn.Module) -> None:
    torch.save(module, path)


def module_of(name: str) -> Any:
    """The networks under a name that pickles of them will hold."""
    module = ModuleType(name)
    sys.modules[name] = module
    exec(NETWORKS, module.__dict__)
    return module


def write_training(folder: Path) -> None:
    """A simulation, and two checkpoints of a net of it that has learned nothing."""
    simulation = simulate_tal_gata(TalGata(count=20), seed=0)
    write_simulation(folder / "simulation", simulation)
    net = build("tal-gata", 200, 3)
    (folder / "checkpoints").mkdir()
    for epoch in (1, 2):
        trained = Trained("tal-gata", 200, TASKS, epoch, 0.001, 0, simulation.digest("train"))
        save_checkpoint(folder / "checkpoints", net.eval(), trained)


def write_damaged_scores(folder: Path) -> None:
    """Beside done/, which `seqattr score` has written."""
    good = {path.name: path.read_bytes() for path in (folder / "done").iterdir()}
    whole = good["target0.h5"]
    for name, changes in {
        "unfinished": {"run.json": None},
        "other_json": {"run.json": b'{"epochs": 3}'},
        "no_json": {"run.json": b"not yet"},
        "lost": {"target1.h5": None},
        "cut": {"target0.h5": whole[: len(whole) // 2], "target1.h5": whole[: len(whole) // 2]},
    }.items():
        (folder / name).mkdir()
        for file, content in (good | changes).items():
            if content is not None:
                (folder / name / file).write_bytes(content)
