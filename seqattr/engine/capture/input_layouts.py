"""How a model wants its input: the layout, the order of the bases, a fifth channel for unknown ones.

What fits is found by the shape of an example, and by trying.
"""

import re
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.dna.alphabet import ALPHABET
from seqattr.engine.capture.check import OwnFailure, own_answer
from seqattr.errors import InputError, UnknownName

# Batch, channels and length, and ones; a fifth channel is 1 where no base is known.
INPUT_LAYOUTS = ("N4L", "NL4", "N41L", "N4L1", "N14L", "NL41", "N1L4", "NL14", "N5L", "NL5")
USUAL = INPUT_LAYOUTS[0]
MUCH_LONGER = 10  # times the length that is too short
LONGEST = 2**21  # of the lengths that are tried


class LayoutAdapter(nn.Module):
    """Feeds (N, 4, L) sequences in ACGT order to a model that wants another layout or order."""

    def __init__(self, module: nn.Module, layout: str, channels: str) -> None:
        super().__init__()
        self.module, self.layout = module, layout
        letters = letters_of(layout)
        order = [letters.index(base) for base in in_full(channels, layout)]
        self.order: Tensor | None
        self.register_buffer("order", None if order == sorted(order) else torch.tensor(order))

    def forward(self, sequences: Tensor) -> Any:
        if "5" in self.layout:
            sequences = torch.cat([sequences, 1 - sequences.sum(1, keepdim=True)], 1)
        if self.order is not None:
            sequences = sequences.index_select(1, self.order)
        if self.layout.replace("1", "").startswith("NL"):
            sequences = sequences.transpose(1, 2)
        for dim, letter in enumerate(self.layout):
            if letter == "1":
                sequences = sequences.unsqueeze(dim)
        return self.module(sequences)


def adapt(module: nn.Module, layout: str, channels: str) -> nn.Module:
    """The module as one that takes (N, 4, L) in ACGT order."""
    plain = layout == USUAL and channels == ALPHABET
    return module if plain else LayoutAdapter(module, layout, channels)


def letters_of(layout: str) -> str:
    return ALPHABET + "N" if "5" in layout else ALPHABET


def in_full(channels: str, layout: str) -> str:
    """The order of all channels; that of unknown bases comes last unless it is named."""
    return channels + "N" if "5" in layout and len(channels) == len(ALPHABET) else channels


def check_channels(channels: str, layout: str) -> None:
    """Raises InputError unless channels are an order of the letters that the layout has."""
    if sorted(in_full(channels, layout)) != sorted(letters_of(layout)):
        raise InputError(f"channels must be an order of the letters {letters_of(layout)}, not '{channels}'")


def example_shape(layout: str, length: int, rows: int = 3) -> list[int]:
    """The shape of a batch in a layout."""
    sizes = {"N": rows, "4": 4, "5": 5, "1": 1, "L": length}
    return [sizes[letter] for letter in layout]


def fits(shape: torch.Size, layout: str) -> bool:
    """Whether a shape has what stands in a layout."""
    wanted = {"4": 4, "5": 5, "1": 1}
    same = (wanted.get(letter, size) == size for letter, size in zip(layout, shape, strict=False))
    return len(shape) == len(layout) and all(same)


def geometry_of(module: nn.Module, example: Tensor, layout: str, channels: str) -> tuple[str, int]:
    """The layout, and the length of the sequences in bases.

    An example of another shape than the usual layout's tells the layout, where one fits and runs. Raises
    UnknownName and InputError.
    """
    if layout not in INPUT_LAYOUTS:
        raise UnknownName("input layout", layout, INPUT_LAYOUTS)
    check_channels(channels, layout)
    if fits(example.shape, layout):
        return layout, example.shape[layout.index("L")]
    others = [other for other in INPUT_LAYOUTS if fits(example.shape, other)]
    lengths = {other: example.shape[other.index("L")] for other in others}
    running = [other for other in others if runs(module, other, lengths[other], channels)]
    if layout == USUAL and len(running) == 1:
        return running[0], lengths[running[0]]
    hint = f"; it fits the layout {' or '.join(running)}" if running else ""
    channel = "5" if "5" in layout else "4"
    raise InputError(
        f"the model's input must have {channel} channels in the layout {layout}, "
        f"but the example has the shape {tuple(example.shape)}{hint}"
    )


