"""A captured model in words: what goes in, what happens, what comes out."""

from collections.abc import Sequence

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.graph import Step
from seqattr.engine.ops.names import brief_name
from seqattr.engine.walk.plan import Plan
from seqattr.errors import some_of
from seqattr.jobs.sources import ModelFile
from seqattr.methods.registry import method_named
from seqattr.support.caller import LIBRARY, Caller

HEADINGS = ("step", "op", "kind", "rule", "shape", "source")
MOST_TARGETS = 12


def run(model: ModelFile, method: str = "deeplift", caller: Caller = LIBRARY) -> str:
    """What `describe` says of the model in a file."""
    return describe(model.open(caller), method)


def describe(model: Model, method: str = "deeplift") -> str:
    """A table of the steps under a method's rules, between the model's inputs and outputs."""
    plan = Plan(model.graph, method_named(method).rulebook)
    rows = [row(step, plan) for step in model.graph.steps]
    weights = sum(t.numel() for t in model.graph.tensors.values())
    lines = [
        f"input    (N, 4, L) one-hot in the order ACGT, L = {model.input_length}",
        *outputs(model),
        f"weights  {weights:,} numbers, {str(model.dtype).removeprefix('torch.')}",
        f"method   {method}",
        *source(model),
        "",
        *table([HEADINGS, *rows]),
    ]
    return "\n".join(lines)


def source(model: Model) -> list[str]:
    """Where a model came from, in as many lines as there are facts."""
    facts = [f"{name} {value}" for name, value in model.provenance.items()]
    return [f"{'' if number else 'from':9}{printable(fact)}" for number, fact in enumerate(facts)]


def outputs(model: Model) -> list[str]:
    """One line per output."""
    lines = []
    for number, (shape, final) in enumerate(zip(model.shapes, model.finals, strict=True)):
        names = [target.name for target in model.targets if target.output == number]
        shown = some_of(names, MOST_TARGETS, total=True)
        size = ", ".join(["N", *map(str, shape)])
        before = f", explained before the final {final}" if final else ""
        lines.append(f"output   ({size}{',' if not shape else ''}){before}: {shown}")
    chosen = model.pick(None)
    if chosen != model.targets:
        lines.append(f"targets  {', '.join(target.name for target in chosen)}, where none is named")
    return lines


def row(step: Step, plan: Plan) -> tuple[str, ...]:
    """A step's name, op, kind, rule, shape and source."""
    kind = plan.kinds[step.name]
    rule = plan.rules[step.name].name if step.name in plan.rules else ""
    inside = f" [{step.part_of}]" if step.part_of else ""
    return step.name, brief_name(step.op) + inside, str(kind), rule, step.shape, step.source


def printable(text: str) -> str:
    """What a terminal would obey rather than show as '?'."""
    return "".join(c if c.isprintable() else "?" for c in text)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest entry."""
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
