"""Complex numbers as two real ones each, so that a graph holds none and real rules explain what it does."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from torch import Tensor
from torch.fx import Node

from seqattr.engine.capture.nodes import DEVICE_WORDS, op_name, plain, source_of
from seqattr.engine.graph.graph import Ref, Step
from seqattr.engine.ops.hints import HINTS
from seqattr.engine.ops.names import ADD, DIV, FULL_LIKE, MUL, NEG, ZEROS_LIKE
from seqattr.errors import UnsupportedOp

HINT = "complex numbers have none there; write it with their real and imaginary parts"
PART = "complex"  # what every step made here is part of


class ComplexValue(NamedTuple):
    """The real and the imaginary part of a value: names of steps or tensors, or two numbers."""

    real: Any
    imaginary: Any


def has_complex(node: Node) -> bool:
    """Whether a node reads complex numbers or makes some."""
    numbers = any(isinstance(a, complex) for a in node.args)
    return numbers or any(is_complex(n.meta.get("val")) for n in (node, *node.all_input_nodes))


def is_complex(value: object) -> bool:
    values = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(v, Tensor) and v.is_complex() for v in values)


class ComplexParts:
    """Turns the nodes that have to do with complex numbers into `steps` on their parts.

    `nodes` are those translated so far, by the steps that have their values; `rules` say what each op is.
    """

    def __init__(
        self, steps: list[Step], nodes: dict[Node, Step], rules: Mapping[str, Callable[..., Any]]
    ) -> None:
        self.steps, self.nodes, self.rules = steps, nodes, rules
        self.parts: dict[Node, ComplexValue] = {}
        self.shared: dict[Any, Any] = {}  # sizes and matrices that several nodes need
        self.node: Node

    def add_tensor(self, node: Node, tensors: dict[str, Tensor]) -> None:
        """Splits a parameter or a constant of the model."""
        tensor = tensors.pop(node.name)
        self.parts[node] = ComplexValue(Ref(f"{node.name}_real"), Ref(f"{node.name}_imaginary"))
        for name, part in zip(self.parts[node], (tensor.real, tensor.imag), strict=True):
            tensors[name] = part.contiguous()

    def add(self, node: Node) -> None:
        """Raises UnsupportedOp for a node that has no rule."""
        self.node = node
        op = op_name(node)
        rule = self.rules.get(op)
        if rule is None:
            raise UnsupportedOp(op, source_of(node), HINTS.get(op, HINT))
        kwargs = {k: self.argument(v) for k, v in node.kwargs.items() if k not in DEVICE_WORDS}
        value = rule(self, *(self.argument(a) for a in node.args), **kwargs)
        if isinstance(value, ComplexValue):
            self.parts[node] = value
        else:
            self.nodes[node] = Step(value, "", ())

    def argument(self, argument: Any) -> Any:
        if isinstance(argument, list | tuple):
            return [self.argument(a) for a in argument]
        if isinstance(argument, complex):
            return ComplexValue(argument.real, argument.imag)
        if isinstance(argument, Node) and argument in self.parts:
            return self.parts[argument]
        return plain(argument, self.nodes)

    def step(self, op: str, *args: Any, **kwargs: Any) -> Ref:
        """One more step, in real numbers."""
        name = f"{self.node.name}_{len(self.steps)}"
        self.steps.append(Step(name, op, args, kwargs, None, source_of(self.node), PART))
        return Ref(name)

    # --- arithmetic of real parts, with numbers worked out at once ---

    def plus(self, a: Any, b: Any) -> Any:
        if isinstance(a, Ref) and isinstance(b, Ref):
            return self.step(ADD, a, b)
        if not isinstance(a, Ref) and not isinstance(b, Ref):
            return a + b
        value, number = (a, b) if isinstance(a, Ref) else (b, a)
        return value if number == 0 else self.step(ADD, value, number)

    def negative(self, a: Any) -> Any:
        return self.step(NEG, a) if isinstance(a, Ref) else -a

    def times(self, a: Any, b: Any, op: str = MUL) -> Any:
        if not isinstance(a, Ref) and not isinstance(b, Ref):
            return a * b
        return self.step(op, a, b) if isinstance(a, Ref) else self.step(op, b, a)

    def over(self, a: Any, b: Any) -> Any:
        a = self.step(FULL_LIKE, b, a) if not isinstance(a, Ref) else a
        return self.step(DIV, a, b)

    def zeros(self, like: Ref) -> Ref:
        return self.step(ZEROS_LIKE, like)

    def both(self, value: Any) -> ComplexValue:
        """A value as parts, a real one too."""
        if isinstance(value, ComplexValue):
            return value
        return ComplexValue(value, self.zeros(value) if isinstance(value, Ref) else 0.0)

    def square(self, z: ComplexValue) -> Any:
        return self.plus(self.times(z.real, z.real), self.times(z.imaginary, z.imaginary))
