"""Single convolutions on a device, each in every form that there is: time, rate and error."""

from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.engine.numerics.device import full_precision
from seqattr.engine.numerics.gpu.available import serves
from seqattr.engine.numerics.gpu.implicit import PARTS, Around, ConvolutionAround, Products
from speed.clock import calls_for, repeat, seconds

ROUNDS = 3
JUDGED = 2  # rows that float64 is asked for


class Size(NamedTuple):
    """A convolution from as many channels as to, dilated, with its ends padded."""

    channels: int
    rows: int
    length: int = 2114
    taps: int = 3
    dilation: int = 4

    @property
    def name(self) -> str:
        return f"C = {self.channels}, {self.rows} rows"

    @property
    def operations(self) -> int:
        return 2 * self.rows * self.length * self.taps * self.channels**2

    @property
    def padding(self) -> int:
        return self.dilation * (self.taps - 1) // 2


class Form(NamedTuple):
    """One form of a convolution: seconds of a call, 10^12 operations a second, the largest error over the
    largest value; or why there is no answer.
    """

    size: str
    name: str
    seconds: float | None = None
    teraflops: float | None = None
    error: float | None = None
    failed: str = ""


def forms_of(size: Size, device: torch.device) -> Iterator[Form]:
    """Each that the device has, as it is measured."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(size.rows, size.length, size.channels, generator=generator).to(device).mT
    weight = torch.randn(size.channels, size.channels, size.taps, generator=generator).to(device)
    weight *= (size.channels * size.taps) ** -0.5
    exact = direct(size, values[:JUDGED].double(), weight.double())
    for name, form in candidates(size, values, weight).items():
        yield measured(size, name, form, exact, device)


def candidates(size: Size, values: Tensor, weight: Tensor) -> dict[str, Callable[[], Tensor]]:
    """By name; on a CPU there is but float32."""
    rows = values.contiguous()
    forms = {"torch float32": lambda: direct(size, rows, weight)}
    if values.device.type == "cuda":
        forms["torch TF32"] = lambda: in_ten_bits(lambda: direct(size, rows, weight))
        forms["torch TF32, channels last"] = lambda: in_ten_bits(lambda: flat(size, values, weight))
        forms["copy"] = lambda: rows.clone()
    return {**forms, **our_own(size, values, weight)} if serves(values) else forms


def our_own(size: Size, values: Tensor, weight: Tensor) -> dict[str, Callable[[], Tensor]]:
    """Our kernels, with each size of tiles, for each kind of products."""
    forms: dict[str, Callable[[], Tensor]] = {}
    for products, parts in PARTS.items():
        made = Products(weight, 1, size.padding, size.dilation, parts)
        for tile in made.tiles():
            forms[f"ours {products}, {tile.name}"] = partial(alone, made.on(tile), values)
    return forms


def alone(run: ConvolutionAround, values: Tensor) -> Tensor:
    """With nothing around it."""
    return run(values, Around()).values


def direct(size: Size, values: Tensor, weight: Tensor) -> Tensor:
    return torch.nn.functional.conv1d(values, weight, padding=size.padding, dilation=size.dilation)


def flat(size: Size, values: Tensor, weight: Tensor) -> Tensor:
    """In two dimensions, where channels last are known."""
    padding, dilation = (0, size.padding), (1, size.dilation)
    last = torch.channels_last
    values, weight = (t.unsqueeze(2).contiguous(memory_format=last) for t in (values, weight))
    return torch.nn.functional.conv2d(values, weight, padding=padding, dilation=dilation).squeeze(2)


def in_ten_bits(form: Callable[[], Tensor]) -> Tensor:
    with full_precision("tf32"):
        return form()


def measured(size: Size, name: str, form: Callable[[], Tensor], exact: Tensor, device: torch.device) -> Form:
    """A form, compiled by its first call; one that fails says so and stops nobody."""
    try:
        with torch.no_grad(), full_precision():
            answer = form()[:JUDGED].double()
            once, _ = seconds(form, device)
            time = median(repeat(form, device, calls_for(once)) for _ in range(ROUNDS))
    except Exception as error:  # of a compiler, or too little of something
        first = (str(error).splitlines() or [""])[0][:60]
        return Form(size.name, name, failed=f"{type(error).__name__}: {first}")
    if name == "copy":
        return Form(size.name, name, time)
    apart = float((answer - exact).abs().max() / exact.abs().max())
    return Form(size.name, name, time, size.operations / time / 1e12, apart)
