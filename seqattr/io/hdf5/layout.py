"""What stands where in a contributions file, and whether a file is one."""

from pathlib import Path

import h5py
import numpy as np

from seqattr.errors import InputError

COLUMNS = ONE_HOT, HYPOTHETICAL, PROJECTED = ("raw/seq", "shap/seq", "projected_shap/seq")
NUMBERS = DIFFERENCE, ADDITIVITY_ERROR = ("difference", "additivity_error")
ERRORS, CANCELLATION = "standard_error", "cancellation"
REGIONS, FORWARD = "regions", "forward"
PLACES = {"chrom": str, "start": int, "end": int, "name": str, "strand": str}


def place_name(field: str) -> str:
    """The dataset of one of PLACES."""
    return f"{REGIONS}/{field}"


def looks_like_contributions(file: h5py.File) -> bool:
    """Whether an open HDF5 file has a group that only those of contributions have."""
    return any(name.partition("/")[0] in file for name in (HYPOTHETICAL, PROJECTED))


def check_layout(path: Path | str, file: h5py.File) -> None:
    """Raise InputError unless all datasets are there, of one shape (N, 4, L) and of their types."""
    places = tuple(map(place_name, PLACES))
    for name in (*COLUMNS, *NUMBERS, *places):
        if not isinstance(file.get(name), h5py.Dataset):
            raise InputError(f"{path} has no dataset '{name}'; is it a contributions file of seqattr?")
    optional = [name for name in (ERRORS, CANCELLATION) if isinstance(file.get(name), h5py.Dataset)]
    shape: tuple[int, ...] = file[ONE_HOT].shape or ()
    fits = len(shape) == 3 and shape[1] == 4 and all(file[name].shape == shape for name in COLUMNS)
    fits = fits and (ERRORS not in optional or file[ERRORS].shape == (shape[0], shape[2]))
    flat = (*NUMBERS, *places, *(name for name in optional if name != ERRORS))
    if not fits or any(file[name].shape != shape[:1] for name in flat):
        raise InputError(f"{path} holds datasets that do not fit one shape (N, 4, L)")
    _check_types(path, file, (*COLUMNS, *NUMBERS, *optional))


def _check_types(path: Path | str, file: h5py.File, numbers: tuple[str, ...]) -> None:
    for name in numbers:
        _check_type(path, file[name], "iuf")
    for field, kind in PLACES.items():
        _check_type(path, file[place_name(field)], "" if kind is str else "iu")
    if np.ndim(file[REGIONS].attrs.get(FORWARD, False)):
        raise InputError(f"{path} does not say whether its rows lie forward")


def _check_type(path: Path | str, stored: h5py.Dataset, kinds: str) -> None:
    """Numbers of these kinds, by numpy's letters; without any it is to be text."""
    is_text = h5py.check_string_dtype(stored.dtype) is not None
    if is_text is bool(kinds) or (kinds and stored.dtype.kind not in kinds):
        wanted = "numbers" if kinds else "text"
        raise InputError(f"{path} has the dataset {stored.name} of {stored.dtype}; it should hold {wanted}")
