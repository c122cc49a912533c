"""Our own model file: the captured graph as plain data, with its tensors in one dict.

Written by torch.save and read with weights_only=True, so that reading one cannot run code; the ops it may
name are those of the engine's tables.
"""

import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from seqattr.engine.capture.model import Model, check_model
from seqattr.engine.graph.graph import BatchLayout, Graph, Ref, Step
from seqattr.engine.graph.lengths import Lengths
from seqattr.engine.graph.outputs import Target
from seqattr.engine.graph.source_lines import first_line
from seqattr.engine.ops.sizes import is_size
from seqattr.errors import ModelError
from seqattr.io.atomic import replacing
from seqattr.models import claims
from seqattr.models.origin import check_provenance
from seqattr.models.recognition import OWN_FORMAT as FORMAT
from seqattr.support.version import package_version

VERSION = 1


def save_model(path: Path | str, model: Model) -> None:
    """Write a model file, whole or not at all. Raises OutputError, and InputError for what is no model."""
    check_model(model)
    write_plain(path, to_plain(model))


def write_plain(path: Path | str, data: dict[str, Any]) -> None:
    """Write what torch.save takes, whole or not at all; into memory first, as torch hides why a disk refuses.

    Raises OutputError.
    """
    archive = BytesIO()
    torch.save(data, archive)
    with replacing(path) as part:
        part.write_bytes(archive.getbuffer())


def to_plain(model: Model) -> dict[str, Any]:
    """The model as dicts, lists, strings, numbers and tensors."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "seqattr": package_version(),
        "fingerprint": checksum(model),
        **json.loads(json.dumps(description(model))),  # nothing but what JSON knows
        "provenance": dict(model.provenance),
        "tensors": {str(name): tensor.contiguous() for name, tensor in model.graph.tensors.items()},
    }


def description(model: Model) -> dict[str, Any]:
    """All that a model is but its tensors; not where it came from."""
    return {
        "steps": [encode_step(step) for step in model.graph.steps],
        "outputs": list(model.graph.outputs),
        "lengths": [model.lengths.shortest, model.lengths.longest],
        "example_length": model.example_length,
        "targets": [[target.name, target.output, target.index] for target in model.targets],
        "finals": list(model.finals),
        "shapes": [list(shape) for shape in model.shapes],
    }


def from_plain(data: dict[str, Any]) -> Model:
    """The inverse of `to_plain`. Raises ModelError for a file of a later version or a damaged one."""
    if data.get("version") != VERSION:
        raise ModelError(
            f"the model file has version {data.get('version')} of the format, this seqattr reads {VERSION}"
        )
    try:
        budget = Budget(MOST_NODES)
        steps = tuple(decode_step(step, budget) for step in data["steps"])
        graph = Graph(steps, data["tensors"], tuple(data["outputs"]))
        claims.check_names(graph)
        model = Model.from_parts(
            graph,
            Lengths(*data["lengths"]),
            [Target(*target) for target in data["targets"]],
            finals=tuple(data["finals"]),
            shapes=tuple(tuple(shape) for shape in data["shapes"]),
            example_length=data["example_length"],
        )
        model.provenance = data.get("provenance", {})  # which files did not have at first
        check_provenance(model.provenance)
        if checksum(model) != data["fingerprint"]:
            raise ValueError("its content has another fingerprint than the one it carries")
        claims.check(model)
    except DAMAGE as error:
        raise ModelError(f"the model file is damaged: {type(error).__name__}: {first_line(error)}") from error
    return model


def checksum(model: Model) -> str:
    """SHA-256 over all that a file holds, down to names and source lines, so that damage shows.

    Which model it is, in whatever format, `content_hash` says.
    """
    tensors = {name: model.graph.tensors[name].detach().cpu() for name in sorted(model.graph.tensors)}
    like = {name: [str(tensor.dtype), list(tensor.shape)] for name, tensor in tensors.items()}
    # As JSON, which no name or text can imitate; it says how many numbers follow.
    came = [dict(model.provenance)] if model.provenance else []
    head = json.dumps([description(model), like, *came], sort_keys=True)
    digest = hashlib.sha256(f"{len(head)} {head}".encode())
    for tensor in tensors.values():
        digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


# --- steps -------------------------------------------------------------------------------------


def encode_step(step: Step) -> dict[str, Any]:
    """A step as a dict of plain data. Raises ModelError for an argument that cannot be written."""
    return {
        "name": step.name,
        "op": step.op,
        "args": encode(list(step.args)),
        "kwargs": encode(dict(step.kwargs)),
        "output": step.output,
        "source": step.source,
        "part_of": step.part_of,
        "layout": None if step.layout is None else list(step.layout),
        "shape": step.shape,
    }


def decode_step(data: dict[str, Any], budget: "Budget | None" = None) -> Step:
    """The inverse of `encode_step`. Raises ValueError for what is no step."""
    budget = budget or Budget(MOST_NODES)
    layout = None if data["layout"] is None else BatchLayout(*data["layout"])
    args, kwargs = decode(data["args"], budget), decode(data["kwargs"], budget)
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise ValueError("a step's arguments are no list and table")
    return Step(**(data | {"args": tuple(args), "kwargs": kwargs, "layout": layout}))


def encode(argument: Any) -> Any:
    """Refs and dtypes as one-entry dicts; the rest is plain already. Raises ModelError for anything else."""
    if isinstance(argument, Ref):
        return {"ref": str(argument)}
    if isinstance(argument, torch.dtype):
        return {"dtype": str(argument).removeprefix("torch.")}
    if isinstance(argument, dict):
        return {"dict": {key: encode(value) for key, value in argument.items()}}
    if isinstance(argument, list | tuple):
        return [encode(value) for value in argument]
    if argument is None or isinstance(argument, bool | int | float | str):
        return argument
    raise ModelError(f"an argument of type {type(argument).__name__} cannot be written to a model file")


class Budget:
    """How many arguments may still be read.

    A list that holds another twice, which holds a third twice, and so on, takes a few bytes of a file and no
    end to read.
    """

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self) -> None:
        """One more is read. Raises ValueError when none was left."""
        self.left -= 1
        if self.left < 0:
            raise ValueError(f"its steps have more than {MOST_NODES} arguments")


def decode(argument: Any, budget: Budget | None = None) -> Any:
    """The inverse of `encode`. Raises ValueError for what it does not write."""
    budget = budget or Budget(MOST_NODES)
    budget.spend()
    if isinstance(argument, list):
        return [decode(value, budget) for value in argument]
    if not isinstance(argument, dict):
        return plain(argument)
    ((kind, value),) = argument.items()
    if kind == "dtype":
        return DTYPES[value]
    if kind == "ref" and type(value) is str:
        return Ref(value)
    if kind != "dict" or not all(type(key) is str for key in value):
        raise ValueError("an argument is nothing that can be written")
    return {key: decode(entry, budget) for key, entry in value.items()}


def plain(argument: Any) -> Any:
    """A text, or a number of at most 64 bits, or None; raises ValueError for anything else."""
    if not (argument is None or type(argument) is str or (type(argument) in NUMBERS and is_size(argument))):
        raise ValueError(f"an argument is a {type(argument).__name__}, or too large a number")
    return argument


NUMBERS = (bool, int, float)
MOST_NODES = 2_000_000
DAMAGE = (KeyError, TypeError, ValueError, AttributeError, RuntimeError, IndexError, ArithmeticError)


DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.uint8,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.bool,
    )
}