def runs(module: nn.Module, layout: str, length: int, channels: str = ALPHABET) -> bool:
    """Whether a module answers to sequences of a length in a layout."""
    like = next((p for p in module.parameters()), torch.zeros(()))
    blank = torch.zeros(3, 4, length, dtype=like.dtype, device=like.device)
    try:
        own_answer(LayoutAdapter(module, layout, channels), blank)
    except OwnFailure:
        return False
    return True


def layouts_that_run(module: nn.Module, length: int, channels: str = ALPHABET) -> list[str]:
    """Every layout in which a module answers to sequences of a length."""
    return [layout for layout in INPUT_LAYOUTS if runs(module, layout, length, channels)]


def what_would_run(module: nn.Module, layout: str, length: int, channels: str) -> str:
    """What else a module that fails would take, in words: another layout, or another length."""
    layouts = [other for other in layouts_that_run(module, length, channels) if other != layout]
    if layouts:
        return f"; it runs in the layout {' or '.join(layouts)}"
    lengths = lengths_that_run(adapt(module, layout, channels), length)
    if lengths is None:
        longer = runs(module, layout, MUCH_LONGER * length, channels)
        return f"; it runs on longer sequences, as of {MUCH_LONGER * length} bp" if longer else ""
    first, last = lengths
    return f"; it runs on sequences of {first} bp" + (f" to {last} bp" if last > first else "")


# --- lengths -------------------------------------------------------------------------------------

# Two sizes that should be the same: those of the sequence, and those of the weights.
SIZES = re.compile(r"\(\d+x(\d+) and (\d+)x\d+\)|\[\d+, (\d+)\] X \[(\d+), \d+\]")
TOO_SHORT = re.compile("Kernel size|[Oo]utput size|too small|non-positive|negative dimension")


def lengths_that_run(module: nn.Module, length: int) -> tuple[int, int] | None:
    """The shortest and the longest of the lengths at which a dense layer gets as many numbers as it wants.

    Found by halving, with no numbers computed. None where a module's refusals do not tell.
    """
    first = search(module, length, 0)
    last = search(module, length, 1) if first is not None else None
    if first is None or last is None or last <= first:
        return None
    return first, last - 1


def search(module: nn.Module, length: int, above: int) -> int | None:
    """The least length with at least as many numbers as wanted, or (`above` 1) with more."""
    low, high = 0, length
    while (side := side_of(module, high)) is not None and side < above:
        low, high = high, 2 * high
        if high > LONGEST:
            return None
    if side is None:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        side = side_of(module, middle)
        if side is None:
            return None
        low, high = (middle, high) if side < above else (low, middle)
    return high


def side_of(module: nn.Module, length: int) -> int | None:
    """-1: sequences of this length give a dense layer too few numbers, 0: they run, 1: too many."""
    with torch.no_grad():
        state = {n: t.to("meta") for n, t in (*module.named_parameters(), *module.named_buffers())}
        like = next((t for t in state.values() if t.is_floating_point()), torch.zeros(()))
        blank = torch.zeros(3, 4, length, device="meta", dtype=like.dtype)
        try:
            torch.func.functional_call(module, state, (blank,))
        except Exception as error:  # a module may fail in any way
            return read_side(str(error))
    return 0


def read_side(message: str) -> int | None:
    """Which side a refusal is on; None where it does not tell."""
    sizes = next((m for m in SIZES.finditer(message)), None)
    if sizes is None:
        return -1 if TOO_SHORT.search(message) else None
    have, want = (int(size) for size in sizes.groups() if size is not None)
    return (have > want) - (have < want)


def sequence_sizes(module: nn.Module) -> Iterator[torch.Size]:
    """The shape of the input that an exported module was written down with."""
    graph = getattr(module, "graph", None)
    for node in getattr(graph, "nodes", ()):
        value = node.meta.get("val") if node.op == "placeholder" else None
        if isinstance(value, Tensor):
            yield value.shape


def exported_geometry(module: nn.Module) -> tuple[str, int] | None:
    """The layout and length that an exported module was written down for; None where these are not fixed."""
    for shape in sequence_sizes(module):
        for layout in INPUT_LAYOUTS:
            size = shape[layout.index("L")] if fits(shape, layout) else None
            if isinstance(size, int):
                return layout, size
    return None
