"""Steps of a Keras model that are functions and no layers: Keras 3's own operations, and TensorFlow's."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from seqattr.errors import ModelError
from seqattr.models.sources.keras_config import Layer

RECIPE = (
    "give a function that builds the model in Keras 3 as `Foreign.arch=FILE.py:FUNCTION`, and the weights of "
    "the file are put into it; or a table, `FILE.py:TABLE`, of functions by the names of Lambda layers and "
    "of layers by their classes"
)


@dataclass(frozen=True)
class Workshop:
    """What layers are built with: the package, what the caller brings, whether the file is of Keras 2 or 1,
    and what is to be said of it.
    """

    keras: Any
    custom: Mapping[str, Any] = field(default_factory=dict)
    old: bool = False
    notes: list[str] = field(default_factory=list)


def accepted(known: type) -> set[str]:
    """What a class takes by name, itself or by those that it hands the rest to."""
    bases = [base for base in known.__mro__ if "__init__" in vars(base) and base.__module__ != "builtins"]
    return {name for base in bases for name in inspect.signature(base.__init__).parameters}  # type: ignore[misc]


MODULES = ("numpy", "nn", "math", "core", "linalg")  # of Keras, where its operations are


def build_operation(layer: Layer, shop: Workshop) -> Any:
    """One of Keras 3's own operations, as its models of plain functions have them."""
    modules = (getattr(shop.keras.src.ops, name) for name in MODULES)
    known = next((found for module in modules if (found := getattr(module, layer.kind, None))), None)
    if not (inspect.isclass(known) and issubclass(known, shop.keras.Operation)):
        raise ModelError(f"its layer {layer.name} is a {layer.kind}, which Keras 3 does not have; {RECIPE}")
    taken = accepted(known)
    given = {key: value for key, value in layer.config.items() if key in taken and key != "name"}
    return known(**given)


def of_tensorflow(layer: Layer, shop: Workshop) -> Callable[..., Any]:
    """A function of TensorFlow that a model of tf.keras has among its layers, as that of Keras 3."""
    name = str(layer.config.get("function", layer.name))
    plain = name.removeprefix("tf.").rpartition(".")[2]
    known = TENSORFLOW.get(plain, plain)
    function = getattr(shop.keras.ops, known, None)
    if not inspect.isfunction(function) or known not in {*TENSORFLOW.values(), *SAME}:
        raise ModelError(f"its layer {layer.name} is TensorFlow's {name}, which has no twin here; {RECIPE}")
    usual = {"approximate": False} if known == "gelu" else {}
    return lambda *args, **kwargs: function(*args, **usual | renamed(kwargs))


# TensorFlow's name, without its module -> Keras 3's, where it has another
TENSORFLOW: Mapping[str, str] = {
    **{f"reduce_{name}": name for name in ("sum", "mean", "max", "min", "prod", "logsumexp", "var", "std")},
    "truediv": "divide",
    "sub": "subtract",
    "mul": "multiply",
    "swish": "silu",
    "neg": "negative",
    "concat": "concatenate",
    "pow": "power",
    "reverse": "flip",
    "clip_by_value": "clip",
}
SAME = (
    *("add", "subtract", "multiply", "divide", "exp", "log", "log1p", "sqrt", "rsqrt", "square", "abs"),
    *("sigmoid", "tanh", "relu", "relu6", "elu", "selu", "gelu", "silu", "softplus", "softsign", "softmax"),
    *("log_softmax", "leaky_relu", "maximum", "minimum", "matmul", "reshape", "transpose", "stack", "tile"),
    *("expand_dims", "squeeze", "negative", "identity"),
)
RENAMED_ARGUMENTS = {
    "y": "x2",
    "b": "x2",
    "perm": "axes",
    "shape": "newshape",
    "alpha": "negative_slope",
    "clip_value_min": "x_min",
    "clip_value_max": "x_max",
    "multiples": "repeats",
}


def renamed(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments under the names that Keras 3 has for them."""
    return {RENAMED_ARGUMENTS.get(key, key): value for key, value in kwargs.items()}


def of_slicing(layer: Layer, shop: Workshop) -> Callable[..., Any]:
    """A tensor's elements, as x[:, ::-1] has them, which torch does not take."""

    def elements(x: Any, key: Any = None, slice_spec: Any = None) -> Any:
        entries = [one_slice(one) for one in (key if slice_spec is None else slice_spec)]
        forwards, backwards = [], []
        for axis, entry in enumerate(entries):
            mirrored = entry == slice(None, None, -1)
            backwards += [axis] if mirrored else []
            forwards.append(slice(None) if mirrored else entry)
        x = shop.keras.ops.flip(x, axis=backwards) if backwards else x
        return x[tuple(forwards)]

    return elements


def one_slice(spec: Any) -> Any:
    """An index, or a table of start, stop and step. Raises ModelError for steps back but over all."""
    if isinstance(spec, Mapping):
        spec = slice(spec.get("start"), spec.get("stop"), spec.get("step"))
    if isinstance(spec, slice) and (spec.step or 1) < 0 and spec != slice(None, None, -1):
        raise ModelError("its config has a slice that goes back over a part")
    return Ellipsis if spec == "Ellipsis" else spec


OPERATIONS: Mapping[str, Callable[[Layer, Workshop], Any]] = {
    "TFOpLambda": of_tensorflow,
    "SlicingOpLambda": of_slicing,
    "GetItem": of_slicing,
}
