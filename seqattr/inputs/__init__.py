"""From files to the windows that are scored: their bases, and where they lie on a genome."""

from seqattr.inputs.dropped import Dropped, write_dropped
from seqattr.inputs.fitting import OneLength, fitted
from seqattr.inputs.frequencies import frequencies
from seqattr.inputs.genomes import from_regions, tiled
from seqattr.inputs.records import from_fasta
from seqattr.inputs.repeated import once, shares
from seqattr.inputs.windows import Aligned, Inputs, Window, by_length, naming, resized

__all__ = [
    "Aligned",
    "Dropped",
    "Inputs",
    "OneLength",
    "Window",
    "by_length",
    "fitted",
    "frequencies",
    "from_fasta",
    "from_regions",
    "naming",
    "once",
    "resized",
    "shares",
    "tiled",
    "write_dropped",
]
