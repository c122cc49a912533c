"""A model that takes its sequences as whole numbers, as a function of numbers between them too."""

from dataclasses import replace

import torch
from torch import nn

from seqattr.engine.capture.input_form import InputAdapter
from seqattr.engine.graph.graph import INPUT, Graph, Step
from seqattr.engine.ops.names import CAST


def takes_whole_numbers(module: nn.Module) -> bool:
    """Whether sequences are cast for a module before they go in."""
    return any(isinstance(part, InputAdapter) and part.form.dtype is not None for part in module.modules())


def without_casts(graph: Graph) -> Graph:
    """The graph without the casts of the sequences, up to that with which the model makes fractions of them.

    On one-hot sequences nothing changes; a frequency or a mixture goes in as it is, and has a slope.
    """
    whole, steps = {INPUT}, []
    active = graph.active()
    for step in graph.steps:
        if stays_whole(step, graph, whole, active):
            whole.add(step.name)
        cast = step.op == CAST and step.args[0] in whole
        steps.append(replace(step, kwargs={"dtype": torch.float32}) if cast else step)
    return replace(graph, steps=tuple(steps))


def stays_whole(step: Step, graph: Graph, whole: set[str], active: set[str]) -> bool:
    """Whether a step makes whole numbers of whole numbers."""
    if not any(ref in whole for ref in step.refs()) or any(ref in active - whole for ref in step.refs()):
        return False
    if step.op == CAST:
        return not step.kwargs["dtype"].is_floating_point
    tensors = [graph.tensors[ref] for ref in step.refs() if ref in graph.tensors]
    return not any(tensor.is_floating_point() for tensor in tensors)
