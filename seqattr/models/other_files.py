"""What a file is that is no model: the words that follow upon "PATH is not a PyTorch model file"."""

from pathlib import Path

import h5py

from seqattr.io.hdf5.layout import looks_like_contributions


def in_folder(path: Path) -> str:
    """What to name instead of a folder."""
    if (path / "saved_model.pb").exists():
        return "; it is a TensorFlow model, which has to be written again in PyTorch"
    endings = (".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".pt2")
    inside = sorted(p.name for p in path.iterdir() if p.suffix in endings)
    return f"; name one of what it holds: {', '.join(inside[:5])}" if inside else ""


def guess(path: Path, head: bytes) -> str:
    """What else a file may be, by its first bytes."""
    if head.startswith(b"\x1f\x8b"):
        return "; it is gzipped: unpack it first"
    if head.startswith((b">", b"@")):
        return "; it looks like a FASTA or FASTQ file"
    if head.startswith(b"\x08") and (path.suffix == ".onnx" or b"pytorch" in head or b"onnx" in head):
        return (
            "; it is an ONNX model: torch.save the PyTorch model it was made of, or one that onnx2torch makes"
        )
    return "; it should have been written by torch.save, torch.export.save, torch.jit.save or seqattr"


def of_hdf5(path: Path) -> str:
    """What an HDF5 file may be, since it is no model's."""
    with h5py.File(path, "r") as file:
        if looks_like_contributions(file):
            return "; it holds contributions that seqattr wrote, not the model that they explain"
    return "; it is HDF5, and no Keras model's: it has neither model_config nor weights by layers"
