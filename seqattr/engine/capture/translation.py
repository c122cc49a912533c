"""An exported program, translated into plain steps."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.export import ExportedProgram
from torch.export.graph_signature import OutputKind
from torch.fx import Node

from seqattr.engine.capture.complex_parts import ComplexParts, has_complex, is_complex
from seqattr.engine.capture.complex_rules import RULES
from seqattr.engine.capture.nodes import DEVICE_WORDS, op_name, plain, source_of
from seqattr.engine.capture.spellings import Origins
from seqattr.engine.graph.graph import INPUT, Graph, Step
from seqattr.engine.ops.idle import ASSERTIONS
from seqattr.engine.ops.makers import CASTS
from seqattr.engine.ops.names import CAST, GETITEM


def translate(program: ExportedProgram) -> Graph:
    """The program's nodes as steps, its parameters and constants as tensors."""
    tensors = named_tensors(program)
    origins = program.graph.owning_module.meta.get("origins") or Origins(())
    steps: list[Step] = []
    nodes: dict[Node, Step] = {}
    outputs: tuple[str, ...] = ()
    kinds = [spec.kind for spec in program.graph_signature.output_specs]
    parts = ComplexParts(steps, nodes, RULES)
    for node in program.graph.nodes:
        if node.op == "placeholder" and is_complex(tensors.get(node.name)):
            parts.add_tensor(node, tensors)
        elif node.op == "placeholder" and node.name not in tensors:
            nodes[node] = Step(INPUT, "", ())
        elif node.op == "output":
            outputs = tuple(
                nodes[a].name if a in nodes else a.name for a in answers_among(node.args[0], kinds)
            )
        elif node.op != "call_function" or op_name(node) in ASSERTIONS:
            continue
        elif has_complex(node):
            parts.add(node)
        else:
            nodes[node] = step_of(node, nodes, origins)
            steps.append(nodes[node])
    return Graph(tuple(steps), tensors, outputs)


def answers_among(arguments: Sequence[Any], kinds: Sequence[OutputKind]) -> list[Node]:
    """The nodes that stand for tensors that the model answers with.

    It may answer with numbers beside them, and leave a buffer or its input changed.
    """
    answers = [a for a, kind in zip(arguments, kinds, strict=True) if kind is OutputKind.USER_OUTPUT]
    nodes = [a for a in answers if isinstance(a, Node)]
    return [node for node in nodes if isinstance(node.meta.get("val"), Tensor)]


def named_tensors(program: ExportedProgram) -> dict[str, Tensor]:
    """Parameters, buffers and constants by the names of the placeholders that stand for them."""
    table: dict[str, Tensor] = {}
    for spec in program.graph_signature.input_specs:
        if spec.target is None:
            continue
        value = program.state_dict.get(spec.target, program.constants.get(spec.target))
        if isinstance(value, Tensor):
            table[spec.arg.name] = value.detach().clone()
    return table


def step_of(node: Node, nodes: dict[Node, Step], origins: Origins) -> Step:
    """One step; taking an item of an op with several outputs becomes that op with its output chosen."""
    if op_name(node) == GETITEM:
        whole = nodes[node.args[0]]  # type: ignore[index]
        return Step(node.name, whole.op, whole.args, whole.kwargs, node.args[1], whole.source, whole.part_of)  # type: ignore[arg-type]
    if op_name(node) in CASTS:
        return cast_of(node, nodes)
    return Step(
        name=node.name,
        op=op_name(node),
        args=tuple(plain(a, nodes) for a in node.args),
        kwargs={k: plain(v, nodes) for k, v in node.kwargs.items() if k not in DEVICE_WORDS},
        source=source_of(node),
        part_of=origins.composite(node),
    )


def cast_of(node: Node, nodes: dict[Node, Step]) -> Step:
    """A change of type by any of its names, under one: what it is cast to may be another tensor's type."""
    source = source_of(node)
    return Step(
        node.name, CAST, (plain(node.args[0], nodes),), {"dtype": node.meta["val"].dtype}, None, source
    )
