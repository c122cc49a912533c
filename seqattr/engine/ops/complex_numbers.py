"""Ops on complex numbers, which a graph holds as two real ones each."""

REAL, IMAG, ANGLE = "aten.real.default", "aten.imag.default", "aten.angle.default"
CONJUGATES = frozenset(
    f"aten.{name}.default" for name in ("conj", "_conj", "conj_physical", "_conj_physical")
)
# Of the last dimension, which holds the two parts, and back; of two parts, and of size and angle.
OF_PAIRS, TO_PAIRS = "aten.view_as_complex.default", "aten.view_as_real.default"
OF_PARTS, POLAR = "aten.complex.default", "aten.polar.default"
FOURIER_OF_REAL, FOURIER, FOURIER_TO_REAL = (f"aten._fft_{kind}.default" for kind in ("r2c", "c2c", "c2r"))
# What is turned into real numbers must not be written out by torch before.
KEPT = (FOURIER_OF_REAL, FOURIER, FOURIER_TO_REAL, OF_PAIRS, TO_PAIRS, POLAR, OF_PARTS, REAL, IMAG, ANGLE)
