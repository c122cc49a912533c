"""Weights as people keep them: where in a file they are, under which names, and the class they belong to."""

import importlib
import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor, nn

from seqattr.engine.graph.source_lines import first_line
from seqattr.errors import InputError, ModelError, nearest

State = Mapping[str, Tensor]

# Where trainers put weights, the likeliest first; any other key serves where one alone holds some.
KEYS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "weights",
    "params",
    "module",
)
USUAL = KEYS[:2]
NO_MODEL = (
    "optim",
    "sched",
    "scaler",
    "loss",
    "metric",
)  # parts of names of what holds tensors and is no model
HYPER_PARAMETERS = ("hyper_parameters", "hparams")  # Lightning's own, and as others call them
DEEPEST = 4
THEIRS = "`Foreign.arch` and `Foreign.arch_args` must be those of the training"


@dataclass(frozen=True)
class Found:
    """A module or a state dict in what was read from a file, and under which keys it lay."""

    what: nn.Module | State
    under: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return "".join(f"[{key!r}]" for key in self.under)


def find(data: Any, depth: int = 0) -> Found | None:
    """The module or the weights in the content of a file; None where there is no one such."""
    if isinstance(data, nn.Module):
        return Found(data)
    if not isinstance(data, Mapping) or depth > DEEPEST:
        return None
    state = {key: value for key, value in data.items() if isinstance(key, str) and isinstance(value, Tensor)}
    if state and not is_optimizer(data):
        return Found(state)
    inside = {key: found for key, value in likely(data).items() if (found := find(value, depth + 1))}
    known = [key for key in KEYS if key in inside]
    if not inside or (not known and len(inside) > 1):
        return None
    key = (known or list(inside))[0]
    return Found(inside[key].what, (key, *inside[key].under))


def likely(data: Mapping[Any, Any]) -> dict[str, Any]:
    """What may be a model's."""
    named = {key: value for key, value in data.items() if isinstance(key, str)}
    return {key: v for key, v in named.items() if not any(part in key.lower() for part in NO_MODEL)}


def is_optimizer(data: Any) -> bool:
    """Whether it is what an optimizer's state_dict() gives."""
    return isinstance(data, Mapping) and {"state", "param_groups"} <= set(data)


def hyper_parameters(data: Any) -> dict[str, Any]:
    """The arguments that a trainer kept for the model's class; none where there are none."""
    for key in HYPER_PARAMETERS:
        kept = data.get(key) if isinstance(data, Mapping) else None
        kept = vars(kept) if hasattr(kept, "__dict__") and not isinstance(kept, Mapping) else kept
        if isinstance(kept, Mapping):
            return {str(name): value for name, value in kept.items()}
    return {}


def said_of(data: Any, found: Found) -> str:
    """Where the weights were, unless that is where everybody keeps them, and what else is not read.

    Numbers and texts beside them, such as the epoch, go without saying.
    """
    names = [] if found.under else [key for key in data if key not in found.what]  # type: ignore[operator]
    names = [key for key in data if key != found.under[0]] if found.under else names
    names = [str(key) for key in names if key not in HYPER_PARAMETERS and not is_plain(data[key])]
    took = f"took the weights under {found.where}" if found.under and found.under[0] not in USUAL else ""
    left = f"ignored {', '.join(names[:8])}{' ...' if len(names) > 8 else ''}" if names else ""
    return "; ".join(filter(None, (took, left)))


def is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float) or hasattr(value, "dtype")


# --- names -------------------------------------------------------------------------------------

WRAPPERS = ("model.", "module.", "net.", "network.")
COMPILED = "_orig_mod."  # torch.compile's


def fitted(state: State, module: nn.Module) -> tuple[State, str]:
    """The weights under the module's own names, and what was done to theirs, in words.

    What wraps a model for training, or compiles it, puts a name before all; nothing else is guessed.
    """
    wanted = set(module.state_dict())
    plain = {name.replace(COMPILED, ""): tensor for name, tensor in state.items()}
    if not wanted or wanted <= set(state):
        return state, ""
    stripped = [COMPILED] if set(plain) != set(state) else []
    if wanted <= set(plain):
        return plain, gone(stripped)
    prefix = common_prefix(plain, wanted)
    if prefix is not None:
        inside = {name.removeprefix(prefix): t for name, t in plain.items() if name.startswith(prefix)}
        return inside, gone([*stripped, prefix]) + rest(plain, inside)
    outer = common_prefix(dict.fromkeys(wanted), set(plain))
    if outer is not None and wanted == {outer + name for name in plain}:
        return {
            outer + name: t for name, t in plain.items()
        }, f"put '{outer}' before the names of the weights"
    return state, ""


