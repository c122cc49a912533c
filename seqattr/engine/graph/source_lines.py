"""The line of the user's own code that an error comes from."""

import os
import re
from linecache import getline
from traceback import walk_tb
from types import FrameType

import torch

TORCH_FOLDER = os.path.dirname(torch.__file__)


def first_line(error: BaseException) -> str:
    """What an exception says, in one line, with the user's own source line when it is named."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return with_source(lines[0] if lines else type(error).__name__, str(error))


def with_source(line: str, trace: str) -> str:
    source = user_line(trace)
    return f"{line} (at {source})" if source and source not in line else line


def is_users(path: str) -> bool:
    """Whether a file is neither torch's nor of the engine."""
    return not path.startswith(TORCH_FOLDER) and "/seqattr/engine/" not in path


def frame_line(frame: FrameType | None, line: int | None = None) -> str:
    """Where a frame is, as `file.py:12 in forward: code`; "" where there is none."""
    if frame is None:
        return ""
    path, number = frame.f_code.co_filename, line or frame.f_lineno
    name, code = frame.f_code.co_name, getline(path, number).strip()
    return f"{os.path.basename(path)}:{number} in {name}: {code}"


def raised_at(error: BaseException) -> str:
    """The innermost line of the user's that an exception came through; "" where there is none."""
    mine = [(f, line) for f, line in walk_tb(error.__traceback__) if is_users(f.f_code.co_filename)]
    return frame_line(*mine[-1]) if mine else ""


def user_line(trace: str) -> str:
    """The innermost line of a stack trace that is not torch's own, as `file.py:12 in forward: code`."""
    frames = re.findall(r'File "([^"]+)", line (\d+), in (\S+)\n\s*(.*)', trace)
    mine = [frame for frame in frames if is_users(frame[0])]
    if not mine:
        return ""
    path, line, function, code = mine[-1]
    return f"{os.path.basename(path)}:{line} in {function}: {code.strip()}"
