"""From files to the windows that are scored: their bases, and where they lie on a genome."""

from seqattr.inputs.dropped import Dropped, write_dropped
from seqattr.inputs.fitting import OneLength, fit_windows
from seqattr.inputs.frequencies import frequencies
from seqattr.inputs.genomes import from_regions, from_tiles
from seqattr.inputs.records import from_fasta
from seqattr.inputs.repeated import once, shares
from seqattr.inputs.windows import Aligned, Inputs, Window, by_length, naming, resize

__all__ = [
    "Aligned",
    "Dropped",
    "Inputs",
    "OneLength",
    "Window",
    "by_length",
    "fit_windows",
    "frequencies",
    "from_fasta",
    "from_regions",
    "from_tiles",
    "naming",
    "once",
    "resize",
    "shares",
    "write_dropped",
]
