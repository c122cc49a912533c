"""Writes the README's table of methods anew, from METHODS.

python scripts/method_table.py [README.md]
"""

import sys
from pathlib import Path

from seqattr.methods.listing import markdown

START, END = "<!-- seqattr methods --markdown -->\n", "<!-- end -->\n"


def with_table(text: str) -> str:
    """The text with the table between its two marks replaced."""
    before, rest = text.split(START)
    return f"{before}{START}{markdown()}\n{END}{rest.split(END, 1)[1]}"


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "README.md")
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
