"""Writes the README's table of the benchmark anew, from the means.tsv of `seqattr benchmark tal-gata`.

python scripts/benchmark_table.py results/means.tsv [README.md]
"""

import csv
import sys
from pathlib import Path

START, END = "<!-- means.tsv of seqattr benchmark tal-gata -->\n", "<!-- end of means -->\n"
SHOWN = (
    "deeplift",
    "deeplift-revealcancel",
    "deeplift-rescale",
    "integrated-gradients-50",
    "gradient",
    "guided-backprop",
)
HEAD = (
    "| `--method` | `--refs` | importance ≤ 0 for “both”, % | credited in the other motif's task, % "
    "| average precision, per base |\n| --- | --- | --- | --- | --- |\n"
)


def table(means: Path) -> str:
    """Rows of both motifs pooled: means over the nets with their 95 % intervals."""
    with open(means, encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["motif"] == "pooled"]
    found = {(row["references"], row["method"]): row for row in rows}
    references = dict.fromkeys(row["references"] for row in rows)
    return HEAD + "".join(line(found[refs, name]) for refs in references for name in SHOWN)


def line(row: dict[str, str]) -> str:
    shares = (interval(row, name, 100, 2) for name in ("not_positive", "off_task"))
    cells = (
        f"`{row['method']}`",
        f"`{row['references']}`",
        *shares,
        interval(row, "average_precision", 1, 3),
    )
    return f"| {' | '.join(cells)} |\n"


def interval(row: dict[str, str], name: str, scale: float, digits: int) -> str:
    mean, low, high = (f"{scale * float(row[name + end]):.{digits}f}" for end in ("", "_low", "_high"))
    return f"{mean} ({low} to {high})"


if __name__ == "__main__":
    readme = Path(sys.argv[2] if len(sys.argv) > 2 else "README.md")
    before, rest = readme.read_text(encoding="utf-8").split(START)
    text = f"{before}{START}{table(Path(sys.argv[1]))}{END}{rest.split(END, 1)[1]}"
    readme.write_text(text, encoding="utf-8")
