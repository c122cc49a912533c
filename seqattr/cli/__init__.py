"""The command line: each command opens its input, calls one library function and writes."""

from seqattr.cli.main import main

__all__ = ["main"]
