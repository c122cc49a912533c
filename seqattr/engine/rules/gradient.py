"""The plain gradient: every step's derivative at the sequence."""

from collections.abc import Mapping

from torch import Tensor

from seqattr.engine.kinds import Kind
from seqattr.engine.multipliers import whole
from seqattr.engine.plan import Passage, Rule, Rulebook
from seqattr.engine.rules import linear
from seqattr.engine.rules.adjoint import vjp
from seqattr.engine.rules.deeplift import function_and_arguments
from seqattr.engine.view import View


def slope(view: View) -> Passage:
    """f'(x)."""
    function, args, kwargs = function_and_arguments(view)
    derivative: Tensor = function.derivative(view.sequence(), *args, **kwargs)
    return Passage(lambda m: [whole(m) * derivative])


def jacobian(view: View) -> Passage:
    """The step's own derivative at its arguments."""
    function, points = view.bound(), [view.sequence(i) for i in range(len(view.inputs))]
    return Passage(lambda m: vjp(function, points, whole(m)))


RULES: Mapping[Kind, Rule] = {
    **linear.RULES,
    Kind.ELEMENTWISE: slope,
    Kind.PRODUCT: jacobian,
    Kind.QUOTIENT: jacobian,
    Kind.BILINEAR: jacobian,
    Kind.MAX: jacobian,
    Kind.LOGSUMEXP: jacobian,
}
GRADIENT = Rulebook("gradient", RULES, by_spectra=frozenset({"back"}))
