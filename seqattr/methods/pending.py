"""An attribution that is on its way from the device."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.graph.outputs import Target
from seqattr.methods.results import Attribution
from seqattr.methods.sums import Facts, Fields


class Part(NamedTuple):
    """What one model says of one strand.

    `stopped` are rows that the method gave up, by why. `look` compares other ways to a row's predictions (T,)
    with these.
    """

    facts: Facts
    stopped: Mapping[int, str]
    label: str = ""
    look: Callable[[int, Tensor], None] | None = None

    def look_again(self, prediction: Tensor, failed: Mapping[int, str]) -> None:
        """At the first row that did not fail. Raises ModelError."""
        row = next((row for row in range(prediction.shape[1]) if row not in failed), None)
        if self.look is not None and row is not None:
            self.look(row, prediction[:, row])


class Pending:
    """An attribution that may still be in the making on a device; `result` waits for it.

    `fields` are the mean of the parts' explanations; `members` are attributions of some of these parts.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        fields: Fields,
        parts: Sequence[Part],
        members: Sequence["Pending"] = (),
    ) -> None:
        self.targets, self.parts, self.members = targets, parts, members
        deviation = None if fields.variance is None else fields.variance.sqrt().to(fields.contributions)
        stacked = [torch.stack(part.facts) for part in parts]
        self._copies = Copies([*fields[:3], deviation, *stacked])
        self._result: Attribution | None = None

    def result(self) -> Attribution:
        """The attribution; rows that failed are NaN, and named in its `failures`.

        Raises ModelError where the graph is seen to answer otherwise than the model.
        """
        if self._result is None:
            self._result = self._finish()
        return self._result

    def each(self) -> tuple[Attribution, ...]:
        """The members' own attributions."""
        return tuple(member.result() for member in self.members)

    def _finish(self) -> Attribution:
        contributions, hypothetical, multipliers, deviation, *stacked = self._copies.wait()
        facts = [Facts(*values.unbind()) for values in stacked]
        failures = [{**f.failures(self.targets), **p.stopped} for p, f in zip(self.parts, facts, strict=True)]
        result = Attribution(
            contributions,
            hypothetical,
            multipliers,
            mean([one.prediction for one in facts]),
            mean([one.difference for one in facts]),
            worst([one.error for one in facts]),
            worst([one.cancellation for one in facts]),
            deviation,
            self._reasons(failures),
        )
        blank(result)
        for part, one, failed in zip(self.parts, facts, failures, strict=True):
            part.look_again(one.prediction, failed)
        return result

    def _reasons(self, failures: Sequence[Mapping[int, str]]) -> dict[int, str]:
        """Why rows failed, in their order: by the first of the parts that did."""
        reasons: dict[int, str] = {}
        for part, failed in zip(self.parts, failures, strict=True):
            for row, reason in failed.items():
                reasons.setdefault(row, f"{reason} ({part.label})" if part.label else reason)
        return dict(sorted(reasons.items()))


def blank(result: Attribution) -> None:
    """NaN for all numbers of the rows that failed."""
    rows = list(result.failures)
    for tensor in result.tensors:
        if rows and tensor is not None:
            tensor[:, rows] = torch.nan


def mean(several: Sequence[Tensor]) -> Tensor:
    return several[0] if len(several) == 1 else torch.stack(list(several)).mean(0)


def worst(several: Sequence[Tensor]) -> Tensor:
    return several[0] if len(several) == 1 else torch.stack(list(several)).amax(0)


class Copies:
    """Tensors on the host: at once those that are there, others on their way from one GPU, in the order of
    the work that makes them."""

    def __init__(self, tensors: Sequence[Any]) -> None:
        self._tensors, self._arrived = list(tensors), None
        device = next((t.device for t in tensors if t is not None and t.is_cuda), None)
        if device is not None:
            self._tensors = [None if t is None else started(t) for t in tensors]
            self._arrived = torch.cuda.Event(blocking=True)  # waiting, it sleeps
            self._arrived.record(torch.cuda.current_stream(device))

    def wait(self) -> list[Any]:
        if self._arrived is not None:
            self._arrived.synchronize()
        return self._tensors


def started(tensor: Tensor) -> Tensor:
    """A copy to memory that the GPU writes by itself; there when the stream comes so far."""
    return torch.empty_like(tensor, device="cpu", pin_memory=True).copy_(tensor, non_blocking=True)
