"""Why torch would not capture a model, in one line, with the user's own line of code."""

import torch
from torch import nn

from seqattr.engine.graph.source_lines import first_line, with_source

FIXED = "Constraints violated (batch)"
BRANCHES = "what it computes branches on the values of a sequence, which one graph cannot follow"
# What torch.export's commonest refusals come to, by a word in them.
PLAIN = {
    ".numpy() is not supported": "it leaves torch for numpy, where nothing can follow it",
    "fake tensor in the exported program": "its forward writes on a tensor of its own, through .data or from "
    "call to call; write on the weights before, or work with a new tensor: "
    "w = torch.renorm(self.conv.weight, 2, 0, 1), then F.conv1d(x, w)",
    "data-dependent": BRANCHES,
    ".allclose.default": BRANCHES,
    ".equal.default": BRANCHES,
    FIXED: "it fixes the number of sequences in a batch, as a loop over them does; work on all at once, with "
    "x.shape[0] for how many there are",
}


def scripted_part(module: nn.Module) -> str:
    """Which part of a module is TorchScript, in one line; "" where none is."""
    names = [name for name, part in module.named_modules() if isinstance(part, torch.jit.ScriptModule)]
    return (
        f"its part '{names[0]}' is TorchScript; put the module that it was made of in its place"
        if names
        else ""
    )


def reason(error: BaseException) -> str:
    """Why torch.export refused, in one line."""
    text = str(error)
    plain = next((line for word, line in PLAIN.items() if word in text), None)
    return with_source(plain, text) if plain else first_line(error)
