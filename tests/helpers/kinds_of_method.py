"""Which methods to try where trying all of them would only do the same again."""

from seqattr.analyses.patterns import fit_patterns
from seqattr.engine.capture.model import Model
from seqattr.engine.ops.weights import CONVOLUTIONS
from seqattr.methods.method import Method
from seqattr.methods.registry import COSTLY, METHODS, with_patterns
from tests.helpers.sequences import one_hot

# More steps, other moments of the same samples, another name, or other amounts in the same rule.
ALIKE = {
    *("integrated-gradients-10", "integrated-gradients-50", "deepshap", "squared-gradient"),
    *("smoothgrad", "smoothgrad-squared", "lrp-0", "lrp-z-plus", "lrp-w2", "lrp-zb", "lrp-flat"),
    *("ism-any-base", "occlusion-5"),
}
ONE_OF_EACH = [name for name in METHODS if name not in ALIKE | COSTLY]
# Slopes, which are multiplied by the difference from the reference.
MULTIPLYING = [
    name
    for name, method in METHODS.items()
    if method.needs_references and not method.at_step and method.family != "perturbation"
]
# What they say of a base is said of a window, or of a map that is stretched over the sequence.
BLURRED = {name for name, method in METHODS.items() if method.at_step} | {
    *("occlusion-5", "occlusion-20", "shapley", "shapley-sampling", "lime", "meaningful-perturbation")
}


def suits(model: Model, method: str) -> bool:
    """Whether a method can explain a model: Grad-CAM by itself wants a convolution."""
    ops = {step.op for step in model.graph.steps}
    return METHODS[method].at_step is None or bool(ops & CONVOLUTIONS)


def ready(model: Model, method: str) -> str | Method:
    """A method for `attribute`: with patterns of a few random sequences where it needs some."""
    if not METHODS[method].needs_patterns:
        return method
    return with_patterns(method, fit_patterns(model, one_hot(40, model.example_length, seed=9)))
