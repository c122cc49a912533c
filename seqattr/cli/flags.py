"""A message of the library, which names its parameters, in the words of the command line.

The library writes a parameter as `pad`, or with a value as `pad=True`; here it becomes --pad. A function that
writes what a command reads becomes the command that does.
"""

import json
import re
import shlex
from itertools import chain
from typing import Any

from seqattr.errors import UntrustedModel

FLAGS = {
    "Foreign.arch": "--arch",
    "Foreign.arch_args": "--arch-args",
    "Foreign.channels": "--channels",
    "Foreign.inputs": "--input",
    "Foreign.layout": "--input-layout",
    "Foreign.length": "--input-length",
    "Foreign.targets": "--target-names",
    "Foreign.unknown": "--unknown",
    "anchor": "--anchor",
    "any_length": "--any-length",
    "bed": "--bed",
    "check": "--check",
    "both_strands": "--both-strands",
    "contributions": "--contributions",
    "crop": "--crop",
    "data": "--train",
    "device": "--device",
    "each_model": "--each-model",
    "fasta": "--fasta",
    "force": "--force",
    "ignore_strand": "--ignore-strand",
    "genome": "--genome",
    "inputs": "--input",
    "max_n": "--max-n",
    "motifs": "--motifs",
    "monotone": "--monotone",
    "null": "--null",
    "out": "--out",
    "matches": "--matches-file",
    "pad": "--pad",
    "patterns": "--patterns",
    "permute_labels": "--permute-labels",
    "permuted": "--permuted",
    "precision": "--precision",
    "refs": "--refs",
    "regions": "--regions",
    "restart": "--restart",
    "scores": "--scores",
    "seed": "--seed",
    "seeds": "--repeats",
    "sequences": "--sequences",
    "shard": "--shard",
    "sizes": "--chrom-sizes",
    "sparsity": "--sparsity",
    "step": "--tile",
    "target": "--target",
    "targets": "--target",
    "threads": "--threads",
    "tile": "--tile",
    "trust": "--trust-model",
    "unknown": "--unknown",
    "runs": "--runs",
    "seqlets": "--seqlets",
    "window": "--window",
    "vcf": "--vcf",
    "workers": "--workers",
}
WRITERS = {
    "checkpoints_in": "`seqattr train --checkpoints`",
    "score": "`seqattr score --out`",
    "write_simulation": "`seqattr simulate tal-gata --out`",
}
_PARAMETER = re.compile(r"`(?P<name>[\w.]+)(?:=(?P<value>[^`]*))?`")


def in_flags(message: str) -> str:
    """The message with an option in the place of each parameter, as one would type it."""
    return _PARAMETER.sub(_option, message)


def _option(parameter: re.Match[str]) -> str:
    """`pad=True` as --pad, `Foreign.length=L` as --input-length L; what is no parameter as it is."""
    name, value = parameter["name"], parameter["value"]
    if name not in FLAGS:
        return WRITERS.get(name, parameter[0])
    return FLAGS[name] if value in (None, "True") else f"{FLAGS[name]} {shlex.quote(value)}"


def how_to_convert(error: UntrustedModel) -> str:
    """Why a model file was not read, and the command that makes of it one which can be."""
    files = [str(error.path), "--out", f"{error.path.stem}.seqattr.pt"]
    facts = [
        (FLAGS[f"Foreign.{name}"], word)
        for name, value in error.wanted.items()
        for word in _in_words(name, value)
    ]
    line = shlex.join(["seqattr", "convert", *files, *chain(*facts), FLAGS["trust"]])
    return f"{error.what}; if you trust it, convert it once: {line}"


def _in_words(name: str, value: Any) -> list[str]:
    """A value as one types it: names with commas between them, arguments as JSON, each input by itself."""
    if name == "inputs":
        return [f"{key}={each}" for key, each in value.items()]
    if isinstance(value, tuple):
        return [",".join(value)]
    return [json.dumps(dict(value)) if isinstance(value, dict) else str(value)]
