"""What a graph computes, as a hash: of use where names, source lines and spellings must not matter."""

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.convolution import geometry_of
from seqattr.engine.graph import INPUT, Graph, Ref, Step, inputs_of, map_refs
from seqattr.engine.kinds import CONVOLUTIONS, Kind, classify


def content_hash(graph: Graph) -> str:
    """SHA-256 over the steps that compute, their weights and settings, and what they read of each other.

    Equal for a model that was captured again, or read from another format, as far as torch writes it in the
    same steps there. Steps that only move elements are left out, as formats differ in these most.
    """
    kinds, active = classify(graph), graph.active()
    places = {INPUT: "the sequence"} | {name: content_of(tensor) for name, tensor in graph.tensors.items()}
    lines: list[str] = []
    for step in graph.steps:
        if kinds[step.name] is Kind.SHAPE:
            places[step.name] = " and ".join(places[ref] for ref in inputs_of(step, active))
            continue
        line = line_of(step, kinds[step.name], places)
        constant = kinds[step.name] is Kind.CONSTANT
        places[step.name] = digest(line) if constant else f"number {len(lines)}"
        lines += [] if constant else [line]
    return digest("\n".join([*lines, *(places[name] for name in graph.outputs)]))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def content_of(tensor: Tensor) -> str:
    """Type, shape and a hash of the values."""
    values = tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
    return f"{tensor.dtype} {tuple(tensor.shape)} {hashlib.sha256(values.tobytes()).hexdigest()}"


def line_of(step: Step, kind: Kind, places: Mapping[str, str]) -> str:
    """What a step does to which values."""
    op, settings = settings_of(step, kind)
    read = [places[ref] for ref in step.refs()]
    return f"{op} {settings} {step.output} {read}"


def settings_of(step: Step, kind: Kind) -> tuple[str, Any]:
    """The op and its arguments; a convolution's and a maximum's in the same words for all spellings."""
    if step.op in CONVOLUTIONS:
        dims = len(step.shape.split(",")) - 2
        return "convolution", tuple(map(tuple_of, geometry_of(step.op, step.args[3:], dims)))
    if kind is Kind.MAX:  # in one dimension, or in two of which one has the size 1
        return "max", [n for n in numbers_in(step.args) if n not in (0, 1)]
    written = [list(step.args), sorted(step.kwargs.items())]
    return step.op, map_refs(written, lambda ref: "a value")


def tuple_of(setting: Any) -> Any:
    return tuple(setting) if isinstance(setting, list) else setting


def numbers_in(argument: Any) -> list[Any]:
    """All numbers in nested lists."""
    if isinstance(argument, list | tuple):
        return [number for each in argument for number in numbers_in(each)]
    return [] if isinstance(argument, Ref | str) or argument is None else [argument]
