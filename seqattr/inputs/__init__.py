"""From files to the windows that are scored: their bases, and where they lie on a genome."""

from seqattr.inputs.batches import Aligned, by_length, lengths_of, names_of
from seqattr.inputs.dropped import Dropped, DroppedRows, write_dropped
from seqattr.inputs.fitting import OneLength, fit_windows
from seqattr.inputs.frequencies import frequencies
from seqattr.inputs.genomes import from_regions
from seqattr.inputs.records import from_fasta
from seqattr.inputs.repeated import once, shares
from seqattr.inputs.spool import spooling_in
from seqattr.inputs.table import Windows
from seqattr.inputs.tiles import from_tiles
from seqattr.inputs.unknown import drop_unknown
from seqattr.inputs.windows import Inputs, Window, naming, resize

__all__ = [
    "Aligned",
    "Dropped",
    "DroppedRows",
    "Inputs",
    "OneLength",
    "Window",
    "Windows",
    "by_length",
    "drop_unknown",
    "fit_windows",
    "frequencies",
    "from_fasta",
    "from_regions",
    "from_tiles",
    "lengths_of",
    "names_of",
    "naming",
    "once",
    "resize",
    "shares",
    "spooling_in",
    "write_dropped",
]
