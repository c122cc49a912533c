"""What each op on complex numbers is in real ones.

A rotation is four products and two sums: as complete and exact as the rules of those.
"""

from collections.abc import Callable, Sequence
from typing import Any

from seqattr.engine.capture import fourier
from seqattr.engine.capture.complex_parts import HINT, PART, ComplexParts, Parts, is_complex
from seqattr.engine.capture.nodes import op_name, source_of
from seqattr.engine.graph.graph import Ref, Step
from seqattr.engine.graph.simplify import NO_OPS
from seqattr.engine.ops.kinds import AVERAGES, MATRIX_PRODUCTS, PRODUCTS, QUOTIENTS, SHAPES, SUMS
from seqattr.engine.ops.makers import CAST, CASTS
from seqattr.errors import UnsupportedOp

Rule = Callable[..., Parts | Ref]


# --- part by part ------------------------------------------------------------------------------


def one_by_one(op: str) -> Rule:
    """Moves, sums or averages elements: of each part alike."""

    def rule(to: ComplexParts, *args: Any, **kwargs: Any) -> Parts:
        return Parts(*(to.step(op, *chosen(args, to, side), **kwargs) for side in (0, 1)))

    return rule


def chosen(arguments: Sequence[Any], to: ComplexParts, side: int) -> list[Any]:
    """Arguments with the parts of one side in place of complex ones; of a list all are such."""
    if any(isinstance(a, Parts) for a in arguments):
        listed = all(isinstance(a, Parts | Ref) for a in arguments)
        return [to.both(a)[side] if isinstance(a, Parts) or listed else a for a in arguments]
    return [chosen(a, to, side) if isinstance(a, list) else a for a in arguments]


def added(sign: int) -> Rule:
    def rule(to: ComplexParts, a: Any, b: Any, **_: Any) -> Parts:
        pairs = zip(to.both(a), to.both(b), strict=True)
        return Parts(*(to.plus(x, y if sign > 0 else to.negative(y)) for x, y in pairs))

    return rule


def item(to: ComplexParts, _: Any, number: int) -> Parts:
    """One of the outputs of a step such as `unbind`."""
    whole = to.parts[to.node.args[0]]  # type: ignore[index]
    by_name = {step.name: step for step in to.steps[::-1]}
    names = []
    for part in whole:
        step = by_name[part]
        names.append(Ref(f"{to.node.name}_{len(to.steps)}"))
        to.steps.append(Step(names[-1], step.op, step.args, step.kwargs, number, step.source, PART))
    return Parts(*names)


def cast(to: ComplexParts, value: Any, *_: Any, **__: Any) -> Parts | Ref:
    """Between real and complex; how precise, the model says."""
    if is_complex(to.node.meta["val"]):
        return to.both(value)
    return to.step(CAST, value.real, dtype=to.node.meta["val"].dtype)


def filled_like(op: str) -> Rule:
    """Zeros or ones, beside another value."""

    def rule(to: ComplexParts, value: Any, *args: Any, **_: Any) -> Parts:
        real = to.step(op, value.real if isinstance(value, Parts) else value, *args)
        return Parts(real, to.zeros(real))

    return rule


def filled(op: str) -> Rule:
    """Zeros or ones, made of nothing."""

    def rule(to: ComplexParts, *args: Any, **_: Any) -> Parts:
        real = to.step(op, *args)
        return Parts(real, to.zeros(real))

    return rule


# --- products ----------------------------------------------------------------------------------


def multiplied(op: str) -> Rule:
    def rule(to: ComplexParts, a: Any, b: Any) -> Parts:
        def times(x: Any, y: Any) -> Any:
            return to.times(x, y, op)

        if not isinstance(a, Parts):
            return Parts(times(a, b.real), times(a, b.imaginary))
        if not isinstance(b, Parts):
            return Parts(times(a.real, b), times(a.imaginary, b))
        real = to.plus(times(a.real, b.real), to.negative(times(a.imaginary, b.imaginary)))
        return Parts(real, to.plus(times(a.real, b.imaginary), times(a.imaginary, b.real)))

    return rule


