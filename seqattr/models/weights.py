"""Weights as people keep them: where in a file they are, and under which names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.errors import ModelError

State = Mapping[str, Tensor]

# Where trainers put weights, the likeliest first; any other key serves where one alone holds some.
KEYS = (
    *("state_dict", "model_state_dict", "model_state", "model", "net", "network"),
    *("weights", "params", "module"),
)
USUAL = KEYS[:2]
# Parts of the names of what holds tensors and is no model.
NO_MODEL = ("optim", "sched", "scaler", "loss", "metric")
LIGHTNINGS = ("loops", "callbacks", "optimizer_states", "lr_schedulers")  # beside its weights
HYPER_PARAMETERS = ("hyper_parameters", "hparams")  # Lightning's own, and as others call them
DEEPEST = 4
AS_TRAINED = "`Foreign.arch` and `Foreign.arch_args` must be those of the training"


@dataclass(frozen=True)
class Located:
    """A module or a state dict in what was read from a file, and under which keys it lay."""

    content: nn.Module | State
    keys: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The keys as one writes them in Python."""
        return "".join(f"[{key!r}]" for key in self.keys)


def find(data: Any, depth: int = 0) -> Located | None:
    """The module or the weights in the content of a file; None where there is no one such."""
    if isinstance(data, nn.Module):
        return Located(data)
    if not isinstance(data, Mapping) or depth > DEEPEST:
        return None
    state = {key: value for key, value in data.items() if isinstance(key, str) and isinstance(value, Tensor)}
    if state and not is_optimizer(data):
        return Located(state)
    inside = {key: inner for key, value in likely(data).items() if (inner := find(value, depth + 1))}
    known = [key for key in KEYS if key in inside]
    if not inside or (not known and len(inside) > 1):
        return None
    key = (known or list(inside))[0]
    return Located(inside[key].content, (key, *inside[key].keys))


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


def reading_note(data: Any, located: Located) -> str:
    """Where the weights were, unless that is where everybody keeps them, and what else is not read.

    Numbers and texts beside them, such as the epoch, go without saying, and what all of Lightning's trainers
    keep.
    """
    taken = set(located.keys[:1]) or set(located.content)  # type: ignore[arg-type]
    others = [key for key in data if key not in taken]
    untold = (*HYPER_PARAMETERS, *LIGHTNINGS)
    names = [str(key) for key in others if key not in untold and not is_plain(data[key])]
    usual = not located.keys or located.keys[0] in USUAL
    took = "" if usual else f"took the weights under {located.where}"
    left = f"ignored {', '.join(names[:8])}{' ...' if len(names) > 8 else ''}" if names else ""
    return "; ".join(filter(None, (took, left)))


def is_plain(value: Any) -> bool:
    """Whether it is a number, a text or an array, which may go unread without a word."""
    return value is None or isinstance(value, str | int | float) or hasattr(value, "dtype")


# --- names -------------------------------------------------------------------------------------

WRAPPERS = ("model.", "module.", "net.", "network.")
COMPILED = "_orig_mod."  # torch.compile's


def under_module_names(state: State, module: nn.Module) -> tuple[State, str]:
    """The weights under the module's own names, and what was done to theirs, in words.

    What wraps a model for training, or compiles it, puts a name before all; nothing else is guessed.
    """
    wanted = set(module.state_dict())
    plain = {name.replace(COMPILED, ""): tensor for name, tensor in state.items()}
    if not wanted or wanted <= set(state):
        return state, ""
    stripped = [COMPILED] if set(plain) != set(state) else []
    if wanted <= set(plain):
        return plain, stripped_note(stripped)
    prefix = common_prefix(plain, wanted)
    if prefix is not None:
        inside = {name.removeprefix(prefix): t for name, t in plain.items() if name.startswith(prefix)}
        return inside, stripped_note([*stripped, prefix]) + left_out_note(plain, inside)
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


def stripped_note(prefixes: list[str]) -> str:
    """What was taken from the front of the names."""
    return f"stripped {' and '.join(map(repr, prefixes))} from the names of the weights"


def left_out_note(everything: State, taken: State) -> str:
    """How many weights had another beginning."""
    left = len(everything) - len(taken)
    return f"; {left} others were left out" if left else ""


HALF = (torch.float16, torch.bfloat16)


def half_note(tensors: Iterable[Tensor]) -> str:
    """What is said of weights in half precision; nothing where there are none."""
    types = {str(tensor.dtype).removeprefix("torch.") for tensor in tensors if tensor.dtype in HALF}
    return f"weights of {' and '.join(sorted(types))} are computed with in float32" if types else ""


def tensors_of(module: nn.Module) -> list[Tensor]:
    """A module's weights, and what it keeps beside them."""
    return [*module.parameters(), *module.buffers()]


def load(state: State, module: nn.Module, what: str, arch: str) -> str:
    """Puts weights into a module; says what was done to their names. Raises ModelError if they do not fit."""
    tensors, note = under_module_names(state, module)
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        detail = " ".join(line.strip() for line in str(error).splitlines()[1:3])
        raise ModelError(f"{what} does not fit {arch}: {detail}; {AS_TRAINED}") from error
    return note
