"""What can be asked for beside a model's own outputs, read into a tree.

    target = [NAME =] terms          terms = term {(+ | -) term}
    term   = counts | PROFILE | PROFILE(values)      PROFILE = profile | profile-free | profile-lite
           | (sum | mean)(values) | log(terms [/ terms]) | (terms) | values
    values = TARGET | OUTPUT [: index {, index}]
    index  = NUMBER | [NUMBER] .. [NUMBER] | *

Numbers count from 0, and a range ends before its last, as in BED. A name may hold any sign: of several that
fit the longest is meant.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from seqattr.engine.graph.selections import Outputs, Part, Selection
from seqattr.errors import InputError, UnknownName

LONGEST, DEEPEST = 1000, 20  # letters of an expression, brackets in brackets
INDEX = re.compile(r"\s*(?:(?P<all>\*)|(?P<start>\d*)\.\.(?P<stop>\d*)|(?P<number>\d+))\s*")
WORDS = ("sum(OUTPUT)", "mean(OUTPUT)", "profile(OUTPUT)", "A-B", "log(A/B)", "OUTPUT:INDEX")
AFTER_NAME = frozenset("+-/(),:= ")


@dataclass(frozen=True)
class Reduced:
    """The sum, or the mean, of elements."""

    how: str
    of: Selection


@dataclass(frozen=True)
class Profile:
    """Logits less their mean, weighted by their softmax: one of PROFILES."""

    of: Selection
    how: str


@dataclass(frozen=True)
class Combined:
    """A sum, or with `minus` a difference."""

    left: "Tree"
    minus: bool
    right: "Tree"


@dataclass(frozen=True)
class Logarithm:
    """log(above), or log(above / below)."""

    above: "Tree"
    below: "Tree | None" = None


# The softmax held fixed, as ChromBPNet has it; explained too; explained position by position, each product
# as a function of its own logit, as bpnet-lite has it.
HELD, FREE, LITE = PROFILES = ("profile", "profile-free", "profile-lite")
Tree = Selection | Reduced | Profile | Combined | Logarithm
Named = Callable[[str], Selection | None]  # of a target, by its name


def is_expression(text: str) -> bool:
    """Whether it is more than a name."""
    return text in ("counts", *PROFILES) or any(sign in text for sign in "(:+-/=")


def split_name(text: str) -> tuple[str, str]:
    """NAME and EXPR of NAME=EXPR; without a name it is its own."""
    name, equals, expression = text.partition("=")
    return (name.strip(), expression.strip()) if equals and name.strip() else (text.strip(), text.strip())


def read(text: str, outputs: Outputs, named: Named) -> Tree:
    """The tree of an expression. Raises InputError where it cannot be read, UnknownName for no output."""
    if len(text) > LONGEST:
        raise InputError(f"an expression of {len(text):,} letters; at most {LONGEST:,} are read")
    reader = Reader(text, outputs, named)
    tree = reader.terms()
    if reader.left():
        reader.fail("an operator (+, -)" if reader.depth == 0 else "a closing bracket")
    return tree


def leaves(tree: Tree) -> Iterator[Selection]:
    """All elements that a tree is made of."""
    match tree:
        case Selection():
            yield tree
        case Reduced() | Profile():
            yield tree.of
        case Combined():
            yield from leaves(tree.left)
            yield from leaves(tree.right)
        case Logarithm():
            yield from leaves(tree.above)
            yield from leaves(tree.below) if tree.below is not None else ()


class Reader:
    """An expression, read from left to right."""

    def __init__(self, text: str, outputs: Outputs, named: Named) -> None:
        self.text, self.outputs, self.named = text, outputs, named
        self.at = self.depth = 0

    # --- rules of the grammar ------------------------------------------------------------------

    def terms(self) -> Tree:
        tree = self.term()
        while sign := self.take("+") or self.take("-"):
            tree = Combined(tree, sign == "-", self.term())
        return tree

    def term(self) -> Tree:
        if self.take("("):
            return self.bracketed(self.terms)
        word = self.word()
        if self.peek() == "(" and word in FUNCTIONS:
            self.take("(")
            return self.bracketed(lambda: FUNCTIONS[word](self))
        if word in HEADS_OF and self.peek() != ":" and self.named(word) is None:
            return HEADS_OF[word](self)
        return self.single(self.values(word))

    def values(self, word: str | None = None) -> Selection:
        """Elements of an output, or a target."""
        name = self.word() if word is None else word
        if self.take(":"):
            return self.part(name).at(list(self.indices()))
        target = self.named(name) if word is not None or name not in self.outputs.parts else None
        return target if target is not None else self.part(name).all

    def indices(self) -> Iterator[int | slice]:
        """One for each dimension, with commas between."""
        while True:
            index = INDEX.match(self.text, self.at)
            if index is None:
                self.fail("a number, a range such as 400..600, or *")
            self.at = index.end()
            yield index_of(index)
            if not self.take(","):
                return

    def logarithm(self) -> Tree:
        above = self.terms()
        return Logarithm(above, self.terms() if self.take("/") else None)

    def bracketed(self, inside: Callable[[], Tree]) -> Tree:
        """What stands after an opening bracket, up to the closing one."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise InputError(f"brackets in brackets, more than {DEEPEST} deep, in '{self.text[:40]}...'")
        tree = inside()
        if not self.take(")"):
            self.fail("a closing bracket")
        self.depth -= 1
        return tree

    # --- what names stand for --------------------------------------------------------------------

    def head(self, name: str) -> Selection:
        """A BPNet's profile or counts. Raises InputError for another model."""
        heads = self.outputs.heads
        if heads is None:
            raise InputError(
                f"'{name}' is of a model with a profile and counts, which this is not, as far as its outputs "
                f"tell; of any output there is sum(OUTPUT), mean(OUTPUT) and profile(OUTPUT): {self.there()}"
            )
        return getattr(heads, name).all

    def part(self, name: str) -> Part:
        """Raises UnknownName for what is no output."""
        if name not in self.outputs.parts:
            raise UnknownName("output", name, self.outputs.parts)
        return self.outputs.parts[name]

    def single(self, values: Selection) -> Selection:
        """Raises InputError for several elements where one is meant."""
        if values.size != 1:
            raise InputError(
                f"'{self.text}' names {values.size:,} values of an output, and a target is one: sum(...), "
                "mean(...) or profile(...) of them, or an index for each dimension"
            )
        return values

    def there(self) -> str:
        return ", ".join(self.outputs.parts)

    # --- letters ---------------------------------------------------------------------------------

    def word(self) -> str:
        """The longest name that stands here and is known. Raises UnknownName."""
        self.left()
        ends = [i for i in range(self.at + 1, len(self.text) + 1) if self.is_end(i)]
        if not ends:
            self.fail("a name")
        for end in reversed(ends):
            word = self.text[self.at : end].strip()
            if self.is_known(word):
                self.at = end
                return word
        raise UnknownName("output", self.text[self.at : ends[0]].strip(), [*self.outputs.parts, *WORDS])

    def is_end(self, index: int) -> bool:
        return index == len(self.text) or self.text[index] in AFTER_NAME

    def is_known(self, word: str) -> bool:
        known = word in FUNCTIONS or word in HEADS_OF or word in self.outputs.parts
        return known or self.named(word) is not None

    def left(self) -> str:
        """What is to be read, without leading blanks."""
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1
        return self.text[self.at :]

    def peek(self) -> str:
        return self.left()[:1]

    def take(self, sign: str) -> str:
        """The sign, if it comes next, else nothing."""
        if not self.left().startswith(sign):
            return ""
        self.at += len(sign)
        return sign

    def fail(self, wanted: str) -> NoReturn:
        found = f"'{self.left()[:20]}'" if self.left() else "its end"
        raise InputError(f"cannot read the target '{self.text}': expected {wanted}, not {found}")


def index_of(index: re.Match[str]) -> int | slice:
    """A number, or a range; * is all."""
    if index["number"]:
        return int(index["number"])
    return slice(*(int(index[end]) if index[end] else None for end in ("start", "stop")))


def profile_of(reader: Reader, how: str) -> Tree:
    """Of the values that stand in brackets."""
    return Profile(reader.values(), how)


def profile_of_model(reader: Reader, how: str) -> Tree:
    """Of the model's own profile, all strands and tasks together."""
    return Profile(reader.head("profile"), how)


def total(values: Selection) -> Tree:
    """The sum of elements, if there are several."""
    return values if values.size == 1 else Reduced("sum", values)


FUNCTIONS: dict[str, Callable[[Reader], Tree]] = {
    "sum": lambda reader: Reduced("sum", reader.values()),
    "mean": lambda reader: Reduced("mean", reader.values()),
    "log": Reader.logarithm,
    **{how: partial(profile_of, how=how) for how in PROFILES},
}
HEADS_OF: dict[str, Callable[[Reader], Tree]] = {
    "counts": lambda reader: total(reader.head("counts")),
    **{how: partial(profile_of_model, how=how) for how in PROFILES},
}
