"""The class that a file of weights belongs to: found by its name, and called with its arguments.

Importing a module runs its code.
"""

import importlib
import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from torch import nn

from seqattr.engine.graph.source_lines import first_line
from seqattr.errors import InputError, ModelError, nearest
from seqattr.io.kept import keep
from seqattr.models.zoo import ARCHITECTURES


class Kept(NamedTuple):
    """Arguments that were kept beside weights, and by what: "the checkpoint's own"."""

    values: Mapping[str, Any]
    whose: str = "the checkpoint's own"


def build(arch: str, args: Mapping[str, Any], kept: Kept) -> tuple[nn.Module, str]:
    """The class that `module:Class` or `file.py:Class` names, called with `args`; for what these leave open,
    with those of the arguments `kept` beside the weights that it takes. And what of them was used, in words.

    Raises InputError for a name that is none, ModelError where the class cannot be built.
    """
    factory = class_named(arch)
    try:
        with here_on_path():
            if wants_config(factory, {*args, *kept.values}):
                module, taken = factory(config_of(factory, {**kept.values, **args})), "values"
            else:
                wanted = parameters(factory)
                used = {key: v for key, v in kept.values.items() if key in wanted and key not in args}
                module = factory(**used, **args)
                taken = ", ".join(f"{key}={value!r:.60}" for key, value in used.items())
    except (Exception, SystemExit) as error:  # the user's own code may raise anything
        raise cannot_build(arch, error, missing_arguments(factory, {*args, *kept.values})) from error
    if not isinstance(module, nn.Module):
        raise ModelError(f"`Foreign.arch={arch}` gave a {type(module).__name__}, not a torch.nn.Module")
    return module, f"built {arch} with {kept.whose} {taken}" if taken and kept.values else ""


def wants_config(factory: Any, given: set[str]) -> bool:
    """Whether a class takes all its arguments as one, `config`, which is not among those given."""
    config = parameters(factory).get("config")
    return config is not None and config.default is config.empty and "config" not in given and bool(given)


def config_of(factory: Any, values: dict[str, Any]) -> Any:
    """What a class takes as its config: of its own `config_class`, as transformers has it, or a table."""
    make = getattr(factory, "config_class", None)
    if make is None:
        return values
    declared = inspect.signature(make).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in declared):
        return make(**values)
    return make(**{key: value for key, value in values.items() if key in parameters(make)})


def class_named(arch: str) -> Any:
    """What `module:Class` or `file.py:Class` names. Raises InputError for another text, ModelError where
    there is no such class.
    """
    name, _, attribute = arch.rpartition(":")
    if not name or not attribute:
        meant = nearest(arch, list(ARCHITECTURES))
        hint = f"; did you mean '{meant}', of the zoo?" if meant else ""
        raise InputError(f"`Foreign.arch` must look like module:Class or file.py:Class, not '{arch}'{hint}")
    try:
        with here_on_path():
            return getattr(module_of(name), attribute)
    except (Exception, SystemExit) as error:  # the user's own code may raise anything
        raise cannot_build(arch, error, where_else(name, attribute, error)) from error


def cannot_build(arch: str, error: BaseException, cure: str) -> ModelError:
    """The error of the user's code as one of ours."""
    why = f"{type(error).__name__}: {first_line(error)}"
    return ModelError(f"cannot build `Foreign.arch={arch}`: {why}{cure}")


def module_of(name: str) -> ModuleType:
    """A Python module by its name, or by its file. Raises ImportError."""
    if not name.endswith(".py"):
        module = importlib.import_module(name)
        keep(getattr(module, "__file__", None) or "")
        return module
    path = Path(name).resolve()
    keep(path)
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
        declared = inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return {}
    return {name: p for name, p in declared.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def missing_arguments(factory: Any, given: set[str]) -> str:
    """The arguments that a class wants and has not got, as one would give them."""
    wanted = [name for name, p in parameters(factory).items() if p.default is p.empty and name not in given]
    example = json.dumps(dict.fromkeys(wanted, 0)).replace(": 0", ": ...")
    return f"; give what it wants as `Foreign.arch_args={example}`" if wanted else ""


def where_else(name: str, attribute: str, error: BaseException) -> str:
    """Where a class may be that is not in the module `name`, or what else is there."""
    if isinstance(error, ModuleNotFoundError) and error.name == name:
        return f"; `Foreign.arch=FILE.py:{attribute}` takes it from a file"
    if not isinstance(error, AttributeError) or not isinstance(error.obj, ModuleType):
        return ""
    classes = [key for key, value in vars(error.obj).items() if is_network(value)]
    near = nearest(attribute, classes)
    return f"; did you mean '{near}'?" if near else f"; its networks are {', '.join(classes) or 'none'}"


def is_network(value: Any) -> bool:
    """Whether it is a class of torch modules."""
    return isinstance(value, type) and issubclass(value, nn.Module)


def here_on_path() -> Any:
    """The user's own modules can be imported from the folder the command was started in."""
    return on_path(os.getcwd())


@contextmanager
def on_path(folder: str) -> Iterator[None]:
    """Modules can be imported from this folder, before all others."""
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
