"""BPNet and ChromBPNet as the config of a Keras model tells them: which layer has which part in it.

Recognised by classes, kernels, dilations and connections, whatever the layers are called. Layouts by public
code: kundajelab/chrombpnet (training/models: bpnet_model, chrombpnet_with_bias_model), and with control
tracks kundajelab/basepairmodels and bpnet-refactor (model/arch).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seqattr.errors import ModelError
from seqattr.models.sources.keras_config import INPUT, Layer, Network, read_config
from seqattr.models.sources.keras_values import Ref, refs_in

LINEAR = (None, "linear")
LOGSUMEXP = b"logsumexp"


class Different(Exception):
    """What a model has that BPNet has not."""


@dataclass(frozen=True)
class Trunk:
    """A BPNet by its layers: the convs from the first on, the two heads, and what is cut off the profile at
    either end. With `late` the sums of the residual layers come before their ReLU, as in basepairmodels.
    """

    convs: tuple[str, ...]
    profile: str
    counts: str
    crop: int
    late: bool


@dataclass(frozen=True)
class Controls:
    """What control tracks are taken in by: the conv and the dense layer that read them beside the heads, the
    names of the inputs, how many log counts there are, and whether these are summed up first.
    """

    profile: str
    counts: str
    sequence: str
    profile_input: str
    counts_input: str
    levels: int
    summed: bool


@dataclass(frozen=True)
class Structure:
    """What a Keras model is: one BPNet, perhaps with control tracks, or the accessibility's and the bias's.

    `models` are names of layers that are models, "" for the model itself, and the trunk of each, the
    accessibility's first.
    """

    models: Mapping[str, Trunk]
    length: int
    controls: Controls | None = None


def read_structure(config: str) -> Structure | None:
    """The structure that a config tells, None where it is another model's, or none at all."""
    try:
        return structure_of(read_config(config))
    except ModelError:
        return None


def structure_of(network: Network) -> Structure | None:
    """The structure of a BPNet or ChromBPNet, None for any other model."""
    try:
        return matched(network)
    except (Different, KeyError, IndexError, TypeError, ValueError, AttributeError, StopIteration):
        return None


def matched(network: Network) -> Structure:
    """The structure of a model of two outputs. Raises Different."""
    graph, length = Graph(network), length_of(network)
    require(len(network.outputs) == 2)
    first, second = network.outputs.values()
    profile, counts = (second, first) if is_counts(graph, first) else (first, second)
    if graph.layer(profile).kind == "Add":
        return Structure(chrombpnet(graph, profile, counts), length)
    controls = None
    if graph.kind_before(counts) == "Concatenate":
        controls, profile, counts = with_controls(graph, profile, counts)
    return Structure({"": trunk_of(graph, profile, counts)}, length, controls)


def require(fits: Any) -> None:
    """Raises Different unless it is so."""
    if not fits:
        raise Different


def length_of(network: Network) -> int:
    """The length of the input that has four channels."""
    shapes = [network.shape_of(ref.layer) or () for ref in network.inputs]
    length = next(shape[1] for shape in shapes if len(shape) == 3 and shape[-1] == 4)
    require(length)
    return int(length or 0)


class Graph:
    """A network to be followed from its outputs to its inputs."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.calls = {(call.layer, call.number): call for call in network.calls}

    def layer(self, ref: Ref) -> Layer:
        """The layer that gives a tensor."""
        return self.network.layers[ref.layer]

    def inputs(self, ref: Ref) -> list[Ref]:
        """The tensors that it was given for it."""
        call = self.calls[ref[:2]]
        return list(refs_in((call.args, call.kwargs)))

    def before(self, ref: Ref, kind: str) -> Ref:
        """The one tensor that a layer of this kind was given."""
        require(self.layer(ref).kind == kind)
        (one,) = self.inputs(ref)
        return one

    def past(self, ref: Ref, *kinds: str) -> Ref:
        """The tensor behind layers of these kinds, of which there may be none."""
        while self.layer(ref).kind in kinds:
            (ref,) = self.inputs(ref)
        return ref

    def kind_before(self, ref: Ref) -> str:
        """The kind of the layer that gave the first tensor that a layer was given."""
        return self.layer(self.inputs(ref)[0]).kind


def is_counts(graph: Graph, ref: Ref) -> bool:
    """Whether an output is the counts, or their sum over two models."""
    return graph.layer(ref).kind in ("Dense", "Lambda", "TFOpLambda")


# --- two models ----------------------------------------------------------------------------------


def chrombpnet(graph: Graph, profile: Ref, counts: Ref) -> dict[str, Trunk]:
    """Accessibility and bias: their profiles are added, and of their counts the log of the sum is taken."""
    require(is_logsumexp(graph.layer(counts)))
    (joined,) = graph.inputs(counts)
    profiles, both = graph.inputs(profile), graph.inputs(joined)
    require(graph.layer(joined).kind == "Concatenate" and len(profiles) == len(both) == 2)
    require({ref.layer for ref in profiles} == {ref.layer for ref in both})
    names = sorted(
        (ref.layer for ref in profiles), key=lambda name: not without_bias(graph.network.layers[name])
    )
    return {name: inner_trunk(graph, name, profiles, both) for name in names}


def inner_trunk(graph: Graph, name: str, profiles: list[Ref], counts: list[Ref]) -> Trunk:
    """The trunk of a model that is a layer, which gives the profile and the counts."""
    inner = graph.network.layers[name].network
    require(inner is not None)
    assert inner is not None
    ends = list(inner.outputs.values())
    one, other = (next(ref for ref in refs if ref.layer == name).tensor for refs in (profiles, counts))
    return trunk_of(Graph(inner), ends[one], ends[other])


def without_bias(layer: Layer) -> bool:
    """Whether a model or one of its layers is called so."""
    names = [layer.name, *(layer.network.layers if layer.network else ())]
    return any("wo_bias" in name for name in names)


def is_logsumexp(layer: Layer) -> bool:
    """Whether a step is the log of a sum of exponents: TensorFlow's, or a Lambda in whose code, which is not
    run, that is named.
    """
    if layer.kind == "TFOpLambda":
        return LOGSUMEXP.decode() in str(layer.config.get("function"))
    return layer.kind == "Lambda" and LOGSUMEXP in code_of(layer.config.get("function"))


def code_of(function: Any) -> bytes:
    """The bytes of a Lambda's code, as Keras stores them."""
    while isinstance(function, Mapping):
        function = function.get("config", function.get("code"))
    text = function[0] if isinstance(function, list) and function else function
    try:
        return base64.b64decode(str(text), validate=False)
    except (binascii.Error, ValueError):
        return b""


