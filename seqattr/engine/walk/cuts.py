"""Where a graph is cut, so that a walk keeps no more than has room.

Between two cuts all that the way back needs is there at once; of what comes before, only the values that live
at a cut, from which it is run forward again on the way back, segment by segment (checkpointing: Griewank &
Walther 2000; of deep nets: Chen et al. 2016). The numbers are the same: the same kernels on the same values.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from seqattr.engine.graph.graph import INPUT, Step
from seqattr.engine.graph.shapes import shapes_of
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.walk.forward import ForwardPlan
from seqattr.engine.walk.memory import INSIDE, free_bytes

# What a step keeps of a pair for the way back, over the bytes of what it reads; of differences in parts more.
KEEPS = {
    **dict.fromkeys((Kind.ELEMENTWISE, Kind.MAX, Kind.LOGSUMEXP), 1),
    **dict.fromkeys((Kind.PRODUCT, Kind.QUOTIENT, Kind.CHOICE, Kind.COMPARISON), 2),
    **dict.fromkeys((Kind.BILINEAR, Kind.ORDER), 4),
    Kind.RECURRENT: 2 * INSIDE,
}
PARTS = 2
AT_WORK = 6  # over the bytes of the largest value: what a step has at hand while it is at work
SIDES = 2  # of a pair, with values at each cut; and as many parts of their difference
MOST_SEGMENTS = 64
SHARE = 0.8  # of free memory: what a pair takes is but estimated

Cuts = tuple[int, ...]  # the numbers of the steps before which a graph is cut


class Room:
    """How many bytes a pair may take in a session, free memory unless it is said, and the cuts by that."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.bytes: float | None = None
        self._known: dict[tuple[ForwardPlan, int], tuple[Sizes, Cuts]] = {}

    def cuts(self, plan: ForwardPlan, length: int) -> Cuts:
        """Where a plan's graph is cut for sequences of this length: nowhere, if a pair has room without."""
        if (plan, length) not in self._known:
            sizes = Sizes(plan, values_bytes(plan, length))
            self._known[plan, length] = sizes, sizes.cuts(self._free())
        return self._known[plan, length][1]

    def tighten(self) -> bool:
        """Less room, until some graph is cut into more segments; False where none can be."""
        known = self._known
        room = min((self._free(), *(sizes.needed(cuts) for sizes, cuts in known.values())))
        for _ in range(MOST_SEGMENTS):
            room = room / 2
            tighter = {key: (sizes, sizes.cuts(room)) for key, (sizes, _) in known.items()}
            if any(len(tighter[key][1]) > len(cuts) for key, (_, cuts) in known.items()):
                self.bytes, self._known = room, tighter
                return True
        return False

    def _free(self) -> float:
        return self.bytes or SHARE * free_bytes(self.device)


def values_bytes(plan: ForwardPlan, length: int) -> dict[str, int]:
    """The bytes of each value that depends on the bases, for one sequence; nothing is worked out for it."""
    values = shapes_of(plan.graph, 1, length)
    return {name: v.nbytes for name, v in values.items() if name in plan.active and isinstance(v, Tensor)}


class Sizes:
    """The bytes of a plan's values for one sequence, and where they suggest cuts."""

    def __init__(self, plan: ForwardPlan, sizes: Mapping[str, int]) -> None:
        self.plan, self.sizes = plan, sizes
        self.upto = list(accumulate(map(self._kept, plan.graph.steps), initial=0))
        self.sides = 2 * SIDES if plan.split else SIDES

    def _kept(self, step: Step) -> int:
        """What a step keeps of a pair for the way back."""
        read = sum(self.sizes.get(ref, 0) for ref in self.plan.inputs[step.name])
        in_parts = PARTS * (step.name in self.plan.split)
        return read * (KEEPS.get(self.plan.kinds[step.name], 0) + in_parts) if step.name in self.sizes else 0

    def cuts(self, room: float) -> Cuts:
        """The fewest with which a pair needs no more than so many bytes; where there are none, the best."""
        best: Cuts = ()
        for cuts in self._candidates():
            if self.needed(cuts) < self.needed(best):
                best = cuts
            if self.needed(best) <= room:
                break
        return best

    def needed(self, cuts: Cuts) -> float:
        """The bytes that a pair takes with these cuts, as far as can be said beforehand."""
        works = [self.sizes.get(step.name, 0) for step in self.plan.graph.steps]
        edges = pairwise((0, *cuts, len(works)))
        largest = max(self.upto[b] - self.upto[a] + AT_WORK * max(works[a:b]) for a, b in edges)
        whole = 0 if cuts else sum(works)  # of a sequence whose references come one by one
        return largest + whole + self.sides * sum(self.alive[cut] for cut in cuts)

    def _candidates(self) -> Iterator[Cuts]:
        """No cuts, and ever more of them."""
        yield ()
        for number in range(2, MOST_SEGMENTS + 1):
            yield tuple(self._spread(self.upto[-1] / number))

    def _spread(self, most: float) -> Iterator[int]:
        """Cuts between which there are no more than so many bytes, where they can be had: each where the
        least is alive, of those that leave at least half as many before them.
        """
        start = 0
        while self.upto[-1] - self.upto[start] > most:
            least, end = (bisect_right(self.upto, self.upto[start] + part) for part in (most / 2, most))
            near = [n for n in range(max(least, start + 1), end) if n in self.allowed]
            beyond = (n for n in range(max(end, start + 1), len(self.upto) - 1) if n in self.allowed)
            start = min(near, key=lambda n: (self.alive[n], -n)) if near else next(beyond, 0)
            if not start:
                return
            yield start

    @cached_property
    def alive(self) -> list[int]:
        """The bytes of the values that are alive before each step."""
        alive, table = 0, list[int]()
        for step in self.plan.graph.steps:
            table.append(alive)
            gone = self.plan.last_use.get(step.name, ())
            alive += self.sizes.get(step.name, 0) - sum(self.sizes.get(name, 0) for name in gone)
        return table

    @cached_property
    def allowed(self) -> set[int]:
        """Before which steps a cut may be: not between a value and the step that takes its memory over."""
        steps = self.plan.graph.steps
        made = {step.name: number for number, step in enumerate(steps)}
        taken = [step for step in steps if step.name in self.plan.overwriting and step.args[0] != INPUT]
        between = {n for step in taken for n in range(made[step.args[0]] + 1, made[step.name] + 1)}
        return set(range(1, len(steps))) - between
