"""Counterfactuals in a file: the paths of all windows as one table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqattr.analyses import counterfactual as methods
from seqattr.dna.alphabet import one_hot
from seqattr.engine.capture.model import Model
from seqattr.inputs import Window, naming
from seqattr.io.atomic import check_file
from seqattr.io.tables import write_table


def write_counterfactuals(
    out: Path | str, model: Model, windows: Sequence[Window], **options: Any
) -> list[methods.Path]:
    """Find the paths, with the options of `counterfactuals`, and write their table.

    Raises as `counterfactuals` does, NotFinite naming the record, and OutputError.
    """
    check_file(out)
    names = [window.name for window in windows]
    sequences = [one_hot(window.codes[None])[0] for window in windows]
    with naming(names):
        paths = methods.counterfactuals(model, sequences, **options)
    write_table(out, methods.table(names, paths))
    return paths
