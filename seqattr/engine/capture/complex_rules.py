"""What each op on complex numbers is in real ones.

A rotation is four products and two sums: as complete and exact as the rules of those.
"""

from collections.abc import Callable, Sequence
from typing import Any

from seqattr.engine.capture import fourier
from seqattr.engine.capture.complex_parts import HINT, PART, ComplexParts, ComplexValue, is_complex
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

Rule = Callable[..., ComplexValue | Ref]


# --- part by part ------------------------------------------------------------------------------


def one_by_one(op: str) -> Rule:
    """Moves, sums or averages elements: of each part alike."""

    def rule(to: ComplexParts, *args: Any, **kwargs: Any) -> ComplexValue:
        return ComplexValue(*(to.step(op, *chosen(args, to, side), **kwargs) for side in (0, 1)))

    return rule


def chosen(arguments: Sequence[Any], to: ComplexParts, side: int) -> list[Any]:
    """Arguments with the parts of one side in place of complex ones; of a list all are such."""
    if any(isinstance(a, ComplexValue) for a in arguments):
        listed = all(isinstance(a, ComplexValue | Ref) for a in arguments)
        return [to.both(a)[side] if isinstance(a, ComplexValue) or listed else a for a in arguments]
    return [chosen(a, to, side) if isinstance(a, list) else a for a in arguments]


def addition(sign: int) -> Rule:
    def rule(to: ComplexParts, a: Any, b: Any, **_: Any) -> ComplexValue:
        pairs = zip(to.both(a), to.both(b), strict=True)
        return ComplexValue(*(to.plus(x, y if sign > 0 else to.negative(y)) for x, y in pairs))

    return rule


def item(to: ComplexParts, _: Any, number: int) -> ComplexValue:
    """One of the outputs of a step such as `unbind`."""
    whole = to.parts[to.node.args[0]]  # type: ignore[index]
    by_name = {step.name: step for step in to.steps[::-1]}
    names = []
    for part in whole:
        step = by_name[part]
        names.append(Ref(f"{to.node.name}_{len(to.steps)}"))
        to.steps.append(Step(names[-1], step.op, step.args, step.kwargs, number, step.source, PART))
    return ComplexValue(*names)


def cast(to: ComplexParts, value: Any, *_: Any, **__: Any) -> ComplexValue | Ref:
    """Between real and complex; how precise, the model says."""
    if is_complex(to.node.meta["val"]):
        return to.both(value)
    return to.step(CAST, value.real, dtype=to.node.meta["val"].dtype)


def filling_like(op: str) -> Rule:
    """Zeros or ones, beside another value."""

    def rule(to: ComplexParts, value: Any, *args: Any, **_: Any) -> ComplexValue:
        real = to.step(op, value.real if isinstance(value, ComplexValue) else value, *args)
        return ComplexValue(real, to.zeros(real))

    return rule


def filling(op: str) -> Rule:
    """Zeros or ones, made of nothing."""

    def rule(to: ComplexParts, *args: Any, **_: Any) -> ComplexValue:
        real = to.step(op, *args)
        return ComplexValue(real, to.zeros(real))

    return rule


# --- products ----------------------------------------------------------------------------------


def product(op: str) -> Rule:
    def rule(to: ComplexParts, a: Any, b: Any) -> ComplexValue:
        def times(x: Any, y: Any) -> Any:
            return to.times(x, y, op)

        if not isinstance(a, ComplexValue):
            return ComplexValue(times(a, b.real), times(a, b.imaginary))
        if not isinstance(b, ComplexValue):
            return ComplexValue(times(a.real, b), times(a.imaginary, b))
        real = to.plus(times(a.real, b.real), to.negative(times(a.imaginary, b.imaginary)))
        return ComplexValue(real, to.plus(times(a.real, b.imaginary), times(a.imaginary, b.real)))

    return rule


def quotient(to: ComplexParts, a: Any, b: Any) -> ComplexValue:
    if not isinstance(b, ComplexValue):
        return ComplexValue(*(to.step(DIV, part, b) for part in a))
    size, upper = to.square(b), product(MUL)(to, a, conjugate(to, b))
    return ComplexValue(*(to.over(part, size) for part in upper))


def reciprocal(to: ComplexParts, z: ComplexValue) -> ComplexValue:
    size = to.square(z)
    return ComplexValue(to.over(z.real, size), to.over(to.negative(z.imaginary), size))


def square_of(to: ComplexParts, z: ComplexValue, exponent: float) -> ComplexValue:
    if exponent != 2:
        raise UnsupportedOp(op_name(to.node), source_of(to.node), HINT)
    return product(MUL)(to, z, z)  # type: ignore[return-value]


# --- between real and complex ------------------------------------------------------------------


def from_pairs(to: ComplexParts, value: Ref) -> ComplexValue:
    return ComplexValue(*(to.step(SELECT, value, -1, side) for side in (0, 1)))


def to_pairs(to: ComplexParts, z: ComplexValue) -> Ref:
    return to.step(STACK, list(z), -1)


def conjugate(to: ComplexParts, z: ComplexValue) -> ComplexValue:
    return ComplexValue(z.real, to.negative(z.imaginary))


def magnitude(to: ComplexParts, z: ComplexValue) -> Ref:
    return to.step(SQRT, to.square(z))


def polar(to: ComplexParts, size: Ref, angle: Any) -> ComplexValue:
    turned = (to.step(op, angle) for op in (COS, SIN))
    return ComplexValue(*(to.times(size, part) for part in turned))


def exponential(to: ComplexParts, z: ComplexValue) -> ComplexValue:
    return polar(to, to.step(EXP, z.real), z.imaginary)


RULES: dict[str, Rule] = {
    **{op: one_by_one(op) for op in SHAPES | AVERAGES | {NEG}},
    **{op: product(op) for op in PRODUCTS | MATRIX_PRODUCTS},
    **{op: addition(-1 if op in SUBTRACTIONS else 1) for op in SUMS - {NEG}},
    **dict.fromkeys(QUOTIENTS, quotient),
    **dict.fromkeys(CASTS, cast),
    **{op: filling(op) for op in (ZEROS, ONES)},
    **{op: filling_like(op) for op in (ZEROS_LIKE, ONES_LIKE)},
    **{op: filling_like(op) for op in (NEW_ZEROS, NEW_ONES)},
    **dict.fromkeys(NO_OPS, lambda to, z, *_, **__: z),
    GETITEM: item,
    SYM_SIZE: lambda to, z, dim: to.step(SYM_SIZE, z.real, dim),
    RECIPROCAL: reciprocal,
    POW: square_of,
    SQUARE: lambda to, z: square_of(to, z, 2),
    EXP: exponential,
    ABS: magnitude,
    **dict.fromkeys(CONJUGATES, conjugate),
    REAL: lambda to, z: z.real if isinstance(z, ComplexValue) else z,
    IMAG: lambda to, z: z.imaginary,
    OF_PAIRS: from_pairs,
    TO_PAIRS: to_pairs,
    OF_PARTS: lambda to, a, b: ComplexValue(a, b),
    POLAR: polar,
    FOURIER_OF_REAL: fourier.from_real,
    FOURIER: fourier.of_complex,
    FOURIER_TO_REAL: fourier.to_real,
}
