"""The line of the user's own code that an error comes from."""

import os
import re

import torch

TORCH_FOLDER = os.path.dirname(torch.__file__)


def first_line(error: BaseException) -> str:
    """What an exception says, in one line, with the user's own source line when it is named."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return with_source(lines[0] if lines else type(error).__name__, str(error))


def with_source(line: str, trace: str) -> str:
    source = user_line(trace)
    return f"{line} (at {source})" if source and source not in line else line


def user_line(trace: str) -> str:
    """The innermost line of a stack trace that is not torch's own, as `file.py:12 in forward: code`."""
    frames = re.findall(r'File "([^"]+)", line (\d+), in (\S+)\n\s*(.*)', trace)
    mine = [
        frame
        for frame in frames
        if not frame[0].startswith(TORCH_FOLDER) and "/seqattr/engine/" not in frame[0]
    ]
    if not mine:
        return ""
    path, line, function, code = mine[-1]
    return f"{os.path.basename(path)}:{line} in {function}: {code.strip()}"
