"""What is explained of a model: targets by name or number, and expressions, each a new output."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from numbers import Integral

from seqattr.engine.graph.derived import Steps
from seqattr.engine.graph.expressions import is_expression, leaves, read, split_name
from seqattr.engine.graph.graph import Graph
from seqattr.engine.graph.outputs import Target, is_text, pick_targets
from seqattr.engine.graph.selections import Outputs, Selection
from seqattr.engine.graph.simplify import drop_unused
from seqattr.errors import InputError, UnknownName

Wanted = Sequence[int | str] | int | str | None
ALL, BY_THEMSELVES = "all", ("counts", "profile")


@dataclass(frozen=True)
class Choice:
    """Targets, and the graph that has them among its outputs, with each output's shape and final.

    `texts` are what asks for the same targets of another model, and `notes` what a user should know.
    """

    graph: Graph
    outputs: Outputs
    targets: tuple[Target, ...]
    texts: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def cut(self) -> "Choice":
        """With nothing but what the targets need, and these in their order."""
        used = sorted({target.output for target in self.targets})
        names = tuple(self.graph.outputs[number] for number in used)
        targets = tuple(replace(target, output=used.index(target.output)) for target in self.targets)
        shapes = tuple(self.outputs.shapes[number] for number in used)
        finals = tuple(self.outputs.finals[number] for number in used)
        graph = drop_unused(replace(self.graph, outputs=names))
        return replace(self, graph=graph, outputs=Outputs(shapes, finals, targets), targets=targets)


def choose(graph: Graph, outputs: Outputs, wanted: Wanted) -> Choice:
    """Targets by name, number or expression.

    None takes all of them, or of a model with a profile and counts (`Outputs.is_bpnet`) these two; "all"
    takes all. Raises UnknownName and InputError, each in one line that lists what there is.
    """
    if wanted is None and outputs.is_bpnet:
        few = choose(graph, outputs, BY_THEMSELVES)
        number = f"{len(outputs.targets):,}"
        note = f"the model has a profile and counts: these are explained; `targets=all` takes {number} values"
        return replace(few, notes=(note, *few.notes))
    if wanted is None or wanted == ALL:
        names = tuple(target.name for target in outputs.targets)
        return Choice(graph, outputs, outputs.targets, names)
    chooser = Chooser(graph, outputs)
    for key in wanted if isinstance(wanted, Iterable) and not isinstance(wanted, str) else [wanted]:
        if not isinstance(key, Integral | str):
            raise UnknownName("target", repr(key), [target.name for target in outputs.targets])
        chooser.add(key if isinstance(key, str) else int(key))
    return chooser.choice()


class Chooser:
    """Targets as they are asked for, one after the other."""

    def __init__(self, graph: Graph, outputs: Outputs) -> None:
        self.graph, self.outputs = graph, outputs
        self.shapes, self.finals = list(outputs.shapes), list(outputs.finals)
        self.known = outputs.table
        self.derived: dict[str, Target] = {}
        self.chosen: list[tuple[Target, str]] = []
        self.notes: dict[str, None] = {}

    def add(self, key: int | str) -> None:
        """One more. Raises UnknownName, InputError."""
        if key in self.known:
            self.chosen.append((self.known[key], self.known[key].name))
        elif key == ALL:
            self.chosen += [(target, target.name) for target in self.outputs.targets]
        elif isinstance(key, str) and is_expression(key):
            if key not in self.derived:
                self.derived[key] = self.derive(*split_name(key))
            self.chosen.append((self.derived[key], key))
        else:
            pick_targets(self.outputs.targets, key)  # which raises

    def derive(self, name: str, text: str) -> Target:
        """The target of an expression: an element that is there, or a new output."""
        if not is_text(name):
            raise InputError(
                f"the target name {name!r} is no text that a file can hold; give it another name"
            )
        tree = read(text, self.outputs, self.named)
        finals = list(dict.fromkeys(values.final for values in leaves(tree) if values.final))
        if finals:
            self.notes[f"{name} is of the values before the final {' and '.join(finals)}"] = None
        if isinstance(tree, Selection):
            return Target(name, tree.output, tree.flat_index(self.shapes[tree.output]))
        steps = Steps(self.graph, self.shapes, text)
        value = steps.number(tree)
        outputs = (*self.graph.outputs, str(value))
        self.graph = Graph((*self.graph.steps, *steps.steps), self.graph.tensors, outputs, self.graph.inputs)
        self.shapes.append(())
        self.finals.append(" and ".join(finals))
        return Target(name, len(outputs) - 1, 0)

    def named(self, name: str) -> Selection | None:
        """A target as an element of its output."""
        target = self.known.get(name)
        if target is None:
            return None
        whole = self.outputs.whole(name, target.output).all
        indices: list[int] = []
        rest = target.index
        for size in reversed(self.outputs.shapes[target.output]):
            rest, index = divmod(rest, size)
            indices.insert(0, index)
        return replace(whole, indices=tuple(indices))

    def choice(self) -> Choice:
        """All that were added. Raises InputError for none, and for two of the same name."""
        if not self.chosen:
            raise InputError("no target was named; None takes all of them")
        owners: dict[str, Target] = {}
        for target, _ in self.chosen:
            if owners.setdefault(target.name, target) != target:
                raise InputError(f"two targets would be called '{target.name}'; name one, NAME=EXPRESSION")
        targets, texts = zip(*self.chosen, strict=True)
        outputs = Outputs(tuple(self.shapes), tuple(self.finals), self.outputs.targets)
        return Choice(self.graph, outputs, targets, texts, tuple(self.notes))
