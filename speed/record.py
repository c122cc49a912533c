"""The record of a run: its numbers, with the machine and the versions they are numbers of."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from seqattr.io.atomic import replacing
from speed.clock import all_threads
from speed.figures import Figure
from speed.targets import Judgement
from speed.timing import Row

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("seqattr", "torch", "triton", "numpy", "numba", "tangermeme", "captum", "shap", "seqpro")


def machine(device: torch.device) -> dict[str, Any]:
    """The processor, how many of its cores this run may use, and the GPU if it measures there."""
    found = {
        "processor": processor(),
        "cores": all_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "device": device.type,
    }
    if device.type == "cuda":
        found |= {
            "gpu": torch.cuda.get_device_name(device),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
    return found


def processor() -> str:
    """Its name, where the system tells it, and the vector instructions that torch takes."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()} ({torch.backends.cpu.get_cpu_capability()})"


def versions() -> dict[str, str]:
    """Of Python and of each tool that is installed."""
    installed = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


def destination(name: str) -> Path:
    """A bare name is kept under speed/results/; anything else is a path."""
    return RESULTS / f"{name}.json" if Path(name).name == name and "." not in name else Path(name)


def write(
    path: Path,
    rows: Sequence[Row],
    figures: Sequence[Figure],
    judgements: Sequence[Judgement],
    device: torch.device,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Everything as JSON, whole or not at all."""
    content = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(device),
        "versions": versions(),
        "targets": [{**each.target._asdict(), "value": each.value, "word": each.word} for each in judgements],
        "rows": [asdict(row) for row in rows],
        "figures": [figure._asdict() for figure in figures],
        **(more or {}),
    }
    with replacing(path) as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
