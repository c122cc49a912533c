"""Which form a step takes on a GPU: the quickest there, as measured once and kept.

Which one that is hangs on sizes, on the device and on what compiled the kernels, and no rule of thumb knows
it. The first form of several is the trusted one (torch's own, by cuDNN); another is taken where it gives the
same answer in less time. A choice is kept in the user's cache folder, so that a later run measures nothing,
and holds for all batches, so that no result hangs on their size.
"""

import hashlib
import json
import zlib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.numerics.device import is_out_of_memory
from seqattr.engine.numerics.gpu.available import is_interpreted, triton_version
from seqattr.engine.numerics.gpu.clock import Clock, Form, seconds_of
from seqattr.engine.numerics.gpu.notes import say
from seqattr.io.user_cache import Fact, cache_folder
from seqattr.support.version import package_version

Key = tuple[Any, ...]  # texts, numbers, truth values, None, and tuples of these

TOLERANCE = 1e-5  # of the trusted answer's largest value
WORTH = 0.97  # of another's time: less of a gain is noise
PIECE = 2**24  # elements of two answers that are compared at once
DISAGREES = (
    "on this GPU the kernel '{}' answers differently from torch's own, by {:.1g} of the largest value, and "
    "is not used"
)
FAILED = "on this GPU the kernel '{}' failed ({}), and is not used in this run"
TOO_LARGE = "OutOfResources"  # as Triton says it


class Choice(NamedTuple):
    """The form that is taken, what each took in seconds, and why others are out of the question."""

    form: str
    seconds: dict[str, float]
    failed: dict[str, str]  # by what was raised
    apart: dict[str, float]  # by how far from the trusted answer, of its largest value


def quickest(key: Key, forms: Mapping[str, Form], device: torch.device, tolerance: float = TOLERANCE) -> str:
    """The name of the form to take for all that has this key: what the speed of the answer hangs on, but for
    the number of rows, in plain values.

    Where the choice is not known yet, each form is called a few times. What the first raises is raised; of
    others only torch.OutOfMemoryError. One that raises anything else, or whose answer is further from the
    first's than `tolerance` of its largest value, is out of the question.
    """
    return CHOICES.quickest(key, forms, device, tolerance)


# --- choices ---------------------------------------------------------------------------------------


class Choices:
    """Choices made in this process and, where there is a folder for them, in earlier ones."""

    def __init__(self, folder: Path | None, clock: Clock = seconds_of) -> None:
        self.folder, self.clock = folder, clock
        self._known: dict[str, Choice] = {}

    def quickest(self, key: Key, forms: Mapping[str, Form], device: torch.device, tolerance: float) -> str:
        about = {"machine": machine(device), "key": key, "forms": list(forms), "tolerance": tolerance}
        text = json.dumps(about)
        choice = self._known.get(text) or self._kept(text, forms)
        if choice is None:
            choice = measured(forms, device, tolerance, self.clock)
            if choice is None:
                return next(iter(forms))
            if may_pass(choice):
                for name, error in choice.failed.items():
                    say(FAILED.format(name, error))
            else:
                choice = self._keep(text, about, forms, choice)
        self._known[text] = choice
        for name, share in choice.apart.items():
            say(DISAGREES.format(name, share))
        return choice.form

    def known(self) -> list[dict[str, Any]]:
        """What was chosen or read so far, with what it hangs on."""
        return [{**json.loads(text), **choice._asdict()} for text, choice in self._known.items()]

    def _kept(self, text: str, forms: Collection[str]) -> Choice | None:
        """Of an earlier run."""
        value = self._fact(text, forms).read() if self.folder else None
        return value and Choice(**value["choice"])

    def _keep(self, text: str, about: dict[str, Any], forms: Collection[str], choice: Choice) -> Choice:
        """For later runs; what another process chose meanwhile holds for this one too."""
        if not self.folder:
            return choice
        value = self._fact(text, forms).keep({**about, "choice": choice._asdict()})
        return Choice(**value["choice"])

    def _fact(self, text: str, forms: Collection[str]) -> Fact:
        assert self.folder
        name = hashlib.sha256(text.encode()).hexdigest()[:24]
        return Fact(self.folder / f"{name}.json", lambda value: is_choice(value, forms))


