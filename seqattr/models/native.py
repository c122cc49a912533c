"""Our own model file: the captured graph as plain data, with its tensors in one dict.

Written by torch.save and read with weights_only=True, so that reading one cannot run code; the ops it may
name are those of the engine's tables.
"""

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.graph import BatchLayout, Graph, Ref, Step
from seqattr.engine.kinds import function_of
from seqattr.engine.lengths import Lengths
from seqattr.engine.model import Model
from seqattr.engine.outputs import Target
from seqattr.errors import ModelError
from seqattr.io.atomic import replacing

FORMAT = "seqattr model"
VERSION = 1


def save(path: Path | str, model: Model) -> None:
    """Write a model file, whole or not at all. Raises OutputError."""
    with replacing(path) as part, open(part, "wb") as file:
        torch.save(to_plain(model), file)


def to_plain(model: Model) -> dict[str, Any]:
    """The model as dicts, lists, strings, numbers and tensors."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "seqattr": package_version(),
        "fingerprint": checksum(model),
        **json.loads(json.dumps(description(model))),  # nothing but what JSON knows
        "tensors": {str(name): tensor.contiguous() for name, tensor in model.graph.tensors.items()},
    }


def description(model: Model) -> dict[str, Any]:
    """All of a model but its tensors."""
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
        steps = tuple(decode_step(step) for step in data["steps"])
        graph = Graph(steps, data["tensors"], tuple(data["outputs"]))
        check_names(graph)
        model = Model.from_parts(
            graph,
            Lengths(*data["lengths"]),
            [Target(*target) for target in data["targets"]],
            finals=tuple(data["finals"]),
            shapes=tuple(tuple(shape) for shape in data["shapes"]),
            example_length=data["example_length"],
        )
        if checksum(model) != data["fingerprint"]:
            raise ValueError("its content has another fingerprint than the one it carries")
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ModelError(f"the model file is damaged: {type(error).__name__}: {error}") from error
    return model


def check_names(graph: Graph) -> None:
    """Every op is one that the engine knows, and every argument was made before it is read."""
    known = {"sequence", *graph.tensors}
    for step in graph.steps:
        function_of(step)
        missing = [ref for ref in step.refs() if ref not in known]
        if missing:
            raise ValueError(f"step {step.name} reads {missing[0]}, which is nowhere")
        known.add(step.name)
    if not set(graph.outputs) <= known or not all(isinstance(t, Tensor) for t in graph.tensors.values()):
        raise ValueError("an output is nowhere, or a tensor is none")


def checksum(model: Model) -> str:
    """SHA-256 over all that a file holds, down to names and source lines, so that damage shows.

    Which model it is, in whatever format, `content_hash` says.
    """
    digest = hashlib.sha256(json.dumps(description(model), sort_keys=True).encode())
    for name in sorted(model.graph.tensors):
        tensor = model.graph.tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def package_version() -> str:
    try:
        return version("seqattr")
    except PackageNotFoundError:
        return "unknown"


# --- steps -------------------------------------------------------------------------------------


def encode_step(step: Step) -> dict[str, Any]:
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


def decode_step(data: dict[str, Any]) -> Step:
    layout = None if data["layout"] is None else BatchLayout(*data["layout"])
    args = tuple(decode(data["args"]))
    return Step(**(data | {"args": args, "kwargs": decode(data["kwargs"]), "layout": layout}))


def encode(argument: Any) -> Any:
    """Refs and dtypes as one-entry dicts; the rest is plain already."""
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


def decode(argument: Any) -> Any:
    if isinstance(argument, list):
        return [decode(value) for value in argument]
    if not isinstance(argument, dict):
        return argument
    ((kind, value),) = argument.items()
    if kind == "ref":
        return Ref(value)
    if kind == "dtype":
        return DTYPES[value]
    return {key: decode(entry) for key, entry in value.items()}


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