def divided(to: ComplexParts, a: Any, b: Any) -> Parts:
    if not isinstance(b, Parts):
        return Parts(*(to.step("aten.div.Tensor", part, b) for part in a))
    size, upper = to.square(b), multiplied("aten.mul.Tensor")(to, a, conjugate(to, b))
    return Parts(*(to.over(part, size) for part in upper))


def reciprocal(to: ComplexParts, z: Parts) -> Parts:
    size = to.square(z)
    return Parts(to.over(z.real, size), to.over(to.negative(z.imaginary), size))


def squared(to: ComplexParts, z: Parts, exponent: float) -> Parts:
    if exponent != 2:
        raise UnsupportedOp(op_name(to.node), source_of(to.node), HINT)
    return multiplied("aten.mul.Tensor")(to, z, z)  # type: ignore[return-value]


# --- between real and complex ------------------------------------------------------------------


def from_pairs(to: ComplexParts, value: Ref) -> Parts:
    return Parts(*(to.step("aten.select.int", value, -1, side) for side in (0, 1)))


def to_pairs(to: ComplexParts, z: Parts) -> Ref:
    return to.step("aten.stack.default", list(z), -1)


def conjugate(to: ComplexParts, z: Parts) -> Parts:
    return Parts(z.real, to.negative(z.imaginary))


def magnitude(to: ComplexParts, z: Parts) -> Ref:
    return to.step("aten.sqrt.default", to.square(z))


def polar(to: ComplexParts, size: Ref, angle: Any) -> Parts:
    turned = (to.step(f"aten.{name}.default", angle) for name in ("cos", "sin"))
    return Parts(*(to.times(size, part) for part in turned))


def exponential(to: ComplexParts, z: Parts) -> Parts:
    return polar(to, to.step("aten.exp.default", z.real), z.imaginary)


RULES: dict[str, Rule] = {
    **{op: one_by_one(op) for op in SHAPES | AVERAGES | {"aten.neg.default"}},
    **{op: multiplied(op) for op in PRODUCTS | MATRIX_PRODUCTS},
    **{op: added(-1 if ".sub." in op else 1) for op in SUMS - {"aten.neg.default"}},
    **dict.fromkeys(QUOTIENTS, divided),
    **dict.fromkeys(CASTS, cast),
    **{op: filled(op) for op in ("aten.zeros.default", "aten.ones.default")},
    **{op: filled_like(op) for op in ("aten.zeros_like.default", "aten.ones_like.default")},
    **{op: filled_like(op) for op in ("aten.new_zeros.default", "aten.new_ones.default")},
    **dict.fromkeys(NO_OPS, lambda to, z, *_, **__: z),
    "operator.getitem": item,
    "aten.sym_size.int": lambda to, z, dim: to.step("aten.sym_size.int", z.real, dim),
    "aten.reciprocal.default": reciprocal,
    "aten.pow.Tensor_Scalar": squared,
    "aten.square.default": lambda to, z: squared(to, z, 2),
    "aten.exp.default": exponential,
    "aten.abs.default": magnitude,
    "aten.conj.default": conjugate,
    "aten._conj.default": conjugate,
    "aten._conj_physical.default": conjugate,
    "aten.conj_physical.default": conjugate,
    "aten.real.default": lambda to, z: z.real if isinstance(z, Parts) else z,
    "aten.imag.default": lambda to, z: z.imaginary,
    "aten.view_as_complex.default": from_pairs,
    "aten.view_as_real.default": to_pairs,
    "aten.complex.default": lambda to, a, b: Parts(a, b),
    "aten.polar.default": polar,
    "aten._fft_r2c.default": fourier.from_real,
    "aten._fft_c2c.default": fourier.of_complex,
    "aten._fft_c2r.default": fourier.to_real,
}
