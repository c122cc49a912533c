"""Functions of ops by name, and their arguments by the names that torch's own schema gives them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch


def torch_op(op: str) -> Callable[..., Any]:
    """The function that torch has under a name such as aten.relu.default."""
    namespace, name, overload = op.split(".")
    function: Callable[..., Any] = getattr(getattr(getattr(torch.ops, namespace), name), overload)
    return function


def schema_of(op: str) -> Any:
    """Names, types and defaults of an op's arguments, and the types of what it gives."""
    return torch_op(op)._schema  # type: ignore[attr-defined]


class Parameter(NamedTuple):
    """An argument of an op; `dims` is the length of a list for which a single number may stand."""

    name: str
    required: bool
    default: Any
    keyword_only: bool
    dims: int | None


@cache
def parameters(op: str) -> tuple[Parameter, ...]:
    """What an op may be given, in torch's order."""
    return tuple(
        Parameter(a.name, not a.has_default_value(), a.default_value, a.kwarg_only, a.N)
        for a in schema_of(op).arguments
    )


class Arguments(SimpleNamespace):
    """Arguments as attributes by torch's names, with defaults and numbers for each dimension written out."""


def bind(op: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> Arguments:
    """An op's arguments by name. Raises TypeError for one too many, one too few, or one unknown."""
    known = parameters(op)
    given = dict(zip((p.name for p in known if not p.keyword_only), args, strict=False))
    if len(given) < len(args):
        raise TypeError(f"{op} takes {len(given)} arguments, not {len(args)}")
    named = dict(kwargs or {})
    twice, unknown = sorted(given.keys() & named), sorted(named.keys() - {p.name for p in known})
    given |= named
    missing = [p.name for p in known if p.required and p.name not in given]
    for names, wrong in ((missing, "lacks"), (twice, "is given twice"), (unknown, "takes no")):
        if names:
            raise TypeError(f"{op} {wrong} {names}")
    return Arguments(**{p.name: for_each(given.get(p.name, p.default), p.dims) for p in known})


def for_each(setting: Any, dims: int | None) -> Any:
    """A number for each of so many dimensions, where one may stand for all; with `dims` None as it is."""
    if dims is None or setting is None:
        return setting
    numbers = list(setting) if isinstance(setting, list | tuple) else [setting]
    return numbers * (dims if len(numbers) == 1 else 1)


@cache
def has_many_outputs(op: str) -> bool:
    """Whether an op has several outputs, so that a step has to say which."""
    returns = schema_of(op).returns
    return len(returns) > 1 or str(returns[0].type) == "List[Tensor]"
