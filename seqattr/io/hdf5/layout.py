"""What stands where in a contributions file, and whether a file is one."""

from pathlib import Path

import h5py
import numpy as np

from seqattr.errors import InputError

COLUMNS = ("raw/seq", "shap/seq", "projected_shap/seq")
NUMBERS = ("difference", "additivity_error")
ERRORS, CANCELLATION = "standard_error", "cancellation"
FORWARD = "forward"
PLACES = {"chrom": str, "start": int, "end": int, "name": str, "strand": str}
_PLACE_NAMES = tuple(f"regions/{field}" for field in PLACES)


def check_layout(path: Path | str, file: h5py.File) -> None:
    """Raise InputError unless all datasets are there, of one shape (N, 4, L) and of their types."""
    for name in (*COLUMNS, *NUMBERS, *_PLACE_NAMES):
        if not isinstance(file.get(name), h5py.Dataset):
            raise InputError(f"{path} has no dataset '{name}'; is it a contributions file of seqattr?")
    told = [name for name in (ERRORS, CANCELLATION) if isinstance(file.get(name), h5py.Dataset)]
    shape: tuple[int, ...] = file["raw/seq"].shape or ()
    fits = len(shape) == 3 and shape[1] == 4 and all(file[name].shape == shape for name in COLUMNS)
    fits = fits and (ERRORS not in told or file[ERRORS].shape == (shape[0], shape[2]))
    flat = (*NUMBERS, *_PLACE_NAMES, *(name for name in told if name != ERRORS))
    if not fits or any(file[name].shape != shape[:1] for name in flat):
        raise InputError(f"{path} holds datasets that do not fit one shape (N, 4, L)")
    _check_types(path, file, (*COLUMNS, *NUMBERS, *told))


def _check_types(path: Path | str, file: h5py.File, numbers: tuple[str, ...]) -> None:
    for name in numbers:
        _check_type(path, file[name], "iuf")
    for field, kind in PLACES.items():
        _check_type(path, file[f"regions/{field}"], "" if kind is str else "iu")
    if np.ndim(file["regions"].attrs.get(FORWARD, False)):
        raise InputError(f"{path} does not say whether its rows lie forward")


def _check_type(path: Path | str, stored: h5py.Dataset, kinds: str) -> None:
    """Numbers of these kinds, by numpy's letters; without any it is to be text."""
    is_text = h5py.check_string_dtype(stored.dtype) is not None
    if is_text is bool(kinds) or (kinds and stored.dtype.kind not in kinds):
        wanted = "numbers" if kinds else "text"
        raise InputError(f"{path} has the dataset {stored.name} of {stored.dtype}; it should hold {wanted}")
