"""Rows, figures and targets as plain aligned text."""

from collections.abc import Callable, Sequence

from speed.figures import Figure
from speed.rounding import Rounding
from speed.single import Form
from speed.targets import Judgement
from speed.timing import Row

HEAD = (
    "case",
    "threads",
    "tool",
    "batch",
    "seconds",
    "units",
    "time / seqattr",
    "quartiles",
    "median error",
    "worst",
    "sum",
)


def align(lines: Sequence[Sequence[str]], rights: Sequence[bool]) -> str:
    """Columns two blanks apart; numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    cells: dict[bool, Callable[[str, int], str]] = {True: str.rjust, False: str.ljust}
    return "\n".join(
        "  ".join(
            cells[right](cell, width) for cell, width, right in zip(line, widths, rights, strict=True)
        ).rstrip()
        for line in lines
    )


def number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def row_cells(row: Row) -> tuple[str, ...]:
    """One row's cells; what is wrong or fails says so where its ratio would stand."""
    return (
        row.case,
        str(row.threads),
        row.tool,
        number(row.batch, "d"),
        number(row.seconds, ".4f"),
        number(row.units, ".1f"),
        row.verdict if row.verdict != "ok" else number(row.ratio, ".2f"),
        "-" if row.quartiles is None else "{:.2f}-{:.2f}".format(*row.quartiles),
        number(row.median_error, ".0e"),
        number(row.worst_error, ".0e"),
        number(row.additivity, ".0e"),
    )


def rows_table(rows: Sequence[Row]) -> str:
    """All rows of timing, under their heading."""
    return align([HEAD, *map(row_cells, rows)], [False, True, False] + [True] * 8)


def figures_table(figures: Sequence[Figure]) -> str:
    return align([(name, f"{value:.4g}", unit) for name, value, unit in figures], (False, True, False))


def rounding_table(roundings: Sequence[Rounding]) -> str:
    """How far contributions are from float64's."""
    head = ("beside float64", "products", "worst", "but ties", "ties", "median", "sum")
    lines = [
        (*one[:2], *(f"{value:.1e}" for value in one[2:4]), str(one.ties), *(f"{x:.1e}" for x in one[5:]))
        for one in roundings
    ]
    return align([head, *lines], (False, False, *[True] * 5)) if lines else ""


def forms_table(forms: Sequence[Form]) -> str:
    """Single convolutions, each form beside the others."""
    head = ("one convolution", "form", "ms", "TFLOP/s", "error")
    lines = [
        (
            *(form.size, form.name),
            form.failed or number(form.seconds and 1e3 * form.seconds, ".3f"),
            *(number(form.teraflops, ".1f"), number(form.error, ".1e")),
        )
        for form in forms
    ]
    return align([head, *lines], (False, False, True, True, True)) if lines else ""


def targets_table(judgements: Sequence[Judgement]) -> str:
    """Each target, what was measured, and whether it is met."""
    lines = [("target", "", "limit", "measured", "")]
    for judgement in judgements:
        target = judgement.target
        lines.append(
            (target.text, target.bound, f"{target.limit:g}", number(judgement.value, ".3g"), judgement.word)
        )
    return align(lines, (False, False, True, True, False))
