"""What each op on complex numbers is in real ones.

A rotation is four products and two sums: as complete and exact as the rules of those.
"""

from collections.abc import Callable, Sequence
from typing import Any

from seqattr.engine.capture import fourier
from seqattr.engine.capture.complex_parts import HINT, PART, ComplexParts, Parts, is_complex
from seqattr.engine.capture.nodes import op_name, source_of
from seqattr.engine.graph.graph import Ref, Step
from seqattr.engine.ops.complex_numbers import (
    CONJUGATES,
    FOURIER,
    FOURIER_OF_REAL,
    FOURIER_TO_REAL,
    IMAG,
    OF_PAIRS,
    OF_PARTS,
    POLAR,
    REAL,
    TO_PAIRS,
)
from seqattr.engine.ops.idle import NO_OPS
from seqattr.engine.ops.kinds import AVERAGES, PRODUCTS, QUOTIENTS, SHAPES, SUBTRACTIONS, SUMS
from seqattr.engine.ops.makers import CASTS
from seqattr.engine.ops.names import (
    ABS,
    CAST,
    COS,
    DIV,
    EXP,
    GETITEM,
    MUL,
    NEG,
    NEW_ONES,
    NEW_ZEROS,
    ONES,
    ONES_LIKE,
    POW,
    RECIPROCAL,
    SELECT,
    SIN,
    SQRT,
    SQUARE,
    STACK,
    SYM_SIZE,
    ZEROS,
    ZEROS_LIKE,
)
from seqattr.engine.ops.weights import MATRIX_PRODUCTS
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
        return Parts(*(to.step(DIV, part, b) for part in a))
    size, upper = to.square(b), multiplied(MUL)(to, a, conjugate(to, b))
    return Parts(*(to.over(part, size) for part in upper))


def reciprocal(to: ComplexParts, z: Parts) -> Parts:
    size = to.square(z)
    return Parts(to.over(z.real, size), to.over(to.negative(z.imaginary), size))


def squared(to: ComplexParts, z: Parts, exponent: float) -> Parts:
    if exponent != 2:
        raise UnsupportedOp(op_name(to.node), source_of(to.node), HINT)
    return multiplied(MUL)(to, z, z)  # type: ignore[return-value]


# --- between real and complex ------------------------------------------------------------------


def from_pairs(to: ComplexParts, value: Ref) -> Parts:
    return Parts(*(to.step(SELECT, value, -1, side) for side in (0, 1)))


def to_pairs(to: ComplexParts, z: Parts) -> Ref:
    return to.step(STACK, list(z), -1)


def conjugate(to: ComplexParts, z: Parts) -> Parts:
    return Parts(z.real, to.negative(z.imaginary))


def magnitude(to: ComplexParts, z: Parts) -> Ref:
    return to.step(SQRT, to.square(z))


def polar(to: ComplexParts, size: Ref, angle: Any) -> Parts:
    turned = (to.step(op, angle) for op in (COS, SIN))
    return Parts(*(to.times(size, part) for part in turned))


def exponential(to: ComplexParts, z: Parts) -> Parts:
    return polar(to, to.step(EXP, z.real), z.imaginary)


RULES: dict[str, Rule] = {
    **{op: one_by_one(op) for op in SHAPES | AVERAGES | {NEG}},
    **{op: multiplied(op) for op in PRODUCTS | MATRIX_PRODUCTS},
    **{op: added(-1 if op in SUBTRACTIONS else 1) for op in SUMS - {NEG}},
    **dict.fromkeys(QUOTIENTS, divided),
    **dict.fromkeys(CASTS, cast),
    **{op: filled(op) for op in (ZEROS, ONES)},
    **{op: filled_like(op) for op in (ZEROS_LIKE, ONES_LIKE)},
    **{op: filled_like(op) for op in (NEW_ZEROS, NEW_ONES)},
    **dict.fromkeys(NO_OPS, lambda to, z, *_, **__: z),
    GETITEM: item,
    SYM_SIZE: lambda to, z, dim: to.step(SYM_SIZE, z.real, dim),
    RECIPROCAL: reciprocal,
    POW: squared,
    SQUARE: lambda to, z: squared(to, z, 2),
    EXP: exponential,
    ABS: magnitude,
    **dict.fromkeys(CONJUGATES, conjugate),
    REAL: lambda to, z: z.real if isinstance(z, Parts) else z,
    IMAG: lambda to, z: z.imaginary,
    OF_PAIRS: from_pairs,
    TO_PAIRS: to_pairs,
    OF_PARTS: lambda to, a, b: Parts(a, b),
    POLAR: polar,
    FOURIER_OF_REAL: fourier.from_real,
    FOURIER: fourier.of_complex,
    FOURIER_TO_REAL: fourier.to_real,
}
