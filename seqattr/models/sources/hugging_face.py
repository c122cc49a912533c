"""A folder as `save_pretrained` of transformers and huggingface_hub leaves it, on disk: a config and weights.

The weights are one file, or several with an index that says in which of them each tensor is.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from seqattr.errors import ModelError
from seqattr.io.kept import keep
from seqattr.models import weights
from seqattr.models.geometry import Foreign, ReadModule
from seqattr.models.recognition import CONFIG, HUGGING_FACE, SAFETENSORS, STATE_DICT, look
from seqattr.models.sources import safetensors_files, state_dicts
from seqattr.models.user_class import Kept

MOST_TEXT = 2**26  # bytes of a config or an index


def read(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """The class that `foreign.arch` names, with the weights in `content`, a file or an index of the folder;
    what its arguments leave open the config says.

    Raises ModelError where no class is named, or the folder is not whole.
    """
    kept = json_table(path / CONFIG) if (path / CONFIG).exists() else {}
    for file in path.iterdir():
        keep(file)
    if foreign.arch is None:
        raise ModelError(f"{path} is {HUGGING_FACE}: {class_wanted(kept)} (`Foreign.arch=module:Class`)")
    state = weights_of(content)
    return state_dicts.with_weights(path, foreign, state, Kept(kept, f"{CONFIG}'s"))


def class_wanted(config: Mapping[str, Any]) -> str:
    """What is missing, with the name that the config has for it."""
    names = config.get("architectures")
    named = names[0] if isinstance(names, list) and names and isinstance(names[0], str) else ""
    return "say which class it belongs to" + (f", which {CONFIG} calls {named:.60}" if named else "")


def weights_of(path: Path) -> dict[str, Tensor]:
    """All tensors of one file, or of those that an index names. Raises ModelError."""
    if path.suffix != ".json":
        return tensors_of(path)
    state: dict[str, Tensor] = {}
    for name in shards(path):
        state |= tensors_of(path.parent / name)
    return state


def shards(index: Path) -> list[str]:
    """The files that an index names, all of them beside it. Raises ModelError."""
    where = json_table(index).get("weight_map")
    names = list(where.values()) if isinstance(where, dict) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise ModelError(f"{index} does not say in which file each weight is (weight_map)")
    for name in dict.fromkeys(names):
        if name != Path(name).name or name in ("", ".", ".."):
            raise ModelError(f"{index} names the file {name!r:.200}, which is not beside it")
    return sorted(set(names))


def tensors_of(path: Path) -> dict[str, Tensor]:
    """The tensors of one file, which may hold nothing else. Raises ModelError."""
    kind, content = look(path)
    if kind == SAFETENSORS:
        return safetensors_files.tensors_of(path)
    located = weights.find(content) if kind == STATE_DICT else None
    if located is None or isinstance(located.content, nn.Module):
        raise ModelError(f"{path} is {kind}, and in such a folder weights alone are read")
    return dict(located.content)


def json_table(path: Path) -> dict[str, Any]:
    """A JSON file that holds a table. Raises ModelError for another."""
    try:
        if path.stat().st_size > MOST_TEXT:
            raise ModelError(f"{path} has {path.stat().st_size:,} bytes, which none of its kind has")
        table = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read: {str(error) or 'it is too deep'}") from error
    if not isinstance(table, dict):
        raise ModelError(f"{path} holds no table of names and values")
    return table
