"""A model that convolves through spectra: captured for any length, kept in a file, refused where too long."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.fourier import LONGEST
from seqattr.engine.capture.model import Model
from seqattr.errors import UnsupportedOp
from seqattr.methods.attribution import attribute
from seqattr.models import native
from seqattr.models.load import load_model
from tests.helpers.sequences import LENGTH, one_hot, shuffled


class LongConvolution(nn.Module):
    """Channels convolved with kernels as long as the sequences may be, through spectra."""

    def __init__(self, longest: int, size: int | None = None) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.kernels, self.size = nn.Parameter(torch.randn(4, longest, generator=generator)), size
        self.dense = nn.Linear(4, 2)
        self.dense.weight.data = torch.linspace(-1, 1, 8).view(2, 4)

    def forward(self, x: Tensor) -> Tensor:
        size = self.size or 2 * x.shape[2]
        spectra = torch.fft.rfft(x, n=size) * torch.fft.rfft(self.kernels, n=size)
        return self.dense(torch.fft.irfft(spectra, n=size)[..., : x.shape[2]].relu().mean(2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_length_and_any_batch(dtype: torch.dtype) -> None:
    module = LongConvolution(LENGTH).to(dtype)
    model = Model(module, torch.zeros(2, 4, LENGTH, dtype=dtype))
    assert model.lengths.longest is None
    for rows, length in ((1, LENGTH), (4, 37), (3, 2 * LENGTH)):
        x = one_hot(rows, length).to(dtype)
        torch.testing.assert_close(model.predict(x), module(x).detach())
        errors = attribute(model, x, shuffled(x), dtype=torch.float64).additivity_error
        assert errors.amax() <= 1e-10


def test_it_comes_back_from_a_file(tmp_path: Path) -> None:
    model = Model(LongConvolution(LENGTH), torch.zeros(2, 4, LENGTH))
    native.save_model(tmp_path / "long.pt", model)
    x = one_hot(3).float()
    torch.testing.assert_close(load_model(tmp_path / "long.pt").predict(x), model.predict(x), rtol=0, atol=0)


def test_too_long_a_transform_is_one_line() -> None:
    with pytest.raises(UnsupportedOp, match="more than 8192 numbers has none; write it as a convolution"):
        Model(LongConvolution(8, LONGEST + 2), torch.zeros(2, 4, LENGTH))
