"""Probabilities (4, w) from the tables of motif files: either way up, of counts or probabilities."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqattr.dna.alphabet import ALPHABET
from seqattr.errors import InputError, some_of
from seqattr.io.motifs.blocks import IUPAC, Table
from seqattr.io.motifs.collection import Motif

ROUNDING = 0.02  # published probabilities have two or three digits


def by_position(where: str, block: Table) -> Motif:
    """A row for each position; the letters in front of them are a consensus."""
    strange = [row.label for row in block.rows if row.label and row.label not in IUPAC]
    if strange:
        raise InputError(f"{where} has a row for '{strange[0]}', which is no DNA letter")
    table = _table(where, block)
    if table.shape[1] != 4:
        raise InputError(f"{where} has {table.shape[1]} numbers in a row; four (A, C, G, T) were expected")
    return to_probabilities(where, table.T)


def either_way_up(where: str, block: Table) -> Motif:
    """A row or a column for each base, as names or the shape tell. Log-odds become probabilities again."""
    table = _table(where, block)
    table = _from_log_odds(table) if (table < 0).any() else table
    labels = [row.label for row in block.rows if row.label]
    if block.columns:
        return to_probabilities(where, _named_columns(where, block.columns, table))
    if labels:
        return to_probabilities(where, _named_rows(where, labels, table))
    return to_probabilities(where, _upright(where, table))


def _table(where: str, block: Table) -> np.ndarray:
    widths = {len(row.numbers) for row in block.rows}
    if not widths or 0 in widths:
        raise InputError(f"{where} has a width of 0; a motif has at least one position")
    if len(widths) > 1:
        raise InputError(f"{where} has rows of {min(widths)} and of {max(widths)} numbers")
    return np.array([row.numbers for row in block.rows])


def _from_log_odds(table: np.ndarray) -> np.ndarray:
    """Probabilities where numbers are log-odds against equal frequencies of the bases, in natural
    logarithms, as HOCOMOCO's pwm files hold, or binary ones; else as they are.

    The probabilities p of a position are exp(w) / 4 of its weights w, which can be told: they sum to 1. They
    have the pseudocounts that the weights were made with.
    """
    for undo in (np.exp, np.exp2):
        for axis in (0, 1):
            with np.errstate(over="ignore"):
                probabilities = undo(table) / 4
            if (abs(probabilities.sum(axis=axis) - 1) <= ROUNDING).all():
                return np.asarray(probabilities)
    return table


def _named_columns(where: str, columns: Sequence[str], table: np.ndarray) -> np.ndarray:
    if table.shape[1] != len(columns):
        raise InputError(f"{where} names {len(columns)} columns, but its rows have {table.shape[1]} numbers")
    return np.stack([table[:, columns.index(base)] for base in ALPHABET])


def _named_rows(where: str, labels: Sequence[str], table: np.ndarray) -> np.ndarray:
    if sorted(labels) != sorted(ALPHABET) or len(labels) != len(table):
        given = some_of(labels, 6)
        raise InputError(f"{where} has rows for {given}; only DNA motifs (A, C, G, T) can be read")
    return np.stack([table[labels.index(base)] for base in ALPHABET])


def _upright(where: str, table: np.ndarray) -> np.ndarray:
    """(4, w), however it was laid down; four times four is laid so that all positions have one sum."""
    ways = [way for way in (table, table.T) if len(way) == 4]
    if len(ways) == 2:
        ways = [way for way in ways if np.ptp(way.sum(axis=0)) <= ROUNDING * abs(way.sum()) / 4]
    if len(ways) == 1:
        return ways[0]
    rows, columns = table.shape
    if {rows, columns} == {4}:
        raise InputError(f"{where} has four rows and four columns; name the rows A, C, G, T")
    raise InputError(
        f"{where} has {rows} rows and {columns} columns; four of either (A, C, G, T) were expected"
    )


def to_probabilities(where: str, table: Any) -> Motif:
    """Probabilities from a table (4, w) of probabilities or counts.

    Counts are whole numbers, or numbers that at each position sum to about the same and are not all below 1.
    Raises InputError for anything else.
    """
    matrix = np.array(table, dtype=np.float64)
    if not (np.isfinite(matrix).all() and (matrix >= 0).all()):
        raise InputError(
            f"{where} holds a number below 0 or none; probabilities or counts (pfm, pcm) were expected"
        )
    sums = matrix.sum(axis=0)
    off = np.flatnonzero(abs(sums - 1) > ROUNDING)
    are_large = matrix.max(axis=0).min() > 1 and np.ptp(sums) <= ROUNDING * sums.max()
    are_counts = are_large or (matrix == matrix.round()).all()
    if (len(off) and not are_counts) or not sums.all():
        column = off[0] if sums.all() else sums.argmin()
        raise InputError(f"{where}: position {column + 1} sums to {sums[column]:g}; probabilities sum to 1")
    return matrix / sums
