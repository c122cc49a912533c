"""The functions of torch, by every name that they have: captured, exact, and with autograd's own gradient.

Many functions share one model, each with a target of its own, since to capture takes longer than to explain.
"""

import functools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from seqattr.methods.registry import METHODS
from tests.helpers.kinds_of_method import ONE_OF_EACH, ready
from tests.helpers.sequences import LENGTH, one_hot, shuffled

CHANNELS, POSITIONS = 4, LENGTH - 4
PLACES = torch.arange(POSITIONS) % 3
V = torch.linspace(0.4, 1.6, CHANNELS, dtype=torch.float64).unsqueeze(1)
W = torch.linspace(-1, 1, 3 * CHANNELS * 4, dtype=torch.float64).view(3, CHANNELS, 4)
SHIFTS = torch.linspace(-1, 1, (2 * POSITIONS - 1) * CHANNELS, dtype=torch.float64).view(-1, CHANNELS)
Z = torch.complex(W, W.flip(1).cos())
Function = Callable[[Tensor], Tensor]


def sliced_to_zero(h: Tensor) -> Tensor:
    h = h.clone()
    h[:, :, 3:] += 1
    h[:, 0] = 0
    return h


def masked_to_zero(h: Tensor) -> Tensor:
    h = h.clone()
    h[h < 0.1] = 0
    return h


def zeros(h: Tensor) -> Tensor:
    return torch.zeros_like(h[:, :, :3])


def places(h: Tensor) -> Tensor:
    return PLACES.expand(h.shape[0], CHANNELS, POSITIONS)


