"""The command line: each command opens its input, calls one library function and writes."""

import sys

try:
    from seqattr.cli.main import main
except KeyboardInterrupt:  # Ctrl-C while the first modules are read: nothing has begun
    sys.exit(130)

__all__ = ["main"]
