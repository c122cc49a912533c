"""Windows of nothing but N, and of more N than is wanted."""

from functools import partial

import numpy as np

from seqattr.errors import InputError
from seqattr.inputs.dropped import Dropped, DroppedRows, left_out, some_reasons
from seqattr.inputs.table import Windows
from seqattr.inputs.windows import Inputs


def drop_unknown(inputs: Inputs, max_n: float | None = None, strict: bool = True) -> Inputs:
    """Without the windows of nothing but N, and those of whose bases more than a share `max_n` are N.

    Padding does not count. Raises InputError where those are all windows, and in a `strict` run where one is
    of nothing but N.
    """
    windows = Windows.of(inputs.windows)
    own = windows.inside[:, 1] - windows.inside[:, 0]
    nothing = windows.unknown >= own
    many = ~nothing & (windows.unknown > (1.0 if max_n is None else max_n) * own)
    if not (nothing | many).any():
        return inputs._replace(windows=windows)
    if strict and nothing.any():
        raise InputError(some_reasons(nothing_known(windows.select(nothing))))
    dropped = nothing_known(windows.select(nothing)) + too_many(windows.select(many), max_n or 0.0)
    notes = [*inputs.notes, *left_out(dropped, len(windows), "windows", strict=False)]
    kept = windows.select(~(nothing | many))
    return inputs._replace(windows=kept, notes=notes, dropped=DroppedRows.of(inputs.dropped) + dropped)


def nothing_known(windows: Windows) -> DroppedRows:
    """Windows that hold no base, as they are listed."""

    def one(row: int) -> Dropped:
        name = windows.names[row]
        return Dropped(name, windows.regions[row], f"{name} holds nothing but N")

    return DroppedRows.made(len(windows), one)


def too_many(windows: Windows, max_n: float) -> DroppedRows:
    """Windows of too many N, as they are listed."""
    return DroppedRows.made(len(windows), partial(_too_many, windows, max_n))


def _too_many(windows: Windows, max_n: float, row: int) -> Dropped:
    name, unknown = windows.names[row], int(windows.unknown[row])
    own = int(np.diff(windows.inside[row])[0])
    reason = f"{unknown} of the {own} bases of {name} are N, more than `max_n={max_n:g}` allows"
    return Dropped(name, windows.regions[row], reason)