def common_prefix(names: Mapping[str, Any], wanted: set[str]) -> str | None:
    """What has to go from before the names so that all those wanted are there; None if nothing does, or of
    several none is what trainers call the model.
    """
    first = min(wanted)
    prefixes = [name[: -len(first)] for name in names if name.endswith(f".{first}")]
    whole = [p for p in prefixes if all(p + name in names for name in wanted)]
    usual = [p for p in whole if p in WRAPPERS]
    chosen = usual if len(whole) > 1 else whole
    return chosen[0] if len(chosen) == 1 else None


def gone(prefixes: list[str]) -> str:
    return f"stripped {' and '.join(map(repr, prefixes))} from the names of the weights"


def rest(all_of_them: State, taken: State) -> str:
    left = len(all_of_them) - len(taken)
    return f"; {left} others were left out" if left else ""


def load(state: State, module: nn.Module, what: str, arch: str) -> str:
    """Puts weights into a module; says what was done to their names. Raises ModelError if they do not fit."""
    tensors, note = fitted(state, module)
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        detail = " ".join(line.strip() for line in str(error).splitlines()[1:3])
        raise ModelError(f"{what} does not fit {arch}: {detail}; {THEIRS}") from error
    return note


# --- the class ---------------------------------------------------------------------------------


def build(arch: str, args: Mapping[str, Any], kept: Mapping[str, Any]) -> tuple[nn.Module, str]:
    """The class that `module:Class` or `file.py:Class` names, called with `args`; for what these leave open,
    with those of the arguments `kept` in a checkpoint that it takes. And what of them was used, in words.

    Raises InputError for a name that is none, ModelError where the class cannot be built.
    """
    name, _, attribute = arch.rpartition(":")
    if not name or not attribute:
        raise InputError(f"`Foreign.arch` must look like module:Class or file.py:Class, not '{arch}'")
    try:
        with here_on_path():
            factory = getattr(module_of(name), attribute)
            used = {
                key: value for key, value in kept.items() if key in parameters(factory) and key not in args
            }
            module = factory(**used, **args)
    except (Exception, SystemExit) as error:  # the user's own code may raise anything
        found = locals().get("factory")
        cure = elsewhere(name, attribute, error) if found is None else lacking(found, {*args, *kept})
        raise ModelError(
            f"cannot build `Foreign.arch={arch}`: {type(error).__name__}: {first_line(error)}{cure}"
        ) from error
    if not isinstance(module, nn.Module):
        raise ModelError(f"`Foreign.arch={arch}` gave a {type(module).__name__}, not a torch.nn.Module")
    said = ", ".join(f"{key}={value!r:.60}" for key, value in used.items())
    return module, f"built {arch} with the checkpoint's own {said}" if said else ""


def module_of(name: str) -> ModuleType:
    """A Python module by its name, or by its file. Raises ImportError."""
    if not name.endswith(".py"):
        return importlib.import_module(name)
    path = Path(name).resolve()
    if not path.is_file():
        raise ImportError(f"there is no file {name}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None  # of a path that ends in .py
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    with on_path(str(path.parent)):  # for what it imports from beside it
        spec.loader.exec_module(module)
    return module


def parameters(factory: Any) -> Mapping[str, inspect.Parameter]:
    """What a class takes by name; nothing where it does not tell."""
    try:
        found = inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return {}
    return {name: p for name, p in found.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def lacking(factory: Any, given: set[str]) -> str:
    """The arguments that a class wants and has not got, as one would give them."""
    wanted = [name for name, p in parameters(factory).items() if p.default is p.empty and name not in given]
    example = json.dumps(dict.fromkeys(wanted, 0)).replace(": 0", ": ...")
    return f"; give what it wants as `Foreign.arch_args={example}`" if wanted else ""


def elsewhere(name: str, attribute: str, error: BaseException) -> str:
    """Where a class may be that is not in the module `name`, or what else is there."""
    if isinstance(error, ModuleNotFoundError) and error.name == name:
        return f"; `Foreign.arch=FILE.py:{attribute}` takes it from a file"
    if not isinstance(error, AttributeError) or not isinstance(error.obj, ModuleType):
        return ""
    classes = [key for key, value in vars(error.obj).items() if is_network(value)]
    near = nearest(attribute, classes)
    return f"; did you mean '{near}'?" if near else f"; its networks are {', '.join(classes) or 'none'}"


def is_network(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, nn.Module)


def here_on_path() -> Any:
    """The user's own modules can be imported from the folder the command was started in."""
    return on_path(os.getcwd())


@contextmanager
def on_path(folder: str) -> Iterator[None]:
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
