"""Convolutions on a GPU in the form that is quickest there: on tensor cores, or as torch has it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from seqattr.engine.numerics.device import current, full_precision, is_out_of_memory
from seqattr.engine.numerics.gpu import in_parts
from seqattr.engine.numerics.gpu.choice import FAILED, Key, quickest
from seqattr.engine.numerics.gpu.implicit import Around, Convolved, Products, in_steps
from seqattr.engine.numerics.gpu.in_parts import Ahead, Pairs, Slopes
from seqattr.engine.numerics.gpu.notes import say
from seqattr.errors import ModelError

DIRECT = "direct"
SAMPLE = 2**25  # numbers of the larger of what goes in and what comes out, when forms are measured
MOST_ROWS = 2**14
# Of the largest of a convolution's values, how far a form's may be from torch's.
TOLERANCE = {"float32": 1e-5, "bfloat16x3": 1e-3}

UnboundForm = Callable[..., Any]  # of several that do the same, before it has its arguments


class Direct(Protocol):
    """A convolution as torch has it."""

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor: ...

    def transpose(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor: ...


class Quickest:
    """One way through a convolution, in the form that is quickest. Which one does not hang on how many rows
    there are, so that equal rows stay equal.

    `runs` are its forms by name. `sample` makes arguments to measure them with, of values as long as those
    given, and `answer` is what of a form's result is held against the direct one's.
    """

    def __init__(
        self,
        key: Key,
        runs: Callable[[], Mapping[str, UnboundForm]],
        sample: Callable[[Tensor], Sequence[Any]],
        answer: Callable[[Any], Tensor],
        precision: str,
    ) -> None:
        self.key, self.runs, self.sample, self.answer = key, runs, sample, answer
        self.precision = precision
        self.forms: dict[int, UnboundForm | None] = {}  # None: the direct one

    def __call__(self, direct: UnboundForm, values: Tensor, *arguments: Any) -> Any:
        """The form's result of its arguments, among which are `values` (rows, channels, L)."""
        run = self.kernel(direct, values)
        if run is None:
            return direct(*arguments)
        try:
            return run(*arguments)
        except ModelError:
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise
            say(FAILED.format(self.key[0], f"{type(error).__name__}: {error}".splitlines()[0]))
            self.forms[values.shape[2].bit_length()] = None
            return direct(*arguments)

    def kernel(self, direct: UnboundForm, values: Tensor) -> UnboundForm | None:
        """The form of our own that serves values of this length; None where the direct one does."""
        size = values.shape[2].bit_length()
        if size not in self.forms:
            with full_precision(), current(values.device):
                self.forms[size] = self._choose(direct, values, size)
        return self.forms[size]

    def _choose(self, direct: UnboundForm, values: Tensor, size: int) -> UnboundForm | None:
        runs, arguments = self.runs(), self.sample(values)
        every = {DIRECT: direct, **runs}.items()
        forms = {name: partial(self._answer, run, arguments) for name, run in every}
        key = (*self.key, self.precision, size)
        return runs.get(quickest(key, forms, values.device, TOLERANCE[self.precision]))

    def _answer(self, run: UnboundForm, arguments: Sequence[Any]) -> Tensor:
        return self.answer(run(*arguments))


def geometry_key(products: Products) -> Key:
    p = products
    return *p.weight.shape, p.stride, p.padding, p.dilation