# --- control tracks ------------------------------------------------------------------------------


def with_controls(graph: Graph, profile: Ref, counts: Ref) -> tuple[Controls, Ref, Ref]:
    """What reads control tracks, and the profile and counts without them."""
    joined, both = graph.before(profile, "Conv1D"), graph.before(counts, "Dense")
    config = graph.layer(profile).config
    require(config.get("activation") in LINEAR and config.get("padding") == "valid")
    require(numbers(config, "dilation_rate") == [1] and numbers(config, "strides") == [1])
    require(graph.layer(counts).config.get("activation") in LINEAR)
    require(graph.layer(joined).kind == graph.layer(both).kind == "Concatenate")
    (head, track), (dense, level) = graph.inputs(joined), graph.inputs(both)
    summed = graph.layer(level).kind != INPUT
    if summed:
        require(is_logsumexp(graph.layer(level)))
        (level,) = graph.inputs(level)
    require(graph.layer(track).kind == graph.layer(level).kind == INPUT)
    others = [ref.layer for ref in graph.network.inputs if ref not in (track, level)]
    require(len(others) == 1)
    inputs = (others[0], track.layer, level.layer)
    shape = graph.network.shape_of(level.layer) or ()
    return Controls(profile.layer, counts.layer, *inputs, int(shape[1] or 0), summed), head, dense


# --- one model -----------------------------------------------------------------------------------


def trunk_of(graph: Graph, profile: Ref, counts: Ref) -> Trunk:
    """The trunk that ends in these heads. Raises Different."""
    ref, crop = graph.past(profile, "Flatten"), 0
    if graph.layer(ref).kind == "Cropping1D":
        crop = crop_of(graph.layer(ref))
        ref = graph.before(ref, "Cropping1D")
    wide, dense = ref.layer, counts.layer
    body, pooled = graph.before(ref, "Conv1D"), graph.before(counts, "Dense")
    check_conv(graph.layer(ref), LINEAR, 1)
    require(graph.layer(counts).config.get("activation") in LINEAR)
    require(graph.before(pooled, "GlobalAveragePooling1D") == body)
    late = graph.layer(body).kind in ("ReLU", "Activation")
    return Trunk(tuple(convs_of(graph, body, late)), wide, dense, crop, late)


def convs_of(graph: Graph, ref: Ref, late: bool) -> list[str]:
    """The convs from the first to the last: on the input, and those that are added to what they read."""
    found: list[tuple[Layer, Ref]] = []
    ref = past_relu(graph, ref) if late else ref
    while graph.layer(ref).kind == "Add":
        conv, cropped = sorted(graph.inputs(ref), key=lambda one: graph.layer(one).kind != "Conv1D")
        found.insert(0, (graph.layer(conv), cropped))
        ref, read = graph.before(cropped, "Cropping1D"), graph.before(conv, "Conv1D")
        require((past_relu(graph, read) if late else read) == ref)
    activations = LINEAR if late else ("relu",)
    for number, (layer, cropped) in enumerate(found, 1):
        check_conv(layer, activations, 2**number)
        require(numbers(layer.config, "kernel_size") == [3])
        require(crop_of(graph.layer(cropped)) == 2**number)
    check_conv(graph.layer(ref), activations, 1)
    require(graph.layer(graph.before(ref, "Conv1D")).kind == INPUT)
    return [ref.layer, *(layer.name for layer, _ in found)]


def past_relu(graph: Graph, ref: Ref) -> Ref:
    """The tensor of which this is the ReLU."""
    layer = graph.layer(ref)
    plain = [layer.config.get(key) for key in ("max_value", "negative_slope", "threshold")]
    require(layer.config.get("activation") == "relu" if layer.kind == "Activation" else not any(plain))
    return graph.before(ref, "Activation" if layer.kind == "Activation" else "ReLU")


def check_conv(layer: Layer, activations: tuple[Any, ...], dilation: int) -> None:
    """Raises Different for a conv that pads, strides, has groups, or another activation or dilation."""
    config = layer.config
    require(config.get("activation") in activations and config.get("padding") == "valid")
    require(config.get("groups", 1) == 1 and config.get("data_format", "channels_last") == "channels_last")
    require(numbers(config, "strides") == [1] and numbers(config, "dilation_rate") == [dilation])


def numbers(config: Mapping[str, Any], key: str) -> list[int]:
    """A setting of one dimension, which may be written as a number."""
    value = config.get(key, 1)
    return list(value) if isinstance(value, list | tuple) else [value]


def crop_of(layer: Layer) -> int:
    """What a crop takes off at either end, which must be the same."""
    both = numbers(layer.config, "cropping")
    require(len(set(both)) == 1)
    return int(both[0])