def may_pass(choice: Choice) -> bool:
    """Whether a form failed for another reason than that it asks for more than the device has: then it is
    tried again by the next run.
    """
    return not all(error.startswith(TOO_LARGE) for error in choice.failed.values())


def is_choice(value: Any, forms: Collection[str]) -> bool:
    """Whether what a file holds is a choice among these forms."""
    choice = value.get("choice") if isinstance(value, dict) else None
    if not isinstance(choice, dict) or choice.keys() != set(Choice._fields):
        return False
    tables = (choice["seconds"], choice["apart"])
    numbers = all(isinstance(t, dict) and all(isinstance(x, float) for x in t.values()) for t in tables)
    return numbers and isinstance(choice["failed"], dict) and choice["form"] in list(forms)


def measured(
    forms: Mapping[str, Form], device: torch.device, tolerance: float, clock: Clock
) -> Choice | None:
    """The choice among forms; None where the first answers with NaN or infinity, which tells nothing."""
    first = next(iter(forms))
    trusted = forms[first]()
    if not trusted.isfinite().all():
        return None
    choice = Choice(first, {first: clock(first, forms[first], device)}, {}, {})
    for name in list(forms)[1:]:
        try:
            share = largest_share(forms[name](), trusted)
            if share <= tolerance:
                choice.seconds[name] = clock(name, forms[name], device)
            else:
                choice.apart[name] = share
        except Exception as error:  # of a compiler, or a kernel that asks for more than the device has
            if is_out_of_memory(error):
                raise
            choice.failed[name] = f"{type(error).__name__}: {error}"[:500]
    return choice._replace(form=of_least(choice.seconds))


def of_least(seconds: Mapping[str, float]) -> str:
    """The name with the least time; one that comes earlier unless the gain is worth it."""
    names = list(seconds)
    best = names[0]
    for name in names[1:]:
        if seconds[name] < WORTH * seconds[best]:
            best = name
    return best


def largest_share(answer: Tensor, trusted: Tensor) -> float:
    """How far an answer is from the trusted one, of the latter's largest value: a part of the rows at a time,
    as memory may be scarce. Infinity for another shape, and for NaN.
    """
    if answer.shape != trusted.shape:
        return float("inf")
    rows = max(1, PIECE * len(trusted) // max(1, trusted.numel()))
    pieces = list(zip(answer.split(rows), trusted.split(rows), strict=True))
    apart = torch.stack(
        [(a - b).abs().max() for a, b in pieces if b.numel()] or [trusted.new_zeros(())]
    ).max()
    largest = torch.stack([b.abs().max() for _, b in pieces if b.numel()] or [trusted.new_ones(())]).max()
    share = float(apart / largest.clamp(min=torch.finfo(trusted.dtype).tiny))
    return float("inf") if share != share else share


# --- what a choice hangs on --------------------------------------------------------------------------


def machine(device: torch.device) -> dict[str, Any]:
    """The device by its name and size, and the versions of what makes the kernels."""
    return {**hardware(device), **software()}


@cache
def hardware(device: torch.device) -> dict[str, Any]:
    if device.type != "cuda":
        return {"device": device.type}
    facts = torch.cuda.get_device_properties(device)
    return {
        "device": facts.name,
        "capability": [facts.major, facts.minor],
        "processors": facts.multi_processor_count,
    }


@cache
def software() -> dict[str, Any]:
    sources = zlib.crc32(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))))
    return {
        "torch": torch.__version__,
        "cudnn": torch.backends.cudnn.version(),
        "triton": triton_version(),
        "seqattr": package_version(),
        "kernels": sources,
    }


def folder() -> Path | None:
    """Where choices are kept; those that the interpreter's time led to are nobody's."""
    base = cache_folder()
    return None if base is None or is_interpreted() else base / "kernels"


CHOICES = Choices(folder())
