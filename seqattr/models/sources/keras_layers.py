"""From the config of a Keras layer to one of Keras 3, on its torch backend.

Layers are looked up by name among those that Keras has, and built from the numbers and texts of their config;
no module that a file names is imported, and no code that it holds is run. What changed between Keras 2 and 3:

    hard_sigmoid  was clip(0.2 x + 0.5, 0, 1) before Keras 3, and is clip(x / 6 + 0.5, 0, 1)
    GRU           reset_after is False where a config does not tell it
    lists         batch_input_shape, the axis [2] of a norm
    names         BatchNormalizationV1, CuDNNLSTM ...; CuDNN's weights are stored in another order
"""

import inspect
import math
from collections.abc import Mapping
from typing import Any

from seqattr.errors import ModelError
from seqattr.models.sources.keras_config import INPUT, Layer, Network, layer_of
from seqattr.models.sources.keras_models import cause_of
from seqattr.models.sources.keras_operations import OPERATIONS, RECIPE, Workshop, accepted, build_operation
from seqattr.models.sources.keras_values import Ref

RENAMED = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "CuDNNLSTM": "LSTM",
    "CuDNNGRU": "GRU",
}
# Layers that bring code or files of their own.
OF_ELSEWHERE = (
    *("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"),
    *("StringLookup", "IntegerLookup", "TextVectorization"),
)
NOT_OF_USE = ("_initializer", "_regularizer", "_constraint", "_shape")  # to a trained model, as ends of keys
BESIDE = (
    *("name", "dtype", "trainable", "batch_size", "sparse", "ragged", "seed", "fused", "implementation"),
    *("renorm_clipping", "renorm_momentum", "virtual_batch_size", "synchronized", "zero_output_for_mask"),
    *("activity_regularizer", "autocast", "input_dtype", "noise_shape", "build_config", "momentum", "unroll"),
    *("lora_rank", "quantization_config", "build_input_shape", "flash_attention", "use_legacy_config"),
)
MOST_NUMBERS = 2**32  # of one layer, for one sequence: a gigabase of four channels
ACTIVATIONS = ("activation", "recurrent_activation", "gate_activation")
INNER = ("layer", "backward_layer", "cell")


def build_network(network: Network, shop: Workshop) -> Any:
    """A Keras model of the layers that a config tells, untrained. Raises ModelError."""
    made = {name: build_layer(layer, shop) for name, layer in network.layers.items()}
    tensors = {(name, 0): [made[name]] for name, layer in network.layers.items() if layer.kind == INPUT}
    for call in network.calls:
        args, kwargs = (with_tensors(value, tensors) for value in (call.args, call.kwargs))
        tensors[call.layer, call.number] = listed(apply(made[call.layer], call.layer, args, kwargs))
    if network.sequential:
        return shop.keras.Sequential(list(made.values()), name=network.name)
    inputs, outputs = (
        [tensors[ref[:2]][ref.tensor] for ref in refs] for refs in (network.inputs, network.outputs.values())
    )
    return shop.keras.Model(inputs, outputs, name=network.name)


