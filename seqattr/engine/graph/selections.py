"""Parts of a model's outputs by name: an output, some of its elements, a BPNet's profile and counts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

from seqattr.engine.graph.outputs import Target
from seqattr.errors import InputError

Place = int | range
TARGET_OF = re.compile(r"(?P<label>.*)_target\d+", re.DOTALL)
FLAT_BPNET = 1001  # profile logits at 1,000 positions, and then the log of the counts
LEAST_PROFILE = 100  # positions of what no label calls a profile
MOST_TRACKS = 16  # strands or tasks beside these
LOGITS = frozenset({"softmax", "log softmax"})  # before these, values are logs of what they answer with


@dataclass(frozen=True)
class Selection:
    """Elements of an output: at each of its dimensions one place, or a range of them.

    `logs` says that they are logarithms, as logits and log counts are; `final` is the nonlinearity that was
    taken off the output.
    """

    output: int
    places: tuple[Place, ...]
    logs: bool = False
    final: str = ""

    @property
    def size(self) -> int:
        return prod(len(place) for place in self.places if isinstance(place, range))

    def index(self, shape: Sequence[int]) -> int:
        """Of a single element, which one of the flattened output it is."""
        flat = 0
        for place, size in zip(self.places, shape, strict=True):
            flat = flat * size + (place[0] if isinstance(place, range) else place)
        return flat


@dataclass(frozen=True)
class Part:
    """What a name stands for: all of an output, or the stretch of it that is a profile."""

    name: str
    all: Selection

    def at(self, places: Sequence[int | slice]) -> Selection:
        """Some elements, dimension by dimension; those of a dimension that is not named are all taken.

        Raises InputError for a place that is not there.
        """
        shape = tuple(len(place) for place in self.all.places if isinstance(place, range))
        if len(places) > len(shape):
            raise InputError(f"{self.name} has {len(shape)} dimensions, {shape}, and not {len(places)}")
        chosen = list(self.all.places)
        for dim, (place, size) in enumerate(zip(places, shape, strict=False)):
            where = chosen[dim]
            assert isinstance(where, range)
            stop = place + 1 if isinstance(place, int) else size if place.stop is None else place.stop
            start = place if isinstance(place, int) else place.start or 0
            if not start < stop <= size:
                asked = str(place) if isinstance(place, int) else f"{start}..{stop}"
                raise InputError(
                    f"{self.name} has the shape {shape}, counted from 0: there is no {asked} in "
                    f"dimension {dim + 1} of {len(shape)}"
                )
            chosen[dim] = where[place]
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

    def whole(self, name: str, number: int) -> Part:
        logs = self.finals[number] in LOGITS or number in self._log_outputs
        places = tuple(range(size) for size in self.shapes[number])
        return Part(name, Selection(number, places, logs, self.finals[number]))

    @cached_property
    def heads(self) -> Heads | None:
        """A profile and its counts, where the model has these and nothing else, by labels or by shapes."""
        pair = self._pair
        if pair is not None:
            return Heads(self.whole("profile", pair[0]), self.whole("counts", pair[1]))
        if self.shapes == ((FLAT_BPNET,),) and self.finals == ("",):
            flat = range(FLAT_BPNET)
            profile, counts = (Selection(0, (places,), logs=True) for places in (flat[:-1], flat[-1:]))
            return Heads(Part("profile", profile), Part("counts", counts))
        return None

    @cached_property
    def _pair(self) -> tuple[int, int] | None:
        """The numbers of two outputs that are a profile and its counts."""
        if len(self.shapes) != 2 or any(self.finals):
            return None
        sizes = [prod(shape) for shape in self.shapes]
        for profile, counts in ((0, 1), (1, 0)):
            called = (
                "profile" in self.labels[profile].casefold() and "count" in self.labels[counts].casefold()
            )
            if sizes[profile] > 1 and (called or self._fits(profile, counts)):
                return profile, counts
        return None

    def _fits(self, profile: int, counts: int) -> bool:
        """Whether two outputs look like a profile of many positions and a count of each track, or of all."""
        shape = self.shapes[profile]
        tracks = min(shape) if len(shape) == 2 else 1
        wide = len(shape) in (1, 2) and max(shape) >= LEAST_PROFILE and tracks <= MOST_TRACKS
        return wide and prod(self.shapes[counts]) in (1, tracks)

    @cached_property
    def _log_outputs(self) -> tuple[int, ...]:
        return self._pair or ()
