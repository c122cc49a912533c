"""Files of HDF5 and JSON changed within: whole, but with something else in them."""

import io
import json
import random
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

from fuzzing.mutations import BINARY, TEXT, mutate
from fuzzing.reader import Files

MOST_BYTES = 1 << 24  # of a dataset that is read here to be changed


def one_changed(files: Files, rng: random.Random) -> Files:
    """One of the files lost, or changed by what suits its kind."""
    name = rng.choice(sorted(files))
    if rng.random() < 0.03:
        return {other: content for other, content in files.items() if other != name}
    return files | {name: change_dataset(name, files[name], rng)}


def change_dataset(name: str, content: bytes, rng: random.Random) -> bytes:
    if name.endswith(".h5") and rng.random() < 0.85:
        return with_changed_data(content, rng)
    if name.endswith(".json") and rng.random() < 0.6:
        return json.dumps(changed_json(json.loads(content), rng)).encode()
    return mutate(content, rng, BINARY if name.endswith(".h5") else TEXT)


JSON = (
    None,
    True,
    -1,
    0,
    1e308,
    10**30,
    "",
    "x",
    "../../etc",
    "a/b",
    "\ud800",
    "\0",
    [],
    {},
    [1],
    ["a", "A"],
)


def changed_json(value: Any, rng: random.Random) -> Any:
    """A value somewhere within, gone or another."""
    if isinstance(value, dict | list) and value and rng.random() < 0.85:
        value = value.copy()
        key = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
        if rng.random() < 0.15:
            del value[key]
        else:
            value[key] = changed_json(value[key], rng)
        return value
    return rng.choice(JSON)


def with_changed_data(content: bytes, rng: random.Random) -> bytes:
    """The HDF5 file again, whole, with a dataset or an attribute changed."""
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        found: list[str] = []
        file.visit(found.append)
        for _ in range(rng.choice((1, 1, 2))):
            name = rng.choice(found)
            if name in file:
                change_data(file, name, rng)
    return buffer.getvalue()


def change_data(file: h5py.File, name: str, rng: random.Random) -> None:
    stored = file[name]
    if rng.random() < 0.25 or not isinstance(stored, h5py.Dataset) or not stored.size:
        place = rng.choice((file, stored))
        key = rng.choice([*place.attrs, "forward", "x"])
        place.attrs[key] = rng.choice((0, -1, 1e308, "", "{", np.bytes_("{"), np.zeros(3), np.nan))
    elif rng.random() < 0.5:
        change_values(stored, rng)
    else:
        replace(file, name, rng)


def change_values(stored: h5py.Dataset, rng: random.Random) -> None:
    """Some of the values others of the type."""
    place = tuple(rng.randrange(size) for size in stored.shape)
    if stored.dtype.kind == "O":
        odd: tuple[Any, ...] = ("", "x" * 5000, b"\xff\xfe", "a\tb\nc", "chr1", "$\\frac{", "-", "\u202e")
    elif stored.dtype.kind == "f":
        odd = (np.nan, np.inf, -np.inf, 1e300, -1e30, 1e-320, 0)
    else:
        odd = (-1, 0, 1, 7, 127, 2**40, 2**62, -(2**62))
    with np.errstate(all="ignore"):
        value = rng.choice(odd)
        value = value if isinstance(value, str | bytes) else np.array(value).astype(stored.dtype)
        if rng.random() < 0.3 and stored.dtype.kind != "O":
            stored[...] = value
        else:
            stored[place] = value


def replace(file: h5py.File, name: str, rng: random.Random) -> None:
    """Another dataset, a group or nothing."""
    if (file[name].nbytes or 0) > MOST_BYTES:
        return
    values, shape = file[name][...], file[name].shape
    del file[name]
    huge, text = (2**33, *shape[1:]), h5py.string_dtype()
    makers: tuple[Callable[[], Any], ...] = (
        lambda: None,
        lambda: file.create_group(name),
        lambda: file.create_dataset(name, data=values[:-1]),
        lambda: file.create_dataset(name, data=values[..., None]),
        lambda: file.create_dataset(name, data=np.zeros(shape, np.complex64)),
        lambda: file.create_dataset(name, data=np.zeros(shape, np.float16)),
        lambda: file.create_dataset(name, data=np.zeros(shape, [("a", "i4"), ("b", "f4")])),
        lambda: file.create_dataset(name, shape=shape, dtype=text),
        lambda: file.create_dataset(name, shape=(), dtype=np.float32),
        lambda: file.create_dataset(name, data=h5py.Empty("f")),
        lambda: file.create_dataset(name, shape=huge, dtype=np.float32, chunks=(1 << 10, *shape[1:])),
    )
    rng.choice(makers)()
