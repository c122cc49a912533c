"""BPNet and ChromBPNet .h5 files in the exact layout of tf.keras 2.8, of small sizes, with random weights.

Names and layers as kundajelab/chrombpnet and kundajelab/bpnet-refactor write them.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers.keras_networks import old_entry, old_functional, old_input, write_old_h5

Entries = list[dict[str, Any]]
LAMBDA = base64.b64encode(b"\xe3\x00 marshalled: tf math reduce_logsumexp axis keepdims").decode()


def conv(
    name: str, filters: int, width: int, before: Any, activation: str = "linear", dilation: int = 1
) -> Any:
    config = {
        "trainable": True, "dtype": "float32", "filters": filters, "kernel_size": [width], "strides": [1],
        "padding": "valid", "data_format": "channels_last", "dilation_rate": [dilation], "groups": 1,
        "activation": activation, "use_bias": True, "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
    }  # fmt: skip
    return old_entry("Conv1D", name, config, before)


def plain(kind: str, name: str, before: Any, **config: Any) -> Any:
    return old_entry(kind, name, {"trainable": True, "dtype": "float32", **config}, before)


def dense(name: str, units: int, before: Any) -> Any:
    return plain("Dense", name, before, units=units, activation="linear", use_bias=True)


def body(prefix: str, filters: int, layers: int, length: int, output: int, name: str) -> dict[str, Any]:
    """A bias model (prefix "") or an accessibility model ("wo_bias_") of ChromBPNet."""
    entries: Entries = [old_input("sequence", length, 4)]
    entries.append(conv(f"{prefix}bpnet_1st_conv", filters, 21, "sequence", "relu"))
    last, left = entries[-1]["name"], length - 20
    for layer in range(1, layers + 1):
        dilated, crop = f"{prefix}bpnet_{layer}conv", f"{prefix}bpnet_{layer}crop"
        entries.append(conv(dilated, filters, 3, last, "relu", 2**layer))
        entries.append(plain("Cropping1D", crop, last, cropping=[2**layer, 2**layer]))
        last = f"add_{layer}{'_a' if prefix else ''}"
        entries.append(plain("Add", last, [dilated, crop]))
        left -= 2 * 2**layer
    inner = f"{prefix}bpnet_" if prefix else ""
    wide, cut = f"{inner}prof_out_precrop", f"{inner}logits_profile_predictions_preflatten"
    edge = (left - 74) // 2 - output // 2
    entries += [
        conv(wide, 1, 75, last),
        plain("Cropping1D", cut, wide, cropping=[edge, edge]),
        plain("GlobalAveragePooling1D", "gap", last, data_format="channels_last"),
        plain("Flatten", f"{inner}logits_profile_predictions", cut, data_format="channels_last"),
        dense(f"{inner}logcount_predictions", 1, "gap"),
    ]
    ends = [f"{inner}logits_profile_predictions", f"{inner}logcount_predictions"]
    return old_functional(name, entries, ["sequence"], ends)


def whole(length: int, output: int, filters: int, layers: int) -> dict[str, Any]:
    """ChromBPNet: both models as layers of one, whose own calls are their second ones."""
    bias = body("", 3, 2, length, output, "model")
    access = body("wo_bias_", filters, layers, length, output, "model_wo_bias")
    call = [[["sequence", 0, 0, {}]]]
    nested = [{**bias, "name": "model", "inbound_nodes": call}]
    nested.append({**access, "name": "model_wo_bias", "inbound_nodes": call})
    add = old_entry("Add", "logits_profile_predictions", {"trainable": True})
    add["inbound_nodes"] = [[["model_wo_bias", 1, 0, {}], ["model", 1, 0, {}]]]
    joined = old_entry("Concatenate", "concatenate", {"axis": -1})
    joined["inbound_nodes"] = [[["model_wo_bias", 1, 1, {}], ["model", 1, 1, {}]]]
    function = {"function": [LAMBDA, None, None], "function_type": "lambda", "module": "chrombpnet.models"}
    counts = old_entry("Lambda", "logcount_predictions", function, "concatenate")
    entries = [old_input("sequence", length, 4), *nested, add, joined, counts]
    return old_functional(
        "model_1", entries, ["sequence"], ["logits_profile_predictions", "logcount_predictions"]
    )


def with_controls(length: int, output: int, filters: int, layers: int, tasks: int = 2) -> dict[str, Any]:
    """BPNet of bpnet-refactor, with control tracks."""
    entries: Entries = [old_input("sequence", length, 4), conv("main_conv_0", filters, 21, "sequence")]
    last, left = "main_conv_0", length - 20
    for layer in range(1, layers + 1):
        entries.append(plain("ReLU", f"{last}_relu", last, max_value=None, negative_slope=0.0, threshold=0.0))
        entries.append(conv(f"main_dil_conv_{layer}", filters, 3, f"{last}_relu", "linear", 2**layer))
        entries.append(plain("Cropping1D", f"{last}_cr", last, cropping=[2**layer, 2**layer]))
        entries.append(plain("Add", f"main_add_{layer}", [f"main_dil_conv_{layer}", f"{last}_cr"]))
        last, left = f"main_add_{layer}", left - 2 * 2**layer
    edge = (left - 74) // 2 - output // 2
    function = {"function": [LAMBDA, None, None], "function_type": "lambda"}
    beside = ["main_concat_with_prof_bias_0", "main_concat_with_counts_bias_0"]
    entries += [
        plain("ReLU", f"{last}_relu", last, max_value=None, negative_slope=0.0, threshold=0.0),
        conv("main_profile_head", tasks, 75, f"{last}_relu"),
        plain("GlobalAveragePooling1D", "main_global_avg_pooling", f"{last}_relu"),
        old_input("counts_bias_input_0", 2),
        plain("Cropping1D", "main_profile_head_cropped", "main_profile_head", cropping=[edge, edge]),
        old_input("profile_bias_input_0", output, 2),
        dense("main_counts_head", 1, "main_global_avg_pooling"),
        old_entry("Lambda", "main_logsumexp_counts_bias_0", function, "counts_bias_input_0"),
        plain("Concatenate", beside[0], ["main_profile_head_cropped", "profile_bias_input_0"], axis=-1),
        plain("Concatenate", beside[1], ["main_counts_head", "main_logsumexp_counts_bias_0"], axis=-1),
        conv("profile_predictions", tasks, 1, beside[0]),
        dense("logcounts_predictions", 1, beside[1]),
    ]  # fmt: skip
    config = old_functional(
        "custom_model", entries, ["sequence", "profile_bias_input_0", "counts_bias_input_0"],
        ["profile_predictions", "logcounts_predictions"],
    )  # fmt: skip
    return {**config, "class_name": "CustomModel"}


def random_weights(config: Mapping[str, Any], seed: int = 0) -> dict[str, dict[str, np.ndarray]]:
    """Weights for each layer that has some, by the names that tf.keras gives them."""
    rng = np.random.default_rng(seed)
    found: dict[str, dict[str, np.ndarray]] = {}
    channels: dict[str, int] = {}
    for entry in config["config"]["layers"]:
        name, settings = entry["name"], entry["config"]
        befores = [ref[0] for call in entry["inbound_nodes"] for ref in call]
        inputs = [channels[before] for before in befores if before in channels]
        if entry["class_name"] == "Functional":
            inner = random_weights(entry, seed + len(found) + 1)
            found[name] = {path: array for arrays in inner.values() for path, array in arrays.items()}
            continue
        own = settings.get("filters", settings.get("units"))
        shape = (settings.get("batch_input_shape") or [None])[-1]
        joined = sum(inputs) if entry["class_name"] == "Concatenate" else (inputs or [shape])[0]
        summed = 1 if entry["class_name"] == "Lambda" else joined
        channels[name] = own or summed
        if own:
            kernel = (*settings.get("kernel_size", []), joined, own)
            scale = 1 / np.sqrt(np.prod(kernel[:-1]))
            found[name] = {
                f"{name}/kernel:0": rng.normal(0, scale, kernel), f"{name}/bias:0": rng.normal(0, 0.1, own)
            }  # fmt: skip
        else:
            found[name] = {}
    return found


def write(path: Path, config: Mapping[str, Any], seed: int = 0) -> Path:
    """The model as an .h5 file."""
    return write_old_h5(path, config, random_weights(config, seed))
