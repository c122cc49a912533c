"""Which ops of a user's model are written out before it becomes a graph, and as what.

torch has several names for many functions and many functions made of others. An op that has a rule stays; one
of `lowering` is written out there; every other is written out by torch's own definition, if it has one, so
that `subtract`, `clip` or `special_expit` arrive under the one name that the tables of `kinds` know.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.fx import Node

from seqattr.engine.ops.hints import HINTS
from seqattr.engine.ops.idle import DROPOUTS, NO_OPS
from seqattr.engine.ops.kinds import KNOWN
from seqattr.engine.ops.lowering import composite_names, lowering_table
from seqattr.engine.ops.makers import CASTS
from seqattr.engine.ops.names import short_name

aten = torch.ops.aten


@functools.cache
def decompositions() -> Mapping[Any, Callable[..., Any]]:
    """Every op that is written out, for `ExportedProgram.run_decompositions`."""
    return dict(torchs_own()) | lowering_table()


@functools.cache
def torchs_own() -> Mapping[Any, Callable[..., Any]]:
    """torch's definitions of the ops that have neither a rule, nor a word on what to write in their place."""
    kept = KNOWN | NO_OPS | DROPOUTS | CASTS | set(HINTS)
    defaults = torch.export.default_decompositions()
    return {op: defaults[op] for op in defaults if str(op) not in kept}


class Origins:
    """The ops of the user's own graph, by the names of their nodes there."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.ops = {node.name: str(node.target) for node in nodes}
        self.by_torch = {str(op) for op in torchs_own()}
        self.number: Counter[str] = Counter()

    def count(self, nodes: Iterable[Node]) -> None:
        """How many steps each op was written out into."""
        self.number = Counter(self.name_of(node) for node in nodes if node.op == "call_function")

    def composite(self, node: Node) -> str:
        """The composite op that this node of the written out graph is part of; "" for an op as it stands.

        One that is no more than another name for this node's op is none.
        """
        name = self.name_of(node)
        op = self.ops.get(name, "")
        alone = op in self.by_torch and self.number[name] < 2
        return composite_names().get(op) or ("" if alone or op not in self.by_torch else short_name(op))

    def name_of(self, node: Node) -> str:
        """The node of the user's own graph that this node was written out from."""
        history = node.meta.get("from_node") or []
        while history:
            if history[-1].name in self.ops:
                return str(history[-1].name)
            history = history[-1].from_node or []
        return ""
