"""What a pickle is of, by its first instructions, of which none is carried out."""

import pickletools
from itertools import islice
from pathlib import Path

ENOUGH = 2**16  # bytes that hold the first instructions
FIRST = 40  # instructions that are looked at
PLAIN = {
    "EMPTY_DICT": "a dict",
    "EMPTY_LIST": "a list",
    "EMPTY_TUPLE": "a tuple",
    "EMPTY_SET": "a set",
    "NONE": "None",
}
TEXTS = ("SHORT_BINUNICODE", "BINUNICODE", "UNICODE")


def pickled_kind(path: Path) -> str:
    """A dict, a list ... or the class, as module.Class; "something" where the instructions do not tell."""
    texts: list[str] = []
    try:
        with open(path, "rb") as file:
            instructions = pickletools.genops(file.read(ENOUGH))
            for operation, argument, _ in islice(instructions, FIRST):
                if operation.name in PLAIN:
                    return PLAIN[operation.name]
                if operation.name == "GLOBAL":
                    return str(argument).replace(" ", ".")
                if operation.name == "STACK_GLOBAL":
                    return ".".join(texts[-2:]) or "something"
                texts += [str(argument)] if operation.name in TEXTS else []
    except Exception:  # of whatever is damaged
        pass
    return "something"
