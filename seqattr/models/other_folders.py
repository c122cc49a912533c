"""What to name instead of a folder that is no model."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from seqattr.models.other_files import AGAIN

ENDINGS = (".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".pt2", ".torch", ".h5", ".keras", ".jit")
MOST_ENTRIES, DEEPEST = 2000, 3  # that are looked at in a folder, and how far down
TO_ONE_FILE = "python -m torch.distributed.checkpoint.format_utils dcp_to_torch"

# A file by which one knows the folder, and what it is then.
BY_A_FILE = {
    r"saved_model\.pb(txt)?": f"it is a TensorFlow model, {AGAIN}",
    r".*\.index|checkpoint": f"it holds TensorFlow checkpoints, of a model {AGAIN}",
    r"_CHECKPOINT_METADATA|manifest\.ocdbt|.*\.msgpack": f"it holds JAX's weights, of a model {AGAIN}",
    r".*\.distcp": f"it is a distributed checkpoint: make one file of it ({TO_ONE_FILE} FOLDER model.pt)",
    r"run\.json": "it holds what seqattr score wrote, not the model",
    r"config\.json": "it has a config.json, and no model.safetensors or pytorch_model.bin beside it",
}


def in_folder(path: Path) -> str:
    """What the folder is, or what to name of all that it holds."""
    top = sorted(entry.name for entry in path.iterdir())
    if not top:
        return "; it is empty"
    for pattern, words in BY_A_FILE.items():
        if any(re.fullmatch(pattern, name) for name in top):
            return f"; {words}"
    models = [str(file.relative_to(path)) for file in models_in(path)]
    if not models:
        return ", and there is no model in it"
    several = "; of folds convert each: score takes them together" if len(models) > 1 else ""
    return f"; name one of what it holds: {', '.join(models[:5])}{several}"


def models_in(path: Path) -> Iterator[Path]:
    """Files and folders that may be models, those higher up first."""
    level, seen = [path], 0
    for _ in range(DEEPEST):
        entries = [entry for folder in level for entry in listed(folder)]
        seen += len(entries)
        yield from (entry for entry in entries if entry.suffix in ENDINGS)
        level = [entry for entry in entries if entry.is_dir() and not entry.is_symlink()]
        if seen > MOST_ENTRIES:
            return


def listed(folder: Path) -> list[Path]:
    """The entries of a folder, in order; none of one that cannot be read."""
    try:
        return sorted(folder / name for name in os.listdir(folder))[:MOST_ENTRIES]
    except OSError:
        return []
