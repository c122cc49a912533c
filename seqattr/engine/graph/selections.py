"""Parts of a model's outputs by name: an output, some of its elements, a BPNet's profile and counts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

from seqattr.engine.graph.outputs import Target, table_of
from seqattr.errors import InputError

Index = int | range
TARGET_OF = re.compile(r"(?P<label>.*)_target\d+", re.DOTALL)
FLAT_BPNET = 1001  # profile logits at 1,000 positions, and then the log of the counts
LEAST_PROFILE = 100  # positions of what no label calls a profile
MOST_TRACKS = 16  # strands or tasks beside these
LOGITS = frozenset({"softmax", "log softmax"})  # before these, values are logs of what they answer with


@dataclass(frozen=True)
class Selection:
    """Elements of an output: at each of its dimensions one index, or a range of them.

    `logs` says that they are logarithms, as logits and log counts are; `final` is the nonlinearity that was
    taken off the output.
    """

    output: int
    indices: tuple[Index, ...]
    logs: bool = False
    final: str = ""

    @property
    def size(self) -> int:
        return prod(len(index) for index in self.indices if isinstance(index, range))

    def flat_index(self, shape: Sequence[int]) -> int:
        """Of a single element, which one of the flattened output it is."""
        flat = 0
        for index, size in zip(self.indices, shape, strict=True):
            flat = flat * size + (index[0] if isinstance(index, range) else index)
        return flat


@dataclass(frozen=True)
class Part:
    """What a name stands for: all of an output, or the stretch of it that is a profile."""

    name: str
    all: Selection

    def at(self, indices: Sequence[int | slice]) -> Selection:
        """Some elements, dimension by dimension; those of a dimension that is not named are all taken.

        Raises InputError for an index that is not there.
        """
        shape = tuple(len(index) for index in self.all.indices if isinstance(index, range))
        if len(indices) > len(shape):
            raise InputError(f"{self.name} has {len(shape)} dimensions, {shape}, and not {len(indices)}")
        chosen = list(self.all.indices)
        for dim, (index, size) in enumerate(zip(indices, shape, strict=False)):
            where = chosen[dim]
            assert isinstance(where, range)
            stop = index + 1 if isinstance(index, int) else size if index.stop is None else index.stop
            start = index if isinstance(index, int) else index.start or 0
            if not start < stop <= size:
                asked = str(index) if isinstance(index, int) else f"{start}..{stop}"
                raise InputError(
                    f"{self.name} has the shape {shape}, counted from 0: there is no {asked} in "
                    f"dimension {dim + 1} of {len(shape)}"
                )
            chosen[dim] = where[index]
        return Selection(self.all.output, tuple(chosen), self.all.logs, self.all.final)


class Heads(NamedTuple):
    """The two answers of a BPNet: logits of a profile, and logs of counts."""

    profile: Part
    counts: Part


@dataclass(frozen=True)
class Outputs:
    """A model's outputs: their shapes for one sequence, the final nonlinearities that were taken off, and the
    targets that their elements are.
    """

    shapes: tuple[tuple[int, ...], ...]
    finals: tuple[str, ...]
    targets: tuple[Target, ...]

    @cached_property
    def table(self) -> Mapping[int | str, Target]:
        """The targets by name and by number."""
        return table_of(self.targets)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What the model calls each output, as far as the names of its targets tell; "" for nothing."""
        first: dict[int, Target] = {}
        for target in self.targets:
            first.setdefault(target.output, target)
        return tuple(self._label(first.get(number), number) for number in range(len(self.shapes)))

    def _label(self, target: Target | None, number: int) -> str:
        if target is not None and prod(self.shapes[number]) == 1:
            return target.name
        matched = TARGET_OF.fullmatch(target.name) if target is not None else None
        return matched["label"] if matched else ""

    @cached_property
    def parts(self) -> Mapping[str, Part]:
        """Every name that elements can be asked for by: labels, numbers, and those of a BPNet's heads."""
        table: dict[str, Part] = {}
        for number, label in enumerate(self.labels):
            for name in (str(number), f"output{number}", label):
                if name:
                    table[name] = self.whole(name, number)
        heads = self.heads
        return {**({"profile": heads.profile, "counts": heads.counts} if heads else {}), **table}

    def whole(self, name: str, number: int, logs: bool = False) -> Part:
        """All of an output; `logs` says that it is of logarithms, whatever else is known of it."""
        of_bpnet = self._pair is not None and (self._is_alone or self._called is not None)
        logs = logs or self.finals[number] in LOGITS or (of_bpnet and number in (self._pair or ()))
        indices = tuple(range(size) for size in self.shapes[number])
        return Part(name, Selection(number, indices, logs, self.finals[number]))

    # --- BPNets ----------------------------------------------------------------------------------

    @cached_property
    def heads(self) -> Heads | None:
        """The profile and the counts, where somebody who asks for them can mean only these."""
        if not self._is_whole:
            return None
        if self._is_flat:
            flat = range(FLAT_BPNET)
            logits, count = (Selection(0, (indices,), logs=True) for indices in (flat[:-1], flat[-1:]))
            return Heads(Part("profile", logits), Part("counts", count))
        if self._pair is None:
            return None
        profile, counts = self._pair
        return Heads(self.whole("profile", profile, logs=True), self.whole("counts", counts, logs=True))

    @cached_property
    def is_bpnet(self) -> bool:
        """Whether the model has a profile and counts and nothing else, so that these are what it is about."""
        return self._is_whole and self._is_alone

    @cached_property
    def _is_whole(self) -> bool:
        """Whether each element is a target; where some were chosen, these are what the model is about."""
        size = sum(map(prod, self.shapes))
        elements = {(target.output, target.index) for target in self.targets}
        return len(elements) == size

    @cached_property
    def _is_alone(self) -> bool:
        """Whether there are outputs of the shapes, or names, of a profile and counts, and no others."""
        if self._pair is None or len(self.shapes) > 2:
            return self._is_flat
        return self._called is not None or max(self.shapes[self._pair[0]]) >= LEAST_PROFILE

    @cached_property
    def _is_flat(self) -> bool:
        """Whether there is one output of as many values as ChromBPNet has, the last of them the count."""
        return self.shapes == ((FLAT_BPNET,),) and self.finals == ("",)

    @cached_property
    def _pair(self) -> tuple[int, int] | None:
        """The numbers of the outputs that are a profile and its counts, by their labels or shapes."""
        pairs = [self._called] if self._called else [(0, 1), (1, 0)] if len(self.shapes) == 2 else []
        return next((pair for pair in pairs if self._fit(*pair)), None)

    @cached_property
    def _called(self) -> tuple[int, int] | None:
        """The outputs that the model calls a profile and counts, if there is one of each."""
        words = [label.casefold() for label in self.labels]
        profiles = [i for i, word in enumerate(words) if "profile" in word]
        counts = [i for i, word in enumerate(words) if "count" in word]
        return (profiles[0], counts[0]) if len(profiles) == len(counts) == 1 else None

    def _fit(self, profile: int, counts: int) -> bool:
        """Whether two outputs may be logits of several positions, and a count of each track or of all."""
        shape = self.shapes[profile]
        tracks = min(shape) if len(shape) == 2 else 1
        plain = not (self.finals[profile] or self.finals[counts]) and len(shape) in (1, 2)
        fits = prod(self.shapes[counts]) in (1, tracks) and tracks <= MOST_TRACKS
        return plain and fits and max(shape) > max(tracks, 1)
