"""Convolutions with long kernels through the spectra of tiles, by overlap-save (Oppenheim and Schafer,
Discrete-Time Signal Processing, section 8.7).

A tile of 64 positions gives 64 - taps + 1 of the result, for one product of complex numbers at each
frequency: with 11 taps 2.4 multiplications a position, weight and channel, where there was one for each tap.
"""

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

from seqattr.engine.numerics import fused, kernels
from seqattr.engine.numerics.kernels import TILE
from seqattr.engine.numerics.onednn import Convolver, Prepared, positions
from seqattr.engine.numerics.workspace import POOL

# Where it is quicker, as measured: with many channels and many taps, for many signals of two tiles at once;
# and while the weights of all frequencies, 256 numbers for each of a tap's, take no more than 17 MB.
LEAST_CHANNELS = 40
TAPS = range(10, TILE // 2)
MOST_WEIGHTS = 2**14  # of a tap
LEAST_SIGNALS = 24


def pays(outputs: int, inputs: int, taps: int) -> bool:
    """Whether a convolution of this size is quicker so."""
    enough = min(outputs, inputs) >= LEAST_CHANNELS and taps in TAPS
    return fused.AVAILABLE and enough and outputs * inputs <= MOST_WEIGHTS


def where_many(direct: Convolver, weight: Tensor, padding: int) -> Convolver:
    """The convolution through spectra; the direct one where there are too few tiles for that."""
    many, (inputs, _, taps) = cache(lambda: spectral(weight, padding)), weight.shape[1:]

    def run(value: Tensor, bias: Tensor | None) -> Tensor:
        length = positions(value, inputs, taps, padding)
        enough = value.shape[0] * length >= LEAST_SIGNALS * 2 * (TILE - taps + 1)
        return (many() if enough else direct)(value, bias)

    return run


def spectral(weight: Tensor, padding: int) -> Convolver:
    """The convolution with a weight (outputs, inputs, 1, taps) of channels-last values (N, inputs, 1, L).

    Two tiles of one sequence are the real and the imaginary part of one signal. The weights are real, so
    their parts stay apart.
    """
    outputs, inputs, _, taps = weight.shape
    products, twiddles = Prepared(products_of(weight), groups=TILE), twiddle_factors()
    step = TILE - taps + 1

    def run(value: Tensor, bias: Tensor | None) -> Tensor:
        rows, length = value.shape[0], positions(value, inputs, taps, padding)
        signals = rows * math.ceil(length / step / 2)
        spectra = POOL.take(signals * TILE * 2 * inputs, value.dtype).view(signals, TILE, 2, inputs)
        arrays = lines_of(value).numpy(), spectra.numpy(), twiddles
        fused.in_threads(kernels.to_spectra, signals, *arrays, step, padding)
        if bias is not None:  # a constant is all at frequency 0
            bias = torch.cat([bias, bias, bias.new_zeros((TILE - 1) * 2 * outputs)])
        spectrum = products(spectra.view(1, 1, signals, -1).permute(0, 3, 1, 2), bias)
        spectrum = lines_of(spectrum).view(signals, TILE, 2, outputs)
        result = POOL.take(rows * length * outputs, value.dtype).view(rows, length, outputs)
        fused.in_threads(kernels.from_spectra, signals, spectrum.numpy(), result.numpy(), twiddles, step)
        return result[:, None].permute(0, 3, 1, 2)

    return run


def products_of(weight: Tensor) -> Tensor:
    """For each frequency the matrix that multiplies real and imaginary parts: the weights of a 1x1
    convolution in as many groups.
    """
    spectrum = torch.fft.fft(weight[:, :, 0].double(), n=TILE).conj() / TILE
    real, imaginary = spectrum.real.permute(2, 0, 1), spectrum.imag.permute(2, 0, 1)
    upper, lower = torch.cat([real, -imaginary], 2), torch.cat([imaginary, real], 2)
    matrices = torch.cat([upper, lower], 1).to(weight.dtype)
    matrices = matrices.unflatten(0, (4, -1)).transpose(0, 1).flatten(0, 2)  # in the order of the kernels
    return matrices[:, :, None, None]


def twiddle_factors() -> np.ndarray:
    """The cosines and sines of minus each 64th of a turn, (2, 64)."""
    angles = torch.arange(TILE, dtype=torch.float64) * (-2 * math.pi / TILE)
    factors: np.ndarray = torch.stack([angles.cos(), angles.sin()]).float().numpy()
    return factors


def lines_of(value: Tensor) -> Tensor:
    """Channels-last values (N, C, 1, L) as they lie, (N, L, C)."""
    return value.permute(0, 2, 3, 1).squeeze(1)
