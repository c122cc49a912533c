"""What is not the same of two runs, in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SHOWN = 32  # characters of what is told of two runs


def differences(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    """What is not the same of two runs, in words."""
    for name in dict.fromkeys([*now, *before]):
        values = now.get(name), before.get(name)
        if values[0] != values[1]:
            yield f"another {name}" + in_words(*values)


def in_words(now: Any, before: Any) -> str:
    """Short values that differ, for a message; hashes and the like say nothing to anyone."""
    texts = [_short(value) for value in (before, now)]
    return "" if None in texts else f" ({texts[0]}, now {texts[1]})"


def _short(value: Any) -> str | None:
    if isinstance(value, Sequence) and not isinstance(value, str):
        texts = [_short(one) for one in value]
        return None if None in texts else ", ".join(map(str, texts))
    text = str(value)
    return text if len(text) <= _SHOWN else None