def rotated(h: Tensor) -> Tensor:
    """A rotary embedding, as language models write it."""
    pairs = torch.view_as_complex(h.mT.unflatten(-1, (CHANNELS // 2, 2)).contiguous())
    angles = torch.outer(torch.arange(h.shape[2]).double(), torch.tensor([1.0, 0.1]).double())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2)


def relative_shift(queries: Tensor, shifts: Tensor) -> Tensor:
    """One sequence's products with what belongs to each distance, read through a strided view, as attention
    with relative positions has it: (positions, channels), (2 positions - 1, channels).
    """
    n = len(queries)
    return (queries @ shifts.mT).flatten().as_strided((n, n), (2 * (n - 1), 1), n - 1)


def state_space(h: Tensor) -> Tensor:
    """A long convolution with decaying waves, as S4D makes its kernel."""
    n = h.shape[2]
    rates = (-0.3 + 1j * torch.arange(3).double()).unsqueeze(1)
    kernel = 2 * torch.exp(rates * torch.arange(n) * 0.1).sum(0).real
    return torch.fft.irfft(torch.fft.rfft(h, n=2 * n) * torch.fft.rfft(kernel, n=2 * n), n=2 * n)[..., :n]


def filtered(h: Tensor) -> Tensor:
    """The lowest frequencies, mixed by a matrix each, as a Fourier neural operator has them."""
    spectrum, found = torch.fft.rfft(h), torch.zeros(h.shape[0], 3, POSITIONS // 2 + 1, dtype=Z.dtype)
    found[..., :4] = torch.einsum("nif,oif->nof", spectrum[..., :4], Z)
    return torch.fft.irfft(found, n=POSITIONS)


def no_mean(h: Tensor) -> Tensor:
    spectrum = torch.fft.rfft(h)
    spectrum[..., 0] = 0
    return torch.fft.irfft(spectrum)


def z_of(h: Tensor) -> Tensor:
    return torch.complex(h, h.flip(2).tanh())


def grouped_queries(h: Tensor) -> Tensor:
    """Four heads of queries, of which two and two have their keys and values in common."""
    queries = h.transpose(1, 2).unsqueeze(1).expand(-1, 4, -1, -1) * torch.arange(1, 5)[:, None, None]
    keys = h.transpose(1, 2).unsqueeze(1).expand(-1, 2, -1, -1) * torch.arange(1, 3)[:, None, None]
    return torch.nn.functional.scaled_dot_product_attention(queries, keys, keys, enable_gqa=True).flatten(1)


FUNCTIONS: dict[str, dict[str, Function]] = {
    "second names": {
        "subtract": lambda h: torch.subtract(h, V),
        "subtract twice": lambda h: torch.subtract(h, h.relu(), alpha=2),
        "multiply": lambda h: torch.multiply(h, V),
        "divide": lambda h: torch.divide(h, V),
        "true_divide": lambda h: torch.true_divide(h, V),
        "negative": torch.negative,
        "absolute": torch.absolute,
        "clip": lambda h: torch.clip(h, -0.2, 0.3),
        "expit": torch.special.expit,
        "arctan": torch.arctan,
        "arcsinh": torch.arcsinh,
        "arcsin": lambda h: torch.arcsin(h.clamp(-0.9, 0.9)),
        "float_power": lambda h: torch.float_power(h.abs(), 2.0),
        "concat": lambda h: torch.concat([h, h], 1),
        "swapaxes": lambda h: h.swapaxes(1, 2),
        "moveaxis": lambda h: h.moveaxis(1, 2),
        "log1p": lambda h: torch.special.log1p(h.abs()),
        "exp2": torch.special.exp2,
        "erf": torch.special.erf,
        "softmax": lambda h: torch.special.softmax(h, 1),
        "attention of grouped queries": grouped_queries,
        "log_softmax": lambda h: torch.special.log_softmax(h, 1),
        "logsumexp": lambda h: torch.special.logsumexp(h, 1),
        "xlogy": lambda h: torch.special.xlogy(h.relu(), h.relu() + 0.1),
        "greater": lambda h: torch.where(torch.greater(V, 0.6), h, 2 * h),
        "vstack": lambda h: torch.column_stack([h.mean(2), h.amax(2)]),
        "flip": torch.fliplr,
    },
    "variance": {
        "var": lambda h: h.var(2),
        "var, biased": lambda h: h.var(2, unbiased=False),
        "var, kept": lambda h: h / (h.var(2, keepdim=True) + 0.1),
        "var, biased, kept": lambda h: h / (h.var(2, unbiased=False, keepdim=True) + 0.1),
        "var, correction": lambda h: h.var((1, 2), correction=3),
        "std, biased": lambda h: h.std(2, unbiased=False),
        "std, biased, kept": lambda h: h / (h.std(2, unbiased=False, keepdim=True) + 0.1),
        "var_mean": lambda h: torch.cat(torch.var_mean(h, 2), 1),
        "var_mean, biased": lambda h: torch.cat(torch.var_mean(h, 2, unbiased=False, keepdim=True), 1),
        "std_mean": lambda h: torch.cat(torch.std_mean(h, 2), 1),
        "std_mean, correction": lambda h: torch.std_mean(h, 2, correction=0)[0],
        "norm": lambda h: h.norm(dim=1),
        "norm 1": lambda h: h.norm(p=1, dim=1),
        "norm 3": lambda h: torch.linalg.vector_norm(h, 3, dim=1),
        "norm inf": lambda h: torch.linalg.vector_norm(h, torch.inf, dim=1),
        "cdist": lambda h: torch.cdist(h.transpose(1, 2), W[:, :, 0]),
        "cdist 1": lambda h: torch.cdist(h.transpose(1, 2), W[:, :, 0], p=1),
        "pairwise_distance": lambda h: F.pairwise_distance(h, h.flip(2) * V),
        "hypot": lambda h: torch.hypot(h, V.expand(CHANNELS, POSITIONS)),
    },
    "nonlinearities": {
        "erfc": torch.erfc,
        "sinc": torch.sinc,
        "lgamma": lambda h: torch.lgamma(h.abs() + 0.3),
        "tan": torch.tan,
        "acos": lambda h: torch.acos(h.clamp(-0.9, 0.9)),
        "acosh": lambda h: torch.acosh(h.abs() + 1.1),
        "atanh": lambda h: torch.atanh(h.clamp(-0.9, 0.9)),
        "erfinv": lambda h: torch.erfinv(h.clamp(-0.9, 0.9)),
        "logit": lambda h: torch.logit(h.clamp(0.1, 0.9)),
        "logit, eps": lambda h: torch.logit(h, 0.2),
        "nan_to_num": torch.nan_to_num,
        "frac": lambda h: torch.frac(3 * h),
        "round": lambda h: torch.round(3 * h),
        "round, decimals": lambda h: torch.round(3 * h, decimals=1),
        "floor": lambda h: torch.floor(3 * h),
        "ceil": lambda h: torch.ceil(3 * h),
        "trunc": lambda h: torch.trunc(3 * h),
        "fix": lambda h: torch.fix(3 * h),
        "remainder": lambda h: h % 0.3,
        "fmod": lambda h: torch.fmod(h, 0.3),
        "sign": torch.sign,
        "addcdiv": lambda h: torch.addcdiv(h, h, V, value=0.5),
        "fill": sliced_to_zero,
    },
    "along a line": {
        "cumprod": lambda h: torch.cumprod(h, 2),
        "prod": lambda h: torch.prod(h, 1),
        "prod, kept": lambda h: torch.prod(h[:, :3], 1, keepdim=True),
        "cummax": lambda h: h.cummax(2).values,
        "cummin": lambda h: h.cummin(2).values,
        "logcumsumexp": lambda h: torch.logcumsumexp(h, 2),
        "logaddexp": lambda h: torch.logaddexp(h, h.flip(2)),
        "logaddexp2": lambda h: torch.logaddexp2(h, h.flip(2)),
        "fmax": lambda h: torch.fmax(h, V),
        "fmin": lambda h: torch.fmin(h, h.flip(2)),
        "clamp by tensors": lambda h: torch.clamp(h, min=-V, max=V / 3),
        "index_add": lambda h: zeros(h).index_add(2, PLACES, h),
        "scatter_add": lambda h: zeros(h).scatter_add(2, places(h), h),
        "scatter_reduce": lambda h: zeros(h).scatter_reduce(2, places(h), h, "sum"),
        "scatter": lambda h: h.scatter(2, places(h)[:, :, :3], h[:, :, 5:8]),
        "index_copy": lambda h: h.index_copy(2, torch.tensor([1, 4]), h[:, :, 7:9]),
        "index_fill": lambda h: h.index_fill(2, torch.tensor([1, 4]), 2.0),
        "as_strided": lambda h: h.contiguous().as_strided(
            (h.shape[0], CHANNELS, 5), (CHANNELS * POSITIONS, POSITIONS, 2), 1
        ),
        "rot90": lambda h: h.rot90(2, (1, 2)),
        "diag_embed": lambda h: torch.diag_embed(h.mean(2)),
        "nearest-exact": lambda h: F.interpolate(h, scale_factor=2, mode="nearest-exact"),
        "bicubic": lambda h: F.interpolate(h.unsqueeze(2), size=(1, 30), mode="bicubic"),
        "circular": lambda h: F.pad(h, (2, 2), mode="circular"),
        "lp_pool": lambda h: F.lp_pool1d(h.abs(), 2, 2),
    },
    "windows and copies": {
        "unfold": lambda h: h.unfold(2, 4, 3).amax(-1),
        "im2col": lambda h: F.unfold(h.unsqueeze(2), (1, 5)).tanh(),
        "response norm": lambda h: F.local_response_norm(h, 3),
        "area": lambda h: F.interpolate(h, size=7, mode="area"),
        "linear": lambda h: F.interpolate(h, scale_factor=2, mode="linear"),
        "reflect": lambda h: F.pad(h, (2, 2), mode="reflect").tanh(),
        "replicate": lambda h: F.pad(h, (2, 2), mode="replicate").tanh(),
        "tensor_split": lambda h: h.tensor_split(3, 2)[1],
        "hsplit": lambda h: torch.cat(torch.hsplit(h.mean(2), 2)[::-1], 1),
        "tile": lambda h: h.mean(2).tile((1, 3)),
        "ceil_mode": lambda h: F.max_pool1d(h, 3, ceil_mode=True),
        "relative shift": lambda h: torch.vmap(relative_shift, (0, None))(h.transpose(1, 2), SHIFTS),
        "softmin": lambda h: F.softmin(h, 1),
        "outer": lambda h: h.mean(2).unsqueeze(2) * h.amax(2).unsqueeze(1),
        "sum of a list": lambda h: sum([h, h.exp()]),
    },
    "in order": {
        "sort": lambda h: h.sort(2).values,
        "sort, descending": lambda h: torch.sort(h, 1, descending=True)[0],
        "msort": lambda h: torch.sort(h, dim=2, stable=True).values,
        "topk": lambda h: h.topk(3, 2).values,
        "topk, smallest": lambda h: h.topk(3, 2, largest=False).values.mean(2),
        "topk of one": lambda h: h.topk(1, 2).values,
        "kthvalue": lambda h: h.kthvalue(3, 2, keepdim=True).values,
        "median": lambda h: h.median(2).values,
        "nanmedian": lambda h: h.nanmedian(2).values,
        "quantile": lambda h: torch.quantile(h, 0.3, 2),
        "quantiles": lambda h: torch.quantile(h, torch.tensor([0.1, 0.77]).to(h), 2).movedim(0, 1),
        "aminmax": lambda h: torch.cat(torch.aminmax(h, dim=2), 1),
    },
    "masks": {
        "h * (h > 0)": lambda h: h * (h > 0),
        "h * (h >= 0)": lambda h: (h >= 0).to(h.dtype) * h,
        "hard": lambda h: (h > 0).float() * h,
        "masked_fill": lambda h: h.masked_fill(h < 0, 0.0),
        "where": lambda h: torch.where(h > 0, h, torch.zeros_like(h)),
        "where not": lambda h: torch.where(h <= 0, 0.0, h),
        "leaky by hand": lambda h: torch.where(h > 0, h, 0.1 * h),
        "two functions": lambda h: torch.where(h > 0.3, h.exp(), h * h),
        "two values": lambda h: torch.where(h > h.flip(2), h.exp(), 0.5),
        "two numbers": lambda h: torch.where(h > 0.5, 1.0, 0.3),
        "gate": lambda h: h.flip(2) * (h > 0.2),
        "share": lambda h: (h > 0.3).to(h.dtype).mean(2),
        "count": lambda h: (h > 0.3).sum(2).to(h.dtype) / POSITIONS,
        "count as integers": lambda h: (h > 0.3).long().sum(2) * h.mean(2),
        "or, not": lambda h: h.masked_fill((h > 0.3) | ~(h < -0.2), 2.0),
        "and, xor": lambda h: h * ((h > -0.3) & ((h < 0.2) ^ (h.flip(2) > 0))),
        "logical": lambda h: h * torch.logical_and(h > -0.3, torch.logical_not(h.flip(2) > 0)),
        "any": lambda h: (h > 0.8).any(1).to(h.dtype),
        "all": lambda h: (h > -0.3).all(1).to(h.dtype) * h.mean(1),
        "isnan": lambda h: h.masked_fill(h.isnan(), 0.0),
        "bucketize": lambda h: torch.bucketize(h, torch.tensor([-0.2, 0.1, 0.5]).to(h)).to(h.dtype),
        "floor_divide": lambda h: (h // 0.25).detach(),
        "rounded down": lambda h: torch.div(h, h.flip(2).abs() + 0.1, rounding_mode="floor").detach(),
        "masked by hand": masked_to_zero,
        "convolved": lambda h: F.conv1d((h > 0.2).to(h.dtype), W),
    },
    "fourier": {
        "convolution": lambda h: torch.fft.irfft(
            torch.fft.rfft(h, n=2 * h.shape[2]) * torch.fft.rfft(W[0], n=2 * h.shape[2]), n=2 * h.shape[2]
        )[..., : h.shape[2]],
        "correlation": lambda h: torch.fft.irfft(torch.fft.rfft(h, n=64) * torch.fft.rfft(W[0], n=64).conj()),
        "odd": lambda h: torch.fft.irfft(torch.fft.rfft(h[:, :, :15]).conj(), n=15),
        "of two activations": lambda h: torch.fft.irfft(torch.fft.rfft(h) * torch.fft.rfft(h.flip(1).tanh())),
        "real part": lambda h: torch.fft.fft(h).real,
        "imaginary part": lambda h: torch.fft.fft(h, dim=1).imag,
        "two dimensions": lambda h: torch.fft.irfft2(torch.fft.rfft2(h) * 2j),
        "every dimension": lambda h: torch.fft.rfftn(h, dim=(1, 2), norm="ortho").imag,
        "back": lambda h: torch.fft.ifft(torch.fft.fft(h) * V).real,
        "hfft": lambda h: torch.fft.hfft(torch.fft.ihfft(h)),
        "forward": lambda h: torch.fft.irfft(torch.fft.rfft(h, norm="forward") * V, norm="forward"),
        "power": lambda h: torch.fft.rfft(h).abs() ** 2,
        "size": lambda h: torch.fft.rfft(h).abs(),
        "shifted": lambda h: torch.fft.fftshift(torch.fft.fft(h), dim=2).imag,
        "no mean": no_mean,
        "low frequencies": lambda h: torch.fft.irfft(torch.fft.rfft(h)[..., :4], n=POSITIONS),
        "masked": lambda h: torch.fft.ifft(torch.where(PLACES < 2, torch.fft.fft(h), 0)).real,
        "stft": lambda h: (
            torch.stft(h.flatten(0, 1), 8, 4, window=torch.ones(8).to(h), return_complex=True)
            .abs()
            .unflatten(0, (-1, CHANNELS))
        ),
        "state space": state_space,
        "operator": filtered,
    },
    "complex numbers": {
        "rotary": rotated,
        "times a number": lambda h: ((2 - 1j) * h + 1j * h.exp()).imag,
        "quotient": lambda h: (z_of(h) / (Z[0, :, :1] + h.exp())).real,
        "inverse": lambda h: (1 / (z_of(h) + 3)).imag,
        "square": lambda h: (z_of(h) ** 2).real,
        "exp": lambda h: torch.exp(z_of(h)).imag,
        "matrix": lambda h: (z_of(h).mT @ Z[0]).real,
        "of activations": lambda h: (z_of(h) @ z_of(h).mH).imag,
        "einsum": lambda h: torch.einsum("ncl,kcj->nkj", z_of(h), Z).imag,
        "cast": lambda h: torch.einsum("ncl,kcj->nkj", h.to(Z.dtype), Z).imag,
        "joined": lambda h: torch.cat([z_of(h).conj(), h.to(Z.dtype)], 1).imag,
        "unbind": lambda h: z_of(h).unbind(1)[2].imag * z_of(h).chunk(2, 2)[1].real.mean((1, 2)).unsqueeze(1),
        "real and complex": lambda h: (h + Z[0, :, :1] * h.mean((1, 2), keepdim=True)).imag,
        "as pairs": lambda h: torch.view_as_real(z_of(h).mean(2)),
        "size": lambda h: (z_of(h) - 0.1).abs(),
    },
}


def weights(value: Tensor) -> Tensor:
    return torch.arange(value.shape[1], dtype=torch.float64).mul(0.37).sin()


class Functions(nn.Module):
    """A convolution, and each function of it weighed to one number."""

    def __init__(self, functions: list[Function]) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(11)
        self.functions = functions
        self.weight = nn.Parameter(0.4 * torch.randn(CHANNELS, 4, 5, generator=generator).double())

    def forward(self, x: Tensor) -> Tensor:
        h = F.conv1d(x, self.weight)
        values = [function(h).unsqueeze(1).flatten(1) for function in self.functions]
        return torch.stack([(v * weights(v)).sum(1) for v in values], 1)


@functools.cache
def captured(group: str) -> tuple[Functions, Model]:
    module = Functions(list(FUNCTIONS[group].values()))
    return module, Model(module, torch.zeros(2, 4, LENGTH).double(), targets=list(FUNCTIONS[group]))


@pytest.mark.parametrize("group", FUNCTIONS)
def test_functions_are_complete(group: str) -> None:
    module, model = captured(group)
    x = one_hot()
    torch.testing.assert_close(model.predict(x), module(x).detach(), rtol=1e-9, atol=1e-12)
    for method in ("deeplift-rescale", "deeplift-revealcancel"):
        errors = attribute(model, x, shuffled(x), method=method).additivity_error.amax(-1)
        assert {n: float(e) for n, e in zip(FUNCTIONS[group], errors, strict=True) if not e <= 1e-9} == {}


@pytest.mark.parametrize("group", FUNCTIONS)
def test_gradients_are_autograds(group: str) -> None:
    module, model = captured(group)
    x = one_hot().requires_grad_()
    got = attribute(model, x.detach(), method="gradient").multipliers
    for i, name in enumerate(FUNCTIONS[group]):
        value = module(x)[:, i].sum()
        wanted = torch.autograd.grad(value, x, allow_unused=True)[0] if value.requires_grad else None
        wanted = torch.zeros_like(x) if wanted is None else wanted
        atol = 1e-10 * float(wanted.abs().max()) + 1e-13
        torch.testing.assert_close(got[i], wanted, rtol=0, atol=atol, msg=name)


RULEBOOKS = [
    name
    for name in ONE_OF_EACH
    if METHODS[name].family in ("modified backward", "relevance", "learned patterns")
    and METHODS[name].at_step is None
]
SLOW = pytest.mark.slow
OF_NEW_KINDS = [g if g in ("in order", "masks") else pytest.param(g, marks=SLOW) for g in FUNCTIONS]


@pytest.mark.parametrize("group", OF_NEW_KINDS)
def test_every_rulebook_has_a_rule_for_them(group: str) -> None:
    _, model = captured(group)
    x = one_hot(1)
    for method in RULEBOOKS:
        result = attribute(model, x, shuffled(x), method=ready(model, method))
        assert result.contributions.isfinite().all(), method
