"""From a PyTorch module to a graph: torch.export, translated into plain steps.

The module itself is not written on; its training flags are put back.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from seqattr.engine.capture.batches import SIZES, Differs, graph_of_any_batch
from seqattr.engine.capture.refusals import FIXED, reason, scripted_part
from seqattr.engine.capture.spellings import Origins, decompositions
from seqattr.engine.capture.translation import translate
from seqattr.engine.graph.graph import Graph
from seqattr.engine.ops.arguments import for_each
from seqattr.engine.ops.lowering import LAYERS
from seqattr.engine.ops.recurrent import written_out
from seqattr.errors import ModelError, UnsupportedOp


class FixedBatch(ModelError):
    """torch.export takes the model for one number of sequences only."""


class Captured(NamedTuple):
    """A graph, the least length that torch.export vouches for (None: that of the example alone), and the
    coarsest type that the model computes in."""

    graph: Graph
    least: int | None
    rounding: torch.dtype


def capture(module: nn.Module, example: Tensor, free_length: bool) -> Captured:
    """The graph of `module` on inputs like `example` (N, 4, L), with any batch size.

    With `free_length` the length stays free too, if the model allows it. Raises ModelError if the module
    cannot be captured.
    """
    with evaluating(module):
        try:
            program = export(module, example, free_length)
            graph = translate(program)
        except FixedBatch as fixed:
            programs = of_several_batches(module, example, free_length)
            program = programs[-1]
            try:
                graph = graph_of_any_batch([translate(program) for program in programs])
            except Differs:
                raise fixed from None
    return Captured(graph, least_length(program), rounding_of(program, example.dtype))


def of_several_batches(module: nn.Module, example: Tensor, free_length: bool) -> list[ExportedProgram]:
    """A program for each size of a batch in SIZES, and no other."""
    batches = [example[torch.arange(size, device=example.device) % len(example)] for size in SIZES]
    return [export(module, batch, free_length, free_batch=False) for batch in batches]


def rounding_of(program: ExportedProgram, usual: torch.dtype) -> torch.dtype:
    """The floating point type of the fewest bits among a program's values."""
    values = [node.meta.get("val") for node in program.graph.nodes if node.op == "call_function"]
    types = {v.dtype.to_real() for v in values if isinstance(v, Tensor) and not holds_integers(v)}
    return max({usual, *types}, key=lambda dtype: torch.finfo(dtype).eps)


def holds_integers(value: Tensor) -> bool:
    return not (value.is_floating_point() or value.is_complex())


def unwrap(module: nn.Module) -> nn.Module:
    """Without what compiles it, or spreads it over devices."""
    if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return unwrap(module.module)
    inner = getattr(module, "_orig_mod", None)  # torch.compile's
    return unwrap(inner) if isinstance(inner, nn.Module) else module


def least_length(program: ExportedProgram) -> int | None:
    """The lower end of the range of a free length; None for a length that is fixed."""
    sequence = next(node for node in program.graph.nodes if node.name in program.graph_signature.user_inputs)
    length = sequence.meta["val"].shape[2]
    bounds = None if isinstance(length, int) else program.range_constraints.get(length.node.expr)
    return None if bounds is None else int(bounds.lower)


@contextlib.contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Every submodule in eval mode and no fused attention kernels, and all put back afterwards."""
    flags = {m: m.training for m in module.modules()}
    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        for m in flags:
            m.training = False
        torch.backends.mha.set_fastpath_enabled(False)
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for m, flag in flags.items():
            m.training = flag


def export(module: nn.Module, example: Tensor, free_length: bool, free_batch: bool = True) -> ExportedProgram:
    """The exported program, composite ops written out. Raises ModelError, FixedBatch where that is why."""
    sizes: dict[int, Any] = {0: Dim("batch", min=2)} if free_batch else {}
    if free_length:
        sizes[2] = Dim.AUTO  # DYNAMIC would refuse lengths that any check in the model rules out
    try:
        with warnings.catch_warnings(), quiet_torch(), torch.no_grad(), InOtherWords():
            warnings.simplefilter("ignore")
            program = torch.export.export(module, (example,), dynamic_shapes=(sizes,), strict=False)
            views_as_copies_where_needed(program)
            origins = Origins(program.graph.nodes)
            program = program.run_decompositions(dict(decompositions()))
    except UnsupportedOp:
        raise
    except Exception as error:  # torch.export raises many kinds; all mean the same to the user
        kind = FixedBatch if FIXED in str(error) else ModelError
        raise kind(f"the model cannot be captured: {scripted_part(module) or reason(error)}") from error
    origins.count(program.graph.nodes)
    program.graph.owning_module.meta["origins"] = origins
    return program


def views_as_copies_where_needed(program: ExportedProgram) -> None:
    """What is a view of what a kernel of torch's answers (attention's) need not be one of what that is
    written out as, in another order of memory.
    """
    for node in program.graph.nodes:
        if node.target is torch.ops.aten.view.default:
            node.target = torch.ops.aten.reshape.default


def max_pool1d(x, kernel, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):  # type: ignore[no-untyped-def]
    """In two dimensions, which leave the length free, as torch's pooling in one does not."""
    if return_indices:
        return functional.max_pool1d_with_indices(x, kernel, stride, padding, dilation, ceil_mode)
    (k,), (p,), (d,) = (for_each(v, 1) for v in (kernel, padding, dilation))
    (s,) = for_each(stride, 1) if stride else (k,)
    geometry = {"stride": (1, s), "padding": (0, p), "dilation": (1, d), "ceil_mode": ceil_mode}
    return functional.max_pool2d(x.unsqueeze(-2), (1, k), **geometry).squeeze(-2)


def hardshrink(x: Tensor, lambd: float = 0.5) -> Tensor:
    return functional.threshold(x, lambd, 0) - functional.threshold(-x, lambd, 0)


def softshrink(x: Tensor, lambd: float = 0.5) -> Tensor:
    return functional.relu(x - lambd) - functional.relu(-x - lambd)


REWRITES: dict[Any, Callable[..., Any]] = {
    torch.max_pool1d: max_pool1d,
    functional.max_pool1d: max_pool1d,
    functional.hardshrink: hardshrink,
    functional.softshrink: softshrink,
    Tensor.detach_: Tensor.detach,  # in place it leaves no trace in an exported program
    # which torch would write out time step by time step already to learn the shape of what comes out
    **{getattr(torch, name): written_out(name, getattr(torch, name)) for name in LAYERS},
    **{op: written_out(name, op) for name, op in LAYERS.items()},
}


class InOtherWords(TorchFunctionMode):
    """While a model is traced, functions that torch.export would write out as comparisons, or only for one
    length, are put so that it keeps them."""

    def __torch_function__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        return REWRITES.get(function, function)(*args, **(kwargs or {}))


@contextlib.contextmanager
def quiet_torch() -> Iterator[None]:
    """torch.export logs its own tracebacks and prints half a graph; the one line that matters is raised."""
    previous = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(previous)
