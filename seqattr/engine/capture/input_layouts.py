"""How the batch, the channels and the length may lie in a model's input, and in which order the bases."""

from collections.abc import Iterator, Sequence
from itertools import permutations

from seqattr.dna.alphabet import ALPHABET
from seqattr.errors import InputError, UnknownName

USUAL = "N4L"


def layouts() -> Iterator[str]:
    """Every order of batch, channels and length, with at most one 1 anywhere, the likeliest first.

    A fifth channel, which is 1 where no base is known, only where the batch comes first.
    """
    orders = sorted(("".join(order) for order in permutations(USUAL)), key=likelihood)
    single = [f"{order[:at]}1{order[at:]}" for order in orders for at in range(len(order) + 1)]
    four = sorted([*orders, *single], key=likelihood)
    yield from four
    yield from (layout.replace("4", "5") for layout in four if layout.startswith("N"))


def likelihood(layout: str) -> tuple[bool, int, int]:
    """The key to sort layouts by: the batch first, few dimensions, channels before the length."""
    return not batch_first(layout), len(layout), layout.index("4") - layout.index("L")


def batch_first(layout: str) -> bool:
    return layout.startswith("N")


INPUT_LAYOUTS = tuple(layouts())


def letters_of(layout: str) -> str:
    return ALPHABET + "N" if "5" in layout else ALPHABET


def in_full(channels: str, layout: str) -> str:
    """The order of all channels; that of unknown bases comes last unless it is named."""
    return channels + "N" if "5" in layout and len(channels) == len(ALPHABET) else channels


def check_layout(layout: str, channels: str) -> None:
    """Raises UnknownName for what is none of INPUT_LAYOUTS, InputError for channels that are none of it."""
    if layout not in INPUT_LAYOUTS:
        raise UnknownName("input layout", layout, INPUT_LAYOUTS)
    check_channels(channels, layout)


def check_channels(channels: str, layout: str) -> None:
    """Raises InputError unless channels are an order of the letters that the layout has."""
    if sorted(in_full(channels, layout)) != sorted(letters_of(layout)):
        raise InputError(f"channels must be an order of the letters {letters_of(layout)}, not '{channels}'")


def example_shape(layout: str, length: int, rows: int = 3) -> list[int]:
    """The shape of a batch in a layout."""
    sizes = {"N": rows, "4": 4, "5": 5, "1": 1, "L": length}
    return [sizes[letter] for letter in layout]


def fits(shape: Sequence[int], layout: str) -> bool:
    """Whether a shape has what stands in a layout."""
    wanted = {"4": 4, "5": 5, "1": 1}
    same = (wanted.get(letter, size) == size for letter, size in zip(layout, shape, strict=False))
    return len(shape) == len(layout) and all(same)


def order_of_dims(layout: str) -> list[int]:
    """How the dimensions (N, channels, L) are permuted for a layout without its ones."""
    return ["N4L".index(letter) for letter in layout.replace("1", "").replace("5", "4")]