def apply(layer: Any, name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """What a layer gives. Raises ModelError where it does not take what it gets."""
    given = {key: value for key, value in kwargs.items() if value is not None and key != "name"}
    try:
        answer = layer(*args, **given)
    except ModelError:
        raise
    except Exception as error:  # Keras raises anything
        raise ModelError(f"its layer {name} does not take what it gets: {cause_of(error)}") from error
    for tensor in listed(answer):
        size = math.prod(size for size in tensor.shape if size is not None)
        if size > MOST_NUMBERS:
            raise ModelError(f"its layer {name} gives {size:,} numbers for one sequence, which no model does")
    return answer


def listed(value: Any) -> list[Any]:
    """The tensors that a layer gave."""
    return list(value) if isinstance(value, list | tuple) else [value]


def with_tensors(value: Any, tensors: Mapping[tuple[str, int], list[Any]]) -> Any:
    """Arguments with the tensors that their Refs stand for."""
    if isinstance(value, Ref):
        return tensors[value[:2]][value.tensor]
    if isinstance(value, Mapping):
        return {key: with_tensors(one, tensors) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([with_tensors(one, tensors) for one in value])
    return value


# --- one layer -----------------------------------------------------------------------------------


def build_layer(layer: Layer, shop: Workshop) -> Any:
    """A layer, an operation, or the tensor that stands for an input. Raises ModelError."""
    if layer.kind == INPUT:
        return build_input(layer, shop)
    if layer.network is not None:
        return build_network(layer.network, shop)
    brought = shop.custom.get(layer.name if layer.kind == "Lambda" else layer.kind)
    if brought is not None:
        return build_custom(layer, brought, shop)
    if layer.kind == "Lambda":
        raise ModelError(f"its layer {layer.name} is a Lambda, whose code is not run; {RECIPE}")
    if layer.kind in OPERATIONS:
        return OPERATIONS[layer.kind](layer, shop)
    if is_operation(layer, shop):
        return build_operation(layer, shop)
    return build_known(layer, class_of(layer, shop), shop)


def is_operation(layer: Layer, shop: Workshop) -> bool:
    """Whether a step is one of Keras 3's operations; some have names of layers, and none their settings."""
    settings = {"trainable", "dtype"} & set(layer.config)
    return not shop.old and not (settings and hasattr(shop.keras.layers, layer.kind))


def build_input(layer: Layer, shop: Workshop) -> Any:
    """The tensor that stands for an input."""
    if layer.shape is None:
        raise ModelError(f"its config does not tell the shape of the input {layer.name}")
    return shop.keras.Input(batch_shape=(None, *layer.shape[1:]), name=layer.name)


def class_of(layer: Layer, shop: Workshop) -> Any:
    """A class that Keras has. Raises ModelError for another, with what to do."""
    kind = RENAMED.get(layer.kind, layer.kind).rpartition(">")[2]
    known = None if kind in OF_ELSEWHERE else getattr(shop.keras.layers, kind, None)
    if not (inspect.isclass(known) and issubclass(known, shop.keras.layers.Layer)):
        raise ModelError(f"its layer {layer.name} is a {layer.kind}, which Keras 3 does not have; {RECIPE}")
    return known


def build_custom(layer: Layer, brought: Any, shop: Workshop) -> Any:
    """A layer of a class or a function that the caller brings."""
    if not inspect.isclass(brought):
        return shop.keras.layers.Lambda(brought, name=layer.name)
    config = {key: value for key, value in layer.config.items() if key != "dtype"}
    return brought.from_config(config) if hasattr(brought, "from_config") else brought(**config)


def build_known(layer: Layer, known: Any, shop: Workshop) -> Any:
    """A layer of Keras with those of its arguments that matter to what it computes."""
    taken = accepted(known)
    wanted = {key: value for key, value in layer.config.items() if matters(key)}
    left = {key: value for key, value in wanted.items() if key not in taken and value not in (None, False)}
    if left.pop("time_major", False):
        raise ModelError(
            f"its layer {layer.name} has time before the batch (time_major), which Keras 3 has not"
        )
    shop.notes.extend(
        f"left out {key}={value!r:.40} of the layer {layer.name}" for key, value in left.items()
    )
    given = {key: argument(key, value, shop) for key, value in wanted.items() if key in taken}
    if shop.old and known.__name__ == "GRU":
        given.setdefault("reset_after", layer.kind == "CuDNNGRU")
    try:
        made = known(**given, **quiet(taken), name=layer.name)
    except ModelError:
        raise
    except Exception as error:  # Keras raises anything
        raise ModelError(f"cannot build its layer {layer.name}: {cause_of(error)}") from error
    inner = layer.config.get("layer")
    for part in (getattr(made, name, made) for name in ("forward_layer", "backward_layer")):
        part.stored_as = inner.get("class_name") if isinstance(inner, Mapping) else layer.kind
    return made


def matters(key: str) -> bool:
    """Whether an argument says what a trained layer computes."""
    return key not in BESIDE and (not key.endswith(NOT_OF_USE) or key in ("target_shape", "output_shape"))


def quiet(taken: set[str]) -> dict[str, str]:
    """Weights to be overwritten need no random numbers."""
    return {key: "zeros" for key in taken if key.endswith("_initializer")}


def argument(key: str, value: Any, shop: Workshop) -> Any:
    """An argument of a layer: a number or text as it is, a function or another layer by its name."""
    if key in ACTIVATIONS:
        return activation(value, shop)
    if key in INNER and isinstance(value, Mapping):
        return build_layer(layer_of(value, 0), shop)
    if key == "axis" and isinstance(value, list) and len(value) == 1:
        return value[0]
    if isinstance(value, Mapping):
        raise ModelError(f"its config has {key}={str(value)[:60]}, which cannot be read")
    return tuple(value) if isinstance(value, list) else value


def activation(value: Any, shop: Workshop) -> Any:
    """A function by its name, or a layer that is one."""
    if isinstance(value, Mapping):
        if value.get("class_name") != "function":
            return build_layer(layer_of(value, 0), shop)
        value = value.get("config")
    if value is None:
        return None
    name = str(value).rpartition(">")[2]
    if name in shop.custom:
        return shop.custom[name]
    if name == "hard_sigmoid" and shop.old:
        return lambda x: shop.keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)
    known = getattr(shop.keras.activations, name, None)
    if not inspect.isfunction(known) or name in ("get", "serialize", "deserialize"):
        raise ModelError(f"its activation {name} is none that Keras 3 has; {RECIPE}")
    return known