def drawn(values: Tensor, channels: int, outputs: int, seed: int = 0) -> Tensor:
    """Numbers (rows, channels, L) at random, as long as values and as many as keep a GPU busy."""
    length = values.shape[2]
    rows = min(max(1, SAMPLE // (max(outputs, channels) * length)), MOST_ROWS)
    generator = torch.Generator(values.device).manual_seed(seed)
    return torch.randn(rows, length, channels, device=values.device, generator=generator).mT


def beside(values: Tensor, products: Products) -> Tensor:
    """Numbers at random of the shape of what comes out."""
    positions = products.positions(values.shape[2])
    generator = torch.Generator(values.device).manual_seed(9)
    shape = len(values), positions, len(products.weight)
    return torch.randn(shape, device=values.device, generator=generator).mT


def forward_of(products: Products, precision: str) -> Quickest:
    """A convolution with what is around it, measured with all that can be."""
    outputs, channels, _ = products.weight.shape

    def sample(values: Tensor) -> Sequence[Any]:
        references = drawn(values, channels, outputs)
        results = beside(references, products)
        return references, Around(results[0, :, 0].contiguous(), starts=results[:1], addends=results)

    return plain("forward", products, sample, precision)


def back_of(products: Products, precision: str) -> Quickest:
    """A transposed convolution with what is around it, measured with all that can be."""
    outputs, channels, _ = products.weight.shape

    def sample(values: Tensor) -> Sequence[Any]:
        multipliers, slopes = (drawn(values, channels, outputs, seed) for seed in range(2))
        return multipliers, Around(scales=slopes, addends=beside(multipliers, products))

    return plain("back", products, sample, precision)


def plain(
    name: str, products: Products, sample: Callable[[Tensor], Sequence[Any]], precision: str
) -> Quickest:
    def runs() -> Mapping[str, UnboundForm]:
        return {tile.name: products.on(tile) for tile in products.tiles()}

    return Quickest((name, *geometry_key(products)), runs, sample, lambda result: result.values, precision)


class Measured:
    """A convolution and its transpose, with what is around them: on tensor cores, or directly as in torch."""

    def __init__(self, products: Products, precision: str, direct: Direct) -> None:
        self.direct, self.products, self.precision = direct, products, precision
        self.transposed = products.transposed()
        self.straight = forward_of(products, precision)
        self.back = None if self.transposed is None else back_of(self.transposed, precision)

        self._in_parts: MeasuredInParts | None = None

    def in_parts(self, magnitude: "Measured") -> "MeasuredInParts":
        """With relu behind it by RevealCancel, made once; `magnitude` is the convolution with |W|."""
        self._in_parts = self._in_parts or MeasuredInParts(self, magnitude)
        return self._in_parts

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor:
        return self.forward_around(activation, Around(bias)).values

    def transpose(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor:
        return self.transpose_around(multiplier, shape, Around())

    def forward_around(self, activation: Tensor, around: Around) -> Convolved:
        """W x and what is around it."""
        result: Convolved = self.straight(in_steps(self.direct.forward), activation, activation, around)
        return result

    def on_tensor_cores(self, activation: Tensor) -> bool:
        """Whether a kernel of our own is the form for activations of this length."""
        return self.straight.kernel(in_steps(self.direct.forward), activation) is not None

    def transpose_around(self, multiplier: Tensor, shape: Sequence[int], around: Around) -> Tensor:
        """W^T m and what is around it, for activations of this shape."""
        direct = in_steps(lambda values, _: self.direct.transpose(values, (len(values), *shape[1:])))
        if self.back is None:
            return direct(multiplier, around).values
        result: Convolved = self.back(direct, multiplier, multiplier, around)
        return result.values


class MeasuredInParts:
    """A convolution and relu behind it by RevealCancel: in one kernel each way, or in steps; of the two, the
    convolution with W and the one with |W|.
    """

    def __init__(self, straight: Measured, magnitude: Measured) -> None:
        self.straight, self.magnitude = straight, magnitude
        self.ahead = self._forward() if straight.products.together == 1 else None
        self.behind = self._back() if straight.transposed is not None else None

    def forward(self, pairs: Pairs, ahead: Ahead) -> in_parts.ConvolvedInParts:
        """Relu's values for the references, and the slopes."""
        direct = in_parts.forward_in_steps(self.straight.forward, self.magnitude.forward)
        if self.ahead is None or not self.straight.on_tensor_cores(pairs.references):
            return direct(pairs, ahead)  # as the sequences went, so that what is equal stays equal
        result: in_parts.ConvolvedInParts = self.ahead(direct, pairs.references, pairs, ahead)
        return result

    def back(self, multiplier: Tensor, slopes: Slopes, pairs: Pairs, addends: Tensor | None) -> Tensor:
        """Multipliers of relu's value to those of the convolution's input, and what is added."""
        shape = pairs.references.shape[1:]
        direct = in_parts.back_in_steps(
            lambda m, _: self.straight.transpose(m, (len(m), *shape)),
            lambda m, _: self.magnitude.transpose(m, (len(m), *shape)),
        )
        if self.behind is None:
            return direct(multiplier, slopes, pairs, addends)
        result: Tensor = self.behind(direct, multiplier, multiplier, slopes, pairs, addends)
        return result

    def _forward(self) -> Quickest:
        products, precision = self.straight.products, self.straight.precision
        outputs, channels, _ = products.weight.shape

        def runs() -> Mapping[str, UnboundForm]:
            return {tile.name: in_parts.forward_on(products, tile) for tile in in_parts.tiles_for(outputs)}

        def sample(values: Tensor) -> Sequence[Any]:
            references = drawn(values, channels, outputs)
            results = beside(references, products)
            pairs = Pairs(references, drawn(values, channels, outputs, 1)[:1])
            return pairs, Ahead(results[:1], results[0, :, 0].contiguous(), results)

        key = ("forward in parts", *geometry_key(products))
        # Slopes between values that hardly differ hang on how these are rounded.
        return Quickest(key, runs, sample, lambda result: result.values, precision)

    def _back(self) -> Quickest:
        products, precision = self.straight.transposed, self.straight.precision
        assert products is not None
        outputs, channels, _ = products.weight.shape

        def runs() -> Mapping[str, UnboundForm]:
            tiles = in_parts.tiles_for(outputs * products.together)
            return {tile.name: in_parts.back_on(products, tile) for tile in tiles}

        def sample(values: Tensor) -> Sequence[Any]:
            m, sums, gaps = (drawn(values, channels, outputs, seed) for seed in range(3))
            references = beside(m, products)
            return m, Slopes(sums, gaps), Pairs(references, references[-1:].flip(1)), references

        return Quickest(
            ("back in parts", *geometry_key(products)), runs, sample, lambda result: result, precision
        )
